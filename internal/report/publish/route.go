package publish

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/internal/record"
)

// Route is something that a law lets a maker show in more than one way, such
// as meeting a requirement itself or a standard that stands for it. The
// document is a draft until one way is open, and while any of them has failed:
// a law may let another way count, but nobody should sign beside a failure.
type Route struct {
	ID    string      `yaml:"id"`
	Title record.Text `yaml:"title"`
	Ways  []Way       `yaml:"ways"` // the first that is met counts
}

// Way is one way, with the requirements that carry it.
type Way struct {
	ID              string      `yaml:"id"`
	Title           record.Text `yaml:"title"`
	Behind          []string    `yaml:"behind"`           // each must be PASS
	WhereApplicable []string    `yaml:"where_applicable"` // may be NOT APPLICABLE too
}

// Note is for the maker: what has to be looked at before the document leaves
// the house. It stands in drafts and in the manifest, not in what readers get.
type Note struct {
	ID         string      `yaml:"id"`
	Confidence string      `yaml:"confidence"` // how sure we are of what the document takes for granted: high, medium, low
	Text       record.Text `yaml:"text"`
}

// behindMet is the value of routes.behind where every requirement is met.
const behindMet = "met"

// Words for verdicts of requirements behind a document.
const (
	verdictPass  = "PASS"
	verdictFail  = "FAIL"
	verdictNotAp = "NOT_APPLICABLE"
)

// met says whether requirements carry what rests on them.
func (m *maker) met(behind, whereApplicable []string) bool {
	for _, id := range behind {
		if m.in.Verdicts[id] != verdictPass {
			return false
		}
	}
	for _, id := range whereApplicable {
		if v := m.in.Verdicts[id]; v != verdictPass && v != verdictNotAp {
			return false
		}
	}
	return len(behind)+len(whereApplicable) > 0
}

// taken is the way by which a route is settled, "" while none is.
func (m *maker) taken(r Route) string {
	for _, w := range r.Ways {
		if slices.ContainsFunc(w.all(), func(id string) bool { return m.in.Verdicts[id] == verdictFail }) {
			return ""
		}
	}
	for _, w := range r.Ways {
		if m.met(w.Behind, w.WhereApplicable) {
			return w.ID
		}
	}
	return ""
}

func (w Way) all() []string { return append(slices.Clone(w.Behind), w.WhereApplicable...) }

// routes fills the variable for a document.
func (m *maker) routes(t *Template) {
	all, _ := m.vars[varRoutes].(map[string]any)
	clear(all)
	all["behind"] = ""
	if m.met(t.Behind, t.WhereApplicable) {
		all["behind"] = behindMet
	}
	for _, r := range t.Routes {
		all[r.ID] = m.taken(r)
	}
}

// unsettled tells of routes of which no way is open.
func (m *maker) unsettled(t *Template) {
	for _, r := range t.Routes {
		if m.taken(r) != "" {
			continue
		}
		var failed, ways []string
		for i, w := range r.Ways {
			var open []string
			for _, id := range w.all() {
				switch m.in.Verdicts[id] {
				case verdictFail:
					failed = append(failed, m.requirement(id))
				case verdictPass:
				default:
					open = append(open, id)
				}
			}
			ways = append(ways, m.s("publish.error.route.way", "number", strconv.Itoa(i+1), "way", w.Title.In(string(m.lang)), "open", m.verdictsOf(open)))
		}
		key, args := "publish.error.route", []string{"route", r.Title.In(string(m.lang)), "ways", strings.Join(ways, m.s("publish.error.route.next"))}
		if len(failed) > 0 {
			key, args = "publish.error.route.failed", []string{"route", r.Title.In(string(m.lang)), "failed", strings.Join(failed, m.s("publish.list"))}
		}
		m.doc.Errors = append(m.doc.Errors, Error{CodeRequirement, m.s(key, args...), ""})
	}
}

// verdictsOf lists requirements with what a run says of them, in groups.
func (m *maker) verdictsOf(ids []string) string {
	var out []string
	for _, g := range m.groups(ids) {
		out = append(out, m.s("publish.requirements", "standard", m.standard(g.standard), "requirements", strings.Join(g.ids, m.s("publish.list")), "verdict", g.word))
	}
	return strings.Join(out, m.s("publish.list.wide"))
}

// judged is requirements of one standard on which a run says the same.
type judged struct {
	standard, word string
	ids            []string
}

// groups puts requirements together on which a run says the same.
func (m *maker) groups(ids []string) []judged {
	var out []judged
	standards, of := byStandard(ids)
	for _, s := range standards {
		for _, id := range of[s] {
			word := m.word(m.in.Verdicts[s+"/"+id])
			i := slices.IndexFunc(out, func(j judged) bool { return j.standard == s && j.word == word })
			if i < 0 {
				i, out = len(out), append(out, judged{standard: s, word: word})
			}
			out[i].ids = append(out[i].ids, id)
		}
	}
	return out
}

// word is a verdict for people.
func (m *maker) word(v string) string {
	if key := "verdict." + v; v != "" && m.in.Texts.Has(key) {
		return m.s(key)
	}
	return m.s("publish.not-judged")
}

// notes are those of a document in the maker's language.
func (m *maker) notes(t *Template) []Remark {
	var out []Remark
	for _, n := range t.Notes {
		out = append(out, Remark{n.ID, n.Confidence, n.Text.In(string(m.lang))})
	}
	return out
}

// Remark is a note in one language.
type Remark struct{ ID, Confidence, Text string }

// checkRoutes finds mistakes in routes, notes and what is said where the
// document isn't made.
func (t *Template) checkRoutes() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	seen := map[string]bool{"behind": true}
	both := func(what string, x record.Text) {
		if x.En == "" || x.Zh == "" {
			wrong("%s lacks a language", what)
		}
	}
	for _, r := range t.Routes {
		if !idShape.MatchString(r.ID) || seen[r.ID] || len(r.Ways) == 0 {
			wrong("route %q: needs a short name of its own, and ways", r.ID)
		}
		seen[r.ID] = true
		both("route "+r.ID, r.Title)
		for _, w := range r.Ways {
			if !idShape.MatchString(w.ID) || len(w.all()) == 0 {
				wrong("route %s: way %q needs a short name and requirements", r.ID, w.ID)
			}
			both("way "+w.ID, w.Title)
		}
	}
	for _, n := range t.Notes {
		if !idShape.MatchString(n.ID) || !slices.Contains([]string{"high", "medium", "low"}, n.Confidence) {
			wrong("note %q: needs a short name, and a confidence of high, medium or low", n.ID)
		}
		both("note "+n.ID, n.Text)
	}
	if (t.Otherwise.En == "") != (t.Otherwise.Zh == "") || !t.Otherwise.IsZero() && t.Applies == "" {
		wrong("otherwise needs both languages, and applies")
	}
	for _, id := range t.requirements() {
		if !requirementShape.MatchString(id) {
			wrong("requirement %q: must be standard/id", id)
		}
	}
	return errors.Join(errs...)
}
