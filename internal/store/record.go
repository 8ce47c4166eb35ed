package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"assay/internal/evidence"
	"assay/internal/fact"
	"assay/internal/store/segment"
)

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }

// recordsID is the run folder that the records of people are kept in: they
// speak of the product, not of one run.
const recordsID = "records"

func (s *Store) recordsDir() string { return filepath.Join(s.dir, Folder, recordsID) }

// Record keeps what a person saw. Attachments are files of the workspace,
// referenced by hash.
func (s *Store) Record(p fact.PersonResult, attachments []string) (fact.Fact, error) {
	dir := s.recordsDir()
	o := segment.Options{Limits: s.opt.Limits.Segment, Now: s.opt.Now}
	seg, err := segment.Open(dir, o)
	if _, statErr := os.Stat(dir); os.IsNotExist(statErr) {
		seg, err = segment.Create(dir, recordsID, o)
	}
	if err != nil {
		return fact.Fact{}, fmt.Errorf("records: %w", err)
	}
	var refs []fact.Ref
	for _, path := range attachments {
		obj, err := s.evidence.Reference(path, evidence.Meta{Class: evidence.Personal})
		if err != nil {
			return fact.Fact{}, errors.Join(fmt.Errorf("attachment %s: %w", path, err), seg.Close())
		}
		refs = append(refs, fact.Ref{SHA256: obj.Digest.String(), Locator: path})
	}
	p.Attachments = append(p.Attachments, refs...)
	obs := fact.Observation{
		ID:        fmt.Sprintf("o-record-%s-%s-%d", p.Case, p.Subject, p.At.UnixNano()),
		Collector: "person@1", Vantage: fact.Physical, Method: fact.Test, By: p.By, Start: p.At, End: p.At,
	}
	f, err := fact.New(obs, p.Subject, p, p.Attachments...)
	if err != nil {
		return fact.Fact{}, errors.Join(err, seg.Close())
	}
	w, err := seg.Segment("person")
	if err != nil {
		return fact.Fact{}, errors.Join(err, seg.Close())
	}
	_, err = w.Append(typeObservation, entry{Unit: "person", Attempt: 1, Observation: &obs})
	if err == nil {
		_, err = w.Append(typeFact, entry{Unit: "person", Attempt: 1, Fact: &f})
	}
	if err := errors.Join(err, w.Sync(), w.Close(), seg.Close()); err != nil {
		return fact.Fact{}, fmt.Errorf("records: %w", err)
	}
	return f, nil
}

type recorded struct {
	facts        []fact.Fact
	observations []fact.Observation
}

func (s *Store) records() (recorded, error) {
	var out recorded
	dir := s.recordsDir()
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return out, nil
	}
	h := newStored()
	for e, err := range segment.Read(dir, "person", s.opt.Limits.Segment) {
		if errors.Is(err, evidence.ErrTorn) || errors.Is(err, os.ErrNotExist) {
			break
		}
		if err != nil {
			return out, fmt.Errorf("records: %w", err)
		}
		if err := h.take("person", e); err != nil {
			return out, fmt.Errorf("records line %d: %w", e.Line, err)
		}
	}
	out.facts, out.observations = h.judged()
	return out, nil
}

// Verified is what Verify saw of a workspace.
type Verified struct {
	Runs     []segment.Report
	Evidence evidence.VerifyReport
}

// Problems counts what is wrong.
func (v Verified) Problems() int {
	n := len(v.Evidence.Problems)
	for _, r := range v.Runs {
		n += len(r.Problems)
	}
	return n
}

// Verify recomputes everything: every segment's chain, every object's hash.
// With a head that was noted elsewhere, one of the runs must have had it.
func (s *Store) Verify(ctx context.Context, head string) (Verified, error) {
	var out Verified
	ids, err := s.Runs()
	if err != nil {
		return out, err
	}
	var want *evidence.Digest
	if head != "" {
		d, err := evidence.ParseDigest(head)
		if err != nil {
			return out, fmt.Errorf("head %q: %w: copy the 64 digits from the report", head, err)
		}
		want = &d
	}
	var plain []segment.Report
	covered := false
	for _, id := range append(ids, "") {
		dir := s.runDir(id)
		if id == "" {
			dir = s.recordsDir()
			if _, err := os.Stat(dir); os.IsNotExist(err) {
				continue
			}
		}
		rep, err := segment.Verify(ctx, dir, nil, s.opt.Limits.Segment)
		if err != nil {
			return out, err
		}
		if want != nil && id != "" {
			against, err := segment.Verify(ctx, dir, want, s.opt.Limits.Segment)
			if err != nil {
				return out, err
			}
			if !hasCode(against, segment.NotHead) {
				rep, covered = against, true
			}
		}
		plain = append(plain, rep)
	}
	if want != nil && !covered {
		last := len(ids) - 1
		p := segment.Problem{Code: segment.NotHead, File: s.runsDir(), Detail: "no stored run ever had the head " + head}
		if last >= 0 {
			plain[last].Problems = append(plain[last].Problems, p)
		} else {
			plain = append(plain, segment.Report{ID: "-", Problems: []segment.Problem{p}})
		}
	}
	out.Runs = plain
	out.Evidence, err = s.evidence.Verify(ctx)
	return out, err
}

func hasCode(r segment.Report, c segment.Code) bool {
	for _, p := range r.Problems {
		if p.Code == c {
			return true
		}
	}
	return false
}
