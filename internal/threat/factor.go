package threat

import (
	"fmt"
	"slices"

	"assay/internal/condition"
)

// FactorsSchema is the first line of data/factors.yaml.
const FactorsSchema = "assay/threat-factors@1"

// Factoring holds the rules that choose the factors of an attack, the same
// ones for every threat. They are this project's; Verified is false.
type Factoring struct {
	Schema     string      `yaml:"schema"`
	Verified   bool        `yaml:"verified"`
	Techniques []Technique `yaml:"techniques"`
	Measures   []Measure   `yaml:"measures"`
	// Choose holds, per factor, conditions over threat and element: the first
	// that holds gives the level. For time, expertise, knowledge and
	// equipment the technique's level stands where none holds.
	Choose map[Factor][]Choice `yaml:"choose"`
}

// Technique is what an attacker does, and what it takes.
type Technique struct {
	ID    string            `yaml:"id"`
	Title Text              `yaml:"title"`
	Takes map[Factor]string `yaml:"takes"` // time, expertise, knowledge, equipment
}

// Measure is a kind of countermeasure: how much dearer it makes an attack, or
// how much smaller the harm.
type Measure struct {
	ID    string `yaml:"id"`
	Title Text   `yaml:"title"`
	// Raise holds the least level of a factor that an attack needs with the
	// measure in place; Lower the highest that impact and intensity reach.
	Raise map[Factor]string `yaml:"raise"`
	Lower map[Factor]string `yaml:"lower"`
}

// Choice is one condition and the level that it gives.
type Choice struct {
	When  string `yaml:"when"`
	Level string `yaml:"level"`
	Why   Text   `yaml:"why"`

	program *condition.Program
}

// technique finds a technique.
func (f *Factoring) technique(id string) (*Technique, bool) {
	i := slices.IndexFunc(f.Techniques, func(t Technique) bool { return t.ID == id })
	if i < 0 {
		return nil, false
	}
	return &f.Techniques[i], true
}

// Measure finds a measure.
func (f *Factoring) Measure(id string) (*Measure, bool) {
	i := slices.IndexFunc(f.Measures, func(m Measure) bool { return m.ID == id })
	if i < 0 {
		return nil, false
	}
	return &f.Measures[i], true
}

// factors chooses the levels of an attack by a rule on an element from an
// entry point.
func (l *Library) factors(r *Rule, vars condition.Vars, entry Entry) (Factors, error) {
	t, ok := l.Factoring.technique(r.Technique)
	if !ok {
		return nil, fmt.Errorf("rule %s: unknown technique %q", r.ID, r.Technique)
	}
	vars.More["threat"] = map[string]any{"rule": r.ID, "stride": string(r.Stride), "gives": string(r.Gives), "technique": r.Technique, "entry": string(entry), "agent": string(r.Agent)}
	out := Factors{}
	for _, f := range append(PotentialFactors(), AssetImpact, Intensity) {
		if level, ok := t.Takes[f]; ok {
			out[f] = Chosen{Level: level, Why: t.Title}
		}
		for _, c := range l.Factoring.Choose[f] {
			yes, err := c.program.Eval(vars)
			if err != nil {
				return nil, fmt.Errorf("rule %s: factor %s: %w", r.ID, f, err)
			}
			if yes {
				out[f] = Chosen{Level: c.Level, Why: c.Why}
				break
			}
		}
		if _, ok := out[f]; !ok {
			return nil, fmt.Errorf("rule %s: nothing chooses the factor %s", r.ID, f)
		}
	}
	return out, nil
}

// with returns the factors with a measure in place.
func (p *Profile) with(f Factors, m *Measure) Factors {
	out := make(Factors, len(f))
	for k, v := range f {
		out[k] = v
		if least, ok := m.Raise[k]; ok && p.index(k, least) > p.index(k, v.Level) {
			out[k] = Chosen{Level: least, Why: m.Title}
		}
		if most, ok := m.Lower[k]; ok && p.index(k, most) < p.index(k, v.Level) {
			out[k] = Chosen{Level: most, Why: m.Title}
		}
	}
	return out
}

// adapt replaces levels that the profile doesn't have by the next easier one,
// or by its easiest: older editions have fewer levels, and a risk must not
// look smaller for it.
func (p *Profile) adapt(f Factors) Factors {
	order := map[Factor][]string{
		Time:      {"le_1_day", "le_1_week", "le_2_weeks", "le_1_month", "le_2_months", "le_3_months", "le_4_months", "le_5_months", "le_6_months", "gt_6_months"},
		Expertise: {"layman", "proficient", "expert", "multiple_experts"},
		Equipment: {"standard", "specialised", "bespoke", "multiple_bespoke"},
	}
	out := make(Factors, len(f))
	for k, v := range f {
		if p.index(k, v.Level) < 0 && len(p.Factors[k]) > 0 {
			easier := order[k][:max(0, slices.Index(order[k], v.Level))]
			v.Level = p.Factors[k][0].ID
			for _, id := range slices.Backward(easier) {
				if p.index(k, id) >= 0 {
					v.Level = id
					break
				}
			}
		}
		out[k] = v
	}
	return out
}
