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

	"assay/internal/collect/firmware"
)

// errNoSize says that a file holds another number of bytes than the system
// states, with nobody writing to it: one of /proc or /sys, which only looks like
// a file.
var errNoSize = errors.New("a file without a size")

// opened is a file that is read, as it was before the first byte of it was.
type opened struct {
	*os.File
	size   int64 // as the system states it
	before firmware.State
}

// open notes the state of a file, and refuses what has no size of its own.
func open(f *os.File) (opened, error) {
	o := opened{File: f}
	var err error
	if o.before, err = firmware.StateOf(f); err != nil {
		return o, err
	}
	info, err := f.Stat()
	if err != nil {
		return o, err
	}
	o.size = info.Size()
	n, err := f.ReadAt(make([]byte, 1), max(o.size-1, 0)) // its last byte
	switch {
	case err != nil && err != io.EOF:
		return o, err
	case (n > 0) != (o.size > 0) && !o.changed():
		return o, errNoSize
	}
	return o, nil
}

// changed says whether the file isn't as it was when it was opened.
func (o opened) changed() bool {
	now, err := firmware.StateOf(o.File)
	return err != nil || now != o.before
}

// digest is the SHA-256 of a file that is being read.
type digest struct {
	read atomic.Int64
	done chan struct{}
	sum  string // when it is done
	err  error
}

// hashing begins to read a file to its end, beside whoever else reads it.
func hashing(ctx context.Context, f io.ReaderAt) *digest {
	d := &digest{done: make(chan struct{})}
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
		d.read.Add(int64(n))
		switch {
		case err == io.EOF:
			return hex.EncodeToString(h.Sum(nil)), nil
		case err != nil:
			return "", err
		}
	}
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
