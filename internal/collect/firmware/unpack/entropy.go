package unpack

import "math"

// blocks counts byte values, a histogram for each run of a source.
type blocks struct {
	size  int64 // of one block
	whole int64 // of the source
	hist  [][256]uint32
	next  int64 // first byte that was not counted
}

func newBlocks(size int64) *blocks {
	b := &blocks{size: 64 << 10, whole: size}
	for (size+b.size-1)/b.size > 1024 {
		b.size *= 2 // 1 MiB of counters at most
	}
	b.hist = make([][256]uint32, (size+b.size-1)/b.size)
	return b
}

// add counts p, which stands at off; what was counted before is left out.
func (b *blocks) add(off int64, p []byte) {
	if skip := b.next - off; skip > 0 {
		if skip >= int64(len(p)) {
			return
		}
		p, off = p[skip:], b.next
	}
	b.next = off + int64(len(p))
	for len(p) > 0 {
		i := off / b.size
		n := min(int64(len(p)), (i+1)*b.size-off)
		count(&b.hist[i], p[:n])
		p, off = p[n:], off+n
	}
}

// zeros counts a range of zeros; what was counted before is left out.
func (b *blocks) zeros(off, end int64) {
	off = max(off, b.next)
	b.next = max(end, b.next)
	for off < end {
		i := off / b.size
		n := min(end, (i+1)*b.size) - off
		b.hist[i][0] += uint32(n)
		off += n
	}
}

// flat returns how far one byte value, 0 or 0xff, reaches from off on, in whole
// blocks that were counted; off where that isn't known.
func (b *blocks) flat(off int64) int64 {
	c := b.value(off)
	i := off / b.size
	for i < int64(len(b.hist)) && b.hist[i][c] == uint32(min(b.size, b.whole-i*b.size)) {
		i++
	}
	return max(min(i*b.size, b.whole), off)
}

// value is the byte that a flat block is full of.
func (b *blocks) value(off int64) byte {
	if i := off / b.size; i < int64(len(b.hist)) && b.hist[i][0xff] > 0 {
		return 0xff
	}
	return 0
}

// count adds the values of p to h. Runs of one value would wait for their own
// counter: neighbours go to tables of their own.
func count(h *[256]uint32, p []byte) {
	if len(p) >= 4096 && p[0] == p[len(p)-1] && plain(p) {
		h[p[0]] += uint32(len(p))
		return
	}
	var a, b, c [256]uint32
	if len(p) >= 4096 {
		n := len(p) &^ 3
		for i := 0; i+3 < n; i += 4 {
			q := p[i : i+4 : i+4]
			h[q[0]]++
			a[q[1]]++
			b[q[2]]++
			c[q[3]]++
		}
		for v := range h {
			h[v] += a[v] + b[v] + c[v]
		}
		p = p[n:]
	}
	for _, v := range p {
		h[v]++
	}
}

// entropy of the blocks that overlap the range, in bits a byte.
func (b *blocks) entropy(off, size int64) float64 {
	if len(b.hist) == 0 || size <= 0 {
		return 0
	}
	var sum [256]uint64
	last := min((off+size-1)/b.size, int64(len(b.hist)-1))
	for i := off / b.size; i <= last; i++ {
		for c, n := range b.hist[i] {
			sum[c] += uint64(n)
		}
	}
	return entropy(&sum)
}

// mean is the mean entropy of the blocks that stand wholly in the range; whole
// if these are less than two.
func (b *blocks) mean(off, size int64, whole float64) float64 {
	n, sum := 0, 0.0
	for i := (off + b.size - 1) / b.size; (i+1)*b.size <= off+size && i < int64(len(b.hist)); i++ {
		sum += b.entropy(i*b.size, 1)
		n++
	}
	if n < 2 {
		return whole
	}
	return sum / float64(n)
}

func entropy(sum *[256]uint64) float64 {
	var n uint64
	for _, k := range sum {
		n += k
	}
	var e float64
	for _, k := range sum {
		if k > 0 {
			p := float64(k) / float64(n)
			e -= p * math.Log2(p)
		}
	}
	return e
}

// entropyOf is the entropy of bytes in memory.
func entropyOf(p []byte) float64 {
	var h [256]uint32
	count(&h, p)
	var sum [256]uint64
	for v, n := range h {
		sum[v] = uint64(n)
	}
	return entropy(&sum)
}

// noise is the entropy from which a block of n bytes counts as noise. A block
// of n random bytes falls short of 8 by about 255/(2n ln 2) bits (Miller 1955).
func noise(n int64) float64 {
	return 8 - 255/(2*float64(n)*math.Ln2)*1.5 - 0.01
}

// packed returns which blocks look packed or encrypted (rawEntropy), and the
// share of those that look like noise.
func (b *blocks) packed(size int64) ([]bool, float64) {
	out := make([]bool, len(b.hist))
	n := 0
	for i := range b.hist {
		k := min(b.size, size-int64(i)*b.size)
		// Below a few KiB noise and text can't be told apart.
		if k < 2048 {
			continue
		}
		e := b.entropy(int64(i)*b.size, 1)
		out[i] = e >= rawEntropy
		if e >= noise(k) {
			n++
		}
	}
	if len(out) == 0 {
		return out, 0
	}
	return out, float64(n) / float64(len(out))
}

func round(f float64) float64 { return math.Round(f*1000) / 1000 }
