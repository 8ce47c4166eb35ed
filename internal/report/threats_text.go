package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"assay/internal/diagram"
	"assay/internal/threat"
)

// Bounds of the summary on a terminal.
const (
	maxTextThreats  = 15
	maxTextMeasures = 3
	maxTextNodes    = 20
	maxTextOpen     = 5 // threat findings of one kind
)

// threatsText writes the summary of an analysis for a terminal: how many
// risks are left, what to do first, the cheapest attacks, the worst threats,
// what is open.
func threatsText(w io.Writer, in ThreatInput) error {
	width := in.Width
	if width <= 0 {
		width = 80
	}
	b := bufio.NewWriter(w)
	v := newThreatView(in, nil)
	t := threatText{&textWriter{view: &view{voice: v.voice, in: Input{Color: in.Color}}, w: b, width: max(width, minWidth)}, v}
	t.top()
	t.matrix()
	t.changes()
	t.paths()
	t.flows()
	t.worst()
	t.changed()
	t.annexes()
	t.open()
	t.notes()
	if err := b.Flush(); err != nil {
		return fmt.Errorf("report: summary of threats: %w", err)
	}
	return nil
}

type threatText struct {
	*textWriter
	t *threatView
}

func (t threatText) top() {
	id, a := t.t.a.Product.Identity, t.t.a
	t.block("", 0, t.paint(bold, foreign(id.Name).Text())+"  "+foreign(id.Model+"  "+id.Release+" · "+id.Maker.Name).Text())
	run := t.s("threat.text.no-run")
	if a.Run != "" {
		run = foreign(a.Run).Text()
	}
	t.block("", 0, t.s("threat.title")+" · "+foreign(a.Profile.ID).Text()+" · "+run)
	t.line()
	for _, x := range []struct {
		key string
		l   levels
	}{{"threat.text.now", t.t.Now}, {"threat.text.before", t.t.Before}, {"threat.text.after", t.t.After}} {
		if x.key == "threat.text.now" && !t.t.run {
			continue
		}
		t.block("", 2, t.s(x.key, "n", fmt.Sprint(t.t.total), "tally", t.t.Tally(x.l)))
	}
	if t.t.Failed > 0 {
		t.block("  ! ", 4, t.paint("1;31", t.s("threat.failed", "n", fmt.Sprint(t.t.Failed))))
	}
}

// names are the requirements of a countermeasure, by standard and id.
func (m measureView) names() string {
	var out []string
	for _, r := range m.Requirements {
		out = append(out, prose(r.Standard+"/"+r.ID).Text())
	}
	return strings.Join(out, ", ")
}

func (t threatText) changes() {
	c := t.t.Changes
	t.title(t.s("threat.changes"))
	for i, m := range c.Measures {
		t.block(fmt.Sprintf("%2d  ", i+1), 4, strings.TrimSpace(prose(m.Title()).Text()+"  "+t.paint(dim, m.names())))
	}
	t.block("", 2, c.Sentence)
	if c.Sum != "" {
		t.block("", 2, c.Sum)
	}
}

func (t threatText) paths() {
	if len(t.t.Paths) == 0 {
		return
	}
	t.title(t.s("threat.paths"))
	for i, p := range t.t.Paths {
		t.block(fmt.Sprintf("%2d  ", i+1), 4, p.Sentence.Text())
		for _, s := range p.Steps {
			if s.Title.Empty() {
				t.block("      → ", 8, s.Gives.Text())
				continue
			}
			t.block("      → ", 8, t.t.step(s).Text())
		}
		for k, m := range p.Measures {
			if k == maxTextMeasures {
				break
			}
			t.block("      + ", 8, t.paint(dim, m.Measure.names())+" "+m.Then)
		}
	}
}

// flows draws the data flows in words: all of a small product, the trust
// boundaries of a large one.
func (t threatText) flows() {
	pages := diagram.Pages(t.t.flowGraph(), maxTextNodes)
	if len(pages) == 0 || len(pages[0].Nodes) == 0 {
		return
	}
	t.title(t.s("threat.flows"))
	t.block("", 2, t.s("threat.text.flows"))
	t.line()
	page := *pages[0]
	page.Title, page.Desc = "", ""
	var b strings.Builder
	if err := diagram.Text(&b, &page, t.width); err != nil {
		t.block("", 2, t.t.say("threat.no-picture", map[string]string{"error": err.Error()}).Text())
		return
	}
	for line := range strings.Lines(b.String()) {
		t.line(strings.TrimRight(line, " \n"))
	}
}

// worst lists the threats whose risk is left, the highest first.
func (t threatText) worst() {
	var list []*threat.Threat
	for i := range t.t.a.Threats {
		if x := &t.t.a.Threats[i]; x.Residual.Level != threat.Minor {
			list = append(list, x)
		}
	}
	if len(list) == 0 {
		t.title(t.s("threat.text.nothing-left"))
		return
	}
	slices.SortStableFunc(list, func(a, b *threat.Threat) int {
		return cmp.Or(b.Residual.Product-a.Residual.Product, happens(a)-happens(b), compareRisk(a.Residual, b.Residual))
	})
	t.title(t.s("threat.text.left", "shown", fmt.Sprint(min(len(list), maxTextThreats)), "n", fmt.Sprint(len(list))))
	for i, x := range list {
		if i == maxTextThreats {
			t.line("  ", t.counted("report.text.more", len(list)-i))
			return
		}
		r := t.t.rated(x.Residual)
		const indent = 14
		color := map[threat.Level]string{threat.Critical: "1;31", threat.Major: "33"}[r.Level]
		t.block(t.paint(color, r.Symbol+" "+r.Word), indent, t.t.titled(x).Text())
		below := t.t.points(x.Residual.Potential) + " · " + foreign(x.ID).Text()
		if x.Decision != nil {
			below += " · " + t.t.decision(x.Decision).Text()
		}
		t.line(strings.Repeat(" ", indent), t.paint(dim, runewidth.Truncate(below, t.width-indent, "…")))
	}
}

// happens orders threats of the same risk: what somebody does to the product
// before what it does by itself.
func happens(t *threat.Threat) int {
	if t.Rule.Agent == threat.Maker || t.Rule.Agent == threat.Chance {
		return 1
	}
	return 0
}

func (t threatText) changed() {
	if !t.t.Compared {
		return
	}
	t.title(t.s("threat.compared", "run", t.t.AgainstRun.Text()))
	if len(t.t.Different) == 0 {
		t.block("", 2, t.s("threat.no-difference"))
	}
	for i, d := range t.t.Different {
		if i == maxTextThreats {
			t.line("  ", t.counted("report.text.more", len(t.t.Different)+t.t.MoreDifferent-i))
			break
		}
		t.block("  ", 4, d.Before.Word+" → "+d.Now.Word+"  "+d.ID.Text())
	}
}

func (t threatText) open() {
	for _, f := range t.t.Findings {
		t.title(t.s("threat.text.open", "kind", f.Kind, "n", fmt.Sprint(f.N)))
		for i, x := range f.Items {
			if f.Of == threat.Undecided {
				break // the list above names them
			}
			if i == maxTextOpen {
				t.line("  ", t.counted("report.text.more", f.N-i))
				break
			}
			text := x.Text.Text()
			if x.Line > 0 {
				text += fmt.Sprintf(" (%s:%d)", threat.DecisionsFile, x.Line)
			}
			t.block("  ", 4, text)
		}
	}
	if len(t.t.Problems) > 0 {
		t.title(t.s("threat.problems"))
		for _, p := range t.t.Problems {
			t.block("  ! ", 4, p.Text())
		}
	}
}

func (t threatText) notes() {
	t.line()
	for _, p := range t.t.About {
		t.block("", 0, t.paint(dim, p.Text()))
	}
	for _, e := range t.t.in.Errors {
		t.block("  ! ", 4, foreign(e.Message).Text())
	}
}

// threats are the two lines about threats in the summary of a run.
func (t *textWriter) threats() {
	if t.in.Threats == nil {
		return
	}
	v := t.Threats
	t.title(t.s("threat.text.line", "n", fmt.Sprint(v.total), "now", v.Tally(v.Now)))
	t.block("", 2, t.s("threat.text.line-before", "before", v.Tally(v.Before)))
	if v.Failed > 0 {
		t.block("", 2, t.s("threat.text.line-failed", "n", fmt.Sprint(v.Failed)))
	}
}
