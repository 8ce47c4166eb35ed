// Package zlibblock decodes zlib (RFC 1950) from memory to memory: the blocks of
// cramfs and of older squashfs. In: a block, hostile, that ends where its zlib
// data do or has zeros behind. Out: its bytes, never more than the caller has
// room for, whose checksum fits.
package zlibblock

import (
	"encoding/binary"
	"errors"
	"hash/adler32"

	"assay/internal/collect/firmware/format/inflate"
)

var (
	// ErrHeader says that a block doesn't begin as zlib data do.
	ErrHeader = errors.New("zlib: no header")
	// ErrSum says that what came out doesn't match its checksum.
	ErrSum = errors.New("zlib: the checksum doesn't fit")
)

const headerSize, sumSize = 2, 4

// Is says that b begins as zlib data do: DEFLATE, a window of at most 32 KiB,
// no dictionary, a check of five bits.
func Is(b []byte) bool {
	const method, dictionary = 8, 0x20
	return len(b) > headerSize && b[0]&0x8f == method && b[1]&dictionary == 0 && binary.BigEndian.Uint16(b)%31 == 0
}

// Decoder keeps its tables from one block to the next. Its zero value is ready.
type Decoder struct{ d inflate.Decoder }

// Decode decodes src into dst and returns how many bytes it gave, those before
// an error too.
func (z *Decoder) Decode(dst, src []byte) (int, error) {
	if !Is(src) {
		return 0, ErrHeader
	}
	n, err := z.d.Decode(dst, src[headerSize:])
	if err != nil {
		return n, err
	}
	sum := adler32.Checksum(dst[:n])
	for end := len(src); end >= headerSize+sumSize; end-- {
		if binary.BigEndian.Uint32(src[end-sumSize:]) == sum {
			return n, nil
		}
		if src[end-1] != 0 {
			break
		}
	}
	return n, ErrSum
}
