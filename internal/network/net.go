package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Limits bounds what the door lets through. Zero fields take the value of
// DefaultLimits; a negative value means no limit.
type Limits struct {
	// Connections is the budget of attempts for all units together.
	Connections int
	// PerSecond is the pace of attempts to one unit.
	PerSecond int
	// LoopbackPerSecond is the pace towards loopback addresses.
	LoopbackPerSecond int
	// Open is how many connections to one unit may be open or under way
	// at a moment; Dial waits for a place.
	Open int
	// LoopbackOpen is the same for loopback addresses.
	LoopbackOpen int
	// Bytes bounds what is read from and, separately, written to one
	// connection.
	Bytes int64
	// Connect is how long one attempt may take once its turn has come.
	Connect time.Duration
}

// DefaultLimits returns limits that a camera with a ten-dollar chip bears:
// a whole sweep of its ports takes about three minutes. Loopback is faster.
func DefaultLimits() Limits {
	return Limits{
		Connections:       250_000,
		PerSecond:         400,
		LoopbackPerSecond: -1,
		Open:              64,
		LoopbackOpen:      1024,
		Bytes:             16 << 20,
		Connect:           3 * time.Second,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	if l.Connections == 0 {
		l.Connections = d.Connections
	}
	if l.PerSecond == 0 {
		l.PerSecond = d.PerSecond
	}
	if l.LoopbackPerSecond == 0 {
		l.LoopbackPerSecond = d.LoopbackPerSecond
	}
	if l.Open == 0 {
		l.Open = d.Open
	}
	if l.LoopbackOpen == 0 {
		l.LoopbackOpen = d.LoopbackOpen
	}
	if l.Bytes == 0 {
		l.Bytes = d.Bytes
	}
	if l.Connect <= 0 {
		l.Connect = d.Connect
	}
	return l
}

// Config is what a door is opened with.
type Config struct {
	Targets []Target
	Limits  Limits
	// Resolver is asked once for each host; nil means net.DefaultResolver.
	Resolver Resolver
	// Now tells the time against which authorisations are held; nil means
	// time.Now.
	Now func() time.Time
}

// Count is what was tried on one unit.
type Count struct {
	// Attempts is the number of connections tried, Connected and Refused
	// those that succeeded and those that the unit refused (RST). Failed
	// holds the rest: no answer, unreachable, cancelled.
	Attempts, Connected, Refused, Failed int
	// BytesRead and BytesWritten sum over all connections.
	BytesRead, BytesWritten int64
}

// dialFunc opens one connection to an address; it is the part that Memory
// replaces.
type dialFunc func(ctx context.Context, to netip.AddrPort) (net.Conn, error)

// Net is an open door. It is safe for concurrent use.
type Net struct {
	limits Limits
	dial   dialFunc
	now    func() time.Time
	units  map[string]*unit

	mu   sync.Mutex
	left int // attempts left; unused when limits.Connections < 0
}

// unit is the state of one declared unit.
type unit struct {
	targets []Pinned
	pace    pacer
	open    chan struct{} // nil: no limit

	attempts, connected, refused, failed atomic.Int64
	read, written                        atomic.Int64
}

// Open resolves and pins the targets. Every target must be usable: one that
// is not makes Open fail with an error that names the unit and wraps
// ErrPublic, ErrAddress or the resolver's error.
func Open(ctx context.Context, c Config) (*Net, error) {
	d := &net.Dialer{KeepAlive: -1}
	return open(ctx, c, func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", to.String())
	})
}

func open(ctx context.Context, c Config, dial dialFunc) (*Net, error) {
	n := &Net{limits: c.Limits.withDefaults(), dial: dial, now: c.Now, units: map[string]*unit{}}
	n.left = n.limits.Connections
	if n.now == nil {
		n.now = time.Now
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	for _, t := range c.Targets {
		p, err := pin(ctx, c.Resolver, t, n.now())
		if err != nil {
			return nil, fmt.Errorf("open network: %w", err)
		}
		u := n.units[t.Unit]
		if u == nil {
			perSecond, places := n.limits.PerSecond, n.limits.Open
			if p.Addr.IsLoopback() {
				perSecond, places = n.limits.LoopbackPerSecond, n.limits.LoopbackOpen
			}
			u = &unit{pace: pacer{perSecond: perSecond}}
			if places > 0 {
				u.open = make(chan struct{}, places)
			}
			n.units[t.Unit] = u
		}
		u.targets = append(u.targets, p)
	}
	return n, nil
}

// Targets returns the pinned targets of a unit, in the order declared.
func (n *Net) Targets(unit string) []Pinned {
	if u := n.units[unit]; u != nil {
		return append([]Pinned(nil), u.targets...)
	}
	return nil
}

// Counts returns what was tried so far, by unit.
func (n *Net) Counts() map[string]Count {
	m := make(map[string]Count, len(n.units))
	for name, u := range n.units {
		m[name] = Count{
			Attempts: int(u.attempts.Load()), Connected: int(u.connected.Load()),
			Refused: int(u.refused.Load()), Failed: int(u.failed.Load()),
			BytesRead: u.read.Load(), BytesWritten: u.written.Load(),
		}
	}
	return m
}

// Left returns how many attempts the budget still allows, -1 for no limit.
func (n *Net) Left() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.limits.Connections < 0 {
		return -1
	}
	return n.left
}

type connectTimeoutKey struct{}

// WithConnectTimeout bounds the attempt of a Dial under ctx, counted from the
// moment its turn has come. A deadline on the context itself would also count
// the time spent waiting for the pace, and make a slow pace look like a
// silent port.
func WithConnectTimeout(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, connectTimeoutKey{}, d)
}

func connectTimeout(ctx context.Context, limit time.Duration) time.Duration {
	if d, ok := ctx.Value(connectTimeoutKey{}).(time.Duration); ok && d > 0 {
		return min(limit, d)
	}
	return limit
}

// Dial connects to a port of a declared unit at its pinned address. It waits
// for the pace and for a free place, then tries once. Errors wrap
// ErrNotDeclared, ErrPublic (an authorisation has ended), ErrBudget, the
// context's error, or what the operating system said.
func (n *Net) Dial(ctx context.Context, name string, port uint16) (net.Conn, error) {
	u := n.units[name]
	if u == nil {
		return nil, fmt.Errorf("dial unit %q port %d: %w", name, port, ErrNotDeclared)
	}
	p, ok := u.target(port)
	if !ok {
		return nil, fmt.Errorf("dial unit %s port %d: no target of the unit covers the port: %w", name, port, ErrNotDeclared)
	}
	if !local(p.Addr) && !p.Public.inForce(n.now()) {
		return nil, fmt.Errorf("dial unit %s at %s: the authorisation has ended: %w", name, p.Addr, ErrPublic)
	}
	if err := n.spend(); err != nil {
		return nil, fmt.Errorf("dial unit %s port %d: %w", name, port, err)
	}
	release, err := u.enter(ctx)
	if err != nil {
		n.refund()
		return nil, fmt.Errorf("dial unit %s port %d: wait for a turn: %w", name, port, err)
	}
	u.attempts.Add(1)
	dctx, cancel := context.WithTimeout(ctx, connectTimeout(ctx, n.limits.Connect))
	c, err := n.dial(dctx, netip.AddrPortFrom(p.Addr, port))
	cancel()
	if err != nil {
		release()
		if errors.Is(err, syscall.ECONNREFUSED) {
			u.refused.Add(1)
		} else {
			u.failed.Add(1)
		}
		return nil, fmt.Errorf("dial unit %s port %d: %w", name, port, err)
	}
	u.connected.Add(1)
	return &conn{Conn: c, unit: u, limit: n.limits.Bytes, release: release}, nil
}

func (u *unit) target(port uint16) (Pinned, bool) {
	for _, t := range u.targets {
		if t.Ports.Contains(port) {
			return t, true
		}
	}
	return Pinned{}, false
}

// enter waits for a place and for the pace; release gives the place back and
// may be called once.
func (u *unit) enter(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	release = func() {}
	if u.open != nil {
		select {
		case u.open <- struct{}{}:
			release = func() { <-u.open }
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	if err := u.pace.wait(ctx); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

func (n *Net) spend() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.limits.Connections < 0 {
		return nil
	}
	if n.left <= 0 {
		return fmt.Errorf("%d connections: %w", n.limits.Connections, ErrBudget)
	}
	n.left--
	return nil
}

// refund gives an attempt back that never reached the network.
func (n *Net) refund() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left++
}
