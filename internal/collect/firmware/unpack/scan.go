package unpack

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"assay/internal/collect/firmware/format"
)

// layout is what stands in one source.
type layout struct {
	parts   []*format.Part // by offset; none begins in another
	banners []*format.Part // what only states a name; its bytes belong to what they stand in
	blocks  *blocks
	cut     string // why there may be more: a limit was hit
	cutAt   int64  // from here on
	touched int    // looks
}

type span struct{ off, end int64 }

const (
	window = 1 << 20
	// maxLead bounds the padding before which a number is looked for.
	maxLead = 2048
	// Looks cost a read or more; an image made of nothing but magic numbers
	// ends here, after seconds.
	maxLooks = 400_000
	// Weak formats stand at such borders (erase blocks are multiples of it).
	weakStep = 4096
	maxWeak  = 20_000
)

// search says how a source is searched.
type search struct {
	try     []string // names of formats to be tried first
	parts   int      // are found at most
	program bool     // it is known to be a program, that nothing is a header of or hides
	alone   bool     // in this goroutine
}

// scan finds the parts of s.
func (fs *Formats) scan(ctx context.Context, s format.Source, how search) (*layout, error) {
	l := &layout{blocks: newBlocks(s.Size())}
	off := int64(0)
	p, err := fs.At(ctx, s, how.try, len(how.try) > 0)
	if err != nil {
		return l, err
	}
	switch {
	case p != nil && banner(p):
		l.banners, off = append(l.banners, p), 1
	case p != nil:
		l.parts = append(l.parts, p)
		off = p.Offset + max(p.Size, 1)
	}
	sc := &scanning{fs: fs, ctx: ctx, s: s, l: l, max: how.parts, beside: !how.alone && s.Size() >= sideBySide}
	tails, stop := context.WithCancel(ctx)
	defer func() { stop(); sc.side.Wait() }()
	if p == nil && !how.program {
		if off, err = sc.begins(tails); err != nil {
			return l, err
		}
	}
	if err := sc.everywhere(off); err != nil {
		return l, err
	}
	if err := sc.weakly(); err != nil {
		return l, err
	}
	if err := sc.count(0, s.Size()); err != nil {
		return l, err
	}
	return l, nil
}

type scanning struct {
	fs  *Formats
	ctx context.Context
	s   format.Source
	l   *layout
	max int
	buf []byte
	// tails are looks for what stands at the end of the source.
	tails  []look
	beside bool // looks at the first byte run beside each other
	side   sync.WaitGroup
}

// look is a format's at the first byte.
type look func() (*format.Part, error)

// sideBySide is from where on the formats of a whole region, which read all of
// it, do so at the same time.
const sideBySide = 4 << 20

// begins tries weak formats of whole regions: what they hold would else be
// found in their place.
func (sc *scanning) begins(tails context.Context) (off int64, err error) {
	ctx, stop := context.WithCancel(sc.ctx)
	defer stop() // those that come after what was found
	var heads []look
	for _, f := range sc.fs.weak {
		switch {
		case !f.Head:
		case f.Tail:
			sc.tails = append(sc.tails, sc.first(tails, f))
		default:
			heads = append(heads, sc.first(ctx, f))
		}
	}
	if sc.beside {
		if err := sc.count(0, sc.s.Size()); err != nil {
			return 0, err
		}
	}
	for _, look := range heads {
		switch p, err := look(); {
		case err != nil:
			return 0, err
		case p == nil:
		case p.Offset > 0:
			sc.tails = append(sc.tails, look)
		default:
			sc.l.parts = append(sc.l.parts, p)
			return max(p.Size, 1), nil
		}
	}
	return 0, nil
}

// first looks at the first byte, when it is asked or beside the others.
func (sc *scanning) first(ctx context.Context, f *format.Format) look {
	look := sync.OnceValues(func() (*format.Part, error) {
		p, err := f.Look(ctx, sc.s, 0)
		if err != nil {
			err = fmt.Errorf("%s at offset 0: %w", f.Name, err)
		}
		return p, err
	})
	if sc.beside {
		sc.side.Go(func() {
			defer func() { _ = recover() }() // who asks for what it found panics
			_, _ = look()
		})
	}
	return look
}

// buffer makes the memory that the source is read into.
func (sc *scanning) buffer() {
	if sc.buf == nil {
		sc.buf = make([]byte, min(window+int64(sc.fs.reach), sc.s.Size()))
	}
}

// everywhere looks at each offset from off on.
func (sc *scanning) everywhere(off int64) error {
	sc.buffer()
	if err := sc.count(0, off); err != nil {
		return err
	}
	for end := sc.s.Size(); off < end; {
		if err := sc.ctx.Err(); err != nil {
			return err
		}
		// No number begins in zeros but for their last bytes.
		if n := format.Hole(sc.s, off) - sc.fs.lead; n > off {
			sc.l.blocks.zeros(off, n)
			off = n
		}
		b := sc.buf[:min(int64(len(sc.buf)), end-off)]
		if err := format.ReadAt(sc.s, b, off); err != nil {
			return err
		}
		step := min(len(b), window)
		next, err := sc.window(b, step, off)
		if err != nil {
			return err
		}
		sc.l.blocks.add(off, b[:step])
		if next > off+int64(step) {
			if err := sc.count(off+int64(step), next); err != nil {
				return err
			}
		}
		off = max(off+int64(step), next)
	}
	return nil
}

// window looks at the numbers that begin in b[:step]; it returns where to go on.
func (sc *scanning) window(b []byte, step int, off int64) (int64, error) {
	x := &sc.fs.pairs
	for i := x.leap(b, 0, step, int(sc.fs.lead)); i < step && i+1 < len(b); i = x.leap(b, i+1, step, int(sc.fs.lead)) {
		for _, c := range x.begin(b[i], b[i+1]) {
			if !prefix(b[i:], c.magic.Bytes) {
				continue
			}
			p, err := sc.look(c.f, off+int64(i)-c.magic.At)
			if err != nil {
				return 0, err
			}
			if p == nil {
				continue
			}
			if len(sc.l.parts)+len(sc.l.banners) >= sc.max {
				sc.l.limit(p.Offset, "more than %d parts: what stands behind them is not looked at", sc.max)
				return sc.s.Size(), nil
			}
			if banner(p) {
				sc.l.banners = append(sc.l.banners, p)
				break
			}
			sc.l.parts = append(sc.l.parts, p)
			if p.Size <= 0 {
				break // its end is not known: what follows may stand in it
			}
			next := p.Offset + p.Size
			if next >= off+int64(step) {
				return next, nil
			}
			i = int(next-off) - 1
			break
		}
	}
	return off + int64(step), nil
}

// banner says that a part is a statement and nothing else.
func banner(p *format.Part) bool {
	return len(p.Systems) > 0 && p.Open == nil && p.Contents == nil && len(p.Regions) == 0 && !p.Code && !p.Data && len(p.Vars) == 0 && p.Opaque == ""
}

// look tries one format, unless its beginning is explained already.
func (sc *scanning) look(f *format.Format, at int64) (*format.Part, error) {
	if at < 0 || sc.taken(at) {
		return nil, nil
	}
	if sc.l.touched++; sc.l.touched > maxLooks {
		sc.l.limit(at, "more than %d places that may be parts: behind them no part is looked for", maxLooks)
		return nil, nil
	}
	p, err := f.Look(sc.ctx, sc.s, at)
	if err != nil {
		return nil, fmt.Errorf("%s at offset %d: %w", f.Name, at, err)
	}
	if p != nil && p.Offset < at && sc.taken(p.Offset) {
		return nil, nil // it would begin in the part before
	}
	return p, nil
}

// taken says that at stands in the last part; parts are found in order but for
// formats whose number stands behind their beginning.
func (sc *scanning) taken(at int64) bool {
	n := len(sc.l.parts)
	if n == 0 {
		return false
	}
	last := sc.l.parts[n-1]
	return at < last.Offset+max(last.Size, 1)
}

// plain says that b is one byte over and over.
func plain(b []byte) bool { return len(b) < 2 || bytes.Equal(b[1:], b[:len(b)-1]) }

// free returns what no part explains, in order.
func (sc *scanning) free() []span { return free(sc.l.parts, sc.s.Size()) }

// free returns what parts leave over of size bytes, in order. A part without an
// end reaches to the next one.
func free(parts []*format.Part, size int64) []span {
	var out []span
	at := int64(0)
	for i, p := range parts {
		if p.Offset > at {
			out = append(out, span{at, p.Offset})
		}
		end := p.Offset + p.Size
		if p.Size <= 0 {
			end = size
			if i+1 < len(parts) {
				end = parts[i+1].Offset
			}
		}
		at = max(at, end)
	}
	if at < size {
		out = append(out, span{at, size})
	}
	return out
}

// count reads a range for the counters only.
func (sc *scanning) count(off, end int64) error {
	if off = max(off, sc.l.blocks.next); off >= end {
		return nil
	}
	sc.buffer()
	for end = min(end, sc.s.Size()); off < end; {
		if err := sc.ctx.Err(); err != nil {
			return err
		}
		if n := min(format.Hole(sc.s, off), end); n > off {
			sc.l.blocks.zeros(off, n)
			off = n
			continue
		}
		b := sc.buf[:min(int64(len(sc.buf)), end-off)]
		if err := format.ReadAt(sc.s, b, off); err != nil {
			return err
		}
		sc.l.blocks.add(off, b)
		off += int64(len(b))
	}
	return nil
}
