package fact

import (
	"context"
	"io"
)

// Spec declares what a collector is: the plan is made of these.
type Spec struct {
	Name    string // short and stable: "device", "firmware"
	Version string
	Reads   []Kind // facts of other collectors that it needs first
	Writes  []Kind
}

// Collector looks at the world and writes facts. Collect is called once a
// run, maybe in parallel with others; it splits its work into units of work
// by Sink.Unit. A collector that can't do its work records what it lacked
// (a cut Scope, NotTried) and returns nil; an error is a fault of the
// collector itself or of the store. Contexts are honoured within a second.
type Collector interface {
	Spec() Spec
	Collect(ctx context.Context, sink Sink) error
}

// Sink is where a collector writes. It is safe for concurrent use.
type Sink interface {
	// Unit runs work as one unit of work named name: sealed when work
	// returns nil, and skipped when a resumed run has sealed it already. An
	// intrusive unit is never repeated: when an earlier attempt was begun
	// but not sealed, Interrupted is called in work's stead.
	Unit(ctx context.Context, u Unit, work func(context.Context, Recorder) error) error
	// Facts returns what was recorded so far by collectors that Reads names.
	Facts() (*Set, error)
	// Progress tells a person what is being done; it may be dropped.
	Progress(text string, args ...string)
}

// Unit names a unit of work.
type Unit struct {
	Name      string
	Intrusive bool
	// Interrupted records what is known after an intrusive unit was cut
	// off: it is not tried again.
	Interrupted func(Recorder) error
}

// Recorder writes the facts of one unit of work.
type Recorder interface {
	// Observe opens an envelope; its id and times are filled in.
	Observe(o Observation) Observation
	// Record writes a fact under an envelope.
	Record(o Observation, subject string, p Payload, refs ...Ref) error
	// Evidence stores bytes and returns a reference to them. The class
	// (transcript, document, firmware, personal) is what purging goes by.
	Evidence(name, class string, r io.Reader) (Ref, error)
	// File refers to an input file of the workspace by its hash without
	// copying it.
	File(path, class string) (Ref, error)
	// Seal puts a secret value away and returns its redacted form, its HMAC
	// under the workspace key and a handle.
	Seal(kind string, value []byte) (redacted, hmac, handle string, err error)
}
