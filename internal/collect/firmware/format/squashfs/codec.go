package squashfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/lz4block"
	"assay/internal/collect/firmware/format/lzma2"
	"assay/internal/collect/firmware/format/lzo"
)

// codec is how blocks are compressed: a compressor's name, or a way to keep LZMA
// that is none of mksquashfs.
type codec struct {
	name  string
	props byte // of bare LZMA without a header: lc, lp and pb
	skip  int  // bytes before bare LZMA that say nothing
}

// The forms of LZMA that vendors' kernels have, beside the "lzma" of mksquashfs,
// which is an .lzma file.
const (
	lzmaProps = "lzma, header of 5 bytes" // properties and dictionary size, as the LZMA SDK writes them
	lzmaBare  = "lzma, no header"         // the kernel knows the properties
)

func (c codec) String() string {
	if c.name == lzmaBare {
		return fmt.Sprintf("%s, properties %#02x", c.name, c.props)
	}
	return c.name
}

// decompressor expands one block at a time; it is not safe for concurrent use.
// It keeps its tables, because a rootfs has thousands of blocks.
type decompressor struct {
	codec
	in   bytes.Reader
	zlib io.ReadCloser
	zstd *zstd.Decoder
	lzma lzma2.Decoder
}

var errTooLong = errors.New("expands to more than a block")

// expand writes the expanded src to the start of dst and returns its length;
// what does not fit in dst is an error. It never allocates more than a block.
func (d *decompressor) expand(dst, src []byte) (int, error) {
	switch d.name {
	case "gzip":
		d.in.Reset(src)
		if d.zlib == nil {
			r, err := zlib.NewReader(&d.in)
			if err != nil {
				return 0, err
			}
			d.zlib = r
		} else if err := d.zlib.(zlib.Resetter).Reset(&d.in, nil); err != nil {
			return 0, err
		}
		return fill(dst, d.zlib)
	case "xz":
		return d.lzma.XZ(dst, src)
	case "lzma":
		return d.lzma.Alone(dst, src)
	case "zstd":
		return d.expandZstd(dst, src)
	case "lz4":
		return lz4block.Expand(dst, src)
	case "lzo":
		return lzo.Decompress(dst, src)
	case lzmaProps:
		if len(src) < 6 {
			return 0, io.ErrUnexpectedEOF
		}
		return d.bare(dst, src[5:], src[0])
	case lzmaBare:
		return d.bare(dst, src[min(d.skip, len(src)):], d.props)
	}
	return 0, fmt.Errorf("%w: compression %s", format.ErrUnsupported, d.name)
}

// bare expands LZMA that doesn't say how long it is. Where it gives less than
// dst takes, its end is not an error; a few bytes too much may have come out.
func (d *decompressor) bare(dst, src []byte, props byte) (int, error) {
	n, err := d.lzma.Bare(dst, src, props)
	if errors.Is(err, io.ErrUnexpectedEOF) && n > 0 {
		err = nil
	}
	return n, err
}

func (d *decompressor) expandZstd(dst, src []byte) (int, error) {
	if d.zstd == nil {
		// It is used for whole blocks only, so it has no goroutine to be ended.
		r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxBlock))
		if err != nil {
			return 0, err
		}
		d.zstd = r
	}
	out, err := d.zstd.DecodeAll(src, dst[:0:len(dst)])
	if len(out) > len(dst) {
		return len(dst), errTooLong
	}
	if len(out) > 0 && &out[0] != &dst[0] {
		copy(dst, out)
	}
	return len(out), err
}

// fill reads r to its end into dst.
func fill(dst []byte, r io.Reader) (int, error) {
	n := 0
	for n < len(dst) {
		k, err := r.Read(dst[n:])
		n += k
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	// The last read also checks what stands after the data (a checksum).
	var one [1]byte
	for {
		k, err := r.Read(one[:])
		if k > 0 {
			return n, errTooLong
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// detect finds out how metadata is compressed. The superblock's word is taken
// if the root directory can be read by it. Vendors' kernels have LZMA or XZ in
// the place of another compressor; then the block that holds the root's inode
// tells which. Where nothing fits, the superblock's word stays.
func (f *FS) detect() {
	f.codec = codec{name: f.super.Compression}
	f.m = newMetaReader(f)
	if f.probe() == nil {
		return
	}
	first := f.m
	for _, c := range f.suspects() {
		f.codec = c
		f.m = newMetaReader(f)
		if f.probe() == nil {
			return
		}
	}
	f.codec = codec{name: f.super.Compression}
	f.m = first
}

// suspects lists the codecs that the block with the root's inode may be of.
func (f *FS) suspects() []codec {
	src, stored, err := f.m.raw(f.super.InodeTable + int64(f.super.Root>>16))
	if err != nil || stored || len(src) < 6 {
		return nil
	}
	var out []codec
	add := func(c codec) {
		if c.name != f.super.Compression {
			out = append(out, c)
		}
	}
	switch {
	case bytes.HasPrefix(src, []byte("\xfd7zXZ\x00")):
		add(codec{name: "xz"})
		return out
	case bytes.HasPrefix(src, []byte("\x28\xb5\x2f\xfd")):
		add(codec{name: "zstd"})
		return out
	case src[0]&0x8f == 8 && binary.BigEndian.Uint16(src)%31 == 0: // zlib, RFC 1950, 2.2
		add(codec{name: "gzip"})
	}
	if src[0] < 225 {
		add(codec{name: "lzma"})
		if src[5] == 0 { // the range coder's first byte
			add(codec{name: lzmaProps})
		}
	}
	for _, skip := range []int{0, 4} {
		if src[skip] == 0 {
			for _, props := range likelyProps() {
				out = append(out, codec{lzmaBare, props, skip})
			}
		}
	}
	return out
}

// likelyProps lists what bare LZMA may have been made with: the default of the
// LZMA SDK first.
func likelyProps() []byte {
	out := []byte{0x5d}
	for pb := range 5 {
		for lp := range 5 {
			for lc := range 5 - lp {
				if p := byte(lc + 9*lp + 45*pb); p != 0x5d {
					out = append(out, p)
				}
			}
		}
	}
	return out
}
