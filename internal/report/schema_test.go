package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"assay/internal/i18n"
	"assay/internal/judge"
	"assay/internal/product"
	"assay/internal/threat"
)

func readSchema(t *testing.T, kind string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "schema", "assay-"+kind+"-1.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return doc.(map[string]any)
}

// shut makes a schema refuse every field that it doesn't describe, so that
// the documents can't grow fields which it doesn't know.
func shut(x any) {
	switch x := x.(type) {
	case map[string]any:
		for _, v := range x {
			shut(v)
		}
		if _, ok := x["properties"]; ok && x["type"] == "object" {
			x["additionalProperties"] = false
		}
	case []any:
		for _, v := range x {
			shut(v)
		}
	}
}

func compiled(t *testing.T, doc map[string]any) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("run.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("run.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJSONSchema(t *testing.T) {
	t.Parallel()
	doc := readSchema(t, "run")
	shut(doc)
	s := compiled(t, doc)
	empty := Input{Product: &product.Product{}, Assessment: &judge.Assessment{}, Texts: realTexts(t), Lang: i18n.En, Errors: []Error{{"full-disk", "no space", "/x"}}}
	for name, in := range map[string]Input{
		"sample-en": sample(t, i18n.En), "sample-zh": sample(t, i18n.Zh), "realistic": realistic(t, i18n.Zh), "empty": empty,
	} {
		got := encode(t, "json", in)
		if !strings.HasPrefix(got, "{\n  \"schema\": \"assay/run@1\",") {
			t.Errorf("%s begins with %.40q", name, got)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(got))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestJSONSchemaRefuses: the schema isn't so loose that anything passes.
func TestJSONSchemaRefuses(t *testing.T) {
	t.Parallel()
	s := compiled(t, readSchema(t, "run"))
	for _, tc := range []struct{ name, from, to string }{
		{"other-schema", `"schema": "assay/run@1"`, `"schema": "assay/run@2"`},
		{"verdict-in-words", `"verdict": "NOT_APPLICABLE"`, `"verdict": "not applicable"`},
		{"null-list", `"errors": []`, `"errors": null`},
		{"no-reason-text", `"text": "nobody has recorded a result"`, `"txt": ""`},
		{"bad-time", `"started": "2026-08-01T12:00:00Z"`, `"started": "yesterday"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			good := encode(t, "json", sample(t, i18n.En))
			bad := strings.Replace(good, tc.from, tc.to, 1)
			if bad == good {
				t.Fatalf("the document holds no %s", tc.from)
			}
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
			if err != nil {
				t.Fatal(err)
			}
			if s.Validate(v) == nil {
				t.Error("it passes")
			}
		})
	}
}

func TestThreatsSchema(t *testing.T) {
	t.Parallel()
	doc := readSchema(t, "threats")
	shut(doc)
	s := compiled(t, doc)
	empty := ThreatInput{Analysis: &threat.Analysis{Model: &threat.Model{}, Product: &product.Product{}}, Texts: realTexts(t), Lang: i18n.En}
	for name, in := range map[string]ThreatInput{"sample-en": threatSample(t, i18n.En), "sample-zh": threatSample(t, i18n.Zh), "empty": empty} {
		got := encodeThreats(t, "json", in)
		if !strings.HasPrefix(got, "{\n  \"schema\": \"assay/threats@1\",") {
			t.Errorf("%s begins with %.40q", name, got)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(got))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestThreatsSchemaRefuses: the schema isn't so loose that anything passes.
func TestThreatsSchemaRefuses(t *testing.T) {
	t.Parallel()
	s := compiled(t, readSchema(t, "threats"))
	good := encodeThreats(t, "json", threatSample(t, i18n.En))
	for _, tc := range []struct{ name, from, to string }{
		{"other-schema", `"assay/threats@1"`, `"assay/threats@2"`}, {"level-in-words", `"level": "Critical"`, `"level": "critical"`}, {"null-list", `"findings": [`, `"findings": null, "x": [`},
		{"no-residual", `"residual": {`, `"rest": {`}, {"other-class", `"stride": "spoofing"`, `"stride": "S"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			bad := strings.Replace(good, tc.from, tc.to, 1)
			if bad == good {
				t.Fatalf("the document holds no %s", tc.from)
			}
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
			if err != nil {
				t.Fatal(err)
			}
			if s.Validate(v) == nil {
				t.Error("it passes")
			}
		})
	}
}

// described is the part of docs/json.md about one kind of document.
func described(t *testing.T, kind string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n## `assay/"+kind+"@1`\n")
	if !ok {
		t.Fatalf("docs/json.md has no section about assay/%s@1", kind)
	}
	out, _, _ := strings.Cut(rest, "\n## ")
	return out
}

// TestJSONDocumented: docs/json.md names every field, and its examples are
// JSON with known fields.
func TestJSONDocumented(t *testing.T) {
	t.Parallel()
	var run jsonRun
	var threats jsonThreats
	for kind, doc := range map[string]any{"run": &run, "threats": &threats} {
		text := described(t, kind)
		names := fieldNames(readSchema(t, kind))
		for _, name := range names {
			if !strings.Contains(text, "`"+name+"`") {
				t.Errorf("docs/json.md lacks the field %s of %s", name, kind)
			}
		}
		if len(names) < 60 {
			t.Errorf("%s: only %d fields", kind, len(names))
		}
		_, example, _ := strings.Cut(text, "```json\n")
		example, _, _ = strings.Cut(example, "```")
		dec := json.NewDecoder(strings.NewReader(example))
		dec.DisallowUnknownFields()
		if err := dec.Decode(doc); err != nil {
			t.Errorf("the example of %s: %v", kind, err)
		}
		if kind == "run" {
			continue // an excerpt
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(example))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled(t, readSchema(t, kind)).Validate(v); err != nil {
			t.Errorf("the example of %s: %v", kind, err)
		}
	}
	if len(run.Verdicts) != 1 || len(threats.Threats) != 1 {
		t.Errorf("the examples show %d verdicts and %d threats", len(run.Verdicts), len(threats.Threats))
	}
}

// fieldNames lists the fields of a schema.
func fieldNames(x any) []string {
	var out []string
	switch x := x.(type) {
	case map[string]any:
		if ps, ok := x["properties"].(map[string]any); ok {
			for name := range ps {
				out = append(out, name)
			}
		}
		for _, v := range x {
			out = append(out, fieldNames(v)...)
		}
	case []any:
		for _, v := range x {
			out = append(out, fieldNames(v)...)
		}
	}
	return out
}
