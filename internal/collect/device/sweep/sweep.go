package sweep

import (
	"context"
	"errors"
	"net"
	"slices"
	"syscall"
	"time"

	"assay/internal/network"
)

const (
	defaultConcurrency = 256
	defaultTimeout     = 1500 * time.Millisecond
	firstWindow        = 24                     // connections under way at the beginning
	leastTimeout       = 300 * time.Millisecond // however quick the unit answers
	retrySample        = 512                    // silent ports asked again before all are
	maxFilteredRanges  = 256
)

// common ports are tried first, so that a sweep that is cut short has seen
// what matters most.
var common = []uint16{80, 443, 554, 22, 23, 21, 8080, 8443, 322, 8554, 1883, 8883, 81, 8000, 8081, 5000, 2323, 5555, 69, 1935, 37777, 34567, 49152, 9000}

type state uint8

const (
	untried state = iota
	open
	closed
	filtered
	self
	local // the own machine had no socket or port to spare
)

// answer is what one connect showed.
type answer struct {
	port  uint16
	state state
	loop  bool // over loopback
	rtt   time.Duration
	err   error // ends the sweep
	cut   Cut
}

// Run sweeps the ports of one unit. It always returns what it found; a sweep
// that was cut short has Whole false, with the cause. A unit that isn't
// declared gives CutUndeclared.
func Run(ctx context.Context, d network.Dialer, cfg Config) Result {
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = defaultConcurrency
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	s := &sweeper{dialer: d, cfg: cfg, ports: order(cfg.Ports), timeout: cfg.Timeout,
		window: min(firstWindow, float64(cfg.Concurrency))}
	s.state = make(map[uint16]state, len(s.ports))
	start := time.Now()
	s.pass(ctx, s.ports)
	s.retry(ctx)
	s.confirm(ctx)
	if s.cut == "" && s.undeclared != nil {
		s.end(CutUndeclared, s.undeclared)
	}
	r := s.result()
	r.Started, r.Elapsed = start, time.Since(start)
	return r
}

// order lists the ports of the ranges once each, common ones first.
func order(ranges []network.PortRange) []uint16 {
	if ranges == nil {
		ranges = []network.PortRange{network.All()}
	}
	in := make([]bool, 65536)
	n := 0
	for _, r := range ranges {
		first, last := r.Bounds()
		for p := int(max(first, 1)); p <= int(last); p++ {
			if !in[p] {
				in[p] = true
				n++
			}
		}
	}
	ports := make([]uint16, 0, n)
	for _, p := range common {
		if in[p] {
			ports = append(ports, p)
			in[p] = false
		}
	}
	for p := 1; p < len(in); p++ {
		if in[p] {
			ports = append(ports, uint16(p))
		}
	}
	return ports
}

// sweeper is used from one goroutine; connects run in their own and answer
// over a channel.
type sweeper struct {
	dialer network.Dialer
	cfg    Config
	ports  []uint16
	state  map[uint16]state
	loop   bool // the unit is on loopback
	selfs  int

	window  float64 // connects under way at once
	srtt    time.Duration
	timeout time.Duration // of one connect, shrinks with the round trips seen

	undeclared error // of a port that no target covers
	cut        Cut
	err        error
}

// pass tries ports and records their state, until done or cut.
func (s *sweeper) pass(ctx context.Context, ports []uint16) {
	if s.cut != "" {
		return
	}
	answers := make(chan answer)
	under := 0
	again := []uint16{} // ports for which the own machine had no socket
	dry := 0            // how often in a row
	for len(ports)+len(again) > 0 || under > 0 {
		if s.cut == "" && ctx.Err() != nil {
			s.end(ctxCut(ctx), context.Cause(ctx))
		}
		if s.cut == "" && under < max(1, int(s.window)) && len(ports)+len(again) > 0 {
			if len(ports) == 0 {
				ports, again = again, nil
			}
			p := ports[0]
			ports = ports[1:]
			dctx := network.WithConnectTimeout(ctx, s.timeout)
			under++
			go func() { answers <- s.connect(dctx, p) }()
			continue
		}
		if under == 0 {
			return // cut, and everything under way has come back
		}
		a := <-answers
		under--
		switch {
		case a.cut == CutUndeclared:
			// The other ports may well be declared; this one stays
			// untried, and the sweep isn't whole.
			s.undeclared = a.err
		case a.err != nil:
			if s.cut == "" {
				s.end(a.cut, a.err)
			}
		case a.state == local:
			s.window = max(1, s.window/2)
			if dry++; dry > 2*s.cfg.Concurrency {
				s.end(CutResources, errors.New("no local socket or port to spare"))
				continue
			}
			again = append(again, a.port)
			time.Sleep(5 * time.Millisecond) // connections elsewhere may end meanwhile
		default:
			dry = 0
			s.note(a)
		}
	}
}

func (s *sweeper) end(c Cut, err error) { s.cut, s.err = c, err }

// note records one answer and adapts: answers widen the window, a port that
// answers only when asked again shows that the window was too wide.
func (s *sweeper) note(a answer) {
	before := s.state[a.port]
	if a.state == self {
		s.selfs++
		a.state = closed
	}
	s.state[a.port] = a.state
	s.loop = s.loop || a.loop
	if a.state == filtered {
		// Silence is no sign of load by itself; a unit behind a filter
		// would otherwise be swept at the first window to the end.
		s.window = min(float64(s.cfg.Concurrency), s.window+0.1)
		return
	}
	if before == filtered {
		s.window = max(4, s.window/2)
	} else {
		s.window = min(float64(s.cfg.Concurrency), s.window+1)
	}
	if s.srtt == 0 {
		s.srtt = a.rtt
	}
	s.srtt += (a.rtt - s.srtt) / 8
	s.timeout = min(s.cfg.Timeout, max(leastTimeout, 10*s.srtt))
	if a.state == open && before != open && s.cfg.OnOpen != nil {
		s.cfg.OnOpen(a.port)
	}
}

// retry asks silent ports again: a sample, and all of them if one of the
// sample answers now.
func (s *sweeper) retry(ctx context.Context) {
	silent := s.with(filtered)
	if len(silent) == 0 || s.cut != "" {
		return
	}
	s.timeout = s.cfg.Timeout
	s.window = max(8, s.window/2)
	sample, rest := silent, []uint16(nil)
	if len(silent) > retrySample {
		sample = nil
		step := len(silent) / retrySample
		for i, p := range silent {
			if i%step == 0 {
				sample = append(sample, p)
			} else {
				rest = append(rest, p)
			}
		}
	}
	s.pass(ctx, sample)
	for _, p := range sample {
		if s.state[p] != filtered {
			s.pass(ctx, rest)
			return
		}
	}
}

// confirm dials open loopback ports again, one at a time: with many connects
// under way on one machine, two of them can meet and look like a service.
func (s *sweeper) confirm(ctx context.Context) {
	if !s.loop || s.cut != "" {
		return
	}
	s.window, s.timeout = 1, s.cfg.Timeout
	found := s.with(open)
	s.pass(ctx, found)
	for _, p := range found {
		if s.state[p] == closed {
			s.selfs++
		}
	}
}

func (s *sweeper) with(want state) []uint16 {
	var ports []uint16
	for _, p := range s.ports {
		if s.state[p] == want {
			ports = append(ports, p)
		}
	}
	slices.Sort(ports)
	return ports
}

// connect tries one port. A port that connects with itself (possible on
// loopback when the local port chosen is the one dialled) is asked again.
func (s *sweeper) connect(ctx context.Context, port uint16) answer {
	for range 3 {
		start := time.Now()
		c, err := s.dialer.Dial(ctx, s.cfg.Unit, port)
		if err != nil {
			a := judge(ctx, err)
			a.port, a.rtt = port, time.Since(start)
			return a
		}
		from, to := tcpAddr(c.LocalAddr()), tcpAddr(c.RemoteAddr())
		_ = c.Close() // nothing was sent; the answer is known
		loop := to != nil && to.IP.IsLoopback()
		if loop && from != nil && from.Port == to.Port && from.IP.Equal(to.IP) {
			continue
		}
		return answer{port: port, state: open, loop: loop, rtt: time.Since(start)}
	}
	return answer{port: port, state: self, loop: true}
}

func tcpAddr(a net.Addr) *net.TCPAddr {
	t, _ := a.(*net.TCPAddr)
	return t
}

// judge reads what a failed connect says about the port.
func judge(ctx context.Context, err error) answer {
	var ne net.Error
	switch {
	case ctx.Err() != nil:
		return answer{err: err, cut: ctxCut(ctx)}
	case errors.Is(err, network.ErrBudget):
		return answer{err: err, cut: CutBudget}
	case errors.Is(err, network.ErrNotDeclared), errors.Is(err, network.ErrPublic):
		return answer{err: err, cut: CutUndeclared}
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		return answer{state: closed}
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.EADDRNOTAVAIL),
		errors.Is(err, syscall.ENOBUFS), errors.Is(err, syscall.EADDRINUSE):
		return answer{state: local}
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTDOWN):
		return answer{err: err, cut: CutUnreachable}
	case errors.As(err, &ne) && ne.Timeout(), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EACCES):
		// A filter may answer with "host unreachable" for one port alone.
		return answer{state: filtered}
	}
	return answer{err: err, cut: CutUnreachable}
}

func ctxCut(ctx context.Context) Cut {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return CutDeadline
	}
	return CutCancelled
}

func (s *sweeper) result() Result {
	r := Result{Unit: s.cfg.Unit, Ports: len(s.ports), Cut: s.cut, Err: s.err, Whole: s.cut == "", SelfConnects: s.selfs}
	r.Open = s.with(open)
	for _, p := range s.ports {
		switch s.state[p] {
		case closed:
			r.Closed++
		case untried:
			r.Untried++
		}
	}
	silent := s.with(filtered)
	r.Filtered = len(silent)
	for _, p := range silent {
		k := len(r.FilteredPorts)
		switch {
		case k > 0 && int(r.FilteredPorts[k-1].Last)+1 == int(p):
			r.FilteredPorts[k-1].Last = p
		case k < maxFilteredRanges:
			r.FilteredPorts = append(r.FilteredPorts, network.Port(p))
		}
	}
	return r
}
