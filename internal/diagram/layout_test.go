package diagram

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func chain(n int, group string) *Graph {
	g := &Graph{Title: "chain"}
	for i := range n {
		g.Nodes = append(g.Nodes, Node{ID: fmt.Sprint("n", i), Group: group})
		if i > 0 {
			g.Edges = append(g.Edges, Edge{From: fmt.Sprint("n", i-1), To: fmt.Sprint("n", i), Label: "step"})
		}
	}
	return g
}

// product has groups of about the same size and edges mostly within them.
func product(nodes, edges, groups int) *Graph {
	r := rand.New(rand.NewPCG(1, 2))
	g := &Graph{Title: "product"}
	for i := range groups {
		g.Groups = append(g.Groups, Group{ID: fmt.Sprint("g", i), Label: fmt.Sprintf("Boundary %d 信任邊界", i)})
	}
	for i := range nodes {
		n := Node{ID: fmt.Sprint("n", i), Label: fmt.Sprintf("Component %d", i), Kind: Kind(i % 4)}
		if groups > 0 && i%11 != 10 {
			n.Group = fmt.Sprint("g", i%groups)
		}
		g.Nodes = append(g.Nodes, n)
	}
	for range edges {
		from := r.IntN(nodes)
		to := r.IntN(nodes)
		if groups > 0 && r.IntN(4) > 0 {
			to = (from + groups*(1+r.IntN(5))) % nodes
		}
		g.Edges = append(g.Edges, Edge{From: fmt.Sprint("n", from), To: fmt.Sprint("n", to), Label: "HTTPS"})
	}
	return g
}

func TestLayout(t *testing.T) {
	t.Parallel()
	many := chain(2, "")
	for i := range 1000 {
		many.Edges = append(many.Edges, Edge{From: "n0", To: "n1", Label: fmt.Sprint("flow ", i)})
	}
	tests := []struct {
		name  string
		g     *Graph
		wires int
	}{
		{"empty", &Graph{}, 0},
		{"single", chain(1, ""), 0},
		{"cycle", &Graph{Nodes: []Node{{ID: "a"}, {ID: "b"}, {ID: "c"}}, Edges: []Edge{{From: "a", To: "b"}, {From: "b", To: "c"}, {From: "c", To: "a"}}}, 3},
		{"self-loop", &Graph{Nodes: []Node{{ID: "a"}}, Edges: []Edge{{From: "a", To: "a", Label: "again"}}}, 1},
		{"self-loops", &Graph{Nodes: []Node{{ID: "a"}}, Edges: []Edge{{From: "a", To: "a"}, {From: "a", To: "a"}}}, 1},
		{"island", &Graph{Nodes: []Node{{ID: "a"}, {ID: "b"}, {ID: "alone"}}, Edges: []Edge{{From: "a", To: "b"}}}, 1},
		{"two-way", &Graph{Nodes: []Node{{ID: "a"}, {ID: "b"}}, Edges: []Edge{{From: "a", To: "b"}, {From: "b", To: "a"}}}, 2},
		{"all-back", &Graph{Nodes: []Node{{ID: "a"}, {ID: "b"}}, Edges: []Edge{{From: "a", To: "b", Back: true}}}, 1},
		{"three-parallel", &Graph{Nodes: []Node{{ID: "a"}, {ID: "b"}}, Edges: []Edge{{From: "a", To: "b"}, {From: "a", To: "b"}, {From: "a", To: "b"}}}, 3},
		{"thousand-parallel", many, 1},
		{"long-label", &Graph{Nodes: []Node{{ID: "a", Label: strings.Repeat("endless ", 500)}, {ID: "b", Label: strings.Repeat("x", 5000)}},
			Edges: []Edge{{From: "a", To: "b", Label: strings.Repeat("y", 5000)}}}, 1},
		{"chinese", &Graph{Nodes: []Node{{ID: "a", Label: "使用者的行動裝置上的應用程式與其設定資料"}, {ID: "b", Label: "韌體", Kind: Store}},
			Edges: []Edge{{From: "a", To: "b", Label: "寫入設定"}}}, 1},
		{"empty-group", &Graph{Nodes: []Node{{ID: "a"}}, Groups: []Group{{ID: "nobody"}}}, 0},
		{"islands", product(60, 0, 6), 0},
		{"sixty", product(60, 120, 6), -1},
		{"no-groups", product(40, 80, 0), -1},
		{"chain", chain(200, ""), 199},
		{"camera", camera(), 16},
		{"path", path(), 4},
	}
	for _, tt := range tests {
		for _, dir := range []Direction{Right, Down} {
			t.Run(fmt.Sprint(tt.name, "-", dir), func(t *testing.T) {
				t.Parallel()
				g := *tt.g
				g.Direction = dir
				d, err := Layout(&g)
				if err != nil {
					t.Fatal(err)
				}
				if tt.wires >= 0 && len(d.wires) != tt.wires {
					t.Errorf("%d edges drawn, want %d", len(d.wires), tt.wires)
				}
				checkDrawing(t, d)
			})
		}
	}
}

func TestBundled(t *testing.T) {
	t.Parallel()
	g := chain(2, "")
	for i := range 999 {
		g.Edges = append(g.Edges, Edge{From: "n0", To: "n1", Label: fmt.Sprint("flow ", i)})
	}
	g.Edges[500].Class = "critical"
	d, err := Layout(g)
	if err != nil {
		t.Fatal(err)
	}
	if w := d.wires[0]; w.label != "▲ step +999" || w.edge.Count != 1000 || w.edge.Class != "critical" {
		t.Errorf("the bundle reads %q, for %d edges, class %q", w.label, w.edge.Count, w.edge.Class)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	two := []Node{{ID: "a"}, {ID: "b"}}
	tests := []struct {
		name string
		g    Graph
		want string
	}{
		{"unknown-from", Graph{Nodes: two, Edges: []Edge{{From: "ghost", To: "a"}}}, `there is no node "ghost"`},
		{"unknown-to", Graph{Nodes: two, Edges: []Edge{{From: "a", To: "ghost\x1b[2J"}}}, `there is no node "ghost\x1b[2J"`},
		{"unknown-group", Graph{Nodes: []Node{{ID: "a", Group: "g"}}}, `there is no group "g"`},
		{"twice", Graph{Nodes: []Node{{ID: "a"}, {ID: "a"}}}, `"a" is there twice`},
		{"no-id", Graph{Nodes: []Node{{Label: "x"}}}, "is empty"},
		{"group-twice", Graph{Groups: []Group{{ID: "g"}, {ID: "g"}}}, `"g" is there twice`},
		{"kind", Graph{Nodes: []Node{{ID: "a", Kind: kinds}}}, "there is no kind"},
		{"direction", Graph{Direction: 7}, "neither Right nor Down"},
		{"script", Graph{Nodes: []Node{{ID: "a", Href: "javascript:alert(1)"}}}, "the link"},
		{"script-hidden", Graph{Nodes: []Node{{ID: "a", Href: "java\nscript:alert(1)"}}}, "the link"},
		{"other-host", Graph{Nodes: []Node{{ID: "a", Href: "//host/x"}}}, "the link"},
		{"data", Graph{Nodes: []Node{{ID: "a", Href: "data:text/html,x"}}}, "the link"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := tt.g.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Check() = %v, want %q in it", err, tt.want)
			}
			if d, err := Layout(&tt.g); err == nil {
				t.Errorf("Layout gives a drawing of %v by %v", d.Width, d.Height)
			}
		})
	}
	good := Graph{Nodes: []Node{{ID: "a", Href: "#x:y"}, {ID: "b", Href: "threats/t1.html"}, {ID: "c", Href: "https://example.org/a:b"}}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	bad := Graph{}
	for range 1000 {
		bad.Edges = append(bad.Edges, Edge{From: "x", To: "y"})
	}
	if n := strings.Count(bad.Check().Error(), "\n") + 1; n != maxFaults {
		t.Errorf("%d faults are named, want %d", n, maxFaults)
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	edges := chain(2, "")
	edges.Edges = make([]Edge, MaxEdges+1)
	// A chain whose first node leads to all others needs lanes everywhere.
	lanes := chain(2000, "")
	for i := range 2000 {
		lanes.Edges = append(lanes.Edges, Edge{From: "n0", To: fmt.Sprint("n", i)})
	}
	for name, g := range map[string]*Graph{"nodes": chain(10_000, ""), "edges": edges, "lanes": lanes} {
		if _, err := Layout(g); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLargest: what is allowed is laid out, if not prettily.
func TestLargest(t *testing.T) {
	t.Parallel()
	for _, g := range []*Graph{chain(MaxNodes, ""), product(MaxNodes, 0, 40), product(400, 1500, 8)} {
		if _, err := Layout(g); err != nil {
			t.Error(err)
		}
	}
}

// graphs draws graphs of all sorts.
func graphs(most int) *rapid.Generator[*Graph] {
	return rapid.Custom(func(t *rapid.T) *Graph {
		g := &Graph{Direction: Direction(rapid.IntRange(0, 1).Draw(t, "direction"))}
		n, groups := rapid.IntRange(1, most).Draw(t, "nodes"), rapid.IntRange(0, 5).Draw(t, "groups")
		for i := range groups {
			g.Groups = append(g.Groups, Group{ID: fmt.Sprint("g", i), Label: rapid.StringN(0, 30, 60).Draw(t, "group label")})
		}
		text := rapid.SampledFrom([]string{"", "x", "Wi-Fi", "設定與金鑰", "a rather long label for a box that wraps", strings.Repeat("w", 60)})
		for i := range n {
			node := Node{ID: fmt.Sprint("n", i), Label: text.Draw(t, "label"), Note: text.Draw(t, "note"),
				Kind: Kind(rapid.IntRange(0, int(kinds)-1).Draw(t, "kind")), Weight: rapid.IntRange(-1, 3).Draw(t, "weight")}
			if k := rapid.IntRange(0, groups).Draw(t, "group"); k > 0 {
				node.Group = g.Groups[k-1].ID
			}
			g.Nodes = append(g.Nodes, node)
		}
		for range rapid.IntRange(0, 2*n).Draw(t, "edges") {
			g.Edges = append(g.Edges, Edge{From: fmt.Sprint("n", rapid.IntRange(0, n-1).Draw(t, "from")), To: fmt.Sprint("n", rapid.IntRange(0, n-1).Draw(t, "to")),
				Label: text.Draw(t, "edge"), Class: rapid.SampledFrom([]string{"", "critical", "open minor"}).Draw(t, "class"), Back: rapid.IntRange(0, 4).Draw(t, "back") == 0})
		}
		return g
	})
}

func TestInvariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := graphs(24).Draw(t, "graph")
		d, err := Layout(g)
		if err != nil {
			t.Fatal(err)
		}
		checkDrawing(t, d)
		again, err := Layout(g)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(svg(t, d), svg(t, again)) {
			t.Error("the same graph gives two drawings")
		}
	})
}

type reporter interface {
	Helper()
	Errorf(string, ...any)
	Fatal(...any)
}

func svg(t reporter, d *Drawing) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := d.SVG(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checkDrawing holds a drawing to what makes it right.
func checkDrawing(t reporter, d *Drawing) {
	t.Helper()
	sheet := rect{0, 0, d.Width, d.Height}
	for i, b := range d.boxes {
		if !within(b.rect, sheet) {
			t.Errorf("node %s at %v is off the sheet %v", b.node.ID, b.rect, sheet)
		}
		for _, o := range d.boxes[:i] {
			if overlap(b.rect, o.rect) {
				t.Errorf("nodes %s and %s overlap: %v %v", b.node.ID, o.node.ID, b.rect, o.rect)
			}
		}
		for _, f := range d.frames {
			if f.group.ID == b.node.Group && !within(b.rect, f.rect) {
				t.Errorf("node %s at %v is outside of its group's frame %v", b.node.ID, b.rect, f.rect)
			}
			if f.group.ID != b.node.Group && overlap(b.rect, f.rect) {
				t.Errorf("node %s at %v is in the frame %v of group %s, to which it doesn't belong", b.node.ID, b.rect, f.rect, f.group.ID)
			}
		}
	}
	for i, f := range d.frames {
		if !within(f.rect, sheet) {
			t.Errorf("group %s is off the sheet", f.group.ID)
		}
		for _, o := range d.frames[:i] {
			if overlap(f.rect, o.rect) {
				t.Errorf("groups %s and %s overlap: %v %v", f.group.ID, o.group.ID, f.rect, o.rect)
			}
		}
	}
	checkWires(t, d)
	checkMarkup(t, svg(t, d))
}

func checkWires(t reporter, d *Drawing) {
	t.Helper()
	sheet := rect{0, 0, d.Width, d.Height}
	var labels []wire
	for _, w := range d.wires {
		if len(w.points) < 2 {
			t.Errorf("edge %s-%s has no line", w.edge.From, w.edge.To)
		}
		for i := 1; i < len(w.points); i++ {
			a, b := w.points[i-1], w.points[i]
			r := rect{min(a.x, b.x), min(a.y, b.y), math.Abs(a.x - b.x), math.Abs(a.y - b.y)}
			if !within(r, sheet) {
				t.Errorf("edge %s-%s is off the sheet", w.edge.From, w.edge.To)
			}
			if r.w > 1 && r.h > 1 {
				t.Errorf("edge %s-%s runs aslant from %v to %v", w.edge.From, w.edge.To, a, b)
			}
			for _, b := range d.boxes {
				ends := b.node.ID == w.edge.From || b.node.ID == w.edge.To
				if !ends && overlap(r, b.rect) {
					t.Errorf("edge %s-%s runs through node %s", w.edge.From, w.edge.To, b.node.ID)
				}
			}
		}
		if w.label == "" {
			continue
		}
		for _, b := range d.boxes {
			if overlap(w.text, b.rect) {
				t.Errorf("the label %q of %s-%s lies on node %s: %v %v", w.label, w.edge.From, w.edge.To, b.node.ID, w.text, b.rect)
			}
		}
		for _, o := range d.wires {
			for i := 1; i < len(o.points) && d.g.Direction == Right; i++ {
				a, b := o.points[i-1], o.points[i]
				if overlap(w.text, rect{min(a.x, b.x), min(a.y, b.y), math.Abs(a.x-b.x) + 1, math.Abs(a.y-b.y) + 1}) {
					t.Errorf("edge %s-%s runs through the label %q of %s-%s", o.edge.From, o.edge.To, w.label, w.edge.From, w.edge.To)
				}
			}
		}
		for _, o := range labels {
			if overlap(w.text, o.text) {
				t.Errorf("the labels %q of %s-%s and %q of %s-%s overlap: %v %v", w.label, w.edge.From, w.edge.To, o.label, o.edge.From, o.edge.To, w.text, o.text)
			}
		}
		labels = append(labels, w)
	}
}

func overlap(a, b rect) bool {
	const touch = 0.5
	return a.x < b.right()-touch && b.x < a.right()-touch && a.y < b.bottom()-touch && b.y < a.bottom()-touch
}

func within(a, b rect) bool {
	return a.x >= b.x && a.y >= b.y && a.right() <= b.right() && a.bottom() <= b.bottom()
}

// checkMarkup says whether a picture is well formed and holds only elements and
// attributes that this package writes.
func checkMarkup(t reporter, b []byte) {
	t.Helper()
	const elements = " svg title desc g rect path text a "
	const attributes = " xmlns id class role aria-labelledby viewBox width height x y rx d href transform "
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("not well formed: %v", err)
			return
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if !strings.Contains(elements, " "+tok.Name.Local+" ") {
				t.Errorf("element %s", tok.Name.Local)
			}
			for _, a := range tok.Attr {
				if !strings.Contains(attributes, " "+a.Name.Local+" ") {
					t.Errorf("attribute %s of %s", a.Name.Local, tok.Name.Local)
				}
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Errorf("%s of %s is %s", a.Name.Local, tok.Name.Local, a.Value)
				}
			}
		case xml.Comment, xml.ProcInst, xml.Directive:
			t.Errorf("%T in the picture", tok)
		}
	}
}
