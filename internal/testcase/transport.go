package testcase

import (
	"fmt"
	"strings"

	"assay/internal/fact"
	"assay/internal/verdict"
	"slices"
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

func notInClear(v *View, s Subject, _ Params) Outcome {
	svc, ok := observed(v, s)
	if !ok {
		return unseen(v, s, "services")
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
	return Fail(verdict.Because("reason.in-clear", args...), svc.Fact)
}

// factorsEncrypted: digest without TLS hashes what it sends, and a hash can
// be guessed off line: it counts as clear (ours).
func factorsEncrypted(v *View, s Subject, _ Params) Outcome {
	got := channels(v, s)
	for _, c := range got {
		if !c.Value.Encrypted {
			return Fail(verdict.Because("reason.factor-in-clear", "scheme", c.Value.Scheme, "port", fmt.Sprint(c.Value.Port)), c.Fact)
		}
	}
	if len(got) == 0 {
		return unseen(v, s, "auth.transport")
	}
	return Pass(verdict.Because("reason.factor-encrypted", "scheme", got[0].Value.Scheme), facts(got)...)
}
