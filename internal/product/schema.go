package product

import (
	_ "embed"
	"slices"
)

//go:embed schema.json
var schemaJSON []byte

// SchemaJSON is the JSON Schema (2020-12) of assay.yaml. It is made from the
// types of this package, their comments and their tags; docs/schema holds the
// same bytes.
func SchemaJSON() []byte { return slices.Clone(schemaJSON) }
