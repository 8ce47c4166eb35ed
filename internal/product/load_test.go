package product

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/internal/limit"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"
)

var lim = limit.Default().YAML

// byValue compares products without the places in their files.
var byValue = cmpopts.IgnoreUnexported(Product{})

func template(t testing.TB, name string) []byte {
	t.Helper()
	f, err := Template(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := fs.ReadFile(f, FileName)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// goodFiles is the kept samples and the templates.
func goodFiles(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/v1/*.yaml")
	if err != nil || len(names) < 2 {
		t.Fatalf("kept samples: %v, %v", names, err)
	}
	out := map[string][]byte{}
	for _, n := range names {
		data, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(n), ".yaml")] = data
	}
	for _, n := range Templates() {
		out["template-"+n] = template(t, n)
	}
	return out
}

func mustLoad(t testing.TB, data []byte) *Product {
	t.Helper()
	p, problems := Load(FileName, data, lim)
	if HasErrors(problems) {
		t.Fatalf("Load: %v", problems)
	}
	return p
}

func TestKeptSamplesLoad(t *testing.T) {
	t.Parallel()
	for name, data := range goodFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, problems := Load(FileName, data, lim)
			for _, x := range problems {
				if x.Severity == SeverityError || strings.HasPrefix(name, "template") {
					t.Error(x)
				}
			}
			if p.Identity.Name == "" || len(p.Components) == 0 {
				t.Errorf("Load: %+v", p.Identity)
			}
			roundTrip(t, p)
		})
	}
}

// roundTrip asserts that what is written is what was read, in YAML and JSON.
func roundTrip(t testing.TB, p *Product) {
	t.Helper()
	out, err := yaml.Marshal(p)
	if err != nil {
		t.Fatalf("Marshal: %v", err)
	}
	again, problems := Load(FileName, out, lim)
	if HasErrors(problems) {
		t.Fatalf("Load of what Marshal wrote: %v\n%s", problems, out)
	}
	if diff := cmp.Diff(p, again, byValue); diff != "" {
		t.Errorf("load, marshal, load (-first +second):\n%s\n%s", diff, out)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatalf("JSON: %v", err)
	}
	var fromJSON Product
	if err := json.Unmarshal(text, &fromJSON); err != nil {
		t.Fatalf("JSON: %v\n%s", err, text)
	}
	if diff := cmp.Diff(p, &fromJSON, byValue); diff != "" {
		t.Errorf("load, JSON, back (-first +second):\n%s", diff)
	}
}

func TestFullSampleUsesEveryField(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, goodFiles(t)["full"])
	stated := map[string]bool{}
	for path := range p.src.places {
		stated[lastStep(path)] = true
	}
	for typ, fields := range newModel().fields {
		for _, f := range fields {
			if !stated[f.name] {
				t.Errorf("testdata/v1/full.yaml does not use %s of %s", f.name, typ.Name())
			}
		}
	}
	if got, want := p.Identity.Support.Until, NewDate(2031, time.February, 28); !got.Equal(want) {
		t.Errorf("support.until: got %v, want %v", got, want)
	}
	if got, want := p.Units[2].Ports, (PortRange{41000, 41031}); got != want {
		t.Errorf("ports: got %v, want %v", got, want)
	}
	if got := p.Claims["etsi-en-303-645"]["5.6-8"].Support; got != "no" {
		t.Errorf("claim: got %q, want no", got)
	}
	if got := p.Standards; got[0] != (Standard{"iot-1005-1", "strict"}) || got[1] != (Standard{ID: "etsi-en-303-645"}) {
		t.Errorf("standards: got %v", got)
	}
}

// TestBadFiles holds every message that a writer of files sees: each txtar has
// a note, the file, and the problems with their places.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/bad/*.txtar")
	if err != nil || len(names) < 10 {
		t.Fatalf("bad files: %v, %v", names, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, problems := Load(FileName, ar.Files[0].Data, lim)
			var got strings.Builder
			for _, p := range problems {
				fmt.Fprintf(&got, "%s %s: [%s] %s", p.Where(), p.Severity, p.Path, p.Text())
				if p.Suggestion != "" {
					fmt.Fprintf(&got, " -> %s", p.Suggestion)
				}
				got.WriteByte('\n')
			}
			if *update {
				ar.Files = append(ar.Files[:1], txtar.File{Name: "problems", Data: []byte(got.String())})
				if err := os.WriteFile(name, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(ar.Files) != 2 {
				t.Fatalf("%s has no problems section; run with -update and read it", name)
			}
			if diff := cmp.Diff(string(ar.Files[1].Data), got.String()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

const minimal = "schema: assay/product@1\nproduct: { name: A, model: B, release: \"1\", maker: { name: M } }\n"

func TestBytes(t *testing.T) {
	t.Parallel()
	deep := minimal + "ixit: { a: [ { b: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + " } ] }\n"
	var bomb strings.Builder
	bomb.WriteString(minimal + "ixit:\n  a:\n    - { k: &l0 x }\n")
	for i := 1; i < 30; i++ {
		fmt.Fprintf(&bomb, "  b%d: &l%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*l%d, ", i-1), 9), ", "))
	}
	for _, c := range []struct {
		name, data, key string
		line, column    int
	}{
		{"empty", "", "problem.empty-file", 1, 1},
		{"only-comment", "# nothing\n", "problem.empty-file", 1, 1},
		{"only-dashes", "---\n", "problem.empty-file", 1, 1},
		{"bom", "\xef\xbb\xbf" + minimal, "", 0, 0},
		{"crlf", strings.ReplaceAll(minimal, "\n", "\r\n"), "", 0, 0},
		{"bom-column", "\xef\xbb\xbfshema: x\n" + minimal, "problem.unknown-field", 1, 1},
		{"crlf-line", strings.ReplaceAll(minimal+"rolls: {}\n", "\n", "\r\n"), "problem.unknown-field", 3, 1},
		{"wide-column", minimal + "roles: { 使用者: { may: [x], mai: 1 } }\n", "problem.bad-id", 3, 10},
		{"utf-16", "\xff\xfes\x00c\x00", "problem.utf-16", 1, 1},
		{"latin-1", minimal + "# caf\xe9\n", "problem.not-utf-8", 3, 6},
		{"nul", minimal + "roles: \x00\n", "problem.control-character", 3, 8},
		{"escape", minimal + "# \x1b[31m\n", "problem.control-character", 3, 3},
		{"scalar", "hello\n", "problem.want-fields", 1, 1},
		{"list", "- a\n", "problem.want-fields", 1, 1},
		{"unclosed-quote", minimal + "standards: [\"a\n", "problem.syntax", 3, 1},
		{"unknown-alias", minimal + "standards: *x\n", "problem.syntax", 1, 1},
		{"alias-in-itself", minimal + "standards: &a [*a]\n", "problem.want-fields", 3, 12},
		{"deep", deep, "problem.too-deep", 3, 79},
		{"bomb", bomb.String(), "problem.want-map", 6, 7},
		{"too-large", minimal + strings.Repeat("#", int(lim.Size)), "problem.too-large", 0, 0},
		{"too-many", minimal + "standards: [" + strings.Repeat("a,", 5*lim.Nodes) + "]", "problem.too-many-values", 0, 0},
		{"long-value", minimal + "standards: [" + strings.Repeat("a", lim.Scalar+1) + "]", "problem.value-too-long", 3, 13},
		{"duplicate-section", minimal + "roles: {}\nroles: {}\n", "problem.duplicate-key", 4, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			p, problems := Load(FileName, []byte(c.data), lim)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("Load took %v", took)
			}
			if c.key == "" {
				if len(problems) > 0 || p.Identity.Name != "A" {
					t.Errorf("Load: %v, %+v", problems, p.Identity)
				}
				return
			}
			for _, x := range problems {
				if x.Key == c.key && x.Line == c.line && x.Column == c.column && x.Severity == SeverityError {
					return
				}
			}
			t.Errorf("Load: no %s at %d:%d in %v", c.key, c.line, c.column, problems)
		})
	}
}

func TestAliasBombIsStopped(t *testing.T) {
	t.Parallel()
	// Each level is a list of ten of the level below: 10^9 texts when written out.
	var b strings.Builder
	b.WriteString(minimal + "standards:\n")
	b.WriteString("  - &m0 [a,a,a,a,a,a,a,a,a,a]\n")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&b, "  - &m%d [%s]\n", i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*m%d,", i-1), 10), ","))
	}
	// Lists where texts are wanted are not entered, so the IXIT carries the load.
	b.WriteString("ixit:\n  t: &e [{a: x, b: x, c: x, d: x, e: x, f: x, g: x, h: x}]\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "  t%d: *e\n", i)
	}
	start := time.Now()
	_, problems := Load(FileName, []byte(b.String()), lim)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("Load took %v", took)
	}
	for _, p := range problems {
		if p.Key == "problem.too-many-aliases" {
			return
		}
	}
	t.Errorf("the aliases were all followed: %v", problems)
}

func TestProblemsAreBounded(t *testing.T) {
	t.Parallel()
	data := minimal + "roles:\n" + strings.Repeat("  x y: 1\n", 5000)
	_, problems := Load(FileName, []byte(data), lim)
	if len(problems) != maxProblems+1 {
		t.Fatalf("Load: %d problems, want %d", len(problems), maxProblems+1)
	}
	last := problems[maxProblems]
	if last.Key != "problem.too-many" || last.Severity != SeverityError {
		t.Errorf("last: %+v", last)
	}
	if got := last.Text(); !strings.HasPrefix(got, "4") {
		t.Errorf("last: %q", got)
	}
}

func TestPosition(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, goodFiles(t)["full"])
	for path, want := range map[string][2]int{
		"schema":             {2, 9},
		"product.release":    {6, 12},
		"standards[1].id":    {23, 5},
		"interfaces[0].port": {51, 11},
		"interfaces[0].login.functions[1].method": {67, 21},
		"interfaces[1].port":                      {68, 51},
		"interfaces[1].login.form":                {68, 5}, // not written: the interface
		"claims.etsi-en-303-645.5_6-8":            {208, 5},
		`claims.etsi-en-303-645["5.6-8"].support`: {208, 25},
		`claims.etsi-en-303-645["5.1-5"]`:         {209, 12},
		"users[1].name":                           {75, 13},
		"nonsense[3].x":                           {2, 1},
	} {
		if line, column := p.Position(path); line != want[0] || column != want[1] {
			t.Errorf("Position(%s) = %d:%d, want %d:%d", path, line, column, want[0], want[1])
		}
	}
	if line, column := (&Product{}).Position("x"); line != 0 || column != 0 {
		t.Errorf("Position in a product without a file = %d:%d", line, column)
	}
	if !p.Stated("data[0].shared_with") || p.Stated("data[9]") {
		t.Error("Stated")
	}
}

func TestLoadDir(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, dir, name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("good", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		write(t, dir, FileName, minimal)
		p, problems, err := LoadDir(dir, lim)
		if err != nil || len(problems) > 0 || p.Identity.Model != "B" || p.File() != FileName {
			t.Errorf("LoadDir: %+v, %v, %v", p, problems, err)
		}
	})
	t.Run("absent", func(t *testing.T) {
		t.Parallel()
		if _, _, err := LoadDir(t.TempDir(), lim); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("LoadDir: %v", err)
		}
	})
	t.Run("link-out", func(t *testing.T) {
		t.Parallel()
		dir, other := t.TempDir(), t.TempDir()
		write(t, other, "x.yaml", minimal)
		if err := os.Symlink(filepath.Join(other, "x.yaml"), filepath.Join(dir, FileName)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
		if _, _, err := LoadDir(dir, lim); err == nil {
			t.Error("LoadDir followed a link out of the workspace")
		}
	})
	t.Run("folder", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, FileName), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, _, err := LoadDir(dir, lim); err == nil {
			t.Error("LoadDir read a folder")
		}
	})
	t.Run("too-large", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		write(t, dir, FileName, minimal+strings.Repeat("#\n", 1000))
		small := lim
		small.Size = 100
		_, problems, err := LoadDir(dir, small)
		if err != nil || len(problems) != 1 || problems[0].Key != "problem.too-large" {
			t.Errorf("LoadDir: %v, %v", problems, err)
		}
	})
}

func FuzzLoad(f *testing.F) {
	for _, data := range goodFiles(f) {
		f.Add(data)
	}
	names, err := filepath.Glob("testdata/bad/*.txtar")
	if err != nil || len(names) == 0 {
		f.Fatalf("seeds: %v, %v", names, err)
	}
	for _, n := range names {
		ar, err := txtar.ParseFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(ar.Files[0].Data)
	}
	f.Add([]byte(minimal + "standards: &a [*a]\n"))
	f.Add([]byte("\xef\xbb\xbf" + minimal))
	small := lim
	small.Nodes, small.Size = 5000, 64<<10
	f.Fuzz(func(t *testing.T, data []byte) {
		p, problems := Load(FileName, data, small)
		for _, x := range problems {
			if _, ok := english[x.Key]; !ok {
				t.Errorf("no text for %s", x.Key)
			}
			if text := x.Text(); strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x202e }) {
				t.Errorf("message holds control characters: %q", text)
			}
			lines := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + bytes.Count(data, []byte("\xc2\x85")) +
				bytes.Count(data, []byte("\xe2\x80\xa8")) + bytes.Count(data, []byte("\xe2\x80\xa9")) + 1
			if x.Line < 0 || x.Line > lines+1 {
				t.Errorf("line %d of %d", x.Line, lines)
			}
		}
		Check(p) // never panics, even on what could not be read whole
		if !HasErrors(problems) {
			roundTrip(t, p)
		}
	})
}

func BenchmarkLoad200Components(b *testing.B) {
	var t strings.Builder
	t.WriteString(minimal + "roles: { admin: { may: [view] } }\ncomponents:\n")
	for i := range 200 {
		fmt.Fprintf(&t, "  - { id: c%d, kind: device, transducers: [lens], network: [ethernet], operated_by: customer, updated_by: maker, firmware: { file: evidence/%d.bin, encrypted: false, public: false } }\n", i, i)
	}
	t.WriteString("interfaces:\n")
	for i := range 400 {
		fmt.Fprintf(&t, "  - { id: i%d, on: c%d, protocol: https, port: %d, purpose: administration, auth: password, roles: [admin] }\n", i, i/2, 1000+i)
	}
	data := []byte(t.String())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if p, problems := Load(FileName, data, lim); HasErrors(problems) || len(p.Components) != 200 {
			b.Fatal(problems)
		}
	}
}
