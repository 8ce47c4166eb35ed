package assess

import (
	"time"

	"assay/internal/judge"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/threat"
)

// ThreatQuestion is what an analysis of threats is about.
type ThreatQuestion struct {
	Dir       string // the workspace: threats.yaml is read there; "" reads none
	Product   *product.Product
	Standards []*standard.Standard
	Profile   string // of TVRA; "" is the default
	// Run is a judged run whose verdicts count; nil: none does.
	Run *Result
	// Met are requirements that count as met, whatever the run says.
	Met []threat.Ref
	Now time.Time
}

// Threats models the threats of a product with the embedded rules and those
// of its workspace. What can't be used of threats.yaml stands in the
// analysis's problems.
func Threats(q ThreatQuestion) (*threat.Analysis, error) {
	l, err := threat.Embedded()
	if err != nil {
		return nil, err
	}
	tq := threat.Question{Product: q.Product, Library: l, Standards: q.Standards, Profile: q.Profile, Met: q.Met, Now: q.Now}
	var problems []threat.Problem
	if q.Dir != "" {
		if tq.Library, tq.Decisions, problems, err = threat.LoadDir(q.Dir, l, limit.Default().YAML); err != nil {
			return nil, err
		}
	}
	if q.Run != nil {
		tq.Run, tq.Verdicts = q.Run.Stored.Meta.ID, Verdicts(q.Run.Assessment)
	}
	a, err := threat.Analyse(tq)
	if err != nil {
		return nil, err
	}
	a.Problems = append(problems, a.Problems...)
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
