package keyword

import "slices"

// node is a state while the automaton is made.
type node struct {
	depth int
	fail  int32
	own   []word // that end here, then those of fail
	to    uint32 // its final number
}

// compile makes an automaton of all lists.
func compile(lists [][]string) *automaton {
	a := &automaton{width: 1}
	shortest := prefix
	for _, l := range lists {
		for _, w := range l {
			if w == "" {
				continue
			}
			a.admit(w)
			shortest = min(shortest, len(w))
			for i := range len(w) {
				a.column(lower(w[i]))
			}
		}
	}
	nodes, next := a.tree(lists)
	order := link(nodes, next, int(a.width))
	a.number(nodes, next, order)
	if shortest < prefix {
		// Going back would find words again that are shorter than that.
		a.deep = a.width
	}
	return a
}

// column gives a byte a column of its own, and a letter's both cases the same.
func (a *automaton) column(c byte) {
	if a.class[c] != 0 {
		return
	}
	a.class[c] = uint8(a.width)
	if c >= 'a' && c <= 'z' {
		a.class[c-'a'+'A'] = uint8(a.width)
	}
	a.width++
}

// admit opens the filter for what begins with w.
func (a *automaton) admit(w string) {
	var b [prefix]byte
	for i := range min(len(w), prefix) {
		b[i] = w[i] | fold&0xff
	}
	var open func(i int)
	open = func(i int) {
		if i < prefix { // any byte may follow
			for c := range 256 {
				b[i] = byte(c) | fold&0xff
				open(i + 1)
			}
			return
		}
		s := slot(uint64(b[0])<<40 | uint64(b[1])<<48 | uint64(b[2])<<56)
		if len(w) > prefix {
			a.filter[s] |= 1 << ((w[prefix] | fold&0xff) & 7)
		} else {
			a.filter[s] = 0xff
		}
	}
	open(min(len(w), prefix))
}

// tree makes a tree of the words; next has width places for each node.
func (a *automaton) tree(lists [][]string) (nodes []node, next []int32) {
	grow := func(depth int) int32 {
		nodes = append(nodes, node{depth: depth})
		next = append(next, make([]int32, a.width)...)
		return int32(len(nodes) - 1)
	}
	grow(0)
	for owner, l := range lists {
		for index, w := range l {
			if w == "" {
				continue
			}
			state := int32(0)
			for i := range len(w) {
				at := int(state)*int(a.width) + int(a.class[lower(w[i])])
				if next[at] == 0 {
					n := grow(i + 1)
					next[at] = n
				}
				state = next[at]
			}
			nodes[state].own = append(nodes[state].own, word{int32(owner), int32(index), int32(len(w))})
		}
	}
	return nodes, next
}

// link turns the tree into an automaton, and returns its nodes by their depth.
func link(nodes []node, next []int32, width int) []int32 {
	order := []int32{0}
	for k := 0; k < len(order); k++ {
		n := order[k]
		fail := nodes[n].fail
		if n != 0 {
			nodes[n].own = append(nodes[n].own, nodes[fail].own...)
		}
		for c := range width {
			at := int(n)*width + c
			back := int32(0)
			if n != 0 {
				back = next[int(fail)*width+c]
			}
			if to := next[at]; to != 0 {
				nodes[to].fail = back
				order = append(order, to)
			} else {
				next[at] = back
			}
		}
	}
	return order
}

// number gives the nodes their final numbers.
func (a *automaton) number(nodes []node, next, order []int32) {
	slices.SortStableFunc(order, func(x, y int32) int {
		switch ex, ey := len(nodes[x].own) > 0, len(nodes[y].own) > 0; {
		case ex == ey:
			return nodes[x].depth - nodes[y].depth
		case ex:
			return 1
		}
		return -1
	})
	a.second, a.deep, a.ends = ^uint32(0), ^uint32(0), uint32(len(order))*a.width
	for k, n := range order {
		to := uint32(k) * a.width
		nodes[n].to = to
		if len(nodes[n].own) > 0 {
			a.ends = min(a.ends, to)
			a.from = append(a.from, uint32(len(a.words)))
			a.words = append(a.words, nodes[n].own...)
			continue
		}
		if nodes[n].depth >= 2 {
			a.second = min(a.second, to)
		}
		if nodes[n].depth >= prefix {
			a.deep = min(a.deep, to)
		}
	}
	a.from = append(a.from, uint32(len(a.words)))
	a.second, a.deep = min(a.second, a.ends), min(a.deep, a.ends)
	a.next = make([]uint32, len(next))
	for i, n := range order {
		for c := range int(a.width) {
			a.next[i*int(a.width)+c] = nodes[next[int(n)*int(a.width)+c]].to
		}
	}
}
