package threat

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"assay/internal/limit"
	"assay/internal/product"
)

// example is a part of a model and the elements that a rule names in it.
type example struct {
	On    []string       `yaml:"on"`
	Model map[string]any `yaml:"model"`
}

type ruleTest struct {
	Fires  example `yaml:"fires"`
	Silent example `yaml:"silent"`
}

var embedded = sync.OnceValues(Embedded)

func library(t testing.TB) *Library {
	t.Helper()
	l, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// model makes a product of the part that an example gives.
func model(t testing.TB, part map[string]any) *product.Product {
	t.Helper()
	all := map[string]any{"schema": product.Schema, "product": map[string]any{"name": "Example", "model": "E-1", "release": "1.0", "maker": map[string]any{"name": "Example Ltd."}}}
	for k, v := range part {
		if more, ok := v.(map[string]any); ok && k == "product" {
			for k, v := range more {
				all["product"].(map[string]any)[k] = v
			}
			continue
		}
		all[k] = v
	}
	b, err := yaml.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	p, problems := product.Load("assay.yaml", b, limit.Default().YAML)
	if product.HasErrors(problems) {
		t.Fatalf("the example is no model: %v\n%s", problems, b)
	}
	return p
}

// TestRules holds every rule against a model on which it must fire and one on
// which it must not.
func TestRules(t *testing.T) {
	t.Parallel()
	l := library(t)
	names, err := filepath.Glob("testdata/rules/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no tests of rules: %v", err)
	}
	seen := map[string]bool{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var tests map[string]ruleTest
		dec := yaml.NewDecoder(bytes.NewReader(b))
		dec.KnownFields(true)
		if err := dec.Decode(&tests); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for id, rt := range tests {
			seen[id] = true
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				r, ok := l.Rule(id)
				if !ok {
					t.Fatalf("%s tests a rule that isn't in the library", name)
				}
				got := fired(t, l, r, rt.Fires.Model)
				slices.Sort(rt.Fires.On)
				if diff := cmp.Diff(rt.Fires.On, got); diff != "" {
					t.Errorf("fires on (-want +got):\n%s", diff)
				}
				if got := fired(t, l, r, rt.Silent.Model); len(got) > 0 {
					t.Errorf("must be silent, but fires on %v", got)
				}
				p := model(t, rt.Silent.Model)
				all, err := elements(p)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.ContainsFunc(all, func(e Element) bool { return e.Kind == r.On }) {
					t.Errorf("the silent model has no %s: it shows nothing", r.On)
				}
			})
		}
	}
	for _, r := range l.Rules {
		if !seen[r.ID] {
			t.Errorf("%s:%d: rule %s has no test in testdata/rules", r.File, r.Line, r.ID)
		}
	}
}

func fired(t *testing.T, l *Library, r *Rule, part map[string]any) []string {
	t.Helper()
	m, err := l.Generate(t.Context(), model(t, part), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Problems) > 0 {
		t.Fatalf("problems: %v", m.Problems)
	}
	out := []string{}
	for _, x := range m.Threats {
		if x.Rule.ID != r.ID {
			continue
		}
		out = append(out, x.Element.Ref)
		for _, w := range x.Weaknesses {
			if w.After.Product >= w.Before.Product {
				t.Errorf("%s: closing %s changes nothing: risk %d before, %d after", x.ID, w.ID, w.Before.Product, w.After.Product)
			}
		}
		if strings.ContainsAny(x.Because.En+x.Because.Zh, "{}") {
			t.Errorf("%s: because names a field that %s doesn't have: %s", x.ID, r.On, x.Because.En)
		}
	}
	slices.Sort(out)
	return out
}
