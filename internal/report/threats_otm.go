package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/internal/exchange"
	"assay/internal/i18n"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/threat"
	"assay/internal/verdict"
)

// States of a threat and of a mitigation in an Open Threat Model.
const (
	otmExposed     = "exposed"
	otmMitigated   = "mitigated"
	otmAccepted    = "accepted"
	otmImplemented = "implemented"
	otmRequired    = "required"
)

// OTM turns an analysis into the threats and mitigations of an Open Threat
// Model: a rule is a threat, an element it fires on an instance of it, a
// requirement a mitigation. Likelihood and impact, 1 to 3, become 33, 67 and
// 100 of 100.
func OTM(a *threat.Analysis, standards []*standard.Standard, lang i18n.Lang) ([]exchange.Threat, []exchange.Mitigation) {
	flows := exchange.FlowIDs(a.Product)
	var threats []exchange.Threat
	byRule := map[string]int{}
	reduces := map[string]int{}
	var order []string
	for i := range a.Threats {
		t := &a.Threats[i]
		at, ok := byRule[t.Rule.ID]
		if !ok {
			at = len(threats)
			byRule[t.Rule.ID] = at
			threats = append(threats, otmThreat(t, lang))
		}
		x := &threats[at]
		x.Likelihood, x.Impact = max(x.Likelihood, percent(t.Before.Likelihood)), max(x.Impact, percent(t.Before.Impact))
		in := exchange.Instance{State: otmState(t, a.Now)}
		for _, w := range t.Weaknesses {
			for _, c := range w.Countermeasures {
				for _, r := range c.Requirements {
					state, id := otmRequired, r.String()
					if r.Verdict == verdict.Pass {
						state = otmImplemented
					}
					if _, ok := reduces[id]; !ok {
						order = append(order, id)
					}
					reduces[id] = max(reduces[id], 100*(w.Before.Product-w.After.Product)/max(1, w.Before.Product))
					if !slices.ContainsFunc(in.Mitigations, func(m exchange.MitigationState) bool { return m.Mitigation == id }) {
						in.Mitigations = append(in.Mitigations, exchange.MitigationState{Mitigation: id, State: state})
					}
				}
			}
		}
		x.On = append(x.On, otmInstances(a.Product, t.Element, in, flows)...)
	}
	var mitigations []exchange.Mitigation
	for _, id := range order {
		mitigations = append(mitigations, exchange.Mitigation{ID: id, Name: otmTitle(id, standards, lang), RiskReduction: reduces[id]})
	}
	return threats, mitigations
}

func otmThreat(t *threat.Threat, lang i18n.Lang) exchange.Threat {
	x := exchange.Threat{ID: t.Rule.ID, Name: t.Rule.Title.In(string(lang)), Description: t.Rule.Scenario.In(string(lang)), Categories: []string{string(t.Rule.Stride)}, Tags: t.Rule.CAPEC}
	for _, w := range t.Weaknesses {
		for _, c := range w.CWE {
			if !slices.Contains(x.CWEs, c) {
				x.CWEs = append(x.CWEs, c)
			}
		}
	}
	return x
}

func otmState(t *threat.Threat, now time.Time) string {
	switch {
	case t.Decision != nil && t.Decision.Decide == threat.Accept && !t.Decision.Expired(now):
		return otmAccepted
	case t.Residual.Level == threat.Minor && t.Before.Level != threat.Minor:
		return otmMitigated
	}
	return otmExposed
}

func percent(n int) int { return []int{0, 33, 67, 100}[max(0, min(n, 3))] }

// otmTitle is a requirement's title, or its id where nobody knows it.
func otmTitle(id string, standards []*standard.Standard, lang i18n.Lang) string {
	ref, _ := threat.ParseRef(id)
	for _, s := range standards {
		if r, ok := s.Requirement(ref.Requirement); ok && s.ID == ref.Standard {
			return r.Title.In(string(lang))
		}
	}
	return id
}

// otmInstances are the components or flows that an element is about; the
// product as a whole is its first device.
func otmInstances(p *product.Product, e *threat.Element, in exchange.Instance, flows []string) []exchange.Instance {
	if e.Kind == threat.OnFlow {
		var out []exchange.Instance
		for _, path := range e.Paths {
			var i int
			if _, err := fmt.Sscanf(strings.TrimPrefix(path, "flows"), "[%d]", &i); err == nil && i < len(flows) {
				x := in
				x.Flow = flows[i]
				out = append(out, x)
			}
		}
		return out
	}
	in.Component = e.On
	if in.Component == "" {
		if d := p.Devices(); len(d) > 0 {
			in.Component = d[0].ID
		} else if len(p.Components) > 0 {
			in.Component = p.Components[0].ID
		}
	}
	if in.Component == "" {
		return nil
	}
	return []exchange.Instance{in}
}
