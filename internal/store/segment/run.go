package segment

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"assay/internal/evidence"
	"assay/internal/limit"
)

// Main is the name of a run's main segment.
const Main = "main"

const suffix = ".ndjson"

// Options of Create and Open. The zero value means limit.Default and time.Now.
type Options struct {
	Limits limit.Segment
	Now    func() time.Time
}

func (o Options) defaults() Options {
	if o.Limits == (limit.Segment{}) {
		o.Limits = limit.Default().Segment
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Run is a run folder open for writing. Its methods are safe for concurrent use.
type Run struct {
	root *os.Root
	dir  string
	opt  Options
	main *log

	mu     sync.Mutex
	open   map[string]*Writer
	marks  map[string]checkpoint // main's last record of each segment
	closed bool
}

type runHeader struct {
	Schema string    `json:"schema"`
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
}

const runSchema = "assay/run-segments@1"

// Create makes a run folder (0700) and its main segment, which begins with the
// run's id. A folder that has one already is an error: a run is never begun
// twice.
func Create(dir, id string, o Options) (*Run, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, explain("segment: make the run folder", dir, err)
	}
	r, err := newRun(dir, o)
	if err != nil {
		return nil, err
	}
	f, err := r.root.OpenFile(Main+suffix, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, errors.Join(explain("segment: begin run "+id, dir, err), r.root.Close())
	}
	r.main = &log{name: Main, lim: r.opt.Limits, file: f}
	_, err = r.main.append(typeRun, runHeader{Schema: runSchema, ID: id, Time: r.opt.Now().UTC()})
	if err == nil {
		err = r.main.sync()
	}
	if err == nil {
		err = syncDir(r.root)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), r.root.Close())
	}
	return r, nil
}

// Open opens a run folder to go on. A torn last line of main is cut off and
// noted in it; any other damage is an error with its position, and nothing is
// changed. Segments are opened, and cut where torn, by Segment.
func Open(dir string, o Options) (*Run, error) {
	r, err := newRun(dir, o)
	if err != nil {
		return nil, err
	}
	r.main, err = r.load(Main, func(e evidence.Entry) error {
		if e.Seq == 0 {
			return checkHeader(e)
		}
		c, ok, err := asCheckpoint(e)
		if ok {
			r.marks[c.Segment] = c
		}
		return err
	})
	if err == nil {
		if r.main.chain.Count() == 0 {
			err = fmt.Errorf("segment: run in %s has no first entry", dir)
		} else {
			err = r.note(typeResume, struct {
				Time time.Time `json:"time"`
			}{r.opt.Now().UTC()})
		}
	}
	if err != nil {
		if r.main != nil {
			err = errors.Join(err, r.main.close())
		}
		return nil, errors.Join(err, r.root.Close())
	}
	return r, nil
}

func checkHeader(e evidence.Entry) error {
	var h runHeader
	if e.Type != typeRun {
		return fmt.Errorf("%w: main begins with %s, not with the run", evidence.ErrSyntax, e.Type)
	}
	if err := json.Unmarshal(e.Body, &h); err != nil {
		return fmt.Errorf("%w: run header: %w", evidence.ErrSyntax, err)
	}
	if h.Schema != runSchema {
		return fmt.Errorf("%w: schema %q, this version knows %s", evidence.ErrSyntax, h.Schema, runSchema)
	}
	return nil
}

// asCheckpoint decodes main's records about other segments.
func asCheckpoint(e evidence.Entry) (c checkpoint, ok bool, err error) {
	if e.Type != typeOpen && e.Type != typeSeal && e.Type != typeClose {
		return c, false, nil
	}
	if err := json.Unmarshal(e.Body, &c); err != nil {
		return c, false, fmt.Errorf("%w: %s: %w", evidence.ErrSyntax, e.Type, err)
	}
	if !validName(c.Segment) {
		return c, false, fmt.Errorf("%w: %s names no segment", evidence.ErrSyntax, e.Type)
	}
	return c, true, nil
}

func newRun(dir string, o Options) (*Run, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, explain("segment: open the run folder", dir, err)
	}
	return &Run{root: root, dir: dir, opt: o.defaults(), open: map[string]*Writer{}, marks: map[string]checkpoint{}}, nil
}

// load opens an existing segment for appending, verifies it whole and cuts a
// torn last line.
func (r *Run) load(name string, each func(evidence.Entry) error) (*log, error) {
	f, err := openFile(r.root, name+suffix, os.O_RDWR)
	if err != nil {
		return nil, explain("segment "+name, r.dir, err)
	}
	l := &log{name: name, lim: r.opt.Limits, file: f}
	for e, err := range evidence.Scan(f, r.opt.Limits.Line) {
		if err == nil && each != nil {
			if cerr := each(e); cerr != nil {
				err = &evidence.LogError{Line: e.Line, Offset: e.Offset, Err: cerr}
			}
		}
		if err == nil {
			l.chain.Advance(e)
			continue
		}
		bad, ok := errors.AsType[*evidence.LogError](err)
		if !ok || !errors.Is(err, evidence.ErrTorn) {
			return nil, errors.Join(fmt.Errorf("segment %s%s: %w", name, suffix, err), f.Close())
		}
		if err := l.cut(bad.Offset, r.marks[name]); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return l, nil
	}
	if l.size, err = f.Seek(0, io.SeekEnd); err != nil {
		return nil, errors.Join(l.explain("size", err), f.Close())
	}
	return l, nil
}

// cut removes a torn last line and notes that it did. What main vouches for
// must be whole in front of it.
func (l *log) cut(offset int64, mark checkpoint) error {
	if l.chain.Count() < mark.Count {
		return fmt.Errorf("segment %s: torn at offset %d after %d entries, but %d were sealed: bring it back from a backup",
			l.name, offset, l.chain.Count(), mark.Count)
	}
	if l.chain.Count() == 0 {
		if l.name == Main {
			return fmt.Errorf("segment %s: its first line is torn: the run never began", l.name)
		}
		// Killed while it was begun: there is no entry to note the cut behind.
		if err := l.file.Truncate(0); err != nil {
			return l.explain("cut the torn line", err)
		}
		return nil
	}
	st, err := l.file.Stat()
	if err != nil {
		return l.explain("size", err)
	}
	d, err := sumFrom(l.file, offset)
	if err != nil {
		return l.explain("read the torn line", err)
	}
	if err := l.file.Truncate(offset); err != nil {
		return l.explain("cut the torn line", err)
	}
	l.size = offset
	if _, err := l.append(typeTorn, tornNote{Offset: offset, Bytes: st.Size() - offset, Hash: d}); err != nil {
		return err
	}
	return l.sync()
}

// Segment opens the segment of a collector, making it on first use, and records
// that in main. A name is a-z, 0-9, dot, dash, underscore, at most 64
// characters, and not "main". One that is open already, and one that is shorter
// or other than main recorded, are errors.
func (r *Run) Segment(name string) (*Writer, error) {
	if !validName(name) {
		return nil, fmt.Errorf("segment: %q is no name for a segment: want 1-64 of a-z 0-9 . _ -, beginning with a letter or digit, not %q", name, Main)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return nil, fmt.Errorf("segment %s: run %w", name, os.ErrClosed)
	case r.open[name] != nil:
		return nil, fmt.Errorf("segment %s: already has a writer", name)
	}
	l, err := r.openLog(name)
	if err != nil {
		return nil, err
	}
	w := &Writer{run: r, log: l}
	if err := r.mark(typeOpen, "", l); err != nil {
		return nil, errors.Join(err, l.close())
	}
	r.open[name] = w
	return w, nil
}

func (r *Run) openLog(name string) (*log, error) {
	mark := r.marks[name]
	_, err := r.root.Lstat(name + suffix)
	if errors.Is(err, fs.ErrNotExist) {
		if mark.Count > 0 {
			return nil, fmt.Errorf("segment %s: missing, but main recorded %d entries: bring it back from a backup", name, mark.Count)
		}
		return r.createLog(name)
	}
	l, err := r.load(name, func(e evidence.Entry) error {
		if e.Seq == 0 && (e.Type != typeOpen || string(e.Body) != string(header(name))) {
			return fmt.Errorf("%w: it does not begin as segment %s", evidence.ErrChain, name)
		}
		if e.Seq+1 == mark.Count && e.Hash != mark.Last {
			return fmt.Errorf("%w: entry %d is not the one that main recorded", evidence.ErrChain, e.Seq)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if l.chain.Count() < mark.Count {
		return nil, errors.Join(fmt.Errorf("segment %s: has %d entries, but main recorded %d: bring it back from a backup",
			name, l.chain.Count(), mark.Count), l.close())
	}
	if l.chain.Count() == 0 {
		// Killed between making the file and writing its first line.
		if _, err := l.append(typeOpen, header(name)); err != nil {
			return nil, errors.Join(err, l.close())
		}
	}
	return l, nil
}

func (r *Run) createLog(name string) (*log, error) {
	f, err := r.root.OpenFile(name+suffix, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, explain("segment "+name, r.dir, err)
	}
	l := &log{name: name, lim: r.opt.Limits, file: f}
	if _, err := l.append(typeOpen, header(name)); err != nil {
		return nil, errors.Join(err, l.close())
	}
	if err := syncDir(r.root); err != nil {
		return nil, errors.Join(explain("segment "+name, r.dir, err), l.close())
	}
	return l, nil
}

// header is the body of a segment's first entry; it binds the file to its name.
func header(name string) json.RawMessage {
	return json.RawMessage(`{"segment":"` + name + `"}`)
}

// mark records a segment's state in main, after that state is on disk.
func (r *Run) mark(typ, unit string, l *log) error {
	if err := l.sync(); err != nil {
		return err
	}
	c := l.state()
	c.Unit = unit
	if err := r.note(typ, c); err != nil {
		return err
	}
	r.marks[l.name] = c
	return nil
}

func (r *Run) note(typ string, body any) error {
	if _, err := r.main.append(typ, body); err != nil {
		return err
	}
	return r.main.sync()
}

// Append writes an entry of the run itself (its plan, its end) into main.
func (r *Run) Append(typ string, body any) (Position, error) {
	if strings.HasPrefix(typ, reserved) {
		return Position{}, fmt.Errorf("segment: entry type %q is reserved", typ)
	}
	return r.main.append(typ, body)
}

// Sync puts main on disk.
func (r *Run) Sync() error { return r.main.sync() }

// Head returns the head of the run as far as main knows it: all of a segment up
// to its last seal or close. After Close it covers everything.
func (r *Run) Head() evidence.Digest {
	c := r.main.state()
	return runHead(c.Count, c.Last)
}

// runHead hashes count and last hash of main, with a label of its own so that
// it can't be taken for the hash of a line.
func runHead(count uint64, last evidence.Digest) evidence.Digest {
	return evidence.Sum(fmt.Appendf(nil, "assay run head 1\n%d\n%s\n", count, last))
}

// Close closes all segments that are open, records them and closes main. Head
// still works afterwards.
func (r *Run) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	var writers []*Writer
	for _, name := range slices.Sorted(maps.Keys(r.open)) {
		writers = append(writers, r.open[name])
	}
	r.mu.Unlock()
	var errs []error
	for _, w := range writers {
		errs = append(errs, w.Close())
	}
	return errors.Join(append(errs, r.main.close(), r.root.Close())...)
}

// Writer appends to one segment. Its methods are safe for concurrent use.
type Writer struct {
	run *Run
	log *log
}

// Name returns the segment's name.
func (w *Writer) Name() string { return w.log.name }

// Append writes one entry: typ as Chain.Next has it, not beginning with
// "segment."; body becomes canonical JSON. It survives a kill of the process at
// once, and a power cut after the group's fsync (Limits.Group, Limits.Interval)
// or Sync. Errors: an entry over Limits.Line (nothing is written), those of the
// disk.
func (w *Writer) Append(typ string, body any) (Position, error) {
	if strings.HasPrefix(typ, reserved) {
		return Position{}, fmt.Errorf("segment %s: entry type %q is reserved", w.log.name, typ)
	}
	return w.log.append(typ, body)
}

// Sync puts everything so far on disk: after an intent, before an intrusive step.
func (w *Writer) Sync() error { return w.log.sync() }

// Head returns the hash of the last entry and their count.
func (w *Writer) Head() (evidence.Digest, uint64) {
	c := w.log.state()
	return c.Last, c.Count
}

// Seal ends a unit of work: a seal line in the segment, fsync, and a record in
// main with name, count and last hash. What stands before the seal is never
// repeated. The unit's name is free text of at most 1024 bytes.
func (w *Writer) Seal(unit string) (Position, error) {
	if len(unit) > 1024 {
		return Position{}, fmt.Errorf("segment %s: unit name of %d bytes, at most 1024", w.log.name, len(unit))
	}
	w.run.mu.Lock()
	defer w.run.mu.Unlock()
	pos, err := w.log.append(typeSeal, struct {
		Unit string `json:"unit"`
	}{unit})
	if err != nil {
		return pos, err
	}
	return pos, w.run.mark(typeSeal, unit, w.log)
}

// Close puts the segment on disk and records its state in main. The segment can
// be opened again.
func (w *Writer) Close() error {
	w.run.mu.Lock()
	defer w.run.mu.Unlock()
	if w.run.open[w.log.name] != w {
		return nil // closed before
	}
	delete(w.run.open, w.log.name)
	return errors.Join(w.run.mark(typeClose, "", w.log), w.log.close())
}

func validName(s string) bool {
	if s == "" || s == Main || len(s) > 64 || s[0] == '.' || s[0] == '-' || s[0] == '_' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
