package stream

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
	"assay/internal/collect/firmware/format/lzo"
)

const lzopMagic = "\x89LZO\x00\r\n\x1a\n"

func lzopFormat() format.Format {
	return format.Format{Name: "lzop", Magics: []format.Magic{{Bytes: lzopMagic}}, Look: lookLzop}
}

// The flags of the header; lzop's conf.h names them.
const (
	adlerPlain  = 0x0001
	adlerPacked = 0x0002
	extraField  = 0x0040
	crcPlain    = 0x0100
	crcPacked   = 0x0200
	filtered    = 0x0800
	crcHeader   = 0x1000
)

// maxLzopBlock is what lzop takes for the largest block.
const maxLzopBlock = 64 << 20

// lookLzop is sure by nine bytes and the header's checksum.
func lookLzop(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	h, ok := lzopHeader(format.Head(s, at, 512))
	if !ok {
		return nil, nil
	}
	l := &unlzop{src: s, w: archive.NewWindow(s), lzop: h, at: at + int64(h.size)}
	end := int64(-1)
	for ctx.Err() == nil {
		b, ok := l.header()
		if !ok {
			break
		}
		if b.plain == 0 {
			end = l.at
			break
		}
		if l.at += b.packed; l.at > s.Size() {
			break
		}
	}
	p := part("lzop", s, at, min(l.at, s.Size())-at, 0, openLzop)
	p.Name = h.name
	if end < 0 {
		p.Problems = append(p.Problems, format.Problem{Offset: min(l.at, s.Size()), Kind: format.Truncated, Detail: "lzop: no block that ends the file"})
	}
	return p, ctx.Err()
}

// lzop is a file's header.
type lzop struct {
	size  int
	flags uint32
	name  string
}

// lzopHeader reads one, whose fields are big-endian and came with versions.
func lzopHeader(b []byte) (h lzop, ok bool) {
	if len(b) < 40 || string(b[:9]) != lzopMagic {
		return h, false
	}
	version, at := binary.BigEndian.Uint16(b[9:]), 13
	if version >= 0x0940 {
		at += 2
	}
	at++ // the method
	if version >= 0x0940 {
		at++ // the level
	}
	h.flags = binary.BigEndian.Uint32(b[at:])
	at += 4
	if h.flags&filtered != 0 {
		at += 4
	}
	at += 8 // mode and time
	if version >= 0x0940 {
		at += 4
	}
	n := int(b[at])
	at++
	if at+n+4 > len(b) {
		return h, false
	}
	h.name = string(b[at : at+n])
	at += n
	sum := adler32.Checksum(b[9:at])
	if h.flags&crcHeader != 0 {
		sum = crc32.ChecksumIEEE(b[9:at])
	}
	if sum != binary.BigEndian.Uint32(b[at:]) || h.flags&(filtered|extraField) != 0 {
		return h, false
	}
	h.size = at + 4
	return h, true
}

// unlzop decodes block after block.
type unlzop struct {
	lzop
	src  format.Source
	w    *archive.Window
	at   int64
	buf  []byte
	out  []byte
	done bool
}

// lzopBlock is a block's header.
type lzopBlock struct {
	plain, packed int64
	adler, crc    uint32 // of the content
}

func openLzop(s format.Source, _ int64) (decoder, error) {
	h, ok := lzopHeader(format.Head(s, 0, 512))
	if !ok {
		return nil, fmt.Errorf("no lzop header: %w", format.ErrDamaged)
	}
	return &unlzop{lzop: h, src: s, w: archive.NewWindow(s), at: int64(h.size)}, nil
}

// header reads the next block's and steps behind it.
func (l *unlzop) header() (b lzopBlock, ok bool) {
	h := l.w.Bytes(l.at, 24)
	if len(h) >= 4 && binary.BigEndian.Uint32(h) == 0 {
		l.at += 4
		return b, true
	}
	if len(h) < 8 {
		return b, false
	}
	b.plain, b.packed = int64(binary.BigEndian.Uint32(h)), int64(binary.BigEndian.Uint32(h[4:]))
	at := 8
	sum := func(flag uint32) (v uint32) {
		if l.flags&flag != 0 && at+4 <= len(h) {
			v = binary.BigEndian.Uint32(h[at:])
			at += 4
		}
		return v
	}
	b.adler, b.crc = sum(adlerPlain), sum(crcPlain)
	if b.packed < b.plain {
		sum(adlerPacked)
		sum(crcPacked)
	}
	l.at += int64(at)
	return b, b.plain <= maxLzopBlock && b.packed <= b.plain && b.packed > 0
}

func (l *unlzop) Read(p []byte) (int, error) {
	for len(l.out) == 0 {
		if l.done {
			return 0, io.EOF
		}
		b, ok := l.header()
		switch {
		case ok && b.plain == 0:
			l.done = true
			continue
		case !ok && l.at >= l.src.Size():
			return 0, io.ErrUnexpectedEOF
		case !ok:
			return 0, fmt.Errorf("a block's header: %w", format.ErrDamaged)
		}
		if err := l.block(b); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}

// block decodes one. LZO makes at most 255 bytes of one, so a header alone
// makes nothing large be allocated.
func (l *unlzop) block(b lzopBlock) error {
	src := make([]byte, min(b.packed, max(l.src.Size()-l.at, 0)))
	if int64(len(src)) < b.packed {
		return io.ErrUnexpectedEOF
	}
	if err := format.ReadAt(l.src, src, l.at); err != nil {
		return err
	}
	l.at += b.packed
	switch {
	case b.packed == b.plain:
		l.out = src
	case b.plain > 256*b.packed+64:
		return fmt.Errorf("a block of %d bytes claims to hold %d: %w", b.packed, b.plain, format.ErrDamaged)
	default:
		if int64(cap(l.buf)) < b.plain {
			l.buf = make([]byte, b.plain)
		}
		n, err := lzo.Decompress(l.buf[:b.plain], src)
		if err != nil {
			return err
		}
		l.out = l.buf[:n]
	}
	if int64(len(l.out)) != b.plain || l.flags&adlerPlain != 0 && adler32.Checksum(l.out) != b.adler ||
		l.flags&crcPlain != 0 && crc32.ChecksumIEEE(l.out) != b.crc {
		return archive.ErrChecksum
	}
	return nil
}

func (l *unlzop) Consumed() int64 { return l.at }
