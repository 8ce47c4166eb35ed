package diagram

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPages(t *testing.T) {
	t.Parallel()
	one := product(100, 200, 1)
	alone := product(90, 100, 0)
	hub := chain(1, "")
	for i := range 300 {
		hub.Nodes = append(hub.Nodes, Node{ID: fmt.Sprint("leaf", i), Group: fmt.Sprint("g", i%100)})
		hub.Edges = append(hub.Edges, Edge{From: "n0", To: fmt.Sprint("leaf", i)})
	}
	for i := range 100 {
		hub.Groups = append(hub.Groups, Group{ID: fmt.Sprint("g", i)})
	}
	tests := []struct {
		name string
		g    *Graph
		most int
		want []string // titles of the first pages
	}{
		{"small-stays-whole", camera(), 20, []string{"Data flow of the camera"}},
		{"overview-first", camera(), 8, []string{"Data flow of the camera", "Data flow of the camera · Home network 家用網路", "Data flow of the camera · Owner's phone 使用者手機"}},
		{"large-group", one, 40, []string{"product", "product · Boundary 0 信任邊界 (1/4)", "product · Boundary 0 信任邊界 (2/4)"}},
		{"no-groups", alone, 40, []string{"product", "product · … (1/4)"}},
		{"hub", hub, 40, []string{"chain (1/4)", "chain (2/4)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pages := Pages(tt.g, tt.most)
			if len(pages) < len(tt.want) {
				t.Fatalf("%d pages", len(pages))
			}
			for i, want := range tt.want {
				if pages[i].Title != want {
					t.Errorf("page %d is titled %q, want %q", i, pages[i].Title, want)
				}
			}
			checkPages(t, tt.g, pages, max(tt.most, leastPage))
		})
	}
}

// TestPageOfGroup: on the page of the phone, what it talks to is external.
func TestPageOfGroup(t *testing.T) {
	t.Parallel()
	p := Pages(camera(), 8)[2]
	var got []string
	for _, n := range p.Nodes {
		got = append(got, fmt.Sprintf("%s:%s:%s", n.ID, n.Kind.name(), n.Note))
	}
	want := "owner:external: cam:external:Home network 家用網路 app:process: token:store: api:external:Maker's cloud 製造商雲端"
	for _, w := range strings.Split(want, " ") {
		if !strings.Contains(strings.Join(got, " "), w) {
			t.Errorf("the page holds %q, want %q in it", got, w)
		}
	}
	if len(p.Groups) != 1 || p.Groups[0].ID != "phone" || len(p.Edges) != 5 {
		t.Errorf("the page has groups %v and %d edges", p.Groups, len(p.Edges))
	}
}

func TestPagesBundle(t *testing.T) {
	t.Parallel()
	g := product(100, 0, 2)
	for i := range 10 {
		g.Edges = append(g.Edges, Edge{From: "n0", To: fmt.Sprint("n", 2*i+1), Label: "sync"})
	}
	over := Pages(g, 20)[0]
	for _, e := range over.Edges {
		if e.From == "g0" && e.To == "g1" && e.Count == 10 {
			return
		}
	}
	t.Errorf("the overview has the edges %+v, want ten from g0 to g1 as one", over.Edges)
}

func TestPagesInvariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, most := graphs(60).Draw(t, "graph"), rapid.IntRange(0, 30).Draw(t, "most")
		checkPages(t, g, Pages(g, most), max(most, leastPage))
	})
}

// checkPages: every page can be drawn and is small enough, every node stands on
// a page as what it is, every edge on one.
func checkPages(t reporter, g *Graph, pages []*Graph, most int) {
	t.Helper()
	home := make(map[string]bool)
	flows := make(map[string]bool)
	prefixes := make(map[string]bool)
	for i, p := range pages {
		if len(p.Nodes) > most {
			t.Errorf("page %d has %d nodes, more than %d", i, len(p.Nodes), most)
		}
		if prefixes[p.Prefix] {
			t.Errorf("two pages have the prefix %q", p.Prefix)
		}
		prefixes[p.Prefix] = true
		d, err := Layout(p)
		if err != nil {
			t.Errorf("page %d: %v", i, err)
			continue
		}
		checkDrawing(t, d)
		for _, n := range p.Nodes {
			if n.Class != "muted" {
				home[n.ID] = true
			}
		}
		for _, e := range p.Edges {
			flows[e.From] = true
			flows[e.To] = true
		}
	}
	for _, n := range g.Nodes {
		if !home[n.ID] {
			t.Errorf("node %s is on no page", n.ID)
		}
	}
	for _, e := range g.Edges {
		if !flows[e.From] && !flows[e.To] {
			t.Errorf("the edge from %s to %s is on no page", e.From, e.To)
		}
	}
}

// TestPagesOfBadGraph: what Check refuses, pages keep to refuse.
func TestPagesOfBadGraph(t *testing.T) {
	t.Parallel()
	g := chain(100, "ghost")
	g.Edges = append(g.Edges, Edge{From: "n0", To: "nobody"})
	for _, p := range Pages(g, 10) {
		if len(p.Nodes) > 10 {
			t.Errorf("a page of %d nodes", len(p.Nodes))
		}
	}
}

func BenchmarkLayout(b *testing.B) {
	g := product(60, 120, 6)
	for b.Loop() {
		d, err := Layout(g)
		if err != nil {
			b.Fatal(err)
		}
		if err := d.SVG(new(strings.Builder)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPages(b *testing.B) {
	g := product(200, 1000, 8)
	for b.Loop() {
		for _, p := range Pages(g, 40) {
			d, err := Layout(p)
			if err != nil {
				b.Fatal(err)
			}
			if err := d.SVG(new(strings.Builder)); err != nil {
				b.Fatal(err)
			}
		}
	}
}
