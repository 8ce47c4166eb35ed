package otm

import (
	"bytes"
	"strings"

	"assay/internal/yamltree"

	"go.yaml.in/yaml/v3"
)

// Reasons of this format, beside those of yamltree.
const (
	// OldParent: the parent is written as {id, type}, as the text of 0.1.0 shows
	// it; it is read as {trustZone} or {component}.
	OldParent yamltree.Reason = "old-parent"
	// OtherVersion: the document says another version than 0.1.0 and 0.2.0. It
	// is read as 0.2.0. Argument: value.
	OtherVersion yamltree.Reason = "other-version"
)

// Read reads a document in JSON or YAML. Without one there is a fault in the
// result; with one, the faults say which fields could not be read.
func Read(name string, data []byte, lim yamltree.Limits) (*Document, *yamltree.Result) {
	root, faults := Tree(name, data, lim)
	if root == nil {
		return nil, &yamltree.Result{Faults: faults}
	}
	return decode(root, lim)
}

// Tree parses JSON or YAML. JSON is tried first where the name or the first
// character speaks for it.
func Tree(name string, data []byte, lim yamltree.Limits) (*yaml.Node, []yamltree.Fault) {
	named := strings.HasSuffix(strings.ToLower(name), ".json")
	head := bytes.TrimLeft(bytes.TrimPrefix(data[:min(len(data), 512)], []byte("\xef\xbb\xbf")), " \t\r\n")
	if !named && !bytes.HasPrefix(head, []byte("{")) {
		return yamltree.Parse(data, lim)
	}
	root, faults := yamltree.ParseJSON(data, lim)
	if root == nil && !named && faults[0].Reason == yamltree.Syntax {
		return yamltree.Parse(data, lim) // a YAML mapping may begin with { too
	}
	return root, faults
}

// FromTree is Read for a node of a larger document.
func FromTree(root *yaml.Node, lim yamltree.Limits) (*Document, *yamltree.Result) {
	return decode(root, lim)
}

func decode(root *yaml.Node, lim yamltree.Limits) (*Document, *yamltree.Result) {
	doc := &Document{}
	res := yamltree.Decode(root, doc, lim)
	for i := range doc.Components {
		doc.Components[i].Parent.modern(yamltree.ItemPath("components", i)+".parent", res)
	}
	for i := range doc.TrustZones {
		doc.TrustZones[i].Parent.modern(yamltree.ItemPath("trustZones", i)+".parent", res)
	}
	if v := doc.OTMVersion; v != "" && v != "0.1.0" && v != Version {
		res.Faults = append(res.Faults, yamltree.Fault{Place: res.Places["otmVersion"], Path: "otmVersion", Reason: OtherVersion,
			Args: map[string]string{"field": "otmVersion", "value": v}})
	}
	return doc, res
}

// modern turns {id, type}, the form in the text of version 0.1.0, into the form
// of the schema.
func (p *Parent) modern(path string, res *yamltree.Result) {
	if p == nil || p.TrustZone != "" || p.Component != "" || len(p.Extra) != 2 {
		return
	}
	id, _ := p.Extra["id"].(string)
	switch p.Extra["type"] {
	case "trustZone":
		p.TrustZone = id
	case "component":
		p.Component = id
	default:
		return
	}
	p.Extra = nil
	kept := res.Faults[:0]
	for _, f := range res.Faults {
		if f.Path != path+".id" && f.Path != path+".type" {
			kept = append(kept, f)
		}
	}
	res.Faults = append(kept, yamltree.Fault{Place: res.Places[path], Path: path, Reason: OldParent, Args: map[string]string{"field": "parent"}})
}
