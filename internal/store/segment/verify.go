package segment

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"syscall"

	"assay/internal/evidence"
	"assay/internal/limit"
)

// Code names a problem of a run folder.
type Code string

// The codes.
const (
	Missing    Code = "missing"     // a recorded segment is not there
	Short      Code = "short"       // it has fewer entries than recorded
	Swapped    Code = "swapped"     // its entries are not the recorded ones
	Damaged    Code = "damaged"     // a line that is no entry or does not follow
	Torn       Code = "torn"        // the last line is cut; opening the run repairs it
	Unrecorded Code = "unrecorded"  // a segment that main does not know
	NotHead    Code = "not-head"    // no state of the run has the expected head
	BehindHead Code = "behind-head" // entries that the expected head does not cover
	Unreadable Code = "unreadable"  // the disk or the folder says no
)

// Problem is one thing wrong with a run folder. Line counts from 1, Offset from
// 0 in bytes; both are 0 where a whole file is meant.
type Problem struct {
	Code   Code   `json:"code"`
	File   string `json:"file"`
	Line   int64  `json:"line,omitempty"`
	Offset int64  `json:"offset,omitempty"`
	Detail string `json:"detail"`
}

func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s: %s", p.File, p.Code, p.Detail)
	}
	return fmt.Sprintf("%s:%d (offset %d): %s: %s", p.File, p.Line, p.Offset, p.Code, p.Detail)
}

// State is a segment as Verify found it.
type State struct {
	Name     string          `json:"name"`
	Entries  uint64          `json:"entries"`
	Bytes    int64           `json:"bytes"`
	Last     evidence.Digest `json:"last"`
	Recorded uint64          `json:"recorded"` // entries that main vouches for
	Closed   bool            `json:"closed"`   // main's last record of it is a close
}

// Report is what Verify saw. No problems means consistent; authenticated only
// if an expected head was given.
type Report struct {
	ID       string          `json:"id"`
	Head     evidence.Digest `json:"head"`
	Segments []State         `json:"segments"` // main first, then by name
	Problems []Problem       `json:"problems"`
}

// Read yields the verified entries of one segment of a run folder, in order. It
// ends with an error at the first problem, which says file, line and offset
// (evidence.LogError). Entries of this package's own ("segment.…") are among
// them: see SealedUnit.
func Read(dir, name string, lim limit.Segment) iter.Seq2[evidence.Entry, error] {
	return func(yield func(evidence.Entry, error) bool) {
		fail := func(err error) { yield(evidence.Entry{}, fmt.Errorf("segment %s%s: %w", name, suffix, err)) }
		if name != Main && !validName(name) {
			fail(errors.New("no name for a segment"))
			return
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			fail(err)
			return
		}
		defer root.Close() // read only: nothing to lose
		f, err := openFile(root, name+suffix, os.O_RDONLY)
		if err != nil {
			fail(err)
			return
		}
		defer f.Close() // read only
		for e, err := range evidence.Scan(f, Options{Limits: lim}.defaults().Limits.Line) {
			if err != nil {
				fail(err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Own reports whether the entry is one of this package's own.
func Own(e evidence.Entry) bool { return strings.HasPrefix(e.Type, reserved) }

// SealedUnit returns the name of the unit that the entry seals.
func SealedUnit(e evidence.Entry) (string, bool) {
	var body struct {
		Unit string `json:"unit"`
	}
	if e.Type != typeSeal || json.Unmarshal(e.Body, &body) != nil {
		return "", false
	}
	return body.Unit, true
}

// Names lists the segments of a run folder, main first, then by name. Other
// files are left out.
func Names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("segment: run folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		if n, ok := strings.CutSuffix(e.Name(), suffix); ok && (n == Main || validName(n)) {
			names = append(names, n)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		switch {
		case a == b:
			return 0
		case a == Main:
			return -1
		case b == Main:
			return 1
		}
		return cmp.Compare(a, b)
	})
	return names, nil
}

// Verify reads a whole run folder and lists its problems. With a head that was
// noted elsewhere (nil: none), the run must have had exactly this head at some
// entry of main; entries that came later are named as not covered, and so are
// entries of segments behind their last record. An error means that ctx ended.
func Verify(ctx context.Context, dir string, head *evidence.Digest, lim limit.Segment) (Report, error) {
	v := verifier{
		ctx: ctx, lim: Options{Limits: lim}.defaults().Limits, dir: dir, want: head,
		marks: map[string][]mark{},
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		v.problem(Unreadable, ".", 0, 0, err.Error())
		return v.rep, nil
	}
	defer root.Close() // read only
	v.root = root
	names, err := Names(dir)
	if err != nil {
		v.problem(Unreadable, ".", 0, 0, err.Error())
		return v.rep, nil
	}
	v.main()
	v.foreign()
	for _, n := range names {
		if n != Main {
			v.segment(n)
		}
	}
	for name, marks := range v.marks {
		if !slices.Contains(names, name) {
			m := marks[len(marks)-1]
			v.problem(Missing, name+suffix, 0, 0, fmt.Sprintf("main recorded %d entries of it in line %d", m.Count, m.line))
		}
	}
	slices.SortStableFunc(v.rep.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	if err := ctx.Err(); err != nil {
		return v.rep, fmt.Errorf("segment: verify: %w", context.Cause(ctx))
	}
	return v.rep, nil
}

type mark struct {
	checkpoint
	line    int64 // in main
	typ     string
	covered bool // by the expected head
}

type verifier struct {
	ctx   context.Context
	root  *os.Root
	dir   string
	lim   limit.Segment
	want  *evidence.Digest
	rep   Report
	marks map[string][]mark
}

func (v *verifier) problem(c Code, file string, line, offset int64, detail string) {
	v.rep.Problems = append(v.rep.Problems, Problem{Code: c, File: file, Line: line, Offset: offset, Detail: detail})
}

// scan reads one file and reports what ends it early.
func (v *verifier) scan(name string, each func(evidence.Entry)) (State, bool) {
	st := State{Name: name}
	file := name + suffix
	f, err := openFile(v.root, file, os.O_RDONLY)
	if err != nil {
		code := Unreadable
		if errors.Is(err, fs.ErrNotExist) {
			code = Missing
		}
		v.problem(code, file, 0, 0, err.Error())
		return st, false
	}
	defer f.Close() // read only
	if fi, err := f.Stat(); err == nil {
		st.Bytes = fi.Size()
	}
	for e, err := range evidence.Scan(ctxReader{v.ctx, f}, v.lim.Line) {
		if err != nil {
			bad, ok := errors.AsType[*evidence.LogError](err)
			switch {
			case v.ctx.Err() != nil:
			case !ok:
				v.problem(Unreadable, file, 0, 0, err.Error())
			case errors.Is(err, evidence.ErrTorn):
				v.problem(Torn, file, bad.Line, bad.Offset, bad.Err.Error())
			default:
				v.problem(Damaged, file, bad.Line, bad.Offset, bad.Err.Error())
			}
			return st, false
		}
		st.Entries, st.Last = e.Seq+1, e.Hash
		each(e)
	}
	return st, true
}

func (v *verifier) main() {
	reached, behind := int64(0), int64(0)
	var behindAt int64
	st, _ := v.scan(Main, func(e evidence.Entry) {
		if e.Seq == 0 {
			var h runHeader
			if err := checkHeader(e); err != nil {
				v.problem(Damaged, Main+suffix, e.Line, e.Offset, err.Error())
			} else if err := json.Unmarshal(e.Body, &h); err == nil {
				v.rep.ID = h.ID
			}
		}
		if reached > 0 && behind == 0 {
			behind, behindAt = e.Line, e.Offset
		}
		c, ok, err := asCheckpoint(e)
		if err != nil {
			v.problem(Damaged, Main+suffix, e.Line, e.Offset, err.Error())
		}
		if ok {
			v.marks[c.Segment] = append(v.marks[c.Segment], mark{c, e.Line, e.Type, reached == 0})
		}
		if v.want != nil && runHead(e.Seq+1, e.Hash) == *v.want {
			reached = e.Line
		}
	})
	st.Recorded, st.Closed = st.Entries, true
	v.rep.Segments = append(v.rep.Segments, st)
	if st.Entries == 0 && len(v.rep.Problems) == 0 {
		v.problem(Short, Main+suffix, 0, 0, "no entry in it")
	}
	v.rep.Head = runHead(st.Entries, st.Last)
	switch {
	case v.want == nil:
	case reached == 0:
		v.problem(NotHead, Main+suffix, 0, 0, fmt.Sprintf("the run never had the expected head %s; now it is %s", v.want, v.rep.Head))
	case behind > 0:
		v.problem(BehindHead, Main+suffix, behind, behindAt,
			fmt.Sprintf("the expected head covers %d entries, %d came later", reached, int64(st.Entries)-reached))
	}
}

// segment compares one segment with everything that main recorded of it.
func (v *verifier) segment(name string) {
	marks := v.marks[name]
	file := name + suffix
	wanted := map[uint64]mark{} // by count
	for _, m := range marks {
		if old, ok := wanted[m.Count]; ok && old.Last != m.Last {
			v.problem(Swapped, Main+suffix, m.line, 0, fmt.Sprintf("records another entry %d of %s than line %d", m.Count, name, old.line))
		}
		wanted[m.Count] = m
	}
	var covered uint64
	for _, m := range marks {
		if m.covered || v.want == nil {
			covered = max(covered, m.Count)
		}
	}
	var tail, tailAt int64
	st, whole := v.scan(name, func(e evidence.Entry) {
		if e.Seq == 0 && (e.Type != typeOpen || string(e.Body) != string(header(name))) {
			v.problem(Swapped, file, e.Line, e.Offset, "it does not begin as segment "+name)
		}
		if m, ok := wanted[e.Seq+1]; ok && m.Last != e.Hash {
			v.problem(Swapped, file, e.Line, e.Offset, fmt.Sprintf("not the entry that main recorded in line %d", m.line))
		}
		if e.Seq == covered {
			tail, tailAt = e.Line, e.Offset
		}
	})
	if len(marks) > 0 {
		last := marks[len(marks)-1]
		st.Recorded, st.Closed = last.Count, last.typ == typeClose
		if whole && st.Entries < last.Count {
			v.problem(Short, file, 0, 0, fmt.Sprintf("%d entries, main recorded %d in line %d", st.Entries, last.Count, last.line))
		}
	} else {
		v.problem(Unrecorded, file, 0, 0, fmt.Sprintf("%d entries that main does not know", st.Entries))
	}
	if v.want != nil && tail > 0 && len(marks) > 0 {
		v.problem(BehindHead, file, tail, tailAt, fmt.Sprintf("%d entries that the expected head does not cover", st.Entries-covered))
	}
	v.rep.Segments = append(v.rep.Segments, st)
}

// foreign names files that look like segments and can't be.
func (v *verifier) foreign() {
	entries, err := fs.ReadDir(v.root.FS(), ".")
	if err != nil {
		v.problem(Unreadable, ".", 0, 0, err.Error())
		return
	}
	for _, e := range entries {
		n, ok := strings.CutSuffix(e.Name(), suffix)
		if ok && n != Main && !validName(n) {
			v.problem(Unrecorded, fmt.Sprintf("%q", e.Name()), 0, 0, "no name for a segment")
		}
	}
}

// openFile opens a regular file of the folder; it never waits on a pipe.
func openFile(root *os.Root, name string, flag int) (*os.File, error) {
	f, err := root.OpenFile(name, flag|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func syncDir(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func sumFrom(f *os.File, offset int64) (evidence.Digest, error) {
	h := sha256.New()
	_, err := io.Copy(h, io.NewSectionReader(f, offset, 1<<62))
	return evidence.Digest(h.Sum(nil)), err
}

type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
