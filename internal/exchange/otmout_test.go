package exchange

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"assay/internal/exchange/otm"
	"assay/internal/product"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(read(t, "otm.schema.json")))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("otm", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("otm")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, data []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// full is the product that uses every field.
func full(t *testing.T) *product.Product {
	t.Helper()
	data, err := os.ReadFile("../product/testdata/v1/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, problems := product.Load("full.yaml", data, lim)
	if product.HasErrors(problems) {
		t.Fatal(problems)
	}
	return p
}

func someThreats(flow string) ([]Threat, []Mitigation) {
	return []Threat{{
		ID: "spoof@web", Name: "Somebody poses as the administrator", Description: "With a guessed password", Categories: []string{"Spoofing"}, CWEs: []string{"CWE-307"},
		Likelihood: 40, Impact: 90, LikelihoodComment: "reachable on the network", ImpactComment: "control of the camera", Tags: []string{"iot-1005-1/5.1.1.3"},
		Attributes: map[string]string{"assay.rule": "spoof"},
		On: []Instance{
			{Component: "camera", State: "exposed", Mitigations: []MitigationState{{"lock-out", "required"}}},
			{Flow: flow, State: "mitigated", Mitigations: []MitigationState{{"lock-out", "implemented"}}},
		},
	}}, []Mitigation{{ID: "lock-out", Name: "Lock out after five attempts", Description: "Per account", RiskReduction: 60}}
}

func TestToOTM(t *testing.T) {
	t.Parallel()
	p := full(t)
	threats, mitigations := someThreats("settings")
	doc, err := ToOTM(p, threats, mitigations, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := bytesOf(t, doc)
	golden(t, "full.otm.json", got)
	if err := valid(t, schema(t), got); err != nil {
		t.Errorf("not valid by the schema: %v", err)
	}
	// The whole product comes back, as it was loaded.
	back, _, _, err := FromOTM("full.otm.json", got, lim)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, back, byValue); diff != "" {
		t.Errorf("the product differs (-before +after):\n%s", diff)
	}
}

// TestSchemaIsStrict: the schema that the test above trusts refuses things.
func TestSchemaIsStrict(t *testing.T) {
	t.Parallel()
	s := schema(t)
	good := string(read(t, "full.otm.json"))
	if err := valid(t, s, []byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, swap := range map[string][2]string{
		"version":      {`"otmVersion": "0.2.0"`, `"otmVersion": "9"`},
		"range":        {`"likelihood": 40`, `"likelihood": 140`},
		"parent":       {`"trustZone": "cellar"`, `"trustZone": "cellar", "component": "camera"`},
		"missing-risk": {`"trustRating": 50`, `"rating": 50`},
		"state":        {`"state": "exposed"`, `"state": ""`},
		"unknown":      {`"riskReduction": 60`, `"riskReduction": 60, "cost": 1`},
	} {
		bad := strings.Replace(good, swap[0], swap[1], 1)
		if bad == good {
			t.Errorf("%s: %s is not in the document", name, swap[0])
		}
		if valid(t, s, []byte(bad)) == nil {
			t.Errorf("%s: the schema takes %s", name, swap[1])
		}
	}
}

// TestForeignIsValidToo: the document that came back is one by the schema, but
// for the field that was not of OTM.
func TestForeignIsValidToo(t *testing.T) {
	t.Parallel()
	in := strings.Replace(string(read(t, "sprinkler.otm.json")), `"x-review"`, `"x"`, 1)
	doc := document(t, "x.json", []byte(in))
	doc.Extra = nil
	if err := valid(t, schema(t), bytesOf(t, doc)); err != nil {
		t.Error(err)
	}
}

// TestThreatsJoinTheirs: threats of ours stand beside those that came with the
// document; one of the same id takes over the fields that it states.
func TestThreatsJoinTheirs(t *testing.T) {
	t.Parallel()
	p, rest := workspace(t, "sprinkler.otm.yaml", read(t, "sprinkler.otm.yaml"))
	want := document(t, "sprinkler.otm.yaml", read(t, "sprinkler.otm.yaml"))
	got, err := ToOTM(p, []Threat{
		{ID: "THR-1", Name: "Replay of commands", Likelihood: 70, Impact: 40, On: []Instance{{Component: "valve-box", State: "mitigated"}}},
		{ID: "leak@habits", Name: "Habits leak", Likelihood: 10, Impact: 50, On: []Instance{
			{Component: "Cloud-service", State: "exposed", Mitigations: []MitigationState{{"MIT-1", "required"}}}}},
	}, nil, rest)
	if err != nil {
		t.Fatal(err)
	}
	want.Threats[0].Name, want.Threats[0].Risk.Likelihood = "Replay of commands", "70"
	want.Components[0].Threats[0].State = "mitigated"
	want.Threats = append(want.Threats, otm.Threat{ID: "leak@habits", Name: "Habits leak", Risk: otm.ThreatRisk{Likelihood: "10", Impact: "50"}})
	want.Components[4].Threats = []otm.Instance{{Threat: "leak@habits", State: "exposed", Mitigations: []otm.MitigationUse{{Mitigation: "MIT-1", State: "required"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestToOTMRefuses(t *testing.T) {
	t.Parallel()
	p := full(t)
	for _, c := range []struct {
		name        string
		threats     []Threat
		mitigations []Mitigation
		want        string
	}{
		{"component", []Threat{{ID: "t", On: []Instance{{Component: "nowhere"}}}}, nil, `no component "nowhere"`},
		{"flow", []Threat{{ID: "t", On: []Instance{{Flow: "nowhere"}}}}, nil, `no flow "nowhere"`},
		{"both", []Threat{{ID: "t", On: []Instance{{Component: "camera", Flow: "settings"}}}}, nil, "threat t"},
		{"mitigation", []Threat{{ID: "t", On: []Instance{{Component: "camera", Mitigations: []MitigationState{{"m", "required"}}}}}}, nil, `no mitigation "m"`},
		{"likelihood", []Threat{{ID: "t", Likelihood: 101}}, nil, "likelihood is 101"},
		{"impact", []Threat{{ID: "t", Impact: -1}}, nil, "impact is -1"},
		{"reduction", nil, []Mitigation{{ID: "m", RiskReduction: 200}}, "reduction is 200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := ToOTM(p, c.threats, c.mitigations, nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestFlowIDs(t *testing.T) {
	t.Parallel()
	p := &product.Product{Flows: []product.Flow{{From: "a", To: "b"}, {ID: "a-b", From: "a", To: "b"}, {From: "a", To: "b"}, {From: "a", To: "world"}}}
	if diff := cmp.Diff([]string{"a-b-2", "a-b", "a-b-3", "a-world"}, FlowIDs(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
