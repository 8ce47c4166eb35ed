package assess

import (
	"cmp"
	"context"
	"slices"

	"assay/internal/judge"
	"assay/internal/testcase"
	"assay/internal/threat"
	"assay/internal/verdict"
)

// Comparison is what changed from one run to another.
type Comparison struct {
	Before, Now *Result
	Verdicts    []VerdictChange
	// New and Gone are findings by their ids, which are stable over runs; Lost
	// are those that the later run doesn't have because it didn't decide any
	// more what they are about.
	New, Gone, Lost []judge.Finding
	Threats         []threat.Difference
	// Models are the threats of both runs, each of its own product.
	Was, Is *threat.Analysis
}

// VerdictChange is a requirement whose verdict differs; "" where only one of
// the runs judged it.
type VerdictChange struct {
	threat.Ref
	Before, Now verdict.Verdict
}

// Compare lays two judged runs side by side: verdicts, findings, and residual
// risks, each with the product and the decisions as they were then.
func Compare(ctx context.Context, before, now *Result) (*Comparison, error) {
	c := &Comparison{Before: before, Now: now}
	b, n := Verdicts(before.Assessment), Verdicts(now.Assessment)
	for ref, v := range b {
		if n[ref] != v {
			c.Verdicts = append(c.Verdicts, VerdictChange{ref, v, n[ref]})
		}
	}
	for ref, v := range n {
		if _, ok := b[ref]; !ok {
			c.Verdicts = append(c.Verdicts, VerdictChange{Ref: ref, Now: v})
		}
	}
	slices.SortFunc(c.Verdicts, func(x, y VerdictChange) int { return cmp.Compare(x.String(), y.String()) })
	c.New, c.Gone = without(now.Assessment.Findings, before.Assessment.Findings), without(before.Assessment.Findings, now.Assessment.Findings)
	c.Gone, c.Lost = decided(c.Gone, now.Assessment)
	var err error
	if c.Was, err = Threats(ctx, question(before)); err != nil {
		return nil, err
	}
	if c.Is, err = Threats(ctx, question(now)); err != nil {
		return nil, err
	}
	c.Threats = threat.Compare(c.Was.Model, c.Is.Model)
	return c, nil
}

func question(r *Result) ThreatQuestion {
	return ThreatQuestion{Product: r.Product, Decisions: r.Stored.Decisions, Standards: r.Standards, Run: r, Now: r.Stored.Ended}
}

// decided parts findings that are gone: the test case of the first kind was
// decided again, that of the second was not.
func decided(gone []judge.Finding, now *judge.Assessment) (really, lost []judge.Finding) {
	open := map[testcase.ID]bool{}
	for _, v := range now.Verdicts {
		for _, c := range v.Cases {
			open[c.ID] = open[c.ID] || c.Verdict == verdict.Inconclusive || c.Verdict == verdict.NotTested
		}
	}
	for _, f := range gone {
		if open[f.Case] {
			lost = append(lost, f)
		} else {
			really = append(really, f)
		}
	}
	return really, lost
}

func without(all, some []judge.Finding) []judge.Finding {
	return slices.DeleteFunc(slices.Clone(all), func(f judge.Finding) bool {
		return slices.ContainsFunc(some, func(g judge.Finding) bool { return g.ID == f.ID })
	})
}
