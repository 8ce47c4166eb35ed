package testcase

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/verdict"
)

// tlsCases judge how endpoints of the unit set up their secure channel
// (IoT-1005-1 annex A, 5.4.2.1, 5.4.2.2; EN 303 645 5.5-1).
func tlsCases() []Case {
	needs := []Need{{Kind: fact.TLS{}.Kind()}}
	return []Case{
		{
			ID: "tls.version", Kind: Functional, Method: Auto, Severity: High, Needs: needs,
			Params:   []Param{{Name: "min", Default: "1.2", Allowed: []string{"1.2", "1.3"}}},
			Subjects: endpoints, Scopes: portScopes, Empty: noEndpoint, Judge: perEndpoint(tlsVersion),
		},
		{
			ID: "tls.forward-secrecy", Kind: Functional, Method: Auto, Severity: High, Needs: needs,
			Params:   []Param{{Name: "reading", Default: "supported", Allowed: []string{"supported", "enforced"}}},
			Subjects: endpoints, Scopes: portScopes, Empty: noEndpoint, Judge: perEndpoint(forwardSecrecy),
		},
		{
			ID: "tls.approved-suites", Kind: Functional, Method: Auto, Severity: Medium, Needs: needs,
			Params:   []Param{{Name: "reading", Default: "preferred", Allowed: []string{"preferred", "all"}}},
			Subjects: endpoints, Scopes: portScopes, Empty: noEndpoint, Judge: perEndpoint(approvedSuites),
		},
		{
			ID: "tls.certificate", Kind: Functional, Method: Auto, Severity: Medium,
			Needs:    []Need{{Kind: fact.Certificate{}.Kind()}},
			Subjects: endpoints, Scopes: portScopes, Empty: noEndpoint, Judge: certificate,
		},
	}
}

// noEndpoint: no TLS endpoint listens, as a whole port search shows. The
// case doesn't concern the unit then; transport.clear judges what does.
func noEndpoint(v *View) Outcome {
	o := absent("reason.no-endpoint")(v)
	if o.Verdict() == verdict.Pass {
		return NotApplicable(verdict.Because("reason.no-endpoint"), o.facts...)
	}
	return o
}

var versions = []string{"SSL 2.0", "SSL 3.0", "1.0", "1.1", "1.2", "1.3"}

func older(a, than string) bool { return slices.Index(versions, a) < slices.Index(versions, than) }

// channelsOf are the TLS facts of a subject: several where the unit was seen
// in several states.
func channelsOf(v *View, s Subject) []fact.Typed[fact.TLS] {
	return fact.Where(v.Facts, func(t fact.TLS) bool { return t.Unit == s.Unit && t.Port == s.Port })
}

// perEndpoint judges every TLS fact of a subject and keeps the worst, or says
// why there is none.
func perEndpoint(judge func(fact.Typed[fact.TLS], Params) Outcome) func(*View, Subject, Params) Outcome {
	return func(v *View, s Subject, p Params) Outcome {
		got := channelsOf(v, s)
		if len(got) == 0 {
			return withoutTLS(v, s)
		}
		all := make([]Outcome, len(got))
		for i, t := range got {
			all[i] = judge(t, p)
		}
		return worst(all)
	}
}

// worst joins outcomes on one subject as an `all` group: the first FAIL, else
// the first INCONCLUSIVE, else the first with the facts of all.
func worst(all []Outcome) Outcome {
	for _, bad := range []verdict.Verdict{verdict.Fail, verdict.Inconclusive} {
		for _, o := range all {
			if o.verdict == bad {
				return o
			}
		}
	}
	o := all[0]
	for _, other := range all[1:] {
		o = o.With(other.facts...)
		o.finding = append(slices.Clone(o.finding), other.finding...)
	}
	return o
}

func withoutTLS(v *View, s Subject) Outcome {
	if svc, ok := observed(v, s); ok && !svc.Value.TLS {
		return Fail(verdict.Because("reason.no-tls-at-all", "protocol", svc.Value.Protocol), svc.Fact)
	}
	return unseen(v, s, fact.ScopeTLS)
}

func tlsVersion(t fact.Typed[fact.TLS], p Params) Outcome {
	var old, good, unclear []string
	for _, must := range []string{"SSL 3.0", "1.0", "1.1", "1.2"} {
		if older(must, p["min"]) && !slices.ContainsFunc(t.Value.Versions, func(x fact.TLSVersion) bool { return x.Version == must }) {
			unclear = append(unclear, must+" (-)") // never offered: not shown to be refused
		}
	}
	for _, x := range t.Value.Versions {
		switch {
		case x.Outcome == "accepted" && older(x.Version, p["min"]):
			old = append(old, x.Version)
		case x.Outcome == "accepted":
			good = append(good, x.Version)
		case x.Outcome != "refused":
			unclear = append(unclear, x.Version+" ("+x.Outcome+")")
		}
	}
	switch {
	case len(old) > 0:
		return Fail(verdict.Because("reason.tls-too-old", "versions", strings.Join(old, ", "), "min", p["min"]), t.Fact)
	case len(good) == 0:
		return Inconclusive(verdict.Because("reason.tls-none-accepted"), verdict.Because("provide.reachable-unit", "unit", t.Value.Unit)).With(t.Fact)
	case len(unclear) > 0:
		return Inconclusive(verdict.Because("reason.tls-unclear", "versions", strings.Join(unclear, ", ")), verdict.Because("provide.repeat")).With(t.Fact)
	}
	return Pass(verdict.Because("reason.tls-versions", "versions", strings.Join(good, ", "), "min", p["min"]), t.Fact)
}

// forwardSecrecy: "shall support" is met by support (literal); that nothing
// else is accepted is the strict reading. A static key exchange that is
// accepted, or even preferred, is a finding in the literal one.
func forwardSecrecy(t fact.Typed[fact.TLS], p Params) Outcome {
	var with, without []string
	for _, x := range t.Value.Suites {
		if x.ForwardSecrecy {
			with = append(with, x.Name)
		} else {
			without = append(without, x.Name)
		}
	}
	switch {
	case len(with) == 0 && len(without) == 0:
		return Inconclusive(verdict.Because("reason.tls-none-accepted"), verdict.Because("provide.reachable-unit", "unit", t.Value.Unit)).With(t.Fact)
	case len(with) == 0:
		return Fail(verdict.Because("reason.no-forward-secrecy", "suite", without[0]), t.Fact)
	case len(without) > 0 && p["reading"] == "enforced":
		return Fail(verdict.Because("reason.static-accepted", "suite", without[0], "count", fmt.Sprint(len(without))), t.Fact)
	case !t.Value.Whole:
		return Inconclusive(verdict.Because("reason.tls-suites-cut"), verdict.Because("provide.repeat")).With(t.Fact)
	}
	pass := Pass(verdict.Because("reason.forward-secrecy", "suite", with[0], "count", fmt.Sprint(len(with))), t.Fact)
	if len(without) > 0 {
		pass = pass.AndFinding(verdict.Because("reason.static-accepted", "suite", without[0], "count", fmt.Sprint(len(without))))
	}
	return pass
}

// approvedSuites judges the cipher behind a channel that carries
// authentication factors. IoT-1005-1 5.4.2.2 asks for an algorithm that
// SP 800-140C approves.
func approvedSuites(t fact.Typed[fact.TLS], p Params) Outcome {
	var chosen, bad []string
	for _, x := range t.Value.Suites {
		if p["reading"] == "preferred" && !x.Preferred {
			continue
		}
		chosen = append(chosen, x.Name)
		if !x.Approved && (x.ForwardSecrecy || p["reading"] == "all" || !approvedCipher(x.Name)) {
			bad = append(bad, x.Name)
		}
	}
	switch {
	case len(chosen) == 0:
		return Inconclusive(verdict.Because("reason.tls-none-accepted"), verdict.Because("provide.reachable-unit", "unit", t.Value.Unit)).With(t.Fact)
	case len(bad) > 0:
		return Fail(verdict.Because("reason.suite-not-approved", "suite", bad[0], "count", fmt.Sprint(len(bad))), t.Fact)
	case !t.Value.Whole:
		return Inconclusive(verdict.Because("reason.tls-suites-cut"), verdict.Because("provide.repeat")).With(t.Fact)
	}
	return Pass(verdict.Because("reason.suites-approved", "suite", chosen[0], "count", fmt.Sprint(len(chosen))), t.Fact)
}

// approvedCipher: 5.4.2.2 speaks of the encryption algorithm; a static RSA
// key exchange is another requirement's matter.
func approvedCipher(suite string) bool {
	return strings.Contains(suite, "_AES_") && !strings.Contains(suite, "anon") && !strings.Contains(suite, "NULL")
}

func certificate(v *View, s Subject, _ Params) Outcome {
	got := fact.Where(v.Facts, func(c fact.Certificate) bool { return c.Unit == s.Unit && c.Port == s.Port })
	if len(got) == 0 {
		if len(channelsOf(v, s)) == 0 {
			return withoutTLS(v, s)
		}
		return Inconclusive(verdict.Because("reason.no-certificate-read"), verdict.Because("provide.repeat"))
	}
	all := make([]Outcome, len(got))
	for i, c := range got {
		all[i] = certified(c, v.Clock)
	}
	return worst(all)
}

func certified(f fact.Typed[fact.Certificate], clock time.Time) Outcome {
	c := f.Value
	switch {
	case c.Key == "RSA" && c.Bits < 2048, c.Key == "ECDSA" && c.Bits < 224, c.Key == "DSA":
		return Fail(verdict.Because("reason.certificate-weak-key", "key", c.Key, "bits", fmt.Sprint(c.Bits)), f.Fact)
	case strings.Contains(strings.ToUpper(c.Signature), "SHA1"), strings.Contains(strings.ToUpper(c.Signature), "MD5"):
		return Fail(verdict.Because("reason.certificate-weak-signature", "signature", c.Signature), f.Fact)
	case clock.After(c.NotAfter):
		return Fail(verdict.Because("reason.certificate-expired", "date", c.NotAfter.UTC().Format("2006-01-02")), f.Fact)
	case clock.Before(c.NotBefore):
		return Fail(verdict.Because("reason.certificate-not-yet", "date", c.NotBefore.UTC().Format("2006-01-02")), f.Fact)
	}
	o := Pass(verdict.Because("reason.certificate-good", "key", c.Key, "bits", fmt.Sprint(c.Bits), "until", c.NotAfter.UTC().Format("2006-01-02")), f.Fact)
	if c.SelfSigned {
		o = o.AndFinding(verdict.Because("reason.certificate-self-signed"))
	}
	return o
}
