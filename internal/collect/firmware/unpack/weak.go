package unpack

import (
	"cmp"
	"fmt"
	"slices"

	"assay/internal/collect/firmware/format"
)

// weakly looks for weak formats at the beginning and at the borders of what is
// not explained.
func (sc *scanning) weakly() error {
	for _, look := range sc.tails {
		if p, err := look(); err != nil {
			return err
		} else if p != nil && sc.unclaimed(p) {
			sc.add(p)
		}
	}
	if len(sc.fs.weak) == 0 {
		return nil
	}
	for tries, reached := 0, int64(0); ; {
		found := false
		for _, g := range sc.free() {
			for at := g.off; at < g.end && tries < maxWeak; at = (at/weakStep + 1) * weakStep {
				if end := min(sc.l.blocks.flat(at), g.end); end > at {
					at = (end - 1) / weakStep * weakStep
					continue
				}
				if plain(format.Head(sc.s, at, 64)) {
					continue
				}
				tries, reached = tries+1, at
				p, err := sc.weak(at, at == g.off && at > 0)
				if err != nil {
					return err
				}
				if p == nil || !sc.unclaimed(p) {
					continue
				}
				if len(sc.l.parts) >= sc.max {
					sc.l.limit(at, "more than %d parts: what stands behind them is not looked at", sc.max)
					return nil
				}
				sc.add(p)
				found = true
				if p.Offset > at {
					continue // a trailer, found at the beginning of what it is of
				}
				at = max(at, p.Offset+max(p.Size, 1)-1)
			}
		}
		if tries >= maxWeak {
			sc.l.limit(reached, "formats without a number of their own were looked for in the first %d places only", maxWeak)
			return nil
		}
		if !found {
			return sc.inner(maxWeak - tries)
		}
	}
}

// inner looks for weak formats that have a number anywhere in what is still not
// explained: a packed kernel behind a maker's header.
func (sc *scanning) inner(tries int) error {
	for _, g := range sc.free() {
		for off := g.off; off < g.end && tries > 0; {
			if err := sc.ctx.Err(); err != nil {
				return err
			}
			if sc.buf == nil {
				sc.buf = make([]byte, min(window+int64(sc.fs.reach), sc.s.Size()))
			}
			if end := sc.l.blocks.flat(off) - 1; end > off {
				off = min(end, g.end)
				continue
			}
			b := sc.buf[:min(int64(len(sc.buf)), g.end-off)]
			if err := format.ReadAt(sc.s, b, off); err != nil {
				return err
			}
			next, err := sc.innerWindow(b, off, &tries)
			if err != nil {
				return err
			}
			off = next
		}
	}
	if tries <= 0 {
		sc.l.limit(0, "formats without a number of their own were looked for in the first %d places only", maxWeak)
	}
	return nil
}

// innerWindow looks at the numbers in b, which stands at off; it returns where to
// go on.
func (sc *scanning) innerWindow(b []byte, off int64, tries *int) (int64, error) {
	x := &sc.fs.inner
	next := off + int64(min(len(b), window))
	step := func(i int) int { return x.leap(b, i, int(min(next-off, int64(len(b)))), int(sc.fs.lead)) }
	for i := step(0); i+1 < len(b) && off+int64(i) < next && *tries > 0; i = step(i + 1) {
		for _, c := range x.begin(b[i], b[i+1]) {
			if !prefix(b[i:], c.magic.Bytes) {
				continue
			}
			at := off + int64(i)
			*tries--
			p, err := c.f.Look(sc.ctx, sc.s, at)
			if err != nil {
				return 0, fmt.Errorf("%s at offset %d: %w", c.f.Name, at, err)
			}
			if p == nil || !sc.unclaimed(p) {
				continue
			}
			if len(sc.l.parts) >= sc.max {
				sc.l.limit(at, "more than %d parts: what stands behind them is not looked at", sc.max)
				*tries = 0
				return next, nil
			}
			sc.add(p)
			if p.Size > 0 {
				next = max(next, p.Offset+p.Size)
				i += int(min(p.Offset+p.Size-at, int64(len(b)))) - 1
			}
			break
		}
	}
	return next, nil
}

// add takes a part in its place.
func (sc *scanning) add(p *format.Part) {
	i, _ := slices.BinarySearchFunc(sc.l.parts, p, func(a, b *format.Part) int { return cmp.Compare(a.Offset, b.Offset) })
	sc.l.parts = slices.Insert(sc.l.parts, i, p)
}

// limit notes why the looking ended; the first limit says it.
func (l *layout) limit(at int64, why string, n int) {
	if l.cut == "" {
		l.cut, l.cutAt = fmt.Sprintf(why, n), at
	}
}

// unclaimed says that a part stands where no other does.
func (sc *scanning) unclaimed(p *format.Part) bool {
	return slices.ContainsFunc(sc.free(), func(g span) bool { return p.Offset >= g.off && p.Offset+p.Size <= g.end })
}

func (sc *scanning) weak(at int64, edge bool) (*format.Part, error) {
	for _, f := range sc.fs.weak {
		if f.Head && !edge {
			continue
		}
		if err := sc.ctx.Err(); err != nil {
			return nil, err
		}
		p, err := f.Look(sc.ctx, sc.s, at)
		if err != nil {
			return nil, fmt.Errorf("%s at offset %d: %w", f.Name, at, err)
		}
		if p != nil {
			return p, nil
		}
	}
	return nil, nil
}
