package publish

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
)

// spot is a place of the model that an expression reads, before it is known
// for which members: the root is a variable, a step is a field or "*" for each
// entry. With label it is what people call the entry whose id stands there.
type spot struct {
	root  string
	steps []string
	label bool
}

func (p spot) then(step string) spot {
	return spot{root: p.root, steps: append(slices.Clone(p.steps), step), label: p.label}
}

// given is what an expression gives, as far as it is a part of the model.
type given struct {
	at   []spot
	elem *given // of a list that the expression makes: its members
}

func (g given) members() given {
	if g.elem != nil {
		return *g.elem
	}
	return g.then("*")
}

func (g given) then(step string) given {
	var out given
	for _, p := range g.at {
		out.at = append(out.at, p.then(step))
	}
	return out
}

// parser reads expressions for the places that they rest on. Macros such as
// filter stay calls, so that their parts can be told apart.
func newParser() (*cel.Env, error) { return cel.NewEnv(cel.ClearMacros()) }

// reads lists the places that an expression reads, and what it gives.
func reads(env *cel.Env, source string) ([]spot, given, error) {
	parsed, iss := env.Parse(source)
	if iss.Err() != nil {
		return nil, given{}, fmt.Errorf("expression %q: %w", source, iss.Err())
	}
	w := &walker{}
	out := w.walk(parsed.NativeRep().Expr(), nil)
	return w.found, out, nil
}

// readsAll is reads for an expression whose value is used as it is.
func readsAll(env *cel.Env, source string) ([]spot, error) {
	found, out, err := reads(env, source)
	w := &walker{found: found}
	w.use(out)
	return w.found, err
}

type walker struct{ found []spot }

// use notes that a value is looked at, not only passed on.
func (w *walker) use(g given) {
	if g.elem != nil {
		w.use(*g.elem)
	}
	for _, p := range g.at {
		if !slices.ContainsFunc(w.found, func(x spot) bool {
			return x.root == p.root && x.label == p.label && slices.Equal(x.steps, p.steps)
		}) {
			w.found = append(w.found, p)
		}
	}
}

func (w *walker) walk(e ast.Expr, scope map[string]given) given {
	switch e.Kind() {
	case ast.IdentKind:
		name := e.AsIdent()
		if g, ok := scope[name]; ok {
			return g
		}
		if name == "today" || name == "none" {
			return given{} // no part of the record, or beside a list that is read
		}
		return given{at: []spot{{root: name}}}
	case ast.SelectKind:
		return w.walk(e.AsSelect().Operand(), scope).then(e.AsSelect().FieldName())
	case ast.CallKind:
		return w.call(e.AsCall(), scope)
	case ast.ListKind:
		var all given
		for _, x := range e.AsList().Elements() {
			all.at = append(all.at, w.walk(x, scope).at...)
		}
		return given{elem: &all}
	case ast.MapKind:
		for _, x := range e.AsMap().Entries() {
			w.use(w.walk(x.AsMapEntry().Key(), scope))
			w.use(w.walk(x.AsMapEntry().Value(), scope))
		}
	}
	return given{}
}

func (w *walker) call(c ast.CallExpr, scope map[string]given) given {
	args := c.Args()
	if c.IsMemberFunction() {
		return w.method(c, scope)
	}
	switch c.FunctionName() {
	case "_?_:_":
		w.use(w.walk(args[0], scope))
		a, b := w.walk(args[1], scope), w.walk(args[2], scope)
		return join(a, b)
	case "_+_":
		return join(w.walk(args[0], scope), w.walk(args[1], scope))
	case "_[_]":
		return w.index(args[0], args[1], scope)
	case "size":
		return w.size(args[0], scope)
	}
	for _, a := range args {
		w.use(w.walk(a, scope))
	}
	return given{}
}

// index is list[n], map["key"] or label[id].
func (w *walker) index(of, at ast.Expr, scope map[string]given) given {
	list, key := w.walk(of, scope), w.walk(at, scope)
	w.use(key)
	if of.Kind() == ast.IdentKind && of.AsIdent() == "label" {
		var out given
		for _, p := range key.at {
			p.label = true
			out.at = append(out.at, p)
		}
		return out
	}
	if at.Kind() == ast.LiteralKind {
		if s, ok := at.AsLiteral().Value().(string); ok {
			return list.then(s)
		}
	}
	return list.members()
}

// size needs no more of a filtered list than the filter has read.
func (w *walker) size(of ast.Expr, scope map[string]given) given {
	got := w.walk(of, scope)
	if of.Kind() != ast.CallKind || of.AsCall().FunctionName() != "filter" {
		w.use(got)
	}
	return given{}
}

func (w *walker) method(c ast.CallExpr, scope map[string]given) given {
	args := c.Args()
	target := w.walk(c.Target(), scope)
	name := c.FunctionName()
	switch name {
	case "filter", "exists", "all", "exists_one", "existsOne", "map", "sortBy":
		inner := map[string]given{args[0].AsIdent(): target.members()}
		for k, v := range scope {
			if _, ok := inner[k]; !ok {
				inner[k] = v
			}
		}
		var last given
		for _, a := range args[1:] {
			w.use(last)
			last = w.walk(a, inner)
		}
		if name == "map" {
			return given{elem: &last}
		}
		w.use(last)
		if name == "filter" || name == "sortBy" {
			members := target.members()
			return given{elem: &members}
		}
		return given{}
	case "distinct", "sort", "reverse", "slice":
		for _, a := range args {
			w.use(w.walk(a, scope))
		}
		return target
	case "flatten":
		m := target.members().members()
		return given{elem: &m}
	case "size":
		return w.size(c.Target(), scope)
	}
	w.use(target)
	for _, a := range args {
		w.use(w.walk(a, scope))
	}
	return given{}
}

// join is either of two values.
func join(a, b given) given {
	out := given{at: append(slices.Clone(a.at), b.at...)}
	if a.elem != nil || b.elem != nil {
		am, bm := a.members(), b.members()
		m := join(am, bm)
		return given{elem: &m}
	}
	return out
}
