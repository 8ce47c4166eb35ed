package record

import (
	"context"
	"errors"
	"fmt"

	"assay/internal/condition"
)

// Text is a text in both languages with places for values in braces:
// {name} or {name:form}. See Fill.
type Text struct {
	En string `yaml:"en" json:"en"`
	Zh string `yaml:"zh-Hant" json:"zh-Hant"`
}

// In returns the text in a language; English where it is unknown.
func (t Text) In(lang string) string {
	if len(lang) >= 2 && lang[:2] == "zh" {
		return t.Zh
	}
	return t.En
}

// IsZero reports whether the text is absent in both languages.
func (t Text) IsZero() bool { return t.En == "" && t.Zh == "" }

// Rule looks at the record. Each gives the list that it goes through (default:
// the product as a whole), as an expression; When says for which members it
// holds, with the member as `it` (default: for each). With names the values
// that texts use, again as expressions.
type Rule struct {
	Each string            `yaml:"each" json:"each,omitempty"`
	When string            `yaml:"when" json:"when,omitempty"`
	With map[string]string `yaml:"with" json:"with,omitempty"`
	// Field is the field of the member that the rule is about, for the place:
	// it is added to the member's path. A path that begins with a slash stands
	// for itself.
	Field string `yaml:"field" json:"field,omitempty"`
}

// Env compiles rules.
type Env struct{ cond *condition.Env }

// NewEnv makes an environment for views with these variables beside product,
// label, today and it.
func NewEnv(more ...string) (*Env, error) {
	e, err := condition.NewEnv(append([]string{"label", "today", "it"}, more...)...)
	if err != nil {
		return nil, err
	}
	return &Env{e}, nil
}

// Compiled is a rule that can be asked.
type Compiled struct {
	rule Rule
	each *condition.Value
	when *condition.Value
	with map[string]*condition.Value
}

// Compile checks and compiles a rule; the error joins what is wrong with any
// of its expressions.
func (e *Env) Compile(r Rule) (*Compiled, error) {
	c := &Compiled{rule: r, with: map[string]*condition.Value{}}
	var errs []error
	compile := func(name, source string) *condition.Value {
		v, err := e.cond.CompileValue(source)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		return v
	}
	if r.Each != "" {
		c.each = compile("each", r.Each)
	}
	if r.When != "" {
		c.when = compile("when", r.When)
	}
	for name, source := range r.With {
		c.with[name] = compile("with "+name, source)
	}
	return c, errors.Join(errs...)
}

// Hit is a place where a rule holds.
type Hit struct {
	At     string         // path in the model, "" for the product as a whole or what isn't of the model
	ID     string         // id of the member, where it has one
	Values map[string]any // by the names of With
}

// Hits lists where a rule holds, in the order of the model. An error is one of
// the rule: an expression that can't be evaluated over a view.
func (c *Compiled) Hits(ctx context.Context, v *View) ([]Hit, error) {
	vars := make(map[string]any, len(v.vars)+1)
	for name, value := range v.vars {
		vars[name] = value
	}
	list := []any{v.vars["product"]}
	if c.each != nil {
		vars["it"] = ""
		got, err := c.each.Eval(ctx, vars)
		if err != nil {
			return nil, err
		}
		var ok bool
		if list, ok = got.([]any); !ok {
			return nil, fmt.Errorf("each %q gives %T, must give a list", c.rule.Each, got)
		}
	}
	var out []Hit
	for _, it := range list {
		vars["it"] = it
		holds := true
		if c.when != nil {
			got, err := c.when.Eval(ctx, vars)
			if err != nil {
				return nil, err
			}
			if b, ok := got.(bool); ok {
				holds = b
			} else {
				return nil, fmt.Errorf("when %q gives %T, must give true or false", c.rule.When, got)
			}
		}
		if !holds {
			continue
		}
		h := Hit{Values: map[string]any{}}
		h.At, h.ID = c.place(it)
		for name, value := range c.with {
			got, err := value.Eval(ctx, vars)
			if err != nil {
				return nil, err
			}
			h.Values[name] = got
		}
		out = append(out, h)
	}
	return out, nil
}

func (c *Compiled) place(it any) (at, id string) {
	if m, ok := it.(map[string]any); ok {
		at, _ = m["_at"].(string)
		id, _ = m["id"].(string)
	} else if s, ok := it.(string); ok {
		id = s
	}
	switch f := c.rule.Field; {
	case f == "":
	case f[0] == '/':
		at = f[1:]
	case at == "":
		at = f
	default:
		at += "." + f
	}
	return at, id
}
