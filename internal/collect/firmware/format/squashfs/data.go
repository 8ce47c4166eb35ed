package squashfs

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// pipeline runs ahead of the caller of Walk: one goroutine walks the names and
// lists the blocks, workers expand them, the caller takes them in file order.
type pipeline struct {
	f     *FS
	ctx   context.Context
	items chan item
	tasks chan *task
	ahead chan struct{} // one for each block that is expanded and not taken
	free  sync.Pool     // expanded data blocks
	wg    sync.WaitGroup
	put   *item // an item that was taken too early

	// of the walking goroutine
	frags map[uint32]*task
	order []uint32 // of frags, oldest first
	left  int64    // of Limits.Total
}

// item is an entry, or a piece of the content of the entry before it.
type item struct {
	entry *Entry
	task  *task // bytes from:to of its output
	from  int
	to    int
	zeros int64 // a hole
	err   error
	kind  string // of the problem that err is
	at    int64
	end   bool // the walk is over; err is its result
}

// task is one block to be expanded.
type task struct {
	at     int64
	size   int
	stored bool
	shared bool // a fragment: more than one file reads it
	taken  bool // of the taking goroutine: its place in ahead is free again
	done   chan struct{}
	out    []byte
	err    error
}

// keptFragments bounds the cache; files beside each other share a fragment.
const keptFragments = 4

func newPipeline(ctx context.Context, f *FS) *pipeline {
	p := &pipeline{f: f, ctx: ctx, frags: map[uint32]*task{}, left: f.lim.Total}
	// Blocks of up to 1 MiB are what costs memory; names are cheap, and a long
	// row of small files in one fragment must not stop the look ahead.
	const blocks = 12
	p.ahead = make(chan struct{}, blocks)
	p.tasks = make(chan *task, blocks)
	p.items = make(chan item, 1024)
	p.free.New = func() any { b := make([]byte, f.super.BlockSize); return &b }
	return p
}

func (p *pipeline) start() {
	for range min(runtime.GOMAXPROCS(0), 4) {
		p.wg.Go(p.work)
	}
	p.wg.Go(func() {
		defer close(p.tasks)
		t := newTree(p.f)
		defer t.m.d.close()
		err := t.walk(p.ctx, func(n *inode) error { return p.emit(t.m, n) })
		// The caller may be gone; then nobody asks for the result.
		_ = p.send(item{end: true, err: err})
	})
}

func (p *pipeline) wait() { p.wg.Wait() }

func (p *pipeline) send(it item) error {
	select {
	case p.items <- it:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

func (p *pipeline) next(ctx context.Context) (item, error) {
	if it := p.put; it != nil {
		p.put = nil
		return *it, nil
	}
	select {
	case it := <-p.items:
		if it.task != nil && !it.task.taken {
			it.task.taken = true
			<-p.ahead
		}
		return it, nil
	case <-ctx.Done():
		return item{}, ctx.Err()
	}
}

func (p *pipeline) work() {
	d := decompressor{name: p.f.super.Compression}
	defer d.close()
	in := make([]byte, p.f.super.BlockSize)
	for t := range p.tasks {
		if p.ctx.Err() == nil {
			p.expand(&d, in, t)
		}
		close(t.done)
	}
}

func (p *pipeline) expand(d *decompressor, in []byte, t *task) {
	out := *p.free.Get().(*[]byte)
	if t.stored {
		t.err = readAt(p.f.r, out[:t.size], t.at)
		t.out = out[:t.size]
		return
	}
	if t.err = readAt(p.f.r, in[:t.size], t.at); t.err != nil {
		return
	}
	n, err := d.expand(out, in[:t.size])
	t.out = out[:n]
	if err != nil {
		t.err = fmt.Errorf("%s: %w", d.name, err)
	}
}

// schedule hands a block to the workers.
func (p *pipeline) schedule(at int64, word uint32, shared bool) (*task, error) {
	size := int(word &^ storedBlock)
	if word&^(storedBlock|blockSizeMax) != 0 || size == 0 || size > int(p.f.super.BlockSize) || at < SuperSize || at+int64(size) > p.f.size {
		return nil, fmt.Errorf("block of %d bytes at offset %d of %d", size, at, p.f.size)
	}
	t := &task{at: at, size: size, stored: word&storedBlock != 0, shared: shared, done: make(chan struct{})}
	select {
	case p.ahead <- struct{}{}:
		p.tasks <- t // has room for all that are ahead
		return t, nil
	case <-p.ctx.Done():
		return nil, p.ctx.Err()
	}
}

// emit sends an entry and the pieces of its content.
func (p *pipeline) emit(m *metaReader, n *inode) error {
	e := n.Entry
	if err := p.send(item{entry: &e}); err != nil || e.Type != File {
		return err
	}
	want := min(n.Size, p.f.lim.File, p.left)
	p.left -= want
	at, done := n.data, int64(0)
	bs := int64(p.f.super.BlockSize)
	for done < want && (n.fragment == noFragment || n.Size-done >= bs) {
		full := min(bs, n.Size-done) // what the block must expand to
		var w [4]byte
		if err := n.blocks.read(w[:]); err != nil {
			return p.send(item{err: err, kind: Damaged, at: n.blocks.at()})
		}
		word := uint32(w[0]) | uint32(w[1])<<8 | uint32(w[2])<<16 | uint32(w[3])<<24
		it := item{to: int(full), at: at}
		if word == 0 {
			it.zeros = full
		} else {
			t, err := p.schedule(at, word, false)
			if err != nil {
				return p.send(item{err: err, kind: Damaged, at: at})
			}
			it.task = t
			at += int64(t.size)
		}
		if err := p.send(it); err != nil {
			return err
		}
		done += full
	}
	if done < want {
		if err := p.tail(m, n, n.Size-done); err != nil {
			return err
		}
		done = n.Size
	}
	if done < n.Size {
		return p.send(item{err: fmt.Errorf("%w: %d of %d bytes were read", ErrLimit, done, n.Size), kind: TooBig, at: at})
	}
	return nil
}

// tail sends the end of a file that stands in a fragment.
func (p *pipeline) tail(m *metaReader, n *inode, size int64) error {
	t, err := p.fragment(m, n.fragment)
	if err != nil {
		return p.send(item{err: err, kind: Damaged, at: p.f.super.FragTable})
	}
	if int64(n.fragOffset)+size > int64(p.f.super.BlockSize) {
		return p.send(item{task: t, err: fmt.Errorf("tail %d+%d in a fragment", n.fragOffset, size), kind: Damaged, at: t.at})
	}
	return p.send(item{task: t, from: int(n.fragOffset), to: int(int64(n.fragOffset) + size), at: t.at})
}

func (p *pipeline) fragment(m *metaReader, i uint32) (*task, error) {
	if t := p.frags[i]; t != nil {
		return t, nil
	}
	start, word, err := m.fragment(i)
	if err != nil {
		return nil, err
	}
	t, err := p.schedule(start, word, true)
	if err != nil {
		return nil, err
	}
	if len(p.order) >= keptFragments {
		delete(p.frags, p.order[0])
		p.order = p.order[1:]
	}
	p.frags[i] = t
	p.order = append(p.order, i)
	return t, nil
}

// content is the io.Reader that Walk gives out.
type content struct {
	ctx   context.Context
	p     *pipeline
	path  string
	data  []byte
	zeros int64
	held  *task // whose output data is part of
	err   error
}

func (c *content) Read(b []byte) (int, error) {
	for {
		switch {
		case len(c.data) > 0:
			n := copy(b, c.data)
			c.data = c.data[n:]
			return n, nil
		case c.zeros > 0:
			n := int(min(int64(len(b)), c.zeros))
			clear(b[:n])
			c.zeros -= int64(n)
			return n, nil
		case c.err != nil:
			return 0, c.err
		case len(b) == 0:
			return 0, nil
		}
		c.advance()
	}
}

// advance takes the next piece.
func (c *content) advance() {
	if t := c.held; t != nil && !t.shared && cap(t.out) > 0 {
		out := t.out[:cap(t.out)]
		c.p.free.Put(&out)
	}
	c.held = nil
	it, err := c.p.next(c.ctx)
	switch {
	case err != nil:
		c.err = err
		return
	case it.entry != nil || it.end:
		c.p.put = &it
		c.err = io.EOF
		return
	case it.err != nil:
		c.fail(it.kind, it.at, it.err)
		return
	case it.task == nil:
		c.zeros = it.zeros
		return
	}
	select {
	case <-it.task.done:
	case <-c.ctx.Done():
		c.err = c.ctx.Err()
		return
	}
	c.held = it.task
	out := it.task.out
	switch {
	case it.task.err != nil:
		c.fail(Damaged, it.at, it.task.err)
	case it.to > len(out) || (!it.task.shared && it.to != len(out)):
		c.fail(Damaged, it.at, fmt.Errorf("the block expands to %d bytes, the file needs %d", len(out), it.to))
	default:
		c.data = out[it.from:it.to]
	}
}

func (c *content) fail(kind string, at int64, err error) {
	c.p.f.problem(Problem{Offset: at, Path: c.path, Kind: kind, Detail: err.Error()})
	c.err = fmt.Errorf("squashfs: %q, block at offset %d: %w", c.path, at, err)
	c.data, c.zeros = nil, 0
}

// drain takes what fn did not read, so that its damage is known too, and what
// stands after damage. Only the end of the whole walk is an error.
func (c *content) drain() error {
	for c.err == nil {
		c.data, c.zeros = nil, 0
		c.advance()
	}
	return c.ctx.Err()
}
