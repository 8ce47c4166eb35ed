package assess

import (
	"cmp"
	"slices"

	"assay/internal/judge"
	"assay/internal/threat"
	"assay/internal/verdict"
)

// Comparison is what changed from one run to another.
type Comparison struct {
	Before, Now *Result
	Verdicts    []VerdictChange
	New, Gone   []judge.Finding // by their ids, which are stable over runs
	Threats     []threat.Difference
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
// risks, each with the product as it was then. Decisions are today's.
func Compare(dir string, before, now *Result) (*Comparison, error) {
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
	var err error
	if c.Was, err = Threats(question(dir, before)); err != nil {
		return nil, err
	}
	if c.Is, err = Threats(question(dir, now)); err != nil {
		return nil, err
	}
	c.Threats = threat.Compare(c.Was.Model, c.Is.Model)
	return c, nil
}

func question(dir string, r *Result) ThreatQuestion {
	return ThreatQuestion{Dir: dir, Product: r.Product, Standards: r.Standards, Run: r, Now: r.Stored.Ended}
}

func without(all, some []judge.Finding) []judge.Finding {
	return slices.DeleteFunc(slices.Clone(all), func(f judge.Finding) bool {
		return slices.ContainsFunc(some, func(g judge.Finding) bool { return g.ID == f.ID })
	})
}
