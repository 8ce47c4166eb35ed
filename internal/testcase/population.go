package testcase

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/verdict"
)

// secure are protocols that set up a TLS channel of their own.
var secure = []string{"https", "rtsps", "mqtts", "ftps", "wss", "tls", "smtps", "ldaps"}

// forbidden are services that never pass by declaration (rule 6).
var forbidden = []string{"telnet", "adb", "gdb", "tftp"}

// housekeeping are protocols of addresses and names, not product data
// (IoT-1005-1 5.4.2.1, our reading).
var housekeeping = []string{"dhcp", "dns", "ntp", "arp", "mdns", "ssdp", "ws-discovery", "icmp"}

// units are the declared units, in order.
func units(v *View) []product.Unit { return v.Product.Units }

// device returns the component that a unit is a specimen of.
func device(v *View, u product.Unit) string {
	if u.Of != "" {
		return u.Of
	}
	for _, c := range v.Product.Components {
		if c.Kind == "device" {
			return c.ID
		}
	}
	return ""
}

// portOf says where an interface answers on a unit.
func portOf(u product.Unit, i product.Interface) uint16 {
	if p, ok := u.PortMap[i.ID]; ok {
		return p
	}
	return i.Port.Number
}

// listening says whether an interface is a TCP service of the network.
func listening(i product.Interface) bool {
	return !i.Physical && i.Port.Number != 0 && !datagram(i)
}

// datagram says whether an interface is a UDP service of the network, which
// no collector searches.
func datagram(i product.Interface) bool {
	return !i.Physical && i.Port.Number != 0 && i.Port.Transport == "udp"
}

// services is the population of listening services: declared ∪ observed, on
// every unit; a declared one without a unit, or over UDP, stands for itself.
func services(v *View) []Subject {
	var out []Subject
	placed := make(map[string]bool) // interfaces that some unit carries
	for _, u := range units(v) {
		have := make(map[uint16]bool)
		for _, i := range v.Product.Interfaces {
			if i.On != device(v, u) || !listening(i) {
				continue
			}
			port := portOf(u, i)
			have[port], placed[i.ID] = true, true
			out = append(out, Subject{Key: u.ID + "/" + i.ID, Unit: u.ID, Interface: i.ID, Port: port})
		}
		for _, s := range fact.Where(v.Facts, func(s fact.Service) bool { return s.Unit == u.ID }) {
			if !have[s.Value.Port] {
				have[s.Value.Port] = true
				out = append(out, Subject{Key: s.Subject, Unit: u.ID, Port: s.Value.Port})
			}
		}
	}
	for _, i := range v.Product.Interfaces {
		if datagram(i) || listening(i) && !placed[i.ID] {
			out = append(out, Subject{Key: i.ID, Interface: i.ID, Port: i.Port.Number})
		}
	}
	return out
}

// endpoints is the part of services that sets up TLS, by declaration or as
// observed.
func endpoints(v *View) []Subject {
	return filter(services(v), func(s Subject) bool {
		if i, ok := declaredInterface(v, s); ok && slices.Contains(secure, strings.ToLower(i.Protocol)) {
			return true
		}
		svc, ok := observed(v, s)
		return ok && svc.Value.TLS
	})
}

// logins is the part of services that takes a password, by declaration or as
// observed.
func logins(v *View) []Subject {
	return filter(services(v), func(s Subject) bool {
		if i, ok := declaredInterface(v, s); ok && takesPassword(i) {
			return true
		}
		return len(channels(v, s)) > 0
	})
}

// loginInterfaces is logins with the units folded: the software behind an
// interface is the same on every unit, and intrusive tests run on the
// expendable one only.
func loginInterfaces(v *View) []Subject {
	var out []Subject
	for _, s := range logins(v) {
		key := s.Interface
		if key == "" {
			key = s.Key
		}
		if !slices.ContainsFunc(out, func(o Subject) bool { return o.Key == key }) {
			out = append(out, Subject{Key: key, Interface: s.Interface, Port: s.Port, Unit: s.Unit})
		}
	}
	return out
}

// images is the population of declared firmware images.
func images(v *View) []Subject {
	var out []Subject
	for _, c := range v.Product.Components {
		if c.Firmware != nil && c.Firmware.File != "" {
			out = append(out, Subject{Key: c.Firmware.File, Item: c.ID})
		}
	}
	return out
}

// dumps is what was read out of the flash of units.
func dumps(v *View) []Subject {
	var out []Subject
	for _, u := range units(v) {
		if u.Dump != "" {
			out = append(out, Subject{Key: u.Dump, Unit: u.ID, Item: device(v, u)})
		}
	}
	return out
}

// stores are what runs on units: images, and what was read out of their flash.
// An app's package is stored on none.
func stores(v *View) []Subject { return slices.Concat(images(v), dumps(v)) }

// stored says that what was found stands in one of them.
func stored(v *View, f fact.Found) bool {
	return slices.ContainsFunc(stores(v), func(s Subject) bool { return s.Key == f.Image })
}

// unreadImage is the outcome where a declared image was not read to its end:
// what it may say against a declaration isn't known.
func unreadImage(v *View) (Outcome, bool) {
	for _, s := range images(v) {
		if _, whole := wholeScope(v, fact.ScopeImageFiles, s.Key); !whole {
			return unread(v, s), true
		}
	}
	return Outcome{}, false
}

func takesPassword(i product.Interface) bool {
	switch a := strings.ToLower(i.Auth); {
	case a == "password", a == "basic", a == "form", strings.HasPrefix(a, "digest"):
		return true
	}
	return i.Login != nil
}

func declaredInterface(v *View, s Subject) (product.Interface, bool) {
	for _, i := range v.Product.Interfaces {
		if s.Interface != "" && i.ID == s.Interface {
			return i, true
		}
	}
	return product.Interface{}, false
}

func observed(v *View, s Subject) (fact.Typed[fact.Service], bool) {
	for _, f := range fact.Of[fact.Service](v.Facts) {
		if f.Value.Unit == s.Unit && f.Value.Port == s.Port {
			return f, true
		}
	}
	return fact.Typed[fact.Service]{}, false
}

func channels(v *View, s Subject) []fact.Typed[fact.LoginChannel] {
	return fact.Where(v.Facts, func(c fact.LoginChannel) bool { return c.Unit == s.Unit && c.Port == s.Port })
}

func filter(in []Subject, keep func(Subject) bool) []Subject {
	var out []Subject
	for _, s := range in {
		if keep(s) {
			out = append(out, s)
		}
	}
	return out
}

// portScopes are the port searches of every unit, without which observed
// services aren't known.
func portScopes(v *View) []WantScope {
	var out []WantScope
	for _, u := range units(v) {
		out = append(out, WantScope{What: fact.ScopePorts, Of: u.ID,
			Provide: verdict.Because("provide.reachable-unit", "unit", u.ID)})
	}
	return out
}

func scopesOf(v *View, what, of string) []fact.Typed[fact.Scope] {
	return fact.Where(v.Facts, func(s fact.Scope) bool { return s.What == what && s.Of == of })
}

// wholeScope returns the search of what over of, the whole one if there is
// one.
func wholeScope(v *View, what, of string) (fact.Typed[fact.Scope], bool) {
	all := scopesOf(v, what, of)
	for _, s := range all {
		if s.Value.Whole {
			return s, true
		}
	}
	if len(all) > 0 {
		return all[0], false
	}
	return fact.Typed[fact.Scope]{}, false
}

// noUnit is the outcome for a declared interface that no unit carries.
func noUnit(s Subject) Outcome {
	return Inconclusive(verdict.Because("reason.no-unit", "interface", s.Interface), verdict.Because("provide.unit"))
}

// notSearched is the outcome for a declared UDP service: nothing here asks
// over UDP, so nothing that answers there was seen.
func notSearched(v *View, i product.Interface, provide verdict.Reason) Outcome {
	o := Inconclusive(verdict.Because("reason.udp-not-searched", "interface", i.ID, "protocol", i.Protocol, "port", itoa(i.Port.Number)), provide)
	if d, ok := declaration(v, "interface", i.ID); ok {
		o = o.With(d.Fact)
	}
	for _, u := range units(v) {
		if device(v, u) == i.On {
			o = o.With(facts(scopesOf(v, fact.ScopeUDP, u.ID))...)
		}
	}
	return o
}

// unseen is the outcome for a member of the population without the facts
// that would decide it. what is the test case or search that would have
// brought them.
func unseen(v *View, s Subject, what string) Outcome {
	i, declared := declaredInterface(v, s)
	if declared && datagram(i) {
		return notSearched(v, i, verdict.Because("provide.not-in-this-version"))
	}
	if s.Unit == "" {
		return noUnit(s)
	}
	for _, u := range fact.Where(v.Facts, func(u fact.Unreachable) bool {
		return u.Unit == s.Unit && (u.Interface == s.Interface || u.Port == 0)
	}) {
		return Inconclusive(verdict.Because("reason.unreachable", "unit", s.Unit, "error", u.Value.Error),
			verdict.Because("provide.reachable-unit", "unit", s.Unit)).With(u.Fact)
	}
	if o, ok := leftOut(v, s, what); ok {
		return o
	}
	svc, open := observed(v, s)
	if scope, ok := wholeScope(v, fact.ScopePorts, s.Unit); ok && s.Interface != "" && !open {
		return Inconclusive(verdict.Because("reason.declared-not-open", "interface", s.Interface, "port", fmt.Sprint(s.Port)),
			verdict.Because("provide.open-interface", "interface", s.Interface)).With(scope.Fact)
	}
	title, search := "case."+what+".title", what == fact.ScopeServices || what == fact.ScopeTLS
	if search {
		title = "scope." + what
	}
	r := verdict.Because("reason.no-facts", "what", title)
	switch {
	case !open:
		return Inconclusive(r, verdict.Because("provide.reachable-unit", "unit", s.Unit))
	case search:
		return Inconclusive(r, verdict.Because("provide.repeat")).With(svc.Fact)
	case !declared:
		return Inconclusive(r, verdict.Because("provide.declare-interface", "port", fmt.Sprint(s.Port))).With(svc.Fact)
	case i.Login == nil && web(i.Protocol):
		return Inconclusive(r, verdict.Because("provide.login-description")).With(svc.Fact)
	}
	return Inconclusive(r, verdict.Because("provide.no-clear-answer")).With(svc.Fact)
}

// leftOut says why a test was left out on a subject, where a collector noted
// it. The unit may well have answered: an answer that was neither yes nor no
// is shown as it came.
func leftOut(v *View, s Subject, test string) (Outcome, bool) {
	for _, n := range fact.Where(v.Facts, func(n fact.NotTried) bool { return n.Test == test }) {
		if n.Subject != s.Key && n.Subject != s.Unit && (n.Subject != s.Interface || s.Interface == "") {
			continue
		}
		why := verdict.Reason{Key: n.Value.Why, Args: n.Value.Args}
		if function, ok := n.Value.Args["function"]; ok && n.Value.Why == "not-tried.no-clear-answer" {
			why = verdict.Because("reason.unclear-answer", "function", function, "status", n.Value.Args["status"])
		}
		return Inconclusive(why, verdict.Because("provide."+strings.TrimPrefix(n.Value.Why, "not-tried."), "unit", s.Unit)).With(n.Fact), true
	}
	return Outcome{}, false
}

// absent decides an empty population of services: nothing of the kind
// listens, proved by the whole port search of every unit.
func absent(key string) func(*View) Outcome {
	return func(v *View) Outcome {
		var basis []fact.Fact
		for _, u := range units(v) {
			s, ok := wholeScope(v, fact.ScopePorts, u.ID)
			if !ok {
				return Inconclusive(verdict.Because("reason.scope-missing", "what", "scope."+fact.ScopePorts, "of", u.ID),
					verdict.Because("provide.reachable-unit", "unit", u.ID))
			}
			basis = append(basis, s.Fact)
		}
		if len(basis) == 0 {
			return Inconclusive(verdict.Because("reason.no-units"), verdict.Because("provide.unit"))
		}
		return Pass(verdict.Because(key), basis...)
	}
}

// declarations are the facts on what the model declares.
func declarations(v *View, what string) []fact.Typed[fact.Declared] {
	return fact.Where(v.Facts, func(d fact.Declared) bool { return d.What == what })
}

func declaration(v *View, what, id string) (fact.Typed[fact.Declared], bool) {
	for _, d := range declarations(v, what) {
		if id == "" || d.Value.ID == id {
			return d, true
		}
	}
	return fact.Typed[fact.Declared]{}, false
}

// facts strips the types off.
func facts[T fact.Payload](ts []fact.Typed[T]) []fact.Fact {
	out := make([]fact.Fact, len(ts))
	for i, t := range ts {
		out[i] = t.Fact
	}
	return out
}

func itoa(n uint16) string { return fmt.Sprint(n) }
