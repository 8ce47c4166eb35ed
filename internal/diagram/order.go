package diagram

import (
	"cmp"
	"fmt"
	"slices"
)

// The whole layout rests on one idea that keeps it right: items stand in a
// total order across the layers. A node is in one layer; a lane, which is the
// straight middle part of an edge over several layers, and a group span some.
// Whatever shares a layer keeps that order and a distance, a group with all of
// its frame. So frames can't overlap, hold no stranger, and no line runs
// through a box.

// item is a node, or the lane of an edge, or a group.
type item struct {
	node, arc   int // one of them, the other is -1; both -1 in a group
	first, last int // layers
	group       int // index of the item that holds it, or -1
	members     []int
	thick       int     // about its size across, for the order
	before, aft float64 // size across, from its middle
	at          float64 // middle; of a member, within its group
}

// hop is the part of an arc between two neighbouring layers.
type hop struct {
	arc            int
	channel        int // between this layer and the next
	from, to       int // items
	start, end     float64
	labelled       bool // the label stands here, and not on a lane
	fromTip, toTip bool
	track          int // where it runs across, from the beginning of the channel
}

// wall is a part of an item that crosses a channel: of a lane, or of a frame.
type wall struct{ channel, item int }

// board is the state of a layout.
type board struct {
	g      *Graph
	edges  []Edge
	arcs   []arc
	layers int
	items  []item
	nodes  []int // item of each node
	hops   []hop
	top    []int // items that are in no group, in order
	lines  []line
	rank   []int    // place of an item in the total order
	of     [][]line // lines of an item, with those of its members
	budget int
	titles map[string]string // of the groups
	boxes  []box
	cards  []card
	rows   [][]int   // per channel, its hops
	starts []float64 // of the layers, along the direction
	ends   []float64
	tracks []float64 // per channel, where the first track is
}

// line is a hop or a wall as the order sees it.
type line struct{ channel, from, to, weight int }

// maxCells bounds the lanes: how many layers all of them cross together.
const maxCells = 200_000

// sift bounds the work on the order, in comparisons. It is enough for some
// hundred nodes; a larger picture comes out with more crossings.
const sift = 2_500_000

// build makes the items and hops of a graph whose layers are known.
func (b *board) build(layer []int, group []int) error {
	b.nodes = make([]int, len(layer))
	groups := make([]int, len(b.g.Groups))
	for i := range groups {
		groups[i] = -1
	}
	for v, l := range layer {
		parent := -1
		if g := group[v]; g >= 0 {
			if groups[g] < 0 {
				groups[g] = b.add(item{node: -1, arc: -1, group: -1, first: l, last: l})
			}
			parent = groups[g]
		}
		b.nodes[v] = b.add(item{node: v, arc: -1, first: l, last: l, group: parent, thick: 3})
		b.layers = max(b.layers, l+1)
	}
	cells := 0
	for i, a := range b.arcs {
		from, to := b.nodes[a.from], b.nodes[a.to]
		lf, lt := layer[a.from], layer[a.to]
		if lt == lf+1 {
			b.hops = append(b.hops, hop{arc: i, channel: lf, from: from, to: to, fromTip: a.reversed, toTip: !a.reversed})
			continue
		}
		if cells += lt - lf; cells > maxCells {
			return fmt.Errorf("edges pass %d layers or more: %w", maxCells, ErrTooLarge)
		}
		parent := b.items[from].group
		if parent != b.items[to].group {
			parent = -1
		}
		lane := b.add(item{node: -1, arc: i, first: lf + 1, last: lt - 1, group: parent, thick: 1})
		b.hops = append(b.hops,
			hop{arc: i, channel: lf, from: from, to: lane, fromTip: a.reversed},
			hop{arc: i, channel: lt - 1, from: lane, to: to, toTip: !a.reversed})
	}
	return nil
}

func (b *board) add(it item) int {
	id := len(b.items)
	b.items = append(b.items, it)
	if it.group < 0 {
		b.top = append(b.top, id)
		return id
	}
	p := &b.items[it.group]
	p.members = append(p.members, id)
	p.first, p.last = min(p.first, it.first), max(p.last, it.last)
	return id
}

// order puts the items into a total order with few crossings: each in turn is
// moved to where it has fewest (sifting), until nothing changes.
func (b *board) order() {
	b.connect()
	b.rank = make([]int, len(b.items))
	b.number(b.top, 0)
	b.budget = sift
	const rounds = 4
	for range rounds {
		moved := b.siftList(b.top)
		for _, id := range b.top {
			if len(b.items[id].members) > 1 {
				moved = b.siftList(b.items[id].members) || moved
			}
		}
		if !moved || b.budget <= 0 {
			return
		}
	}
}

// connect lists the lines of each item, by channel.
func (b *board) connect() {
	b.of = make([][]line, len(b.items))
	put := func(l line, ids ...int) {
		for i, id := range ids {
			if id >= 0 && !slices.Contains(ids[:i], id) {
				b.of[id] = append(b.of[id], l)
			}
		}
	}
	for _, h := range b.hops {
		l := line{h.channel, h.from, h.to, 2}
		put(l, h.from, h.to, b.items[h.from].group, b.items[h.to].group)
	}
	for id, it := range b.items {
		if it.node >= 0 {
			continue
		}
		weight := 2
		if it.arc < 0 {
			weight = 3 // a line through a boundary that it doesn't belong to is worse than a crossing
		}
		for c := it.first; c < it.last; c++ {
			put(line{c, id, id, weight}, id, it.group)
		}
	}
	for _, lines := range b.of {
		slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.channel, b.channel) })
	}
}

// number ranks items from a place on and returns the next place.
func (b *board) number(ids []int, place int) int {
	for _, id := range ids {
		b.rank[id] = place
		if m := b.items[id].members; len(m) > 0 {
			place = b.number(m, place+1) + 1
		} else {
			place += b.items[id].thick
		}
	}
	return place
}

// siftList moves each item of a list to its best place in it.
func (b *board) siftList(list []int) bool {
	moved := false
	turn := slices.Clone(list)
	slices.SortStableFunc(turn, func(x, y int) int { return cmp.Compare(len(b.of[y]), len(b.of[x])) })
	for _, id := range turn {
		from := slices.Index(list, id)
		at, best, bestAt, cost := from, 0, from, 0
		step := func(to int) {
			lo := min(at, to)
			cost += b.swap(list, lo)
			at = to
			if cost < best {
				best, bestAt = cost, at
			}
		}
		for at > 0 && b.budget > 0 {
			step(at - 1)
		}
		for at < len(list)-1 && b.budget > 0 {
			step(at + 1)
		}
		for at > bestAt {
			at--
			b.exchange(list, at)
		}
		for at < bestAt {
			b.exchange(list, at)
			at++
		}
		moved = moved || bestAt != from
		if b.budget <= 0 {
			break
		}
	}
	return moved
}

// swap exchanges two neighbours in a list and returns by how much the drawing
// became worse.
func (b *board) swap(list []int, i int) int {
	x, y := list[i], list[i+1]
	before := b.cost(x, y)
	b.exchange(list, i)
	return b.cost(x, y) - before
}

func (b *board) exchange(list []int, i int) {
	list[i], list[i+1] = list[i+1], list[i]
	b.number(list[i:i+2], min(b.rank[list[i]], b.rank[list[i+1]]))
}

// crossing is what one crossing costs, in terms of length across.
const crossing = 200

// cost is the crossings between the lines of two items, and their lengths.
func (b *board) cost(x, y int) int {
	xs, ys, rank := b.of[x], b.of[y], b.rank
	b.budget -= len(xs) + len(ys) + 1
	n := 0
	for i := range xs {
		n += abs(rank[xs[i].from] - rank[xs[i].to])
	}
	for i := range ys {
		n += abs(rank[ys[i].from] - rank[ys[i].to])
	}
	// Lines change sides only where both items are: in the layers they share.
	first, last := max(b.items[x].first, b.items[y].first), min(b.items[x].last, b.items[y].last)
	if first > last {
		return n
	}
	xs, ys = window(xs, first-1, last), window(ys, first-1, last)
	for i, j := 0, 0; i < len(xs) && j < len(ys); {
		c := xs[i].channel
		if d := ys[j].channel; c != d {
			if c < d {
				i++
			} else {
				j++
			}
			continue
		}
		endX, endY := i, j
		for endX < len(xs) && xs[endX].channel == c {
			endX++
		}
		for endY < len(ys) && ys[endY].channel == c {
			endY++
		}
		for k := i; k < endX; k++ {
			s := &xs[k]
			from, to := rank[s.from], rank[s.to]
			for m := j; m < endY; m++ {
				t := &ys[m]
				if (from-rank[t.from])*(to-rank[t.to]) < 0 && !b.inside(s, t) && !b.inside(t, s) {
					n += crossing * max(s.weight, t.weight)
				}
			}
		}
		b.budget -= (endX - i) * (endY - j)
		i, j = endX, endY
	}
	return n
}

// window is the part of sorted lines that lie between two channels.
func window(lines []line, first, last int) []line {
	lo, hi := 0, len(lines)
	for lo < hi && lines[lo].channel < first {
		lo++
	}
	for lo < hi && lines[hi-1].channel > last {
		hi--
	}
	return lines[lo:hi]
}

// inside says whether a line begins or ends in the group whose wall another is.
func (b *board) inside(wall, l *line) bool {
	if wall.from != wall.to || len(b.items[wall.from].members) == 0 {
		return false
	}
	return b.items[l.from].group == wall.from || b.items[l.to].group == wall.from
}

func abs(n int) int { return max(n, -n) }
