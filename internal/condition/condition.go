// Package condition is the one condition language: CEL over plain values,
// with a cost limit. Standards use it for applicability, threats for their
// rules, workspaces for rules of their own.
//
// In: the source of a condition and the values of the variables product,
// facts and claims. Out: true, false, or an error that says what couldn't be
// evaluated. It imports neither the model nor the facts.
package condition

import (
	"context"
	"fmt"

	"cel.dev/cel-go/cel"
)

// costLimit bounds one evaluation: some thousand look-ups, far above what a
// condition over a product of a few hundred components needs.
const costLimit = 1_000_000

// maxSource bounds the length of a condition, in bytes.
const maxSource = 4000

// Env compiles conditions. It is safe for concurrent use.
type Env struct{ cel *cel.Env }

// NewEnv makes an environment with the variables product, facts and claims,
// and with more of them where the caller's conditions are about something
// else too, such as one element of the model.
func NewEnv(more ...string) (*Env, error) {
	opts := []cel.EnvOption{
		cel.Variable("product", cel.DynType),
		cel.Variable("facts", cel.DynType),
		cel.Variable("claims", cel.DynType),
	}
	opts = append(opts, library()...)
	for _, name := range more {
		opts = append(opts, cel.Variable(name, cel.DynType))
	}
	e, err := cel.NewEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("condition language: %w", err)
	}
	return &Env{e}, nil
}

// Program is a compiled condition.
type Program struct {
	source string
	prg    cel.Program
}

// Compile checks and compiles a condition; its result must be a boolean.
func (e *Env) Compile(source string) (*Program, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("condition of %d bytes is longer than %d", len(source), maxSource)
	}
	ast, iss := e.cel.Compile(source)
	if iss.Err() != nil {
		return nil, fmt.Errorf("condition %q: %w", source, iss.Err())
	}
	if t := ast.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("condition %q gives %s, must give true or false", source, t)
	}
	prg, err := e.cel.Program(ast, cel.CostLimit(costLimit), cel.InterruptCheckFrequency(100))
	if err != nil {
		return nil, fmt.Errorf("condition %q: %w", source, err)
	}
	return &Program{source, prg}, nil
}

// Vars are the values of the variables: what encoding/json makes of an
// object, so maps, slices, strings, numbers and booleans.
type Vars struct {
	Product, Facts, Claims map[string]any
	More                   map[string]any // by the names given to NewEnv
}

// Eval evaluates the condition.
func (p *Program) Eval(v Vars) (bool, error) {
	b, _, err := p.EvalCost(context.Background(), v)
	return b, err
}

// EvalCost evaluates the condition and says what it cost, in units of CEL's
// cost model (a look-up is about one); a canceled context stops it. The cost
// is that of a whole evaluation where it failed.
func (p *Program) EvalCost(ctx context.Context, v Vars) (bool, uint64, error) {
	vars := map[string]any{"product": v.Product, "facts": v.Facts, "claims": v.Claims}
	for name, value := range v.More {
		vars[name] = value
	}
	out, details, err := p.prg.ContextEval(ctx, vars)
	var cost uint64 = costLimit
	if c := details.ActualCost(); c != nil {
		cost = *c
	}
	if err != nil {
		return false, cost, fmt.Errorf("condition %q: %w", p.source, err)
	}
	b, ok := out.Value().(bool)
	if !ok {
		return false, cost, fmt.Errorf("condition %q gave %v, must give true or false", p.source, out.Value())
	}
	return b, cost, nil
}
