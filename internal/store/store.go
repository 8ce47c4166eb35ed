// Package store keeps the runs of a workspace: append-only segments as the
// truth, evidence beside them, and the records of people.
//
// In: facts as collectors write them, through a fact.Sink per collector.
// Out: the facts of a run, for judging. Everything lies in the workspace's
// .assay folder, private to its user; one process holds it at a time.
package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/internal/evidence"
	"assay/internal/fact"
	"assay/internal/limit"
	"assay/internal/store/segment"
)

// Folder is the name of the store's folder in a workspace.
const Folder = ".assay"

// ErrNoRun says that a workspace holds no run yet.
var ErrNoRun = errors.New("no run is stored here: start one with assay run")

// ErrEnded says that a run came to its end: there is nothing to resume.
var ErrEnded = errors.New("the run came to its end: start a new one")

// ErrChanged says that the product file isn't the one that the run began
// with.
var ErrChanged = errors.New("assay.yaml has changed since the run began: start a new run")

// ErrUnknownRun says that no run has the given id.
var ErrUnknownRun = errors.New("no such run")

// Options of Open.
type Options struct {
	ReadOnly bool // for judging and verifying: no lock, nothing is written
	Now      func() time.Time
	Limits   limit.Table
}

// Store is the open store of one workspace.
type Store struct {
	dir      string // the workspace
	opt      Options
	lock     *segment.WorkspaceLock
	evidence *evidence.Store
}

// Open opens the store of a workspace folder and makes it where it isn't
// there yet. A second process gets a *segment.LockedError.
func Open(workspace string, opt Options) (*Store, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Limits == (limit.Table{}) {
		opt.Limits = limit.Default()
	}
	s := &Store{dir: workspace, opt: opt}
	root := filepath.Join(workspace, Folder)
	if _, err := os.Stat(root); opt.ReadOnly && errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoRun
	}
	if err := noLinks(root); err != nil {
		return nil, err
	}
	if !opt.ReadOnly {
		if err := os.MkdirAll(root, 0o700); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		lock, err := segment.Lock(root)
		if err != nil {
			return nil, err
		}
		s.lock = lock
	}
	ev, err := evidence.Open(workspace, evidence.Options{ReadOnly: opt.ReadOnly, Now: opt.Now, Limits: opt.Limits.Evidence})
	if err != nil {
		return nil, errors.Join(err, s.unlock())
	}
	s.evidence = ev
	return s, nil
}

// ErrLink says that the store's folder, or one in it, is a link: a workspace
// from a stranger must not send what is written elsewhere.
var ErrLink = errors.New("is a link: the store writes nothing through links, remove it")

// noLinks refuses a store whose folders lead elsewhere.
func noLinks(root string) error {
	for _, name := range []string{"", "runs", "reports", "records", "evidence", "sealed"} {
		path := filepath.Join(root, name)
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return fmt.Errorf("store: %w", err)
		case !info.IsDir():
			return fmt.Errorf("%s %w", path, ErrLink)
		}
	}
	return nil
}

// Close gives the workspace back.
func (s *Store) Close() error { return errors.Join(s.evidence.Close(), s.unlock()) }

func (s *Store) unlock() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}

// Evidence returns the evidence store beside the runs.
func (s *Store) Evidence() *evidence.Store { return s.evidence }

func (s *Store) runsDir() string         { return filepath.Join(s.dir, Folder, "runs") }
func (s *Store) runDir(id string) string { return filepath.Join(s.runsDir(), id) }

// Runs lists the ids of the stored runs, oldest first: ids begin with their
// time.
func (s *Store) Runs() ([]string, error) {
	entries, err := os.ReadDir(s.runsDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && validID(e.Name()) == nil {
			out = append(out, e.Name())
		}
	}
	slices.Sort(out)
	return out, nil
}

// Latest returns the id of the newest run, or ErrNoRun.
func (s *Store) Latest() (string, error) {
	ids, err := s.Runs()
	if err != nil {
		return "", err
	}
	if len(ids) == 0 {
		return "", ErrNoRun
	}
	return ids[len(ids)-1], nil
}

// validID keeps run ids from being paths.
func validID(id string) error {
	if id == "" || len(id) > 64 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("%q isn't the id of a run: use the id that `assay run` printed: %w", id, ErrUnknownRun)
	}
	return nil
}

// Meta is what a run began with: enough to judge it again.
type Meta struct {
	ID      string    `json:"id"`
	Program string    `json:"program"`
	Started time.Time `json:"started"`
	By      string    `json:"by"`
	Command string    `json:"command,omitempty"`
	Product string    `json:"product"` // SHA-256 of assay.yaml as it was
	// Decisions is the SHA-256 of threats.yaml as it was; "" where there was none.
	Decisions string   `json:"decisions,omitempty"`
	Standards []string `json:"standards"`
	Only      []string `json:"only,omitempty"`
	Intrusive bool     `json:"intrusive"`
	Public    []string `json:"public,omitempty"`
}

// The types of a run's own entries in the main segment.
const (
	typeMeta   = "run.meta"
	typeResume = "run.resume"
	typeEnd    = "run.end"
)

type ended struct {
	At     time.Time `json:"at"`
	Failed []string  `json:"failed,omitempty"` // collectors that ended in an error
}

// Run is a run that is being written.
type Run struct {
	Meta    Meta
	Resumed int

	store  *Store
	seg    *segment.Run
	had    *stored // what earlier attempts left
	redact *redactor
}

// Begin starts a run. The product file's bytes become evidence, so that the
// run can be judged when the file has changed.
func (s *Store) Begin(m Meta, product, decisions []byte) (*Run, error) {
	if err := validID(m.ID); err != nil {
		return nil, err
	}
	obj, err := s.evidence.Put(strings.NewReader(string(product)), evidence.Meta{Class: evidence.Document})
	if err != nil {
		return nil, fmt.Errorf("store product file: %w", err)
	}
	m.Product = obj.Digest.String()
	if decisions != nil {
		obj, err := s.evidence.Put(bytes.NewReader(decisions), evidence.Meta{Class: evidence.Document})
		if err != nil {
			return nil, fmt.Errorf("store decisions: %w", err)
		}
		m.Decisions = obj.Digest.String()
	}
	seg, err := segment.Create(s.runDir(m.ID), m.ID, segment.Options{Limits: s.opt.Limits.Segment, Now: s.opt.Now})
	if err != nil {
		return nil, err
	}
	r := &Run{Meta: m, store: s, seg: seg, had: newStored(), redact: &redactor{}}
	if _, err := seg.Append(typeMeta, m); err != nil {
		return nil, errors.Join(err, seg.Close())
	}
	return r, seg.Sync()
}

// Resume goes on with a run that was cut off, on the same product file.
// Errors: ErrEnded, ErrChanged, those of the segments.
func (s *Store) Resume(id string, product []byte) (*Run, error) {
	if err := validID(id); err != nil {
		return nil, err
	}
	had, err := s.read(id)
	if err != nil {
		return nil, err
	}
	switch {
	case !had.end.At.IsZero():
		return nil, fmt.Errorf("run %s: %w", id, ErrEnded)
	case evidence.Sum(product).String() != had.meta.Product:
		return nil, fmt.Errorf("run %s: %w", id, ErrChanged)
	}
	seg, err := segment.Open(s.runDir(id), segment.Options{Limits: s.opt.Limits.Segment, Now: s.opt.Now})
	if err != nil {
		return nil, err
	}
	r := &Run{Meta: had.meta, Resumed: had.resumed + 1, store: s, seg: seg, had: had, redact: &redactor{}}
	if _, err := seg.Append(typeResume, map[string]any{"at": s.opt.Now().UTC(), "count": r.Resumed}); err != nil {
		return nil, errors.Join(err, seg.Close())
	}
	return r, seg.Sync()
}

// End closes a run and returns its head.
func (r *Run) End(failed []string) (string, error) {
	_, err := r.seg.Append(typeEnd, ended{At: r.store.opt.Now().UTC(), Failed: failed})
	if err := errors.Join(err, r.seg.Close()); err != nil {
		return "", err
	}
	return r.seg.Head().String(), nil
}

// Close closes a run without an end: it can be resumed.
func (r *Run) Close() error { return r.seg.Close() }

// Load reads a stored run, with the records that people made (for whichever
// run: a record speaks of the product).
func (s *Store) Load(ctx context.Context, id string) (*Stored, error) {
	if err := validID(id); err != nil {
		return nil, err
	}
	had, err := s.read(id)
	if err != nil {
		return nil, err
	}
	records, err := s.records()
	if err != nil {
		return nil, err
	}
	facts, observations := had.judged()
	facts = append(facts, records.facts...)
	observations = append(observations, records.observations...)
	set, err := fact.NewSet(facts, observations)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", id, err)
	}
	rep, err := segment.Verify(ctx, s.runDir(id), nil, s.opt.Limits.Segment)
	if err != nil {
		return nil, err
	}
	product, err := s.product(had.meta.Product)
	if err != nil {
		return nil, fmt.Errorf("run %s: product file: %w", id, err)
	}
	var decisions []byte
	if had.meta.Decisions != "" {
		if decisions, err = s.product(had.meta.Decisions); err != nil {
			return nil, fmt.Errorf("run %s: decisions: %w", id, err)
		}
	}
	return &Stored{Meta: had.meta, Resumed: had.resumed, Ended: had.end.At, Failed: had.end.Failed,
		Head: rep.Head.String(), Product: product, Decisions: decisions, Facts: set}, nil
}

func (s *Store) product(digest string) ([]byte, error) {
	d, err := evidence.ParseDigest(digest)
	if err != nil {
		return nil, err
	}
	f, err := s.evidence.Open(d)
	if err != nil {
		return nil, err
	}
	defer f.Close() // read-only
	return readAll(f, s.opt.Limits.YAML.Size)
}

const (
	typeBegin       = "unit.begin"
	typeFact        = "fact"
	typeObservation = "observation"
	typeEnded       = "unit.ended"
)
