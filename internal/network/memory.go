package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// Memory is a network inside the process: hosts with listeners, and
// connections between them that honour deadlines. It opens no socket and
// sees none of the machine's own services. Inside a testing/synctest bubble
// everything on it must be made in that bubble.
//
// A port without listener refuses like a real one (syscall.ECONNREFUSED); a
// filtered port stays silent until the attempt's time is over.
type Memory struct {
	mu        sync.Mutex
	addrs     map[string]netip.Addr // host name → address
	listeners map[netip.AddrPort]*memListener
	filtered  map[netip.Addr][]PortRange
	lastAddr  netip.Addr
	lastPort  uint16
}

// NewMemory returns a network without hosts.
func NewMemory() *Memory {
	return &Memory{
		addrs:     map[string]netip.Addr{},
		listeners: map[netip.AddrPort]*memListener{},
		filtered:  map[netip.Addr][]PortRange{},
		lastAddr:  netip.AddrFrom4([4]byte{10, 0, 0, 1}),
		lastPort:  49151,
	}
}

// addr returns the address of a host and makes one up for a new name.
func (m *Memory) addr(host string) netip.Addr {
	if a, err := netip.ParseAddr(host); err == nil {
		return a
	}
	a, ok := m.addrs[host]
	if !ok {
		m.lastAddr = m.lastAddr.Next()
		a = m.lastAddr
		m.addrs[host] = a
	}
	return a
}

// LookupNetIP makes Memory a Resolver: every name has one private address.
func (m *Memory) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return []netip.Addr{m.addr(host)}, nil
}

// Open opens a door onto this network: the same checks, limits and counts as
// on real sockets. A nil c.Resolver means the network itself.
func (m *Memory) Open(ctx context.Context, c Config) (*Net, error) {
	if c.Resolver == nil {
		c.Resolver = m
	}
	return open(ctx, c, m.dial)
}

// Dial connects to a port of a host without declaration or limits, except on
// the time of an attempt: it is the plain Dialer of tests, where the unit's
// name is the host's.
func (m *Memory) Dial(ctx context.Context, host string, port uint16) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout(ctx, DefaultLimits().Connect))
	defer cancel()
	m.mu.Lock()
	a := m.addr(host)
	m.mu.Unlock()
	return m.dial(ctx, netip.AddrPortFrom(a, port))
}

// Filter makes ports of a host silent: attempts end with a timeout.
func (m *Memory) Filter(host string, ports PortRange) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.addr(host)
	m.filtered[a] = append(m.filtered[a], ports)
}

// Listen opens a port of a host. Port 0 picks a free one. The error wraps
// syscall.EADDRINUSE when the port is taken.
func (m *Memory) Listen(host string, port uint16) (net.Listener, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.addr(host)
	if port == 0 {
		for port = 32768; m.listeners[netip.AddrPortFrom(a, port)] != nil; port++ {
			if port == 65535 {
				return nil, fmt.Errorf("listen on %s: no free port: %w", host, syscall.EADDRINUSE)
			}
		}
	}
	at := netip.AddrPortFrom(a, port)
	if m.listeners[at] != nil {
		return nil, fmt.Errorf("listen on %s port %d: %w", host, port, syscall.EADDRINUSE)
	}
	l := &memListener{net: m, at: at, queue: make(chan net.Conn, 128), done: make(chan struct{})}
	m.listeners[at] = l
	return l, nil
}

func (m *Memory) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	fail := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: err}
	}
	if ctx.Err() != nil {
		return nil, fail(dialError(ctx))
	}
	m.mu.Lock()
	l := m.listeners[to]
	silent := false
	for _, r := range m.filtered[to.Addr()] {
		silent = silent || r.Contains(to.Port())
	}
	m.lastPort++
	if m.lastPort == 0 {
		m.lastPort = 49152
	}
	from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), m.lastPort)
	m.mu.Unlock()
	switch {
	case silent:
		<-ctx.Done()
		return nil, fail(dialError(ctx))
	case l == nil:
		return nil, fail(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	client, server := pipe(net.TCPAddrFromAddrPort(from), net.TCPAddrFromAddrPort(to))
	select {
	case <-l.done:
	default:
		select {
		case l.queue <- server:
			select {
			case <-l.done: // closed meanwhile; nobody may take it out any more
				_ = server.Close()
			default:
			}
			return client, nil
		case <-l.done:
		case <-ctx.Done():
			return nil, fail(dialError(ctx))
		}
	}
	return nil, fail(os.NewSyscallError("connect", syscall.ECONNREFUSED))
}

// dialError tells a timeout as net.Dialer does: a net.Error with Timeout.
func dialError(ctx context.Context) error {
	if ctx.Err() == context.DeadlineExceeded {
		return os.ErrDeadlineExceeded
	}
	return ctx.Err()
}

type memListener struct {
	net   *Memory
	at    netip.AddrPort
	queue chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
	default:
		select {
		case c := <-l.queue:
			return c, nil
		case <-l.done:
		}
	}
	return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
}

func (l *memListener) Close() error {
	l.once.Do(func() {
		l.net.mu.Lock()
		delete(l.net.listeners, l.at)
		l.net.mu.Unlock()
		close(l.done)
		for {
			select {
			case c := <-l.queue:
				_ = c.Close() // never accepted: the peer sees the end
			default:
				return
			}
		}
	})
	return nil
}

func (l *memListener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.at) }

// String returns the listener's host and port, for messages.
func (l *memListener) String() string {
	return net.JoinHostPort(l.at.Addr().String(), strconv.Itoa(int(l.at.Port())))
}
