package activity

import (
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

// dangling are what an example may have wrong: it names customers, components
// and others that only the reader's own product has.
var dangling = []string{"problem.unknown-reference", "problem.unknown-reference-here", "problem.no-such-list"}

// beyond are questions whose answer can't be seen at its place alone.
var beyond = map[string]string{
	"5.C.1": "looks at the components beside",
	"6.S.5": "wants the release of the file's own product",
}

// TestExamplesAreAnswers: each example can be given as it stands, loads, and
// leaves nothing open at its place.
func TestExamplesAreAnswers(t *testing.T) {
	t.Parallel()
	p := process(t)
	for _, q := range p.questions() {
		if q.Example == "" || beyond[q.ID] != "" {
			continue
		}
		t.Run(q.ID, func(t *testing.T) {
			t.Parallel()
			f, err := p.Apply(Files{Model: []byte(empty)}, q.ID, q.Example, "", on)
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
			for _, g := range s.Gaps {
				if strings.HasPrefix(g.At, q.Place) && g.Says != fillerExample { // an example is nobody's answer
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
				t.Fatalf("record %s: %v", name, err)
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

// sentences are the texts of more than five words in a YAML file.
func sentences(t *testing.T, file string) []string {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(file), &doc); err != nil {
		t.Fatal(err)
	}
	var out []string
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && len(strings.Fields(n.Value)) > 5 {
			out = append(out, normal(n.Value))
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(&doc)
	return out
}
