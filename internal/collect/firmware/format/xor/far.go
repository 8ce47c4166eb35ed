package xor

import (
	"cmp"
	"context"
	"slices"

	"assay/internal/collect/firmware/format"
)

const (
	// grid is what parts of flash begin at a multiple of.
	grid = 256
	// mostFar bounds how much is searched: of a whole source, and of one that
	// follows something else in it.
	mostFar  = 64 << 20
	mostRest = 1 << 20
	maxFar   = 2000 // numbers that are looked at, for each key
)

// numbers are those that stand equally far behind the beginning of their
// formats.
type numbers struct {
	at   int
	may  [1 << 16 / 64]uint64 // by their first two bytes
	list []int                // indexes into the finder's candidates
}

// byPlace sorts candidates; what a sample can't hold is left out.
func byPlace(list []candidate) (out []numbers) {
	for i, c := range list {
		if c.magic.At >= sample {
			continue
		}
		k := slices.IndexFunc(out, func(n numbers) bool { return int64(n.at) == c.magic.At })
		if k < 0 {
			k, out = len(out), append(out, numbers{at: int(c.magic.At)})
		}
		for second := range uint(256) {
			if len(c.magic.Bytes) == 1 || second == uint(c.magic.Bytes[1]) {
				pair := uint(c.magic.Bytes[0]) | second<<8
				out[k].may[pair/64] |= 1 << (pair % 64)
			}
		}
		out[k].list = append(out[k].list, i)
	}
	return out
}

// standing is a number that a key makes.
type standing struct {
	off       int64 // of its format
	key, sure int
}

// far finds a format that is sure at a border of the decoded bytes. Of these no
// more is decoded than what shows that a number stands there.
func (x *finder) far(ctx context.Context, h *hidden, keys [][]byte) (f found, ok bool) {
	if len(keys) == 0 {
		return f, false
	}
	reach := 0
	for i := range x.numbers {
		for _, c := range x.numbers[i].list {
			reach = max(reach, x.numbers[i].at+len(x.sure[c].magic.Bytes))
		}
	}
	end := h.src.Size()
	if h.whole {
		end = min(end, mostFar)
	} else {
		end = min(end, mostRest)
	}
	buf := make([]byte, min(int64(sample+reach), h.src.Size()))
	looks := make([]int, len(keys)) // of each: one that makes many numbers takes nothing from the others
	for off := int64(0); off < end && ctx.Err() == nil; off += sample {
		b := buf[:min(int64(len(buf)), h.src.Size()-off)]
		if format.ReadAt(h.src, b, off) != nil {
			return f, false
		}
		for _, s := range x.standing(b, off, keys) {
			c := x.sure[s.sure]
			if c.f.Head && s.off > 0 {
				continue
			}
			if looks[s.key]++; looks[s.key] > maxFar {
				continue
			}
			if f, ok = x.prove(ctx, h, keys[s.key], c, s.off); ok {
				return f, true
			}
		}
	}
	return f, false
}

// standing finds the numbers that the keys make in b, which stands at off, by
// the offsets of their formats.
func (x *finder) standing(b []byte, off int64, keys [][]byte) (out []standing) {
	for k, key := range keys {
		wide := append(slices.Clone(key), key[0])
		step := grid % len(key)
		for i := range x.numbers {
			n := &x.numbers[i]
			turn := int((off + int64(n.at)) % int64(len(key)))
			for at := 0; at < sample && at+n.at+1 < len(b); at += grid {
				pair := uint(b[at+n.at]^wide[turn]) | uint(b[at+n.at+1]^wide[turn+1])<<8
				if turn += step; turn >= len(key) {
					turn -= len(key)
				}
				if n.may[pair/64]>>(pair%64)&1 == 0 {
					continue
				}
				for _, c := range n.list {
					if stands(x.sure[c].magic, b[at+n.at:], key, off+int64(at+n.at)) {
						out = append(out, standing{off + int64(at), k, c})
					}
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b standing) int {
		return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(a.key, b.key), cmp.Compare(a.sure, b.sure))
	})
	return out
}

// stands says that b, which stands at off, begins with a number under the key.
func stands(m format.Magic, b, key []byte, off int64) bool {
	if len(b) < len(m.Bytes) {
		return false
	}
	for i := range len(m.Bytes) {
		if b[i]^key[(off+int64(i))%int64(len(key))] != m.Bytes[i] {
			return false
		}
	}
	return true
}
