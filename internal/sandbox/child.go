package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// command is argv[1] of the child.
const command = "__parse"

// The child's descriptors beside the standard ones.
const (
	fdJob    = 3
	fdOutput = 4
	fdInput  = 5
)

// Main is the child's main function. It returns handled false if argv (the
// program's whole os.Args) does not ask for a parse; else it confines the
// process for good, runs the parser, and code is the exit code: 0, also when
// the parser failed and could say so, 4 when the parent can't be told.
func Main(parsers Parsers, argv []string) (handled bool, code int) {
	if len(argv) != 2 || argv[1] != command {
		return false, 0
	}
	if err := child(parsers); err != nil {
		// Standard error is the parent's, and the only way left.
		fmt.Fprintln(os.Stderr, err)
		return true, 4
	}
	return true, 0
}

func child(parsers Parsers) error {
	jobFile := os.NewFile(fdJob, "job")
	out := os.NewFile(fdOutput, "output")
	in := os.NewFile(fdInput, "input")
	if jobFile == nil || out == nil || in == nil {
		return errors.New("sandbox: started without its descriptors: this command is internal")
	}
	b, err := io.ReadAll(io.LimitReader(jobFile, maxJob+1))
	if err = errors.Join(err, jobFile.Close()); err != nil {
		return fmt.Errorf("sandbox: read the job (this command is internal): %w", err)
	}
	var o order
	if len(b) > maxJob {
		return fmt.Errorf("sandbox: job is over %d bytes", maxJob)
	}
	if err := json.Unmarshal(b, &o); err != nil {
		return fmt.Errorf("sandbox: job (this command is internal): %w", err)
	}
	status := openStatus()
	held, err := confine(o)
	if err != nil {
		return finish(out, end{Reason: ReasonConfined, Detail: err.Error()})
	}
	h, err := json.Marshal(hello{held})
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if err := writeLine(out, lineHello, h); err != nil {
		return err
	}
	p, ok := parsers[o.Parser]
	if !ok {
		return finish(out, end{Reason: ReasonNoParser, Detail: fmt.Sprintf("%q", o.Parser)})
	}
	ctx, cancel := context.WithDeadline(context.Background(), o.Until)
	defer cancel()
	em := &emitter{line: o.MaxLine, all: o.MaxOutput, write: func(b []byte) error { return writeLine(out, lineRecord, b) }}
	e := perform(ctx, p, func(ctx context.Context, p Parser) error { return p(ctx, in, o.Args, em.emit) })
	if err := em.err(); e.Reason == "" && err != nil {
		// The parser swallowed emit's error: its records are not complete.
		e = perform(ctx, p, func(context.Context, Parser) error { return err })
	}
	e.Peak = peakOf(status)
	return finish(out, e)
}

func finish(out io.Writer, e end) error {
	const max = 16 << 10
	e.Detail, e.Stack = e.Detail[:min(len(e.Detail), max)], e.Stack[:min(len(e.Stack), max)]
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return writeLine(out, lineEnd, b)
}
