package cli

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	invopop "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"assay/internal/activity"
	"assay/internal/evidence"
	"assay/internal/standard"
	"assay/internal/untrusted"
	"assay/internal/verdict"
)

// docKind is a kind of JSON document: what writes it, and the types that it
// can have.
type docKind struct {
	kind     string
	by       string
	variants []any
}

func documents() []docKind {
	return []docKind{
		{"check", "`assay check`", []any{checkDoc{}}},
		{"plan", "`assay plan`", []any{planDoc{}}},
		{"guide", "`assay guide`", []any{guideDoc{}}},
		{"documents", "`assay report --documents`", []any{documentsDoc{}}},
		{"trace", "`assay trace`", []any{traceDoc{}}},
		{"compare", "`assay compare`", []any{compareDoc{}}},
		{"firmware", "`assay firmware`", []any{firmwareDoc{}}},
		{"files", "`assay firmware ls`, `assay firmware extract`", []any{filesDoc{}}},
		{"firmware-diff", "`assay firmware diff`", []any{diffDoc{}}},
		{"sbom-compare", "`assay sbom --compare`", []any{sbomDoc{}}},
		{"device", "`assay device`", []any{deviceDoc{}}},
		{"standards", "`assay standards`", []any{standardsListDoc{}, standardsShowDoc{}, standardsRequirementDoc{}, standardsSearchDoc{}, standardsCasesDoc{},
			standardsReferenceDoc{}, standardsPlaceDoc{}}},
		{"record", "`assay record`", []any{recordDoc{}, recordCaseDoc{}}},
		{"verify", "`assay verify`", []any{verifyDoc{}}},
		{"purge", "`assay purge`", []any{purgeDoc{}}},
		{"refcam", "`assay refcam`", []any{refcamDoc{}, weaknessesDoc{}}},
		{"version", "`assay version`", []any{versionDoc{}}},
		{"error", "a command that came to nothing", []any{errorDoc{}}},
	}
}

func schemaFile(kind string) string {
	return filepath.Join("..", "..", "docs", "schema", "assay-"+kind+"-1.schema.json")
}

// closedSets are the fields whose values docs/json.md lists in full.
func closedSets(t *testing.T) map[string][]string {
	t.Helper()
	var verdicts []string
	for _, v := range verdict.Known() {
		verdicts = append(verdicts, string(v))
	}
	methods, kinds := []string{"automatic", "assisted", "guided"}, []string{"conceptual", "functional"}
	levels := []string{"high", "medium", "low"}
	states := []string{"open", "partly", "filler", "stale", "answered", "not-applicable"}
	entries := []string{"file", "dir", "symlink", "char", "block", "fifo", "socket"}
	bases := []string{"primary", "secondary", "derived", "recalled", "ours"}
	return map[string][]string{
		"jsonError.code":           errorWords(t),
		"point.severity":           {"error", "warning", "open"},
		"planRow.kind":             kinds,
		"planRow.method":           methods,
		"caseRow.kind":             kinds,
		"caseRow.method":           methods,
		"recordDoc.verdict":        verdicts,
		"traceNode.kind":           nodeKinds(),
		"traceNode.level":          {"Minor", "Major", "Critical", ""},
		"compareLevel.level":       {"Minor", "Major", "Critical"},
		"guideActivity.phase":      {"pre_market", "post_market"},
		"guideActivity.state":      {"open", "partly", "stale", "answered"},
		"guideQuestion.basis":      bases,
		"guideQuestion.confidence": levels,
		"guideQuestion.kind":       {"model", "prose", "mixed", "derive"},
		"guideQuestion.state":      states,
		"guideCheck.kind":          {"lifecycle", "consistency", "ai"},
		"guideCheck.basis":         bases,
		"guideCheck.confidence":    {"high", "medium", "low", ""},
		"stateChange.before":       states,
		"stateChange.after":        states,
		"levelChange.before":       {"Minor", "Major", "Critical"},
		"levelChange.after":        {"Minor", "Major", "Critical"},
		"activityConsumer.kind":    {"question", "activity", "check", "requirement", "document"},
		"documentRow.for":          {"customers", "regulators", "programs"},
		"publishChange.why":        {"value", "verdict", "wording", "new", "gone", "expires"},
		"publishError.code":        {"gap", "requirement", "untranslated", "contradicted"},
		"firmwareImage.status":     {"readable", "unread", "encrypted", "unknown", "erased", ""},
		"firmwareHost.kind":        {"dns", "ip"},
		"firmwareWhere.usage": {"config", "script", "web", "history", "binary", "documentation", "namespace", "comment", "certificate", "private", "mail",
			"number", "file-name"},
		"firmwareStart.kind":           {"service", "serial-login", "process", "kernel-console"},
		"firmwareStart.boot":           {"yes", "no", ""},
		"firmwareStart.login":          {"yes", "no", ""},
		"firmwareGap.why":              {"parts-not-read", "not-analysable", "limit", "broken", "changed", "parser-killed"},
		"firmwareEntry.type":           entries,
		"fileEntry.type":               append(slices.Clone(entries), "piece"),
		"fileEntry.not_extracted":      {"device", "link-outside", "name"},
		"firmwareGuard.kind":           {"signature", "encryption", "checksum"},
		"firmwareGuard.state":          {"good", "bad", "present"},
		"firmwareComponent.confidence": levels,
		"firmwareBinary.relro":         {"none", "partial", "full", ""},
		"firmwareUpdate.signature":     {"checked", "not-seen", "disabled"},
		"firmwareUpdate.rollback":      {"checked", "not-seen"},
		"firmwareMarker.encoding":      {"plain", "base64", "hex", "utf-16"},
		"firmwareApp.platform":         {"android", "ios"},
		"diffItem.change":              {"added", "removed", "changed"},
		"deviceService.transport":      {"tcp"},
		"deviceService.state":          {"open"},
		"deviceTest.outcome":           {"accepted", "refused", "no-answer", "bad-answer"},
		"factTLSVersion.outcome":       {"accepted", "refused", "no-answer", "bad-answer"},
		"weakness.where":               {"device", "firmware", "app", "document", "model"},
		"standardRequirement.status": {
			"M", "R",
		},
		"standardLink.kind":       {"official", "ours"},
		"standardLink.confidence": levels,
		"standardItem.confidence": levels,
		"placeRow.confidence":     levels,
		"evidenceProblem.kind":    {"missing", "damaged", "changed", "remains", "unknown", "index", "unread"},
		"segmentProblem.code":     {"missing", "short", "swapped", "damaged", "torn", "unrecorded", "not-head", "behind-head", "unreadable"},
		"evidenceObject.class":    {"firmware", "personal", "sealed", "document", "transcript", "other"},
		"evidenceTombstone.class": {"firmware", "personal", "sealed", "document", "transcript", "other"},
	}
}

// nodeKinds are the kinds of nodes of a thread.
func nodeKinds() []string {
	var out []string
	for _, k := range append(activity.Kinds(), nodeSentence) {
		out = append(out, string(k))
	}
	return out
}

// errorWords reads the constants of errorCode from the source, so that none
// can be added without the documents.
func errorWords(t *testing.T) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if id, ok := v.Type.(*ast.Ident); ok && id.Name == "errorCode" {
			word, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, word)
		}
		return true
	})
	if len(out) < 5 {
		t.Fatalf("only %q", out)
	}
	return out
}

// comments maps "package/path.Type.Field" and "package/path.Type" to what the
// source says of them.
func comments(t *testing.T) map[string]string {
	t.Helper()
	out := make(map[string]string)
	put := func(name string, texts ...*ast.CommentGroup) {
		for _, c := range texts {
			if s := strings.Join(strings.Fields(c.Text()), " "); s != "" && out[name] == "" {
				out[name] = s
			}
		}
	}
	for _, pkg := range []string{"activity", "cli", "collect/firmware", "evidence", "fact", "report/publish", "standard", "store/segment"} {
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(pkg), "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pkg, len(files), err)
		}
		for _, name := range files {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || len(g.Specs) != 1 {
					continue
				}
				spec, ok := g.Specs[0].(*ast.TypeSpec)
				if !ok {
					continue
				}
				id := "assay/internal/" + pkg + "." + spec.Name.Name
				put(id, g.Doc)
				if s, ok := spec.Type.(*ast.StructType); ok {
					for _, field := range s.Fields.List {
						for _, n := range field.Names {
							put(id+"."+n.Name, field.Doc, field.Comment)
						}
					}
				}
			}
		}
	}
	return out
}

// generate makes the schema of a document from its types.
func generate(t *testing.T, d docKind, said map[string]string, closed map[string][]string) []byte {
	t.Helper()
	pattern := func(p string) *invopop.Schema { return &invopop.Schema{Type: "string", Pattern: p} }
	r := &invopop.Reflector{
		Anonymous: true,
		Namer: func(x reflect.Type) string {
			if x.PkgPath() == "" || strings.HasSuffix(x.PkgPath(), "/cli") {
				return x.Name()
			}
			return path.Base(x.PkgPath()) + x.Name()
		},
		LookupComment: func(x reflect.Type, field string) string {
			id := x.PkgPath() + "." + x.Name()
			if field != "" {
				id += "." + field
			}
			_, text, ok := strings.Cut(said[id], x.Name()+" is ")
			if !ok {
				text = said[id]
			}
			return text
		},
		Mapper: func(x reflect.Type) *invopop.Schema {
			switch x {
			case reflect.TypeFor[evidence.Digest]():
				return pattern("^[0-9a-f]{64}$")
			case reflect.TypeFor[untrusted.Text]():
				return &invopop.Schema{Type: "string"}
			case reflect.TypeFor[standard.Value]():
				scalar := []*invopop.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}
				both := &invopop.Schema{Type: "object", Required: []string{"literal", "strict"}, AdditionalProperties: invopop.FalseSchema,
					Description: "Where the two readings differ.", Properties: invopop.NewProperties()}
				both.Properties.Set("literal", &invopop.Schema{AnyOf: scalar})
				both.Properties.Set("strict", &invopop.Schema{AnyOf: scalar})
				return &invopop.Schema{AnyOf: append(slices.Clone(scalar), both)}
			}
			return nil
		},
	}
	id := "assay/" + d.kind + "@1"
	out := &invopop.Schema{Version: invopop.Version, ID: invopop.ID("urn:assay:schema:" + d.kind + "@1"), Title: id,
		Description: "What " + d.by + " writes with --format json. Fields may be added; none is renamed or removed without a new version.",
		Definitions: invopop.Definitions{}}
	for _, v := range d.variants {
		s := r.Reflect(v)
		for name, def := range s.Definitions {
			out.Definitions[name] = def
		}
		out.OneOf = append(out.OneOf, &invopop.Schema{Ref: s.Ref})
		def := out.Definitions[path.Base(s.Ref)]
		def.Properties.Set("schema", &invopop.Schema{Const: id})
	}
	if len(out.OneOf) == 1 {
		out.Ref, out.OneOf = out.OneOf[0].Ref, nil
	}
	for name, def := range out.Definitions {
		if def.Properties == nil {
			continue
		}
		for p := def.Properties.Oldest(); p != nil; p = p.Next() {
			for _, v := range closed[name+"."+p.Key] {
				p.Value.Enum = append(p.Value.Enum, v)
			}
			if p.Key == "declared" && p.Value.Type == "boolean" { // the only scalar that may be null
				p.Value.Type, p.Value.AnyOf = "", []*invopop.Schema{{Type: "boolean"}, {Type: "null"}}
			}
			if (p.Key == "sha256" || p.Key == "spki_sha256") && p.Value.Type == "string" {
				p.Value.Pattern = "^[0-9a-f]{64}$"
			}
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSchemas: the schemas under docs/ are those of the types. -update
// writes them.
func TestSchemas(t *testing.T) {
	t.Parallel()
	said, closed := comments(t), closedSets(t)
	used := make(map[string]bool)
	for _, d := range documents() {
		got := generate(t, d, said, closed)
		for name := range closed {
			typ, field, _ := strings.Cut(name, ".")
			if s := string(got); strings.Contains(s, `"`+typ+`": {`) && strings.Contains(s, `"`+field+`": {`) {
				used[name] = true
			}
		}
		if *update {
			if err := os.WriteFile(schemaFile(d.kind), got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(schemaFile(d.kind))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s isn't the schema of its types: run go test ./internal/cli -run TestSchemas -update, and describe what is new in docs/json.md", schemaFile(d.kind))
		}
	}
	for name := range closed {
		if !used[name] {
			t.Errorf("no document has the field %s", name)
		}
	}
}

// schemas compiles what stands under docs/.
func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	out := make(map[string]*jsonschema.Schema)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, kind := range append([]string{"run"}, kinds()...) {
		b, err := os.ReadFile(schemaFile(kind))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%s: %v", schemaFile(kind), err)
		}
		url := "urn:assay:schema:" + kind + "@1"
		if err := c.AddResource(url, doc); err != nil {
			t.Fatal(err)
		}
		if out[kind], err = c.Compile(url); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func kinds() []string {
	var out []string
	for _, d := range documents() {
		out = append(out, d.kind)
	}
	return out
}

// section is the part of docs/json.md about one kind.
func section(t *testing.T, kind string) string {
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

// fields calls f for every field and every closed value of a schema.
func fields(x any, f func(name string)) {
	switch x := x.(type) {
	case map[string]any:
		if ps, ok := x["properties"].(map[string]any); ok {
			for name := range ps {
				f(name)
			}
		}
		if set, ok := x["enum"].([]any); ok {
			for _, v := range set {
				if s, ok := v.(string); ok && s != "" {
					f(s)
				}
			}
		}
		for _, v := range x {
			fields(v, f)
		}
	case []any:
		for _, v := range x {
			fields(v, f)
		}
	}
}

// TestDocumented: docs/json.md names every field of every document, and every
// value of a closed set, in the section of its kind; its examples are valid.
func TestDocumented(t *testing.T) {
	t.Parallel()
	compiled := schemas(t)
	for _, d := range documents() {
		t.Run(d.kind, func(t *testing.T) {
			t.Parallel()
			text := section(t, d.kind)
			b, err := os.ReadFile(schemaFile(d.kind))
			if err != nil {
				t.Fatal(err)
			}
			var doc any
			if err := json.Unmarshal(b, &doc); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(text, "(schema/"+filepath.Base(schemaFile(d.kind))+")") {
				t.Error("docs/json.md doesn't link the schema")
			}
			seen := 0
			fields(doc, func(name string) {
				seen++
				if !strings.Contains(text, "`"+name+"`") {
					t.Errorf("docs/json.md lacks %s", name)
				}
			})
			if seen < 3 {
				t.Errorf("only %d fields", seen)
			}
			examples := strings.Split(text, "```json\n")[1:]
			if len(examples) == 0 {
				t.Error("docs/json.md has no example")
			}
			for _, x := range examples {
				x, _, _ = strings.Cut(x, "```")
				v, err := jsonschema.UnmarshalJSON(strings.NewReader(x))
				if err != nil {
					t.Fatalf("example: %v", err)
				}
				if err := compiled[d.kind].Validate(v); err != nil {
					t.Errorf("example: %v", err)
				}
			}
		})
	}
}
