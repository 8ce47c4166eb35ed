package segment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"assay/internal/evidence"
	"assay/internal/limit"
)

// Position is where an entry was written.
type Position struct {
	Segment string
	Seq     uint64
	Hash    evidence.Digest
	Offset  int64
}

// Entry types that this package writes itself; callers can't use them.
const (
	typeRun    = "segment.run@1"    // first entry of main: the run's id
	typeResume = "segment.resume@1" // main: the run was opened again
	typeOpen   = "segment.open@1"   // first entry of a segment, and in main for each opening
	typeSeal   = "segment.seal@1"   // end of a unit of work, in the segment and in main
	typeClose  = "segment.close@1"  // in main, when a segment is closed
	typeTorn   = "segment.torn@1"   // a torn last line was cut off here
)

// reserved is the prefix of those types.
const reserved = "segment."

// checkpoint is main's record of another segment: its lines so far.
type checkpoint struct {
	Segment string          `json:"segment"`
	Unit    string          `json:"unit,omitempty"`
	Count   uint64          `json:"count"`
	Last    evidence.Digest `json:"last"`
}

type tornNote struct {
	Offset int64           `json:"offset"` // where the cut was made
	Bytes  int64           `json:"bytes"`  // that were cut off
	Hash   evidence.Digest `json:"sha256"` // of them
}

// log is one open file of a run. Its methods are safe for concurrent use.
type log struct {
	name string // of the segment
	lim  limit.Segment

	mu     sync.Mutex
	file   *os.File
	size   int64
	chain  evidence.Chain
	dirty  int // entries since the last fsync
	timer  *time.Timer
	broken error // a write or fsync failed: nothing is taken any more
	closed bool
}

// append writes one entry; it is on disk after the group's fsync.
func (l *log) append(typ string, body any) (Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.appendLocked(typ, body)
}

func (l *log) appendLocked(typ string, body any) (Position, error) {
	if err := l.usable(); err != nil {
		return Position{}, err
	}
	e, line, err := l.chain.Next(typ, body)
	if err != nil {
		return Position{}, fmt.Errorf("segment %s: %w", l.name, err)
	}
	if int64(len(line)) > l.lim.Line {
		return Position{}, fmt.Errorf("segment %s: entry %q of %d bytes: %w, at most %d; store bulk as evidence",
			l.name, typ, len(line), evidence.ErrTooLong, l.lim.Line)
	}
	if _, err := l.file.WriteAt(line, l.size); err != nil {
		if terr := l.file.Truncate(l.size); terr != nil {
			// A half line may stay at the end; opening again cuts it off.
			l.broken = errors.Join(err, terr)
		}
		return Position{}, l.explain("write", err)
	}
	pos := Position{Segment: l.name, Seq: e.Seq, Hash: e.Hash, Offset: l.size}
	l.chain.Advance(e)
	l.size += int64(len(line))
	l.dirty++
	if l.dirty >= l.lim.Group {
		return pos, l.syncLocked()
	}
	if l.timer == nil && l.lim.Interval > 0 {
		l.timer = time.AfterFunc(l.lim.Interval, l.syncLate)
	}
	return pos, nil
}

func (l *log) usable() error {
	switch {
	case l.closed:
		return fmt.Errorf("segment %s: %w", l.name, os.ErrClosed)
	case l.broken != nil:
		return fmt.Errorf("segment %s: an earlier write failed: %w", l.name, l.broken)
	}
	return nil
}

// syncLate is the timer's; its error stays in broken for the next caller.
func (l *log) syncLate() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.broken != nil {
		return
	}
	_ = l.syncLocked() // kept in l.broken
}

func (l *log) sync() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(); err != nil {
		return err
	}
	return l.syncLocked()
}

func (l *log) syncLocked() error {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if l.dirty == 0 {
		return nil
	}
	if err := l.file.Sync(); err != nil {
		// After a failed fsync the kernel may have dropped the pages: nothing
		// written since the last good one may be trusted.
		l.broken = err
		return l.explain("fsync", err)
	}
	l.dirty = 0
	return nil
}

func (l *log) state() checkpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return checkpoint{Segment: l.name, Count: l.chain.Count(), Last: l.chain.Head()}
}

func (l *log) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	var err error
	if l.broken == nil {
		err = l.syncLocked()
	}
	l.closed = true
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	return errors.Join(err, l.file.Close())
}

func (l *log) explain(what string, err error) error {
	return explain("segment "+l.name+": "+what, l.file.Name(), err)
}

func explain(what, where string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%s: the disk of %s is full; free some space and resume: %w", what, where, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s: %s is on a read-only file system: %w", what, where, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: no permission at %s: %w", what, where, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
