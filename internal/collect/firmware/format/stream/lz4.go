package stream

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/pierrec/lz4/v4"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
	"assay/internal/collect/firmware/format/lz4block"
)

const (
	lz4Magic    = 0x184d2204
	legacyMagic = 0x184c2102
	// legacyBlock is what a block of the legacy format decodes to, but for the last.
	legacyBlock = 8 << 20
	// legacyBound is the most that such a block takes (LZ4_COMPRESSBOUND).
	legacyBound = legacyBlock + legacyBlock/255 + 16
)

func lz4Format() format.Format {
	return format.Format{Name: "lz4", Magics: []format.Magic{{Bytes: "\x04\x22\x4d\x18"}, {Bytes: "\x02\x21\x4c\x18"}}, Look: lookLZ4}
}

func lookLZ4(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	switch b := format.Head(s, at, 4); {
	case len(b) < 4:
	case binary.LittleEndian.Uint32(b) == lz4Magic:
		return lookFrame(ctx, s, at)
	case binary.LittleEndian.Uint32(b) == legacyMagic:
		return lookLegacy(s, at)
	}
	return nil, nil
}

// lookFrame is sure by the header's checksum and sizes of blocks that hold together
// (lz4_Frame_format.md of the LZ4 project). Frames in a row are one stream.
func lookFrame(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	w := archive.NewWindow(s)
	end, plain, ok := lz4Frame(ctx, w, at)
	if !ok {
		return nil, ctx.Err()
	}
	for end < s.Size() {
		next, n, ok := lz4Frame(ctx, w, end)
		if !ok {
			break
		}
		if end = next; n == 0 || plain == 0 {
			plain = 0 // a frame that doesn't say
		} else {
			plain += n
		}
	}
	p := part("lz4", s, at, min(end, s.Size())-at, plain, openLZ4)
	if end > s.Size() {
		p.Problems = append(p.Problems, format.Problem{Offset: s.Size(), Kind: format.Truncated, Detail: "lz4: the frame's last block is not there"})
	}
	return p, ctx.Err()
}

// lz4Frame goes over the sizes of a frame's blocks. An end beyond the source
// says that the frame is cut off.
func lz4Frame(ctx context.Context, w *archive.Window, at int64) (end, plain int64, ok bool) {
	b := w.Bytes(at, 19)
	if len(b) < 11 || binary.LittleEndian.Uint32(b) != lz4Magic || b[4]>>6 != 1 || b[4]&2 != 0 || b[5]&0x8f != 0 || b[5]>>4 < 4 {
		return 0, 0, false
	}
	flags := b[4]
	header := int64(7)
	if flags&8 != 0 && len(b) >= 14 {
		plain = int64(binary.LittleEndian.Uint64(b[6:]) & (1<<62 - 1))
		header += 8
	}
	header += 4 * int64(flags&1)
	if n := int(header) - 1; n >= len(b) || b[n] != byte(xxh32(b[4:n])>>8) {
		return 0, 0, false
	}
	largest := int64(1) << (8 + 2*(b[5]>>4))
	for at += header; ; {
		b := w.Bytes(at, 4)
		if len(b) < 4 || ctx.Err() != nil {
			return at + 4, plain, true
		}
		v := binary.LittleEndian.Uint32(b)
		if at += 4; v == 0 {
			return at + int64(flags&4), plain, true
		}
		size := int64(v &^ (1 << 31))
		if size > largest {
			return 0, 0, false
		}
		at += size + int64(flags&16)/4
	}
}

// xxh32 is the XXH32 of fewer than 16 bytes, with seed 0 (xxhash_spec.md).
func xxh32(b []byte) uint32 {
	const p1, p2, p3, p4, p5 = 2654435761, 2246822519, 3266489917, 668265263, 374761393
	h := uint32(p5) + uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		h = bits.RotateLeft32(h+binary.LittleEndian.Uint32(b)*p3, 17) * p4
	}
	for _, c := range b {
		h = bits.RotateLeft32(h+uint32(c)*p5, 11) * p1
	}
	h = (h ^ h>>15) * p2
	h = (h ^ h>>13) * p3
	return h ^ h>>16
}

// unlz4 decodes frame after frame.
type unlz4 struct {
	src format.Source
	w   *archive.Window
	z   *lz4.Reader
	at  int64 // where the frame that z decodes ends
}

func openLZ4(s format.Source, _ int64) (decoder, error) {
	u := &unlz4{src: s, w: archive.NewWindow(s), z: lz4.NewReader(nil)}
	if !u.next() {
		return nil, fmt.Errorf("no frame: %w", format.ErrDamaged)
	}
	return u, nil
}

func (u *unlz4) next() bool {
	end, _, ok := lz4Frame(context.Background(), u.w, u.at)
	if !ok {
		return false
	}
	end = min(end, u.src.Size())
	u.z.Reset(io.NewSectionReader(u.src, u.at, end-u.at))
	u.at = end
	return true
}

func (u *unlz4) Read(p []byte) (int, error) {
	n, err := u.z.Read(p)
	for n == 0 && err == io.EOF && u.next() {
		n, err = u.z.Read(p)
	}
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

func (u *unlz4) Consumed() int64 { return u.at }

// lookLegacy is sure once the beginning of the first block decodes. The format
// has neither an end mark nor checksums, and a kernel's build leaves the decoded
// size behind it: only the decoder can tell the end.
func lookLegacy(s format.Source, at int64) (*format.Part, error) {
	l, err := newLegacy(format.Section(s, at, s.Size()-at), legacyProof)
	if err != nil {
		return nil, nil
	}
	size, ok := l.next()
	if !ok || l.block(size) != nil || len(l.out) < legacyProof && (len(l.out) < 64 || l.cut) {
		return nil, nil
	}
	p := part("lz4", s, at, 0, 0, openLegacy)
	p.Note = "legacy frame"
	return p, nil
}

// legacyProof is how much of the first block is decoded by a look.
const legacyProof = 4096

// legacy decodes block after block. All but the last decode to legacyBlock.
type legacy struct {
	src  format.Source
	w    *archive.Window
	at   int64
	buf  []byte
	out  []byte // decoded, not yet given out
	last bool
	cut  bool  // the source ends within a block
	most int64 // what is decoded of a block
}

func openLegacy(s format.Source, _ int64) (decoder, error) { return newLegacy(s, legacyBlock) }

func newLegacy(s format.Source, most int64) (*legacy, error) {
	l := &legacy{src: s, w: archive.NewWindow(s), most: most}
	if b := l.w.Bytes(0, 8); len(b) < 8 || binary.LittleEndian.Uint32(b) != legacyMagic {
		return nil, fmt.Errorf("no legacy frame: %w", format.ErrDamaged)
	}
	return l, nil
}

// next steps to the next block and returns its size. Another magic number
// begins a frame right behind the one before.
func (l *legacy) next() (size int64, ok bool) {
	b := l.w.Bytes(l.at, 8)
	for len(b) == 8 && binary.LittleEndian.Uint32(b) == legacyMagic {
		l.at, l.last = l.at+4, false
		b = l.w.Bytes(l.at, 8)
	}
	if len(b) < 8 || l.last {
		return 0, false
	}
	size = int64(binary.LittleEndian.Uint32(b))
	if size == 0 || size > legacyBound {
		return 0, false
	}
	l.at += 4
	return size, true
}

func (l *legacy) Read(p []byte) (int, error) {
	for len(l.out) == 0 {
		size, ok := l.next()
		if !ok {
			return 0, io.EOF
		}
		if err := l.block(size); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}

// block decodes one. A byte of LZ4 makes at most 255, so a size alone makes
// nothing large be allocated.
func (l *legacy) block(size int64) error {
	have := min(size, max(l.src.Size()-l.at, 0))
	read := min(have, 16*l.most)
	src := make([]byte, read)
	if err := format.ReadAt(l.src, src, l.at); err != nil {
		return err
	}
	if n := min(l.most, 255*read+64); int64(len(l.buf)) < n {
		l.buf = make([]byte, n)
	}
	n, err := lz4block.Prefix(l.buf, src)
	l.out, l.last = l.buf[:n], n < legacyBlock
	l.at += have
	l.cut = have < size
	switch {
	case l.cut && n > 0:
		return nil // what is there of a block that is cut off
	case l.cut:
		return io.ErrUnexpectedEOF
	}
	return err
}

func (l *legacy) Consumed() int64 { return l.at }
