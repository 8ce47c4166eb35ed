package threat

import (
	"testing"

	"pgregory.net/rapid"
)

func factors(time, expertise, knowledge, opportunity, equipment, impact, intensity string) Factors {
	return Factors{Time: {Level: time}, Expertise: {Level: expertise}, Knowledge: {Level: knowledge}, Opportunity: {Level: opportunity},
		Equipment: {Level: equipment}, AssetImpact: {Level: impact}, Intensity: {Level: intensity}}
}

func TestRate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, profile                         string
		f                                     Factors
		potential, likelihood, impact, result int
		level                                 Level
	}{
		// A password that all units share, reached from the Internet; then one
		// password per unit, tried slowly.
		{"common-password", DefaultProfile, factors("le_1_day", "layman", "public", "easy", "standard", "high", "heavy"), 1, 3, 3, 9, Critical},
		{"unique-password", DefaultProfile, factors("le_1_month", "proficient", "restricted", "moderate", "standard", "medium", "single"), 14, 2, 2, 4, Major},
		{"band-9", DefaultProfile, factors("le_1_week", "layman", "public", "moderate", "specialised", "low", "single"), 9, 3, 1, 3, Minor},
		{"band-13", DefaultProfile, factors("le_3_months", "proficient", "public", "unnecessary", "standard", "low", "moderate"), 13, 3, 2, 6, Critical},
		{"band-19", DefaultProfile, factors("gt_6_months", "layman", "public", "unnecessary", "standard", "high", "single"), 19, 2, 3, 6, Critical},
		{"band-20", DefaultProfile, factors("gt_6_months", "layman", "public", "easy", "standard", "high", "heavy"), 20, 1, 3, 3, Minor},
		{"beyond-high", DefaultProfile, factors("gt_6_months", "expert", "critical", "difficult", "bespoke", "high", "heavy"), 53, 1, 3, 3, Minor},
		{"no-opportunity", DefaultProfile, factors("le_1_day", "layman", "public", "none", "standard", "high", "heavy"), 0, 1, 3, 3, Minor},
		{"old-edition", "ts102165-1-v4.2.3", factors("le_1_month", "proficient", "restricted", "easy", "standard", "medium", "single"), 8, 2, 2, 4, Major},
		{"old-edition-beyond", "ts102165-1-v4.2.3", factors("gt_6_months", "layman", "public", "unnecessary", "standard", "medium", "single"), 27, 1, 2, 2, Minor},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := library(t).Profile(c.profile)
			if err != nil {
				t.Fatal(err)
			}
			r, err := p.Rate(c.f)
			if err != nil {
				t.Fatal(err)
			}
			if r.Potential != c.potential || r.Likelihood != c.likelihood || r.Impact != c.impact || r.Product != c.result || r.Level != c.level {
				t.Errorf("potential %d likelihood %d impact %d product %d %s, want %d %d %d %d %s",
					r.Potential, r.Likelihood, r.Impact, r.Product, r.Level, c.potential, c.likelihood, c.impact, c.result, c.level)
			}
		})
	}
}

func TestRateRefusesUnknownLevels(t *testing.T) {
	t.Parallel()
	p, err := library(t).Profile(DefaultProfile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Rate(factors("a_while", "layman", "public", "easy", "standard", "high", "heavy")); err == nil {
		t.Error("a level that the profile doesn't have was rated")
	}
	if _, err := library(t).Profile("ts102165-1-v9"); err == nil {
		t.Error("an unknown profile was found")
	}
}

// TestRateIsMonotone: what makes an attack dearer, or the harm smaller, never
// raises the risk, in any profile; and no measure does.
func TestRateIsMonotone(t *testing.T) {
	t.Parallel()
	l := library(t)
	rapid.Check(t, func(t *rapid.T) {
		p := &l.Profiles[rapid.IntRange(0, len(l.Profiles)-1).Draw(t, "profile")]
		at := map[Factor]int{}
		f := Factors{}
		for _, name := range append(PotentialFactors(), AssetImpact, Intensity) {
			at[name] = rapid.IntRange(0, len(p.Factors[name])-1).Draw(t, string(name))
			f[name] = Chosen{Level: p.Factors[name][at[name]].ID}
		}
		before, err := p.Rate(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range PotentialFactors() {
			if at[name]+1 == len(p.Factors[name]) {
				continue
			}
			g := Factors{}
			for k, v := range f {
				g[k] = v
			}
			g[name] = Chosen{Level: p.Factors[name][at[name]+1].ID}
			after, err := p.Rate(g)
			if err != nil || after.Product > before.Product {
				t.Fatalf("a harder %s raises the risk from %d to %d (%v)", name, before.Product, after.Product, err)
			}
		}
		for i := range l.Factoring.Measures {
			m := &l.Factoring.Measures[i]
			after, err := p.Rate(p.adapt(p.with(f, m)))
			if err != nil || after.Product > before.Product {
				t.Fatalf("measure %s raises the risk from %d to %d (%v)", m.ID, before.Product, after.Product, err)
			}
		}
	})
}

// TestAdapt: a level that an edition lacks becomes the next easier one.
func TestAdapt(t *testing.T) {
	t.Parallel()
	p, err := library(t).Profile("ts102165-1-v4.2.3")
	if err != nil {
		t.Fatal(err)
	}
	got := p.adapt(factors("le_2_weeks", "multiple_experts", "restricted", "easy", "multiple_bespoke", "high", "single"))
	for f, want := range map[Factor]string{Time: "le_1_week", Expertise: "expert", Knowledge: "restricted", Equipment: "bespoke"} {
		if got[f].Level != want {
			t.Errorf("%s became %s, want %s", f, got[f].Level, want)
		}
	}
}

// TestProfiles: every measure and technique names levels of the default
// profile, and no profile claims to be verified.
func TestProfiles(t *testing.T) {
	t.Parallel()
	l := library(t)
	p, err := l.Profile(DefaultProfile)
	if err != nil {
		t.Fatal(err)
	}
	has := func(where string, f Factor, level string) {
		if p.index(f, level) < 0 {
			t.Errorf("%s: %s has no level %q", where, f, level)
		}
	}
	for _, x := range l.Factoring.Techniques {
		for _, f := range []Factor{Time, Expertise, Knowledge, Equipment} {
			has("technique "+x.ID, f, x.Takes[f])
		}
	}
	for _, m := range l.Factoring.Measures {
		if len(m.Raise)+len(m.Lower) == 0 {
			t.Errorf("measure %s does nothing", m.ID)
		}
		for f, level := range m.Raise {
			has("measure "+m.ID, f, level)
		}
		for f, level := range m.Lower {
			has("measure "+m.ID, f, level)
		}
	}
	for f, list := range l.Factoring.Choose {
		for _, c := range list {
			has("choice "+c.When, f, c.Level)
		}
	}
	for _, p := range l.Profiles {
		if p.Verified {
			t.Errorf("profile %s says that it is verified: nobody compared it with the standard", p.ID)
		}
	}
	if l.Factoring.Verified {
		t.Error("the rules that choose factors are ours and say that they are verified")
	}
}
