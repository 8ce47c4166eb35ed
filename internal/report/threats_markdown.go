package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// threatsMarkdown writes an analysis as CommonMark, without HTML and without
// tables, like the test report.
func threatsMarkdown(w io.Writer, in ThreatInput) error {
	b := bufio.NewWriter(w)
	v := newThreatView(in, nil)
	m := threatMarkdown{&markdown{view: &view{voice: v.voice}, w: b}, v, 2}
	id := in.Analysis.Product.Identity
	m.line(0, "# ", md(m.s("threat.title")), ": ", foreign(id.Name).Markdown(), " ", foreign(id.Model).Markdown())
	m.line(0)
	m.item(0, m.named("report.html.release", foreign(id.Release).Markdown()))
	m.item(0, m.named("report.html.maker", foreign(id.Maker.Name).Markdown()))
	if in.Program != "" {
		m.item(0, m.named("report.html.program", "assay "+foreign(in.Program).Markdown()))
	}
	for _, e := range in.Errors {
		m.item(0, "**", foreign(e.Code).Markdown(), "** ", foreign(e.Message).Markdown(), " ", foreign(e.Where).Markdown())
	}
	m.title(2, md(m.s("threat.about")))
	m.all()
	if err := b.Flush(); err != nil {
		return fmt.Errorf("report: Markdown of threats: %w", err)
	}
	return nil
}

// threats is the part of the test report.
func (m *markdown) threats() {
	if m.in.Threats == nil {
		return
	}
	m.title(2, md(m.s("threat.title")))
	threatMarkdown{m, m.Threats, 3}.all()
}

type threatMarkdown struct {
	*markdown
	t     *threatView
	level int // of the headings
}

func (m threatMarkdown) head(key string) { m.title(m.level, md(m.s(key))) }

func (m threatMarkdown) all() {
	m.line(0, "**", m.t.Summary().Markdown(), "**")
	m.line(0)
	if m.t.Failed > 0 {
		m.item(0, "**", md(m.s("threat.failed", "n", fmt.Sprint(m.t.Failed))), "**")
	}
	for _, p := range m.t.About {
		m.item(0, p.Markdown())
	}
	m.changes()
	m.different()
	m.paths()
	m.strides()
	m.elements()
	for _, a := range m.t.Annexes {
		m.annex(a)
	}
	m.open()
}

func (m threatMarkdown) measure(x measureView) string {
	var out []string
	for _, r := range x.Requirements {
		s := md(r.Standard + " " + r.ID)
		if r.Word != "" {
			s += " (" + md(r.Word) + ")"
		}
		out = append(out, s)
	}
	text := strings.Join(out, ", ")
	if t := x.Title(); t != "" {
		text = md(t) + ": " + text
	}
	switch {
	case x.Failed:
		text += " **" + md(x.State) + "**"
	case x.State != "":
		text += " · " + md(x.State)
	}
	return text
}

func (m threatMarkdown) changes() {
	m.head("threat.changes")
	for _, x := range m.t.Changes.Measures {
		m.item(0, m.measure(x))
	}
	m.line(0)
	m.line(0, md(m.t.Changes.Sentence))
	if m.t.Changes.Sum != "" {
		m.line(0, md(m.t.Changes.Sum))
	}
}

func (m threatMarkdown) different() {
	if !m.t.Compared {
		return
	}
	m.title(m.level, m.t.fill("threat.compared", map[string]phrase{"run": m.t.AgainstRun}).Markdown())
	if len(m.t.Different) == 0 {
		m.line(0, md(m.s("threat.no-difference")))
	}
	for _, d := range m.t.Different {
		m.item(0, md(d.Before.Word), " → ", md(d.Now.Word), ": ", d.Title.Markdown(), " ", codeSpan(d.ID.Text()))
	}
	m.more(0, m.t.MoreDifferent)
}

// more says how many are left out.
func (m threatMarkdown) more(depth, n int) {
	if n > 0 {
		m.item(depth, md(m.s("threat.more", "n", fmt.Sprint(n))))
	}
}

func (m threatMarkdown) paths() {
	m.head("threat.paths")
	m.line(0, md(m.s("threat.paths.intro")))
	m.line(0)
	if len(m.t.Paths) == 0 {
		m.line(0, md(m.s("threat.changes.no-path")))
	}
	for _, p := range m.t.Paths {
		m.item(0, p.Sentence.Markdown(), " ", p.Bounds.Markdown())
		for i, s := range p.Steps {
			n := fmt.Sprintf("%d. ", i+1)
			if s.Title.Empty() {
				m.line(1, n, s.Gives.Markdown())
				continue
			}
			m.line(1, n, slices.Concat(s.Title, m.t.StepRest(s)).Markdown())
		}
		for _, x := range p.Measures {
			m.item(1, m.measure(x.Measure), " ", md(x.Then))
		}
		m.more(1, p.More)
	}
}

func (m threatMarkdown) strides() {
	m.head("threat.stride")
	for _, r := range m.t.Stride {
		var cells []string
		for _, c := range r.Cells {
			n := "·"
			if c.N > 0 {
				n = fmt.Sprintf("%d %s", c.N, c.Symbol)
			}
			cells = append(cells, c.Letter+" "+n)
		}
		m.item(0, md(r.Kind), " ", r.Name.Markdown(), ": ", strings.Join(cells, ", "))
	}
	m.more(0, m.t.MoreStride)
}

func (m threatMarkdown) elements() {
	m.head("threat.threats")
	if len(m.t.Elements) == 0 {
		m.line(0, md(m.s("threat.none")))
	}
	for _, e := range m.t.Elements {
		m.title(m.level+1, md(e.Kind), " ", e.Name.Markdown())
		m.line(0, md(m.t.Short(e.Now)))
		m.line(0)
		for _, t := range e.Threats {
			m.threat(t)
		}
		m.more(0, e.More)
	}
	m.more(0, m.t.MoreElements)
}

func (m threatMarkdown) threat(t riskView) {
	own := ""
	if t.Own {
		own = " (" + md(m.s("threat.own")) + ")"
	}
	m.item(0, "**", md(t.Now.Symbol+" "+t.Now.Word), "** ", t.Title.Markdown(), " ", codeSpan(t.ID.Text()), own)
	if !t.Scenario.Empty() {
		m.item(1, t.Scenario.Markdown())
	}
	if !t.Because.Empty() {
		m.item(1, m.named("threat.because", t.Because.Markdown()))
	}
	m.item(1, m.named("threat.class", md(t.Stride)), "; ", m.named("threat.entries", md(t.Entries)))
	for _, x := range []struct {
		key string
		r   rated
	}{{"threat.matrix.before", t.Before}, {"threat.matrix.now", t.Now}, {"threat.matrix.after", t.After}} {
		if x.key != "threat.matrix.now" || m.t.run {
			m.item(1, m.named(x.key, md(x.r.Word+" ("+x.r.How+")")))
		}
	}
	for _, w := range t.Weaknesses {
		var marks []string
		marks = append(marks, w.CWE...)
		if w.Evident {
			marks = append(marks, m.s("threat.evident"))
		}
		if w.Closed {
			marks = append(marks, m.s("threat.closed"))
		}
		s := ""
		if len(marks) > 0 {
			s = " (" + md(strings.Join(marks, ", ")) + ")"
		}
		m.item(1, m.named("threat.weakness", w.Title.Markdown()), s, ": ", md(w.Now.Word), " → ", md(w.After.Word))
		for _, x := range w.Measures {
			m.item(2, m.measure(x))
		}
	}
	var refs []string
	for _, r := range t.Refs {
		refs = append(refs, strings.TrimSpace(md(r.Name)+" "+r.ID.Markdown()))
	}
	if len(refs) > 0 {
		m.item(1, m.named("threat.refs", strings.Join(refs, ", ")))
	}
	if !t.Decision.Empty() {
		m.item(1, m.named("threat.decision", t.Decision.Markdown()))
	}
}

func (m threatMarkdown) annex(a annexView) {
	m.title(m.level, md(m.s("threat.annex")), ": ", md(a.Title))
	m.line(0, md(m.s("threat.annex.intro")), " ", md(m.s("threat.annex.differ", "n", fmt.Sprint(a.Differ), "rows", fmt.Sprint(a.Rows))))
	m.line(0)
	differs := func(yes bool) string {
		if yes {
			return " **" + md(m.s("threat.differs")) + "**"
		}
		return ""
	}
	for _, r := range a.Threats {
		m.item(0, md(r.ID+" "+r.Title), ": ", m.named("threat.printed", md(r.Printed.Word)), ", ", m.named("threat.calculated", md(r.Calculated.Word)), differs(r.Differs))
	}
	for _, r := range a.Measures {
		var reqs []string
		for _, q := range r.Requirements {
			reqs = append(reqs, q.ID)
		}
		left := ""
		if a.Run {
			left = ", " + m.named("threat.matrix.now", md(r.Now.Word))
		}
		m.item(0, md(fmt.Sprintf("%d %s (%s)", r.Row, r.Threat, strings.Join(reqs, ", "))), ": ", m.named("threat.printed", md(r.PrintedBefore.Word+" → "+r.PrintedAfter.Word)), ", ",
			m.named("threat.calculated", md(r.Before.Word+" → "+r.After.Word)), left, differs(r.Differs))
	}
}

func (m threatMarkdown) open() {
	m.head("threat.findings")
	if len(m.t.Findings) == 0 {
		m.line(0, md(m.s("threat.no-findings")))
	}
	for _, f := range m.t.Findings {
		m.item(0, "**", md(f.Kind), "** (", fmt.Sprint(f.N), ")")
		for _, x := range f.Items {
			line := ""
			if x.Line > 0 {
				line = fmt.Sprintf(" (`threats.yaml:%d`)", x.Line)
			}
			m.item(1, x.Text.Markdown(), line)
		}
		m.more(1, f.More)
	}
	if len(m.t.Problems) == 0 {
		return
	}
	m.head("threat.problems")
	for _, p := range m.t.Problems {
		m.item(0, p.Markdown())
	}
	m.more(0, m.t.MoreProblems)
}
