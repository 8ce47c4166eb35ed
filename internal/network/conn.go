package network

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// pacer spaces attempts evenly, with a burst of at most a fiftieth of a
// second so that timers of a millisecond don't set the pace.
type pacer struct {
	perSecond int
	mu        sync.Mutex
	next      time.Time
}

func (p *pacer) wait(ctx context.Context) error {
	if p.perSecond <= 0 {
		return nil
	}
	const burst = 20 * time.Millisecond
	p.mu.Lock()
	now := time.Now()
	if earliest := now.Add(-burst); p.next.Before(earliest) {
		p.next = earliest
	}
	at := p.next
	p.next = p.next.Add(time.Second / time.Duration(p.perSecond))
	p.mu.Unlock()
	d := at.Sub(now)
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// conn counts and bounds the bytes of one connection and gives its place
// back when it is closed.
type conn struct {
	net.Conn
	unit    *unit
	limit   int64 // bytes each way; < 0: none
	release func()
	closed  sync.Once

	mu            sync.Mutex
	read, written int64
}

// allow returns how many of n bytes may still pass; taken is what passed.
func (c *conn) allow(taken *int64, n int) (int, error) {
	if c.limit < 0 {
		return n, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	left := c.limit - *taken
	if left <= 0 && n > 0 {
		return 0, fmt.Errorf("connection passed %d bytes: %w", c.limit, ErrBudget)
	}
	return int(min(int64(n), left)), nil
}

func (c *conn) took(taken *int64, n int) {
	c.mu.Lock()
	*taken += int64(n)
	c.mu.Unlock()
}

// Read reads within the limit of bytes; beyond it the error wraps ErrBudget.
func (c *conn) Read(b []byte) (int, error) {
	k, err := c.allow(&c.read, len(b))
	if err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b[:k])
	c.took(&c.read, n)
	c.unit.read.Add(int64(n))
	return n, err
}

// Write writes within the limit of bytes; beyond it the error wraps
// ErrBudget.
func (c *conn) Write(b []byte) (int, error) {
	k, err := c.allow(&c.written, len(b))
	if err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b[:k])
	c.took(&c.written, n)
	c.unit.written.Add(int64(n))
	if err == nil && k < len(b) {
		_, err = c.allow(&c.written, len(b)-k)
	}
	return n, err
}

// Close closes the connection and frees its place.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.closed.Do(c.release)
	return err
}
