package threat

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/verdict"
)

// own is a library of two weaknesses and three rules, so that these tests
// don't depend on what the embedded one holds.
const own = `schema: assay/decisions@1
weaknesses:
  - id: open-door
    title: {en: The door is open, zh-Hant: 門沒關}
    cwe: [CWE-306]
    measure: authenticate
    countermeasures: [[iot-1005-1/5.1.1.3, etsi-en-303-645/5.5-4]]
    evident: 'element.auth == "none"'
  - id: thin-walls
    title: {en: The walls are thin, zh-Hant: 牆太薄}
    cwe: [CWE-319]
    measure: encrypt-transport
    countermeasures: [iot-1005-1/5.4.2.1, iot-1005-1/5.4.2.2]
rules:
  - id: walks-in
    on: interface
    stride: elevation-of-privilege
    when: 'element.listens'
    title: {en: Somebody walks in, zh-Hant: 有人走進來}
    scenario: {en: A stranger opens the page., zh-Hant: 陌生人開啟網頁。}
    because: {en: "{id} listens on {port}", zh-Hant: "{id} 於 {port} 等候連線"}
    technique: use-offered
    gives: control
    weaknesses: [open-door]
  - id: listens-in
    on: flow
    stride: information-disclosure
    when: 'element.carries.size() > 0'
    title: {en: Somebody listens, zh-Hant: 有人竊聽}
    scenario: {en: A neighbour records., zh-Hant: 鄰居側錄。}
    because: {en: "{data} from {from} to {to}", zh-Hant: "{data} 由 {from} 至 {to}"}
    technique: sniff
    gives: read
    weaknesses: [thin-walls, open-door]
  - id: comes-back
    on: component
    stride: tampering
    when: 'element.type == "device" && "backend" in element.neighbours'
    title: {en: The cloud turns on the device, zh-Hant: 雲端反撲裝置}
    scenario: {en: Who holds the cloud commands the device., zh-Hant: 取得雲端者可指揮裝置。}
    because: {en: "{id} talks to {neighbours}", zh-Hant: "{id} 與 {neighbours} 連線"}
    technique: use-offered
    entry: [peer]
    gives: control
    weaknesses: [thin-walls]
`

var house = map[string]any{
	"components": []any{
		map[string]any{"id": "camera", "kind": "device", "transducers": []any{"image sensor"}},
		map[string]any{"id": "cloud", "kind": "backend", "operated_by": "maker"},
		map[string]any{"id": "app", "kind": "app"},
	},
	"interfaces": []any{
		map[string]any{"id": "web", "on": "camera", "protocol": "https", "port": 443, "auth": "none"},
		map[string]any{"id": "api", "on": "cloud", "protocol": "https", "port": 443, "auth": "token"},
	},
	"data":  []any{map[string]any{"id": "video", "category": "sensitive-personal"}},
	"flows": []any{map[string]any{"from": "camera", "to": "cloud", "protocol": "tls", "data": []any{"video"}}, map[string]any{"from": "app", "to": "camera", "interface": "web", "data": []any{"video"}}},
}

// bare is the embedded library without its rules, and what a threats.yaml
// adds.
func bare(t testing.TB, threats string) (*Library, *Decisions, []Problem) {
	t.Helper()
	b := library(t).clone()
	b.Rules, b.Weaknesses = nil, nil
	return Load(DecisionsFile, []byte(threats), b, limit.Default().YAML)
}

func houseModel(t testing.TB) (*Model, *product.Product) {
	t.Helper()
	l, _, problems := bare(t, own)
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	p := model(t, house)
	m, err := l.Generate(t.Context(), p, Options{})
	if err != nil || len(m.Problems) > 0 {
		t.Fatalf("%v %v", err, m.Problems)
	}
	return m, p
}

func levels(m *Model) map[string]string {
	out := map[string]string{}
	for _, x := range m.Threats {
		out[x.ID] = fmt.Sprintf("%s > %s > %s", x.Before.Level, x.Residual.Level, x.After.Level)
	}
	return out
}

// TestResidual: what counts is PASS without a FAIL beside it, and a threat is
// as bad as its worst weakness.
func TestResidual(t *testing.T) {
	t.Parallel()
	ref := func(s string) Ref { r, _ := ParseRef(s); return r }
	door, doorEN := ref("iot-1005-1/5.1.1.3"), ref("etsi-en-303-645/5.5-4")
	walls, factors := ref("iot-1005-1/5.4.2.1"), ref("iot-1005-1/5.4.2.2")
	for _, c := range []struct {
		name           string
		v              Verdicts
		walks, listens string // residual of walks-in on web, and of listens-in to the cloud
		failed         bool   // the door's countermeasure is flagged
	}{
		{"no-run", nil, "Critical", "Critical", false},
		{"pass", Verdicts{door: verdict.Pass}, "Minor", "Critical", false},
		{"pass-in-the-other-standard", Verdicts{doorEN: verdict.Pass}, "Minor", "Critical", false},
		{"pass-and-undecided", Verdicts{door: verdict.Pass, doorEN: verdict.Inconclusive}, "Minor", "Critical", false},
		{"pass-and-fail", Verdicts{door: verdict.Pass, doorEN: verdict.Fail}, "Critical", "Critical", true},
		{"inconclusive", Verdicts{door: verdict.Inconclusive}, "Critical", "Critical", false},
		{"not-tested", Verdicts{door: verdict.NotTested}, "Critical", "Critical", false},
		{"not-applicable", Verdicts{door: verdict.NotApplicable}, "Critical", "Critical", false},
		{"not-claimed", Verdicts{door: verdict.NotClaimed}, "Critical", "Critical", false},
		{"half-of-the-walls", Verdicts{door: verdict.Pass, walls: verdict.Pass}, "Minor", "Critical", false},
		{"everything", Verdicts{door: verdict.Pass, walls: verdict.Pass, factors: verdict.Pass}, "Minor", "Minor", false},
		{"walls-without-door", Verdicts{walls: verdict.Pass, factors: verdict.Pass}, "Critical", "Critical", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, _ := houseModel(t)
			m.Apply("a run", c.v)
			walks, _ := m.Threat("walks-in@interface/web")
			listens, ok := m.Threat("listens-in@flow/camera:cloud:tls")
			if !ok {
				t.Fatalf("threats: %v", levels(m))
			}
			if string(walks.Residual.Level) != c.walks || string(listens.Residual.Level) != c.listens {
				t.Errorf("walks-in %s, listens-in %s; want %s, %s", walks.Residual.Level, listens.Residual.Level, c.walks, c.listens)
			}
			if got := walks.Weaknesses[0].Countermeasures[0].Failed; got != c.failed {
				t.Errorf("failed = %v", got)
			}
			if !walks.Weaknesses[0].Evident {
				t.Error("the model says auth: none, and the weakness isn't evident")
			}
		})
	}
}

// TestResidualIsMonotone: one more PASS never raises a risk or shortens a
// path, one more FAIL never lowers one.
func TestResidualIsMonotone(t *testing.T) {
	t.Parallel()
	m, p := houseModel(t)
	var refs []Ref
	for _, x := range m.Threats {
		for _, w := range x.Weaknesses {
			for _, c := range w.Countermeasures {
				for _, r := range c.Requirements {
					if !slices.Contains(refs, r.Ref) {
						refs = append(refs, r.Ref)
					}
				}
			}
		}
	}
	state := func(v Verdicts) (map[string]int, map[string]int) {
		m.Apply("", v)
		risks, paths := map[string]int{}, map[string]int{}
		for _, x := range m.Threats {
			risks[x.ID] = x.Residual.Product
		}
		for _, x := range m.Paths(p).All {
			paths[string(x.From)+">"+x.To] = x.Potential
		}
		return risks, paths
	}
	rapid.Check(t, func(t *rapid.T) {
		v := Verdicts{}
		for _, r := range refs {
			v[r] = rapid.SampledFrom([]verdict.Verdict{verdict.Pass, verdict.Fail, verdict.Inconclusive, ""}).Draw(t, r.String())
		}
		r := rapid.SampledFrom(refs).Draw(t, "changed")
		risks, paths := state(v)
		better, longer := state(WhatIf(v, r))
		for id, n := range better {
			if n > risks[id] {
				t.Fatalf("%s rises from %d to %d because %s is met", id, risks[id], n, r)
			}
		}
		for key, n := range longer {
			if n < paths[key] {
				t.Fatalf("%s gets cheaper, %d instead of %d, because %s is met", key, n, paths[key], r)
			}
		}
		v[r] = verdict.Fail
		worse, _ := state(v)
		for id, n := range worse {
			if n < risks[id] {
				t.Fatalf("%s falls from %d to %d because %s fails", id, risks[id], n, r)
			}
		}
	})
}

func TestCompare(t *testing.T) {
	t.Parallel()
	before, _ := houseModel(t)
	now, _ := houseModel(t)
	now.Apply("b", Verdicts{Ref{"iot-1005-1", "5.1.1.3"}: verdict.Pass})
	var got []string
	for _, d := range Compare(before, now) {
		got = append(got, fmt.Sprintf("%s %s > %s", d.ID, d.Before.Level, d.Now.Level))
	}
	want := []string{"walks-in@interface/api Critical > Minor", "walks-in@interface/web Critical > Minor"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d := Compare(now, now); len(d) > 0 {
		t.Errorf("a model differs from itself: %v", d)
	}
	now.Threats = now.Threats[1:]
	if d := Compare(before, now); len(d) == 0 || d[0].Now.Level != "" {
		t.Errorf("a threat that is gone: %v", d)
	}
}

// TestPaths: the way through the cloud is found, free steps included, and
// what is put in its way makes it longer.
func TestPaths(t *testing.T) {
	t.Parallel()
	m, p := houseModel(t)
	var lines []string
	for _, x := range m.Paths(p).All {
		var steps []string
		for _, s := range x.Steps {
			id := "holds it"
			if s.Threat != nil {
				id = s.Threat.ID
			}
			steps = append(steps, fmt.Sprintf("%s (%d) %s", id, s.Points, s.To))
		}
		lines = append(lines, fmt.Sprintf("%d %s > %s: %s", x.Potential, x.From, x.To, strings.Join(steps, ", ")))
	}
	want := []string{
		"0 remote > data/video: walks-in@interface/api (0) control/cloud, holds it (0) data/video",
		"1 remote > control/camera: walks-in@interface/api (0) control/cloud, comes-back@component/camera (1) control/camera",
		"1 local > control/camera: holds it (0) network/premises, walks-in@interface/web (1) control/camera",
		"1 local > data/video: holds it (0) network/premises, walks-in@interface/web (1) control/camera, holds it (0) data/video",
		"1 remote > function/camera: walks-in@interface/api (0) control/cloud, comes-back@component/camera (1) control/camera, holds it (0) function/camera",
		"1 local > function/camera: holds it (0) network/premises, walks-in@interface/web (1) control/camera, holds it (0) function/camera",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	paths := m.Paths(p)
	first := paths.Cheapest(1)[0]
	var longer []string
	for _, x := range m.Lengthen(p, first) {
		longer = append(longer, fmt.Sprintf("%s %d", x.Countermeasure.Key(), x.Then))
	}
	// With the door closed the attacker records on the Internet instead.
	if diff := cmp.Diff([]string{"iot-1005-1/5.1.1.3|etsi-en-303-645/5.5-4 7"}, longer); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	c := paths.Changes
	if c.Cheapest != 0 || c.Then <= c.Cheapest || len(c.Countermeasures) == 0 || len(c.Countermeasures) > 3 || c.SumThen <= c.Sum {
		t.Errorf("changes: %+v", c)
	}
	all := Verdicts{}
	for _, x := range m.Threats {
		for _, w := range x.Weaknesses {
			for _, c := range w.Countermeasures {
				all[c.Requirements[0].Ref] = verdict.Pass
			}
		}
	}
	m.Apply("", all)
	for _, x := range m.Paths(p).All {
		if x.Potential < 20 || x.Potential != x.Protected {
			t.Errorf("%s > %s still costs %d with everything in place (%d)", x.From, x.To, x.Potential, x.Protected)
		}
	}
}

// TestFindings: a threat without decision, decisions that do nothing, an
// acceptance that ran out, a capability that nothing asks for.
func TestFindings(t *testing.T) {
	t.Parallel()
	l, d, problems := bare(t, own+`decisions:
  - {threat: walks-in@interface/web, decide: mitigate}
  - {threat: "listens-in@*", decide: accept, by: A. Chen, why: nothing worth hearing, until: 2026-01-31}
  - {threat: comes-back@component/camera, decide: avoid}
  - {threat: walks-in@interface/gone, decide: mitigate}
  - {threat: walks-in@interface/removed, decide: avoid}
factors:
  - {threat: walks-in@interface/web, set: {time: le_1_day}, why: as it was}
  - {threat: walks-in@interface/api, set: {opportunity: difficult}, why: only from the maker's office, by: B. Lin}
`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	part := map[string]any{"standards": []any{"etsi-en-303-645"}, "claims": map[string]any{"etsi-en-303-645": map[string]any{"5.6-8": map[string]any{"support": "yes"}, "5.5-4": map[string]any{"support": "yes"}, "5.1-1": map[string]any{"support": "yes"}}}}
	for k, v := range house {
		part[k] = v
	}
	p := model(t, part)
	m, err := l.Generate(t.Context(), p, Options{Decisions: d})
	if err != nil {
		t.Fatal(err)
	}
	m.Apply("a run", Verdicts{})
	en, err := standard.Get("etsi-en-303-645")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range m.Findings(p, []*standard.Standard{en}, time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)) {
		got = append(got, fmt.Sprintf("%s %s %s %v", f.Kind, f.Threat, f.Reason.Key, f.Reason.Args))
	}
	want := []string{
		"idle comes-back@component/camera threat.finding.still-there map[]",
		"expired listens-in@flow/app:camera:web threat.finding.expired map[by:A. Chen until:2026-01-31]",
		"expired listens-in@flow/camera:cloud:tls threat.finding.expired map[by:A. Chen until:2026-01-31]",
		"undecided walks-in@interface/api threat.finding.undecided map[level:Critical]",
		"idle walks-in@interface/web threat.finding.not-lower map[level:Critical]",
		"idle  threat.finding.no-threat map[threat:walks-in@interface/gone]",
		"idle  threat.finding.no-change map[threat:walks-in@interface/web]",
		"unneeded  threat.finding.unneeded map[requirement:etsi-en-303-645/5.6-8]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	x, _ := m.Threat("walks-in@interface/api")
	if c := x.Vectors[0].Factors[Opportunity]; c.Level != "difficult" || !c.Own || c.By != "B. Lin" {
		t.Errorf("the factor that was set by hand: %+v", c)
	}
}

// TestChangesAreTheBest holds the search against trying every three
// countermeasures, on the templates and the house.
func TestChangesAreTheBest(t *testing.T) {
	t.Parallel()
	products := map[string]*product.Product{"house": model(t, house)}
	for _, name := range product.Templates() {
		products[name] = template(t, name)
	}
	for name, p := range products {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := library(t)
			if name == "house" {
				var problems []Problem
				if l, _, problems = bare(t, own); len(problems) > 0 {
					t.Fatal(problems)
				}
			}
			m, err := l.Generate(t.Context(), p, Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := m.Paths(p).Changes
			if got.Cut || len(got.Countermeasures) > 3 {
				t.Errorf("%d countermeasures, cut: %v", len(got.Countermeasures), got.Cut)
			}
			g := newGraph(m, p)
			b := bestSearch{g: g, starts: g.starts()}
			best := got.Cheapest
			var on []int // only what stands on the way to some target can matter
			for _, target := range g.targets {
				on = append(on, g.open(g.search(g.counts, b.starts...), target, on...)...)
			}
			for i := range on {
				for j := i; j < len(on); j++ {
					for k := j; k < len(on); k++ {
						counts := slices.Clone(g.counts)
						counts[on[i]], counts[on[j]], counts[on[k]] = true, true, true
						if c, _, _ := b.rate(g.search(counts, b.starts...)); far(c) > far(best) {
							best = c
						}
					}
				}
			}
			if far(best) > far(got.Then) {
				t.Errorf("the cheapest attack can be raised from %d to %d, the search found %d", got.Cheapest, best, got.Then)
			}
		})
	}
}

// TestPathsRespectZonesAndDevices: who is on the local network isn't in a
// zone behind it, and a threat of the product hits the devices that can be
// reached, not the first one.
func TestPathsRespectZonesAndDevices(t *testing.T) {
	t.Parallel()
	l, _, problems := bare(t, own+`  - {id: preset, on: product, stride: spoofing, when: 'true', title: {en: x}, scenario: {en: x}, because: {en: x}, technique: use-known-secret, entry: [local], gives: control, weaknesses: [open-door]}
`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p := model(t, map[string]any{
		"components": []any{
			map[string]any{"id": "lamp", "kind": "device"},
			map[string]any{"id": "plc", "kind": "device", "zone": "cell"},
			map[string]any{"id": "edge", "kind": "gateway", "zone": "office"},
			map[string]any{"id": "cloud", "kind": "backend"},
		},
		"interfaces": []any{
			map[string]any{"id": "bus", "on": "plc", "protocol": "modbus-tcp", "port": 502},
			map[string]any{"id": "web", "on": "edge", "protocol": "https", "port": 443},
		},
		"data":  []any{map[string]any{"id": "values", "category": "telemetry"}},
		"flows": []any{map[string]any{"from": "edge", "to": "cloud", "protocol": "tls", "data": []any{"values"}}, map[string]any{"from": "edge", "to": "plc", "interface": "bus", "data": []any{"values"}}},
	})
	m, err := l.Generate(t.Context(), p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	steps := map[string]string{}
	for _, x := range m.Paths(p).All {
		if x.From == Local {
			var ids []string
			for _, s := range x.Steps {
				ids = append(ids, s.To)
			}
			steps[x.To] = strings.Join(ids, " ")
		}
	}
	if steps["control/lamp"] != "" {
		t.Errorf("the lamp has nothing to log in to, and is taken over by %s", steps["control/lamp"])
	}
	if want := "network/office control/edge"; steps["control/edge"] != want {
		t.Errorf("the edge: %q, want %q", steps["control/edge"], want)
	}
	if !strings.HasPrefix(steps["control/plc"], "network/office control/edge") {
		t.Errorf("the cell is reached without the edge: %q", steps["control/plc"])
	}
}
