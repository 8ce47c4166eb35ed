package threat

import (
	"fmt"
	"slices"
)

// Level is a risk level of TVRA.
type Level string

// The levels. Source: ETSI TS 102 165-1, as IoT-1005-1 annex C words them.
const (
	Minor    Level = "Minor"
	Major    Level = "Major"
	Critical Level = "Critical"
)

// Levels lists the levels, the lowest first.
func Levels() []Level { return []Level{Minor, Major, Critical} }

// Factor is one of the five factors of attack potential, or of the two that
// make the impact.
type Factor string

// The factors.
const (
	Time        Factor = "time"
	Expertise   Factor = "expertise"
	Knowledge   Factor = "knowledge"
	Opportunity Factor = "opportunity"
	Equipment   Factor = "equipment"
	AssetImpact Factor = "impact"
	Intensity   Factor = "intensity"
)

// PotentialFactors lists the five factors that are summed.
func PotentialFactors() []Factor { return []Factor{Time, Expertise, Knowledge, Opportunity, Equipment} }

// Profile holds the numbers of one edition of the method.
type Profile struct {
	ID       string `yaml:"id"`
	Title    Text   `yaml:"title"`
	Verified bool   `yaml:"verified"`
	// Note says where the numbers come from.
	Note Text `yaml:"note"`
	// Factors holds the levels of each factor, the easiest for the attacker
	// first.
	Factors map[Factor][]FactorLevel `yaml:"factors"`
	Bands   []Band                   `yaml:"bands"`
	// ImpactCap limits asset impact plus intensity.
	ImpactCap int         `yaml:"impact_cap"`
	Risk      []RiskLevel `yaml:"risk"`
}

// FactorLevel is one level of a factor and its points.
type FactorLevel struct {
	ID     string `yaml:"id"`
	Points int    `yaml:"points"`
	// Never: no attack is possible, whatever the other factors are.
	Never bool `yaml:"never"`
	Title Text `yaml:"title"`
}

// Band maps a sum of points to the attack potential needed and to a
// likelihood from 1 (unlikely) to 3 (likely).
type Band struct {
	Max        int    `yaml:"max"`
	Rating     string `yaml:"rating"`
	Likelihood int    `yaml:"likelihood"`
	Title      Text   `yaml:"title"`
}

// RiskLevel maps products of likelihood and impact to a level.
type RiskLevel struct {
	Products []int `yaml:"products"`
	Level    Level `yaml:"level"`
}

// Chosen is the level of one factor, and what chose it.
type Chosen struct {
	Level string
	// Why is the sentence of what chose it.
	Why Text
	// Own: a person chose it, in threats.yaml; By says who.
	Own bool
	By  string
}

// Factors are the levels chosen for one attack.
type Factors map[Factor]Chosen

// Risk is a rated risk. The zero Risk is that of nothing.
type Risk struct {
	Potential  int  // sum of points
	Never      bool // not exploitable
	Rating     string
	Likelihood int // 1 to 3
	Impact     int // 1 to 3
	Product    int
	Level      Level
	Factors    Factors
}

// index finds a level of a factor.
func (p *Profile) index(f Factor, id string) int {
	return slices.IndexFunc(p.Factors[f], func(l FactorLevel) bool { return l.ID == id })
}

// Rate rates an attack: the sum of the five factors gives the likelihood,
// asset impact and intensity the impact, their product the level
// (TS 102 165-1, clause 6.6).
func (p *Profile) Rate(f Factors) (Risk, error) {
	r := Risk{Factors: f}
	for _, name := range PotentialFactors() {
		i := p.index(name, f[name].Level)
		if i < 0 {
			return Risk{}, fmt.Errorf("profile %s has no level %q of %s", p.ID, f[name].Level, name)
		}
		l := p.Factors[name][i]
		r.Potential += l.Points
		r.Never = r.Never || l.Never
	}
	impact := 0
	for _, name := range []Factor{AssetImpact, Intensity} {
		i := p.index(name, f[name].Level)
		if i < 0 {
			return Risk{}, fmt.Errorf("profile %s has no level %q of %s", p.ID, f[name].Level, name)
		}
		impact += p.Factors[name][i].Points
	}
	r.Impact = min(p.ImpactCap, impact)
	if r.Never {
		r.Rating, r.Likelihood = "none", 1
	} else {
		for _, b := range p.Bands {
			r.Rating, r.Likelihood = b.Rating, b.Likelihood
			if r.Potential <= b.Max {
				break
			}
		}
	}
	r.Product = r.Likelihood * r.Impact
	for _, l := range p.Risk {
		if slices.Contains(l.Products, r.Product) {
			r.Level = l.Level
			return r, nil
		}
	}
	return Risk{}, fmt.Errorf("profile %s has no level for the product %d", p.ID, r.Product)
}

// worse says whether a is the higher risk: by product, then by how little the
// attack costs.
func worse(a, b Risk) bool {
	if a.Product != b.Product {
		return a.Product > b.Product
	}
	if a.Never != b.Never {
		return b.Never
	}
	return a.Potential < b.Potential
}
