package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"assay/internal/verdict"
)

// encodeMarkdown writes the complete test report as CommonMark, without HTML
// and without tables: foreign text can't leave its line in either.
func encodeMarkdown(w io.Writer, in Input) error {
	if err := in.check(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	m := &markdown{view: newView(in), w: b}
	m.head()
	m.result()
	m.findings()
	m.threats()
	m.needs()
	m.others()
	for _, s := range m.Standards {
		m.standard(s)
	}
	m.reading()
	if err := b.Flush(); err != nil {
		return fmt.Errorf("report: Markdown: %w", err)
	}
	return nil
}

// markdown writes to a bufio.Writer, whose Flush tells of the first error.
type markdown struct {
	*view
	w *bufio.Writer
}

// line writes one line at a depth of list nesting.
func (m *markdown) line(depth int, parts ...string) {
	m.w.WriteString(strings.Repeat("  ", depth)) //nolint:errcheck // told by Flush
	for _, p := range parts {
		m.w.WriteString(p) //nolint:errcheck // told by Flush
	}
	m.w.WriteByte('\n') //nolint:errcheck // told by Flush
}

func (m *markdown) item(depth int, parts ...string) {
	m.line(depth, append([]string{"- "}, parts...)...)
}

func (m *markdown) title(level int, parts ...string) {
	m.line(0)
	m.line(0, append([]string{strings.Repeat("#", level) + " "}, parts...)...)
	m.line(0)
}

// md escapes a text of the standards or of the catalogue of test cases.
func md(s string) string { return prose(s).Markdown() }

func (m *markdown) word(x verdict.Verdict) string { return "**" + md(m.verdict(x)) + "**" }

func (m *markdown) named(key, value string) string { return md(m.s(key)) + ": " + value }

func (m *markdown) head() {
	id, r := m.in.Product.Identity, m.in.Run
	m.line(0, "# ", md(m.kicker()), ": ", foreign(id.Name).Markdown(), " ", foreign(id.Model).Markdown())
	m.line(0)
	m.item(0, m.named("report.html.release", foreign(id.Release).Markdown()))
	m.item(0, m.named("report.html.maker", foreign(id.Maker.Name).Markdown()))
	m.item(0, m.named("report.html.run", codeSpan(foreign(r.ID).Text())))
	m.item(0, m.named("report.html.when", md(between(r.Started, r.Ended))))
	if r.By != "" {
		m.item(0, m.named("report.html.by", foreign(r.By).Markdown()))
	}
	m.item(0, m.named("report.html.program", "assay "+foreign(r.Program).Markdown()))
	for _, u := range m.in.Product.Units {
		m.item(0, m.named("report.html.units", m.unit(u.ID, u.Serial, u.Simulated).Markdown()))
	}
	if r.Head != "" {
		m.item(0, m.named("report.html.head", codeSpan(foreign(r.Head).Text())))
	}
}

func (m *markdown) result() {
	m.title(2, md(m.s("report.html.result")))
	for _, o := range m.Overruled {
		who := md(m.s("report.html.overruled-auto"))
		if !o.Automatic {
			who = md(m.s("report.html.overruled-person")) + " " + o.Failed.Markdown()
		}
		m.item(0, "**", md(m.s("report.html.overruled")), "** ", md(o.Case), ", ", o.Subject.Markdown(), ": ", who, " → ", m.word(o.Verdict), ", ",
			o.By.By.Markdown(), " (", o.By.Role.Markdown(), "), ", o.By.At, ": ", o.By.Note.Markdown(), " (", m.requirements(o.Requirements), ")")
	}
	for _, s := range m.Standards {
		m.item(0, "**", md(s.Title+" "+s.Version), "**: ", m.word(s.Verdict), " (", md(m.or(s.Profile, "report.profile."+s.Profile)), ")")
		m.item(1, md(s.Rule))
		m.item(1, md(m.s("report.text.counts", "n", fmt.Sprint(s.Summary.Total()), "tally", m.tally(s.Summary))))
		for _, a := range s.Aspects {
			m.item(1, md(a.ID+" "+a.Title), ": ", md(m.tally(a.Summary)))
		}
	}
	m.line(0)
	for _, n := range m.notes() {
		m.item(0, n.Markdown())
	}
	for _, e := range m.in.Errors {
		m.item(0, "**", foreign(e.Code).Markdown(), "** ", foreign(e.Message).Markdown(), " ", foreign(e.Where).Markdown())
	}
}

func (m *markdown) requirements(ls []linkView) string {
	var out []string
	for _, l := range ls {
		out = append(out, md(l.Standard+" "+l.ID))
	}
	return strings.Join(out, ", ")
}

func (m *markdown) findings() {
	m.title(2, md(m.s("report.html.findings")))
	if len(m.Findings) == 0 {
		m.line(0, md(m.s("report.html.no-findings")))
	}
	for _, f := range m.Findings {
		severity := m.or(string(f.Severity), "severity."+string(f.Severity))
		if f.Advisory {
			severity = m.s("report.advisory")
		}
		m.item(0, "**", md(severity), "** ", f.Title.Markdown(), " (`", f.ID, "`)")
		m.item(1, m.requirements(f.Requirements), " · ", md(f.CaseTitle), " · ", f.Subject.Markdown())
		if !f.Remedy.Empty() {
			m.item(1, m.named("report.html.remedy", f.Remedy.Markdown()))
		}
		for _, r := range f.Evidence {
			m.ref(1, r)
		}
	}
}

// ref writes a place in the evidence, with its excerpt as code.
func (m *markdown) ref(depth int, r refView) {
	sha := ""
	if r.SHA256 != "" {
		sha = " (SHA-256 `" + r.SHA256 + "…`)"
	}
	m.item(depth, m.named("report.html.evidence", r.Locator.Markdown()), sha)
	for _, l := range r.Lines {
		if text := l.Text(); strings.TrimSpace(text) != "" {
			m.item(depth+1, codeSpan(text))
		}
	}
}

func (m *markdown) needs() {
	m.title(2, md(m.s("report.html.undecided")))
	if len(m.Needs) == 0 {
		m.line(0, md(m.s("report.html.no-undecided")))
	}
	for _, n := range m.Needs {
		title := md(n.Title)
		if title == "" {
			title = n.Items[0].What.Markdown()
		}
		m.item(0, "**", title, "** (", md(m.counted("report.html.requirements", n.Count)), ")")
		if n.Title == "" {
			m.item(1, m.requirements(n.Items[0].Requirements))
			continue
		}
		for _, i := range n.Items {
			what := i.What.Markdown()
			if len(i.Command) > 0 {
				what = md(i.Case) + ", " + i.Subject.Markdown()
			}
			m.item(1, what, " (", m.requirements(i.Requirements), ")")
			for k, s := range i.Steps {
				m.line(2, fmt.Sprint(k+1), ". ", s.Markdown())
			}
			if !i.Expect.Empty() {
				m.item(2, md(m.s("report.html.expect")), " ", i.Expect.Markdown())
			}
			if len(i.Command) > 0 {
				m.item(2, codeSpan(strings.Join(i.Command, " ")))
			}
		}
	}
}

func (m *markdown) others() {
	m.title(2, md(m.s("report.html.declared")))
	if len(m.Different) == 0 {
		m.line(0, md(m.s("report.html.no-difference")))
	}
	for _, d := range m.Different {
		m.item(0, d.What.Markdown(), ": ", m.named("report.html.is-declared", d.Declared.Markdown()), "; ",
			m.named("report.html.is-observed", d.Observed.Markdown()))
	}
	m.title(2, md(m.s("report.html.not-tried")))
	if len(m.NotTried) == 0 {
		m.line(0, md(m.s("report.html.none-untried")))
	}
	for _, n := range m.NotTried {
		m.item(0, md(n.Test), ", ", n.Subject.Markdown(), ": ", n.Why.Markdown())
	}
}

func (m *markdown) standard(s standardView) {
	m.title(2, md(s.Title+" "+s.Version))
	for _, a := range s.Aspects {
		m.title(3, md(a.ID+" "+a.Title))
		for _, r := range a.Requirements {
			m.requirement(r)
		}
	}
}

func (m *markdown) requirement(r requirementView) {
	m.title(4, md(r.ID+" "+r.Title), ": ", md(m.verdict(r.Verdict)))
	text := md(r.Text)
	if !r.Verified {
		text += " (" + md(m.s("report.unverified")) + ")"
	}
	m.line(0, text)
	m.line(0)
	m.item(0, m.named("report.html.status", md(m.or(r.Status, "status."+r.Status))))
	claim := md(m.claim(r.Claim, r.Status))
	if !r.ClaimWhy.Empty() {
		claim += ": " + r.ClaimWhy.Markdown()
	}
	m.item(0, m.named("report.html.claim", claim))
	for _, c := range r.Conditions {
		m.item(0, m.named("report.html.condition", md(c)))
	}
	if r.Other != "" {
		m.item(0, m.named("report.html.readings", md(m.or(r.Profile, "report.profile."+r.Profile))+" "+m.word(r.Verdict)+"; "+
			md(m.or(r.OtherProfile, "report.profile."+r.OtherProfile))+" "+m.word(r.Other)))
	}
	for _, x := range []struct{ key, text string }{{"report.html.our-reading", r.Interp}, {"report.html.note", r.Note}, {"report.html.remedy", r.Remedy}} {
		if x.text != "" && (x.key != "report.html.remedy" || r.Verdict != verdict.Pass) {
			m.item(0, m.named(x.key, md(x.text)))
		}
	}
	var maps []string
	for _, x := range r.Maps {
		name := md(x.Name)
		if !x.Official {
			name += " (" + md(m.s("report.html.ours")) + ")"
		}
		maps = append(maps, name)
	}
	if len(maps) > 0 {
		m.item(0, m.named("report.html.maps", strings.Join(maps, ", ")))
	}
	for _, x := range r.Reasons {
		m.item(0, x.Markdown())
	}
	for _, c := range r.Components {
		parts := []string{c.Name.Markdown(), ": ", m.word(c.Verdict)}
		for _, x := range c.Reasons {
			parts = append(parts, " – ", x.Markdown())
		}
		m.item(0, parts...)
	}
	if r.Tree != nil {
		m.node(0, r.Tree)
	}
}

func (m *markdown) node(depth int, n *node) {
	switch {
	case n.Case != nil:
		m.testCaseItem(depth, n.Case)
		return
	case n.Any:
		m.item(depth, md(m.s("report.html.any")), " ", m.word(n.Verdict))
		for i, x := range n.Members {
			m.item(depth+1, md(m.counted("report.html.alternative", i+1)), " ", m.word(x.Verdict))
			m.node(depth+2, x)
		}
		return
	}
	for _, x := range n.Members {
		m.node(depth, x)
	}
}

func (m *markdown) testCaseItem(depth int, c *caseView) {
	params := ""
	if c.Params != "" {
		params = " " + codeSpan(prose(c.Params).Text())
	}
	m.item(depth, md(c.Title), " `", c.ID, "`", params, " (", md(c.Kind+", "+c.Method), ") ", m.word(c.Verdict))
	for _, r := range c.Results {
		m.resultItem(depth+1, r)
	}
	if c.More > 0 {
		m.item(depth+1, md(m.counted("report.html.more", c.More)))
	}
}

func (m *markdown) resultItem(depth int, r resultView) {
	m.item(depth, r.Subject.Markdown(), ": ", m.word(r.Verdict))
	depth++
	for _, x := range r.Reasons {
		m.item(depth, x.Markdown())
	}
	for _, x := range r.Findings {
		m.item(depth, m.named("report.advisory", x.Markdown()))
	}
	for _, x := range r.Provide {
		m.item(depth, md(m.s("report.html.provide")), " ", x.Markdown())
	}
	if p := r.Person; p != nil {
		sample, auto := "", ""
		if p.Sample {
			sample = " (" + md(m.s("report.html.sample")) + ")"
		}
		if r.Automatic != "" {
			auto = "; " + md(m.s("report.html.automatic")) + " " + m.word(r.Automatic)
		}
		m.item(depth, p.By.Markdown(), " (", p.Role.Markdown(), "), ", p.At, ": ", m.word(p.Verdict), sample, auto)
		if !p.Note.Empty() {
			m.item(depth+1, p.Note.Markdown())
		}
		for _, o := range p.Observed {
			m.item(depth+1, o.Name.Markdown(), ": ", o.Value.Markdown())
		}
		for _, a := range p.Attachments {
			m.ref(depth+1, a)
		}
	}
	for _, f := range r.Facts {
		m.item(depth, codeSpan(f.Kind), " ", f.Subject.Markdown(), " (", f.Seen.Markdown(), ")")
		var values []string
		for _, x := range f.Values {
			values = append(values, x.Name.Markdown()+" "+x.Value.Markdown())
		}
		if len(values) > 0 {
			m.item(depth+1, strings.Join(values, "; "))
		}
		for _, e := range f.Evidence {
			m.ref(depth+1, e)
		}
	}
	if r.More > 0 {
		m.item(depth, md(m.counted("report.html.more", r.More)))
	}
}

func (m *markdown) reading() {
	m.title(2, md(m.s("report.html.reading")))
	m.line(0, md(m.s("report.html.how")))
	m.line(0)
	for _, x := range verdict.Known() {
		m.item(0, m.word(x), ": ", md(m.s("verdict."+string(x)+".means")))
	}
	m.line(0)
	m.line(0, md(m.s("report.html.facts-first")))
	m.line(0)
	for _, s := range m.Standards {
		for _, u := range s.Unverified {
			m.item(0, md(s.ID), ", ", m.named("report.unverified", md(u)))
		}
		for _, x := range s.Mappings {
			m.item(0, md(s.ID+": "+x))
		}
	}
}
