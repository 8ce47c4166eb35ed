package threat

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite what docs/threats.md says of the code")

// TestDocs: docs/threats.md lists the fields of every kind of element, the
// techniques and the measures as they are.
func TestDocs(t *testing.T) {
	t.Parallel()
	const file = "../../docs/threats.md"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := string(b)
	for mark, text := range map[string]string{"fields": fields(t), "factors": factorTables(t), "library": libraryTable(t)} {
		head, rest, ok := strings.Cut(got, "<!-- "+mark+": begin -->\n")
		_, tail, end := strings.Cut(rest, "<!-- "+mark+": end -->")
		if !ok || !end {
			t.Fatalf("%s has no place for %s", file, mark)
		}
		got = head + "<!-- " + mark + ": begin -->\n" + text + "<!-- " + mark + ": end -->" + tail
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(strings.Split(string(b), "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("%s: run go test with -update (-file +code):\n%s", file, d)
	}
}

// fields writes a table for each view, from its declaration and comments.
func fields(t *testing.T) string {
	t.Helper()
	comments := fieldComments(t)
	var b strings.Builder
	for _, v := range []struct {
		kind Kind
		view any
	}{{"every element", common{}}, {OnProduct, productView{}}, {OnComponent, componentView{}}, {OnInterface, interfaceView{}}, {OnFlow, flowView{}}, {OnData, dataView{}},
		{OnSecret, secretView{}}, {OnUpdate, updateView{}}, {OnAIFeature, aiView{}}, {OnDependency, dependencyView{}}, {OnAccount, accountView{}}} {
		fmt.Fprintf(&b, "\n### %s\n\n| field | kind | what |\n| --- | --- | --- |\n", v.kind)
		typ := reflect.TypeOf(v.view)
		last := ""
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.Anonymous {
				continue
			}
			what := comments[typ.Name()+"."+f.Name]
			if what == "" {
				what = last
			}
			last = what
			kind := map[string]string{"string": "text", "[]string": "list", "bool": "true, false", "int": "number"}[f.Type.String()]
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", strings.Split(f.Tag.Get("json"), ",")[0], kind, what)
		}
	}
	return b.String()
}

func fieldComments(t *testing.T) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "view.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		s, ok := spec.Type.(*ast.StructType)
		if !ok {
			return true
		}
		for _, field := range s.Fields.List {
			for _, name := range field.Names {
				out[spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(field.Doc.Text()), " ")
			}
		}
		return true
	})
	return out
}

func factorTables(t *testing.T) string {
	t.Helper()
	f := library(t).Factoring
	var b strings.Builder
	b.WriteString("\n| technique | what the attacker does | time | expertise | knowledge | equipment |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, x := range f.Techniques {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", x.ID, x.Title.En, x.Takes[Time], x.Takes[Expertise], x.Takes[Knowledge], x.Takes[Equipment])
	}
	b.WriteString("\n| measure | what it does | an attack takes at least | harm is at most |\n| --- | --- | --- | --- |\n")
	for _, m := range f.Measures {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.ID, m.Title.En, inOrder(m.Raise), inOrder(m.Lower))
	}
	return b.String()
}

func inOrder(levels map[Factor]string) string {
	var out []string
	for _, f := range append(PotentialFactors(), AssetImpact, Intensity) {
		if l, ok := levels[f]; ok {
			out = append(out, string(f)+" "+l)
		}
	}
	return strings.Join(out, ", ")
}

// libraryTable lists the rules by file.
func libraryTable(t *testing.T) string {
	t.Helper()
	l := library(t)
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d rules, %d weaknesses.\n\n| rule | on | class | what happens |\n| --- | --- | --- | --- |\n", len(l.Rules), len(l.Weaknesses))
	for _, r := range l.Rules {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.ID, r.On, r.Stride, r.Title.En)
	}
	return b.String()
}
