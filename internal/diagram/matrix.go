package diagram

import (
	"bufio"
	"fmt"
	"io"
)

// Matrix is a risk matrix of three by three: how many risks stand where, before
// and after they were treated.
type Matrix struct {
	Prefix, Title, Desc string
	Likelihood, Impact  string    // what the axes are: up, and to the right
	Likelihoods         [3]string // names of the steps, lowest first
	Impacts             [3]string
	Cells               [3][3]Cell // by likelihood, then by impact, lowest first
	Treated             bool       // whether the counts after treatment mean something
	Before, After       string     // what the two counts are called, for the legend
	Levels              [3]string  // names of minor, major, critical, for the legend
}

// Cell is one field of the matrix.
type Cell struct {
	Before, After int
	Class         string // minor, major or critical
}

// SVG writes the matrix, with the same Style as a drawing.
func (m *Matrix) SVG(w io.Writer) error {
	const (
		cellW, cellH, space = 104.0, 76.0, 6.0
		top, most           = 12.0, 150.0
	)
	left := 0.0
	var ticks [3]string
	for i, t := range m.Likelihoods {
		ticks[i], _ = short(clean(t, maxText), 12, 110)
		left = max(left, widthOf(ticks[i], 12))
	}
	left += 48 // for the axis, which is written upwards
	bottom := top + 3*cellH + 2*space
	width := left + 3*cellW + 2*space + margin
	p := &pen{w: bufio.NewWriter(w)}
	legend, legendRows := m.legend(left, bottom+62, width-margin)
	height := bottom + 46 + float64(legendRows)*20
	if legendRows > 0 {
		height += 8
	}
	p.open(identifier(m.Prefix), "img", width, height, m.Title, m.Desc)
	middle := (top + bottom) / 2
	axis, _ := short(clean(m.Likelihood, maxText), 12, bottom-top)
	p.put(`<text class="d-axis" x="%s" y="%s" transform="rotate(-90 %[1]s %[2]s)">%[3]s</text>`+"\n", num(22), num(middle), escape(axis))
	for i := range 3 {
		y := bottom - float64(i+1)*cellH - float64(i)*space
		p.text("d-tick d-left", left-10, y+cellH/2+4, ticks[i])
		for k := range 3 {
			m.cell(p, m.Cells[i][k], rect{left + float64(k)*(cellW+space), y, cellW, cellH}, i, k)
		}
		x := left + float64(i)*(cellW+space) + cellW/2
		tick, _ := short(clean(m.Impacts[i], maxText), 12, cellW)
		p.text("d-tick", x, bottom+18, tick)
		p.put("\n")
	}
	axis, _ = short(clean(m.Impact, maxText), 12, 3*cellW)
	p.text("d-axis", left+(3*cellW+2*space)/2, bottom+40, axis)
	for _, e := range legend {
		p.put("\n"+`<g class="d-key d-level-%s">`, e.class)
		p.text("d-mark", e.x, e.y, e.mark)
		p.text("d-legend", e.x+widthOf(e.mark, 12)+5, e.y, e.text)
		p.put("</g>")
	}
	p.put("\n</svg>\n")
	if p.err != nil {
		return fmt.Errorf("risk matrix: %w", p.err)
	}
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("risk matrix: %w", err)
	}
	return nil
}

func (m *Matrix) cell(p *pen, c Cell, r rect, likelihood, impact int) {
	class := [...]string{"none", "minor", "major", "critical"}[gravity(c.Class)]
	p.put(`<g class="d-level-%s">`, class)
	title := fmt.Sprintf("%s: %s · %s: %s · %d", clean(m.Likelihood, maxText), clean(m.Likelihoods[likelihood], maxText),
		clean(m.Impact, maxText), clean(m.Impacts[impact], maxText), c.Before)
	if m.Treated {
		title += fmt.Sprintf(" → %d", c.After)
	}
	p.title(title)
	p.rect("d-cell", r, 6)
	p.text("d-mark", r.x+9, r.y+18, symbol(c.Class))
	count, x, y := "d-count", r.x+r.w/2, r.y+r.h/2+8
	now := c.Before
	if m.Treated {
		now = c.After
	}
	if now == 0 {
		count += " d-none"
	}
	if m.Treated && c.Before != c.After {
		y += 7
		p.text("d-was", x, r.y+r.h/2-14, fmt.Sprintf("%d →", c.Before))
	}
	p.text(count, x, y, fmt.Sprint(now))
	p.put("</g>")
}

type key struct {
	class, mark, text string
	x, y              float64
}

// legend places what the symbols mean, in as many rows as it needs.
func (m *Matrix) legend(left, top, right float64) ([]key, int) {
	var out []key
	x, rows := left, 0
	add := func(class, mark, text string) {
		text, _ = short(clean(text, maxText), 12, right-left-20)
		if text == "" {
			return
		}
		w := widthOf(mark, 12) + 5 + widthOf(text, 12) + 18
		if rows == 0 {
			rows = 1
		} else if x+w-18 > right {
			rows++
			x = left
		}
		out = append(out, key{class, mark, text, x, top + float64(rows-1)*20})
		x += w
	}
	for i, c := range []string{"minor", "major", "critical"} {
		add(c, symbol(c), m.Levels[i])
	}
	if m.Treated && m.Before != "" && m.After != "" {
		add("none", "n →", m.Before)
		add("none", "n", m.After)
	}
	return out, rows
}
