// Package judge turns facts into verdicts: it joins the standards' data, the
// maker's claims and the test cases. It never sees a collector, opens no
// file and asks no clock.
//
// In: an Input (product, standards, facts, clock). Out: an Assessment, the
// same bytes for the same input.
package judge

import (
	"slices"
	"time"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/testcase"
	"assay/internal/verdict"
)

// Input is all that judging may look at.
type Input struct {
	Product    *product.Product
	Standards  []standard.Standard // the chosen ones, in order
	Profiles   map[standard.ID]string
	Facts      *fact.Set
	Clock      time.Time
	Only       []testcase.ID // nil: every case
	Laboratory bool
}

// Assessment is what comes out: verdicts, and what follows from them.
type Assessment struct {
	Verdicts  []Verdict
	Overall   []Overall
	Findings  []Finding
	Undecided []Undecided
	Different []testcase.Difference
	NotTried  []NotTried
	Summary   map[standard.ID]verdict.Summary
	Facts     *fact.Set
}

// Verdict is what was decided on one requirement.
type Verdict struct {
	Standard    standard.ID
	Requirement standard.RequirementID
	Status      string // M or R
	Claim       string // yes, no, n/a, or "" where nothing is claimed
	Profile     string
	Verdict     verdict.Verdict
	Reasons     []verdict.Reason // of the requirement itself: claim, condition, no procedure
	Cases       []CaseVerdict
	// Components are the verdicts for each component, where the standard asks
	// for them.
	Components []ComponentVerdict
	// Facts confirmed that a condition is false (NOT APPLICABLE). The facts
	// behind other verdicts stand with the cases' results.
	Facts []fact.ID
	// Other is the verdict under the other profile, where it differs.
	Other        verdict.Verdict
	OtherProfile string
	// Open says that the given inputs leave it undecided, not the lack of
	// other inputs (exit code 3).
	Open bool
}

// CaseVerdict is one test case's part in a requirement.
type CaseVerdict struct {
	ID      testcase.ID
	Group   string // where it stands in the expression: "all", "all/any1"
	Kind    testcase.Kind
	Method  testcase.Method
	Params  testcase.Params
	Verdict verdict.Verdict
	Results []testcase.Result
	// decides says that every group around the case has the case's verdict:
	// a failed alternative beside one that passed decides nothing.
	decides bool
}

// Overall is the verdict on a standard as a whole.
type Overall struct {
	Standard standard.ID
	Verdict  verdict.Verdict
	Profile  string
}

// Finding is something that somebody must act on.
type Finding struct {
	ID           string // hash of case, subject and reason key: stable over runs
	Severity     testcase.Severity
	Case         testcase.ID
	Subject      string
	Reason       verdict.Reason
	Requirements []Requirement
	Facts        []fact.ID
	// Advisory findings don't make a requirement fail.
	Advisory bool
}

// Requirement names a requirement of a standard.
type Requirement struct {
	Standard    standard.ID
	Requirement standard.RequirementID
}

// Undecided is what has to be provided to decide a requirement.
type Undecided struct {
	Requirement
	Case    testcase.ID
	Subject string
	Provide []verdict.Reason
}

// NotTried is a test that wasn't made, and why.
type NotTried struct {
	Test, Subject string
	Why           verdict.Reason
}

// ExitCode returns the exit code of contract.md: 1 where a mandatory or
// claimed requirement failed, 3 where the given inputs leave one undecided,
// else 0.
func (a *Assessment) ExitCode() int {
	code := 0
	for _, v := range a.Verdicts {
		if v.Verdict == verdict.Fail {
			return 1
		}
		if v.Verdict == verdict.NotTested && slices.ContainsFunc(v.Cases, func(c CaseVerdict) bool { return c.Verdict == verdict.Fail }) {
			return 1 // a case that was chosen failed, whatever was left out
		}
		if v.Verdict == verdict.Inconclusive && v.Open {
			code = 3
		}
	}
	return code
}
