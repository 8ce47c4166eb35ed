package apk_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/apk"
	build "assay/internal/refcam/apk"
)

// joined puts an app together from the files of its archive.
func joined(t *testing.T, files map[string][]byte) *apk.App {
	t.Helper()
	var parts []apk.App
	for name, b := range files {
		if a := apk.Scan(inspect.New("foo:/app.apk:"+name, 0, b)); a != nil {
			a.Archive = "foo:/app.apk"
			parts = append(parts, *a)
		}
	}
	slices.SortFunc(parts, func(a, b apk.App) int { return len(a.Path) - len(b.Path) })
	apps := apk.Join(parts)
	if len(apps) != 1 || apps[0].Path != "foo:/app.apk" {
		t.Fatalf("%+v", apps)
	}
	return &apps[0]
}

func element(name string, children []build.Element, attrs ...any) build.Element {
	e := build.Element{Name: name, Children: children}
	for i := 0; i < len(attrs); i += 2 {
		e.Attrs = append(e.Attrs, build.Attr{Name: attrs[i].(string), Value: attrs[i+1]})
	}
	return e
}

func manifest(more []build.Element, parts []build.Element, attrs ...any) []byte {
	sdk := element("uses-sdk", nil, "minSdkVersion", 26, "targetSdkVersion", 34)
	app := element("application", parts, append([]any{"allowBackup", false}, attrs...)...)
	return build.XML(element("manifest", append([]build.Element{sdk, app}, more...), "package", "net.cam"))
}

// TestWhichConfiguration: only the file that the manifest names says what the app
// may; libraries bring theirs, which nobody uses.
func TestWhichConfiguration(t *testing.T) {
	t.Parallel()
	config := func(clear string) []byte {
		return build.XML(element("network-security-config", []build.Element{element("base-config", nil, "cleartextTrafficPermitted", clear)}))
	}
	named := manifest(nil, nil, "networkSecurityConfig", build.Resource(0x7f020001))
	table := build.Table("net.cam", []build.Value{{Name: "title", Text: "Cam"}}, []build.Value{{Name: "lib", Text: "res/xml/lib.xml"}, {Name: "own", Text: "res/xml/own.xml"}})
	for _, row := range []struct {
		name      string
		files     map[string][]byte
		config    string
		clear     bool
		unsettled bool
	}{
		{"not named", map[string][]byte{"/AndroidManifest.xml": manifest(nil, nil), "/res/xml/lib.xml": config("true")}, "", false, false},
		{"the other one", map[string][]byte{"/AndroidManifest.xml": named, "/resources.arsc": table, "/res/xml/lib.xml": config("true"), "/res/xml/own.xml": config("false")}, "/res/xml/own.xml", false, false},
		{"that one", map[string][]byte{"/AndroidManifest.xml": named, "/resources.arsc": table, "/res/xml/lib.xml": config("false"), "/res/xml/own.xml": config("true")}, "/res/xml/own.xml", true, false},
		{"its file is not there", map[string][]byte{"/AndroidManifest.xml": named, "/resources.arsc": table, "/res/xml/lib.xml": config("true")}, "", false, true},
		{"by its usual name", map[string][]byte{"/AndroidManifest.xml": named, "/res/xml/network_security_config.xml": config("true"), "/res/xml/lib.xml": config("false")}, "/res/xml/network_security_config.xml", true, false},
		{"the only one", map[string][]byte{"/AndroidManifest.xml": named, "/res/aB.xml": config("true")}, "/res/aB.xml", true, false},
		{"one of two", map[string][]byte{"/AndroidManifest.xml": named, "/res/aB.xml": config("true"), "/res/cD.xml": config("false")}, "", false, true},
	} {
		a := joined(t, row.files)
		config := ""
		if row.config != "" {
			config = "foo:/app.apk:" + row.config
		}
		if a.Config != config || a.ClearToAll() != row.clear || a.Unsettled != row.unsettled || (len(a.Weaknesses()) > 0) != row.clear {
			t.Errorf("%s: configuration %q, clear %t, unsettled %t, %+v", row.name, a.Config, a.ClearToAll(), a.Unsettled, a.Weaknesses())
		}
	}
}

// TestUserCertificatesOfADomain: what one domain trusts isn't what the app does.
func TestUserCertificatesOfADomain(t *testing.T) {
	t.Parallel()
	anchors := element("trust-anchors", []build.Element{element("certificates", nil, "src", "user")})
	domain := build.Element{Name: "domain", Text: "cam.lan"}
	config := build.XML(element("network-security-config", []build.Element{element("domain-config", []build.Element{domain, anchors})}))
	a := joined(t, map[string][]byte{"/AndroidManifest.xml": manifest(nil, nil, "networkSecurityConfig", build.Resource(0x7f020000)), "/res/xml/net.xml": config})
	w := a.Weaknesses()
	if a.Network.UserCAs || len(w) != 1 || w[0].Kind != apk.UserCAs || w[0].Text != `<certificates src="user"/>: cam.lan` {
		t.Errorf("%+v, %+v", a.Network, w)
	}
}

// TestGuards: which permissions keep others out of an exported part.
func TestGuards(t *testing.T) {
	t.Parallel()
	declared := []build.Element{
		element("permission", nil, "name", "net.cam.NONE"), element("permission", nil, "name", "net.cam.NORMAL", "protectionLevel", 0),
		element("permission", nil, "name", "net.cam.ASKED", "protectionLevel", 1), element("permission", nil, "name", "net.cam.OWN", "protectionLevel", 2),
		element("permission", nil, "name", "net.cam.OWNER", "protectionLevel", 0x12),
	}
	for _, row := range []struct {
		kind  string
		attrs []any
		open  bool
	}{
		{"service", nil, true},
		{"service", []any{"permission", "net.cam.NONE"}, true},
		{"service", []any{"permission", "net.cam.NORMAL"}, true},
		{"service", []any{"permission", "net.cam.UNDECLARED"}, true},
		{"service", []any{"permission", "net.cam.ASKED"}, false},
		{"service", []any{"permission", "net.cam.OWN"}, false},
		{"service", []any{"permission", "net.cam.OWNER"}, false},
		{"service", []any{"permission", "android.permission.BIND_JOB_SERVICE"}, false},
		{"receiver", []any{"permission", "com.google.android.c2dm.permission.SEND"}, false},
		{"provider", []any{"readPermission", "net.cam.OWN"}, true},
		{"provider", []any{"writePermission", "net.cam.OWN"}, true},
		{"provider", []any{"readPermission", "net.cam.OWN", "writePermission", "net.cam.OWN"}, false},
		{"provider", []any{"readPermission", "net.cam.OWN", "writePermission", "net.cam.NORMAL"}, true},
		{"provider", []any{"permission", "net.cam.OWN"}, false},
		{"provider", []any{"permission", "net.cam.OWN", "readPermission", "net.cam.ASKED"}, false},
	} {
		part := element(row.kind, nil, append([]any{"name", ".Part", "exported", true}, row.attrs...)...)
		a := joined(t, map[string][]byte{"/AndroidManifest.xml": manifest(declared, []build.Element{part})})
		var want []string
		if row.open {
			want = []string{apk.ExportedPart}
		}
		var got []string
		for _, w := range a.Weaknesses() {
			got = append(got, w.Kind)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", fmt.Sprint(row.kind, row.attrs), d)
		}
	}
}

// TestFoldersWithColons: a folder may be called "foo:"; what stands in it is no
// archive.
func TestFoldersWithColons(t *testing.T) {
	t.Parallel()
	parts := []apk.App{
		{Path: "/data/foo:/app.apk", Whole: true, Platform: "android", Schemes: []string{"v2"}},
		{Path: "/data/foo:/app.apk:/AndroidManifest.xml", Archive: "/data/foo:/app.apk", Platform: "android", Package: "net.cam"},
		{Path: "/data/foo:/AndroidManifest.xml", Platform: "android", Package: "net.other"},
	}
	var got []string
	for _, a := range apk.Join(parts) {
		got = append(got, fmt.Sprint(a.Path, " ", a.Package, " ", a.Schemes))
	}
	if d := cmp.Diff([]string{"/data/foo:/app.apk net.cam [v2]", "/ net.other []"}, got); d != "" {
		t.Error(d)
	}
}
