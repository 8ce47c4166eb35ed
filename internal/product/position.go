package product

import (
	"strconv"
	"strings"
)

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
func FieldPath(path, key string) string {
	if !plainKey(key) {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// ItemPath appends an index from 0.
func ItemPath(path string, index int) string { return path + "[" + strconv.Itoa(index) + "]" }

func plainKey(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// parentPath removes the last step. Quoted keys may hold dots and brackets,
// so a quoted last step is cut at its opening bracket.
func parentPath(path string) string {
	if strings.HasSuffix(path, `"]`) {
		for i := len(path) - 3; i > 0; i-- {
			if path[i] == '"' && path[i-1] == '[' {
				if _, err := strconv.Unquote(path[i : len(path)-1]); err == nil {
					return path[:i-1]
				}
			}
		}
		return ""
	}
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}
