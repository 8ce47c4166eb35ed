package device

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/sinktest"
	"assay/internal/fact"
	"assay/internal/network"
	"assay/internal/product"
)

// counting is a camera that notes what is asked of it. Nobody's answers are
// given by path; the entitled get JSON everywhere.
type counting struct {
	nobody map[string]func(http.ResponseWriter)

	mu     sync.Mutex
	logins []string
	calls  map[string]bool // "METHOD path" with a session
	hosts  map[string]bool
}

func (s *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[r.Host] = true
	role := ""
	if c, err := r.Cookie("session"); err == nil {
		role = c.Value
	}
	switch r.URL.Path {
	case "/":
		fmt.Fprint(w, "<title>thing</title>")
		return
	case "/login":
		var in struct{ User, Pass string }
		if json.NewDecoder(r.Body).Decode(&in) == nil {
			s.logins = append(s.logins, in.User+":"+in.Pass)
		}
		for _, a := range accounts {
			if a.User == in.User && a.Password == in.Pass {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: a.Role})
				fmt.Fprint(w, `{"ok":true}`)
				return
			}
		}
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if role != "" {
		s.calls[r.Method+" "+r.URL.Path] = true
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"model":"T-1","serial":"S-1","path":%q}`, r.URL.Path)
		return
	}
	if f := s.nobody[r.URL.Path]; f != nil {
		f(w)
		return
	}
	w.WriteHeader(http.StatusUnauthorized)
}

func newCounting() *counting {
	return &counting{nobody: map[string]func(http.ResponseWriter){}, calls: map[string]bool{}, hosts: map[string]bool{}}
}

// elsewhere puts the unit on a network of its own, so that its address isn't
// the tester's.
func elsewhere(p *product.Product) {
	p.Units[0].Address, p.Units[0].Ports = "192.168.1.20", product.PortRange{}
}

func yes() *bool { v := true; return &v }

func no() *bool { v := false; return &v }

func TestLoginsOfAPlainRun(t *testing.T) {
	t.Parallel()
	wrong := func(role int) []Credential {
		k := slices.Clone(accounts)
		k[role].Password += "x"
		return k
	}
	for _, row := range []struct {
		name  string
		creds []Credential
		want  map[string]int // at most
		wrong int
	}{
		{"right", accounts, map[string]int{"root": 4, "guest": 1}, 0},
		{"typo-in-the-first", wrong(0), map[string]int{"root": 1}, 1},
		{"typo-in-the-second", wrong(1), map[string]int{"root": 4, "guest": 1}, 1},
		{"none", nil, map[string]int{}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newCounting()
			look(t, thing(), row.creds, map[uint16]http.Handler{80: s})
			got, wrong := map[string]int{}, 0
			for _, l := range s.logins {
				user, pass, _ := strings.Cut(l, ":")
				got[user]++
				if !slices.ContainsFunc(accounts, func(a Credential) bool { return a.User == user && a.Password == pass }) {
					wrong++
				}
			}
			for user, n := range got {
				if n > row.want[user] {
					t.Errorf("%d logins as %q, at most %d", n, user, row.want[user])
				}
			}
			if wrong != row.wrong || row.creds != nil && len(got) == 0 {
				t.Errorf("%d wrong passwords, want %d: %v", wrong, row.wrong, s.logins)
			}
		})
	}
}

func TestUnclearAnswersAreNamed(t *testing.T) {
	t.Parallel()
	s := newCounting()
	s.nobody["/settings"] = func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }
	s.nobody["/view"] = func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"code":401}`)
	}
	sink := look(t, thing(), accounts, map[uint16]http.Handler{80: s})
	set := sink.Set(t)
	got := map[string]bool{}
	for _, a := range fact.Of[fact.Access](set) {
		got[a.Value.Function] = a.Value.Allowed
	}
	if d := cmp.Diff(map[string]bool{"GET /view": false}, got); d != "" {
		t.Errorf("access (-want +got):\n%s", d)
	}
	unclear := fact.Where(set, func(n fact.NotTried) bool { return n.Test == "auth.required" })
	if len(unclear) != 1 {
		t.Fatalf("not tried: %+v", unclear)
	}
	if d := cmp.Diff(fact.NotTried{Test: "auth.required", Why: "not-tried.no-clear-answer",
		Args: map[string]string{"interface": "web", "function": "GET /settings", "status": "500"}}, unclear[0].Value); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestHarmful(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/api/reboot": true, "/api/sys_Reboot": true, "/api/re-boot": true, "/api/%72eboot": true, "/api/%2572eboot": true,
		"/cgi-bin/x?action=factoryReset": true, "/format": true, "/power/off": true, "/api/power-off": true, "/ptz/left": true,
		"/api/deleteUser": true, "/siren": true, "/FirmwareUpgrade": true, "/api/system.restore": true,
		"/api/information": false, "/api/presets": false, "/api/settings": false, "/api/update/check": false, "/api/users": false, "/http/zone": false,
	} {
		if harmful(path) != want {
			t.Errorf("harmful(%q) = %v", path, !want)
		}
	}
	if !harmful("/api.cgi", `{"cmd":"Reboot"}`) {
		t.Error("a body that reboots is not harmful")
	}
}

func TestCallable(t *testing.T) {
	t.Parallel()
	real, sim := product.Unit{Address: "192.168.1.20", Simulated: true}, product.Unit{Address: "127.0.0.1", Simulated: true}
	spare := product.Unit{Address: "192.168.1.20", Expendable: true}
	for name, tt := range map[string]struct {
		unit      product.Unit
		intrusive bool
		f         product.Function
		want      bool
	}{
		"get":                      {real, false, product.Function{Path: "/a"}, true},
		"get-unsafe":               {real, true, product.Function{Path: "/a", Safe: no()}, false},
		"get-harmful":              {spare, true, product.Function{Path: "/reboot", Safe: yes()}, false},
		"get-harmful-loopback":     {product.Unit{Address: "127.0.0.1"}, false, product.Function{Path: "/reboot", Safe: yes()}, false},
		"get-harmful-simulated":    {sim, false, product.Function{Path: "/reboot", Safe: yes()}, true},
		"get-harmful-undeclared":   {sim, false, product.Function{Path: "/reboot"}, false},
		"post":                     {real, false, product.Function{Method: "POST", Path: "/a"}, false},
		"post-safe":                {real, false, product.Function{Method: "POST", Path: "/a", Safe: yes()}, true},
		"post-intrusive":           {spare, true, product.Function{Method: "POST", Path: "/a"}, true},
		"post-intrusive-kept":      {real, true, product.Function{Method: "POST", Path: "/a"}, false},
		"post-harmful-body":        {real, false, product.Function{Method: "POST", Path: "/api.cgi", Body: `{"cmd":"Reboot"}`, Safe: yes()}, false},
		"delete-safe":              {real, false, product.Function{Method: "DELETE", Path: "/recordings/0", Safe: yes()}, false},
		"delete-safe-simulated":    {sim, false, product.Function{Method: "DELETE", Path: "/recordings/0", Safe: yes()}, true},
		"options-not-said":         {real, false, product.Function{Method: "OPTIONS", Path: "/a"}, false},
		"harmful-simulated-remote": {real, false, product.Function{Path: "/siren", Safe: yes()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := Config{Intrusive: tt.intrusive}
			if got := c.callable(tt.unit, tt.f); got != tt.want {
				t.Errorf("callable: %v", got)
			}
		})
	}
}

// TestHeldBack: what a stranger's workspace calls safe isn't called with the
// tester's account, and is named.
func TestHeldBack(t *testing.T) {
	t.Parallel()
	s := newCounting()
	p := thing(func(p *product.Product) {
		p.Units[0].Address = "192.168.1.20"
		l := p.Interfaces[0].Login
		l.Functions = append(l.Functions,
			product.Function{Path: "/api/reboot", Right: "settings", Safe: yes()},
			product.Function{Method: "POST", Path: "/api/%66ormat", Right: "settings", Safe: yes()},
			product.Function{Method: "POST", Path: "/api/name", Right: "settings"},
			product.Function{Method: "POST", Path: "/api/check", Right: "settings", Safe: yes()},
			product.Function{Method: "POST", Path: "/api/said", Right: "settings", Safe: no()})
		l.Logout, l.Identity = "/api/factory-reset", "/api/restart"
	})
	sink := look(t, p, accounts, map[uint16]http.Handler{80: s})
	want := map[string]bool{"GET /settings": true, "GET /view": true, "POST /api/check": true}
	if d := cmp.Diff(want, s.calls); d != "" {
		t.Errorf("called with a session (-want +got):\n%s", d)
	}
	var held []string
	for _, n := range fact.Where(sink.Set(t), func(n fact.NotTried) bool { return n.Test == "auth.required" && n.Why == "not-tried.held-back" }) {
		held = append(held, n.Value.Args["function"])
	}
	slices.Sort(held)
	if d := cmp.Diff([]string{"GET /api/reboot", "GET /api/restart", "POST /api/%66ormat", "POST /api/factory-reset", "POST /api/name"}, held); d != "" {
		t.Errorf("held back (-want +got):\n%s", d)
	}
}

func TestOnlyRedirects(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		to     string // of every path
		page   bool   // the front page redirects alone
		want   []string
		logins int
	}{
		{"to-https", "https://192.168.1.20/", false, []string{"/", "/login"}, 0},
		{"elsewhere", "https://192.0.2.1/", false, []string{"/"}, 1},
		{"front-page-alone", "https://192.168.1.20/", true, []string{"/"}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			posts, hosts := 0, map[string]bool{}
			sink := look(t, thing(elsewhere), accounts, map[uint16]http.Handler{80: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				hosts[r.Host] = true
				if r.Method == "POST" {
					posts++
				}
				if row.page && r.URL.Path != "/" {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				http.Redirect(w, r, row.to, http.StatusMovedPermanently)
			})})
			set := sink.Set(t)
			var from []string
			for _, r := range fact.Of[fact.Redirect](set) {
				from = append(from, r.Value.From)
			}
			slices.Sort(from)
			if d := cmp.Diff(row.want, from); d != "" || posts != row.logins {
				t.Errorf("%d logins, redirects (-want +got):\n%s", posts, d)
			}
			if row.logins == 0 {
				if d := cmp.Diff([]string{"access.roles redirects", "auth.required redirects", "session.logout redirects"}, whys(t, sink)); d != "" {
					t.Errorf("not tried (-want +got):\n%s", d)
				}
				if n := len(fact.Of[fact.LoginChannel](set)) + len(fact.Of[fact.Access](set)); n != 0 {
					t.Errorf("%d facts on a login that isn't there", n)
				}
			}
			if !hosts["192.168.1.20"] {
				t.Errorf("Host %v", hosts)
			}
		})
	}
}

// streaming serves one stream behind Basic.
type streaming struct {
	path  string
	mu    sync.Mutex
	auth  map[string]int // Authorization → times
	hosts map[string]bool
}

func (s *streaming) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		first, auth, cseq := "", "", ""
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if line = strings.TrimRight(line, "\r\n"); line == "" {
				break
			}
			if first == "" {
				first = line
			}
			if v, ok := strings.CutPrefix(line, "Authorization: "); ok {
				auth = v
			}
			if v, ok := strings.CutPrefix(line, "CSeq: "); ok {
				cseq = v
			}
		}
		part := strings.Fields(first)
		if len(part) != 3 {
			return
		}
		host, path, _ := strings.Cut(strings.TrimPrefix(part[1], "rtsp://"), "/")
		s.mu.Lock()
		if auth != "" {
			s.auth[auth]++
			s.hosts[host] = true
		}
		s.mu.Unlock()
		answer := "404 Not Found\r\nCSeq: " + cseq + "\r\n\r\n"
		switch {
		case part[0] == "OPTIONS":
			answer = "200 OK\r\nCSeq: " + cseq + "\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n"
		case "/"+path != s.path:
		case auth == "Basic cm9vdDpwdy1hZG1pbg==":
			answer = "200 OK\r\nCSeq: " + cseq + "\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"
		default:
			answer = "401 Unauthorized\r\nCSeq: " + cseq + "\r\nWWW-Authenticate: Basic realm=\"r\"\r\n\r\n"
		}
		if _, err := fmt.Fprint(c, "RTSP/1.0 "+answer); err != nil {
			return
		}
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	typo := []Credential{{Unit: "unit-a", Role: "admin", User: "root", Password: "pw-admim"}}
	for _, row := range []struct {
		name, at, declared string
		creds              []Credential
		access             bool
		why                []string
		sent               int // credentials
	}{
		{"at-the-root", "/", "", accounts, true, nil, 2},
		{"found", "/stream1", "", accounts, true, nil, 2},
		{"declared", "/very/own", "/very/own", accounts, true, nil, 2},
		{"not-found", "/very/own", "", accounts, false, []string{"auth.required rtsp-path"}, 2},
		{"typo", "/", "", typo, false, []string{"auth.required credentials-refused"}, 1},
		{"no-credentials", "/", "", nil, false, []string{"auth.required credentials"}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := thing(func(p *product.Product) {
				i := product.Interface{ID: "rtsp", On: "device", Protocol: "rtsp", Port: product.Port{Number: 80}, Auth: "basic"}
				if row.declared != "" {
					i.Login = &product.Login{Form: "basic", Path: row.declared}
				}
				p.Interfaces = []product.Interface{i}
			}, elsewhere)
			s := &streaming{path: row.at, auth: map[string]int{}, hosts: map[string]bool{}}
			sink := &sinktest.Sink{}
			synctest.Test(t, func(t *testing.T) {
				mem := network.NewMemory()
				l, err := mem.Listen("unit-a", 80)
				if err != nil {
					t.Fatal(err)
				}
				var wg sync.WaitGroup
				wg.Go(func() {
					for {
						c, err := l.Accept()
						if err != nil {
							return
						}
						wg.Go(func() { s.serve(c) })
					}
				})
				if err := (&Collector{Config{Product: p, Network: mem, Credentials: row.creds}}).Collect(t.Context(), sink); err != nil {
					t.Error(err)
				}
				_ = l.Close()
				wg.Wait()
			})
			got := fact.Of[fact.Access](sink.Set(t))
			if (len(got) == 1) != row.access || row.access && (got[0].Value.Allowed || !got[0].Value.Control.Holds()) {
				t.Errorf("access: %+v", got)
			}
			if d := cmp.Diff(row.why, whys(t, sink)); d != "" {
				t.Errorf("not tried (-want +got):\n%s", d)
			}
			sent := 0
			for _, n := range s.auth {
				sent += n
			}
			if sent > row.sent || len(s.auth) > 1 || row.access && !s.hosts["192.168.1.20:80"] {
				t.Errorf("credentials sent: %v, hosts %v", s.auth, s.hosts)
			}
		})
	}
}
