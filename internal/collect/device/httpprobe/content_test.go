package httpprobe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"assay/internal/collect/device/httpwire"
	"assay/internal/network"
)

// reply is one answer of a double.
type reply struct {
	status         int
	kind, location string
	body           string
}

func (r reply) write(w http.ResponseWriter) {
	if r.kind != "" {
		w.Header().Set("Content-Type", r.kind)
	}
	if r.location != "" {
		w.Header().Set("Location", r.location)
	}
	w.WriteHeader(r.status)
	fmt.Fprint(w, r.body)
}

func jsonReply(body string) reply { return reply{status: 200, kind: "application/json", body: body} }

func page(body string) reply { return reply{status: 200, kind: "text/html; charset=utf-8", body: body} }

// double is a camera whose answers are given: at login to a wrong password,
// and at each path to the entitled and to everybody else.
type double struct {
	wrong          reply // zero: 401
	theirs, others map[string]reply
	cookieForAll   bool // a wrong password gets a cookie as well
	keep           bool // a logout ends nothing
	weak           bool // admin:admin opens the account too
	short          int  // requests that a session lasts; 0: for ever
	mu             sync.Mutex
	sessions       map[string]int // requests so far
	logins         []string       // "user:password" in the order of arrival
	hosts          map[string]bool
}

func (d *double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hosts[r.Host] = true
	in := false
	if c, err := r.Cookie("sid"); err == nil {
		n, ok := d.sessions[c.Value]
		if in = ok && (d.short == 0 || n < d.short); in {
			d.sessions[c.Value]++
		}
		if r.URL.Path == "/logout" && !d.keep {
			delete(d.sessions, c.Value)
		}
	}
	switch r.URL.Path {
	case "/login":
		var got map[string]string
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		user, pass := got["username"], got["password"]
		d.logins = append(d.logins, user+":"+pass)
		id := fmt.Sprintf("session-%d", len(d.logins))
		good := user == "admin" && (pass == "right-pass" || d.weak && pass == "admin")
		if good {
			d.sessions[id] = 0
		}
		if good || d.cookieForAll {
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: id})
		}
		switch {
		case good:
			jsonReply(`{"msg":"hello"}`).write(w)
		case d.wrong.status == 0:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			d.wrong.write(w)
		}
	case "/logout":
	default:
		answers := d.others
		if in {
			answers = d.theirs
		}
		if a, ok := answers[r.URL.Path]; ok {
			a.write(w)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}
}

func (d *double) start(t *testing.T) Dial {
	t.Helper()
	d.sessions, d.hosts = map[string]int{}, map[string]bool{}
	m := network.NewMemory()
	l, err := m.Listen("cam", 80)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: d}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return func(ctx context.Context) (net.Conn, error) { return m.Dial(ctx, "cam", 80) }
}

var boss = Credential{User: "admin", Password: "right-pass"}

func doubleAPI(paths ...string) API {
	a := API{LoginPath: "/login", Form: JSON, LogoutPath: "/logout"}
	for _, p := range paths {
		a.Protected = append(a.Protected, Function{Path: p})
	}
	return a
}

const (
	settings = `{"name":"cam","zone":"Asia/Taipei","wifi":{"ssid":"home","psk":"x"},"users":[{"name":"admin","role":"admin"}]}`
	loginUI  = `<html><head><title>Camera</title></head><body><form action="/login"><input name="u"><input type="password" name="p"></form></body></html>`
)

var words = strings.Repeat("a table row with the settings of the camera and its network and storage ", 20)

// answers are what one function gives to the entitled and to somebody else.
var answers = map[string]struct {
	theirs, other reply
	want          Answer
	control       bool
}{
	// What is granted.
	"same_json":     {jsonReply(settings), jsonReply(strings.Replace(settings, "cam", "other", 1)), Allowed, true},
	"same_list":     {jsonReply(`[{"id":1},{"id":2}]`), jsonReply(`[{"id":1}]`), Allowed, true},
	"same_page":     {page("<title>Settings</title>" + words + "at 10:31:07"), page("<title>Settings</title>" + words + "at 10:31:09"), Allowed, true},
	"same_picture":  {reply{200, "image/jpeg", "", "\xff\xd8\xff\xe0" + strings.Repeat("a", 900)}, reply{200, "image/jpeg", "", "\xff\xd8\xff\xe0" + strings.Repeat("b", 1000)}, Allowed, true},
	"same_no_body":  {reply{status: 204}, reply{status: 204}, Allowed, true},
	"log_of_others": {jsonReply(`{"log":[{"at":1,"text":"login"}]}`), jsonReply(`{"log":[{"at":1,"text":"login"},{"at":2,"text":"unauthorized access, please log in"}]}`), Allowed, true},
	// What is refused.
	"status_401":        {jsonReply(settings), reply{status: 401}, Denied, true},
	"status_403":        {jsonReply(settings), reply{status: 403}, Denied, true},
	"status_404":        {jsonReply(settings), reply{status: 404}, Denied, true},
	"status_405":        {jsonReply(settings), reply{status: 405}, Denied, true},
	"status_400":        {jsonReply(settings), reply{status: 400}, Denied, true},
	"redirect_login":    {jsonReply(settings), reply{status: 302, location: "/login.html"}, Denied, true},
	"redirect_front":    {jsonReply(settings), reply{status: 302, location: "/"}, Denied, true},
	"login_page":        {page("<title>Settings</title>" + words), page(loginUI), Denied, true},
	"login_page_json":   {jsonReply(settings), page(loginUI), Denied, true},
	"login_title":       {jsonReply(settings), page(`<title>Log in</title><div id="app"></div><script src="x.js"></script>`), Denied, true},
	"reolink":           {jsonReply(`[{"cmd":"GetDevInfo","code":0,"value":{"model":"x"}}]`), jsonReply(`[{"cmd":"GetDevInfo","code":1,"error":{"detail":"please login first","rspCode":-6}}]`), Denied, true},
	"result_false":      {jsonReply(`{"result":true,"params":{"a":1}}`), jsonReply(`{"result":false}`), Denied, true},
	"error_code":        {jsonReply(`{"error_code":0,"result":{"a":1}}`), jsonReply(`{"error_code":-40401}`), Denied, true},
	"success_false":     {jsonReply(`{"success":true,"data":{}}`), jsonReply(`{"success":false}`), Denied, true},
	"code_401":          {jsonReply(`{"code":200,"data":{}}`), jsonReply(`{"code":401}`), Denied, true},
	"status_text":       {jsonReply(settings), jsonReply(`{"statusCode":4,"statusString":"Unauthorized"}`), Denied, true},
	"message":           {jsonReply(settings), jsonReply(`{"msg":"please log in"}`), Denied, true},
	"message_chinese":   {jsonReply(settings), jsonReply(`{"msg":"請先登入"}`), Denied, true},
	"plain_text":        {jsonReply(settings), reply{200, "text/plain", "", "Error: not logged in"}, Denied, true},
	"page_with_a_field": {page("<title>Wi-Fi</title><input type=password>" + words), reply{status: 401}, Denied, true},
	"field_and_login":   {page("<title>Wi-Fi</title><input type=password>" + words), page(loginUI), Denied, true},
	// What says neither.
	"status_500":       {jsonReply(settings), reply{status: 500}, Ambiguous, true},
	"status_429":       {jsonReply(settings), reply{status: 429}, Ambiguous, true},
	"other_content":    {jsonReply(settings), page(`<title>Camera</title><div id="app"></div>`), Ambiguous, true},
	"less_content":     {jsonReply(settings), jsonReply(`{"name":"cam"}`), Ambiguous, true},
	"unknown_code":     {jsonReply(`{"code":0,"msg":"","data":{"a":1,"b":2}}`), jsonReply(`{"code":7,"msg":"","data":null}`), Ambiguous, true},
	"other_code":       {jsonReply(`{"code":0,"msg":""}`), jsonReply(`{"code":7,"msg":""}`), Ambiguous, true},
	"empty":            {reply{status: 200}, reply{status: 200}, Ambiguous, true},
	"tiny_picture":     {reply{200, "image/jpeg", "", "\xff\xd8\xff\xe0" + strings.Repeat("a", 9000)}, reply{200, "image/jpeg", "", "\xff\xd8\xff\xe0tiny"}, Ambiguous, true},
	"login_for_all":    {page(loginUI), page(loginUI), Denied, false},
	"error_for_all":    {jsonReply(`{"code":401}`), jsonReply(`{"code":401}`), Denied, false},
	"open_to_nobody":   {reply{status: 404}, jsonReply(settings), Ambiguous, false},
	"missing_for_all":  {reply{status: 404}, reply{status: 404}, Ambiguous, false},
	"redirect_for_all": {reply{status: 301, location: "/api/"}, reply{status: 301, location: "/api/"}, Ambiguous, false},
}

func TestAnswersAreCompared(t *testing.T) {
	t.Parallel()
	for name, tt := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &double{theirs: map[string]reply{"/f": tt.theirs, "/status": jsonReply(`{"up":1}`)}, others: map[string]reply{"/f": tt.other, "/status": {status: 401}}}
				p := New(d.start(t), doubleAPI("/status", "/f"), Config{Known: []Credential{boss}})
				r := p.AnonymousAccess(t.Context(), boss)
				if row := r.Rows[1]; row.Anonymous.Answer != tt.want || row.Control != tt.control {
					t.Errorf("anonymous %s, control %v; want %s, %v", row.Anonymous.Answer, row.Control, tt.want, tt.control)
				}
				// The same answers to a session that was ended.
				if tt.control {
					l := p.Logout(t.Context(), boss, Function{Path: "/f"})
					if l.After.Answer != tt.want || !l.Control || l.StillValid != (tt.want == Allowed) {
						t.Errorf("after the logout: %s, still valid %v, control %v; want %s", l.After.Answer, l.StillValid, l.Control, tt.want)
					}
				}
				if len(d.logins) > 6 {
					t.Errorf("%d logins", len(d.logins))
				}
			})
		})
	}
}

// TestGuessesMustOpenSomething: what a wrong password gets is a success only
// where it opens what the entitled see.
func TestGuessesMustOpenSomething(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		d    *double
		api  API
		want Outcome
	}{
		"error_in_json":   {&double{wrong: jsonReply(`{"error_code":-40401}`)}, doubleAPI("/f"), Refused},
		"error_in_list":   {&double{wrong: jsonReply(`[{"code":1,"error":{"detail":"password wrong"}}]`)}, doubleAPI("/f"), Refused},
		"result_false":    {&double{wrong: jsonReply(`{"result":false}`)}, doubleAPI("/f"), Refused},
		"unknown_code":    {&double{wrong: jsonReply(`{"code":9}`)}, doubleAPI("/f"), Refused},
		"cookie_for_all":  {&double{wrong: jsonReply(`{"msg":"hello"}`), cookieForAll: true}, doubleAPI("/f"), Refused},
		"open_first":      {&double{wrong: jsonReply(`{"msg":"hello"}`), cookieForAll: true}, doubleAPI("/open", "/f"), Refused},
		"only_open":       {&double{wrong: jsonReply(`{"msg":"hello"}`), cookieForAll: true}, doubleAPI("/open"), Unclear},
		"nothing_to_try":  {&double{wrong: jsonReply(`{"msg":"hello"}`), cookieForAll: true}, doubleAPI(), Unclear},
		"redirected":      {&double{wrong: reply{status: 302, location: "/home"}, cookieForAll: true}, doubleAPI("/f"), Refused},
		"weak":            {&double{weak: true}, doubleAPI("/f"), Accepted},
		"weak_open_first": {&double{weak: true}, doubleAPI("/open", "/f"), Accepted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := tt.d
				d.theirs = map[string]reply{"/f": jsonReply(settings), "/open": jsonReply(`{"a":1}`)}
				d.others = map[string]reply{"/f": page(loginUI), "/open": jsonReply(`{"a":1}`)}
				p := New(d.start(t), tt.api, Config{Known: []Credential{boss}})
				if l := p.Login(t.Context(), boss); l.Outcome != Accepted {
					t.Fatalf("control: %+v", l)
				}
				l := p.Login(t.Context(), Credential{User: "admin", Password: "admin"})
				if l.Outcome != tt.want {
					t.Errorf("a guess is %s, %v; want %s", l.Outcome, l.Err, tt.want)
				}
				if l := p.Login(t.Context(), boss); l.Outcome != Accepted {
					t.Errorf("control after: %+v", l)
				}
			})
		})
	}
}

// TestLoginsAreCounted: a control login is made once where it is refused, and
// none without a credential.
func TestLoginsAreCounted(t *testing.T) {
	t.Parallel()
	typo := Credential{User: "admin", Password: "right-pas"}
	for name, tt := range map[string]struct {
		wrong reply
		use   func(ctx context.Context, p *Prober)
		want  int
		short int
	}{
		"access_right": {use: func(ctx context.Context, p *Prober) { p.AnonymousAccess(ctx, boss) }, want: 1},
		"access_typo":  {use: func(ctx context.Context, p *Prober) { p.AnonymousAccess(ctx, typo) }, want: 1},
		"access_none":  {use: func(ctx context.Context, p *Prober) { p.AnonymousAccess(ctx, Credential{}) }},
		"access_locked": {wrong: reply{status: 429}, use: func(ctx context.Context, p *Prober) {
			p.AnonymousAccess(ctx, typo)
			p.Logout(ctx, typo, Function{Path: "/f"})
			p.Roles(ctx, []RoleCredential{{"admin", typo}, {"viewer", typo}})
		}, want: 1},
		"roles_typo":     {use: func(ctx context.Context, p *Prober) { p.Roles(ctx, []RoleCredential{{"admin", typo}}) }, want: 1},
		"unclear":        {wrong: reply{status: 500}, use: func(ctx context.Context, p *Prober) { p.AnonymousAccess(ctx, typo) }, want: 1},
		"short_sessions": {use: func(ctx context.Context, p *Prober) { p.AnonymousAccess(ctx, boss) }, want: 1 + maxRelogins, short: 3},
		"viewer_only_bad": {use: func(ctx context.Context, p *Prober) {
			p.Roles(ctx, []RoleCredential{{"admin", boss}, {"viewer", typo}})
		}, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &double{wrong: tt.wrong, short: tt.short, theirs: map[string]reply{}, others: map[string]reply{}}
				api := doubleAPI("/f", "/g", "/h", "/i", "/j", "/k")
				for _, f := range api.Protected {
					d.theirs[f.Path], d.others[f.Path] = jsonReply(settings), reply{status: 401}
				}
				tt.use(t.Context(), New(d.start(t), api, Config{Known: []Credential{boss, typo}}))
				if len(d.logins) != tt.want {
					t.Errorf("logins %v, want %d", d.logins, tt.want)
				}
			})
		})
	}
}

func TestHost(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ given, want string }{"given": {"cam.local:8080", "cam.local:8080"}, "address": {"", ""}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &double{}
				dial := d.start(t)
				c, err := dial(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				want := tt.want
				if want == "" {
					want = httpwire.Host(c.RemoteAddr().String(), "80")
				}
				_ = c.Close()
				if _, err := New(dial, API{}, Config{Host: tt.given}).Identify(t.Context()); err != nil {
					t.Fatal(err)
				}
				if !d.hosts[want] || len(d.hosts) != 1 || want == "" {
					t.Errorf("Host %v, want %q", d.hosts, want)
				}
			})
		})
	}
}

// TestHostilePages: reading a page takes time in proportion to its length.
func TestHostilePages(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{"scripts": "<script>", "titles": "<title>", "open": "<", "styles": "<style <script", "objects": `{"a":`, "lists": "[", "words": "a b "} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := []byte(strings.Repeat(unit, maxCompared/len(unit)))
			start := time.Now()
			c := contentOf(&httpwire.Response{Status: 200, Body: body})
			c.refusal()
			if !c.like(c) {
				t.Error("unlike itself")
			}
			other := contentOf(&httpwire.Response{Status: 200, Body: append([]byte("x"), body...)})
			c.like(other)
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func TestVisible(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"<p>please <b>log</b> in": "please log in ", "<SCRIPT>hidden</script >shown": "shown ", "a<style>x": "a ", "a < b": "a ", "\xff<p>x": "? x ",
	} {
		if got, short := visible(page); got != want || !short {
			t.Errorf("visible(%q) = %q, %v; want %q", page, got, short, want)
		}
	}
	if _, short := visible(words); short {
		t.Error("a long page is short")
	}
}

func FuzzContent(f *testing.F) {
	for _, tt := range answers {
		f.Add(tt.theirs.status, tt.theirs.kind, tt.theirs.body, tt.other.body)
	}
	f.Add(200, "application/json", strings.Repeat(`[`, 200), strings.Repeat(`{"a":`, 100))
	f.Fuzz(func(t *testing.T, status int, kind, a, b string) {
		of := func(body string) *content {
			return contentOf(&httpwire.Response{Status: status, Body: []byte(body), Header: httpwire.Header{{Name: "Content-Type", Value: kind}}})
		}
		x, y := of(a), of(b)
		if x.like(y) != y.like(x) {
			t.Error("likeness has a direction")
		}
		if len(a) > 0 && !x.like(of(a)) {
			t.Error("an answer is unlike itself")
		}
		entitled, other := Trial{Answer: x.answer(""), got: x}, Trial{Answer: y.answer(""), got: y}
		settle(&other, &entitled)
		if other.Answer == Allowed && (status/100 != 2 || entitled.Answer != Allowed || y.refusal() || !bytes.Equal([]byte(a), []byte(b)) && !x.like(y)) {
			t.Errorf("granted: %q beside %q", b, a)
		}
	})
}
