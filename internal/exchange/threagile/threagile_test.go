package threagile

import (
	"fmt"
	"testing"

	"assay/internal/limit"
	"assay/internal/yamltree"

	"github.com/google/go-cmp/cmp"
)

var lim = yamltree.Limits(limit.Default().YAML)

const sample = `threagile_version: 1.0.0
title: Kettle
data_assets:
  Log: &log {id: log, confidentiality: internal, tags: [x]}
  Key: {<<: *log, id: key, confidentiality: secret}
technical_assets:
  Kettle:
    id: kettle
    internet: true
    raa: 12.5
    communication_links:
      "To: the cloud": {target: cloud, protocol: https, vpn: maybe}
questions:
  Why?: Because.
individual_risk_categories:
  Scald: {id: scald, cwe: 1, risks_identified: {Now: {severity: low}}}
custom_risk_categories:
  - {title: Steam, id: steam}
`

func TestRead(t *testing.T) {
	t.Parallel()
	m, res := Read("kettle.yaml", []byte(sample), lim)
	if m == nil {
		t.Fatal(res.Faults)
	}
	want := &Model{
		Version: "1.0.0", Title: "Kettle",
		DataAssets: []DataAsset{
			{Title: "Log", ID: "log", Confidentiality: "internal", Tags: []string{"x"}},
			{Title: "Key", ID: "key", Confidentiality: "secret", Tags: []string{"x"}}, // merged in, and overridden
		},
		TechnicalAssets: []Asset{{Title: "Kettle", ID: "kettle", Internet: true, RAA: "12.5",
			Links: []Link{{Title: "To: the cloud", Target: "cloud", Protocol: "https"}}}},
		Questions:                []Entry{{"Why?", "Because."}},
		IndividualRiskCategories: []RiskCategory{{"Scald", Risk{ID: "scald", CWE: "1", Identified: []IdentifiedRisk{{Title: "Now", Severity: "low"}}}}},
		CustomRiskCategories:     []Risk{{Title: "Steam", ID: "steam"}},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var faults []string
	for _, f := range res.Faults {
		faults = append(faults, fmt.Sprintf("%d:%d %s %s", f.Line, f.Column, f.Reason, f.Path))
	}
	wantFaults := []string{
		"5:45 unknown-value data_assets.Key.confidentiality",
		`12:62 want-bool technical_assets.Kettle.communication_links["To: the cloud"].vpn`,
	}
	if diff := cmp.Diff(wantFaults, faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if got := yamltree.Shape(Model{}, `technical_assets.Kettle.communication_links["To: the cloud"].vpn`); got != "technical_assets.*.communication_links.*.vpn" {
		t.Errorf("shape %s", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("technical_assets:\n  A: &a {id: a, <<: *a}\n  B: {<<: [*a, {<<: *a}]}\n"))
	f.Add([]byte("questions: [a]\ntitle: {a: b}\n? [x]\n: y\n"))
	small := yamltree.Limits{Size: 64 << 10, Depth: 32, Nodes: 5000, Aliases: 50, Scalar: 8 << 10}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, res := Read("x.yaml", data, small)
		if m == nil && len(res.Faults) == 0 {
			t.Fatal("no model and no fault")
		}
		for _, path := range res.Order {
			if at := res.Places[path]; at.Line < 1 || at.Column < 1 {
				t.Errorf("%s stands at %v", path, at)
			}
		}
	})
}
