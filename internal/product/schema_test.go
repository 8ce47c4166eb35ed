package product

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the JSON Schema, the reference in docs/workspace.md and the expected problems")

// node is one schema; the order of its fields is the order in the file.
type node struct {
	Schema      string   `json:"$schema,omitempty"`
	ID          string   `json:"$id,omitempty"`
	Ref         string   `json:"$ref,omitempty"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Type        any      `json:"type,omitempty"`
	Const       string   `json:"const,omitempty"`
	Enum        []string `json:"enum,omitempty"`
	Examples    []string `json:"examples,omitempty"`
	Format      string   `json:"format,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	Not         *node    `json:"not,omitempty"`
	OneOf       []*node  `json:"oneOf,omitempty"`
	MinLength   int      `json:"minLength,omitempty"`
	Minimum     *int     `json:"minimum,omitempty"`
	Maximum     int      `json:"maximum,omitempty"`
	Items       *node    `json:"items,omitempty"`
	Properties  props    `json:"properties,omitempty"`
	Names       *node    `json:"propertyNames,omitempty"`
	Additional  any      `json:"additionalProperties,omitempty"`
	Required    []string `json:"required,omitempty"`
	Defs        props    `json:"$defs,omitempty"`
}

type prop struct {
	name string
	node *node
}

// props is an object in the order of the model.
type props []prop

func (p props) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(e.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(e.node)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// comments is the doc comments of the types and their fields in product.go.
type comments map[string]string // "Type" or "Type.Field"

func readComments(t *testing.T) comments {
	t.Helper()
	out := comments{}
	text := func(g *ast.CommentGroup) string { return strings.Join(strings.Fields(g.Text()), " ") }
	var decls []ast.Decl
	for _, name := range []string{"product.go", "access.go", "unit.go", "process.go", "customer.go", "development.go", "aftercare.go", "ai.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		decls = append(decls, f.Decls...)
	}
	for _, decl := range decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		spec := gen.Specs[0].(*ast.TypeSpec)
		out[spec.Name.Name] = text(gen.Doc)
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range s.Fields.List {
				for _, name := range field.Names {
					out[spec.Name.Name+"."+name.Name] = text(field.Doc)
				}
			}
		}
	}
	return out
}

// generator makes the schema from the same model that the decoder uses.
type generator struct {
	model *model
	docs  comments
	defs  props
}

func generate(t *testing.T) []byte {
	t.Helper()
	g := &generator{model: newModel(), docs: readComments(t)}
	root := g.object(reflect.TypeFor[Product]())
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.ID = "urn:assay:product:1"
	root.Title = "assay.yaml"
	root.Defs = g.defs
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (g *generator) object(typ reflect.Type) *node {
	n := &node{Type: "object", Description: g.docs[typ.Name()], Additional: false}
	for _, f := range g.model.fields[typ] {
		field := g.value(f.typ, f.rule)
		field.Description = g.docs[typ.Name()+"."+typ.Field(f.index).Name]
		if f.name == "schema" {
			field = &node{Const: Schema, Description: field.Description}
		}
		n.Properties = append(n.Properties, prop{f.name, field})
		if f.rule.required {
			n.Required = append(n.Required, f.name)
		}
	}
	return n
}

func (g *generator) value(typ reflect.Type, r rule) *node {
	port := `([1-9][0-9]{0,4})`
	switch typ {
	case reflect.TypeFor[Date]():
		return &node{Type: "string", Format: "date", Pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`}
	case reflect.TypeFor[Port]():
		return &node{Type: []string{"integer", "string"}, Minimum: new(1), Maximum: 65535, Pattern: `^` + port + `(/(tcp|udp))?$`}
	case reflect.TypeFor[PortRange]():
		return &node{Type: []string{"integer", "string"}, Minimum: new(1), Maximum: 65535, Pattern: `^` + port + `( *- *` + port + `)?$`}
	case reflect.TypeFor[Duration]():
		return &node{Type: "string", Pattern: `^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$`, MinLength: 2}
	case reflect.TypeFor[Standard]():
		return &node{OneOf: []*node{{Type: "string", Pattern: idPattern}, g.ref(typ)}}
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return g.value(typ.Elem(), r)
	case reflect.Struct:
		return g.ref(typ)
	case reflect.Slice:
		return &node{Type: "array", Items: g.value(typ.Elem(), r)}
	case reflect.Map:
		n := &node{Type: "object", Additional: g.value(typ.Elem(), rule{})}
		if r.keys != "" {
			n.Names = &node{Pattern: idPattern}
		}
		return n
	case reflect.Bool:
		return &node{Type: "boolean"}
	case reflect.Int:
		return &node{Type: "integer", Minimum: new(0), Maximum: 1_000_000}
	case reflect.Uint16:
		return &node{Type: "integer", Minimum: new(1), Maximum: 65535}
	}
	return text(r)
}

const idPattern = `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`

func text(r rule) *node {
	n := &node{Type: "string", Enum: r.enum, Examples: r.known, MinLength: 1}
	switch {
	case r.defines != "":
		n.Pattern = idPattern
	case len(r.enum) > 0:
		n.MinLength = 0
	}
	switch r.form {
	case "marker": // the schema counts characters, the program bytes
		n.Pattern = `^.{2,256}$`
	case "market":
		n.Pattern = `^[A-Z]{2}$`
	case "urlpath":
		n.Pattern = `^/`
	case "url":
		n.Pattern = `^https://`
	case "file":
		n.Not = &node{Pattern: `^[/~]|\\|(^|/)\.\.(/|$)`}
	}
	return n
}

func (g *generator) ref(typ reflect.Type) *node {
	name := strings.ToLower(typ.Name())
	for _, d := range g.defs {
		if d.name == name {
			return &node{Ref: "#/$defs/" + name}
		}
	}
	at := len(g.defs)
	g.defs = append(g.defs, prop{name: name})
	g.defs[at].node = g.object(typ)
	return &node{Ref: "#/$defs/" + name}
}

func TestSchemaIsCurrent(t *testing.T) {
	want := generate(t)
	files := []string{"schema.json", filepath.Join("..", "..", "docs", "schema", "assay-product-1.schema.json")}
	for _, name := range files {
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s differs from the types; run go test ./internal/product -update (-want +got):\n%s", name, diff)
		}
	}
	if !*update && !bytes.Equal(SchemaJSON(), want) {
		t.Error("SchemaJSON() is not the generated schema")
	}
}

func TestEveryFieldIsDescribed(t *testing.T) {
	t.Parallel()
	docs := readComments(t)
	for typ, fields := range newModel().fields {
		for _, f := range fields {
			if name := typ.Name() + "." + typ.Field(f.index).Name; docs[name] == "" {
				t.Errorf("%s has no comment: editors and the documentation show it", name)
			}
		}
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(SchemaJSON()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("product.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("product.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain turns YAML into the values that an editor's validator sees: YAML 1.2,
// where dates are texts.
func plain(t *testing.T, data []byte) any {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var untime func(*yaml.Node)
	untime = func(n *yaml.Node) {
		if n.Tag == "!!timestamp" {
			n.Tag, n.Style = "!!str", yaml.DoubleQuotedStyle
		}
		for _, c := range n.Content {
			untime(c)
		}
	}
	untime(&doc)
	var v any
	if err := doc.Decode(&v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = jsonschema.UnmarshalJSON(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSchemaAcceptsWhatLoads(t *testing.T) {
	t.Parallel()
	s := compileSchema(t)
	for name, data := range goodFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := s.Validate(plain(t, data)); err != nil {
				t.Errorf("Validate: %v", err)
			}
		})
	}
}

func TestSchemaRefusesMistakes(t *testing.T) {
	t.Parallel()
	s := compileSchema(t)
	for name, change := range map[string][2]string{
		"unknown-field":  {"  model: ED-1", "  model: ED-1\n  colour: red"},
		"bad-enum":       {"kind: device", "kind: thing"},
		"bad-port":       {"port: 443", "port: 70000"},
		"bad-udp":        {"port: 443", "port: 443/sctp"},
		"missing-name":   {"  name: Example Device\n", ""},
		"bad-id":         {"id: web", "id: ..web"},
		"later-schema":   {"assay/product@1", "assay/product@2"},
		"list-as-text":   {"[temperature sensor]", "temperature sensor"},
		"outside-path":   {"maker: { name: Example Devices Ltd. }", "maker: { name: x }\ndocuments: [{ id: d, kind: roles, file: ../x }]"},
		"unquoted-float": {`"1.0.0"`, "1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := template(t, "generic")
			changed := strings.Replace(string(data), change[0], change[1], 1)
			if changed == string(data) {
				t.Fatalf("%q is not in the template", change[0])
			}
			if err := s.Validate(plain(t, []byte(changed))); err == nil {
				t.Error("Validate: no error")
			}
		})
	}
}
