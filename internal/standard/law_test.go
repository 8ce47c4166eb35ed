package standard

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	psti ID = "uk-psti"
	cra  ID = "eu-cra"
)

// laws are the catalogues that this file holds, each with its tables.
var laws = []struct {
	id    ID
	table string
}{{psti, "psti-requirements.txt"}, {cra, "cra-requirements.txt"}}

// TestLawTables holds ids, statuses, conditions, confidence and deciding
// expressions of the laws against committed tables.
func TestLawTables(t *testing.T) {
	t.Parallel()
	for _, law := range laws {
		t.Run(string(law.id), func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, r := range get(t, law.id).Requirements {
				expr := "-"
				if r.Cases != nil {
					expr = r.Cases.String()
				}
				got = append(got, fmt.Sprintf("%s | %s | %s | %s | %s | %s | %s", r.ID, r.Aspect, r.Status,
					dash(r.Conditions), r.Subject, r.Confidence.Status, expr))
			}
			if d := cmp.Diff(rows(t, law.table), got); d != "" {
				t.Errorf("requirements (-want +got):\n%s", d)
			}
		})
	}
}

func dash(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ",")
}

// TestLawsClaimNothing: no text of a law was compared with the law itself, so
// nothing says verified, and a law has no recommendations.
func TestLawsClaimNothing(t *testing.T) {
	t.Parallel()
	for _, law := range laws {
		s := get(t, law.id)
		if s.Verified || len(s.Unverified) < 3 {
			t.Errorf("%s: verified is %t, with %d reservations", s.ID, s.Verified, len(s.Unverified))
		}
		for _, c := range s.Conditions {
			if c.Verified {
				t.Errorf("%s: condition %s says verified", s.ID, c.ID)
			}
		}
		for _, r := range s.Requirements {
			if r.Verified || r.Status != Mandatory {
				t.Errorf("%s: verified is %t, status %s", r.Pos(), r.Verified, r.Status)
			}
		}
	}
}

// TestOwnIDs: where an id is ours the entry says so and names the place in the
// law, and a remark of the catalogue does.
func TestOwnIDs(t *testing.T) {
	t.Parallel()
	place := regexp.MustCompile(`^(Article \d+\(\d+\)(\([a-z]\))?|Annex (II|VII), point \d(\([a-z]\))?); the id is ours\.`)
	n := 0
	for _, r := range get(t, cra).Requirements {
		if r.Aspect == "I" || r.Aspect == "II" {
			continue
		}
		n++
		if !place.MatchString(r.Note.En) || !strings.Contains(r.Note.Zh, "編號為本專案所定") {
			t.Errorf("%s: the note must begin with the place and say that the id is ours: %s", r.ID, r.Note.En)
		}
		if !remarked(t, cra, r.ID, "C1") {
			t.Errorf("remark C1 leaves %s out", r.ID)
		}
	}
	if n != 51 {
		t.Errorf("%d ids of ours", n)
	}
	for _, r := range get(t, psti).Requirements {
		if r.Aspect == "SOC" && !remarked(t, psti, r.ID, "P6") {
			t.Errorf("remark P6 leaves %s out", r.ID)
		}
	}
}

func remarked(t *testing.T, s ID, r RequirementID, id string) bool {
	t.Helper()
	return slices.ContainsFunc(get(t, s).RemarksOn(r), func(m Remark) bool { return m.ID == id })
}

// TestRemediesDiffer: what a maker does about one failure isn't what it does
// about another.
func TestRemediesDiffer(t *testing.T) {
	t.Parallel()
	for _, id := range []ID{psti, cra, en313} {
		seen := map[string]RequirementID{}
		for _, r := range get(t, id).Requirements {
			for _, x := range []string{r.Remedy.En, r.Remedy.Zh, r.Text.En, r.Text.Zh, r.Title.En, r.Title.Zh} {
				if first, twice := seen[x]; twice {
					t.Errorf("%s: %s says what %s says: %s", id, r.ID, first, x)
				}
				seen[x] = r.ID
			}
		}
	}
}

// TestClocks: each amount of time of the CRA and the event from which it runs
// stand in the requirement, in both languages.
func TestClocks(t *testing.T) {
	t.Parallel()
	s := get(t, cra)
	for _, line := range rows(t, "cra-clocks.txt") {
		f := strings.Split(line, " | ")
		if len(f) != 5 {
			t.Fatalf("cra-clocks.txt: %q", line)
		}
		r, ok := s.Requirement(RequirementID(f[0]))
		if !ok {
			t.Errorf("no requirement %s", f[0])
			continue
		}
		if !strings.Contains(r.Text.En, f[1]) || !strings.Contains(r.Text.En, f[2]) {
			t.Errorf("%s must say %q and %q: %s", r.ID, f[1], f[2], r.Text.En)
		}
		if !strings.Contains(r.Text.Zh, f[3]) || !strings.Contains(r.Text.Zh, f[4]) {
			t.Errorf("%s must say %q and %q: %s", r.ID, f[3], f[4], r.Text.Zh)
		}
	}
	if r, ok := s.Requirement("13.8.b"); !ok || r.Cases.String() != "all[support.minimum{years=5}]" {
		t.Error("13.8.b asks for five years")
	}
}

// TestDates: the day from which each part of a law binds is a definition.
func TestDates(t *testing.T) {
	t.Parallel()
	for _, line := range rows(t, "cra-dates.txt") {
		f := strings.Fields(line) // standard, definition, dates
		at := slices.IndexFunc(get(t, ID(f[0])).Definitions, func(d Definition) bool { return d.ID == f[1] })
		if at < 0 {
			t.Errorf("%s has no definition %s", f[0], f[1])
			continue
		}
		d := get(t, ID(f[0])).Definitions[at]
		for _, day := range f[2:] {
			if !strings.Contains(d.Text.En, day) || !strings.Contains(d.Text.Zh, day) {
				t.Errorf("%s %s doesn't name %s: %s %s", f[0], f[1], day, d.Text.En, d.Text.Zh)
			}
		}
	}
}

// TestQuestions: what record.answered is asked for are ids of questions, each
// once and in order, so that two lists of the same questions are the same
// parameter.
func TestQuestions(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-8]\.[A-Z]\.[1-9]\d?$`)
	n := 0
	for _, law := range laws {
		for _, r := range get(t, law.id).Requirements {
			for _, list := range questions(r) {
				n++
				ids := strings.Split(list, " ")
				for i, id := range ids {
					if !form.MatchString(id) {
						t.Errorf("%s: %q is no id of a question", r.Pos(), id)
					}
					if i > 0 && Compare(RequirementID(ids[i-1]), RequirementID(id)) >= 0 {
						t.Errorf("%s: question %s stands after %s", r.Pos(), id, ids[i-1])
					}
				}
			}
		}
	}
	if n != 14 {
		t.Errorf("%d lists of questions", n)
	}
}

// questions gives the lists of questions that a requirement asks for.
func questions(r Requirement) []string {
	var out []string
	r.Cases.Walk(func(id string, with map[string]Value) {
		if id == "record.answered" {
			out = append(out, fmt.Sprint(with["questions"].For(Literal)))
		}
	})
	return out
}

// TestNotesNameWhatExists: a note that names a test case or a requirement of
// its catalogue names one that is there.
func TestNotesNameWhatExists(t *testing.T) {
	t.Parallel()
	known := rows(t, "cases.txt")
	code := regexp.MustCompile("`[^`]*`")
	cases := regexp.MustCompile(`\b[a-z]+\.[a-z]+(-[a-z]+)*\b`)
	own := regexp.MustCompile(`\b(PSTI-\d\.[\da-z]+|SOC-\d|AV?II\.\d[a-z]?|II?\.\d(\.[a-m])?|1[34]\.\d+(\.[a-c])?)\b`)
	names := 0
	for _, id := range []ID{psti, cra, en313} {
		s := get(t, id)
		for _, r := range s.Requirements {
			text := strings.ReplaceAll(code.ReplaceAllString(r.Note.En+" "+r.Interpretation.En, ""), "security.txt", "")
			for _, c := range cases.FindAllString(text, -1) {
				names++
				if !slices.Contains(known, c) {
					t.Errorf("%s %s names the case %s, which doesn't exist", id, r.ID, c)
				}
			}
			if id == en313 {
				continue
			}
			for _, c := range own.FindAllString(text, -1) {
				names++
				if _, ok := s.Requirement(RequirementID(c)); !ok {
					t.Errorf("%s %s names %s, which doesn't exist", id, r.ID, c)
				}
			}
		}
	}
	if names < 30 {
		t.Errorf("only %d names checked", names)
	}
}

// TestLawConditions shows for each condition a model that declares it false
// and one that declares it true.
func TestLawConditions(t *testing.T) {
	t.Parallel()
	holdConditions(t, psti, []model{
		{"passwords", "none", `{"passwords":{"used":false}}`, false},
		{"passwords", "some", `{"passwords":{"used":true}}`, true},
		{"preset", "chosen_by_user", `{"passwords":{"used":true,"preset":"none"}}`, false},
		{"preset", "common", `{"passwords":{"used":true,"preset":"common"}}`, false},
		{"preset", "per_unit", `{"passwords":{"used":true,"preset":"per-unit"}}`, true},
		{"preset", "unsaid", `{"passwords":{"used":true}}`, true},
		{"updates", "none", `{"update":{"mechanism":"none"}}`, false},
		{"updates", "some", `{"update":{"mechanism":"over-the-air"}}`, true},
	})
}

// model is a product that declares a condition true or false.
type model struct {
	condition, name, product string
	want                     bool
}

// holdConditions evaluates the conditions of a standard over the models, and
// asks for a true and a false one of each; an empty model declares nothing
// false.
func holdConditions(t *testing.T, id ID, models []model) {
	t.Helper()
	seen := map[string]map[bool]bool{}
	for _, c := range get(t, id).Conditions {
		seen[c.ID] = map[bool]bool{}
		models = append(models, model{c.ID, "empty_model", `{}`, true})
	}
	for _, m := range models {
		c, ok := get(t, id).Condition(m.condition)
		if !ok {
			t.Errorf("no condition %s", m.condition)
			continue
		}
		if m.name != "empty_model" {
			seen[m.condition][m.want] = true
		}
		t.Run(m.condition+"_"+m.name, func(t *testing.T) {
			t.Parallel()
			var p map[string]any
			if err := json.Unmarshal([]byte(m.product), &p); err != nil {
				t.Fatal(err)
			}
			out, _, err := compile(t, c.When).Eval(map[string]any{"product": p, "facts": map[string]any{}, "claims": map[string]any{}})
			if err != nil {
				t.Fatalf("%s: %v", c.When, err)
			}
			if out.Value() != m.want {
				t.Errorf("condition %s over %s is %v, want %t", m.condition, m.product, out.Value(), m.want)
			}
		})
	}
	for c, s := range seen {
		if !s[true] || !s[false] {
			t.Errorf("condition %s needs a model for true and one for false", c)
		}
	}
}
