package threat

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/standard"
)

// NodeKind is what stands at one place of a thread.
type NodeKind string

// The kinds, from the model to the test.
const (
	NodeElement     NodeKind = "element"
	NodeAnnex       NodeKind = "annex" // a threat of a standard's own analysis
	NodeRule        NodeKind = "rule"
	NodeThreat      NodeKind = "threat"
	NodeWeakness    NodeKind = "weakness"
	NodeRequirement NodeKind = "requirement"
	NodeCase        NodeKind = "case"
)

// order is that of a thread, from the model to the test.
func (k NodeKind) order() int {
	return slices.Index([]NodeKind{NodeElement, NodeAnnex, NodeRule, NodeThreat, NodeWeakness, NodeRequirement, NodeCase}, k)
}

// Node is one id of a thread.
type Node struct {
	Kind NodeKind
	ID   string
}

// Thread is everything that hangs on one id, towards the model and towards
// the tests.
type Thread struct {
	Of   Node
	Up   []Node // towards the model: what it answers
	Down []Node // towards the tests: what answers it
}

// Threads holds the links between elements, rules, threats, weaknesses,
// requirements and test cases.
type Threads struct {
	up, down map[Node][]Node
	linked   map[[2]Node]bool
	nodes    []Node
}

// NewThreads links a model and the standards that its countermeasures come
// from. Weaknesses and rules of the library that no threat uses are linked
// too, so that every id can be asked for.
func NewThreads(m *Model, l *Library, standards []*standard.Standard) *Threads {
	t := &Threads{up: map[Node][]Node{}, down: map[Node][]Node{}, linked: map[[2]Node]bool{}}
	for _, e := range m.Elements {
		t.add(Node{NodeElement, e.Ref})
	}
	for _, s := range standards {
		for _, x := range s.Threats {
			for i := range x.Rows {
				t.link(Node{NodeAnnex, x.ID}, Node{NodeAnnex, rowID(x.ID, i)})
			}
		}
		for i := range s.Requirements {
			r := &s.Requirements[i]
			n := Node{NodeRequirement, Ref{s.ID, r.ID}.String()}
			t.add(n)
			for _, id := range r.Cases.CaseIDs() {
				t.link(n, Node{NodeCase, id})
			}
		}
	}
	for i := range l.Weaknesses {
		w := &l.Weaknesses[i]
		for _, c := range w.Countermeasures {
			for _, r := range c {
				t.link(Node{NodeWeakness, w.ID}, Node{NodeRequirement, r.String()})
			}
		}
	}
	for i := range l.Rules {
		r := &l.Rules[i]
		t.add(Node{NodeRule, r.ID})
		for _, row := range r.Annex {
			if n := (Node{NodeAnnex, row}); t.down[n] != nil || t.up[n] != nil {
				t.link(n, Node{NodeRule, r.ID})
			}
		}
	}
	for i := range m.Threats {
		x := &m.Threats[i]
		n := Node{NodeThreat, x.ID}
		t.link(Node{NodeRule, x.Rule.ID}, n)
		t.link(Node{NodeElement, x.Element.Ref}, n)
		for _, w := range x.Weaknesses {
			t.link(n, Node{NodeWeakness, w.ID})
		}
	}
	return t
}

func (t *Threads) add(n Node) {
	if _, ok := t.down[n]; !ok {
		t.down[n] = nil
		t.nodes = append(t.nodes, n)
	}
}

func (t *Threads) link(from, to Node) {
	t.add(from)
	t.add(to)
	if pair := [2]Node{from, to}; !t.linked[pair] {
		t.linked[pair] = true
		t.down[from] = append(t.down[from], to)
		t.up[to] = append(t.up[to], from)
	}
}

// Nodes lists every id that can be asked for.
func (t *Threads) Nodes() []Node { return slices.Clone(t.nodes) }

// Next lists what hangs on a node directly.
func (t *Threads) Next(n Node) (up, down []Node) { return sorted(t.up[n]), sorted(t.down[n]) }

// Find finds the node of an id: a requirement without its standard, and any
// id that stands at the end of one node only, are enough. The error lists
// what an ambiguous id may mean, or what looks like it.
func (t *Threads) Find(id string) (Node, error) {
	var exact, ends, near []Node
	for _, n := range t.nodes {
		switch {
		case n.ID == id:
			exact = append(exact, n)
		case strings.HasSuffix(n.ID, "/"+id) && n.Kind != NodeThreat:
			ends = append(ends, n)
		case strings.Contains(n.ID, id):
			near = append(near, n)
		}
	}
	for _, found := range [][]Node{exact, ends} {
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return Node{}, fmt.Errorf("%q may mean %s", id, names(found))
		}
	}
	if len(near) == 0 || id == "" {
		return Node{}, fmt.Errorf("nothing has the id %q", id)
	}
	return Node{}, fmt.Errorf("nothing has the id %q; there is %s", id, names(near))
}

func names(nodes []Node) string {
	var out []string
	for i, n := range sorted(nodes) {
		if i == 8 {
			out = append(out, fmt.Sprintf("and %d more", len(nodes)-i))
			break
		}
		out = append(out, string(n.Kind)+" "+n.ID)
	}
	return strings.Join(out, ", ")
}

// Thread follows the links from a node in both directions to their ends.
func (t *Threads) Thread(n Node) Thread {
	return Thread{Of: n, Up: sorted(follow(t.up, n)), Down: sorted(follow(t.down, n))}
}

func follow(links map[Node][]Node, from Node) []Node {
	var out []Node
	seen := map[Node]bool{from: true}
	for todo := []Node{from}; len(todo) > 0; {
		n := todo[0]
		todo = todo[1:]
		for _, next := range links[n] {
			if !seen[next] {
				seen[next] = true
				out = append(out, next)
				todo = append(todo, next)
			}
		}
	}
	return out
}

func sorted(nodes []Node) []Node {
	out := slices.Clone(nodes)
	slices.SortFunc(out, func(a, b Node) int {
		if a.Kind != b.Kind {
			return a.Kind.order() - b.Kind.order()
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}
