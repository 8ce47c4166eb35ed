package yamltree

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// What Decode may find. The comment names the arguments of the fault; field is
// always among them.
const (
	TooManyAliases Reason = "too-many-aliases" // limit
	UnknownField   Reason = "unknown-field"    //
	MissingField   Reason = "missing-field"    //
	DuplicateKey   Reason = "duplicate-key"    // first
	BadKey         Reason = "bad-key"          //
	BadTag         Reason = "bad-tag"          // tag
	WantFields     Reason = "want-fields"      // found
	WantList       Reason = "want-list"        // found
	WantText       Reason = "want-text"        // found
	WantBool       Reason = "want-bool"        // found
	WantNumber     Reason = "want-number"      // found
	UnknownValue   Reason = "unknown-value"    // value, allowed
)

// Result is what Decode saw beside the values.
type Result struct {
	// Places tells where each field stands that has a value.
	Places map[string]Place
	// Order is the paths of Places in the order of the file.
	Order []string
	// Off is the paths of values that say nothing: switches that are false, empty
	// texts, and what could not be read.
	Off map[string]bool
	// Faults are at most a few thousand; Dropped counts the rest.
	Faults  []Fault
	Dropped int
	// Cut reports that a limit was hit: what follows it was not read.
	Cut bool
}

const (
	maxFaults = 2000
	maxKey    = 1024 // bytes of a key; some formats use titles and questions as keys
	maxStep   = 80   // bytes of a key that stand in a path
)

// Decode fills v, a pointer to a struct, from a tree. Fields have tags:
//
//	`yaml:"name"`    the key; `is:"required"` and `is:"enum=a|b"` are checked
//	`yaml:",extra"`  map[string]any of all keys that are no fields
//	`yaml:",key"`    in an element of a slice: the slice is a mapping in the
//	                 file, in its order, and this is the key of the entry
//	`yaml:",value"`  such an entry's value, where it has no fields of its own
//
// Unknown and mistyped fields are faults, and the rest is read. A value outside
// of an enum is a fault and is kept. Null counts as not written. Merge keys and
// aliases are followed within the limits.
func Decode(root *yaml.Node, v any, lim Limits) *Result {
	d := &decoder{lim: lim, res: &Result{Places: map[string]Place{}, Off: map[string]bool{}}}
	d.decode(reflect.ValueOf(v).Elem(), root, "", rule{}, 1)
	return d.res
}

type decoder struct {
	lim     Limits
	res     *Result
	nodes   int
	aliases int
	bytes   int64
}

// rule is what the `is:"…"` tag of a field says.
type rule struct {
	required bool
	enum     []string
}

func parseRule(tag string) rule {
	var r rule
	for word := range strings.SplitSeq(tag, ",") {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "required":
			r.required = true
		case "enum":
			r.enum = strings.Split(value, "|")
		}
	}
	return r
}

func (d *decoder) fault(n *yaml.Node, path string, r Reason, pairs ...string) {
	switch r {
	case WantFields, WantList, WantText, WantBool, WantNumber, BadTag:
		d.res.Off[path] = true
	}
	if len(d.res.Faults) >= maxFaults {
		d.res.Dropped++
		return
	}
	pairs = append(pairs, "field", lastStep(path))
	d.res.Faults = append(d.res.Faults, fault(PlaceOf(n), path, r, pairs...))
}

// lastStep is the last name in a path without its indices.
func lastStep(path string) string {
	for strings.HasSuffix(path, "]") && !strings.HasSuffix(path, `"]`) {
		path = ParentPath(path)
	}
	last := path[len(ParentPath(path)):]
	if key, err := strconv.Unquote(strings.Trim(last, "[]")); err == nil {
		return key
	}
	return strings.TrimPrefix(last, ".")
}

// EntryPath is the path of an entry whose key is data, as Decode gives it.
func EntryPath(list, key string) string { return step(list, key) }

func step(path, key string) string {
	if len(key) > maxStep {
		key = strings.ToValidUTF8(key[:maxStep], "") + "…"
	}
	return FieldPath(path, key)
}

// enter counts a value that is used and follows an alias; nil where a bound is
// hit.
func (d *decoder) enter(n *yaml.Node, path string, depth int) *yaml.Node {
	stop := func(r Reason, bound int64) *yaml.Node {
		d.res.Cut = true
		d.fault(n, path, r, "limit", strconv.FormatInt(bound, 10))
		return nil
	}
	if d.res.Cut {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		if d.aliases++; d.aliases > d.lim.Aliases {
			return stop(TooManyAliases, int64(d.lim.Aliases))
		}
		n = n.Alias
	}
	d.bytes += int64(len(n.Value))
	switch d.nodes++; {
	case d.nodes > d.lim.Nodes:
		return stop(TooManyValues, int64(d.lim.Nodes))
	case depth > d.lim.Depth: // an alias may lead to what it stands in
		return stop(TooDeep, int64(d.lim.Depth))
	case d.bytes > d.lim.Size:
		return stop(TooLarge, d.lim.Size)
	}
	return n
}

func (d *decoder) note(path string, n *yaml.Node) {
	if _, ok := d.res.Places[path]; !ok {
		d.res.Places[path] = PlaceOf(n)
		d.res.Order = append(d.res.Order, path)
	}
}

func (d *decoder) decode(v reflect.Value, n *yaml.Node, path string, r rule, depth int) {
	at := n
	if n = d.enter(n, path, depth); n == nil || IsNull(n) {
		return
	}
	if n.Style&yaml.TaggedStyle != 0 && !coreTag(n.Tag) {
		d.fault(at, path, BadTag, "tag", n.Tag)
		return
	}
	d.note(path, at)
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		p, before := reflect.New(t.Elem()), len(d.res.Faults)+d.res.Dropped
		d.decode(p.Elem(), n, path, r, depth)
		if t.Elem().Kind() == reflect.Struct || before == len(d.res.Faults)+d.res.Dropped {
			v.Set(p) // a switch that can't be read is none
		}
	case t == reflect.TypeFor[map[string]any]():
		if n.Kind != yaml.MappingNode {
			d.fault(at, path, WantFields, "found", kindOf(n))
			return
		}
		if m, ok := d.plain(n, path, depth).(map[string]any); ok && len(m) > 0 {
			v.Set(reflect.ValueOf(m))
		}
	case t.Kind() == reflect.Struct:
		d.structure(v, n, path, depth)
	case t.Kind() == reflect.Slice:
		d.slice(v, n, path, r, depth)
	default:
		d.scalar(v, n, path, r)
	}
}

func coreTag(tag string) bool {
	switch tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!seq", "!!map":
		return true
	}
	return false
}

func (d *decoder) scalar(v reflect.Value, n *yaml.Node, path string, r rule) {
	want := WantText
	switch {
	case v.Kind() == reflect.Bool:
		want = WantBool
	case v.Type() == reflect.TypeFor[Number]():
		want = WantNumber
	}
	if n.Kind != yaml.ScalarNode {
		d.fault(n, path, want, "found", kindOf(n))
		return
	}
	switch want {
	case WantBool:
		switch n.Value {
		case "true", "True", "TRUE":
			v.SetBool(true)
		case "false", "False", "FALSE":
			d.res.Off[path] = true
		default:
			d.fault(n, path, want, "found", n.Value)
		}
	case WantNumber:
		if number, ok := numberOf(n); ok {
			v.SetString(string(number))
			return
		}
		d.fault(n, path, want, "found", n.Value)
	default:
		v.SetString(n.Value)
		if n.Value == "" {
			d.res.Off[path] = true
		}
		if len(r.enum) > 0 && n.Value != "" && !slices.Contains(r.enum, n.Value) {
			d.fault(n, path, UnknownValue, "value", n.Value, "allowed", strings.Join(r.enum, ", "))
		}
	}
}

func (d *decoder) slice(v reflect.Value, n *yaml.Node, path string, r rule, depth int) {
	elem := v.Type().Elem()
	if elem.Kind() == reflect.Struct {
		if key := tagged(elem, ",key"); key >= 0 {
			d.entries(v, n, path, key, depth)
			return
		}
	}
	if n.Kind != yaml.SequenceNode {
		d.fault(n, path, WantList, "found", kindOf(n))
		return
	}
	for i, c := range n.Content {
		item := reflect.New(elem).Elem()
		d.decode(item, c, ItemPath(path, i), r, depth+1)
		if d.res.Cut {
			return
		}
		// A broken entry stays in the list: paths and indices must agree.
		v.Set(reflect.Append(v, item))
	}
}

// entries reads a mapping whose keys are data.
func (d *decoder) entries(v reflect.Value, n *yaml.Node, path string, key, depth int) {
	if n.Kind != yaml.MappingNode {
		d.fault(n, path, WantFields, "found", kindOf(n))
		return
	}
	elem := v.Type().Elem()
	value := tagged(elem, ",value")
	d.pairs(n, path, depth, func(k *yaml.Node, name string, c *yaml.Node) {
		item := reflect.New(elem).Elem()
		item.Field(key).SetString(name)
		child := step(path, name)
		d.note(child, k)
		if value >= 0 {
			d.decode(item.Field(value), c, child, rule{}, depth+1)
		} else {
			d.decode(item, c, child, rule{}, depth+1)
		}
		v.Set(reflect.Append(v, item))
	})
}

func tagged(t reflect.Type, tag string) int {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("yaml") == tag {
			return i
		}
	}
	return -1
}

func (d *decoder) structure(v reflect.Value, n *yaml.Node, path string, depth int) {
	t := v.Type()
	if n.Kind != yaml.MappingNode {
		d.fault(n, path, WantFields, "found", kindOf(n))
		return
	}
	extra := tagged(t, ",extra")
	written := map[string]bool{}
	d.pairs(n, path, depth, func(k *yaml.Node, name string, c *yaml.Node) {
		child := step(path, name)
		for i := range t.NumField() {
			f := t.Field(i)
			if tag := f.Tag.Get("yaml"); tag == name && !strings.HasPrefix(tag, ",") {
				written[name] = !IsNull(c)
				d.decode(v.Field(i), c, child, parseRule(f.Tag.Get("is")), depth+1)
				return
			}
		}
		if IsNull(c) {
			return
		}
		d.fault(k, child, UnknownField)
		if extra < 0 {
			return
		}
		if c = d.enter(c, child, depth+1); c == nil {
			return
		}
		m := v.Field(extra)
		if m.IsNil() {
			m.Set(reflect.ValueOf(map[string]any{}))
		}
		if x := d.plain(c, child, depth+1); x != nil {
			m.SetMapIndex(reflect.ValueOf(name), reflect.ValueOf(x))
		}
	})
	for i := range t.NumField() {
		f := t.Field(i)
		if name := f.Tag.Get("yaml"); parseRule(f.Tag.Get("is")).required && !written[name] && !d.res.Cut {
			d.fault(n, step(path, name), MissingField)
		}
	}
}

// kindOf names what was found instead, as YAML writes it.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "[…]"
	case yaml.MappingNode:
		return "{…}"
	}
	return n.Value
}
