// Package apk reads what an Android package, and the property list of an iOS
// app, say of a companion app: permissions, parts that other apps may call,
// whether it talks in clear, which certificates it trusts, how it is signed. In:
// inspect.Files out of the archive, one by one, hostile. Out: an App for each
// that tells something, which Join puts together; and the strings of the
// compiled files as a File that other inspectors can read. The formats are those
// of Android's ResourceTypes.h, dex-format and APK Signature Scheme documents.
package apk

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// App is what is known of one app, or what one file of it says.
type App struct {
	Path        string // the file that says so; of a joined App the archive
	Archive     string // that the file stands in; "" for the image
	Whole       bool   // Path is the archive
	Manifest    string // of a joined App: the file that names it
	Config      string // and the one with its network security configuration
	Platform    string // "android", "ios"
	Package     string
	Version     string
	Code        string // versionCode, CFBundleVersion
	MinSDK      int
	TargetSDK   int
	Permissions []string
	Exported    []Part
	Debuggable  bool
	TestOnly    bool
	AllowBackup string   // "true", "false"; "" where the manifest doesn't say, which means true
	Cleartext   string   // usesCleartextTraffic, likewise; "" means true below target SDK 28
	Configured  bool     // the manifest names a network security configuration
	Named       string   // which: "@0x7f020000", a resource
	Unsettled   bool     // of a joined App: it was not found which file that is
	Files       []File   // what resources.arsc says of compiled files
	BackupRules bool     // it says which files backups leave out
	Links       []string // that open it: "https://cam.example.net", "lumicam"
	WebView     []string // methods of web views that its code names
	Network     *Network
	Schemes     []string // of signatures: "v1", "v2", "v3", "v3.1"
	Signers     []Signer
	DebugSigned bool     // by the key that every developer's machine makes
	Problems    []string // technical English: damage
}

// Part is an activity, service, receiver or provider that other apps may call.
type Part struct {
	Kind       string
	Name       string
	Permission string   // that a caller needs; "" where every app may call
	Loose      string   // why a permission that stands there keeps nobody out
	Schemes    []string // of links that open it: "https", "camera"
}

// Network is a network security configuration, or the exceptions from App
// Transport Security.
type Network struct {
	Base      string   // what base-config says of clear text: "true", "false", "" for nothing
	Cleartext []string // domains; "*" is all of them
	OldTLS    []string // domains that need less than TLS 1.2
	UserCAs   bool     // certificates that the phone's owner added are trusted
	UserHosts []string // or for these domains
	Pins      int
}

// The kinds of weaknesses.
const (
	Debuggable    = "app-debuggable"
	Backup        = "app-backup-allowed"
	Cleartext     = "app-cleartext-traffic"
	OldTLS        = "app-old-tls" // TLS below 1.2 is enough for a domain
	UserCAs       = "app-user-cas-trusted"
	ExportedPart  = "app-exported-part" // a part without a permission
	DebugSigned   = "app-debug-signed"
	OldSignature  = "app-v1-signature-only" // anybody can put code before the archive (CVE-2017-13156)
	BrokenArchive = "app-broken"
)

// maxListed bounds lists of an App.
const maxListed = 1000

// Scan returns what f says of an app; nil where it says nothing.
func Scan(f *inspect.File) *App {
	base := path.Base(f.Path)
	switch {
	case len(f.Data) > 8 && le.Uint16(f.Data) == chunkXML && le.Uint16(f.Data[2:]) == 8:
		return scanXML(f, base)
	case base == "Info.plist" && strings.HasSuffix(path.Dir(f.Path), ".app"):
		return scanPlist(f)
	case base == "embedded.mobileprovision" && strings.HasSuffix(path.Dir(f.Path), ".app"):
		return scanProvision(f)
	case jarFile.MatchString(f.Path):
		return jar(f.Path, f.Data)
	case base == "resources.arsc" && len(f.Data) > 12 && le.Uint16(f.Data) == chunkTable:
		return compiled(f)
	case bytes.HasPrefix(f.Data, []byte("dex\n0")) && path.Ext(f.Path) == ".dex":
		return webViews(f)
	case strings.HasSuffix(base, ".apk") && bytes.HasPrefix(f.Data, []byte("PK\x03\x04")):
		a, _ := Signing(bytes.NewReader(f.Data), int64(len(f.Data)))
		a.Path, a.Whole = f.Path, true
		return &a
	}
	return nil
}

// exposed are methods that open a web view to its pages, or to who listens
// (developer.android.com, WebView and WebSettings).
var exposed = []string{"addJavascriptInterface", "setAllowFileAccessFromFileURLs", "setAllowUniversalAccessFromFileURLs", "setWebContentsDebuggingEnabled", "onReceivedSslError"}

// webViews names the methods of web views among the strings of a program. Which
// part of it calls them, and how, isn't looked at.
func webViews(f *inspect.File) *App {
	a := &App{Path: f.Path, Platform: "android"}
	dex(f.Data, func(s string, _ int) bool {
		if slices.Contains(exposed, s) && !slices.Contains(a.WebView, s) {
			a.WebView = append(a.WebView, s)
		}
		return true
	})
	if a.WebView == nil {
		return nil
	}
	return a
}

func scanXML(f *inspect.File, base string) *App {
	root, err := parseXML(f.Data)
	if root == nil {
		if base != "AndroidManifest.xml" || err == nil {
			return nil
		}
		return &App{Path: f.Path, Platform: "android", Problems: []string{err.Error()}}
	}
	a := &App{Path: f.Path, Platform: "android"}
	switch root.name {
	case "manifest":
		a.manifest(root)
	case "network-security-config":
		a.Network = network(root)
	default:
		return nil
	}
	if err != nil {
		a.Problems = append(a.Problems, err.Error())
	}
	return a
}

func (a *App) manifest(root *element) {
	a.Package, a.Version, a.Code = root.attrs["package"], root.attrs["versionName"], root.attrs["versionCode"]
	for _, u := range root.find("uses-sdk") {
		a.MinSDK, a.TargetSDK = number(u.attrs["minSdkVersion"]), number(u.attrs["targetSdkVersion"])
	}
	for _, name := range []string{"uses-permission", "uses-permission-sdk-23"} {
		for _, u := range root.find(name) {
			if p := u.attrs["name"]; p != "" && len(a.Permissions) < maxListed && !slices.Contains(a.Permissions, p) {
				a.Permissions = append(a.Permissions, p)
			}
		}
	}
	own := levels(root)
	for _, app := range root.find("application") {
		a.Debuggable = app.attrs["debuggable"] == "true"
		a.TestOnly = app.attrs["testOnly"] == "true"
		a.AllowBackup, a.Cleartext = app.attrs["allowBackup"], app.attrs["usesCleartextTraffic"]
		a.Named = app.attrs["networkSecurityConfig"]
		a.Configured = a.Named != ""
		a.BackupRules = app.attrs["fullBackupContent"] != "" || app.attrs["dataExtractionRules"] != ""
		for _, e := range app.children {
			switch e.name {
			case "activity", "activity-alias", "service", "receiver", "provider":
				a.links(e)
				if p, ok := a.exported(e, app.attrs["permission"], own); ok && len(a.Exported) < maxListed {
					a.Exported = append(a.Exported, p)
				}
			}
		}
	}
}

// exported reads one part. One that doesn't say whether it is exported is, where
// it has a filter (forbidden from target SDK 31 on), and a provider below 17. The
// activity that the launcher shows has to be.
func (a *App) exported(e *element, permission string, own map[string]int) (Part, bool) {
	filters := e.find("intent-filter")
	switch e.attrs["exported"] {
	case "true":
	case "":
		if e.name == "provider" && (a.TargetSDK == 0 || a.TargetSDK >= 17) || e.name != "provider" && len(filters) == 0 {
			return Part{}, false
		}
	default:
		return Part{}, false
	}
	if e.attrs["enabled"] == "false" {
		return Part{}, false
	}
	p := Part{Kind: e.name, Name: e.attrs["name"]}
	p.Permission, p.Loose = a.guard(e, permission, own)
	launcher := len(filters) > 0
	for _, f := range filters {
		main := false
		for _, c := range f.find("category") {
			main = main || strings.HasSuffix(c.attrs["name"], ".LAUNCHER") || strings.HasSuffix(c.attrs["name"], ".LEANBACK_LAUNCHER")
		}
		launcher = launcher && main
		for _, d := range f.find("data") {
			if s := d.attrs["scheme"]; s != "" && !slices.Contains(p.Schemes, s) && len(p.Schemes) < 32 {
				p.Schemes = append(p.Schemes, s)
			}
		}
	}
	return p, !launcher
}

// links notes what opens a part from a browser or another app.
func (a *App) links(e *element) {
	for _, f := range e.find("intent-filter") {
		browsable := slices.ContainsFunc(f.find("category"), func(c *element) bool { return strings.HasSuffix(c.attrs["name"], ".BROWSABLE") })
		var schemes, hosts []string
		for _, d := range f.find("data") {
			if s := d.attrs["scheme"]; s != "" && !slices.Contains(schemes, s) {
				schemes = append(schemes, s)
			}
			if h := d.attrs["host"]; h != "" && !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
		if hosts == nil {
			hosts = []string{""}
		}
		for _, s := range schemes {
			for _, h := range hosts {
				if l := s + "://" + h; browsable && len(a.Links) < maxListed && !slices.Contains(a.Links, l) {
					a.Links = append(a.Links, l)
				}
			}
		}
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0 // the name of a preview
	}
	return n
}
