package unpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"assay/internal/collect/firmware/format"
)

// errAgain ends a walk whose limit was hit while several goroutines shared it.
var errAgain = errors.New("unpack: a limit was hit")

// budget is what a walk may still cost.
type budget struct {
	lim     Limits
	shared  bool         // several goroutines use it, and the walk can begin again
	decoded atomic.Int64 // bytes that were decoded
	mapped  atomic.Int64 // bytes that were read of layers that are views of others
	names   atomic.Int64
	regions atomic.Int64 // ranges of layers that were gone into
}

// left is how many bytes may still be decoded by somebody who asks before. A
// walk that can begin again looks only when it was done.
func (b *budget) left() int64 {
	if b.shared {
		return b.lim.Total
	}
	return b.lim.Total - b.decoded.Load()
}

// mapFactor: views of an image are read for their headers, their counters and
// their content; what is a view of a view is read by both.
const mapFactor = 4

// entries is how many names a tree may have.
func (b *budget) entries() int {
	if b.shared {
		return b.lim.Entries
	}
	return max(b.lim.Entries-int(b.names.Load()), 1)
}

func (b *budget) spend(n int64) error {
	if b.decoded.Add(n) > b.lim.Total {
		return b.over(fmt.Errorf("%w: %d bytes were decoded in all", format.ErrLimit, b.lim.Total))
	}
	return nil
}

func (b *budget) name() error {
	if b.names.Add(1) > int64(b.lim.Entries) {
		return b.over(fmt.Errorf("%w: more than %d names", format.ErrLimit, b.lim.Entries))
	}
	return nil
}

// maxRegions bounds how often a walk goes into a range of a layer. Ranges that
// hold each other several times double the work at every depth, and decode
// nothing that would count.
const maxRegions = 20_000

func (b *budget) region() error {
	if b.regions.Add(1) > maxRegions {
		return b.over(fmt.Errorf("%w: more than %d ranges were gone into", format.ErrLimit, maxRegions))
	}
	return nil
}

func (b *budget) over(err error) error {
	if b.shared {
		return errAgain
	}
	return err
}

// view is decoded content with random access. What is read of it counts.
type view struct {
	format.Source
	w *walk
}

// Hole is format.Sparse's: what isn't read doesn't count.
func (v view) Hole(off int64) int64 { return format.Hole(v.Source, off) }

func (v view) ReadAt(p []byte, off int64) (int, error) {
	b := &v.w.budget
	if n := b.mapped.Add(int64(len(p))); n/mapFactor > b.lim.Total {
		err := b.over(fmt.Errorf("%w: %d bytes were read of layers in all", format.ErrLimit, b.lim.Total*mapFactor))
		if errors.Is(err, errAgain) {
			return 0, v.w.fail(err)
		}
		return 0, err
	}
	return v.Source.ReadAt(p, off)
}

// maxView bounds the claim of a view: beyond this no image goes.
const maxView = 1 << 40

// largeFile is from where on a file or layer is alone in memory: whoever reads
// another one waits until it was visited.
const largeFile = 32 << 20

// someFile is from where on a layer outside of trees, of which one is decoded
// after the other, gets that much at once.
const someFile = 4 << 20

// muchFile is from where on what such a layer was decoded with is given back
// at once. Decoding it took longer than that.
const muchFile = 16 << 20

// inMemory is how many of the largest files the layers in each other may hold.
const inMemory = 2

// behind is a stream that decodes into the room behind what it gave before, which
// is its dictionary.
type behind interface {
	ReadBehind(b []byte) (int, error)
}

// slurp reads a stream into memory, at most Limits.File bytes of it. release
// must be called when the bytes aren't needed any more. What l stands in is in
// memory as well: both together are bounded.
func (w *walk) slurp(ctx context.Context, r io.Reader, hint int64, l layer) (b []byte, release func(), err error) {
	release = func() {}
	held := l.large // the place of large things is the caller's already
	limit := min(w.lim.File, w.budget.left())
	if limit <= 0 {
		return nil, release, fmt.Errorf("%w: %d bytes were decoded in all", format.ErrLimit, w.lim.Total)
	}
	if limit = min(limit, inMemory*w.lim.File-l.above); limit <= 0 {
		return nil, release, fmt.Errorf("%w: the layers around it hold %d bytes in memory", format.ErrLimit, l.above)
	}
	// A header's word is taken only as far as it costs little.
	b = make([]byte, 0, min(max(hint, 4096)+1, 256<<10, limit+1))
	for {
		if err = ctx.Err(); err != nil {
			break
		}
		if len(b) > largeFile && !held {
			held = true
			w.big.Lock()
			release = w.big.Unlock
		}
		if len(b) == cap(b) {
			// Large content gets all that it may need: what isn't written to costs
			// nothing, and no smaller pieces of memory are left behind.
			more := int64(len(b))
			switch {
			case more >= largeFile:
				more = limit
			case more >= someFile && l.volume < 0:
				more = largeFile - more
			}
			grown := make([]byte, len(b), int64(len(b))+min(more, max(limit+1-int64(len(b)), 1)))
			copy(grown, b)
			b = grown
		}
		var n int
		if in, ok := r.(behind); ok {
			n, err = in.ReadBehind(b)
		} else {
			n, err = r.Read(b[len(b):cap(b)])
		}
		b = b[:len(b)+n]
		if int64(len(b)) > limit {
			b, err = b[:limit], fmt.Errorf("%w: only the first %d bytes are read", format.ErrLimit, limit)
		}
		if err != nil {
			break
		}
	}
	if over := w.budget.spend(int64(len(b))); errors.Is(over, errAgain) {
		return b, release, w.fail(over)
	}
	if err == io.EOF {
		err = nil
	}
	return b, release, err
}

func kindOf(err error) string {
	switch {
	case errors.Is(err, format.ErrLimit):
		return Limit
	case errors.Is(err, format.ErrUnsupported):
		return NotRead
	}
	return format.Damaged
}
