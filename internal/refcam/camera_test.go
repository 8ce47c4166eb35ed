package refcam

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWorkspace(t *testing.T) {
	t.Parallel()
	c, err := New(Options{Weak: []string{PlainHTTP, TelnetOpen}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	err = c.Workspace(dir, func(unit int) Address {
		p := uint16(41000 + 32*unit)
		return Address{Host: "127.0.0.1", Ports: []string{"41000-41031", "41032-41063"}[unit], Map: map[string]uint16{"web": p, "rtsp": p + 1, "web-plain": p + 2, "telnet": p + 3}}
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		for _, cred := range c.Credentials() {
			if strings.Contains(string(b), cred.Password) {
				t.Errorf("%s holds the password of %s", e.Name(), cred.User)
			}
		}
		name, err := filepath.Rel(dir, p)
		got = append(got, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"assay.yaml", "evidence/LC-200_2.4.1.bin", "evidence/disclosure-policy.html", "evidence/lumi-cam_3.2.0.apk", "evidence/privacy-notice.md", "evidence/roles.md",
		"evidence/secure-development.md", "evidence/security.txt", "evidence/setup-guide.md", "evidence/support-period.html",
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	model, err := os.ReadFile(filepath.Join(dir, "assay.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"port_map: { web: 41000, rtsp: 41001, web-plain: 41002 }", "port_map: { web: 41032, rtsp: 41033, web-plain: 41034 }",
		"ports: 41032-41063", "serial: LC2-000018", "- id: web-plain",
	} {
		if !strings.Contains(string(model), line) {
			t.Errorf("the model lacks %q:\n%s", line, model)
		}
	}
	for _, name := range want[2:] {
		if path.Ext(name) == ".apk" {
			continue // no document: the tests of the application read it
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), Model) && name != "evidence/security.txt" {
			t.Errorf("%s doesn't name the model", name)
		}
		if strings.Contains(string(b), "{{") || strings.Contains(string(b), "<no value>") {
			t.Errorf("%s: %s", name, b)
		}
	}
}

func TestServeErrors(t *testing.T) {
	t.Parallel()
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Serve(t.Context(), 2, nil); err == nil {
		t.Error("unit 2: no error")
	}
	var first *pipes
	busy := errors.New("busy")
	err = c.Serve(t.Context(), 0, func(service string, _ uint16) (net.Listener, error) {
		if service == "rtsp" {
			return nil, busy
		}
		first = &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		return first, nil
	})
	if !errors.Is(err, busy) || !strings.Contains(err.Error(), "rtsp") {
		t.Errorf("error %v", err)
	}
	select {
	case <-first.done:
	default:
		t.Error("the first listener is still open")
	}
	// A listener that breaks ends the unit.
	err = c.Serve(t.Context(), 0, func(string, uint16) (net.Listener, error) {
		l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		l.Close()
		return l, nil
	})
	if err == nil {
		t.Error("broken listeners: no error")
	}
}

// TestStop: connections in every state end with the context, and so do their
// goroutines.
func TestStop(t *testing.T) {
	before := runtime.NumGoroutine()
	b := onLoopback(t, Options{Weak: []string{PlainHTTP, PlainRTSP, TelnetOpen, UndeclaredDebugHTTP}, Hostile: []string{EndlessBanner}})
	var conns []net.Conn
	for _, s := range b.Services() {
		c, err := b.dial(0, s.Name) // says nothing, not even a handshake
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c, b.mustOpen(1, s.Name))
	}
	b.as(0, "admin").fresh()
	done := make(chan struct{})
	go func() { b.stop(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("still serving after 5 s")
	}
	for _, c := range conns {
		c.Close()
	}
	// net/http ends a connection's goroutine a moment after its last report.
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		}
	}
}

func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{Weak: []string{TelnetOpen}})
	for range maxConns {
		c, err := b.dial(0, "telnet")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if out := talk(t, c, "", "login: "); !strings.Contains(out, "login") {
			t.Fatalf("greeting %q", out)
		}
	}
	c, err := b.dial(0, "telnet")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if out := talk(t, c, "", "login: "); out != "" {
		t.Errorf("one too many is greeted with %q", out)
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	b := onLoopback(t, Options{Hostile: []string{RedirectElsewhere, EndlessBanner}})
	if a := b.browser(0, "web").do("GET", "/api/device", ""); a.status != 302 || a.header.Get("Location") != elsewhere {
		t.Errorf("redirect: %d %v", a.status, a.header)
	}
	c := b.mustOpen(0, "endless")
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if n, err := io.CopyN(io.Discard, c, 4<<20); err != nil {
		t.Errorf("endless banner ends after %d bytes: %v", n, err)
	}
	b = onLoopback(t, Options{Hostile: []string{AnsiAndBidiTitle}})
	a := b.browser(0, "web").do("GET", "/", "")
	if !strings.Contains(a.body, "<title>LC-200\x1b]0;") || !strings.Contains(a.body, "\u202e") {
		t.Errorf("title: %q", a.body)
	}
	if out := talk(t, b.mustOpen(0, "rtsp"), describe, "\r\n\r\n"); !strings.Contains(out, "\u202e") {
		t.Errorf("RTSP server: %q", out)
	}
}

// FuzzHTTP: no request without a session gets at a function, none breaks the
// server.
func FuzzHTTP(f *testing.F) {
	c, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	h := newWeb(c.units[0].dev)
	f.Add("GET", "/api/device", "", "application/json", "sid=x")
	f.Add("POST", "/api/login", `{"user":"admin","password":"admin"}`, "application/json", "")
	f.Add("PUT", "/api/settings", defaultSettings, "application/json", "sid=")
	f.Add("DELETE", "/api/recordings/1", "", "", "sid=a; sid=b")
	f.Add("POST", "/api/logout", "", "", "sid=\"")
	f.Fuzz(func(t *testing.T, method, path, body, kind, cookie string) {
		if !token(method) || !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \r\n\x00%?#") {
			t.Skip("not a request that net/http passes on")
		}
		r := httptest.NewRequest("GET", "/", strings.NewReader(body))
		r.Method, r.URL.Path, r.RequestURI = method, path, path
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Cookie", cookie)
		r = r.WithContext(context.WithValue(r.Context(), connKey{}, "fuzz"))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		open := slices.Contains([]string{"/", "/app.js", "/style.css", "/api/logout"}, path)
		if w.Code < 300 && !open {
			t.Errorf("%s %s: %d", method, path, w.Code)
		}
		if w.Code >= 500 {
			t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	})
}
