// Package assess runs an assessment: plan, collect, store, judge. It is the
// only package that sees both collectors and test cases.
//
// In: a workspace (product, standards, store), a door to the network, what
// the tester allows. Out: a stored run and its assessment. Killed at any
// point, a run resumes from what was stored.
package assess

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"assay/internal/activity"
	"assay/internal/collect/declared"
	"assay/internal/collect/device"
	"assay/internal/collect/document"
	"assay/internal/collect/firmware"
	"assay/internal/collect/firmware/inspect/secret/guess"
	"assay/internal/fact"
	"assay/internal/judge"
	"assay/internal/limit"
	"assay/internal/network"
	"assay/internal/product"
	"assay/internal/sandbox"
	"assay/internal/standard"
	"assay/internal/store"
	"assay/internal/testcase"
	"assay/internal/threat"
)

// Parsers are the parsers that the child process knows.
func Parsers() sandbox.Parsers {
	return sandbox.Parsers{
		firmware.ParserName:  firmware.Parse,
		firmware.FilesParser: firmware.ParseFiles,
		document.ParserName:  document.Parse,
	}
}

// Config is what a run needs.
type Config struct {
	Dir       string // the workspace
	Product   *product.Product
	Source    []byte // assay.yaml
	Standards []*standard.Standard
	Profiles  map[standard.ID]string
	Only      []testcase.ID
	// Process and Library are loaded where they are nil.
	Process *activity.Process
	Library *threat.Library

	Store       *store.Store
	Network     network.Dialer // nil: no unit is touched
	Run         sandbox.Runner
	Fetch       document.Fetcher
	Credentials []device.Credential
	Intrusive   bool
	Quick       bool          // simulated units: shorter waits
	LockWait    time.Duration // see device.Config
	Pace        time.Duration // see device.Config
	Asks        []string      // see device.Config
	Laboratory  bool

	ID       string // of a new run
	Resume   string // id of a run to go on with
	Program  string
	By       string
	Command  string
	Public   []string
	Now      func() time.Time
	Progress func(key string, args ...string)
}

// Result is a finished run.
type Result struct {
	Stored     *store.Stored
	Product    *product.Product // as it was at the time of the run
	Standards  []*standard.Standard
	Assessment *judge.Assessment
	// Failed are the collectors that ended in an error, with it. What they
	// collected before is kept and judged.
	Failed []error
}

// Run collects, stores and judges.
func Run(ctx context.Context, c Config) (*Result, error) {
	run, err := begin(c)
	if err != nil {
		return nil, err
	}
	c.Only = nil // a resumed run keeps to what it began with
	for _, id := range run.Meta.Only {
		c.Only = append(c.Only, testcase.ID(id))
	}
	for _, k := range c.Credentials {
		run.KeepOut("password", []byte(k.Password))
	}
	failed, err := collect(ctx, c, run)
	if err != nil {
		return nil, errors.Join(err, run.Close())
	}
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("run %s was cut off, go on with --resume: %w", run.Meta.ID, err), run.Close())
	}
	for _, f := range failed {
		if errors.Is(f, syscall.ENOSPC) || errors.Is(f, syscall.EROFS) {
			// The store took no more: the run isn't ended, so that it can go on
			// when there is room.
			return nil, errors.Join(f, run.Close())
		}
	}
	names := make([]string, len(failed))
	for i, f := range failed {
		names[i] = f.Error()
	}
	if _, err := run.End(names); err != nil {
		return nil, err
	}
	r, err := Judge(ctx, c, run.Meta.ID)
	if err != nil {
		return nil, err
	}
	r.Failed = failed
	return r, nil
}

func begin(c Config) (*store.Run, error) {
	if c.Resume != "" {
		return c.Store.Resume(c.Resume, c.Source)
	}
	m := store.Meta{ID: c.ID, Program: c.Program, Started: c.Now().UTC(), By: c.By, Command: c.Command, Intrusive: c.Intrusive, Public: c.Public}
	for _, s := range c.Standards {
		m.Standards = append(m.Standards, string(s.ID))
	}
	for _, id := range c.Only {
		m.Only = append(m.Only, string(id))
	}
	// What can't be read is said where threats are shown; the run goes on.
	decisions, _ := threat.ReadDir(c.Dir, limit.Default().YAML)
	return c.Store.Begin(m, c.Source, decisions)
}

// collectors lists what looks at this product.
func collectors(c Config) []fact.Collector {
	dev := device.Config{Product: c.Product, Network: c.Network, Credentials: c.Credentials, Intrusive: c.Intrusive, Quick: c.Quick, LockWait: c.LockWait, Pace: c.Pace}
	out := []fact.Collector{
		&declared.Collector{Product: c.Product, Source: c.Source, Line: func(path string) int { n, _ := c.Product.Position(path); return n }},
		&document.Collector{Product: c.Product, Dir: c.Dir, Run: c.Run, Fetch: c.Fetch},
		&recordCollector{c},
		&firmware.Collector{Product: c.Product, Dir: c.Dir, Run: c.Run, Options: firmware.Options{Now: c.Now(), Guess: guess.Default}},
	}
	if c.Network != nil && len(c.Product.Units) > 0 {
		guess := &device.Guess{Config: dev, Allowed: c.Intrusive, Clear: func(handle string) ([]byte, error) {
			v, err := c.Store.Evidence().Unseal(handle)
			return v.Reveal(), err
		}}
		out = append(out, &device.Collector{Config: dev}, guess)
		if c.Only != nil {
			kinds := needed(c.Only, out)
			guess.Want = func(k fact.Kind) bool { return kinds[k] }
		}
	}
	return wanted(c.Only, out)
}

// wanted leaves out the collectors whose facts no chosen case needs.
func wanted(only []testcase.ID, all []fact.Collector) []fact.Collector {
	if only == nil {
		return all
	}
	kinds := needed(only, all)
	return slices.DeleteFunc(slices.Clone(all), func(c fact.Collector) bool { return !writes(c, kinds) })
}

// needed lists the kinds of facts that the chosen cases judge, and those that
// the collectors of these read in turn.
func needed(only []testcase.ID, all []fact.Collector) map[fact.Kind]bool {
	kinds := make(map[fact.Kind]bool)
	for _, id := range only {
		c, err := testcase.Find(id)
		if err != nil {
			continue // the caller has checked the ids
		}
		for _, n := range c.Needs {
			kinds[n.Kind] = true
		}
	}
	for before := -1; before != len(kinds); {
		before = len(kinds)
		for _, col := range all {
			if writes(col, kinds) {
				for _, k := range col.Spec().Reads {
					kinds[k] = true
				}
			}
		}
	}
	return kinds
}

// writes says whether a collector writes one of some kinds.
func writes(c fact.Collector, kinds map[fact.Kind]bool) bool {
	return slices.ContainsFunc(c.Spec().Writes, func(k fact.Kind) bool { return kinds[k] })
}

// collect runs the collectors, each as soon as those it reads from have
// ended. One that fails doesn't stop the others.
func collect(ctx context.Context, c Config, run *store.Run) (failed []error, err error) {
	all := collectors(c)
	if err := acyclic(all); err != nil {
		return nil, err
	}
	limits := limit.Default().Deadline
	ctx, cancel := context.WithTimeout(ctx, limits.Run)
	defer cancel()
	g := &gathering{}
	ended := make(map[string]chan struct{}, len(all))
	for _, col := range all {
		ended[col.Spec().Name] = make(chan struct{})
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, col := range all {
		sink, serr := run.Sink(col.Spec(), g.facts, c.Progress)
		if serr != nil {
			return nil, serr
		}
		g.sinks = append(g.sinks, sink)
	}
	for i, col := range all {
		wg.Go(func() {
			spec := col.Spec()
			defer close(ended[spec.Name])
			for _, other := range all {
				if other != col && feeds(other.Spec(), spec) {
					<-ended[other.Spec().Name]
				}
			}
			sub, stop := context.WithTimeout(ctx, limits.Collector)
			defer stop()
			if err := errors.Join(col.Collect(sub, g.sinks[i]), g.sinks[i].Close()); err != nil {
				mu.Lock()
				failed = append(failed, fmt.Errorf("collector %s: %w", spec.Name, err))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.SortFunc(failed, func(a, b error) int { return bytes.Compare([]byte(a.Error()), []byte(b.Error())) })
	return failed, nil
}

// gathering gives collectors the facts so far.
type gathering struct{ sinks []*store.Sink }

func (g *gathering) facts() (*fact.Set, error) {
	var fs []fact.Fact
	var os []fact.Observation
	for _, s := range g.sinks {
		f, o := s.Written()
		fs, os = append(fs, f...), append(os, o...)
	}
	return fact.NewSet(fs, os)
}

// feeds says whether b reads what a writes.
func feeds(a, b fact.Spec) bool {
	return slices.ContainsFunc(b.Reads, func(k fact.Kind) bool { return slices.Contains(a.Writes, k) })
}

// acyclic refuses collectors that wait for each other.
func acyclic(all []fact.Collector) error {
	state := make(map[string]int) // 1: on the path, 2: done
	var visit func(fact.Spec) error
	visit = func(s fact.Spec) error {
		switch state[s.Name] {
		case 1:
			return fmt.Errorf("collector %s waits for itself", s.Name)
		case 2:
			return nil
		}
		state[s.Name] = 1
		for _, other := range all {
			if o := other.Spec(); o.Name != s.Name && feeds(o, s) {
				if err := visit(o); err != nil {
					return err
				}
			}
		}
		state[s.Name] = 2
		return nil
	}
	for _, col := range all {
		if err := visit(col.Spec()); err != nil {
			return err
		}
	}
	return nil
}

// Judge judges a stored run: the product as it was then, the standards of c
// (none: those of the run). The clock is the run's end, so that judging
// again gives the same.
func Judge(ctx context.Context, c Config, id string) (*Result, error) {
	st, err := c.Store.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	p, problems := product.Load(product.FileName, st.Product, limit.Default().YAML)
	if product.HasErrors(problems) {
		return nil, fmt.Errorf("run %s: the stored product file doesn't load: %w", id, problems[0])
	}
	standards := c.Standards
	if len(standards) == 0 {
		for _, name := range st.Meta.Standards {
			s, err := standard.Get(standard.ID(name))
			if err != nil {
				return nil, fmt.Errorf("run %s: %w", id, err)
			}
			standards = append(standards, s)
		}
	}
	only := c.Only
	if only == nil {
		for _, x := range st.Meta.Only {
			only = append(only, testcase.ID(x))
		}
	}
	clock := st.Ended
	if clock.IsZero() {
		clock = st.Meta.Started
	}
	profiles := c.Profiles
	if profiles == nil {
		profiles = Profiles(p)
	}
	in := judge.Input{Product: p, Profiles: profiles, Facts: st.Facts, Clock: clock, Only: only, Laboratory: c.Laboratory}
	for _, s := range standards {
		in.Standards = append(in.Standards, *s)
	}
	a, err := judge.Judge(in)
	if err != nil {
		return nil, err
	}
	return &Result{Stored: st, Product: p, Standards: standards, Assessment: a}, nil
}

// Profiles are the interpretation profiles that a product file chooses.
func Profiles(p *product.Product) map[standard.ID]string {
	out := make(map[standard.ID]string)
	for _, s := range p.Standards {
		if s.Profile != "" {
			out[standard.ID(s.ID)] = s.Profile
		}
	}
	return out
}

// Look collects from the units alone and judges nothing: what `assay device`
// shows.
func Look(ctx context.Context, c Config) (*fact.Set, error) {
	run, err := begin(c)
	if err != nil {
		return nil, err
	}
	dev := device.Config{Product: c.Product, Network: c.Network, Credentials: c.Credentials, Quick: c.Quick, Asks: c.Asks}
	if len(c.Product.Units) == 1 {
		dev.Ports = c.Product.Units[0].Ports // named on the command line, wherever the unit stands
	}
	col := &device.Collector{Config: dev}
	g := &gathering{}
	sink, err := run.Sink(col.Spec(), g.facts, c.Progress)
	if err != nil {
		return nil, errors.Join(err, run.Close())
	}
	g.sinks = append(g.sinks, sink)
	err = errors.Join(col.Collect(ctx, sink), sink.Close())
	if _, endErr := run.End(nil); endErr != nil || err != nil {
		return nil, errors.Join(err, endErr)
	}
	return g.facts()
}
