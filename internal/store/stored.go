package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"assay/internal/evidence"
	"assay/internal/fact"
	"assay/internal/store/segment"
)

// Stored is a run as it was read.
type Stored struct {
	Meta    Meta
	Resumed int
	Ended   time.Time // zero where the run was cut off
	Head    string
	Failed  []string
	Product []byte
	// Decisions are the bytes of threats.yaml; nil where there was none.
	Decisions []byte
	Facts     *fact.Set
}

// entry is the body of every line that a collector writes.
type entry struct {
	Unit        string               `json:"unit"`
	Attempt     int                  `json:"attempt"`
	Intrusive   bool                 `json:"intrusive,omitempty"`
	Fact        *fact.Fact           `json:"fact,omitempty"`
	Observation *fact.Observation    `json:"observation,omitempty"`
	Ended       map[string]time.Time `json:"ended,omitempty"` // observation → end
}

// stored is what the segments of a run hold.
type stored struct {
	meta    Meta
	resumed int
	end     ended
	units   map[string]*unit // by segment and unit
	order   []string
}

// unit is one unit of work with its attempts; the last one counts.
type unit struct {
	segment      string
	attempt      int
	sealed       bool
	intrusive    bool
	facts        []fact.Fact
	observations []fact.Observation
}

func newStored() *stored { return &stored{units: make(map[string]*unit)} }

func (h *stored) unit(segment, name string) *unit {
	key := segment + "\x00" + name
	u, ok := h.units[key]
	if !ok {
		u = &unit{segment: segment}
		h.units[key] = u
		h.order = append(h.order, key)
	}
	return u
}

// judged returns the facts that count: those of each unit's last attempt.
func (h *stored) judged() ([]fact.Fact, []fact.Observation) {
	var fs []fact.Fact
	var os []fact.Observation
	for _, key := range h.order {
		fs = append(fs, h.units[key].facts...)
		os = append(os, h.units[key].observations...)
	}
	return fs, os
}

func (s *Store) read(id string) (*stored, error) {
	dir := s.runDir(id)
	names, err := segment.Names(dir)
	if err != nil || len(names) == 0 {
		return nil, s.unknown(id)
	}
	h := newStored()
	for _, name := range names {
		for e, err := range segment.Read(dir, name, s.opt.Limits.Segment) {
			if errors.Is(err, evidence.ErrTorn) {
				break // what stood before it counts; opening the run notes the cut
			}
			if err != nil {
				return nil, fmt.Errorf("run %s: segment %s: %w", id, name, err)
			}
			if err := h.take(name, e); err != nil {
				return nil, fmt.Errorf("run %s: segment %s line %d: %w", id, name, e.Line, err)
			}
		}
	}
	if h.meta.ID == "" {
		return nil, fmt.Errorf("run %s: it has no beginning; remove the folder %s", id, dir)
	}
	return h, nil
}

// unknown says which runs there are.
func (s *Store) unknown(id string) error {
	ids, err := s.Runs()
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return fmt.Errorf("run %s: %w in %s: %w", id, ErrUnknownRun, s.runsDir(), ErrNoRun)
	}
	return fmt.Errorf("run %s: %w in %s; stored are %s", id, ErrUnknownRun, s.runsDir(), strings.Join(ids[max(0, len(ids)-8):], ", "))
}

func (h *stored) take(name string, e evidence.Entry) error {
	if u, ok := segment.SealedUnit(e); ok && name != segment.Main {
		h.unit(name, u).sealed = true
		return nil
	}
	if segment.Own(e) {
		return nil
	}
	switch e.Type {
	case typeMeta:
		return json.Unmarshal(e.Body, &h.meta)
	case typeResume:
		h.resumed++
		return nil
	case typeEnd:
		return json.Unmarshal(e.Body, &h.end)
	}
	var b entry
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return err
	}
	u := h.unit(name, b.Unit)
	switch e.Type {
	case typeBegin:
		*u = unit{segment: name, attempt: b.Attempt, intrusive: b.Intrusive}
	case typeObservation:
		if b.Observation != nil {
			u.observations = append(u.observations, *b.Observation)
		}
	case typeFact:
		if b.Fact != nil {
			u.facts = append(u.facts, *b.Fact)
		}
	case typeEnded:
		for i := range u.observations {
			if at, ok := b.Ended[u.observations[i].ID]; ok {
				u.observations[i].End = at
			}
		}
	}
	return nil
}
