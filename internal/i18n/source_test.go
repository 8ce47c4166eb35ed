package i18n

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// families are the first parts of keys that sources name in full.
var families = []string{"reason", "provide", "not-tried", "cut", "problem", "ui", "report", "flag", "progress"}

var (
	keyShape    = regexp.MustCompile(`^[a-z][a-z-]*(\.[A-Za-z0-9_-]+)+$`)
	prefixShape = regexp.MustCompile(`^[a-z][a-z-]*(\.[A-Za-z0-9_-]+)+\.$`)
	quoted      = regexp.MustCompile("[\"'`]([a-z][a-z-]*\\.[A-Za-z0-9_.-]*)[\"'`]")
)

// fileNames are endings that make a string a file's name, not a key
// (report.html).
var fileNames = []string{"csv", "css", "docx", "html", "js", "json", "log", "md", "pdf", "sarif", "svg", "tmpl", "txt", "xlsx", "xml", "yaml"}

// unnamed are families whose keys no source writes in full, with the reason.
var unnamed = map[string]string{
	"case.":         "made of a test case's id; held against the list of test cases in internal/testcase",
	"observe.":      "made of an observation's name; held against the list of test cases in internal/testcase",
	"confirm.":      "made of the names in the standards' data; held against them in internal/testcase",
	"cli.":          "made of a command's name",
	"ui.out.":       "made of the reason",
	"ui.method.":    "made of a test case's method",
	"tls.":          "made of an attempt's outcome in a stored fact",
	"cut.":          "stored in facts: a run of an older version must stay readable",
	"not-tried.":    "stored in facts: a run of an older version must stay readable",
	"secret.":       "made of the type in a stored fact; held against the kinds below",
	"weakness.":     "made of the type in a stored fact",
	"source.":       "made of the source in a stored fact",
	"state.":        "made of a unit's state in a stored fact",
	"vantage.":      "made of the vantage in a stored fact",
	"scope.":        "made of what a scope is about, in a stored fact",
	"verdict.":      "made of a verdict",
	"severity.":     "made of a severity",
	"method.":       "made of a test case's method",
	"kind.":         "made of a test case's kind",
	"status.":       "made of a requirement's status",
	"claim.":        "made of a claim",
	"profile.":      "made of a profile's name",
	"term.":         "made of a value of the model; held against the documents in internal/report/publish",
	"trace.":        "made of a kind of node",
	"said.":         "sentences of the readers of images; held against images in internal/cli",
	"yaml.":         "made of what internal/yamltree finds wrong",
	"open.":         "made in internal/product, which holds its keys against its sources itself",
	"problem.noun.": "made in internal/product, which holds its keys against its sources itself",
}

// source is what the sources of the program say of keys.
type source struct {
	keys     map[string]string // key → where it stands first
	prefixes []string          // "report.kind.": keys are made of it
	calls    []call
}

// call makes a reason of a key and the names of its arguments.
type call struct {
	where, key string
	args       []string
}

// scan reads everything under internal/ and cmd/ that may name a key.
func scan(t *testing.T) source {
	t.Helper()
	s := source{keys: make(map[string]string)}
	files := 0
	for _, root := range []string{"..", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil // cmd may not be there, and a file may go while others write
			}
			if err != nil {
				return err
			}
			if d.IsDir() && d.Name() == "testdata" {
				return fs.SkipDir
			}
			switch {
			case d.IsDir(), strings.HasSuffix(path, "_test.go"):
			case strings.HasSuffix(path, ".go"):
				files++
				return s.goFile(path)
			case slices.Contains([]string{".tmpl", ".html", ".js"}, filepath.Ext(path)):
				b, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				for _, m := range quoted.FindAllStringSubmatch(string(b), -1) {
					s.add(m[1], path)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 20 {
		t.Fatalf("only %d Go files were read: the path is wrong", files)
	}
	return s
}

func (s *source) add(text, where string) {
	switch {
	case prefixShape.MatchString(text):
		s.prefixes = append(s.prefixes, text)
	case keyShape.MatchString(text) && s.keys[text] == "":
		s.keys[text] = where
	}
}

func (s *source) goFile(path string) error {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, path, nil, 0)
	if err != nil {
		return err
	}
	at := func(p token.Pos) string { return fmt.Sprintf("%s:%d", path, set.Position(p).Line) }
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text, ok := literal(n); ok {
				s.add(text, at(n.Pos()))
			}
		case *ast.CallExpr:
			if c, ok := because(n); ok {
				c.where = at(n.Pos())
				s.calls = append(s.calls, c)
			}
		}
		return true
	})
	return nil
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// because reads verdict.Because("key", "name", value …) where all names are
// written out.
func because(n *ast.CallExpr) (call, bool) {
	f, ok := n.Fun.(*ast.SelectorExpr)
	if !ok || f.Sel.Name != "Because" || len(n.Args) == 0 || n.Ellipsis != token.NoPos {
		return call{}, false
	}
	key, ok := literal(n.Args[0])
	if !ok {
		return call{}, false
	}
	c := call{key: key}
	for i := 1; i < len(n.Args); i += 2 {
		name, ok := literal(n.Args[i])
		if !ok {
			return call{}, false
		}
		c.args = append(c.args, "{"+name+"}")
	}
	return c, true
}

func TestSourcesNameTexts(t *testing.T) {
	t.Parallel()
	texts, s := Must(), scan(t)
	n := 0
	for key, where := range s.keys {
		family, rest, _ := strings.Cut(key, ".")
		if !slices.Contains(families, family) || slices.Contains(fileNames, rest) {
			continue
		}
		n++
		if !texts.Has(key) {
			t.Errorf("%s: there is no text %s", where, key)
		}
	}
	if n < 100 {
		t.Errorf("only %d keys were found in the sources: the search is wrong", n)
	}
}

// TestReasonsHaveTheirArguments: a text asks for no argument that the reason
// doesn't give.
func TestReasonsHaveTheirArguments(t *testing.T) {
	t.Parallel()
	texts, s := Must(), scan(t)
	checked := 0
	for _, c := range s.calls {
		text, ok := texts.Get(c.key)
		if !ok || (c.key == "provide.record" && len(c.args) == 0) { // the framework fills that one in
			continue
		}
		checked++
		for _, p := range placeholders(text.En) {
			if !slices.Contains(c.args, p) {
				t.Errorf("%s: the text of %s asks for %s, the reason gives %v", c.where, c.key, p, c.args)
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d reasons were checked: the search is wrong", checked)
	}
}

func TestNoTextIsUnused(t *testing.T) {
	t.Parallel()
	texts, s := Must(), scan(t)
	used := func(key string) bool {
		if _, ok := s.keys[key]; ok {
			return true
		}
		if name, ok := strings.CutPrefix(key, "provide."); ok && texts.Has("not-tried."+name) {
			return true // made of the reason why a test wasn't made
		}
		for prefix := range unnamed {
			if strings.HasPrefix(key, prefix) {
				return true
			}
		}
		return slices.ContainsFunc(s.prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
	}
	for _, key := range texts.Keys() {
		if !used(key) {
			t.Errorf("nothing uses the text %s", key)
		}
	}
}

// TestEveryOmissionSaysWhatHelps: for each reason why a test wasn't made
// there is a text on what to provide.
func TestEveryOmissionSaysWhatHelps(t *testing.T) {
	t.Parallel()
	texts := Must()
	n := 0
	for _, key := range texts.Keys() {
		if name, ok := strings.CutPrefix(key, "not-tried."); ok {
			n++
			text, has := texts.Get("provide." + name)
			if !has {
				t.Errorf("%s has no provide.%s", key, name)
			}
			for _, p := range placeholders(text.En) {
				if p != "{unit}" { // all that is known there
					t.Errorf("provide.%s asks for %s", name, p)
				}
			}
		}
	}
	if n == 0 {
		t.Error("no not-tried texts were found")
	}
}

// TestKindsOfSecretHaveTexts: the kinds that the search for secrets in images
// declares, and the protected form of a private key, have a text each.
func TestKindsOfSecretHaveTexts(t *testing.T) {
	t.Parallel()
	want := append(constants(t, "../collect/firmware/inspect/secret/doc.go", "Kind"), "private-key-encrypted")
	want = slices.DeleteFunc(want, func(kind string) bool { return kind == "cut" }) // says that a limit was hit
	slices.Sort(want)
	var got []string
	for _, key := range Must().Keys() {
		if name, ok := strings.CutPrefix(key, "secret."); ok {
			got = append(got, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kinds of secret (-declared +with a text):\n%s", diff)
	}
}

// TestScopesHaveTexts: what a search can be about has a text.
func TestScopesHaveTexts(t *testing.T) {
	t.Parallel()
	texts := Must()
	for _, name := range constants(t, "../fact/fact.go", "") {
		if !texts.Has("scope." + name) {
			t.Errorf("there is no text scope.%s", name)
		}
	}
}

// constants reads the string constants of a type in a file; "" stands for
// those that are declared without a type.
func constants(t *testing.T, path, typ string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		name := ""
		if id, ok := v.Type.(*ast.Ident); ok {
			name = id.Name
		}
		for _, e := range v.Values {
			if text, ok := literal(e); ok && name == typ {
				out = append(out, text)
			}
		}
		return true
	})
	if len(out) == 0 {
		t.Fatalf("%s declares no constants of type %q", path, typ)
	}
	return out
}
