package standard

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds nested groups: a person has to read an expression.
const maxDepth = 8

// Expr is an expression over test cases: exactly one of All (worst of), Any
// (alternatives) or Case is set. In YAML:
//
//	{all: [{id: tls.version, with: {min: "1.2"}}, {any: [{id: a}, {id: b}]}]}
type Expr struct {
	All  []Expr           `json:"all,omitempty"`
	Any  []Expr           `json:"any,omitempty"`
	Case string           `json:"id,omitempty"`
	With map[string]Value `json:"with,omitempty"`
}

// Walk calls f for every case of the expression, in order. A nil expression
// has none.
func (e *Expr) Walk(f func(id string, with map[string]Value)) {
	if e == nil {
		return
	}
	if e.Case != "" {
		f(e.Case, e.With)
	}
	for i := range e.All {
		e.All[i].Walk(f)
	}
	for i := range e.Any {
		e.Any[i].Walk(f)
	}
}

// CaseIDs lists the cases of the expression in order, with repeats.
func (e *Expr) CaseIDs() []string {
	var ids []string
	e.Walk(func(id string, _ map[string]Value) { ids = append(ids, id) })
	return ids
}

// String writes the expression as in documents: all[a, any[b{min=1.2}, c]].
func (e *Expr) String() string {
	if e == nil {
		return ""
	}
	var b strings.Builder
	e.write(&b)
	return b.String()
}

func (e *Expr) write(b *strings.Builder) {
	group := func(name string, list []Expr) {
		b.WriteString(name + "[")
		for i := range list {
			if i > 0 {
				b.WriteString(", ")
			}
			list[i].write(b)
		}
		b.WriteString("]")
	}
	switch {
	case e.Case != "":
		b.WriteString(e.Case)
		if len(e.With) > 0 {
			names := sortedKeys(e.With)
			for i, k := range names {
				names[i] = k + "=" + e.With[k].String()
			}
			b.WriteString("{" + strings.Join(names, ", ") + "}")
		}
	case e.Any != nil:
		group("any", e.Any)
	default:
		group("all", e.All)
	}
}

// UnmarshalYAML reads an expression strictly.
func (e *Expr) UnmarshalYAML(n *yaml.Node) error { return e.read(n, 0) }

func (e *Expr) read(n *yaml.Node, depth int) error {
	if depth > maxDepth {
		return lineErr(n, "expression is nested deeper than %d", maxDepth)
	}
	if n.Kind != yaml.MappingNode {
		return lineErr(n, "expression must be a mapping with all, any or id")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if seen[k.Value] {
			return lineErr(k, "%q stands twice in one expression", k.Value)
		}
		seen[k.Value] = true
		var err error
		switch k.Value {
		case "all":
			e.All, err = readGroup(v, depth)
		case "any":
			e.Any, err = readGroup(v, depth)
		case "id":
			if v.Kind != yaml.ScalarNode || v.Value == "" {
				return lineErr(v, "id must name a test case")
			}
			e.Case = v.Value
		case "with":
			e.With, err = readWith(v)
		default:
			return lineErr(k, "unknown field %q in expression: use all, any, id or with", k.Value)
		}
		if err != nil {
			return err
		}
	}
	kinds := 0
	for _, k := range []string{"all", "any", "id"} {
		if seen[k] {
			kinds++
		}
	}
	if kinds != 1 {
		return lineErr(n, "expression needs exactly one of all, any or id")
	}
	if seen["with"] && !seen["id"] {
		return lineErr(n, "with belongs to a test case, not to a group")
	}
	return nil
}

func readGroup(n *yaml.Node, depth int) ([]Expr, error) {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		return nil, lineErr(n, "a group must be a list with at least one member")
	}
	out := make([]Expr, len(n.Content))
	for i, c := range n.Content {
		if err := out[i].read(c, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readWith(n *yaml.Node) (map[string]Value, error) {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		return nil, lineErr(n, "with must map parameter names to values")
	}
	out := map[string]Value{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || k.Value == "" {
			return nil, lineErr(k, "a parameter needs a name")
		}
		if _, twice := out[k.Value]; twice {
			return nil, lineErr(k, "parameter %q stands twice", k.Value)
		}
		var v Value
		if err := v.UnmarshalYAML(n.Content[i+1]); err != nil {
			return nil, err
		}
		out[k.Value] = v
	}
	return out, nil
}

// Value is a parameter of a test case: a string, int64, float64 or bool, the
// same in both profiles or one for each.
type Value struct {
	literal, strict any
}

// Same makes a value that does not depend on the profile. v must be a string,
// int64, float64 or bool.
func Same(v any) Value { return Value{v, v} }

// PerProfile makes a value with one reading for each profile.
func PerProfile(literal, strict any) Value { return Value{literal, strict} }

// For returns the value under a profile: Strict, else literal.
func (v Value) For(profile string) any {
	if profile == Strict {
		return v.strict
	}
	return v.literal
}

// Differs reports whether the profiles read the parameter differently.
func (v Value) Differs() bool { return v.literal != v.strict }

// Equal compares two values, for cmp.
func (v Value) Equal(w Value) bool { return v == w }

// String is for people: "1.2", or "supported|enforced" (literal|strict).
func (v Value) String() string {
	if v.Differs() {
		return fmt.Sprintf("%v|%v", v.literal, v.strict)
	}
	return fmt.Sprint(v.literal)
}

// MarshalJSON writes a scalar, or {"literal": …, "strict": …}.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.Differs() {
		return json.Marshal(struct {
			Literal any `json:"literal"`
			Strict  any `json:"strict"`
		}{v.literal, v.strict})
	}
	return json.Marshal(v.literal)
}

// UnmarshalYAML reads a scalar, or a mapping of exactly literal and strict.
func (v *Value) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		x, err := scalar(n)
		v.literal, v.strict = x, x
		return err
	}
	if n.Kind != yaml.MappingNode {
		return lineErr(n, "a value must be a scalar or {literal: x, strict: y}")
	}
	var lit, str bool
	for i := 0; i+1 < len(n.Content); i += 2 {
		x, err := scalar(n.Content[i+1])
		if err != nil {
			return err
		}
		switch k := n.Content[i].Value; {
		case k == Literal && !lit:
			v.literal, lit = x, true
		case k == Strict && !str:
			v.strict, str = x, true
		default:
			return lineErr(n.Content[i], "unknown or repeated profile %q: use literal and strict", k)
		}
	}
	if !lit || !str {
		return lineErr(n, "a value by profile needs both literal and strict")
	}
	return nil
}

func scalar(n *yaml.Node) (any, error) {
	if n.Kind != yaml.ScalarNode {
		return nil, lineErr(n, "a value must be a string, number or boolean")
	}
	switch n.ShortTag() {
	case "!!str":
		return n.Value, nil
	case "!!bool":
		return strconv.ParseBool(strings.ToLower(n.Value))
	case "!!int":
		i, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil {
			return nil, lineErr(n, "%q is not a decimal integer", n.Value)
		}
		return i, nil
	case "!!float":
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, lineErr(n, "%q is not a finite number", n.Value)
		}
		return f, nil
	}
	return nil, lineErr(n, "a value must be a string, number or boolean, not %s", n.ShortTag())
}

// Ref points at a requirement of a standard. In YAML: etsi-en-303-645/5.4-2.
type Ref struct {
	Standard    ID            `json:"standard"`
	Requirement RequirementID `json:"requirement"`
}

func (r Ref) String() string { return string(r.Standard) + "/" + string(r.Requirement) }

// UnmarshalYAML reads "standard/requirement".
func (r *Ref) UnmarshalYAML(n *yaml.Node) error {
	std, req, ok := strings.Cut(n.Value, "/")
	if n.Kind != yaml.ScalarNode || !ok || std == "" || req == "" {
		return lineErr(n, "a reference is written standard/requirement")
	}
	r.Standard, r.Requirement = ID(std), RequirementID(req)
	return nil
}
