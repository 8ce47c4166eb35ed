package standard

import (
	"slices"
	"strings"
	"testing"
)

// TestLintFinds breaks the embedded standards in memory, one way at a time:
// Lint must name the fault, and nothing else.
func TestLintFinds(t *testing.T) {
	t.Parallel()
	req := func(s []*Standard, id ID, r RequirementID) *Requirement {
		for _, x := range s {
			if x.ID == id {
				found, _ := x.Requirement(r)
				return found
			}
		}
		return nil
	}
	cat := func(s []*Standard, id ID) *Standard {
		return s[slices.IndexFunc(s, func(x *Standard) bool { return x.ID == id })]
	}
	for _, c := range []struct {
		name string
		hurt func(s []*Standard)
		want string
	}{
		{"one_language", func(s []*Standard) { req(s, iot, "5.1.1.1").Text.Zh = "" }, "text needs both"},
		{"same_language", func(s []*Standard) { r := req(s, iot, "5.1.1.1"); r.Title.Zh = r.Title.En }, "title is the same"},
		{"half_note", func(s []*Standard) { req(s, en, "5.2-2").Note.En = "" }, "note needs both"},
		{"status", func(s []*Standard) { req(s, en, "5.2-2").Status = "O" }, `status is "O"`},
		{"subject", func(s []*Standard) { req(s, en, "5.2-2").Subject = "shop" }, `subject is "shop"`},
		{"overconfident", func(s []*Standard) { req(s, en, "5.2-2").Verified = true }, "verified is true with confidence high and medium"},
		{"origin", func(s []*Standard) { req(s, en, "5.2-2").Origin = "etsi" }, `origin is "etsi"`},
		{"no_note", func(s []*Standard) { req(s, en, "5.2-2").Note = Text{} }, "without cases a note"},
		{"case_form", func(s []*Standard) { req(s, iot, "5.2.3.4").Cases.All[0].Case = "Label Model" }, `case "Label Model"`},
		{"condition", func(s []*Standard) { req(s, en, "5.1-1").Conditions = []string{"99"} }, `condition "99" does not exist`},
		{"never_conditional", func(s []*Standard) { cat(s, en).NeverNotApplicable = true }, "has no conditions"},
		{"threat", func(s []*Standard) { req(s, iot, "5.8.1.1").Threats = append(req(s, iot, "5.8.1.1").Threats, "T-X") }, `threat "T-X"`},
		{"twice", func(s []*Standard) { x := cat(s, en); x.Requirements = append(x.Requirements, x.Requirements[67]) }, `requirement "6-5" stands twice`},
		{"order", func(s []*Standard) {
			r := cat(s, en).Requirements
			r[1], r[2] = r[2], r[1]
		}, `requirement "5.1-1" stands after "5.1-2"`},
		{"order_of_aspects", func(s []*Standard) {
			a := cat(s, en).Aspects
			a[0], a[1] = a[1], a[0]
		}, `requirement "5.1-1" stands after "4-1"`},
		{"group", func(s []*Standard) { req(s, iot, "5.1.1.1").Group = "5.2.1" }, `group "5.2.1" does not exist in aspect "5.1"`},
		{"aspect", func(s []*Standard) { req(s, iot, "5.1.1.1").Aspect = "9" }, `aspect "9" does not exist`},
		{"one_way", func(s []*Standard) { req(s, en, "5.4-2").MapsTo = nil }, "mapping from iot-1005-1/5.1.1.1 has no way back"},
		{"nowhere", func(s []*Standard) {
			r := req(s, en, "5.7-1")
			r.MapsTo = append(r.MapsTo, Ref{iot, "9.9.9.9"})
		}, "mapping to iot-1005-1/9.9.9.9: no such requirement"},
		{"no_standard", func(s []*Standard) {
			r := req(s, en, "5.7-1")
			r.MapsTo = append(r.MapsTo, Ref{"iso-0", "1"})
		}, "mapping to iso-0/1: no such standard"},
		{"no_proof", func(s []*Standard) { cat(s, en).Conditions[0].Confirm = nil }, "condition 1 needs confirm"},
		{"no_when", func(s []*Standard) { cat(s, en).Conditions[0].When = "" }, "condition 1 needs a when"},
		{"unsaid", func(s []*Standard) { cat(s, en).Unverified = nil }, "unverified must say"},
		{"remark", func(s []*Standard) { cat(s, iot).Remarks[0].Requirements = []RequirementID{"0"} }, `remark I1 names requirement "0"`},
		{"mitigation", func(s []*Standard) { cat(s, iot).Mitigations[0].Threat = "T-PWR" }, "mitigation 1: requirement 5.1.3.1 does not name threat T-PWR"},
		{"risk", func(s []*Standard) { cat(s, iot).Mitigations[0].After = "Low" }, `mitigation 1 after is "Low"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := All() // its own, to break
			if err != nil {
				t.Fatal(err)
			}
			c.hurt(s)
			errs := Lint(s)
			if !slices.ContainsFunc(errs, func(err error) bool { return strings.Contains(err.Error(), c.want) }) {
				t.Errorf("lint says %v, want %s", errs, c.want)
			}
			for _, err := range errs {
				if !strings.Contains(err.Error(), ".yaml") {
					t.Errorf("no place in %v", err)
				}
			}
		})
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	ordered := []RequirementID{"4-1", "5.1-1", "5.3-2", "5.3-10", "5.9-3", "5.10-1", "5.13-1", "6-1",
		"DOC.1.a.8", "DOC.1.b", "DOC.1.d.1", "DOC.1.e", "DOC.1.e.1", "DOC.1.f", "SU.5", "SU.6", "SU.6.a", "SU.6.b", "SU.10"}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := Compare(a, b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("Compare(%s, %s) = %d", a, b, got)
			}
		}
	}
}
