package exchange

import (
	"slices"
	"strconv"

	"assay/internal/exchange/otm"
	"assay/internal/product"
	"assay/internal/yamltree"
)

func (r *documentReader) readAssets() {
	doc := r.doc
	r.assetI = map[string]string{}
	index := r.first("assets", len(doc.Assets), func(i int) string { return doc.Assets[i].ID })
	var entries []named
	for _, i := range index {
		entries = append(entries, named{doc.Assets[i].ID, doc.Assets[i].Name, "data"})
	}
	ids := r.allot("assets", index, entries)
	stores := r.stores(ids, index)
	for k, i := range index {
		a, path := doc.Assets[i], yamltree.ItemPath("assets", i)
		var out product.Data
		r.take(&out, path, a.Attributes, "id")
		out.ID = ids[k]
		stored := stores[a.ID]
		if !sameSet(out.StoredOn, stored) {
			out.StoredOn = stored // the order that the attribute remembers is of no use any more
		}
		if out.Category == "" {
			out.Category = categoryOfRisk(a.Risk.Confidentiality)
			r.n.add(path+".risk", "exchange.category-guessed", "category", out.Category, "from", string(a.Risk.Confidentiality))
		}
		if d := r.text(path+".description", a.Description); d != "" {
			out.Purpose = d
		} else if a.Name != a.ID {
			out.Purpose = r.text(path+".name", a.Name)
		}
		r.out.p.Data = append(r.out.p.Data, out)
	}
}

// stores is the components that store each asset, by the asset's id there.
func (r *documentReader) stores(ids []string, index []int) map[string][]string {
	for k, i := range index {
		if a := r.doc.Assets[i].ID; a != "" {
			r.assetI[a], r.out.assets[ids[k]] = ids[k], a
		}
	}
	out := map[string][]string{}
	for i, c := range r.doc.Components {
		if c.Assets == nil || c.ID != "" && r.components[c.ID] != i {
			continue
		}
		for j, a := range c.Assets.Stored {
			path := yamltree.ItemPath(yamltree.ItemPath("components", i)+".assets.stored", j)
			if _, ok := r.assetI[a]; !ok {
				r.n.add(path, "exchange.dangling", "id", a)
			} else if id := r.componentI[c.ID]; id != "" && !slices.Contains(out[a], id) {
				out[a] = append(out[a], id)
			}
		}
	}
	return out
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// categoryOfRisk guesses on the safe side: what may be secret counts as
// personal, the category that most requirements look at.
func categoryOfRisk(confidentiality otm.Number) string {
	c, err := strconv.ParseFloat(string(confidentiality), 64)
	switch {
	case err != nil:
	case c == 0:
		return "public"
	case c <= 33:
		return "telemetry"
	}
	return "sensitive-personal"
}

func (r *documentReader) readFlows() {
	doc := r.doc
	var index []int
	var entries []named
	for _, i := range r.first("dataflows", len(doc.Dataflows), func(i int) string { return doc.Dataflows[i].ID }) {
		f, path := doc.Dataflows[i], yamltree.ItemPath("dataflows", i)
		_, from := r.componentI[f.Source]
		_, to := r.componentI[f.Destination]
		switch {
		case r.world != "" && f.Source == r.world:
			r.n.add(path+".source", "exchange.from-world")
			continue
		case !from:
			r.n.add(path+".source", "exchange.dangling-flow", "id", f.Source)
			continue
		case !to && (r.world == "" || f.Destination != r.world):
			r.n.add(path+".destination", "exchange.dangling-flow", "id", f.Destination)
			continue
		}
		index, entries = append(index, i), append(entries, named{f.ID, f.Name, "flow"})
	}
	ids := r.allot("dataflows", index, entries)
	for k, i := range index {
		r.out.p.Flows = append(r.out.p.Flows, r.flow(i, ids[k]))
	}
	for k, key := range FlowIDs(r.out.p) {
		if f := doc.Dataflows[index[k]].ID; f != "" {
			r.out.flows[key] = f
		}
	}
}

func (r *documentReader) flow(i int, id string) product.Flow {
	f, path := r.doc.Dataflows[i], yamltree.ItemPath("dataflows", i)
	var out product.Flow
	r.take(&out, path, f.Attributes, "id", "from", "to")
	if !r.ours || f.Attributes[attrUnnamed] != "true" {
		out.ID = id
	}
	out.From, out.To = r.componentI[f.Source], r.componentI[f.Destination]
	if r.world != "" && f.Destination == r.world {
		out.To = world
	}
	var data []string
	for j, a := range f.Assets {
		if id, ok := r.assetI[a]; ok {
			data = append(data, id)
		} else {
			r.n.add(yamltree.ItemPath(path+".assets", j), "exchange.dangling", "id", a)
		}
	}
	described := slices.DeleteFunc(slices.Clone(out.Data), func(d string) bool { _, ok := r.out.assets[d]; return !ok })
	if !slices.Equal(described, data) {
		out.Data = data // changed elsewhere; else the attribute also knows what isn't described
	}
	why := r.text(path+".description", f.Description)
	if _, none := f.Attributes[prefix+"why"]; why == "" && (!r.ours || !none) {
		why = r.text(path+".name", f.Name)
	}
	out.Why = why
	if f.Bidirectional != nil && *f.Bidirectional {
		r.n.add(path+".bidirectional", "exchange.both-ways")
	}
	return out
}
