package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// errNoSize says that the system calls a file empty and gives bytes of it: one
// of /proc or /sys, which only looks like a file.
var errNoSize = errors.New("a file without a size")

// digest is the SHA-256 of a file that is being read.
type digest struct {
	stated int64 // its size, as the system says
	read   atomic.Int64
	done   chan struct{}
	sum    string // when it is done
	err    error
}

// hashing begins to read a file to its end, beside whoever else reads it.
func hashing(ctx context.Context, f *os.File) *digest {
	d := &digest{done: make(chan struct{})}
	if info, err := f.Stat(); err == nil {
		d.stated = info.Size()
	}
	go func() {
		defer close(d.done)
		d.sum, d.err = d.hash(ctx, f)
	}()
	return d
}

func (d *digest) hash(ctx context.Context, f io.ReaderAt) (string, error) {
	h := sha256.New()
	b := make([]byte, 1<<20)
	for {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		// The offset of the file is the child's too.
		n, err := f.ReadAt(b, d.read.Load())
		h.Write(b[:n])
		size := d.read.Add(int64(n))
		switch {
		case d.stated == 0 && size > 0:
			return "", errNoSize
		case err == io.EOF:
			return hex.EncodeToString(h.Sum(nil)), nil
		case err != nil:
			return "", err
		}
	}
}

// early is the error of what can't be an image: of a file that has no size only
// reading shows it.
func (d *digest) early() error {
	if d.stated > 0 {
		return nil
	}
	<-d.done
	return d.err
}

// wait returns how much was read and its sum; show is called while there is
// something to wait for.
func (d *digest) wait(show func(read int64)) (size int64, sum string, err error) {
	tick := time.NewTicker(time.Second / 5)
	defer tick.Stop()
	for {
		select {
		case <-d.done:
			return d.read.Load(), d.sum, d.err
		case <-tick.C:
			show(d.read.Load())
		}
	}
}
