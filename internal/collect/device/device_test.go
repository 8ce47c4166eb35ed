package device

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/sinktest"
	"assay/internal/fact"
	"assay/internal/network"
	"assay/internal/product"
)

// thing is a product with one unit in memory; its range of ports is small.
func thing(more ...func(*product.Product)) *product.Product {
	p := &product.Product{
		Components: []product.Component{{ID: "device", Kind: "device"}},
		Roles:      map[string]product.Role{"admin": {May: []string{"view", "settings"}}, "viewer": {May: []string{"view"}}},
		Interfaces: []product.Interface{{ID: "web", On: "device", Protocol: "http", Port: product.Port{Number: 80}, Auth: "password", Roles: []string{"admin", "viewer"},
			Login: &product.Login{Form: "json", Path: "/login", UserField: "user", PassField: "pass", Logout: "/logout", Identity: "/id",
				Functions: []product.Function{{Path: "/settings", Right: "settings"}, {Path: "/view", Right: "view"}}}}},
		Units: []product.Unit{{ID: "unit-a", Of: "device", Serial: "S-1", Address: "127.0.0.1", Expendable: true, Simulated: true, Ports: product.PortRange{From: 70, To: 90}}},
	}
	for _, f := range more {
		f(p)
	}
	return p
}

var accounts = []Credential{{Unit: "unit-a", Role: "admin", User: "root", Password: "pw-admin"}, {Unit: "unit-a", Role: "viewer", User: "guest", Password: "pw-viewer"}}

// server is a tiny camera: sessions by a header, two roles.
type server struct {
	mu       sync.Mutex
	sessions map[string]string
	n        int
	open     bool // answers everybody
	deaf     bool // refuses everybody, the entitled too
	sticky   bool // a logout ends nothing
	serial   string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	role := ""
	if c, err := r.Cookie("session"); err == nil {
		role = s.sessions[c.Value]
	}
	switch r.URL.Path {
	case "/":
		fmt.Fprint(w, "<html><title>thing</title>")
	case "/login":
		var in struct{ User, Pass string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, a := range accounts {
			if a.User == in.User && a.Password == in.Pass {
				s.n++
				id := fmt.Sprint("s", s.n)
				s.sessions[id] = a.Role
				http.SetCookie(w, &http.Cookie{Name: "session", Value: id})
				fmt.Fprint(w, `{"ok":true}`)
				return
			}
		}
		w.WriteHeader(http.StatusUnauthorized)
	case "/logout":
		if c, err := r.Cookie("session"); err == nil && !s.sticky {
			delete(s.sessions, c.Value)
		}
	case "/id", "/settings", "/view":
		switch {
		case s.deaf, role == "" && !s.open:
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/settings" && role == "viewer":
			w.WriteHeader(http.StatusForbidden)
		default:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"model":"T-1","serial":%q,"firmware":"1.2"}`, s.serial)
		}
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// look runs the collector on what serve opens, in a bubble of time.
func look(t *testing.T, p *product.Product, creds []Credential, serve map[uint16]http.Handler, more ...func(*network.Memory)) *sinktest.Sink {
	t.Helper()
	s := &sinktest.Sink{}
	synctest.Test(t, func(t *testing.T) {
		mem := network.NewMemory()
		var wg sync.WaitGroup
		var servers []*http.Server
		for port, h := range serve {
			l, err := mem.Listen("unit-a", port)
			if err != nil {
				t.Fatal(err)
			}
			srv := &http.Server{Handler: h}
			servers = append(servers, srv)
			wg.Go(func() {
				if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
					t.Error(err)
				}
			})
		}
		for _, f := range more {
			f(mem)
		}
		c := &Collector{Config{Product: p, Network: mem, Credentials: creds}}
		if err := c.Collect(t.Context(), s); err != nil {
			t.Error(err)
		}
		for _, srv := range servers {
			if err := srv.Close(); err != nil {
				t.Error(err)
			}
		}
		wg.Wait()
	})
	return s
}

func whys(t *testing.T, s *sinktest.Sink) (out []string) {
	t.Helper()
	for _, n := range fact.Of[fact.NotTried](s.Set(t)) {
		if n.Value.Test == "ports" {
			continue // UDP, on every unit: TestPortsAreASearchWithAnEnd
		}
		out = append(out, n.Value.Test+" "+strings.TrimPrefix(n.Value.Why, "not-tried."))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func portScope(t *testing.T, s *sinktest.Sink) fact.Scope {
	t.Helper()
	for _, x := range fact.Of[fact.Scope](s.Set(t)) {
		if x.Value.What == fact.ScopePorts {
			return x.Value
		}
	}
	t.Fatal("no scope of ports")
	return fact.Scope{}
}

func TestPortsAreASearchWithAnEnd(t *testing.T) {
	t.Parallel()
	filter := func(ports network.PortRange) func(*network.Memory) {
		return func(m *network.Memory) { m.Filter("unit-a", ports) }
	}
	for _, row := range []struct {
		name        string
		product     *product.Product
		net         []func(*network.Memory)
		serve       map[uint16]http.Handler
		whole       bool
		cut         string
		unreachable int
	}{
		{"all-closed", thing(), nil, nil, false, "cut.unreachable", 1},
		{"one-open", thing(), nil, map[uint16]http.Handler{80: &server{sessions: map[string]string{}}}, true, "", 0},
		{"silent", thing(), []func(*network.Memory){filter(network.All())}, nil, false, "cut.unreachable", 1},
		{"without-address", thing(func(p *product.Product) { p.Units[0].Address = "" }), nil, nil, false, "cut.unreachable", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := look(t, row.product, nil, row.serve, row.net...)
			x := portScope(t, s)
			if x.Whole != row.whole || x.Cut != row.cut {
				t.Errorf("scope %+v", x)
			}
			udp := fact.Where(s.Set(t), func(n fact.NotTried) bool { return n.Test == "ports" && n.Args["protocol"] == "UDP" })
			if row.product.Units[0].Address != "" && len(udp) != 1 {
				t.Errorf("that UDP wasn't searched is said %d times", len(udp))
			}
			if row.whole && x.Count != 21 {
				t.Errorf("%d ports were tried, want 21", x.Count)
			}
			if got := len(fact.Of[fact.Unreachable](s.Set(t))); got != row.unreachable {
				t.Errorf("%d unreachable, want %d", got, row.unreachable)
			}
		})
	}
	// Some ports that stay silent are named: a service may hide behind them.
	s := look(t, thing(), nil, nil, filter(network.PortRange{First: 85, Last: 90}))
	if x := portScope(t, s); !strings.Contains(x.Note, "6 filtered") {
		t.Errorf("scope %+v", x)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := &Collector{Config{Product: thing(), Network: network.NewMemory()}}
	if err := c.Collect(ctx, &sinktest.Sink{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		server  *server
		creds   []Credential
		access  map[string]bool // function → allowed to nobody
		control bool
		logout  string // refused, kept, none
		why     []string
		proven  int
	}{
		{"protected", &server{serial: "S-1"}, accounts, map[string]bool{"GET /settings": false, "GET /view": false}, true, "refused", nil, 1},
		{"open", &server{serial: "S-1", open: true}, accounts, map[string]bool{"GET /settings": true, "GET /view": true}, true, "kept", nil, 1},
		{"logout-ends-nothing", &server{serial: "S-1", sticky: true}, accounts, map[string]bool{"GET /settings": false, "GET /view": false}, true, "kept", nil, 1},
		{"another-unit", &server{serial: "S-2"}, accounts, map[string]bool{"GET /settings": false, "GET /view": false}, true, "refused", nil, 0},
		// A refusal without a control shows nothing: it isn't bracketed.
		{"refuses-the-entitled", &server{serial: "S-1", deaf: true}, accounts, map[string]bool{"GET /settings": false, "GET /view": false}, false, "any", nil, 0},
		{"no-credentials", &server{serial: "S-1"}, nil, map[string]bool{}, false, "none",
			[]string{"access.roles credentials", "auth.required credentials", "auth.transport credentials", "session.logout credentials"}, 0},
		// Without the answer to somebody entitled, a 200 may be a login page.
		{"no-credentials-open", &server{serial: "S-1", open: true}, nil, map[string]bool{}, false, "none",
			[]string{"access.roles credentials", "auth.required credentials", "auth.transport credentials", "session.logout credentials"}, 0},
		{"credentials-refused", &server{serial: "S-1"}, []Credential{{Unit: "unit-a", Role: "admin", User: "root", Password: "other"}}, map[string]bool{"GET /settings": false, "GET /view": false}, false, "none",
			[]string{"access.roles credentials-refused", "session.logout credentials-refused"}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.server.sessions = map[string]string{}
			s := look(t, thing(), row.creds, map[uint16]http.Handler{80: row.server})
			set := s.Set(t)
			got := map[string]bool{}
			for _, a := range fact.Of[fact.Access](set) {
				got[a.Value.Function] = a.Value.Allowed
				if !a.Value.Allowed && a.Value.Control.Holds() != row.control {
					t.Errorf("%s: control %+v, want it to hold: %t", a.Value.Function, a.Value.Control, row.control)
				}
				if len(a.Evidence) == 0 {
					t.Errorf("%s without evidence", a.Value.Function)
				}
			}
			if d := cmp.Diff(row.access, got); d != "" {
				t.Errorf("anonymous access (-want +got):\n%s", d)
			}
			logout := "none"
			for _, l := range fact.Of[fact.Logout](set) {
				logout = "kept"
				if l.Value.Refused {
					logout = "refused"
				}
			}
			if logout != row.logout && row.logout != "any" {
				t.Errorf("logout %s, want %s", logout, row.logout)
			}
			if row.why != nil {
				if d := cmp.Diff(row.why, whys(t, s)); d != "" {
					t.Errorf("not tried (-want +got):\n%s", d)
				}
			}
			proven := 0
			for _, i := range fact.Of[fact.Identity](set) {
				if i.Value.Proven {
					proven++
				}
			}
			if proven != row.proven {
				t.Errorf("identity proven %d times, want %d", proven, row.proven)
			}
			for name, text := range s.Stored {
				if strings.Contains(text, "pw-admin") || strings.Contains(text, "pw-viewer") {
					t.Errorf("the transcript %s holds a password", name)
				}
			}
		})
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	s := look(t, thing(), accounts, map[uint16]http.Handler{80: &server{serial: "S-1", sessions: map[string]string{}}})
	got := map[string]bool{}
	for _, r := range fact.Of[fact.RoleAccess](s.Set(t)) {
		got[r.Value.Role+" "+r.Value.Function] = r.Value.Allowed
		if !r.Value.Allowed && !r.Value.Control.Holds() {
			t.Errorf("%s is refused to %s without a control", r.Value.Function, r.Value.Role)
		}
	}
	want := map[string]bool{"admin GET /settings": true, "admin GET /view": true, "viewer GET /settings": false, "viewer GET /view": true}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("roles (-want +got):\n%s", d)
	}
	s = look(t, thing(), accounts[:1], map[uint16]http.Handler{80: &server{serial: "S-1", sessions: map[string]string{}}})
	if !slices.Contains(whys(t, s), "access.roles credentials") {
		t.Errorf("not tried: %v", whys(t, s))
	}
}

func TestFrontPage(t *testing.T) {
	t.Parallel()
	plain := func(p *product.Product) { p.Interfaces[0].Login = nil }
	undeclared := func(p *product.Product) { p.Interfaces = nil }
	for _, row := range []struct {
		name     string
		product  *product.Product
		page     http.HandlerFunc
		scheme   string
		redirect string
		why      []string
	}{
		{"basic", thing(undeclared), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}, "basic", "", nil},
		{"digest", thing(undeclared), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Digest realm="x", nonce="y"`)
			w.WriteHeader(http.StatusUnauthorized)
		}, "digest", "", nil},
		{"form", thing(undeclared), func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `<form><input name=p type="password"></form>`)
		}, "form", "", nil},
		{"nothing", thing(undeclared), func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }, "", "", nil},
		{"redirect", thing(undeclared), func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "http://192.0.2.1/x", 302) }, "", "http://192.0.2.1/x", nil},
		{"redirect-to-itself", thing(undeclared), func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login.html", 302) }, "", "", nil},
		{"not-described", thing(plain), func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }, "", "", []string{"auth.required login-description"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := look(t, row.product, accounts, map[uint16]http.Handler{80: row.page})
			scheme, redirect := "", ""
			for _, c := range fact.Of[fact.LoginChannel](s.Set(t)) {
				scheme = c.Value.Scheme
				if c.Value.Encrypted {
					t.Error("clear HTTP is called encrypted")
				}
			}
			for _, r := range fact.Of[fact.Redirect](s.Set(t)) {
				redirect = r.Value.To
			}
			if !strings.HasPrefix(scheme, row.scheme) || row.scheme == "" && scheme != "" || redirect != row.redirect {
				t.Errorf("scheme %q, redirect %q", scheme, redirect)
			}
			if d := cmp.Diff(row.why, whys(t, s)); d != "" {
				t.Errorf("not tried (-want +got):\n%s", d)
			}
		})
	}
}

// refuses is a network that nobody may use.
type refuses struct{ t *testing.T }

func (r refuses) Dial(context.Context, string, uint16) (net.Conn, error) {
	r.t.Error("a unit was dialled")
	return nil, errors.New("not allowed")
}

// TestGuessOnlyWhereAllowed: each reason why an intrusive step isn't made, and
// that the unit isn't touched then.
func TestGuessOnlyWhereAllowed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		allowed bool
		product *product.Product
		creds   []Credential
		proven  bool
		proto   string
		cut     bool
		why     string
	}{
		{"not-allowed", false, thing(), accounts, true, "http", false, "intrusive"},
		{"not-expendable", true, thing(func(p *product.Product) { p.Units[0].Expendable = false }), accounts, true, "http", false, "expendable"},
		{"another-unit", true, thing(), accounts, false, "http", false, "identity"},
		{"no-credentials", true, thing(), nil, true, "http", false, "credentials"},
		{"not-described", true, thing(func(p *product.Product) { p.Interfaces[0].Login = nil }), accounts, true, "http", false, "login-description"},
		{"telnet", true, thing(), accounts, true, "telnet", false, "not-in-this-version"},
		{"interrupted", true, thing(), accounts, true, "http", true, "interrupted"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := &sinktest.Sink{}
			if row.cut {
				s.Cut = []string{"credentials web", "throttle web"}
			}
			s.Give(t, "unit-a/web", fact.Service{Unit: "unit-a", Interface: "web", Port: 80, Transport: "tcp", Protocol: row.proto})
			s.Give(t, "unit-a/web", fact.LoginChannel{Unit: "unit-a", Interface: "web", Port: 80, Scheme: "json"})
			s.Give(t, "unit-a", fact.Identity{Unit: "unit-a", Source: "http:/id", Serial: "S-1", Proven: row.proven})
			g := &Guess{Config: Config{Product: row.product, Network: refuses{t}, Credentials: row.creds}, Allowed: row.allowed}
			if err := g.Collect(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			want := []string{"login.limit " + row.why, "password.no-common " + row.why}
			if d := cmp.Diff(want, whys(t, s)); d != "" {
				t.Errorf("not tried (-want +got):\n%s", d)
			}
			if len(fact.Of[fact.Credential](s.Set(t)))+len(fact.Of[fact.Throttle](s.Set(t))) != 0 {
				t.Error("facts of a step that wasn't made")
			}
			for _, x := range fact.Of[fact.Scope](s.Set(t)) {
				if x.Value.Whole {
					t.Errorf("scope %+v", x.Value)
				}
			}
		})
	}
}

// TestGuessesSpread: interfaces are tried on expendable units, in turn.
func TestGuessesSpread(t *testing.T) {
	t.Parallel()
	p := thing(func(p *product.Product) {
		p.Interfaces = append(p.Interfaces, product.Interface{ID: "second", On: "device", Protocol: "http", Port: product.Port{Number: 81}, Login: &product.Login{Form: "json", Path: "/login"}})
		p.Units = append(p.Units, product.Unit{ID: "unit-b", Of: "device", Address: "unit-b", Expendable: true}, product.Unit{ID: "unit-c", Of: "device", Address: "unit-c"})
	})
	s := &sinktest.Sink{}
	for _, u := range []string{"unit-a", "unit-b", "unit-c"} {
		for i, port := range []uint16{80, 81} {
			name := []string{"web", "second"}[i]
			s.Give(t, u+"/"+name, fact.Service{Unit: u, Interface: name, Port: port, Protocol: "http"})
			s.Give(t, u+"/"+name, fact.LoginChannel{Unit: u, Interface: name, Port: port, Scheme: "json"})
		}
	}
	g := &Guess{Config: Config{Product: p}}
	var got []string
	for _, l := range g.logins(s.Set(t)) {
		got = append(got, l.key+" "+l.unit.ID)
	}
	if d := cmp.Diff([]string{"second unit-a", "web unit-b"}, got); d != "" {
		t.Errorf("where (-want +got):\n%s", d)
	}
}

// TestGuessList: what the image gave comes first, no account is tried more
// often than a careful product allows, and guesses are known as such.
func TestGuessList(t *testing.T) {
	t.Parallel()
	s := &sinktest.Sink{}
	for i := range 6 {
		s.Give(t, "image", fact.ImageSecret{Found: fact.Found{Image: "i", Path: "/etc/passwd", Line: i + 1}, Type: "password", User: "admin", Handle: fmt.Sprint("h", i)})
	}
	s.Give(t, "image", fact.ImageSecret{Type: "password-hash", User: "root", Handle: "h9", Recovered: true})
	s.Give(t, "image", fact.ImageSecret{Type: "password-hash", User: "nobody", Handle: "h8"})
	s.Give(t, "image", fact.ImageSecret{Type: "private-key", User: "key", Handle: "h7"})
	g := &Guess{Clear: func(h string) ([]byte, error) { return []byte("clear-" + h), nil }}
	list, source, err := g.list(s.Set(t))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for i, c := range list {
		count[c.User]++
		if c.User == "nobody" || c.User == "key" {
			t.Errorf("%s is no password of an account", c.User)
		}
		if strings.HasPrefix(c.Password, "clear-") != (source[i] == "image") {
			t.Errorf("%s is said to come from %s", c.Password, source[i])
		}
	}
	for user, n := range count {
		if n > perAccount {
			t.Errorf("%s is tried %d times", user, n)
		}
	}
	if count["admin"] != perAccount || list[0].Password == "" || source[0] != "image" {
		t.Errorf("list %v", list)
	}
	g.Clear = func(string) ([]byte, error) { return nil, errors.New("sealed by another key") }
	if _, _, err := g.list(s.Set(t)); err == nil {
		t.Error("a secret that can't be opened is dropped in silence")
	}
}

// TestGuessing goes through the door of a tiny camera: what opens is said,
// with the control around it; a limit is found or its absence is.
func TestGuessing(t *testing.T) {
	t.Parallel()
	s := &sinktest.Sink{}
	s.Give(t, "unit-a/web", fact.Service{Unit: "unit-a", Interface: "web", Port: 80, Transport: "tcp", Protocol: "http"})
	s.Give(t, "unit-a", fact.Identity{Unit: "unit-a", Source: "http:/id", Serial: "S-1", Proven: true})
	s.Give(t, "image", fact.ImageSecret{Type: "password", User: "guest", Handle: "h1"})
	synctest.Test(t, func(t *testing.T) {
		mem := network.NewMemory()
		l, err := mem.Listen("unit-a", 80)
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: &server{serial: "S-1", sessions: map[string]string{}}}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		})
		g := &Guess{Config: Config{Product: thing(), Network: mem, Credentials: accounts, Pace: time.Second}, Allowed: true,
			Clear: func(string) ([]byte, error) { return []byte("pw-viewer"), nil }}
		if err := g.Collect(t.Context(), s); err != nil {
			t.Error(err)
		}
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
	opened := 0
	for _, c := range fact.Of[fact.Credential](s.Set(t)) {
		if !c.Value.Control.Holds() {
			t.Errorf("%s: control %+v", c.Value.User, c.Value.Control)
		}
		if c.Value.Accepted {
			opened++
			if c.Value.User != "guest" || c.Value.Source != "image" || strings.Contains(c.Value.Secret, "pw-viewer") {
				t.Errorf("opened by %+v", c.Value)
			}
		}
	}
	if opened != 1 {
		t.Errorf("%d credentials opened, want that of the image", opened)
	}
	throttles := fact.Of[fact.Throttle](s.Set(t))
	if len(throttles) != 1 || throttles[0].Value.LimitedAt != 0 || throttles[0].Value.Attempts < 6 || !throttles[0].Value.Control.Holds() {
		t.Errorf("throttle %+v", throttles)
	}
}
