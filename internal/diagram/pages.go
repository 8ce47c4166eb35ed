package diagram

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// A page has at least so many nodes, and at most as many as a picture can bear
// with every node joined to every other.
const leastPage, mostPage = 4, 100

// Pages splits a graph into ones of at most most nodes. What is small enough
// stays whole. Otherwise the first page is an overview in which each group is
// one node; then each group has its own page, or some where it is large itself,
// on which neighbours from elsewhere are external nodes. Nodes without a group
// stand in the overview, or count as one more group if they are too many.
// Between two nodes, flows that lead elsewhere are bundled.
func Pages(g *Graph, most int) []*Graph {
	most = max(leastPage, min(most, mostPage))
	if len(g.Nodes) <= most {
		whole := *g
		if len(g.Edges) > MaxEdges {
			whole.Edges = bundle(g.Edges, 1)
		}
		return []*Graph{&whole}
	}
	s := newSplit(g, most)
	pages := s.overview()
	for _, u := range s.units {
		if !u.single {
			pages = append(pages, s.unit(u)...)
		}
	}
	for i, p := range pages {
		p.Prefix = identifier(g.Prefix) + "-p" + strconv.Itoa(i+1)
		p.Direction, p.Desc = g.Direction, g.Desc
	}
	return pages
}

// unit is what is one node of the overview.
type unit struct {
	group   Group
	members []int
	single  bool // a node without a group
}

type split struct {
	g     *Graph
	most  int
	index map[string]int
	units []unit
	of    []int // unit of each node
	at    [][]int
}

func newSplit(g *Graph, most int) *split {
	s := &split{g: g, most: most, index: make(map[string]int, len(g.Nodes)), of: make([]int, len(g.Nodes)), at: make([][]int, len(g.Nodes))}
	groups := make(map[string]int, len(g.Groups))
	known := make(map[string]Group, len(g.Groups))
	for _, gr := range g.Groups {
		known[gr.ID] = gr
	}
	alone := 0
	for i, n := range g.Nodes {
		s.index[n.ID] = i
		if n.Group == "" {
			alone++
			continue
		}
		if _, ok := groups[n.Group]; !ok {
			groups[n.Group] = len(groups)
		}
	}
	together := alone > 1 && alone+len(groups) > most
	if together {
		known[""] = Group{Label: "…"}
	}
	clear(groups)
	for i, n := range g.Nodes {
		if n.Group == "" && !together {
			s.of[i] = len(s.units)
			s.units = append(s.units, unit{members: []int{i}, single: true})
			continue
		}
		u, ok := groups[n.Group]
		if !ok {
			u = len(s.units)
			groups[n.Group] = u
			gr := known[n.Group]
			gr.ID = n.Group
			s.units = append(s.units, unit{group: gr})
		}
		s.of[i] = u
		s.units[u].members = append(s.units[u].members, i)
	}
	for i, e := range g.Edges {
		from, ok := s.index[e.From]
		to, ok2 := s.index[e.To]
		if !ok || !ok2 {
			continue // Check names it
		}
		s.at[from] = append(s.at[from], i)
		if from != to {
			s.at[to] = append(s.at[to], i)
		}
	}
	return s
}

// overview is the graph of the units, on several pages if even they are many.
func (s *split) overview() []*Graph {
	o := &Graph{Title: s.g.Title}
	ids := make([]string, len(s.units))
	taken := make(map[string]bool)
	for u, un := range s.units {
		if un.single {
			n := s.g.Nodes[un.members[0]]
			ids[u], taken[n.ID] = n.ID, true
			o.Nodes = append(o.Nodes, n)
			continue
		}
		ids[u] = unused(un.group.ID, taken)
		o.Nodes = append(o.Nodes, s.collapsed(ids[u], un, un.members))
	}
	for _, e := range s.g.Edges {
		from, ok := s.index[e.From]
		to, ok2 := s.index[e.To]
		if !ok || !ok2 || s.of[from] == s.of[to] && !s.units[s.of[from]].single {
			continue
		}
		e.From, e.To = ids[s.of[from]], ids[s.of[to]]
		o.Edges = append(o.Edges, e)
	}
	o.Edges = bundle(o.Edges, 1)
	if len(o.Nodes) <= s.most {
		return []*Graph{o}
	}
	all := make([]int, len(o.Nodes))
	for i := range all {
		all[i] = i
	}
	whole := &split{g: o, most: s.most, index: make(map[string]int), of: make([]int, len(o.Nodes)), at: make([][]int, len(o.Nodes)),
		units: []unit{{members: all}}}
	for i, n := range o.Nodes {
		whole.index[n.ID] = i
	}
	for i, e := range o.Edges {
		for _, id := range slices.Compact([]string{e.From, e.To}) {
			whole.at[whole.index[id]] = append(whole.at[whole.index[id]], i)
		}
	}
	return whole.unit(whole.units[0])
}

// collapsed is one node for several of a unit.
func (s *split) collapsed(id string, u unit, members []int) Node {
	n := Node{ID: id, Label: firstOf(u.group.Label, u.group.ID, "…"), Kind: Collapsed, Note: strconv.Itoa(len(members))}
	worst := 0
	for _, m := range members {
		n.Weight += max(0, s.g.Nodes[m].Weight)
		if c := gravity(s.g.Nodes[m].Class); c > worst {
			worst, n.Class = c, s.g.Nodes[m].Class
		}
	}
	return n
}

// unused makes an ID that no node has yet.
func unused(id string, taken map[string]bool) string {
	for id == "" || taken[id] {
		id += "…"
	}
	taken[id] = true
	return id
}

// unit is the pages of one unit.
func (s *split) unit(u unit) []*Graph {
	parts := [][]int{u.members}
	if n := len(u.members); n > s.most*3/4 && n+len(s.neighbours(u.members)) > s.most {
		parts = s.parts(u.members, max(1, s.most*2/3))
	}
	var out []*Graph
	for i, part := range parts {
		p := s.page(u, part)
		p.Title = s.g.Title
		if label := firstOf(u.group.Label, u.group.ID); label != "" {
			p.Title += " · " + label
		}
		if len(parts) > 1 {
			p.Title += fmt.Sprintf(" (%d/%d)", i+1, len(parts))
		}
		out = append(out, p)
	}
	return out
}

// parts cuts members into lots of at most size: a lot starts with the first
// that is left and grows by whatever has most edges into it.
func (s *split) parts(members []int, size int) [][]int {
	left := make(map[int]bool, len(members))
	for _, m := range members {
		left[m] = true
	}
	var out [][]int
	first := 0
	for len(left) > 0 {
		bonds := make(map[int]int)
		var edge []int // what has an edge into the lot, in the order found
		var part []int
		for len(part) < size && len(left) > 0 {
			best := -1
			for _, v := range edge {
				if left[v] && (best < 0 || bonds[v] > bonds[best]) {
					best = v
				}
			}
			for best < 0 {
				if left[members[first]] {
					best = members[first]
				}
				first++
			}
			delete(left, best)
			part = append(part, best)
			for _, i := range s.at[best] {
				if v := s.other(i, best); left[v] {
					if bonds[v]++; bonds[v] == 1 {
						edge = append(edge, v)
					}
				}
			}
			edge = slices.DeleteFunc(edge, func(v int) bool { return !left[v] })
		}
		slices.Sort(part)
		out = append(out, part)
	}
	return out
}

func (s *split) other(edge, node int) int {
	if from := s.index[s.g.Edges[edge].From]; from != node {
		return from
	}
	return s.index[s.g.Edges[edge].To]
}

// neighbours lists what has an edge with one of some nodes and is none of them,
// in the order of input.
func (s *split) neighbours(nodes []int) []int {
	in := make(map[int]bool, len(nodes))
	for _, v := range nodes {
		in[v] = true
	}
	var out []int
	for _, v := range nodes {
		for _, i := range s.at[v] {
			if o := s.other(i, v); !in[o] {
				in[o] = true
				out = append(out, o)
			}
		}
	}
	slices.Sort(out)
	return out
}

// page is the graph of some members with their neighbours.
func (s *split) page(u unit, part []int) *Graph {
	p := &Graph{}
	if part := u.group; part.ID != "" {
		p.Groups = []Group{part}
	}
	ids := make(map[int]string)
	taken := make(map[string]bool)
	for _, m := range part {
		n := s.g.Nodes[m]
		if len(p.Groups) == 0 {
			n.Group = ""
		}
		ids[m], taken[n.ID] = n.ID, true
		p.Nodes = append(p.Nodes, n)
	}
	s.stubs(p, s.neighbours(part), s.most-len(part), ids, taken)
	inside := make(map[string]bool, len(part))
	for _, m := range part {
		inside[s.g.Nodes[m].ID] = true
	}
	seen := make(map[int]bool)
	var own, foreign []Edge
	for _, m := range part {
		for _, i := range s.at[m] {
			if seen[i] {
				continue
			}
			seen[i] = true
			e := s.g.Edges[i]
			e.From, e.To = ids[s.index[e.From]], ids[s.index[e.To]]
			if inside[e.From] && inside[e.To] {
				own = append(own, e)
			} else {
				foreign = append(foreign, e)
			}
		}
	}
	p.Edges = append(bundle(own, parallel), bundle(foreign, 1)...)
	if len(p.Edges) > MaxEdges {
		p.Edges = bundle(p.Edges, 1)
	}
	return p
}

// stubs adds the neighbours of a page: each as a node, or if there is no room
// one for each of their groups, or the last one for all that are left.
func (s *split) stubs(p *Graph, around []int, room int, ids map[int]string, taken map[string]bool) {
	if len(around) <= room {
		for _, v := range around {
			n := s.g.Nodes[v]
			n.Note = firstOf(s.label(v), n.Note)
			n.Kind, n.Group, n.Class, n.Weight = External, "", "muted", 0
			ids[v], taken[n.ID] = n.ID, true
			p.Nodes = append(p.Nodes, n)
		}
		return
	}
	lots := make(map[int][]int)
	var order []int
	for _, v := range around {
		if u := s.of[v]; lots[u] == nil {
			order = append(order, u)
		}
		lots[s.of[v]] = append(lots[s.of[v]], v)
	}
	if len(order) > room { // the largest stay apart
		slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(len(lots[y]), len(lots[x])) })
		var rest []int
		for _, u := range order[max(0, room-1):] {
			rest = append(rest, lots[u]...)
		}
		order = order[:max(0, room-1)]
		defer func() { s.lot(p, unit{}, rest, ids, taken) }()
	}
	for _, u := range order {
		s.lot(p, s.units[u], lots[u], ids, taken)
	}
}

// lot adds one node for some neighbours.
func (s *split) lot(p *Graph, u unit, members []int, ids map[int]string, taken map[string]bool) {
	n := s.collapsed("", u, members)
	if u.single {
		n = s.g.Nodes[members[0]]
		n.Kind = External
	}
	n.ID = unused(firstOf(n.ID, u.group.ID), taken)
	n.Class, n.Weight = "muted", 0
	for _, v := range members {
		ids[v] = n.ID
	}
	p.Nodes = append(p.Nodes, n)
}

func (s *split) label(node int) string {
	g := s.units[s.of[node]].group
	return firstOf(g.Label, g.ID)
}
