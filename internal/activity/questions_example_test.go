package activity

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/record"
)

// bare is a product with one entry where an example is a part of one.
const bare = empty + `components: [{ id: camera, kind: device }]
means: [{ id: lock, means: locks itself, kind: technical, provider: device }]
capabilities: [{ id: safe, capability: keeps safe }]
`

// dangling are what an example may have wrong: it names customers, components
// and others that only the reader's own product has.
var dangling = []string{"problem.unknown-reference", "problem.unknown-reference-here", "problem.no-such-list"}

// TestExamplesAreAnswers: each example can be given as it stands, loads, and
// leaves nothing open at its place.
func TestExamplesAreAnswers(t *testing.T) {
	t.Parallel()
	p := process(t)
	for _, q := range p.questions() {
		if q.Example == "" {
			continue
		}
		t.Run(q.ID, func(t *testing.T) {
			t.Parallel()
			f := Files{Model: []byte(empty)}
			var err error
			if strings.Contains(q.Place, "[]") {
				f, err = Files{Model: []byte(bare)}.Set(strings.Replace(q.Place, "[]", "[0]", 1), q.Example)
			} else {
				f, err = p.Apply(f, q.ID, q.Example, "", on)
			}
			if err != nil {
				t.Fatal(err)
			}
			model, problems := product.Load(product.FileName, f.Model, limit.Default().YAML)
			for _, x := range problems {
				if x.Severity == product.SeverityError && !slices.Contains(dangling, x.Key) {
					t.Error(x)
				}
			}
			r, err := p.Assess(t.Context(), Input{Product: model, Now: on})
			if err != nil {
				t.Fatal(err)
			}
			s, _ := r.Question(q.ID)
			if s.State == Open {
				t.Errorf("still open:\n%s", f.Model)
			}
			if s.State != Filler {
				fmt.Println("NOTFILLER", q.ID, s.State)
			}
			root, _, _ := strings.Cut(q.Place, "[")
			for _, g := range s.Gaps {
				if strings.HasPrefix(g.At, root) && g.Says != fillerExample { // an example is nobody's answer
					t.Errorf("at %s: %s", g.At, record.Filler{}.Fill(g.Says, g.Values).Text)
				}
			}
		})
	}
}

// TestExamplesAreTheirOwn: no sentence of an example stands in a complete
// record, so that each shows another way to answer.
func TestExamplesAreTheirOwn(t *testing.T) {
	t.Parallel()
	said := map[string]string{}
	for _, name := range []string{"camera", "gateway"} {
		for _, file := range []string{product.FileName, AnswersFile} {
			raw, err := os.ReadFile(filepath.Join("testdata", name, file))
			if err != nil {
				t.Skipf("SKIPPED: there is no record %s: %v", name, err)
			}
			for _, s := range sentences(t, string(raw)) {
				said[s] = name + "/" + file
			}
		}
	}
	for _, q := range process(t).questions() {
		for _, s := range append(sentences(t, q.Example), normal(q.ExampleText.En), normal(q.ExampleText.Zh)) {
			if file, ok := said[s]; ok && s != "" {
				t.Errorf("%s: %q stands in %s", q.ID, s, file)
			}
		}
	}
}

// sentences are the texts of at least four words in a YAML file.
func sentences(t *testing.T, file string) []string {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(file), &doc); err != nil {
		t.Fatal(err)
	}
	var out []string
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && len(strings.Fields(n.Value)) > 3 {
			out = append(out, normal(n.Value))
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(&doc)
	return out
}
