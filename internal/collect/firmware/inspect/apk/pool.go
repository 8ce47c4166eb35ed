package apk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
)

// ErrFormat says that bytes are not what their beginning promises.
var ErrFormat = errors.New("apk: does not decode")

var le = binary.LittleEndian

// The types of chunks (Android, frameworks/base, ResourceTypes.h).
const (
	chunkPool      = 0x0001
	chunkTable     = 0x0002
	chunkXML       = 0x0003
	chunkStart     = 0x0102
	chunkEnd       = 0x0103
	chunkText      = 0x0104
	chunkResources = 0x0180
	chunkPackage   = 0x0200
	chunkType      = 0x0201
)

// chunk is a header and what it heads: all of it, and the part behind the header.
type chunk struct {
	kind uint16
	head []byte // with the header
	body []byte // behind it
	all  []byte
	off  int // in the file
}

// next reads the chunk at the start of b, which stands at off in the file.
func next(b []byte, off int) (c chunk, rest []byte, err error) {
	if len(b) < 8 {
		return c, nil, fmt.Errorf("%w: chunk header at offset %d is cut", ErrFormat, off)
	}
	head, size := int(le.Uint16(b[2:])), int64(le.Uint32(b[4:]))
	if head < 8 || int64(head) > size || size > int64(len(b)) {
		return c, nil, fmt.Errorf("%w: chunk at offset %d: header of %d bytes, %d bytes in all, %d are there", ErrFormat, off, head, size, len(b))
	}
	return chunk{le.Uint16(b), b[:head], b[head:size], b[:size], off}, b[size:], nil
}

// pool is a pool of strings.
type pool struct {
	all     []byte
	off     int // of all, in the file
	offsets []byte
	start   int
	utf8    bool
	left    *int // bytes that may still be read: strings may overlap, so that a small pool could hold a lot
}

func newPool(c chunk) (pool, error) {
	if c.kind != chunkPool || len(c.head) < 28 {
		return pool{}, fmt.Errorf("%w: no string pool at offset %d", ErrFormat, c.off)
	}
	n, start := int64(le.Uint32(c.head[8:])), int64(le.Uint32(c.head[20:]))
	if n*4 > int64(len(c.body)) || start > int64(len(c.all)) {
		return pool{}, fmt.Errorf("%w: string pool at offset %d: %d strings at %d in %d bytes", ErrFormat, c.off, n, start, len(c.all))
	}
	left := 8*len(c.all) + 4<<20
	return pool{c.all, c.off, c.body[:n*4], int(start), le.Uint32(c.head[16:])&(1<<8) != 0, &left}, nil
}

func (p pool) len() int { return len(p.offsets) / 4 }

// maxString bounds one string, in characters.
const maxString = 1 << 16

// at returns string i and where its first byte stands; "" where it is out of
// range.
func (p pool) at(i int) (s string, off int) {
	if i < 0 || i >= p.len() || *p.left <= 0 {
		return "", 0
	}
	at := int64(p.start) + int64(le.Uint32(p.offsets[i*4:]))
	if at >= int64(len(p.all)) {
		return "", 0
	}
	b := p.all[at:]
	if p.utf8 {
		_, n := length8(b) // characters
		size, m := length8(b[n:])
		b = b[min(n+m, len(b)):]
		b = b[:min(size, len(b), maxString)]
		*p.left -= len(b)
		return string(b), p.off + int(at) + n + m
	}
	if len(b) < 2 {
		return "", 0
	}
	size, n := int(le.Uint16(b)), 2
	if size&0x8000 != 0 && len(b) >= 4 {
		size, n = (size&0x7fff)<<16|int(le.Uint16(b[2:])), 4
	}
	b = b[n:]
	size = min(size, len(b)/2, maxString)
	*p.left -= 2 * size
	u := make([]uint16, size)
	for i := range u {
		u[i] = le.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u)), p.off + int(at) + n
}

// length8 is a length of one or two bytes.
func length8(b []byte) (length, bytes int) {
	switch {
	case len(b) == 0:
		return 0, 0
	case b[0]&0x80 != 0 && len(b) > 1:
		return int(b[0]&0x7f)<<8 | int(b[1]), 2
	}
	return int(b[0]), 1
}
