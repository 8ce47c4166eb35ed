package device

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
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

var boxAccounts = []Credential{{Role: "admin", User: "chief", Password: "pw-chief"}, {Role: "viewer", User: "watcher", Password: "pw-watcher"}}

// box is a device that counts who connects and which passwords come.
type box struct {
	certs map[string]*tls.Certificate // by the serial number in the subject

	mu          sync.Mutex
	named       string // serial number in the certificate; "": none
	tells       string // serial number at /id, behind the login; "": none
	foreign     bool   // knows none of the accounts
	lockedFirst int    // log-ins answered by a lock before any other

	connections, entitled int
	wrong                 map[string]int // wrong passwords by user
}

func newBox(t *testing.T) *box {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &box{certs: make(map[string]*tls.Certificate), wrong: make(map[string]int)}
	for _, serial := range []string{"", "S-1", "S-2"} {
		c := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "thing,SERIALNUMBER=S-1", SerialNumber: serial}}
		der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		b.certs[serial] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	return b
}

func (b *box) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.certs[b.named], nil
}

func (b *box) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, err := r.Cookie("session")
	switch {
	case r.URL.Path == "/login":
		b.login(w, r)
	case err != nil:
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/id" && b.tells != "":
		fmt.Fprintf(w, `{"serial":%q}`, b.tells)
	case r.URL.Path == "/view":
		fmt.Fprint(w, `{}`)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (b *box) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ User, Pass string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if b.lockedFirst > 0 {
		b.lockedFirst--
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	if !slices.ContainsFunc(boxAccounts, func(k Credential) bool { return k.User == in.User && k.Password == in.Pass }) {
		b.wrong[in.User]++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	b.entitled++
	if b.foreign {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
	fmt.Fprint(w, `{"ok":true}`)
}

func (b *box) guesses() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, k := range b.wrong {
		n += k
	}
	return n
}

func (b *box) users() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for u := range b.wrong {
		out = append(out, u)
	}
	slices.Sort(out)
	return out
}

// counted counts the connections of a listener.
type counted struct {
	net.Listener
	b *box
}

func (c counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.b.mu.Lock()
		c.b.connections++
		c.b.mu.Unlock()
	}
	return conn, err
}

// boxed is a product with one unit: administration over TLS, and the same in
// the clear.
func boxed() *product.Product {
	login := &product.Login{Form: "json", Path: "/login", UserField: "user", PassField: "pass", Identity: "/id",
		Functions: []product.Function{{Path: "/view", Right: "view"}}}
	return &product.Product{
		Components: []product.Component{{ID: "device", Kind: "device"}},
		Roles:      map[string]product.Role{"admin": {May: []string{"view", "settings"}}, "viewer": {May: []string{"view"}}},
		Interfaces: []product.Interface{
			{ID: "web", On: "device", Protocol: "https", Port: product.Port{Number: 443}, Roles: []string{"admin", "viewer"}, Login: login},
			{ID: "plain", On: "device", Protocol: "http", Port: product.Port{Number: 80}, Roles: []string{"admin", "viewer"}, Login: login},
		},
		Units: []product.Unit{{ID: "unit-a", Of: "device", Serial: "S-1", Address: "192.168.50.11", Expendable: true}},
	}
}

// seenBefore are the facts of an earlier attempt: the unit proved itself then.
func seenBefore(t *testing.T, ports ...uint16) *sinktest.Sink {
	t.Helper()
	s := &sinktest.Sink{}
	for _, p := range ports {
		proto, id := "http", map[uint16]string{80: "plain", 443: "web"}[p]
		if p == 443 || p == 8443 {
			proto = "https"
		}
		if p == 554 {
			proto = "rtsp"
		}
		subject := "unit-a/" + id
		if id == "" {
			subject = fmt.Sprintf("unit-a/tcp-%d", p)
		}
		s.Give(t, subject, fact.Service{Unit: "unit-a", Interface: id, Port: p, Transport: "tcp", Protocol: proto, TLS: proto == "https"})
		s.Give(t, subject, fact.LoginChannel{Unit: "unit-a", Interface: id, Port: p, Scheme: "json"})
	}
	s.Give(t, "unit-a", fact.Identity{Unit: "unit-a", Source: "tls-certificate web", Serial: "S-1", Proven: true})
	return s
}

// run serves b on ports and guesses, in a bubble of time.
func (b *box) run(t *testing.T, g *Guess, sink fact.Sink, ports ...uint16) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		mem := network.NewMemory()
		var wg sync.WaitGroup
		var servers []*http.Server
		for _, port := range ports {
			l, err := mem.Listen("unit-a", port)
			if err != nil {
				t.Fatal(err)
			}
			l = counted{l, b}
			if port == 443 || port == 8443 {
				l = tls.NewListener(l, &tls.Config{GetCertificate: b.certificate})
			}
			srv := &http.Server{Handler: b, ErrorLog: log.New(io.Discard, "", 0)}
			servers = append(servers, srv)
			wg.Go(func() {
				if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
					t.Error(err)
				}
			})
		}
		g.Network, g.Pace, g.Clear = mem, time.Second, func(string) ([]byte, error) { return nil, errors.New("no secrets here") }
		if err := g.Collect(t.Context(), sink); err != nil {
			t.Error(err)
		}
		for _, srv := range servers {
			if err := srv.Close(); err != nil {
				t.Error(err)
			}
		}
		wg.Wait()
	})
}

func reasons(t *testing.T, s *sinktest.Sink) []string {
	t.Helper()
	out := []string{}
	for _, n := range fact.Of[fact.NotTried](s.Set(t)) {
		out = append(out, n.Value.Test+" "+strings.TrimPrefix(n.Value.Why, "not-tried."))
	}
	slices.Sort(out)
	return out
}

func both(why string) []string { return []string{"login.limit " + why, "password.no-common " + why} }

// TestNoGuessWithoutProof: wrong passwords reach a unit only where the tester
// allowed it, on a declared interface of an expendable unit that has just
// shown its serial number. The facts of the set say in every row that it did
// so earlier.
func TestNoGuessWithoutProof(t *testing.T) {
	t.Parallel()
	web := []uint16{443}
	for _, row := range []struct {
		name     string
		ports    []uint16
		set      func(*box, *Guess, *sinktest.Sink)
		guessed  bool
		silent   bool // not even connected to
		entitled int  // log-ins with the tester's own accounts at most; -1: any number
		why      []string
	}{
		{"certificate", web, func(b *box, _ *Guess, _ *sinktest.Sink) { b.named = "S-1" }, true, false, -1, []string{}},
		{"signed-in", web, func(b *box, _ *Guess, _ *sinktest.Sink) { b.tells = "S-1" }, true, false, -1, []string{}},
		{"signed-in-after-a-lock", web, func(b *box, _ *Guess, _ *sinktest.Sink) { b.tells, b.lockedFirst = "S-1", 2 }, true, false, -1, []string{}},
		{"signed-in-in-the-clear", []uint16{80}, func(b *box, _ *Guess, _ *sinktest.Sink) { b.tells = "S-1" }, true, false, -1, []string{}},
		{"not-allowed", web, func(b *box, g *Guess, _ *sinktest.Sink) { b.named, g.Allowed = "S-1", false }, false, true, 0, both("intrusive")},
		{"not-expendable", web, func(b *box, g *Guess, _ *sinktest.Sink) { b.named, g.Product.Units[0].Expendable = "S-1", false }, false, true, 0, both("expendable")},
		{"no-serial-declared", web, func(b *box, g *Guess, _ *sinktest.Sink) { b.named, g.Product.Units[0].Serial = "S-1", "" }, false, true, 0, both("identity")},
		{"undeclared-web", []uint16{8443}, func(b *box, _ *Guess, _ *sinktest.Sink) { b.named, b.tells = "S-1", "S-1" }, false, true, 0, both("login-description")},
		{"undeclared-stream", []uint16{554}, func(b *box, _ *Guess, _ *sinktest.Sink) {}, false, true, 0, both("login-description")},
		{"another-certificate", web, func(b *box, _ *Guess, _ *sinktest.Sink) { b.named, b.tells = "S-2", "S-1" }, false, false, 0, both("identity")},
		{"another-signed-in", web, func(b *box, _ *Guess, _ *sinktest.Sink) { b.tells = "S-2" }, false, false, 2, both("identity")},
		{"a-stranger", web, func(b *box, _ *Guess, _ *sinktest.Sink) { b.foreign, b.tells = true, "S-1" }, false, false, 2, both("identity")},
		{"locked-for-ever", web, func(b *box, _ *Guess, _ *sinktest.Sink) { b.lockedFirst, b.tells = 1000, "S-1" }, false, false, 0, both("identity")},
		{"names-nobody", web, func(_ *box, g *Guess, _ *sinktest.Sink) { g.Product.Interfaces[0].Login.Identity = "" }, false, false, 0, both("identity")},
		{"path-without-serial", web, func(*box, *Guess, *sinktest.Sink) {}, false, false, 2, both("identity")},
		{"seen-as-another", web, func(b *box, _ *Guess, s *sinktest.Sink) {
			b.named = "S-1"
			s.Give(t, "unit-a", fact.Identity{Unit: "unit-a", Source: "http:/id", Serial: "S-2"})
		}, false, true, 0, both("identity")},
		{"cut-off-before", web, func(b *box, _ *Guess, s *sinktest.Sink) {
			b.named, s.Cut = "S-1", []string{"credentials web", "throttle web"}
		}, false, true, 0, both("interrupted")},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b, s := newBox(t), seenBefore(t, row.ports...)
			g := &Guess{Config: Config{Product: boxed(), Credentials: boxAccounts}, Allowed: true}
			row.set(b, g, s)
			b.run(t, g, s, row.ports...)
			if got := b.guesses(); (got > 0) != row.guessed {
				t.Errorf("%d wrong passwords: %v", got, b.wrong)
			}
			if row.silent && b.connections > 0 {
				t.Errorf("%d connections", b.connections)
			}
			if row.entitled >= 0 && b.entitled > row.entitled {
				t.Errorf("%d log-ins with the tester's accounts, at most %d", b.entitled, row.entitled)
			}
			if d := cmp.Diff(row.why, reasons(t, s)); d != "" {
				t.Errorf("not tried (-want +got):\n%s", d)
			}
			facts := len(fact.Of[fact.Throttle](s.Set(t)))
			if row.guessed != (facts == 1) || row.guessed != (len(fact.Of[fact.Credential](s.Set(t))) > 0) {
				t.Errorf("%d facts on a limit, %d on credentials", facts, len(fact.Of[fact.Credential](s.Set(t))))
			}
		})
	}
}

// TestIdentityOfAnotherService: an interface in the clear is proved by the
// certificate of another declared service of the unit, without a password.
func TestIdentityOfAnotherService(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		named   string
		guessed bool
	}{{"S-1", true}, {"S-2", false}} {
		t.Run(row.named, func(t *testing.T) {
			t.Parallel()
			b, s := newBox(t), seenBefore(t, 80, 443)
			b.named, b.tells = row.named, "S-1"
			p := boxed()
			p.Interfaces[0].Login = nil
			s.Given = slices.DeleteFunc(s.Given, func(f fact.Fact) bool { return f.Subject == "unit-a/web" && f.Kind == fact.LoginChannel{}.Kind() })
			b.run(t, &Guess{Config: Config{Product: p, Credentials: boxAccounts}, Allowed: true}, s, 80, 443)
			if got := b.guesses(); (got > 0) != row.guessed {
				t.Errorf("%d wrong passwords", got)
			}
			if !row.guessed && b.entitled > 0 {
				t.Errorf("%d passwords sent to another unit", b.entitled)
			}
			ids := fact.Where(s.Set(t), func(i fact.Identity) bool { return i.Serial == row.named })
			if len(ids) == 0 || ids[len(ids)-1].Value.Proven != row.guessed {
				t.Errorf("identities %+v", ids)
			}
			if !row.guessed && len(ids[0].Evidence) == 0 {
				t.Error("what showed another unit isn't kept")
			}
		})
	}
}

// hooked calls before each unit of work.
type hooked struct {
	*sinktest.Sink
	before func(name string)
}

func (h hooked) Unit(ctx context.Context, u fact.Unit, work func(context.Context, fact.Recorder) error) error {
	h.before(u.Name)
	return h.Sink.Unit(ctx, u, work)
}

// TestUnitExchangedBetweenSteps: the second step asks again who is there.
func TestUnitExchangedBetweenSteps(t *testing.T) {
	t.Parallel()
	b, s := newBox(t), seenBefore(t, 443)
	b.named = "S-1"
	first := 0
	sink := hooked{s, func(name string) {
		if name == "throttle web" {
			first = b.guesses()
			b.mu.Lock()
			b.named = "S-2"
			b.mu.Unlock()
		}
	}}
	b.run(t, &Guess{Config: Config{Product: boxed(), Credentials: boxAccounts}, Allowed: true}, sink, 443)
	if first == 0 || b.guesses() != first {
		t.Errorf("%d wrong passwords before the exchange, %d after", first, b.guesses()-first)
	}
	if d := cmp.Diff([]string{"login.limit identity"}, reasons(t, s)); d != "" {
		t.Errorf("not tried (-want +got):\n%s", d)
	}
	other := fact.Where(s.Set(t), func(i fact.Identity) bool { return i.Serial == "S-2" && !i.Proven })
	if len(other) != 1 || len(fact.Of[fact.Credential](s.Set(t))) == 0 {
		t.Errorf("%d facts on the other unit", len(other))
	}
}

// TestGuessDoesOnlyWhatIsWanted: a chosen case doesn't bring the other step.
func TestGuessDoesOnlyWhatIsWanted(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		want     []fact.Kind
		throttle int
		users    func([]string) bool
	}{
		{"limit", []fact.Kind{fact.Throttle{}.Kind()}, 1, func(u []string) bool { return slices.Equal(u, []string{"watcher"}) }},
		{"common", []fact.Kind{fact.Credential{}.Kind()}, 0, func(u []string) bool { return len(u) > 5 && !slices.Contains(u, "watcher") }},
		{"neither", []fact.Kind{fact.Identity{}.Kind()}, 0, func(u []string) bool { return len(u) == 0 }},
		{"both", []fact.Kind{fact.Credential{}.Kind(), fact.Throttle{}.Kind()}, 1, func(u []string) bool { return len(u) > 5 && slices.Contains(u, "watcher") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b, s := newBox(t), seenBefore(t, 443)
			b.named = "S-1"
			g := &Guess{Config: Config{Product: boxed(), Credentials: boxAccounts}, Allowed: true,
				Want: func(k fact.Kind) bool { return slices.Contains(row.want, k) }}
			b.run(t, g, s, 443)
			if !row.users(b.users()) {
				t.Errorf("wrong passwords for %v", b.users())
			}
			if got := len(fact.Of[fact.Throttle](s.Set(t))); got != row.throttle {
				t.Errorf("%d facts on a limit, want %d", got, row.throttle)
			}
			if got := reasons(t, s); len(got) > 0 {
				t.Errorf("not tried: %v", got)
			}
		})
	}
}

// TestSerialOf: only the attribute counts, whatever else the subject spells.
func TestSerialOf(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	for _, want := range []string{"", "S-1", "S-2"} {
		if got := serialOf(b.certs[want].Certificate[0]); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := serialOf([]byte("no certificate")); got != "" {
		t.Errorf("got %q", got)
	}
}
