package jffs2

import (
	"cmp"
	"container/heap"
	"slices"
)

// extent is a range of a file that one node has the newest bytes of; node is an
// index, -1 where there is a hole.
type extent struct {
	from, to int64
	node     int
}

// extents puts together what the nodes of an inode, oldest first, leave of a
// file of that size. It takes n log n steps, whatever overlaps.
func extents(of []node, size int64) []extent {
	byStart := make([]int, 0, len(of))
	for i, n := range of {
		if n.size > 0 && int64(n.start) < size {
			byStart = append(byStart, i)
		}
	}
	slices.SortFunc(byStart, func(a, b int) int { return cmp.Or(cmp.Compare(of[a].start, of[b].start), a-b) })
	end := func(i int) int64 { return min(int64(of[i].start)+int64(of[i].size), size) }
	var out []extent
	var open newestFirst
	for at, next := int64(0), 0; at < size; {
		for next < len(byStart) && int64(of[byStart[next]].start) <= at {
			heap.Push(&open, byStart[next])
			next++
		}
		for len(open) > 0 && end(open[0]) <= at {
			heap.Pop(&open)
		}
		e := extent{from: at, to: size, node: -1}
		if len(open) > 0 {
			e.to, e.node = end(open[0]), open[0]
		}
		// An older node that begins in between changes nothing.
		for next < len(byStart) && int64(of[byStart[next]].start) < e.to {
			if i := byStart[next]; i > e.node {
				e.to = int64(of[i].start)
				break
			}
			heap.Push(&open, byStart[next])
			next++
		}
		out = append(out, e)
		at = e.to
	}
	return out
}

// newestFirst is a heap of nodes.
type newestFirst []int

func (h newestFirst) Len() int           { return len(h) }
func (h newestFirst) Less(i, j int) bool { return h[i] > h[j] }
func (h newestFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *newestFirst) Push(x any)        { *h = append(*h, x.(int)) }
func (h *newestFirst) Pop() any {
	x := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return x
}
