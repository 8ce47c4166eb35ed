// Package limit holds the one table of limits: how long, how much and how
// many. Nothing comes in; Default gives the table, and callers pass the part
// that they need downwards. A limit that is hit is a cut, never a pass: whoever
// enforces one says what was cut and why.
package limit

import (
	"errors"
	"fmt"
	"time"
)

// Units of size in bytes.
const (
	KiB int64 = 1 << 10
	MiB int64 = 1 << 20
	GiB int64 = 1 << 30
)

// Table is all limits. A zero field means nothing is allowed, not "no limit":
// start from Default and change what has to differ.
type Table struct {
	Deadline Deadline
	Parse    Parse
	Image    Image
	Document Document
	YAML     YAML
	Device   Device
	Traffic  Traffic
	Evidence Evidence
	Segment  Segment
	Text     Text
}

// Deadline nests: a request ends before its unit of work, a unit before its
// collector, a collector before the run. The inner one must always be the one
// that fires, because only the innermost knows what exactly was not answered.
type Deadline struct {
	// Request is one question and its answer (a connect, a handshake, a page).
	// Ten-dollar chips need seconds for a TLS handshake with RSA-2048.
	Request time.Duration
	// Unit is one sealed or repeated piece of work (a port, a file system): many
	// requests, few enough that repeating it after a kill is cheap.
	Unit time.Duration
	// Collector is everything that one collector does in a run. Sweeping 65,535
	// ports of a slow unit at a gentle rate fits with room to spare.
	Collector time.Duration
	// Run is the whole of `assay run`: a night. Lock-out and soak tests wait long.
	Run time.Duration
}

// Check reports whether the deadlines are positive and nested with room between
// them: each is at least twice the one inside it.
func (d Deadline) Check() error {
	steps := []struct {
		name string
		d    time.Duration
	}{{"request", d.Request}, {"unit", d.Unit}, {"collector", d.Collector}, {"run", d.Run}}
	var errs []error
	for i, s := range steps {
		if s.d <= 0 {
			errs = append(errs, fmt.Errorf("limit: deadline %s is %v: it must be positive", s.name, s.d))
			continue
		}
		if i > 0 && s.d < 2*steps[i-1].d {
			errs = append(errs, fmt.Errorf("limit: deadline %s (%v) must be at least twice %s (%v)",
				s.name, s.d, steps[i-1].name, steps[i-1].d))
		}
	}
	return errors.Join(errs...)
}

// Parse bounds the child process that reads hostile bytes.
type Parse struct {
	// Memory is what the child may hold resident. A 256 MiB squashfs with 1 MiB
	// blocks needs under 100 MiB; the rest is for xz dictionaries and tables.
	Memory int64
	// AddressSpace is what the child may map beyond what the program itself maps
	// when it starts (RLIMIT_AS). Twice Memory, because the Go heap maps in
	// steps of 64 MiB and keeps what it returned mapped.
	AddressSpace int64
	// Deadline is wall-clock time for one parse. Below Deadline.Unit, so that
	// the unit can still write what it got and say why it stopped.
	Deadline time.Duration
	// Output is the total of all records of one parse: a million small ones.
	Output int64
	// Line is one record. Bulk belongs in many records.
	Line int64
	// Message is what is kept of an error text, a panic or standard error.
	Message int64
	// OpenFiles is RLIMIT_NOFILE in the child: its pipes, the input and what
	// the runtime opens.
	OpenFiles uint64
}

// Image bounds what a firmware image may unfold to. Bombs unfold a thousandfold;
// the largest camera images seen are a few hundred MiB.
type Image struct {
	Size     int64 // the image itself, in bytes: eMMC dumps reach 8 GiB
	Unpacked int64 // all files of all layers together, in bytes
	File     int64 // one unpacked file, in bytes
	Files    int   // entries of all layers together: "a million files" is the design point
	Depth    int   // containers inside containers: real images stay below 8
	Parts    int   // parts found in one container by carving
	Path     int   // bytes in one path: PATH_MAX
	Links    int   // symbolic links followed for one path: as the kernel does (MAXSYMLINKS)
	// Ratio is unpacked to packed for one stream. Zeros under xz reach 7,000 : 1,
	// so this stops only what no file system needs; Unpacked stops the rest.
	Ratio int64
}

// Document bounds manuals, policies and fetched pages.
type Document struct {
	Size  int64 // one document in bytes: scanned manuals reach 100 MiB
	Text  int64 // extracted text in bytes
	Pages int   // pages of one document
	Depth int   // nesting of markup or objects: deeper is an attack on recursion
}

// YAML bounds workspace files, which may come with a cloned, hostile workspace.
type YAML struct {
	Size    int64 // one file in bytes: a large product is 200 KiB
	Depth   int   // nesting: the model needs 8
	Nodes   int   // values after aliases are expanded: alias bombs grow here
	Aliases int   // uses of anchors
	Scalar  int   // bytes in one value: a long prose answer
}

// Device bounds what an answer of a device may cost, and what we ask of it.
type Device struct {
	Banner   int64 // first bytes that a service sends by itself
	Header   int64 // HTTP-like headers together: as net/http has it
	Body     int64 // one answer's body
	Answers  int   // answers to one multicast or broadcast question
	Pages    int   // pages that a crawl visits
	Redirect int   // redirects noted in one chain; none is followed off the unit
	InFlight int   // requests at once to one unit: ten-dollar chips hang at more
	Rate     int   // connections per second to one unit, before adapting to it
}

// Traffic bounds captures.
type Traffic struct {
	Size    int64 // one capture in bytes: a day of a camera's traffic
	Packets int64 // packets in one capture
	Packet  int64 // one packet: the largest snap length that tcpdump takes
	Flows   int   // flows kept at once
	Stream  int64 // bytes reassembled per direction and flow
}

// Evidence bounds the evidence store.
type Evidence struct {
	Object int64 // one object in bytes: an eMMC dump
	Sealed int64 // one sealed value in bytes: a key file; captures are stored as objects of the sealed class
	Name   int   // bytes in the name of an object
}

// Segment bounds the append-only files.
type Segment struct {
	// Line is one entry in bytes. A fact is small; bulk is an evidence table.
	Line int64
	// Depth is the nesting of one entry's JSON.
	Depth int
	// Group is how many entries wait for one fsync at most.
	Group int
	// Interval is how long an entry waits for its fsync at most: what a power
	// cut may cost.
	Interval time.Duration
}

// Text bounds text from outside that is kept in a fact.
type Text struct {
	Banner int // bytes of a banner: the longest honest ones are SSH's 255 and HTTP's Server
	Name   int // bytes of a file name or title: NAME_MAX is 255; titles are longer
	Quote  int // bytes of an excerpt shown beside a verdict
}

// Default is the table that Assay uses unless a flag says otherwise.
func Default() Table {
	return Table{
		Deadline: Deadline{
			Request:   10 * time.Second,
			Unit:      10 * time.Minute,
			Collector: 2 * time.Hour,
			Run:       12 * time.Hour,
		},
		Parse: Parse{
			Memory: 512 * MiB, AddressSpace: 1 * GiB, Deadline: 5 * time.Minute,
			Output: 1 * GiB, Line: 1 * MiB, Message: 16 * KiB, OpenFiles: 32,
		},
		Image: Image{
			Size: 8 * GiB, Unpacked: 16 * GiB, File: 2 * GiB, Files: 2_000_000,
			Depth: 16, Parts: 4096, Path: 4096, Links: 40, Ratio: 20_000,
		},
		Document: Document{Size: 128 * MiB, Text: 16 * MiB, Pages: 5000, Depth: 256},
		YAML:     YAML{Size: 4 * MiB, Depth: 64, Nodes: 200_000, Aliases: 1000, Scalar: 256 << 10},
		Device: Device{
			Banner: 16 * KiB, Header: 1 * MiB, Body: 8 * MiB, Answers: 256, Pages: 500,
			Redirect: 10, InFlight: 4, Rate: 50,
		},
		Traffic:  Traffic{Size: 16 * GiB, Packets: 50_000_000, Packet: 256 * KiB, Flows: 200_000, Stream: 4 * MiB},
		Evidence: Evidence{Object: 8 * GiB, Sealed: 1 * MiB, Name: 4096},
		Segment:  Segment{Line: 1 * MiB, Depth: 64, Group: 256, Interval: time.Second},
		Text:     Text{Banner: 4096, Name: 1024, Quote: 2048},
	}
}
