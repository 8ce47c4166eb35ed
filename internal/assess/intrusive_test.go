package assess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"assay/internal/collect/device"
	"assay/internal/fact"
	"assay/internal/limit"
	"assay/internal/network"
	"assay/internal/product"
	"assay/internal/sandbox"
	"assay/internal/standard"
	"assay/internal/store"
	"assay/internal/testcase"
)

const bench = `schema: assay/product@1
product: { name: Thing, model: T-1, release: "1", category: other, maker: { name: M } }
standards: [iot-1005-1]
components:
  - { id: device, kind: device }
roles:
  admin: { may: [view, settings] }
  viewer: { may: [view] }
interfaces:
  - id: web
    on: device
    protocol: http
    port: 80
    purpose: administration
    auth: password
    roles: [admin, viewer]
    login: { form: json, path: /login, user_field: user, pass_field: pass, identity: /id, functions: [ { path: /view, right: view } ] }
units:
  - { id: unit-a, of: device, serial: "S-1", address: 127.0.0.1, expendable: true, simulated: true, ports: 70-90 }
`

var keyring = []device.Credential{{Unit: "unit-a", Role: "admin", User: "chief", Password: "pw-chief"}, {Unit: "unit-a", Role: "viewer", User: "watcher", Password: "pw-watcher"}}

// counter is a unit that counts the wrong passwords that reach it, by user.
type counter struct {
	mu      sync.Mutex
	serial  string
	wrong   map[string]int
	all     int
	onWrong func(n int)
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := r.Cookie("session")
	switch {
	case r.URL.Path == "/login":
		var in struct{ User, Pass string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if slices.ContainsFunc(keyring, func(k device.Credential) bool { return k.User == in.User && k.Password == in.Pass }) {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
			fmt.Fprint(w, `{"ok":true}`)
			return
		}
		c.wrong[in.User]++
		c.all++
		if c.onWrong != nil {
			c.onWrong(c.all)
		}
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/":
		fmt.Fprint(w, "<title>thing</title>")
	case err != nil:
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/id":
		fmt.Fprintf(w, `{"serial":%q,"model":"T-1"}`, c.serial)
	case r.URL.Path == "/view":
		fmt.Fprint(w, `{}`)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// take returns the wrong passwords since it was last called.
func (c *counter) take() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.wrong
	c.wrong = make(map[string]int)
	return out
}

// onBench runs f in a bubble of time with a workspace and a counting unit on
// port 80; other ports of more serve the same.
func onBench(t *testing.T, f func(t *testing.T, cfg Config, unit *counter), more ...uint16) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(dir, product.FileName), []byte(bench), 0o600); err != nil {
			t.Fatal(err)
		}
		p, problems := product.Load(product.FileName, []byte(bench), limit.Default().YAML)
		if product.HasErrors(problems) {
			t.Fatal(problems)
		}
		std, err := standard.Get("iot-1005-1")
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(dir, store.Options{Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		mem := network.NewMemory()
		door, err := mem.Open(t.Context(), network.Config{Targets: []network.Target{{Unit: "unit-a", Host: "127.0.0.1"}}, Limits: network.Limits{Connections: -1, PerSecond: -1}})
		if err != nil {
			t.Fatal(err)
		}
		unit := &counter{serial: "S-1", wrong: make(map[string]int)}
		srv := &http.Server{Handler: unit}
		var wg sync.WaitGroup
		for _, port := range append([]uint16{80}, more...) {
			l, err := mem.Listen("127.0.0.1", port)
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
					t.Error(err)
				}
			})
		}
		f(t, Config{Dir: dir, Product: p, Source: []byte(bench), Standards: []*standard.Standard{std}, Store: s, Network: door, Run: sandbox.InProcess(Parsers()),
			Credentials: keyring, Intrusive: true, Pace: time.Second, ID: "run-1", Program: "assay test", By: "test", Now: time.Now}, unit)
		if err := errors.Join(srv.Close(), s.Close()); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
}

func mustRun(t *testing.T, cfg Config) *Result {
	t.Helper()
	res, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Failed) > 0 {
		t.Fatalf("collectors failed: %v", res.Failed)
	}
	return res
}

func notTried(res *Result, test string) (why []string) {
	for _, n := range fact.Where(res.Stored.Facts, func(n fact.NotTried) bool { return n.Test == test }) {
		why = append(why, n.Value.Why)
	}
	return why
}

func sum(m map[string]int) (n int) {
	for _, k := range m {
		n += k
	}
	return n
}

// TestWrongPasswordsOnlyWhenAllowed: the whole job sends none without
// --intrusive, and some with it.
func TestWrongPasswordsOnlyWhenAllowed(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		t.Run(fmt.Sprint(allowed), func(t *testing.T) {
			t.Parallel()
			onBench(t, func(t *testing.T, cfg Config, unit *counter) {
				cfg.Intrusive = allowed
				res := mustRun(t, cfg)
				if got := unit.take(); (len(got) > 0) != allowed {
					t.Errorf("wrong passwords: %v", got)
				}
				if got := notTried(res, "login.limit"); !allowed && !slices.Equal(got, []string{"not-tried.intrusive"}) {
					t.Errorf("not tried: %v", got)
				}
			})
		})
	}
}

// TestUndeclaredPortsAreNotGuessed: what answers there gets no password at
// all, not even those of the tester.
func TestUndeclaredPortsAreNotGuessed(t *testing.T) {
	t.Parallel()
	total := func(ports ...uint16) (n int) {
		onBench(t, func(t *testing.T, cfg Config, unit *counter) {
			res := mustRun(t, cfg)
			if got := len(fact.Of[fact.Service](res.Stored.Facts)); got != 1+len(ports) {
				t.Errorf("%d services", got)
			}
			n = sum(unit.take())
		}, ports...)
		return n
	}
	if one, two := total(), total(81); one != two || one == 0 {
		t.Errorf("%d wrong passwords on the declared port, %d with an undeclared one beside it", one, two)
	}
}

// TestOnlyTheChosenStep: --only login.limit doesn't bring default passwords,
// --only password.no-common no search for a limit, --only tls.version neither.
func TestOnlyTheChosenStep(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		only testcase.ID
		ok   func(map[string]int) bool
	}{
		{"login.limit", func(m map[string]int) bool { return len(m) == 1 && m["watcher"] > 5 }},
		{"password.no-common", func(m map[string]int) bool { return len(m) > 5 && m["watcher"] == 0 }},
		{"identity.unique", func(m map[string]int) bool { return len(m) == 0 }},
		{"auth.required", func(m map[string]int) bool { return len(m) == 0 }},
	} {
		t.Run(string(row.only), func(t *testing.T) {
			t.Parallel()
			onBench(t, func(t *testing.T, cfg Config, unit *counter) {
				cfg.Only = []testcase.ID{row.only}
				mustRun(t, cfg)
				if got := unit.take(); !row.ok(got) {
					t.Errorf("wrong passwords: %v", got)
				}
			})
		})
	}
}

// TestResumeRepeatsNoGuess: a run that was cut off while it guessed goes on
// without repeating that step, and makes the next one only on a unit that has
// just shown that it is the declared one.
func TestResumeRepeatsNoGuess(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		serial string // of the unit at the time of the second attempt
		cut    int    // at which wrong password
		ok     func(map[string]int) bool
		limit  []string
	}{
		{"same-unit", "S-1", 5, func(m map[string]int) bool { return len(m) == 1 && m["watcher"] > 5 }, nil},
		{"another-unit", "S-2", 5, func(m map[string]int) bool { return len(m) == 0 }, []string{"not-tried.identity"}},
		{"cut-in-the-second-step", "S-1", 22, func(m map[string]int) bool { return len(m) == 0 }, []string{"not-tried.interrupted"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			onBench(t, func(t *testing.T, cfg Config, unit *counter) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				unit.onWrong = func(n int) {
					if n == row.cut {
						cancel()
					}
				}
				if _, err := Run(ctx, cfg); !errors.Is(err, context.Canceled) {
					t.Fatalf("a cut-off run: %v", err)
				}
				if got := sum(unit.take()); got != row.cut {
					t.Fatalf("%d wrong passwords before the cut, want %d", got, row.cut)
				}
				st, err := cfg.Store.Load(t.Context(), "run-1")
				if err != nil {
					t.Fatal(err)
				}
				if len(fact.Of[fact.Service](st.Facts)) != 1 {
					t.Error("what was collected before the cut is lost")
				}
				unit.serial, unit.onWrong = row.serial, nil
				cfg.Resume, cfg.ID = "run-1", ""
				res := mustRun(t, cfg)
				if got := unit.take(); !row.ok(got) {
					t.Errorf("wrong passwords after the cut: %v", got)
				}
				if got := notTried(res, "login.limit"); !slices.Equal(got, row.limit) {
					t.Errorf("login.limit not tried: %v", got)
				}
				if got := notTried(res, "password.no-common"); row.cut < 20 && !slices.Equal(got, []string{"not-tried.interrupted"}) {
					t.Errorf("password.no-common not tried: %v", got)
				}
				if res.Stored.Resumed != 1 {
					t.Errorf("resumed %d times", res.Stored.Resumed)
				}
			})
		})
	}
}

// TestNeeded: the kinds that a choice of cases needs, with what its
// collectors read.
func TestNeeded(t *testing.T) {
	t.Parallel()
	all := collectors(Config{Product: &product.Product{Units: []product.Unit{{ID: "u"}}}, Network: closed{}, Now: time.Now})
	credential, throttle := fact.Credential{}.Kind(), fact.Throttle{}.Kind()
	got := needed([]testcase.ID{"login.limit"}, all)
	if !got[throttle] || got[credential] || !got[fact.Service{}.Kind()] || !got[fact.ImageSecret{}.Kind()] {
		t.Errorf("login.limit needs %v", got)
	}
	for _, row := range []struct {
		only                 []testcase.ID
		credential, throttle bool
	}{
		{nil, true, true},
		{[]testcase.ID{"login.limit"}, false, true},
		{[]testcase.ID{"password.no-common"}, true, false},
		{[]testcase.ID{"login.limit", "password.no-common"}, true, true},
	} {
		for _, c := range collectors(Config{Only: row.only, Product: &product.Product{Units: []product.Unit{{ID: "u"}}}, Network: closed{}, Now: time.Now}) {
			g, ok := c.(*device.Guess)
			if !ok {
				continue
			}
			want := func(k fact.Kind) bool { return g.Want == nil || g.Want(k) }
			if want(credential) != row.credential || want(throttle) != row.throttle {
				t.Errorf("%v: credentials %t, limit %t", row.only, want(credential), want(throttle))
			}
		}
	}
}

// TestLookAtSomePorts: a range that a person names holds wherever the device
// stands.
func TestLookAtSomePorts(t *testing.T) {
	t.Parallel()
	onBench(t, func(t *testing.T, cfg Config, unit *counter) {
		p := *cfg.Product
		p.Units = []product.Unit{{ID: "unit-a", Of: "device", Address: "192.168.1.2", Ports: product.PortRange{From: 79, To: 81}}}
		cfg.Product, cfg.Asks = &p, []string{"tls"}
		set, err := Look(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range fact.Where(set, func(s fact.Scope) bool { return s.What == fact.ScopePorts }) {
			if s.Value.Count != 3 || s.Value.Detail != "79-81" || !s.Value.Whole {
				t.Errorf("scope %+v", s.Value)
			}
		}
		if len(fact.Of[fact.Service](set)) != 1 || len(unit.take()) != 0 {
			t.Error("one service and no password were expected")
		}
	})
}
