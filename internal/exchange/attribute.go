package exchange

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"assay/internal/exchange/otm"
)

// prefix stands before the attributes that hold what OTM has no field for.
// Their names are those of assay.yaml; their values are texts, as the text of
// OTM wants it (map of string to string), and JSON where a value is no text.
const prefix = "assay."

// jsonName is the name of a field in the file, which JSON and YAML share.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// putAttributes writes every field of the struct that has a value, but for
// those that are named.
func putAttributes(to otm.Attributes, from any, but ...string) {
	v := reflect.ValueOf(from)
	skip := map[string]bool{"": true}
	for _, b := range but {
		skip[b] = true
	}
	for i := range v.NumField() {
		name, x := jsonName(v.Type().Field(i)), v.Field(i)
		if skip[name] || !stated(x) {
			continue
		}
		to[prefix+name] = attributeText(x)
	}
}

// stated reports whether a field says something; an empty list that isn't nil
// says that there is nothing.
func stated(v reflect.Value) bool {
	if v.Kind() == reflect.Slice {
		return !v.IsNil()
	}
	return !v.IsZero() && (v.Kind() != reflect.Map || v.Len() > 0)
}

func attributeText(v reflect.Value) string {
	if m, ok := v.Interface().(encoding.TextMarshaler); ok && v.Kind() != reflect.Pointer {
		b, err := m.MarshalText()
		if err == nil {
			return string(b)
		}
	}
	if v.Kind() == reflect.String {
		return v.String()
	}
	b, err := json.Marshal(v.Interface())
	if err != nil {
		return "" // not for the types of the model, which have no cycles and no functions
	}
	return string(b)
}

// takeAttributes sets the fields of a struct from the attributes that bear
// their names, but for those that are named, and calls bad for the ones that
// can't be read.
func takeAttributes(to any, from otm.Attributes, bad func(attribute string, err error), but ...string) {
	v := reflect.ValueOf(to).Elem()
	skip := map[string]bool{"": true}
	for _, b := range but {
		skip[b] = true
	}
	for i := range v.NumField() {
		name := jsonName(v.Type().Field(i))
		value, ok := from[prefix+name]
		if !ok || skip[name] {
			continue
		}
		if err := setAttribute(v.Field(i), value); err != nil {
			bad(prefix+name, err)
			v.Field(i).SetZero()
		}
	}
}

func setAttribute(v reflect.Value, value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("not a text")
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	if v.Kind() == reflect.String {
		v.SetString(text)
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v.Addr().Interface()); err != nil {
		return err
	}
	if dec.More() {
		return fmt.Errorf("more than one value")
	}
	return nil
}
