package sbom_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"assay/internal/sbom"
	"assay/internal/testdata"
)

var update = flag.Bool("update", false, "write the golden files")

func camera() sbom.BOM {
	return sbom.BOM{
		Name: "EX-100_1.0.0.bin", Version: "1.0.0", SHA256: strings.Repeat("ab", 32), Created: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		Tool: "assay", ToolVer: "1.2.3",
		Components: []sbom.Component{
			{Name: "busybox", Version: "1.35.0", Type: "application", PURL: "pkg:generic/busybox@1.35.0", CPE: "cpe:2.3:a:busybox:busybox:1.35.0:*:*:*:*:*:*:*",
				Licence: "GPL-2.0-only", Confidence: 0.95, Method: "binary",
				Evidence: []sbom.Evidence{{Path: "/bin/busybox", Offset: 12345, Text: "BusyBox v1.35.0 (2024)", Rule: "busybox"}}},
			{Name: "zlib1g", Version: "1:1.2.13.dfsg-1", Type: "library", PURL: "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=armhf&upstream=zlib", Confidence: 1, Method: "manifest",
				Evidence: []sbom.Evidence{{Path: "/var/lib/dpkg/status", Offset: 0, Text: "Package: zlib1g", Rule: "dpkg"}}},
			{Name: "linux", Version: "6.1.0", Type: "operating-system", PURL: "pkg:generic/linux@6.1.0", Licence: "GPL-2.0-only WITH Linux-syscall-note", Confidence: 0.95, Method: "binary",
				Evidence: []sbom.Evidence{{Path: "uimage:kernel", Offset: 40, Text: "Linux version 6.1.0", Rule: "linux"}}},
			{Name: "cgi", Version: "2", Type: "library", PURL: "pkg:generic/not escaped@2", CPE: "cpe:2.3:a:x:c++:2:*:*:*:*:*:*:*", Licence: "GPLv2+ and BSD", Confidence: 0.5, Method: "manifest"},
			{Name: "vendor\x1b[31mlib", Type: "library", Confidence: 0.5, Method: "filename", Evidence: []sbom.Evidence{{Path: "/lib/odd\n.so", Text: "\xff"}}},
		},
		Gaps: []string{"fit.itb was not read"},
	}
}

var writers = []struct {
	name, schema string
	write        func(io.Writer, sbom.BOM) error
}{
	{"cyclonedx", "cyclonedx/bom-1.6.schema.json", sbom.CycloneDX},
	{"spdx", "spdx/spdx-2.3.schema.json", sbom.SPDX},
}

// TestWritten: each writer gives the same bytes each time, valid by the
// format's schema, also for names from hostile files and for no component.
func TestWritten(t *testing.T) {
	t.Parallel()
	for _, w := range writers {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			var one, two bytes.Buffer
			if err := errors.Join(w.write(&one, camera()), w.write(&two, camera())); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(one.Bytes(), two.Bytes()) {
				t.Error("written twice, the bytes differ")
			}
			golden := filepath.Join("testdata", w.name+".json")
			if *update {
				if err := os.WriteFile(golden, one.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), one.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	dir := testdata.Dir(t, "schemas")
	for _, w := range writers {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			c := jsonschema.NewCompiler()
			for _, name := range []string{"spdx.schema.json", "jsf-0.82.schema.json", "cryptography-defs.schema.json"} {
				add(t, c, "http://cyclonedx.org/schema/"+name, filepath.Join(dir, "cyclonedx", name))
			}
			add(t, c, "schema.json", filepath.Join(dir, w.schema))
			s, err := c.Compile("schema.json")
			if err != nil {
				t.Fatal(err)
			}
			empty := camera()
			empty.Components, empty.Gaps, empty.SHA256, empty.Version = nil, nil, "", ""
			for _, b := range []sbom.BOM{camera(), empty} {
				var out bytes.Buffer
				if err := w.write(&out, b); err != nil {
					t.Fatal(err)
				}
				v, err := jsonschema.UnmarshalJSON(&out)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Validate(v); err != nil {
					t.Errorf("%d components: %v", len(b.Components), err)
				}
			}
		})
	}
}

func add(t *testing.T, c *jsonschema.Compiler, url, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := v.(map[string]any); ok {
		url2, _ := m["$id"].(string)
		if url2 != "" && url != "schema.json" {
			url = url2
		}
		if url == "schema.json" {
			delete(m, "$id") // relative references are to the ones added beside it
			m["$id"] = "http://cyclonedx.org/schema/own.schema.json"
			if err := c.AddResource("http://cyclonedx.org/schema/own.schema.json", v); err != nil {
				t.Fatal(err)
			}
			v = map[string]any{"$ref": "http://cyclonedx.org/schema/own.schema.json"}
		}
	}
	if err := c.AddResource(url, v); err != nil {
		t.Fatal(err)
	}
}

// TestRead: what was written is read again, and other tools' files are.
func TestRead(t *testing.T) {
	t.Parallel()
	want := []string{"busybox 1.35.0", "zlib1g 1:1.2.13.dfsg-1", "linux 6.1.0", "cgi 2", "vendor\uFFFD[31mlib "}
	for _, name := range []string{"cyclonedx.json", "spdx.json", "other.cdx.xml", "other.spdx"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := os.Open(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			b, err := sbom.Read(f)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range b.Components {
				got = append(got, c.Name+" "+c.Version)
			}
			want := want
			if strings.HasPrefix(name, "other") {
				want = []string{"busybox 1.36.1", "openssl 3.0.14"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":    "",
		"words":    "hello",
		"json":     `{"a": 1}`,
		"broken":   `{"bomFormat": "CycloneDX", `,
		"deep":     `{"bomFormat": ` + strings.Repeat("[", 100_000),
		"xml":      `<html></html>`,
		"csaf":     `{"document": {"category": "csaf_vex"}}`,
		"spdx 3":   `{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}`,
		"bom, nul": "\xef\xbb\xbf\x00",
	} {
		if _, err := sbom.Read(strings.NewReader(text)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func list(names ...string) (b sbom.BOM) {
	for _, n := range names {
		c := sbom.Component{}
		for _, w := range strings.Fields(n) {
			switch {
			case strings.HasPrefix(w, "pkg:"):
				c.PURL = w
			case strings.HasPrefix(w, "cpe:"):
				c.CPE = w
			case c.Name == "":
				c.Name = w
			default:
				c.Version = w
			}
		}
		b.Components = append(b.Components, c)
	}
	return b
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name            string
		declared, found sbom.BOM
		want            string
	}{
		{"the same", list("zlib 1.2.13"), list("zlib 1.2.13"), "same zlib"},
		{"case and separators", list("Lib_JPEG-turbo 2.1.5"), list("libjpeg-turbo 2.1.5"), "same Lib_JPEG-turbo"},
		{"another version", list("openssl 3.0.14"), list("openssl 1.1.1w"), "versions openssl"},
		{"declared only, found only", list("curl 8.0"), list("wget 1.21"), "missing curl; extra wget"},
		{"a version that nobody knows", list("curl 8.0"), list("curl"), "unsure curl"},
		{"a distribution's version", list("libssl3 3.0.14-1~deb12u2 pkg:deb/debian/libssl3@3.0.14-1~deb12u2?upstream=openssl"), list("openssl 3.0.14"), "same libssl3"},
		{"two binary packages of one source", list("libssl3 3.0.14 pkg:deb/debian/libssl3@3.0.14?upstream=openssl", "openssl 3.0.14"), list("openssl 3.0.14"), "same libssl3; same openssl"},
		{"two versions of one library", list("libpng 1.2.59", "libpng 1.6.39"), list("libpng 1.6.39", "libpng 1.2.59"), "same libpng; same libpng"},
		{"one of two versions isn't declared", list("libpng 1.6.39"), list("libpng 1.2.59", "libpng 1.6.39"), "same libpng; extra libpng"},
		{"by CPE", list("OpenSSH-server 9.2 cpe:2.3:a:openbsd:openssh:9.2:*:*:*:*:*:*:*"), list("openssh 9.2"), "same OpenSSH-server"},
		{"an epoch", list("busybox 1:1.35.0-4"), list("busybox 1.35.0"), "same busybox"},
		{"a release is no announcement of it", list("luajit 2.1.0-beta3"), list("luajit 2.1.0"), "versions luajit"},
		{"the revision of Alpine and of Fedora", list("zlib 1.2.13-r1", "curl 7.88.1-4.el9"), list("zlib 1.2.13", "curl 7.88.1"), "same curl; same zlib"},
		{"a package of a language is no library of C", list("openssl 1.1.1 pkg:npm/openssl@1.1.1"), list("openssl 1.1.1 pkg:generic/openssl@1.1.1"), "missing openssl; extra openssl"},
		{"a scope tells packages apart", list("@angular/core 12.0.0 pkg:npm/%40angular/core@12.0.0"), list("core 12.0.0 pkg:npm/core@12.0.0"), "missing @angular/core; extra core"},
		{"a scope that is escaped once and plain once", list("@angular/core 12.0.0 pkg:npm/%40angular/core@12.0.0"), list("@angular/core 12.0.0"), "same @angular/core"},
		{"a binary package by the rules", list("libssl1.1 1.1.1n-0+deb11u5"), list("openssl 1.1.1n"), "same libssl1.1"},
		{"declared with and without a version", list("curl 8.0", "curl"), list("curl 8.0"), "same curl; unsure curl"},
		{"nothing", list(), list(), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := sbom.Compare(row.declared, row.found, func(c sbom.Component) []string {
				if strings.HasPrefix(c.Name, "libssl") {
					return []string{"openssl"}
				}
				return nil
			})
			var got []string
			pairs := func(what string, l []sbom.Pair) {
				for _, p := range l {
					got = append(got, what+" "+p.Declared.Name)
				}
			}
			pairs("same", c.Same)
			pairs("versions", c.Versions)
			pairs("unsure", c.Unsure)
			for _, x := range c.Missing {
				got = append(got, "missing "+x.Name)
			}
			for _, x := range c.Extra {
				got = append(got, "extra "+x.Name)
			}
			if s := strings.Join(got, "; "); s != row.want {
				t.Errorf("%q, want %q", s, row.want)
			}
		})
	}
}

// TestText: nothing that a terminal or a reader acts on stays in a document.
func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"curl 8.5.0, 網路":             "curl 8.5.0, 網路",
		"a\x1b[31mb\x7f":             "a\uFFFD[31mb\uFFFD",
		"a\u009b31mb\u0085":          "a\uFFFD31mb\uFFFD",
		"a\u202egpj.exe\u2066\u200f": "a\uFFFDgpj.exe\uFFFD\uFFFD",
		"a\u2028b\u2029c":            "a\uFFFDb\uFFFDc",
		"a\xffb":                     "a\uFFFDb",
	} {
		if got := sbom.Text(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestExpression(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"MIT":                         true,
		"GPL-2.0-only AND MIT":        true,
		"(MIT OR Apache-2.0) AND ISC": true,
		"GPL-2.0-or-later WITH Classpath-exception-2.0": true,
		"GPL-2.0+":                             true,
		"LicenseRef-vendor":                    true,
		"GPLv2+ and BSD":                       false,
		"GPL-2.0-only & MIT":                   false,
		"MIT AND":                              false,
		"(MIT":                                 false,
		"MIT)":                                 false,
		"MIT WITH nothing":                     false,
		"LLVM-exception":                       false,
		"Linux-syscall-note OR MIT":            false,
		"GPL-2.0-only WITH MIT":                false,
		"GPL-2.0-only WITH linux-syscall-note": true,
		"Apache-2.0 WITH LLVM-exception":       true,
		"see COPYING":                          false,
		"":                                     false,
		strings.Repeat("(", 1000) + "MIT":      false,
	} {
		if got := sbom.Expression(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"cyclonedx.json", "spdx.json", "other.cdx.xml", "other.spdx"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := sbom.Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		if got.Created.Year() > 9999 || got.Created.Year() < 0 {
			got.Created = time.Time{}
		}
		for _, w := range writers {
			var out bytes.Buffer
			if err := w.write(&out, got); err != nil {
				t.Fatal(err)
			}
			if !json.Valid(out.Bytes()) {
				t.Error(w.name, "wrote what is no JSON")
			}
		}
		sbom.Compare(got, got)
	})
}

// TestRepacked: the version of a source whose archive Debian made anew is that of
// the source; what announces a release isn't it.
func TestRepacked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		declared, found string
		same            bool
	}{
		{"1.2.13", "1:1.2.13.dfsg-1", true}, {"1.2.13", "1:1.2.13.dfsg-3+b1", true}, {"2.4", "2.4+dfsg1-2", true}, {"2.4", "2.4+dfsg-2", true}, {"2.4", "2.4+dfsg.1-2", true},
		{"2.4", "2.4~dfsg-1", true}, {"2.4", "2.4+ds-1", true}, {"2.4", "2.4+ds1-1ubuntu3", true}, {"2.4", "2.4+repack-1", true}, {"2.4", "2.4+repack1-1", true},
		{"2.4", "2.5+really2.4-1", true}, {"2.4", "2.5+really2.4+dfsg-1", true}, {"2.5", "2.5+really2.4-1", false}, {"2.4", "2.4+deb11u1", true},
		{"2.4", "2.4~rc1-1", false}, {"2.4", "2.4.1+dfsg-1", false}, {"1.2.11", "1:1.2.13.dfsg-1", false}, {"2.4", "2.4+dsp-1", false},
	} {
		c := sbom.Compare(sbom.BOM{Components: []sbom.Component{{Name: "zlib", Version: tt.declared}}}, sbom.BOM{Components: []sbom.Component{{Name: "zlib", Version: tt.found}}})
		if got := len(c.Same) == 1; got != tt.same {
			t.Errorf("%s and %s: same %v, want %v", tt.declared, tt.found, got, tt.same)
		}
	}
}
