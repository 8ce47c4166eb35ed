package refcam

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Service is one listening port of a running unit.
type Service struct {
	Name     string // id of the interface in assay.yaml where Declared
	Port     uint16 // of a real unit, TCP
	Protocol string // https | http | rtsps | rtsp | telnet | tcp
	Declared bool
}

// Services returns what a unit opens.
func (c *Camera) Services() []Service {
	ss := []Service{
		{Name: "web", Port: 443, Protocol: "https", Declared: true},
		{Name: "rtsp", Port: 322, Protocol: "rtsps", Declared: true},
	}
	if c.weak[PlainHTTP] {
		ss = append(ss, Service{Name: "web-plain", Port: 80, Protocol: "http", Declared: true})
	}
	if c.weak[PlainRTSP] {
		ss = append(ss, Service{Name: "rtsp-plain", Port: 554, Protocol: "rtsp", Declared: true})
	}
	if c.weak[TelnetOpen] {
		ss = append(ss, Service{Name: "telnet", Port: 23, Protocol: "telnet"})
	}
	if c.weak[UndeclaredDebugHTTP] {
		ss = append(ss, Service{Name: "debug", Port: 8081, Protocol: "http"})
	}
	if c.hostile(EndlessBanner) {
		ss = append(ss, Service{Name: "endless", Port: 9000, Protocol: "tcp"})
	}
	return ss
}

// maxConns bounds the open connections of one service.
const maxConns = 128

// Serve runs the services of a unit (0 or 1) until ctx is done, then closes
// every listener and connection, waits for its goroutines and returns nil.
// listen opens the listener of a service; its Services entry tells the port of
// a real unit. An error of listen ends it at once.
func (c *Camera) Serve(ctx context.Context, unit int, listen func(service string, port uint16) (net.Listener, error)) error {
	if unit < 0 || unit >= len(c.units) {
		return fmt.Errorf("reference camera: no unit %d, there are %d", unit, len(c.units))
	}
	u := c.units[unit]
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()

	var ls []net.Listener
	for _, s := range c.Services() {
		l, err := listen(s.Name, s.Port)
		if err != nil {
			for _, l := range ls {
				l.Close()
			}
			return fmt.Errorf("reference camera, %s: listen for %s: %w", u.ID, s.Name, err)
		}
		ls = append(ls, l)
	}
	errs := make(chan error, len(ls))
	for i, s := range c.Services() {
		l := limit(ls[i], maxConns)
		if s.Protocol == "https" || s.Protocol == "rtsps" {
			l = tls.NewListener(l, c.tlsConfig(u.cert))
		}
		wg.Go(func() {
			if err := c.service(ctx, u.dev, s, l); err != nil {
				errs <- fmt.Errorf("reference camera, %s: %s: %w", u.ID, s.Name, err)
			}
		})
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-errs:
		return err
	}
}

func (c *Camera) service(ctx context.Context, d *device, s Service, l net.Listener) error {
	switch s.Name {
	case "web", "web-plain":
		return serveHTTP(ctx, l, newWeb(d))
	case "debug":
		return serveHTTP(ctx, l, debugPage(d))
	case "rtsp":
		return serveConns(ctx, l, func(ctx context.Context, conn net.Conn, id string) { d.rtsp(conn, id, false) })
	case "rtsp-plain":
		return serveConns(ctx, l, func(ctx context.Context, conn net.Conn, id string) { d.rtsp(conn, id, true) })
	case "telnet":
		return serveConns(ctx, l, func(ctx context.Context, conn net.Conn, id string) { d.telnet(conn, id) })
	case "endless":
		return serveConns(ctx, l, endless)
	}
	l.Close()
	return fmt.Errorf("no such service")
}

// connIDs number the connections of the process; only their difference counts.
var connIDs atomic.Uint64

func nextConn() string { return fmt.Sprint(connIDs.Add(1)) }

// serveHTTP runs an HTTP server until ctx is done and its connections have
// ended.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	var open sync.WaitGroup
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // scanners break off all the time
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, nextConn())
		},
		ConnState: func(_ net.Conn, s http.ConnState) {
			switch s {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed, http.StateHijacked:
				open.Done()
			}
		},
	}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	err := srv.Serve(l)
	if stop() {
		srv.Close() // the listener failed by itself
	} else if errors.Is(err, http.ErrServerClosed) || ctx.Err() != nil {
		err = nil
	}
	open.Wait()
	return err
}

// limit closes connections beyond n at once: one that waits would hide from a
// tester that the service is full.
func limit(l net.Listener, n int) net.Listener {
	return &limited{Listener: l, free: make(chan struct{}, n)}
}

type limited struct {
	net.Listener
	free chan struct{}
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.free <- struct{}{}:
			return held{c, sync.OnceFunc(func() { <-l.free })}, nil
		default:
			c.Close()
		}
	}
}

// held gives its place back when it is closed.
type held struct {
	net.Conn
	release func()
}

func (h held) Close() error {
	h.release()
	return h.Conn.Close()
}

// serveConns hands each connection to f in a goroutine of its own, until ctx
// is done and all have ended. f need not close the connection.
func serveConns(ctx context.Context, l net.Listener, f func(ctx context.Context, conn net.Conn, id string)) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			l.Close()
			return err
		}
		wg.Go(func() {
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			defer stop()
			defer conn.Close()
			f(ctx, conn, nextConn())
		})
	}
}

// debugPage is what the developers forgot: state of the camera, in clear.
func debugPage(d *device) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Server", "mini-httpd")
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		d.mu.Lock()
		defer d.mu.Unlock()
		fmt.Fprintf(rw, "%s %s debug status\nstream main: running 25 fps 2048 kbit/s\nmotion detection: %t\nrecordings: %d\n",
			d.model(), Release, d.settings.Motion, len(d.recordings)) // an error means that the client left
	})
	return mux
}

// endless sends until the other side has enough.
func endless(_ context.Context, conn net.Conn, _ string) {
	line := []byte("220 ready ready ready ready ready ready ready ready ready ready\r\n")
	for {
		// One who stops reading is not waited for longer than this.
		conn.SetWriteDeadline(time.Now().Add(30 * time.Second))
		if _, err := conn.Write(line); err != nil {
			return
		}
	}
}

// lineReader reads short lines from a client that may send anything.
type lineReader struct {
	conn net.Conn
	r    *bufio.Reader
	idle time.Duration
}

const maxLine = 2 << 10

var errLine = errors.New("line too long")

func newLineReader(conn net.Conn, idle time.Duration) *lineReader {
	return &lineReader{conn: conn, r: bufio.NewReaderSize(conn, maxLine), idle: idle}
}

// line returns the next line without its end.
func (l *lineReader) line() (string, error) {
	if err := l.conn.SetReadDeadline(time.Now().Add(l.idle)); err != nil {
		return "", err
	}
	b, err := l.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", errLine
	case err != nil:
		return "", err
	}
	return string(trimEnd(b)), nil
}

func trimEnd(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}
