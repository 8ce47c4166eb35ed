package judge_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/fact"
	"assay/internal/judge"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/verdict"
)

// perComponent makes a standard whose requirement is judged per component.
func perComponent(s *standard.Standard, r *standard.Requirement) {
	s.PerComponent, r.Subject = true, "product"
}

// TestComponents: a requirement on the product is judged for each component
// and rolled up; what no test looked at stays undecided, and a gap that the
// maker states with its reason is a gap.
func TestComponents(t *testing.T) {
	t.Parallel()
	const more = "  - { id: app, kind: app }\n"
	update := fact.Declared{What: "update", Is: true, Value: map[string]string{"mechanism": "over-the-air"}}
	meets := func(component, met string) string {
		return "capabilities: [{ id: c, capability: updates, meets: [{ item: std/1.1, component: " + component + ", met: " + met + ", why: store does it, by: Lin }] }]\n"
	}
	for _, c := range []struct {
		name, cases, model string
		facts              []fact.Payload
		want               map[string]verdict.Verdict
		total              verdict.Verdict
		why                string // key of the app's first reason
	}{
		{"device_only", "{id: update.mechanism}", "", []fact.Payload{update},
			map[string]verdict.Verdict{"camera": verdict.Pass}, verdict.Pass, ""},
		{"nothing_looked_at_the_app", "{id: update.mechanism}", more, []fact.Payload{update},
			map[string]verdict.Verdict{"camera": verdict.Pass, "app": verdict.Inconclusive}, verdict.Inconclusive, "reason.component-not-tested"},
		{"app_stated_as_not_met", "{id: update.mechanism}", more + meets("app", "no"), []fact.Payload{update},
			map[string]verdict.Verdict{"camera": verdict.Pass, "app": verdict.Fail}, verdict.Fail, "reason.component-not-met"},
		{"app_stated_as_not_applicable", "{id: update.mechanism}", more + meets("app", "n/a"), []fact.Payload{update},
			map[string]verdict.Verdict{"camera": verdict.Pass, "app": verdict.Inconclusive}, verdict.Inconclusive, "reason.component-not-applicable"},
		{"stated_as_met_decides_nothing", "{id: update.mechanism}", more + meets("app", "yes"), []fact.Payload{update},
			map[string]verdict.Verdict{"camera": verdict.Pass, "app": verdict.Inconclusive}, verdict.Inconclusive, "reason.component-not-tested"},
		{"device_fails", "{id: update.mechanism}", "", []fact.Payload{fact.Declared{What: "update", Is: true, Value: map[string]string{"mechanism": "none"}}},
			map[string]verdict.Verdict{"camera": verdict.Fail}, verdict.Fail, ""},
		{"no_procedure", "", more, nil,
			map[string]verdict.Verdict{"camera": verdict.Inconclusive, "app": verdict.Inconclusive}, verdict.Inconclusive, "reason.no-procedure"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := load(t, "")
			if c.model != "" {
				p = loadComponents(t, c.model)
			}
			a := judged(t, one(t, c.cases, perComponent), p, saw(t, c.facts...))
			v := a.Verdicts[0]
			got := map[string]verdict.Verdict{}
			for _, x := range v.Components {
				got[x.Component] = x.Verdict
				if x.Component == "app" && x.Reasons[0].Key != c.why {
					t.Errorf("app: %v, want %s", x.Reasons, c.why)
				}
			}
			if d := cmp.Diff(c.want, got); d != "" || v.Verdict != c.total {
				t.Errorf("total %s, want %s; (-want +got):\n%s", v.Verdict, c.total, d)
			}
			named := slices.ContainsFunc(a.Findings, func(f judge.Finding) bool { return f.Case == "capability" })
			if (c.why == "reason.component-not-met") != named {
				t.Errorf("findings %v", a.Findings)
			}
			if v.Verdict == verdict.Inconclusive && len(a.Undecided) == 0 {
				t.Error("nothing says what is missing")
			}
		})
	}
}

// loadComponents adds components, and what follows them, to the model.
func loadComponents(t *testing.T, more string) *product.Product {
	t.Helper()
	with := strings.Replace(model, "components: [{ id: camera, kind: device, transducers: [image sensor], network: [ethernet], constrained: false }]\n",
		"components:\n  - { id: camera, kind: device, transducers: [image sensor], network: [ethernet], constrained: false }\n"+more, 1)
	p, problems := product.Load("assay.yaml", []byte(with), limit.Default().YAML)
	if product.HasErrors(problems) {
		t.Fatal(problems)
	}
	return p
}
