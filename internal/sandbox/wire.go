package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"
)

// The child writes lines: a letter, JSON, a newline. Hello comes first, end last.
const (
	lineHello  = 'H'
	lineRecord = 'R'
	lineEnd    = 'E'
)

// maxJob bounds the job that a child reads, in bytes.
const maxJob = 4 << 20

// order is what the child reads from its job pipe.
type order struct {
	Parser       string          `json:"parser"`
	Args         json.RawMessage `json:"args"`
	AddressSpace int64           `json:"address_space"`
	CPUSeconds   uint64          `json:"cpu_seconds"`
	Until        time.Time       `json:"until"` // when the parser's context ends
	MaxOutput    int64           `json:"max_output"`
	MaxLine      int64           `json:"max_line"`
}

type hello struct {
	Confinement []string `json:"confinement"`
}

type end struct {
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
	Stack  string `json:"stack,omitempty"`
	Peak   int64  `json:"peak,omitempty"`
	cause  error
}

// soft is how long a parser's own context lasts: a little less than the child.
func soft(d time.Duration) time.Duration { return d - min(d/10, 2*time.Second) }

// perform runs a parser and turns every way it can end into an end.
func perform(ctx context.Context, p Parser, call func(ctx context.Context, p Parser) error) (e end) {
	defer func() {
		if r := recover(); r != nil {
			e = end{Reason: ReasonPanic, Detail: fmt.Sprint(r), Stack: string(debug.Stack())}
			if err, ok := r.(error); ok {
				e.cause = err
			}
		}
	}()
	err := call(ctx, p)
	switch {
	case err == nil:
		return end{}
	case errors.Is(err, errOutput):
		return end{Reason: ReasonOutput, Detail: err.Error(), cause: err}
	case errors.Is(err, errLine):
		return end{Reason: ReasonLine, Detail: err.Error(), cause: err}
	case ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded):
		return end{Reason: ReasonDeadline, Detail: err.Error(), cause: err}
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return end{Reason: ReasonCancelled, Detail: err.Error(), cause: err}
	}
	return end{Reason: ReasonError, Detail: err.Error(), cause: err}
}

// emitter bounds and writes records; safe for concurrent use. Its first error
// stays, so that a parser that ignores it gets no further.
type emitter struct {
	mu        sync.Mutex
	write     func(record []byte) error
	line, all int64
	failed    error
}

func (m *emitter) emit(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("sandbox: record: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.failed != nil:
	case int64(len(b)) > m.line:
		m.failed = fmt.Errorf("%w: %d bytes", errLine, len(b))
	case int64(len(b)) > m.all:
		m.failed = errOutput
	default:
		m.failed = m.write(b)
		m.all -= int64(len(b))
	}
	return m.failed
}

// err returns the error that ended the output, nil if none did.
func (m *emitter) err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failed
}

// writeLine writes one line of the protocol in one call, so that a kill between
// two calls can't mix up lines.
func writeLine(w io.Writer, letter byte, b []byte) error {
	line := make([]byte, 0, len(b)+2)
	line = append(append(append(line, letter), b...), '\n')
	if _, err := w.Write(line); err != nil {
		return fmt.Errorf("sandbox: write to the parent: %w", err)
	}
	return nil
}
