package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"assay/internal/diagram"
	"assay/internal/threat"
)

// Bounds of the pictures of data flows.
const (
	maxNodes     = 60 // of one page
	maxPages     = 12
	maxProtocols = 3 // named on one arrow
)

// class is how a drawing marks a level.
func class(l threat.Level) string { return strings.ToLower(string(l)) }

// picture lays a graph out. What can't be drawn is said instead: the lists
// hold everything that a picture shows.
func (v *threatView) picture(g *diagram.Graph) template.HTML {
	var b strings.Builder
	d, err := diagram.Layout(g)
	if err == nil {
		err = d.SVG(&b)
	}
	if err != nil {
		return template.HTML("<p>") + v.say("threat.no-picture", map[string]string{"error": err.Error()}).HTML() + "</p>"
	}
	//nolint:gosec // internal/diagram escapes every label
	return template.HTML(b.String())
}

// matrixView is one risk matrix.
type matrixView struct {
	Title string
	SVG   template.HTML
}

// Matrices are the risks without countermeasures, with those that count, and
// with all of them.
func (v *threatView) Matrices() []matrixView {
	out := []matrixView{v.matrix("before", func(t *threat.Threat) threat.Risk { return t.Before })}
	if v.run {
		out = append(out, v.matrix("now", func(t *threat.Threat) threat.Risk { return t.Residual }))
	}
	return append(out, v.matrix("after", func(t *threat.Threat) threat.Risk { return t.After }))
}

func (v *threatView) matrix(name string, of func(*threat.Threat) threat.Risk) matrixView {
	out := matrixView{Title: v.s("threat.matrix." + name)}
	m := diagram.Matrix{Prefix: "t-m-" + name, Title: out.Title, Desc: v.s("threat.matrix.desc"), Likelihood: v.s("threat.likelihood"), Impact: v.s("threat.impact")}
	for i := range 3 {
		m.Likelihoods[i], m.Impacts[i] = v.s("threat.likelihood."+fmt.Sprint(i+1)), v.s("threat.impact."+fmt.Sprint(i+1))
		m.Levels[i] = v.level(threat.Levels()[i])
		for k := range 3 {
			m.Cells[i][k].Class = class(v.levelOfProduct((i + 1) * (k + 1)))
		}
	}
	for i := range v.a.Threats {
		if r := of(&v.a.Threats[i]); r.Likelihood >= 1 && r.Likelihood <= 3 && r.Impact >= 1 && r.Impact <= 3 {
			m.Cells[r.Likelihood-1][r.Impact-1].Before++
		}
	}
	var b strings.Builder
	if err := m.SVG(&b); err != nil {
		out.SVG = v.say("threat.no-picture", map[string]string{"error": err.Error()}).HTML()
		return out
	}
	//nolint:gosec // internal/diagram escapes every label
	out.SVG = template.HTML(b.String())
	return out
}

// levelOfProduct is the level that the profile gives a product of likelihood
// and impact.
func (v *threatView) levelOfProduct(n int) threat.Level {
	for _, l := range v.a.Profile.Risk {
		if slices.Contains(l.Products, n) {
			return l.Level
		}
	}
	return ""
}

// Picture draws the path: the entry point, each threat with its points, what
// it gives, and what is worth having at the end.
func (p pathView) picture(v *threatView, n int) template.HTML {
	g := &diagram.Graph{Prefix: fmt.Sprintf("t-path%d", n), Title: v.s("threat.path.title", "n", fmt.Sprint(n)), Desc: p.Sentence.Text(), Direction: diagram.Down}
	g.Nodes = append(g.Nodes, diagram.Node{ID: "entry", Label: p.From.raw(), Kind: diagram.Entry})
	from, label, open := "entry", "", ""
	for i, s := range p.Steps {
		if s.Title.Empty() {
			label = s.Gives.raw() // comes by itself: no box of its own
			continue
		}
		t := p.path.Steps[i].Threat
		id := fmt.Sprintf("s%d", i)
		node := diagram.Node{ID: id, Label: s.Title.raw(), Note: v.points(s.Points) + " · " + s.On.raw(), Class: class(t.Residual.Level), Title: t.ID}
		if s.Anchor != "" {
			node.Href = "#" + s.Anchor
		}
		g.Nodes = append(g.Nodes, node)
		g.Edges = append(g.Edges, diagram.Edge{From: from, To: id, Label: label, Class: open})
		from, label = id, s.Gives.raw()
	}
	g.Nodes = append(g.Nodes, diagram.Node{ID: "target", Label: p.To.raw(), Kind: diagram.Asset})
	if label == p.To.raw() {
		label = ""
	}
	g.Edges = append(g.Edges, diagram.Edge{From: from, To: "target", Label: label})
	return v.picture(g)
}

// flowPage is one page of the data flows.
type flowPage struct {
	Title phrase
	SVG   template.HTML
}

// Flows draws the data flows with their trust boundaries.
func (v *threatView) Flows() []flowPage {
	g := v.flowGraph()
	if len(g.Nodes) == 0 {
		return nil
	}
	var out []flowPage
	pages := diagram.Pages(g, maxNodes)
	for i, page := range pages {
		if i == maxPages {
			v.MorePages++
			continue
		}
		p := flowPage{SVG: v.picture(page)}
		if len(pages) > 1 {
			p.Title = foreign(page.Title)
		}
		out = append(out, p)
	}
	return out
}

// flowGraph is the product as a data-flow diagram (Shostack's elements:
// processes, stores, externals, flows, trust boundaries), with the threats
// that remain on each.
func (v *threatView) flowGraph() *diagram.Graph {
	f := &flowDrawing{v: v, g: &diagram.Graph{Prefix: "t-flows", Title: v.s("threat.flows"), Desc: v.s("threat.flows.desc")}, zones: map[string]bool{}, remain: map[string]levels{}, wires: map[[2]string]*wireView{}}
	f.remaining()
	p := v.a.Product
	for _, c := range p.Components {
		zone := threat.ZoneOf(p, c.ID)
		f.zone(zone)
		f.node(diagram.Node{ID: "component/" + c.ID, Label: cmp.Or(c.Name, c.ID), Note: v.or(c.Kind, "threat.component."+c.Kind), Group: zone}, f.remain["on/"+c.ID], "component/"+c.ID)
	}
	for _, d := range p.Data {
		for _, on := range d.StoredOn {
			if _, ok := p.Component(on); !ok {
				continue
			}
			id := "data/" + d.ID + "@" + on
			f.node(diagram.Node{ID: id, Label: d.ID, Note: v.or(d.Category, "threat.data."+d.Category), Kind: diagram.Store, Group: threat.ZoneOf(p, on)}, f.remain["ref/data/"+d.ID], "data/"+d.ID)
			f.g.Edges = append(f.g.Edges, diagram.Edge{From: "component/" + on, To: id, Class: "muted"})
		}
	}
	f.people()
	f.flows()
	return f.g
}

type flowDrawing struct {
	v      *threatView
	g      *diagram.Graph
	zones  map[string]bool
	remain map[string]levels // by on/component and ref/element
	wires  map[[2]string]*wireView
	order  [][2]string
	seen   map[string]bool
}

// wireView is all flows from one node to another.
type wireView struct {
	protocols []string
	titles    []string
	remain    levels
	plain     bool // one of them isn't encrypted
}

// remaining counts what is left on a component: on itself and on its
// interfaces, secrets and accounts; flows and data are drawn themselves.
func (f *flowDrawing) remaining() {
	for i := range f.v.a.Threats {
		t := &f.v.a.Threats[i]
		e := t.Element
		keys := []string{"ref/" + e.Ref}
		if e.Kind != threat.OnFlow && e.Kind != threat.OnData && e.On != "" {
			keys = append(keys, "on/"+e.On)
		}
		for _, k := range keys {
			l := f.remain[k]
			l.add(t.Residual.Level)
			f.remain[k] = l
		}
	}
}

func (f *flowDrawing) zone(id string) {
	if !f.zones[id] {
		f.zones[id] = true
		f.g.Groups = append(f.g.Groups, diagram.Group{ID: id, Label: f.v.zone(id)})
	}
}

// node adds a node with the mark of what remains on it.
func (f *flowDrawing) node(n diagram.Node, left levels, ref string) {
	if f.seen == nil {
		f.seen = map[string]bool{}
	}
	if f.seen[n.ID] {
		return
	}
	f.seen[n.ID] = true
	n.Class, n.Weight = class(left.worst()), left.grave()
	if n.Weight == 0 {
		n.Class = ""
	}
	n.Title = f.v.Tally(left)
	if a := f.v.linkTo("e", ref); a != "" {
		n.Href = "#" + a
	}
	f.g.Nodes = append(f.g.Nodes, n)
}

// people adds the roles that interfaces name, each with its accounts.
func (f *flowDrawing) people() {
	p := f.v.a.Product
	accounts := map[string][]string{}
	for _, u := range p.Users {
		accounts[u.Role] = append(accounts[u.Role], u.Name)
	}
	for _, x := range p.Interfaces {
		if _, ok := p.Component(x.On); !ok {
			continue
		}
		for _, role := range x.Roles {
			id := "role/" + role
			f.node(diagram.Node{ID: id, Label: role, Note: f.v.s("threat.user"), Kind: diagram.External}, levels{}, id)
			w := f.wire(id, "component/"+x.On)
			w.add(x.Protocol, x.ID)
		}
	}
	for i := range f.g.Nodes {
		n := &f.g.Nodes[i]
		if role, ok := strings.CutPrefix(n.ID, "role/"); ok {
			n.Title = strings.Join(accounts[role], ", ")
		}
	}
}

func (w *wireView) add(protocol, title string) {
	if protocol != "" && !slices.Contains(w.protocols, protocol) {
		w.protocols = append(w.protocols, protocol)
	}
	if title != "" && !slices.Contains(w.titles, title) && len(w.titles) < 12 {
		w.titles = append(w.titles, title)
	}
}

func (f *flowDrawing) wire(from, to string) *wireView {
	k := [2]string{from, to}
	if f.wires[k] == nil {
		f.wires[k] = &wireView{}
		f.order = append(f.order, k)
	}
	return f.wires[k]
}

// flows adds the flows, those between the same two bundled.
func (f *flowDrawing) flows() {
	v, p := f.v, f.v.a.Product
	end := func(c string) string {
		if _, ok := p.Component(c); ok {
			return "component/" + c
		}
		f.zone(threat.ZoneInternet)
		f.node(diagram.Node{ID: "world", Label: v.s("threat.world"), Kind: diagram.External, Group: threat.ZoneInternet}, levels{}, "world")
		return "world"
	}
	protocols := map[string]string{}
	for _, x := range p.Interfaces {
		protocols[x.ID] = x.Protocol
	}
	for _, x := range p.Flows {
		w := f.wire(end(x.From), end(x.To))
		w.add(cmp.Or(x.Protocol, protocols[x.Interface]), strings.TrimSpace(x.Host+" "+strings.Join(x.Data, ", ")))
	}
	for i := range v.a.Elements {
		e := &v.a.Elements[i]
		if e.Kind != threat.OnFlow {
			continue
		}
		w := f.wire(end(e.From), end(e.To))
		l := f.remain["ref/"+e.Ref]
		w.remain.Critical += l.Critical
		w.remain.Major += l.Major
		w.remain.Minor += l.Minor
		w.plain = w.plain || e.View["encrypted"] == "no"
	}
	for _, k := range f.order {
		f.g.Edges = append(f.g.Edges, f.v.arrow(k, f.wires[k]))
	}
}

// arrow is the bundled flows of two ends: the protocols, and how many
// Critical and Major threats remain on them.
func (v *threatView) arrow(ends [2]string, w *wireView) diagram.Edge {
	e := diagram.Edge{From: ends[0], To: ends[1], Label: strings.Join(w.protocols[:min(len(w.protocols), maxProtocols)], ", "), Title: strings.Join(w.titles, " · ")}
	if n := len(w.protocols) - maxProtocols; n > 0 {
		e.Label += fmt.Sprintf(" +%d", n)
	}
	if n := w.remain.grave(); n > 0 {
		e.Class = class(w.remain.worst())
		e.Label = strings.TrimSpace(fmt.Sprintf("%d · %s", n, e.Label))
		e.Title = v.Tally(w.remain) + " · " + e.Title
	}
	if w.plain {
		e.Class = strings.TrimSpace(e.Class + " open")
	}
	return e
}
