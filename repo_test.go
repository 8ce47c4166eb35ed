// Package assay_test holds the repository to its own rules: the table of
// packages in docs/architecture.md, what may import what, that documents name
// only what exists, that parsers have fuzz tests.
package assay_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// pkg is what the tests need of go list -json.
type pkg struct {
	ImportPath, Dir, Name string
	GoFiles               []string
	Imports               []string
}

// path is the package's folder from the root of the repository.
func (p pkg) path() string { return strings.TrimPrefix(p.ImportPath, "assay/") }

// packages lists the packages of this repository.
var packages = sync.OnceValues(func() ([]pkg, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Name,GoFiles,Imports", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.Join(err, errors.New(stderr.String()))
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		if len(p.GoFiles) > 0 { // the root and packages of tests alone export nothing
			all = append(all, p)
		}
	}
})

func list(t *testing.T) []pkg {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	if len(all) < 20 {
		t.Fatalf("go list gives %d packages only", len(all))
	}
	return all
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// parse parses one Go file with its comments.
func parse(t *testing.T, name string) (*token.FileSet, *ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return fset, f
}

// goFiles lists every Go file of the repository, tests included.
func goFiles(t *testing.T) []string {
	t.Helper()
	return files(t, func(name string) bool { return strings.HasSuffix(name, ".go") })
}

// files lists the files of the repository that want says yes to. What git
// ignores at the root is left out.
func files(t *testing.T, want func(name string) bool) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == "bin" || name == "dist" || d.Name() == ".assay"):
			return fs.SkipDir
		case d.Type().IsRegular() && want(name):
			out = append(out, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatal("no file found, which can't be right")
	}
	return out
}

// entry is a line of the table of packages.
type entry struct {
	row  int
	path string
}

var tableRow = regexp.MustCompile("(?m)^\\| (-?\\d+) \\| `([^`]+)` \\|")

func table(t *testing.T) []entry {
	t.Helper()
	var out []entry
	for _, m := range tableRow.FindAllStringSubmatch(read(t, "docs/architecture.md"), -1) {
		row, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry{row, m[2]})
	}
	if len(out) < 15 {
		t.Fatalf("the table of packages in docs/architecture.md has %d lines", len(out))
	}
	return out
}

func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// find returns the table's entry that a package belongs to: the longest.
func find(table []entry, path string) (entry, bool) {
	var best entry
	for _, e := range table {
		if within(path, e.path) && len(e.path) > len(best.path) {
			best = e
		}
	}
	return best, best.path != ""
}

func TestImportsGoDown(t *testing.T) {
	t.Parallel()
	rows := table(t)
	used := make(map[string]bool)
	for _, p := range list(t) {
		from, ok := find(rows, p.path())
		if !ok {
			t.Errorf("%s is in no row of the table in docs/architecture.md", p.path())
			continue
		}
		used[from.path] = true
		for _, imp := range p.Imports {
			to, isOurs := strings.CutPrefix(imp, "assay/")
			if !isOurs || within(to, p.path()) {
				continue
			}
			below, ok := find(rows, to)
			if ok && below.path != from.path && below.row >= from.row {
				t.Errorf("%s (row %d) imports %s (row %d): imports go to lower rows only", p.path(), from.row, to, below.row)
			}
		}
	}
	for _, e := range rows {
		// The go command lists no folder of the name testdata, though it
		// imports one.
		if sources, err := filepath.Glob(e.path + "/*.go"); !used[e.path] && (err != nil || len(sources) == 0) {
			t.Errorf("docs/architecture.md lists %s, which is no package", e.path)
		}
	}
}

// TestImportsForbidden holds what the rows alone don't say.
func TestImportsForbidden(t *testing.T) {
	t.Parallel()
	world := []string{"os", "os/exec", "net", "net/http", "io/fs", "database/sql", "crypto/tls", "syscall"}
	judging := append(slices.Clone(world), "assay/internal/collect", "assay/internal/store", "assay/internal/network", "assay/internal/sandbox")
	rules := []struct {
		packages, except []string // folders with what is below them
		not              []string
		why              string
	}{
		{[]string{"internal/testcase", "internal/judge", "internal/verdict", "internal/condition"}, nil, judging,
			"judging is a pure function of its arguments"},
		{[]string{"internal/fact"}, nil, append(slices.Clone(world), "assay/internal/product"), "facts are what both sides share, and nothing else"},
		{[]string{"internal/collect"}, nil, []string{"assay/internal/testcase", "assay/internal/judge", "assay/internal/verdict", "assay/internal/standard"},
			"collectors judge nothing"},
		{[]string{"internal/collect/firmware", "internal/collect/device"}, []string{"internal/collect/firmware", "internal/collect/device"},
			[]string{"assay/internal/fact", "assay/internal/product", "assay/internal/evidence", "assay/internal/store"},
			"leaf packages know bytes and protocols, their parent makes facts of it"},
		{[]string{"internal", "cmd", "scripts"}, []string{"internal/cli", "internal/refcam"}, []string{"assay/internal/refcam"},
			"only the command line and tests know the reference camera"},
		{[]string{"internal/refcam"}, []string{"internal/refcam"}, []string{"assay/internal"}, "the reference camera shares no code with what tests it"},
		{[]string{"internal"}, []string{"internal/sandbox", "internal/report/browsertest"}, []string{"os/exec"}, "only the sandbox starts processes"},
		{[]string{"internal", "cmd"}, []string{"internal/testdata", "internal/collect/device/peertest", "internal/collect/sinktest", "internal/report/browsertest",
			"internal/collect/firmware/format/archive/archivetest", "internal/collect/firmware/format/looktest", "internal/collect/firmware/format/tree/treetest", "internal/collect/firmware/unpack/walktest", "internal/collect/firmware/inspect/inspecttest"}, []string{"testing", "assay/internal/testdata"}, "the program doesn't know that it is tested"},
		{[]string{"internal", "cmd"}, []string{"internal/refcam"}, []string{"log"}, "results are values, not log lines"}, // refcam: net/http takes one, to be silent
		{[]string{"internal", "cmd"}, []string{"internal/sandbox"}, []string{"unsafe"}, "system calls that take pointers are the sandbox's"},
		{[]string{"internal", "cmd"}, nil, []string{"plugin", "C"}, "nothing is loaded at run time, and nothing needs a C compiler"},
	}
	for _, p := range list(t) {
		for _, r := range rules {
			if !slices.ContainsFunc(r.packages, func(f string) bool { return within(p.path(), f) }) || excepted(p.path(), r.packages, r.except) {
				continue
			}
			for _, imp := range p.Imports {
				bad := slices.ContainsFunc(r.not, func(n string) bool {
					return imp == n || strings.HasPrefix(n, "assay/") && strings.HasPrefix(imp, n+"/")
				})
				if ours := strings.TrimPrefix(imp, "assay/"); bad && !within(ours, p.path()) && !(within(p.path(), "internal/refcam") && within(ours, "internal/refcam")) {
					t.Errorf("%s imports %s: %s", p.path(), imp, r.why)
				}
			}
		}
	}
}

// excepted says whether a rule leaves a package out. A folder that is both
// meant and excepted means its sub-folders only, or, for the reference
// camera, everything that isn't of its own.
func excepted(path string, meant, except []string) bool {
	for _, e := range except {
		if slices.Contains(meant, e) {
			if path == e && e != "internal/refcam" {
				return true
			}
			continue
		}
		if within(path, e) {
			return true
		}
	}
	return false
}

// TestOneDoor: nothing but the door opens a connection, and judging asks no
// clock.
func TestOneDoor(t *testing.T) {
	t.Parallel()
	sockets := regexp.MustCompile(`^(net\.(Dial\w*|Listen\w*|Dialer|FileConn|FileListener|Lookup\w*|DefaultResolver)|tls\.(Dial\w*|Listen|Dialer)|http\.(Get|Head|Post|PostForm|DefaultClient|DefaultTransport|ListenAndServe\w*))$`)
	may := map[string]string{
		"internal/network":      "is the door",
		"internal/cli/demo.go":  "listens for the simulated units, on loopback",
		"internal/cli/serve.go": "listens for the simulated units, on loopback",
	}
	harmless := []string{"net.Listener", "net.ListenConfig"} // a type; listening itself is net.ListenConfig.Listen
	clock := []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.Tick"}
	for _, name := range goFiles(t) {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(filepath.Dir(name), "peertest") {
			continue
		}
		fset, f := parse(t, name)
		pure := slices.ContainsFunc([]string{"internal/testcase", "internal/judge", "internal/verdict", "internal/condition", "internal/standard"},
			func(p string) bool { return within(name, p) })
		_, door := may[filepath.Dir(name)]
		_, own := may[name]
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			used := x.Name + "." + sel.Sel.Name
			if sockets.MatchString(used) && !slices.Contains(harmless, used) && !door && !own {
				t.Errorf("%s uses %s: connections come from internal/network only", fset.Position(sel.Pos()), used)
			}
			if pure && slices.Contains(clock, used) {
				t.Errorf("%s uses %s: the clock of judging is an argument", fset.Position(sel.Pos()), used)
			}
			return true
		})
	}
}

func TestOnePackageComment(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		var with []string
		for _, name := range p.GoFiles {
			_, f := parse(t, filepath.Join(p.path(), name))
			if f.Doc == nil {
				continue
			}
			with = append(with, name)
			want := "Package " + p.Name + " "
			if p.Name == "main" {
				want = "Command " + filepath.Base(p.path()) + " "
			}
			if text := f.Doc.Text(); !strings.HasPrefix(strings.ReplaceAll(text, "\n", " "), want) {
				t.Errorf("%s/%s: the package comment doesn't begin with %q", p.path(), name, want)
			}
		}
		if len(with) != 1 {
			t.Errorf("%s has %d package comments %v, want one", p.path(), len(with), with)
		}
	}
}
