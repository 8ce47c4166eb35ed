package condition

import (
	"context"
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
)

// day is how dates are written in values: they compare as texts.
const day = "2006-01-02"

// library is what conditions may call beside CEL's own functions: those of
// texts, lists and sets, and two about dates.
//
//	days(a, b)    days from date a to date b, negative where b is earlier
//	later(a, n)   the date n years after a; "" where a is ""
//
// Dates are texts such as 2026-03-01. A text that is no date is an error.
func library() []cel.EnvOption {
	return []cel.EnvOption{
		ext.Strings(ext.StringsVersion(3)), ext.Sets(), ext.Lists(ext.ListsVersion(3)),
		cel.Function("days", cel.Overload("days_string_string", []*cel.Type{cel.StringType, cel.StringType}, cel.IntType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val {
				from, err := time.Parse(day, fmt.Sprint(a.Value()))
				if err != nil {
					return types.NewErr("days: %q is no date", a.Value())
				}
				to, err := time.Parse(day, fmt.Sprint(b.Value()))
				if err != nil {
					return types.NewErr("days: %q is no date", b.Value())
				}
				return types.Int(to.Sub(from) / (24 * time.Hour))
			}))),
		cel.Function("later", cel.Overload("later_string_int", []*cel.Type{cel.StringType, cel.IntType}, cel.StringType,
			cel.BinaryBinding(func(a, n ref.Val) ref.Val {
				if a.Value() == "" {
					return types.String("")
				}
				from, err := time.Parse(day, fmt.Sprint(a.Value()))
				years, ok := n.Value().(int64)
				if err != nil || !ok || years < -1000 || years > 1000 {
					return types.NewErr("later: %q and %v are no date and years", a.Value(), n.Value())
				}
				return types.String(from.AddDate(int(years), 0, 0).Format(day))
			}))),
	}
}

// Value is a compiled expression of any type.
type Value struct {
	source string
	prg    cel.Program
}

// CompileValue checks and compiles an expression of any type.
func (e *Env) CompileValue(source string) (*Value, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("expression of %d bytes is longer than %d", len(source), maxSource)
	}
	ast, iss := e.cel.Compile(source)
	if iss.Err() != nil {
		return nil, fmt.Errorf("expression %q: %w", source, iss.Err())
	}
	prg, err := e.cel.Program(ast, cel.CostLimit(costLimit), cel.InterruptCheckFrequency(100))
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", source, err)
	}
	return &Value{source, prg}, nil
}

// Eval evaluates the expression over variables by name. The result is made of
// bool, int64, float64, string, []any and map[string]any.
func (v *Value) Eval(ctx context.Context, vars map[string]any) (any, error) {
	out, _, err := v.prg.ContextEval(ctx, vars)
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", v.source, err)
	}
	return plain(out)
}

// plain takes a value out of CEL's types.
func plain(v ref.Val) (any, error) {
	switch x := v.(type) {
	case types.Bool, types.Int, types.Double, types.String:
		return x.Value(), nil
	case types.Uint:
		return int64(x), nil
	case traits.Mapper:
		if m, ok := x.Value().(map[string]any); ok {
			return m, nil // a part of the variables, as it was given
		}
		out := map[string]any{}
		for it := x.Iterator(); it.HasNext() == types.True; {
			k := it.Next()
			name, ok := k.Value().(string)
			if !ok {
				return nil, fmt.Errorf("a map's key is %v, must be a text", k.Value())
			}
			p, err := plain(x.Get(k))
			if err != nil {
				return nil, err
			}
			out[name] = p
		}
		return out, nil
	case traits.Lister:
		if l, ok := x.Value().([]any); ok {
			return l, nil
		}
		out := []any{}
		for it := x.Iterator(); it.HasNext() == types.True; {
			p, err := plain(it.Next())
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		return out, nil
	}
	if v == types.NullValue {
		return nil, nil
	}
	return nil, fmt.Errorf("a value of type %s can't be used", v.Type().TypeName())
}
