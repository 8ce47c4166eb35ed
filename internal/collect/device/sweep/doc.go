// Package sweep finds the open TCP ports of one unit. In: a dialer, the unit
// and the ports. Out: which ports are open, how many refused or stayed
// silent, and whether the sweep saw all of them, with the cause of the cut
// where not. It connects and hangs up, and sends nothing.
package sweep

import (
	"time"

	"assay/internal/network"
)

// Config says what to sweep and how fast. Zero fields take defaults.
type Config struct {
	// Unit is the declared unit's name.
	Unit string
	// Ports are the ranges to sweep; nil means 1-65535.
	Ports []network.PortRange
	// Concurrency is the most connections under way at once (default 256;
	// the network's own limits apply as well). The sweep begins with fewer
	// and adapts.
	Concurrency int
	// Timeout is how long a port may stay silent (default 1.5 s). Once the
	// unit's round trips are known, the sweep waits less.
	Timeout time.Duration
	// OnOpen, if set, is called from the sweep's goroutine for each open
	// port as it is found; on loopback a later check may still drop it.
	OnOpen func(port uint16)
}

// Cut is the cause that ended a sweep early; empty when it was whole.
type Cut string

const (
	CutCancelled   Cut = "cancelled"    // the context was cancelled
	CutDeadline    Cut = "deadline"     // the context's deadline passed
	CutBudget      Cut = "budget"       // the network's budget was used up
	CutUndeclared  Cut = "not-declared" // the declaration covers not all ports
	CutUnreachable Cut = "unreachable"  // no route to the unit
	CutResources   Cut = "resources"    // the own machine ran out of sockets or ports
)

// Result is what a sweep saw.
type Result struct {
	Unit string
	// Open lists the open ports, ascending.
	Open []uint16
	// Ports is how many were to be tried; Closed refused, Filtered gave no
	// answer in time, twice. Open, Closed, Filtered and Untried add up to
	// Ports.
	Ports, Closed, Filtered, Untried int
	// FilteredPorts holds the filtered ports as ranges, at most 256 of
	// them.
	FilteredPorts []network.PortRange
	// SelfConnects counts connections of a loopback port with itself,
	// which are no service.
	SelfConnects int
	// Whole says that every port was tried to an end.
	Whole bool
	// Cut and Err say why not.
	Cut Cut
	Err error
	// Started and Elapsed time the sweep.
	Started time.Time
	Elapsed time.Duration
}

// Answered reports whether the unit answered at all. A unit that stays
// silent on every port may be off or behind a filter.
func (r Result) Answered() bool { return len(r.Open)+r.Closed > 0 }
