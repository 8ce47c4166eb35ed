package assess

import (
	"bytes"
	"context"
	"slices"
	"time"

	"assay/internal/judge"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/threat"
)

// ThreatQuestion is what an analysis of threats is about.
type ThreatQuestion struct {
	Product *product.Product
	// Library is the embedded one; nil: it is loaded.
	Library *threat.Library
	// Source is the assay.yaml that the product was read from, to tell
	// whether it was changed since the run; nil: it is the run's own.
	Source []byte
	// Decisions are the bytes of a threats.yaml; nil: none. Problems are those
	// of reading it.
	Decisions []byte
	Problems  []threat.Problem
	Standards []*standard.Standard
	Profile   string // of TVRA; "" is the default
	// Run is a judged run whose verdicts count; nil: none does.
	Run *Result
	// Met are requirements that count as met, whatever the run says.
	Met []threat.Ref
	Now time.Time
}

// Threats models the threats of a product with the embedded rules and those
// of a threats.yaml. What can't be used of it stands in the analysis's
// problems.
func Threats(ctx context.Context, q ThreatQuestion) (*threat.Analysis, error) {
	l := q.Library
	if l == nil {
		var err error
		if l, err = threat.Embedded(); err != nil {
			return nil, err
		}
	}
	tq := threat.Question{Product: q.Product, Library: l, Standards: q.Standards, Profile: q.Profile, Met: q.Met, Now: q.Now}
	problems := q.Problems
	if q.Decisions != nil {
		var more []threat.Problem
		tq.Library, tq.Decisions, more = threat.Load(threat.DecisionsFile, q.Decisions, l, limit.Default().YAML)
		problems = slices.Concat(problems, more)
	}
	if q.Run != nil {
		tq.Run, tq.Verdicts = q.Run.Stored.Meta.ID, Verdicts(q.Run.Assessment)
		tq.Changed = q.Source != nil && !bytes.Equal(q.Source, q.Run.Stored.Product)
	}
	a, err := threat.Analyse(ctx, tq)
	if err != nil {
		return nil, err
	}
	a.Problems = slices.Concat(problems, a.Problems)
	return a, nil
}

// Verdicts are an assessment's, as countermeasures count them.
func Verdicts(a *judge.Assessment) threat.Verdicts {
	out := make(threat.Verdicts, len(a.Verdicts))
	for _, v := range a.Verdicts {
		out[threat.Ref{Standard: v.Standard, Requirement: v.Requirement}] = v.Verdict
	}
	return out
}
