package threat

import (
	"slices"
	"strings"
	"time"

	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/verdict"
)

// Finding is something about the threat model that somebody must act on.
type Finding struct {
	Kind   FindingKind
	Threat string // id; "" where it concerns none
	Line   int    // in threats.yaml, where it is about a decision
	Reason verdict.Reason
}

// FindingKind is a kind of finding.
type FindingKind string

// The kinds.
const (
	Undecided FindingKind = "undecided" // a risk is left and nobody decided
	Expired   FindingKind = "expired"   // an acceptance that has run out
	Idle      FindingKind = "idle"      // a decision that changed nothing
	Unneeded  FindingKind = "unneeded"  // a capability without threat, need or law
)

// Findings says what is open about the threats of a product at a time.
// Standards are those that the product was made for.
func (m *Model) Findings(p *product.Product, standards []*standard.Standard, now time.Time) []Finding {
	var out []Finding
	add := func(k FindingKind, threat string, line int, key string, args ...string) {
		out = append(out, Finding{k, threat, line, verdict.Because(key, args...)})
	}
	for _, t := range m.Threats {
		switch x := t.Decision; {
		case x == nil && t.Residual.Level != Minor:
			add(Undecided, t.ID, 0, "threat.finding.undecided", "level", string(t.Residual.Level))
		case x == nil:
		case x.Expired(now):
			add(Expired, t.ID, x.Line, "threat.finding.expired", "until", x.Until, "by", x.By)
		case x.Decide == Avoid:
			add(Idle, t.ID, x.Line, "threat.finding.still-there")
		case x.Decide == Mitigate && m.Run != "" && t.Residual.Product == t.Before.Product:
			add(Idle, t.ID, x.Line, "threat.finding.not-lower", "level", string(t.Residual.Level))
		}
	}
	gone, idle := m.decisions.idle()
	for _, x := range gone {
		if x.Decide == Avoid && !strings.HasSuffix(x.Threat, "@*") {
			continue // it was avoided: that is what was decided
		}
		add(Idle, "", x.Line, "threat.finding.no-threat", "threat", x.Threat)
	}
	for _, o := range idle {
		add(Idle, "", o.Line, "threat.finding.no-change", "threat", o.Threat)
	}
	for _, r := range m.unneeded(p, standards) {
		add(Unneeded, "", 0, "threat.finding.unneeded", "requirement", r.String())
	}
	return out
}

// unneeded lists requirements that the maker says are met although they are
// no duty in a chosen standard and answer no threat of the model.
func (m *Model) unneeded(p *product.Product, standards []*standard.Standard) []Ref {
	named := map[Ref]bool{}
	for _, t := range m.Threats {
		for _, w := range t.Weaknesses {
			for _, c := range w.Countermeasures {
				for _, r := range c.Requirements {
					named[r.Ref] = true
				}
			}
		}
	}
	var out []Ref
	for _, s := range standards {
		for id, c := range p.Claims[string(s.ID)] {
			ref := Ref{s.ID, standard.RequirementID(id)}
			r, ok := s.Requirement(ref.Requirement)
			if ok && c.Support == "yes" && r.Status != standard.Mandatory && !named[ref] {
				out = append(out, ref)
			}
		}
	}
	slices.SortFunc(out, func(a, b Ref) int { return strings.Compare(a.String(), b.String()) })
	return out
}
