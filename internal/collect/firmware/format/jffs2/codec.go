package jffs2

import (
	"encoding/binary"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/inflate"
	"assay/internal/collect/firmware/format/lzma2"
	"assay/internal/collect/firmware/format/lzo"
)

// codec decodes one node after the other; it keeps its buffers.
type codec struct {
	raw, out []byte
	flate    inflate.Decoder
	bare     lzma2.Decoder
}

// decode returns the piece of a file that n holds, valid until the next call. n
// is not zero; its size was bounded and its checksum right in the scan.
func (z *codec) decode(v *volume, n node) ([]byte, error) {
	var head [inodeSize]byte
	if err := format.ReadAt(v.src, head[:], v.offset(n)); err != nil {
		return nil, err
	}
	compr, packed := head[56], int(v.order.Uint32(head[48:]))
	if v.done.Add(int64(n.size)) > v.most {
		return nil, format.ErrShared
	}
	z.out = grow(z.out, int(n.size))
	z.raw = grow(z.raw, packed)
	if err := format.ReadAt(v.src, z.raw, v.offset(n)+inodeSize); err != nil {
		return nil, err
	}
	return z.out, z.expand(compr)
}

// grow returns n bytes, those of b where it has as many.
func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// expand fills out from raw.
func (z *codec) expand(compr byte) (err error) {
	switch compr {
	case comprNone, comprCopy:
		if len(z.raw) < len(z.out) {
			return fmt.Errorf("%w: %d bytes for %d", format.ErrDamaged, len(z.raw), len(z.out))
		}
		copy(z.out, z.raw)
		return nil
	case comprRTime:
		return rtime(z.out, z.raw)
	case comprRubinMIPS, comprDynRubin:
		return rubin(z.out, z.raw)
	case comprZlib:
		err = z.inflate()
	case comprLZO:
		var n int
		n, err = lzo.Decompress(z.out, z.raw)
		err = whole(n, len(z.out), err)
	case comprLZMA:
		err = z.lzma()
	default:
		return fmt.Errorf("%w: compression %d", format.ErrUnsupported, compr)
	}
	if err != nil {
		return fmt.Errorf("%w: compression %d: %w", format.ErrDamaged, compr, err)
	}
	return nil
}

// inflate decodes zlib. Linux leaves its Adler-32 alone, for the node has a CRC,
// and so writes it short at times.
func (z *codec) inflate() error {
	// RFC 1950: method 8, a multiple of 31, no preset dictionary.
	if len(z.raw) < 2 || z.raw[0]&0xf != 8 || binary.BigEndian.Uint16(z.raw)%31 != 0 || z.raw[1]&0x20 != 0 {
		return fmt.Errorf("no zlib header")
	}
	n, err := z.flate.Decode(z.out, z.raw[2:])
	return whole(n, len(z.out), err)
}

// whole makes it an error that a piece is too short. What would come after its
// end is not asked for.
func whole(n, want int, err error) error {
	switch {
	case n == want:
		return nil
	case err == nil:
		return io.ErrUnexpectedEOF
	}
	return err
}

// lzma decodes what OpenWrt's kernels wrote: a stream with lc, lp and pb zero
// and neither header nor end mark.
func (z *codec) lzma() error {
	n, err := z.bare.Bare(z.out, z.raw, 0)
	if err != nil {
		return err // bytes behind its end may have been taken for content
	}
	return whole(n, len(z.out), nil)
}

// rtime repeats what stood behind the last byte of the same value. Each step is
// a byte and how many bytes of that to repeat.
func rtime(out, in []byte) error {
	var last [256]int
	for o, i := 0, 0; o < len(out); {
		if i+2 > len(in) {
			return fmt.Errorf("%w: rtime: %d bytes of %d", format.ErrDamaged, o, len(out))
		}
		value, run := in[i], int(in[i+1])
		i += 2
		out[o] = value
		o++
		from := last[value]
		last[value] = o
		for run = min(run, len(out)-o); run > 0; run-- {
			out[o] = out[from]
			o++
			from++
		}
	}
	return nil
}
