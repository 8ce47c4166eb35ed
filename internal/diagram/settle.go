package diagram

import (
	"cmp"
	"math"
	"slices"
)

// apart says that item b is at least gap behind item a.
type apart struct {
	a, b int
	gap  float64
}

// settle gives each variable the place nearest to the one it wants at which all
// distances hold. Variables are numbered in an order in which every a is before
// its b. The method is that of Dwyer, Marriott and Stuckey ("Fast Node Overlap
// Removal", 2005) without its splitting of blocks: what would stand too near
// becomes one rigid block, which goes to the mean of what its parts want.
func settle(want, weight []float64, rules []apart) []float64 {
	const most = 6_000 // beyond it the cost would be felt
	if len(rules) > most {
		return settleRoughly(want, rules)
	}
	type block struct {
		vars      []int
		at        float64
		sum, mass float64
	}
	into := make([][]apart, len(want))
	for _, r := range rules {
		into[r.b] = append(into[r.b], r)
	}
	blocks, off := make([]*block, len(want)), make([]float64, len(want))
	place := func(v int) float64 { return blocks[v].at + off[v] }
	for v := range want {
		b := &block{[]int{v}, want[v], want[v] * weight[v], weight[v]}
		blocks[v] = b
		for {
			const exact = 1e-6
			worst, by := apart{}, exact
			for _, m := range b.vars {
				for _, r := range into[m] {
					if blocks[r.a] == b {
						continue
					}
					if d := place(r.a) + r.gap - place(r.b); d > by {
						worst, by = r, d
					}
				}
			}
			if by == exact {
				break
			}
			left := blocks[worst.a]
			shift := off[worst.a] + worst.gap - off[worst.b] // from left's origin to b's
			for _, m := range b.vars {
				off[m] += shift
				blocks[m] = left
			}
			left.sum += b.sum - shift*b.mass
			left.mass += b.mass
			left.vars = append(left.vars, b.vars...)
			left.at = left.sum / left.mass
			b = left
		}
	}
	out := make([]float64, len(want))
	for v := range out {
		out[v] = place(v)
	}
	return out
}

// settleRoughly is settle for many variables: between pushing everything one
// way and pushing it the other, both of which keep the distances, and so does
// what is between.
func settleRoughly(want []float64, rules []apart) []float64 {
	down, up := slices.Clone(want), slices.Clone(want)
	slices.SortStableFunc(rules, func(x, y apart) int { return cmp.Compare(x.b, y.b) })
	for _, r := range rules {
		down[r.b] = max(down[r.b], down[r.a]+r.gap)
	}
	slices.SortStableFunc(rules, func(x, y apart) int { return cmp.Compare(y.a, x.a) })
	for _, r := range rules {
		up[r.a] = min(up[r.a], up[r.b]-r.gap)
	}
	for i := range down {
		down[i] = (down[i] + up[i]) / 2
	}
	return down
}

// Distances across the layers.
const (
	gapBoxes = 26.0
	gapLane  = 12.0
	gapGroup = 18.0
)

// rules lists the distances between the items of one list, and how they are
// numbered: by their place in it.
func (b *board) rules(list []int) []apart {
	last := make([]int, b.layers)
	for i := range last {
		last[i] = -1
	}
	var out []apart
	for i, id := range list {
		it := &b.items[id]
		var prev []int
		for l := it.first; l <= it.last; l++ {
			if last[l] >= 0 {
				prev = append(prev, last[l])
			}
			last[l] = i
		}
		slices.Sort(prev)
		for _, p := range slices.Compact(prev) {
			before := &b.items[list[p]]
			out = append(out, apart{p, i, before.aft + it.before + gap(before, it)})
		}
	}
	return out
}

func gap(x, y *item) float64 {
	switch {
	case x.node < 0 && x.arc < 0 || y.node < 0 && y.arc < 0:
		return gapGroup
	case x.arc >= 0 && y.arc >= 0:
		return gapLane / 2
	case x.arc >= 0 || y.arc >= 0:
		return gapLane
	}
	return gapBoxes
}

// place gives every item its middle. Members and whole groups are moved in turn
// to where their edges are straight, as far as their neighbours allow.
func (b *board) place() {
	ends := b.neighbours()
	const rounds = 10
	top := b.rules(b.top)
	inner := make(map[int][]apart)
	for _, id := range b.top {
		if m := b.items[id].members; len(m) > 0 {
			inner[id] = b.rules(m)
		}
	}
	for round := range rounds {
		for _, id := range b.top {
			if m := b.items[id].members; len(m) > 0 {
				b.settleList(m, slices.Clone(inner[id]), ends, round)
				b.frame(id)
			}
		}
		if len(inner) > 0 {
			top = b.rules(b.top) // frames have changed
		}
		b.settleList(b.top, slices.Clone(top), ends, round)
	}
	for range 2 {
		for _, id := range b.top {
			if it := &b.items[id]; len(it.members) > 0 {
				b.nudge(it.members, inner[id], ends)
			}
		}
		b.nudge(b.top, top, ends)
	}
}

// nudge moves one item after the other to where it wishes to be, as far as the
// others and the frame leave room as they stand.
func (b *board) nudge(list []int, rules []apart, ends [][]end) {
	lo, hi := make([]float64, len(list)), make([]float64, len(list))
	for i, id := range list {
		it := &b.items[id]
		lo[i], hi[i] = math.Inf(-1), math.Inf(1)
		if it.group >= 0 {
			g := &b.items[it.group]
			lo[i], hi[i] = b.head()-g.before+it.before, g.aft-pad-it.aft
		}
	}
	for i, id := range list {
		it := &b.items[id]
		from, to := lo[i], hi[i]
		for _, r := range rules {
			switch i {
			case r.b:
				from = max(from, b.items[list[r.a]].at+r.gap)
			case r.a:
				to = min(to, b.items[list[r.b]].at-r.gap)
			}
		}
		if from <= to {
			it.at = max(from, min(median(b.wishes(id, ends, both), it.at), to))
		}
	}
}

// head is the room across between a frame and what it holds, where it begins.
func (b *board) head() float64 {
	if b.g.Direction == Down {
		return pad
	}
	return padHead
}

// frame makes a group as large as its members need.
func (b *board) frame(id int) {
	g := &b.items[id]
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, m := range g.members {
		it := &b.items[m]
		lo, hi = min(lo, it.at-it.before), max(hi, it.at+it.aft)
	}
	g.before, g.aft = b.head()-lo, hi+pad
	if b.g.Direction == Down {
		g.aft = max(g.aft, b.titleRoom(g)-g.before)
	}
}

// end is a hop as one of its items sees it.
type end struct {
	other     int
	mine, its float64 // where it leaves, from the middles
	ahead     bool
}

func (b *board) neighbours() [][]end {
	out := make([][]end, len(b.items))
	for _, h := range b.hops {
		out[h.from] = append(out[h.from], end{h.to, h.start, h.end, true})
		out[h.to] = append(out[h.to], end{h.from, h.end, h.start, false})
	}
	return out
}

// middle is the middle of an item in the whole drawing.
func (b *board) middle(id int) float64 {
	it := &b.items[id]
	if it.group >= 0 {
		return it.at + b.items[it.group].at
	}
	return it.at
}

// Where an item looks for its place.
const (
	back = iota
	ahead
	both
)

// wishes are the places at which the edges of an item would be straight.
func (b *board) wishes(id int, ends [][]end, look int) []float64 {
	it := &b.items[id]
	origin := 0.0
	if it.group >= 0 {
		origin = b.items[it.group].at
	}
	var out []float64
	wish := func(e end, mine float64) {
		if look == both || e.ahead == (look == ahead) {
			out = append(out, b.middle(e.other)+e.its-mine-origin)
		}
	}
	for _, e := range ends[id] {
		wish(e, e.mine)
	}
	for _, m := range it.members {
		for _, e := range ends[m] {
			if b.items[e.other].group != id {
				wish(e, e.mine+b.items[m].at)
			}
		}
	}
	return out
}

// settleList moves the items of one list together. The first rounds look ahead
// and back in turn, the last ones both ways.
func (b *board) settleList(list []int, rules []apart, ends [][]end, round int) {
	look := round % 2
	if round >= 6 {
		look = both
	}
	want, weight := make([]float64, len(list)), make([]float64, len(list))
	for i, id := range list {
		wishes := b.wishes(id, ends, look)
		want[i], weight[i] = median(wishes, b.items[id].at), 1+float64(len(wishes))
	}
	b.gather(list, want, weight, rules)
	for i, at := range settle(want, weight, rules) {
		b.items[list[i]].at = at
	}
}

// gather keeps a list together: nobody wishes to stand farther from the middle of
// all wishes than the least height of the list asks for.
func (b *board) gather(list []int, want, weight []float64, rules []apart) {
	if len(list) == 0 {
		return
	}
	least, sum, mass := 0.0, 0.0, 0.0
	low := make([]float64, len(list))
	for i, id := range list {
		low[i] = b.items[id].before
		sum += want[i] * weight[i]
		mass += weight[i]
	}
	for _, r := range rules { // ordered by b
		low[r.b] = max(low[r.b], low[r.a]+r.gap)
	}
	for i, id := range list {
		least = max(least, low[i]+b.items[id].aft)
	}
	middle := sum / mass
	for i, id := range list {
		it := &b.items[id]
		lo, hi := middle-least/2+it.before, middle+least/2-it.aft
		want[i] = max(lo, min(want[i], hi))
	}
}

// median is the middle wish; of two, the one nearer to where the item stands.
func median(wishes []float64, now float64) float64 {
	n := len(wishes)
	if n == 0 {
		return now
	}
	slices.Sort(wishes)
	lo, hi := wishes[(n-1)/2], wishes[n/2]
	if math.Abs(lo-now) <= math.Abs(hi-now) {
		return lo
	}
	return hi
}
