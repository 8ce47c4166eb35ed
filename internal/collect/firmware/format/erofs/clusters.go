package erofs

import (
	"io"

	"assay/internal/collect/firmware/format/tree"
)

const (
	// maxExtent bounds what a run of compressed bytes expands to
	// (Z_EROFS_PCLUSTER_MAX_DSIZE is 12 MiB).
	maxExtent = 12 << 20
	maxLZ4    = 256 // bytes that one compressed byte stands for
)

// extent is a run of compressed bytes and what it stands for in the file.
type extent struct {
	from, to   int64 // in the file
	kind       int   // plain, head1, head2
	at, size   int64 // of the compressed bytes
	algorithm  int
	interlaced bool
	fragment   bool // what it stands for is at at among the fragments
}

// extents goes through a file's index from its beginning.
type extents struct {
	x    *index
	next int64 // the entry after head
	head cluster
	from int64 // of head
	err  error
}

func newExtents(x *index) (*extents, error) {
	e := &extents{x: x, next: 1}
	if x.whole || x.count == 0 {
		return e, nil
	}
	c, err := x.cluster(0)
	if err == nil && (c.kind == tail || c.off != 0) {
		err = tree.Damage(x.at, "the first cluster doesn't begin a run")
	}
	e.head = c
	return e, err
}

// advance returns the next extent, io.EOF after the last.
func (e *extents) advance() (extent, error) {
	x := e.x
	if e.from >= x.n.size {
		return extent{}, io.EOF
	}
	if x.whole {
		e.from = x.n.size
		return extent{to: x.n.size, at: x.fragment, fragment: true}, nil
	}
	h, first := e.head, e.next
	out := extent{from: e.from, to: x.n.size, kind: h.kind, at: h.block << x.r.sb.bits}
	blocks := int64(1) << (x.bits - x.r.sb.bits)
	for e.next < x.count {
		i := e.next
		if (i-first)<<x.bits > maxExtent {
			return out, tree.Damage(x.at, "a run of compressed bytes for more than %d", maxExtent)
		}
		c, err := x.cluster(i)
		if err != nil {
			return out, err
		}
		e.next++
		if c.kind != tail {
			if c.off >= 1<<x.bits {
				return out, tree.Damage(x.at, "entry %d begins at %d of a cluster", i, c.off)
			}
			e.head, out.to = c, min(i<<x.bits+c.off, x.n.size)
			break
		}
		if i == first && c.blocks > 0 {
			blocks = c.blocks
		}
	}
	out.size = blocks << x.r.sb.bits
	e.from = out.to
	e.finish(&out, h)
	return out, nil
}

// finish says how an extent is expanded, and finds the last one of a file that
// keeps it elsewhere.
func (e *extents) finish(out *extent, h cluster) {
	x := e.x
	switch h.kind {
	case plain:
		out.interlaced = x.advise&adviseInterlaced != 0
	case head1:
		out.algorithm = x.algorithm[0]
	case head2:
		out.algorithm = x.algorithm[1]
	}
	if out.to < x.n.size {
		return
	}
	switch {
	case x.tail > 0:
		out.at, out.size, out.interlaced = x.end(), x.tail, false
	case x.advise&adviseFragment != 0:
		out.fragment, out.at = true, x.fragment
		if x.n.layout == layoutFull {
			out.at |= h.block << 32
		}
	}
}

// clusters is the content of a compressed file.
func (r *reader) clusters(n *inode) (io.Reader, error) {
	x, err := r.index(n)
	if err != nil {
		return nil, err
	}
	e, err := newExtents(x)
	if err != nil {
		return nil, err
	}
	return &expanding{r: r, e: e}, nil
}

// expanding reads extent by extent.
type expanding struct {
	r    *reader
	e    *extents
	buf  []byte
	rest []byte // of the extent in buf
	at   int64  // among the fragments
	left int64  // bytes that stand there
}

func (c *expanding) Read(p []byte) (int, error) {
	for {
		switch {
		case len(p) == 0:
			return 0, nil
		case len(c.rest) > 0:
			n := copy(p, c.rest)
			c.rest = c.rest[n:]
			return n, nil
		case c.left > 0:
			p = p[:min(int64(len(p)), c.left)]
			if err := c.r.fragment(p, c.at); err != nil {
				return 0, err
			}
			c.at += int64(len(p))
			c.left -= int64(len(p))
			return len(p), nil
		}
		x, err := c.e.advance()
		if err != nil {
			return 0, err
		}
		n := x.to - x.from
		if x.fragment {
			c.at, c.left = x.at, n
			continue
		}
		if n <= int64(len(p)) { // no copy where there is room
			return int(n), c.r.expand(p[:n], x)
		}
		if c.buf, err = c.r.whole(c.buf, x); err != nil {
			return 0, err
		}
		c.rest = c.buf
	}
}

// whole expands an extent into buf, or into a larger one.
func (r *reader) whole(buf []byte, x extent) ([]byte, error) {
	n := x.to - x.from
	if n > maxExtent || x.kind != plain && algorithms[x.algorithm] == "lz4" && n > maxLZ4*x.size {
		return buf, tree.Damage(x.at, "%d compressed bytes for %d", x.size, n)
	}
	if int64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	return buf[:n], r.expand(buf[:n], x)
}
