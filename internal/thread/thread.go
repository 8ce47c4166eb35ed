// Package thread follows links between the things that an assessment is made
// of: from who the customers are to the test that decides, and back.
//
// In: nodes of kinds, in an order of kinds that the caller gives, and links
// from the model towards the tests. Out: for one node, everything that hangs
// on it in both directions.
package thread

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is what stands at one place of a thread.
type Kind string

// Node is one id of a thread.
type Node struct {
	Kind Kind
	ID   string
}

// Thread is everything that hangs on one id, towards the model and towards
// the tests.
type Thread struct {
	Of   Node
	Up   []Node // towards the model: what it answers
	Down []Node // towards the tests: what answers it
}

// Threads holds the links.
type Threads struct {
	order    []Kind
	up, down map[Node][]Node
	linked   map[[2]Node]bool
	nodes    []Node
}

// New makes an empty set of links; nodes are listed in the order of kinds.
func New(order ...Kind) *Threads {
	return &Threads{order: order, up: map[Node][]Node{}, down: map[Node][]Node{}, linked: map[[2]Node]bool{}}
}

// Has says whether a node is there.
func (t *Threads) Has(n Node) bool { _, ok := t.down[n]; return ok }

// Add adds a node that may hang on nothing.
func (t *Threads) Add(n Node) {
	if _, ok := t.down[n]; !ok {
		t.down[n] = nil
		t.nodes = append(t.nodes, n)
	}
}

// Link adds a link, and its ends.
func (t *Threads) Link(from, to Node) {
	t.Add(from)
	t.Add(to)
	if pair := [2]Node{from, to}; !t.linked[pair] {
		t.linked[pair] = true
		t.down[from] = append(t.down[from], to)
		t.up[to] = append(t.up[to], from)
	}
}

// Nodes lists every id that can be asked for.
func (t *Threads) Nodes() []Node { return slices.Clone(t.nodes) }

// Next lists what hangs on a node directly.
func (t *Threads) Next(n Node) (up, down []Node) { return t.sorted(t.up[n]), t.sorted(t.down[n]) }

// Find finds the node of an id: a requirement without its standard, and any
// id that stands at the end of one node only, are enough. The error lists
// what an ambiguous id may mean, or what looks like it.
func (t *Threads) Find(id string) (Node, error) {
	var exact, ends, near []Node
	for _, n := range t.nodes {
		switch {
		case n.ID == id:
			exact = append(exact, n)
		case endsIn(n.ID, id):
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
			return Node{}, fmt.Errorf("%q may mean %s", id, names(t.sorted(found)))
		}
	}
	if len(near) == 0 || id == "" {
		return Node{}, fmt.Errorf("nothing has the id %q", id)
	}
	return Node{}, fmt.Errorf("nothing has the id %q; there is %s", id, names(t.sorted(near)))
}

func names(nodes []Node) string {
	var out []string
	for i, n := range nodes {
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
	return Thread{Of: n, Up: t.sorted(follow(t.up, n)), Down: t.sorted(follow(t.down, n))}
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

func (t *Threads) sorted(nodes []Node) []Node {
	out := slices.Clone(nodes)
	slices.SortFunc(out, func(a, b Node) int {
		if a.Kind != b.Kind {
			return slices.Index(t.order, a.Kind) - slices.Index(t.order, b.Kind)
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// endsIn says whether an id stands at the end of another, behind a slash. Ids
// that say where something happens (x@y/z) don't end in their place.
func endsIn(id, end string) bool {
	return strings.HasSuffix(id, "/"+end) && !strings.Contains(id, "@")
}
