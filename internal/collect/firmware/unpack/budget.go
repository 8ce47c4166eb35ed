package unpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
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

// slurp reads a stream into memory, at most Limits.File bytes of it. release
// must be called when the bytes aren't needed any more; held says that the
// caller has the place of large things already.
func (w *walk) slurp(ctx context.Context, r io.Reader, hint int64, held bool) (b []byte, release func(), err error) {
	release = func() {}
	limit := min(w.lim.File, w.budget.left())
	if limit <= 0 {
		return nil, release, fmt.Errorf("%w: %d bytes were decoded in all", format.ErrLimit, w.lim.Total)
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
			b = slices.Grow(b, int(min(int64(len(b)), max(limit+1-int64(len(b)), 1))))
		}
		var n int
		n, err = r.Read(b[len(b):cap(b)])
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
