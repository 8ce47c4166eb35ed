package product

import (
	"reflect"
	"strings"
	"sync"
)

// rule is what the `is:"…"` tag of a field says. The decoder, the JSON Schema
// and the documentation read the same tag, so they can't disagree.
type rule struct {
	required bool
	key      bool     // one of the fields by which entries are told apart
	defines  string   // kind of id that this value introduces; unique in its kind
	named    string   // like defines, for names that may be any text
	def      string   // like named, without uniqueness
	ref      string   // kind of id that this value must name
	also     string   // a value allowed beside ref
	soft     bool     // ref: an unknown id is an error only where it looks like a slip
	keys     string   // kind of id that the keys of this map introduce
	keyRef   string   // kind of id that the keys of this map must name
	enum     []string // the only values
	known    []string // usual values, for editors
	aka      []string // other words that people use for this field
	form     string   // file | url | place | host | address | market | urlpath
}

func parseRule(tag string) rule {
	var r rule
	for word := range strings.SplitSeq(tag, ",") {
		key, value, _ := strings.Cut(word, "=")
		list := strings.Split(value, "|")
		switch key {
		case "required":
			r.required = true
		case "key":
			r.key = true
		case "id":
			r.defines = value
		case "name":
			r.named = value
		case "def":
			r.def = value
		case "ref":
			r.ref = value
		case "softref":
			r.ref, r.soft = value, true
		case "also":
			r.also = value
		case "keys":
			r.keys = value
		case "keyref":
			r.keyRef = value
		case "softkeyref":
			r.keyRef, r.soft = value, true
		case "enum":
			r.enum = list
		case "known":
			r.known = list
		case "aka":
			r.aka = list
		default:
			r.form = key
		}
	}
	return r
}

// field is one field of a struct of the model.
type field struct {
	name  string // key in the file
	index int    // in the Go struct
	typ   reflect.Type
	rule  rule
}

// model is the fields of every struct of the model, and where each key
// belongs.
type model struct {
	fields map[reflect.Type][]field
	homes  map[string][]string // key → paths such as product or interfaces[]
}

// theModel is newModel, made once: it is never changed afterwards.
var theModel = sync.OnceValue(newModel)

func newModel() *model {
	m := &model{fields: map[reflect.Type][]field{}, homes: map[string][]string{}}
	m.add(reflect.TypeFor[Product](), "")
	return m
}

func (m *model) add(t reflect.Type, home string) {
	switch t.Kind() {
	case reflect.Pointer:
		m.add(t.Elem(), home)
		return
	case reflect.Slice:
		m.add(t.Elem(), home+"[]")
		return
	case reflect.Map:
		m.add(t.Elem(), home+".*")
		return
	case reflect.Struct:
	default:
		return
	}
	if _, ok := m.fields[t]; ok || isScalar(t) {
		return
	}
	m.fields[t] = nil
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		if !sf.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		fields = append(fields, field{name: name, index: i, typ: sf.Type, rule: parseRule(sf.Tag.Get("is"))})
		m.homes[name] = append(m.homes[name], home)
		m.add(sf.Type, strings.TrimPrefix(home+"."+name, "."))
	}
	m.fields[t] = fields
}

// scalars are the structs and named numbers that stand in the file as one value.
var scalars = []reflect.Type{
	reflect.TypeFor[Date](), reflect.TypeFor[Port](), reflect.TypeFor[PortRange](), reflect.TypeFor[Duration](),
}

func isScalar(t reflect.Type) bool {
	for _, s := range scalars {
		if t == s {
			return true
		}
	}
	return false
}

func names(fields []field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.name
	}
	return out
}
