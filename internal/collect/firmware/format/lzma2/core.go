package lzma2

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Where the probabilities of the decisions other than literals stand in probs.
// A set of 2^n values takes 2^n places, of which the first is not used.
const (
	atMatch    = 0                 // [state][position]
	atRepLong  = atMatch + 12<<4   // [state][position]
	atRep      = atRepLong + 12<<4 // [state]
	atRep0     = atRep + 12
	atRep1     = atRep0 + 12
	atRep2     = atRep1 + 12
	atSlot     = atRep2 + 12 // [length][slot]
	atSpecial  = atSlot + 4<<6
	atAlign    = atSpecial + 1<<7
	atLength   = atAlign + 1<<4 // of matches
	atRepLen   = atLength + lengths
	probsInUse = atRepLen + lengths

	lenLow  = 2             // behind two choices: [position][8]
	lenMid  = lenLow + 16*8 // [position][8]
	lenHigh = lenMid + 16*8
	lengths = lenHigh + 256
)

const (
	probBits = 11
	probInit = 1 << (probBits - 1)
	top      = 1 << 24 // the range is kept at or above it
	noMatch  = 7       // states below it come after a literal
	// mostInput is what one symbol reads at most (LZMA SDK, LZMA_REQUIRED_INPUT_MAX).
	mostInput = 20
	inputSize = 1 << 16 // the longest chunk of LZMA2
	endMarker = 1<<32 - 1
)

// probs has a length of a power of two, so that a masked index needs no check.
type probs [2048]uint16

// input holds compressed bytes and zeros behind them, for a symbol that goes
// beyond their end: it is decoded, then taken back.
type input [inputSize + 64]byte

// core decodes symbols. Its output is its dictionary.
type core struct {
	p      probs
	lit    []uint16
	lc     uint
	lpMask uint
	pbMask uint

	in    input
	at    int  // next byte of in
	have  int  // bytes in in
	final bool // no bytes come behind those in in

	rng, code uint64 // both below 2^32
	state     uint32
	rep       [4]uint32 // distances less one, latest first
	left      int       // of a match that did not fit in the output
	dict      uint32    // the largest distance
	phase     int       // bytes that came before out[0], for the state of the position
	marker    bool      // an end marker is allowed
	ended     bool      // it was met
}

// mostLiterals bounds lc+lp, which cost 1536 << (lc+lp) bytes to set up. LZMA2
// and xz allow 4; up to 8 stands in firmware.
const mostLiterals = 8

// parameters takes the byte that packs lc, lp and pb.
func (c *core) parameters(b byte) error {
	if b >= 9*5*5 {
		return fmt.Errorf("%w: properties %#02x", ErrDamaged, b)
	}
	lc, lp, pb := uint(b%9), uint(b/9%5), uint(b/45)
	if lc+lp > mostLiterals {
		return fmt.Errorf("%w: lc=%d and lp=%d", ErrUnsupported, lc, lp)
	}
	c.lc, c.lpMask, c.pbMask = lc, 1<<lp-1, 1<<pb-1
	n := 0x300 << (lc + lp)
	if cap(c.lit) < n {
		c.lit = make([]uint16, n)
	}
	c.lit = c.lit[:n]
	return nil
}

// reset forgets what was learned.
func (c *core) reset() {
	for i := range c.p[:probsInUse] {
		c.p[i] = probInit
	}
	for i := range c.lit {
		c.lit[i] = probInit
	}
	c.state, c.rep = 0, [4]uint32{}
	c.left, c.ended = 0, false
}

// start begins to decode a range coded run, whose first five bytes stand in in.
func (c *core) start() error {
	if c.have < 5 {
		return io.ErrUnexpectedEOF
	}
	c.rng, c.code = 1<<32-1, uint64(binary.BigEndian.Uint32(c.in[1:]))
	c.at = 5
	// An encoder's first byte is 0, and its code is always below its range.
	if c.in[0] != 0 || c.code == c.rng {
		return fmt.Errorf("%w: first bytes % x", ErrDamaged, c.in[:5])
	}
	return nil
}

// finish brings the range coder to where an encoder leaves it, and says whether
// it did there.
func (c *core) finish() error {
	c.rng, c.code, c.at = normalize(c.rng, c.code, &c.in, c.at)
	switch {
	case c.at > c.have:
		return io.ErrUnexpectedEOF
	case c.code != 0:
		return fmt.Errorf("%w: the last byte isn't the end", ErrDamaged)
	}
	return nil
}

// run decodes into out from pos on; out[:pos] is what was decoded before. It
// stops where out is full, where less input is left than a symbol may need, and
// at an end marker, and returns the new pos.
func (c *core) run(out []byte, pos int) (int, error) {
	if c.left > 0 {
		n := min(c.left, len(out)-pos)
		pos = repeat(out, pos, int(c.rep[0])+1, n)
		c.left -= n
	}
	end := c.have - mostInput
	if c.final {
		end = c.have
	}
	rng, code, at, state := c.rng, c.code, c.at, c.state
	in := &c.in
	begin := pos // of the last symbol
	for pos < len(out) && at <= end {
		begin = pos
		posState := uint32(uint(pos+c.phase) & c.pbMask)
		rng, code, at = normalize(rng, code, in, at)
		var one bool
		rng, code, one = decide(&c.p[(atMatch+state<<4+posState)%len32], rng, code)
		if !one {
			context := 0
			if pos > 0 {
				context = int(out[pos-1] >> ((8 - c.lc) & 15))
			}
			context += int(uint(pos+c.phase)&c.lpMask) << (c.lc & 15)
			lit := c.lit[0x300*context:]
			var b byte
			if state < noMatch {
				b, rng, code, at = literal((*[256]uint16)(lit), rng, code, in, at)
			} else {
				if uint64(c.rep[0]) >= uint64(pos) {
					return pos, errDistance(c.rep[0], pos)
				}
				like := out[pos-int(c.rep[0])-1]
				b, rng, code, at = matched((*[0x300]uint16)(lit), uint64(like), rng, code, in, at)
			}
			out[pos] = b
			pos++
			state = uint32(afterLiteral[state%16])
			continue
		}
		var n int
		c.state = state
		n, rng, code, at = c.match(posState, rng, code, in, at)
		state = c.state
		rep := c.rep[0]
		if uint64(rep) >= uint64(pos) || rep >= c.dict {
			if rep == endMarker && c.marker {
				c.ended = true
				break
			}
			if at > c.have {
				return begin, io.ErrUnexpectedEOF
			}
			return pos, errDistance(rep, pos)
		}
		if room := len(out) - pos; n > room {
			c.left = n - room
			n = room
		}
		pos = repeat(out, pos, int(rep)+1, n)
	}
	c.rng, c.code, c.at, c.state = rng, code, at, state
	if at > c.have {
		return begin, io.ErrUnexpectedEOF
	}
	return pos, nil
}

// mark takes one symbol, which must be the end marker.
func (c *core) mark(pos int) error {
	posState := uint32(uint(pos+c.phase) & c.pbMask)
	var one bool
	c.rng, c.code, c.at = normalize(c.rng, c.code, &c.in, c.at)
	c.rng, c.code, one = decide(&c.p[(atMatch+c.state<<4+posState)%len32], c.rng, c.code)
	if one {
		_, c.rng, c.code, c.at = c.match(posState, c.rng, c.code, &c.in, c.at)
	}
	switch {
	case c.at > c.have:
		return io.ErrUnexpectedEOF
	case !one || c.rep[0] != endMarker:
		return fmt.Errorf("%w: something stands behind the last byte", ErrDamaged)
	}
	return c.finish()
}

const len32 = uint32(len(probs{}))

// afterLiteral is the state that a literal leads to. It is as long as a power
// of two; there are twelve states.
var afterLiteral = [16]uint8{4: 1, 5: 2, 6: 3, 7: 4, 8: 5, 9: 6, 10: 4, 11: 5}

func errDistance(rep uint32, pos int) error {
	return fmt.Errorf("%w: byte %d repeats one %d before it", ErrDamaged, pos, uint64(rep)+1)
}

// repeat copies n bytes from back bytes before pos, which may overlap.
func repeat(out []byte, pos, back, n int) int {
	from := pos - back
	if back >= n {
		copy(out[pos:pos+n], out[from:from+n])
		return pos + n
	}
	dst := out[pos : pos+n]
	src := out[from : from+n]
	for i := range dst {
		dst[i] = src[i]
	}
	return pos + n
}
