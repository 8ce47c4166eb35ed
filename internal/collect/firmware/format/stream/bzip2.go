package stream

import (
	"bytes"
	"compress/bzip2"
	"context"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
)

func bzip2Format() format.Format {
	return format.Format{Name: "bzip2", Magics: []format.Magic{{Bytes: "BZh"}}, Look: lookBzip2}
}

// The first digits of pi begin a block, those of its root end a stream.
var (
	blockMagic = []byte{0x31, 0x41, 0x59, 0x26, 0x53, 0x59}
	finalMagic = []byte{0x17, 0x72, 0x45, 0x38, 0x50, 0x90}
)

// lookBzip2 takes ten known bytes and the head of a block that holds together:
// to decode any of it a whole block would have to be decoded.
func lookBzip2(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 64)
	if len(b) < 14 || b[3] < '1' || b[3] > '9' {
		return nil, nil
	}
	switch {
	case bytes.Equal(b[4:10], finalMagic):
		if !bytes.Equal(b[10:14], []byte{0, 0, 0, 0}) {
			return nil, nil
		}
	case !bytes.Equal(b[4:10], blockMagic) || !block(b[14:], int(b[3]-'0')*100_000):
		return nil, nil
	}
	p := part("bzip2", s, at, 0, 0, openBzip2)
	p.Note = fmt.Sprintf("blocks of %d00 kB", b[3]-'0')
	return p, nil
}

// block checks a block's first fields: not randomised (no compressor of this
// century does that), the pointer within the block, symbols that are used, two
// to six tables, selectors.
func block(b []byte, size int) bool {
	r := bitReader{b: b}
	if r.take(1) != 0 || r.take(24) >= size {
		return false
	}
	used := 0
	for m := r.take(16); m != 0; m &= m - 1 {
		for k := r.take(16); k != 0; k &= k - 1 {
			used++
		}
	}
	tables := r.take(3)
	return used > 0 && tables >= 2 && tables <= 6 && r.take(15) > 0
}

// bitReader reads numbers, high bit first; behind the end there are zeros.
type bitReader struct {
	b  []byte
	at int
}

func (r *bitReader) take(n int) int {
	v := 0
	for range n {
		v <<= 1
		if i := r.at >> 3; i < len(r.b) {
			v |= int(r.b[i]>>(7-r.at&7)) & 1
		}
		r.at++
	}
	return v
}

// bunzip decodes streams in a row. The library takes what follows the last one
// for damage of another; then the end that was there is looked for.
type bunzip struct {
	r   io.Reader
	in  *input
	src format.Source
	end int64 // of the last stream, where something follows it
}

func openBzip2(s format.Source, _ int64) (decoder, error) {
	in := newInput(whole(s))
	return &bunzip{r: bzip2.NewReader(in), in: in, src: s}, nil
}

func (b *bunzip) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	used := b.in.used()
	for back := int64(1); back <= 4; back++ { // of "BZh9", or of anything
		if b.ends(used - back) {
			b.end = used - back
			return n, io.EOF
		}
	}
	return n, err
}

// ends says whether a stream ends before offset at: the magic number, 32 bits
// of checksum, and less than a byte of padding.
func (b *bunzip) ends(at int64) bool {
	tail := format.Head(b.src, at-11, 11)
	for pad := range 8 {
		r := bitReader{b: tail, at: 88 - 80 - pad}
		if len(tail) == 11 && r.take(24) == 0x177245 && r.take(24) == 0x385090 {
			return true
		}
	}
	return false
}

func (b *bunzip) Consumed() int64 {
	if b.end > 0 {
		return b.end
	}
	return b.in.used()
}
