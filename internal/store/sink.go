package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"assay/internal/evidence"
	"assay/internal/fact"
	"assay/internal/store/segment"
	"assay/internal/untrusted"
)

func readAll(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("more than %d bytes", most)
	}
	return b, err
}

// redactor takes known secrets out of transcripts, also those that were
// sealed during the run.
type redactor struct {
	mu    sync.Mutex
	known []evidence.Known
	made  *evidence.Redactor
}

func (r *redactor) add(k evidence.Known) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known, r.made = append(r.known, k), nil
}

func (r *redactor) get() *evidence.Redactor {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.made == nil {
		r.made = evidence.NewRedactor(r.known...)
	}
	return r.made
}

// KeepOut keeps a value (a device's password, given by the tester) out of
// everything that this run writes.
func (r *Run) KeepOut(kind string, value []byte) {
	r.redact.add(evidence.Known{Secret: evidence.Secret{Kind: kind}, Value: evidence.NewValue(value)})
}

// Sink returns where a collector writes. progress may be nil.
func (r *Run) Sink(spec fact.Spec, facts func() (*fact.Set, error), progress func(string, ...string)) (*Sink, error) {
	w, err := r.seg.Segment(spec.Name)
	if err != nil {
		return nil, err
	}
	return &Sink{run: r, w: w, spec: spec, facts: facts, progress: progress}, nil
}

// Sink is the fact.Sink of one collector in one run.
type Sink struct {
	run      *Run
	w        *segment.Writer
	spec     fact.Spec
	facts    func() (*fact.Set, error)
	progress func(string, ...string)

	mu  sync.Mutex
	all []fact.Fact
	obs []fact.Observation
}

var _ fact.Sink = (*Sink)(nil)

// Close puts the segment on disk.
func (s *Sink) Close() error { return s.w.Close() }

// Written returns what the collector wrote, earlier attempts' sealed units
// included.
func (s *Sink) Written() ([]fact.Fact, []fact.Observation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]fact.Fact(nil), s.all...), append([]fact.Observation(nil), s.obs...)
}

// Facts implements fact.Sink.
func (s *Sink) Facts() (*fact.Set, error) { return s.facts() }

// Progress implements fact.Sink.
func (s *Sink) Progress(text string, args ...string) {
	if s.progress != nil {
		s.progress(text, args...)
	}
}

// Unit implements fact.Sink.
func (s *Sink) Unit(ctx context.Context, u fact.Unit, work func(context.Context, fact.Recorder) error) error {
	had, before := s.run.had.units[s.spec.Name+"\x00"+u.Name]
	if before && had.sealed {
		s.keep(had.facts, had.observations)
		return nil
	}
	attempt := 1
	if before {
		attempt = had.attempt + 1
	}
	rec := &recorder{sink: s, unit: u.Name, attempt: attempt, ended: make(map[string]time.Time)}
	begin := entry{Unit: u.Name, Attempt: attempt, Intrusive: u.Intrusive}
	if _, err := s.w.Append(typeBegin, begin); err != nil {
		return fmt.Errorf("unit %s: %w", u.Name, err)
	}
	if u.Intrusive {
		// The intent is on disk before the step: a resumed run sees it and
		// doesn't repeat.
		if err := s.w.Sync(); err != nil {
			return fmt.Errorf("unit %s: %w", u.Name, err)
		}
	}
	var err error
	if before && had.intrusive && u.Interrupted != nil {
		err = u.Interrupted(rec)
	} else {
		err = work(ctx, rec)
	}
	if err != nil {
		return fmt.Errorf("unit %s: %w", u.Name, err)
	}
	if err := rec.finish(); err != nil {
		return fmt.Errorf("unit %s: %w", u.Name, err)
	}
	_, err = s.w.Seal(u.Name)
	return err
}

func (s *Sink) keep(fs []fact.Fact, os []fact.Observation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all, s.obs = append(s.all, fs...), append(s.obs, os...)
}

// recorder writes one attempt at one unit of work.
type recorder struct {
	sink    *Sink
	unit    string
	attempt int

	mu    sync.Mutex
	n     int
	ended map[string]time.Time
	obs   []fact.Observation
}

// Observe implements fact.Recorder.
func (r *recorder) Observe(o fact.Observation) fact.Observation {
	now := r.sink.run.store.opt.Now().UTC()
	r.mu.Lock()
	r.n++
	o.ID = fmt.Sprintf("o-%s-%s-%d-%d", r.sink.spec.Name, r.unit, r.attempt, r.n)
	r.mu.Unlock()
	o.Collector = r.sink.spec.Name + "@" + r.sink.spec.Version
	if o.By == "" {
		o.By = r.sink.run.Meta.Program
	}
	o.Start, o.End = now, now
	r.mu.Lock()
	r.obs = append(r.obs, o)
	r.mu.Unlock()
	return o
}

// Record implements fact.Recorder.
func (r *recorder) Record(o fact.Observation, subject string, p fact.Payload, refs ...fact.Ref) error {
	if o.ID == "" {
		return errors.New("record: the observation wasn't opened by Observe")
	}
	f, err := fact.New(o, subject, p, refs...)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, written := r.ended[o.ID]; !written {
		if _, err := r.sink.w.Append(typeObservation, entry{Unit: r.unit, Attempt: r.attempt, Observation: &o}); err != nil {
			return err
		}
	}
	r.ended[o.ID] = r.sink.run.store.opt.Now().UTC()
	if _, err := r.sink.w.Append(typeFact, entry{Unit: r.unit, Attempt: r.attempt, Fact: &f}); err != nil {
		return err
	}
	r.sink.keep([]fact.Fact{f}, nil)
	return nil
}

// finish notes when each observation ended.
func (r *recorder) finish() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var kept []fact.Observation
	for _, o := range r.obs {
		if end, ok := r.ended[o.ID]; ok {
			o.End = end
			kept = append(kept, o)
		}
	}
	r.sink.keep(nil, kept)
	if len(r.ended) == 0 {
		return nil
	}
	_, err := r.sink.w.Append(typeEnded, entry{Unit: r.unit, Attempt: r.attempt, Ended: r.ended})
	return err
}

// Evidence implements fact.Recorder. Known secrets are taken out of
// transcripts before they are written.
func (r *recorder) Evidence(name, class string, in io.Reader) (fact.Ref, error) {
	run := r.sink.run
	if evidence.Class(class) == evidence.Transcript {
		b, err := readAll(in, run.store.opt.Limits.Evidence.Object)
		if err != nil {
			return fact.Ref{}, fmt.Errorf("evidence %s: %w", name, err)
		}
		in = bytesReader(run.redact.get().Bytes(b))
	}
	obj, err := run.store.evidence.Put(in, evidence.Meta{Name: untrusted.From(name, run.store.opt.Limits.Evidence.Name), Class: evidence.Class(class)})
	if err != nil {
		return fact.Ref{}, fmt.Errorf("evidence %s: %w", name, err)
	}
	return fact.Ref{SHA256: obj.Digest.String(), Locator: name}, nil
}

// File implements fact.Recorder.
func (r *recorder) File(path, class string) (fact.Ref, error) {
	st := r.sink.run.store
	obj, err := st.evidence.Reference(filepath.Clean(path), evidence.Meta{Name: untrusted.From(path, st.opt.Limits.Evidence.Name), Class: evidence.Class(class)})
	if err != nil {
		return fact.Ref{}, err
	}
	return fact.Ref{SHA256: obj.Digest.String(), Locator: path}, nil
}

// Seal implements fact.Recorder.
func (r *recorder) Seal(kind string, value []byte) (redacted, hmac, handle string, err error) {
	sec, err := r.sink.run.store.evidence.Seal(value, kind)
	if err != nil {
		return "", "", "", err
	}
	r.sink.run.redact.add(evidence.Known{Secret: sec, Value: evidence.NewValue(value)})
	return sec.Redacted, sec.HMAC, sec.Handle, nil
}
