package diagram

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"assay/internal/untrusted"
)

// SVG writes the drawing. Its look is Style, which the page has to bring.
func (d *Drawing) SVG(w io.Writer) error {
	p := &pen{w: bufio.NewWriter(w)}
	prefix := identifier(d.g.Prefix)
	role := "img"
	for _, b := range d.boxes {
		if b.node.Href != "" {
			role = "group" // what is an image as a whole has no links in it for those who can't see it
		}
	}
	p.open(prefix, role, d.Width, d.Height, d.g.Title, d.g.Desc)
	for _, f := range d.frames {
		p.put(`<g class="d-group%s">`, classes(f.group.Class))
		p.title(clean(firstOf(f.group.Label, f.group.ID), maxText))
		p.rect("d-frame", f.rect, 10)
		p.put("</g>\n")
	}
	for _, l := range d.wires {
		p.wire(l)
	}
	for _, f := range d.frames {
		p.text("d-grouplabel d-over", f.x+12, f.y+20, f.label)
		p.put("\n")
	}
	for i, b := range d.boxes {
		p.box(prefix, i, b)
	}
	// Labels come last: nothing lies on them.
	for _, l := range d.wires {
		if l.label != "" {
			class := "d-edgelabel"
			if l.over {
				class += " d-over"
			}
			p.put(`<g class="d-caption%s">`, classes(l.edge.Class))
			p.title(l.edge.full())
			p.text(class, l.text.x, l.text.y+l.text.h-3.5, l.label)
			p.put("</g>\n")
		}
	}
	p.put("</svg>\n")
	if p.err != nil {
		return fmt.Errorf("diagram: %w", p.err)
	}
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("diagram: %w", err)
	}
	return nil
}

// pen writes markup and keeps the first error.
type pen struct {
	w   *bufio.Writer
	err error
}

// put writes markup of this package. What comes from outside goes through
// escape.
func (p *pen) put(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// open begins a picture. Without width and height it would grow with the page,
// so it has its natural size, which a page may let shrink.
func (p *pen) open(prefix, role string, width, height float64, title, desc string) {
	labels := prefix + "-title"
	if desc != "" {
		labels += " " + prefix + "-desc"
	}
	p.put(`<svg xmlns="http://www.w3.org/2000/svg" id="%s" class="diagram" role="%s" aria-labelledby="%s" viewBox="0 0 %s %s" width="%[4]s" height="%[5]s">`+"\n",
		prefix, role, labels, num(width), num(height))
	p.put(`<title id="%s-title">%s</title>`+"\n", prefix, escape(clean(firstOf(title, "·"), maxText)))
	if desc != "" {
		p.put(`<desc id="%s-desc">%s</desc>`+"\n", prefix, escape(clean(desc, maxText)))
	}
}

func (p *pen) title(s string) {
	if s != "" {
		p.put("<title>%s</title>", escape(s))
	}
}

func (p *pen) rect(class string, r rect, round float64) {
	p.put(`<rect class="%s" x="%s" y="%s" width="%s" height="%s"`, class, num(r.x), num(r.y), num(r.w), num(r.h))
	if round > 0 {
		p.put(` rx="%s"`, num(round))
	}
	p.put("/>")
}

func (p *pen) text(class string, x, y float64, s string) {
	p.put(`<text class="%s" x="%s" y="%s">%s</text>`, class, num(x), num(y), escape(s))
}

func (p *pen) path(class, d string) { p.put(`<path class="%s" d="%s"/>`, class, d) }

// wire draws an edge. The line ends a little before an arrowhead's point, so
// that its width doesn't blunt it.
func (p *pen) wire(l wire) {
	if len(l.points) < 2 {
		return
	}
	p.put(`<g class="d-edge%s">`, classes(l.edge.Class))
	p.title(l.edge.full())
	points := append([]point(nil), l.points...)
	var heads []string
	if l.end {
		n := len(points)
		heads = append(heads, head(points[n-2], points[n-1]))
		points[n-1] = before(points[n-2], points[n-1])
	}
	if l.start {
		heads = append(heads, head(points[1], points[0]))
		points[0] = before(points[1], points[0])
	}
	p.path("d-line", rounded(points, 7))
	for _, h := range heads {
		p.path("d-arrow", h)
	}
	p.put("</g>\n")
}

// before is the point on the way from a to b where an arrowhead begins.
func before(a, b point) point {
	l := math.Hypot(b.x-a.x, b.y-a.y)
	if l < tip {
		return b
	}
	k := (tip - 1.5) / l
	return point{b.x - (b.x-a.x)*k, b.y - (b.y-a.y)*k}
}

// head is an arrowhead that points from a to b.
func head(a, b point) string {
	const half = 4.0
	l := max(math.Hypot(b.x-a.x, b.y-a.y), 0.01)
	dx, dy := (b.x-a.x)/l, (b.y-a.y)/l
	return fmt.Sprintf("M%s %sL%s %sL%s %sZ", num(b.x), num(b.y),
		num(b.x-dx*tip-dy*half), num(b.y-dy*tip+dx*half), num(b.x-dx*tip+dy*half), num(b.y-dy*tip-dx*half))
}

// rounded is a line through points with rounded corners.
func rounded(points []point, radius float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%s %s", num(points[0].x), num(points[0].y))
	for i := 1; i < len(points)-1; i++ {
		o, c, n := points[i-1], points[i], points[i+1]
		in, out := math.Hypot(c.x-o.x, c.y-o.y), math.Hypot(n.x-c.x, n.y-c.y)
		r := min(radius, in/2, out/2)
		if r < 0.5 {
			fmt.Fprintf(&b, "L%s %s", num(c.x), num(c.y))
			continue
		}
		fmt.Fprintf(&b, "L%s %sQ%s %s %s %s", num(c.x-(c.x-o.x)/in*r), num(c.y-(c.y-o.y)/in*r),
			num(c.x), num(c.y), num(c.x+(n.x-c.x)/out*r), num(c.y+(n.y-c.y)/out*r))
	}
	last := points[len(points)-1]
	fmt.Fprintf(&b, "L%s %s", num(last.x), num(last.y))
	return b.String()
}

// box draws a node.
func (p *pen) box(prefix string, i int, b box) {
	n := b.node
	if n.Href != "" {
		p.put(`<a href="%s">`, escape(n.Href))
	}
	p.put(`<g id="%s-n%d" class="d-node d-%s%s">`, prefix, i, n.Kind.name(), classes(n.Class))
	title := clean(firstOf(n.Label, n.ID), maxText)
	for _, more := range []string{n.Note, n.Title} {
		if more != "" {
			title += " · " + clean(more, maxText)
		}
	}
	p.title(title)
	p.shape(b)
	height := float64(len(b.lines)) * labelLine
	if b.note != "" {
		height += noteLine + 2
	}
	x, y := b.x+b.w/2, b.y+(b.h-height)/2
	if n.Kind == Store {
		x += 3
	}
	for k, l := range b.lines {
		p.text("d-label", x, y+float64(k)*labelLine+13, l)
	}
	if b.note != "" {
		p.text("d-note", x, y+height-3, b.note)
	}
	if b.badge != "" {
		w := max(20, widthOf(b.badge, noteSize)+12)
		r := rect{b.x + 8, b.y - 9, w, 18}
		p.rect("d-badge", r, 9)
		p.text("d-badgetext", r.x+w/2, r.y+13, b.badge)
	}
	p.put("</g>")
	if n.Href != "" {
		p.put("</a>")
	}
	p.put("\n")
}

// name is the kind as part of a class.
func (k Kind) name() string {
	return [...]string{"process", "store", "external", "entry", "asset", "collapsed"}[k]
}

func (p *pen) shape(b box) {
	x, y, r, bt := num(b.x), num(b.y), num(b.right()), num(b.bottom())
	switch b.node.Kind {
	case Process:
		p.rect("d-shape", b.rect, 12)
	case Store:
		// An open rectangle with a bar, as Gane and Sarson draw it: the fill has
		// no outline of its own.
		p.rect("d-fill", b.rect, 0)
		p.path("d-outline", fmt.Sprintf("M%s %sH%sV%sH%s", r, y, x, bt, r))
		p.path("d-outline", fmt.Sprintf("M%s %sV%s", num(b.x+8), y, bt))
	case External:
		p.rect("d-shape", b.rect, 0)
	case Entry:
		p.rect("d-shape", b.rect, min(b.w, b.h)/2)
	case Asset:
		k := hexagon(b.card)
		mid := num(b.y + b.h/2)
		p.path("d-shape", fmt.Sprintf("M%s %sL%s %sL%s %sL%s %sL%s %sL%s %sZ", num(b.x+k), y, num(b.right()-k), y,
			r, mid, num(b.right()-k), bt, num(b.x+k), bt, x, mid))
	case Collapsed:
		p.rect("d-shape d-behind", rect{b.x + 5, b.y + 5, b.w, b.h}, 10)
		p.rect("d-shape", b.rect, 10)
	}
}

// full is all that an edge says, for its title.
func (e *Edge) full() string {
	s := clean(e.caption(), maxText)
	if e.Title != "" && e.Title != e.Label {
		s = strings.TrimPrefix(s+" · "+clean(e.Title, maxText), " · ")
	}
	return s
}

// num writes a length with a tenth of a pixel at most.
func num(f float64) string {
	return strconv.FormatFloat(math.Round(f*10)/10+0, 'f', -1, 64)
}

// escape makes a text safe as content and as the value of an attribute.
func escape(s string) string { return untrusted.From(s, len(s)).XML() }

// identifier is a prefix that is safe as part of an id.
func identifier(s string) string {
	if s = word(s); s == "" || s[0] >= '0' && s[0] <= '9' || s[0] == '-' {
		return "d" + s
	}
	return s
}

// classes turns what the caller calls a class into classes of Style.
func classes(s string) string {
	var b strings.Builder
	for i, c := range strings.Fields(s) {
		if c = word(c); c != "" && i < 4 {
			b.WriteString(" d-" + c)
		}
	}
	return b.String()
}

// word keeps what may stand in an id or a class.
func word(s string) string {
	const most = 40
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, s)
	return s[:min(len(s), most)]
}
