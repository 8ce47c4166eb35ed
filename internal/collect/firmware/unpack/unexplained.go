package unpack

import (
	"context"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// rawEntropy is the entropy above which bytes are packed or encrypted, so that
// looking for text in them shows nothing.
const rawEntropy = 7.2

// unexplained names what stands between the parts of a source: padding, runs of
// noise, and bytes that are looked at as they stand.
func (w *walk) unexplained(ctx context.Context, l layer, lay *layout, g span, high []bool, out *[]noisy) error {
	whole := g.off == 0 && g.end == l.src.Size()
	for off := g.off; off < g.end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if n := fill(l.src, lay.blocks, off, g.end); n >= 16 || off+n == g.end {
			if l.volume < 0 || !whole {
				if err := w.range_(l, off, n, "padding", fmt.Sprintf("bytes %02x", format.Head(l.src, off, 1)), 0, true); err != nil {
					return err
				}
			}
			off += n
			continue
		}
		end := stretch(lay.blocks, high, off, g.end)
		if err := w.stretch(l, lay.blocks, off, end, whole, out); err != nil {
			return err
		}
		off = end
	}
	return nil
}

// longRun is padding that parts what stands before and behind it; shorter runs
// belong to the data around them.
const longRun = 16 << 20

// stretch ends where blocks change from noise to something else, and before a
// long run of padding.
func stretch(b *blocks, high []bool, off, end int64) int64 {
	i := off / b.size
	noisy := high[i]
	for ; i < int64(len(high)) && i*b.size < end; i++ {
		if at := i * b.size; at > off && (high[i] != noisy || b.flat(at)-at >= longRun) {
			return at
		}
	}
	return end
}

// noisy is a range that looks packed or encrypted.
type noisy struct {
	layer   // with the range's name
	off     int64
	size    int64
	entropy float64
	cipher  int // bytes of the blocks that repeat; 0: none do
}

// small ranges of noise in one layer are one gap: parameters and checksums
// between padding, pieces of a package that isn't known. Larger ones are told
// one by one.
const small = 256 << 10

// maxAgain bounds how often a range of the image, or of one of its files, is
// looked through once more.
const maxAgain = 64

// behind looks for weak formats in a range behind a stream whose end has just
// turned out: others were looked for there before. It says whether there are
// some.
func (w *walk) behind(ctx context.Context, l layer, g span) (bool, error) {
	const least = 64
	if g.end-g.off < least {
		return false, nil
	}
	if !l.names.again() {
		return false, w.gap(l.gap(g.off, Limit, fmt.Sprintf("%d bytes behind a stream are not looked through for other formats: %d such ranges were", g.end-g.off, maxAgain)))
	}
	in := l.part(g.off, g.end-g.off)
	sc := &scanning{fs: w.fs, ctx: ctx, s: in.src, l: &layout{blocks: newBlocks(in.src.Size())}, max: w.lim.Parts}
	p, err := sc.weak(0, false)
	if err == nil && p != nil {
		sc.add(p)
	}
	if err == nil {
		err = sc.inner(maxWeak)
	}
	if err != nil || len(sc.l.parts) == 0 {
		return false, ctx.Err()
	}
	if err := sc.count(0, in.src.Size()); err != nil {
		return false, ctx.Err()
	}
	high, _ := sc.l.blocks.packed(in.src.Size())
	return true, w.parts(ctx, in, sc.l, high)
}

// between goes through what stands between the parts of a layer; open are the
// ends of streams that weren't known when it was searched.
func (w *walk) between(ctx context.Context, l layer, lay *layout, high []bool, open map[int64]bool) error {
	var noise []noisy
	for _, g := range free(lay.parts, l.src.Size()) {
		if open[g.off] {
			found, err := w.behind(ctx, l, g)
			if err != nil {
				return err
			}
			if found {
				continue
			}
		}
		if err := w.unexplained(ctx, l, lay, g, high, &noise); err != nil {
			return err
		}
	}
	var few []noisy
	for _, n := range noise {
		if n.size < small && n.cipher == 0 {
			few = append(few, n)
			continue
		}
		detail := unrecognised(n.size, n.entropy)
		if n.cipher > 0 {
			detail = repeated(n.size, n.cipher)
		}
		if err := w.gap(n.gap(n.off, Unrecognised, detail)); err != nil {
			return err
		}
	}
	if len(few) == 0 {
		return nil
	}
	n := few[0]
	if len(few) == 1 {
		return w.gap(n.gap(n.off, Unrecognised, unrecognised(n.size, n.entropy)))
	}
	last, sum, low, top := few[len(few)-1], int64(0), n.entropy, n.entropy
	for _, x := range few {
		sum, low, top = sum+x.size, min(low, x.entropy), max(top, x.entropy)
	}
	return w.gap(n.gap(n.off, Unrecognised, fmt.Sprintf("%d ranges between offsets %d and %d, %d bytes in all, entropy %.2f to %.2f: no format recognised; encrypted, or packed in an unknown way",
		len(few), n.base+n.off, last.base+last.off+last.size, sum, low, top)))
}

func unrecognised(size int64, entropy float64) string {
	return fmt.Sprintf("%d bytes, entropy %.2f: no format recognised; encrypted, or packed in an unknown way", size, entropy)
}

// stretch tells of bytes whose format isn't known, with a guess.
func (w *walk) stretch(l layer, b *blocks, off, end int64, whole bool, out *[]noisy) error {
	size := end - off
	sample := format.Head(l.src, off, int(min(size, 1<<20)))
	e := entropyOf(sample)
	if size > int64(len(sample)) {
		e = b.entropy(off, size)
	}
	// Code, text and tables together have more values than each of them: what
	// looks packed as a whole has to look so piece by piece.
	guess := guess(sample, min(e, b.mean(off, size, e)))
	// Tables of a program reach such values for some blocks; a run of them, or
	// noise, is something else.
	if guess == "packed" && size < 256<<10 && size >= 256 && e < noise(size)-0.05 {
		guess = "code"
	}
	cipher := 0
	if guess != "packed" {
		if cipher = blockwise(l.src, off, size); cipher > 0 {
			guess = "packed"
		}
	}
	kind := "unknown"
	in := l
	switch {
	case guess == "packed" && size >= 256:
		kind = "high-entropy"
	case whole && l.path != "":
		kind = "data" // a region or a file by itself
	case off == 0 && size <= 64<<10 && !whole:
		kind = "header"
	case end == l.src.Size() && size <= 4096 && !whole:
		kind = "trailer"
	}
	if !whole || l.path == "" {
		in.path = l.name(kind, off)
	}
	read := guess != "packed" && size <= rawLimit
	if guess == "packed" && l.volume < 0 && !l.decoded {
		w.noise.Add(size)
	}
	if l.volume < 0 || guess == "packed" {
		note := fmt.Sprintf("looks like %s; begins with %x (%s)", words[guess], sample[:min(16, len(sample))], format.Printable(string(sample[:min(16, len(sample))])))
		if err := w.range_(in, off, size, kind, note, e, read); err != nil {
			return err
		}
	}
	if read {
		// A region or decoded content by itself that looks like code is a program:
		// of a microcontroller, say.
		return w.raw(in, kind, off, size, kind == "data" && guess == "code")
	}
	// A checksum or a signature is too little to hide anything in.
	if size >= 256 {
		*out = append(*out, noisy{in, off, size, e, cipher})
	}
	return nil
}

var words = map[string]string{"packed": "packed or encrypted bytes", "text": "text", "code": "code or data"}

// guess says what bytes look like.
func guess(b []byte, e float64) string {
	if len(b) < 256 && e > 3 && e >= 0.85*maxEntropy(len(b)) && !text(b) || e >= rawEntropy && len(b) >= 256 {
		return "packed"
	}
	if text(b) {
		return "text"
	}
	return "code"
}

// maxEntropy is what n different bytes have.
func maxEntropy(n int) float64 {
	e := 0.0
	for k := 1; k < n && k < 256; k *= 2 {
		e++
	}
	return e
}

func text(b []byte) bool {
	odd := 0
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			odd++
		}
	}
	return odd*50 <= len(b)
}

// range_ tells of a range that is no part.
func (w *walk) range_(l layer, off, size int64, kind, note string, e float64, read bool) error {
	return w.emit(func() error {
		if err := w.carve(l, off, size); err != nil {
			return err
		}
		return w.v.Part(Part{Volume: l.volume, Path: l.path, Offset: l.base + off, Decoded: l.decoded, Size: size, Format: kind, Note: note, Entropy: round(e), Read: read})
	})
}

// fill is how often the byte at off stands there in a row. What was counted
// isn't read again.
func fill(s format.Source, counted *blocks, off, end int64) int64 {
	first := format.Head(s, off, 64)
	if len(first) == 0 || !plain(first[:min(int64(len(first)), end-off)]) && first[0] != first[min(1, len(first)-1)] {
		return 1
	}
	b := make([]byte, 64<<10)
	for at := off; at < end; {
		if n := min(counted.flat(at), end); n > at && counted.value(at) == first[0] {
			at = n
			continue
		}
		k := min(int64(len(b)), end-at)
		if err := format.ReadAt(s, b[:k], at); err != nil {
			return max(at-off, 1)
		}
		if b[0] == first[0] && plain(b[:k]) {
			at += k
			continue
		}
		for i, c := range b[:k] {
			if c != first[0] {
				return at + int64(i) - off
			}
		}
		at += k
	}
	return end - off
}
