package testcase

import (
	"assay/internal/fact"
	"assay/internal/verdict"
)

// aiCases are procedures for functions that a learned model decides: what
// happens without the model, against it, and with input made to mislead it.
// Only a person can perform them; each is recorded for each function. What
// they look at rests on the AI RMF's functions MEASURE and MANAGE; the steps
// are ours.
func aiCases() []Case {
	guided := func(id ID, severity Severity, steps, attach int, observe ...Observe) Case {
		return Case{
			ID: id, Kind: Functional, Method: Guided, Severity: severity, Steps: steps, Attach: attach, Observe: observe,
			Subjects: aiFeatures, Empty: noAIFeature,
		}
	}
	return []Case{
		guided("ai.fallback", High, 5, 0, Observe{Name: "failures-tried"}, Observe{Name: "seconds-to-fallback"},
			ask("fallback-took-over", "yes"), ask("state-safe", "yes")),
		guided("ai.override", High, 5, 0, Observe{Name: "roles-tried"}, Observe{Name: "longest-seconds"},
			ask("stopped-in-time", "yes"), ask("stays-overruled", "yes")),
		guided("ai.wrong-input", Medium, 5, 1, Observe{Name: "inputs-tried"}, Observe{Name: "wrong-decisions"},
			ask("noticed-or-harmless", "yes"), ask("forbidden-done", "no")),
	}
}

// aiFeatures are the declared functions that a learned model decides. From
// outside none can be told from a function that a program decides, so nothing
// observed adds to them.
func aiFeatures(v *View) []Subject {
	var out []Subject
	for _, f := range v.Product.AIFeatures {
		out = append(out, Subject{Key: "ai-feature/" + f.ID, Item: f.ID})
	}
	return out
}

// aiFunctions is the check that lists them: where it doesn't apply, the
// record says that there is no learned model.
const aiFunctions = "AI-SCOPE-1"

// noAIFeature: without a function there is nothing to try, where the record
// was looked at and names no learned model. A component that holds one, with
// no function declared, isn't nothing.
func noAIFeature(v *View) Outcome {
	for _, c := range fact.Where(v.Facts, func(c fact.Check) bool { return c.Check == aiFunctions }) {
		if !c.Value.Applies {
			return NotApplicable(verdict.Because("reason.no-learned-model"), c.Fact)
		}
		return Inconclusive(verdict.Because("reason.not-declared", "what", "ai_features"), verdict.Because("provide.declare", "what", "ai_features")).With(c.Fact)
	}
	return Inconclusive(verdict.Because("reason.check-not-read", "check", aiFunctions), verdict.Because("provide.checks", "check", aiFunctions))
}
