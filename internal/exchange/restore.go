package exchange

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"assay/internal/exchange/otm"
	"assay/internal/limit"
	"assay/internal/yamltree"
)

// restore puts a written document back into the one that the product was made
// of. What would have been written right after the import is compared with what
// is written now: where the two are equal nothing was changed, and the original
// stands; elsewhere the new value does (a merge of three).
func restore(now, original *otm.Document) (*otm.Document, error) {
	n := newNotes("", &yamltree.Result{}, otm.Document{})
	in := readDocument(original, n, true)
	if len(unusable(in.p, limit.Default().YAML)) > 0 {
		in = readDocument(original, n.branch(), false)
	}
	then := &documentWriter{p: in.p, doc: &otm.Document{}}
	then.product()
	rename(then.doc, in)
	rename(now, in)
	var trees [3]map[string]any
	for i, d := range []*otm.Document{then.doc, original, now} {
		var err error
		if trees[i], err = d.Plain(mostOTM); err != nil {
			return nil, fmt.Errorf("exchange: %w", err)
		}
	}
	keepTheirs(trees[0], trees[1], trees[2])
	merged, _ := merge(trees[0], trees[1], trees[2], "").(map[string]any)
	lim := yamltree.Limits(limit.Default().YAML)
	lim.Size, lim.Scalar, lim.Nodes, lim.Depth = 2*mostOTM, mostOTM, 100*lim.Nodes, 2*lim.Depth // it was within the limits before
	doc, err := otm.FromPlain(merged, lim)
	if err != nil {
		return nil, fmt.Errorf("exchange: %w", err)
	}
	mend(doc, now, original)
	return doc, nil
}

// rename gives a document the ids of the original.
func rename(doc *otm.Document, in imported) {
	swap := func(m map[string]string, id *string) {
		if theirs, ok := m[*id]; ok {
			*id = theirs
		}
	}
	for i := range doc.TrustZones {
		swap(in.zone, &doc.TrustZones[i].ID)
	}
	for i := range doc.Assets {
		swap(in.assets, &doc.Assets[i].ID)
	}
	for i := range doc.Components {
		c := &doc.Components[i]
		swap(in.components, &c.ID)
		swap(in.zone, &c.Parent.TrustZone)
		for j := 0; c.Assets != nil && j < len(c.Assets.Stored); j++ {
			swap(in.assets, &c.Assets.Stored[j])
		}
	}
	for i := range doc.Dataflows {
		f := &doc.Dataflows[i]
		swap(in.flows, &f.ID)
		swap(in.components, &f.Source)
		swap(in.components, &f.Destination)
		for j := range f.Assets {
			swap(in.assets, &f.Assets[j])
		}
	}
}

// keepTheirs takes back what a change in the product never replaces, as it says
// more there or means something else: the project's id and owner, and the types
// and ratings of what exists. Our kind and category travel as attributes.
func keepTheirs(then, original, now map[string]any) {
	same := func(from, to map[string]any, names ...string) {
		for _, name := range names {
			if v, ok := from[name]; ok {
				to[name] = v
			} else {
				delete(to, name)
			}
		}
	}
	tp, _ := then["project"].(map[string]any)
	op, _ := original["project"].(map[string]any)
	np, _ := now["project"].(map[string]any)
	same(tp, np, "id")
	if op["owner"] != nil {
		same(tp, np, "owner")
	}
	for list, name := range map[string]string{"components": "type", "assets": "risk", "trustZones": "risk"} {
		before := map[any]map[string]any{}
		for _, x := range objects(then[list]) {
			before[x["id"]] = x
		}
		for _, x := range objects(now[list]) {
			if b, ok := before[x["id"]]; ok {
				same(b, x, name)
			}
		}
	}
}

func objects(list any) []map[string]any {
	l, _ := list.([]any)
	var out []map[string]any
	for _, x := range l {
		if m, ok := x.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// merge returns the original where then and now are equal, and now elsewhere;
// objects field by field, lists of objects entry by entry.
func merge(then, original, now any, name string) any {
	if reflect.DeepEqual(then, now) {
		return original
	}
	tm, t := then.(map[string]any)
	nm, n := now.(map[string]any)
	if (t || n) && name != "parent" {
		return mergeObject(tm, original, nm, now == nil)
	}
	tl, t := then.([]any)
	nl, n := now.([]any)
	if t && len(objects(then)) > 0 || n && len(objects(now)) > 0 {
		return mergeList(tl, original, nl, name)
	}
	return now
}

func mergeObject(then map[string]any, original any, now map[string]any, gone bool) any {
	om, _ := original.(map[string]any)
	out := maps.Clone(om)
	if out == nil {
		out = map[string]any{}
	}
	names := map[string]bool{}
	for k := range then {
		names[k] = true
	}
	for k := range now {
		names[k] = true
	}
	for k := range names {
		if reflect.DeepEqual(then[k], now[k]) {
			continue
		}
		if v := merge(then[k], om[k], now[k], k); v == nil {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	if gone && len(out) == 0 {
		return nil
	}
	return out
}

// identity is what an entry of a list is known by; "" where it has none.
func identity(x any) string {
	m, _ := x.(map[string]any)
	for _, name := range []string{"id", "threat", "mitigation"} {
		if s, ok := m[name].(string); ok {
			return s
		}
	}
	return ""
}

func mergeList(then []any, original any, now []any, name string) any {
	index := func(list []any) map[string]any {
		m := map[string]any{}
		for _, x := range list {
			m[identity(x)] = x
		}
		delete(m, "")
		return m
	}
	tm, nm := index(then), index(now)
	seen := map[string]bool{}
	out := []any{}
	ol, _ := original.([]any)
	for _, o := range ol {
		id := identity(o)
		t, n := tm[id], nm[id]
		switch {
		case seen[id] || t == nil && n == nil:
			out = append(out, o)
		case n == nil && name != "trustZones": // other zones and drawings may hang on one
		case n == nil:
			out = append(out, o)
		default:
			out = append(out, merge(t, o, n, ""))
		}
		seen[id] = id != ""
	}
	for _, n := range now {
		id := identity(n)
		if !seen[id] && !reflect.DeepEqual(tm[id], n) {
			out = append(out, n)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// mend repairs what hung on entries that are gone: a component whose parent was
// removed lies where the product says, flows lose an end and go, and zones that
// are named exist.
func mend(doc, now, original *otm.Document) {
	components, zones := map[string]bool{}, map[string]bool{}
	for _, c := range doc.Components {
		components[c.ID] = true
	}
	for _, z := range doc.TrustZones {
		zones[z.ID] = true
	}
	gone := map[string]bool{} // entries that dangled before stay as they were
	for _, c := range original.Components {
		gone[c.ID] = !components[c.ID]
	}
	was := map[string]otm.Component{}
	for _, c := range now.Components {
		was[c.ID] = c
	}
	for i := range doc.Components {
		c := &doc.Components[i]
		if n, ok := was[c.ID]; ok && c.Parent != nil && gone[c.Parent.Component] {
			c.Parent = n.Parent
		}
	}
	doc.Dataflows = slices.DeleteFunc(doc.Dataflows, func(f otm.Dataflow) bool { return gone[f.Source] || gone[f.Destination] })
	for _, c := range doc.Components {
		if c.Parent == nil || c.Parent.TrustZone == "" || zones[c.Parent.TrustZone] {
			continue
		}
		if i := slices.IndexFunc(now.TrustZones, func(z otm.TrustZone) bool { return z.ID == c.Parent.TrustZone }); i >= 0 {
			doc.TrustZones = append(doc.TrustZones, now.TrustZones[i])
			zones[c.Parent.TrustZone] = true
		}
	}
}
