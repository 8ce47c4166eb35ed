package threat

import (
	"slices"
	"strings"
	"time"

	"assay/internal/product"
)

// DecisionsSchema is the first line of threats.yaml.
const DecisionsSchema = "assay/decisions@1"

// DecisionsFile is the name of the file in a workspace.
const DecisionsFile = "threats.yaml"

// Kinds of decisions (ISO 31000 and TVRA call them treatments).
const (
	Mitigate = "mitigate" // put the countermeasures in place
	Transfer = "transfer" // somebody else bears it
	Avoid    = "avoid"    // change the product so that it can't happen
	Accept   = "accept"   // live with it
)

// Decisions are what people decided about threats: threats.yaml of the
// workspace, without the rules that it adds.
type Decisions struct {
	Schema    string     `yaml:"schema" is:"required"`
	Decisions []Decision `yaml:"decisions"`
	Factors   []Override `yaml:"factors"`
}

// Decision is what somebody decided about a threat.
type Decision struct {
	// Threat is the threat's id, or rule@* for every threat of a rule.
	Threat string `yaml:"threat" is:"required"`
	Decide string `yaml:"decide" is:"required,enum=mitigate|transfer|avoid|accept"`
	// To says who bears a risk that is transferred.
	To string `yaml:"to"`
	// By, Why and Until say who accepted a risk, why, and until when it is
	// looked at again (YYYY-MM-DD).
	By    string `yaml:"by"`
	Why   string `yaml:"why"`
	Until string `yaml:"until"`

	Line int          `yaml:"-"`
	End  product.Date `yaml:"-"` // Until, read
	used bool
}

// Expired says whether an acceptance has run out: the day after its last.
func (d *Decision) Expired(now time.Time) bool {
	return d.Decide == Accept && !d.End.IsZero() && d.End.Before(now.Truncate(24*time.Hour))
}

// Override sets factors of a threat, or of all threats of a rule, by hand.
type Override struct {
	Threat string       `yaml:"threat" is:"required"` // id, or rule@*
	Set    FactorLevels `yaml:"set" is:"required"`
	Why    string       `yaml:"why" is:"required"`
	By     string       `yaml:"by"`

	Line    int `yaml:"-"`
	used    bool
	changed bool // some factor had another level before
}

// FactorLevels are levels by factor; "" leaves a factor as it was chosen.
type FactorLevels struct {
	Time        string `yaml:"time"`
	Expertise   string `yaml:"expertise"`
	Knowledge   string `yaml:"knowledge"`
	Opportunity string `yaml:"opportunity"`
	Equipment   string `yaml:"equipment"`
	Impact      string `yaml:"impact"`
	Intensity   string `yaml:"intensity"`
}

// byFactor lists what is set.
func (s FactorLevels) byFactor() map[Factor]string {
	all := map[Factor]string{Time: s.Time, Expertise: s.Expertise, Knowledge: s.Knowledge, Opportunity: s.Opportunity, Equipment: s.Equipment, AssetImpact: s.Impact, Intensity: s.Intensity}
	for f, level := range all {
		if level == "" {
			delete(all, f)
		}
	}
	return all
}

// matches says whether a pattern of threats.yaml means a threat: its id, or
// its rule followed by @*.
func matches(pattern, threat string) bool {
	if rule, ok := strings.CutSuffix(pattern, "@*"); ok {
		return strings.HasPrefix(threat, rule+"@")
	}
	return pattern == threat
}

// clone copies decisions, so that what one model notes in them doesn't reach
// another. Nil becomes none.
func (d *Decisions) clone() *Decisions {
	if d == nil {
		return &Decisions{}
	}
	return &Decisions{Schema: d.Schema, Decisions: slices.Clone(d.Decisions), Factors: slices.Clone(d.Factors)}
}

// attach gives every threat its decision; one that names the threat itself
// stands before one that names its rule.
func (d *Decisions) attach(m *Model) {
	for i := range m.Threats {
		t := &m.Threats[i]
		for j := range d.Decisions {
			x := &d.Decisions[j]
			if !matches(x.Threat, t.ID) {
				continue
			}
			x.used = true
			if t.Decision == nil || t.Decision.Threat != t.ID {
				t.Decision = x
			}
		}
	}
}

// override sets what people set by hand: for the rule first, then for the
// threat itself, which stands before it.
func (d *Decisions) override(id string, f Factors) Factors {
	for _, exact := range []bool{false, true} {
		for i := range d.Factors {
			o := &d.Factors[i]
			if matches(o.Threat, id) && (o.Threat == id) == exact {
				o.set(f)
			}
		}
	}
	return f
}

func (o *Override) set(f Factors) {
	o.used = true
	for factor, level := range o.Set.byFactor() {
		if f[factor].Level != level {
			f[factor] = Chosen{Level: level, Why: Text{En: o.Why, Zh: o.Why}, By: o.By, Own: true}
			o.changed = true
		}
	}
}

// idle lists the overrides and decisions that meet no threat.
func (d *Decisions) idle() (decisions []Decision, overrides []Override) {
	for _, x := range d.Decisions {
		if !x.used {
			decisions = append(decisions, x)
		}
	}
	for _, o := range d.Factors {
		if !o.used || !o.changed {
			overrides = append(overrides, o)
		}
	}
	return slices.Clip(decisions), slices.Clip(overrides)
}
