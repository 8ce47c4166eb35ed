package network

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// pipeBuffer is how much one direction of a pipe holds before a writer
// waits. Unlike net.Pipe a write does not wait for the reader, so that two
// sides that write at once don't block each other, as on TCP.
const pipeBuffer = 64 << 10

// Pipe returns the two ends of an in-memory connection. Both honour
// deadlines, have CloseWrite, and block durably inside a synctest bubble.
func Pipe() (client, server net.Conn) {
	a := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 49152}
	b := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 1}
	c, s := pipe(a, b)
	return c, s
}

func pipe(client, server *net.TCPAddr) (*pipeConn, *pipeConn) {
	up, down := newHalf(), newHalf()
	return &pipeConn{in: down, out: up, local: client, remote: server},
		&pipeConn{in: up, out: down, local: server, remote: client}
}

// half is one direction: a bounded queue of bytes.
type half struct {
	mu      sync.Mutex
	cond    sync.Cond
	buf     []byte
	eof     bool // the writer closed
	gone    bool // the reader closed
	readBy  deadline
	writeBy deadline
}

func newHalf() *half {
	h := &half{}
	h.cond.L = &h.mu
	return h
}

// deadline wakes the waiters of a half when its time has come.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (h *half) setDeadline(d *deadline, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.at = at
	if !at.IsZero() && !h.gone {
		d.timer = time.AfterFunc(max(0, time.Until(at)), func() {
			h.mu.Lock()
			h.cond.Broadcast()
			h.mu.Unlock()
		})
	}
	h.cond.Broadcast()
}

func (h *half) read(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.gone:
			return 0, net.ErrClosed
		case h.readBy.passed():
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case len(h.buf) > 0:
			n := copy(b, h.buf)
			h.buf = h.buf[n:]
			if len(h.buf) == 0 {
				h.buf = nil
			}
			h.cond.Broadcast()
			return n, nil
		case h.eof:
			return 0, io.EOF
		}
		h.cond.Wait()
	}
}

func (h *half) write(b []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.eof:
			return n, net.ErrClosed
		case h.writeBy.passed():
			return n, os.ErrDeadlineExceeded
		case h.gone:
			return n, os.NewSyscallError("write", syscall.EPIPE)
		}
		if room := pipeBuffer - len(h.buf); room > 0 {
			k := min(room, len(b))
			h.buf = append(h.buf, b[:k]...)
			b, n = b[k:], n+k
			h.cond.Broadcast()
		}
		if len(b) == 0 {
			return n, nil
		}
		h.cond.Wait()
	}
}

// end marks one side as closed and stops its timer.
func (h *half) end(reader bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := &h.writeBy
	if reader {
		h.gone, h.buf = true, nil
		d = &h.readBy
	} else {
		h.eof = true
	}
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	h.cond.Broadcast()
}

type pipeConn struct {
	in, out       *half
	local, remote *net.TCPAddr
}

func (c *pipeConn) op(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

func (c *pipeConn) Read(b []byte) (int, error) {
	n, err := c.in.read(b)
	return n, c.op("read", err)
}

func (c *pipeConn) Write(b []byte) (int, error) {
	n, err := c.out.write(b)
	return n, c.op("write", err)
}

// CloseWrite ends the own direction; the peer reads EOF after what was sent.
func (c *pipeConn) CloseWrite() error {
	c.out.end(false)
	return nil
}

func (c *pipeConn) Close() error {
	c.out.end(false)
	c.in.end(true)
	return nil
}

func (c *pipeConn) LocalAddr() net.Addr  { return c.local }
func (c *pipeConn) RemoteAddr() net.Addr { return c.remote }

func (c *pipeConn) SetDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}

func (c *pipeConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	return nil
}

func (c *pipeConn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}
