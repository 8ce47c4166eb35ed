package standard

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const (
	aiRecords ID = "ai-records"
	ir8259    ID = "nist-ir-8259"
)

// recordRow is a requirement as the committed tables hold it.
func recordRow(r Requirement) string {
	return fmt.Sprintf("%s %s %s %s %s", r.ID, r.Aspect, r.Subject, r.Confidence.Status, r.Cases)
}

// TestRecordTables holds both catalogues on records against committed tables:
// what decides, and how sure it is.
func TestRecordTables(t *testing.T) {
	t.Parallel()
	for _, id := range []ID{aiRecords, ir8259} {
		s := get(t, id)
		var got []string
		for _, r := range s.Requirements {
			got = append(got, recordRow(r))
			if r.Verified || r.Confidence.Status == "high" || r.Status != Mandatory || len(r.Conditions) > 0 || len(r.MapsTo) > 0 {
				t.Errorf("%s: %s is surer than what was read: %+v", id, r.ID, r.Confidence)
			}
		}
		if d := cmp.Diff(rows(t, string(id)+".txt"), got); d != "" {
			t.Errorf("testdata/%s.txt (-want +got):\n%s", id, d)
		}
		if s.Verified || s.PerComponent || s.NeverNotApplicable {
			t.Errorf("%s: verified %t, per component %t, never n/a %t", id, s.Verified, s.PerComponent, s.NeverNotApplicable)
		}
	}
}

// TestRecordsAreOurs: a list that nobody issued says so wherever it is named,
// and one of NIST says what of it isn't NIST's.
func TestRecordsAreOurs(t *testing.T) {
	t.Parallel()
	ai, act := get(t, aiRecords), get(t, ir8259)
	for where, text := range map[string][2]string{
		"title":      {ai.Title.En, "Assay's own"},
		"rule":       {ai.Rule.En, "conformity with nothing"},
		"unverified": {ai.Unverified[0].En, "no publication of NIST or of anybody else asks for these"},
		"final":      {act.Unverified[0].En, "The final publication was not read"},
		"numbers":    {act.Unverified[1].En, "partly ours"},
		"status":     {act.Unverified[2].En, "NIST grades no activity"},
	} {
		if !strings.Contains(text[0], text[1]) {
			t.Errorf("%s doesn't say %q: %s", where, text[1], text[0])
		}
	}
	if ai.Jurisdiction != "INT" || act.Jurisdiction != "US" {
		t.Errorf("in %s and %s", ai.Jurisdiction, act.Jurisdiction)
	}
	for _, r := range act.Requirements {
		if ours := strings.Contains(r.Note.En, "here are Assay's"); ours != (r.ID == "0" || r.ID == "6") {
			t.Errorf("%s: whose questions? %s", r.ID, r.Note.En)
		}
	}
	for _, r := range ai.Requirements {
		if recalled := strings.HasPrefix(r.Note.En, "Recalled from"); recalled != (r.Confidence.Status == "low") {
			t.Errorf("%s has confidence %s, note %q", r.ID, r.Confidence.Status, r.Note.En)
		}
	}
}

// TestRecordTextsDiffer: no requirement is another one under a new title.
func TestRecordTextsDiffer(t *testing.T) {
	t.Parallel()
	for _, id := range []ID{aiRecords, ir8259} {
		seen := map[string]RequirementID{}
		for _, r := range get(t, id).Requirements {
			for _, x := range []string{r.Title.En, r.Title.Zh, r.Text.En, r.Text.Zh, r.Remedy.En, r.Remedy.Zh} {
				if first, twice := seen[x]; twice {
					t.Errorf("%s: %s and %s both say %q", id, first, r.ID, x)
				}
				seen[x] = r.ID
			}
		}
	}
}

func TestRecordSources(t *testing.T) {
	t.Parallel()
	t.Run(string(aiRecords), func(t *testing.T) {
		t.Parallel()
		var src struct {
			Groups []struct {
				ID    string
				Items []struct{ ID, Basis, Confidence string }
			}
		}
		source(t, "ai-governance.yaml", &src)
		var want, got []string
		for _, g := range src.Groups {
			for _, x := range g.Items {
				want = append(want, fmt.Sprintf("%s %s %s %t", x.ID, g.ID, x.Confidence, x.Basis == "recalled"))
			}
		}
		for _, r := range get(t, aiRecords).Requirements {
			got = append(got, fmt.Sprintf("%s %s %s %t", r.ID, r.Aspect, r.Confidence.Status, !r.Note.IsZero()))
		}
		if d := cmp.Diff(want, got); d != "" || len(want) == 0 {
			t.Errorf("items, with confidence and what is recalled (-want +got):\n%s", d)
		}
		recordWords(t, aiRecords, "ai-governance.yaml")
	})
	t.Run(string(ir8259), func(t *testing.T) {
		t.Parallel()
		var src struct {
			Activities []struct {
				ID        string
				Phase     string
				Questions []struct{ ID string }
			}
		}
		source(t, "nist-ir-8259r1.yaml", &src)
		var want, got []string
		for _, a := range src.Activities {
			line := []string{strings.TrimPrefix(a.ID, "A"), map[string]string{"pre_market": "PRE", "post_market": "POST"}[a.Phase]}
			for _, q := range a.Questions {
				line = append(line, q.ID)
			}
			want = append(want, strings.Join(line, " "))
		}
		for _, r := range get(t, ir8259).Requirements {
			r.Cases.Walk(func(_ string, with map[string]Value) {
				got = append(got, fmt.Sprintf("%s %s %s", r.ID, r.Aspect, with["questions"].For(Literal)))
			})
		}
		if d := cmp.Diff(want, got); d != "" || len(want) == 0 {
			t.Errorf("activities with their questions (-want +got):\n%s", d)
		}
		recordWords(t, ir8259, "nist-ir-8259r1.yaml")
	})
}

// recordWords looks for sentences of the collected facts in every text of a
// catalogue.
func recordWords(t *testing.T, id ID, file string) {
	t.Helper()
	var raw yaml.Node
	source(t, file, &raw)
	s := *get(t, id)
	s.Remarks = append(slices.Clone(s.Remarks), Remark{ID: "title", Text: s.Title}, Remark{ID: "rule", Text: s.Rule})
	for _, u := range s.Unverified {
		s.Remarks = append(s.Remarks, Remark{ID: "unverified", Text: u})
	}
	for _, a := range s.Aspects {
		s.Remarks = append(s.Remarks, Remark{ID: a.ID, Text: a.Title}, Remark{ID: a.ID, Text: a.Aim})
	}
	ownWords(t, &s, scalars(&raw))
}
