package otm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"assay/internal/limit"
	"assay/internal/yamltree"

	"github.com/google/go-cmp/cmp"
)

var lim = yamltree.Limits(limit.Default().YAML)

const sample = `otmVersion: 0.2.0
project:
  name: Door bell
  id: bell
  attributes: { build: 2026-01-02, rounds: 0x10, half: 1.50, nested: { deep: [1, null, true] }, none: null }
  mood: sunny
assets:
  - { id: a, name: A, risk: { confidentiality: 1_0, integrity: 1e2, availability: .5 } }
components:
  - id: c
    name: C
    type: device
    parent: { id: z, type: trustZone }
threats:
  - { id: t, name: T, risk: { likelihood: null, impact: 3 } }
`

func TestRead(t *testing.T) {
	t.Parallel()
	doc, res := Read("bell.yaml", []byte(sample), lim)
	if doc == nil {
		t.Fatal(res.Faults)
	}
	var got []string
	for _, f := range res.Faults {
		got = append(got, fmt.Sprintf("%d:%d %s %s", f.Line, f.Column, f.Reason, f.Path))
	}
	want := []string{"6:3 unknown-field project.mood", "13:13 old-parent components[0].parent"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if at := res.Places["assets[0].risk.integrity"]; at != (yamltree.Place{Line: 8, Column: 64}) {
		t.Errorf("integrity stands at %v", at)
	}
	attributes := Attributes{"build": "2026-01-02", "rounds": Number("16"), "half": Number("1.50"), "none": nil,
		"nested": map[string]any{"deep": []any{Number("1"), nil, true}}}
	if diff := cmp.Diff(attributes, doc.Project.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if r := doc.Assets[0].Risk; r.Confidentiality != "10" || r.Integrity != "1e2" || r.Availability != "0.5" {
		t.Errorf("numbers: %+v", r)
	}
	if p := doc.Components[0].Parent; p.TrustZone != "z" || p.Extra != nil {
		t.Errorf("parent: %+v", p)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	doc, _ := Read("bell.yaml", []byte(sample), lim)
	got, err := Write(doc, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "otmVersion": "0.2.0",
  "project": {
    "name": "Door bell",
    "id": "bell",
    "attributes": {
      "build": "2026-01-02",
      "half": 1.50,
      "nested": {
        "deep": [
          1,
          null,
          true
        ]
      },
      "none": null,
      "rounds": 16
    },
    "mood": "sunny"
  },
  "assets": [
    {
      "name": "A",
      "id": "a",
      "risk": {
        "confidentiality": 10,
        "integrity": 1e2,
        "availability": 0.5
      }
    }
  ],
  "components": [
    {
      "id": "c",
      "name": "C",
      "type": "device",
      "parent": {
        "trustZone": "z"
      }
    }
  ],
  "threats": [
    {
      "id": "t",
      "name": "T",
      "risk": {
        "likelihood": null,
        "impact": 3
      }
    }
  ]
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Write(doc, 100); err == nil || !strings.Contains(err.Error(), "longer than 100 bytes") {
		t.Errorf("a document beyond the bound: %v", err)
	}
	doc.Assets[0].Risk.Integrity = "1; DROP"
	if _, err := Write(doc, 1<<20); err == nil {
		t.Error("a number that is none was written")
	}
}

// TestYAMLInBraces: a file that begins with { and is no JSON is YAML, but not
// where its name says JSON.
func TestYAMLInBraces(t *testing.T) {
	t.Parallel()
	data := []byte("{otmVersion: 0.2.0, project: {id: p, name: P}}")
	if doc, res := Read("x", data, lim); doc == nil || doc.Project.ID != "p" {
		t.Errorf("YAML in braces: %v", res.Faults)
	}
	if doc, _ := Read("x.json", data, lim); doc != nil {
		t.Error("it was read as JSON")
	}
}

// FuzzRead: what is read is written, and read again says the same.
func FuzzRead(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"otmVersion":"0.2.0","project":{"id":"\u0000","name":"\ud800"},"dataflows":[{"bidirectional":true,"assets":[null]}]}`))
	f.Add([]byte("project: {attributes: {? [a] : b, c: !!binary aGk=}}\nproject: 1\n"))
	small := yamltree.Limits{Size: 64 << 10, Depth: 32, Nodes: 5000, Aliases: 50, Scalar: 8 << 10}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, res := Read("x", data, small)
		if doc == nil {
			if len(res.Faults) == 0 {
				t.Fatal("no document and no fault")
			}
			return
		}
		first, err := Write(doc, 1<<24)
		if err != nil {
			t.Fatal(err)
		}
		again, res := Read("x.json", first, lim)
		if again == nil {
			t.Fatal(res.Faults)
		}
		if second, err := Write(again, 1<<24); err != nil || !bytes.Equal(first, second) {
			t.Errorf("%v\n%s", err, cmp.Diff(string(first), string(second)))
		}
	})
}
