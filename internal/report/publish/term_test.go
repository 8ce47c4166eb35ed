package publish

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"assay/internal/product"
)

// choices lists the values that a field of the model can have, where they are
// fixed or known. The spot is that of a place in the model.
func choices(p spot) []string {
	if p.root != "product" || p.label {
		return nil
	}
	typ, tag := reflect.TypeFor[product.Product](), ""
	for _, step := range p.steps {
		for typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		switch typ.Kind() {
		case reflect.Slice, reflect.Map:
			if typ = typ.Elem(); step == "*" || step == self {
				continue
			}
			return nil
		case reflect.Struct:
			i := slices.IndexFunc(reflect.VisibleFields(typ), func(f reflect.StructField) bool {
				name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
				return name == step
			})
			if i < 0 {
				return nil
			}
			f := reflect.VisibleFields(typ)[i]
			typ, tag = f.Type, f.Tag.Get("is")
		default:
			return nil
		}
	}
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() == reflect.Bool {
		return []string{"yes", "no"}
	}
	for part := range strings.SplitSeq(tag, ",") {
		for _, name := range []string{"enum=", "known="} {
			if list, ok := strings.CutPrefix(part, name); ok {
				return strings.Split(list, "|")
			}
		}
	}
	return nil
}

// resolved puts the member's list in the place of `it`, and the section's in
// that of `part`.
func resolved(p spot, of, part given) []spot {
	roots := map[string]given{"it": of, "part": part}
	g, ok := roots[p.root]
	if !ok {
		return []spot{p}
	}
	var out []spot
	for _, base := range g.at {
		for _, b := range resolved(base, given{}, part) {
			b.steps = append(slices.Clone(b.steps), p.steps...)
			out = append(out, b)
		}
	}
	return out
}

// TestTerms: every choice of the model that a document prints as a word has
// that word in the catalogue.
func TestTerms(t *testing.T) {
	t.Parallel()
	texts := catalogue()
	asked := 0
	for _, doc := range templates(t) {
		for _, s := range doc.Sections {
			for _, x := range s.Sentences {
				for _, text := range x.texts() {
					for _, m := range slot.FindAllStringSubmatch(text.En, -1) {
						if m[2] != "term" && !strings.HasPrefix(m[2], "term.") {
							continue
						}
						name := strings.TrimPrefix(strings.TrimPrefix(m[2], "term"), ".")
						n := 0
						for _, p := range x.rule.with[m[1]] {
							for _, at := range resolved(p, x.rule.member, s.rule.member) {
								for _, v := range choices(at) {
									n++
									if key := TermKey(name, v); !texts.Has(key) {
										t.Errorf("%s#%s: {%s} can be %q: there is no text %s", doc.ID, x.ID, m[1], v, key)
									}
								}
							}
						}
						if n == 0 && !slices.Contains([]string{"threat", "risk", "language", "signed", "auth", "answer", "basis", "standard", "decision"}, name) {
							t.Errorf("%s#%s: {%s:%s} is no choice of the model", doc.ID, x.ID, m[1], m[2])
						}
						asked++
					}
				}
			}
		}
	}
	if asked < 30 {
		t.Errorf("only %d places for words were found", asked)
	}
}

// TestNoTermIsUnused: no document prints a term that stands in the catalogue
// for nothing.
func TestNoTermIsUnused(t *testing.T) {
	t.Parallel()
	var forms []string
	for _, doc := range templates(t) {
		for _, s := range doc.Sections {
			for _, x := range s.Sentences {
				for _, text := range x.texts() {
					for _, m := range slot.FindAllStringSubmatch(text.En, -1) {
						forms = append(forms, m[2])
					}
				}
			}
		}
	}
	for _, key := range catalogue().Keys() {
		rest, ok := strings.CutPrefix(key, "term.")
		if !ok {
			continue
		}
		form := "term"
		if name, _, named := strings.Cut(rest, "."); named {
			form += "." + name
		}
		if !slices.Contains(forms, form) {
			t.Errorf("no document has a place {…:%s} for %s", form, key)
		}
	}
}
