package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// InProcess returns a runner that has Run's contract without a child: for tests
// of parsers. It bounds time and output and reports panics, but memory and
// access not at all, and a parser that ignores its context goes on in the
// background after Run has returned; what it emits then is dropped.
func InProcess(parsers Parsers) Runner {
	return func(ctx context.Context, job Job, sink func(json.RawMessage) error) (Result, error) {
		job.Limits = job.Limits.defaults()
		res := Result{Confinement: []string{HeldNone}}
		if job.Input == nil {
			return Result{}, errors.New("sandbox: no input file")
		}
		if job.Args == nil {
			job.Args = json.RawMessage("null")
		}
		p, ok := parsers[job.Parser]
		if !ok {
			res.Reason = ReasonNoParser
			return res, &Error{Parser: job.Parser, Reason: ReasonNoParser, Detail: text(fmt.Sprintf("%q", job.Parser))}
		}
		return inProcess(ctx, p, job, res, sink)
	}
}

func inProcess(ctx context.Context, p Parser, job Job, res Result, sink func(json.RawMessage) error) (Result, error) {
	hard, cancel := context.WithTimeout(ctx, job.Limits.Deadline)
	defer cancel()
	inner, cancelInner := context.WithTimeout(ctx, soft(job.Limits.Deadline))
	defer cancelInner()
	// Records cross to the calling goroutine, where Run calls sink too.
	records, answers := make(chan []byte), make(chan error)
	em := &emitter{line: job.Limits.MaxLine, all: job.Limits.MaxOutput, write: func(b []byte) error {
		select {
		case records <- b:
			return <-answers
		case <-hard.Done():
			return context.Cause(hard)
		}
	}}
	done := make(chan end, 1)
	go func() {
		e := perform(inner, p, func(ctx context.Context, p Parser) error { return p(ctx, job.Input, job.Args, em.emit) })
		if err := em.err(); e.Reason == "" && err != nil {
			e = perform(inner, p, func(context.Context, Parser) error { return err })
		}
		done <- e
	}()
	fail := func(e end, killed bool) (Result, error) {
		res.Reason, res.Killed = e.Reason, killed
		return res, &Error{Parser: job.Parser, Reason: e.Reason, Detail: text(e.Detail), Stack: text(e.Stack), cause: e.cause}
	}
	for {
		select {
		case b := <-records:
			err := sink(b)
			answers <- err
			if err != nil {
				cancelInner()
				return fail(end{Reason: ReasonSink, Detail: err.Error(), cause: err}, true)
			}
			res.Records, res.Bytes = res.Records+1, res.Bytes+int64(len(b))
		case e := <-done:
			if e.Reason == "" {
				return res, nil
			}
			return fail(e, e.Reason == ReasonOutput || e.Reason == ReasonLine)
		case <-hard.Done():
			// A parser that heeds its context ends now by itself.
			select {
			case <-done:
			case <-time.After(100 * time.Millisecond):
			}
			reason := ReasonCancelled
			if errors.Is(hard.Err(), context.DeadlineExceeded) {
				reason = ReasonDeadline
			}
			return fail(end{Reason: reason, Detail: hard.Err().Error(), cause: context.Cause(hard)}, true)
		}
	}
}
