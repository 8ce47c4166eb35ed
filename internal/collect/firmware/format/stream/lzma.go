package stream

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
	"assay/internal/collect/firmware/format/lzma2"
)

// lzmaFormat is weak: a byte of properties, the size of a dictionary, that of
// the content. Its magic numbers are the properties that nearly everybody uses
// with a dictionary of at least 64 KiB; what a header points to is looked at
// with any.
func lzmaFormat() format.Format {
	return format.Format{
		Name: "lzma", Weak: true, Look: lookLZMA,
		Magics: []format.Magic{{Bytes: "\x5d\x00\x00"}, {Bytes: "\x6d\x00\x00"}, {Bytes: "\x6c\x00\x00"}, {Bytes: "\x5e\x00\x00"}},
	}
}

const (
	lzmaHeader = 13
	// lzmaProof is how much a look decodes. Noise rarely gets over the first
	// match: its distance would have to be within what was decoded.
	lzmaProof = 4096
	// lzmaDeep is the same where the head is unusual.
	lzmaDeep = 1 << 18
	// lzmaShort is what a stream must decode to, unless the source ends with it.
	lzmaShort = 256
	// unknown is the size of a content that ends with a mark.
	unknown = -1
)

// lzmaHead is the header of the format that xz calls "lzma alone".
type lzmaHead struct {
	dict  uint32
	plain int64 // or unknown
}

// parseLZMA takes what encoders write: lc+lp at most 4 and pb at most 4, as xz
// demands; a dictionary of 2^n or 2^n+2^(n-1); and the zero that the range coder
// begins with.
func parseLZMA(b []byte) (h lzmaHead, ok bool) {
	if len(b) < lzmaHeader+5 || b[0] >= 225 || b[lzmaHeader] != 0 {
		return h, false
	}
	lc, lp := b[0]%9, b[0]/9%5
	h.dict = binary.LittleEndian.Uint32(b[1:])
	h.plain = int64(binary.LittleEndian.Uint64(b[5:]))
	top := h.dict & (h.dict - 1) // without its lowest bit
	even := top == 0 || top == 2*(h.dict-top)
	if lc+lp > 4 || h.dict < 1<<12 || !even && h.dict != 1<<32-1 {
		return h, false
	}
	return h, h.plain == unknown || h.plain > 0 && h.plain < 1<<36
}

func lookLZMA(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, lzmaHeader+5)
	h, ok := parseLZMA(b)
	if !ok {
		return nil, nil
	}
	d, err := openLZMA(format.Section(s, at, s.Size()-at), lzmaDeep)
	if err != nil {
		return nil, nil
	}
	proof := lzmaProof
	if h.dict < 1<<16 || h.dict > 1<<26 || h.plain > 1<<30 || b[0] != 0x5d && b[0] != 0x6d {
		proof = lzmaDeep
	}
	n, err := decoded(d, proof)
	if err != nil {
		_, err = d.Read(make([]byte, 1))
		if err != io.EOF || n < lzmaShort && at+d.Consumed() < s.Size()-16 {
			return nil, nil
		}
	}
	p := part("lzma", s, at, 0, max(h.plain, 0), openLZMA)
	p.Note = fmt.Sprintf("dictionary of %d KiB", h.dict>>10)
	if most := (format.Limits{}).Defaults().File; int64(h.dict) > most {
		p.Problems = append(p.Problems, format.Problem{Offset: at + 1, Kind: format.TooBig,
			Detail: fmt.Sprintf("lzma: the header asks for a dictionary of %d bytes; refused, decoded with what the content needs", h.dict)})
	}
	return p, nil
}

// openLZMA lets the dictionary grow with what is decoded, up to limit: a header
// alone makes nothing be allocated.
func openLZMA(s format.Source, limit int64) (decoder, error) {
	z, err := lzma2.NewAloneReader(whole(s), int(limit+lzmaAhead))
	if err != nil {
		return nil, lzmaError(err)
	}
	return unxz{z}, nil
}

// lzmaAhead is how much further than what is read the decoder may be.
const lzmaAhead = 1 << 20

func lzipFormat() format.Format {
	return format.Format{Name: "lzip", Magics: []format.Magic{{Bytes: "LZIP\x01"}}, Look: lookLzip}
}

// lookLzip is sure once the first bytes decode. (The lzip manual, "File format".)
func lookLzip(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 11)
	if _, ok := lzipDict(b); !ok || len(b) < 11 || b[6] != 0 || !proven(s, at, lzmaShort, openLzip) {
		return nil, nil
	}
	return part("lzip", s, at, 0, 0, openLzip), nil
}

// lzipDict is the size of the dictionary: a power of two less some sixteenths.
func lzipDict(b []byte) (int64, bool) {
	if len(b) < 6 || string(b[:5]) != "LZIP\x01" || b[5]&0x1f < 12 || b[5]&0x1f > 29 {
		return 0, false
	}
	base := int64(1) << (b[5] & 0x1f)
	return base - base/16*int64(b[5]>>5), true
}

// unlzip decodes members in a row.
type unlzip struct {
	src   format.Source
	limit int64
	z     *lzma2.Reader
	start int64 // of the member
	n     uint64
	sum   uint32
}

const (
	lzipHeader  = 6
	lzipTrailer = 20
	lzipProps   = 0x5d // lc 3, lp 0, pb 2, always
)

func openLzip(s format.Source, limit int64) (decoder, error) {
	u := &unlzip{src: s, limit: limit}
	if err := u.member(); err != nil {
		return nil, err
	}
	return u, nil
}

// member begins the next one; io.EOF where none follows.
func (u *unlzip) member() error {
	dict, ok := lzipDict(format.Head(u.src, u.start, lzipHeader))
	if !ok {
		return io.EOF
	}
	head := [lzmaHeader]byte{lzipProps}
	binary.LittleEndian.PutUint32(head[1:], uint32(dict))
	binary.LittleEndian.PutUint64(head[5:], 1<<64-1) // a mark ends it
	rest := format.Section(u.src, u.start+lzipHeader, u.src.Size()-u.start-lzipHeader)
	z, err := lzma2.NewAloneReader(io.MultiReader(bytes.NewReader(head[:]), rest), int(u.limit+lzmaAhead))
	u.z, u.n, u.sum = z, 0, 0
	return lzmaError(err)
}

func (u *unlzip) Read(p []byte) (int, error) {
	for u.z != nil {
		n, err := u.z.Read(p)
		u.n += uint64(n)
		u.sum = crc32.Update(u.sum, crc32.IEEETable, p[:n])
		if err == io.EOF {
			err = u.end()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.EOF
}

// end checks the trailer behind a member and begins the next.
func (u *unlzip) end() error {
	at := u.start + u.z.InputOffset() - lzmaHeader + lzipHeader
	t := format.Head(u.src, at, lzipTrailer)
	if len(t) < lzipTrailer {
		return io.ErrUnexpectedEOF
	}
	if binary.LittleEndian.Uint32(t) != u.sum || binary.LittleEndian.Uint64(t[4:]) != u.n {
		return archive.ErrChecksum
	}
	u.start, u.z = at+lzipTrailer, nil
	if err := u.member(); err != nil && err != io.EOF {
		return err
	}
	return nil
}

func (u *unlzip) Consumed() int64 { return u.start }
