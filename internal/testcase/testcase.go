// Package testcase holds the test cases: pure functions from a product, its
// claims, the facts of a run and a clock to verdicts with reasons. They are
// the only place where "good" and "bad" live. They open no socket and no
// file and ask no clock.
//
// In: a View. Out: a Result per subject. The framework in this file enforces
// rules 1, 2 and 8 of docs/architecture.md in one place: a PASS rests on
// facts, for every member of the population, with controls around refusals
// and with the observations that a person owes.
//
// A theme is a file (tls.go, password.go …) with a function that returns its
// cases; All lists the themes. Texts stand in internal/i18n, situations for
// PASS, FAIL and INCONCLUSIVE under testdata/<case id>/.
package testcase

import (
	"fmt"
	"slices"
	"time"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/verdict"
)

// ID names a test case: theme.name.
type ID string

// Kind tells what a case looks at (ETSI TS 103 701 clause 4.3).
type Kind string

const (
	Conceptual Kind = "conceptual" // claims and documents
	Functional Kind = "functional" // the unit, its firmware, its traffic
)

// Method tells who decides.
type Method string

const (
	Auto     Method = "automatic"
	Assisted Method = "assisted" // a program may fail it, a person passes it
	Guided   Method = "guided"   // a person performs it
)

// View is what judging may look at.
type View struct {
	Product *product.Product
	Facts   *fact.Set
	Clock   time.Time
	// Laboratory makes the reviewer's result the one that counts (rule 8).
	Laboratory bool
}

// Subject is a member of a case's population: a unit, an interface of a
// unit, a flow, an image, a document, or the product.
type Subject struct {
	Key  string // stable over runs: "unit-a/web", "evidence/cam.bin", "product"
	Unit string
	// Interface is the declared interface's id, where it is one.
	Interface string
	Port      uint16
	Item      string // what the case itself needs to find its facts again
}

// Product is the subject of cases that judge the product as a whole.
func productSubject() []Subject { return []Subject{{Key: "product"}} }

// Severity ranks findings.
type Severity string

const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Need is a kind of fact without which a case can't decide. The plan turns
// it into what has to be provided.
type Need struct {
	Kind fact.Kind
	Of   string // for documents: which kind of document
}

// Param describes a parameter that a standard's data may set.
type Param struct {
	Name    string
	Default string
	Allowed []string // nil: any
}

// Observe is an observation that a person owes.
type Observe struct {
	Name    string
	Options []string // nil: free text
	Met     string   // the answer that goes with a PASS; "": any
	// When says whether what was found makes it owed; nil: it always is.
	When func(*View) bool
}

// ask is an observation of yes or no; met is the answer that goes with a PASS.
func ask(name, met string) Observe {
	return Observe{Name: name, Options: []string{"yes", "no"}, Met: met}
}

// Case is one procedure.
type Case struct {
	ID        ID
	Kind      Kind
	Method    Method
	Severity  Severity // of a FAIL
	Intrusive bool     // its facts come only with --intrusive
	Units     int      // how many units it needs to be able to pass
	Image     bool     // judges images, its subjects: a PASS says whether units were seen to run them
	Needs     []Need
	Params    []Param

	// Steps is how many steps the texts of a guided case have; Observe and
	// Attach are what its record must hold.
	Steps   int
	Observe []Observe
	Attach  int

	// Subjects is the population: declared ∪ observed. nil: the product.
	Subjects func(*View) []Subject
	// Chosen is the part of the population that a standard's parameters ask
	// for, where they do.
	Chosen func(*View, Params) []Subject
	// Scopes are the searches without which the population isn't known:
	// each missing or cut one makes the case undecided, by name.
	Scopes func(*View) []WantScope
	// Empty decides what an empty population means where every wanted
	// scope is whole. nil: nothing to judge, undecided.
	Empty func(*View) Outcome
	// Judge judges one subject. Of a guided case it decides nothing: what it
	// asks of a person is laid out beside the record, and where it is
	// INCONCLUSIVE no record makes a PASS. Most guided cases have none.
	Judge func(*View, Subject, Params) Outcome
}

// WantScope names a search.
type WantScope struct {
	What, Of string
	Provide  verdict.Reason // what to provide where it is missing
}

// Params are the parameters of a case, with the profile's choice made.
type Params map[string]string

// Outcome is what a case says of one subject. It can be made only by the
// functions below, so that a PASS without facts can't be written.
type Outcome struct {
	verdict verdict.Verdict
	reasons []verdict.Reason
	facts   []fact.Fact
	provide []verdict.Reason
	finding []verdict.Reason // what somebody should act on though it doesn't decide
	person  bool             // an assisted case leaves the decision to a person
}

// Pass says that the subject meets the case, on the given facts. Without
// facts it is INCONCLUSIVE.
func Pass(r verdict.Reason, basis ...fact.Fact) Outcome {
	if len(basis) == 0 {
		return Inconclusive(verdict.Because("reason.no-basis"))
	}
	return Outcome{verdict: verdict.Pass, reasons: []verdict.Reason{r}, facts: basis}
}

// PassRefused is a PASS that counts a refusal: it holds only inside its
// control (rule 2).
func PassRefused(r verdict.Reason, control fact.Bracket, basis ...fact.Fact) Outcome {
	if !control.Holds() {
		o := Inconclusive(verdict.Because("reason.no-control",
			"before", fmt.Sprint(control.Before), "after", fmt.Sprint(control.After)),
			verdict.Because("provide.control"))
		o.facts = basis
		return o
	}
	return Pass(r, basis...)
}

// PassAbsent is a PASS by absence: "fulfilled by absence, with the proof".
// The proof is a whole search.
func PassAbsent(r verdict.Reason, searched ...fact.Typed[fact.Scope]) Outcome {
	var basis []fact.Fact
	for _, s := range searched {
		if !s.Value.Whole {
			return Inconclusive(verdict.Because("reason.scope-cut", "what", "scope."+s.Value.What, "of", s.Value.Of, "why", s.Value.Cut), verdict.Because("provide.repeat")).With(s.Fact)
		}
		basis = append(basis, s.Fact)
	}
	return Pass(r, basis...)
}

// Fail says that the subject breaks the case.
func Fail(r verdict.Reason, basis ...fact.Fact) Outcome {
	if len(basis) == 0 {
		return Inconclusive(verdict.Because("reason.no-basis"))
	}
	return Outcome{verdict: verdict.Fail, reasons: []verdict.Reason{r}, facts: basis}
}

// Inconclusive says that the facts don't decide, why, and what to provide.
func Inconclusive(r verdict.Reason, provide ...verdict.Reason) Outcome {
	return Outcome{verdict: verdict.Inconclusive, reasons: []verdict.Reason{r}, provide: provide}
}

// NotApplicable says that the case doesn't concern the subject, on facts.
func NotApplicable(r verdict.Reason, basis ...fact.Fact) Outcome {
	if len(basis) == 0 {
		return Inconclusive(verdict.Because("reason.no-basis"))
	}
	return Outcome{verdict: verdict.NotApplicable, reasons: []verdict.Reason{r}, facts: basis}
}

// AskPerson leaves the decision to a person, with the quotes and facts that
// a program could lay out. Only assisted cases may use it.
func AskPerson(r verdict.Reason, basis ...fact.Fact) Outcome {
	return Outcome{verdict: verdict.Inconclusive, reasons: []verdict.Reason{r}, facts: basis, person: true,
		provide: []verdict.Reason{verdict.Because("provide.record")}}
}

// And adds a reason: a finding that doesn't change the verdict.
func (o Outcome) And(r verdict.Reason) Outcome {
	o.reasons = append(slices.Clone(o.reasons), r)
	return o
}

// AndFinding adds something that somebody should act on although it doesn't
// change the verdict.
func (o Outcome) AndFinding(r verdict.Reason) Outcome {
	o.finding = append(slices.Clone(o.finding), r)
	return o
}

// With adds facts to what an outcome rests on.
func (o Outcome) With(fs ...fact.Fact) Outcome {
	o.facts = append(slices.Clone(o.facts), fs...)
	return o
}

// Verdict returns the verdict of o.
func (o Outcome) Verdict() verdict.Verdict { return o.verdict }

// Result is what a case says of one subject, finished.
type Result struct {
	Subject string
	Verdict verdict.Verdict
	Reasons []verdict.Reason
	// Findings are reasons that somebody should act on although they don't
	// change the verdict.
	Findings []verdict.Reason
	Facts    []fact.ID
	Provide  []verdict.Reason
	// Automatic is what a program said where a person's record counts:
	// both stay visible (rule 8).
	Automatic verdict.Verdict
	By        *fact.PersonResult
}

// Run judges a case over its population, sorted by subject.
func Run(c Case, v *View, given Params) []Result {
	params := defaults(c, given)
	var out []Result
	var missing []Result
	if c.Scopes != nil {
		for _, w := range c.Scopes(v) {
			if o, ok := whole(v, w); !ok {
				missing = append(missing, finish(c, v, Subject{Key: w.Of}, o))
			}
		}
	}
	subjects := productSubject()
	switch {
	case c.Chosen != nil:
		subjects = c.Chosen(v, params)
	case c.Subjects != nil:
		subjects = c.Subjects(v)
	}
	for _, s := range subjects {
		out = append(out, one(c, v, s, params))
	}
	if len(subjects) == 0 && len(missing) == 0 {
		o := Inconclusive(verdict.Because("reason.no-subject"))
		if c.Empty != nil {
			o = c.Empty(v)
		}
		out = append(out, finish(c, v, Subject{Key: "product"}, o))
	}
	out = append(out, missing...)
	slices.SortStableFunc(out, func(a, b Result) int {
		switch {
		case a.Subject < b.Subject:
			return -1
		case a.Subject > b.Subject:
			return 1
		}
		return 0
	})
	return out
}

func one(c Case, v *View, s Subject, p Params) Result {
	if c.Method == Guided {
		return guided(c, v, s, p)
	}
	o := c.Judge(v, s, p)
	if c.Image {
		o = speaksFor(v, s.Key, o)
	}
	r := finish(c, v, s, o)
	if c.Method == Assisted && (o.person || o.verdict == verdict.Inconclusive && failed(v, c.ID, s.Key)) {
		return assisted(c, v, s, r)
	}
	return r
}

// whole checks one wanted scope.
func whole(v *View, w WantScope) (Outcome, bool) {
	found := fact.Where(v.Facts, func(s fact.Scope) bool { return s.What == w.What && s.Of == w.Of })
	for _, s := range found {
		if s.Value.Whole {
			return Outcome{}, true
		}
	}
	for _, s := range found {
		o := Inconclusive(verdict.Because("reason.scope-cut", "what", "scope."+w.What, "of", w.Of, "why", s.Value.Cut), w.Provide)
		return o.With(s.Fact), false
	}
	return Inconclusive(verdict.Because("reason.scope-missing", "what", "scope."+w.What, "of", w.Of), w.Provide), false
}

func finish(c Case, _ *View, s Subject, o Outcome) Result {
	r := Result{Subject: s.Key, Verdict: o.verdict, Reasons: o.reasons, Findings: o.finding, Provide: o.provide}
	if r.Verdict == "" { // a case returned the zero Outcome
		r.Verdict = verdict.Inconclusive
		r.Reasons = []verdict.Reason{verdict.Because("reason.no-basis")}
	}
	for _, f := range o.facts {
		if !slices.Contains(r.Facts, f.ID) {
			r.Facts = append(r.Facts, f.ID)
		}
	}
	for i, p := range r.Provide {
		if p.Key == "provide.record" {
			r.Provide[i] = verdict.Because("provide.record", "case", string(c.ID), "subject", s.Key)
		}
	}
	return r
}

func defaults(c Case, given Params) Params {
	p := make(Params, len(c.Params))
	for _, d := range c.Params {
		p[d.Name] = d.Default
	}
	for k, v := range given {
		p[k] = v
	}
	return p
}

// CheckParams says what is wrong with parameters given to c.
func (c Case) CheckParams(given Params) error {
	for name, value := range given {
		i := slices.IndexFunc(c.Params, func(p Param) bool { return p.Name == name })
		if i < 0 {
			return fmt.Errorf("test case %s has no parameter %q", c.ID, name)
		}
		if a := c.Params[i].Allowed; a != nil && !slices.Contains(a, value) {
			return fmt.Errorf("test case %s: parameter %s is %q, must be one of %v", c.ID, name, value, a)
		}
	}
	return nil
}
