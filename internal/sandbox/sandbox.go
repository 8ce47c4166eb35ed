// Package sandbox runs parsers of hostile bytes in a child process: this
// program executed again with an open descriptor, an empty environment, no
// network, no files, and limits of memory, time and output. A Job (a parser's
// name, an input file, arguments) goes in; JSON records come out one by one, as
// they are found, and a Result says how it ended and which confinement held.
// Records that were read before a child was killed are kept.
//
// The program's main function, and TestMain of packages that use Run, must call
// Main first.
package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"assay/internal/limit"
	"assay/internal/untrusted"
)

// Parser reads hostile bytes from in and hands out what it finds, as JSON
// values, by emit. It must stop when emit fails or ctx ends (shortly before the
// child is killed, so that a parser can still say where it was). It must read
// with ReadAt or Read; a mapping counts as address space.
type Parser func(ctx context.Context, in *os.File, args json.RawMessage, emit func(v any) error) error

// Parsers is the list of parsers by name. The same list must be given to Main in
// the child.
type Parsers map[string]Parser

// Limits bound one child. A zero field takes limit.Default().Parse.
type Limits struct {
	Memory       int64         // resident anonymous bytes; above it the child is killed
	AddressSpace int64         // bytes to map beyond the program's own (RLIMIT_AS)
	Deadline     time.Duration // wall clock from start to end
	MaxOutput    int64         // bytes of all records together
	MaxLine      int64         // bytes of one record
	Procs        int           // GOMAXPROCS; 0 is the machine's, at most 4
}

func (l Limits) defaults() Limits {
	d := limit.Default().Parse
	set := func(v *int64, def int64) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&l.Memory, d.Memory)
	set(&l.AddressSpace, d.AddressSpace)
	set(&l.MaxOutput, d.Output)
	set(&l.MaxLine, d.Line)
	if l.Deadline <= 0 {
		l.Deadline = d.Deadline
	}
	if l.Procs <= 0 {
		l.Procs = min(runtime.NumCPU(), 4)
	}
	return l
}

// Job is one parse.
type Job struct {
	Parser string
	// Input is opened again read-only for the child where it is a file, so that
	// jobs on one file don't share an offset; the caller keeps and closes it.
	Input  *os.File
	Args   json.RawMessage
	Limits Limits
}

// Why a parse did not come to its end (Result.Reason, Error.Reason).
const (
	ReasonDeadline  = "deadline"   // killed, or the parser gave up in time
	ReasonCancelled = "cancelled"  // the caller's context ended
	ReasonMemory    = "memory"     // over Memory or AddressSpace
	ReasonCPU       = "cpu"        // over processor time
	ReasonOutput    = "output"     // over MaxOutput
	ReasonLine      = "line"       // a record over MaxLine
	ReasonSink      = "sink"       // the caller's sink refused a record
	ReasonError     = "error"      // the parser returned an error
	ReasonPanic     = "panic"      // the parser panicked
	ReasonCrash     = "crash"      // the child ended without a word
	ReasonProtocol  = "protocol"   // the child wrote what no child writes
	ReasonNoParser  = "no-parser"  // the child does not know the parser
	ReasonConfined  = "unconfined" // the child could not limit itself
)

// What held in a child (Result.Confinement).
const (
	HeldUserNamespace    = "user-namespace"    // no privileges outside of it
	HeldNetworkNamespace = "network-namespace" // not even loopback
	HeldLandlockFiles    = "landlock-files"
	HeldLandlockTCP      = "landlock-tcp"
	HeldLandlockScope    = "landlock-scope" // no signals, no abstract sockets outwards
	HeldSeccomp          = "seccomp"        // no sockets, no new files, no new processes
	HeldLimits           = "limits"         // address space, CPU, files, file size, no core
	HeldNoNewPrivileges  = "no-new-privileges"
	HeldNoCapabilities   = "no-capabilities"
	HeldNone             = "none: in process" // InProcess
)

// Result says how a parse ended. It is filled as far as known also beside an error.
type Result struct {
	Records     int           // given to the sink
	Bytes       int64         // of those records
	Killed      bool          // ended from outside or by a limit, not by itself
	Reason      string        // empty if the parser came to its end
	PeakBytes   int64         // resident, highest value seen; 0 if not known
	CPU         time.Duration // user and system time
	Confinement []string      // what held, sorted; it differs by kernel and privileges
}

// Error says that a parse did not come to its end. What was found before it
// has been given to the sink.
type Error struct {
	Parser string
	Reason string
	Detail untrusted.Text // the parser's or the child's own words: hostile bytes may have shaped them
	Stack  untrusted.Text // where it panicked, as far as known
	cause  error
}

func (e *Error) Error() string {
	s := fmt.Sprintf("sandbox: parser %s: %s", e.Parser, e.Reason)
	if !e.Detail.IsZero() {
		s += ": " + e.Detail.Terminal()
	}
	return s
}

func (e *Error) Unwrap() error { return e.cause }

// Runner is the shape of Run, for those who choose between it and InProcess.
type Runner func(ctx context.Context, job Job, sink func(json.RawMessage) error) (Result, error)

var _ Runner = Run

// What emit returns to a parser that wrote too much.
var (
	errOutput = errors.New("sandbox: records are over the limit of output")
	errLine   = errors.New("sandbox: record is over the limit of one line")
)

func text(s string) untrusted.Text { return untrusted.From(s, int(limit.Default().Parse.Message)) }
