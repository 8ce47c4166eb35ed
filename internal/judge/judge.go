package judge

import (
	"encoding/json"
	"fmt"
	"slices"

	"assay/internal/condition"
	"assay/internal/fact"
	"assay/internal/standard"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

// Judge judges every requirement of the chosen standards. An error is a
// fault of the standards' data or of the program, never of the product.
func Judge(in Input) (*Assessment, error) {
	j, err := newJudge(in)
	if err != nil {
		return nil, err
	}
	a := &Assessment{Summary: make(map[standard.ID]verdict.Summary), Facts: in.Facts}
	for i := range in.Standards {
		s := &in.Standards[i]
		var sum verdict.Summary
		for k := range s.Requirements {
			v, err := j.requirement(s, &s.Requirements[k])
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", s.ID, s.Requirements[k].ID, err)
			}
			sum.Add(v.Verdict)
			a.Verdicts = append(a.Verdicts, v)
		}
		a.Summary[s.ID] = sum
		a.Overall = append(a.Overall, overall(s, j.profile(s.ID), a.Verdicts))
	}
	a.Findings = findings(a.Verdicts)
	a.Undecided = undecided(a.Verdicts)
	a.Different = testcase.Differences(j.view)
	for _, n := range fact.Of[fact.NotTried](in.Facts) {
		a.NotTried = append(a.NotTried, NotTried{n.Value.Test, n.Subject, verdict.Reason{Key: n.Value.Why, Args: n.Value.Args}})
	}
	return a, nil
}

type judge struct {
	in       Input
	view     *testcase.View
	cases    map[testcase.ID]testcase.Case
	done     map[string][]testcase.Result // by case and parameters
	confirms map[string]testcase.Confirmation
	env      *condition.Env
	vars     condition.Vars
}

func newJudge(in Input) (*judge, error) {
	j := &judge{
		in:       in,
		view:     &testcase.View{Product: in.Product, Facts: in.Facts, Clock: in.Clock, Laboratory: in.Laboratory},
		cases:    make(map[testcase.ID]testcase.Case),
		done:     make(map[string][]testcase.Result),
		confirms: testcase.Confirmations(),
	}
	for _, c := range testcase.All() {
		j.cases[c.ID] = c
	}
	var err error
	if j.env, err = condition.NewEnv(); err != nil {
		return nil, err
	}
	// The condition language reads the JSON form of the model.
	b, err := json.Marshal(in.Product)
	if err != nil {
		return nil, fmt.Errorf("product for conditions: %w", err)
	}
	if err := json.Unmarshal(b, &j.vars.Product); err != nil {
		return nil, fmt.Errorf("product for conditions: %w", err)
	}
	j.vars.Facts, j.vars.Claims = map[string]any{}, map[string]any{}
	for _, k := range fact.Kinds() {
		n := 0
		for _, f := range in.Facts.All() {
			if f.Kind == k {
				n++
			}
		}
		j.vars.Facts[string(k)] = float64(n)
	}
	return j, nil
}

func (j *judge) profile(id standard.ID) string {
	if p := j.in.Profiles[id]; p != "" {
		return p
	}
	return standard.Literal
}

// requirement applies rules 3 to 5 and 7 to one requirement.
func (j *judge) requirement(s *standard.Standard, r *standard.Requirement) (Verdict, error) {
	claim, claimed := j.in.Product.Claims[string(s.ID)][string(r.ID)]
	v := Verdict{Standard: s.ID, Requirement: r.ID, Status: r.Status, Profile: j.profile(s.ID)}
	if claimed {
		v.Claim = claim.Support
	}
	if decided := decideByClaim(&v, r, claimed, claim.Why, claim.Support); decided {
		return v, nil
	}
	if decided, err := j.decideByCondition(&v, s, r); decided || err != nil {
		return v, err
	}
	if r.Cases == nil {
		v.Verdict = verdict.Inconclusive
		v.Reasons = []verdict.Reason{verdict.Because("reason.no-procedure")}
		j.components(&v, s, r)
		return v, nil
	}
	got, cases, err := j.expression(r.Cases, v.Profile, "")
	if err != nil {
		return v, err
	}
	v.Verdict, v.Cases = got, cases
	if got, why, absent := absence(s, r, got); absent {
		v.Verdict, v.Reasons = got, append(v.Reasons, why)
	}
	j.components(&v, s, r)
	v.Open = v.Verdict == verdict.Inconclusive && open(cases)
	// Under another reading only the cases differ; what each component comes
	// to under it isn't known, so it isn't said.
	if differs(r.Cases) && len(v.Components) == 0 {
		other := standard.Strict
		if v.Profile == standard.Strict {
			other = standard.Literal
		}
		got, _, err := j.expression(r.Cases, other, "")
		if err != nil {
			return v, err
		}
		if absent, _, ok := absence(s, r, got); ok {
			got = absent
		}
		if got != v.Verdict {
			v.Other, v.OtherProfile = got, other
		}
	}
	return v, nil
}

// absence is the second half of rule 5: where no requirement may be NOT
// APPLICABLE, a feature that facts prove absent fulfils the item; the cases'
// results hold the proof.
func absence(s *standard.Standard, r *standard.Requirement, got verdict.Verdict) (verdict.Verdict, verdict.Reason, bool) {
	switch {
	case !s.NeverNotApplicable || got != verdict.NotApplicable:
		return got, verdict.Reason{}, false
	case r.FulfilledByAbsence:
		return verdict.Pass, verdict.Because("reason.fulfilled-by-absence"), true
	}
	return verdict.Inconclusive, verdict.Because("reason.cannot-be-not-applicable"), true
}

// decideByClaim is rule 4: what the claim alone decides.
func decideByClaim(v *Verdict, r *standard.Requirement, claimed bool, why, support string) bool {
	switch {
	case r.Status == standard.Recommended && (!claimed || support != "yes"):
		v.Verdict = verdict.NotClaimed
		key := "reason.recommendation-not-claimed"
		if claimed && why == "" {
			key = "reason.recommendation-without-justification"
		} else if claimed {
			key = "reason.recommendation-declined"
		}
		v.Reasons = []verdict.Reason{verdict.Because(key, "why", why)}
		return true
	case claimed && support == "no":
		v.Verdict = verdict.Fail
		v.Reasons = []verdict.Reason{verdict.Because("reason.mandatory-not-supported", "why", why)}
		return true
	case claimed && support == "n/a" && len(r.Conditions) == 0:
		v.Verdict = verdict.Fail
		v.Reasons = []verdict.Reason{verdict.Because("reason.not-applicable-not-allowed", "why", why)}
		return true
	}
	return false
}

// decideByCondition is rule 5: NOT APPLICABLE only where a condition is
// declared false and facts confirm it.
func (j *judge) decideByCondition(v *Verdict, s *standard.Standard, r *standard.Requirement) (bool, error) {
	var open []verdict.Reason // declared false, not confirmed
	for _, id := range r.Conditions {
		c, ok := s.Condition(id)
		if !ok {
			return true, fmt.Errorf("condition %s isn't in the catalogue", id)
		}
		prg, err := j.env.Compile(c.When)
		if err != nil {
			return true, err
		}
		holds, err := prg.Eval(j.vars)
		if err != nil { // says nothing: it applies
			v.Reasons = append(v.Reasons, verdict.Because("reason.condition-unknown", "condition", id))
			continue
		}
		if holds {
			continue
		}
		name, shown := j.unconfirmed(c)
		if name == "" { // one condition that doesn't hold is enough
			v.Verdict, v.Facts = verdict.NotApplicable, shown
			v.Reasons = append(v.Reasons, verdict.Because("reason.condition-false", "condition", id))
			return true, nil
		}
		open = append(open, verdict.Because("reason.condition-false-unconfirmed", "condition", id, "confirm", name))
	}
	if len(open) > 0 {
		v.Verdict = verdict.Inconclusive
		v.Reasons = append(v.Reasons, open...)
		return true, nil
	}
	return false, nil
}

// unconfirmed names the first observation of a condition that the facts
// don't show; "" and those facts where they show all, "-" where the condition
// names none.
func (j *judge) unconfirmed(c *standard.Condition) (string, []fact.ID) {
	var ids []fact.ID
	for _, name := range c.Confirm {
		confirm, ok := j.confirms[name]
		if !ok {
			return "confirm." + name, nil
		}
		shown, basis := confirm(j.view)
		if !shown || len(basis) == 0 {
			return "confirm." + name, nil
		}
		for _, f := range basis {
			if !slices.Contains(ids, f.ID) {
				ids = append(ids, f.ID)
			}
		}
	}
	if len(c.Confirm) == 0 {
		return "-", nil
	}
	return "", ids
}

// expression evaluates the cases of a requirement under a profile.
func (j *judge) expression(e *standard.Expr, profile, at string) (verdict.Verdict, []CaseVerdict, error) {
	if e.Case != "" {
		c, ok := j.cases[testcase.ID(e.Case)]
		if !ok {
			return "", nil, fmt.Errorf("test case %s doesn't exist", e.Case)
		}
		params := make(testcase.Params, len(e.With))
		for k, v := range e.With {
			params[k] = fmt.Sprint(v.For(profile))
		}
		cv := CaseVerdict{ID: c.ID, Group: at, Kind: c.Kind, Method: c.Method, Params: params, decides: true}
		if j.in.Only != nil && !slices.Contains(j.in.Only, c.ID) {
			cv.Verdict = verdict.NotTested
			return cv.Verdict, []CaseVerdict{cv}, nil
		}
		cv.Results = j.run(c, params)
		vs := make([]verdict.Verdict, len(cv.Results))
		for i, r := range cv.Results {
			vs[i] = r.Verdict
		}
		cv.Verdict = verdict.All(vs...)
		return cv.Verdict, []CaseVerdict{cv}, nil
	}
	members, name, join := e.All, "all", verdict.All
	if e.Any != nil {
		members, name, join = e.Any, "any", verdict.Any
	}
	var vs []verdict.Verdict
	var out []CaseVerdict
	for i := range members {
		group := name
		if at != "" {
			group = at + "/" + name
		}
		if name == "any" {
			group += fmt.Sprint(i + 1)
		}
		v, cases, err := j.expression(&members[i], profile, group)
		if err != nil {
			return "", nil, err
		}
		vs, out = append(vs, v), append(out, cases...)
	}
	joined := join(vs...)
	for i := range out {
		out[i].decides = out[i].decides && out[i].Verdict == joined
	}
	return joined, out, nil
}

func (j *judge) run(c testcase.Case, params testcase.Params) []testcase.Result {
	key := string(c.ID)
	for _, n := range slices.Sorted(keysOf(params)) {
		key += "\x00" + n + "=" + params[n]
	}
	if r, ok := j.done[key]; ok {
		return r
	}
	r := testcase.Run(c, j.view, params)
	j.done[key] = r
	return r
}

func keysOf(p testcase.Params) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range p {
			if !yield(k) {
				return
			}
		}
	}
}

// differs says whether an expression has a parameter that depends on the
// profile.
func differs(e *standard.Expr) bool {
	found := false
	e.Walk(func(_ string, with map[string]standard.Value) {
		for _, v := range with {
			found = found || v.Differs()
		}
	})
	return found
}

// overall is the decision rule of a standard: every mandatory requirement
// and every claimed recommendation, joined as an `all` group. What isn't
// claimed doesn't count.
func overall(s *standard.Standard, profile string, all []Verdict) Overall {
	var vs []verdict.Verdict
	for _, v := range all {
		if v.Standard == s.ID && v.Verdict != verdict.NotClaimed {
			vs = append(vs, v.Verdict)
		}
	}
	return Overall{Standard: s.ID, Verdict: verdict.All(vs...), Profile: profile}
}
