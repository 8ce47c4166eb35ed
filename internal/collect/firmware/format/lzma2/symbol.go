package lzma2

// The functions here are what the decoder spends its time in. They keep range
// and code in registers and take the bits of a symbol without a branch for each
// bit: its bits are nearly random, and a wrong guess of the processor costs more
// than the arithmetic. mask is all ones where the bit is 0. The probabilities of
// both bits that may follow are loaded before it is known which one does.

// normalize brings in a byte where the range has become small.
func normalize(rng, code uint64, in *input, at int) (uint64, uint64, int) {
	if rng < top {
		return rng << 8, code<<8 | uint64(in[at]), at + 1
	}
	return rng, code, at
}

// decide takes one bit by a branch, for decisions that are mostly one way.
func decide(p *uint16, rng, code uint64) (uint64, uint64, bool) {
	v := uint64(*p)
	bound := rng >> probBits * v
	if code < bound {
		*p = uint16(v + (1<<probBits-v)>>5)
		return bound, code, false
	}
	*p = uint16(v - v>>5)
	return rng - bound, code - bound, true
}

// learn moves v towards the bit: v + (2048-v)>>5 for 0, v - v>>5 for 1.
func learn(v, mask uint64) uint16 {
	return uint16(v - uint64(int64(v-(1<<probBits-31)&mask)>>5))
}

// literal takes the eight bits of a byte that comes after another literal.
func literal(p *[256]uint16, rng, code uint64, in *input, at int) (byte, uint64, uint64, int) {
	_ = in[0] // the only check for nil
	m := uint64(1)
	v := uint64(p[1])
	for {
		if rng < top {
			rng <<= 8
			code = code<<8 | uint64(in[at])
			at++
		}
		bound := rng >> probBits * v
		d := code - bound
		mask := uint64(int64(d) >> 63)
		rng -= bound
		rng += (bound - rng) & mask
		code = d + bound&mask
		p[m&255] = learn(v, mask)
		m <<= 1
		if m >= 256 {
			return byte(m + 1 + mask), rng, code, at
		}
		v1 := uint64(p[(m+1)&255])
		v = v1 ^ (v1^uint64(p[m&255]))&mask
		m += 1 + mask
	}
}

// matched takes the eight bits of a byte after a match; like is the byte that
// the match would have gone on with. Its bits choose among the probabilities as
// long as they are met: off is then 0x100, later 0.
func matched(p *[0x300]uint16, like, rng, code uint64, in *input, at int) (byte, uint64, uint64, int) {
	_ = in[0]
	m, off := uint64(1), uint64(0x100)
	like <<= 1
	bit := like & off
	i := off + bit + m
	v := uint64(p[i])
	for {
		if rng < top {
			rng <<= 8
			code = code<<8 | uint64(in[at])
			at++
		}
		bound := rng >> probBits * v
		d := code - bound
		mask := uint64(int64(d) >> 63)
		rng -= bound
		rng += (bound - rng) & mask
		code = d + bound&mask
		p[i] = learn(v, mask)
		m <<= 1
		if m >= 256 {
			return byte(m + 1 + mask), rng, code, at
		}
		like <<= 1
		off0, off1 := off&^bit, off&bit
		v1 := uint64(p[off1+like&off1+m+1])
		v = v1 ^ (v1^uint64(p[off0+like&off0+m]))&mask
		m += 1 + mask
		off &= bit ^ mask
		bit = like & off
		i = off + bit + m
	}
}

// tree takes a symbol below size, a power of two, highest bit first.
func tree(p *probs, base, size, rng, code uint64, in *input, at int) (uint64, uint64, uint64, int) {
	_ = in[0]
	m := uint64(1)
	v := uint64(p[(base+1)%uint64(len(p))])
	for {
		if rng < top {
			rng <<= 8
			code = code<<8 | uint64(in[at])
			at++
		}
		bound := rng >> probBits * v
		d := code - bound
		mask := uint64(int64(d) >> 63)
		rng -= bound
		rng += (bound - rng) & mask
		code = d + bound&mask
		p[(base+m)%uint64(len(p))] = learn(v, mask)
		m <<= 1
		if m >= size {
			return m + 1 + mask - size, rng, code, at
		}
		v1 := uint64(p[(base+m+1)%uint64(len(p))])
		v = v1 ^ (v1^uint64(p[(base+m)%uint64(len(p))]))&mask
		m += 1 + mask
	}
}

// reverse takes a symbol of n bits, lowest bit first.
func reverse(p *probs, base, n, rng, code uint64, in *input, at int) (uint64, uint64, uint64, int) {
	_ = in[0]
	m, sym := uint64(1), uint64(0)
	for i := uint64(0); i < n; i++ {
		if rng < top {
			rng <<= 8
			code = code<<8 | uint64(in[at])
			at++
		}
		q := &p[(base+m)%uint64(len(p))]
		v := uint64(*q)
		bound := rng >> probBits * v
		d := code - bound
		mask := uint64(int64(d) >> 63)
		rng -= bound
		rng += (bound - rng) & mask
		code = d + bound&mask
		*q = learn(v, mask)
		m = m<<1 + 1 + mask
		sym |= (1 + mask) << (i & 31)
	}
	return sym, rng, code, at
}

// direct takes n bits that are not modelled.
func direct(n, rng, code uint64, in *input, at int) (uint64, uint64, uint64, int) {
	sym := uint64(0)
	for range n {
		rng, code, at = normalize(rng, code, in, at)
		rng >>= 1
		d := code - rng
		mask := uint64(int64(d) >> 63)
		code = d + rng&mask
		sym = sym<<1 + 1 + mask
	}
	return sym, rng, code, at
}

// match takes what follows the bit that says "no literal": which distance, left
// in c.rep[0], and the length.
func (c *core) match(posState uint32, rng, code uint64, in *input, at int) (int, uint64, uint64, int) {
	p, state := &c.p, c.state
	var one bool
	rng, code, at = normalize(rng, code, in, at)
	rng, code, one = decide(&p[(atRep+state)%len32], rng, code)
	if !one {
		c.rep[3], c.rep[2], c.rep[1] = c.rep[2], c.rep[1], c.rep[0]
		c.state = 7
		if state >= noMatch {
			c.state = 10
		}
		return c.fresh(posState, rng, code, in, at)
	}
	c.state = 8
	if state >= noMatch {
		c.state = 11
	}
	rng, code, at = normalize(rng, code, in, at)
	rng, code, one = decide(&p[(atRep0+state)%len32], rng, code)
	if !one {
		rng, code, at = normalize(rng, code, in, at)
		rng, code, one = decide(&p[(atRepLong+state<<4+posState)%len32], rng, code)
		if !one {
			c.state = 9
			if state >= noMatch {
				c.state = 11
			}
			return 1, rng, code, at
		}
		return length(p, atRepLen, posState, rng, code, in, at)
	}
	rep := c.rep
	rng, code, at = normalize(rng, code, in, at)
	rng, code, one = decide(&p[(atRep1+state)%len32], rng, code)
	if !one {
		c.rep[0], c.rep[1] = rep[1], rep[0]
		return length(p, atRepLen, posState, rng, code, in, at)
	}
	rng, code, at = normalize(rng, code, in, at)
	rng, code, one = decide(&p[(atRep2+state)%len32], rng, code)
	if !one {
		c.rep[0], c.rep[1], c.rep[2] = rep[2], rep[0], rep[1]
	} else {
		c.rep = [4]uint32{rep[3], rep[0], rep[1], rep[2]}
	}
	return length(p, atRepLen, posState, rng, code, in, at)
}

// fresh takes length and distance of a match whose distance is a new one.
func (c *core) fresh(posState uint32, rng, code uint64, in *input, at int) (int, uint64, uint64, int) {
	p := &c.p
	n, rng, code, at := length(p, atLength, posState, rng, code, in, at)
	slot, rng, code, at := tree(p, atSlot+uint64(min(n-2, 3))<<6, 64, rng, code, in, at)
	if slot < 4 {
		c.rep[0] = uint32(slot)
		return n, rng, code, at
	}
	bits := slot>>1 - 1
	dist := (2 | slot&1) << (bits & 31)
	var low uint64
	if slot < 14 {
		low, rng, code, at = reverse(p, atSpecial+dist-slot, bits, rng, code, in, at)
	} else {
		var high uint64
		high, rng, code, at = direct(bits-4, rng, code, in, at)
		low, rng, code, at = reverse(p, atAlign, 4, rng, code, in, at)
		low += high << 4
	}
	c.rep[0] = uint32(dist + low)
	return n, rng, code, at
}

// length takes the length of a match, 2 to 273.
func length(p *probs, base, posState uint32, rng, code uint64, in *input, at int) (int, uint64, uint64, int) {
	var n uint64
	var one bool
	rng, code, at = normalize(rng, code, in, at)
	rng, code, one = decide(&p[base%len32], rng, code)
	if !one {
		n, rng, code, at = tree(p, uint64(base+lenLow+posState<<3), 8, rng, code, in, at)
		return int(n) + 2, rng, code, at
	}
	rng, code, at = normalize(rng, code, in, at)
	rng, code, one = decide(&p[(base+1)%len32], rng, code)
	if !one {
		n, rng, code, at = tree(p, uint64(base+lenMid+posState<<3), 8, rng, code, in, at)
		return int(n) + 2 + 8, rng, code, at
	}
	n, rng, code, at = tree(p, uint64(base+lenHigh), 256, rng, code, in, at)
	return int(n) + 2 + 8 + 8, rng, code, at
}
