package product

import (
	"fmt"
	"io"
	"os"
	"reflect"

	"assay/internal/limit"
	"assay/internal/pattern"
	"assay/internal/yamltree"

	"go.yaml.in/yaml/v3"
)

// FileName is the name of the product file in a workspace.
const FileName = "assay.yaml"

// Load reads the bytes of an assay.yaml and returns every mistake at once, in
// the order of the file. The name is used in messages only. The product is
// never nil and holds what could be read; it may be used where HasErrors of
// the problems is false. Open points come from Check.
func Load(name string, data []byte, lim limit.YAML) (*Product, []Problem) {
	p := &Product{}
	d := &decoder{file: name, lim: lim, model: theModel(), places: map[string]place{}, ids: map[string]*idSet{}}
	p.src = &source{file: name, places: d.places}
	if root := d.parse(data); root != nil && d.version(root) {
		d.decode(reflect.ValueOf(p).Elem(), root, "", rule{})
		if !d.stopped {
			d.resolve()
			d.consistent(p)
		}
	}
	return p, arrange(name, d.problems)
}

// LoadDir reads the assay.yaml of a workspace folder. Links that leave the
// folder are not followed. The error is one of reading; what is wrong with
// the content is in the problems.
func LoadDir(dir string, lim limit.YAML) (*Product, []Problem, error) {
	data, err := readFile(dir, lim.Size)
	if err != nil {
		return nil, nil, err
	}
	p, problems := Load(FileName, data, lim)
	return p, problems, nil
}

func readFile(dir string, most int64) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("product: open workspace: %w", err)
	}
	defer root.Close() // opened for reading only
	// A pipe in a stranger's workspace would block the open itself.
	info, err := root.Stat(FileName)
	if err != nil {
		return nil, fmt.Errorf("product: read workspace %s: %w", dir, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("product: read workspace %s: %s is no regular file", dir, FileName)
	}
	f, err := root.Open(FileName)
	if err != nil {
		return nil, fmt.Errorf("product: read workspace %s: %w", dir, err)
	}
	defer f.Close() // opened for reading only
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("product: read %s: %w", FileName, err)
	}
	return data, nil
}

// parse returns the root of the only document within the limits, or nil after
// reporting why there is none.
func (d *decoder) parse(data []byte) *yaml.Node {
	root, faults := yamltree.Parse(data, yamltree.Limits(d.lim))
	for _, f := range faults {
		suggestion := ""
		if f.Reason == yamltree.Empty {
			suggestion = "schema: " + Schema
		}
		var pairs []string
		for name, value := range f.Args {
			pairs = append(pairs, name, value)
		}
		d.problem(place{f.Line, f.Column}, "", unreadable[f.Reason], SeverityError, suggestion, pairs...)
	}
	return root
}

// unreadable is the message for each reason why a file gives no tree.
var unreadable = map[yamltree.Reason]string{
	yamltree.TooLarge:         "problem.too-large",
	yamltree.UTF16:            "problem.utf-16",
	yamltree.NotUTF8:          "problem.not-utf-8",
	yamltree.ControlCharacter: "problem.control-character",
	yamltree.Empty:            "problem.empty-file",
	yamltree.SeveralDocuments: "problem.several-documents",
	yamltree.Tab:              "problem.tab",
	yamltree.Syntax:           "problem.syntax",
	yamltree.SyntaxColon:      "problem.syntax-colon",
	yamltree.TooManyValues:    "problem.too-many-values",
	yamltree.TooDeep:          "problem.too-deep",
	yamltree.ValueTooLong:     "problem.value-too-long",
}

var schemaLine = pattern.New(`^assay/([a-z-]+)@([0-9]{1,6})$`)

// version looks at the schema line before anything else: the fields of a
// later version would all look like mistakes.
func (d *decoder) version(root *yaml.Node) bool {
	if root.Kind != yaml.MappingNode {
		return true // reported by the decoder
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value != "schema" {
			continue
		}
		n := root.Content[i+1]
		if n.Kind != yaml.ScalarNode || isNull(n) {
			return true // reported by the decoder
		}
		m := schemaLine.FindStringSubmatch(n.Value)
		switch {
		case n.Value == Schema:
			return true
		case m == nil || m[1] != "product" || m[2] == "0":
			d.error(n, "schema", "problem.bad-schema", Schema, "value", n.Value)
			return m == nil // the schema of something else has other fields
		default:
			d.error(n, "schema", "problem.later-schema", "", "value", n.Value, "reads", Schema)
			return false
		}
	}
	return true // missing: reported by the decoder
}
