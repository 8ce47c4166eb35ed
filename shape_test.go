package assay_test

import (
	"bytes"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Sizes above which a file or a function needs a reason.
const (
	mostFileLines = 700
	mostFuncLines = 120
)

// large are the reasons. A name that no longer needs one must go.
var large = map[string]string{
	"internal/standard/sources_test.go TestCameraSource":                     "one short comparison after the other, over every entry of a catalogue",
	"internal/collect/firmware/format/jffs2/jffs2_test.go TestStates":        "a table of the states that a flash may be in, each written out",
	"internal/collect/firmware/inspect/system/system_test.go TestWeaknesses": "a table of settings, a row each",
}

func TestSizes(t *testing.T) {
	t.Parallel()
	needed := make(map[string]bool)
	check := func(what string, lines, most int) {
		if lines <= most {
			return
		}
		needed[what] = true
		if large[what] == "" {
			t.Errorf("%s has %d lines, more than %d, and no reason in shape_test.go", what, lines, most)
		}
	}
	for _, name := range goFiles(t) {
		fset, f := parse(t, name)
		check(name, fset.File(f.Pos()).LineCount(), mostFileLines)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				check(name+" "+fn.Name.Name, fset.Position(fn.End()).Line-fset.Position(fn.Pos()).Line+1, mostFuncLines)
			}
		}
	}
	for what := range large {
		if !needed[what] {
			t.Errorf("shape_test.go gives a reason for the size of %s, which needs none", what)
		}
	}
}

// TestNoInit: nothing happens when a package is imported.
func TestNoInit(t *testing.T) {
	t.Parallel()
	for _, name := range goFiles(t) {
		fset, f := parse(t, name)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "init" && fn.Recv == nil {
				t.Errorf("%s: func init; call it from where it is needed", fset.Position(fn.Pos()))
			}
		}
	}
}

// TestSpeaksOfItself: files hold no path of a developer's machine, no mirror
// that a module came from, and no work left for later.
func TestSpeaksOfItself(t *testing.T) {
	t.Parallel()
	words := []*regexp.Regexp{
		regexp.MustCompile(`(?m)(^|[\s"'=(:` + "`" + `])/(work|workspace)/\w`),
		regexp.MustCompile(`/Users/\w+/|(?m:^|[\s"'=(])/tmp/\w/`),
		regexp.MustCompile(`(?i)go` + `proxy|proxy\.` + `golang|registry\.` + `npmjs|arti` + `factory`),
		regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`),
	}
	for _, name := range files(t, func(string) bool { return true }) {
		if name == "go.sum" {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		head := b[:min(len(b), 8000)]
		if bytes.IndexByte(head, 0) >= 0 { // a picture
			continue
		}
		for _, w := range words {
			for _, at := range w.FindAllIndex(b, -1) {
				t.Errorf("%s:%d: %q doesn't belong into the repository", name, bytes.Count(b[:at[0]], []byte("\n"))+1, b[at[0]:at[1]])
			}
		}
	}
}

// parsers are the packages that read foreign bytes. Folders below
// internal/collect are among them, except those that read none.
func parsers(t *testing.T) []string {
	t.Helper()
	out := []string{"internal/product", "internal/standard", "internal/evidence", "internal/store/segment",
		"internal/condition", "internal/untrusted", "internal/sandbox"}
	none := map[string]string{
		"internal/collect/declared":                            "reads the product after it was loaded",
		"internal/collect/device":                              "what units send is read by the folders below it",
		"internal/collect/device/sweep":                        "connects and hangs up",
		"internal/collect/device/peertest":                     "plays the hostile peer",
		"internal/collect/sinktest":                            "keeps what a collector under test writes",
		"internal/collect/firmware/inspect/keyword":            "a search for fixed words that the packages beside it fuzz",
		"internal/collect/firmware/inspect/perm":               "looks at a path and a mode",
		"internal/collect/firmware/inspect/inspecttest":        "makes files for the tests of inspectors",
		"internal/collect/firmware/format":                     "what readers share: types, sums and names, fuzzed with each of them",
		"internal/collect/firmware/format/archive":             "what readers of archives share, fuzzed with each of them",
		"internal/collect/firmware/format/archive/archivetest": "helps the tests of archives",
		"internal/collect/firmware/format/flash":               "what readers of flash file systems share, fuzzed with each of them",
		"internal/collect/firmware/format/formats":             "a list",
		"internal/collect/firmware/format/looktest":            "helps the tests of headers",
		"internal/collect/firmware/format/tree":                "what readers of file systems share, fuzzed with each of them",
		"internal/collect/firmware/format/tree/treetest":       "helps the tests of file systems",
		"internal/collect/firmware/unpack/walktest":            "helps the tests of formats",
	}
	seen := 0
	for _, p := range list(t) {
		if !within(p.path(), "internal/collect") {
			continue
		}
		if none[p.path()] != "" {
			seen++
			continue
		}
		out = append(out, p.path())
	}
	if seen != len(none) {
		t.Errorf("%d packages are said to read no foreign bytes, %d of them exist", len(none), seen)
	}
	return out
}

// TestParsersAreFuzzed: each has a fuzz test, and each fuzz test a seed.
func TestParsersAreFuzzed(t *testing.T) {
	t.Parallel()
	for _, dir := range parsers(t) {
		tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		targets := 0
		adding := make(map[string]bool) // functions that add seeds
		var calls []func()
		for _, name := range tests {
			_, f := parse(t, name)
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || fn.Body == nil {
					continue
				}
				adding[fn.Name.Name] = adds(fn.Body)
				if !strings.HasPrefix(fn.Name.Name, "Fuzz") || fn.Recv != nil {
					continue
				}
				targets++
				calls = append(calls, func() {
					stored, err := filepath.Glob(filepath.Join(dir, "testdata", "fuzz", fn.Name.Name, "*"))
					if err != nil {
						t.Fatal(err)
					}
					if len(stored) == 0 && !adding[fn.Name.Name] && !callsOneOf(fn.Body, adding) {
						t.Errorf("%s: %s has no seed", dir, fn.Name.Name)
					}
				})
			}
		}
		for _, c := range calls {
			c()
		}
		if targets == 0 {
			t.Errorf("%s reads foreign bytes and has no fuzz test", dir)
		}
	}
}

// adds says whether a body calls the Add of something: f.Add.
func adds(body ast.Node) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			sel, ok := c.Fun.(*ast.SelectorExpr)
			found = found || ok && sel.Sel.Name == "Add"
		}
		return !found
	})
	return found
}

func callsOneOf(body ast.Node, names map[string]bool) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			id, ok := c.Fun.(*ast.Ident)
			found = found || ok && names[id.Name]
		}
		return !found
	})
	return found
}
