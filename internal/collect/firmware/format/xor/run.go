package xor

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"assay/internal/collect/firmware/format"
)

const (
	runLen  = 96 // three times the longest key
	maxRuns = 4  // keys that are tried
	tails   = 1024
)

// byRun finds the key in padding: zeros show it, ones show its complement.
func (x *finder) byRun(ctx context.Context, h *hidden) (f found, ok bool) {
	var keys [][]byte
	for _, k := range h.runs() {
		for _, mask := range []byte{0, 0xff} {
			key := []byte(k)
			for i := range key {
				key[i] ^= mask
			}
			if key = primitive(key); key != nil {
				keys = append(keys, key)
			}
		}
	}
	buf := make([]byte, len(h.raw))
	for _, key := range keys {
		copy(buf, h.raw)
		decode(buf, key, 0)
		if f, ok = h.search(buf, key); ok || ctx.Err() != nil {
			return f, ok
		}
	}
	return x.far(ctx, h, keys)
}

// runs returns the keys that runs of one byte would show, the most frequent
// first.
func (h *hidden) runs() []string {
	seen := map[string]int{}
	for i := 0; i+runLen <= len(h.raw); i += runLen / 2 {
		count(seen, h.raw[i:i+runLen], int64(i))
	}
	// Blocks of flash are padded at their ends.
	size, first := h.src.Size(), int64(len(h.raw))
	step := max(((size-first)/tails)&^(block-1), block)
	for end := (first/step + 1) * step; end <= size; end += step {
		count(seen, format.Head(h.src, end-runLen, runLen), end-runLen)
	}
	if size > first+runLen {
		count(seen, format.Head(h.src, size-runLen, runLen), size-runLen)
	}
	keys := make([]string, 0, len(seen))
	for k := range seen {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(seen[b], seen[a]), cmp.Compare(a, b)) })
	return keys[:min(len(keys), maxRuns)]
}

// count notes the key that a run at off repeats, turned to where the key begins.
func count(seen map[string]int, run []byte, off int64) {
	if len(run) < runLen {
		return
	}
	for n := 1; n <= maxKey; n++ {
		if bytes.Equal(run[n:], run[:len(run)-n]) {
			// Whether it is one is told when it is tried: the complement of a key
			// with ones in it has zeros.
			if period(run[:n]) == n {
				seen[string(turn(run[:n], -int(off%int64(n))))]++
			}
			return
		}
	}
}

// search finds a proof anywhere in b, which is the sample, decoded.
func (h *hidden) search(b, key []byte) (f found, ok bool) {
	for i := range whole {
		p := &whole[i]
		magic := []byte(p.known[0].bytes)
		for off, tries := 0, 0; tries < 64; tries++ {
			n := bytes.Index(b[off:], magic)
			if n < 0 {
				break
			}
			off += n
			if start := off - p.known[0].off; start >= 0 {
				if f, ok := h.try(p, key, start); ok {
					return f, true
				}
			}
			off++
		}
	}
	return f, false
}

// at asks all formats at one place.
func (x *finder) at(ctx context.Context, h *hidden, key []byte, off int64) (f found, ok bool) {
	for _, c := range x.sure {
		if h.shows(c.magic, key, off) {
			if f, ok = x.prove(ctx, h, key, c, off); ok {
				return f, true
			}
		}
	}
	return f, false
}

// shows says that the key makes a number at off.
func (h *hidden) shows(m format.Magic, key []byte, off int64) bool {
	at := int(off + m.At)
	for i := range len(m.Bytes) {
		if at+i >= len(h.raw) || h.raw[at+i]^key[(at+i)%len(key)] != m.Bytes[i] {
			return false
		}
	}
	return true
}

// prove asks one format.
func (x *finder) prove(ctx context.Context, h *hidden, key []byte, c candidate, off int64) (f found, ok bool) {
	p, err := c.f.Look(ctx, &view{h.src, key}, off)
	if err != nil || p == nil || p.Opaque != "" {
		return f, false
	}
	return found{key, c.f.Name, p.Offset, p.Size}, true
}
