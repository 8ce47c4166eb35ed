package threat

import (
	"container/heap"
	"slices"
	"strings"

	"assay/internal/product"
)

// graph is where an attacker can stand and what leads from there to where: a
// node is an entry point, a network, a component under control, data, or the
// function of a component.
type graph struct {
	m     *Model
	names []string
	index map[string]int
	out   [][]edge
	// changes are the distinct countermeasures; counts says which are in
	// place.
	changes []Countermeasure
	counts  []bool
	byKey   map[string]int
	// targets are the nodes that are worth an attack.
	targets []int
	origins map[int]Entry
	// threats are the countermeasures that each threat needs, by weakness.
	threats [][][]int
}

// edge is a step. A step without threat costs nothing: who controls a
// component has what it holds.
type edge struct {
	to     int
	threat *Threat
	vector *Vector
	base   int   // points without countermeasures, or never
	closed []int // points with the weakness closed, by weakness
	needs  [][]int
}

// never is the cost of a step that can't be made.
const never = 1 << 20

func newGraph(m *Model, p *product.Product) *graph {
	g := &graph{m: m, index: map[string]int{}, byKey: map[string]int{}, origins: map[int]Entry{}}
	s := newSurvey(p)
	for _, e := range []Entry{Remote, Local, Nearby, Physical, Supply} {
		g.origins[g.node(string(e))] = e
	}
	for _, z := range s.outerZones() {
		g.free(g.node(string(Local)), g.node("network/"+z))
	}
	for _, c := range p.Components {
		control := g.node("control/" + c.ID)
		g.free(control, g.node("function/"+c.ID))
		if z := s.zones[c.ID]; onSite(z) {
			g.free(control, g.node("network/"+z))
		}
		for _, d := range s.stores[c.ID] {
			g.free(control, g.node("data/"+d))
		}
		for _, i := range s.flows[c.ID] {
			for _, d := range p.Flows[i].Data {
				if s.data[d] != nil {
					g.free(control, g.node("data/"+d))
				}
			}
		}
		if c.Kind == "device" || c.Kind == "gateway" {
			g.targets = append(g.targets, control, g.node("function/"+c.ID))
		}
	}
	for _, d := range p.Data {
		if d.Category != "public" {
			g.targets = append(g.targets, g.node("data/"+d.ID))
		}
	}
	for i := range m.Threats {
		g.threat(s, &m.Threats[i])
	}
	return g
}

// onSite says that a zone has a network of its own which the attacker can be
// on without being on the Internet.
func onSite(zone string) bool {
	return !slices.Contains([]string{ZonePhone, ZoneMaker, ZoneThird, ZoneInternet}, zone)
}

func (g *graph) node(name string) int {
	if i, ok := g.index[name]; ok {
		return i
	}
	i := len(g.names)
	g.index[name] = i
	g.names = append(g.names, name)
	g.out = append(g.out, nil)
	return i
}

func (g *graph) free(from, to int) {
	if from != to && !slices.ContainsFunc(g.out[from], func(e edge) bool { return e.to == to && e.threat == nil }) {
		g.out[from] = append(g.out[from], edge{to: to})
	}
}

// outerZones are the networks on site that somebody on "the local network"
// is on: those with a component that talks to the outside. Into the others
// leads only what is in one of them. Where nothing talks to the outside, all.
func (s *survey) outerZones() []string {
	var outer, all []string
	add := func(list *[]string, z string) {
		if onSite(z) && !slices.Contains(*list, z) {
			*list = append(*list, z)
		}
	}
	for _, c := range s.p.Components {
		add(&all, s.zones[c.ID])
		for _, i := range s.flows[c.ID] {
			if f := s.p.Flows[i]; !onSite(s.zones[f.From]) || !onSite(s.zones[f.To]) {
				add(&outer, s.zones[c.ID])
			}
		}
	}
	if len(outer) == 0 {
		return all
	}
	return outer
}

// concerned are the components at which a threat can be carried out: that of
// its element, the places where data are kept, or every device and gateway
// for what is the product's as a whole.
func (s *survey) concerned(e *Element) []string {
	switch e.Kind {
	case OnProduct, OnUpdate, OnAccount, OnAIFeature, OnDependency:
		var out []string
		for _, c := range s.p.Components {
			if c.Kind == "device" || c.Kind == "gateway" {
				out = append(out, c.ID)
			}
		}
		return out
	case OnData:
		return s.data[strings.TrimPrefix(e.Ref, string(OnData)+"/")].StoredOn
	}
	if e.On == "" || e.On == world {
		return nil
	}
	return []string{e.On}
}

// threat adds the steps that a threat allows, at every component that it
// concerns and that can be reached from where the attack begins.
func (g *graph) threat(s *survey, t *Threat) {
	needs := g.needs(t)
	g.threats = append(g.threats, needs)
	if t.Rule.Agent == Maker || t.Rule.Agent == Chance {
		return
	}
	on := s.concerned(t.Element)
	if len(on) == 0 && t.Element.Kind == OnData {
		on = []string{""} // kept nowhere: met on its way
	}
	for i := range t.Vectors {
		v := &t.Vectors[i]
		e := edge{threat: t, vector: v, needs: needs, base: g.cost(v.Factors)}
		for _, w := range t.Weaknesses {
			cost := never // a measure that leaves only little harm leaves nothing worth an attack
			if len(w.measure.Raise) > 0 {
				cost = g.cost(g.m.Profile.with(v.Factors, w.measure))
			}
			e.closed = append(e.closed, cost)
		}
		for _, c := range on {
			if len(on) > 1 && t.Element.Kind != OnData && (v.Entry == Local || v.Entry == Nearby) && !slices.Contains(s.reach(c), v.Entry) {
				continue
			}
			for _, from := range g.from(s, t.Element, c, v.Entry) {
				for _, n := range g.to(s, t, c) {
					if from != n {
						e.to = n
						g.out[from] = append(g.out[from], e)
					}
				}
			}
		}
	}
}

// needs are the countermeasures of each weakness, by number.
func (g *graph) needs(t *Threat) [][]int {
	var out [][]int
	for _, w := range t.Weaknesses {
		var ids []int
		for _, c := range w.Countermeasures {
			ids = append(ids, g.change(c))
		}
		out = append(out, ids)
	}
	return out
}

// to lists the nodes that a threat leads to at a component.
func (g *graph) to(s *survey, t *Threat, on string) []int {
	switch t.Rule.Gives {
	case Control:
		if on != "" {
			return []int{g.node("control/" + on)}
		}
	case Deny:
		if on != "" {
			return []int{g.node("function/" + on)}
		}
	case Read, Change:
		var out []int
		for _, d := range t.Element.Data {
			if s.data[d] != nil {
				out = append(out, g.node("data/"+d))
			}
		}
		return out
	}
	return nil
}

// from lists the nodes where an attack from an entry point begins.
func (g *graph) from(s *survey, e *Element, on string, entry Entry) []int {
	switch entry {
	case Local:
		var out []int
		for _, c := range []string{on, e.From, e.To} {
			if z, ok := s.zones[c]; ok && onSite(z) {
				if n := g.node("network/" + z); !slices.Contains(out, n) {
					out = append(out, n)
				}
			}
		}
		return out
	case Peer:
		var out []int
		add := func(c string) {
			if c != on && s.components[c] != nil && !slices.Contains(out, g.node("control/"+c)) {
				out = append(out, g.node("control/"+c))
			}
		}
		if e.Kind == OnFlow {
			add(e.From)
			add(e.To)
			return out
		}
		for _, i := range s.flows[on] {
			add(s.p.Flows[i].From)
			add(s.p.Flows[i].To)
		}
		return out
	}
	return []int{g.node(string(entry))}
}

func (g *graph) cost(f Factors) int {
	r, err := g.m.Profile.Rate(f)
	if err != nil || r.Never {
		return never
	}
	return r.Potential
}

// change gives the number of a countermeasure.
func (g *graph) change(c Countermeasure) int {
	key := c.Key()
	if i, ok := g.byKey[key]; ok {
		return i
	}
	i := len(g.changes)
	g.byKey[key] = i
	g.changes = append(g.changes, c)
	g.counts = append(g.counts, c.Counts)
	return i
}

// Key names a countermeasure: its requirements, joined.
func (c Countermeasure) Key() string {
	parts := make([]string, len(c.Requirements))
	for i, r := range c.Requirements {
		parts[i] = r.String()
	}
	return strings.Join(parts, "|")
}

// points is what a step costs with some countermeasures in place: the
// attacker takes the weakness that costs least.
func (e *edge) points(counts []bool) int {
	if e.threat == nil {
		return 0
	}
	least := never
	for i, need := range e.needs {
		closed := true
		for _, n := range need {
			closed = closed && counts[n]
		}
		if !closed {
			return e.base
		}
		least = min(least, e.closed[i])
	}
	return least
}

// visit is a node that the search has reached.
type visit struct{ cost, steps, node int }

type queue []visit

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	if a.cost != b.cost {
		return a.cost < b.cost
	}
	if a.steps != b.steps {
		return a.steps < b.steps
	}
	return a.node < b.node
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(visit)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// tree is the cheapest way to every node from some origins.
type tree struct {
	cost, steps []int
	via         []*edge
	prev        []int
}

// search is Dijkstra's, by points and then by the number of steps, so that
// the same model always gives the same paths.
func (g *graph) search(counts []bool, from ...int) tree {
	n := len(g.names)
	t := tree{cost: make([]int, n), steps: make([]int, n), via: make([]*edge, n), prev: make([]int, n)}
	for i := range n {
		t.cost[i], t.prev[i] = never, -1
	}
	q := queue{}
	for _, f := range from {
		t.cost[f] = 0
		heap.Push(&q, visit{0, 0, f})
	}
	done := make([]bool, n)
	for q.Len() > 0 {
		v := heap.Pop(&q).(visit)
		if done[v.node] {
			continue
		}
		done[v.node] = true
		for i := range g.out[v.node] {
			e := &g.out[v.node][i]
			c, s := v.cost+e.points(counts), v.steps+1
			if c >= never || c > t.cost[e.to] || c == t.cost[e.to] && (t.prev[e.to] >= 0 && s >= t.steps[e.to] || t.prev[e.to] < 0 && t.cost[e.to] == 0) {
				continue
			}
			t.cost[e.to], t.steps[e.to], t.via[e.to], t.prev[e.to] = c, s, e, v.node
			heap.Push(&q, visit{c, s, e.to})
		}
	}
	return t
}
