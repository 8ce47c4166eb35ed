package diagram

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Text writes the graph for a terminal: each group with its nodes, each node
// with the edges that leave it. The brackets tell the kinds: (process) =store=
// [external] >entry> <asset> {group}.
func Text(w io.Writer, g *Graph, width int) error {
	if err := g.Check(); err != nil {
		return fmt.Errorf("diagram: %w", err)
	}
	t := &terminal{w: bufio.NewWriter(w), width: max(40, width)}
	if g.Title != "" {
		t.line(0, 0, clean(g.Title, maxText))
	}
	if g.Desc != "" {
		t.line(0, 0, clean(g.Desc, maxText))
	}
	names := make(map[string]string, len(g.Nodes))
	members := make(map[string][]int)
	for i, n := range g.Nodes {
		names[n.ID] = n.bracketed()
		members[n.Group] = append(members[n.Group], i)
	}
	leaving := make(map[string][]int)
	edges := bundle(g.Edges, parallel)
	for i, e := range edges {
		leaving[e.From] = append(leaving[e.From], i)
	}
	for _, gr := range append([]Group{{}}, g.Groups...) {
		if len(members[gr.ID]) == 0 {
			continue
		}
		indent := 0
		if gr.ID != "" {
			t.line(0, 3, "── "+clean(firstOf(gr.Label, gr.ID), maxText)+" ──")
			indent = 2
		}
		for _, i := range members[gr.ID] {
			n := &g.Nodes[i]
			t.line(indent, 2, strings.TrimSpace(names[n.ID]+"  "+badge(n)+"  "+clean(n.Note, maxText)))
			for _, k := range leaving[n.ID] {
				t.edge(indent+4, names[edges[k].To], &edges[k])
			}
		}
	}
	if t.err != nil {
		return fmt.Errorf("diagram: %w", t.err)
	}
	if err := t.w.Flush(); err != nil {
		return fmt.Errorf("diagram: %w", err)
	}
	return nil
}

// badge is the severity and number that a node's badge shows.
func badge(n *Node) string {
	if n.Weight > 0 {
		return strings.TrimSpace(fmt.Sprintf("%s %d", symbol(n.Class), n.Weight))
	}
	return symbol(n.Class)
}

func (n *Node) bracketed() string {
	b := [...]string{"()", "==", "[]", ">>", "<>", "{}"}[n.Kind]
	return b[:1] + clean(firstOf(n.Label, n.ID), maxText) + b[1:]
}

type terminal struct {
	w     *bufio.Writer
	width int
	err   error
}

func (t *terminal) edge(indent int, to string, e *Edge) {
	const most = 60
	s := "→ " + runewidth.Truncate(to, most, "…")
	if c := clean(e.caption(), maxText); c != "" {
		s += ": " + c
	}
	t.line(indent, 2, s)
}

// line writes a text over as many lines as it needs; those after the first
// stand further in.
func (t *terminal) line(indent, hang int, s string) {
	s = strings.TrimRight(s, " ")
	for first := true; first || s != ""; first = false {
		room := max(10, t.width-indent)
		at := fits(s, room)
		if t.err == nil {
			_, t.err = fmt.Fprintln(t.w, strings.Repeat(" ", indent)+strings.TrimRight(s[:at], " "))
		}
		s = strings.TrimLeft(s[at:], " ")
		if first {
			indent += hang
		}
	}
}

// fits is how many bytes of a text stand on a line so wide.
func fits(s string, room int) int {
	cells, best := 0, 0
	var last rune
	for i, r := range s {
		if i > 0 && breaks(last, r) {
			best = i
		}
		if cells += runewidth.RuneWidth(r); cells > room {
			if r == ' ' {
				return i
			}
			if best == 0 {
				return max(i, 1)
			}
			return best
		}
		last = r
	}
	return len(s)
}
