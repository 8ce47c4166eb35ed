package apk

import (
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// Weaknesses judges a, which Join has put together.
func (a *App) Weaknesses() []inspect.Weakness {
	var out []inspect.Weakness
	add := func(kind, name, text string) {
		out = append(out, inspect.Weakness{Kind: kind, Where: inspect.Where{Path: a.Path}, Name: name, Text: text})
	}
	if a.Debuggable {
		add(Debuggable, a.Package, "android:debuggable is true")
	}
	if a.TestOnly {
		add(Debuggable, a.Package, "android:testOnly is true")
	}
	if a.Platform == "android" && a.Package != "" && a.AllowBackup != "false" && !strings.HasPrefix(a.AllowBackup, "@") {
		text := "android:allowBackup is true"
		if a.AllowBackup == "" {
			text = "android:allowBackup isn't set, which means true"
		}
		add(Backup, a.Package, text)
	}
	for _, text := range a.clear() {
		add(Cleartext, a.Package, text)
	}
	if a.Network != nil && a.Network.UserCAs {
		add(UserCAs, a.Package, "trust-anchors: certificates src=user")
	}
	for _, p := range a.Exported {
		if p.Permission == "" {
			add(ExportedPart, p.Name, p.Kind+" "+p.Name+" is exported without a permission")
		}
	}
	if a.DebugSigned {
		add(DebugSigned, a.Package, "signed by CN=Android Debug")
	}
	if len(a.Schemes) == 1 && a.Schemes[0] == "v1" {
		add(OldSignature, a.Package, "signed with scheme v1 only")
	}
	if len(a.Problems) > 0 {
		add(BrokenArchive, a.Package, a.Problems[0])
	}
	return out
}

// clear says where the app may talk without encryption. From Android 7 on a
// network security configuration outdoes the manifest's attribute.
func (a *App) clear() []string {
	if a.Network != nil {
		var out []string
		for _, d := range a.Network.Cleartext {
			out = append(out, "cleartext traffic is permitted to "+d)
		}
		return out
	}
	switch {
	case a.Configured, a.Platform != "android", a.Package == "":
		return nil
	case a.Cleartext == "true":
		return []string{"android:usesCleartextTraffic is true"}
	case a.Cleartext == "" && a.TargetSDK > 0 && a.TargetSDK < 28:
		return []string{"android:usesCleartextTraffic isn't set, which means true below target SDK 28"}
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
	if p.Package != "" && a.Package == "" {
		schemes, net, problems := a.Schemes, a.Network, a.Problems
		path, debug := a.Path, a.DebugSigned
		*a = p
		a.Path, a.Schemes, a.Network, a.Problems, a.DebugSigned = path, schemes, net, append(problems, p.Problems...), debug || p.DebugSigned
		if p.Network != nil {
			a.Network = p.Network
		}
		a.Schemes = append(a.Schemes, p.Schemes...)
		return
	}
	if p.Network != nil {
		if a.Network == nil {
			a.Network = &Network{}
		}
		a.Network.Cleartext = append(a.Network.Cleartext, p.Network.Cleartext...)
		a.Network.UserCAs = a.Network.UserCAs || p.Network.UserCAs
		a.Network.Pins += p.Network.Pins
	}
	for _, s := range p.Schemes {
		if !slices.Contains(a.Schemes, s) {
			a.Schemes = append(a.Schemes, s)
		}
	}
	a.DebugSigned = a.DebugSigned || p.DebugSigned
	a.Problems = append(a.Problems, p.Problems...)
}
