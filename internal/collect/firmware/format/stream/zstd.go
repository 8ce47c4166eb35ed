package stream

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/klauspost/compress/zstd"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

func zstdFormat() format.Format {
	return format.Format{Name: "zstd", Magics: []format.Magic{{Bytes: "\x28\xb5\x2f\xfd"}}, Look: lookZstd}
}

const (
	zstdMagic = 0xfd2fb528
	// skippable frames have sixteen magic numbers (RFC 8878, section 3.1.2).
	skippable     = 0x184d2a50
	skippableMask = 0xfffffff0
	// maxZstdBlock is Block_Maximum_Size.
	maxZstdBlock = 128 << 10
	// Kinds of blocks; 0 is copied, 3 is none.
	repeatBlock = 1
	packedBlock = 2
)

// zframe is one frame: where it ends, and how much it can hold.
type zframe struct {
	skip   bool
	end    int64
	header int    // bytes before the first block
	head   []byte // the header without a size: magic number, flags, window, dictionary
	claim  int64  // of the content's size, -1 for none
	room   int64  // no more than this comes out of its blocks
	whole  bool   // the end was found
	first  uint32 // kind of the first block
}

// lookZstd is sure once the first bytes decode. All frames in a row are one
// stream; blocks say how long they are, so the end is found without decoding.
func lookZstd(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	w := archive.NewWindow(s)
	first, ok := readFrame(ctx, w, at, s.Size())
	if !ok || first.skip || !first.sure(s, at) {
		return nil, ctx.Err()
	}
	end, plain, n := first.end, first.claim, 1
	for f := first; f.whole && ctx.Err() == nil; n++ {
		if f, ok = readFrame(ctx, w, end, s.Size()); !ok || !f.whole && !f.skip {
			break
		}
		end = f.end
		if f.claim < 0 || plain < 0 {
			plain = -1
		} else {
			plain += f.claim
		}
	}
	p := part("zstd", s, at, end-at, max(plain, 0), openZstd)
	p.Note = fmt.Sprintf("%d frames", n)
	if !first.whole {
		p.Problems = append(p.Problems, format.Problem{Offset: end, Kind: format.Truncated, Detail: "zstd: the frame's last block is not there"})
	}
	return p, ctx.Err()
}

// sure says whether a frame's first bytes decode to something that noise would
// not. Blocks that are copied or repeat a byte decode whatever they hold; then a
// checksum or size of the frame has to fit.
func (f *zframe) sure(s format.Source, at int64) bool {
	if f.first == packedBlock {
		return proven(s, at, 256, openZstd)
	}
	return f.whole && (f.claim >= 0 || f.head[4]&checksummed != 0) && proven(s, at, maxZstdBlock, openZstd)
}

// readFrame goes over the blocks of the frame at offset at (RFC 8878, section
// 3.1.1). It is false where no frame begins there.
func readFrame(ctx context.Context, w *archive.Window, at, end int64) (f zframe, ok bool) {
	b := w.Bytes(at, 18)
	if len(b) < 8 {
		return f, false
	}
	f.claim = -1
	switch magic := binary.LittleEndian.Uint32(b); {
	case magic&skippableMask == skippable:
		f.end = at + 8 + int64(binary.LittleEndian.Uint32(b[4:]))
		f.skip, f.whole, f.claim = true, f.end <= end, 0
		f.end = min(f.end, end)
		return f, true
	case magic != zstdMagic || b[4]&8 != 0: // the reserved bit
		return f, false
	}
	if !f.readHeader(b) {
		return f, false
	}
	at += int64(f.header)
	for last := false; !last; {
		b := w.Bytes(at, 3)
		if len(b) < 3 || ctx.Err() != nil {
			f.end = end
			return f, f.room > 0
		}
		h := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
		size, kind := int64(h>>3), h>>1&3
		if f.room == 0 {
			f.first = kind
		}
		if size > maxZstdBlock || kind == 3 {
			f.end = at
			return f, f.room > 0
		}
		if kind == repeatBlock { // one byte
			size = 1
		}
		f.room += maxZstdBlock
		at += 3 + size
		last = h&1 != 0
	}
	if f.head[4]&checksummed != 0 {
		at += 4
	}
	f.end, f.whole = min(at, end), at <= end
	return f, true
}

// The flags of Frame_Header_Descriptor.
const (
	dictionary  = 3
	checksummed = 1 << 2
	single      = 1 << 5
)

// readHeader reads Frame_Header, whose length its first byte gives.
func (f *zframe) readHeader(b []byte) bool {
	flags := b[4]
	f.head = append(append([]byte(nil), b[:4]...), flags&(checksummed|dictionary), 31<<3)
	f.header = 5
	if flags&single == 0 {
		f.head[5] = b[5]
		f.header++
	}
	ids := [4]int{0, 1, 2, 4}[flags&dictionary]
	n := 1 << (flags >> 6)
	if n == 1 && flags&single == 0 {
		n = 0
	}
	if f.header+ids+n > len(b) {
		return false
	}
	f.head = append(f.head, b[f.header:f.header+ids]...)
	f.header += ids
	if n > 0 {
		var v [8]byte
		copy(v[:], b[f.header:f.header+n])
		f.claim = int64(binary.LittleEndian.Uint64(v[:]) & (1<<62 - 1))
		if n == 2 {
			f.claim += 256
		}
	}
	f.header += n
	return true
}

// unzstd decodes frame after frame. Each gets a header with a window no larger
// than what its blocks can hold, and without the content's size: what a header
// claims makes nothing be allocated.
type unzstd struct {
	src   format.Source
	w     *archive.Window
	limit int64
	at    int64
	z     *zstd.Decoder
	end   int64 // of the frame that z decodes
	claim int64 // of its content's size
	done  int64
}

func openZstd(s format.Source, limit int64) (decoder, error) {
	u := &unzstd{src: s, w: archive.NewWindow(s), limit: limit}
	return u, u.next()
}

// next begins the next frame; io.EOF where none follows.
func (u *unzstd) next() error {
	for {
		f, ok := readFrame(context.Background(), u.w, u.at, u.src.Size())
		if !ok {
			return io.EOF
		}
		if f.skip {
			u.at = f.end
			continue
		}
		f.head[5] = min(f.head[5], windowFor(min(f.room, u.limit+maxZstdBlock)))
		u.claim, u.done = f.claim, 0
		start := u.at + int64(f.header)
		r := io.MultiReader(bytes.NewReader(f.head), io.NewSectionReader(u.src, start, f.end-start))
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(1<<31), zstd.WithDecoderMaxMemory(1<<40))
		if err != nil {
			return err
		}
		u.z, u.end = z, f.end
		return nil
	}
}

// windowFor is the Window_Descriptor of the smallest power of two that holds n.
func windowFor(n int64) byte {
	log := max(bits.Len64(uint64(max(n, 1)-1)), 10)
	return byte(min(log-10, 31)) << 3
}

func (u *unzstd) Read(p []byte) (int, error) {
	for u.z != nil {
		n, err := u.z.Read(p)
		u.done += int64(n)
		if err == io.EOF && u.claim >= 0 && u.claim != u.done {
			return n, fmt.Errorf("the frame's header says %d bytes, %d came: %w", u.claim, u.done, format.ErrDamaged)
		}
		if err == io.EOF {
			u.z.Close()
			u.z, u.at, err = nil, u.end, nil
			if next := u.next(); next != nil && n == 0 {
				return 0, next
			}
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.EOF
}

func (u *unzstd) Consumed() int64 { return u.at }
