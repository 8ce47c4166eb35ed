package exchange

import (
	"slices"
	"strconv"
	"strings"

	"assay/internal/exchange/threagile"
	"assay/internal/product"
	"assay/internal/yamltree"
)

// threagileReader turns a model into a product.
type threagileReader struct {
	m *threagile.Model
	n *notes
	p *product.Product

	data       map[string]string // their id → ours
	assets     map[string]threagile.Asset
	components map[string]string // their id → ours
	outside    map[string]bool   // their id: people's clients, not parts of the product
	beside     map[string]bool   // paths of assets that are spoken of as a whole
}

// link is a communication link that is translated, in the order of the file.
type link struct {
	from threagile.Asset
	threagile.Link
	path string
}

func readThreagile(m *threagile.Model, n *notes) *product.Product {
	r := &threagileReader{m: m, n: n, p: &product.Product{Schema: product.Schema}, data: map[string]string{},
		assets: map[string]threagile.Asset{}, components: map[string]string{}, outside: map[string]bool{}, beside: map[string]bool{}}
	id := &r.p.Identity
	id.Name, id.Model, id.Release, id.Maker.Name = r.text("title", m.Title), Gap, Gap, Gap
	if id.Name == "" {
		id.Name = Gap
	}
	r.readData()
	r.readAssets()
	r.stored()
	r.zones()
	r.readLinks()
	r.left()
	return r.p
}

func (r *threagileReader) text(path, s string) string {
	text, hidden := clean(s)
	if hidden {
		r.n.add(path, "exchange.cleaned")
	}
	return text
}

// entry is one entry of a mapping of the model.
type entry struct {
	list, title, id string
}

func (e entry) path() string { return yamltree.EntryPath(e.list, e.title) }

// first keeps the entries whose id is new, by their index.
func (r *threagileReader) first(entries []entry) []int {
	seen := map[string]entry{}
	var out []int
	for i, e := range entries {
		if first, twice := seen[e.id]; twice && e.id != "" {
			r.n.add(e.path(), "exchange.duplicate-id", "id", e.id, "first", strconv.Itoa(r.n.res.Places[first.path()].Line))
			continue
		}
		seen[e.id] = e
		out = append(out, i)
	}
	return out
}

func (r *threagileReader) allot(entries []entry, index []int, kind string, reserved ...string) []string {
	var list []named
	for _, i := range index {
		list = append(list, named{entries[i].id, entries[i].title, kind})
	}
	ids := allot(list, reserved...)
	for k, i := range index {
		if ids[k] != entries[i].id {
			r.n.add(entries[i].path(), "exchange.id-changed", "id", entries[i].id, "new", ids[k])
		}
	}
	return ids
}

func (r *threagileReader) readData() {
	var entries []entry
	for _, d := range r.m.DataAssets {
		entries = append(entries, entry{"data_assets", d.Title, d.ID})
	}
	index := r.first(entries)
	for k, id := range r.allot(entries, index, "data") {
		d, path := r.m.DataAssets[index[k]], entries[index[k]].path()
		if d.ID != "" {
			r.data[d.ID] = id
		}
		out := product.Data{ID: id, Purpose: r.text(path+".description", d.Description)}
		if out.Purpose == "" {
			out.Purpose = r.text(path, d.Title)
		}
		guessed := false
		if out.Category, guessed = categoryOf(d); guessed {
			from := strings.TrimSpace(d.Confidentiality + " " + d.Usage)
			r.n.add(path+".confidentiality", "exchange.category-guessed", "category", out.Category, "from", from)
		}
		r.p.Data = append(r.p.Data, out)
	}
}

func (r *threagileReader) readAssets() {
	var all, parts []entry
	var models []threagile.Asset
	for _, a := range r.m.TechnicalAssets {
		all = append(all, entry{"technical_assets", a.Title, a.ID})
	}
	for _, i := range r.first(all) {
		a := r.m.TechnicalAssets[i]
		if a.ID != "" {
			r.assets[a.ID] = a
		}
		if a.Type == "external-entity" && a.UsedByHuman && kindOfTechnology[technology(a)] != "device" && technology(a) != "mobile-app" {
			if a.ID != "" {
				r.outside[a.ID] = true
			}
			r.beside[all[i].path()] = true
			r.n.add(all[i].path(), "exchange.outside", "id", a.ID)
			continue
		}
		parts, models = append(parts, all[i]), append(models, a)
	}
	index := make([]int, len(parts))
	for i := range parts {
		index[i] = i
	}
	for k, id := range r.allot(parts, index, "component", world) {
		a := models[k]
		if a.ID != "" {
			r.components[a.ID] = id
		}
		r.p.Components = append(r.p.Components, r.component(a, id, parts[k].path()))
	}
}

// technology is that of an asset; later versions write a list.
func technology(a threagile.Asset) string {
	if a.Technology == "" && len(a.Technologies) > 0 {
		return a.Technologies[0]
	}
	return a.Technology
}

func (r *threagileReader) component(a threagile.Asset, id, path string) product.Component {
	t := technology(a)
	out := product.Component{ID: id, Kind: kindOfTechnology[t], Name: r.text(path, a.Title)}
	field := path + ".technology"
	if a.Technology == "" && len(a.Technologies) > 0 {
		field = path + ".technologies"
		for _, more := range a.Technologies[1:] {
			r.n.add(field, "exchange.no-place-for", "value", more)
		}
	}
	if !sure[t] && !unsure[t] && t != "" {
		r.n.add(field, "exchange.unknown-value", "field", "technology", "value", t, "allowed", "iot-device, mobile-app, gateway, web-server, …")
	}
	if out.Kind == "" {
		out.Kind = "backend"
	}
	// An API gateway is software on a server; one that stands in a home is a thing.
	if t == "gateway" && a.Machine != "physical" && a.Machine != "" {
		out.Kind = "backend"
	}
	if !sure[t] {
		r.n.add(field, "exchange.kind-guessed", "kind", out.Kind, "from", strings.TrimSpace(t+" "+a.Machine))
	}
	if a.Type == "external-entity" && out.Kind == "backend" {
		out.OperatedBy = "third-party"
		r.n.add(path+".type", "exchange.operator-guessed", "operator", out.OperatedBy)
	}
	return out
}

// stored says for each asset which data it stores, and for the data what
// protects them where all of their stores say the same.
func (r *threagileReader) stored() {
	protection := map[string][]string{}
	position := map[string]int{}
	for i, d := range r.p.Data {
		position[d.ID] = i
	}
	for _, a := range r.m.TechnicalAssets {
		path := yamltree.EntryPath("technical_assets", a.Title)
		on, part := r.components[a.ID]
		for i, ref := range a.Stored {
			id, ok := r.data[ref]
			at := yamltree.ItemPath(path+".data_assets_stored", i)
			switch {
			case !ok:
				r.n.add(at, "exchange.dangling", "id", ref)
			case !part || r.assets[a.ID].Title != a.Title:
				r.n.add(at, "exchange.stored-outside", "id", ref)
			default:
				d := &r.p.Data[position[id]]
				if !slices.Contains(d.StoredOn, on) {
					d.StoredOn = append(d.StoredOn, on)
					protection[id] = append(protection[id], a.Encryption)
				}
			}
		}
		r.processed(a, path)
	}
	for i := range r.p.Data {
		d := &r.p.Data[i]
		all := protection[d.ID]
		if same := slices.Compact(slices.Clone(all)); len(same) == 1 && same[0] != "none" {
			d.ProtectedBy, _ = clean(same[0])
		} else if len(same) > 1 {
			r.n.whole("exchange.encryption-differs", "id", d.ID, "values", strings.Join(same, ", "))
		}
	}
}

func (r *threagileReader) processed(a threagile.Asset, path string) {
	for i, ref := range a.Processed {
		if _, ok := r.data[ref]; !ok {
			r.n.add(yamltree.ItemPath(path+".data_assets_processed", i), "exchange.dangling", "id", ref)
		}
	}
}

// zones gives each component the boundary that names it.
func (r *threagileReader) zones() {
	var entries []entry
	ids := map[string]bool{}
	for _, b := range r.m.TrustBoundaries {
		entries = append(entries, entry{"trust_boundaries", b.Title, b.ID})
		ids[b.ID] = true
	}
	position := map[string]int{}
	for i, c := range r.p.Components {
		position[c.ID] = i
	}
	for _, i := range r.first(entries) {
		b, path := r.m.TrustBoundaries[i], entries[i].path()
		zone := r.text(path+".id", b.ID)
		if zone == "" {
			zone = r.text(path, b.Title)
		}
		for j, ref := range b.Inside {
			at := yamltree.ItemPath(path+".technical_assets_inside", j)
			id, part := r.components[ref]
			if !part {
				if !r.outside[ref] {
					r.n.add(at, "exchange.dangling", "id", ref)
				}
				continue
			}
			c := &r.p.Components[position[id]]
			if c.Zone != "" && c.Zone != zone {
				r.n.add(at, "exchange.second-zone", "id", ref, "zone", c.Zone)
				continue
			}
			c.Zone = zone
		}
		for j, ref := range b.Nested {
			if !ids[ref] {
				r.n.add(yamltree.ItemPath(path+".trust_boundaries_nested", j), "exchange.dangling", "id", ref)
			}
		}
	}
	for _, x := range r.m.SharedRuntimes {
		for j, ref := range x.Running {
			if _, ok := r.assets[ref]; !ok {
				path := yamltree.EntryPath("shared_runtimes", x.Title) + ".technical_assets_running"
				r.n.add(yamltree.ItemPath(path, j), "exchange.dangling", "id", ref)
			}
		}
	}
}

// left names the fields that were not translated: the outermost of each.
// Switches that are off say nothing.
func (r *threagileReader) left() {
	last := "\x00"
	for _, path := range r.n.res.Order {
		if strings.HasPrefix(path, last+".") || strings.HasPrefix(path, last+"[") {
			continue
		}
		if r.beside[path] {
			last = path
			continue
		}
		why, known := threagileFields[yamltree.Shape(r.n.root, path)]
		if !known || why == inside {
			continue
		}
		last = path
		if why != taken && !r.n.res.Off[path] {
			r.n.add(path, why)
		}
	}
}
