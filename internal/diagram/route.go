package diagram

import (
	"cmp"
	"math"
	"slices"
)

// Distances between lines.
const (
	pitch      = 11.0 // at a box, room for arrowheads
	pitchLabel = 18.0 // with labels between the lines
	trackGap   = 10.0
	labelMost  = 144.0
	labelDown  = 104.0
	tip        = 8.0 // of an arrowhead
	loopSize   = 18.0
)

// ports spreads the ends of hops over the sides of the boxes, in the order of
// what they lead to, and makes the boxes large enough.
func (b *board) ports() {
	out, in := make([][]int, len(b.items)), make([][]int, len(b.items))
	for i := range b.hops {
		h := &b.hops[i]
		lane := b.items[h.from].arc >= 0 || b.items[h.to].arc >= 0
		h.labelled = !lane && b.edges[b.arcs[h.arc].edge].caption() != ""
		out[h.from], in[h.to] = append(out[h.from], i), append(in[h.to], i)
	}
	for id := range b.items {
		it := &b.items[id]
		switch {
		case it.arc >= 0:
			it.before, it.aft = b.laneRoom(it)
		case it.node >= 0:
			need := max(b.spread(out[id], true), b.spread(in[id], false)) + 2*inset
			b.widen(it.node, need)
			half := b.across(it.node) / 2
			it.before, it.aft = half, half
			if b.cards[it.node].loop {
				it.before += loopSize + 2
			}
		}
	}
}

// laneRoom is the room that a lane takes, with its label.
func (b *board) laneRoom(it *item) (before, aft float64) {
	label := b.edges[b.arcs[it.arc].edge].caption()
	switch {
	case label == "":
		return 4, 4
	case b.g.Direction == Down:
		half := min(widthOf(clean(label, maxText), noteSize), labelDown)/2 + 4
		return half, half
	}
	return noteLine + 3, 4
}

// widen makes a box at least so large across.
func (b *board) widen(node int, need float64) {
	c := &b.cards[node]
	if b.g.Direction == Down {
		c.width = max(c.width, need)
	} else {
		c.height = max(c.height, need)
	}
}

// spread gives the hops on one side of a box their places around its middle,
// and returns the distance from the first to the last.
func (b *board) spread(hops []int, ahead bool) float64 {
	far := func(i int) int {
		if ahead {
			return b.hops[i].to
		}
		return b.hops[i].from
	}
	slices.SortStableFunc(hops, func(x, y int) int {
		return cmp.Or(cmp.Compare(b.rank[far(x)], b.rank[far(y)]), cmp.Compare(x, y))
	})
	whole := 0.0
	for k := 1; k < len(hops); k++ {
		whole += b.step(hops, k, ahead)
	}
	at := -whole / 2
	for k, i := range hops {
		if k > 0 {
			at += b.step(hops, k, ahead)
		}
		if ahead {
			b.hops[i].start = at
		} else {
			b.hops[i].end = at
		}
	}
	if n := len(hops); ahead && n > 0 && b.g.Direction == Down {
		reach := max(b.labelHalf(hops[0]), b.labelHalf(hops[n-1]))
		return whole + 2*max(0, reach-inset)
	}
	return whole
}

// step is the distance between a line on one side of a box and the one before:
// labels stand between the lines, or on them where lines lead down. Lines come
// in as far apart as they go out if they are few, so that a pair is straight.
func (b *board) step(hops []int, k int, ahead bool) float64 {
	const few = 6
	if b.g.Direction == Down {
		if !ahead {
			return pitch
		}
		return max(pitch, b.labelHalf(hops[k-1])+b.labelHalf(hops[k])+pitch/2)
	}
	if (ahead || len(hops) <= few) && slices.ContainsFunc(hops, func(i int) bool { return b.hops[i].labelled }) {
		return pitchLabel
	}
	return pitch
}

// labelHalf is half the width of the label at a hop.
func (b *board) labelHalf(i int) float64 {
	if !b.hops[i].labelled {
		return 0
	}
	_, r := b.label(&b.edges[b.arcs[b.hops[i].arc].edge], b.labelMost())
	return r.w / 2
}

// labelMost is the greatest width of a label between two layers.
func (b *board) labelMost() float64 {
	if b.g.Direction == Down {
		return labelDown
	}
	return labelMost
}

// titleRoom is the width of a frame that its label asks for.
func (b *board) titleRoom(g *item) float64 {
	const most = 200.0
	for _, m := range g.members {
		if v := b.items[m].node; v >= 0 {
			return min(most, widthOf(clean(b.titles[b.g.Nodes[v].Group], maxText), labelSize)+24)
		}
	}
	return 0
}

// straighten moves ends along the sides of boxes where that takes a bend out of
// a line.
func (b *board) straighten() {
	out, in := make([][]int, len(b.items)), make([][]int, len(b.items))
	for i, h := range b.hops {
		out[h.from], in[h.to] = append(out[h.from], i), append(in[h.to], i)
	}
	for id := range b.items { // as spread sorted them
		slices.SortStableFunc(out[id], func(x, y int) int { return cmp.Compare(b.hops[x].start, b.hops[y].start) })
		slices.SortStableFunc(in[id], func(x, y int) int { return cmp.Compare(b.hops[x].end, b.hops[y].end) })
	}
	const passes = 3 // one end may have to give way to another first
	for k := range passes * len(b.hops) {
		i := k % len(b.hops)
		h := &b.hops[i]
		bend := b.middle(h.to) + h.end - b.middle(h.from) - h.start
		if math.Abs(bend) < 0.01 {
			continue
		}
		lo, hi := b.slide(out[h.from], i, h.from, true)
		if at := h.start + bend; lo <= at && at <= hi {
			h.start = at
			continue
		}
		lo, hi = b.slide(in[h.to], i, h.to, false)
		if at := h.end - bend; lo <= at && at <= hi {
			h.end = at
		}
	}
}

// slide is the range in which an end may move.
func (b *board) slide(side []int, hop, id int, ahead bool) (lo, hi float64) {
	it := &b.items[id]
	if it.node < 0 {
		return 1, 0
	}
	at := func(k int) float64 {
		if ahead {
			return b.hops[side[k]].start
		}
		return b.hops[side[k]].end
	}
	half := b.across(it.node)/2 - inset
	if ahead && b.g.Direction == Down {
		half -= max(0, b.labelHalf(hop)-2*inset) // labels don't reach far beyond the box
	}
	if k := b.g.Nodes[it.node].Kind; k == Entry || k == Asset {
		half = min(half, b.across(it.node)/4) // not far round the corner
	}
	lo, hi = -half, half
	k := slices.Index(side, hop)
	if k > 0 {
		lo = max(lo, at(k-1)+b.step(side, k, ahead))
	}
	if k < len(side)-1 {
		hi = min(hi, at(k+1)-b.step(side, k+1, ahead))
	}
	return lo, hi
}

// bend is a hop that changes its place across, within its channel.
type bend struct {
	hop        int
	start, end float64
}

func (s bend) lo() float64 { return min(s.start, s.end) }
func (s bend) hi() float64 { return max(s.start, s.end) }

// route gives every bent hop a track, and every layer its place along.
func (b *board) route() {
	b.rows = make([][]int, max(0, b.layers-1))
	for i, h := range b.hops {
		b.rows[h.channel] = append(b.rows[h.channel], i)
	}
	size := make([]float64, b.layers)
	opens, closes := make([]bool, b.layers), make([]bool, b.layers)
	for _, it := range b.items {
		if it.node >= 0 {
			size[it.first] = max(size[it.first], b.along(it.node))
		}
		if len(it.members) > 0 {
			opens[it.first], closes[it.last] = true, true
			if it.first == it.last && b.g.Direction == Right {
				size[it.first] = max(size[it.first], b.titleRoom(&it)-2*pad)
			}
		}
	}
	head := pad
	if b.g.Direction == Down {
		head = padHead
	}
	b.starts, b.ends, b.tracks = make([]float64, b.layers), make([]float64, b.layers), make([]float64, b.layers)
	at := margin
	for l := range b.layers {
		if opens[l] {
			at += head
		}
		b.starts[l] = at
		at += size[l]
		b.ends[l] = at
		if closes[l] {
			at += pad
		}
		if l == b.layers-1 {
			break
		}
		tracks := b.tracksOf(l)
		at += tip + 4 + b.labelZone(l) + 8
		b.tracks[l] = at
		if tracks > 0 {
			at += float64(tracks-1) * trackGap
		}
		at += tip + 10
	}
}

// labelZone is the room along the direction for the labels of a channel.
func (b *board) labelZone(channel int) float64 {
	zone := 0.0
	for _, i := range b.rows[channel] {
		if !b.hops[i].labelled {
			continue
		}
		zone = max(zone, 2*b.labelHalf(i))
	}
	if b.g.Direction == Down && zone > 0 {
		return noteLine * float64(b.stagger(channel, nil))
	}
	return zone
}

// stagger puts the labels of a channel that leads down into as few rows as they
// need not to touch, and returns how many. place gets each label.
func (b *board) stagger(channel int, place func(hop, row int, text string, width float64)) int {
	hops := slices.Clone(b.rows[channel])
	at := func(i int) float64 { return b.middle(b.hops[i].from) + b.hops[i].start }
	slices.SortStableFunc(hops, func(x, y int) int { return cmp.Compare(at(x), at(y)) })
	var rows []float64
	for _, i := range hops {
		if !b.hops[i].labelled {
			continue
		}
		text, r := b.label(&b.edges[b.arcs[b.hops[i].arc].edge], labelDown)
		w := r.w
		row := slices.IndexFunc(rows, func(end float64) bool { return end+8 <= at(i)-w/2 })
		if row < 0 {
			row = len(rows)
			rows = append(rows, 0)
		}
		rows[row] = at(i) + w/2
		if place != nil {
			place(i, row, text, w)
		}
	}
	return len(rows)
}

// tracksOf orders the bends of a channel with few crossings and no two lines on
// one another, and returns how many tracks they take.
func (b *board) tracksOf(channel int) int {
	var bends []bend
	for _, i := range b.rows[channel] {
		h := &b.hops[i]
		s := bend{i, b.middle(h.from) + h.start, b.middle(h.to) + h.end}
		if math.Abs(s.start-s.end) > 0.5 {
			bends = append(bends, s)
		}
	}
	// What leads down turns the earlier the lower it begins, what leads up the
	// earlier the higher: then those of one direction don't cross.
	key := func(s bend) float64 {
		if s.end > s.start {
			return -s.start
		}
		return s.start
	}
	slices.SortStableFunc(bends, func(x, y bend) int { return cmp.Compare(key(x), key(y)) })
	const most = 300
	if len(bends) > most {
		for k, s := range bends {
			b.hops[s.hop].track = k
		}
		return len(bends)
	}
	for range len(bends) {
		moved := false
		for k := 1; k < len(bends); k++ {
			if x, y := bends[k-1], bends[k]; badly(y, x) < badly(x, y) {
				bends[k-1], bends[k] = y, x
				moved = true
			}
		}
		if !moved {
			break
		}
	}
	tracks := 0
	for k, s := range bends {
		t := 0
		for _, o := range bends[:k] {
			if o.lo() < s.hi()+7 && s.lo() < o.hi()+7 {
				t = max(t, b.hops[o.hop].track+1)
			}
		}
		b.hops[s.hop].track = t
		tracks = max(tracks, t+1)
	}
	return tracks
}

// badly is how bad it is that bend x runs across before bend y.
func badly(x, y bend) int {
	n := 0
	if math.Abs(y.start-x.end) < 5 {
		n += 50 // one line on the other
	}
	if x.lo() < y.start && y.start < x.hi() {
		n++
	}
	if y.lo() < x.end && x.end < y.hi() {
		n++
	}
	return n
}
