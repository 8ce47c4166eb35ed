// Package peertest is the conformance suite of the device packages: peers that
// are silent, slow, hostile or endless, a dialler that fails, and a context
// that is cancelled. In: a function that uses a package's API on a dialler.
// Out: a failed test where it hangs, goes on after its context ended, or reads
// without bound. Only tests import it.
package peertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"assay/internal/network"
)

// Dial opens a connection; it has the form that the device packages take.
type Dial = func(ctx context.Context) (net.Conn, error)

// Serve handles one connection of a peer. It should return when the
// connection is closed; the connection is closed when it returns.
type Serve func(c net.Conn)

// Pipe returns a Dial whose connections are each served by s in a goroutine.
// When the test ends all of them are closed and awaited.
func Pipe(t testing.TB, s Serve) Dial {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	over := false
	t.Cleanup(func() {
		mu.Lock()
		over = true
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return func(ctx context.Context) (net.Conn, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		client, server := network.Pipe()
		mu.Lock()
		defer mu.Unlock()
		if over {
			return nil, syscall.ECONNREFUSED
		}
		conns = append(conns, server, client)
		wg.Go(func() {
			defer server.Close()
			s(server)
		})
		return client, nil
	}
}

// Peer is one kind of bad peer.
type Peer struct {
	Name  string
	Serve Serve
}

// MaxSent is how many bytes an endless peer is ever allowed to get rid of on
// one connection; a package that reads more has no bound.
const MaxSent = 24 << 20

// endless repeats a chunk after a prefix until the connection ends.
func endless(sent *atomic.Int64, prefix, chunk string) Serve {
	return func(c net.Conn) {
		go io.Copy(io.Discard, c) //nolint:errcheck // ends with the connection
		n, err := io.WriteString(c, prefix)
		total := int64(n)
		for err == nil && total < MaxSent {
			n, err = io.WriteString(c, chunk)
			total += int64(n)
		}
		for {
			old := sent.Load()
			if total <= old || sent.CompareAndSwap(old, total) {
				return
			}
		}
	}
}

func repeat(s string, n int) string {
	b := make([]byte, 0, len(s)*n)
	for range n {
		b = append(b, s...)
	}
	return string(b)
}

// Peers returns the bad peers. sent is raised to the most that an endless one
// got rid of on one connection.
func Peers(sent *atomic.Int64) []Peer {
	drip := func(text string) Serve {
		return func(c net.Conn) {
			go io.Copy(io.Discard, c) //nolint:errcheck // ends with the connection
			for i := range 100_000 {
				if _, err := c.Write([]byte{text[i%len(text)]}); err != nil {
					return
				}
				time.Sleep(2 * time.Second)
			}
		}
	}
	garbage := func(c net.Conn) {
		r := rand.New(rand.NewPCG(1, 2))
		b := make([]byte, 8192)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		_, _ = c.Write(b)
	}
	once := func(text string) Serve {
		return func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, text)
		}
	}
	return []Peer{
		{"silent", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }},
		{"deaf", func(c net.Conn) { time.Sleep(20 * time.Minute) }},
		{"closes", func(net.Conn) {}},
		{"closes_after_request", once("")},
		{"drip_http", drip("HTTP/1.1 200 OK\r\nA: b\r\n")},
		{"drip_tls", drip("\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")},
		{"garbage", garbage},
		{"half_status", once("HTTP/1.1 20")},
		{"half_record", once("\x16\x03\x03\x00\x50\x02\x00")},
		{"wrong_numbers", once("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx")},
		{"negative_length", once("RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: -5\r\n\r\nx")},
		{"bad_chunk", once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx")},
		{"endless_bytes", endless(sent, "", repeat("A", 4096))},
		{"endless_header", endless(sent, "HTTP/1.1 200 OK\r\n", repeat("X-A: b\r\n", 512))},
		{"endless_line", endless(sent, "RTSP/1.0 200 ", repeat("B", 4096))},
		{"endless_body", endless(sent, "HTTP/1.1 200 OK\r\n\r\n", repeat("C", 4096))},
		{"endless_chunks", endless(sent, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", repeat("1\r\nD\r\n", 512))},
		{"endless_records", endless(sent, "", repeat("\x16\x03\x03\x00\x04\x0c\x00\x00\x00", 512))},
		{"endless_alerts", endless(sent, "", repeat("\x15\x03\x03\x00\x02\x01\x70", 512))},
		{"endless_telnet", endless(sent, "", repeat("\xff\xfd\x18", 1024))},
		{"endless_continue", endless(sent, "", repeat("HTTP/1.1 100 Continue\r\n\r\n", 64))},
	}
}

// Within is the time, on a bubble's clock, in which a use must end on every
// bad peer.
const Within = 30 * time.Minute

// Run runs use against every bad peer, a dialler that fails, one that hangs,
// and with a context that is cancelled while the peer is silent. use gets a
// fresh Dial and should fail the test itself where the result claims a success
// that no such peer can give. Each runs in a synctest bubble, so waiting costs
// no time.
func Run(t *testing.T, use func(ctx context.Context, t *testing.T, dial Dial)) {
	t.Helper()
	var sent atomic.Int64
	for _, p := range Peers(&sent) {
		t.Run(p.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*Within)
				defer cancel()
				start := time.Now()
				use(ctx, t, Pipe(t, p.Serve))
				if d := time.Since(start); d > Within {
					t.Errorf("took %v on a %s peer", d, p.Name)
				}
			})
			if n := sent.Load(); n >= MaxSent {
				t.Errorf("read %d bytes from an endless peer", n)
			}
		})
	}
	hang := func(ctx context.Context) (net.Conn, error) {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	refuse := func(context.Context) (net.Conn, error) {
		return nil, fmt.Errorf("dial: %w", syscall.ECONNREFUSED)
	}
	for name, dial := range map[string]Dial{"dial_refused": refuse, "dial_hangs": hang} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*Within)
				defer cancel()
				start := time.Now()
				use(ctx, t, dial)
				if d := time.Since(start); d > Within {
					t.Errorf("took %v", d)
				}
			})
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			silent := Pipe(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
			defer time.AfterFunc(700*time.Millisecond, func() { cancel(errors.New("enough")) }).Stop()
			start := time.Now()
			use(ctx, t, silent)
			if d := time.Since(start); d > time.Second {
				t.Errorf("went on for %v after the context had ended", d-700*time.Millisecond)
			}
		})
	})
}
