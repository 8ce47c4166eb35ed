package apk

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// Weaknesses judges a, which Join has put together.
func (a *App) Weaknesses() []inspect.Weakness {
	var out []inspect.Weakness
	at := cmp.Or(a.Manifest, a.Path)
	add := func(kind, name, text string) {
		out = append(out, inspect.Weakness{Kind: kind, Where: inspect.Where{Path: at}, Name: name, Text: text})
	}
	if a.Debuggable {
		text := `android:debuggable="true"`
		if a.Platform == "ios" {
			text = "get-task-allow"
		}
		add(Debuggable, a.Package, text)
	}
	if a.TestOnly {
		add(Debuggable, a.Package, `android:testOnly="true"`)
	}
	if a.BacksUp() {
		text := `android:allowBackup="true"`
		if a.AllowBackup == "" {
			text += " (default)"
		}
		add(Backup, a.Package, text)
	}
	for _, p := range a.Exported {
		if p.Permission == "" {
			text := p.Kind + " " + p.Name
			if p.Loose != "" {
				text += ": " + p.Loose
			}
			add(ExportedPart, p.Name, text)
		}
	}
	if a.Network == nil {
		for _, text := range a.clear() {
			add(Cleartext, a.Package, text)
		}
	}
	at = a.Path
	if a.DebugSigned {
		add(DebugSigned, a.Package, "CN=Android Debug")
	}
	if len(a.Schemes) == 1 && a.Schemes[0] == "v1" {
		add(OldSignature, a.Package, "v1")
	}
	if len(a.Problems) > 0 {
		add(BrokenArchive, a.Package, a.Problems[0])
	}
	if a.Network == nil && a.TrustsAdded() {
		at = cmp.Or(a.Manifest, a.Path)
		add(UserCAs, a.Package, `<certificates src="user"/> (default, targetSdkVersion `+strconv.Itoa(a.TargetSDK)+")")
	}
	if n := a.Network; n != nil {
		at = cmp.Or(a.Config, a.Manifest, a.Path)
		for _, text := range a.clear() {
			add(Cleartext, a.Package, text)
		}
		for _, d := range n.OldTLS {
			add(OldTLS, a.Package, d)
		}
		if n.UserCAs {
			add(UserCAs, a.Package, `<certificates src="user"/>`)
		}
		for _, d := range n.UserHosts {
			add(UserCAs, a.Package, `<certificates src="user"/>: `+d)
		}
	}
	return out
}

// BacksUp says that the app's data goes into backups of the phone, all of it: it
// isn't forbidden, and no rule leaves files out.
func (a *App) BacksUp() bool {
	return a.Platform == "android" && a.Package != "" && a.AllowBackup != "false" && !strings.HasPrefix(a.AllowBackup, "@") && !a.BackupRules
}

// TrustsAdded says that the app takes certificates that the phone's user added,
// for every host: its configuration says so, or it has none and is made for
// Android 6 or older, whose default that is (developer.android.com, "Network
// security configuration").
func (a *App) TrustsAdded() bool {
	if a.Network != nil {
		return a.Network.UserCAs
	}
	return a.Platform == "android" && a.Package != "" && !a.Configured && a.TargetSDK > 0 && a.TargetSDK <= 23
}

// ClearToAll says that the app may talk without encryption to every host.
func (a *App) ClearToAll() bool {
	if a.Network != nil && slices.Contains(a.Network.Cleartext, "*") {
		return true
	}
	return a.byDefault() != "" || a.attribute() != ""
}

// clear says where the app may talk without encryption.
func (a *App) clear() []string {
	var out []string
	if a.Network != nil {
		for _, d := range a.Network.Cleartext {
			if a.Platform == "ios" {
				out = append(out, "NSAppTransportSecurity: "+d)
			} else {
				out = append(out, `cleartextTrafficPermitted="true": `+d)
			}
		}
	}
	for _, text := range []string{a.byDefault(), a.attribute()} {
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}

// byDefault is what a configuration leaves open that says nothing for all
// domains: clear text is allowed below target SDK 28.
func (a *App) byDefault() string {
	if a.Platform != "android" || a.Network == nil || a.Network.Base != "" || a.TargetSDK <= 0 || a.TargetSDK >= 28 {
		return ""
	}
	return `cleartextTrafficPermitted="true" (default, targetSdkVersion ` + strconv.Itoa(a.TargetSDK) + "): *"
}

// attribute is what the manifest's attribute allows. A network security
// configuration outdoes it from Android 7 on (API level 24); a phone below
// doesn't know such configurations.
func (a *App) attribute() string {
	if a.Platform != "android" || a.Package == "" {
		return ""
	}
	old := ""
	if a.Configured {
		if a.MinSDK <= 0 || a.MinSDK >= 24 {
			return ""
		}
		old = " (below Android 7, minSdkVersion " + strconv.Itoa(a.MinSDK) + ")"
	}
	switch {
	case a.Cleartext == "true":
		return `android:usesCleartextTraffic="true"` + old
	case a.Cleartext == "" && a.TargetSDK > 0 && a.TargetSDK < 28:
		return `android:usesCleartextTraffic="true" (default, targetSdkVersion ` + strconv.Itoa(a.TargetSDK) + ")" + old
	}
	return ""
}

// Join puts together what the files of each archive say.
func Join(parts []App) []App {
	type archive struct {
		App
		configs []App // network security configurations
		files   []File
	}
	byName := map[string]*archive{}
	var order []string
	for _, p := range parts {
		name := cmp.Or(p.Archive, "/")
		if p.Whole {
			name = p.Path
		}
		a := byName[name]
		if a == nil {
			a = &archive{App: App{Path: name, Platform: p.Platform}}
			byName[name] = a
			order = append(order, name)
		}
		a.files = append(a.files, p.Files...)
		if p.Files = nil; p.Platform == "android" && p.Network != nil {
			a.configs = append(a.configs, p)
			p.Network = nil
		}
		a.take(p)
	}
	out := make([]App, 0, len(order))
	for _, name := range order {
		a := byName[name]
		a.settle(a.configs, a.files)
		if a.Package != "" || len(a.Problems) > 0 || len(a.Schemes) > 0 || a.Network != nil {
			out = append(out, a.App)
		}
	}
	return out
}

func (a *App) take(p App) {
	if p.Package != "" && a.Package == "" { // a manifest says the most
		rest := *a
		*a = p
		a.Path, a.Manifest, a.Config, a.Archive = rest.Path, p.Path, rest.Config, ""
		a.Network, a.Schemes, a.Signers, a.WebView, a.Problems = nil, nil, nil, nil, nil
		a.add(rest)
		a.Platform = p.Platform
	}
	if p.Network != nil {
		a.Config = p.Path
	}
	a.add(p)
}

// add takes what several files of a package may say.
func (a *App) add(p App) {
	a.merge(p.Network)
	for _, s := range p.Schemes {
		if !slices.Contains(a.Schemes, s) {
			a.Schemes = append(a.Schemes, s)
		}
	}
	slices.Sort(a.Schemes)
	for _, s := range p.Signers {
		a.signed(s)
	}
	for _, m := range p.WebView {
		if !slices.Contains(a.WebView, m) {
			a.WebView = append(a.WebView, m)
		}
	}
	slices.Sort(a.WebView)
	a.Debuggable = a.Debuggable || p.Debuggable
	a.DebugSigned = a.DebugSigned || p.DebugSigned
	a.Problems = append(a.Problems, p.Problems...)
}
