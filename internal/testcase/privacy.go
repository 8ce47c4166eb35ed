package testcase

import (
	"assay/internal/fact"
	"assay/internal/verdict"
)

// privacyCases judge what the maker states of personal data and telemetry
// (IoT-1005-1 5.7.1.x; EN 303 645 5.11, 6). That deletion and refusal work
// on a unit is guided.
func privacyCases() []Case {
	needs := []Need{{Kind: fact.Declared{}.Kind()}}
	return []Case{
		{
			ID: "privacy.necessary", Kind: Conceptual, Method: Assisted, Severity: Medium, Needs: needs,
			Subjects: data("sensitive-personal"), Judge: necessaryData, Empty: noData,
			Observe: []Observe{ask("need-holds", "yes")},
		},
		{
			ID: "privacy.deletion", Kind: Conceptual, Method: Auto, Severity: Medium, Needs: needs,
			Subjects: data("sensitive-personal"), Judge: deletable, Empty: noData,
		},
		{
			ID: "privacy.telemetry", Kind: Conceptual, Method: Auto, Severity: Medium, Needs: needs,
			Subjects: data("telemetry"), Judge: consented, Empty: noTelemetry,
		},
	}
}

// data is the population of declared data of one category.
func data(category string) func(*View) []Subject {
	return func(v *View) []Subject {
		var out []Subject
		for _, d := range v.Product.Data {
			if d.Category == category {
				out = append(out, Subject{Key: "data/" + d.ID, Item: d.ID})
			}
		}
		return out
	}
}

func noData(*View) Outcome {
	return Inconclusive(verdict.Because("reason.no-personal-data-declared"), verdict.Because("provide.data-inventory"))
}

func noTelemetry(*View) Outcome {
	return Inconclusive(verdict.Because("reason.no-telemetry-declared"), verdict.Because("provide.telemetry-observation"))
}

func datum(v *View, s Subject) (fact.Typed[fact.Declared], Outcome, bool) {
	d, ok := declaration(v, "data", s.Item)
	if !ok {
		return d, Inconclusive(verdict.Because("reason.no-facts", "what", "data"), verdict.Because("provide.data-inventory")), false
	}
	return d, Outcome{}, true
}

func necessaryData(v *View, s Subject, _ Params) Outcome {
	d, o, ok := datum(v, s)
	if !ok {
		return o
	}
	purpose := d.Value.Value["purpose"]
	if purpose == "" {
		purpose = d.Value.Value["necessary"]
	}
	if purpose == "" {
		return Fail(verdict.Because("reason.data-without-purpose", "data", s.Item), d.Fact)
	}
	return AskPerson(verdict.Because("reason.judge-necessity", "data", s.Item, "purpose", purpose), d.Fact)
}

func deletable(v *View, s Subject, _ Params) Outcome {
	d, o, ok := datum(v, s)
	if !ok {
		return o
	}
	switch {
	case d.Value.Value["stored_on"] == "":
		return Inconclusive(verdict.Because("reason.not-declared", "what", "data."+s.Item+".stored_on"), verdict.Because("provide.declare", "what", "data."+s.Item+".stored_on")).With(d.Fact)
	case d.Value.Value["deleted_by"] == "":
		return Fail(verdict.Because("reason.data-not-deletable", "data", s.Item), d.Fact)
	}
	return Pass(verdict.Because("reason.data-deletable", "data", s.Item, "by", d.Value.Value["deleted_by"]), d.Fact)
}

func consented(v *View, s Subject, _ Params) Outcome {
	d, o, ok := datum(v, s)
	if !ok {
		return o
	}
	switch {
	case d.Value.Value["consent"] == "" || d.Value.Value["consent"] == "none":
		return Fail(verdict.Because("reason.telemetry-without-consent", "data", s.Item), d.Fact)
	case d.Value.Value["purpose"] == "":
		return Fail(verdict.Because("reason.data-without-purpose", "data", s.Item), d.Fact)
	case d.Value.Value["shared_with_stated"] != "true":
		return Inconclusive(verdict.Because("reason.not-declared", "what", "data."+s.Item+".shared_with"), verdict.Because("provide.declare", "what", "data."+s.Item+".shared_with")).With(d.Fact)
	}
	return Pass(verdict.Because("reason.telemetry-consented", "data", s.Item, "consent", d.Value.Value["consent"]), d.Fact)
}
