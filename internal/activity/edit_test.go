package activity

import (
	"errors"
	"strings"
	"testing"
	"time"

	"assay/internal/limit"
	"assay/internal/product"
)

const small = `schema: assay/product@1
product: { name: Cam, model: C-1, release: "1.0", maker: { name: Maker Ltd. } }
customers:
  - { id: owner, who: people at home, kind: person } # the buyer
`

var on = time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC)

// fixed is a process of three questions, so that these tests don't depend on
// the wording of the real ones.
func fixed() *Process {
	return &Process{Catalogue: &Catalogue{
		Editions: []Edition{{ID: Final}, {ID: "e2020"}},
		Activities: []Activity{{ID: "A1", Questions: []Question{
			{ID: "1.C.1", Kind: InModel, Place: "customers", Example: "- {id: x}", Editions: map[string]string{"e2020": "1.C.1"}},
			{ID: "1.U.5", Kind: InModel, Place: "product.lifetime", Editions: map[string]string{"e2020": "1.U.4"}},
			{ID: "1.U.10", Kind: InProse, Editions: map[string]string{"e2020": "1.U.7"}},
			{ID: "8.A.1", Kind: Derived, From: []string{"1.C.1"}},
		}}},
	}, from: map[string][]string{"8.A.1": {"1.C.1"}}}
}

func TestApply(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, id, value, model, answers string }{
		{"adds_an_entry", "1.C.1", "[{id: guest, who: visitors, kind: person}]", "  - {id: guest, who: visitors, kind: person}\n", ""},
		{"changes_an_entry", "1.C.1", "{id: owner, skill: none}", "  - {id: owner, who: people at home, kind: person, skill: none} # the buyer\n", ""},
		{"makes_a_group", "1.U.5", "{min_years: 3, typical_years: 5}", "lifetime: {min_years: 3, typical_years: 5}", ""},
		{"prose", "1.U.10", "It watches a room: a child may be seen.", "", "answers:\n  1.U.10:\n    text: 'It watches a room: a child may be seen.'\n    by: Ada\n    on: 2026-06-15\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := fixed().Apply(Files{Model: []byte(small)}, c.id, c.value, "Ada", on)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(f.Model), c.model) || !strings.Contains(string(f.Answers), c.answers) {
				t.Errorf("assay.yaml:\n%s\nanswers.yaml:\n%s", f.Model, f.Answers)
			}
			if _, problems := product.Load("assay.yaml", f.Model, limit.Default().YAML); product.HasErrors(problems) {
				t.Error(problems)
			}
			if f.Answers != nil {
				if _, problems := fixed().LoadAnswers(f.Answers, limit.Default().YAML); len(problems) > 0 {
					t.Error(problems)
				}
			}
		})
	}
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	var derived *DerivedError
	for _, c := range []struct {
		name, id, value string
		is              func(error) bool
	}{
		{"words_for_fields", "1.C.1", "people", func(err error) bool { return errors.Is(err, ErrWords) }},
		{"derived", "8.A.1", "people", func(err error) bool { return errors.As(err, &derived) }},
		{"unknown", "9.Z.9", "x", func(err error) bool { return err != nil }},
		{"empty", "1.C.1", "", func(err error) bool { return err != nil }},
		{"broken", "1.C.1", "[{", func(err error) bool { return err != nil }},
		{"too_long", "1.U.10", strings.Repeat("x", maxAnswer+1), func(err error) bool { return err != nil }},
	} {
		if _, err := fixed().Apply(Files{Model: []byte(small)}, c.id, c.value, "", on); !c.is(err) {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
	if _, err := fixed().Waive(Files{}, "1.C.1", "", "Ada", on); err == nil {
		t.Error("waived without a reason")
	}
}

// TestLoadAnswers: older editions are translated, and every fault has its
// line.
func TestLoadAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, want string }{
		{"final", "schema: assay/answers@1\nanswers:\n  \"1.U.10\": { text: some words }\n", ""},
		{"older", "schema: assay/answers@1\nedition: e2020\nanswers:\n  \"1.U.7\": { text: some words }\n", ""},
		{"older_number_in_the_final", "schema: assay/answers@1\nanswers:\n  \"1.U.7\": { text: some words }\n", "3 activity.problem.unknown-question"},
		{"unknown_edition", "schema: assay/answers@1\nedition: e1999\n", "2 activity.problem.edition"},
		{"other_schema", "schema: assay/product@1\n", "1 activity.problem.schema"},
		{"both", "schema: assay/answers@1\nanswers:\n  \"1.U.10\": { text: some words }\nnot_applicable:\n  \"1.U.10\": { why: none, by: Ada, on: 2026-01-01 }\n", "5 activity.problem.answered-and-not-applicable"},
		{"twice", "schema: assay/answers@1\nanswers:\n  \"1.U.10\": { text: a }\n  \"1.U.10\": { text: b }\n", "4 yaml.duplicate-key"},
		{"no_reason", "schema: assay/answers@1\nnot_applicable:\n  \"1.U.10\": { by: Ada, on: 2026-01-01 }\n", "3 yaml.missing-field"},
		{"bad_day", "schema: assay/answers@1\nanswers:\n  \"1.U.10\": { text: a, on: yesterday }\n", "3 activity.problem.bad-date"},
		{"empty", "", "1 activity.problem.empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, problems := fixed().LoadAnswers([]byte(c.src), limit.Default().YAML)
			got := ""
			if len(problems) > 0 {
				got = strings.TrimPrefix(problems[0].Where(), AnswersFile+":")
				got = strings.Split(got, ":")[0] + " " + problems[0].Key
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.want == "" {
				if _, ok := a.Answer("1.U.10"); !ok {
					t.Error("the answer wasn't found under its final number")
				}
			}
		})
	}
}

func FuzzLoadAnswers(f *testing.F) {
	f.Add([]byte("schema: assay/answers@1\nanswers:\n  \"1.U.10\": { text: some words }\nseen:\n  \"1.U.10\": {on: 2026-01-01, of: {\"1.C.1\": abc}}\n"))
	f.Add([]byte("schema: assay/answers@1\nedition: e2020\nnot_applicable: {\"1.U.7\": {why: a, by: b, on: c}}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, problems := fixed().LoadAnswers(b, limit.Default().YAML)
		if a == nil {
			t.Fatal("nothing came out")
		}
		for _, p := range problems {
			if p.Key == "" {
				t.Error("a problem without a text")
			}
		}
	})
}
