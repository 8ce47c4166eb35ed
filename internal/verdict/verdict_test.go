package verdict

import (
	"fmt"
	"testing"
)

var five = []Verdict{Pass, Fail, Inconclusive, NotApplicable, NotTested}

// multisets returns every multiset of up to n verdicts, the empty one first.
func multisets(n int) [][]Verdict {
	out := [][]Verdict{nil}
	var grow func(from int, have []Verdict)
	grow = func(from int, have []Verdict) {
		if len(have) == n {
			return
		}
		for i := from; i < len(five); i++ {
			next := append(append([]Verdict(nil), have...), five[i])
			out = append(out, next)
			grow(i, next)
		}
	}
	grow(0, nil)
	return out
}

func has(vs []Verdict, v Verdict) bool {
	for _, x := range vs {
		if x == v {
			return true
		}
	}
	return false
}

func only(vs []Verdict, v Verdict) bool {
	for _, x := range vs {
		if x != v {
			return false
		}
	}
	return len(vs) > 0
}

// The rules as sentences, checked over every combination: this says again
// what All and Any do, in the words of the rule, not in theirs.
func TestEveryCombination(t *testing.T) {
	t.Parallel()
	sets := multisets(4)
	if len(sets) != 126 { // C(5+4, 4): multisets of at most 4 out of 5
		t.Fatalf("multisets(4) gave %d sets, want 126", len(sets))
	}
	for _, vs := range sets {
		t.Run(fmt.Sprint(vs), func(t *testing.T) {
			wantAll := NotApplicable
			switch {
			case len(vs) == 0:
				wantAll = Inconclusive
			case has(vs, Fail):
				wantAll = Fail
			case has(vs, Inconclusive):
				wantAll = Inconclusive
			case has(vs, NotTested):
				wantAll = NotTested
			case has(vs, Pass):
				wantAll = Pass
			}
			if got := All(vs...); got != wantAll {
				t.Errorf("All(%v) = %s, want %s", vs, got, wantAll)
			}
			var left []Verdict
			for _, v := range vs {
				if v != NotApplicable {
					left = append(left, v)
				}
			}
			wantAny := Inconclusive
			switch {
			case len(vs) > 0 && len(left) == 0:
				wantAny = NotApplicable
			case has(left, Pass):
				wantAny = Pass
			case only(left, Fail):
				wantAny = Fail
			case has(left, NotTested) && !has(left, Inconclusive):
				wantAny = NotTested
			}
			if got := Any(vs...); got != wantAny {
				t.Errorf("Any(%v) = %s, want %s", vs, got, wantAny)
			}
		})
	}
}

func TestNothingPassesBySilence(t *testing.T) {
	t.Parallel()
	for _, vs := range multisets(4) {
		if has(vs, Pass) {
			continue
		}
		if All(vs...) == Pass || Any(vs...) == Pass {
			t.Errorf("%v passes without a PASS among them", vs)
		}
	}
	for _, v := range []Verdict{NotClaimed, "", "pass"} {
		if All(v, Pass) == Pass || Any(v) != Inconclusive {
			t.Errorf("%q must decide nothing", v)
		}
	}
}
