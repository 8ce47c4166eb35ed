package report

import (
	"slices"
	"strconv"
	"strings"

	"assay/internal/judge"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

// needView groups what is undecided by what would decide it.
type needView struct {
	Key   string
	Title string
	Items []needItem
	Count int // requirements that wait for it, each once
}

// needItem is one thing to provide.
type needItem struct {
	What         phrase
	Case         string
	Subject      phrase
	Show         bool     // the subject is not the product as a whole
	Steps        []phrase // of a guided test
	Expect       phrase
	Command      []string // to copy into a shell, in parts that stay together; empty where there is none
	Requirements []linkView
}

// recordKey is the need for a person's result.
const recordKey = "provide.record"

func (v *view) needs() []needView {
	var out []needView
	items := make(map[string]int)                          // by group and what stands in it
	waiting := make(map[string]map[judge.Requirement]bool) // by group
	for _, u := range v.in.Assessment.Undecided {
		for _, p := range u.Provide {
			g := slices.IndexFunc(out, func(n needView) bool { return n.Key == p.Key })
			if g < 0 {
				g = len(out)
				out = append(out, needView{Key: p.Key})
				waiting[p.Key] = make(map[judge.Requirement]bool)
			}
			waiting[p.Key][u.Requirement] = true
			id := p.Key + "\x00" + v.reason(p).raw()
			i, ok := items[id]
			if !ok {
				i = len(out[g].Items)
				items[id] = i
				out[g].Items = append(out[g].Items, v.need(u, p))
			}
			for _, l := range v.links([]judge.Requirement{u.Requirement}) {
				if !slices.Contains(out[g].Items[i].Requirements, l) {
					out[g].Items[i].Requirements = append(out[g].Items[i].Requirements, l)
				}
			}
		}
	}
	for i := range out {
		n := &out[i]
		n.Count = len(waiting[n.Key])
		n.Title = v.or("", "report.need."+strings.TrimPrefix(n.Key, "provide."))
		if n.Title == "" && len(n.Items) > 1 {
			n.Title = v.s("report.need.other")
		}
	}
	slices.SortStableFunc(out, func(a, b needView) int { return b.Count - a.Count })
	return out
}

func (v *view) need(u judge.Undecided, p verdict.Reason) needItem {
	item := needItem{What: v.reason(p), Subject: foreign(u.Subject), Show: u.Subject != "product"}
	if u.Case != "" {
		item.Case = v.caseTitle(u.Case)
	}
	if p.Key == recordKey && u.Case != "" {
		item.Command = recordCommand(u.Case, u.Subject)
		prefix := "case." + string(u.Case)
		item.Expect = v.maybe(prefix + ".expect")
		for n := 1; v.texts.Has(prefix + ".step" + strconv.Itoa(n)); n++ {
			item.Steps = append(item.Steps, v.maybe(prefix+".step"+strconv.Itoa(n)))
		}
	}
	return item
}

// recordCommand is the command that records a person's result, with what the
// case asks for. A subject that a shell could read otherwise gives none.
func recordCommand(id testcase.ID, subject string) []string {
	c, err := testcase.Find(id)
	if err != nil || strings.ContainsFunc(subject, func(r rune) bool { return r < ' ' || r > '~' || r == '\'' }) {
		return nil
	}
	out := []string{"assay record " + string(id)}
	if subject != "" && subject != "product" {
		out = append(out, "--subject "+quote(subject))
	}
	out = append(out, "--verdict PASS")
	for _, o := range c.Observe {
		value := "…"
		if len(o.Options) > 0 {
			value = strings.Join(o.Options, "|")
		}
		out = append(out, "--observe "+quote(o.Name+"="+value))
	}
	for range c.Attach {
		out = append(out, "--attach FILE")
	}
	return append(out, "--by NAME", "--note '…'")
}

// quote quotes for a POSIX shell where something needs it; s holds no quote.
func quote(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,+@", r))
	}) || s == "" {
		return "'" + s + "'"
	}
	return s
}
