package standard

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// en313 is the later edition of EN 303 645; en stays the one that the UK
// regulations cite.
const en313 ID = "etsi-en-303-645-v3.1.3"

// unseen are features of table B.1 (V3.1.3) that no observation can show to be
// absent yet: what depends on them is judged as applying.
var unseen = []string{"p", "s", "t", "u", "v", "x", "z", "aa"}

// editionRow is a row of testdata/edition-v3.1.3.txt.
type editionRow struct{ id, printed, conditions, subject, confidence string }

func editionRows(t *testing.T) []editionRow {
	t.Helper()
	var out []editionRow
	for _, line := range rows(t, "edition-v3.1.3.txt") {
		f := strings.Split(line, " | ")
		if len(f) != 5 {
			t.Fatalf("edition-v3.1.3.txt: %q", line)
		}
		out = append(out, editionRow{f[0], f[1], f[2], f[3], f[4]})
	}
	return out
}

var inBrackets = regexp.MustCompile(`\(([^)]*)\)`)

// lettersOf takes the conditions and features out of a printed status:
// "M C (14) F (e)" holds 14 and e.
func lettersOf(printed string) []string {
	var out []string
	for _, m := range inBrackets.FindAllStringSubmatch(printed, -1) {
		for c := range strings.SplitSeq(m[1], ",") {
			out = append(out, strings.TrimSpace(c))
		}
	}
	return out
}

// TestEdition holds every provision of V3.1.3 against the committed table.
func TestEdition(t *testing.T) {
	t.Parallel()
	want := editionRows(t)
	s := get(t, en313)
	var got []editionRow
	for _, r := range s.Requirements {
		got = append(got, editionRow{string(r.ID), "", dash(r.Conditions), r.Subject, r.Confidence.Status})
	}
	mandatory, cases := 0, 0
	for i, w := range want {
		if i < len(got) {
			got[i].printed = w.printed
		}
		r, ok := s.Requirement(RequirementID(w.id))
		if !ok {
			continue // the comparison below says so
		}
		stated := lettersOf(w.printed)
		hidden := slices.DeleteFunc(slices.Clone(stated), func(c string) bool { return !slices.Contains(unseen, c) })
		stated = slices.DeleteFunc(stated, func(c string) bool { return slices.Contains(unseen, c) })
		if r.Status != w.printed[:1] || dash(stated) != w.conditions {
			t.Errorf("%s is %s with %s, printed %s", r.ID, r.Status, w.conditions, w.printed)
		}
		for _, c := range hidden {
			if !strings.Contains(r.Note.En, "(feature "+c+")") || !remarked(t, en313, r.ID, "E5") {
				t.Errorf("%s depends on feature %s, which nothing can show: note and remark E5 must say so", r.ID, c)
			}
		}
		if remarked(t, en313, r.ID, "E5") != (len(hidden) > 0) {
			t.Errorf("remark E5 and the letters of %s differ: %s", r.ID, w.printed)
		}
		if r.Status == Mandatory {
			mandatory++
		}
		if r.Cases != nil {
			cases++
		}
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(editionRow{})); d != "" {
		t.Errorf("provisions (-want +got):\n%s", d)
	}
	if len(want) != 78 || mandatory != 36 || cases != 37 || s.Verified {
		t.Errorf("%d provisions, %d mandatory, %d with a procedure, verified %t", len(want), mandatory, cases, s.Verified)
	}
}

// TestSuccessors: each provision of V2.1.1 leads to provisions of V3.1.3 that
// exist, and what nothing leads to is named as added.
func TestSuccessors(t *testing.T) {
	t.Parallel()
	next := get(t, en313)
	from := map[RequirementID]RequirementID{}
	for _, r := range get(t, en).Requirements {
		if len(r.Successors) == 0 {
			t.Errorf("%s has no successor", r.ID)
		}
		for _, id := range r.Successors {
			n, ok := next.Requirement(id)
			if !ok || n.ID != id {
				t.Errorf("%s: successor %s isn't in V3.1.3", r.ID, id)
			}
			if first, twice := from[id]; twice {
				t.Errorf("%s succeeds both %s and %s", id, first, r.ID)
			}
			from[id] = r.ID
		}
		if len(r.Successors) > 1 {
			for _, id := range r.Successors {
				if !remarked(t, en313, id, "E2") {
					t.Errorf("%s was split: remark E2 must name %s", r.ID, id)
				}
			}
		}
	}
	for _, r := range next.Requirements {
		if _, ok := from[r.ID]; ok == remarked(t, en313, r.ID, "E3") {
			t.Errorf("%s: it either succeeds a provision or is added (remark E3)", r.ID)
		}
	}
}

// TestCarriedOver: where the meaning stayed the procedure did, and where it
// changed there is none, but for the first half of 5.13-1.
func TestCarriedOver(t *testing.T) {
	t.Parallel()
	next := get(t, en313)
	for _, r := range get(t, en).Requirements {
		for _, id := range r.Successors {
			n, ok := next.Requirement(id)
			if !ok {
				continue // TestSuccessors
			}
			want := r.Cases.String()
			if len(r.Successors) > 1 && id != "5.13-1A" {
				want = ""
			}
			if got := n.Cases.String(); got != want {
				t.Errorf("%s: %q, %s has %q", id, got, r.ID, want)
			}
			if n.Subject != r.Subject || len(n.IXIT) > 0 || len(n.MapsTo) > 0 {
				t.Errorf("%s: subject %s, and tables and mappings of V2.1.1 stay there", id, n.Subject)
			}
		}
	}
}

func TestEditionConditions(t *testing.T) {
	t.Parallel()
	claim := func(id, support string) string {
		return fmt.Sprintf(`{"claims":{%q:{%q:{"support":%q,"why":"none"}}}}`, en313, id, support)
	}
	models := []model{
		{"3", "updatable", `{"update":{"mechanism":"over-the-air"}}`, false},
		{"3", "fixed", `{"update":{"mechanism":"none"}}`, true},
		{"12", "none", `{"update":{"mechanism":"none"}}`, false},
		{"12", "some", `{"update":{"mechanism":"local"}}`, true},
		{"14", "limited", `{"components":[{"id":"tag","kind":"device","constrained":true}]}`, false},
		{"14", "not_limited", `{"components":[{"id":"cam","kind":"device","constrained":false}]}`, true},
		{"15", "limited", `{"components":[{"id":"tag","kind":"device","constrained":true}]}`, false},
		{"15", "one_of_two", `{"components":[{"id":"tag","kind":"device","constrained":true},{"id":"cam","kind":"device"}]}`, true},
		{"a", "none", `{"passwords":{"used":false}}`, false},
		{"a", "some", `{"passwords":{"used":true}}`, true},
		{"b", "none", `{"passwords":{"used":true,"preset":"none"}}`, false},
		{"b", "per_unit", `{"passwords":{"used":true,"preset":"per-unit"}}`, true},
		{"d", "none", `{"interfaces":[{"id":"mdns","on":"cam","auth":"none"}]}`, false},
		{"d", "login", `{"interfaces":[{"id":"web","on":"cam","auth":"password"}]}`, true},
		{"e", "only_by_hand", `{"interfaces":[{"id":"uart","on":"cam","auth":"password","physical":true},{"id":"mdns","on":"cam","auth":"none"}]}`, false},
		{"e", "over_the_network", `{"interfaces":[{"id":"web","on":"cam","auth":"password"}]}`, true},
		{"e", "unsaid", `{"interfaces":[{"id":"web","on":"cam"}]}`, true},
		{"g", "none", `{"update":{"mechanism":"none"}}`, false},
		{"g", "some", `{"update":{"mechanism":"local"}}`, true},
		{"h", "by_hand", `{"update":{"mechanism":"local","automatic":false}}`, false},
		{"h", "automatic", `{"update":{"mechanism":"over-the-air","automatic":true}}`, true},
		{"h", "unsaid", `{"update":{"mechanism":"over-the-air"}}`, true},
		{"j", "card_only", `{"update":{"mechanism":"local"}}`, false},
		{"j", "over_the_air", `{"update":{"mechanism":"over-the-air"}}`, true},
		{"q", "none", `{"interfaces":[{"id":"web","on":"cam"}]}`, false},
		{"q", "on_the_network", `{"interfaces":[{"id":"adb","on":"cam","debug":true}]}`, true},
		{"r", "on_the_network", `{"interfaces":[{"id":"adb","on":"cam","debug":true}]}`, false},
		{"r", "on_the_board", `{"interfaces":[{"id":"uart","on":"cam","physical":true,"debug":true}]}`, true},
		{"w", "none", `{"data":[{"id":"video","category":"sensitive-personal"}]}`, false},
		{"w", "some", `{"data":[{"id":"crash","category":"telemetry"}]}`, true},
		{"y", "other_basis", `{"data":[{"id":"video","category":"sensitive-personal","consent":"none"}]}`, false},
		{"y", "consent", `{"data":[{"id":"video","category":"sensitive-personal","consent":"asked"}]}`, true},
	}
	// Features without a field are declared absent by a claim on a provision
	// that depends on them.
	for c, id := range map[string]string{"16": "5.5-8", "c": "5.1-3", "f": "5.3-1", "i": "5.3-6B", "k": "5.4-1", "l": "5.4-2", "m": "5.4-4", "n": "5.5-5", "o": "5.5-7"} {
		r, ok := get(t, en313).Requirement(RequirementID(id))
		if !ok || !slices.Contains(r.Conditions, c) {
			t.Errorf("%s doesn't depend on %s", id, c)
		}
		models = append(models, model{c, "claimed_absent", claim(id, "n/a"), false}, model{c, "claimed", claim(id, "yes"), true})
	}
	holdConditions(t, en313, models)
}

type editionSource struct {
	Provisions []struct {
		Paraphrase, Note string
		Next             []struct{ ID, Status string } `yaml:"v3_1_3"`
	}
	V313 struct {
		Conditions []struct {
			N    int
			Text string
		}
		Features []struct{ ID, Text string }
		Changes  []struct {
			Kind, ID, Status, Note, Confidence string
			From                               RequirementID
		}
	} `yaml:"v3_1_3"`
}

// TestEditionSource holds ids, statuses and confidence of V3.1.3 against the
// source, and looks for sentences that were copied.
func TestEditionSource(t *testing.T) {
	t.Parallel()
	var src editionSource
	source(t, "etsi-en-303-645-v2.1.1.yaml", &src)
	want, got := map[string]string{}, map[string]string{}
	var copied []string
	for _, p := range src.Provisions {
		copied = append(copied, p.Paraphrase, p.Note)
		for _, n := range p.Next {
			want[n.ID] = n.Status
		}
	}
	for _, c := range src.V313.Changes {
		copied = append(copied, c.Note)
		var changed []RequirementID
		switch c.Kind {
		case "added":
			want[c.ID], changed = c.Status, []RequirementID{RequirementID(c.ID)}
		case "split":
			if old, ok := get(t, en).Requirement(c.From); ok {
				changed = old.Successors
			}
		}
		for _, id := range changed {
			if r, ok := get(t, en313).Requirement(id); !ok || r.Confidence.Status != c.Confidence {
				t.Errorf("%s is absent or not of confidence %s", id, c.Confidence)
			}
		}
	}
	for _, r := range editionRows(t) {
		got[r.id] = r.printed
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("statuses (-source +table):\n%s", d)
	}
	editionLetters(t, src)
	for _, c := range src.V313.Conditions {
		copied = append(copied, c.Text)
	}
	for _, f := range src.V313.Features {
		copied = append(copied, f.Text)
	}
	t.Run("own_words", func(t *testing.T) {
		t.Parallel()
		ownWords(t, get(t, en313), copied)
	})
}

// editionLetters: every condition and feature of the source is stated, or is
// one that nothing can show.
func editionLetters(t *testing.T, src editionSource) {
	t.Helper()
	var want []string
	for _, c := range src.V313.Conditions {
		want = append(want, fmt.Sprint(c.N))
	}
	for _, f := range src.V313.Features {
		want = append(want, f.ID)
	}
	got := slices.Clone(unseen)
	for _, c := range get(t, en313).Conditions {
		got = append(got, c.ID)
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("conditions and features (-want +got):\n%s", d)
	}
}
