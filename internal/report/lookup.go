package report

import (
	"slices"

	"assay/internal/fact"
	"assay/internal/judge"
	"assay/internal/standard"
)

func standardOf(all []standard.Standard, id standard.ID) *standard.Standard {
	for i := range all {
		if all[i].ID == id {
			return &all[i]
		}
	}
	return nil
}

func requirementOf(all []standard.Standard, s standard.ID, id standard.RequirementID) *standard.Requirement {
	if std := standardOf(all, s); std != nil {
		if r, ok := std.Requirement(id); ok {
			return r
		}
	}
	return nil
}

// remedyOf is the remedy of the first requirement that has one.
func remedyOf(all []standard.Standard, rs []judge.Requirement, lang string) string {
	for _, x := range rs {
		if r := requirementOf(all, x.Standard, x.Requirement); r != nil && !r.Remedy.IsZero() {
			return r.Remedy.In(lang)
		}
	}
	return ""
}

// evidenceOf gathers the evidence behind facts, each place once: a fact's own
// references, else those of its observation.
func evidenceOf(set *fact.Set, ids []fact.ID) []fact.Ref {
	var out []fact.Ref
	if set == nil {
		return nil
	}
	for _, id := range ids {
		f, ok := set.Get(id)
		if !ok {
			continue
		}
		for _, r := range evidenceOfFact(set, f) {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out
}

func evidenceOfFact(set *fact.Set, f fact.Fact) []fact.Ref {
	if len(f.Evidence) > 0 {
		return f.Evidence
	}
	return set.Observation(f).Evidence
}
