package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Errors that Open and Dial wrap. Each is stable and may be tested with
// errors.Is.
var (
	// ErrNotDeclared: no target names this unit, or none of the unit's
	// targets covers this port.
	ErrNotDeclared = errors.New("not a declared target")
	// ErrPublic: the address is public and no authorisation is in force.
	ErrPublic = errors.New("public address without authorisation")
	// ErrAddress: the host has no address that a unit can have
	// (unspecified, multicast, broadcast), or none at all.
	ErrAddress = errors.New("no usable address")
	// ErrBudget: the budget of connections or of bytes is used up.
	ErrBudget = errors.New("network budget used up")
)

// Dialer is what consumers of this package ask for: a connection to one port
// of one declared unit.
type Dialer interface {
	Dial(ctx context.Context, unit string, port uint16) (net.Conn, error)
}

// PortRange is a range of TCP ports, both ends included. The zero value
// stands for all ports, 1 to 65535.
type PortRange struct {
	First, Last uint16
}

// Port returns the range that holds one port.
func Port(p uint16) PortRange { return PortRange{p, p} }

// All returns the range of all ports.
func All() PortRange { return PortRange{1, 65535} }

// Bounds returns the first and the last port; the zero value reads 1, 65535.
func (r PortRange) Bounds() (first, last uint16) {
	if r == (PortRange{}) {
		return 1, 65535
	}
	return r.First, r.Last
}

// Contains reports whether port p is in the range. Port 0 never is.
func (r PortRange) Contains(p uint16) bool {
	first, last := r.Bounds()
	return p != 0 && first <= p && p <= last
}

// Len returns the number of ports in the range.
func (r PortRange) Len() int {
	first, last := r.Bounds()
	if last < first {
		return 0
	}
	return int(last) - int(first) + 1
}

// String returns "443" or "1-1024".
func (r PortRange) String() string {
	first, last := r.Bounds()
	if first == last {
		return fmt.Sprint(first)
	}
	return fmt.Sprintf("%d-%d", first, last)
}

// Authorisation allows connections to a public address.
type Authorisation struct {
	// By names the person who allowed it; it must not be empty.
	By string
	// Until is the moment from which it no longer holds.
	Until time.Time
}

func (a *Authorisation) inForce(now time.Time) bool {
	return a != nil && a.By != "" && now.Before(a.Until)
}

// Target declares that ports of a host belong to a unit under test. A unit
// may have several targets, for several ranges or several hosts; the first
// that covers a port is used.
type Target struct {
	// Unit is the name under which the unit is dialled.
	Unit string
	// Host is an address (with zone where link-local) or a name.
	Host string
	// Ports bounds what may be dialled; the zero value means all.
	Ports PortRange
	// Public is nil for units on the own network.
	Public *Authorisation
}

// Resolver turns a name into addresses. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Pinned is a target with the address that every connection goes to.
type Pinned struct {
	Target
	Addr netip.Addr
	// Unused lists the further addresses of the host, public ones among
	// them, which are never dialled.
	Unused []netip.Addr
}

// pin resolves the host of one target and chooses the address.
func pin(ctx context.Context, r Resolver, t Target, now time.Time) (Pinned, error) {
	p := Pinned{Target: t}
	if t.Unit == "" {
		return p, fmt.Errorf("target %q: the unit has no name: %w", t.Host, ErrNotDeclared)
	}
	if first, last := t.Ports.Bounds(); first == 0 || last < first {
		return p, fmt.Errorf("unit %s: ports %d-%d are no range", t.Unit, first, last)
	}
	var addrs []netip.Addr
	if a, err := netip.ParseAddr(t.Host); err == nil {
		addrs = []netip.Addr{a}
	} else {
		addrs, err = r.LookupNetIP(ctx, "ip", t.Host)
		if err != nil {
			return p, fmt.Errorf("unit %s: resolve %s: %w", t.Unit, t.Host, err)
		}
	}
	const maxAddrs = 64 // a resolver's answer is foreign
	if len(addrs) > maxAddrs {
		addrs = addrs[:maxAddrs]
	}
	refused := fmt.Errorf("unit %s: %s: %w", t.Unit, t.Host, ErrAddress)
	for _, a := range addrs {
		a = a.Unmap()
		var why error
		switch {
		case !dialable(a):
			why = ErrAddress
		case !local(a) && !t.Public.inForce(now):
			why = ErrPublic
		}
		if why == nil && !p.Addr.IsValid() {
			p.Addr = a
			continue
		}
		p.Unused = append(p.Unused, a)
		if why != nil {
			refused = fmt.Errorf("unit %s: %s is at %s: %w", t.Unit, t.Host, a, why)
		}
	}
	if !p.Addr.IsValid() {
		return p, refused
	}
	return p, nil
}

// dialable reports whether a single unit can have address a. The unspecified
// address is refused because dialling it reaches the own machine.
func dialable(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() &&
		a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// local reports whether a is private (RFC 1918, RFC 4193), loopback or
// link-local (RFC 3927, RFC 4291).
func local(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()
}
