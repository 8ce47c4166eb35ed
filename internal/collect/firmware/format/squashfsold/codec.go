package squashfsold

import (
	"errors"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/lzma2"
	"assay/internal/collect/firmware/format/zlibblock"
)

// codec is how blocks are compressed. The superblock doesn't say: squashfs had
// gzip, kernels of vendors had LZMA in its place.
type codec struct {
	kind  int
	props byte // of bare LZMA: its parameters
	skip  int  // bytes before it that say nothing
}

const (
	zipped    = iota
	lzmaAlone // an .lzma file: parameters, dictionary, length
	lzmaShort // parameters and dictionary, as the LZMA SDK writes them
	lzmaBare  // no header: the kernel knows the parameters
)

func (c codec) String() string {
	switch c.kind {
	case zipped:
		return "gzip"
	case lzmaAlone:
		return "lzma"
	case lzmaShort:
		return "lzma with a header of 5 bytes"
	}
	return fmt.Sprintf("lzma without a header, parameters %#02x", c.props)
}

// suspects lists what b, the metadata block of the root's inode, may be.
func suspects(b []byte) []codec {
	if len(b) < 6 {
		return nil
	}
	if zlibblock.Is(b) {
		return []codec{{kind: zipped}}
	}
	const mostProps = 225
	var out []codec
	if b[0] < mostProps {
		if b[5] == 0 { // what LZMA begins with
			out = append(out, codec{kind: lzmaShort})
		}
		out = append(out, codec{kind: lzmaAlone})
	}
	for _, skip := range []int{0, 1, 4} {
		if b[skip] != 0 {
			continue
		}
		out = append(out, codec{lzmaBare, 0x5d, skip})
		for props := range byte(mostProps) {
			if lc, lp := props%9, props/9%5; lc+lp <= 4 && props != 0x5d {
				out = append(out, codec{lzmaBare, props, skip})
			}
		}
	}
	return out
}

// byContent finds the codec of a file system whose inodes are stored: a block
// of a file must give as many bytes as the file has.
func (r *reader) byContent() {
	const names = 10_000
	budget := names
	root, err := r.Root()
	if err != nil {
		return
	}
	src, want := r.sample(&root.Own, &budget, 8)
	if src == nil { // only short files: a block of their ends
		if at, word, err := r.fragment(0); err == nil && word&storedBlock == 0 && int64(word) <= r.sb.blockSize {
			src, want = format.Head(r.src, at, int(word)), int(r.sb.blockSize)
		}
	}
	out := make([]byte, r.sb.blockSize)
	d := new(expander)
	for _, c := range suspects(src) {
		if n, err := d.expand(c, out[:want], src); err == nil && (n == want || n > 0 && want == len(out)) {
			r.codec = c
			return
		}
	}
}

// sample returns the compressed first block of a file below d, and what it must
// expand to.
func (r *reader) sample(d *node, budget *int, depth int) (src []byte, want int) {
	var below []node
	r.names(d, func(_ string, ref int64) error {
		if *budget--; *budget < 0 {
			return io.EOF
		}
		n, err := r.inode(ref)
		switch {
		case err != nil:
		case n.Type == format.Dir && depth > 0:
			below = append(below, n.Own)
		case n.Type == format.File && n.Size > 0 && (n.Own.fragment == noFragment || n.Size >= r.sb.blockSize):
			f := file{r: r, list: n.Own.blocks}
			word, err := f.word()
			if err != nil || word == 0 || word&storedBlock != 0 || int64(word) > r.sb.blockSize {
				return nil
			}
			src, want = format.Head(r.src, n.Own.data, int(word)), int(min(n.Size, r.sb.blockSize))
			return io.EOF
		}
		return nil
	})
	for i := 0; src == nil && i < len(below) && *budget > 0; i++ {
		src, want = r.sample(&below[i], budget, depth-1)
	}
	return src, want
}

// expander expands one block at a time. Its tables are kept.
type expander struct {
	src  []byte
	zlib zlibblock.Decoder
	lzma lzma2.Decoder
}

// expand writes what src holds to dst and returns how many bytes it is. LZMA
// without a length may give more than was meant where dst has room.
func (d *expander) expand(c codec, dst, src []byte) (n int, err error) {
	switch c.kind {
	case zipped:
		return d.zlib.Decode(dst, src)
	case lzmaAlone:
		return d.lzma.Alone(dst, src)
	case lzmaShort:
		const header = 5
		if len(src) <= header {
			return 0, io.ErrUnexpectedEOF
		}
		n, err = d.lzma.Bare(dst, src[header:], src[0])
	default:
		n, err = d.lzma.Bare(dst, src[min(c.skip, len(src)):], c.props)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) && n > 0 {
		err = nil
	}
	return n, err
}

var errTooLong = errors.New("expands to more than a block")
