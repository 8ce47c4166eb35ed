package erofs

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/inflate"
	"assay/internal/collect/firmware/format/lz4block"
	"assay/internal/collect/firmware/format/lzma2"
	"assay/internal/collect/firmware/format/tree"
)

// algorithms are Z_EROFS_COMPRESSION_*; an inode has room for 16.
var algorithms = [16]string{"lz4", "lzma", "deflate", "zstd"}

// expander expands one extent at a time. Its tables are kept.
type expander struct {
	src   []byte
	in    bytes.Reader
	flate inflate.Decoder
	zstd  *zstd.Decoder
	lzma  lzma2.Decoder
}

// expand fills p with what an extent stands for. The extent may stand for more
// than that: files share compressed bytes and take the beginning of them.
func (r *reader) expand(p []byte, x extent) error {
	if x.size <= 0 || x.at < 0 || x.size > maxExtent {
		return tree.Damage(x.at, "%d compressed bytes", x.size)
	}
	if x.at+x.size > r.src.Size() {
		return &tree.Fault{Kind: format.Truncated, At: x.at, Detail: fmt.Sprintf("%d compressed bytes end beyond the image", x.size)}
	}
	if err := r.input.Spend(x.size); err != nil {
		return err
	}
	d := r.free.Get().(*expander)
	defer r.free.Put(d)
	if int64(cap(d.src)) < x.size {
		d.src = make([]byte, x.size)
	}
	src := d.src[:x.size]
	if err := format.ReadAt(r.src, src, x.at); err != nil {
		return err
	}
	if x.kind == plain {
		return stored(p, src, x, r.sb.block)
	}
	if r.sb.incompat&incompatZeroPadding != 0 || x.algorithm > 0 {
		// Compressed bytes end where their blocks do; zeros stand before them.
		src = src[zeros(src[:min(x.size, r.sb.block)]):]
	}
	if err := d.expand(p, src, x.algorithm); errors.Is(err, format.ErrUnsupported) {
		return tree.Unread(x.at, "%v", err)
	} else if err != nil {
		return tree.Damage(x.at, "%s: %v", algorithms[x.algorithm], err)
	}
	return nil
}

func zeros(b []byte) int {
	for i, c := range b {
		if c != 0 {
			return i
		}
	}
	return 0
}

// stored copies bytes that aren't compressed. Where they are interlaced they
// keep their place in a block, and go round its end.
func stored(p, src []byte, x extent, block int64) error {
	from := int64(0)
	if x.interlaced {
		from = x.from % block
	}
	if len(p) > len(src) || from >= int64(len(src)) {
		return tree.Damage(x.at, "%d stored bytes for %d", len(src), len(p))
	}
	n := copy(p, src[from:])
	copy(p[n:], src)
	return nil
}

var errShort = errors.New("expands to too little")

func (d *expander) expand(p, src []byte, algorithm int) error {
	switch d.in.Reset(src); algorithms[algorithm] {
	case "lz4":
		n, err := lz4block.Prefix(p, src)
		if err == nil && n < len(p) {
			err = errShort
		}
		return err
	case "lzma":
		return d.microLZMA(p, src)
	case "deflate":
		n, err := d.flate.Decode(p, src)
		switch {
		case n == len(p): // and perhaps more
			return nil
		case err == nil:
			err = errShort
		}
		return err
	case "zstd":
		if d.zstd == nil {
			z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxExtent), zstd.WithDecoderLowmem(true))
			if err != nil {
				return err
			}
			d.zstd = z
		}
		if err := d.zstd.Reset(&d.in); err != nil {
			return err
		}
		_, err := io.ReadFull(d.zstd, p)
		return err
	}
	return fmt.Errorf("%w: compression %d", format.ErrUnsupported, algorithm)
}

// microLZMA expands LZMA without a header, whose first byte, always zero, is
// the complement of the properties instead (lzma_microlzma_decoder of liblzma).
func (d *expander) microLZMA(p, src []byte) error {
	if len(src) == 0 {
		return io.ErrUnexpectedEOF
	}
	props := ^src[0]
	src[0] = 0
	n, err := d.lzma.Bare(p, src, props)
	switch {
	case n == len(p):
		return nil
	case err == nil:
		return errShort
	}
	return err
}
