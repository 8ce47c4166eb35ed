package report

import (
	"fmt"
	"testing"

	"assay/internal/i18n"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/threat"
	"assay/internal/verdict"
)

// threatProfile is a profile of TVRA with few levels.
func threatProfile() threat.Profile {
	levels := func(ids ...string) (out []threat.FactorLevel) {
		for i, id := range ids {
			out = append(out, threat.FactorLevel{ID: id, Points: 4 * i, Title: both(id, id+"級")})
		}
		return out
	}
	p := threat.Profile{
		ID: "tvra-sample", Title: both("Sample numbers", "範例數值"), Note: both("Taken from nowhere.", "並無出處。"), ImpactCap: 3,
		Factors: map[threat.Factor][]threat.FactorLevel{
			threat.AssetImpact: {{ID: "low", Points: 1, Title: both("low", "低")}, {ID: "high", Points: 3, Title: both("high", "高")}},
			threat.Intensity:   {{ID: "single", Title: both("one", "單一")}},
		},
		Bands: []threat.Band{
			{Max: 9, Rating: "basic", Likelihood: 3, Title: both("basic", "基本")}, {Max: 13, Rating: "moderate", Likelihood: 2, Title: both("moderate", "中等")},
			{Max: 99, Rating: "high", Likelihood: 1, Title: both("high", "高")},
		},
		Risk: []threat.RiskLevel{{Products: []int{1, 2, 3}, Level: threat.Minor}, {Products: []int{4}, Level: threat.Major}, {Products: []int{6, 9}, Level: threat.Critical}},
	}
	for _, f := range threat.PotentialFactors() {
		p.Factors[f] = levels("none", "some", "much")
	}
	return p
}

// threatFactors are factors of an attack; time is what differs.
func threatFactors(time, impact string) threat.Factors {
	out := threat.Factors{threat.AssetImpact: {Level: impact, Why: both("it shows people", "看得到人")}, threat.Intensity: {Level: "single", Why: both("one unit", "單一裝置")}}
	for _, f := range threat.PotentialFactors() {
		out[f] = threat.Chosen{Level: "none", Why: both("anybody can", "任何人皆可")}
	}
	out[threat.Time] = threat.Chosen{Level: time, Why: both("a tool does it", "有現成工具")}
	return out
}

// threatProduct is the sample product with parts to draw.
func threatProduct() *product.Product {
	p := sampleProduct()
	p.Components = []product.Component{
		{ID: "camera", Kind: "device", Name: "Cam " + hostileMarkup}, {ID: "app", Kind: "app"},
		{ID: "cloud", Kind: "backend", OperatedBy: "maker"}, {ID: "relay", Kind: "backend", OperatedBy: "third-party", Zone: "vault " + hostileBidi},
	}
	p.Roles = product.Roles{"admin": {May: []string{"view"}}}
	p.Users = []product.User{{Name: "root", Role: "admin"}}
	p.Interfaces = []product.Interface{{ID: "web", On: "camera", Protocol: "https", Roles: []string{"admin"}}}
	p.Data = []product.Data{{ID: "video", Category: "sensitive-personal", StoredOn: []string{"camera", "cloud"}}}
	p.Flows = []product.Flow{
		{From: "camera", To: "cloud", Protocol: "tls", Data: []string{"video"}}, {From: "camera", To: "cloud", Protocol: "mqtt", Host: "m.example"},
		{From: "app", To: "camera", Interface: "web"}, {From: "camera", To: "world", Protocol: "ntp"}, {From: "cloud", To: "relay"},
	}
	return p
}

// threatAnalysis is an analysis as the library would make it, with hostile
// strings in every field that comes from outside.
func threatAnalysis(t testing.TB) *threat.Analysis {
	t.Helper()
	m := &threat.Model{Profile: threatProfile(), Context: "iot", Assumed: true}
	m.Elements = []threat.Element{
		{Ref: "component/camera", Kind: threat.OnComponent, Name: "Cam " + hostileMarkup, On: "camera"},
		{Ref: "interface/web", Kind: threat.OnInterface, Name: "web", On: "camera"},
		{Ref: "flow/camera:cloud:mqtt", Kind: threat.OnFlow, Name: "camera → cloud", On: "cloud", From: "camera", To: "cloud", View: map[string]any{"encrypted": "no"}},
		{Ref: "flow/camera:world:ntp", Kind: threat.OnFlow, Name: "camera → world", On: "camera", From: "camera", To: "world"},
		{Ref: "data/video", Kind: threat.OnData, Name: "video", On: "camera", Data: []string{"video"}},
	}
	m.Threats = []threat.Threat{
		rated3(m, "eavesdrop", 2, threat.InformationDisclosure, false, "9.9"),
		rated3(m, "log-in", 1, threat.Spoofing, false, "1.1"),
		rated3(m, "own-rule", 0, threat.ElevationOfPrivilege, true, "1.3", "2.1"),
		rated3(m, "read-card", 4, threat.InformationDisclosure, false, "2.1"),
	}
	m.Threats[1].Weaknesses[0].Evident = true
	m.Threats[1].Decision = &threat.Decision{Threat: m.Threats[1].ID, Decide: threat.Accept, By: "Chen " + hostileMarkup, Why: hostileFormula, Until: "2026-01-31", Line: 7}
	m.Threats[2].Decision = &threat.Decision{Threat: "own-rule@*", Decide: threat.Transfer, To: "an insurer", By: "Wu", Line: 9}
	ref := func(id string) threat.Ref {
		return threat.Ref{Standard: "sample-1", Requirement: standard.RequirementID(id)}
	}
	m.Apply("r-20260801-1", threat.Verdicts{ref("1.1"): verdict.Fail, ref("1.3"): verdict.Inconclusive, ref("2.1"): verdict.Pass})
	a := &threat.Analysis{Model: m, Product: threatProduct(), Met: []threat.Ref{ref("2.1")}}
	m.Problems = []threat.Problem{{File: "threats.yaml", Line: 12, Reason: verdict.Because("threat.problem.own", "error", "rule "+hostileEscape)}}
	a.Annexes = []*threat.Annex{{
		Standard: "sample-1",
		Threats: []threat.AnnexThreat{
			{ID: "T-1/1", Threat: "T-1", Title: both("Strangers log in", "外人登入"), Weakness: both("no login", "未鑑別"), Consequence: both("they see all", "一覽無遺"), Printed: threat.Major, Calculated: threat.Critical, Threats: []string{m.Threats[1].ID}},
			{ID: "T-2/1", Threat: "T-2", Title: both("Power fails", "斷電"), Weakness: both("no battery", "無電池"), Printed: threat.Minor},
		},
		Measures: []threat.AnnexMeasure{{Row: 1, Threat: "T-1", Requirements: []standard.RequirementID{"1.1", "2.1"}, PrintedBefore: threat.Critical, PrintedAfter: threat.Minor,
			CalculatedBefore: threat.Critical, CalculatedAfter: threat.Minor, Residual: threat.Critical, Threats: []string{m.Threats[1].ID}}},
	}}
	way := func(from threat.Entry, to string, potential, closed int, steps ...threat.Step) threat.Path {
		return threat.Path{From: from, To: to, Potential: potential, Unprotected: 0, Protected: closed, Steps: steps}
	}
	step := func(from, to string, points, i int) threat.Step {
		return threat.Step{From: from, To: to, Points: points, Threat: &m.Threats[i], Weakness: &m.Threats[i].Weaknesses[0]}
	}
	one := way(threat.Local, "data/video", 4, -1, step("local", "control/camera", 4, 1), threat.Step{From: "control/camera", To: "data/video"})
	two := way(threat.Remote, "control/camera", 9, 20, step("remote", "control/cloud", 4, 0), step("control/cloud", "control/camera", 5, 2))
	a.Paths = &threat.Paths{All: []threat.Path{one, two, way(threat.Supply, "function/camera", 30, 30)},
		Changes: threat.Changes{Countermeasures: m.Threats[1].Weaknesses[0].Countermeasures, Cheapest: 4, Then: 9, Sum: 43, SumThen: 48}}
	a.Cheapest = []threat.Path{one, two}
	a.Lengthened = [][]threat.Lengthened{
		{{Countermeasure: m.Threats[1].Weaknesses[0].Countermeasures[0], Then: -1}},
		{{Countermeasure: m.Threats[0].Weaknesses[0].Countermeasures[0], Then: 14}, {Countermeasure: m.Threats[2].Weaknesses[0].Countermeasures[0], Then: 9}},
	}
	a.Findings = []threat.Finding{
		{Kind: threat.Undecided, Threat: m.Threats[0].ID, Reason: verdict.Because("threat.finding.undecided", "level", "Critical")},
		{Kind: threat.Expired, Threat: m.Threats[1].ID, Line: 7, Reason: verdict.Because("threat.finding.expired", "by", "Chen "+hostileMarkup, "until", "2026-01-31")},
		{Kind: threat.Unneeded, Reason: verdict.Because(hostileKey, "arg", hostileMarkup)},
	}
	return a
}

// rated3 is a threat whose attack is easy before, and hard once the
// requirements are met.
func rated3(m *threat.Model, rule string, on int, class threat.Stride, own bool, reqs ...string) threat.Threat {
	title, scenario := both("Somebody does "+rule, "有人進行 "+rule), both("They need a laptop, and a * in the way.", "只需一台筆電。")
	because := both("it speaks `mqtt`", "使用 mqtt")
	if own {
		title, scenario, because = both(hostileMarkup, hostileMarkup), both(hostileFormula, hostileFormula), both(hostileBidi, hostileEscape)
	}
	r := &threat.Rule{ID: rule, Stride: class, Title: title, Scenario: scenario, Gives: threat.Control, CAPEC: []string{"CAPEC-94"}, ETSI: []string{"5.5-1"}, Annex: []string{"T-1/1"}, Own: own}
	e := &m.Elements[on]
	before, after := threatFactors("none", "high"), threatFactors("much", "high")
	if own {
		before[threat.Opportunity] = threat.Chosen{Level: "some", Why: both(hostileMarkup, hostileMarkup), Own: true, By: "Lin"}
	}
	after[threat.Expertise] = threat.Chosen{Level: "much", Why: both("sound encryption", "健全的加密")}
	x := threat.Threat{ID: rule + "@" + e.Ref, Rule: r, Element: e, Because: because, Vectors: []threat.Vector{{Entry: threat.Local, Factors: before}, {Entry: threat.Peer, Factors: before}}}
	w := threat.Weakness{WeaknessKind: &threat.WeaknessKind{ID: "weak-" + rule, Title: title, CWE: []string{"CWE-319"}}}
	for _, id := range reqs {
		c := threat.Countermeasure{Requirements: []threat.Judged{{Ref: threat.Ref{Standard: "sample-1", Requirement: standard.RequirementID(id)}}}}
		if id == "1.1" {
			c.Requirements = append(c.Requirements, threat.Judged{Ref: threat.Ref{Standard: "other-2", Requirement: "A-1"}})
		}
		w.Countermeasures = append(w.Countermeasures, c)
	}
	var err error
	if w.Before, err = m.Profile.Rate(before); err == nil {
		w.After, err = m.Profile.Rate(after)
	}
	if err != nil {
		panic(err)
	}
	x.Weaknesses = []threat.Weakness{w}
	return x
}

// threatSample is an input with everything that the pages can show.
func threatSample(t testing.TB, lang i18n.Lang) ThreatInput {
	t.Helper()
	a := threatAnalysis(t)
	std := sampleStandard()
	return ThreatInput{
		Analysis: a, Standards: []*standard.Standard{&std}, Lang: lang, Texts: fixed{realTexts(t)}, Program: "1.0.0", Compared: true, AgainstRun: "r-20260701-1",
		Errors:  []Error{{"model", "threats.yaml has mistakes " + hostileMarkup, "threats.yaml:12"}},
		Against: []threat.Difference{{ID: a.Threats[3].ID, Before: a.Threats[3].Before, Now: a.Threats[3].Residual}, {ID: "gone@" + hostileMarkup, Before: a.Threats[0].Before}},
	}
}

// manyThreats is an analysis of n threats on some elements.
func manyThreats(t testing.TB, n, elements int) *threat.Analysis {
	t.Helper()
	m := &threat.Model{Profile: threatProfile(), Context: "iot"}
	p := sampleProduct()
	for i := range elements {
		id := fmt.Sprintf("c%d", i)
		p.Components = append(p.Components, product.Component{ID: id, Kind: "device"})
		m.Elements = append(m.Elements, threat.Element{Ref: "component/" + id, Kind: threat.OnComponent, Name: id, On: id})
		if i > 0 {
			p.Flows = append(p.Flows, product.Flow{From: "c0", To: id, Protocol: "tls"})
		}
	}
	for i := range n {
		m.Threats = append(m.Threats, rated3(m, fmt.Sprintf("rule-%04d", i/elements), i%elements, threat.Tampering, false, "1.1"))
	}
	m.Apply("", nil)
	return &threat.Analysis{Model: m, Product: p}
}
