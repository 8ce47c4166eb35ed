package testcase

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/verdict"
)

// transportCases judge what crosses the network in clear (IoT-1005-1
// 5.4.2.1, 5.4.2.2; EN 303 645 5.5-1, 5.5-6).
func transportCases() []Case {
	return []Case{
		{
			ID: "transport.clear", Kind: Functional, Method: Auto, Severity: High,
			Needs:    []Need{{Kind: fact.Service{}.Kind()}},
			Subjects: carriers, Scopes: portScopes, Empty: absent("reason.no-service"), Judge: notInClear,
		},
		{
			ID: "auth.transport", Kind: Functional, Method: Auto, Severity: High,
			Needs:    []Need{{Kind: fact.LoginChannel{}.Kind()}},
			Subjects: logins, Scopes: portScopes, Empty: absent("reason.no-login-interface"), Judge: factorsEncrypted,
		},
	}
}

// carriers is services without the housekeeping of addresses and names. What
// is declared as housekeeping and answers as something else is judged.
func carriers(v *View) []Subject {
	return filter(services(v), func(s Subject) bool {
		i, ok := declaredInterface(v, s)
		if !ok || !slices.Contains(housekeeping, strings.ToLower(i.Protocol)) {
			return true
		}
		svc, open := observed(v, s)
		return open && !agrees(i, svc.Value)
	})
}

// notInClear judges one service. What a declared one over UDP carries only a
// person who watched the traffic can have seen.
func notInClear(v *View, s Subject, _ Params) Outcome {
	if i, declared := declaredInterface(v, s); declared && datagram(i) {
		rec, ok := performed(v, "traffic.outbound-secure")
		if d, found := declaration(v, "interface", i.ID); found && ok {
			return Pass(verdict.Because("reason.udp-watched", "interface", i.ID, "by", rec.Value.By), d.Fact, rec.Fact)
		}
		return notSearched(v, i, verdict.Because("provide.watch-udp", "interface", i.ID))
	}
	svc, ok := observed(v, s)
	if !ok {
		return unseen(v, s, fact.ScopeServices)
	}
	args := []string{"protocol", svc.Value.Protocol, "port", fmt.Sprint(s.Port)}
	switch {
	case svc.Value.TLS:
		return Pass(verdict.Because("reason.channel-is-tls", args...), svc.Fact)
	case svc.Value.Protocol == "ssh":
		return Inconclusive(verdict.Because("reason.channel-needs-argument", args...), verdict.Because("provide.equivalence", args...)).With(svc.Fact)
	case svc.Value.Protocol == "unknown":
		return Inconclusive(verdict.Because("reason.protocol-unknown", args...), verdict.Because("provide.declare-interface", args...)).With(svc.Fact)
	}
	if to, seen := redirects(v, s, svc); to != "" {
		return Pass(verdict.Because("reason.redirects-to-tls", "port", fmt.Sprint(s.Port), "to", to), seen...).
			AndFinding(verdict.Because("reason.redirect-in-clear", "port", fmt.Sprint(s.Port)))
	}
	return Fail(verdict.Because("reason.in-clear", args...), svc.Fact)
}

// redirects says where a declared plain web service sends its visitors, when
// that is a TLS service of the same unit and nothing else was seen to answer
// there: neither a log-in nor a function.
func redirects(v *View, s Subject, svc fact.Typed[fact.Service]) (string, []fact.Fact) {
	i, declared := declaredInterface(v, s)
	if !declared || i.Login != nil || svc.Value.Protocol != "http" || len(channels(v, s)) > 0 ||
		len(fact.Where(v.Facts, func(a fact.Access) bool { return a.Unit == s.Unit && a.Port == s.Port })) > 0 {
		return "", nil
	}
	var to string
	seen := []fact.Fact{svc.Fact}
	for _, r := range fact.Where(v.Facts, func(r fact.Redirect) bool { return r.Unit == s.Unit && r.Port == s.Port }) {
		target, ok := secureTarget(v, s.Unit, r.Value.To)
		if !ok {
			return "", nil
		}
		to, seen = r.Value.To, append(seen, r.Fact, target)
	}
	return to, seen
}

// secureTarget finds the TLS service of a unit that a URL leads to.
func secureTarget(v *View, unit, to string) (fact.Fact, bool) {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "https" {
		return fact.Fact{}, false
	}
	at, ok := v.Product.Unit(unit)
	if !ok || !strings.EqualFold(u.Hostname(), at.Address) {
		return fact.Fact{}, false
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	for _, s := range fact.Where(v.Facts, func(s fact.Service) bool { return s.Unit == unit && s.TLS && itoa(s.Port) == port }) {
		return s.Fact, true
	}
	return fact.Fact{}, false
}

// factorsEncrypted: digest without TLS hashes what it sends, and a hash can
// be guessed off line: it counts as clear (ours).
func factorsEncrypted(v *View, s Subject, _ Params) Outcome {
	got := channels(v, s)
	for _, c := range got {
		if !c.Value.Encrypted {
			scheme := c.Value.Scheme
			if scheme == "prompt" {
				scheme = "scheme.prompt"
			}
			return Fail(verdict.Because("reason.factor-in-clear", "scheme", scheme, "port", fmt.Sprint(c.Value.Port)), c.Fact)
		}
	}
	if len(got) == 0 {
		return unseen(v, s, "auth.transport")
	}
	return Pass(verdict.Because("reason.factor-encrypted", "scheme", got[0].Value.Scheme), facts(got)...)
}
