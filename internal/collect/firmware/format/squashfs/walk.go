package squashfs

import (
	"context"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
)

// Walk is format.Volume's: folders come before what they hold, the root first. Blocks are expanded as
// they are read; what fn doesn't read costs nothing, and its damage isn't seen.
func (f *FS) Walk(ctx context.Context, fn func(e format.Entry, content io.Reader) error) error {
	f.meta.Lock()
	defer f.meta.Unlock()
	w := &walker{x: f.expander()}
	return f.walk(ctx, false, func(n *inode) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if n.Type != format.File {
			return fn(n.Entry, nil)
		}
		return fn(n.Entry, &content{w: w, ctx: ctx, n: *n, at: n.data})
	})
}

// walker is what the contents of one walk share.
type walker struct {
	x     *expander
	block []byte      // of the content that is being read
	frags [4]fragment // used last, latest first: files beside each other share one
	spent int64       // bytes of fragments that were expanded
}

type fragment struct {
	index uint32
	at    int64
	data  []byte
	err   error
	known bool
}

func (w *walker) fragment(i uint32) *fragment {
	for k, f := range w.frags {
		if f.known && f.index == i {
			copy(w.frags[1:k+1], w.frags[:k])
			w.frags[0] = f
			return &w.frags[0]
		}
	}
	f := fragment{index: i, known: true, data: w.frags[len(w.frags)-1].data}
	copy(w.frags[1:], w.frags[:])
	// Files that take turns with fragments cost more than they give.
	if w.spent += int64(w.x.f.super.BlockSize); w.spent > 2*w.x.f.lim.Total+1<<20 {
		f.data, f.err = f.data[:0], fmt.Errorf("%w: %d bytes of fragments were expanded", format.ErrLimit, w.spent)
	} else {
		f.read(w.x)
	}
	w.frags[0] = f
	return &w.frags[0]
}

// load is read for who doesn't hold the metadata.
func (g *fragment) load(x *expander) {
	var word uint32
	x.f.meta.Lock()
	g.at, word, g.err = x.f.m.fragment(g.index)
	x.f.meta.Unlock()
	g.expand(x, word)
}

// read expands the fragment into data.
func (g *fragment) read(x *expander) {
	var word uint32
	g.at, word, g.err = x.f.m.fragment(g.index)
	g.expand(x, word)
}

func (g *fragment) expand(x *expander, word uint32) {
	g.data = g.data[:0]
	if g.err != nil {
		g.at = x.f.super.FragTable
		return
	}
	if cap(g.data) == 0 {
		g.data = make([]byte, 0, x.f.super.BlockSize)
	}
	n, err := x.read(g.data[:cap(g.data)], g.at, word)
	g.data, g.err = g.data[:n], err
}

// tail returns the bytes of a file that stand in the fragment.
func (g *fragment) tail(off uint32, size int64) ([]byte, error) {
	if g.err != nil {
		return nil, g.err
	}
	if int64(off)+size > int64(len(g.data)) {
		return nil, errTail
	}
	return g.data[off : int64(off)+size], nil
}

// content is the io.Reader that Walk gives out.
type content struct {
	w    *walker
	ctx  context.Context
	n    inode
	at   int64 // of the next block
	done int64 // bytes that were expanded
	data []byte
	err  error
}

func (c *content) Read(b []byte) (int, error) {
	for len(c.data) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		if len(b) == 0 {
			return 0, nil
		}
		c.next()
	}
	n := copy(b, c.data)
	c.data = c.data[n:]
	return n, nil
}

// next expands the next block, or takes the tail.
func (c *content) next() {
	n, x := &c.n, c.w.x
	bs := int64(x.f.super.BlockSize)
	if c.err = c.ctx.Err(); c.err != nil {
		return
	}
	if c.done >= n.want {
		if c.err = io.EOF; n.want < n.Size {
			c.err = limited(n.want, n.Size)
		}
		return
	}
	var err error
	if end := n.inBlocks(x.f.super.BlockSize); c.done < end {
		if c.w.block == nil {
			c.w.block = make([]byte, bs)
		}
		c.data = c.w.block[:min(bs, end-c.done)]
		var word uint32
		if word, err = n.word(); err == nil {
			err = x.whole(c.data, c.at, word)
		}
		if err == nil {
			c.at += int64(word &^ storedBlock)
		}
	} else {
		g := c.w.fragment(n.fragment)
		c.at = g.at
		c.data, err = g.tail(n.fragOffset, n.Size-c.done)
	}
	if err != nil {
		c.data = nil
		x.f.problem(format.Problem{Offset: c.at, Path: n.Path, Kind: format.Damaged, Detail: err.Error()})
		c.err = damaged(c.at, err)
		return
	}
	c.done += int64(len(c.data))
	if over := c.done - n.want; over > 0 {
		c.data = c.data[:int64(len(c.data))-over]
	}
}
