package exchange

import (
	"bytes"
	"fmt"

	"assay/internal/exchange/otm"
	"assay/internal/limit"
	"assay/internal/yamltree"

	"go.yaml.in/yaml/v3"
)

const (
	// RemainderSchema is the version line of the file that holds a Remainder.
	RemainderSchema = "assay/otm-remainder@1"
	// RemainderFile is its place in a workspace.
	RemainderFile = "evidence/otm-remainder.json"
)

// Remainder is the OTM document that a product was made of. ToOTM finds in it
// what a product has no place for: drawings, ratings, tags, attributes, threats
// and mitigations with their states, fields of later versions. What the product
// does hold is compared with it, so that only what was changed since is
// written anew.
type Remainder struct{ doc *otm.Document }

// Document is the document, not to be changed.
func (r *Remainder) Document() *otm.Document { return r.doc }

// envelope is small; the document may have the whole of the limit.
const envelope = 1 << 10

// Marshal returns the bytes of the file. The error says that it would be
// longer than UnmarshalRemainder reads.
func (r *Remainder) Marshal(lim limit.YAML) ([]byte, error) {
	doc, err := otm.Compact(r.doc, lim.Size-envelope)
	if err != nil {
		return nil, fmt.Errorf("exchange: remainder: %w", err)
	}
	var b bytes.Buffer
	b.WriteString(`{"schema":"` + RemainderSchema + `","document":`)
	b.Write(doc)
	b.WriteString("}\n")
	return b.Bytes(), nil
}

// UnmarshalRemainder reads what Marshal wrote. A remainder comes with a
// workspace, which may be a stranger's: it is read like any OTM document. The
// error is an *Unreadable.
func UnmarshalRemainder(name string, data []byte, lim limit.YAML) (*Remainder, error) {
	l := yamltree.Limits(lim)
	l.Depth++    // the envelope
	l.Nodes *= 2 // keys count too, and aliases are written out
	root, faults := yamltree.ParseJSON(data, l)
	if root == nil {
		return nil, unreadable(name, faults)
	}
	n := newNotes(name, &yamltree.Result{}, struct{}{})
	fail := func(at *yaml.Node, path, why string, pairs ...string) error {
		n.at(yamltree.PlaceOf(at), path, why, pairs...)
		return &Unreadable{Notes: n.all()}
	}
	var document *yaml.Node
	schema := ""
	for i := 0; root.Kind == yaml.MappingNode && i+1 < len(root.Content); i += 2 {
		switch key, value := root.Content[i], root.Content[i+1]; key.Value {
		case "schema":
			schema = value.Value
		case "document":
			document = value
		default:
			return nil, fail(key, key.Value, "exchange.unknown-field", "field", key.Value)
		}
	}
	if schema != RemainderSchema {
		return nil, fail(root, "schema", "exchange.remainder-schema", "value", schema, "reads", RemainderSchema)
	}
	if document == nil || document.Kind != yaml.MappingNode {
		return nil, fail(root, "document", "exchange.missing-field", "field", "document")
	}
	doc, res := otm.FromTree(document, l)
	if res.Cut {
		return nil, unreadable(name, res.Faults)
	}
	return &Remainder{doc: doc}, nil
}
