package threat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"assay/internal/condition"
	"assay/internal/product"
	"assay/internal/verdict"
)

// Bounds of a model: nobody reads more, and rules of a workspace that fire on
// everything must not fill the memory, or take the evening.
const (
	maxThreats    = 20_000
	maxOwnThreats = 2_000
	// ownBudget is what all conditions of a workspace may cost together, in
	// units of CEL: some seconds.
	ownBudget = 5_000_000
)

// Options choose how threats are rated.
type Options struct {
	Profile   string // of TVRA; "" is DefaultProfile
	Decisions *Decisions
}

// Generate derives the threats of a product: every rule on every element of
// its kind. A rule whose condition fails is left out with a problem; the rest
// is modelled. No countermeasure counts before Apply.
func (l *Library) Generate(ctx context.Context, p *product.Product, o Options) (*Model, error) {
	profile, err := l.Profile(cmp.Or(o.Profile, DefaultProfile))
	if err != nil {
		return nil, err
	}
	m := &Model{decisions: o.Decisions.clone(), Profile: *profile, Context: cmp.Or(p.Identity.Context, "iot"), Assumed: p.Identity.Context == "", Problems: slices.Clone(l.Problems)}
	if m.Elements, err = elements(p); err != nil {
		return nil, err
	}
	vars := condition.Vars{Facts: map[string]any{}, Claims: map[string]any{}}
	if vars.Product, err = plain(p); err != nil {
		return nil, err
	}
	if c, ok := vars.Product["claims"].(map[string]any); ok {
		vars.Claims = c
	}
	byKind := map[Kind][]*Element{}
	for i := range m.Elements {
		e := &m.Elements[i]
		byKind[e.Kind] = append(byKind[e.Kind], e)
	}
	g := generator{l: l, m: m, vars: vars, budget: ownBudget}
	for i := range l.Rules {
		if err := g.rule(ctx, &l.Rules[i], byKind[l.Rules[i].On]); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(m.Threats, func(a, b Threat) int { return cmp.Compare(a.ID, b.ID) })
	m.decisions.attach(m)
	m.Apply("", nil)
	return m, nil
}

// generator applies rules to elements, within bounds.
type generator struct {
	l      *Library
	m      *Model
	vars   condition.Vars
	budget uint64 // of cost, left for all conditions of the workspace
	own    int    // threats by rules of the workspace
	full   bool   // a bound on threats was hit, and said
}

// rule applies a rule to the elements of its kind. Elements on which its
// condition fails are left out and counted in one problem.
func (g *generator) rule(ctx context.Context, r *Rule, elements []*Element) error {
	failed, why, where := 0, "", ""
	for _, e := range elements {
		if err := ctx.Err(); err != nil {
			return err
		}
		if g.full || r.Own && g.own >= maxOwnThreats || len(g.m.Threats) >= maxThreats {
			g.cut(r)
			break
		}
		t, err := g.apply(ctx, r, e)
		switch {
		case errors.Is(err, errBudget):
			g.problem(r, "threat.problem.budget", "rule", r.ID)
			return nil
		case err != nil:
			if failed++; failed == 1 {
				why, where = err.Error(), e.Ref
			}
		case t != nil:
			g.m.Threats = append(g.m.Threats, *t)
			if r.Own {
				g.own++
			}
		}
	}
	if failed > 0 {
		g.problem(r, "threat.problem.rule", "rule", r.ID, "element", where, "error", why, "count", fmt.Sprint(failed), "of", fmt.Sprint(len(elements)))
	}
	return nil
}

// errBudget says that the workspace's conditions have cost too much together.
var errBudget = errors.New("the conditions of the workspace cost too much")

func (g *generator) apply(ctx context.Context, r *Rule, e *Element) (*Threat, error) {
	g.vars.More = map[string]any{"element": e.View}
	fires, err := g.eval(ctx, g.l.when[r.ID], r.Own)
	if err != nil || !fires {
		return nil, err
	}
	return g.l.threat(r, e, g.vars, &g.m.Profile, g.m.decisions, func(p *condition.Program, own bool) (bool, error) { return g.eval(ctx, p, own) })
}

// eval evaluates a condition; one of the workspace is paid for.
func (g *generator) eval(ctx context.Context, p *condition.Program, own bool) (bool, error) {
	if own && g.budget == 0 {
		return false, errBudget
	}
	yes, cost, err := p.EvalCost(ctx, g.vars)
	if own {
		g.budget -= min(g.budget, cost)
	}
	return yes, err
}

func (g *generator) problem(r *Rule, key string, args ...string) {
	g.m.Problems = append(g.m.Problems, Problem{r.File, r.Line, verdict.Because(key, args...)})
}

// cut says once that there are too many threats.
func (g *generator) cut(r *Rule) {
	if !g.full {
		most := maxThreats
		if len(g.m.Threats) < maxThreats {
			most = maxOwnThreats
		}
		g.problem(r, "threat.problem.too-many", "limit", fmt.Sprint(most))
	}
	g.full = true
}

// plain is the JSON form of a product.
func plain(p *product.Product) (map[string]any, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("product: %w", err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, fmt.Errorf("product: %w", err)
	}
	return out, nil
}

// threat makes the threat of a rule that fired. It is nil where nobody can
// get at the element in the way that the rule names.
func (l *Library) threat(r *Rule, e *Element, vars condition.Vars, p *Profile, d *Decisions, eval func(p *condition.Program, own bool) (bool, error)) (*Threat, error) {
	t := &Threat{ID: r.ID + "@" + e.Ref, Rule: r, Element: e, Because: fill(r.Because, e.View)}
	entries, _ := e.View["entries"].([]any)
	for _, x := range entries {
		entry := Entry(fmt.Sprint(x))
		if len(r.Entry) > 0 && !slices.Contains(r.Entry, entry) {
			continue
		}
		// Who isn't a user and takes control must be able to reach a device:
		// that its cloud is on the Internet doesn't put it there.
		if e.direct != nil && r.Gives == Control && r.Agent == Attacker && !slices.Contains(e.direct, entry) {
			continue
		}
		f, err := l.factors(r, vars, entry)
		if err != nil {
			return nil, err
		}
		t.Vectors = append(t.Vectors, Vector{entry, p.adapt(d.override(t.ID, f))})
	}
	if len(t.Vectors) == 0 {
		return nil, nil
	}
	for _, id := range r.Weaknesses {
		kind, _ := l.Weakness(id)
		w := Weakness{WeaknessKind: kind}
		if prg := l.evident[id]; prg != nil {
			yes, err := eval(prg, kind.File == DecisionsFile)
			if errors.Is(err, errBudget) {
				return nil, err
			}
			w.Evident = yes && err == nil // a condition that doesn't fit the element says nothing
		}
		for _, reqs := range kind.Countermeasures {
			c := Countermeasure{}
			for _, ref := range reqs {
				c.Requirements = append(c.Requirements, Judged{Ref: ref})
			}
			w.Countermeasures = append(w.Countermeasures, c)
		}
		measure, _ := l.Factoring.Measure(kind.Measure)
		w.measure = measure
		for _, v := range t.Vectors {
			before, err := p.Rate(v.Factors)
			if err != nil {
				return nil, err
			}
			after, err := p.Rate(p.with(v.Factors, measure))
			if err != nil {
				return nil, err
			}
			w.Before, w.After = worst(w.Before, before), worst(w.After, after)
		}
		t.Weaknesses = append(t.Weaknesses, w)
	}
	return t, nil
}

func worst(a, b Risk) Risk {
	if a.Level == "" || b.Level != "" && worse(b, a) {
		return b
	}
	return a
}

// fill puts an element's fields into a text: {name} by the field's value.
func fill(t Text, view map[string]any) Text {
	return Text{En: filled(t.En, view, english), Zh: filled(t.Zh, view, chinese)}
}

func english(t Text) string { return t.En }
func chinese(t Text) string { return t.Zh }

func filled(s string, view map[string]any, in func(Text) string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		v, known := view[name]
		if !closed || !known {
			b.WriteString("{")
			s = rest
			continue
		}
		b.WriteString(in(shown(v)))
		s = after
	}
}

// shown writes a value of a view as people read it: what isn't stated says
// so.
func shown(v any) Text {
	same := func(s string) Text { return Text{En: s, Zh: s} }
	notStated := Text{En: "not stated", Zh: "未說明"}
	switch x := v.(type) {
	case bool:
		if x {
			return Text{En: "yes", Zh: "是"}
		}
		return Text{En: "no", Zh: "否"}
	case string:
		switch x {
		case "", unknown:
			return notStated
		case yes, no:
			return shown(x == yes)
		}
		return same(x)
	case []any:
		if len(x) == 0 {
			return Text{En: "none", Zh: "無"}
		}
		parts := make([]string, len(x))
		for i, p := range x {
			parts[i] = fmt.Sprint(p)
		}
		return Text{En: strings.Join(parts, ", "), Zh: strings.Join(parts, "、")}
	}
	if s := fmt.Sprint(v); s != "0" { // no view has a number that is 0 and stated
		return same(s)
	}
	return notStated
}
