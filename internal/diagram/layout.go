package diagram

import (
	"fmt"
	"math"
)

// Drawing is a graph with all its places.
type Drawing struct {
	Width, Height float64
	g             *Graph
	boxes         []box
	frames        []frame
	wires         []wire
}

type point struct{ x, y float64 }

type rect struct{ x, y, w, h float64 }

func (r rect) right() float64  { return r.x + r.w }
func (r rect) bottom() float64 { return r.y + r.h }

// box is a node with its place.
type box struct {
	rect
	node *Node
	card
}

// card is what a node's box has to hold.
type card struct {
	lines         []string
	note          string
	badge         string
	width, height float64
	loop          bool
}

// frame is a group with its place.
type frame struct {
	rect
	group *Group
	label string
}

// wire is an edge with its way.
type wire struct {
	edge       *Edge
	points     []point
	start, end bool // which ends have an arrowhead
	label      string
	text       rect // of the label
	over       bool // the label stands on the line and covers it
}

// Room around things.
const (
	margin  = 12.0
	pad     = 14.0 // within a frame
	padHead = 36.0 // with its label
	inset   = 9.0  // of the first line from a box's corner
)

// Layout places the graph. The same graph always gives the same drawing.
func Layout(g *Graph) (*Drawing, error) {
	if len(g.Nodes) > MaxNodes || len(g.Edges) > MaxEdges {
		return nil, fmt.Errorf("diagram with %d nodes and %d edges, at most %d and %d: %w",
			len(g.Nodes), len(g.Edges), MaxNodes, MaxEdges, ErrTooLarge)
	}
	if err := g.Check(); err != nil {
		return nil, fmt.Errorf("diagram: %w", err)
	}
	b := &board{g: g, edges: bundle(g.Edges, parallel), titles: make(map[string]string, len(g.Groups))}
	index := make(map[string]int, len(g.Nodes))
	for i, n := range g.Nodes {
		index[n.ID] = i
	}
	ids := make(map[string]int, len(g.Groups))
	for i, gr := range g.Groups {
		ids[gr.ID] = i
		b.titles[gr.ID] = firstOf(gr.Label, gr.ID)
	}
	group := make([]int, len(g.Nodes))
	for i, n := range g.Nodes {
		group[i] = -1
		if n.Group != "" {
			group[i] = ids[n.Group]
		}
	}
	var layer []int
	b.arcs, layer = oriented(len(g.Nodes), b.edges, index, group, g.Direction == Down)
	if err := b.build(layer, group); err != nil {
		return nil, fmt.Errorf("diagram: %w", err)
	}
	b.order()
	b.measure(index)
	b.ports()
	b.place()
	b.straighten()
	b.route()
	return b.draw(index), nil
}

// measure sizes the boxes by their texts.
func (b *board) measure(index map[string]int) {
	b.cards = make([]card, len(b.g.Nodes))
	for i := range b.g.Nodes {
		b.cards[i] = cardOf(&b.g.Nodes[i])
	}
	for _, e := range b.edges {
		if e.From == e.To {
			b.cards[index[e.From]].loop = true
		}
	}
}

func cardOf(n *Node) card {
	const (
		most, widest = 3, 152.0
		slim, low    = 92.0, 42.0
		side, above  = 12.0, 11.0
	)
	var c card
	c.lines = wrapped(clean(firstOf(n.Label, n.ID), maxText), labelSize, widest, most)
	if len(c.lines) == 0 {
		c.lines = []string{clean(n.ID, maxText)}
	}
	c.note, _ = short(clean(n.Note, maxText), noteSize, widest+10)
	for _, l := range c.lines {
		c.width = max(c.width, widthOf(l, labelSize))
	}
	c.height = float64(len(c.lines))*labelLine + 2*above
	if c.note != "" {
		c.width = max(c.width, widthOf(c.note, noteSize))
		c.height += noteLine + 2
	}
	c.width, c.height = max(slim, c.width+2*side), max(low, c.height)
	switch n.Kind {
	case Entry, Asset:
		c.width += c.height * 0.5
	case Store:
		c.width += 10
	}
	c.width, c.height = math.Ceil(c.width), math.Ceil(c.height)
	c.badge = badge(n)
	return c
}

// along and across are the size of a node in the direction and at right angles
// to it.
func (b *board) along(node int) float64 {
	if b.g.Direction == Down {
		return b.cards[node].height
	}
	return b.cards[node].width
}

func (b *board) across(node int) float64 {
	if b.g.Direction == Down {
		return b.cards[node].width
	}
	return b.cards[node].height
}
