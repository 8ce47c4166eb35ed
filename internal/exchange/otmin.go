package exchange

import (
	"slices"
	"strconv"
	"strings"

	"assay/internal/exchange/otm"
	"assay/internal/product"
	"assay/internal/yamltree"
)

const (
	world = "world" // the other end of a flow that leaves the product

	// Attributes that mark what ToOTM added because OTM requires it.
	attrSchema  = prefix + "schema"
	attrDerived = prefix + "derived" // a zone that no component names
	attrWorld   = prefix + "world"   // the component that stands for world
	attrUnnamed = prefix + "unnamed" // a flow without an id
)

// imported is a product and where its entries come from: our ids to theirs.
type imported struct {
	p                               *product.Product
	components, assets, flows, zone map[string]string
}

// documentReader turns a document into a product.
type documentReader struct {
	doc  *otm.Document
	n    *notes
	ours bool // attributes of ours are used

	out        imported
	components map[string]int // their id → index in doc
	componentI map[string]string
	assetI     map[string]string
	zones      map[string]otm.TrustZone
	zoneText   map[string]string
	world      string // their id of world
}

// readDocument translates; with ours, attributes of ours are believed.
func readDocument(doc *otm.Document, n *notes, ours bool) imported {
	r := &documentReader{doc: doc, n: n, ours: ours, components: map[string]int{}, out: imported{p: &product.Product{Schema: product.Schema},
		components: map[string]string{}, assets: map[string]string{}, flows: map[string]string{}, zone: map[string]string{}}}
	if v, ok := doc.Project.Attributes[attrSchema]; ok && v != product.Schema {
		text, _ := v.(string)
		n.add("project.attributes", "exchange.other-schema", "value", text, "reads", product.Schema)
		r.ours = false
	}
	for i, c := range doc.Components {
		if _, twice := r.components[c.ID]; !twice && c.ID != "" {
			r.components[c.ID] = i
		}
	}
	r.project()
	r.readZones()
	r.readComponents()
	r.readAssets()
	r.readFlows()
	return r.out
}

func (r *documentReader) text(path, s string) string {
	text, hidden := clean(s)
	if hidden {
		r.n.add(path, "exchange.cleaned")
	}
	return text
}

// take reads attributes of ours into a struct of the model.
func (r *documentReader) take(to any, path string, from otm.Attributes, but ...string) {
	if !r.ours {
		return
	}
	takeAttributes(to, from, func(attribute string, err error) {
		r.n.add(path+".attributes", "exchange.attribute", "attribute", attribute, "cause", err.Error())
	}, but...)
}

func (r *documentReader) project() {
	p, x := r.out.p, r.doc.Project
	id := &p.Identity
	r.take(id, "project", x.Attributes, "name")
	r.take(p, "project", x.Attributes, "schema", "product", "components", "data", "flows")
	if r.ours && x.Attributes[prefix+"data"] == "[]" {
		p.Data = []product.Data{} // says that there is none
	}
	if r.ours && x.Attributes[prefix+"flows"] == "[]" {
		p.Flows = []product.Flow{}
	}
	id.Name = r.text("project.name", x.Name)
	for _, s := range []*string{&id.Name, &id.Model, &id.Release, &id.Maker.Name} {
		if *s == "" {
			*s = Gap
		}
	}
	if id.Maker.Name == Gap && x.Owner != "" {
		r.n.add("project.owner", "exchange.owner", "owner", x.Owner)
	}
}

// first keeps the first of each id and notes the others.
func (r *documentReader) first(list string, count int, id func(int) string) []int {
	seen := map[string]int{}
	var out []int
	for i := range count {
		path := yamltree.ItemPath(list, i)
		if at, twice := seen[id(i)]; twice && id(i) != "" {
			r.n.add(path, "exchange.duplicate-id", "id", id(i), "first", strconv.Itoa(r.n.res.Places[yamltree.ItemPath(list, at)].Line))
			continue
		}
		seen[id(i)] = i
		out = append(out, i)
	}
	return out
}

// allot gives ids and notes those that had to change.
func (r *documentReader) allot(list string, index []int, entries []named, reserved ...string) []string {
	ids := allot(entries, reserved...)
	for k, id := range ids {
		if entries[k].id != id {
			r.n.add(yamltree.ItemPath(list, index[k]), "exchange.id-changed", "id", entries[k].id, "new", id)
		}
	}
	return ids
}

// readZones finds the text that a component names a zone by: the zone's name,
// or its id where two zones have one name.
func (r *documentReader) readZones() {
	r.zones, r.zoneText = map[string]otm.TrustZone{}, map[string]string{}
	count := map[string]int{}
	index := r.first("trustZones", len(r.doc.TrustZones), func(i int) string { return r.doc.TrustZones[i].ID })
	for _, i := range index {
		z := r.doc.TrustZones[i]
		r.zones[z.ID] = z
		name, _ := clean(z.Name)
		count[name]++
	}
	for _, i := range index {
		z := r.doc.TrustZones[i]
		if r.ours && z.Attributes[attrDerived] == "true" {
			continue
		}
		text := r.text(yamltree.ItemPath("trustZones", i)+".name", z.Name)
		if text == "" || count[text] > 1 {
			text, _ = clean(z.ID)
		}
		for _, taken := r.out.zone[text]; taken; _, taken = r.out.zone[text] {
			text += " (" + strconv.Itoa(i+1) + ")"
		}
		r.zoneText[z.ID], r.out.zone[text] = text, z.ID
		if z.Parent != nil {
			r.parent(yamltree.ItemPath("trustZones", i), z.Parent)
		}
	}
	delete(r.out.zone, "")
}

// parent notes a parent that doesn't exist.
func (r *documentReader) parent(path string, p *otm.Parent) {
	if p.TrustZone != "" && p.Component != "" {
		r.n.add(path+".parent", "exchange.two-parents")
	}
	if _, ok := r.zones[p.TrustZone]; !ok && p.TrustZone != "" {
		r.n.add(path+".parent.trustZone", "exchange.dangling", "id", p.TrustZone)
	}
	if _, ok := r.components[p.Component]; !ok && p.Component != "" {
		r.n.add(path+".parent.component", "exchange.dangling", "id", p.Component)
	}
}

// mostNested bounds the way up from a component; drawings have a few levels.
const mostNested = 64

// zoneOf is the zone that a component lies in, through the components around
// it.
func (r *documentReader) zoneOf(c otm.Component) string {
	for range mostNested {
		switch p := c.Parent; {
		case p == nil:
			return ""
		case p.TrustZone != "":
			return r.zoneText[p.TrustZone]
		default:
			i, ok := r.components[p.Component]
			if !ok {
				return ""
			}
			c = r.doc.Components[i]
		}
	}
	return "" // a ring, or too deep
}

func (r *documentReader) readComponents() {
	doc := r.doc
	r.componentI = map[string]string{}
	var index []int
	var entries []named
	for _, i := range r.first("components", len(doc.Components), func(i int) string { return doc.Components[i].ID }) {
		c := doc.Components[i]
		if r.ours && r.world == "" && c.ID != "" && c.Attributes[attrWorld] == "true" {
			r.world = c.ID
			continue
		}
		index, entries = append(index, i), append(entries, named{c.ID, c.Name, "component"})
	}
	ids := r.allot("components", index, entries, world)
	for k, i := range index {
		c, path := doc.Components[i], yamltree.ItemPath("components", i)
		if c.ID != "" {
			r.componentI[c.ID], r.out.components[ids[k]] = ids[k], c.ID
		}
		var out product.Component
		r.take(&out, path, c.Attributes, "id", "zone")
		out.ID = ids[k]
		if _, unnamed := c.Attributes[prefix+"name"]; !r.ours || !unnamed || c.Name != c.ID {
			out.Name = r.text(path+".name", c.Name)
		}
		if !slices.Contains(kinds, out.Kind) {
			out.Kind = r.kind(c)
			if out.Kind != c.Type {
				r.n.add(path+".type", "exchange.kind-guessed", "kind", out.Kind, "from", c.Type)
			}
		}
		if c.Parent != nil {
			r.parent(path, c.Parent)
		}
		out.Zone = r.zoneOf(c)
		r.out.p.Components = append(r.out.p.Components, out)
	}
}

var kinds = []string{"device", "app", "gateway", "backend"}

// typeWords are parts of the types that people write, in the order in which
// they count; OTM has no list of types.
var typeWords = []struct{ part, kind string }{
	{"gateway", "gateway"}, {"hub", "gateway"}, {"router", "gateway"}, {"bridge", "gateway"},
	{"iot", "device"}, {"device", "device"}, {"sensor", "device"}, {"camera", "device"}, {"actuator", "device"},
	{"embedded", "device"}, {"firmware", "device"}, {"microcontroller", "device"}, {"hardware", "device"},
	{"mobile", "app"}, {"android", "app"}, {"ios", "app"}, {"client", "app"}, {"browser", "app"}, {"desktop", "app"},
}

// kind guesses the kind of a component from its type, or from that of what it
// is a part of.
func (r *documentReader) kind(c otm.Component) string {
	for range mostNested {
		t := strings.ToLower(c.Type)
		if slices.Contains(kinds, t) {
			return t
		}
		for _, w := range typeWords {
			if strings.Contains(t, w.part) {
				return w.kind
			}
		}
		if c.Parent == nil || c.Parent.Component == "" {
			break
		}
		i, ok := r.components[c.Parent.Component]
		if !ok {
			break
		}
		c = r.doc.Components[i]
	}
	return "backend"
}
