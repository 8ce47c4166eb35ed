package image_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"assay/internal/i18n"
	"assay/internal/report/image"
	"assay/internal/testdata"
)

var update = flag.Bool("update", false, "write the golden files")

// evil is what a file of an image may be called, and hold.
const evil = "<script>alert(1)</script>\x1b[31m\u202egnp.exe\xff\"'&amp;"

// camera is an image of which everything is known, with hostile names.
func camera(lang i18n.Lang) image.Doc {
	t := words(lang)
	return image.Doc{
		Name: "EX-100 " + evil + ".bin", SHA256: strings.Repeat("ab", 32), Status: "readable", Version: "1.0.0", Tool: "1.2.3", When: "2026-11-22",
		Size: 1 << 20, Files: 5, Entropy: 7.4,
		Summary: [][2]string{{t("ui.fw.what-is"), "linux 6.1, " + evil}, {t("ui.fw.what-read"), t("ui.fw.read-all")}},
		Apps:    []image.App{{Name: "net.example.cam 1.2 " + evil, Path: "/opt/cam.apk", Lines: [][2]string{{t("ui.app.signed"), "v2 " + evil}}}},
		Parts: []image.Part{
			{Offset: 0, Size: 256, Read: true, Format: "checksum-header", Path: "checksum-header", Note: "says " + evil, Sums: t("ui.fw.guard.checksum") + " crc32: " + t("ui.fw.guard.bad")},
			{Offset: 256, Size: 3840, Read: true, Format: "padding"},
			{Offset: 4096, Size: 262144, Read: true, Format: "uimage", Path: "uimage"},
			{Offset: 4160, Size: 262080, Read: true, Format: "data", Path: "uimage:kernel"},
			{Offset: 300000, Size: 600000, Read: true, Format: "squashfs", Path: "squashfs"},
			{Offset: 900000, Size: 0, Format: "unknown", Path: "unknown"},
			{Offset: 0, Size: 900, Decoded: true, Read: true, Format: "cpio", Path: "uimage:kernel:cpio"},
		},
		Findings: []image.Finding{
			{Group: "secret", Kind: "private-key", Title: t("secret.private-key"), Severity: "high", Path: "/etc/ssl/key.pem", Line: 1, Text: "-…·(64+)"},
			{Group: "secret", Kind: "wifi-psk", Title: t("secret.wifi-psk"), Severity: "high", Path: "/etc/" + evil, Line: 4, Text: evil},
			{Group: "weakness", Kind: "setuid-root", Title: t("weakness.setuid-root"), Severity: "medium", Path: "/bin/su", Text: "4755"},
			{Group: "certificate", Kind: "certificate-expired", Title: t("weakness.certificate-expired"), Severity: "low", Path: "jffs2:/crt.pem", Offset: 12},
		},
		Components:   []image.Component{{Name: "busybox", Version: "1.36.1", Confidence: t("ui.fw.sure.high"), PURL: "pkg:generic/busybox@1.36.1", Path: "/bin/busybox", Text: "BusyBox v1.36.1 " + evil}},
		Unattributed: []string{"/usr/sbin/ipcamd", evil},
		Hosts:        []image.Host{{Value: "api.example.com", Evidence: t("ui.fw.evidence.configured"), Places: []string{"/etc/cloud.conf:3", evil}}},
		Starts:       []image.Line{{What: t("ui.fw.start.service"), Place: "/etc/inittab:3", Text: "::respawn:/usr/sbin/ipcamd " + evil}},
		Updates:      []image.Line{{What: "script", Place: "/usr/sbin/up.sh:4", Text: "wget https://ota.example.com/fw.bin"}},
		Entries: []image.Entry{
			{Path: "/etc", Type: "dir", Mode: 0o755}, {Path: "/etc/ssl/key.pem", Type: "file", Mode: 0o600, Size: 241},
			{Path: "/etc/" + evil, Type: "file", Mode: 0o644, Size: 10}, {Path: "/bin/su", Type: "file", Mode: 0o4755, Size: 9000},
			{Path: "/sbin/init", Type: "symlink", Mode: 0o777, Target: "../bin/" + evil}, {Path: "/../../x", Type: "file"},
			{Path: "jffs2:/crt.pem", Type: "file", Mode: 0o644, Size: 900},
		},
		Gaps: []string{"/opt/" + evil + "@12: broken"},
	}
}

func words(lang i18n.Lang) func(string, ...string) string {
	texts := i18n.Must()
	return func(key string, args ...string) string { return texts.S(lang, key, args...) }
}

func page(t *testing.T, d image.Doc, lang i18n.Lang) string {
	t.Helper()
	var b bytes.Buffer
	if err := image.HTML(&b, d, string(lang), words(lang)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden: the page and the log of one image, in both languages.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, lang := range i18n.Langs() {
		d := camera(lang)
		var log bytes.Buffer
		if err := image.SARIF(&log, d); err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]string{"page": page(t, d, lang), "log": log.String()} {
			file := filepath.Join("testdata", name+"."+string(lang)+map[string]string{"page": ".html", "log": ".sarif"}[name])
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		}
	}
}

// TestHostile: whatever the image says is text: no element, no script, no
// control character, no overriding of the direction of writing.
func TestHostile(t *testing.T) {
	t.Parallel()
	for _, lang := range i18n.Langs() {
		d := camera(lang)
		html := page(t, d, lang)
		if !strings.Contains(html, `http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;`) {
			t.Errorf("%s: no policy", lang)
		}
		if strings.Contains(html, "<script") || strings.Contains(html, "javascript:") {
			t.Errorf("%s: a script", lang)
		}
		if m := regexp.MustCompile(`(src|href)="[^#]`).FindString(html); m != "" {
			t.Errorf("%s: it asks for something: %s", lang, m)
		}
		var log bytes.Buffer
		if err := image.SARIF(&log, d); err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{html, log.String()} {
			if i := strings.IndexFunc(s, func(r rune) bool { return r < 0x20 && r != '\n' || r == 0x7f || r >= 0x202a && r <= 0x202e }); i >= 0 {
				t.Errorf("%s: a control character in %q", lang, s[max(0, i-40):i+10])
			}
		}
	}
}

// TestBounded: an image of a million names gives a page that a browser opens,
// which says how many it leaves out.
func TestBounded(t *testing.T) {
	t.Parallel()
	d := camera(i18n.En)
	d.Entries = nil
	for i := range 50_000 {
		d.Entries = append(d.Entries, image.Entry{Path: fmt.Sprintf("/many/%d/%d", i%200, i), Type: "file"})
	}
	d.Entries = append(d.Entries, image.Entry{Path: strings.Repeat("/deep", 5000), Type: "file"})
	html := page(t, d, i18n.En)
	if n := strings.Count(html, "<li"); n > 20_100 || n < 15_000 {
		t.Errorf("%d names", n)
	}
	if len(html) > 8<<20 {
		t.Errorf("%d bytes", len(html))
	}
	if !regexp.MustCompile(`[0-9]{5} more names are not shown`).MatchString(html) {
		t.Error("it doesn't say what it leaves out")
	}
}

// TestSchema: the log is valid by the schema that OASIS publishes.
func TestSchema(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(testdata.Dir(t, "schemas", "sarif", "sarif-schema-2.1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", v); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []image.Doc{camera(i18n.En), {}} {
		var log bytes.Buffer
		if err := image.SARIF(&log, d); err != nil {
			t.Fatal(err)
		}
		got, err := jsonschema.UnmarshalJSON(&log)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(got); err != nil {
			t.Error(err)
		}
	}
}

// TestGrouped: many findings of one kind are one row with all their places; few
// stand one by one. What is beyond a bound is counted.
func TestGrouped(t *testing.T) {
	t.Parallel()
	d := camera(i18n.En)
	d.Findings, d.NoStarts = nil, "Nothing in it says what is started."
	add := func(title string, n int) {
		for i := range n {
			d.Findings = append(d.Findings, image.Finding{Kind: title, Title: title, Severity: "medium", Path: fmt.Sprintf("/etc/%s-%d", title, i)})
		}
	}
	add("few", 3)
	add("many", 4)
	html := page(t, d, i18n.En)
	for _, want := range []string{`</span> few</td><td role="cell" class="mono">/etc/few-2`, "</span> many (4)</td>", "/etc/many-3", d.NoStarts} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(html, "few (3)") || strings.Contains(html, "more are not shown") {
		t.Error("few are grouped, or something is left out")
	}
	add("countless", image.MostRows)
	for range 30_000 {
		d.Components = append(d.Components, image.Component{Name: "x", Path: strings.Repeat("p", 200)})
	}
	html = page(t, d, i18n.En)
	if !strings.Contains(html, "7 more are not shown here") || !strings.Contains(html, fmt.Sprintf("%d more are not shown here", len(d.Components)-image.MostRows)) {
		t.Error("what is left out isn't counted")
	}
	if len(html) > 8<<20 {
		t.Errorf("%d bytes", len(html))
	}
}
