// Package diagram draws directed graphs: data flows with their trust
// boundaries, attack paths, the risk matrix. A Graph comes in, whose labels may
// be hostile; an SVG without style or script of its own goes out, or text for a
// terminal. It knows nothing of what the nodes stand for.
package diagram

import (
	"errors"
	"fmt"
	"strings"
)

// The largest graph that is laid out as one picture. Nobody reads a tenth of
// it: Pages splits what is larger.
const (
	MaxNodes = 5_000
	MaxEdges = 20_000
)

// maxFaults bounds how many faults one error names.
const maxFaults = 10

// ErrTooLarge is wrapped by the error for a graph that has to be paged first.
var ErrTooLarge = errors.New("too large for one picture: split it with Pages first")

// Kind says what a node is, and so its shape. The first three are the elements
// of a data-flow diagram, whose fourth is the edge.
type Kind int

// The kinds of node.
const (
	Process   Kind = iota // rounded rectangle
	Store                 // rectangle without its right side
	External              // rectangle with square corners
	Entry                 // where an attacker gets in: pill
	Asset                 // what is worth protecting: hexagon
	Collapsed             // a whole boundary as one node: stacked dashed rectangles
	kinds
)

// Direction is where edges lead.
type Direction int

// The directions.
const (
	Right Direction = iota
	Down
)

// Graph is what to draw. Where no order follows from the edges, nodes and
// groups keep the order in which they are given.
type Graph struct {
	Prefix      string // begins each id of the SVG; "d" if empty. Letters, digits, - and _
	Title, Desc string // for those who don't see the picture
	Nodes       []Node
	Edges       []Edge
	Groups      []Group
	Direction   Direction
}

// Node is drawn as a box that its label fits.
type Node struct {
	ID, Label string // without a label the ID is shown
	Note      string // a second, smaller line
	Kind      Kind
	Group     string // ID of a Group, or empty
	Class     string // see Style; critical, major and minor also bring a symbol
	Href      string // a fragment, a relative path, or http(s)
	Title     string // shown on hovering, beside the full label
	Weight    int    // above 0: shown in a badge, such as the number of threats
}

// Edge is an arrow between two nodes, or from a node to itself.
type Edge struct {
	From, To string
	Label    string
	Class    string // as of Node; also open: dashed
	Title    string
	Count    int  // how many edges this one stands for, if more than one
	Back     bool // leads against the direction of the picture, such as an answer
}

// Group is a trust boundary: a dashed frame around its nodes. Without a node it
// isn't drawn.
type Group struct{ ID, Label, Class string }

// Check reports what is wrong with the graph, at most ten faults.
func (g *Graph) Check() error {
	if g.Direction != Right && g.Direction != Down {
		return fmt.Errorf("direction %d is neither Right nor Down", g.Direction)
	}
	var faults []error
	fault := func(format string, args ...any) bool {
		faults = append(faults, fmt.Errorf(format, args...))
		return len(faults) >= maxFaults
	}
	groups := make(map[string]bool, len(g.Groups))
	for i, gr := range g.Groups {
		if bad := named(gr.ID, groups); bad != "" && fault("group %d: the ID %s %s", i, cited(gr.ID), bad) {
			return errors.Join(faults...)
		}
		groups[gr.ID] = true
	}
	nodes := make(map[string]bool, len(g.Nodes))
	for i, n := range g.Nodes {
		bad := named(n.ID, nodes)
		nodes[n.ID] = true
		full := false
		switch {
		case bad != "":
			full = fault("node %d: the ID %s %s", i, cited(n.ID), bad)
		case n.Group != "" && !groups[n.Group]:
			full = fault("node %s: there is no group %s", cited(n.ID), cited(n.Group))
		case n.Kind < 0 || n.Kind >= kinds:
			full = fault("node %s: there is no kind %d", cited(n.ID), n.Kind)
		case !harmless(n.Href):
			full = fault("node %s: the link %s is neither a fragment, a relative path, nor http(s)", cited(n.ID), cited(n.Href))
		}
		if full {
			return errors.Join(faults...)
		}
	}
	for i, e := range g.Edges {
		for _, id := range []string{e.From, e.To} {
			if !nodes[id] && fault("edge %d from %s to %s: there is no node %s", i, cited(e.From), cited(e.To), cited(id)) {
				return errors.Join(faults...)
			}
		}
	}
	return errors.Join(faults...)
}

// named says what is wrong with an ID, or nothing.
func named(id string, seen map[string]bool) string {
	switch {
	case id == "":
		return "is empty"
	case seen[id]:
		return "is there twice"
	}
	return ""
}

// cited is an ID as an error shows it, which may be long and hostile.
func cited(id string) string { return `"` + clean(id, 80) + `"` }

// harmless says whether a link stays here or leads to the web; a scheme such as
// javascript: runs in the page.
func harmless(href string) bool {
	if href == "" || href[0] == '#' {
		return true
	}
	if clean(href, len(href)) != href || strings.HasPrefix(href, "//") || strings.Contains(href, `\`) {
		return false
	}
	if rest, ok := strings.CutPrefix(href, "https://"); ok {
		return rest != ""
	}
	if rest, ok := strings.CutPrefix(href, "http://"); ok {
		return rest != ""
	}
	path, _, _ := strings.Cut(href, "/")
	return !strings.Contains(path, ":") && path == strings.TrimSpace(path)
}

// parallel is how many edges from one node to another are drawn one by one.
const parallel = 3

// bundle replaces more than keep edges from one node to another by one that
// stands for all of them, in the place of the first.
func bundle(edges []Edge, keep int) []Edge {
	type ends struct{ from, to string }
	members := make(map[ends][]int, len(edges))
	for i, e := range edges {
		k := ends{e.From, e.To}
		members[k] = append(members[k], i)
	}
	out := make([]Edge, 0, len(edges))
	for i, e := range edges {
		all := members[ends{e.From, e.To}]
		limit := keep
		if e.From == e.To {
			limit = 1 // there is room for one loop
		}
		switch {
		case len(all) <= limit:
			out = append(out, e)
		case all[0] == i:
			out = append(out, merge(edges, all))
		}
	}
	return out
}

// merge makes one edge of several between the same nodes: it has the gravest
// class, and names the first few in its title.
func merge(edges []Edge, all []int) Edge {
	const named = 12
	m := edges[all[0]]
	m.Count = 0
	var titles []string
	for i, at := range all {
		e := edges[at]
		m.Count += max(1, e.Count)
		m.Back = m.Back && e.Back
		if gravity(e.Class) > gravity(m.Class) {
			m.Class = e.Class
		}
		if m.Label == "" {
			m.Label = e.Label
		}
		if t := firstOf(e.Title, e.Label); t != "" && i < named {
			titles = append(titles, t)
		}
	}
	if len(all) > named {
		titles = append(titles, fmt.Sprintf("… +%d", len(all)-named))
	}
	m.Title = strings.Join(titles, " · ")
	return m
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// gravity orders the classes that mean a severity.
func gravity(class string) int {
	for _, c := range strings.Fields(class) {
		switch c {
		case "critical":
			return 3
		case "major":
			return 2
		case "minor":
			return 1
		}
	}
	return 0
}

// symbol is the sign that goes with a severity, so that it isn't told by colour
// alone.
func symbol(class string) string { return [...]string{"", "●", "◆", "▲"}[gravity(class)] }

// caption is the label of an edge as it is drawn.
func (e Edge) caption() string {
	parts := []string{symbol(e.Class), e.Label}
	if e.Count > 1 {
		parts = append(parts, fmt.Sprintf("+%d", e.Count-1))
	}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}
