package squashfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/ulikunitz/xz/lzma"
)

// decompressor expands one block at a time; it is not safe for concurrent use.
// It keeps its tables, because a rootfs has thousands of blocks.
type decompressor struct {
	name string
	in   bytes.Reader
	zlib io.ReadCloser
	xz   *xz.Reader
	zstd *zstd.Decoder
}

// close gives back what a decoder holds.
func (d *decompressor) close() {
	if d.zstd != nil {
		d.zstd.Close()
	}
}

var errTooLong = errors.New("expands to more than a block")

// expand writes the expanded src to the start of dst and returns its length;
// what does not fit in dst is an error. It never allocates more than a block.
func (d *decompressor) expand(dst, src []byte) (int, error) {
	d.in.Reset(src)
	switch d.name {
	case "gzip":
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
		var err error
		if d.xz == nil {
			// The dictionary of a block is at most a block; 1 MiB is the largest.
			if d.xz, err = xz.NewReader(&d.in, maxBlock); err != nil {
				d.xz = nil
				return 0, err
			}
		} else if err = d.xz.Reset(&d.in); err != nil {
			return 0, err
		}
		d.xz.Multistream(false)
		return fill(dst, d.xz)
	case "lzma":
		// LZMA-alone: properties, dictionary size, length (13 bytes). The
		// dictionary is checked here since the reader would allocate it.
		if len(src) < lzma.HeaderLen {
			return 0, io.ErrUnexpectedEOF
		}
		if dict := binary.LittleEndian.Uint32(src[1:]); dict > 2*maxBlock {
			return 0, fmt.Errorf("lzma dictionary of %d bytes", dict)
		}
		r, err := lzma.NewReader(&d.in)
		if err != nil {
			return 0, err
		}
		return fill(dst, r)
	case "zstd":
		if d.zstd == nil {
			r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxBlock))
			if err != nil {
				return 0, err
			}
			d.zstd = r
		}
		if err := d.zstd.Reset(&d.in); err != nil {
			return 0, err
		}
		return fill(dst, d.zstd)
	case "lz4":
		return lz4Block(dst, src)
	}
	return 0, fmt.Errorf("%w: compression %s", ErrUnsupported, d.name)
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
	// The last read also checks what stands after the data (a CRC).
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

var errLZ4 = errors.New("lz4: damaged block")

// lz4Block expands one raw LZ4 block (lz4_Block_format.md).
func lz4Block(dst, src []byte) (int, error) {
	n, i := 0, 0
	length := func(v int) (int, bool) {
		if v != 15 {
			return v, true
		}
		for i < len(src) {
			c := src[i]
			i++
			v += int(c)
			if v > len(dst) {
				return 0, false
			}
			if c != 255 {
				return v, true
			}
		}
		return 0, false
	}
	for i < len(src) {
		token := src[i]
		i++
		lit, ok := length(int(token >> 4))
		if !ok || lit > len(src)-i || lit > len(dst)-n {
			return n, errLZ4
		}
		n += copy(dst[n:], src[i:i+lit])
		i += lit
		if i == len(src) {
			return n, nil
		}
		if len(src)-i < 2 {
			return n, errLZ4
		}
		back := int(binary.LittleEndian.Uint16(src[i:]))
		i += 2
		match, ok := length(int(token & 15))
		match += 4
		if !ok || back == 0 || back > n || match > len(dst)-n {
			return n, errLZ4
		}
		// The copy may overlap itself: that is how runs are written.
		for range match {
			dst[n] = dst[n-back]
			n++
		}
	}
	return n, errLZ4
}
