package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/threat"
)

// ThreatsSchema is the first line of the JSON document about threats.
const ThreatsSchema = "assay/threats@1"

// threatsJSON writes the assay/threats@1 document of docs/json.md. Foreign
// text stays as it was written: JSON escapes its control characters.
func threatsJSON(w io.Writer, in ThreatInput) error {
	j := threatWriter{voice{in.Texts, in.Lang}, in.Analysis}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(j.document(in)); err != nil {
		return fmt.Errorf("report: JSON document of threats: %w", err)
	}
	return nil
}

type threatWriter struct {
	voice
	a *threat.Analysis
}

func (j threatWriter) tr(t standard.Text) string { return t.In(string(j.lang)) }

func (j threatWriter) document(in ThreatInput) jsonThreats {
	a, id := j.a, j.a.Product.Identity
	out := jsonThreats{
		Schema: ThreatsSchema, Lang: string(j.lang), Product: jsonProduct{id.Name, id.Model, id.Release, id.Maker.Name},
		Profile: jsonTVRA{a.Profile.ID, j.tr(a.Profile.Title), a.Profile.Verified, j.tr(a.Profile.Note)},
		Context: jsonContext{a.Context, a.Assumed}, Run: a.Run, Changed: a.Changed, Open: len(product.Check(a.Product)), Met: []string{}, Threats: []jsonThreat{}, Paths: []jsonPath{},
		Annexes: []jsonAnnex{}, Findings: []jsonOpen{}, Problems: []jsonLeftOut{}, Errors: list(in.Errors),
	}
	for _, r := range a.Met {
		out.Met = append(out.Met, r.String())
	}
	for i := range a.Threats {
		out.Threats = append(out.Threats, j.threat(&a.Threats[i]))
	}
	out.Summary = *risks(a)
	j.paths(&out)
	for _, x := range a.Annexes {
		out.Annexes = append(out.Annexes, j.annex(x))
	}
	for _, f := range a.Findings {
		out.Findings = append(out.Findings, jsonOpen{string(f.Kind), f.Threat, f.Line, j.said(f.Reason).raw()})
	}
	for _, p := range a.Problems {
		out.Problems = append(out.Problems, jsonLeftOut{p.File, p.Line, j.reason(p.Reason).raw()})
	}
	if in.Compared {
		out.Against = &jsonAgainst{in.AgainstRun, []jsonChanged{}}
		for _, d := range in.Against {
			out.Against.Threats = append(out.Against.Threats, jsonChanged{d.ID, j.some(d.Before), j.some(d.Now)})
		}
	}
	return out
}

func (j threatWriter) threat(t *threat.Threat) jsonThreat {
	r := t.Rule
	out := jsonThreat{
		ID: t.ID, Rule: r.ID, Own: r.Own, Element: t.Element.Ref, Stride: string(r.Stride), Gives: string(r.Gives), Title: j.tr(r.Title), Scenario: j.tr(r.Scenario), Because: j.tr(t.Because),
		Entries: []string{}, Weaknesses: []jsonWeakness{}, Countermeasures: []jsonJudged{}, CWE: []string{}, CAPEC: list(r.CAPEC), ETSI: list(r.ETSI), Annex: list(r.Annex),
		Risk: j.risk(t.Before, true), Residual: j.risk(t.Residual, true), After: j.risk(t.After, true),
	}
	for _, v := range t.Vectors {
		out.Entries = append(out.Entries, string(v.Entry))
	}
	var worst threat.Risk
	for _, w := range t.Weaknesses {
		x := j.weakness(w)
		out.Weaknesses = append(out.Weaknesses, x)
		if out.Weakness == "" || compareRisk(w.Residual, worst) < 0 {
			out.Weakness, worst = x.ID, w.Residual
		}
		for _, c := range x.CWE {
			if !slices.Contains(out.CWE, c) {
				out.CWE = append(out.CWE, c)
			}
		}
		for _, c := range x.Countermeasures {
			for _, q := range c.Requirements {
				if !slices.Contains(out.Countermeasures, q) {
					out.Countermeasures = append(out.Countermeasures, q)
				}
			}
		}
	}
	if d := t.Decision; d != nil {
		out.Decision = &jsonDecision{d.Decide, d.To, d.By, d.Why, d.Until, d.Line}
	}
	return out
}

func (j threatWriter) weakness(w threat.Weakness) jsonWeakness {
	out := jsonWeakness{CWE: []string{}, Evident: w.Evident, Closed: w.Closed, Countermeasures: []jsonMeasure{},
		Before: j.risk(w.Before, false), Residual: j.risk(w.Residual, false), After: j.risk(w.After, true)}
	if k := w.WeaknessKind; k != nil {
		out.ID, out.Title, out.CWE = k.ID, j.tr(k.Title), list(k.CWE)
	}
	for _, c := range w.Countermeasures {
		out.Countermeasures = append(out.Countermeasures, measureOf(c))
	}
	return out
}

func measureOf(c threat.Countermeasure) jsonMeasure {
	return jsonMeasure{judgedOf(c), c.Counts, c.Failed}
}

func judgedOf(c threat.Countermeasure) []jsonJudged {
	out := []jsonJudged{}
	for _, r := range c.Requirements {
		out = append(out, jsonJudged{r.String(), string(r.Verdict)})
	}
	return out
}

// risk is a risk, with what its factors are where that isn't said already.
func (j threatWriter) risk(r threat.Risk, factors bool) jsonRisk {
	out := jsonRisk{Likelihood: r.Likelihood, Impact: r.Impact, Product: r.Product, Level: r.Level, Potential: r.Potential, Rating: r.Rating, Never: r.Never}
	if factors && len(r.Factors) > 0 {
		out.Factors = make(map[string]jsonFactor, len(r.Factors))
		for f, c := range r.Factors {
			l, _ := levelOf(j.a.Profile, f, c.Level)
			out.Factors[string(f)] = jsonFactor{c.Level, l.Points, j.tr(c.Why), c.Own, c.By}
		}
	}
	return out
}

// some is a risk, nil where there is none.
func (j threatWriter) some(r threat.Risk) *jsonRisk {
	if r.Level == "" {
		return nil
	}
	out := j.risk(r, false)
	return &out
}

// cost is a number of points, nil where no attack is left.
func cost(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

func (j threatWriter) paths(out *jsonThreats) {
	out.Changes.Countermeasures = []jsonMeasure{}
	p := j.a.Paths
	if p == nil {
		return
	}
	c := p.Changes
	out.Changes = jsonChanges{[]jsonMeasure{}, cost(c.Cheapest), cost(c.Then), c.Sum, c.SumThen, c.Closes, c.Cut}
	for _, m := range c.Countermeasures {
		out.Changes.Countermeasures = append(out.Changes.Countermeasures, measureOf(m))
	}
	for _, x := range p.All {
		path := jsonPath{string(x.From), x.To, x.Potential, cost(x.Unprotected), cost(x.Protected), []jsonStep{}, nil}
		for _, s := range x.Steps {
			step := jsonStep{From: s.From, To: s.To, Points: s.Points}
			if s.Threat != nil {
				step.Threat = s.Threat.ID
			}
			if s.Weakness != nil && s.Weakness.WeaknessKind != nil {
				step.Weakness = s.Weakness.ID
			}
			path.Steps = append(path.Steps, step)
		}
		i := slices.IndexFunc(j.a.Cheapest, func(y threat.Path) bool { return y.From == x.From && y.To == x.To })
		if i >= 0 && i < len(j.a.Lengthened) {
			for _, l := range j.a.Lengthened[i] {
				path.Countermeasures = append(path.Countermeasures, jsonLengthened{judgedOf(l.Countermeasure), cost(l.Then)})
			}
		}
		out.Paths = append(out.Paths, path)
	}
}

func (j threatWriter) annex(a *threat.Annex) jsonAnnex {
	out := jsonAnnex{string(a.Standard), []jsonAnnexThreat{}, []jsonAnnexMeasure{}}
	for _, t := range a.Threats {
		out.Threats = append(out.Threats, jsonAnnexThreat{t.ID, t.Threat, j.tr(t.Title), j.tr(t.Weakness), j.tr(t.Consequence), t.Printed, t.Calculated, t.Differs(), list(t.Threats)})
	}
	for _, m := range a.Measures {
		x := jsonAnnexMeasure{m.Row, m.Threat, []string{}, m.PrintedBefore, m.PrintedAfter, m.CalculatedBefore, m.CalculatedAfter, m.Residual, m.Differs(), list(m.Threats)}
		for _, r := range m.Requirements {
			x.Requirements = append(x.Requirements, string(r))
		}
		out.Measures = append(out.Measures, x)
	}
	return out
}

// risks counts the threats of an analysis by level; nil where there is none.
func risks(a *threat.Analysis) *jsonRisks {
	if a == nil || a.Model == nil {
		return nil
	}
	var before, now, after levels
	failed := make(map[string]bool)
	for i := range a.Threats {
		t := &a.Threats[i]
		before.add(t.Before.Level)
		now.add(t.Residual.Level)
		after.add(t.After.Level)
		for _, w := range t.Weaknesses {
			for _, c := range w.Countermeasures {
				if c.Failed {
					failed[c.Key()] = true
				}
			}
		}
	}
	return &jsonRisks{len(a.Threats), jsonLevels(before), jsonLevels(now), jsonLevels(after), len(failed)}
}
