package activity

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

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
	// Compiling takes most of the time that asking about a record takes, and
	// no rule depends on another.
	var jobs []job
	rule := func(id string, r record.Rule, done func(*record.Compiled)) {
		jobs = append(jobs, job{id, r, done, nil})
	}
	findings := func(id string, all []Finding) {
		p.gaps[id] = make([]finding, len(all))
		for i, f := range all {
			p.gaps[id][i].says, p.gaps[id][i].contradiction = f.Says, f.Contradiction
			rule(id, f.Rule, func(c *record.Compiled) { p.gaps[id][i].rule = c })
		}
	}
	for i := range c.Activities {
		for _, q := range c.Activities[i].Questions {
			p.open[q.ID] = make([]*record.Compiled, len(q.Open))
			for j, r := range q.Open {
				rule(q.ID, r, func(c *record.Compiled) { p.open[q.ID][j] = c })
			}
			findings(q.ID, q.Gaps)
		}
	}
	for _, x := range c.Checks {
		if x.Applies != "" {
			rule(x.ID, record.Rule{When: x.Applies}, func(c *record.Compiled) { p.apply[x.ID] = c })
		}
		findings(x.ID, x.Gaps)
	}
	if err := compileAll(env, jobs); err != nil {
		return nil, err
	}
	p.link()
	return p, nil
}

// job is a rule to compile.
type job struct {
	id   string
	rule record.Rule
	done func(*record.Compiled)
	err  error
}

// compileAll compiles on every core, and hands the results over one by one.
func compileAll(env *record.Env, jobs []job) error {
	out := make([]*record.Compiled, len(jobs))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(jobs)); i = next.Add(1) - 1 {
				out[i], jobs[i].err = env.Compile(jobs[i].rule)
			}
		})
	}
	wg.Wait()
	var errs []error
	for i, j := range jobs {
		if j.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", j.id, j.err))
		}
		j.done(out[i])
	}
	return errors.Join(errs...)
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
