package exchange

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"assay/internal/exchange/otm"
	"assay/internal/exchange/threagile"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/yamltree"

	"github.com/google/go-cmp/cmp"
)

// short is what a test compares of a note.
func short(notes []Note, but ...string) []string {
	var out []string
next:
	for _, n := range notes {
		for _, b := range append(but, "exchange.gap") {
			if n.Why == b {
				continue next
			}
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%d:%d %s %s", n.Line, n.Column, strings.TrimPrefix(n.Why, "exchange."), n.Field)))
	}
	return out
}

const threagileHead = "threagile_version: 1.0.0\ntitle: T\n"

func TestBrokenThreagile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, data string
		want       []string
		check      func(*product.Product) bool // what is still modelled
	}{
		{"dangling-target", threagileHead + `technical_assets:
  A: {id: a, technology: iot-device, communication_links: {L: {target: nowhere, protocol: https}, M: {target: a, protocol: https}}}
`, []string{"4:72 dangling-flow technical_assets.A.communication_links.L.target"},
			func(p *product.Product) bool { return len(p.Flows) == 1 && p.Flows[0].ID == "m" }},
		{"dangling-data", threagileHead + `technical_assets:
  A:
    id: a
    technology: iot-device
    data_assets_stored: [x]
    data_assets_processed: [y]
    communication_links:
      L: {target: a, protocol: https, data_assets_sent: [z]}
`, []string{
			"7:26 dangling technical_assets.A.data_assets_stored[0]",
			"8:28 no-place technical_assets.A.data_assets_processed",
			"8:29 dangling technical_assets.A.data_assets_processed[0]",
			"10:58 dangling technical_assets.A.communication_links.L.data_assets_sent[0]",
		}, func(p *product.Product) bool { return len(p.Flows) == 1 && p.Flows[0].Data == nil }},
		{"dangling-boundary", threagileHead + `technical_assets:
  A: {id: a, technology: iot-device}
trust_boundaries:
  B: {id: b, technical_assets_inside: [a, q], trust_boundaries_nested: [r]}
  C: {id: c, technical_assets_inside: [a]}
shared_runtimes:
  R: {id: r, technical_assets_running: [s]}
`, []string{
			"6:43 dangling trust_boundaries.B.technical_assets_inside[1]",
			"6:72 no-place trust_boundaries.B.trust_boundaries_nested",
			"6:73 dangling trust_boundaries.B.trust_boundaries_nested[0]",
			"7:40 second-zone trust_boundaries.C.technical_assets_inside[0]",
			"9:3 no-place shared_runtimes.R",
			"9:41 dangling shared_runtimes.R.technical_assets_running[0]",
		}, func(p *product.Product) bool { return p.Components[0].Zone == "b" }},
		{"duplicate-ids", threagileHead + `data_assets:
  D: {id: d, confidentiality: public}
  E: {id: d, confidentiality: public}
technical_assets:
  A: {id: a, technology: iot-device}
  B: {id: a, technology: mobile-app, communication_links: {L: {target: a}}}
`, []string{"5:3 duplicate-id data_assets.E", "8:3 duplicate-id technical_assets.B"},
			func(p *product.Product) bool {
				return len(p.Components) == 1 && p.Components[0].Kind == "device" && len(p.Data) == 1
			}},
		{"duplicate-key", threagileHead + `technical_assets:
  A: {id: a, technology: iot-device}
  A: {id: b, technology: iot-device}
`, []string{"5:3 duplicate-key technical_assets.A"}, func(p *product.Product) bool { return len(p.Components) == 1 }},
		{"unknown-values", threagileHead + `data_assets:
  D: {id: d, confidentiality: secret, usage: fun}
technical_assets:
  A: {id: a, technology: quantum, encryption: rot13, data_assets_stored: [d], communication_links: {L: {target: a, protocol: carrier-pigeon, authentication: vibes}}}
`, []string{
			"4:31 unknown-value data_assets.D.confidentiality", "4:31 category-guessed data_assets.D.confidentiality", "4:46 unknown-value data_assets.D.usage",
			"6:26 unknown-value technical_assets.A.technology", "6:26 kind-guessed technical_assets.A.technology", "6:47 unknown-value technical_assets.A.encryption",
			"6:126 unknown-value technical_assets.A.communication_links.L.protocol",
			"6:158 unknown-value technical_assets.A.communication_links.L.authentication", "6:158 kept-word technical_assets.A.communication_links.L.authentication",
		}, func(p *product.Product) bool {
			return p.Data[0].Category == "sensitive-personal" && p.Flows[0].Protocol == "carrier-pigeon" && p.Flows[0].Auth == "vibes"
		}},
		{"unknown-fields", threagileHead + `colour: red
technical_assets:
  A: {id: a, technology: iot-device, weight: 3, communication_links: {L: {target: a, protocol: https, speed: fast}}}
`, []string{"3:1 unknown-field colour", "5:38 unknown-field technical_assets.A.weight", "5:103 unknown-field technical_assets.A.communication_links.L.speed"},
			func(p *product.Product) bool { return len(p.Flows) == 1 }},
		{"wrong-types", threagileHead + `data_assets: none
technical_assets:
  A: {id: [a], technology: iot-device, internet: perhaps, raa: high, tags: x, communication_links: [b]}
  B: text
  C:
trust_boundaries:
  - id: b
`, []string{
			"3:14 want-fields data_assets", "5:3 id-changed technical_assets.A", "5:11 want-text technical_assets.A.id",
			"5:50 want-bool technical_assets.A.internet", "5:64 want-number technical_assets.A.raa",
			"5:76 want-list technical_assets.A.tags", "5:100 want-fields technical_assets.A.communication_links",
			"6:3 id-changed technical_assets.B", "6:3 kind-guessed technical_assets.B.technology", "6:6 want-fields technical_assets.B",
			"7:3 id-changed technical_assets.C", "7:3 kind-guessed technical_assets.C.technology", "9:3 want-fields trust_boundaries",
		}, func(p *product.Product) bool { return len(p.Components) == 3 && p.Components[2].ID == "C" }},
		{"names-that-collide", threagileHead + `technical_assets:
  A: {id: "web app", technology: iot-device}
  B: {id: web-app, technology: iot-device}
  C: {id: world, technology: iot-device}
  網: {id: 網, technology: iot-device}
`, []string{"4:3 id-changed technical_assets.A", "6:3 id-changed technical_assets.C", "7:3 id-changed technical_assets[\"網\"]"},
			func(p *product.Product) bool {
				return p.Components[0].ID == "web-app-2" && p.Components[1].ID == "web-app" && p.Components[2].ID == "world-2" && p.Components[3].ID == "component"
			}},
		{"invisible", threagileHead + "technical_assets:\n  \"A\\u202e\": {id: a, technology: iot-device}\n",
			[]string{"4:3 cleaned technical_assets[\"A\\u202e\"]"}, func(p *product.Product) bool { return p.Components[0].Name == "A" }},
		{"nothing", "threagile_version: 1.0.0\n", []string{"1:1 missing-field title"}, func(p *product.Product) bool { return p.Identity.Name == Gap }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, notes, err := FromThreagile("m.yaml", []byte(c.data), lim)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, short(notes, "exchange.protocol-unknown")); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if written(t, p); !c.check(p) {
				t.Errorf("the rest isn't modelled: %+v", p)
			}
		})
	}
}

func TestBrokenOTM(t *testing.T) {
	t.Parallel()
	const head = "otmVersion: 0.2.0\nproject: {id: p, name: P}\n"
	for _, c := range []struct {
		name, data string
		want       []string
		check      func(*product.Product) bool
	}{
		{"dangling", head + `components:
  - {id: a, name: A, type: device, parent: {trustZone: z}, assets: {stored: [x]}}
  - {id: b, name: B, type: device, parent: {component: c}}
dataflows:
  - {id: f, name: F, source: a, destination: q, assets: [x]}
  - {id: g, name: G, source: a, destination: b, assets: [x]}
`, []string{
			"4:56 dangling components[0].parent.trustZone", "4:78 dangling components[0].assets.stored[0]", "5:56 dangling components[1].parent.component", "5:56 kept components[1].parent.component",
			"7:46 dangling-flow dataflows[0].destination", "8:58 dangling dataflows[1].assets[0]",
		}, func(p *product.Product) bool { return len(p.Components) == 2 && len(p.Flows) == 1 }},
		{"duplicates", head + `assets:
  - {id: a, name: A, risk: {confidentiality: 0, integrity: 0, availability: 0}}
  - {id: a, name: B, risk: {confidentiality: 0, integrity: 0, availability: 0}}
trustZones:
  - {id: z, name: Z, risk: {trustRating: 1}}
  - {id: z, name: Y, risk: {trustRating: 1}}
components:
  - {id: a, name: A, type: device, parent: {trustZone: z}}
  - {id: a, name: B, type: app, parent: {trustZone: z}}
`, []string{"5:5 duplicate-id assets[1]", "8:5 duplicate-id trustZones[1]", "11:5 duplicate-id components[1]"},
			func(p *product.Product) bool { return len(p.Components) == 1 && p.Components[0].Zone == "Z" }},
		{"missing", "project: {name: P}\ncomponents:\n  - {id: a, name: A}\n",
			[]string{"1:1 missing-field otmVersion", "1:10 missing-field project.id", "3:5 missing-field components[0].parent", "3:5 missing-field components[0].type", "3:5 kind-guessed components[0].type"},
			func(p *product.Product) bool { return p.Components[0].Kind == "backend" }},
		{"types", head + `assets: 3
components:
  - {id: a, name: A, type: device, parent: {trustZone: z}, tags: x, assets: [q]}
trustZones: {id: z}
dataflows:
  - {id: f, name: F, source: a, destination: a, bidirectional: often}
`, []string{
			"3:9 want-list assets", "5:56 dangling components[0].parent.trustZone", "5:66 want-list components[0].tags",
			"5:77 want-fields components[0].assets", "6:13 want-list trustZones", "8:64 want-bool dataflows[0].bidirectional",
		}, func(p *product.Product) bool { return len(p.Components) == 1 && len(p.Flows) == 1 }},
		{"old-parent", head + "trustZones:\n  - {id: z, name: Z, risk: {trustRating: .5}}\ncomponents:\n  - {id: a, name: A, type: device, parent: {id: z, type: trustZone}}\n",
			[]string{"4:28 kept trustZones[0].risk", "6:44 old-parent components[0].parent"}, func(p *product.Product) bool { return p.Components[0].Zone == "Z" }},
		{"version", "otmVersion: 3.0.0\nproject: {id: p, name: P}\n", []string{"1:13 other-version otmVersion"}, func(p *product.Product) bool { return p.Identity.Name == "P" }},
		{"bad-attribute", head + "components:\n  - {id: a, name: A, type: device, parent: {trustZone: z}, attributes: {assay.network: nonsense, assay.zone: cellar, assay.computing: 2}}\n",
			[]string{"4:56 dangling components[0].parent.trustZone", "4:72 attribute components[0].attributes", "4:72 attribute components[0].attributes"},
			func(p *product.Product) bool { return p.Components[0].Zone == "" && p.Components[0].Network == nil }},
		{"attributes-that-make-no-product", head + "components:\n  - {id: a, name: A, type: device, parent: {trustZone: z}, attributes: {assay.kind: app, assay.package: ../../etc/passwd}}\n",
			[]string{"2:10 attributes project.attributes", "4:56 dangling components[0].parent.trustZone"}, func(p *product.Product) bool { return p.Components[0].Package == "" }},
		{"other-schema", "otmVersion: 0.2.0\nproject: {id: p, name: P, attributes: {assay.schema: assay/product@9, assay.model: M}}\n",
			[]string{"2:39 other-schema project.attributes"}, func(p *product.Product) bool { return p.Identity.Model == Gap }},
		{"ring", head + "components:\n  - {id: a, name: A, type: chip, parent: {component: b}}\n  - {id: b, name: B, type: chip, parent: {component: a}}\n",
			[]string{"4:28 kind-guessed components[0].type", "4:54 kept components[0].parent.component", "5:28 kind-guessed components[1].type", "5:54 kept components[1].parent.component"},
			func(p *product.Product) bool { return p.Components[0].Zone == "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, _, notes, err := FromOTM("m.yaml", []byte(c.data), lim)
			if err != nil {
				t.Fatal(err)
			}
			var but []string
			if c.name == "duplicates" { // what their ratings become is told elsewhere
				but = []string{"exchange.kept", "exchange.category-guessed"}
			}
			if diff := cmp.Diff(c.want, short(notes, but...)); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if written(t, p); !c.check(p) {
				t.Errorf("the rest isn't modelled: %+v", p)
			}
		})
	}
}

// TestUnreadable: no product, and the first reason with its place.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	small := limit.YAML{Size: 2000, Depth: 8, Nodes: 60, Aliases: 3, Scalar: 100}
	long := strings.Repeat("x", 101)
	for _, c := range []struct{ name, file, data, want string }{
		{"empty", "m.yaml", "", "m.yaml:1:1: the file is empty"},
		{"empty-json", "m.json", " \n", "m.json:2:1: the file is empty"},
		{"large", "m.yaml", strings.Repeat("# x\n", 600), "m.yaml: the file is larger than 2000 bytes"},
		{"binary", "m.yaml", "a: \xff\xfe", "m.yaml:1:4: byte 0xFF is not UTF-8; save the file as UTF-8 (and 1 more)"},
		{"utf-16", "m.yaml", "\xff\xfea\x00", "m.yaml:1:1: the file is UTF-16; save it as UTF-8"},
		{"tab", "m.yaml", "a:\n\tb: c\n", "m.yaml:2:1: a tab in the indentation; YAML wants blanks"},
		{"several", "m.yaml", "a: b\n---\nc: d\n", "m.yaml:2:1: a second document begins here; keep one and remove the `---` between them"},
		{"deep", "m.yaml", "a: [[[[[[[[[x]]]]]]]]]\n", "m.yaml:1:11: nested deeper than 8 levels; the rest is not read"},
		{"deep-json", "m.json", `{"a": [[[[[[[[[1]]]]]]]]]}`, "m.json:1:14: nested deeper than 8 levels; the rest is not read"},
		{"many", "m.yaml", "a: [" + strings.Repeat("1,", 59) + "1]\n", "m.yaml:1:119: more than 60 values (aliases count each time); the rest is not read"},
		{"many-json", "m.json", "[" + strings.Repeat("1,", 70) + "1]\n", "m.json:1:120: more than 60 values (aliases count each time); the rest is not read"},
		{"long", "m.yaml", "a: " + long, "m.yaml:1:4: a value is longer than 100 bytes; the rest is not read"},
		{"json", "m.json", "{\"a\": \n x}", "m.json:2:2: not readable as YAML or JSON: invalid character 'x' looking for beginning of value"},
		{"two-json", "m.json", "{}\n{}", "m.json:2:1: a second document begins here; keep one and remove the `---` between them"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, _, err := FromOTM(c.file, []byte(c.data), small)
			var bad *Unreadable
			if !errors.As(err, &bad) || err.Error() != c.want {
				t.Errorf("FromOTM:\n got %v\nwant %s", err, c.want)
			}
			if _, _, err := FromThreagile(c.file, []byte(c.data), small); err == nil || err.Error() != c.want {
				t.Errorf("FromThreagile:\n got %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestAliasesCount: what is used many times costs as often.
func TestAliasesCount(t *testing.T) {
	t.Parallel()
	small := limit.YAML{Size: 4000, Depth: 12, Nodes: 200, Aliases: 10, Scalar: 1000}
	bomb := "threagile_version: 1.0.0\ntitle: &t " + strings.Repeat("x", 900) + "\nquestions:\n"
	for i := range 9 {
		bomb += fmt.Sprintf("  q%d: *t\n", i)
	}
	_, notes, err := FromThreagile("m.yaml", []byte(bomb), small)
	if err != nil {
		t.Fatal(err)
	}
	if got := short(notes, "exchange.for-threats"); len(got) != 1 || !strings.Contains(got[0], "problem.too-large questions.q") {
		t.Errorf("a text used ten times: %v", got)
	}
	ring := "otmVersion: 0.2.0\nproject: {id: p, name: P}\nx: &x [*x]\n"
	_, _, notes, err = FromOTM("m.yaml", []byte(ring), small)
	if err == nil {
		if got := fmt.Sprint(short(notes)); !strings.Contains(got, "problem.too-") {
			t.Errorf("a ring of aliases: %v", got)
		}
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, data string
		want             Format
	}{
		{"otm-yaml", "x.yaml", "otmVersion: 0.2.0\n", OTM},
		{"otm-json", "x", ` {"otmVersion": "0.2.0"}`, OTM},
		{"otm-without-version", "x.otm", "project: {}\ntrustZones: []\n", OTM},
		{"threagile", "x.yaml", "title: t\nthreagile_version: 1.0.0\n", Threagile},
		{"threagile-without-version", "x.yaml", "technical_assets: {}\n", Threagile},
		{"yaml-in-braces", "x.yaml", "{threagile_version: 1.0.0, title: t}", Threagile},
		{"ours", "assay.yaml", "schema: assay/product@1\n", ""},
		{"both", "x.yaml", "otmVersion: 1\nthreagile_version: 1\n", ""},
		{"list", "x.yaml", "- a\n", ""},
		{"nothing", "x.yaml", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Detect(c.file, []byte(c.data))
			if got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// TestRepeatsAreCounted: a large model gives a report that can be read.
func TestRepeatsAreCounted(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(threagileHead + "technical_assets:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "  A%d: {id: a%d, technology: iot-device, size: system, nonsense: 1}\n", i, i)
	}
	_, notes, err := FromThreagile("m.yaml", []byte(b.String()), lim)
	if err != nil {
		t.Fatal(err)
	}
	var more []string
	for _, n := range notes {
		if n.Why == "exchange.more" {
			more = append(more, n.Field+" "+n.Args["count"]+" "+n.Args["what"])
		}
	}
	want := []string{"technical_assets.*.size 995 exchange.no-place", "technical_assets.*.? 995 exchange.unknown-field"}
	if diff := cmp.Diff(want, more); diff != "" || len(notes) > 20 {
		t.Errorf("%d notes (-want +got):\n%s", len(notes), diff)
	}
}

func TestAllot(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 80)
	for _, c := range []struct {
		name    string
		entries []named
		want    []string
	}{
		{"kept", []named{{id: "a"}, {id: "B.c_d-1"}}, []string{"a", "B.c_d-1"}},
		{"valid-ones-first", []named{{id: "a b"}, {id: "a-b"}}, []string{"a-b-2", "a-b"}},
		{"many", []named{{id: "a b"}, {id: "a/b"}, {id: "a:b"}}, []string{"a-b", "a-b-2", "a-b-3"}},
		{"a-number-that-is-taken", []named{{id: "a b"}, {id: "a-b"}, {id: "a-b-2"}}, []string{"a-b-3", "a-b", "a-b-2"}},
		{"name", []named{{id: "世界", name: "The World"}}, []string{"The-World"}},
		{"kind", []named{{id: "世界", kind: "flow"}, {kind: "flow"}}, []string{"flow", "flow-2"}},
		{"reserved", []named{{id: "world"}}, []string{"world-2"}},
		{"long", []named{{id: long}, {id: long + "b"}}, []string{long[:64], long[:62] + "-2"}},
		{"beginning", []named{{id: "-._x"}}, []string{"x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := allot(c.entries, "world")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, id := range got {
				if !validID(id) {
					t.Errorf("%q is no id", id)
				}
			}
		})
	}
}

// shapes lists the fields that a type reads, as yamltree.Shape writes them.
func shapes(t reflect.Type, at string, add func(string)) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
		end := "[]"
		for i := range t.Elem().NumField() {
			if t.Elem().Field(i).Tag.Get("yaml") == ",key" {
				end = ".*"
			}
		}
		add(at + end)
		shapes(t.Elem(), at+end, add)
		return
	}
	for i := 0; t.Kind() == reflect.Struct && i < t.NumField(); i++ {
		switch name := t.Field(i).Tag.Get("yaml"); name {
		case ",key", ",extra":
		case ",value":
			shapes(t.Field(i).Type, at, add)
		default:
			path := strings.TrimPrefix(at+"."+name, ".")
			add(path)
			shapes(t.Field(i).Type, path, add)
		}
	}
}

// TestEveryFieldHasAFate: the tables speak of every field of the formats, and
// of no others.
func TestEveryFieldHasAFate(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	shapes(reflect.TypeFor[threagile.Model](), "", func(s string) {
		known[s] = true
		for p := s; ; p = p[:strings.LastIndexAny(p, ".[")] {
			fate, ok := threagileFields[p]
			if ok && (p == s || fate != inside) {
				return // spoken of, alone or with what it lies in
			}
			if !strings.ContainsAny(p, ".[") {
				break
			}
		}
		t.Errorf("nothing is said about %s", s)
	})
	for s := range threagileFields {
		if s != "" && !known[s] {
			t.Errorf("%s is no field of Threagile", s)
		}
	}
	known = map[string]bool{}
	shapes(reflect.TypeFor[otm.Document](), "", func(s string) { known[s] = true })
	for s := range inProduct {
		if s != "" && !known[s] {
			t.Errorf("%s is no field of OTM", s)
		}
	}
	if len(known) < 80 {
		t.Errorf("only %d fields were found: the walk is wrong", len(known))
	}
}

// TestEveryProtocolIsWritten: each protocol gives a name, and one that is
// encrypted gives none of the names for a channel in clear.
func TestEveryProtocolIsWritten(t *testing.T) {
	t.Parallel()
	clear := map[string]bool{}
	for _, p := range protocols {
		if !p.encrypted {
			clear[p.name] = true
		}
	}
	for there, p := range protocols {
		if p.name == "" || p.encrypted && clear[p.name] {
			t.Errorf("%s is written as %q", there, p.name)
		}
		if p.plain && p.name != there {
			t.Errorf("%s is said to be written as it is, and is %q", there, p.name)
		}
	}
}

// TestRemainderIsChecked: a remainder that was changed or is none is refused
// with its place.
func TestRemainderIsChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, data, want string }{
		{"good", `{"schema":"assay/otm-remainder@1","document":{"otmVersion":"0.2.0","project":{"id":"p","name":"P"}}}`, ""},
		{"later", `{"schema":"assay/otm-remainder@2","document":{}}`, "r.json:1:1: [schema] `assay/otm-remainder@2` is not the schema of this file; this program reads `assay/otm-remainder@1`"},
		{"no-schema", `{"document":{}}`, "r.json:1:1: [schema] `` is not the schema of this file; this program reads `assay/otm-remainder@1`"},
		{"no-document", `{"schema":"assay/otm-remainder@1"}`, "r.json:1:1: [document] `document` is missing, which the format requires"},
		{"document-of-text", `{"schema":"assay/otm-remainder@1","document":"x"}`, "r.json:1:1: [document] `document` is missing, which the format requires"},
		{"more", "{\"schema\":\"assay/otm-remainder@1\",\n\"extra\":1}", "r.json:2:1: [extra] the format has no field `extra`"},
		{"cut", `{"schema":`, "r.json:1:11: not readable as YAML or JSON: unexpected EOF"},
		{"list", `[]`, "r.json:1:1: [schema] `` is not the schema of this file; this program reads `assay/otm-remainder@1`"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := UnmarshalRemainder("r.json", []byte(c.data), lim)
			if c.want == "" && err == nil {
				return
			}
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestLimitsAreAlike: what converts one into the other keeps the meaning.
func TestLimitsAreAlike(t *testing.T) {
	t.Parallel()
	if got := yamltree.Limits(lim); got.Size != lim.Size || got.Depth != lim.Depth || got.Nodes != lim.Nodes || got.Aliases != lim.Aliases || got.Scalar != lim.Scalar {
		t.Errorf("%+v became %+v", lim, got)
	}
}
