package threat

import (
	"assay/internal/verdict"
)

// Apply says which risk is left when the verdicts of a run count; nil is no
// run: nothing counts. It may be called again with others.
//
// A weakness is closed where each of its countermeasures counts, that is
// where one of its requirements is PASS and none is FAIL; INCONCLUSIVE, NOT
// TESTED, NOT CLAIMED and NOT APPLICABLE count for nothing. A threat's
// residual is the worst over its weaknesses.
func (m *Model) Apply(run string, v Verdicts) {
	m.Run = run
	for i := range m.Threats {
		t := &m.Threats[i]
		t.Before, t.Residual, t.After = Risk{}, Risk{}, Risk{}
		for j := range t.Weaknesses {
			w := &t.Weaknesses[j]
			w.Closed = len(w.Countermeasures) > 0
			for k := range w.Countermeasures {
				c := &w.Countermeasures[k]
				c.count(v)
				w.Closed = w.Closed && c.Counts
			}
			w.Residual = w.Before
			if w.Closed {
				w.Residual = w.After
			}
			t.Before, t.Residual, t.After = worst(t.Before, w.Before), worst(t.Residual, w.Residual), worst(t.After, w.After)
		}
	}
}

func (c *Countermeasure) count(v Verdicts) {
	pass := false
	c.Failed = false
	for i := range c.Requirements {
		r := &c.Requirements[i]
		r.Verdict = v[r.Ref]
		pass = pass || r.Verdict == verdict.Pass
		c.Failed = c.Failed || r.Verdict == verdict.Fail
	}
	c.Counts = pass && !c.Failed
}

// WhatIf returns verdicts as if the given requirements were met, on top of
// those of a run or of nothing.
func WhatIf(base Verdicts, met ...Ref) Verdicts {
	out := make(Verdicts, len(base)+len(met))
	for k, v := range base {
		out[k] = v
	}
	for _, r := range met {
		out[r] = verdict.Pass
	}
	return out
}
