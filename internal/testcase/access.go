package testcase

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/verdict"
)

// accessCases judge who may do what (IoT-1005-1 5.1.1.3, 5.1.2.1; EN 303 645
// 5.5-5, 5.1-4).
func accessCases() []Case {
	return []Case{
		{
			ID: "auth.required", Kind: Functional, Method: Assisted, Severity: Critical,
			Needs:    []Need{{Kind: fact.Access{}.Kind()}},
			Subjects: authenticated, Scopes: portScopes, Empty: absent("reason.no-login-interface"),
			Judge:   loginRequired,
			Observe: []Observe{ask("unsafe-functions-refused", "yes")},
		},
		{
			ID: "session.logout", Kind: Functional, Method: Auto, Severity: High,
			Needs:    []Need{{Kind: fact.Logout{}.Kind()}},
			Subjects: sessions, Scopes: portScopes, Empty: absent("reason.no-session-interface"),
			Judge: logoutEnds,
		},
		{
			ID: "access.roles", Kind: Functional, Method: Assisted, Severity: High,
			Needs:    []Need{{Kind: fact.RoleAccess{}.Kind()}},
			Subjects: sessions, Scopes: portScopes, Empty: absent("reason.no-session-interface"),
			Judge:   rolesHold,
			Observe: []Observe{ask("unsafe-functions-by-role", "yes")},
		},
		{
			ID: "access.roles-defined", Kind: Conceptual, Method: Assisted, Severity: Medium,
			Needs:   []Need{{Kind: fact.Declared{}.Kind()}, {Kind: fact.Page{}.Kind()}},
			Judge:   rolesDefined,
			Observe: []Observe{ask("rights-defined", "yes")},
		},
	}
}

// web says whether a protocol is a web page or web interface of programs.
func web(protocol string) bool {
	p := strings.ToLower(protocol)
	return p == "http" || p == "https"
}

func stream(protocol string) bool {
	p := strings.ToLower(protocol)
	return p == "rtsp" || p == "rtsps"
}

// authenticated is the population of interfaces behind which something is
// protected: declared with authentication, and every web or stream service,
// declared or observed. "auth: none" doesn't take one out: that nobody has to
// log in is what the case looks for.
func authenticated(v *View) []Subject {
	return filter(services(v), func(s Subject) bool {
		if i, ok := declaredInterface(v, s); ok &&
			((i.Auth != "" && i.Auth != "none") || web(i.Protocol) || stream(i.Protocol)) {
			return true
		}
		svc, ok := observed(v, s)
		return ok && (web(svc.Value.Protocol) || stream(svc.Value.Protocol))
	})
}

// sessions is the population of web interfaces that keep a session: with a
// described login that sends a form, or with a password and no word on how it
// is sent (basic and digest keep no session).
func sessions(v *View) []Subject {
	return filter(services(v), func(s Subject) bool {
		i, declared := declaredInterface(v, s)
		if declared && i.Login != nil {
			return i.Login.Form == "json" || i.Login.Form == "form"
		}
		for _, c := range channels(v, s) {
			if c.Value.Scheme == "form" || c.Value.Scheme == "json" {
				return true
			}
		}
		return declared && web(i.Protocol) && (i.Auth == "" || i.Auth == "password" || i.Auth == "form")
	})
}

func loginRequired(v *View, s Subject, _ Params) Outcome {
	got := fact.Where(v.Facts, func(a fact.Access) bool { return a.Unit == s.Unit && a.Port == s.Port })
	var open, shut []fact.Typed[fact.Access]
	for _, a := range got {
		if a.Value.Allowed {
			open = append(open, a)
		} else {
			shut = append(shut, a)
		}
	}
	if len(open) > 0 {
		return Fail(verdict.Because("reason.open-without-login", "function", open[0].Value.Function,
			"status", fmt.Sprint(open[0].Value.Status), "count", fmt.Sprint(len(open))), facts(open)...)
	}
	i, declared := declaredInterface(v, s)
	if len(shut) == 0 {
		if !declared {
			return Inconclusive(verdict.Because("reason.functions-unknown", "port", fmt.Sprint(s.Port)),
				verdict.Because("provide.declare-interface", "port", fmt.Sprint(s.Port)))
		}
		return unseen(v, s, "auth.required")
	}
	if lacking := untested(i, shut); len(lacking) > 0 {
		if o, ok := leftOut(v, s, "auth.required"); ok {
			return o.And(verdict.Because("reason.functions-untested", "functions", strings.Join(lacking, ", "))).With(facts(shut)...)
		}
		return Inconclusive(verdict.Because("reason.functions-untested", "functions", strings.Join(lacking, ", ")),
			verdict.Because("provide.safe-function")).With(facts(shut)...)
	}
	control := fact.Bracket{Before: true, After: true}
	for _, a := range shut {
		control.Before = control.Before && a.Value.Control.Before
		control.After = control.After && a.Value.Control.After
	}
	o := PassRefused(verdict.Because("reason.login-required", "count", fmt.Sprint(len(shut))), control, facts(shut)...)
	return o.leaving(unsafe(i))
}

// unsafe lists the declared functions that a test must not call. They don't
// decide by themselves: a person has to look at them.
func unsafe(i product.Interface) []string {
	if i.Login == nil {
		return nil
	}
	var out []string
	for _, f := range i.Login.Functions {
		if f.Safe != nil && !*f.Safe {
			out = append(out, functionName(f))
		}
	}
	return out
}

// leaving makes a PASS wait for a person where functions were left out: they
// are part of the population (rule 1), and a program must not call them.
func (o Outcome) leaving(functions []string) Outcome {
	if len(functions) == 0 || o.verdict != verdict.Pass {
		return o
	}
	return AskPerson(verdict.Because("reason.functions-unsafe", "functions", strings.Join(functions, ", ")), o.facts...)
}

// untested lists declared functions without a fact. Functions that a test
// may not call are left to a person, and named.
func untested(i product.Interface, got []fact.Typed[fact.Access]) []string {
	if i.Login == nil {
		return nil
	}
	var out []string
	for _, f := range i.Login.Functions {
		name := functionName(f)
		if f.Safe != nil && !*f.Safe {
			continue // declared as unsafe to call: destructive functions are asked without a session only where safe
		}
		if !slices.ContainsFunc(got, func(a fact.Typed[fact.Access]) bool { return a.Value.Function == name }) {
			out = append(out, name)
		}
	}
	return out
}

func functionName(f product.Function) string {
	m := f.Method
	if m == "" {
		m = "GET"
	}
	return m + " " + f.Path
}

// withoutSession is unseen for cases that have to log in: where the model
// doesn't describe how, that is what is missing.
func withoutSession(v *View, s Subject, what string) Outcome {
	if i, ok := declaredInterface(v, s); s.Unit != "" && (!ok || i.Login == nil) {
		return Inconclusive(verdict.Because("not-tried.login-description", "interface", s.Key), verdict.Because("provide.login-description"))
	}
	return unseen(v, s, what)
}

func logoutEnds(v *View, s Subject, _ Params) Outcome {
	got := fact.Where(v.Facts, func(l fact.Logout) bool { return l.Unit == s.Unit && l.Interface == s.Interface })
	if len(got) == 0 {
		return withoutSession(v, s, "session.logout")
	}
	control := fact.Bracket{Before: true, After: true}
	for _, l := range got {
		if !l.Value.Refused {
			return Fail(verdict.Because("reason.session-survives", "function", l.Value.Function,
				"status", fmt.Sprint(l.Value.Status)), l.Fact)
		}
		control.Before = control.Before && l.Value.Control.Before
		control.After = control.After && l.Value.Control.After
	}
	return PassRefused(verdict.Because("reason.session-ended"), control, facts(got)...)
}

// mayCall says whether the model gives a role a function.
func mayCall(p *product.Product, role string, f product.Function) bool {
	if len(f.Roles) > 0 {
		return slices.Contains(f.Roles, role)
	}
	return f.Right == "" || slices.Contains(p.Roles[role].May, f.Right)
}

func rolesHold(v *View, s Subject, _ Params) Outcome {
	i, _ := declaredInterface(v, s)
	got := fact.Where(v.Facts, func(r fact.RoleAccess) bool { return r.Unit == s.Unit && r.Interface == s.Interface })
	if len(got) == 0 {
		return withoutSession(v, s, "access.roles")
	}
	if len(i.Roles) < 2 || i.Login == nil {
		return Inconclusive(verdict.Because("reason.one-role", "interface", s.Interface), verdict.Because("provide.roles")).With(facts(got)...)
	}
	var lacking []string
	compared := 0
	control := fact.Bracket{Before: true, After: true}
	for _, role := range i.Roles {
		for _, f := range i.Login.Functions {
			if f.Safe != nil && !*f.Safe {
				continue
			}
			name := functionName(f)
			at := slices.IndexFunc(got, func(r fact.Typed[fact.RoleAccess]) bool {
				return r.Value.Role == role && r.Value.Function == name
			})
			if at < 0 {
				lacking = append(lacking, role+" "+name)
				continue
			}
			r, may := got[at], mayCall(v.Product, role, f)
			compared++
			switch {
			case r.Value.Allowed && !may:
				return Fail(verdict.Because("reason.role-exceeds", "role", role, "function", name), r.Fact)
			case !r.Value.Allowed && may:
				return Fail(verdict.Because("reason.role-lacks", "role", role, "function", name, "status", fmt.Sprint(r.Value.Status)), r.Fact)
			case !may:
				control.Before = control.Before && r.Value.Control.Before
				control.After = control.After && r.Value.Control.After
			}
		}
	}
	if compared == 0 && len(lacking) == 0 { // no function is declared that a test may call
		return Inconclusive(verdict.Because("reason.functions-untested", "functions", s.Key), verdict.Because("provide.safe-function")).With(facts(got)...)
	}
	if len(lacking) > 0 {
		return Inconclusive(verdict.Because("reason.functions-untested", "functions", strings.Join(lacking, ", ")),
			verdict.Because("provide.credentials-of-roles")).With(facts(got)...)
	}
	return PassRefused(verdict.Because("reason.roles-hold", "roles", strings.Join(i.Roles, ", ")), control, facts(got)...).leaving(unsafe(i))
}

func rolesDefined(v *View, _ Subject, _ Params) Outcome {
	roles := declarations(v, "role")
	if len(roles) == 0 {
		return Inconclusive(verdict.Because("reason.not-declared", "what", "roles"), verdict.Because("provide.roles"))
	}
	if slices.ContainsFunc(roles, func(d fact.Typed[fact.Declared]) bool { return !d.Value.Is }) || len(roles) < 2 {
		return Fail(verdict.Because("reason.fewer-than-two-roles"), facts(roles)...)
	}
	page, o, ok := present(v, "roles", "user-manual", "setup-guide")
	if !ok {
		return o
	}
	return AskPerson(verdict.Because("reason.roles-documented-where", "document", page.Value.Source), append(facts(roles), page.Fact)...)
}
