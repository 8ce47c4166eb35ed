package device

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/device/sweep"
	"assay/internal/collect/sinktest"
	"assay/internal/fact"
	"assay/internal/network"
	"assay/internal/product"
)

// swept searches a unit in memory whose ports in filter stay silent.
func swept(t *testing.T, u product.Unit, open []uint16, filter ...network.PortRange) *sinktest.Sink {
	t.Helper()
	p := &product.Product{Components: []product.Component{{ID: "device", Kind: "device"}}, Units: []product.Unit{u},
		Interfaces: []product.Interface{{ID: "web", On: "device", Protocol: "http", Port: product.Port{Number: 80}},
			{ID: "status", On: "device", Protocol: "http", Port: product.Port{Number: 1}}}}
	s := &sinktest.Sink{}
	synctest.Test(t, func(t *testing.T) {
		mem := network.NewMemory()
		for _, r := range filter {
			mem.Filter(u.ID, r)
		}
		for _, port := range open {
			l, err := mem.Listen(u.ID, port)
			if err != nil {
				t.Fatal(err)
			}
			srv := &http.Server{Handler: http.NotFoundHandler()}
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = srv.Serve(l) // always an error: that of Close
			}()
			defer func() {
				if err := srv.Close(); err != nil {
					t.Error(err)
				}
				<-done
			}()
		}
		c := &Collector{Config{Product: p, Network: mem, Asks: []string{"none"}}}
		if err := c.Collect(t.Context(), s); err != nil {
			t.Error(err)
		}
	})
	return s
}

func scopes(t *testing.T, s *sinktest.Sink) map[string]fact.Scope {
	t.Helper()
	out := make(map[string]fact.Scope)
	for _, x := range fact.Of[fact.Scope](s.Set(t)) {
		out[x.Value.What] = x.Value
	}
	return out
}

// TestSilentPorts: a few that stay silent leave a search whole and are
// counted; many, or one that should answer, are a cut.
func TestSilentPorts(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		to     uint16
		filter []network.PortRange
		want   fact.Scope
	}{
		{"none", 1000, nil, fact.Scope{Whole: true}},
		{"few", 1000, []network.PortRange{{First: 200, Last: 263}}, fact.Scope{Whole: true, Note: "64 filtered"}},
		{"too-many", 1000, []network.PortRange{{First: 200, Last: 264}}, fact.Scope{Cut: "cut.filtered", Note: "65 filtered"}},
		{"hundredth", 7000, []network.PortRange{{First: 200, Last: 269}}, fact.Scope{Whole: true, Note: "70 filtered"}},
		{"more-than-a-hundredth", 7000, []network.PortRange{{First: 200, Last: 270}}, fact.Scope{Cut: "cut.filtered", Note: "71 filtered"}},
		{"declared", 1000, []network.PortRange{{First: 80, Last: 80}}, fact.Scope{Cut: "cut.filtered", Note: "1 filtered"}},
		{"nearly-all", 1000, []network.PortRange{{First: 2, Last: 1000}}, fact.Scope{Cut: "cut.filtered", Note: "999 filtered"}},
		{"all", 1000, []network.PortRange{network.All()}, fact.Scope{Cut: "cut.unreachable", Note: "1000 filtered"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			u := product.Unit{ID: "unit-a", Address: "127.0.0.1", Simulated: true, Ports: product.PortRange{From: 1, To: row.to}}
			want := row.want
			want.What, want.Of, want.Count, want.Detail = fact.ScopePorts, "unit-a", int(row.to), u.Ports.String()
			if d := cmp.Diff(want, scopes(t, swept(t, u, []uint16{1}, row.filter...))[fact.ScopePorts]); d != "" {
				t.Errorf("scope (-want +got):\n%s", d)
			}
		})
	}
}

// TestHiddenBeyondTheList: a sweep lists at most so many silent ranges; a
// declared port beyond the list isn't taken for closed.
func TestHiddenBeyondTheList(t *testing.T) {
	t.Parallel()
	res := sweep.Result{Ports: 65535, Filtered: 300, FilteredPorts: []network.PortRange{{First: 1, Last: 1}, {First: 500, Last: 500}}}
	at := func(port uint16) map[uint16]*product.Interface { return map[uint16]*product.Interface{port: {}} }
	for port, want := range map[uint16]bool{1: true, 2: false, 499: false, 500: true, 501: true} {
		if got := hidden(res, at(port)); got != want {
			t.Errorf("port %d hidden: %t", port, got)
		}
	}
	res.Open = []uint16{501}
	if hidden(res, at(501)) {
		t.Error("an open port is called hidden")
	}
	if !hidden(sweep.Result{Ports: 65535, Filtered: 656}, nil) || hidden(sweep.Result{Ports: 65535, Filtered: 655}, nil) {
		t.Error("a hundredth of all ports is 655")
	}
}

// TestRangeIsForThisMachine: a declared range shrinks the search only where a
// program on this machine plays the unit.
func TestRangeIsForThisMachine(t *testing.T) {
	t.Parallel()
	few := product.PortRange{From: 70, To: 90}
	for _, row := range []struct {
		name string
		unit product.Unit
		want string
	}{
		{"loopback", product.Unit{Address: "127.0.0.1", Simulated: true, Ports: few}, "70-90"},
		{"loopback-net", product.Unit{Address: "127.9.9.9", Simulated: true, Ports: few}, "70-90"},
		{"loopback-v6", product.Unit{Address: "::1", Simulated: true, Ports: few}, "70-90"},
		{"loopback-no-range", product.Unit{Address: "127.0.0.1", Simulated: true}, "1-65535"},
		{"loopback-real", product.Unit{Address: "127.0.0.1", Ports: few}, "1-65535"},
		{"private", product.Unit{Address: "192.168.1.2", Simulated: true, Ports: few}, "1-65535"},
		{"name", product.Unit{Address: "localhost", Simulated: true, Ports: few}, "1-65535"},
		{"real", product.Unit{Address: "192.168.1.2", Ports: few}, "1-65535"},
	} {
		if got := (&Config{}).search(row.unit).String(); got != row.want {
			t.Errorf("%s: %s is searched, want %s", row.name, got, row.want)
		}
	}
	if got := (&Config{Ports: few}).search(product.Unit{Address: "192.168.1.2"}).String(); got != "70-90" {
		t.Errorf("named by a person: %s", got)
	}
	// A service outside of the range that a real unit claims is found.
	s := swept(t, product.Unit{ID: "unit-a", Address: "192.168.1.2", Simulated: true, Ports: few}, []uint16{2323})
	if got := fact.Of[fact.Service](s.Set(t)); len(got) != 1 || got[0].Value.Port != 2323 {
		t.Errorf("services %+v", got)
	}
	if x := scopes(t, s)[fact.ScopePorts]; x.Detail != "1-65535" || x.Count != 65535 || !x.Whole {
		t.Errorf("scope %+v", x)
	}
}

// TestWhatIsNotSearched: UDP and IPv6 are searches of nothing, whether the
// unit can be reached or not.
func TestWhatIsNotSearched(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1", ""} {
		s := swept(t, product.Unit{ID: "unit-a", Address: address, Simulated: true, Ports: product.PortRange{From: 1, To: 9}}, nil)
		got := scopes(t, s)
		for _, what := range []string{fact.ScopeUDP, fact.ScopeIPv6} {
			if d := cmp.Diff(fact.Scope{What: what, Of: "unit-a", Cut: "cut.not-in-this-version"}, got[what]); d != "" {
				t.Errorf("address %q (-want +got):\n%s", address, d)
			}
		}
		var left []string
		for _, n := range fact.Of[fact.NotTried](s.Set(t)) {
			left = append(left, n.Value.Args["protocol"])
		}
		slices.Sort(left)
		if !slices.Equal(left, []string{"IPv6", "UDP"}) {
			t.Errorf("not tried: %v", left)
		}
	}
}
