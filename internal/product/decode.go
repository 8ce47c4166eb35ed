package product

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"assay/internal/limit"
	"assay/internal/yamltree"

	"go.yaml.in/yaml/v3"
)

// decoder turns YAML nodes into the model. It goes on after a mistake, so
// that one reading shows them all.
type decoder struct {
	file     string
	lim      limit.YAML
	model    *model
	problems []Problem
	places   map[string]place
	ids      map[string]*idSet
	refs     []reference
	nodes    int // values used, aliases written out
	aliases  int
	stopped  bool // a bound was hit: what follows is not read
}

// idSet is the ids of one kind, in the order of the file.
type idSet struct {
	order []string
	at    map[string]place
}

// reference is a use of an id, checked when all ids are known.
type reference struct {
	kind, value, path string
	also              string
	soft              bool
	at                place
}

func (d *decoder) problem(at place, path, key string, sev Severity, suggestion string, pairs ...string) {
	a := args(pairs...)
	if suggestion != "" {
		a["suggestion"] = show(suggestion)
	}
	d.problems = append(d.problems, Problem{
		File: d.file, Line: at.line, Column: at.column, Path: path,
		Key: key, Args: a, Suggestion: suggestion, Severity: sev,
	})
}

func (d *decoder) error(n *yaml.Node, path, key, suggestion string, pairs ...string) {
	pairs = append(pairs, "field", lastStep(path))
	d.problem(placeOf(n), path, key, SeverityError, suggestion, pairs...)
}

func placeOf(n *yaml.Node) place { return place{n.Line, n.Column} }

// lastStep is the last name in a path without its indices: what a person
// calls the field.
func lastStep(path string) string {
	for strings.HasSuffix(path, "]") && !strings.HasSuffix(path, `"]`) {
		path = parentPath(path)
	}
	if strings.HasSuffix(path, `"]`) {
		if key, err := strconv.Unquote(strings.TrimSuffix(path[len(parentPath(path)):], "]")[1:]); err == nil {
			return key
		}
	}
	return path[strings.LastIndexByte(path, '.')+1:]
}

// enter counts a value that is used and follows an alias. It returns nil
// where a bound is hit. The depth needs no bound here: the types have an end.
func (d *decoder) enter(n *yaml.Node, path string) *yaml.Node {
	if d.stopped {
		return nil
	}
	at := placeOf(n)
	stop := func(key string, bound int) *yaml.Node {
		d.stopped = true
		d.problem(at, path, key, SeverityError, "", "limit", strconv.Itoa(bound))
		return nil
	}
	if n.Kind == yaml.AliasNode {
		if d.aliases++; d.aliases > d.lim.Aliases {
			return stop("problem.too-many-aliases", d.lim.Aliases)
		}
		n = n.Alias
	}
	if d.nodes++; d.nodes > d.lim.Nodes {
		return stop("problem.too-many-values", d.lim.Nodes)
	}
	d.places[path] = at
	return n
}

// decode fills v from n and reports whether something was stated there.
func (d *decoder) decode(v reflect.Value, n *yaml.Node, path string, r rule) bool {
	if n = d.enter(n, path); n == nil {
		return false
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Style&yaml.TaggedStyle == 0 {
		d.empty(n, path, r)
		return false
	}
	if n.Style&yaml.TaggedStyle != 0 && !coreTag(n.Tag) {
		d.error(n, path, "problem.tag", "", "tag", n.Tag)
		return false
	}
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		p := reflect.New(t.Elem())
		if !d.decode(p.Elem(), n, path, r) {
			return false
		}
		v.Set(p)
		return true
	case isScalar(t):
		return d.special(v, n, path)
	case t == reflect.TypeFor[Standard]() && n.Kind == yaml.ScalarNode:
		id := FieldPath(path, "id")
		d.places[id] = placeOf(n)
		return d.scalar(v.FieldByName("ID"), n, id, rule{defines: "standard"})
	}
	switch t.Kind() {
	case reflect.Struct:
		return d.structure(v, n, path)
	case reflect.Slice:
		return d.list(v, n, path, r)
	case reflect.Map:
		return d.mapping(v, n, path, r)
	}
	return d.scalar(v, n, path, r)
}

func coreTag(tag string) bool {
	switch tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!seq", "!!map":
		return true
	}
	return false
}

// empty is a key without a value: it counts as not stated. Required fields
// are named as missing by their parent.
func (d *decoder) empty(n *yaml.Node, path string, r rule) {
	delete(d.places, path)
	if !r.required {
		d.problem(placeOf(n), path, "problem.no-value", SeverityWarning, "", "field", lastStep(path))
	}
}

// pairs calls each for every key of a mapping that is plain text, unique and
// not a merge key.
func (d *decoder) pairs(n *yaml.Node, path string, each func(key, value *yaml.Node)) {
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content) && !d.stopped; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch first, twice := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode || len(key.Value) > maxKey || hiddenRune(key.Value) >= 0:
			d.error(n.Content[i], path, "problem.bad-key", "")
			continue
		case key.Tag == "!!merge":
			d.error(n.Content[i], path, "problem.merge-key", "")
			continue
		case twice:
			d.error(n.Content[i], FieldPath(path, key.Value), "problem.duplicate-key", "", "key", key.Value, "first", strconv.Itoa(first))
			continue
		}
		seen[key.Value] = n.Content[i].Line
		if d.nodes++; d.nodes > d.lim.Nodes {
			d.stopped = true
			d.problem(placeOf(n.Content[i]), path, "problem.too-many-values", SeverityError, "", "limit", strconv.Itoa(d.lim.Nodes))
			return
		}
		each(n.Content[i], value)
	}
}

const maxKey = 128 // bytes of a key; ours are words, and ids stay below 64

func (d *decoder) structure(v reflect.Value, n *yaml.Node, path string) bool {
	fields := d.model.fields[v.Type()]
	if n.Kind != yaml.MappingNode {
		d.error(n, path, "problem.want-fields", "", "found", kindOf(n), "allowed", strings.Join(names(fields), ", "))
		return false
	}
	// Fields that are written, even wrongly, are not reported as missing too.
	written := map[string]bool{}
	stated := map[string]bool{}
	d.pairs(n, path, func(key, value *yaml.Node) {
		name := keyText(key)
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			if meant := d.unknown(key, name, path, fields, n); meant != "" {
				written[meant] = true
			}
			return
		}
		f := fields[i]
		stated[name] = d.decode(v.Field(f.index), value, FieldPath(path, name), f.rule)
		written[name] = stated[name] || !isNull(value)
	})
	for _, f := range fields {
		if f.rule.required && !written[f.name] && !d.stopped {
			at := n
			d.error(at, FieldPath(path, f.name), "problem.missing-field", "", "where", wherePath(path))
		}
	}
	return true
}

func isNull(n *yaml.Node) bool { return yamltree.IsNull(n) }

// keyText is the text of a key, through an alias.
func keyText(key *yaml.Node) string {
	if key.Kind == yaml.AliasNode {
		return key.Alias.Value
	}
	return key.Value
}

// wherePath names a place in the file; the top has no path.
func wherePath(path string) string {
	if path == "" {
		return noun("file")
	}
	return path
}

// unknown reports a key that is no field here, and returns the field that was
// probably meant.
func (d *decoder) unknown(key *yaml.Node, name, path string, fields []field, parent *yaml.Node) string {
	if len(d.problems) > 2*maxProblems {
		return "" // a hostile file; distances cost more than the report is worth
	}
	var open []string // fields that are not written yet come first into question
	for _, f := range fields {
		if !slices.ContainsFunc(parent.Content, func(c *yaml.Node) bool { return c.Value == f.name }) {
			open = append(open, f.name)
		}
	}
	meant := suggest(name, open)
	if meant == "" {
		for _, f := range fields {
			if slices.Contains(f.rule.aka, fold(name)) || slices.Contains(f.rule.aka, name) {
				meant = f.name
			}
		}
	}
	if meant == "" {
		meant = suggest(name, names(fields))
	}
	child := FieldPath(path, name)
	switch homes := d.model.homes[name]; {
	case meant != "":
		d.error(key, child, "problem.unknown-field", meant)
	case len(homes) == 1:
		d.error(key, child, "problem.misplaced-field", "", "home", wherePath(homes[0]))
	default:
		d.error(key, child, "problem.unknown-field-here", "", "allowed", strings.Join(names(fields), ", "))
	}
	return meant
}

func (d *decoder) list(v reflect.Value, n *yaml.Node, path string, r rule) bool {
	if n.Kind != yaml.SequenceNode {
		suggestion := ""
		if n.Kind == yaml.ScalarNode {
			suggestion = "[" + show(n.Value) + "]"
		}
		d.error(n, path, "problem.want-list", suggestion, "found", kindOf(n))
		return false
	}
	if len(n.Content) == 0 {
		// An empty list says something only where the type says so.
		if v.Type() == reflect.TypeFor[Names]() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		return true
	}
	elem := r
	elem.required = true // an empty entry is a mistake, reported here
	out := reflect.MakeSlice(v.Type(), 0, min(len(n.Content), 1024))
	for i, c := range n.Content {
		if d.stopped {
			break
		}
		item := reflect.New(v.Type().Elem()).Elem()
		at := ItemPath(path, i)
		if isNull(c) {
			d.error(c, at, "problem.empty-entry", "")
			continue
		}
		d.decode(item, c, at, elem)
		// A broken entry stays in the list: paths and indices must agree.
		out = reflect.Append(out, item)
	}
	v.Set(out)
	return true
}

func (d *decoder) mapping(v reflect.Value, n *yaml.Node, path string, r rule) bool {
	if n.Kind != yaml.MappingNode {
		d.error(n, path, "problem.want-map", "", "found", kindOf(n))
		return false
	}
	if len(n.Content) == 0 {
		return true
	}
	out := reflect.MakeMap(v.Type())
	d.pairs(n, path, func(key, value *yaml.Node) {
		name, child := keyText(key), FieldPath(path, keyText(key))
		if r.keys != "" {
			d.define(placeOf(key), child, r.keys, name, true, true)
		}
		if r.keyRef != "" {
			d.refs = append(d.refs, reference{kind: r.keyRef, value: name, path: child, soft: r.soft, at: placeOf(key)})
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if d.decode(item, value, child, rule{}) {
			out.SetMapIndex(reflect.ValueOf(name), item)
		}
	})
	if out.Len() > 0 {
		v.Set(out)
	}
	return true
}

// define registers an id and reports a second one of the same kind.
func (d *decoder) define(at place, path, kind, id string, unique, strict bool) {
	set := d.ids[kind]
	if set == nil {
		set = &idSet{at: map[string]place{}}
		d.ids[kind] = set
	}
	if strict && !validID(id) {
		d.problem(at, path, "problem.bad-id", SeverityError, cleanID(id), "id", id)
	}
	if kind == "component" && id == world {
		d.problem(at, path, "problem.reserved-id", SeverityError, "", "id", id)
	}
	if first, twice := set.at[id]; twice {
		if unique {
			d.problem(at, path, "problem.duplicate-id", SeverityError, "", "id", id, "kind", noun(kind), "first", strconv.Itoa(first.line))
		}
		return
	}
	set.at[id] = at
	set.order = append(set.order, id)
}

// kindOf names what was found instead, as YAML writes it.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "[…]"
	case yaml.MappingNode:
		return "{…}"
	}
	return fmt.Sprintf("`%s`", show(n.Value))
}
