package xor

import (
	"bytes"
	"context"
	"slices"

	"assay/internal/collect/firmware/format"
)

// found is a key and what proves it.
type found struct {
	key  []byte
	name string // of the format
	off  int64  // of it in the hidden bytes
	size int64  // of it, as far as its header says
}

// hidden is what a look is for: its beginning, all of it, and whether it is the
// whole of a source.
type hidden struct {
	raw   []byte
	src   format.Source
	whole bool
}

// byMagic takes bytes of headers that are always the same for the plain text: a
// key is known where they cover all of its length.
func (h *hidden) byMagic() (f found, ok bool) {
	for _, off := range starts {
		if off+least > len(h.raw) {
			break
		}
		for _, g := range groups {
			for n := 1; n <= maxKey; n++ {
				if f, ok = h.group(g, n, off); ok {
					return f, true
				}
			}
		}
	}
	return f, false
}

// group tries the variants of a header for a length of keys.
func (h *hidden) group(g group, n, off int) (f found, ok bool) {
	var p partial
	if !p.take(h.raw[off:], g.base, n) {
		return f, false
	}
	for i := range g.proofs {
		key := derive(p, h.raw[off:], &g.proofs[i], n)
		if key == nil {
			continue
		}
		if f, ok = h.try(&g.proofs[i], turn(key, -off), off); ok {
			return f, true
		}
	}
	return f, false
}

// partial is a key of which some bytes are known.
type partial struct {
	key, have      [maxKey]byte
	covered, spare int
}

// take adds what known bytes tell of a key of n bytes; false where two of them
// contradict each other.
func (p *partial) take(raw []byte, known []bytesAt, n int) bool {
	for _, k := range known {
		for i := range len(k.bytes) {
			at := k.off + i
			if at >= len(raw) {
				return false
			}
			c := raw[at] ^ k.bytes[i]
			switch at %= n; {
			case p.have[at] == 0:
				p.key[at], p.have[at] = c, 1
				p.covered++
			case p.key[at] != c:
				return false
			default:
				p.spare++
			}
		}
	}
	return true
}

// derive returns the key of n bytes that turns raw into the known bytes, or nil
// where there is none, it isn't whole, or changes nothing; from is what is known
// of it.
func derive(from partial, raw []byte, p *proof, n int) []byte {
	if !from.take(raw, p.known, n) || from.covered < n || from.spare < p.spare {
		return nil
	}
	return primitive(from.key[:n])
}

// primitive returns a copy of a key that is no repetition of a shorter one,
// which would have been found before; nil else. Zeros in a key leave bytes as
// they are: where they are many, a plain header is damaged, not hidden.
func primitive(key []byte) []byte {
	if period(key) < len(key) || 4*bytes.Count(key, []byte{0}) > len(key) {
		return nil
	}
	return bytes.Clone(key)
}

// period is the shortest length that b is a repetition of, whole times.
func period(b []byte) int {
	for n := 1; n < len(b); n++ {
		if len(b)%n == 0 && bytes.Equal(b[n:], b[:len(b)-n]) {
			return n
		}
	}
	return len(b)
}

// turn rotates a key to begin by bytes later.
func turn(key []byte, by int) []byte {
	n := len(key)
	by = ((by % n) + n) % n
	return slices.Concat(key[by:], key[:by])
}

// try asks one proof at one place.
func (h *hidden) try(p *proof, key []byte, off int) (f found, ok bool) {
	for i := range len(p.known[0].bytes) {
		at := off + p.known[0].off + i
		if at >= len(h.raw) || h.raw[at]^key[at%len(key)] != p.known[0].bytes[i] {
			return f, false
		}
	}
	head := bytes.Clone(h.raw[off:min(off+maxProof, len(h.raw))])
	decode(head, key, int64(off))
	size, ok := p.check(head, h.src.Size()-int64(off))
	if ok && p.deep != nil {
		v := &view{h.src, key}
		ok = p.deep(format.Section(v, int64(off), v.Size()-int64(off)))
	}
	return found{key, p.name, int64(off), size}, ok
}

// byCount takes the most frequent byte of each column for a hidden zero; that
// is what programs and file systems that aren't packed have most of.
func (x *finder) byCount(ctx context.Context, h *hidden) (f found, ok bool) {
	b := h.raw[:min(len(h.raw), 16<<10)]
	for n := 1; n <= maxKey; n++ {
		var counts [maxKey][256]uint16
		k := 0
		for _, c := range b {
			counts[k][c]++
			if k++; k == n {
				k = 0
			}
		}
		key := make([]byte, n)
		for i := range key {
			for c, m := range counts[i] {
				if m > counts[i][key[i]] {
					key[i] = byte(c)
				}
			}
		}
		if key = primitive(key); key == nil {
			continue
		}
		for _, off := range starts {
			if off+least > len(h.raw) {
				break
			}
			for i := range whole {
				if f, ok = h.try(&whole[i], key, off); ok {
					return f, true
				}
			}
			if f, ok = x.at(ctx, h, key, int64(off)); ok {
				return f, true
			}
		}
	}
	return f, false
}
