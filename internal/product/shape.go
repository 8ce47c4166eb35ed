package product

import (
	"reflect"
	"strings"
)

// Shape is what may stand at a path of an assay.yaml.
type Shape struct {
	// Kind is text, number, yes-no, date, period, list (of texts), group,
	// entries (a list of groups) or names (groups by name).
	Kind   string
	Enum   []string // the only values of a text
	Known  []string // usual values
	Ref    string   // kind of id that a text must name
	Fields []Field  // of a group, or of each of the entries
	// Key are the fields by which entries are told apart: the id, or else those
	// that are marked so, or else all that are required.
	Key []string
}

// Field is a field of a group.
type Field struct {
	Name     string
	Required bool
	Shape    Shape

	key bool
}

// ShapeAt says what may stand at a path such as customers, product.support or
// customers[].skill.
func ShapeAt(path string) (Shape, bool) {
	m := theModel()
	t, r := reflect.TypeFor[Product](), rule{}
	for part := range strings.SplitSeq(path, ".") {
		name, _, _ := strings.Cut(part, "[")
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
			t = t.Elem()
		}
		found := false
		for _, f := range m.fields[t] {
			if f.name == name {
				t, r, found = f.typ, f.rule, true
				break
			}
		}
		if !found {
			return Shape{}, false
		}
	}
	return shape(m, t, r, 0), true
}

// maxShape bounds how deep groups are described.
const maxShape = 6

func shape(m *model, t reflect.Type, r rule, depth int) Shape {
	for t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		t = t.Elem()
	}
	s := Shape{Enum: r.enum, Known: r.known, Ref: r.ref}
	switch {
	case t == reflect.TypeFor[Date]():
		s.Kind = "date"
	case t == reflect.TypeFor[Duration]():
		s.Kind = "period"
	case t.Kind() == reflect.Bool || t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Bool:
		s.Kind = "yes-no"
	case t.Kind() == reflect.Int:
		s.Kind = "number"
	case t.Kind() == reflect.Slice && m.fields[t.Elem()] != nil:
		s.Kind = "entries"
		s.Fields = shapes(m, t.Elem(), depth)
		s.Key = keyOf(s.Fields)
	case t.Kind() == reflect.Slice:
		s.Kind = "list"
	case m.fields[t] != nil:
		s.Kind = "group"
		s.Fields = shapes(m, t, depth)
	case t.Kind() == reflect.Map:
		s.Kind = "names"
	default:
		s.Kind = "text"
	}
	return s
}

func shapes(m *model, t reflect.Type, depth int) []Field {
	if depth >= maxShape {
		return nil
	}
	var out []Field
	for _, f := range m.fields[t] {
		out = append(out, Field{f.name, f.rule.required, shape(m, f.typ, f.rule, depth+1), f.rule.key})
	}
	return out
}

func keyOf(fields []Field) []string {
	var marked, required []string
	for _, f := range fields {
		if f.Name == "id" {
			return []string{f.Name}
		}
		if f.key {
			marked = append(marked, f.Name)
		}
		if f.Required {
			required = append(required, f.Name)
		}
	}
	if len(marked) > 0 {
		return marked
	}
	return required
}
