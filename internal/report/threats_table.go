package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"assay/internal/threat"
)

// matrix is the risk matrix on a terminal: each cell holds how many threats
// there are without countermeasures, as the run leaves them, and with all of
// them in place.
func (t threatText) matrix() {
	var before, now, after [4][4]int
	for _, x := range t.t.a.Threats {
		before[x.Before.Likelihood][x.Before.Impact]++
		now[x.Residual.Likelihood][x.Residual.Impact]++
		after[x.After.Likelihood][x.After.Impact]++
	}
	t.title(t.s("threat.matrix"))
	if t.t.run {
		t.block("", 2, t.s("threat.text.matrix-run"))
	} else {
		t.block("", 2, t.s("threat.text.matrix"))
	}
	t.line()
	rows := [][]string{{t.s("threat.likelihood") + " \\ " + t.s("threat.impact")}}
	for impact := 1; impact <= 3; impact++ {
		rows[0] = append(rows[0], t.s(fmt.Sprintf("threat.impact.%d", impact)))
	}
	for likelihood := 3; likelihood >= 1; likelihood-- {
		row := []string{t.s(fmt.Sprintf("threat.likelihood.%d", likelihood))}
		for impact := 1; impact <= 3; impact++ {
			cell := fmt.Sprintf("%s %d → ", mark(t.t.a.Profile, likelihood*impact), before[likelihood][impact])
			if t.t.run {
				cell += fmt.Sprintf("%d → ", now[likelihood][impact])
			}
			row = append(row, cell+fmt.Sprint(after[likelihood][impact]))
		}
		rows = append(rows, row)
	}
	t.table(rows)
}

// mark is the symbol of the level that a product of likelihood and impact
// has.
func mark(p threat.Profile, product int) string {
	for _, l := range p.Risk {
		for _, x := range l.Products {
			if x == product {
				return symbolOf(l.Level)
			}
		}
	}
	return " "
}

// annexes prints the risk analysis of each standard beside the calculated
// one.
func (t threatText) annexes() {
	for _, a := range t.t.a.Annexes {
		t.title(t.s("threat.annex") + " " + string(a.Standard))
		t.block("", 2, t.s("threat.annex.intro"))
		t.line()
		t.line("  ", t.s("threat.annex.threats"))
		rows := [][]string{{"", t.s("threat.printed"), t.s("threat.calculated"), "", t.s("threat.weakness")}}
		for _, r := range a.Threats {
			rows = append(rows, []string{r.ID, t.marked(r.Printed), t.marked(r.Calculated), t.differs(r.Differs()), r.Weakness.In(string(t.lang))})
		}
		t.table(rows)
		t.line()
		t.line("  ", t.s("threat.annex.measures"))
		rows = [][]string{{"", t.s("threat.printed"), t.s("threat.calculated"), "", t.s("threat.requirements")}}
		for _, r := range a.Measures {
			var ids []string
			for _, id := range r.Requirements {
				ids = append(ids, string(id))
			}
			rows = append(rows, []string{fmt.Sprintf("%d %s", r.Row, r.Threat), t.marked(r.PrintedBefore) + " → " + t.marked(r.PrintedAfter),
				t.marked(r.CalculatedBefore) + " → " + t.marked(r.CalculatedAfter), t.differs(r.Differs()), strings.Join(ids, ", ")})
		}
		t.table(rows)
	}
}

func (t threatText) marked(l threat.Level) string {
	return strings.TrimSpace(symbolOf(l) + " " + t.t.level(l))
}

func (t threatText) differs(yes bool) string {
	if yes {
		return "≠"
	}
	return ""
}

// minLast is the least width that a table's last column is cut to.
const minLast = 12

// table prints rows of cells in columns; the last one is cut at the
// terminal's width. Where the columns don't fit, each row becomes a
// paragraph.
func (t threatText) table(rows [][]string) {
	width := map[int]int{}
	for _, r := range rows {
		for i, c := range r {
			width[i] = max(width[i], runewidth.StringWidth(c))
		}
	}
	last := len(rows[0]) - 1
	whole := 2 + min(width[last], minLast)
	for i := range last {
		whole += width[i] + 2
	}
	if whole > t.width {
		for _, r := range rows {
			t.block("", 4, strings.Join(slices.DeleteFunc(r, func(c string) bool { return c == "" }), " · "))
		}
		return
	}
	for _, r := range rows {
		var b strings.Builder
		b.WriteString("  ")
		for i, c := range r[:last] {
			b.WriteString(c + strings.Repeat(" ", width[i]-runewidth.StringWidth(c)+2))
		}
		b.WriteString(runewidth.Truncate(r[last], t.width-runewidth.StringWidth(b.String()), "…"))
		t.line(strings.TrimRight(b.String(), " "))
	}
}
