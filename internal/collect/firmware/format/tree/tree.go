// Package tree walks file systems: what the readers of ext, FAT, cramfs and
// others have in common once an inode and a listing can be read. In: a Reader
// of one format, hostile bytes behind it, and limits. Out: a format.Parallel
// that bounds depth, names and bytes, tells loops and bad names, and keeps
// going where something is damaged.
package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"assay/internal/collect/firmware/format"
)

// Node is an inode: an entry without its path, and what its reader wants to
// keep of it.
type Node[T any] struct {
	format.Entry
	At   int64  // where it stands in the source
	List uint64 // of a folder: what sets its listing apart from every other one
	Own  T
}

// Reader is a file system.
type Reader[T any] interface {
	// Root returns the folder that holds everything.
	Root() (Node[T], error)
	// List calls found for each name of the folder d, in the order in which they
	// stand, but for "." and ".." where the format keeps those; n is not kept. err says
	// why the node of a name can't be read. An error of found ends List at once
	// and is returned; any other error says why the listing isn't whole.
	List(ctx context.Context, d *Node[T], found Found[T]) error
	// Open returns the content of a file. It may be called by several
	// goroutines; n stays as it is while the content is read.
	Open(n *Node[T]) io.Reader
}

// Found takes a name, where it stands, and its node.
type Found[T any] func(name string, at int64, n *Node[T], err error) error

// Volume is an open file system. It may be walked more than once, one walk at a
// time.
type Volume[T any] struct {
	r   Reader[T]
	lim format.Limits
	log *Log
	big sync.Mutex // one large content in memory at a time
}

// largeContent is from where on nobody else has one in memory.
const largeContent = 32 << 20

// New makes a volume of r, which tells its own problems to log.
func New[T any](r Reader[T], lim format.Limits, log *Log) *Volume[T] {
	lim = lim.Defaults()
	log.setMax(lim.Problems)
	return &Volume[T]{r: r, lim: lim, log: log}
}

// Problems returns what was odd so far and how many more were dropped.
func (v *Volume[T]) Problems() (kept []format.Problem, dropped int) { return v.log.All() }

// Walk is format.Volume's.
func (v *Volume[T]) Walk(ctx context.Context, fn func(e format.Entry, content io.Reader) error) error {
	w := v.walk(ctx, func(n *Node[T], want int64) error {
		if n.Type != format.File {
			return fn(n.Entry, nil)
		}
		return fn(n.Entry, v.content(ctx, n, want))
	})
	return w.run()
}

// Each is format.Parallel's. The names are read by the caller's goroutine, the
// contents by the workers; files with several names come after all others.
func (v *Volume[T]) Each(ctx context.Context, workers int, fn func(worker int, e format.Entry, data []byte, err error) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// A few jobs ahead keep the workers busy; a node may be large.
	jobs := make(chan job[T], 16)
	var done sync.WaitGroup
	for i := range max(workers, 1) {
		done.Go(func() {
			var buf []byte
			for j := range jobs {
				if ctx.Err() != nil {
					continue
				}
				var err error
				if buf, err = v.one(ctx, &j, buf[:0], func(e format.Entry, data []byte, err error) error { return fn(i, e, data, err) }); err != nil {
					cancel(err)
				}
				if cap(buf) > largeContent {
					buf = nil
				}
			}
		})
	}
	add := func(j job[T]) error {
		select {
		case jobs <- j:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	linked := groups[T]{at: map[uint64]int{}}
	w := v.walk(ctx, func(n *Node[T], want int64) error {
		if !linked.take(n, want) {
			return add(job[T]{n: *n, want: want})
		}
		return nil
	})
	w.once = map[uint64]struct{}{}
	err := w.run()
	for i := 0; i < len(linked.jobs) && err == nil; i++ {
		err = add(linked.jobs[i])
	}
	close(jobs)
	done.Wait()
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}

// job is a content to be read, and its names.
type job[T any] struct {
	n    Node[T]
	want int64
	more []string // paths beside the node's own
}

// one reads a content into buf and gives it out under all of its names.
func (v *Volume[T]) one(ctx context.Context, j *job[T], buf []byte, give func(e format.Entry, data []byte, err error) error) ([]byte, error) {
	data := buf
	var err error
	if j.want > largeContent {
		v.big.Lock()
		defer v.big.Unlock()
	}
	if j.n.Type == format.File {
		data, err = fill(v.content(ctx, &j.n, j.want), buf, j.want)
	}
	e := j.n.Entry
	if err := give(e, data, err); err != nil {
		return data, err
	}
	for _, path := range j.more {
		e.Path, e.Again = path, true
		if err := give(e, data, err); err != nil {
			return data, err
		}
	}
	return data, nil
}

// groups collects files with several names, by inode.
type groups[T any] struct {
	jobs []job[T]
	at   map[uint64]int // in jobs
}

// take says whether it took the node.
func (g *groups[T]) take(n *Node[T], want int64) bool {
	if !n.shared() {
		return false
	}
	if i, ok := g.at[n.Inode]; ok {
		g.jobs[i].more = append(g.jobs[i].more, n.Path)
		return true
	}
	g.at[n.Inode] = len(g.jobs)
	g.jobs = append(g.jobs, job[T]{n: *n, want: want})
	return true
}

// shared says that other names may have the same content.
func (n *Node[T]) shared() bool { return n.Type == format.File && n.Links > 1 && n.Inode != 0 }

// fill reads r to its end. It allocates as bytes arrive: want is what an inode
// claims.
func fill(r io.Reader, buf []byte, want int64) ([]byte, error) {
	const first = 1 << 20
	for {
		if len(buf) == cap(buf) {
			n := int64(max(first, 2*cap(buf)))
			if n > largeContent {
				n = want // what isn't written to costs nothing
			}
			grown := make([]byte, len(buf), max(min(want, n), int64(cap(buf)+1)))
			copy(grown, buf)
			buf = grown
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}

// walk is one way through the tree.
type walk[T any] struct {
	v       *Volume[T]
	ctx     context.Context
	emit    func(n *Node[T], want int64) error
	seen    map[uint64]struct{} // listings that were read
	once    map[uint64]struct{} // inodes that were counted; nil: each name counts
	entries int
	left    int64 // bytes of content that may still be given out
	stop    error // what ends the walk
}

func (v *Volume[T]) walk(ctx context.Context, emit func(*Node[T], int64) error) *walk[T] {
	return &walk[T]{v: v, ctx: ctx, emit: emit, seen: map[uint64]struct{}{}, left: v.lim.Total}
}

// errStop is what List gets where the walk ends; walk.stop says why.
var errStop = errors.New("the walk ends")

func (w *walk[T]) run() error {
	root, err := w.v.r.Root()
	if err == nil && root.Type != format.Dir {
		err = Damage(root.At, "the root is a %s", root.Type)
	}
	if err != nil {
		w.v.log.Fault("/", root.At, fmt.Errorf("the root folder can't be read: %w", err))
		return w.ctx.Err()
	}
	root.Path = "/"
	if err := w.emit(&root, 0); err != nil {
		return err
	}
	w.dir(&root, 1)
	if w.stop == errStop { // of the number of entries
		return nil
	}
	return w.stop
}

// dir lists the folder d, whose names are depth folders below the root.
// Damage ends its listing, not the walk.
func (w *walk[T]) dir(d *Node[T], depth int) {
	if depth > w.v.lim.Depth {
		w.v.log.Add(format.Problem{Offset: d.At, Path: d.Path, Kind: format.TooDeep, Detail: fmt.Sprintf("more than %d folders deep", w.v.lim.Depth)})
		return
	}
	// Folders can't be hard links: meeting a listing twice is a loop, or a bomb
	// of the same names again and again.
	if _, ok := w.seen[d.List]; ok {
		w.v.log.Add(format.Problem{Offset: d.At, Path: d.Path, Kind: format.Loop, Detail: "this listing was read before under another name"})
		return
	}
	w.seen[d.List] = struct{}{}
	err := w.v.r.List(w.ctx, d, func(name string, at int64, n *Node[T], err error) error {
		if w.stop == nil {
			w.stop = w.name(d, name, at, n, err, depth)
		}
		if w.stop != nil {
			return errStop
		}
		return nil
	})
	if w.stop == nil && err != nil {
		if w.stop = w.ctx.Err(); w.stop == nil {
			w.v.log.Fault(d.Path, d.At, err)
		}
	}
}

// name gives out one entry of d, and goes down into it.
func (w *walk[T]) name(d *Node[T], name string, at int64, n *Node[T], err error, depth int) error {
	if w.entries%256 == 0 && w.ctx.Err() != nil {
		return w.ctx.Err()
	}
	path, bad := format.Join(d.Path, name)
	if w.entries++; w.entries > w.v.lim.Entries {
		w.v.log.Add(format.Problem{Offset: at, Path: path, Kind: format.TooMany, Detail: fmt.Sprintf("more than %d entries", w.v.lim.Entries)})
		return errStop
	}
	if bad != "" {
		w.v.log.Add(format.Problem{Offset: at, Path: path, Kind: format.BadName, Detail: bad})
		return nil
	}
	if err != nil {
		w.v.log.Fault(path, at, err)
		return nil
	}
	n.Path = path
	want := int64(0)
	if n.Type == format.File && !w.counted(n) {
		want = max(min(n.Size, w.v.lim.File, w.left), 0)
		w.left -= want
	}
	if err := w.emit(n, want); err != nil {
		return err
	}
	if n.Type == format.Dir {
		w.dir(n, depth+1)
		return w.stop
	}
	return nil
}

// counted says that the content of n was counted under another name.
func (w *walk[T]) counted(n *Node[T]) bool {
	if w.once == nil || !n.shared() {
		return false
	}
	_, ok := w.once[n.Inode]
	w.once[n.Inode] = struct{}{}
	return ok
}
