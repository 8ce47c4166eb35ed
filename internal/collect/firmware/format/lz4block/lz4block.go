// Package lz4block expands raw LZ4 blocks, as file systems keep them: no frame,
// no length, no checksum. In: the bytes of a block, hostile, and room for what
// it expands to. Out: the number of bytes that were written. It allocates
// nothing and does work linear in the two lengths.
//
// The layout is lz4_Block_format.md of the LZ4 project.
package lz4block

import (
	"encoding/binary"
	"errors"
)

// ErrDamaged says that a block doesn't decode, or not into the room given.
var ErrDamaged = errors.New("lz4: damaged block")

// minMatch is the shortest match; a token counts from there.
const minMatch = 4

// Expand writes the expanded src to the start of dst and returns its length.
// What doesn't fit in dst is an error.
func Expand(dst, src []byte) (int, error) {
	n, _, err := expand(dst, src)
	return n, err
}

// Prefix is Expand, but stops where dst is full, in the middle of a run too:
// what stands in src after that is not looked at. dst not being filled is no
// error where src ends as a block does.
func Prefix(dst, src []byte) (int, error) {
	n, full, err := expand(dst, src)
	if full {
		return len(dst), nil
	}
	return n, err
}

// expand says by full that a run ended at or would have gone beyond the end of
// dst; the bytes of it that fit are written.
func expand(dst, src []byte) (n int, full bool, err error) {
	i := 0
	for i < len(src) {
		token := src[i]
		i++
		lit := int(token >> 4)
		if lit == 15 {
			var ok bool
			if lit, i, ok = length(src, i, lit); !ok {
				return n, false, ErrDamaged
			}
		}
		if lit > len(dst)-n {
			if len(dst)-n > len(src)-i {
				return n, false, ErrDamaged
			}
			n += copy(dst[n:], src[i:])
			return n, true, ErrDamaged
		}
		if lit > len(src)-i {
			return n, false, ErrDamaged
		}
		n += copy(dst[n:n+lit], src[i:i+lit])
		i += lit
		if i == len(src) {
			return n, n == len(dst), nil
		}
		if n == len(dst) {
			full = true // an error for Expand only, if a match follows
		}
		if len(src)-i < 2 {
			return n, full, ErrDamaged
		}
		back := int(binary.LittleEndian.Uint16(src[i:]))
		i += 2
		match := int(token & 15)
		if match == 15 {
			var ok bool
			if match, i, ok = length(src, i, match); !ok {
				return n, full, ErrDamaged
			}
		}
		match += minMatch
		if full {
			return n, true, ErrDamaged
		}
		if back == 0 || back > n {
			return n, false, ErrDamaged
		}
		if match > len(dst)-n {
			n = repeat(dst, n, back, len(dst)-n)
			return n, true, ErrDamaged
		}
		n = repeat(dst, n, back, match)
	}
	return n, n == len(dst), ErrDamaged
}

// length reads the bytes that go on with a length of 15. src bounds the sum:
// 255 for a byte.
func length(src []byte, i, v int) (sum, next int, ok bool) {
	for i < len(src) {
		c := src[i]
		i++
		v += int(c)
		if c != 255 {
			return v, i, true
		}
	}
	return 0, i, false
}

// repeat appends to dst[:n] the count bytes that begin back bytes before n, and
// returns the new n. The two may overlap: that is how runs are written, so the
// copied piece doubles until it is long enough.
func repeat(dst []byte, n, back, count int) int {
	from, end := n-back, n+count
	for n < end {
		n += copy(dst[n:end], dst[from:n])
	}
	return n
}
