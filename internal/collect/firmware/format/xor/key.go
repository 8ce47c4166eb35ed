package xor

import (
	"bytes"
	"cmp"
	"slices"

	"assay/internal/collect/firmware/format"
)

// found is a key and what proves it.
type found struct {
	key  []byte
	name string // of the format
	off  int    // of it in the hidden bytes
	size int64  // of it, as far as its header says
}

// byMagic takes bytes of headers that are always the same for the plain text: a
// key is known where they cover all of its length.
func byMagic(raw []byte, have int64) (f found, ok bool) {
	for _, off := range starts {
		if off+least > len(raw) {
			break
		}
		for i := range proofs {
			for n := 1; n <= maxKey; n++ {
				key := derive(raw[off:], proofs[i].known, n)
				if key == nil {
					continue
				}
				if f, ok = try(&proofs[i], raw, turn(key, -off), off, have); ok {
					return f, true
				}
			}
		}
	}
	return f, false
}

// derive returns the key of n bytes that turns raw into the known bytes, or nil
// where there is none, it isn't whole, or changes nothing.
func derive(raw []byte, known []bytesAt, n int) []byte {
	var key, have [maxKey]byte
	covered := 0
	for _, k := range known {
		for i := range len(k.bytes) {
			at := k.off + i
			if at >= len(raw) {
				return nil
			}
			c := raw[at] ^ k.bytes[i]
			switch at %= n; {
			case have[at] == 0:
				key[at], have[at] = c, 1
				covered++
			case key[at] != c:
				return nil
			}
		}
	}
	if covered < n {
		return nil
	}
	return primitive(key[:n])
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
func try(p *proof, raw, key []byte, off int, have int64) (f found, ok bool) {
	for i := range len(p.known[0].bytes) {
		at := off + p.known[0].off + i
		if at >= len(raw) || raw[at]^key[at%len(key)] != p.known[0].bytes[i] {
			return f, false
		}
	}
	head := bytes.Clone(raw[off:min(off+maxProof, len(raw))])
	decode(head, key, int64(off))
	size, ok := p.check(head, have-int64(off))
	return found{key, p.name, off, size}, ok
}

const (
	runLen  = 96 // three times the longest key
	maxRuns = 4  // keys that are tried
	tails   = 64 // places behind the sample
)

// byRun finds the key in padding: zeros show it, ones show its complement.
func byRun(raw []byte, s format.Source, at int64) (f found, ok bool) {
	seen := map[string]int{}
	for i := 0; i+runLen <= len(raw); i += runLen / 2 {
		count(seen, raw[i:i+runLen], int64(i))
	}
	// Blocks of flash are padded at their ends.
	rest := s.Size() - at - int64(len(raw))
	for i := range int64(tails) {
		off := int64(len(raw)) + (rest/tails*(i+1))&^(block-1) - runLen
		if off >= int64(len(raw)) {
			count(seen, format.Head(s, at+off, runLen), off)
		}
	}
	if rest > runLen {
		count(seen, format.Head(s, s.Size()-runLen, runLen), s.Size()-runLen-at)
	}
	keys := make([]string, 0, len(seen))
	for k := range seen {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(seen[b], seen[a]), cmp.Compare(a, b)) })
	buf := make([]byte, len(raw))
	for _, k := range keys[:min(len(keys), maxRuns)] {
		for _, mask := range []byte{0, 0xff} {
			key := []byte(k)
			for i := range key {
				key[i] ^= mask
			}
			if key = primitive(key); key == nil {
				continue
			}
			copy(buf, raw)
			decode(buf, key, 0)
			if f, ok = search(buf, s.Size()-at); ok {
				f.key = key
				return f, true
			}
		}
	}
	return f, false
}

// count notes the key that a run at off repeats, turned to where the key begins.
func count(seen map[string]int, run []byte, off int64) {
	if len(run) < runLen {
		return
	}
	for n := 1; n <= maxKey; n++ {
		if bytes.Equal(run[n:], run[:len(run)-n]) {
			if key := primitive(turn(run[:n], -int(off%int64(n)))); key != nil {
				seen[string(key)]++
			}
			return
		}
	}
}

// search finds a proof anywhere in decoded bytes.
func search(b []byte, have int64) (f found, ok bool) {
	for i := range proofs {
		p := &proofs[i]
		magic := []byte(p.known[0].bytes)
		for off, tries := 0, 0; tries < 64; tries++ {
			n := bytes.Index(b[off:], magic)
			if n < 0 {
				break
			}
			off += n
			if start := off - p.known[0].off; start >= 0 {
				if size, ok := p.check(b[start:min(start+maxProof, len(b))], have-int64(start)); ok {
					return found{name: p.name, off: start, size: size}, true
				}
			}
			off++
		}
	}
	return f, false
}

// byCount takes the most frequent byte of each column for a hidden zero; that
// is what programs and file systems that aren't packed have most of.
func byCount(raw []byte, have int64) (f found, ok bool) {
	b := raw[:min(len(raw), 16<<10)]
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
			for i := range proofs {
				if off+least <= len(raw) {
					if f, ok = try(&proofs[i], raw, key, off, have); ok {
						return f, true
					}
				}
			}
		}
	}
	return f, false
}
