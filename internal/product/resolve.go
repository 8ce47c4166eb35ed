package product

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// maxCandidates bounds the search for what was meant.
const maxCandidates = 500

// resolve checks every use of an id against the ids of the file.
func (d *decoder) resolve() {
	for _, r := range d.refs {
		if r.also != "" && r.value == r.also {
			continue
		}
		var known []string
		if set := d.ids[r.kind]; set != nil {
			if _, ok := set.at[r.value]; ok {
				continue
			}
			known = set.order[:min(len(set.order), maxCandidates)]
		}
		if r.also != "" {
			known = append(known[:len(known):len(known)], r.also)
		}
		if len(d.problems) > 2*maxProblems {
			known = nil // a hostile file; distances cost more than they help
		}
		meant := suggest(r.value, known)
		pairs := []string{"field", lastStep(r.path), "value", r.value, "kind", noun(r.kind)}
		switch {
		case meant != "":
			d.problem(r.at, r.path, "problem.unknown-reference", SeverityError, meant, pairs...)
		case r.soft && r.kind == "standard":
			d.problem(r.at, r.path, "problem.claim-not-chosen", SeverityWarning, "", pairs...)
		case r.soft:
			d.problem(r.at, r.path, "problem.undescribed-data", SeverityWarning, "", pairs...)
		case len(known) == 0:
			d.problem(r.at, r.path, "problem.no-such-list", SeverityError, "", pairs...)
		default:
			pairs = append(pairs, "allowed", list(known))
			d.problem(r.at, r.path, "problem.unknown-reference-here", SeverityError, "", pairs...)
		}
	}
}

// list joins a few ids; the rest is a number.
func list(ids []string) string {
	const most = 6
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return strings.Join(ids[:most], ", ") + ", … (" + strconv.Itoa(len(ids)) + ")"
}

// consistent reports what no single field can show.
func (d *decoder) consistent(p *Product) {
	at := func(path string) place {
		line, column := p.Position(path)
		return place{line, column}
	}
	if s := p.Identity.Support; s != nil && !s.From.IsZero() && !s.Until.IsZero() && s.Until.Before(s.From.Time) {
		d.problem(at("product.support.until"), "product.support.until", "problem.support-order", SeverityError, "",
			"from", s.From.String(), "until", s.Until.String())
	}
	d.ports(p, at)
	devices := p.Devices()
	for i, u := range p.Units {
		path := ItemPath("units", i)
		if u.Of == "" && len(devices) > 1 {
			d.problem(at(path), path, "problem.unit-of-which", SeverityError, "", "id", u.ID)
		}
		d.simulated(u, path, at)
	}
	addresses := map[string]string{}
	for i, u := range p.Units {
		// Simulated units share a host. Two real ones may, as access points that
		// are switched on in turn, but more often it is a slip.
		key := u.Address
		if ip, err := netip.ParseAddr(key); err == nil {
			key = ip.Unmap().String()
		}
		if key == "" || u.Simulated {
			continue
		}
		if other, twice := addresses[key]; twice {
			path := ItemPath("units", i) + ".address"
			d.problem(at(path), path, "problem.same-address", SeverityWarning, "", "id", u.ID, "other", other, "value", u.Address)
			continue
		}
		addresses[key] = u.ID
	}
}

// ports reports two interfaces of a component on one port.
func (d *decoder) ports(p *Product, at func(string) place) {
	type socket struct {
		on   string
		port Port
	}
	taken := map[socket]string{}
	for i, f := range p.Interfaces {
		if f.Port.IsZero() {
			continue
		}
		s := socket{f.On, f.Port}
		if other, twice := taken[s]; twice {
			path := ItemPath("interfaces", i) + ".port"
			d.problem(at(path), path, "problem.same-port", SeverityWarning, "", "id", f.ID, "other", other, "port", f.Port.String())
			continue
		}
		taken[s] = f.ID
	}
}

// simulated checks the ports of a unit. A real unit has no range of its own:
// a file that narrows it would hide services from the sweep.
func (d *decoder) simulated(u Unit, path string, at func(string) place) {
	if !u.Simulated {
		for _, name := range []string{"ports", "port_map"} {
			if field := path + "." + name; name == "ports" && !u.Ports.IsZero() || name == "port_map" && len(u.PortMap) > 0 {
				d.problem(at(field), field, "problem.not-simulated", SeverityError, "", "id", u.ID, "field", name)
			}
		}
		return
	}
	// A program that plays a device stands on this machine. Elsewhere the word
	// would hide ports of a real one.
	if ip, err := netip.ParseAddr(u.Address); u.Address != "" && (err != nil || !ip.IsLoopback()) {
		d.problem(at(path+".address"), path+".address", "problem.simulated-elsewhere", SeverityError, "", "id", u.ID, "address", u.Address)
	}
	for _, id := range slices.Sorted(maps.Keys(u.PortMap)) {
		port := u.PortMap[id]
		if !u.Ports.IsZero() && !u.Ports.Contains(port) {
			field := FieldPath(path+".port_map", id)
			d.problem(at(field), field, "problem.port-outside", SeverityError, "",
				"id", id, "port", strconv.Itoa(int(port)), "ports", u.Ports.String())
		}
	}
}
