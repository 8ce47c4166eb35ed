package otm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"assay/internal/yamltree"
)

// Write returns the document as JSON, indented by two blanks, fields in the
// order of the types and attributes in that of the alphabet. The error says
// that it would be longer than most bytes, or that a number is none.
func Write(doc *Document, most int64) ([]byte, error) {
	flat, err := Compact(doc, most)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, flat, "", "  "); err != nil {
		return nil, fmt.Errorf("otm: %w", err)
	}
	if int64(b.Len()) > most {
		return nil, tooLong(most)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// Compact is Write without blanks.
func Compact(doc *Document, most int64) ([]byte, error) {
	w := &writer{most: most}
	w.value(reflect.ValueOf(doc).Elem())
	if w.err != nil {
		return nil, w.err
	}
	return w.b.Bytes(), nil
}

func tooLong(most int64) error { return fmt.Errorf("otm: the document is longer than %d bytes", most) }

type writer struct {
	b    bytes.Buffer
	most int64
	err  error
}

func (w *writer) text(s string) {
	if w.err == nil && int64(w.b.Len()+len(s)) > w.most {
		w.err = tooLong(w.most)
	}
	if w.err == nil {
		w.b.WriteString(s)
	}
}

func (w *writer) quoted(s string) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // it is a file, not a page
	if err := enc.Encode(s); err != nil && w.err == nil {
		w.err = fmt.Errorf("otm: %w", err)
	}
	w.text(strings.TrimSuffix(b.String(), "\n"))
}

func (w *writer) value(v reflect.Value) {
	if w.err != nil {
		return
	}
	switch v.Kind() {
	case reflect.Invalid:
		w.text("null")
	case reflect.Pointer, reflect.Interface:
		w.value(v.Elem())
	case reflect.Struct:
		w.object(v)
	case reflect.Slice:
		w.text("[")
		for i := range v.Len() {
			if i > 0 {
				w.text(",")
			}
			w.value(v.Index(i))
		}
		w.text("]")
	case reflect.Map:
		w.text("{")
		w.pairs(v, true)
		w.text("}")
	case reflect.Bool:
		w.text(fmt.Sprint(v.Bool()))
	default:
		if number, ok := v.Interface().(Number); ok {
			if !number.Valid() && w.err == nil {
				w.err = fmt.Errorf("otm: %q is no number", string(number))
			}
			w.text(string(number))
			return
		}
		w.quoted(v.String())
	}
}

// object writes the fields that have a value, and those that the schema
// requires even where they are empty; a number that is required and unknown is
// left out, as any number would be an invention.
func (w *writer) object(v reflect.Value) {
	t := v.Type()
	w.text("{")
	first := true
	for i := range t.NumField() {
		f, x := t.Field(i), v.Field(i)
		name, rule := f.Tag.Get("yaml"), f.Tag.Get("is")
		if name == ",extra" {
			w.pairs(x, first)
			continue
		}
		must := rule == "required" && f.Type != reflect.TypeFor[Number]() && f.Type.Kind() != reflect.Pointer
		if empty(x) && !must && rule != "nullable" {
			continue
		}
		if !first {
			w.text(",")
		}
		first = false
		w.quoted(name)
		w.text(":")
		if empty(x) && rule == "nullable" {
			w.text("null")
		} else {
			w.value(x)
		}
	}
	w.text("}")
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}

func (w *writer) pairs(m reflect.Value, first bool) {
	object, _ := m.Interface().(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(object)) {
		if !first {
			w.text(",")
		}
		first = false
		w.quoted(k)
		w.text(":")
		w.value(reflect.ValueOf(object[k]))
	}
}

// Plain returns the document as nil, string, bool, Number, []any and
// map[string]any.
func (d *Document) Plain(most int64) (map[string]any, error) {
	b, err := Compact(d, most)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("otm: %w", err)
	}
	return m, nil
}

// FromPlain is the reverse of Plain.
func FromPlain(m map[string]any, lim yamltree.Limits) (*Document, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("otm: %w", err)
	}
	root, faults := yamltree.ParseJSON(b, lim)
	if root == nil {
		return nil, fmt.Errorf("otm: line %d: %s", faults[0].Line, faults[0].Reason)
	}
	doc, _ := decode(root, lim)
	return doc, nil
}
