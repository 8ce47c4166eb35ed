package testcase

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/verdict"
)

// serviceCases judge what is switched on (IoT-1005-1 5.2.2.1; EN 303 645
// 5.6-1, 5.6-5).
func serviceCases() []Case {
	return []Case{
		{
			ID: "service.necessary", Kind: Functional, Method: Auto, Severity: High,
			Needs:    []Need{{Kind: fact.Service{}.Kind()}, {Kind: fact.Declared{}.Kind()}, {Kind: fact.PersonResult{}.Kind()}},
			Params:   []Param{{Name: "undeclared", Default: "ask", Allowed: []string{"ask", "fail"}}},
			Subjects: switchedOn, Scopes: portScopes, Empty: absent("reason.no-service"),
			Judge: necessary,
		},
		{
			ID: "service.start-up", Kind: Functional, Method: Auto, Severity: High, Image: true,
			Needs:    []Need{{Kind: fact.ImageStart{}.Kind()}},
			Subjects: images, Judge: startUp, Empty: noImage,
		},
	}
}

// switchedOn is services, and what is declared of the kinds that never pass
// even where no port is given.
func switchedOn(v *View) []Subject {
	out := services(v)
	for _, i := range v.Product.Interfaces {
		if !i.Physical && i.Port.Number == 0 && slices.Contains(forbidden, strings.ToLower(i.Protocol)) {
			out = append(out, Subject{Key: i.ID, Interface: i.ID})
		}
	}
	return out
}

// necessary judges one listening service. Declared is not necessary: it
// takes a purpose that a reviewer accepted, recorded for the interface.
func necessary(v *View, s Subject, p Params) Outcome {
	svc, open := observed(v, s)
	i, declared := declaredInterface(v, s)
	// What answers on a port that is declared as such a service is one, even
	// where it doesn't give itself away.
	for _, protocol := range []string{svc.Value.Protocol, strings.ToLower(i.Protocol)} {
		if open && slices.Contains(forbidden, protocol) {
			return Fail(verdict.Because("reason.forbidden-service", "protocol", protocol, "port", fmt.Sprint(s.Port)), svc.Fact)
		}
	}
	if open && !declared {
		r := verdict.Because("reason.undeclared-service", "protocol", svc.Value.Protocol, "port", fmt.Sprint(s.Port))
		if p["undeclared"] == "fail" {
			return Fail(r, svc.Fact)
		}
		return Inconclusive(r, verdict.Because("provide.declare-interface", "port", fmt.Sprint(s.Port))).With(svc.Fact)
	}
	if s.Unit == "" {
		return byDeclaration(v, s, i)
	}
	if !open {
		scope, whole := wholeScope(v, fact.ScopePorts, s.Unit)
		if !whole {
			return unseen(v, s, fact.ScopeServices)
		}
		if slices.Contains(forbidden, strings.ToLower(i.Protocol)) { // off now, and meant to be on
			return Inconclusive(verdict.Because("reason.declared-not-open", "interface", s.Interface, "port", fmt.Sprint(s.Port)),
				verdict.Because("provide.open-interface", "interface", s.Interface)).With(scope.Fact)
		}
		return PassAbsent(verdict.Because("reason.declared-not-open", "interface", s.Interface, "port", fmt.Sprint(s.Port)), scope)
	}
	if weaker(i.Protocol, svc.Value.Protocol) {
		return Fail(verdict.Because("reason.weaker-than-declared", "declared", i.Protocol, "observed", svc.Value.Protocol), svc.Fact)
	}
	return purposeAccepted(v, i, svc.Fact)
}

// byDeclaration judges a declared interface that no collector can see: over
// UDP, or on no unit. What never passes by declaration fails by it. A UDP
// service passes where its purpose was accepted and a person searched UDP;
// housekeeping of addresses and names needs no search.
func byDeclaration(v *View, s Subject, i product.Interface) Outcome {
	d, ok := declaration(v, "interface", i.ID)
	protocol := strings.ToLower(i.Protocol)
	switch {
	case slices.Contains(forbidden, protocol):
		if !ok {
			return noUnit(s)
		}
		return Fail(verdict.Because("reason.forbidden-declared", "interface", i.ID, "protocol", protocol), d.Fact)
	case !datagram(i):
		return noUnit(s)
	case !ok:
		return notSearched(v, i, verdict.Because("provide.other-transports"))
	}
	accepted := purposeAccepted(v, i, d.Fact)
	if accepted.verdict != verdict.Pass || slices.Contains(housekeeping, protocol) {
		return accepted
	}
	rec, ok := performed(v, "service.other-transports")
	if !ok {
		return notSearched(v, i, verdict.Because("provide.other-transports"))
	}
	return accepted.With(rec.Fact)
}

// purposeAccepted judges by the purpose of an interface and its review; seen
// is the fact that shows the interface.
func purposeAccepted(v *View, i product.Interface, seen fact.Fact) Outcome {
	if i.Purpose == "" {
		return Inconclusive(verdict.Because("reason.no-purpose", "interface", i.ID), verdict.Because("provide.purpose", "interface", i.ID)).With(seen)
	}
	if r, ok := record(v, "service.necessary", i.ID); ok {
		switch r.Value.Verdict {
		case string(verdict.Pass):
			o := Pass(verdict.Because("reason.purpose-accepted", "interface", i.ID, "purpose", i.Purpose, "by", r.Value.By), seen, r.Fact)
			if r.Value.Sample {
				o = o.And(verdict.Because("reason.sample"))
			}
			return o
		case string(verdict.Fail):
			return Fail(verdict.Because("reason.purpose-rejected", "interface", i.ID, "by", r.Value.By, "note", r.Value.Note), seen, r.Fact)
		}
	}
	return Inconclusive(verdict.Because("reason.purpose-not-reviewed", "interface", i.ID, "purpose", i.Purpose),
		verdict.Because("provide.accept-purpose", "interface", i.ID)).With(seen)
}

// weaker says that a protocol with a secure channel was declared and the
// same one without was observed.
func weaker(declared, observed string) bool {
	d := strings.ToLower(declared)
	return slices.Contains(secure, d) && strings.TrimSuffix(d, "s") == observed
}

// atBoot are programs that no product starts for its users.
var atBoot = []string{"telnetd", "tftpd", "ftpd", "adbd", "gdbserver"}

func startUp(v *View, s Subject, _ Params) Outcome {
	var bad []fact.Typed[fact.ImageStart]
	for _, st := range fact.Where(v.Facts, func(st fact.ImageStart) bool { return st.Image == s.Key }) {
		if slices.Contains(atBoot, st.Value.Type) {
			bad = append(bad, st)
		}
	}
	if len(bad) > 0 {
		return Fail(verdict.Because("reason.started-at-boot", "program", bad[0].Value.Type, "path", bad[0].Value.Path,
			"line", fmt.Sprint(bad[0].Value.Line)), facts(bad)...)
	}
	scope, ok := wholeScope(v, fact.ScopeImageFiles, s.Key)
	if !ok {
		return unread(v, s)
	}
	if o, none := silent(v, s); none {
		return o
	}
	o := PassAbsent(verdict.Because("reason.nothing-forbidden-at-boot"), scope)
	if hidden := weaknesses(v, s.Key, "telnet-on-demand", "telnet-enabled", "reverse-tunnel", "upnp-port-forward"); len(hidden) > 0 {
		o = o.AndFinding(because("reason.started-on-demand", hidden)).With(facts(hidden)...)
	}
	return o
}

// noImage is the outcome where the model names no firmware image.
func noImage(*View) Outcome {
	return Inconclusive(verdict.Because("reason.no-image"), verdict.Because("provide.image"))
}

// unread is the outcome for an image that wasn't read to the end.
func unread(v *View, s Subject) Outcome {
	for _, f := range fact.Where(v.Facts, func(f fact.Firmware) bool { return f.Image == s.Key && !f.Analysable }) {
		return Inconclusive(verdict.Because("reason.not-analysable", "image", s.Key, "entropy", fmt.Sprintf("%.2f", f.Value.Entropy)),
			verdict.Because("provide.readable-image", "image", s.Key)).With(f.Fact)
	}
	o := Inconclusive(verdict.Because("reason.image-not-read", "image", s.Key), verdict.Because("provide.readable-image", "image", s.Key))
	for _, scope := range scopesOf(v, fact.ScopeImageFiles, s.Key) {
		o = Inconclusive(verdict.Because("reason.scope-cut", "what", "scope."+scope.Value.What, "of", s.Key, "why", scope.Value.Cut),
			verdict.Because("provide.readable-image", "image", s.Key)).With(scope.Fact)
	}
	return o
}
