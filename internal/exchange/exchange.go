// Package exchange translates between the product model and the models of
// others: the Open Threat Model format (github.com/iriusrisk/OpenThreatModel)
// in both directions, and Threagile models (threagile.io) into ours.
//
// In: the bytes of a foreign model, hostile until read, or a product with
// threats. Out: a product that product.Load accepts, with a note for everything
// that was not translated or only guessed, and for OTM the Remainder: what
// came with the document and has no place in a product, so that it can be
// written again; or an OTM document.
//
// Nothing is invented: what the product model requires and the foreign one
// doesn't state stands as Gap. docs/exchange.md has the tables.
package exchange

import (
	"assay/internal/exchange/otm"
	"assay/internal/exchange/threagile"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/yamltree"
)

// Gap stands in an assay.yaml where a field is required and the imported model
// doesn't state it. It is no value: whoever reads the file has to replace it.
const Gap = product.Gap

// Format is a format of foreign models.
type Format string

// The formats.
const (
	OTM       Format = "otm"
	Threagile Format = "threagile"
)

// Detect says which format a file has, by its fields, whatever its name. The
// error is an *Unreadable.
func Detect(name string, data []byte) (Format, error) {
	lim := yamltree.Limits(limit.Default().YAML)
	root, faults := otm.Tree(name, data, lim)
	if root == nil {
		return "", unreadable(name, faults)
	}
	var keys struct {
		OTMVersion string         `yaml:"otmVersion"`
		Version    string         `yaml:"threagile_version"`
		Extra      map[string]any `yaml:",extra"`
	}
	yamltree.Decode(root, &keys, lim)
	has := func(names ...string) bool {
		for _, n := range names {
			if _, ok := keys.Extra[n]; !ok {
				return false
			}
		}
		return true
	}
	switch {
	case keys.OTMVersion != "" && keys.Version == "", has("project", "components") || has("project", "trustZones"):
		return OTM, nil
	case keys.Version != "" && keys.OTMVersion == "", has("technical_assets"):
		return Threagile, nil
	}
	return "", &Unreadable{Notes: []Note{{File: name, Why: "exchange.unknown-format"}}}
}

// FromOTM makes a product of an OTM document. The error is an *Unreadable; with
// one there is no product.
func FromOTM(name string, data []byte, lim limit.YAML) (*product.Product, *Remainder, []Note, error) {
	l := yamltree.Limits(lim)
	doc, res := otm.Read(name, data, l)
	if doc == nil {
		return nil, nil, nil, unreadable(name, res.Faults)
	}
	n := newNotes(name, res, otm.Document{})
	n.faults()
	rest := &Remainder{doc: doc}
	if _, err := rest.Marshal(lim); err != nil {
		return nil, nil, nil, &Unreadable{Notes: []Note{{File: name, Why: "problem.too-large", Args: n.args("limit", formatInt(lim.Size))}}}
	}
	p := readDocument(doc, n.branch(), true).p
	if bad := unusable(p, lim); len(bad) > 0 {
		for _, b := range bad {
			n.add("project.attributes", "exchange.attributes", "path", b.Path, "problem", b.Text())
		}
		p = readDocument(doc, n.branch(), false).p
		if bad := unusable(p, lim); len(bad) > 0 {
			return nil, nil, nil, broken(name, bad)
		}
		readDocument(doc, n, false)
	} else {
		readDocument(doc, n, true)
	}
	keptNotes(n, doc)
	gaps(p, n)
	return p, rest, n.all(), nil
}

// FromThreagile makes a product of a Threagile model. The error is an
// *Unreadable; with one there is no product.
func FromThreagile(name string, data []byte, lim limit.YAML) (*product.Product, []Note, error) {
	m, res := threagile.Read(name, data, yamltree.Limits(lim))
	if m == nil {
		return nil, nil, unreadable(name, res.Faults)
	}
	n := newNotes(name, res, threagile.Model{})
	n.faults()
	p := readThreagile(m, n)
	if bad := unusable(p, lim); len(bad) > 0 {
		return nil, nil, broken(name, bad)
	}
	gaps(p, n)
	return p, n.all(), nil
}

// unusable is what product.Load says against a product: the last check of
// everything that this package makes.
func unusable(p *product.Product, lim limit.YAML) []product.Problem {
	data, err := MarshalYAML(p)
	if err != nil {
		return []product.Problem{{Key: "problem.syntax", Args: map[string]string{"message": err.Error()}, Severity: product.SeverityError}}
	}
	_, problems := product.Load(product.FileName, data, lim)
	var bad []product.Problem
	for _, x := range problems {
		if x.Severity == product.SeverityError && len(bad) < 10 {
			bad = append(bad, x)
		}
	}
	return bad
}

// gaps names what a person has to fill in.
func gaps(p *product.Product, n *notes) {
	for _, g := range []struct{ path, value string }{
		{"product.name", p.Identity.Name}, {"product.model", p.Identity.Model},
		{"product.release", p.Identity.Release}, {"product.maker.name", p.Identity.Maker.Name},
	} {
		if g.value == Gap {
			n.whole("exchange.gap", "field", g.path)
		}
	}
}
