// Package record asks what a product's record says, by rules that are data:
// which questions are answered, which checks find a gap, which sentences a
// document can truthfully contain.
//
// In: a product model, and plain values beside it (threats, verdicts, answers
// in prose, the day). Out: for each rule, the places of the model where it
// holds, with the values that its text names. The package knows no rule of its
// own: internal/activity and internal/report/publish bring theirs.
package record

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"assay/internal/product"
)

// View is what rules can ask about: the variable `product` and the others that
// the caller gives. In it every field of the model is there:
//
//   - a text, date or choice that isn't stated is ""; dates are 2026-03-01
//   - a yes/no that isn't stated is "", else "yes" or "no"
//   - a list that isn't stated is empty, a number 0, a period 0 hours
//   - a group of fields that isn't stated has its fields nevertheless
//   - beside a list whose emptiness is a statement (data.shared_with: []) stands
//     shared_with_said: whether the file says anything there
//   - `_at` of every group of fields is its path, such as customers[2], and
//     `_stated` says whether the file says anything there
type View struct {
	vars map[string]any
	p    *product.Product
}

// NewView makes the view of a product on a day. The names in more become
// variables; their values are plain: maps, slices, texts, numbers, booleans.
func NewView(p *product.Product, today time.Time, more map[string]any) *View {
	b := builder{labels: map[string]any{}}
	v := &View{p: p, vars: map[string]any{
		"product": b.object(reflect.ValueOf(p).Elem(), "", true),
		"label":   b.labels,
		"today":   today.UTC().Format("2006-01-02"),
	}}
	for name, value := range more {
		v.vars[name] = value
	}
	return v
}

// Product is the product that the view is of.
func (v *View) Product() *product.Product { return v.p }

// Get gives a value of the view, for callers that know what they look for:
// "label", or a name that was given to NewView.
func (v *View) Get(name string) any { return v.vars[name] }

// builder turns the model into plain values.
type builder struct {
	labels map[string]any // id → what people call it
}

// names are the fields that people call an entry by, the best first.
var names = []string{"Name", "Who", "Use", "Need", "Means", "Capability", "Feature", "Setting", "Failure", "Law", "Effect"}

func (b *builder) object(v reflect.Value, path string, stated bool) map[string]any {
	t := v.Type()
	out := map[string]any{"_at": path, "_stated": stated}
	id := ""
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		at := name
		if path != "" {
			at = path + "." + name
		}
		out[name] = b.value(v.Field(i), at, stated)
		if x, ok := v.Field(i).Interface().(product.Names); ok {
			out[name+"_said"] = x != nil
		}
		if name == "id" && v.Field(i).Kind() == reflect.String {
			id = v.Field(i).String()
		}
	}
	if id != "" {
		// The first entry with a name counts; ids of different lists may be equal.
		if was, taken := b.labels[id]; !taken || was == id {
			b.labels[id] = label(v, id)
		}
	}
	return out
}

func label(v reflect.Value, id string) string {
	for _, n := range names {
		if f := v.FieldByName(n); f.IsValid() && f.Kind() == reflect.String && f.String() != "" {
			return f.String()
		}
	}
	return id
}

func (b *builder) value(v reflect.Value, path string, stated bool) any {
	switch x := v.Interface().(type) {
	case product.Date:
		if x.IsZero() {
			return ""
		}
		return x.String()
	case product.Duration:
		return time.Duration(x).Hours()
	case product.Port:
		if x.IsZero() {
			return ""
		}
		return x.String()
	case product.PortRange:
		if x.IsZero() {
			return ""
		}
		return x.String()
	case *bool:
		switch {
		case x == nil:
			return ""
		case *x:
			return "yes"
		}
		return "no"
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int64:
		return v.Int()
	case reflect.Uint16:
		return int64(v.Uint())
	case reflect.Pointer:
		if v.IsNil() {
			return b.object(reflect.New(v.Type().Elem()).Elem(), path, false)
		}
		return b.object(v.Elem(), path, stated)
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = b.value(v.Index(i), product.ItemPath(path, i), stated)
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for it := v.MapRange(); it.Next(); {
			k := it.Key().String()
			out[k] = b.value(it.Value(), product.FieldPath(path, k), stated)
		}
		return out
	case reflect.Struct:
		return b.object(v, path, stated)
	}
	return fmt.Sprint(v.Interface())
}
