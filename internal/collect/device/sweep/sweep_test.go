package sweep

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"assay/internal/network"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// listen opens ports of the host "cam" that take connections and drop them.
func listen(t *testing.T, m *network.Memory, ports ...uint16) {
	t.Helper()
	for _, p := range ports {
		l, err := m.Listen("cam", p)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_ = c.Close()
			}
		}()
	}
}

func TestFindsOpenPorts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := network.NewMemory()
		want := []uint16{1, 23, 80, 8554, 40001, 65535}
		listen(t, m, want...)
		m.Filter("cam", network.PortRange{First: 100, Last: 103})
		m.Filter("cam", network.Port(7000))
		var seen []uint16
		r := Run(t.Context(), m, Config{Unit: "cam", OnOpen: func(p uint16) { seen = append(seen, p) }})
		if diff := cmp.Diff(want, r.Open); diff != "" {
			t.Errorf("open (-want +got):\n%s", diff)
		}
		slices.Sort(seen)
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("OnOpen (-want +got):\n%s", diff)
		}
		if !r.Whole || r.Cut != "" || r.Closed != 65535-6-5 || r.Filtered != 5 || r.Untried != 0 || !r.Answered() {
			t.Errorf("result %+v", r)
		}
		ranges := []network.PortRange{{First: 100, Last: 103}, {First: 7000, Last: 7000}}
		if diff := cmp.Diff(ranges, r.FilteredPorts); diff != "" {
			t.Errorf("filtered (-want +got):\n%s", diff)
		}
	})
}

func TestSilentUnit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := network.NewMemory()
		m.Filter("cam", network.All())
		r := Run(t.Context(), m, Config{Unit: "cam", Ports: []network.PortRange{{First: 1, Last: 3000}}})
		if !r.Whole || r.Filtered != 3000 || r.Answered() {
			t.Errorf("result %+v", r)
		}
		if r.Elapsed > 10*time.Minute {
			t.Errorf("took %v", r.Elapsed)
		}
	})
}

// flaky drops the first attempt on every third port, as an overloaded unit
// does.
type flaky struct {
	network.Dialer
	seen []atomic.Int32
}

func (f *flaky) Dial(ctx context.Context, unit string, port uint16) (net.Conn, error) {
	if port%3 == 0 && f.seen[port].Add(1) == 1 {
		time.Sleep(time.Second)
		return nil, os.ErrDeadlineExceeded
	}
	return f.Dialer.Dial(ctx, unit, port)
}

func TestAsksSilentPortsAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := network.NewMemory()
		listen(t, m, 300, 333, 4002)
		f := &flaky{Dialer: m, seen: make([]atomic.Int32, 65536)}
		r := Run(t.Context(), f, Config{Unit: "cam", Ports: []network.PortRange{{First: 1, Last: 5000}}})
		if diff := cmp.Diff([]uint16{300, 333, 4002}, r.Open); diff != "" || r.Filtered != 0 || !r.Whole {
			t.Errorf("%s\n%+v", diff, r)
		}
	})
}

// failing answers with one error from a port on.
type failing struct {
	network.Dialer
	from uint16
	err  error
}

func (f failing) Dial(ctx context.Context, unit string, port uint16) (net.Conn, error) {
	if port >= f.from {
		return nil, f.err
	}
	return f.Dialer.Dial(ctx, unit, port)
}

func TestCuts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		want Cut
	}{
		"budget":       {network.ErrBudget, CutBudget},
		"not_declared": {network.ErrNotDeclared, CutUndeclared},
		"no_route":     {syscall.ENETUNREACH, CutUnreachable},
		"no_sockets":   {syscall.EMFILE, CutResources},
		"odd":          {errors.New("odd"), CutUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := network.NewMemory()
				listen(t, m, 10500, 10700)
				r := Run(t.Context(), failing{m, 10600, tt.err}, Config{Unit: "cam", Ports: []network.PortRange{{First: 10400, Last: 12000}}})
				if r.Whole || r.Cut != tt.want || r.Err == nil || r.Untried == 0 {
					t.Errorf("result %+v, want cut %s", r, tt.want)
				}
				if len(r.Open) != 1 || r.Open[0] != 10500 {
					t.Errorf("what was found before the cut is lost: %v", r.Open)
				}
			})
		})
	}
}

func TestSweepsWhatIsDeclared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := network.NewMemory()
		listen(t, m, 80, 4000, 9000)
		n, err := m.Open(t.Context(), network.Config{Targets: []network.Target{{Unit: "u", Host: "cam", Ports: network.PortRange{First: 3000, Last: 5000}}}})
		if err != nil {
			t.Fatal(err)
		}
		r := Run(t.Context(), n, Config{Unit: "u"})
		if r.Whole || r.Cut != CutUndeclared || !slices.Equal(r.Open, []uint16{4000}) || r.Untried != 65535-2001 {
			t.Errorf("result %+v", r)
		}
	})
}

func TestCancelKeepsWhatWasFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := network.NewMemory()
		listen(t, m, 80)
		m.Filter("cam", network.PortRange{First: 1000, Last: 65535})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(4 * time.Second)
			cancel()
		}()
		r := Run(ctx, m, Config{Unit: "cam"})
		if r.Whole || r.Cut != CutCancelled || !slices.Equal(r.Open, []uint16{80}) || r.Untried == 0 {
			t.Errorf("result %+v", r)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if r := Run(ctx, m, Config{Unit: "cam"}); r.Whole || r.Cut != CutDeadline {
			t.Errorf("result %+v", r)
		}
	})
}

// meeting is a connection of a loopback port with itself.
type meeting struct{ net.Conn }

func (meeting) LocalAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000}
}
func (m meeting) RemoteAddr() net.Addr { return m.LocalAddr() }

type meets struct{ network.Dialer }

func (m meets) Dial(ctx context.Context, unit string, port uint16) (net.Conn, error) {
	if port == 40000 {
		c, peer := network.Pipe()
		_ = peer.Close()
		return meeting{c}, nil
	}
	return m.Dialer.Dial(ctx, unit, port)
}

func TestSelfConnectIsNoService(t *testing.T) {
	t.Parallel()
	r := Run(t.Context(), meets{network.NewMemory()}, Config{Unit: "cam", Ports: []network.PortRange{{First: 39990, Last: 40010}}})
	if len(r.Open) != 0 || r.SelfConnects != 1 || r.Closed != 21 || !r.Whole {
		t.Errorf("result %+v", r)
	}
}

func TestCountsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := network.NewMemory()
		var ranges []network.PortRange
		for range rapid.IntRange(1, 4).Draw(t, "ranges") {
			first := rapid.Uint16Range(1, 2000).Draw(t, "first")
			ranges = append(ranges, network.PortRange{First: first, Last: first + rapid.Uint16Range(0, 50).Draw(t, "length")})
		}
		l, err := m.Listen("cam", ranges[0].First)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		r := Run(context.Background(), m, Config{Unit: "cam", Ports: ranges})
		if len(r.Open)+r.Closed+r.Filtered+r.Untried != r.Ports || len(r.Open) != 1 || !r.Whole {
			t.Fatalf("counts don't add up: %+v", r)
		}
	})
}

// TestLoopbackWhole sweeps every port of the own machine over sockets.
func TestLoopbackWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("sweeps 65,535 ports of this machine: make test does it in its second stage, away from tests that open ports")
	}
	var want []uint16
	for range 5 {
		l, err := net.Listen("tcp", "127.0.0.77:0")
		if err != nil {
			t.Skipf("no second loopback address here: %v", err)
		}
		defer l.Close()
		want = append(want, uint16(l.Addr().(*net.TCPAddr).Port))
	}
	slices.Sort(want)
	n, err := network.Open(t.Context(), network.Config{Targets: []network.Target{{Unit: "u", Host: "127.0.0.77"}}})
	if err != nil {
		t.Fatal(err)
	}
	r := Run(t.Context(), n, Config{Unit: "u"})
	t.Logf("%d ports in %v, %d self-connects", r.Ports, r.Elapsed, r.SelfConnects)
	for _, p := range want {
		if !slices.Contains(r.Open, p) {
			t.Errorf("port %d is open and was not found", p)
		}
	}
	if !r.Whole || r.Elapsed > 2*time.Minute {
		t.Errorf("whole %v, cut %q %v, %v", r.Whole, r.Cut, r.Err, r.Elapsed)
	}
	// Ports bound to every address answer here as well; each must be there.
	for _, p := range r.Open {
		if slices.Contains(want, p) {
			continue
		}
		c, err := n.Dial(t.Context(), "u", p)
		if err != nil {
			t.Errorf("port %d is reported open: %v", p, err)
			continue
		}
		_ = c.Close()
	}
}
