package archive

import (
	"context"
	"errors"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
)

// Content is what is given out of a member: r, cut at Limits.File and at what
// is left of Limits.Total. Whatever ends it early is noted once, with the path
// and offset at.
func (t *Tree) Content(ctx context.Context, r io.Reader, path string, at int64) io.Reader {
	return &content{ctx: ctx, t: t, r: r, path: path, at: at, left: min(t.lim.File, max(t.lim.Total-t.total, 0))}
}

type content struct {
	ctx  context.Context
	t    *Tree
	r    io.Reader
	path string
	at   int64
	left int64
	err  error
}

func (c *content) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	if c.left == 0 && len(p) > 0 {
		return 0, c.end(More(c.r))
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.t.total += int64(n)
	if err != nil {
		err = c.end(err)
	}
	return n, err
}

// end notes why the content ends, and keeps it.
func (c *content) end(err error) error {
	p := format.Problem{Offset: c.at, Path: clip(c.path), Kind: format.Damaged}
	switch {
	case err == io.EOF:
		c.err = err
		return err
	case errors.Is(err, format.ErrLimit):
		p.Kind, c.err = format.TooBig, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		p.Kind, c.err = format.Truncated, err
	case errors.Is(err, format.ErrUnsupported):
		p.Kind, c.err = format.Unsupported, err
	case errors.Is(err, ErrChecksum):
		p.Kind, c.err = format.BadChecksum, err
	default:
		c.err = Damage(err)
	}
	p.Detail = c.err.Error()
	c.t.Add(p)
	return c.err
}

// ErrChecksum says that content decodes and its checksum doesn't fit.
var ErrChecksum = fmt.Errorf("%w: the checksum doesn't fit", format.ErrDamaged)

// Damage makes err one that errors.Is knows as format.ErrDamaged.
func Damage(err error) error {
	if errors.Is(err, format.ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w: %w", format.ErrDamaged, err)
}

// More says how a reader that a limit cut goes on: io.EOF where nothing was
// lost, format.ErrLimit where more would have come.
func More(r io.Reader) error {
	var one [1]byte
	for range 100 {
		switch n, err := r.Read(one[:]); {
		case n > 0:
			return format.ErrLimit
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}

// Exactly reads size bytes of s from off on; a source that ends before ends the
// content with io.ErrUnexpectedEOF.
func Exactly(s format.Source, off, size int64) io.Reader {
	have := min(max(s.Size()-off, 0), size)
	r := io.NewSectionReader(s, off, have)
	if have == size {
		return r
	}
	return io.MultiReader(r, failing{fmt.Errorf("%d of %d bytes are there: %w", have, size, io.ErrUnexpectedEOF)})
}

// Fail is content that can't be read.
func Fail(err error) io.Reader { return failing{err} }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
