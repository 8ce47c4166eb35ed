package tree

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
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

// Log collects problems from several goroutines; of too many it keeps those
// that come first by path and offset, whoever told them. Its zero value is ready.
type Log struct {
	mu      sync.Mutex
	max     int
	list    []format.Problem
	dropped int
}

func (l *Log) setMax(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.max = n
}

// Add keeps p, or counts it.
func (l *Log) Add(p format.Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.max <= 0 {
		l.max = 1000
	}
	if l.list = append(l.list, p); len(l.list) >= 2*l.max {
		l.cut()
	}
}

func (l *Log) cut() {
	if len(l.list) <= l.max || l.max <= 0 {
		return
	}
	slices.SortStableFunc(l.list, func(a, b format.Problem) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Offset, b.Offset), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Detail, b.Detail))
	})
	l.dropped += len(l.list) - l.max
	l.list = l.list[:l.max]
}

// Fault adds the problem that err is: where it stands if it is a Fault, at the
// given offset else.
func (l *Log) Fault(path string, at int64, err error) {
	p := format.Problem{Offset: at, Path: path, Kind: format.Damaged, Detail: err.Error(), Shared: errors.Is(err, format.ErrShared)}
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
	l.cut()
	return slices.Clone(l.list), l.dropped
}
