package refcam

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"
	"time"
)

// bench is a running camera line with ways to reach it.
type bench struct {
	*Camera
	t    testing.TB
	dial func(unit int, service string) (net.Conn, error)
	stop func()
}

// onLoopback runs a camera on free loopback ports until the test ends.
func onLoopback(t testing.TB, o Options) *bench {
	t.Helper()
	var mu sync.Mutex
	at := map[string]string{}
	b := serve(t, o, func(unit int, service string) (net.Listener, error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			mu.Lock()
			at[fmt.Sprint(unit, service)] = l.Addr().String()
			mu.Unlock()
		}
		return l, err
	})
	b.dial = func(unit int, service string) (net.Conn, error) {
		mu.Lock()
		addr, ok := at[fmt.Sprint(unit, service)]
		mu.Unlock()
		if !ok {
			return nil, fmt.Errorf("nothing listens for %s", service)
		}
		return net.DialTimeout("tcp", addr, 5*time.Second)
	}
	return b
}

// inMemory runs a camera on pipes, for synctest bubbles.
func inMemory(t testing.TB, o Options) *bench {
	t.Helper()
	var mu sync.Mutex
	at := map[string]*pipes{}
	b := serve(t, o, func(unit int, service string) (net.Listener, error) {
		l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		mu.Lock()
		at[fmt.Sprint(unit, service)] = l
		mu.Unlock()
		return l, nil
	})
	b.dial = func(unit int, service string) (net.Conn, error) {
		mu.Lock()
		l := at[fmt.Sprint(unit, service)]
		mu.Unlock()
		if l == nil {
			return nil, fmt.Errorf("nothing listens for %s", service)
		}
		near, far := net.Pipe()
		select {
		case l.conns <- far:
			return near, nil
		case <-l.done:
			return nil, net.ErrClosed
		}
	}
	return b
}

func serve(t testing.TB, o Options, listen func(unit int, service string) (net.Listener, error)) *bench {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var ready sync.WaitGroup
	for unit := range c.units {
		ready.Add(len(c.Services()))
		wg.Go(func() {
			err := c.Serve(ctx, unit, func(service string, port uint16) (net.Listener, error) {
				defer ready.Done()
				return listen(unit, service)
			})
			if err != nil {
				t.Errorf("unit %d: %v", unit, err)
			}
		})
	}
	ready.Wait()
	b := &bench{Camera: c, t: t}
	b.stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(b.stop)
	return b
}

type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// open connects to a service, with TLS where the service has it.
func (b *bench) open(unit int, service string, config *tls.Config) (net.Conn, error) {
	c, err := b.dial(unit, service)
	if err != nil {
		return nil, err
	}
	for _, s := range b.Services() {
		if s.Name == service && (s.Protocol == "https" || s.Protocol == "rtsps") {
			if config == nil {
				config = &tls.Config{}
			}
			config = config.Clone()
			config.InsecureSkipVerify = true // these tests look at the certificate themselves
			t := tls.Client(c, config)
			if err := t.Handshake(); err != nil {
				c.Close()
				return nil, err
			}
			return t, nil
		}
	}
	return c, nil
}

func (b *bench) mustOpen(unit int, service string) net.Conn {
	b.t.Helper()
	c, err := b.open(unit, service, nil)
	if err != nil {
		b.t.Fatalf("open %s of unit %d: %v", service, unit, err)
	}
	b.t.Cleanup(func() { c.Close() })
	return c
}

// browser is an HTTP client with cookies of its own.
type browser struct {
	b    *bench
	http *http.Client
	base string
}

func (b *bench) browser(unit int, service string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	connect := func(context.Context, string, string) (net.Conn, error) { return b.open(unit, service, nil) }
	tr := &http.Transport{DialContext: connect, DialTLSContext: connect}
	b.t.Cleanup(tr.CloseIdleConnections)
	base := "https://camera.test"
	if service != "web" {
		base = "http://camera.test"
	}
	return &browser{b: b, base: base, http: &http.Client{Transport: tr, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// fresh makes the next request use a new connection.
func (w *browser) fresh() { w.http.Transport.(*http.Transport).CloseIdleConnections() }

type answer struct {
	status int
	header http.Header
	body   string
}

func (w *browser) do(method, path, body string) answer {
	w.b.t.Helper()
	r, err := http.NewRequest(method, w.base+path, strings.NewReader(body))
	if err != nil {
		w.b.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return w.send(r)
}

func (w *browser) send(r *http.Request) answer {
	w.b.t.Helper()
	resp, err := w.http.Do(r)
	if err != nil {
		w.b.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.b.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

func (w *browser) login(user, password string) answer {
	w.b.t.Helper()
	in, err := json.Marshal(map[string]string{"user": user, "password": password})
	if err != nil {
		w.b.t.Fatal(err)
	}
	return w.do("POST", "/api/login", string(in))
}

// as logs in with what the tester was given.
func (b *bench) as(unit int, user string) *browser {
	b.t.Helper()
	w := b.browser(unit, "web")
	if a := w.login(user, b.password(unit, user)); a.status != 200 {
		b.t.Fatalf("login of %s on unit %d: %d %s", user, unit, a.status, a.body)
	}
	return w
}

func (b *bench) password(unit int, user string) string {
	for _, c := range b.Credentials() {
		if c.Unit == b.units[unit].ID && c.User == user {
			return c.Password
		}
	}
	return "no such account"
}

// talk sends a text and returns what comes back within a short while.
func talk(t testing.TB, c net.Conn, text string, until string) string {
	t.Helper()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if text != "" {
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatalf("send %q: %v", text, err)
		}
	}
	var got bytes.Buffer
	r := bufio.NewReader(c)
	for !strings.Contains(got.String(), until) {
		x, err := r.ReadByte()
		if err != nil {
			break
		}
		got.WriteByte(x)
	}
	return got.String()
}
