package testcase

import (
	"fmt"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/verdict"
)

// recordCases judge the maker's record of IR 8259 and what it promises: the
// documentation that IR 8259B DO, IR 8425 Documentation and the CRA's annexes
// II and VII ask for.
func recordCases() []Case {
	return []Case{
		{
			ID: "record.answered", Kind: Conceptual, Method: Assisted, Severity: Medium,
			Needs:    []Need{{Kind: fact.Answer{}.Kind()}},
			Params:   []Param{{Name: "questions"}},
			Subjects: answeredQuestions, Chosen: chosenQuestions, Judge: answered,
			Steps: 3, Observe: []Observe{ask("true-of-product", "yes"), ask("says-what-is-asked", "yes")},
		},
		{
			ID: "record.checked", Kind: Conceptual, Method: Auto, Severity: Medium,
			Needs:    []Need{{Kind: fact.Check{}.Kind()}},
			Params:   []Param{{Name: "check"}},
			Subjects: checks, Chosen: chosenCheck, Judge: checked,
		},
		{
			ID: "support.minimum", Kind: Conceptual, Method: Auto, Severity: High,
			Needs:  []Need{{Kind: fact.Declared{}.Kind()}},
			Params: []Param{{Name: "years", Default: "5"}}, Judge: supportMinimum,
		},
	}
}

// answeredQuestions are the questions that the run looked at.
func answeredQuestions(v *View) []Subject {
	var out []Subject
	for _, a := range fact.Of[fact.Answer](v.Facts) {
		out = append(out, Subject{Key: a.Value.Question, Item: a.Value.Question})
	}
	return out
}

// chosenQuestions are those that the standard asks for.
func chosenQuestions(_ *View, p Params) []Subject {
	var out []Subject
	for _, q := range strings.Fields(p["questions"]) {
		out = append(out, Subject{Key: q, Item: q})
	}
	return out
}

// answered judges the answer to one question: a structured one is complete or
// not, one in prose is for a person to read (rule 9).
func answered(v *View, s Subject, _ Params) Outcome {
	all := fact.Where(v.Facts, func(a fact.Answer) bool { return a.Question == s.Item })
	if len(all) == 0 {
		return Inconclusive(verdict.Because("reason.answer-not-read", "question", s.Item), verdict.Because("provide.guide", "question", s.Item))
	}
	a := all[0]
	if len(a.Value.Contradicts) > 0 {
		return Fail(verdict.Because("reason.answer-contradicts", "question", s.Item, "checks", strings.Join(a.Value.Contradicts, ", ")), a.Fact)
	}
	switch a.Value.State {
	case "answered":
		if a.Value.Prose {
			return AskPerson(verdict.Because("reason.answer-prose", "question", s.Item), a.Fact)
		}
		return Pass(verdict.Because("reason.answer-answered", "question", s.Item), a.Fact)
	case "not-applicable":
		return AskPerson(verdict.Because("reason.answer-waived", "question", s.Item, "by", a.Value.By, "why", a.Value.Why), a.Fact)
	}
	return Inconclusive(verdict.Because("reason.answer-open", "question", s.Item, "state", "record.state."+a.Value.State, "gaps", strconv.Itoa(a.Value.Gaps)),
		verdict.Because("provide.guide", "question", s.Item)).With(a.Fact)
}

// checks are those that the run made.
func checks(v *View) []Subject {
	var out []Subject
	for _, c := range fact.Of[fact.Check](v.Facts) {
		out = append(out, Subject{Key: c.Value.Check, Item: c.Value.Check})
	}
	return out
}

// chosenCheck is the one that the standard asks for.
func chosenCheck(_ *View, p Params) []Subject {
	if p["check"] == "" {
		return nil
	}
	return []Subject{{Key: p["check"], Item: p["check"]}}
}

// checked judges what a check over the record found. It passes where the
// check found nothing: checks look at structure, never at whether words are
// true (rule 9).
func checked(v *View, s Subject, _ Params) Outcome {
	all := fact.Where(v.Facts, func(c fact.Check) bool { return c.Check == s.Item })
	if len(all) == 0 {
		return Inconclusive(verdict.Because("reason.check-not-read", "check", s.Item), verdict.Because("provide.checks", "check", s.Item))
	}
	c := all[0]
	gaps := strconv.Itoa(c.Value.Gaps)
	switch {
	case !c.Value.Applies:
		return NotApplicable(verdict.Because("reason.check-not-applicable", "check", s.Item), c.Fact)
	case c.Value.Gaps == 0:
		return Pass(verdict.Because("reason.check-met", "check", s.Item), c.Fact)
	case c.Value.Contradicts:
		return Fail(verdict.Because("reason.check-contradicts", "check", s.Item, "gaps", gaps), c.Fact)
	}
	return Inconclusive(verdict.Because("reason.check-open", "check", s.Item, "gaps", gaps), verdict.Because("provide.checks", "check", s.Item)).With(c.Fact)
}

// supportMinimum holds the declared support period against a least length,
// or against the expected use where that is shorter (CRA article 13(8)).
func supportMinimum(v *View, _ Subject, p Params) Outcome {
	years, err := strconv.Atoi(p["years"])
	if err != nil || years < 1 || years > 100 {
		return Inconclusive(verdict.Because("reason.bad-parameter", "name", "years", "value", p["years"]))
	}
	d, ok := declaration(v, "support", "")
	if !ok || d.Value.Value["from"] == "" || d.Value.Value["until"] == "" {
		o := Inconclusive(verdict.Because("reason.not-declared", "what", "product.support"), verdict.Because("provide.declare", "what", "product.support"))
		if ok {
			o = o.With(d.Fact)
		}
		return o
	}
	from, err1 := product.ParseDate(d.Value.Value["from"])
	until, err2 := product.ParseDate(d.Value.Value["until"])
	if err1 != nil || err2 != nil {
		return Inconclusive(verdict.Because("reason.not-declared", "what", "product.support"), verdict.Because("provide.declare", "what", "product.support")).With(d.Fact)
	}
	// Five years from 1 March end on the last day of February.
	reaches := func(n int) bool { return !until.Before(from.AddDate(n, 0, -1)) }
	use, _ := strconv.Atoi(d.Value.Value["use_years"])
	args := []string{"from", d.Value.Value["from"], "until", d.Value.Value["until"], "years", fmt.Sprint(years)}
	switch {
	case reaches(years) && (use <= years || reaches(use)):
		return Pass(verdict.Because("reason.support-long-enough", args...), d.Fact)
	case use > 0 && use < years && reaches(use):
		return Pass(verdict.Because("reason.support-as-use", append(args, "use", fmt.Sprint(use))...), d.Fact)
	case reaches(years):
		// The period shall reflect the expected use where that is longer.
		return Fail(verdict.Because("reason.support-below-use", append(args, "use", fmt.Sprint(use))...), d.Fact)
	}
	return Fail(verdict.Because("reason.support-too-short", append(args, "use", fmt.Sprint(use))...), d.Fact)
}
