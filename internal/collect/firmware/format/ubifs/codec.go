package ubifs

import (
	"fmt"

	"github.com/klauspost/compress/zstd"

	"assay/internal/collect/firmware/format/inflate"
	"assay/internal/collect/firmware/format/lzo"
	"assay/internal/collect/firmware/format/tree"
)

// mostNode bounds a node: the largest that Linux writes is an inode with a
// block of data; of index nodes the size depends on the fanout.
const mostNode = 64 << 10

// The ways in which a block is compressed.
const (
	comprNone = iota
	comprLZO
	comprZlib
	comprZstd
)

// codec decodes one block after the other; it keeps its buffers.
type codec struct {
	node, out []byte
	flate     inflate.Decoder
	zstd      *zstd.Decoder
}

// decode writes a block of a file to p. What the node doesn't have of it is zero.
func (v *volume) decode(b block, p []byte) error {
	z, ok := v.codecs.Get().(*codec)
	if !ok {
		z = &codec{out: make([]byte, blockSize)}
	}
	defer v.codecs.Put(z)
	node, err := v.read(b.pos, kindData, dataSize, z.node)
	if err != nil {
		return err
	}
	z.node = node
	at := v.at + int64(b.pos)*8
	size := u32(node, 40)
	if size > blockSize {
		return tree.Damage(at, "a block of %d bytes", size)
	}
	if u32(node, 24) != b.ino || u32(node, 28)&keyMask != b.number {
		return tree.Damage(at, "block %d of inode %d, where another one should be", b.number, b.ino)
	}
	out := z.out[:size]
	if int(size) <= len(p) {
		out = p[:size] // nothing to copy
	}
	compr := u16(node, 44)
	if compr > comprZstd {
		return tree.Unread(at, "compression %d", compr)
	}
	if err := z.expand(compr, out, node[dataSize:]); err != nil {
		return tree.Damage(at, "%s: %v", compressions[compr], err)
	}
	clear(p[copy(p, out):])
	return nil
}

// expand fills out from raw.
func (z *codec) expand(compr uint16, out, raw []byte) (err error) {
	n := 0
	switch compr {
	case comprNone:
		n = copy(out, raw)
	case comprLZO:
		n, err = lzo.Decompress(out, raw)
	case comprZlib: // without zlib's header and checksum
		n, err = z.flate.Decode(out, raw)
	case comprZstd:
		if z.zstd == nil {
			z.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<20), zstd.WithDecodeAllCapLimit(true))
			if err != nil {
				return err
			}
		}
		var got []byte
		got, err = z.zstd.DecodeAll(raw, out[:0:len(out)])
		n = len(got)
	}
	if err == nil && n != len(out) {
		err = fmt.Errorf("%d bytes of %d", n, len(out))
	}
	return err
}
