package diagram

import "math"

// draw turns places along and across into places on the sheet.
func (b *board) draw(index map[string]int) *Drawing {
	d := &Drawing{g: b.g, boxes: make([]box, len(b.g.Nodes))}
	lo := math.Inf(1)
	for _, id := range b.top {
		lo = min(lo, b.middle(id)-b.items[id].before)
	}
	shift := 0.0
	if len(b.top) > 0 {
		shift = margin - lo
	}
	for _, id := range b.top {
		b.items[id].at += shift
	}
	for v, id := range b.nodes {
		it := &b.items[id]
		l := it.first
		along := (b.starts[l] + b.ends[l] - b.along(v)) / 2
		d.boxes[v] = box{b.rect(along, b.middle(id)-b.across(v)/2, b.along(v), b.across(v)), &b.g.Nodes[v], b.cards[v]}
	}
	d.frames = b.frames()
	b.boxes = d.boxes
	d.wires = b.wires()
	d.wires = append(d.wires, b.loops(index)...)
	d.fit()
	return d
}

// rect is a rectangle along and across, on the sheet.
func (b *board) rect(along, across, length, breadth float64) rect {
	if b.g.Direction == Down {
		return rect{across, along, breadth, length}
	}
	return rect{along, across, length, breadth}
}

func (b *board) point(along, across float64) point {
	if b.g.Direction == Down {
		return point{across, along}
	}
	return point{along, across}
}

func (b *board) frames() []frame {
	var out []frame
	groups := make(map[string]int, len(b.g.Groups))
	for i, g := range b.g.Groups {
		groups[g.ID] = i
	}
	head := pad
	if b.g.Direction == Down {
		head = padHead
	}
	for _, id := range b.top {
		it := &b.items[id]
		if len(it.members) == 0 {
			continue
		}
		var g *Group
		for _, m := range it.members {
			if v := b.items[m].node; v >= 0 {
				g = &b.g.Groups[groups[b.g.Nodes[v].Group]]
				break
			}
		}
		from := b.starts[it.first] - head
		f := frame{rect: b.rect(from, it.at-it.before, b.ends[it.last]+pad-from, it.before+it.aft), group: g}
		f.label, _ = short(clean(firstOf(g.Label, g.ID), maxText), noteSize+1, f.w-20)
		out = append(out, f)
	}
	return out
}

// wires joins the hops of each arc to one line with its label.
func (b *board) wires() []wire {
	of := make([][]int, len(b.arcs))
	for i, h := range b.hops {
		of[h.arc] = append(of[h.arc], i)
	}
	var out []wire
	at := make([]int, len(b.hops))
	for a, hops := range of {
		w := wire{edge: &b.edges[b.arcs[a].edge]}
		for _, i := range hops {
			h := &b.hops[i]
			at[i] = len(out)
			from, to := b.middle(h.from)+h.start, b.middle(h.to)+h.end
			start, end := b.side(h.from, h.start, true), b.side(h.to, h.end, false)
			track := b.tracks[h.channel] + float64(h.track)*trackGap
			w.points = append(w.points, b.point(start, from), b.point(track, from), b.point(track, to), b.point(end, to))
			w.start, w.end = w.start || h.fromTip, w.end || h.toTip
			if h.labelled && b.g.Direction == Right {
				zone := b.tracks[h.channel] - 8 - b.labelZone(h.channel)
				w.label, w.text = b.label(w.edge, b.labelMost())
				w.text.x, w.text.y = zone, from-w.text.h-2
			}
			if lane := &b.items[h.to]; lane.arc >= 0 {
				b.laneLabel(&w, h.to)
			}
		}
		w.points = simple(w.points)
		out = append(out, w)
	}
	if b.g.Direction == Down {
		for c := range b.rows {
			rows := b.stagger(c, nil)
			b.stagger(c, func(i, row int, text string, width float64) {
				h := &b.hops[i]
				w := &out[at[i]]
				top := b.tracks[c] - 8 - noteLine*float64(rows-row)
				w.label, w.over = text, true
				w.text = rect{b.middle(h.from) + h.start - width/2, top, width, noteLine}
			})
		}
	}
	return out
}

// label is the caption of an edge, cut to a width, with its size.
func (b *board) label(e *Edge, width float64) (string, rect) {
	text, _ := short(clean(e.caption(), maxText), noteSize, width)
	return text, rect{w: widthOf(text, noteSize), h: noteLine}
}

func (b *board) laneLabel(w *wire, id int) {
	if w.edge.caption() == "" {
		return
	}
	// Within one layer no line runs across.
	it := &b.items[id]
	best := (it.first + it.last) / 2
	for l := it.first; l <= it.last && b.g.Direction == Right; l++ {
		if b.ends[l]-b.starts[l] > b.ends[best]-b.starts[best] {
			best = l
		}
	}
	from, to := b.starts[best], b.ends[best]
	if b.g.Direction == Down {
		w.label, w.text = b.label(w.edge, b.labelMost())
		w.text.x, w.text.y, w.over = b.middle(id)-w.text.w/2, (from+to-w.text.h)/2, true
		return
	}
	w.label, w.text = b.label(w.edge, to-from)
	w.text.x, w.text.y = (from+to-w.text.w)/2, b.middle(id)-w.text.h-2
}

// side is where a line meets an item: at the outline of a box, or at the
// beginning or end of a lane.
func (b *board) side(id int, off float64, ahead bool) float64 {
	it := &b.items[id]
	if it.node < 0 {
		if ahead {
			return b.ends[it.last]
		}
		return b.starts[it.first]
	}
	mid, half := (b.starts[it.first]+b.ends[it.first])/2, b.along(it.node)/2
	half -= hollow(b.g.Nodes[it.node].Kind, b.g.Direction, off, b.cards[it.node])
	if ahead {
		return mid + half
	}
	return mid - half
}

// hollow is how far a shape's outline lies within its rectangle, off its
// middle.
func hollow(k Kind, d Direction, off float64, c card) float64 {
	off = math.Abs(off)
	r := min(c.height/2, c.width/2)
	switch {
	case k == Entry && d == Right && c.height/2 <= c.width/2:
		return r - math.Sqrt(max(0, r*r-off*off))
	case k == Entry:
		beyond := max(0, off-(c.width/2-r))
		return r - math.Sqrt(max(0, r*r-beyond*beyond))
	case k == Asset && d == Right:
		return hexagon(c) * min(1, off/(c.height/2))
	case k == Asset:
		beyond := max(0, off-(c.width/2-hexagon(c)))
		return beyond / hexagon(c) * c.height / 2
	}
	return 0
}

// hexagon is the length of a hexagon's points.
func hexagon(c card) float64 { return min(c.height/3, 18) }

// loops draws edges from a node to itself, at the side where no other line is.
func (b *board) loops(index map[string]int) []wire {
	var out []wire
	for i := range b.edges {
		e := &b.edges[i]
		if e.From != e.To {
			continue
		}
		v := index[e.From]
		r := b.boxes[v].rect
		w := wire{edge: e, end: true}
		if b.g.Direction == Down {
			y := r.y + r.h/2
			in := hollow(b.g.Nodes[v].Kind, Right, 8, b.cards[v])
			w.points = []point{{r.x + in, y + 8}, {r.x - loopSize, y + 8}, {r.x - loopSize, y - 8}, {r.x + in, y - 8}}
			out = append(out, w)
			continue
		}
		x := r.right() - 34 - hollow(b.g.Nodes[v].Kind, Right, 0, b.cards[v])
		w.points = []point{{x, r.y}, {x, r.y - loopSize}, {x + 16, r.y - loopSize}, {x + 16, r.y}}
		room := x - r.x - 8
		if b.cards[v].badge != "" {
			room -= 40
		}
		if e.caption() != "" && room > 24 {
			w.label, w.text = b.label(e, room)
			w.text.x, w.text.y = x-5-w.text.w, r.y-w.text.h-2
		}
		out = append(out, w)
	}
	return out
}

// simple drops points that don't bend the line.
func simple(points []point) []point {
	var out []point
	near := func(a, b float64) bool { return math.Abs(a-b) < 0.75 }
	for _, p := range points {
		n := len(out)
		if n > 0 && near(out[n-1].x, p.x) && near(out[n-1].y, p.y) {
			continue
		}
		if n > 1 && (near(out[n-2].x, out[n-1].x) && near(out[n-1].x, p.x) || near(out[n-2].y, out[n-1].y) && near(out[n-1].y, p.y)) {
			out[n-1] = p
			continue
		}
		out = append(out, p)
	}
	return out
}

// fit makes the sheet as large as what is on it.
func (d *Drawing) fit() {
	d.Width, d.Height = 120, 40
	grow := func(x, y float64) { d.Width, d.Height = max(d.Width, x+margin), max(d.Height, y+margin) }
	for _, b := range d.boxes {
		grow(b.right(), b.bottom())
	}
	for _, f := range d.frames {
		grow(f.right(), f.bottom())
	}
	for _, w := range d.wires {
		for _, p := range w.points {
			grow(p.x, p.y)
		}
		grow(w.text.right(), w.text.bottom())
	}
	d.Width, d.Height = math.Ceil(d.Width), math.Ceil(d.Height)
}
