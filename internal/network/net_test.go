package network

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// table resolves names from a map.
type table map[string][]string

func (t table) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	list, ok := t[host]
	if !ok {
		return nil, errors.New("no such host")
	}
	var addrs []netip.Addr
	for _, s := range list {
		addrs = append(addrs, netip.MustParseAddr(s))
	}
	return addrs, nil
}

func TestPin(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	until := func(d time.Duration) *Authorisation {
		return &Authorisation{By: "Lin", Until: now.Add(d)}
	}
	names := table{
		"cam":    {"192.168.1.5"},
		"public": {"198.51.100.7"},
		"both":   {"198.51.100.7", "2001:db8::1", "10.1.2.3", "10.1.2.4"},
		"empty":  {},
		"zero":   {"0.0.0.0"},
		"mapped": {"::ffff:8.8.8.8"},
	}
	tests := map[string]struct {
		target Target
		addr   string
		unused int
		err    error
	}{
		"private_name":        {target: Target{Unit: "u", Host: "cam"}, addr: "192.168.1.5"},
		"private_v6":          {target: Target{Unit: "u", Host: "fd00::7"}, addr: "fd00::7"},
		"loopback":            {target: Target{Unit: "u", Host: "127.0.0.1"}, addr: "127.0.0.1"},
		"link_local_zone":     {target: Target{Unit: "u", Host: "fe80::1%eth0"}, addr: "fe80::1%eth0"},
		"link_local_v4":       {target: Target{Unit: "u", Host: "169.254.3.4"}, addr: "169.254.3.4"},
		"public":              {target: Target{Unit: "u", Host: "public"}, err: ErrPublic},
		"public_literal":      {target: Target{Unit: "u", Host: "8.8.8.8"}, err: ErrPublic},
		"public_mapped":       {target: Target{Unit: "u", Host: "mapped"}, err: ErrPublic},
		"carrier_nat":         {target: Target{Unit: "u", Host: "100.64.0.1"}, err: ErrPublic},
		"authorised":          {target: Target{Unit: "u", Host: "public", Public: until(time.Hour)}, addr: "198.51.100.7"},
		"authorisation_ended": {target: Target{Unit: "u", Host: "public", Public: until(0)}, err: ErrPublic},
		"authorisation_blank": {target: Target{Unit: "u", Host: "public", Public: &Authorisation{Until: now.Add(time.Hour)}}, err: ErrPublic},
		"private_chosen":      {target: Target{Unit: "u", Host: "both"}, addr: "10.1.2.3", unused: 3},
		"unspecified":         {target: Target{Unit: "u", Host: "zero"}, err: ErrAddress},
		"multicast":           {target: Target{Unit: "u", Host: "239.255.255.250", Public: until(time.Hour)}, err: ErrAddress},
		"no_address":          {target: Target{Unit: "u", Host: "empty"}, err: ErrAddress},
		"no_unit":             {target: Target{Host: "cam"}, err: ErrNotDeclared},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, err := Open(t.Context(), Config{Targets: []Target{tt.target}, Resolver: names, Now: func() time.Time { return now }})
			if tt.err != nil {
				if !errors.Is(err, tt.err) {
					t.Fatalf("Open: got %v, want %v", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			p := n.Targets("u")[0]
			if p.Addr.String() != tt.addr || len(p.Unused) != tt.unused {
				t.Errorf("pinned %s with %d unused, want %s with %d", p.Addr, len(p.Unused), tt.addr, tt.unused)
			}
		})
	}
}

func TestBadRangeAndResolver(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]Target{
		"backwards": {Unit: "u", Host: "10.0.0.9", Ports: PortRange{9, 3}},
		"zero":      {Unit: "u", Host: "10.0.0.9", Ports: PortRange{0, 3}},
		"unknown":   {Unit: "u", Host: "nowhere"},
	} {
		if _, err := Open(t.Context(), Config{Targets: []Target{tt}, Resolver: table{}}); err == nil {
			t.Errorf("%s: Open took the target", name)
		}
	}
}

// rebinding answers with another address each time it is asked.
type rebinding struct{ asked int }

func (r *rebinding) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	r.asked++
	return []netip.Addr{netip.AddrFrom4([4]byte{10, 0, 9, byte(r.asked)})}, nil
}

func TestResolvesOnceAndStays(t *testing.T) {
	t.Parallel()
	r := &rebinding{}
	var got []netip.AddrPort
	n, err := open(t.Context(), Config{Targets: []Target{{Unit: "u", Host: "cam"}}, Resolver: r},
		func(_ context.Context, to netip.AddrPort) (net.Conn, error) {
			got = append(got, to)
			return nil, syscall.ECONNREFUSED
		})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err := n.Dial(t.Context(), "u", 80)
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("Dial: %v", err)
		}
	}
	want := netip.MustParseAddrPort("10.0.9.1:80")
	if r.asked != 1 || len(got) != 3 || got[0] != want || got[2] != want {
		t.Errorf("resolver asked %d times, dialled %v; want once and always %v", r.asked, got, want)
	}
	if c := n.Counts()["u"]; c.Attempts != 3 || c.Refused != 3 {
		t.Errorf("counts %+v", c)
	}
}

func TestDialOnlyWhatIsDeclared(t *testing.T) {
	t.Parallel()
	m := NewMemory()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	n, err := m.Open(t.Context(), Config{
		Targets: []Target{
			{Unit: "a", Host: "cam", Ports: PortRange{80, 90}},
			{Unit: "a", Host: "hub", Ports: Port(443)},
			{Unit: "p", Host: "198.51.100.7", Public: &Authorisation{"Lin", now.Add(time.Minute)}},
		},
		Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"cam", "hub", "elsewhere", "198.51.100.7"} {
		for _, port := range []uint16{79, 80, 443} {
			l, err := m.Listen(host, port)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
		}
	}
	tests := map[string]struct {
		unit string
		port uint16
		want error
	}{
		"covered":          {"a", 80, nil},
		"second_host":      {"a", 443, nil},
		"port_outside":     {"a", 79, ErrNotDeclared},
		"port_zero":        {"p", 0, ErrNotDeclared},
		"redirect_to_name": {"elsewhere", 80, ErrNotDeclared},
		"redirect_to_host": {"cam", 80, ErrNotDeclared},
		"redirect_to_ip":   {"10.0.0.2", 80, ErrNotDeclared},
		"authorised":       {"p", 443, nil},
	}
	for name, tt := range tests {
		c, err := n.Dial(t.Context(), tt.unit, tt.port)
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
		if c != nil {
			_ = c.Close()
		}
	}
	now = now.Add(time.Hour)
	if _, err := n.Dial(t.Context(), "p", 443); !errors.Is(err, ErrPublic) {
		t.Errorf("after the authorisation's end: got %v, want ErrPublic", err)
	}
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	m := NewMemory()
	l, err := m.Listen("cam", 80)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = c.Write(make([]byte, 4096))
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			}()
		}
	}()
	n, err := m.Open(t.Context(), Config{
		Targets: []Target{{Unit: "u", Host: "cam"}},
		Limits:  Limits{Connections: 2, Bytes: 1000},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := n.Dial(t.Context(), "u", 80)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if len(got) != 1000 || !errors.Is(err, ErrBudget) {
		t.Errorf("read %d bytes, %v; want 1000 and ErrBudget", len(got), err)
	}
	k, err := c.Write(make([]byte, 1001))
	if k != 1000 || !errors.Is(err, ErrBudget) {
		t.Errorf("wrote %d bytes, %v; want 1000 and ErrBudget", k, err)
	}
	_ = c.Close()
	if _, err := n.Dial(t.Context(), "u", 81); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("unused port: %v, want ECONNREFUSED", err)
	}
	if _, err := n.Dial(t.Context(), "u", 80); !errors.Is(err, ErrBudget) {
		t.Errorf("third attempt: %v, want ErrBudget", err)
	}
	want := Count{Attempts: 2, Connected: 1, Refused: 1, BytesRead: 1000, BytesWritten: 1000}
	if diff := cmp.Diff(want, n.Counts()["u"]); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestPaceAndPlaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		l, err := m.Listen("cam", 80)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		n, err := m.Open(t.Context(), Config{
			Targets: []Target{{Unit: "u", Host: "cam"}},
			Limits:  Limits{PerSecond: 10, Open: 2, Connect: time.Second},
		})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		var conns []net.Conn
		for range 2 {
			c, err := n.Dial(t.Context(), "u", 80)
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, c)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := n.Dial(ctx, "u", 80); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("third place: %v, want to wait until the deadline", err)
		}
		for _, c := range conns {
			_ = c.Close()
			_ = c.Close() // a second Close must not free a second place
		}
		for range 20 {
			c, err := n.Dial(t.Context(), "u", 80)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.Close()
		}
		if d := time.Since(start); d < 6800*time.Millisecond || d > 7500*time.Millisecond {
			t.Errorf("22 attempts at 10/s and 5 s of waiting took %v", d)
		}
	})
}

func TestSlowPaceIsNoTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		m.Filter("cam", Port(81))
		n, err := m.Open(t.Context(), Config{Targets: []Target{{Unit: "u", Host: "cam"}}, Limits: Limits{PerSecond: 1}})
		if err != nil {
			t.Fatal(err)
		}
		ctx := WithConnectTimeout(t.Context(), 100*time.Millisecond)
		for range 5 {
			if _, err := n.Dial(ctx, "u", 80); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Fatalf("Dial: %v, want ECONNREFUSED in spite of the pace", err)
			}
		}
		var ne net.Error
		if _, err := n.Dial(ctx, "u", 81); !errors.As(err, &ne) || !ne.Timeout() {
			t.Errorf("filtered port: %v, want a timeout", err)
		}
	})
}

func TestLoopbackSocket(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	n, err := Open(t.Context(), Config{Targets: []Target{{Unit: "u", Host: "127.0.0.1", Ports: Port(port)}}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := n.Dial(t.Context(), "u", port)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if c := n.Counts()["u"]; c.Connected != 1 {
		t.Errorf("counts %+v", c)
	}
}

func TestPipe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		// Both sides write before anyone reads.
		for _, c := range []net.Conn{a, b} {
			if _, err := c.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
		}
		buf := make([]byte, 3)
		if n, err := a.Read(buf); n != 3 || err != nil {
			t.Errorf("Read: %d, %v", n, err)
		}
		start := time.Now()
		_ = b.SetReadDeadline(start.Add(10 * time.Minute))
		got, err := io.ReadAll(b)
		if string(got) != "hello" || !isTimeout(err) {
			t.Errorf("ReadAll: %q, %v; want a timeout", got, err)
		}
		if d := time.Since(start); d != 10*time.Minute {
			t.Errorf("the deadline came after %v", d)
		}
		_ = b.SetReadDeadline(time.Time{})
		_ = a.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := a.Write(make([]byte, pipeBuffer+1)); n != pipeBuffer || !isTimeout(err) {
			t.Errorf("Write into a full pipe: %d, %v", n, err)
		}
		_ = a.Close()
		if _, err := a.Read(buf); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read after own Close: %v", err)
		}
		if n, err := io.Copy(io.Discard, b); n != pipeBuffer || err != nil {
			t.Errorf("what was sent before Close: %d, %v", n, err)
		}
		if _, err := b.Write(buf); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("Write to a closed peer: %v", err)
		}
		_ = b.Close()
	})
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

func TestMemoryListener(t *testing.T) {
	t.Parallel()
	m := NewMemory()
	l, err := m.Listen("cam", 0)
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	if _, err := m.Listen("cam", port); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("second Listen: %v, want EADDRINUSE", err)
	}
	c, err := m.Dial(t.Context(), "cam", port)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := io.ReadAll(c); err != nil {
			t.Errorf("a connection never accepted ends with %v, want EOF", err)
		}
	})
	_ = l.Close()
	wg.Wait()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
	if _, err := m.Dial(t.Context(), "cam", port); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("Dial after Close: %v", err)
	}
	_ = c.Close()
}

// TestNothingLeftBehind counts goroutines of this package after use.
func TestNothingLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A bubble fails by itself when a goroutine in it stays blocked.
		m := NewMemory()
		l, err := m.Listen("cam", 80)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		n, err := m.Open(ctx, Config{Targets: []Target{{Unit: "u", Host: "cam"}}, Limits: Limits{Open: 1}})
		if err != nil {
			t.Fatal(err)
		}
		c, err := n.Dial(ctx, "u", 80)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = n.Dial(ctx, "u", 80) }()
		go func() { _, _ = io.ReadAll(c) }()
		synctest.Wait()
		cancel()
		_ = c.Close()
		_ = l.Close()
	})
	buf := make([]byte, 1<<20)
	stacks := string(buf[:runtime.Stack(buf, true)])
	if n := strings.Count(stacks, "network.(*half)"); n > 0 {
		t.Errorf("%d goroutines still wait in a pipe", n)
	}
}
