package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"assay/internal/judge"
	"assay/internal/verdict"
)

// Bounds of the summary on a terminal: what fits on two screens.
const (
	maxTextFindings = 10
	maxTextNeeds    = 8
	maxTextOther    = 8
	minWidth        = 40
)

// encodeText writes the summary of a run for a terminal: verdict and counts
// per standard, the worst findings, what is undecided by what would decide
// it, declared against observed, and where the report is.
func encodeText(w io.Writer, in Input) error {
	if err := in.check(); err != nil {
		return err
	}
	width := in.Width
	if width <= 0 {
		width = 80
	}
	b := bufio.NewWriter(w)
	t := &textWriter{view: newView(in), w: b, width: max(width, minWidth)}
	t.head()
	t.standards()
	t.findings()
	t.threats()
	t.needs()
	t.different()
	t.foot()
	if err := b.Flush(); err != nil {
		return fmt.Errorf("report: summary: %w", err)
	}
	return nil
}

// textWriter writes to a bufio.Writer, whose Flush tells of the first error.
type textWriter struct {
	*view
	w     *bufio.Writer
	width int
}

func (t *textWriter) line(parts ...string) {
	for _, p := range parts {
		t.w.WriteString(p) //nolint:errcheck // told by Flush
	}
	t.w.WriteByte('\n') //nolint:errcheck // told by Flush
}

// block writes text behind a lead, wrapped and indented by its columns.
func (t *textWriter) block(lead string, indent int, text string) {
	lines := Wrap(text, t.width-indent)
	for i, l := range lines {
		if i == 0 {
			t.line(lead, strings.Repeat(" ", max(0, indent-columns(lead))), l)
			continue
		}
		t.line(strings.Repeat(" ", indent), l)
	}
}

func (t *textWriter) title(s string) {
	t.line()
	t.block("", 0, t.paint(bold, s))
}

func (t *textWriter) head() {
	id, r := t.in.Product.Identity, t.in.Run
	t.block("", 0, t.paint(bold, foreign(id.Name).Text())+"  "+foreign(id.Model+"  "+id.Release+" · "+id.Maker.Name).Text())
	t.block("", 0, t.kicker()+" · "+foreign(r.ID).Text()+" · "+stamp(r.Started))
	if r.Ended.IsZero() {
		t.block("", 0, t.s("report.note.stopped"))
	}
	if len(t.Simulated) > 0 {
		t.block("", 0, t.s("report.note.simulated", "units", joined(t.Simulated)))
	}
	if t.Samples > 0 {
		t.block("", 0, t.counted("report.note.samples", t.Samples))
	}
}

func joined(ps []phrase) string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Text())
	}
	return strings.Join(out, ", ")
}

func (t *textWriter) standards() {
	for _, s := range t.Standards {
		t.line()
		word := t.verdict(s.Verdict)
		name := prose(s.Title + " " + s.Version).Text()
		name = runewidth.Truncate(name, max(8, t.width-columns(word)-2), "…")
		t.line(t.paint(bold, name), strings.Repeat(" ", max(2, t.width-columns(name)-columns(word))), t.mark(s.Verdict, word))
		t.block("", 2, t.s("report.text.counts", "n", fmt.Sprint(s.Summary.Total()), "tally", t.tally(s.Summary)))
		t.block("", 2, t.s("report.text.rule", "profile", t.s("report.profile."+s.Profile), "rule", prose(s.Rule).Text()))
	}
	told := make(map[string]bool)
	for _, o := range t.Overruled {
		key := o.Case + "\x00" + o.Subject.raw()
		if told[key] {
			continue
		}
		told[key] = true
		t.block("  ! ", 4, t.s("report.text.overruled", "case", o.Case, "subject", o.Subject.Text(), "by", o.By.By.Text()))
	}
}

func (t *textWriter) findings() {
	var act, advisory []findingView
	for _, f := range t.Findings {
		if f.Advisory {
			advisory = append(advisory, f)
		} else {
			act = append(act, f)
		}
	}
	if len(t.Findings) == 0 {
		t.title(t.s("report.text.no-findings"))
		return
	}
	shown := append(act, advisory...)
	if len(shown) > maxTextFindings {
		shown = shown[:maxTextFindings]
	}
	t.title(t.s("report.text.findings", "shown", fmt.Sprint(len(shown)), "n", fmt.Sprint(len(t.Findings))))
	for i, f := range shown {
		lead := fmt.Sprintf("%2d  %s", i+1, t.or(string(f.Severity), "severity."+string(f.Severity)))
		if f.Advisory {
			lead = fmt.Sprintf("%2d  %s", i+1, t.s("report.advisory"))
		}
		const indent = 14
		t.block(t.paint(severityColor(f), lead), indent, f.Title.Text())
		place := runewidth.Truncate(f.Subject.Text(), t.width, "…")
		if len(f.Evidence) > 0 && !f.Evidence[0].Locator.Empty() {
			place += ", " + runewidth.Truncate(f.Evidence[0].Locator.Text(), t.width, "…")
		}
		t.block("", indent, t.paint(dim, strings.Join(requirementNames(f.Requirements, 6), ", ")+" · "+place))
		if !f.Remedy.Empty() {
			t.line(strings.Repeat(" ", indent), runewidth.Truncate("→ "+f.Remedy.Text(), t.width-indent, "…"))
		}
	}
}

// requirementNames are the ids alone, at most n and the number of the rest.
func requirementNames(ls []linkView, n int) []string {
	var out []string
	for i, l := range ls {
		if i == n {
			return append(out, fmt.Sprintf("+%d", len(ls)-n))
		}
		out = append(out, prose(l.ID).Text())
	}
	return out
}

func (t *textWriter) needs() {
	if len(t.Needs) == 0 {
		return
	}
	waiting := make(map[judge.Requirement]bool)
	for _, v := range t.in.Assessment.Verdicts {
		if v.Verdict == verdict.Inconclusive {
			waiting[judge.Requirement{Standard: v.Standard, Requirement: v.Requirement}] = true
		}
	}
	t.title(t.counted("report.text.undecided", len(waiting)))
	for i, n := range t.Needs {
		if i == maxTextNeeds {
			t.line("      ", t.counted("report.text.more", len(t.Needs)-maxTextNeeds))
			break
		}
		what := n.Items[0].What.Text()
		switch {
		case len(n.Items) > 1 && t.texts.Has("report.need."+strings.TrimPrefix(n.Key, "provide.")), n.Key == recordKey:
			what = n.Title + " (" + t.counted("report.text.items", len(n.Items)) + ")"
		case len(n.Items) > 1:
			what += " (" + t.counted("report.text.more", len(n.Items)-1) + ")"
		}
		t.block(fmt.Sprintf("%4d  ", n.Count), 6, what)
	}
}

func (t *textWriter) different() {
	if len(t.Different) == 0 {
		return
	}
	t.title(t.s("report.text.different"))
	for i, d := range t.Different {
		if i == maxTextOther {
			t.line("  ", t.counted("report.text.more", len(t.Different)-maxTextOther))
			break
		}
		t.block("  ", 2, d.What.Text()+": "+t.s("report.text.declared-observed", "declared", d.Declared.Text(), "observed", d.Observed.Text()))
	}
}

func (t *textWriter) foot() {
	if n := len(t.NotTried); n > 0 {
		t.line()
		t.block("", 0, t.counted("report.text.not-tried", n))
	}
	for _, e := range t.in.Errors {
		t.block("  ! ", 4, foreign(e.Message).Text())
	}
	if t.in.Report != "" {
		t.line()
		// A path is never wrapped: people copy it.
		t.line(t.s("report.text.report"), foreign(t.in.Report).Text())
	}
}

// Colours of a terminal (ECMA-48 SGR), used only where Input.Color is set.
const (
	bold = "1"
	dim  = "2"
)

func (t *textWriter) paint(color, s string) string {
	if !t.in.Color || color == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

func (t *textWriter) mark(v verdict.Verdict, s string) string {
	return t.paint(map[verdict.Verdict]string{verdict.Pass: "1;32", verdict.Fail: "1;31", verdict.Inconclusive: "1;33"}[v], s)
}

func severityColor(f findingView) string {
	if f.Advisory {
		return dim
	}
	return map[string]string{"critical": "1;31", "high": "31", "medium": "33"}[string(f.Severity)]
}
