package product

import "assay/internal/yamltree"

// place is a line and a column, both from 1.
type place struct{ line, column int }

// source remembers where each field of a loaded file stands.
type source struct {
	file   string
	places map[string]place
}

// File is the name that the product was loaded under; "" for one that was
// made by a program.
func (p *Product) File() string {
	if p.src == nil {
		return ""
	}
	return p.src.file
}

// Position returns where the value of a field path stands, such as
// interfaces[2].port or claims.etsi-en-303-645["5.6-8"]; line and column
// count from 1. For a field that is not written it returns the nearest
// enclosing one that is, and 0, 0 for a product that was made by a program.
func (p *Product) Position(path string) (line, column int) {
	if p.src == nil {
		return 0, 0
	}
	for {
		if at, ok := p.src.places[path]; ok {
			return at.line, at.column
		}
		if path == "" {
			return 0, 0
		}
		path = parentPath(path)
	}
}

// Stated reports whether the file says something at this path.
func (p *Product) Stated(path string) bool {
	if p.src == nil {
		return false
	}
	_, ok := p.src.places[path]
	return ok
}

// FieldPath joins a path and the name of a field or the key of a map; keys
// that are not plain words are quoted in brackets.
func FieldPath(path, key string) string { return yamltree.FieldPath(path, key) }

// ItemPath appends an index from 0.
func ItemPath(path string, index int) string { return yamltree.ItemPath(path, index) }

// parentPath removes the last step.
func parentPath(path string) string { return yamltree.ParentPath(path) }
