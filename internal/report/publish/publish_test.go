package publish

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/i18n"
	"assay/internal/product"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	at := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), run with -update if that is meant:\n%s", name, diff)
	}
}

// TestGolden shows a document in each format and language.
func TestGolden(t *testing.T) {
	t.Parallel()
	s := all(t, workspace(t, "testdata/sensor"))
	for _, lang := range i18n.Langs() {
		for _, d := range documents(s, lang) {
			switch d.ID {
			case "retirement-guide":
				golden(t, d.ID+"."+string(lang)+".html", strings.Replace(html(t, d), style, "…", 1))
			case "support-statement":
				golden(t, d.ID+"."+string(lang)+".md", markdownOf(t, d))
			}
		}
	}
	golden(t, "security.txt", string(s.securityTxt(s.expires(nil, ""))))
}

// TestCompleteRecordsLeaveNoGap: what a complete record says suffices for
// every document for customers, in both languages.
func TestCompleteRecordsLeaveNoGap(t *testing.T) {
	t.Parallel()
	for name, in := range records(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := all(t, in.Input)
			seen := map[string]int{}
			for _, lang := range i18n.Langs() {
				for _, d := range documents(s, lang) {
					if d.For != Customers {
						continue
					}
					seen[d.ID]++
					if d.Draft || len(d.Errors) > 0 {
						t.Errorf("%s, %s: %v", d.ID, lang, d.Errors)
					}
					for _, n := range d.Notices {
						if _, err := os.Stat(in.dir + "/" + WordsFile); err == nil {
							t.Errorf("%s, %s: %s", d.ID, lang, n.Message)
						}
					}
				}
			}
			for _, id := range []string{"security-sheet", "hardening-guide", "risk-statement", "data-disclosure", "support-statement",
				"retirement-guide", "responsibility-matrix", "disclosure-policy"} {
				if seen[id] != 2 {
					t.Errorf("%s was made in %d languages", id, seen[id])
				}
			}
			if s.Security == nil || s.Security.Draft {
				t.Errorf("security.txt is a draft: %+v", s.Security)
			}
		})
	}
}

// TestGap: a value that is missing leaves a visible gap, a draft, and an error
// that says where to state it.
func TestGap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, from, to string
		drafts         []string // nil: all
		path, where    string
	}{
		{"maker", "    name: Harbour Home Ltd.\n", "", nil, "product.maker.name", "assay.yaml:10 product.maker.name"},
		{"placeholder", "name: Harbour Home Ltd.", "name: " + product.Gap, nil, "product.maker.name", "assay.yaml:10 product.maker.name"},
		{"days", "retention_days: 365", "", []string{"data-disclosure", "retirement-guide"}, "data[0].retention_days", "assay.yaml:75 data[0].retention_days"},
		{"erase", "      check: the app is gone\n", "", []string{"retirement-guide"}, "components[1].erase.check", "assay.yaml:64 components[1].erase.check"},
		{"list", "    readers: []\n", "", []string{"data-disclosure"}, "data[0].readers", "assay.yaml:75 data[0].readers"},
		{"matrix", "maker: accountable, integrator", "integrator", []string{"responsibility-matrix"}, "responsibilities[0].maker", "responsibilities[0].maker"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := all(t, edited(t, c.from, c.to))
			for _, lang := range i18n.Langs() {
				for _, d := range documents(s, lang) {
					if d.For != Customers {
						continue
					}
					want := c.drafts == nil || slices.Contains(c.drafts, d.ID)
					if d.Draft != want {
						t.Errorf("%s: draft is %v, want %v: %v", d.ID, d.Draft, want, d.Errors)
					}
					if !want {
						continue
					}
					if !slices.ContainsFunc(d.Errors, func(e Error) bool {
						return e.Code == CodeGap && strings.Contains(e.Where, c.where) && strings.Contains(e.Message, c.path)
					}) {
						t.Errorf("%s: no error says where: %+v", d.ID, d.Errors)
					}
					mark := "⟦" + catalogue().S(lang, "publish.gap", "where", c.path) + "⟧"
					if page := html(t, d); !strings.Contains(page, `<mark class="gap">`+strings.ReplaceAll(mark, `"`, "&#34;")) {
						t.Errorf("%s: the page doesn't show %s", d.ID, mark)
					}
					if text := strings.ReplaceAll(markdownOf(t, d), `\`, ""); !strings.Contains(text, "**"+mark+"**") {
						t.Errorf("%s: the Markdown doesn't show %s", d.ID, mark)
					}
					draft := catalogue().S(lang, "publish.draft")
					if !strings.Contains(html(t, d), draft) || !strings.Contains(markdownOf(t, d), draft) {
						t.Errorf("%s doesn't say that it is a draft", d.ID)
					}
				}
			}
		})
	}
}

// TestNoContactNoSecurityTxt: RFC 9116 asks for a contact.
func TestNoContactNoSecurityTxt(t *testing.T) {
	t.Parallel()
	s := all(t, edited(t, "    security_contact: security@harbour.example\n", ""))
	if !s.Security.Draft || len(s.Security.Errors) == 0 {
		t.Fatalf("security.txt is no draft: %+v", s.Security)
	}
	m, err := Write(t.Context(), t.TempDir(), s)
	if err != nil {
		t.Fatal(err)
	}
	if e := m.entry(SecurityTxt); e == nil || !e.Draft || len(e.Files) > 0 {
		t.Errorf("security.txt was written: %+v", e)
	}
}

// TestUntranslated: words without a translation stand in the original, marked
// with their language, and are listed.
func TestUntranslated(t *testing.T) {
	t.Parallel()
	s := all(t, edited(t, "why: the clock", "why: the correct time"))
	for _, d := range documents(s, i18n.Zh) {
		if d.ID != "data-disclosure" {
			continue
		}
		if len(d.Notices) != 1 || d.Notices[0].Code != CodeUntranslated || !strings.Contains(d.Notices[0].Message, "the correct time") {
			t.Errorf("notices: %+v", d.Notices)
		}
		if !strings.Contains(html(t, d), `<bdi lang="en">The correct time</bdi>`) {
			t.Error("the page doesn't mark the words as English")
		}
		if d.Draft {
			t.Error("a missing translation makes a draft")
		}
	}
	for _, d := range documents(s, i18n.En) {
		if len(d.Notices) > 0 {
			t.Errorf("%s: %+v", d.ID, d.Notices)
		}
	}
}

// TestLanguagesAgree: both languages have the same sentences, each fact rests
// on something, and no place is left without its value.
func TestLanguagesAgree(t *testing.T) {
	t.Parallel()
	for name, in := range records(t) {
		for _, docs := range all(t, in.Input).Documents {
			var ids [2][]string
			for i, d := range docs {
				for _, x := range d.Statements() {
					ids[i] = append(ids[i], x.ID)
					if x.Kind == Fact && x.Form != Blank && len(x.Sources) == 0 {
						t.Errorf("%s: %s rests on nothing", name, x.ID)
					}
					if x.Kind == Advice && len(x.Sources) > 0 {
						t.Errorf("%s: %s is advice and rests on %v", name, x.ID, x.Sources)
					}
					if slot.MatchString(x.Plain()) {
						t.Errorf("%s: %s has a place left: %s", name, x.ID, x.Plain())
					}
				}
			}
			if diff := cmp.Diff(ids[0], ids[1]); diff != "" {
				t.Errorf("%s: %s: the languages differ:\n%s", name, docs[0].ID, diff)
			}
			if dup := duplicates(ids[0]); len(dup) > 0 {
				t.Errorf("%s: %s: these ids stand twice: %v", name, docs[0].ID, dup)
			}
		}
	}
}

func duplicates(in []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, x := range in {
		if seen[x] {
			out = append(out, x)
		}
		seen[x] = true
	}
	return out
}

// TestEmptyProduct: a product that states nothing gives drafts, and no error
// of a rule.
func TestEmptyProduct(t *testing.T) {
	t.Parallel()
	s := all(t, input(&product.Product{}))
	for _, docs := range s.Documents {
		for _, d := range docs {
			if !d.Draft {
				t.Errorf("%s isn't a draft", d.ID)
			}
			if html(t, d) == "" || markdownOf(t, d) == "" {
				t.Errorf("%s is empty", d.ID)
			}
		}
	}
}
