package testcase

import (
	"fmt"
	"slices"

	"assay/internal/fact"
	"assay/internal/verdict"
)

// passwordCases judge passwords and their guessing (IoT-1005-1 5.1.2.2,
// 5.1.3.1; EN 303 645 5.1-1, 5.1-2, 5.1-5).
func passwordCases() []Case {
	return []Case{
		{
			ID: "login.limit", Kind: Functional, Method: Auto, Severity: High, Intrusive: true,
			Needs: []Need{{Kind: fact.Throttle{}.Kind()}},
			Params: []Param{
				{Name: "max_attempts", Default: "10"},
				{Name: "min_delay_seconds", Default: "60"},
				{Name: "threshold", Default: "finding", Allowed: []string{"finding", "fail"}},
				{Name: "fail_from", Default: "30"},
				{Name: "delay_only", Default: "ask", Allowed: []string{"ask", "fail"}},
			},
			Subjects: loginInterfaces, Scopes: portScopes, Empty: absent("reason.no-login-interface"),
			Judge: limited,
		},
		{
			ID: "password.no-common", Kind: Functional, Method: Auto, Severity: Critical, Intrusive: true,
			Needs:    []Need{{Kind: fact.Credential{}.Kind()}, {Kind: fact.ImageSecret{}.Kind()}},
			Subjects: loginInterfaces, Scopes: portScopes, Empty: absent("reason.no-login-interface"),
			Judge: noCommonPassword,
		},
		{
			ID: "password.per-unit", Kind: Conceptual, Method: Assisted, Severity: High, Units: 2,
			Needs: []Need{{Kind: fact.Declared{}.Kind()}},
			Judge: perUnitPassword,
			Steps: 3, Observe: []Observe{ask("labels-differ", "yes"), {Name: "units-compared"}}, Attach: 1,
		},
		{
			ID: "password.forced-change", Kind: Functional, Method: Assisted, Severity: High,
			Needs: []Need{{Kind: fact.Declared{}.Kind()}},
			Judge: forcedChange,
			Steps: 3, Observe: []Observe{ask("blocked-until-changed", "yes")},
		},
	}
}

// of keeps the facts of an undeclared service apart from those of another
// one on the same unit: neither has an interface's name.
func of[T fact.Payload](got []fact.Typed[T], s Subject) []fact.Typed[T] {
	if s.Interface != "" {
		return got
	}
	return slices.DeleteFunc(got, func(f fact.Typed[T]) bool { return f.Subject != s.Key })
}

// limited judges what happened to wrong passwords. No standard gives a number
// of tries after which an interface is without limit: fewer than fail_from
// leave it open. A delay without a lock-out limits the rate; whether that
// limits the number too is a matter of reading (delay_only).
func limited(v *View, s Subject, p Params) Outcome {
	got := of(fact.Where(v.Facts, func(t fact.Throttle) bool {
		return t.Interface == s.Interface && (s.Interface != "" || t.Unit == s.Unit)
	}), s)
	if len(got) == 0 {
		return unseen(v, s, "login.limit")
	}
	var o Outcome
	for n, t := range got {
		x := t.Value
		r := verdict.Because("reason.login-limited", "attempts", fmt.Sprint(x.LimitedAt), "seconds", fmt.Sprint(x.LockSeconds))
		var one Outcome
		switch {
		case x.LimitedAt == 0 && x.Attempts < atLeast(p["fail_from"]):
			one = Inconclusive(verdict.Because("reason.too-few-tries", "attempts", fmt.Sprint(x.Attempts), "from", p["fail_from"]),
				verdict.Because("provide.more-tries", "from", p["fail_from"])).With(t.Fact)
		case x.LimitedAt == 0 && !x.Control.Holds():
			one = PassRefused(r, x.Control, t.Fact)
		case x.LimitedAt == 0:
			return Fail(verdict.Because("reason.login-unlimited", "attempts", fmt.Sprint(x.Attempts)), t.Fact)
		case !x.NewConnection:
			return Fail(verdict.Because("reason.limit-per-connection", "attempts", fmt.Sprint(x.LimitedAt)), t.Fact)
		case !x.CorrectRefused && p["delay_only"] == "ask":
			one = Inconclusive(verdict.Because("reason.limit-number-not-shown", "attempts", fmt.Sprint(x.LimitedAt), "seconds", fmt.Sprint(x.LockSeconds)),
				verdict.Because("provide.limit-number")).With(t.Fact)
		case !x.CorrectRefused:
			return Fail(verdict.Because("reason.limit-delay-only", "attempts", fmt.Sprint(x.LimitedAt)), t.Fact)
		default:
			one = PassRefused(r, x.Control, t.Fact)
		}
		if beyond := x.LimitedAt > 0 && (x.LimitedAt > atLeast(p["max_attempts"]) || x.LockSeconds < atLeast(p["min_delay_seconds"])); beyond {
			finding := verdict.Because("reason.limit-beyond-threshold", "attempts", fmt.Sprint(x.LimitedAt),
				"seconds", fmt.Sprint(x.LockSeconds), "max", p["max_attempts"], "min", p["min_delay_seconds"])
			if p["threshold"] == "fail" {
				return Fail(finding, t.Fact)
			}
			one = one.AndFinding(finding)
		}
		if n == 0 || one.Verdict() != verdict.Pass {
			o = one
		}
	}
	return o
}

func atLeast(s string) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func noCommonPassword(v *View, s Subject, _ Params) Outcome {
	got := of(fact.Where(v.Facts, func(c fact.Credential) bool {
		return c.Interface == s.Interface && (s.Interface != "" || c.Unit == s.Unit)
	}), s)
	control := fact.Bracket{Before: true, After: true}
	for _, c := range got {
		if c.Value.Accepted && !c.Value.MustChange {
			return Fail(verdict.Because("reason.common-password-works", "user", c.Value.User, "source", "source."+c.Value.Source), c.Fact)
		}
		control.Before = control.Before && c.Value.Control.Before
		control.After = control.After && c.Value.Control.After
	}
	if len(got) == 0 {
		return unseen(v, s, "password.no-common")
	}
	if open := untriedOfImage(v); len(open) > 0 {
		return Inconclusive(verdict.Because("reason.image-credential-untried", "user", open[0].Value.User, "path", open[0].Value.Path),
			verdict.Because("provide.try-image-credential")).With(facts(open)...)
	}
	if o, open := unreadImage(v); open {
		return o.With(facts(got)...) // it may hold passwords that nobody tried
	}
	for _, scope := range fact.Where(v.Facts, func(x fact.Scope) bool {
		return x.What == fact.ScopeCredentials && (x.Of == s.Interface || x.Of == s.Key)
	}) {
		if !scope.Value.Whole {
			return Inconclusive(verdict.Because("reason.scope-cut", "what", "scope."+scope.Value.What, "of", scope.Value.Of, "why", scope.Value.Cut),
				verdict.Because("provide.repeat")).With(scope.Fact)
		}
		return PassRefused(verdict.Because("reason.common-passwords-refused", "count", fmt.Sprint(len(got))), control,
			append(facts(got), scope.Fact)...)
	}
	return Inconclusive(verdict.Because("reason.scope-missing", "what", "scope."+fact.ScopeCredentials, "of", s.Key), verdict.Because("provide.repeat")).With(facts(got)...)
}

// untriedOfImage are log-in credentials of the image whose clear value is
// unknown: they couldn't be tried on a unit.
func untriedOfImage(v *View) []fact.Typed[fact.ImageSecret] {
	return fact.Where(v.Facts, func(k fact.ImageSecret) bool { return k.Type == "password-hash" && !k.Recovered && stored(v, k.Found) })
}

func perUnitPassword(v *View, _ Subject, _ Params) Outcome {
	d, ok := declaration(v, "passwords", "")
	if !ok || d.Value.Value["preset"] == "" {
		return Inconclusive(verdict.Because("reason.not-declared", "what", "passwords.preset"), verdict.Because("provide.declare", "what", "passwords.preset"))
	}
	if preset := d.Value.Value["preset"]; preset != "per-unit" {
		return Fail(verdict.Because("reason.preset-not-per-unit", "preset", preset), d.Fact)
	}
	if d.Value.Value["rule"] == "" {
		return Inconclusive(verdict.Because("reason.not-declared", "what", "passwords.rule"), verdict.Because("provide.declare", "what", "passwords.rule")).With(d.Fact)
	}
	return AskPerson(verdict.Because("reason.compare-labels"), d.Fact)
}

func forcedChange(v *View, _ Subject, _ Params) Outcome {
	d, ok := declaration(v, "passwords", "")
	if !ok || (d.Value.Value["preset"] == "" && d.Value.Value["change"] == "") {
		return Inconclusive(verdict.Because("reason.not-declared", "what", "passwords.change"), verdict.Because("provide.declare", "what", "passwords.change"))
	}
	if d.Value.Value["preset"] != "none" && d.Value.Value["change"] != "forced" {
		return Fail(verdict.Because("reason.change-not-forced"), d.Fact)
	}
	return AskPerson(verdict.Because("reason.try-first-login"), d.Fact)
}
