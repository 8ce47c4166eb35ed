package standard

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// tiny is a whole standard of one requirement, in which tests break things.
const (
	tinyCatalog = `schema: assay/standard@1
id: tiny
version: v1
origin: assay
title: {en: Tiny, zh-Hant: 小}
jurisdiction: TW
rule: {en: all, zh-Hant: 全部}
source: [a book]
verified: true
aspects:
  - id: "1"
    title: {en: One, zh-Hant: 一}
    aim: {en: Aim, zh-Hant: 目的}
conditions:
  - id: a
    text: {en: It is blue, zh-Hant: 是藍色}
    when: product.colour != "blue"
    confirm: [colour.seen]
    proof: {en: A look at it, zh-Hant: 看一眼}
    verified: true
`
	tinyRequirements = `schema: assay/standard@1
standard: tiny
aspect: "1"
origin: assay
requirements:
  - id: "1-1"
    status: M
    conditions: [a]
    subject: device
    confidence: {status: high, conditions: high}
    verified: true
    title: {en: T, zh-Hant: 題}
    text: {en: X, zh-Hant: 文}
    remedy: {en: R, zh-Hant: 改}
    cases: {all: [{id: tls.version, with: {min: "1.2", reading: {literal: a, strict: b}}}, {any: [{id: a.b}, {id: a.c}]}]}
`
)

func tiny(catalog, requirements string) fstest.MapFS {
	return fstest.MapFS{
		"tiny/catalog.yaml":        {Data: []byte(catalog)},
		"tiny/requirements/1.yaml": {Data: []byte(requirements)},
		"README":                   {Data: []byte("not a standard")},
	}
}

func TestLoadTiny(t *testing.T) {
	t.Parallel()
	got, err := Load(tiny(tinyCatalog, tinyRequirements))
	if err != nil {
		t.Fatal(err)
	}
	if errs := Lint(got); len(errs) > 0 {
		t.Errorf("lint: %v", errs)
	}
	r := got[0].Requirements[0]
	want := &Expr{All: []Expr{
		{Case: "tls.version", With: map[string]Value{"min": Same("1.2"), "reading": PerProfile("a", "b")}},
		{Any: []Expr{{Case: "a.b"}, {Case: "a.c"}}},
	}}
	if d := cmp.Diff(want, r.Cases); d != "" {
		t.Errorf("expression (-want +got):\n%s", d)
	}
	if r.Pos() != "tiny/requirements/1.yaml:6" || r.Origin != OriginAssay || r.Aspect != "1" {
		t.Errorf("place %s, origin %q, aspect %q", r.Pos(), r.Origin, r.Aspect)
	}
	if s := r.Cases.String(); s != "all[tls.version{min=1.2, reading=a|b}, any[a.b, a.c]]" {
		t.Errorf("as text: %s", s)
	}
}

// TestLoadErrors breaks one thing at a time: the error names file, line and
// what is wrong.
func TestLoadErrors(t *testing.T) {
	t.Parallel()
	const req, cat = "tiny/requirements/1.yaml", "tiny/catalog.yaml"
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown_field", "status: M", "status: M\n    colour: red", req + `:8: unknown field "colour"`},
		{"unknown_language", "title: {en: T, zh-Hant: 題}", "title: {en: T, zh-CN: 题}", req + `:12: unknown field "zh-CN"`},
		{"wrong_type", "verified: true\n    title", "verified: perhaps\n    title", req + ":11: cannot unmarshal"},
		{"duplicate_key", "status: M", "status: M\n    status: R", req + `:8: mapping key "status" already defined`},
		{"schema", "schema: assay/standard@1\nstandard", "schema: assay/standard@9\nstandard", req + `:1: schema is "assay/standard@9"`},
		{"other_standard", "standard: tiny", "standard: huge", req + `:1: standard is "huge"`},
		{"catalog_schema", "schema: assay/standard@1\nid", "schema: x\nid", cat + `:1: schema is "x"`},
		{"folder", "id: tiny", "id: huge", cat + `:1: id is "huge", the folder is "tiny"`},
		{"two_documents", "origin: assay\nrequirements", "origin: assay\n---\nrequirements", "more than one YAML document"},
		{"alias", "title: {en: T, zh-Hant: 題}", "title: &t {en: T, zh-Hant: 題}\n    note: *t", req + ":12: aliases and anchors"},
		{"no_kind", "{id: a.b}", "{}", req + ":15: expression needs exactly one"},
		{"two_kinds", "{id: a.b}", "{id: a.b, any: [{id: x.y}]}", req + ":15: expression needs exactly one"},
		{"with_on_group", "{any: [{id: a.b}, {id: a.c}]}", "{any: [{id: a.b}], with: {x: 1}}", req + ":15: with belongs to a test case"},
		{"empty_group", "{any: [{id: a.b}, {id: a.c}]}", "{any: []}", req + ":15: a group must be a list"},
		{"unknown_in_expression", "{id: a.b}", "{id: a.b, not: c}", req + `:15: unknown field "not" in expression`},
		{"half_profile", "{literal: a, strict: b}", "{literal: a}", req + ":15: a value by profile needs both"},
		{"other_profile", "{literal: a, strict: b}", "{literal: a, lax: b}", req + `:15: unknown or repeated profile "lax"`},
		{"list_value", `min: "1.2"`, "min: [1, 2]", req + ":15: a value must be a scalar"},
		{"null_value", `min: "1.2"`, "min: ~", req + ":15: a value must be a string, number or boolean"},
		{"not_a_number", `min: "1.2"`, "min: .nan", req + `:15: ".nan" is not a finite number`},
		{"reference", "status: M", "status: M\n    maps_to: [5.4-2]", req + ":8: a reference is written standard/requirement"},
		{"not_yaml", "status: M", "status: [", req + ":"},
		{"too_deep", "{id: a.b}", strings.Repeat("{all: [", 9) + "{id: a.b}" + strings.Repeat("]}", 9), req + ":15: expression is nested deeper than 8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if n := strings.Count(tinyCatalog+tinyRequirements, c.old); n != 1 {
				t.Fatalf("%q stands %d times", c.old, n)
			}
			_, err := Load(tiny(strings.Replace(tinyCatalog, c.old, c.new, 1), strings.Replace(tinyRequirements, c.old, c.new, 1)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestLoadMissingAndLarge(t *testing.T) {
	t.Parallel()
	large := tinyRequirements + strings.Repeat("# padding padding padding padding\n", maxFile/30)
	many := tiny(tinyCatalog, tinyRequirements)
	for i := range maxFiles {
		many[fmt.Sprintf("tiny/requirements/x%03d.yaml", i)] = many["tiny/requirements/1.yaml"]
	}
	noFiles := tiny(tinyCatalog, tinyRequirements)
	delete(noFiles, "tiny/requirements/1.yaml")
	for _, c := range []struct {
		name string
		fs   fs.FS
		want string
	}{
		{"large", tiny(tinyCatalog, large), "larger than 1048576 bytes"},
		{"empty", tiny("", tinyRequirements), "tiny/catalog.yaml:1: the file is empty"},
		{"no_requirements", noFiles, "0 YAML files, want 1 to 200"},
		{"many_files", many, "201 YAML files"},
		{"no_catalog", fstest.MapFS{"x/requirements/1.yaml": {}}, "x/catalog.yaml: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Load(c.fs); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %s", err, c.want)
			}
		})
	}
	if _, err := Load(tiny(tinyCatalog, tinyRequirements), tiny(tinyCatalog, tinyRequirements)); err == nil || !strings.Contains(err.Error(), "stands in tiny/catalog.yaml already") {
		t.Errorf("the same standard twice: %v", err)
	}
}

// TestLoadAllMistakesAtOnce: two broken files give two errors.
func TestLoadAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	f := tiny(tinyCatalog, strings.Replace(tinyRequirements, "status: M", "stat: M", 1))
	f["tiny/requirements/2.yaml"] = &fstest.MapFile{Data: []byte("requirement: []\n")}
	_, err := Load(f)
	for _, want := range []string{`1.yaml:7: unknown field "stat"`, `2.yaml:1: unknown field "requirement"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		yaml            string
		literal, strict any
		json            string
	}{
		{`"1.2"`, "1.2", "1.2", `"1.2"`},
		{`10`, int64(10), int64(10), `10`},
		{`7.0`, 7.0, 7.0, `7`},
		{`true`, true, true, `true`},
		{`ask`, "ask", "ask", `"ask"`},
		{`{literal: ask, strict: fail}`, "ask", "fail", `{"literal":"ask","strict":"fail"}`},
		{`{strict: 3, literal: 5}`, int64(5), int64(3), `{"literal":5,"strict":3}`},
	} {
		var v Value
		if err := yaml.Unmarshal([]byte(c.yaml), &v); err != nil {
			t.Fatalf("%s: %v", c.yaml, err)
		}
		j, err := v.MarshalJSON()
		if err != nil || v.For(Literal) != c.literal || v.For(Strict) != c.strict || v.For("") != c.literal || string(j) != c.json {
			t.Errorf("%s: %v, %v, %s, %v", c.yaml, v.For(Literal), v.For(Strict), j, err)
		}
	}
}

// FuzzLoad: whatever stands in the two files, loading, checking, searching and
// printing end without a panic.
func FuzzLoad(f *testing.F) {
	f.Add(tinyCatalog, tinyRequirements)
	f.Add(tinyCatalog, "a: &a [*a]\n")
	f.Add("- 1\n", "")
	f.Add(tinyCatalog, strings.Replace(tinyRequirements, "{id: a.b}", "{<<: {id: a.b}}", 1))
	err := fs.WalkDir(data, "data", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(data, p)
		f.Add(tinyCatalog, string(raw))
		f.Add(string(raw), tinyRequirements)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, catalog, requirements string) {
		got, err := Load(tiny(catalog, requirements))
		if err != nil {
			return
		}
		Lint(got)
		Search(got, "tls", English)
		for _, r := range got[0].Requirements {
			if r.Line == 0 {
				t.Errorf("%s has no line", r.ID)
			}
			_ = r.Cases.String()
		}
	})
}
