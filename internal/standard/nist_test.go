package standard

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const (
	ir8259a ID = "nist-ir-8259a"
	ir8259b ID = "nist-ir-8259b"
	ir8425  ID = "nist-ir-8425"
)

// nistItem is a row of the committed tables, and of the collected facts: an
// element, action or outcome, or one of its points.
type nistItem struct {
	ID         string
	Subject    string
	Confidence string // how sure the collected facts are
	Basis      string // what they were read in; "-" where the publication itself was read
	Kind       string // requirement, or group: it only introduces its points (ours)
}

// nistTable reads the committed table of a catalogue.
func nistTable(t *testing.T, id ID) []nistItem {
	t.Helper()
	var out []nistItem
	for _, line := range rows(t, string(id)+".txt") {
		f := strings.Fields(line)
		if len(f) != 5 {
			t.Fatalf("%s.txt: %q", id, line)
		}
		out = append(out, nistItem{f[0], f[1], f[2], f[3], f[4]})
	}
	return out
}

// TestNISTTables: every item of the publications is a requirement or a group
// here, in their order, and none is surer than what was read.
func TestNISTTables(t *testing.T) {
	t.Parallel()
	for _, id := range []ID{ir8259a, ir8259b, ir8425} {
		t.Run(string(id), func(t *testing.T) {
			t.Parallel()
			s := get(t, id)
			groups := map[string]bool{}
			for _, a := range s.Aspects {
				for _, g := range a.Groups {
					groups[g.ID] = true
				}
			}
			var want, got []nistItem
			for _, x := range nistTable(t, id) {
				if x.Kind == "group" {
					if !groups[x.ID] {
						t.Errorf("no group %s", x.ID)
					}
					delete(groups, x.ID)
					continue
				}
				want = append(want, x)
			}
			if len(groups) > 0 {
				t.Errorf("groups that the publication does not have: %v", groups)
			}
			for i, r := range s.Requirements {
				x := nistItem{string(r.ID), r.Subject, r.Confidence.Status, "", "requirement"}
				if i < len(want) {
					x.Basis = want[i].Basis
				}
				got = append(got, x)
				// Only IR 8259A was read itself.
				if r.Verified != (id == ir8259a) || r.Status != Mandatory || len(r.Conditions) > 0 {
					t.Errorf("%s is %s, verified %t, with %d conditions", r.ID, r.Status, r.Verified, len(r.Conditions))
				}
				recalled := strings.HasPrefix(r.Note.En, "Recalled from memory") && strings.HasPrefix(r.Note.Zh, "本項憑記憶整理")
				if recalled != (x.Basis == "recalled") || recalled != (r.Confidence.Status == "low") {
					t.Errorf("%s: basis %s, confidence %s, note %q", r.ID, x.Basis, r.Confidence.Status, r.Note.En)
				}
				if inferred := strings.Contains(r.Note.En, "is inferred from"); inferred != (x.Basis == "derived") {
					t.Errorf("%s: basis %s, note %q", r.ID, x.Basis, r.Note.En)
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("requirements (-want +got):\n%s", d)
			}
		})
	}
}

// TestNISTCounts holds what the publications count, and how much of it has a
// procedure.
func TestNISTCounts(t *testing.T) {
	t.Parallel()
	type counts struct {
		Capabilities, Items, Points int // Items are the numbered ones, Points those below them
		Groups, Requirements, Cases int
	}
	want := map[ID]counts{
		ir8259a: {Capabilities: 6, Items: 22, Points: 2, Requirements: 24, Cases: 4},
		ir8259b: {Capabilities: 4, Items: 14, Points: 25, Requirements: 39, Cases: 25},
		ir8425:  {Capabilities: 6 + 4, Items: 18, Points: 60, Groups: 9, Requirements: 69, Cases: 41},
	}
	got := map[ID]counts{}
	for id := range want {
		s := get(t, id)
		c := counts{Capabilities: len(s.Aspects), Requirements: len(s.Requirements)}
		for _, x := range nistTable(t, id) {
			if strings.Count(x.ID, ".") == 1 {
				c.Items++
			} else {
				c.Points++
			}
			if x.Kind == "group" {
				c.Groups++
			}
		}
		for _, r := range s.Requirements {
			if r.Cases != nil {
				c.Cases++
			}
		}
		got[id] = c
		if s.PerComponent != (id == ir8425) || s.NeverNotApplicable || s.Jurisdiction != "US" || s.Verified != (id == ir8259a) {
			t.Errorf("%s: per component %t, never n/a %t, in %s, verified %t", id, s.PerComponent, s.NeverNotApplicable, s.Jurisdiction, s.Verified)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
}

// TestNISTOursIsCalledOurs: codes and statuses are none of NIST's, and each
// catalogue says so.
func TestNISTOursIsCalledOurs(t *testing.T) {
	t.Parallel()
	for _, id := range []ID{ir8259a, ir8259b, ir8425} {
		var said strings.Builder
		for _, u := range get(t, id).Unverified {
			said.WriteString(u.En + "\n")
		}
		for _, want := range []string{"The ids: NIST", "are ours", "The status: NIST grades no", "proposals of this project"} {
			if !strings.Contains(said.String(), want) {
				t.Errorf("%s: unverified does not say %q:\n%s", id, want, said.String())
			}
		}
	}
}

// TestNISTTextsDiffer: no requirement is another one under a new title. A
// maker gets advice for this one, and not the same twice.
func TestNISTTextsDiffer(t *testing.T) {
	t.Parallel()
	for _, id := range []ID{ir8259a, ir8259b, ir8425} {
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

// nistQuestions collects the questions that a catalogue's cases name.
func nistQuestions(t *testing.T, s *Standard) map[string]RequirementID {
	t.Helper()
	form := regexp.MustCompile(`^[0-8]\.[A-Z]\.[1-9][0-9]?$`)
	out := map[string]RequirementID{}
	for _, r := range s.Requirements {
		r.Cases.Walk(func(id string, with map[string]Value) {
			if id != "record.answered" {
				return
			}
			v, ok := with["questions"].For(Literal).(string)
			list := strings.Split(v, " ")
			if !ok || len(with) != 1 || !slices.IsSortedFunc(list, func(a, b string) int { return Compare(RequirementID(a), RequirementID(b)) }) {
				t.Errorf("%s: questions %v", r.Pos(), with)
			}
			for i, q := range list {
				if !form.MatchString(q) || slices.Contains(list[:i], q) {
					t.Errorf("%s: question %q", r.Pos(), q)
				}
				out[q] = r.ID
			}
		})
	}
	return out
}

// TestNISTQuestions: what the record answers, IR 8259B and the outcomes of IR
// 8425 on the maker ask; a capability of the device no answer shows.
func TestNISTQuestions(t *testing.T) {
	t.Parallel()
	if q := nistQuestions(t, get(t, ir8259a)); len(q) > 0 {
		t.Errorf("answers decide on the device: %v", q)
	}
	if b, p := nistQuestions(t, get(t, ir8259b)), nistQuestions(t, get(t, ir8425)); len(b) < 30 || len(p) < 30 {
		t.Errorf("only %d and %d questions are used", len(b), len(p))
	}
	for _, r := range get(t, ir8425).Requirements {
		if slices.Contains(r.Cases.CaseIDs(), "record.answered") && r.Subject != "manufacturer" {
			t.Errorf("%s: an answer decides on the product", r.ID)
		}
	}
}

// nistSource is the form of the collected facts on the three publications.
type nistSource struct {
	Meta struct {
		Catalog, Confidence string
	}
	Capabilities []struct {
		ID, Kind           string
		Elements, Outcomes []nistSourceItem
	}
}

type nistSourceItem struct {
	ID, Basis, Confidence string
	Sub                   []nistSourceItem
}

// items lists the facts in the form and order of the committed table.
func (s *nistSource) items() []nistItem {
	var out []nistItem
	var walk func(subject string, list []nistSourceItem)
	walk = func(subject string, list []nistSourceItem) {
		for _, x := range list {
			row := nistItem{ID: x.ID, Subject: subject, Confidence: x.Confidence, Basis: x.Basis}
			if row.Confidence == "" { // IR 8259A: one for all
				row.Confidence, row.Basis = s.Meta.Confidence, "-"
			}
			out = append(out, row)
			walk(subject, x.Sub)
		}
	}
	for _, c := range s.Capabilities {
		subject := map[string]string{"product": "product", "non_technical": "manufacturer"}[c.Kind]
		switch ID(s.Meta.Catalog) {
		case ir8259a:
			subject = "device"
		case ir8259b:
			subject = "manufacturer"
		}
		walk(subject, append(c.Elements, c.Outcomes...))
	}
	return out
}

func TestNISTSources(t *testing.T) {
	t.Parallel()
	for _, id := range []ID{ir8259a, ir8259b, ir8425} {
		t.Run(string(id), func(t *testing.T) {
			t.Parallel()
			var src nistSource
			var raw yaml.Node
			source(t, string(id)+".yaml", &src)
			source(t, string(id)+".yaml", &raw)
			want := src.items()
			got := nistTable(t, id)
			for i := range got {
				got[i].Kind = "" // ours
			}
			if d := cmp.Diff(want, got); d != "" || len(want) == 0 {
				t.Errorf("testdata/%s.txt (-want +got):\n%s", id, d)
			}
			var aspects, caps []string
			for _, a := range get(t, id).Aspects {
				aspects = append(aspects, a.ID)
			}
			for _, c := range src.Capabilities {
				caps = append(caps, c.ID)
			}
			if d := cmp.Diff(caps, aspects); d != "" {
				t.Errorf("capabilities (-want +got):\n%s", d)
			}
			// Every text of the catalogue, also those that ownWords does not
			// look at.
			s := *get(t, id)
			s.Remarks = append(slices.Clone(s.Remarks), Remark{ID: "rule", Text: s.Rule})
			for _, u := range s.Unverified {
				s.Remarks = append(s.Remarks, Remark{ID: "unverified", Text: u})
			}
			for _, a := range s.Aspects {
				s.Remarks = append(s.Remarks, Remark{ID: a.ID, Text: a.Title}, Remark{ID: a.ID, Text: a.Aim})
				for _, g := range a.Groups {
					s.Remarks = append(s.Remarks, Remark{ID: g.ID, Text: g.Title})
				}
			}
			ownWords(t, &s, scalars(&raw))
		})
	}
	t.Run("questions", func(t *testing.T) {
		t.Parallel()
		var src struct {
			Activities []struct{ Questions []struct{ ID string } }
		}
		source(t, "nist-ir-8259r1.yaml", &src)
		known := map[string]bool{}
		for _, a := range src.Activities {
			for _, q := range a.Questions {
				known[q.ID] = true
			}
		}
		form := regexp.MustCompile(`\b[0-8]\.[A-Z]\.[0-9]+\b`)
		for _, id := range []ID{ir8259b, ir8425} {
			for q, r := range nistQuestions(t, get(t, id)) {
				if !known[q] {
					t.Errorf("%s/%s names question %s, which does not exist", id, r, q)
				}
			}
			for _, r := range get(t, id).Requirements {
				en, zh := form.FindAllString(r.Note.En, -1), form.FindAllString(r.Note.Zh, -1)
				if !slices.Equal(en, zh) {
					t.Errorf("%s: the note names %v in English, %v in Chinese", r.Pos(), en, zh)
				}
				for _, q := range en {
					if !known[q] {
						t.Errorf("%s: the note names question %s, which does not exist", r.Pos(), q)
					}
				}
			}
		}
	})
}

// scalars lists every value of a YAML document.
func scalars(n *yaml.Node) []string {
	var out []string
	if n.Kind == yaml.ScalarNode {
		out = append(out, n.Value)
	}
	for _, c := range n.Content {
		out = append(out, scalars(c)...)
	}
	return out
}
