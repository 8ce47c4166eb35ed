package testcase

import (
	"fmt"

	"assay/internal/fact"
	"assay/internal/verdict"
)

// appCases judge companion apps (IR 8425: every component of the product). A
// person decides them; what the package says against a PASS keeps them open.
func appCases() []Case {
	needs := []Need{{Kind: fact.CompanionApp{}.Kind()}}
	return []Case{
		{
			ID: "app.transport", Kind: Functional, Method: Guided, Severity: High, Needs: needs,
			Subjects: apps, Judge: appTransport, Empty: noApp,
			Steps: 3, Observe: []Observe{{Name: "flows-seen"}, ask("any-in-clear", "no"), ask("bad-certificate-refused", "yes")},
		},
		{
			ID: "app.build", Kind: Functional, Method: Guided, Severity: Medium, Needs: needs,
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

func appTransport(v *View, s Subject, _ Params) Outcome {
	var o Outcome
	for _, a := range packages(v, s) {
		switch {
		case a.Value.Cleartext:
			return Inconclusive(verdict.Because("reason.app-cleartext", "package", a.Value.Package), verdict.Because("provide.app-cleartext")).With(a.Fact)
		case a.Value.UserCAs:
			return Inconclusive(verdict.Because("reason.app-user-cas", "package", a.Value.Package), verdict.Because("provide.app-user-cas")).With(a.Fact)
		}
		o = alsoAsk(o, verdict.Because("reason.app-transport-set", "package", a.Value.Package, "version", a.Value.Version), a.Fact)
	}
	return o
}

func appBuild(v *View, s Subject, _ Params) Outcome {
	var o Outcome
	for _, a := range packages(v, s) {
		switch {
		case a.Value.Debuggable:
			return Inconclusive(verdict.Because("reason.app-debuggable", "package", a.Value.Package), verdict.Because("provide.app-release")).With(a.Fact)
		case a.Value.Signature == "v1":
			return Inconclusive(verdict.Because("reason.app-old-signature", "package", a.Value.Package), verdict.Because("provide.app-signature")).With(a.Fact)
		}
		o = alsoAsk(o, verdict.Because("reason.app-built", "package", a.Value.Package, "version", a.Value.Version), a.Fact)
		if a.Value.Backup {
			o = o.And(verdict.Because("reason.app-backup", "package", a.Value.Package))
		}
		if n := len(a.Value.Exported); n > 0 {
			o = o.And(verdict.Because("reason.app-exported", "package", a.Value.Package, "first", a.Value.Exported[0], "count", fmt.Sprint(n)))
		}
	}
	return o
}
