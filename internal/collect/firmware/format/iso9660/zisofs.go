package iso9660

import (
	"compress/zlib"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// packedMagic begins a file that mkzftree packed.
const packedMagic = "\x37\xe4\x53\x96\xc9\xdb\xd6\x07"

// packing is what a record's "ZF" says (zisofs, doc/zisofs_format.txt of libisofs).
type packing struct {
	size  int64 // unpacked
	block int64
	head  int64
	other string // why it isn't read
}

// zf takes such an entry.
func zf(e []byte) *packing {
	z := &packing{size: int64(le.Uint32(e[8:])), head: int64(e[6]) * 4}
	switch {
	case string(e[4:6]) != "pz":
		z.other = "zisofs of another version"
	case e[7] < 15 || e[7] > 20 || z.head < 16:
		z.other = "zisofs with blocks of an unknown size"
	default:
		z.block = 1 << e[7]
	}
	return z
}

// unpack reads a packed file: pointers, and a zlib stream for each block; a
// block without bytes is zeros.
func (r *reader) unpack(n *node) io.Reader {
	z, run := n.Own.packed, n.Own.runs[0]
	switch {
	case z.other != "":
		return tree.Fail(tree.Unread(n.At, "%s", z.other))
	case len(n.Own.runs) > 1:
		return tree.Fail(tree.Unread(n.At, "zisofs in several pieces"))
	}
	src := format.Section(r.src, run.At, run.Len)
	if string(format.Head(src, 0, 8)) != packedMagic {
		return tree.Fail(tree.Damage(run.At, "zisofs without its magic number"))
	}
	return tree.Blocks(z.size, int(z.block), func(i int64, p []byte) error {
		b := format.Head(src, z.head+4*i, 8)
		if len(b) < 8 {
			return tree.Damage(run.At+z.head+4*i, "zisofs: the pointer of block %d lies behind the end", i)
		}
		from, to := int64(le.Uint32(b)), int64(le.Uint32(b[4:]))
		if from == to {
			clear(p)
			return nil
		}
		d, err := zlib.NewReader(format.Section(src, from, to-from))
		if err == nil {
			_, err = io.ReadFull(d, p)
		}
		if err != nil {
			return tree.Damage(run.At+from, "zisofs: block %d: %v", i, err)
		}
		return nil
	})
}
