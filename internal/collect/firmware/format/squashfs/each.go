package squashfs

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"assay/internal/collect/firmware/format"
)

// Each is format.Parallel's. Every block is expanded once, into the memory that
// fn sees: small files are windows of their fragment, others stand in one piece.
// Names of one content come one after the other, with the same data. The blocks
// of a large file are shared out among the workers. Where a block is damaged,
// data has zeros in its place, if anything comes behind it.
//
// It needs memory for the largest file and two blocks for each worker, for the
// metadata, and some 60 bytes for each name.
func (f *FS) Each(ctx context.Context, workers int, fn func(worker int, e format.Entry, data []byte, err error) error) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	f.meta.Lock()
	p, err := f.plan(ctx, func(e format.Entry) error { return fn(0, e, nil, nil) })
	f.meta.Unlock()
	if err != nil {
		return err
	}
	r := &run{f: f, p: p, fn: fn, items: p.items}
	r.more.L = &r.mu
	stop := context.AfterFunc(ctx, func() { r.fail(ctx.Err()) })
	defer stop()
	var wg sync.WaitGroup
	for i := range min(workers, r.most()) {
		wg.Go(func() { r.work(ctx, i) })
	}
	wg.Wait()
	r.tell()
	r.mu.Lock()
	defer r.mu.Unlock()
	return cmp.Or(r.err, ctx.Err())
}

// run is Each at work.
type run struct {
	f     *FS
	p     *plan
	fn    func(worker int, e format.Entry, data []byte, err error) error
	ended atomic.Bool // err is set

	mu    sync.Mutex
	more  sync.Cond // something changed
	items []item    // not begun
	ready []ready   // jobs whose fragment is expanded
	open  *blocks   // of which some wait for a worker
	busy  int       // workers that may bring jobs
	pool  buffers
	err   error

	odd []oddity
	cut int // of odd, that were dropped
}

// ready is a job, and the fragment that holds the tails of its files.
type ready struct {
	job
	g *shared
}

// shared is an expanded fragment.
type shared struct {
	fragment
	users int // jobs that will read it
}

// oddity is a problem, to be told in the order of the walk.
type oddity struct {
	name uint32
	format.Problem
}

// most is how many workers have something to do, roughly.
func (r *run) most() int {
	n := 0
	for i := 0; i < len(r.items) && n < 1<<10; i++ {
		n += 1 + int(r.items[i].bytes/int64(r.f.super.BlockSize))
	}
	return n
}

// fail ends it; the first reason counts.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	r.ended.Store(true)
	r.more.Broadcast()
}

// work does one thing after the other: what was begun first, since it holds
// memory.
func (r *run) work(ctx context.Context, worker int) {
	x := r.f.expander()
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.err == nil && ctx.Err() == nil {
		switch {
		case r.open != nil:
			r.block(worker, x)
		case len(r.ready) > 0:
			j := r.ready[len(r.ready)-1]
			r.ready = r.ready[:len(r.ready)-1]
			r.begin(worker, j)
		case len(r.items) > 0:
			it := r.items[0]
			r.items = r.items[1:]
			if it.fragment == noFragment {
				r.begin(worker, ready{job: it.jobs[0]})
			} else {
				r.fragment(worker, x, it)
			}
		case r.busy > 0:
			r.more.Wait()
		default:
			return
		}
	}
}

// fragment expands a fragment, gives out what it holds wholly, and lets the
// workers at the jobs whose tails it holds. The caller holds r.mu.
func (r *run) fragment(worker int, x *expander, it item) {
	g := &shared{fragment: fragment{index: it.fragment, data: r.pool.block(r.f.super.BlockSize)}, users: len(it.jobs)}
	r.busy++
	r.mu.Unlock()
	g.load(x)
	if g.err != nil {
		r.damage(it.first(), g.at, g.err.Error())
	}
	var names []file
	for rest := it.tails; len(rest) > 0; {
		names = names[:0]
		for i := 0; i < len(rest) && rest[i].off == rest[0].off && rest[i].size == rest[0].size; i++ {
			names = append(names, rest[i].file())
		}
		rest = rest[len(names):]
		a := &names[0]
		data, err := g.tail(a.off, a.size)
		if err != nil {
			if g.err == nil {
				r.damage(a, g.at, err.Error())
			}
			err = damaged(g.at, err)
		}
		r.give(worker, names, data, err)
	}
	r.mu.Lock()
	r.busy--
	for _, j := range it.jobs {
		r.ready = append(r.ready, ready{j, g})
	}
	if g.users == 0 {
		r.pool.putBlock(g.data)
	}
	r.more.Broadcast()
}

// give calls fn for names of one content.
func (r *run) give(worker int, names []file, data []byte, err error) {
	for i := range names {
		if r.ended.Load() {
			return
		}
		x := &names[i]
		e, own := r.entry(x), err
		e.Again = i > 0 && x.same(&names[i-1])
		if own == nil && x.want < x.size {
			own = limited(x.want, x.size)
		}
		if err := r.fn(worker, e, data[:min(int64(len(data)), x.want)], own); err != nil {
			r.fail(err)
		}
	}
}

// entry puts an entry together. Inodes with a list of blocks are read again.
func (r *run) entry(x *file) format.Entry {
	if t := x.tail; t != nil {
		r.f.meta.Lock()
		uid, gid := r.f.m.ids[t.uid], r.f.m.ids[t.group]
		r.f.meta.Unlock()
		return format.Entry{Path: r.p.path(x.dir, x.name), Type: format.File, Mode: uint32(t.mode), UID: uid, GID: gid, Size: x.size,
			MTime: time.Unix(int64(t.mtime), 0).UTC(), Inode: uint64(t.inode), Links: t.links}
	}
	r.f.meta.Lock()
	n, err := r.f.m.inode(x.ref)
	r.f.meta.Unlock()
	if err != nil { // it was read before
		n.Type = format.File
	}
	n.Path = r.p.path(x.dir, x.name)
	return n.Entry
}

// damage keeps a problem. Of too many it keeps those that come first.
func (r *run) damage(x *file, at int64, detail string) {
	o := oddity{x.name, format.Problem{Offset: at, Path: r.p.path(x.dir, x.name), Kind: format.Damaged, Detail: detail}}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.odd = append(r.odd, o); len(r.odd) >= 2*r.f.lim.Problems {
		r.sort()
	}
}

func (r *run) sort() {
	slices.SortFunc(r.odd, func(a, b oddity) int { return cmp.Compare(a.name, b.name) })
	if over := len(r.odd) - r.f.lim.Problems; over > 0 {
		r.cut += over
		r.odd = r.odd[:r.f.lim.Problems]
	}
}

// tell hands the problems on.
func (r *run) tell() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sort()
	for _, o := range r.odd {
		r.f.problem(o.Problem)
	}
	for range r.cut {
		r.f.problem(format.Problem{})
	}
}

// damaged is the error of a content.
func damaged(at int64, err error) error {
	return fmt.Errorf("squashfs: %w: block at offset %d: %w", format.ErrDamaged, at, err)
}

// limited is the error of a content that is right as far as it goes.
func limited(want, size int64) error {
	return fmt.Errorf("squashfs: %w: %d of %d bytes are read", format.ErrLimit, want, size)
}

// buffers are reused from file to file.
type buffers struct {
	blocks [][]byte // of a block each
	files  [][]byte
}

// block returns a slice of length 0 with room for a block.
func (p *buffers) block(size uint32) []byte {
	if n := len(p.blocks); n > 0 {
		b := p.blocks[n-1]
		p.blocks = p.blocks[:n-1]
		return b
	}
	return make([]byte, 0, size)
}

func (p *buffers) putBlock(b []byte) { p.blocks = append(p.blocks, b[:0]) }

// file returns a slice of n bytes. Files come in the order of their size, so
// that one that is too small will not be needed again.
func (p *buffers) file(n int64) []byte {
	best := -1
	for i, b := range p.files {
		if int64(cap(b)) >= n && (best < 0 || cap(b) < cap(p.files[best])) {
			best = i
		}
	}
	if best < 0 {
		p.files = nil
		return make([]byte, n)
	}
	b := p.files[best]
	p.files = slices.Delete(p.files, best, best+1)
	return b[:n]
}

func (p *buffers) putFile(b []byte) { p.files = append(p.files, b) }
