package apk_test

import (
	"archive/zip"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"io"
	"math/big"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/apk"
	"assay/internal/refcam"
)

// tiny returns the files of testdata/tiny.apk, and all of it.
func tiny(t testing.TB) ([]*inspect.File, []byte) {
	t.Helper()
	b, err := os.ReadFile("testdata/tiny.apk")
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out []*inspect.File
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, inspect.New("/opt/tiny.apk:/"+f.Name, 0, data))
	}
	return out, b
}

func TestTinyApp(t *testing.T) {
	t.Parallel()
	files, raw := tiny(t)
	var parts []apk.App
	for _, f := range append(files, inspect.New("/opt/tiny.apk", 0, raw)) {
		if a := apk.Scan(f); a != nil {
			if !a.Whole {
				a.Archive = "/opt/tiny.apk"
			}
			parts = append(parts, *a)
		}
	}
	want := []apk.App{{
		Path: "/opt/tiny.apk", Manifest: "/opt/tiny.apk:/AndroidManifest.xml", Config: "/opt/tiny.apk:/res/xml/net.xml", Platform: "android", Package: "net.lumenvue.cam", Version: "1.4.2", Code: "42", MinSDK: 21, TargetSDK: 30,
		Permissions: []string{"android.permission.INTERNET", "android.permission.RECORD_AUDIO"},
		Exported: []apk.Part{
			{Kind: "activity", Name: ".Link", Schemes: []string{"lumencam"}}, {Kind: "service", Name: ".Stream"}, {Kind: "receiver", Name: ".Boot", Permission: "net.lumenvue.P"},
		},
		Debuggable: true, AllowBackup: "true", Configured: true, Named: "@0x7f020000", DebugSigned: true, Schemes: []string{"v1"},
		Signers: []apk.Signer{{Subject: "CN=Android Debug,O=Android,C=US", SHA256: "c14c265097855669ddeaff5a9e1bccaf3ffccbb997163c0b640801bc0fbe3638",
			NotAfter: time.Date(2051, 7, 14, 9, 16, 45, 0, time.UTC), Schemes: []string{"v1"}}},
		Network: &apk.Network{Base: "true", Cleartext: []string{"*", "cam.lan"}, UserCAs: true, Pins: 1},
	}}
	for _, order := range [][]apk.App{parts, reversed(parts)} {
		if d := cmp.Diff(want, apk.Join(order)); d != "" {
			t.Error(d)
		}
	}
	var got []string
	for _, w := range apk.Join(parts)[0].Weaknesses() {
		got = append(got, w.Kind+" "+w.Name)
	}
	if d := cmp.Diff([]string{
		"app-debuggable net.lumenvue.cam", "app-backup-allowed net.lumenvue.cam", "app-exported-part .Link", "app-exported-part .Stream",
		"app-debug-signed net.lumenvue.cam", "app-v1-signature-only net.lumenvue.cam",
		"app-cleartext-traffic net.lumenvue.cam", "app-cleartext-traffic net.lumenvue.cam", "app-user-cas-trusted net.lumenvue.cam",
	}, got); d != "" {
		t.Error(d)
	}
}

func reversed(list []apk.App) []apk.App {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}

func TestJudgement(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		app  apk.App
		want []string
	}{
		{"sound", apk.App{Platform: "android", Package: "a", TargetSDK: 34, AllowBackup: "false", Schemes: []string{"v1", "v2"}}, nil},
		{"old-target", apk.App{Platform: "android", Package: "a", TargetSDK: 27, AllowBackup: "false"}, []string{apk.Cleartext}},
		{"android-6", apk.App{Platform: "android", Package: "a", TargetSDK: 23, Cleartext: "false", AllowBackup: "false"}, []string{apk.UserCAs}},
		{"android-6-configured", apk.App{Platform: "android", Package: "a", TargetSDK: 23, Cleartext: "false", AllowBackup: "false", Configured: true, Network: &apk.Network{Base: "false"}}, nil},
		{"android-7", apk.App{Platform: "android", Package: "a", TargetSDK: 24, Cleartext: "false", AllowBackup: "false"}, nil},
		{"old-target-configured", apk.App{Platform: "android", Package: "a", TargetSDK: 27, AllowBackup: "false", Configured: true, Network: &apk.Network{Base: "false"}}, nil},
		{"old-target-no-base", apk.App{Platform: "android", Package: "a", TargetSDK: 27, AllowBackup: "false", Configured: true, Network: &apk.Network{}}, []string{apk.Cleartext}},
		{"no-base", apk.App{Platform: "android", Package: "a", TargetSDK: 28, AllowBackup: "false", Configured: true, Network: &apk.Network{}}, nil},
		{"old-phones", apk.App{Platform: "android", Package: "a", MinSDK: 23, TargetSDK: 34, Cleartext: "true", AllowBackup: "false", Configured: true, Network: &apk.Network{Base: "false"}}, []string{apk.Cleartext}},
		{"old-phones-too", apk.App{Platform: "android", Package: "a", MinSDK: 23, TargetSDK: 34, Cleartext: "false", AllowBackup: "false", Configured: true, Network: &apk.Network{Base: "false"}}, nil},
		{"no-old-phones", apk.App{Platform: "android", Package: "a", MinSDK: 24, TargetSDK: 34, Cleartext: "true", AllowBackup: "false", Configured: true, Network: &apk.Network{Base: "false"}}, nil},
		{"attribute", apk.App{Platform: "android", Package: "a", TargetSDK: 34, Cleartext: "true", AllowBackup: "false"}, []string{apk.Cleartext}},
		{"backup", apk.App{Platform: "android", Package: "a", TargetSDK: 34}, []string{apk.Backup}},
		{"backup-with-rules", apk.App{Platform: "android", Package: "a", TargetSDK: 34, BackupRules: true}, nil},
		{"old-tls", apk.App{Platform: "ios", Package: "a", Network: &apk.Network{OldTLS: []string{"cam.lan"}}}, []string{apk.OldTLS}},
		{"debug-key", apk.App{Platform: "android", Package: "a", TargetSDK: 34, AllowBackup: "false", DebugSigned: true}, []string{apk.DebugSigned}},
		{"ios", apk.App{Platform: "ios", Package: "a", Network: &apk.Network{Cleartext: []string{"*"}}}, []string{apk.Cleartext}},
		{"broken", apk.App{Platform: "android", Problems: []string{"x"}}, []string{apk.BrokenArchive}},
	} {
		var got []string
		for _, w := range row.app.Weaknesses() {
			got = append(got, w.Kind)
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%s: %s", row.name, d)
		}
	}
}

// dex makes a file that holds strings and nothing else.
func dex(list ...string) []byte {
	b := make([]byte, 0x70)
	copy(b, "dex\n035\x00")
	binary.LittleEndian.PutUint32(b[56:], uint32(len(list)))
	binary.LittleEndian.PutUint32(b[60:], uint32(len(b)))
	at := len(b) + 4*len(list)
	var data []byte
	for _, s := range list {
		b = binary.LittleEndian.AppendUint32(b, uint32(at+len(data)))
		data = append(append(append(data, byte(len(s))), s...), 0)
	}
	return append(b, data...)
}

func TestStrings(t *testing.T) {
	t.Parallel()
	files, _ := tiny(t)
	texts := map[string]*apk.Texts{}
	for _, f := range files {
		texts[f.Path] = apk.Strings(f)
	}
	if x := texts["/opt/tiny.apk:/META-INF/MANIFEST.MF"]; x != nil {
		t.Errorf("%q", x.File.Data)
	}
	table := string(texts["/opt/tiny.apk:/resources.arsc"].File.Data)
	for _, want := range []string{"mqtt_password=Wq7ZpLm2XcVb\x00", "api_url=https://api.lumenvue-cloud.net/v3\x00"} {
		if !strings.Contains(table, want) {
			t.Errorf("%q lacks %q", table, want)
		}
	}
	if !strings.Contains(string(texts["/opt/tiny.apk:/AndroidManifest.xml"].File.Data), "net.lumenvue.clips\x00") {
		t.Error("the manifest's strings")
	}
	src := dex("abc", "Lnet/lumenvue/Main;", "https://api.lumenvue-cloud.net/v3", "secret-value")
	x := apk.Strings(inspect.New("/x.apk:/classes.dex", 0, src))
	if got := string(x.File.Data); got != "https://api.lumenvue-cloud.net/v3\x00secret-value\x00" {
		t.Errorf("%q", got)
	}
	w := x.File.At(bytes.Index(x.File.Data, []byte("value")))
	x.Place(&w)
	if got := string(src[w.Offset : w.Offset+5]); got != "value" || w.Path != "/x.apk:/classes.dex" {
		t.Errorf("%q at %+v", got, w)
	}
}

// TestTranslated gives a resource of the tiny app a second value, as for another
// language: it is a text for people then.
func TestTranslated(t *testing.T) {
	t.Parallel()
	files, _ := tiny(t)
	le := binary.LittleEndian
	for _, f := range files {
		if path.Base(f.Path) != "resources.arsc" {
			continue
		}
		b := bytes.Clone(f.Data)
		var found bool
		chunk := func(at int) (kind uint16, head, size int) {
			return le.Uint16(b[at:]), int(le.Uint16(b[at+2:])), int(le.Uint32(b[at+4:]))
		}
		_, at, _ := chunk(0)
		for at < len(b) {
			kind, head, size := chunk(at)
			if kind != 0x0200 { // RES_TABLE_PACKAGE_TYPE
				at += size
				continue
			}
			for in := at + head; in < at+size; {
				kind, head, n := chunk(in)
				if kind != 0x0201 || le.Uint32(b[in+12:]) < 2 { // RES_TABLE_TYPE_TYPE
					in += n
					continue
				}
				twice := bytes.Clone(b[in : in+n])
				values := int(le.Uint32(twice[16:]))
				one, two := values+int(le.Uint32(twice[head:])), values+int(le.Uint32(twice[head+4:]))
				copy(twice[one+8:one+16], twice[two+8:two+16])
				b = slices.Insert(b, in+n, twice...)
				le.PutUint32(b[at+4:], uint32(size+n))
				le.PutUint32(b[4:], uint32(len(b)))
				found = true
				break
			}
			break
		}
		if !found {
			t.Fatal("the table has no type with two resources")
		}
		before, after := string(apk.Strings(f).File.Data), string(apk.Strings(inspect.New(f.Path, 0, b)).File.Data)
		if n, m := strings.Count(before, "="), strings.Count(after, "="); m != n-1 {
			t.Errorf("%d resources with a name, before %d: %q", m, n, after)
		}
	}
}

// signed puts a block of scheme v2 before the directory of the tiny app.
func signed(t testing.TB, b []byte, id uint32, name string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0)}
	cert, err := x509.CreateCertificate(rand.Reader, x, x, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	prefixed := func(parts ...[]byte) []byte {
		all := bytes.Join(parts, nil)
		return append(le.AppendUint32(nil, uint32(len(all))), all...)
	}
	signer := prefixed(prefixed(prefixed(prefixed()), prefixed(prefixed(cert)), prefixed()))
	value := append(le.AppendUint32(nil, id), prefixed(signer)...)
	pairs := append(le.AppendUint64(nil, uint64(len(value))), value...)
	size := uint64(len(pairs) + 24)
	block := append(append(le.AppendUint64(nil, size), pairs...), append(le.AppendUint64(nil, size), "APK Sig Block 42"...)...)
	end := bytes.LastIndex(b, []byte("PK\x05\x06"))
	dir := le.Uint32(b[end+16:])
	out := append(append(bytes.Clone(b[:dir]), block...), b[dir:]...)
	le.PutUint32(out[end+len(block)+16:], dir+uint32(len(block)))
	return out
}

func TestSigning(t *testing.T) {
	t.Parallel()
	_, raw := tiny(t)
	for _, row := range []struct {
		name  string
		data  []byte
		want  []string
		debug bool
		bad   bool
	}{
		{"jar", raw, []string{"v1"}, false, false},
		{"v2", signed(t, raw, 0x7109871a, "Lumenvue"), []string{"v1", "v2"}, false, false},
		{"v3-debug", signed(t, raw, 0xf05368c0, "Android Debug"), []string{"v1", "v3"}, true, false},
		{"cut", raw[:len(raw)-30], nil, false, true},
	} {
		a, _ := apk.Signing(bytes.NewReader(row.data), int64(len(row.data)))
		if d := cmp.Diff(row.want, a.Schemes); d != "" || a.DebugSigned != row.debug || (len(a.Problems) > 0) != row.bad {
			t.Errorf("%s: %+v", row.name, a)
		}
	}
}

const plist = `<?xml version="1.0"?><!DOCTYPE plist><plist version="1.0"><dict><key>CFBundleIdentifier</key><string>net.lumenvue.cam</string>
<key>CFBundleShortVersionString</key><string>2.1</string><key>Skip</key><array><string>a</string><integer>1</integer></array>
<key>NSCameraUsageDescription</key><string>video</string>
<key>NSAppTransportSecurity</key><dict><key>NSAllowsArbitraryLoads</key><true/><key>NSExceptionDomains</key><dict><key>cam.lan</key><dict><key>NSExceptionAllowsInsecureHTTPLoads</key><true/></dict></dict></dict></dict></plist>`

// binaryPlist is {"CFBundleIdentifier": "net.x", "NSAppTransportSecurity":
// {"NSAllowsArbitraryLoads": true}}.
func binaryPlist() []byte {
	objects := [][]byte{
		{0xd2, 1, 2, 3, 4}, append([]byte{0x5f, 0x10, 18}, "CFBundleIdentifier"...), append([]byte{0x5f, 0x10, 22}, "NSAppTransportSecurity"...), append([]byte{0x55}, "net.x"...),
		{0xd1, 5, 6}, append([]byte{0x5f, 0x10, 22}, "NSAllowsArbitraryLoads"...), {9},
	}
	b := []byte("bplist00")
	var offsets []byte
	for _, o := range objects {
		offsets = append(offsets, byte(len(b)))
		b = append(b, o...)
	}
	at := len(b)
	b = append(b, offsets...)
	b = append(b, 0, 0, 0, 0, 0, 0, 1, 1)
	for _, n := range []int{len(objects), 0, at} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

func TestPropertyList(t *testing.T) {
	t.Parallel()
	a := apk.Scan(inspect.New("/Payload/Cam.app/Info.plist", 0, []byte(plist)))
	want := &apk.App{Path: "/Payload/Cam.app/Info.plist", Platform: "ios", Package: "net.lumenvue.cam", Version: "2.1", Permissions: []string{"NSCameraUsageDescription"}, Network: &apk.Network{Cleartext: []string{"*", "cam.lan"}}}
	if d := cmp.Diff(want, a); d != "" {
		t.Error(d)
	}
	a = apk.Scan(inspect.New("/Payload/Cam.app/Info.plist", 0, binaryPlist()))
	want = &apk.App{Path: "/Payload/Cam.app/Info.plist", Platform: "ios", Package: "net.x", Network: &apk.Network{Cleartext: []string{"*"}}}
	if d := cmp.Diff(want, a); d != "" {
		t.Error(d)
	}
	if a := apk.Scan(inspect.New("/etc/Info.plist", 0, []byte(plist))); a != nil {
		t.Errorf("a property list elsewhere: %+v", a)
	}
}

// TestReferenceApp: the package that the reference camera brings, as a whole.
func TestReferenceApp(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ weak, want string }{
		{"", ""}, {refcam.AppCleartext, apk.Cleartext}, {refcam.AppUserCAs, apk.UserCAs}, {refcam.AppDebuggable, apk.Debuggable}, {refcam.AppDebugSigned, apk.DebugSigned},
		{refcam.AppOldSignature, apk.OldSignature}, {refcam.AppOpenPart, apk.ExportedPart}, {refcam.AppOpenProvider, apk.ExportedPart}, {refcam.AppBackup, apk.Backup},
	} {
		var weak, want, got []string
		if row.weak != "" {
			weak, want = []string{row.weak}, []string{row.want}
		}
		cam, err := refcam.New(refcam.Options{Seed: 1, Weak: weak})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := cam.App()
		if err != nil {
			t.Fatal(err)
		}
		whole, ok := apk.Signing(bytes.NewReader(raw), int64(len(raw)))
		if !ok {
			t.Errorf("%s: no package: %+v", row.weak, whole)
		}
		whole.Path, whole.Whole = "/", true
		parts := []apk.App{whole}
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if a := apk.Scan(inspect.New("/"+f.Name, 0, data)); a != nil {
				parts = append(parts, *a)
			}
		}
		apps := apk.Join(parts)
		if len(apps) != 1 || apps[0].Package != refcam.AppPackage || apps[0].Version != refcam.AppRelease || len(apps[0].Signers) != 1 || apps[0].Path != "/" {
			t.Fatalf("%s: %+v", row.weak, apps)
		}
		for _, w := range apps[0].Weaknesses() {
			got = append(got, w.Kind)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", row.weak, d)
		}
	}
}

// TestMore: what opens an app, its web views, what lets a debugger in, and what
// only looks like it.
func TestMore(t *testing.T) {
	t.Parallel()
	a := apk.Scan(inspect.New("/a.apk:/classes2.dex", 0, dex("addJavascriptInterface", "addJavascriptInterfaceX", "onReceivedSslError")))
	if d := cmp.Diff([]string{"addJavascriptInterface", "onReceivedSslError"}, a.WebView); d != "" {
		t.Error(d)
	}
	if a := apk.Scan(inspect.New("/a.apk:/classes.dex", 0, dex("loadUrl"))); a != nil {
		t.Errorf("%+v", a)
	}
	profile := "\x30\x82junk<?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>Entitlements</key><dict><key>get-task-allow</key><true/></dict></dict></plist>\x00more"
	a = apk.Scan(inspect.New("/Payload/Cam.app/embedded.mobileprovision", 0, []byte(profile)))
	if a == nil || !a.Debuggable || a.Platform != "ios" {
		t.Errorf("%+v", a)
	}
	if a := apk.Scan(inspect.New("/Payload/Cam.app/embedded.mobileprovision", 0, []byte(strings.Replace(profile, "true", "false", 1)))); a == nil || a.Debuggable {
		t.Errorf("%+v", a)
	}
	list := strings.Replace(plist, "<key>NSExceptionAllowsInsecureHTTPLoads</key><true/>", "<key>NSExceptionMinimumTLSVersion</key><string>TLSv1.0</string>", 1)
	list = strings.Replace(list, "<key>Skip</key>", "<key>CFBundleURLTypes</key><array><dict><key>CFBundleURLSchemes</key><array><string>lumen</string></array></dict></array><key>Skip</key>", 1)
	a = apk.Scan(inspect.New("/Payload/Cam.app/Info.plist", 0, []byte(list)))
	if d := cmp.Diff(&apk.Network{Cleartext: []string{"*"}, OldTLS: []string{"cam.lan"}}, a.Network); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"lumen://"}, a.Links); d != "" {
		t.Error(d)
	}
	if a := apk.Scan(inspect.New("/Payload/Cam.app/Frameworks/X.framework/Info.plist", 0, []byte(plist))); a != nil {
		t.Errorf("a library's property list: %+v", a)
	}
}

func FuzzScan(f *testing.F) {
	files, raw := tiny(f)
	for _, x := range files {
		f.Add(x.Path, x.Data)
	}
	f.Add("/a.apk", raw)
	f.Add("/a.apk", signed(f, raw, 0x7109871a, "Android Debug"))
	f.Add("/x.app/Info.plist", []byte(plist))
	f.Add("/x.app/Info.plist", binaryPlist())
	f.Add("/classes.dex", dex("abcd", "efgh"))
	f.Fuzz(func(t *testing.T, path string, b []byte) {
		x := inspect.New(path, 0, b)
		if a := apk.Scan(x); a != nil {
			for _, j := range apk.Join([]apk.App{*a, *a}) {
				j.Weaknesses()
			}
		}
		if s := apk.Strings(x); s != nil {
			for i := range s.File.Data {
				w := s.File.At(i)
				s.Place(&w)
			}
		}
	})
}
