// Package verdict holds the verdicts, the reasons behind them and the one
// table that joins verdicts. In: verdicts of test cases over their subjects
// and an expression of `all` and `any` groups. Out: one verdict. It knows no
// standard, no fact and no product.
//
// The rules are rules 3 and 4 of docs/architecture.md: an empty set never
// passes, and nothing passes by silence.
package verdict

import (
	"fmt"
	"sort"
)

// Verdict is the outcome of a test case or a requirement, spelled as in the
// JSON documents. Source: ETSI TS 103 701 clause 4.4 for the first three.
type Verdict string

const (
	Pass          Verdict = "PASS"
	Fail          Verdict = "FAIL"
	Inconclusive  Verdict = "INCONCLUSIVE"
	NotApplicable Verdict = "NOT_APPLICABLE"
	// NotClaimed is for recommendations that the maker justifiably doesn't
	// support; it never comes out of a test case.
	NotClaimed Verdict = "NOT_CLAIMED"
	// NotTested is for what the run was told to leave out.
	NotTested Verdict = "NOT_TESTED"
)

// Known lists the verdicts in the order in which people read them.
func Known() []Verdict {
	return []Verdict{Fail, Inconclusive, Pass, NotApplicable, NotClaimed, NotTested}
}

// Parse turns the spelling of a file or a flag into a verdict.
func Parse(s string) (Verdict, error) {
	for _, v := range Known() {
		if s == string(v) {
			return v, nil
		}
	}
	return "", fmt.Errorf("unknown verdict %q: use PASS, FAIL, INCONCLUSIVE or NOT_APPLICABLE", s)
}

// Reason says why, as a message key with arguments (never a finished
// sentence: it is rendered in the reader's language at the edge).
type Reason struct {
	Key  string            `json:"key"`
	Args map[string]string `json:"args,omitempty"`
}

// Because builds a reason from a key and name, value pairs.
func Because(key string, args ...string) Reason {
	r := Reason{Key: key}
	for i := 0; i+1 < len(args); i += 2 {
		if r.Args == nil {
			r.Args = make(map[string]string, len(args)/2)
		}
		r.Args[args[i]] = args[i+1]
	}
	return r
}

// All joins the members of an `all` group or of a population: any FAIL is
// FAIL; else any INCONCLUSIVE is INCONCLUSIVE; else any NOT_TESTED is
// NOT_TESTED; else one PASS is PASS; all NOT_APPLICABLE is NOT_APPLICABLE;
// nothing at all is INCONCLUSIVE.
func All(vs ...Verdict) Verdict {
	n := count(vs)
	switch {
	case len(vs) == 0 || n.other > 0:
		return Inconclusive
	case n.fail > 0:
		return Fail
	case n.inconclusive > 0:
		return Inconclusive
	case n.notTested > 0:
		return NotTested
	case n.pass > 0:
		return Pass
	}
	return NotApplicable
}

// Any joins alternatives: NOT_APPLICABLE members are left out (all of them:
// NOT_APPLICABLE); then one PASS is PASS; all FAIL is FAIL; else, and for
// none at all, INCONCLUSIVE, or NOT_TESTED where only that stands open.
func Any(vs ...Verdict) Verdict {
	n := count(vs)
	switch {
	case len(vs) == 0:
		return Inconclusive
	case n.notApplicable == len(vs):
		return NotApplicable
	case n.pass > 0:
		return Pass
	case n.other > 0 || n.inconclusive > 0:
		return Inconclusive
	case n.notTested > 0:
		return NotTested
	}
	return Fail
}

type tally struct{ pass, fail, inconclusive, notApplicable, notTested, other int }

func count(vs []Verdict) (n tally) {
	for _, v := range vs {
		switch v {
		case Pass:
			n.pass++
		case Fail:
			n.fail++
		case Inconclusive:
			n.inconclusive++
		case NotApplicable:
			n.notApplicable++
		case NotTested:
			n.notTested++
		default:
			n.other++ // NOT_CLAIMED and unknown ones decide nothing
		}
	}
	return n
}

// Summary counts verdicts, in the spelling of the `run` document.
type Summary struct {
	Pass          int `json:"pass"`
	Fail          int `json:"fail"`
	Inconclusive  int `json:"inconclusive"`
	NotApplicable int `json:"not_applicable"`
	NotClaimed    int `json:"not_claimed"`
	NotTested     int `json:"not_tested"`
}

// Add counts one verdict.
func (s *Summary) Add(v Verdict) {
	switch v {
	case Pass:
		s.Pass++
	case Fail:
		s.Fail++
	case NotApplicable:
		s.NotApplicable++
	case NotClaimed:
		s.NotClaimed++
	case NotTested:
		s.NotTested++
	default:
		s.Inconclusive++
	}
}

// Total is the number of verdicts counted.
func (s Summary) Total() int {
	return s.Pass + s.Fail + s.Inconclusive + s.NotApplicable + s.NotClaimed + s.NotTested
}

// SortedArgs returns the argument names of r in order, for stable output.
func (r Reason) SortedArgs() []string {
	names := make([]string, 0, len(r.Args))
	for n := range r.Args {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
