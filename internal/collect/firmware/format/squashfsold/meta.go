package squashfsold

import (
	"encoding/binary"
	"fmt"
	"slices"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

const (
	metaSize   = 8192
	storedMeta = 1 << 15
	metaBlocks = 64 // that are kept
	// A tree of a million names needs some 64 MiB; an image that jumps about to
	// defeat the cache is stopped here, after seconds.
	metaBudget = 512 << 20
)

// meta is the metadata blocks that were expanded last.
type meta struct {
	blocks map[int64]*metaBlock
	order  []int64
	spent  int64
}

type metaBlock struct {
	data []byte
	next int64 // offset of the block after it
}

// order is how numbers stand in the file system.
func (s *super) order() binary.ByteOrder {
	if s.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// packedMeta reads a metadata block as it stands.
func (r *reader) packedMeta(at int64) (src []byte, stored bool, next int64, err error) {
	head := int64(2)
	if r.sb.flags&flagMarker != 0 {
		head++
	}
	var h [2]byte
	if err := format.ReadAt(r.src, h[:], at); err != nil {
		return nil, false, 0, err
	}
	v := r.sb.order().Uint16(h[:])
	n := int(v &^ storedMeta)
	if n == 0 || n > metaSize || at+head+int64(n) > r.src.Size() {
		return nil, false, 0, tree.Damage(at, "a metadata block of %d bytes", n)
	}
	src = make([]byte, n)
	return src, v&storedMeta != 0, at + head + int64(n), format.ReadAt(r.src, src, at+head)
}

// block returns the metadata block at at.
func (r *reader) block(at int64) (*metaBlock, error) {
	if b := r.meta.blocks[at]; b != nil {
		return b, nil
	}
	if r.meta.spent += metaSize; r.meta.spent > metaBudget {
		return nil, fmt.Errorf("%w: %d bytes of metadata were expanded", format.ErrLimit, metaBudget)
	}
	src, stored, next, err := r.packedMeta(at)
	if err != nil {
		return nil, err
	}
	b := &metaBlock{data: src, next: next}
	if !stored {
		out := make([]byte, metaSize)
		d := r.free.Get().(*expander)
		n, err := d.expand(r.codec, out, src)
		r.free.Put(d)
		if err != nil {
			return nil, tree.Damage(at, "metadata block: %v", err)
		}
		b.data = slices.Clip(out[:n])
	}
	if len(r.meta.order) >= metaBlocks {
		delete(r.meta.blocks, r.meta.order[0])
		r.meta.order = r.meta.order[1:]
	}
	r.meta.blocks[at] = b
	r.meta.order = append(r.meta.order, at)
	return b, nil
}

// cursor reads metadata over the borders of blocks.
type cursor struct {
	r   *reader
	at  int64 // of the block
	off int   // in it, expanded
}

// read fills p. What LZMA without a length gave beyond a block's end isn't
// there: only the last block of a table is shorter than others.
func (c *cursor) read(p []byte) error {
	for len(p) > 0 {
		b, err := c.r.block(c.at)
		if err != nil {
			return err
		}
		if c.off > len(b.data) {
			return tree.Damage(c.at, "offset %d in a metadata block of %d bytes", c.off, len(b.data))
		}
		n := copy(p, b.data[c.off:])
		p = p[n:]
		if c.off += n; c.off == len(b.data) {
			c.at, c.off = b.next, 0
		}
	}
	return nil
}

// fields reads n bytes as a struct.
func (c *cursor) fields(n int) (fields, error) {
	b := make([]byte, n)
	err := c.read(b)
	return fields{b: b, big: c.r.sb.big}, err
}

// fragment returns where a fragment block stands and its size word. The table
// is metadata whose blocks are listed at fragTable: 8 and 16 bytes an entry in
// version 3, 4 and 8 before.
func (r *reader) fragment(i int64) (at int64, word uint32, err error) {
	pointer, entry := 4, int64(8)
	if r.sb.major == 3 {
		pointer, entry = 8, 16
	}
	if i >= r.sb.fragments {
		return 0, 0, tree.Damage(r.sb.fragTable, "fragment %d of %d", i, r.sb.fragments)
	}
	b := make([]byte, pointer)
	if err := format.ReadAt(r.src, b, r.sb.fragTable+i*entry/metaSize*int64(pointer)); err != nil {
		return 0, 0, err
	}
	list := fields{b: b, big: r.sb.big}
	c := cursor{r: r, at: list.num(8 * pointer), off: int(i * entry % metaSize)}
	if c.at < 0 || c.at >= r.src.Size() {
		return 0, 0, tree.Damage(r.sb.fragTable, "the table of fragments goes on at %d", c.at)
	}
	f, err := c.fields(int(entry))
	return f.num(8 * pointer), uint32(f.take(32)), err
}
