package activity

import (
	"context"
	"errors"
	"fmt"

	"assay/internal/record"
)

// Process is the catalogue with its rules compiled. It is safe for concurrent
// use.
type Process struct {
	*Catalogue
	open  map[string][]*record.Compiled // by question
	gaps  map[string][]finding          // by question or check
	apply map[string]*record.Compiled   // by check
	from  map[string][]string           // question → questions that its answer rests on
	used  map[string][]Consumer         // question → what uses its answer
}

type finding struct {
	rule          *record.Compiled
	says          record.Text
	contradiction bool
}

// New compiles the catalogue that comes with the program.
func New() (*Process, error) {
	c, err := Load()
	if err != nil {
		return nil, err
	}
	env, err := record.NewEnv(Variables()...)
	if err != nil {
		return nil, err
	}
	p := &Process{Catalogue: c, open: map[string][]*record.Compiled{}, gaps: map[string][]finding{}, apply: map[string]*record.Compiled{}}
	var errs []error
	compile := func(id string, r record.Rule) *record.Compiled {
		x, err := env.Compile(r)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", id, err))
		}
		return x
	}
	findings := func(id string, all []Finding) {
		for _, f := range all {
			p.gaps[id] = append(p.gaps[id], finding{compile(id, f.Rule), f.Says, f.Contradiction})
		}
	}
	for i := range c.Activities {
		for _, q := range c.Activities[i].Questions {
			for _, r := range q.Open {
				p.open[q.ID] = append(p.open[q.ID], compile(q.ID, r))
			}
			findings(q.ID, q.Gaps)
		}
	}
	for _, x := range c.Checks {
		if x.Applies != "" {
			p.apply[x.ID] = compile(x.ID, record.Rule{When: x.Applies})
		}
		findings(x.ID, x.Gaps)
	}
	p.link()
	return p, errors.Join(errs...)
}

// hits lists what the findings of a question or check say over a view.
func (p *Process) hits(ctx context.Context, id string, v *record.View) ([]Gap, error) {
	var out []Gap
	for _, f := range p.gaps[id] {
		all, err := f.rule.Hits(ctx, v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		for _, h := range all {
			out = append(out, Gap{Says: f.says, Values: withID(h), At: h.At, Contradiction: f.contradiction})
		}
	}
	return out, nil
}

// withID lets texts name the member that a rule is about as {id}.
func withID(h record.Hit) map[string]any {
	if _, set := h.Values["id"]; !set {
		h.Values["id"] = h.ID
		if h.ID == "" {
			h.Values["id"] = h.At
		}
	}
	return h.Values
}

// any says whether one of the rules holds somewhere.
func holds(ctx context.Context, rules []*record.Compiled, v *record.View) (bool, error) {
	for _, r := range rules {
		all, err := r.Hits(ctx, v)
		if err != nil || len(all) > 0 {
			return len(all) > 0, err
		}
	}
	return false, nil
}
