package stream

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
	"assay/internal/collect/firmware/format/lzma2"
)

const xzMagic = "\xfd7zXZ\x00"

func xzFormat() format.Format {
	return format.Format{Name: "xz", Magics: []format.Magic{{Bytes: xzMagic}}, Look: lookXz}
}

// xzChecks are the lengths of the checks by type (The .xz File Format, section
// 2.1.1.2); 1 is CRC32, 4 CRC64, 10 SHA-256.
var xzChecks = [16]int64{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}

// lookXz is sure by the checksums of the stream's and the first block's header.
// LZMA2 says how long its chunks are, so the end is found without decoding.
func lookXz(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	x := &xzStream{w: archive.NewWindow(s), at: at}
	if !x.header() {
		return nil, nil
	}
	broken := ""
	end, n := at, 0
	for ctx.Err() == nil {
		if broken = x.body(ctx); broken != "" {
			end = x.at
			break
		}
		n++
		end = x.at
		x.padding()
		if !x.header() {
			break
		}
	}
	if n == 0 && x.plain == 0 && broken != "" {
		return nil, ctx.Err()
	}
	size := min(end, s.Size()) - at
	p := part("xz", s, at, size, x.plain, openXz)
	p.Note = fmt.Sprintf("%d streams", n)
	if broken != "" {
		kind := format.Damaged
		if end >= s.Size() {
			kind = format.Truncated
		}
		p.Problems = append(p.Problems, format.Problem{Offset: min(end, s.Size()), Kind: kind, Detail: "xz: " + broken})
	}
	return p, ctx.Err()
}

// xzStream goes over streams without decoding them.
type xzStream struct {
	w     *archive.Window
	at    int64
	check int64 // bytes of a block's check
	plain int64 // what all blocks decode to
}

// header reads a Stream Header.
func (x *xzStream) header() bool {
	b := x.w.Bytes(x.at, 12)
	if len(b) < 12 || string(b[:6]) != xzMagic || b[6] != 0 || b[7]&0xf0 != 0 ||
		crc32.ChecksumIEEE(b[6:8]) != binary.LittleEndian.Uint32(b[8:]) {
		return false
	}
	x.check = xzChecks[b[7]]
	x.at += 12
	return true
}

// padding steps over zeros between streams (section 2.2).
func (x *xzStream) padding() {
	for b := x.w.Bytes(x.at, 4); len(b) == 4 && binary.LittleEndian.Uint32(b) == 0; b = x.w.Bytes(x.at, 4) {
		x.at += 4
	}
}

// body goes over blocks, index and footer, and says why it can't.
func (x *xzStream) body(ctx context.Context) (broken string) {
	for ctx.Err() == nil {
		b := x.w.Bytes(x.at, 1)
		if len(b) == 0 {
			return "the stream is cut off"
		}
		if b[0] == 0 {
			return x.index()
		}
		if broken := x.block(); broken != "" {
			return broken
		}
	}
	return "not read to its end"
}

// block goes over the chunks of one block (section 3).
func (x *xzStream) block() (broken string) {
	start := x.at
	b := x.w.Bytes(x.at, 1)
	n := (int(b[0]) + 1) * 4
	head := x.w.Bytes(x.at, n)
	if len(head) < n {
		return "a block's header is cut off"
	}
	if crc32.ChecksumIEEE(head[:n-4]) != binary.LittleEndian.Uint32(head[n-4:]) {
		return "the checksum of a block's header doesn't fit"
	}
	x.at += int64(n)
	if broken := x.chunks(); broken != "" {
		return broken
	}
	x.at += (start-x.at)&3 + x.check
	return ""
}

// chunks goes over LZMA2: a control byte, sizes, data, and a zero at the end.
func (x *xzStream) chunks() (broken string) {
	for {
		b := x.w.Bytes(x.at, 6)
		if len(b) == 0 {
			return "the stream is cut off"
		}
		c := b[0]
		switch {
		case c == 0:
			x.at++
			return ""
		case c >= 3 && c < 0x80:
			return "an LZMA2 chunk of no known kind"
		case len(b) < 6:
			return "the stream is cut off"
		case c < 3:
			size := int64(binary.BigEndian.Uint16(b[1:])) + 1
			x.plain += size
			x.at += 3 + size
		default:
			x.plain += int64(c&0x1f)<<16 + int64(binary.BigEndian.Uint16(b[1:])) + 1
			x.at += 5 + int64(binary.BigEndian.Uint16(b[3:])) + 1
			if c >= 0xc0 {
				x.at++ // new properties
			}
		}
	}
}

// index goes over Index and Stream Footer (sections 4 and 2.1.2).
func (x *xzStream) index() (broken string) {
	start := x.at
	x.at++
	records, ok := x.number()
	for ; ok && records > 0; records-- {
		_, a := x.number()
		_, b := x.number()
		ok = a && b
	}
	if !ok {
		return "the index doesn't hold together"
	}
	x.at += (start-x.at)&3 + 4 + 12
	if b := x.w.Bytes(x.at-12, 12); len(b) < 12 || string(b[10:]) != "YZ" {
		return "no footer stands behind the index"
	}
	return ""
}

// number reads 7 bits a byte, at most nine bytes.
func (x *xzStream) number() (v uint64, ok bool) {
	for i, c := range x.w.Bytes(x.at, 9) {
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			x.at += int64(i) + 1
			return v, true
		}
	}
	return 0, false
}

func openXz(s format.Source, limit int64) (decoder, error) {
	z, err := lzma2.NewReader(whole(s), int(limit))
	if err != nil {
		return nil, lzmaError(err)
	}
	return unxz{z}, nil
}

// unxz is the decoder of xz and LZMA.
type unxz struct{ *lzma2.Reader }

func (u unxz) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	return n, lzmaError(err)
}

// ReadBehind is that of lzma2.Reader.
func (u unxz) ReadBehind(b []byte) (int, error) {
	n, err := u.Reader.ReadBehind(b)
	return n, lzmaError(err)
}

func (u unxz) Consumed() int64 { return u.InputOffset() }

// lzmaError makes the decoder's errors those of package format.
func lzmaError(err error) error {
	if errors.Is(err, lzma2.ErrUnsupported) {
		return fmt.Errorf("%w: %w", format.ErrUnsupported, err)
	}
	return err
}
