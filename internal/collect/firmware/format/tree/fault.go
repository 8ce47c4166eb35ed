package tree

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"assay/internal/collect/firmware/format"
)

// Fault is an error that knows which problem it is and where it stands.
type Fault struct {
	Kind   string // one of format's kinds of a Problem
	At     int64
	Detail string
}

// Damage is a Fault of the kind Damaged.
func Damage(at int64, text string, args ...any) error {
	return &Fault{Kind: format.Damaged, At: at, Detail: fmt.Sprintf(text, args...)}
}

// Unread is a Fault of the kind Unsupported.
func Unread(at int64, text string, args ...any) error {
	return &Fault{Kind: format.Unsupported, At: at, Detail: fmt.Sprintf(text, args...)}
}

func (f *Fault) Error() string { return fmt.Sprintf("offset %d: %s", f.At, f.Detail) }

// Unwrap returns the error of package format that f is.
func (f *Fault) Unwrap() error {
	switch f.Kind {
	case format.TooBig, format.TooMany, format.TooDeep:
		return format.ErrLimit
	case format.Unsupported:
		return format.ErrUnsupported
	}
	return format.ErrDamaged
}

// Log collects problems from several goroutines. Its zero value is ready.
type Log struct {
	mu   sync.Mutex
	list format.Problems
}

func (l *Log) setMax(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list.Max = n
}

// Add keeps p, or counts it.
func (l *Log) Add(p format.Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list.Add(p)
}

// Fault adds the problem that err is: where it stands if it is a Fault, at the
// given offset else.
func (l *Log) Fault(path string, at int64, err error) {
	p := format.Problem{Offset: at, Path: path, Kind: format.Damaged, Detail: err.Error()}
	var f *Fault
	switch {
	case errors.As(err, &f):
		p.Offset, p.Kind = f.At, f.Kind
		if err == error(f) {
			p.Detail = f.Detail // the offset is told already
		}
	case errors.Is(err, format.ErrLimit):
		p.Kind = format.TooBig
	case errors.Is(err, format.ErrUnsupported):
		p.Kind = format.Unsupported
	case errors.Is(err, io.ErrUnexpectedEOF):
		p.Kind = format.Truncated
	}
	l.Add(p)
}

// All returns what was kept and how many more were dropped.
func (l *Log) All() (kept []format.Problem, dropped int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list.All()
}
