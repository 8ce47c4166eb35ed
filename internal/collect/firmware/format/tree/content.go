package tree

import (
	"context"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
)

// content is what a walk gives out: what Open returned, cut at a limit, its
// damage told.
type content[T any] struct {
	v    *Volume[T]
	ctx  context.Context
	n    *Node[T]
	r    io.Reader
	left int64 // bytes that may still be read
	done int64
	err  error
}

func (v *Volume[T]) content(ctx context.Context, n *Node[T], want int64) io.Reader {
	c := &content[T]{v: v, ctx: ctx, n: n, left: want}
	if want > 0 {
		c.r = v.r.Open(n)
	}
	return c
}

func (c *content[T]) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if c.left == 0 {
		c.end()
		return 0, c.err
	}
	if c.err = c.ctx.Err(); c.err != nil {
		return 0, c.err
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.done += int64(n)
	switch {
	case err == io.EOF && c.left > 0:
		err = &Fault{Kind: format.Truncated, At: c.n.At, Detail: fmt.Sprintf("the content ends after %d of %d bytes", c.done, c.n.Size)}
		fallthrough
	case err != nil && err != io.EOF:
		c.v.log.Fault(c.n.Path, c.n.At, err)
		c.err = err
		return n, err
	}
	return n, nil
}

// end says how a content ends whose every byte wanted was read.
func (c *content[T]) end() {
	if c.done == c.n.Size {
		c.err = io.EOF
		return
	}
	c.err = &Fault{Kind: format.TooBig, At: c.n.At, Detail: fmt.Sprintf("%d of %d bytes were read", c.done, c.n.Size)}
	c.v.log.Fault(c.n.Path, c.n.At, c.err)
}

// Run is a piece of a content: Len bytes that stand at At in the source, or as
// many zeros where At is negative.
type Run struct{ At, Len int64 }

// Runs makes the content that stands in runs: next returns one after the other
// and io.EOF after the last. A run of no bytes is passed over, at most as many
// as next gives.
func Runs(src format.Source, next func() (Run, error)) io.Reader {
	return &runs{src: src, next: next}
}

type runs struct {
	src  format.Source
	next func() (Run, error)
	run  Run
}

func (r *runs) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.run.Len <= 0 {
		var err error
		if r.run, err = r.next(); err != nil {
			return 0, err
		}
	}
	p = p[:min(int64(len(p)), r.run.Len)]
	if r.run.At < 0 {
		clear(p)
		r.run.Len -= int64(len(p))
		return len(p), nil
	}
	n, err := r.src.ReadAt(p, r.run.At)
	r.run.At += int64(n)
	r.run.Len -= int64(n)
	if n == len(p) {
		return n, nil
	}
	if err == nil || err == io.EOF {
		err = &Fault{Kind: format.Truncated, At: r.run.At, Detail: "the content goes on beyond the end of the image"}
	}
	return n, err
}

// Blocks makes a content of size bytes that is decoded block by block: fill
// writes all of block i, which is len(p) bytes, the last one shorter.
func Blocks(size int64, block int, fill func(i int64, p []byte) error) io.Reader {
	return &blocks{size: size, block: block, fill: fill}
}

type blocks struct {
	size  int64
	block int
	fill  func(int64, []byte) error
	i     int64
	buf   []byte // of the last block, where the reader wanted less
	rest  []byte
}

func (b *blocks) Read(p []byte) (int, error) {
	if len(b.rest) > 0 {
		n := copy(p, b.rest)
		b.rest = b.rest[n:]
		return n, nil
	}
	left := b.size - b.i*int64(b.block)
	if left <= 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	want := int(min(left, int64(b.block)))
	if len(p) >= want { // no copy where there is room
		if err := b.fill(b.i, p[:want]); err != nil {
			return 0, err
		}
		b.i++
		return want, nil
	}
	if b.buf == nil {
		b.buf = make([]byte, want)
	}
	if err := b.fill(b.i, b.buf[:want]); err != nil {
		return 0, err
	}
	b.i++
	n := copy(p, b.buf[:want])
	b.rest = b.buf[n:want]
	return n, nil
}

// Fail is content that can't be read.
func Fail(err error) io.Reader { return failing{err} }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
