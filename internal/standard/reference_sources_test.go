package standard

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// deviceSource is what was collected of SP 800-213A.
type deviceSource struct {
	Technical    []deviceFamily
	NonTechnical []deviceFamily `yaml:"non_technical"`
	Map          struct {
		Rows map[string]string
	} `yaml:"csf_1_1_map"`
}

type deviceFamily struct {
	ID  RequirementID
	Sub []struct {
		ID           RequirementID
		Text         string
		Controls     []string `yaml:"sp800_53r5"`
		CSF          []string `yaml:"csf_1_1"`
		Requirements []struct {
			ID    RequirementID
			Label string
		}
		Federal any `yaml:"federal_profile"`
	} `yaml:"sub_capabilities"`
}

func (s *deviceSource) families() []deviceFamily { return slices.Concat(s.Technical, s.NonTechnical) }

// itemLine is an item with its parent and parts.
func itemLine(id, parent RequirementID, parts []string) string {
	return strings.TrimSpace(fmt.Sprintf("%s < %s %s", id, parent, strings.Join(parts, " ")))
}

func sameItems(t *testing.T, id ID, want []string) {
	t.Helper()
	var got []string
	for _, it := range reference(t, id).Items {
		got = append(got, itemLine(it.ID, it.Parent, it.Parts))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", id, d)
	}
}

// ownTitles looks for copied sentences in the titles of a reference.
func ownTitles(t *testing.T, id ID, copied []string) {
	t.Helper()
	s := &Standard{ID: id}
	for _, it := range reference(t, id).Items {
		s.Requirements = append(s.Requirements, Requirement{ID: it.ID, Title: it.Title, Note: it.Note})
	}
	ownWords(t, s, copied)
}

func TestDeviceCatalogSource(t *testing.T) {
	t.Parallel()
	var src deviceSource
	source(t, "nist-sp-800-213a.yaml", &src)
	const id = "nist-sp-800-213a"
	var want, copied []string
	for _, f := range src.families() {
		want = append(want, itemLine(f.ID, "", nil))
		for _, s := range f.Sub {
			selected := map[int]bool{}
			every := s.Federal == "all"
			if list, ok := s.Federal.([]any); ok {
				for _, n := range list {
					selected[n.(int)] = true
				}
			}
			federal := func(yes bool) []string {
				if yes {
					return []string{"federal"}
				}
				return nil
			}
			want = append(want, itemLine(s.ID, f.ID, federal(s.Federal != "not_selected")))
			copied = append(copied, s.Text)
			for i, r := range s.Requirements {
				want = append(want, itemLine(r.ID, s.ID, federal(every || selected[i+1])))
				copied = append(copied, r.Label)
			}
		}
	}
	sameItems(t, id, want)
	ownTitles(t, id, copied)
}

func TestRadioSource(t *testing.T) {
	t.Parallel()
	var src radioSource
	source(t, "en-18031.yaml", &src)
	var want, copied []string
	for _, f := range src.Families {
		want = append(want, itemLine(f.ID, "", f.Parts))
		for _, r := range f.Requirements {
			want = append(want, itemLine(r.ID, f.ID, r.Parts))
			copied = append(copied, r.Paraphrase)
		}
	}
	sameItems(t, "en-18031", want)
	ownTitles(t, "en-18031", copied)
}

// TestSmallSources: references of one level, id by id.
func TestSmallSources(t *testing.T) {
	t.Parallel()
	var ai struct {
		Groups []struct {
			ID    RequirementID
			Items []struct{ Text string }
		}
	}
	source(t, "ai-governance.yaml", &ai)
	var want, copied []string
	for _, g := range ai.Groups {
		want = append(want, itemLine(g.ID, "", nil))
		for _, i := range g.Items {
			copied = append(copied, i.Text)
		}
	}
	sameItems(t, "ai-governance", want)
	ownTitles(t, "ai-governance", copied)

	var process struct {
		Activities []struct {
			ID             RequirementID
			Title, Purpose string
		}
	}
	source(t, "nist-ir-8259r1.yaml", &process)
	want, copied = nil, nil
	for _, a := range process.Activities {
		want = append(want, itemLine(a.ID, "", nil))
		copied = append(copied, a.Title, a.Purpose)
	}
	sameItems(t, "nist-ir-8259r1", want)
	ownTitles(t, "nist-ir-8259r1", copied)

	var consumer struct {
		Router struct {
			Points []struct {
				ID   RequirementID
				Text string
			}
		} `yaml:"router_profile_8425a"`
	}
	source(t, "nist-ir-8425.yaml", &consumer)
	want, copied = nil, nil
	for _, p := range consumer.Router.Points {
		want = append(want, itemLine(p.ID, "", nil))
		copied = append(copied, p.Text)
	}
	sameItems(t, "nist-ir-8425a", want)
	ownTitles(t, "nist-ir-8425a", copied)
}

// TestNothingUnused: a reference that holds a selection holds what links lead
// to, with what that stands in, and nothing more.
func TestNothingUnused(t *testing.T) {
	t.Parallel()
	l := lib(t)
	used := map[Ref]bool{}
	for _, k := range slices.Concat(l.Links.Official, l.Links.Ours) {
		for _, end := range []Ref{k.From, k.To} {
			p, ok := l.Find(end)
			if !ok {
				continue // TestCrosswalksResolve says so
			}
			used[p.Ref] = true
			for _, up := range p.Up {
				used[up] = true
			}
		}
	}
	for _, id := range []ID{"nist-sp-800-53r5", "csf-1.1", "etsi-ts-103-645-v1.1.1", "iec-62443-4-2"} {
		for _, it := range reference(t, id).Items {
			// The seven foundational requirements are there in full.
			if !used[Ref{id, it.ID}] && !strings.HasPrefix(string(it.ID), "FR ") {
				t.Errorf("no link leads to %s/%s", id, it.ID)
			}
		}
	}
}
