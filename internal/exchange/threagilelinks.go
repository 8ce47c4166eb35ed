package exchange

import (
	"slices"
	"strings"

	"assay/internal/product"
	"assay/internal/yamltree"
)

func (r *threagileReader) readLinks() {
	var flows, inward []link
	for _, a := range r.m.TechnicalAssets {
		if first, ok := r.assets[a.ID]; ok && first.Title != a.Title {
			continue // a second asset of that id
		}
		base := yamltree.EntryPath("technical_assets", a.Title) + ".communication_links"
		for _, l := range a.Links {
			x := link{a, l, yamltree.EntryPath(base, l.Title)}
			_, from := r.components[a.ID]
			_, to := r.components[l.Target]
			switch {
			case !to && !r.outside[l.Target]:
				r.n.add(x.path+".target", "exchange.dangling-flow", "id", l.Target)
			case !from && !r.outside[a.ID]:
				r.n.add(x.path, "exchange.dangling-flow", "id", a.ID)
			case !from && !to:
				r.n.add(x.path, "exchange.outside-only")
			case !from:
				inward = append(inward, x)
			default:
				flows = append(flows, x)
			}
		}
	}
	for k, id := range r.linkIDs(flows, "flow") {
		r.p.Flows = append(r.p.Flows, r.flow(flows[k], id))
	}
	for k, id := range r.linkIDs(inward, "interface") {
		r.p.Interfaces = append(r.p.Interfaces, r.listener(inward[k], id))
	}
}

// linkIDs makes ids of the titles: links have none.
func (r *threagileReader) linkIDs(links []link, kind string) []string {
	var entries []named
	for _, l := range links {
		entries = append(entries, named{strings.ToLower(idFrom(l.Title)), l.from.ID, kind})
	}
	// Two links may have one title, in different assets.
	seen := map[string]bool{}
	for i := range entries {
		if e := &entries[i]; seen[e.id] {
			e.id = idFrom(links[i].from.ID + "-" + e.id)
		}
		seen[entries[i].id] = true
	}
	return allot(entries)
}

func (r *threagileReader) flow(l link, id string) product.Flow {
	out := product.Flow{ID: id, From: r.components[l.from.ID], To: r.components[l.Target]}
	if out.To == "" {
		out.To = world
	}
	out.Protocol, out.Auth = r.secured(l)
	out.Data = r.carried(l)
	if len(l.Sent) > 0 && len(l.Received) > 0 {
		r.n.add(l.path+".data_assets_received", "exchange.received")
	}
	out.Why = r.purpose(l)
	return out
}

// listener is what a link from outside reaches: who opens it is no component,
// so that it can't be a flow.
func (r *threagileReader) listener(l link, id string) product.Interface {
	out := product.Interface{ID: id, On: r.components[l.Target], Purpose: r.purpose(l)}
	out.Protocol, out.Auth = r.secured(l)
	r.n.add(l.path, "exchange.link-is-interface", "from", l.from.ID, "new", id, "on", out.On)
	if len(r.carried(l)) > 0 {
		r.n.add(l.path, "exchange.interface-data")
	}
	return out
}

func (r *threagileReader) purpose(l link) string {
	if why := r.text(l.path+".description", l.Description); why != "" {
		return why
	}
	return r.text(l.path, l.Title)
}

// secured is protocol and authentication of a link.
func (r *threagileReader) secured(l link) (name, auth string) {
	p, known := protocols[l.Protocol]
	switch {
	case l.Protocol == "" || l.Protocol == "unknown-protocol":
		r.n.add(l.path+".protocol", "exchange.protocol-unknown")
	case !known:
		p.name, _ = clean(l.Protocol)
		r.n.add(l.path+".protocol", "exchange.unknown-value", "field", "protocol", "value", l.Protocol, "allowed", "https, mqtt, binary-encrypted, …")
	case l.Protocol == "mqtt":
		r.n.add(l.path+".protocol", "exchange.mqtt")
	case !p.plain:
		r.n.add(l.path+".protocol", "exchange.written-as", "value", l.Protocol, "new", p.name)
	}
	auth, exact := authOf(l.Authentication, p.encrypted)
	switch auth, _ = clean(auth); {
	case exact || auth == "":
	case auth == l.Authentication:
		r.n.add(l.path+".authentication", "exchange.kept-word", "value", auth)
	default:
		r.n.add(l.path+".authentication", "exchange.written-as", "value", l.Authentication, "new", auth)
	}
	return p.name, auth
}

// carried is the data of a link, sent before received.
func (r *threagileReader) carried(l link) []string {
	var out []string
	for _, list := range []struct {
		field string
		refs  []string
	}{{".data_assets_sent", l.Sent}, {".data_assets_received", l.Received}} {
		for i, ref := range list.refs {
			id, ok := r.data[ref]
			if !ok {
				r.n.add(yamltree.ItemPath(l.path+list.field, i), "exchange.dangling", "id", ref)
			} else if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}
