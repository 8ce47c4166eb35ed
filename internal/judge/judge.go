package judge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

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

func findings(all []Verdict) []Finding {
	byID := make(map[string]*Finding)
	var order []string
	add := func(v Verdict, c CaseVerdict, r testcase.Result, reason verdict.Reason, advisory bool) {
		id := findingID(c.ID, r.Subject, reason.Key)
		f, ok := byID[id]
		if !ok {
			severity := testcase.Low
			if !advisory {
				severity = severityOf(c.ID)
			}
			f = &Finding{ID: id, Severity: severity, Case: c.ID, Subject: r.Subject, Reason: reason, Facts: r.Facts, Advisory: advisory}
			byID[id], order = f, append(order, id)
		}
		if f.Advisory && !advisory { // another standard's reading makes it decide
			f.Advisory, f.Severity = false, severityOf(c.ID)
		}
		req := Requirement{v.Standard, v.Requirement}
		if !slices.Contains(f.Requirements, req) {
			f.Requirements = append(f.Requirements, req)
		}
	}
	for _, v := range all {
		for _, c := range v.Cases {
			for _, r := range c.Results {
				// A failed alternative beside one that passed asks for nothing.
				chosen := v.Verdict == verdict.NotTested // of --only: what it chose decides
				if (chosen || c.decides && v.Verdict == verdict.Fail) && r.Verdict == verdict.Fail && len(r.Reasons) > 0 {
					add(v, c, r, r.Reasons[0], false)
				}
				for _, x := range r.Findings {
					add(v, c, r, x, true)
				}
			}
		}
		for _, c := range v.Components {
			if !c.Declared {
				continue
			}
			subject := string(v.Standard) + "/" + string(v.Requirement) + " " + c.Component
			id := findingID("capability", subject, c.Reasons[0].Key)
			byID[id] = &Finding{ID: id, Severity: testcase.Medium, Case: "capability", Subject: subject, Reason: c.Reasons[0],
				Requirements: []Requirement{{v.Standard, v.Requirement}}}
			order = append(order, id)
		}
		if v.Verdict == verdict.Fail && len(v.Cases) == 0 && len(v.Components) == 0 && len(v.Reasons) > 0 { // failed by its claim
			id := findingID("claim", string(v.Standard)+" "+string(v.Requirement), v.Reasons[0].Key)
			byID[id] = &Finding{ID: id, Severity: testcase.High, Case: "claim", Subject: string(v.Requirement), Reason: v.Reasons[0],
				Requirements: []Requirement{{v.Standard, v.Requirement}}}
			order = append(order, id)
		}
	}
	out := make([]Finding, 0, len(order))
	for _, id := range order {
		out = append(out, *byID[id])
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rank(a.Severity), rank(b.Severity)), cmp.Compare(a.Case, b.Case), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func findingID(c testcase.ID, subject, key string) string {
	h := sha256.Sum256([]byte(string(c) + "\x00" + subject + "\x00" + key))
	return "F-" + hex.EncodeToString(h[:5])
}

func rank(s testcase.Severity) int {
	return slices.Index([]testcase.Severity{testcase.Critical, testcase.High, testcase.Medium, testcase.Low}, s)
}

func severityOf(id testcase.ID) testcase.Severity {
	c, err := testcase.Find(id)
	if err != nil {
		return testcase.Medium // the expression was checked before
	}
	return c.Severity
}

// undecided lists what has to be provided, per requirement, case and
// subject.
func undecided(all []Verdict) []Undecided {
	var out []Undecided
	for _, v := range all {
		if v.Verdict != verdict.Inconclusive {
			continue
		}
		req := Requirement{v.Standard, v.Requirement}
		for _, c := range v.Components {
			if c.Verdict == verdict.Inconclusive && c.byComponent {
				out = append(out, Undecided{Requirement: req, Subject: c.Component, Provide: c.Reasons})
			}
		}
		if len(v.Reasons) > 0 && !slices.ContainsFunc(v.Cases, func(c CaseVerdict) bool { return c.decides && c.Verdict == verdict.Inconclusive }) {
			out = append(out, Undecided{Requirement: req, Provide: v.Reasons})
		}
		for _, c := range v.Cases {
			for _, r := range c.Results {
				if c.decides && r.Verdict == verdict.Inconclusive {
					provide := r.Provide
					if len(provide) == 0 {
						provide = r.Reasons
					}
					out = append(out, Undecided{Requirement: req, Case: c.ID, Subject: r.Subject, Provide: provide})
				}
			}
		}
	}
	return out
}

// given are the causes of an INCONCLUSIVE that lie in the inputs that were
// given (a unit that doesn't answer, a search that was cut), not in inputs
// that weren't.
var given = []string{"provide.reachable-unit", "provide.repeat", "provide.control", "provide.readable-image", "provide.open-interface",
	"provide.no-clear-answer", "provide.credentials-refused", "provide.interrupted", "provide.more-tries", "provide.limit-number", "provide.image-of-unit"}

func open(cases []CaseVerdict) bool {
	for _, c := range cases {
		for _, r := range c.Results {
			if !c.decides || r.Verdict != verdict.Inconclusive {
				continue
			}
			for _, p := range r.Provide {
				if slices.Contains(given, p.Key) {
					return true
				}
			}
			if len(r.Provide) == 0 && !strings.HasPrefix(string(c.Method), "guided") {
				return true
			}
		}
	}
	return false
}
