package testcase

import (
	"fmt"
	"strings"

	"assay/internal/fact"
	"assay/internal/verdict"
)

// knownVulnerable makes the case on published vulnerabilities of c. A run
// finds out what an image holds; it compares nothing with the records of
// vulnerabilities, so a person does, and nothing passes without that.
func knownVulnerable(c Case) Case {
	c.Params = []Param{{Name: "cvss", Default: "7"}}
	c.Needs = []Need{{Kind: fact.ImageComponent{}.Kind()}}
	// A program that nothing names may hold any component: who passes the
	// case says what it is.
	c.Observe = append(c.Observe, Observe{Name: "unattributed", When: func(v *View) bool {
		return len(fact.Of[fact.ImageUnattributed](v.Facts)) > 0
	}})
	c.Judge = componentsFound
	return c
}

// named is how many programs without a name are listed in a reason.
const named = 3

// componentsFound lays out what has to be compared.
func componentsFound(v *View, _ Subject, _ Params) Outcome {
	var o Outcome
	for _, s := range images(v) {
		found := fact.Where(v.Facts, func(c fact.ImageComponent) bool { return c.Image == s.Key })
		unknown := 0
		for _, c := range found {
			if c.Value.Version == "" {
				unknown++
			}
		}
		if len(found) > 0 {
			o = alsoAsk(o, verdict.Because("reason.components-not-matched", "image", s.Key, "count", fmt.Sprint(len(found)),
				"versions", fmt.Sprint(len(found)-unknown), "unknown", fmt.Sprint(unknown)))
		}
		strange := fact.Where(v.Facts, func(u fact.ImageUnattributed) bool { return u.Image == s.Key })
		var paths []string
		for _, u := range strange[:min(len(strange), named)] {
			paths = append(paths, u.Value.Path)
		}
		if len(strange) > 0 {
			o = alsoAsk(o, verdict.Because("reason.programs-unattributed", "image", s.Key, "count", fmt.Sprint(len(strange)),
				"paths", strings.Join(paths, ", ")), facts(strange[:min(len(strange), 20)])...)
		}
		scope, whole := wholeScope(v, fact.ScopeImageFiles, s.Key)
		switch {
		case whole && len(found)+len(strange) > 0:
			o = o.With(scope.Fact)
		case !whole && scope.Value.What != "":
			o = alsoAsk(o, verdict.Because("reason.scope-cut", "what", "scope."+scope.Value.What, "of", s.Key, "why", scope.Value.Cut), scope.Fact)
		}
	}
	return o
}

// alsoAsk leaves the decision to a person for one more reason.
func alsoAsk(o Outcome, r verdict.Reason, basis ...fact.Fact) Outcome {
	if o.verdict == "" {
		return AskPerson(r, basis...)
	}
	return o.And(r).With(basis...)
}
