package testcase

import (
	"fmt"
	"slices"

	"assay/internal/fact"
	"assay/internal/verdict"
)

// appCases judge companion apps (IR 8425: every component of the product). What
// the package itself gives away fails them; the rest a person decides. What
// fails is what OWASP's MASTG fails: cleartext that is permitted
// (MASTG-TEST-0235), trust in certificates of the user (0286), a debug build
// (0226), an old signature (0224).
func appCases() []Case {
	needs := []Need{{Kind: fact.CompanionApp{}.Kind()}}
	return []Case{
		{
			ID: "app.transport", Kind: Functional, Method: Assisted, Severity: High, Needs: needs,
			Subjects: apps, Judge: appTransport, Empty: noApp,
			Steps: 3, Observe: []Observe{{Name: "flows-seen"}, ask("any-in-clear", "no"), ask("bad-certificate-refused", "yes")},
		},
		{
			ID: "app.build", Kind: Functional, Method: Assisted, Severity: Medium, Needs: append(slices.Clone(needs), Need{Kind: fact.ImageSecret{}.Kind()}),
			Params:   []Param{{Name: "open", Default: "ask", Allowed: []string{"ask", "fail"}}},
			Subjects: apps, Judge: appBuild, Empty: noApp,
			Steps: 3, Observe: []Observe{{Name: "parts-tried"}, ask("works-for-others", "no")},
		},
	}
}

// apps is the population of declared companion apps.
func apps(v *View) []Subject {
	var out []Subject
	for _, c := range v.Product.Components {
		if c.Kind == "app" {
			out = append(out, Subject{Key: c.ID, Item: c.Package})
		}
	}
	return out
}

// noApp is the outcome where the model has no app: what it is made of is
// declared with its interfaces, data and flows, none of which names one.
func noApp(v *View) Outcome {
	return NotApplicable(verdict.Because("reason.no-app"), append(facts(declarations(v, "interface")), facts(declarations(v, "firmware"))...)...)
}

// packages are the facts on an app: its component's, or its file's.
func packages(v *View, s Subject) []fact.Typed[fact.CompanionApp] {
	return fact.Where(v.Facts, func(a fact.CompanionApp) bool {
		return a.Component == s.Key || s.Item != "" && a.Image == s.Item
	})
}

// unpacked is what decides of an app whose package says nothing: one that was
// given and not read whole leaves the case open, whatever a person saw; without
// one a person's record counts alone.
func unpacked(v *View, s Subject) Outcome {
	if s.Item == "" {
		return AskPerson(verdict.Because("reason.app-no-package", "id", s.Key))
	}
	if _, whole := wholeScope(v, fact.ScopeImageFiles, s.Item); !whole {
		return unread(v, Subject{Key: s.Item})
	}
	return Outcome{}
}

func appTransport(v *View, s Subject, _ Params) Outcome {
	var o Outcome
	for _, a := range packages(v, s) {
		switch {
		case a.Value.Cleartext:
			return Fail(verdict.Because("reason.app-cleartext", "package", a.Value.Package), a.Fact)
		case a.Value.UserCAs:
			return Fail(verdict.Because("reason.app-user-cas", "package", a.Value.Package), a.Fact)
		}
		if a.Value.Unsettled {
			o = alsoAsk(o, verdict.Because("reason.app-transport-unsettled", "package", a.Value.Package, "version", a.Value.Version), a.Fact)
			continue
		}
		o = alsoAsk(o, verdict.Because("reason.app-transport-set", "package", a.Value.Package, "version", a.Value.Version), a.Fact)
		if n := len(a.Value.ClearHosts); n > 0 {
			o = o.And(verdict.Because("reason.app-cleartext-some", "package", a.Value.Package, "first", a.Value.ClearHosts[0], "count", fmt.Sprint(n)))
		}
		if n := len(a.Value.UserHosts); n > 0 {
			o = o.And(verdict.Because("reason.app-user-cas-some", "package", a.Value.Package, "first", a.Value.UserHosts[0], "count", fmt.Sprint(n)))
		}
	}
	if open := unpacked(v, s); open.verdict != "" {
		return open
	}
	return appOr(o, s)
}

// appOr is o, or, where a package is no app that is known, an open question.
func appOr(o Outcome, s Subject) Outcome {
	if o.verdict == "" {
		return Inconclusive(verdict.Because("reason.app-unknown", "package", s.Item), verdict.Because("provide.app-release"))
	}
	return o
}

func appBuild(v *View, s Subject, p Params) Outcome {
	var o Outcome
	for _, a := range packages(v, s) {
		if o := builtBadly(a, p["open"] == "fail"); o.verdict != "" {
			return o
		}
		o = alsoAsk(o, verdict.Because("reason.app-built", "package", a.Value.Package, "version", a.Value.Version), a.Fact)
		if a.Value.Backup {
			o = o.And(verdict.Because("reason.app-backup", "package", a.Value.Package))
		}
		if n := len(a.Value.Exported); n > 0 {
			o = o.And(verdict.Because("reason.app-exported", "package", a.Value.Package, "first", a.Value.Exported[0], "count", fmt.Sprint(n)))
		}
	}
	for _, k := range fact.Where(v.Facts, func(k fact.ImageSecret) bool { return s.Item != "" && k.Image == s.Item && inClear(k) && !ofLibrary(k) }) {
		return Fail(verdict.Because("reason.app-secret", "type", "secret."+k.Value.Type, "path", k.Value.Path), k.Fact)
	}
	if open := unpacked(v, s); open.verdict != "" {
		return open
	}
	return appOr(o, s)
}

// builtBadly is what fails a package by itself; strictly also what other apps
// may call, and backups of all data.
func builtBadly(a fact.Typed[fact.CompanionApp], strictly bool) Outcome {
	x := a.Value
	because := func(key string, args ...string) Outcome {
		return Fail(verdict.Because(key, append([]string{"package", x.Package}, args...)...), a.Fact)
	}
	switch {
	case x.Debuggable:
		return because("reason.app-debuggable")
	case x.DebugSigned:
		return because("reason.app-debug-signed")
	case x.Signature == "v1":
		return because("reason.app-old-signature")
	case len(x.Providers) > 0:
		return because("reason.app-open-provider", "first", x.Providers[0])
	case strictly && len(x.Exported) > 0:
		return because("reason.app-exported", "first", x.Exported[0], "count", fmt.Sprint(len(x.Exported)))
	case strictly && x.Backup:
		return because("reason.app-backup")
	}
	return Outcome{}
}
