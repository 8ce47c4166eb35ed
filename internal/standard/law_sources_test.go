package standard

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type pstiSource struct {
	Catalog struct {
		InForce string `yaml:"in_force"`
	}
	Security []struct {
		ID, Confidence string
		Rules          []struct{ ID, Text, Confidence string }
		EN303645       []RequirementID `yaml:"en303645"`
	} `yaml:"security_requirements"`
	Deemed []struct {
		For, Condition string
	} `yaml:"deemed_compliance"`
	Statement struct {
		Confidence string
		Minimum    []struct{ ID, Text string } `yaml:"minimum_content"`
		Retention  struct{ Text string }
	} `yaml:"statement_of_compliance"`
	Duties    []struct{ Text string } `yaml:"other_duties"`
	Penalties struct {
		Fixed string `yaml:"max_fixed"`
		Daily string `yaml:"max_daily"`
	}
}

func TestPSTISource(t *testing.T) {
	t.Parallel()
	var src pstiSource
	source(t, "uk-psti.yaml", &src)
	s := get(t, psti)
	var want, copied []string
	add := func(id, aspect, confidence, text string) {
		want = append(want, strings.Join([]string{id, aspect, confidence}, " "))
		copied = append(copied, text)
	}
	for _, p := range src.Security {
		for _, r := range p.Rules {
			c := p.Confidence
			if r.Confidence != "" {
				c = r.Confidence
			}
			add(r.ID, p.ID, c, r.Text)
		}
	}
	for _, x := range src.Statement.Minimum {
		add(x.ID, "SOC", src.Statement.Confidence, x.Text)
	}
	var got []string
	for _, r := range s.Requirements {
		got = append(got, fmt.Sprintf("%s %s %s", r.ID, r.Aspect, r.Confidence.Status))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("requirements (-want +got):\n%s", d)
	}
	if d := s.Definitions[0]; !strings.Contains(d.Text.En, src.Catalog.InForce) {
		t.Errorf("%s doesn't name %s", d.ID, src.Catalog.InForce)
	}
	// Deemed compliance: each provision stands in a remark on the rules.
	for _, p := range src.Security {
		for _, provision := range p.EN303645 {
			for _, r := range s.Requirements {
				if r.Aspect == p.ID && !remarkSays(s, r.ID, string(provision)) {
					t.Errorf("no remark on %s says that %s is a deemed route", r.ID, provision)
				}
			}
		}
	}
	for _, d := range src.Deemed {
		copied = append(copied, d.Condition)
	}
	for _, d := range src.Duties {
		copied = append(copied, d.Text)
	}
	t.Run("own_words", func(t *testing.T) {
		t.Parallel()
		ownWords(t, s, append(copied, src.Statement.Retention.Text))
	})
}

func remarkSays(s *Standard, id RequirementID, words string) bool {
	for _, m := range s.RemarksOn(id) {
		if strings.Contains(m.Text.En, words) && strings.Contains(m.Text.Zh, words) {
			return true
		}
	}
	return false
}

type craSource struct {
	Dates    []struct{ Date, Event string }
	PartI    []struct{ ID, Paraphrase string } `yaml:"annex_i_part_i"`
	PartII   []struct{ ID, Paraphrase string } `yaml:"annex_i_part_ii"`
	AnnexII  []struct{ ID, Text string }       `yaml:"annex_ii_user_information"`
	AnnexVII []struct{ ID, Text string }       `yaml:"annex_vii_technical_documentation"`
	Note     string                            `yaml:"annex_i_part_i_note"`
	Art13    struct {
		Support struct {
			Minimum             int `yaml:"minimum_years"`
			Exception           string
			Update, Disclosure  string
			UpdateAvailability  string `yaml:"update_availability"`
			DocumentationReason string `yaml:"documentation"`
		} `yaml:"support_period"`
		Other []struct{ Ref, Text string }
	} `yaml:"article_13"`
	Art14 struct {
		From   string `yaml:"applies_from"`
		Clocks []struct {
			Trigger, Ref string
			Warning      string `yaml:"early_warning"`
			Notification string
			Final        string `yaml:"final_report"`
		}
		Users        string `yaml:"user_information"`
		Intermediate string
	} `yaml:"article_14_reporting"`
}

func TestCRASource(t *testing.T) {
	t.Parallel()
	var src craSource
	source(t, "eu-cra.yaml", &src)
	s := get(t, cra)
	var want, copied []string
	for _, x := range append(src.PartI, src.PartII...) {
		want, copied = append(want, x.ID), append(copied, x.Paraphrase)
	}
	aspects := map[string]bool{"I": true, "II": true, "AII": true, "AVII": true}
	var points, own []string
	for _, x := range src.AnnexII {
		points, copied = append(points, "AII."+x.ID), append(copied, x.Text)
	}
	for _, x := range src.AnnexVII {
		points, copied = append(points, "AVII."+x.ID), append(copied, x.Text)
	}
	var got []string
	for _, r := range s.Requirements {
		switch {
		case !aspects[r.Aspect]:
			own = append(own, string(r.ID))
		case r.Confidence.Status != "high":
			t.Errorf("%s: the source is sure of the annexes", r.ID)
		}
		if aspects[r.Aspect] {
			got = append(got, string(r.ID))
		}
	}
	if d := cmp.Diff(append(want, points...), got); d != "" {
		t.Errorf("annexes (-want +got):\n%s", d)
	}
	craArticles(t, s, src, own)
	for _, x := range src.Art13.Other {
		copied = append(copied, x.Text)
	}
	sup := src.Art13.Support
	copied = append(copied, src.Note, sup.Exception, sup.Disclosure, sup.UpdateAvailability, sup.DocumentationReason, src.Art14.Users, src.Art14.Intermediate)
	t.Run("own_words", func(t *testing.T) {
		t.Parallel()
		ownWords(t, s, copied)
	})
}

// craArticles: each paragraph of article 13 that the source names has an entry,
// of its confidence, and each clock of article 14 has its table row.
func craArticles(t *testing.T, s *Standard, src craSource, own []string) {
	t.Helper()
	refs := map[string][]string{"13(2)-(4)": {"13.2", "13.3", "13.4"}, "13(5)": {"13.5"}, "13(6)": {"13.6"}, "13(8)": {"13.8.a", "13.8.b"},
		"13(13)": {"13.13"}, "13(17)": {"13.17"}, "13(18)": {"13.18"},
		"13(9)": {"13.9"}, "13(19)": {"13.19.a", "13.19.b", "13.19.c"},
		"14(1)-(2)": {"14.1", "14.2.a", "14.2.b", "14.2.c"}, "14(3)-(4)": {"14.3", "14.4.a", "14.4.b", "14.4.c"}, "14(6)": {"14.6"}, "14(8)": {"14.8"}}
	named := []string{"13(9)", "13(19)", "14(6)", "14(8)"} // inside of other fields of the source
	for _, x := range src.Art13.Other {
		named = append(named, x.Ref)
	}
	for _, x := range src.Art14.Clocks {
		named = append(named, x.Ref)
	}
	n := 0
	for _, ref := range named {
		if len(refs[ref]) == 0 {
			t.Errorf("nothing carries %s over", ref)
		}
		n += len(refs[ref])
	}
	if n != len(own) {
		t.Errorf("%d entries for articles 13 and 14, the source leads to %d", len(own), n)
	}
	sure := []string{"13.2", "13.8.a", "13.8.b", "13.9", "13.19.a", "13.19.b", "13.19.c"}
	for _, id := range own {
		r, _ := s.Requirement(RequirementID(id))
		want := "high"
		if strings.HasPrefix(id, "13.") {
			want = "medium"
			for _, x := range sure {
				if x == id {
					want = "high"
				}
			}
		}
		if r.Confidence.Status != want {
			t.Errorf("%s has confidence %s, the source %s", id, r.Confidence.Status, want)
		}
	}
	clocks := strings.Join(rows(t, "cra-clocks.txt"), "\n")
	spelled := strings.NewReplacer(" h after", " hours after")
	for i, c := range src.Art14.Clocks {
		id := []string{"14.2", "14.4"}[i]
		for letter, text := range map[string]string{".a": c.Warning, ".b": c.Notification, ".c": c.Final} {
			amount, event, ok := strings.Cut(spelled.Replace(text), " after ")
			if !ok || !strings.Contains(clocks, id+letter+" | "+amount+" | ") || event == "" {
				t.Errorf("cra-clocks.txt lacks %s%s: %s", id, letter, text)
			}
		}
	}
	dates := strings.Join(rows(t, "cra-dates.txt"), "\n")
	for _, d := range src.Dates {
		if !strings.Contains(dates, d.Date) {
			t.Errorf("cra-dates.txt lacks %s: %s", d.Date, d.Event)
		}
	}
	if !strings.Contains(clocks, fmt.Sprintf("13.8.b | %d years", src.Art13.Support.Minimum)) {
		t.Errorf("support lasts %d years", src.Art13.Support.Minimum)
	}
}

// TestQuestionsSource: the questions that the laws' procedures ask for exist.
func TestQuestionsSource(t *testing.T) {
	t.Parallel()
	var src struct {
		Activities []struct{ Questions []struct{ ID string } }
	}
	source(t, "nist-ir-8259r1.yaml", &src)
	known := map[string]bool{}
	for _, a := range src.Activities {
		for _, x := range a.Questions {
			known[x.ID] = true
		}
	}
	if len(known) < 80 {
		t.Fatalf("the source holds %d questions", len(known))
	}
	for _, law := range laws {
		for _, r := range get(t, law.id).Requirements {
			for _, list := range questions(r) {
				for id := range strings.SplitSeq(list, " ") {
					if !known[id] {
						t.Errorf("%s asks for question %s, which doesn't exist", r.Pos(), id)
					}
				}
			}
		}
	}
}
