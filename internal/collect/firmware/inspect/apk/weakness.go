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
			add(ExportedPart, p.Name, p.Kind+" "+p.Name)
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
	}
	return out
}

// BacksUp says that the app's data goes into backups of the phone, all of it: it
// isn't forbidden, and no rule leaves files out.
func (a *App) BacksUp() bool {
	return a.Platform == "android" && a.Package != "" && a.AllowBackup != "false" && !strings.HasPrefix(a.AllowBackup, "@") && !a.BackupRules
}

// ClearToAll says that the app may talk without encryption to every host.
func (a *App) ClearToAll() bool {
	if a.Network != nil {
		return slices.Contains(a.Network.Cleartext, "*")
	}
	return len(a.clear()) > 0
}

// clear says where the app may talk without encryption. From Android 7 on a
// network security configuration outdoes the manifest's attribute.
func (a *App) clear() []string {
	if a.Network != nil {
		var out []string
		for _, d := range a.Network.Cleartext {
			if a.Platform == "ios" {
				out = append(out, "NSAppTransportSecurity: "+d)
			} else {
				out = append(out, `cleartextTrafficPermitted="true": `+d)
			}
		}
		return out
	}
	switch {
	case a.Configured, a.Platform != "android", a.Package == "":
		return nil
	case a.Cleartext == "true":
		return []string{`android:usesCleartextTraffic="true"`}
	case a.Cleartext == "" && a.TargetSDK > 0 && a.TargetSDK < 28:
		return []string{`android:usesCleartextTraffic="true" (default, targetSdkVersion ` + strconv.Itoa(a.TargetSDK) + ")"}
	}
	return nil
}

// Join puts together what the files of each archive say. A path in an archive
// is "archive:/path"; what stands before its last ":/" tells apps apart.
func Join(parts []App) []App {
	byArchive := map[string]*App{}
	var order []string
	for _, p := range parts {
		archive := p.Path
		if i := strings.LastIndex(p.Path, ":/"); i >= 0 {
			archive = p.Path[:i]
		} else if len(p.Schemes) == 0 {
			archive = "/"
		}
		a := byArchive[archive]
		if a == nil {
			a = &App{Path: archive, Platform: p.Platform}
			byArchive[archive] = a
			order = append(order, archive)
		}
		a.take(p)
	}
	out := make([]App, 0, len(order))
	for _, name := range order {
		if a := byArchive[name]; a.Package != "" || len(a.Problems) > 0 || len(a.Schemes) > 0 || a.Network != nil {
			out = append(out, *a)
		}
	}
	return out
}

func (a *App) take(p App) {
	if p.Package != "" && a.Package == "" { // a manifest says the most
		rest := *a
		*a = p
		a.Path, a.Manifest, a.Config = rest.Path, p.Path, rest.Config
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
	if p.Network != nil {
		if a.Network == nil {
			a.Network = &Network{}
		}
		a.Network.Cleartext = append(a.Network.Cleartext, p.Network.Cleartext...)
		a.Network.OldTLS = append(a.Network.OldTLS, p.Network.OldTLS...)
		a.Network.UserCAs = a.Network.UserCAs || p.Network.UserCAs
		a.Network.Pins += p.Network.Pins
	}
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
