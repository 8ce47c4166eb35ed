package httpprobe

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/internal/network"
)

// device is a small camera on net/http, with a weakness for each switch.
type device struct {
	users map[string]string // name → password
	roles map[string]string // name → role

	lockAfter     int           // wrong passwords in a row; 0: never
	lockFor       time.Duration // once locked
	perConnection bool          // the counter belongs to the connection
	perAgent      bool          // … or to the user agent
	rightUnlocks  bool          // the right password works during the lock
	noRetryAfter  bool
	hideLock      bool          // 401 during the lock
	delay         time.Duration // after a wrong password
	drop          bool          // closes the connection while locked
	mustChange    bool          // {"must_change": true} and everything else blocked
	open          bool          // functions need no session
	keepSession   bool          // logout ends nothing
	flatRoles     bool          // every session may do everything
	digest        string        // algorithm of HTTP Digest instead of sessions
	basic         bool
	form          bool // login page with a form and redirects
	closeEach     bool // Connection: close

	mu       sync.Mutex
	sessions map[string]string // cookie → user
	fails    map[string]int
	locked   map[string]time.Time
	next     int
	changed  int // calls of /api/reboot
}

type connKey struct{}

func newDevice() *device {
	return &device{
		users:    map[string]string{"admin": `Adm1n "pass" & wörd`, "viewer": "v1ewer-pass"},
		roles:    map[string]string{"admin": "admin", "viewer": "viewer"},
		lockFor:  10 * time.Minute,
		sessions: map[string]string{}, fails: map[string]int{}, locked: map[string]time.Time{},
	}
}

var admin = Credential{User: "admin", Password: `Adm1n "pass" & wörd`}

var viewer = Credential{User: "viewer", Password: "v1ewer-pass"}

func (d *device) api() API {
	a := API{LoginPath: "/api/login", Form: JSON, LogoutPath: "/api/logout", PasswordChangePath: "/api/password",
		Protected: []Function{
			{Path: "/api/status"},
			{Path: "/api/users", Roles: []string{"admin"}},
			{Method: "POST", Path: "/api/reboot", Roles: []string{"admin"}, Changes: true},
		}}
	switch {
	case d.form:
		a.LoginPath, a.Form = "/login", FormURL
	case d.digest != "":
		a.LoginPath, a.Form = "/api/status", Digest
	case d.basic:
		a.LoginPath, a.Form = "/api/status", Basic
	}
	return a
}

// start serves the device and returns a dialler to it.
func (d *device) start(t *testing.T, conf *tls.Config) Dial {
	t.Helper()
	m := network.NewMemory()
	l, err := m.Listen("cam", 443)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: d, ConnContext: func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c.RemoteAddr().String())
	}}
	if conf != nil {
		l = tls.NewListener(l, conf)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return func(ctx context.Context) (net.Conn, error) { return m.Dial(ctx, "cam", 443) }
}

// counter is the key under which wrong passwords are counted.
func (d *device) counter(r *http.Request, user string) string {
	switch {
	case d.perConnection:
		return user + r.Context().Value(connKey{}).(string)
	case d.perAgent:
		return user + r.UserAgent()
	}
	return user
}

// check judges a login; it answers by itself when locked.
func (d *device) check(w http.ResponseWriter, r *http.Request, user, pass string) (ok, answered bool) {
	key := d.counter(r, user)
	right := d.users[user] != "" && d.users[user] == pass
	d.mu.Lock()
	until, locked := d.locked[key]
	if locked && time.Now().After(until) {
		locked = false
		delete(d.locked, key)
		d.fails[key] = 0
	}
	if !right && !locked {
		d.fails[key]++
		if d.lockAfter > 0 && d.fails[key] >= d.lockAfter {
			d.locked[key] = time.Now().Add(d.lockFor)
		}
	}
	if right && !locked {
		d.fails[key] = 0
	}
	d.mu.Unlock()
	if locked && !(right && d.rightUnlocks) {
		switch {
		case d.drop:
			panic(http.ErrAbortHandler)
		case d.hideLock:
			http.Error(w, "no", http.StatusUnauthorized)
		default:
			if !d.noRetryAfter {
				w.Header().Set("Retry-After", strconv.Itoa(int(time.Until(until).Seconds())+1))
			}
			http.Error(w, `{"locked":true}`, http.StatusTooManyRequests)
		}
		return false, true
	}
	if !right && d.delay > 0 {
		time.Sleep(d.delay)
	}
	return right, false
}

func (d *device) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "lumi/2.4")
	if d.closeEach {
		w.Header().Set("Connection", "close")
	}
	switch r.URL.Path {
	case "/":
		fmt.Fprint(w, "<html><title> Lumi  Cam &amp; more</title></html>")
	case "/api/login", "/login":
		d.login(w, r)
	case "/api/logout":
		if c, err := r.Cookie("sid"); err == nil && !d.keepSession {
			d.mu.Lock()
			delete(d.sessions, c.Value)
			d.mu.Unlock()
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", MaxAge: -1})
	default:
		d.function(w, r)
	}
}

func (d *device) login(w http.ResponseWriter, r *http.Request) {
	var user, pass string
	if d.form {
		if r.Method == "GET" {
			fmt.Fprint(w, `<form><input type="password"></form>`)
			return
		}
		user, pass = r.PostFormValue("username"), r.PostFormValue("password")
	} else {
		var in map[string]string
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		user, pass = in["username"], in["password"]
	}
	ok, answered := d.check(w, r, user, pass)
	if answered {
		return
	}
	if !ok {
		if d.form {
			http.Redirect(w, r, "/login?error=1", http.StatusFound)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error":"wrong password %s, you will be locked"}`, strconv.Quote(pass)[1:])
		return
	}
	d.mu.Lock()
	d.next++
	sid := fmt.Sprintf("sid-%s-%04d-secretcookie", user, d.next)
	d.sessions[sid] = user
	d.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: sid, HttpOnly: true})
	if d.form {
		http.Redirect(w, r, "/home", http.StatusFound)
		return
	}
	fmt.Fprintf(w, `{"ok":true,"csrf_token":"tok-%d-secrettoken"}`, d.next)
}

func (d *device) function(w http.ResponseWriter, r *http.Request) {
	user := ""
	switch {
	case d.digest != "" || d.basic:
		var answered bool
		if user, answered = d.wire(w, r); answered {
			return
		}
	default:
		if c, err := r.Cookie("sid"); err == nil {
			d.mu.Lock()
			user = d.sessions[c.Value]
			d.mu.Unlock()
		}
	}
	switch {
	case user == "" && !d.open && d.form:
		http.Redirect(w, r, "/login", http.StatusFound)
	case user == "" && !d.open:
		http.Error(w, "session?", http.StatusUnauthorized)
	case d.mustChange:
		http.Error(w, `{"must_change_password":true}`, http.StatusForbidden)
	case r.URL.Path != "/api/status" && !d.open && !d.flatRoles && d.roles[user] != "admin":
		http.Error(w, "not for you", http.StatusForbidden)
	default:
		if r.URL.Path == "/api/reboot" {
			d.mu.Lock()
			d.changed++
			d.mu.Unlock()
		}
		fmt.Fprint(w, `{"ok":true}`)
	}
}

var digestParam = regexp.MustCompile(`(\w+)="?([^",]*)"?`)

// wire checks Basic or Digest with an implementation of its own.
func (d *device) wire(w http.ResponseWriter, r *http.Request) (user string, answered bool) {
	deny := func() (string, bool) {
		if d.basic {
			w.Header().Set("WWW-Authenticate", `Basic realm="cam"`)
		} else {
			w.Header().Add("WWW-Authenticate", `Basic realm="not for digest clients"`)
			w.Header().Add("WWW-Authenticate", `Digest realm="cam", qop="auth", nonce="abc", algorithm=`+d.digest)
		}
		http.Error(w, "who?", http.StatusUnauthorized)
		return "", true
	}
	if d.basic {
		u, pass, ok := r.BasicAuth()
		if !ok {
			return deny()
		}
		if ok, answered := d.check(w, r, u, pass); answered || !ok {
			if !answered {
				deny()
			}
			return "", true
		}
		return u, false
	}
	h := r.Header.Get("Authorization")
	if !strings.HasPrefix(h, "Digest ") {
		return deny()
	}
	f := map[string]string{}
	for _, m := range digestParam.FindAllStringSubmatch(h, -1) {
		f[m[1]] = m[2]
	}
	sum := func(s string) string {
		if d.digest == "MD5" {
			x := md5.Sum([]byte(s))
			return hex.EncodeToString(x[:])
		}
		x := sha256.Sum256([]byte(s))
		return hex.EncodeToString(x[:])
	}
	u := f["username"]
	a1 := sum(u + ":cam:" + d.users[u])
	want := sum(a1 + ":abc:" + f["nc"] + ":" + f["cnonce"] + ":auth:" + sum(r.Method+":"+r.URL.RequestURI()))
	pass := "wrong"
	if f["response"] == want {
		pass = d.users[u]
	}
	if ok, answered := d.check(w, r, u, pass); answered || !ok {
		if !answered {
			deny()
		}
		return "", true
	}
	return u, false
}
