package exchange

import (
	"strings"

	"assay/internal/exchange/otm"
	"assay/internal/yamltree"
)

// inProduct is the fields of a document that a product holds, by their shape;
// true for the objects and lists around them, which are looked into. Everything
// else is in the Remainder alone, and noted.
var inProduct = map[string]bool{
	"": true, "otmVersion": false,
	"project": true, "project.name": false, "project.id": false, "project.owner": false, "project.attributes": false,
	"assets": true, "assets[]": true, "assets[].id": false, "assets[].name": false, "assets[].description": false,
	"assets[].risk": true, "assets[].risk.confidentiality": false, "assets[].attributes": false,
	"trustZones": true, "trustZones[]": true, "trustZones[].id": false, "trustZones[].name": false, "trustZones[].attributes": false,
	"components": true, "components[]": true, "components[].id": false, "components[].name": false, "components[].type": false,
	"components[].parent": true, "components[].parent.trustZone": false, "components[].assets": true,
	"components[].assets.stored": false, "components[].attributes": false,
	"dataflows": true, "dataflows[]": true, "dataflows[].id": false, "dataflows[].name": false, "dataflows[].description": false,
	"dataflows[].source": false, "dataflows[].destination": false, "dataflows[].assets": false,
	"dataflows[].bidirectional": false, // has a note of its own
	"dataflows[].attributes":    false,
}

// keptNotes names what only the Remainder holds: the outermost field of each,
// once, and attributes where one of them isn't ours.
func keptNotes(n *notes, doc *otm.Document) {
	last := "\x00" // what lies below it was spoken of
	for _, path := range n.res.Order {
		if strings.HasPrefix(path, last+".") || strings.HasPrefix(path, last+"[") {
			continue
		}
		inside, known := inProduct[yamltree.Shape(n.root, path)]
		if known && inside {
			continue
		}
		last = path
		if !known && !n.res.Off[path] {
			n.add(path, "exchange.kept")
		}
	}
	attributes := func(path string, a otm.Attributes) {
		for name := range a {
			if !strings.HasPrefix(name, prefix) {
				n.add(path+".attributes", "exchange.kept")
				return
			}
		}
	}
	attributes("project", doc.Project.Attributes)
	for i, x := range doc.Assets {
		attributes(yamltree.ItemPath("assets", i), x.Attributes)
	}
	for i, x := range doc.TrustZones {
		attributes(yamltree.ItemPath("trustZones", i), x.Attributes)
	}
	for i, x := range doc.Components {
		attributes(yamltree.ItemPath("components", i), x.Attributes)
	}
	for i, x := range doc.Dataflows {
		attributes(yamltree.ItemPath("dataflows", i), x.Attributes)
	}
}
