// Package sinktest is a fact.Sink in memory, for tests of collectors. In:
// what a collector writes. Out: the facts as judging would read them, the
// evidence, and which units of work ran. Only tests import it.
package sinktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/internal/fact"
)

// Sink keeps facts in memory. The zero value has no folder: every File fails.
type Sink struct {
	Dir   string      // the workspace of File
	Given []fact.Fact // facts of other collectors
	// Cut are the names of intrusive units that an earlier attempt left
	// unfinished.
	Cut []string

	mu       sync.Mutex
	n        int
	facts    []fact.Fact
	obs      []fact.Observation
	Units    []string          // in the order in which they began
	Stored   map[string]string // evidence by name
	Sealed   []string          // values
	Reported []string          // progress keys
}

var _ fact.Sink = (*Sink)(nil)

// Give adds a fact of another collector.
func (s *Sink) Give(t testing.TB, subject string, p fact.Payload) {
	t.Helper()
	o := fact.Observation{ID: "o-given"}
	f, err := fact.New(o, subject, p)
	if err != nil {
		t.Fatal(err)
	}
	s.Given = append(s.Given, f)
}

// Unit implements fact.Sink.
func (s *Sink) Unit(ctx context.Context, u fact.Unit, work func(context.Context, fact.Recorder) error) error {
	s.mu.Lock()
	s.Units = append(s.Units, u.Name)
	cut := false
	for _, name := range s.Cut {
		cut = cut || name == u.Name && u.Intrusive
	}
	s.mu.Unlock()
	r := &recorder{s: s}
	if cut {
		return u.Interrupted(r)
	}
	return work(ctx, r)
}

// Facts implements fact.Sink.
func (s *Sink) Facts() (*fact.Set, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := append(append([]fact.Fact(nil), s.Given...), s.facts...)
	obs := append([]fact.Observation{{ID: "o-given"}}, s.obs...)
	return fact.NewSet(all, obs)
}

// Set is Facts for a test.
func (s *Sink) Set(t testing.TB) *fact.Set {
	t.Helper()
	set, err := s.Facts()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Progress implements fact.Sink.
func (s *Sink) Progress(key string, _ ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Reported = append(s.Reported, key)
}

type recorder struct{ s *Sink }

func (r *recorder) Observe(o fact.Observation) fact.Observation {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.n++
	o.ID = fmt.Sprintf("o-%d", r.s.n)
	o.Start, o.End = time.Unix(0, 0).UTC(), time.Unix(0, 0).UTC()
	r.s.obs = append(r.s.obs, o)
	return o
}

func (r *recorder) Record(o fact.Observation, subject string, p fact.Payload, refs ...fact.Ref) error {
	if o.ID == "" {
		return errors.New("record: the observation wasn't opened")
	}
	f, err := fact.New(o, subject, p, refs...)
	if err != nil {
		return err
	}
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.facts = append(r.s.facts, f)
	return nil
}

func (r *recorder) Evidence(name, _ string, in io.Reader) (fact.Ref, error) {
	b, err := io.ReadAll(in)
	if err != nil {
		return fact.Ref{}, err
	}
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.s.Stored == nil {
		r.s.Stored = make(map[string]string)
	}
	r.s.Stored[name] = string(b)
	return fact.Ref{SHA256: fmt.Sprintf("%064d", len(r.s.Stored)), Locator: name}, nil
}

func (r *recorder) File(path, _ string) (fact.Ref, error) {
	if r.s.Dir == "" || !filepath.IsLocal(path) {
		return fact.Ref{}, fmt.Errorf("%s: not in the workspace", path)
	}
	info, err := os.Stat(filepath.Join(r.s.Dir, path))
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", path)
	}
	if err != nil {
		return fact.Ref{}, err
	}
	return fact.Ref{SHA256: strings.Repeat("f", 64), Locator: path}, nil
}

func (r *recorder) Seal(kind string, value []byte) (redacted, hmac, handle string, err error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.Sealed = append(r.s.Sealed, string(value))
	return "(redacted)", fmt.Sprintf("hmac-%x", len(value)), fmt.Sprintf("%s-%d", kind, len(r.s.Sealed)), nil
}
