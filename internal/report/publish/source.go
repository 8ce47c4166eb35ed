package publish

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/internal/product"
	"assay/internal/record"
	"assay/internal/yamltree"
)

// Source is a value that a sentence rests on.
type Source struct {
	File   string `json:"file"` // assay.yaml; threats.yaml, answers.yaml or run for what stands there
	Path   string `json:"path"` // of the field, such as components[0].renewal.verify
	Line   int    `json:"-"`    // 0 where the file doesn't say it, or nobody knows where
	SHA256 string `json:"sha256"`

	empty bool
}

// at is the place for people: file, line, field.
func (s Source) at() string {
	out := s.File
	if s.Line > 0 {
		out += ":" + strconv.Itoa(s.Line)
	}
	return strings.TrimSpace(out + " " + s.Path)
}

// files are where the variables beside product come from.
var files = map[string]string{"threats": "threats.yaml", "answers": "answers.yaml", "verdicts": "run", "components": "run", "texts": "documents", varOutcomes: "run", varRoutes: "run", varRun: "run"}

// self is a step that stays where it is, unless that is a group of fields:
// those are read by their fields.
const self = "_self"

// model finds places in a view.
type model struct {
	view   *record.View
	file   string
	groups map[string]map[string]any // groups of fields, by their path
	labels map[string]place          // what people call an entry, by its id
	hashes map[string]string         // of lists and groups, by their path
	places map[string]any            // every value by its path, once somebody asks
}

// place is a value with its path.
type place struct {
	root, path string
	value      any
}

func newModel(v *record.View, file string) *model {
	m := &model{view: v, file: file, groups: map[string]map[string]any{}, labels: map[string]place{}, hashes: map[string]string{}}
	m.index(v.Get("product"))
	return m
}

func (m *model) index(v any) {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			m.index(e)
		}
	case map[string]any:
		if at, ok := x["_at"].(string); ok {
			if _, taken := m.groups[at]; !taken {
				m.groups[at] = x
			}
			m.label(at, x)
		}
		for _, e := range x {
			m.index(e)
		}
	}
}

// label remembers which field of an entry people call it by.
func (m *model) label(at string, x map[string]any) {
	id, _ := x["id"].(string)
	labels, _ := m.view.Get("label").(map[string]any)
	if id == "" || labels[id] == nil {
		return
	}
	for _, name := range []string{"name", "who", "use", "need", "means", "capability", "feature", "setting", "failure", "law", "id"} {
		if x[name] == labels[id] {
			m.labels[id] = place{"product", product.FieldPath(at, name), x[name]}
			return
		}
	}
}

// walk remembers the value of every place.
func (m *model) walk(v any, path string) {
	m.places[path] = v
	switch x := v.(type) {
	case []any:
		for i, e := range x {
			m.walk(e, product.ItemPath(path, i))
		}
	case map[string]any:
		for k, e := range x {
			if !strings.HasPrefix(k, "_") {
				m.walk(e, product.FieldPath(path, k))
			}
		}
	}
}

// member is what a rule holds for: an entry of the model by its path, else of
// another list by its id or value.
type member struct {
	at, id string
	from   given // the list that it is of
	part   string
}

// expand lists the places that a spot stands for, with a member.
func (m *model) expand(p spot, of member) []place {
	out := m.start(p.root, of)
	for _, step := range p.steps {
		var next []place
		for _, x := range out {
			next = append(next, m.step(x, step, of)...)
		}
		out = next
	}
	if !p.label {
		return out
	}
	var named []place
	for _, x := range out {
		for _, id := range flat(x.value) {
			if l, ok := m.labels[id]; ok {
				named = append(named, l)
			}
		}
	}
	return named
}

func (m *model) start(root string, of member) []place {
	switch {
	case root == "it" && of.at != "":
		return []place{{"product", of.at, m.groups[of.at]}}
	case root == "part":
		return []place{{"product", of.part, m.groups[of.part]}}
	case root == "it":
		var out []place
		for _, p := range of.from.at {
			if p.root == "it" {
				continue
			}
			for _, x := range m.expand(p, member{part: of.part}) {
				switch {
				case of.id == "" || idOf(x.value) == of.id:
					out = append(out, x)
				case x.path == product.FieldPath(yamltree.ParentPath(x.path), of.id):
					out = append(out, place{x.root, x.path, of.id}) // the key of a map
				}
			}
		}
		return out
	case root == "product":
		return []place{{root, "", m.view.Get(root)}}
	}
	if v := m.view.Get(root); v != nil {
		return []place{{root, root, v}}
	}
	return nil
}

func idOf(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case map[string]any:
		id, _ := x["id"].(string)
		return id
	}
	return ""
}

func (m *model) step(x place, step string, of member) []place {
	if step == self {
		if _, group := x.value.(map[string]any); group {
			return nil
		}
		return []place{x}
	}
	switch v := x.value.(type) {
	case map[string]any:
		if step == "*" {
			var out []place
			for _, k := range sortedKeys(v) {
				if !strings.HasPrefix(k, "_") {
					out = append(out, place{x.root, product.FieldPath(x.path, k), v[k]})
				}
			}
			return out
		}
		switch got, ok := v[step]; {
		case step == "_at" || !ok:
			return nil
		case step == "_stated": // whether the file says it, not what
			return []place{{x.root, x.path, fmt.Sprint("stated: ", got)}}
		default:
			return []place{home(place{x.root, product.FieldPath(x.path, step), got})}
		}
	case []any:
		if step != "*" {
			return nil
		}
		return entries(x, v, of)
	}
	return nil
}

// entries are the members of a list; of the list that the rule goes through,
// only the one that it is about.
func entries(x place, list []any, of member) []place {
	var out []place
	for i, e := range list {
		path := product.ItemPath(x.path, i)
		if x.root == "product" {
			if strings.HasPrefix(of.at, x.path+"[") && of.at != path && !strings.HasPrefix(of.at, path+".") && !strings.HasPrefix(of.at, path+"[") {
				continue
			}
		} else if id := idOf(e); id != "" {
			if of.at == "" && of.id != "" && of.id != id {
				continue
			}
			path = product.FieldPath(x.path, id)
		}
		out = append(out, home(place{x.root, path, e}))
	}
	return out
}

// sources lists what patterns stand for as sources, each once, by path.
func (m *model) sources(patterns []spot, of member) []Source {
	var out []Source
	for _, p := range patterns {
		for _, x := range m.expand(p, of) {
			if unjudged(x) {
				continue
			}
			s := m.source(x)
			if !slices.ContainsFunc(out, func(o Source) bool { return o.Path == s.Path && o.File == s.File }) {
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, func(a, b Source) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.Path, b.Path))
	})
	return out
}

func (m *model) source(x place) Source {
	x = m.stated(x)
	s := Source{File: m.file, Path: x.path, SHA256: m.hash(x), empty: empty(x.value)}
	if x.root != "product" {
		s.File = cmp.Or(files[x.root], x.root)
		return s
	}
	s.Line, _ = m.view.Product().Position(x.path)
	return s
}

// hash is hashOf, remembered for lists and groups: many sentences look at the
// same ones.
func (m *model) hash(x place) string {
	switch x.value.(type) {
	case []any, map[string]any:
		key := x.root + " " + x.path
		if m.hashes[key] == "" {
			m.hashes[key] = hashOf(x.value)
		}
		return m.hashes[key]
	}
	return hashOf(x.value)
}

// hashOf is the SHA-256 of a value as JSON with sorted keys, without the paths
// in it: an entry that only moved is the same.
func hashOf(v any) string {
	b, err := json.Marshal(stripped(v))
	if err != nil {
		b = []byte(err.Error()) // not for values of a view
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func stripped(v any) any {
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = stripped(e)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range x {
			if k != "_at" {
				out[k] = stripped(e)
			}
		}
		return out
	}
	return v
}

// empty says that a value states nothing.
func empty(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(x) == "" || strings.Contains(x, product.Gap)
	case int64:
		return x == 0
	case float64:
		return x == 0
	case []any:
		return !slices.ContainsFunc(x, func(e any) bool { return !empty(e) })
	}
	return false
}

// flat lists the texts of a value: itself, or those of a list.
func flat(v any) []string {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []any:
		var out []string
		for _, e := range x {
			out = append(out, flat(e)...)
		}
		return out
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
