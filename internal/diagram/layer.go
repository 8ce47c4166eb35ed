package diagram

import (
	"math"
	"slices"
)

// arc is an edge between two different nodes as the layout sees it: it leads
// from a lower to a higher layer. Where it had to be turned round, reversed
// says so, and the arrowhead goes to its beginning.
type arc struct {
	edge     int
	from, to int
	reversed bool
}

// arcs makes the graph acyclic: edges said to lead back are turned round, and so
// is each that closes a cycle in a depth-first search in the order of input.
func arcs(n int, edges []Edge, index map[string]int) []arc {
	var out []arc
	for i, e := range edges {
		a := arc{edge: i, from: index[e.From], to: index[e.To]}
		if e.Back {
			a.from, a.to, a.reversed = a.to, a.from, true
		}
		if a.from != a.to {
			out = append(out, a)
		}
	}
	next, in := make([][]int, n), make([]int, n)
	for i, a := range out {
		next[a.from] = append(next[a.from], i)
		in[a.to]++
	}
	const (
		unseen = iota
		open
		done
	)
	state, at := make([]int, n), make([]int, n)
	visit := func(root int) {
		stack := []int{root}
		state[root] = open
		for len(stack) > 0 {
			v := stack[len(stack)-1]
			if at[v] == len(next[v]) {
				state[v] = done
				stack = stack[:len(stack)-1]
				continue
			}
			a := &out[next[v][at[v]]]
			at[v]++
			switch state[a.to] {
			case open:
				a.from, a.to, a.reversed = a.to, a.from, !a.reversed
			case unseen:
				state[a.to] = open
				stack = append(stack, a.to)
			}
		}
	}
	for _, sources := range []bool{true, false} {
		for v := range n {
			if state[v] == unseen && (in[v] == 0 || !sources) {
				visit(v)
			}
		}
	}
	return out
}

// levelled turns arcs to lead away from where things begin: from fewer steps to
// more. With many cycles it gives fewer layers than a depth-first search, whose
// path becomes one long line; without any it would turn round what needs not.
func levelled(n int, all []arc) []arc {
	next, in := make([][]int, n), make([]int, n)
	for i, a := range all {
		next[a.from] = append(next[a.from], i)
		in[a.to]++
	}
	place := make([]int, n)
	var queue []int
	visit := func(v int) {
		if place[v] == 0 {
			queue = append(queue, v)
			place[v] = len(queue)
		}
	}
	for v := range n {
		if in[v] == 0 {
			visit(v)
		}
	}
	for k, v := 0, 0; v < n; v++ {
		visit(v)
		for ; k < len(queue); k++ {
			for _, i := range next[queue[k]] {
				visit(all[i].to)
			}
		}
	}
	out := slices.Clone(all)
	for i := range out {
		if a := &out[i]; place[a.from] > place[a.to] {
			a.from, a.to, a.reversed = a.to, a.from, !a.reversed
		}
	}
	return out
}

// oriented makes the graph acyclic and gives the layers that follow.
func oriented(n int, edges []Edge, index map[string]int, group []int, across bool) ([]arc, []int) {
	const few = 12
	deep := arcs(n, edges, index)
	layer := layers(n, deep, group, across)
	plain := make([]arc, len(deep))
	cyclic := false
	for i, a := range deep {
		if a.reversed != edges[a.edge].Back {
			a.from, a.to, a.reversed = a.to, a.from, !a.reversed
			cyclic = true
		}
		plain[i] = a
	}
	if !cyclic || n <= few {
		return deep, layer
	}
	flat := levelled(n, plain)
	if other := layers(n, flat, group, across); slices.Max(other)+1 < slices.Max(layer) {
		return flat, other
	}
	return deep, layer
}

// layers gives each node its layer: the longest path to it, then moved within
// what its edges allow to where they become short. Nodes without an edge fill
// the layers of their group.
func layers(n int, all []arc, group []int, across bool) []int {
	out, in := make([][]int, n), make([][]int, n)
	for i, a := range all {
		out[a.from] = append(out[a.from], i)
		in[a.to] = append(in[a.to], i)
	}
	order := topological(n, all, out, in)
	layer := make([]int, n)
	for _, v := range order {
		for _, i := range in[v] {
			layer[v] = max(layer[v], layer[all[i].from]+1)
		}
	}
	const rounds = 4
	for range rounds {
		for k := range order {
			shorten(order[len(order)-1-k], layer, all, out, in, group)
		}
		for _, v := range order {
			shorten(v, layer, all, out, in, group)
		}
	}
	squeeze(layer, out, in)
	islands(layer, out, in, group, across)
	return layer
}

func topological(n int, all []arc, out, in [][]int) []int {
	left := make([]int, n)
	var order []int
	for v := range n {
		if left[v] = len(in[v]); left[v] == 0 {
			order = append(order, v)
		}
	}
	for k := 0; k < len(order); k++ {
		for _, i := range out[order[k]] {
			to := all[i].to
			if left[to]--; left[to] == 0 {
				order = append(order, to)
			}
		}
	}
	return order
}

// shorten moves a node to the end of its free range that more of its edges pull
// to. Edges within a group pull harder, which keeps frames small.
func shorten(v int, layer []int, all []arc, out, in [][]int, group []int) {
	const within = 3
	pull := func(a arc) int {
		if group[a.from] >= 0 && group[a.from] == group[a.to] {
			return within
		}
		return 1
	}
	lo, hi, force := 0, math.MaxInt, 0
	for _, i := range in[v] {
		lo = max(lo, layer[all[i].from]+1)
		force -= pull(all[i])
	}
	for _, i := range out[v] {
		hi = min(hi, layer[all[i].to]-1)
		force += pull(all[i])
	}
	switch {
	case force > 0 && hi != math.MaxInt:
		layer[v] = hi
	case force < 0:
		layer[v] = lo
	}
}

// squeeze closes layers that became empty.
func squeeze(layer []int, out, in [][]int) {
	used := make(map[int]int)
	for v, l := range layer {
		if len(out[v])+len(in[v]) > 0 {
			used[l] = 0
		}
	}
	keys := make([]int, 0, len(used))
	for l := range used {
		keys = append(keys, l)
	}
	slices.Sort(keys)
	for i, l := range keys {
		used[l] = i
	}
	for v := range layer {
		layer[v] = used[layer[v]] // islands are placed next
	}
}

// islands spreads nodes without an edge over the layers of their group, or over
// as many as make about a square.
func islands(layer []int, out, in [][]int, group []int, across bool) {
	type span struct{ lo, hi, alone int }
	spans := make(map[int]*span)
	load := make(map[[2]int]int)
	for v, g := range group {
		s := spans[g]
		if s == nil {
			s = &span{math.MaxInt, -1, 0}
			spans[g] = s
		}
		if len(out[v])+len(in[v]) == 0 {
			s.alone++
			continue
		}
		load[[2]int{g, layer[v]}]++
		s.lo, s.hi = min(s.lo, layer[v]), max(s.hi, layer[v])
	}
	for v, g := range group {
		if len(out[v])+len(in[v]) > 0 {
			continue
		}
		s := spans[g]
		// Boxes are about three times as wide as high.
		shape := 0.5
		if across {
			shape = 2
		}
		if s.lo > s.hi {
			s.lo, s.hi = 0, 0
		}
		s.hi = max(s.hi, s.lo+int(math.Ceil(math.Sqrt(float64(s.alone)*shape)))-1)
		s.alone = 0
		best := s.lo
		for l := s.lo; l <= s.hi; l++ {
			if load[[2]int{g, l}] < load[[2]int{g, best}] {
				best = l
			}
		}
		layer[v] = best
		load[[2]int{g, best}]++
	}
}
