// Package arcadyan reads firmware that Arcadyan hid for its routers: an LZMA
// stream behind four bytes, with two pieces of 32 bytes exchanged and one of
// them written with digits and neighbours swapped. In: bytes at an offset. Out:
// a view of the stream as it was. Says who: src/extractors/arcadyan.rs of
// binwalk.
package arcadyan

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/lzma2"
	"assay/internal/collect/firmware/format/payload"
)

const (
	first  = 4    // where the stream begins and one piece stands
	second = 0x68 // the other piece
	size   = 32
	head   = second + size
	enough = 1024 // decoded bytes that noise doesn't give
)

// New returns the format. The magic number is the start of the LZMA header, for
// the dictionaries that packers choose: 64 KiB to 8 MiB.
func New() format.Format {
	f := format.Format{Name: "arcadyan", Look: look}
	for _, dict := range []string{"\x08\x00", "\x04\x00", "\x02\x00", "\x01\x00", "\x80\x00", "\x40\x00", "\x20\x00", "\x10\x00"} {
		f.Magics = append(f.Magics, format.Magic{Bytes: "\x00\xd5" + dict, At: second})
	}
	return f
}

func look(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	raw := format.Head(s, at, head)
	if len(raw) < head {
		return nil, nil
	}
	end, part := ended(s, at)
	v := &view{s: format.Section(s, at+first, end-at-first)}
	v.one, v.two = restore(raw[second:head]), [size]byte(raw[first:first+size])
	if !payload.LZMA(v.one[:]) || v.one[13] != 0 {
		return nil, nil
	}
	z, err := lzma2.NewAloneReader(io.NewSectionReader(v, 0, v.Size()), enough)
	if err != nil {
		return nil, nil
	}
	if n, err := io.ReadFull(z, make([]byte, enough)); err != nil && n < enough/4 {
		return nil, nil
	}
	return &format.Part{Format: "arcadyan", Offset: at, Size: part, Note: fmt.Sprintf("begins with %x", raw[:first]),
		Guards: []format.Guard{{Kind: format.Encryption, Scheme: "arcadyan", State: format.Present, Note: "obfuscation, not encryption", Offset: at, Undone: true}},
		Contents: func(context.Context, format.Limits) ([]format.Content, error) {
			return []format.Content{{Source: v, Try: []string{"lzma"}}}, nil
		}}, nil
}

// ended is where the stream ends, and how long the image is. A trailer, as it
// stands in binwalk's test image, has the length before a number; without it the
// stream ends where its decoder does and the image is of no known size.
func ended(s format.Source, at int64) (end, size int64) {
	b := format.Head(s, s.Size()-12, 12)
	if len(b) == 12 && string(b[4:8]) == "\x78\x56\x34\x12" {
		if n := int64(binary.LittleEndian.Uint32(b)); n > head && n <= s.Size()-at-12 {
			return at + n, s.Size() - at
		}
	}
	return s.Size(), 0
}

// restore swaps the digits of each byte and then the bytes of each pair.
func restore(b []byte) (out [size]byte) {
	for i, c := range b {
		out[i^1] = c<<4 | c>>4
	}
	return out
}

// view is the stream with both pieces where they were.
type view struct {
	s        format.Source // from first on
	one, two [size]byte
}

func (v *view) Size() int64 { return v.s.Size() }

func (v *view) ReadAt(p []byte, off int64) (int, error) {
	n, err := v.s.ReadAt(p, off)
	lay(p[:n], off, v.one[:], 0)
	lay(p[:n], off, v.two[:], second-first)
	return n, err
}

// lay puts a piece that stands at offset at over p, which stands at off.
func lay(p []byte, off int64, piece []byte, at int64) {
	if from := at - off; from >= 0 && from < int64(len(p)) {
		copy(p[from:], piece)
	} else if from < 0 && -from < int64(len(piece)) {
		copy(p, piece[-from:])
	}
}
