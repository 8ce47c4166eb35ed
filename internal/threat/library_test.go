package threat

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/standard"
)

// TestLibrary holds the data to what every rule promises: two languages,
// references of the right form, countermeasures that exist.
func TestLibrary(t *testing.T) {
	t.Parallel()
	l := library(t)
	if len(l.Rules) < 60 {
		t.Errorf("%d rules", len(l.Rules))
	}
	used := map[string]bool{}
	for _, r := range l.Rules {
		where := fmt.Sprintf("%s:%d: %s", r.File, r.Line, r.ID)
		for name, text := range map[string]Text{"title": r.Title, "scenario": r.Scenario, "because": r.Because} {
			twoLanguages(t, where+": "+name, text)
		}
		for _, id := range r.CAPEC {
			if !capecID.MatchString(id) {
				t.Errorf("%s: %q is no id of CAPEC", where, id)
			}
		}
		en := get(t, "etsi-en-303-645")
		for _, id := range r.ETSI {
			if _, ok := en.Requirement(standard.RequirementID(id)); !ok {
				t.Errorf("%s: EN 303 645 has no provision %s", where, id)
			}
		}
		for _, row := range r.Annex {
			if !slices.Contains(annexRows(get(t, "iot-1005-1")), row) {
				t.Errorf("%s: annex C has no row %s", where, row)
			}
		}
		refs := len(r.CAPEC) + len(r.ETSI) + len(r.Annex)
		for _, id := range r.Weaknesses {
			used[id] = true
			if w, ok := l.Weakness(id); ok {
				refs += len(w.CWE)
			}
		}
		if refs == 0 {
			t.Errorf("%s has no reference", where)
		}
	}
	for _, w := range l.Weaknesses {
		where := fmt.Sprintf("%s:%d: %s", w.File, w.Line, w.ID)
		twoLanguages(t, where, w.Title)
		for _, id := range w.CWE {
			if !cweID.MatchString(id) {
				t.Errorf("%s: %q is no id of CWE", where, id)
			}
		}
		for _, c := range w.Countermeasures {
			for _, ref := range c {
				if _, ok := get(t, ref.Standard).Requirement(ref.Requirement); !ok {
					t.Errorf("%s: %s has no requirement %s", where, ref.Standard, ref.Requirement)
				}
			}
		}
		if !used[w.ID] {
			t.Errorf("%s: no rule names it", where)
		}
	}
}

func twoLanguages(t *testing.T, where string, x Text) {
	t.Helper()
	han := strings.ContainsFunc(x.Zh, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	if strings.TrimSpace(x.En) == "" || !han || strings.ContainsFunc(x.En, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		t.Errorf("%s isn't written in both languages: %+v", where, x)
	}
}

func get(t *testing.T, id standard.ID) *standard.Standard {
	t.Helper()
	s, err := standard.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func annexRows(s *standard.Standard) []string {
	var out []string
	for _, x := range s.Threats {
		for i := range x.Rows {
			out = append(out, rowID(x.ID, i))
		}
	}
	return out
}

func template(t *testing.T, name string) *product.Product {
	t.Helper()
	dir := t.TempDir()
	if _, err := product.WriteTemplate(dir, name); err != nil {
		t.Fatal(err)
	}
	p, problems, err := product.LoadDir(dir, limit.Default().YAML)
	if err != nil || product.HasErrors(problems) {
		t.Fatalf("template %s: %v %v", name, err, problems)
	}
	return p
}

// differences are the rows of annex C for which the calculation on the camera
// template comes to another level than the standard prints. The standard
// prints no factors: that a row agrees shows that the rules are plausible, not
// that they are right.
var differences = []string{
	// A login that nobody is told of can be tried at all units from anywhere;
	// the standard seems to look at one camera.
	"T-DOT/1: printed Major, calculated Critical",
	"row 12: printed Major > Minor, calculated Critical > Minor",
	// To cut power or radio takes nothing, so it is likely; the standard seems
	// to count the little motive for it.
	"T-PWR/1: printed Major, calculated Critical",
	"row 13: printed Major > Minor, calculated Critical > Minor",
}

// TestAnnexC: every row of both tables has instances on a camera, and the
// calculated levels differ from the printed ones in the known rows only.
func TestAnnexC(t *testing.T) {
	t.Parallel()
	iot := get(t, "iot-1005-1")
	a, err := Analyse(t.Context(), Question{Product: template(t, "camera"), Library: library(t), Standards: []*standard.Standard{iot}})
	if err != nil || len(a.Annexes) != 1 {
		t.Fatalf("%v, %d annexes", err, len(a.Annexes))
	}
	annex := a.Annexes[0]
	if len(annex.Threats) != 12 || len(annex.Measures) != 13 {
		t.Fatalf("%d rows of table C.2 and %d of C.3, want 12 and 13", len(annex.Threats), len(annex.Measures))
	}
	var got []string
	for _, r := range annex.Threats {
		if r.Calculated == "" {
			t.Errorf("%s has no instance on a camera", r.ID)
		}
		if r.Differs() {
			got = append(got, fmt.Sprintf("%s: printed %s, calculated %s", r.ID, r.Printed, r.Calculated))
		}
	}
	for _, r := range annex.Measures {
		if r.CalculatedBefore == "" {
			t.Errorf("row %d of table C.3 (%s by %v) has no instance on a camera", r.Row, r.Threat, r.Requirements)
		}
		if r.Differs() {
			got = append(got, fmt.Sprintf("row %d: printed %s > %s, calculated %s > %s", r.Row, r.PrintedBefore, r.PrintedAfter, r.CalculatedBefore, r.CalculatedAfter))
		}
	}
	want := slices.Clone(differences)
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rows that differ (-known +now):\n%s", d)
	}
	// Every requirement that the standard's own table names is named for the
	// same threat, and all others by some threat of a camera.
	named := map[standard.RequirementID]bool{}
	for _, x := range a.Threats {
		for _, w := range x.Weaknesses {
			for _, c := range w.Countermeasures {
				for _, r := range c.Requirements {
					if r.Standard == iot.ID {
						named[r.Requirement] = true
					}
				}
			}
		}
	}
	for _, r := range iot.Requirements {
		if !named[r.ID] {
			t.Errorf("no threat of a camera names %s", r.ID)
		}
	}
	for _, c := range iot.Mitigations {
		for _, id := range c.Requirements {
			if row := a.annexMeasure(iot, standard.Mitigation{Threat: c.Threat, Requirements: []standard.RequirementID{id}}); len(row.Threats) == 0 {
				t.Errorf("row %d: no instance of %s names %s", c.Row, c.Threat, id)
			}
		}
	}
}

type labels struct {
	Schema string `yaml:"schema"`
	Labels map[string]struct {
		Relevant bool   `yaml:"relevant"`
		Why      string `yaml:"why"`
	} `yaml:"labels"`
	Missed []string `yaml:"missed"`
}

// TestRelevance: on five models, at most one threat in ten was called
// irrelevant by somebody who wrote no rule, and none is without a label.
func TestRelevance(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"camera", "doorbell", "gateway", "lock", "controller"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile("testdata/labels/" + name + ".assay.yaml")
			if err != nil {
				t.Fatal(err)
			}
			p, problems := product.Load("assay.yaml", data, limit.Default().YAML)
			if product.HasErrors(problems) {
				t.Fatal(problems)
			}
			b, err := os.ReadFile("testdata/labels/" + name + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			var l labels
			if err := yaml.Unmarshal(b, &l); err != nil {
				t.Fatal(err)
			}
			m, err := library(t).Generate(t.Context(), p, Options{})
			if err != nil {
				t.Fatal(err)
			}
			noise := 0
			for _, x := range m.Threats {
				label, ok := l.Labels[x.ID]
				switch {
				case !ok:
					t.Errorf("%s has no label: somebody who wrote no rule has to say whether it is relevant", x.ID)
				case !label.Relevant:
					noise++
				}
				delete(l.Labels, x.ID)
			}
			for id := range l.Labels {
				t.Errorf("%s has a label and isn't generated any more", id)
			}
			if noise*10 > len(m.Threats) {
				t.Errorf("%d of %d threats are irrelevant", noise, len(m.Threats))
			}
			t.Logf("%d threats, %d irrelevant, %d missed", len(m.Threats), noise, len(l.Missed))
		})
	}
}
