package squashfs

import (
	"bytes"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
)

// metaReader reads metadata blocks (at most 8 KiB each, with a two-byte
// header). It keeps those that were asked for last, which is all of a tree of
// some ten thousand names, so that none of them is expanded twice. It is not
// safe for concurrent use.
type metaReader struct {
	f     *FS
	d     decompressor
	cache map[int64]*metaBlock
	older map[int64]*metaBlock // what was asked for before
	read  int                  // blocks that were expanded
	in    [metaSize]byte
	out   [metaSize]byte
	last  *metaBlock // the one that was asked for last
	ids   map[uint16]uint32
	lists map[int64]uint64 // where the blocks of indirect tables stand
}

type metaBlock struct {
	at   int64
	data []byte
	next int64 // offset of the block after it
	err  error
}

const (
	// metaKept is how many blocks are kept: 8 MiB, twice.
	metaKept = 8 << 20 / metaSize
	// metaMost bounds the blocks that are expanded: 512 MiB. A tree of a million
	// names needs some 64 MiB; an image that jumps about is stopped here.
	metaMost = 512 << 20 / metaSize
)

func newMetaReader(f *FS) *metaReader {
	return &metaReader{f: f, d: decompressor{codec: f.codec}, cache: map[int64]*metaBlock{}, ids: map[uint16]uint32{}, lists: map[int64]uint64{}}
}

// raw reads a block as it stands, valid until the next call.
func (m *metaReader) raw(pos int64) (b []byte, stored bool, err error) {
	if pos < SuperSize || pos+2 > m.f.size {
		return nil, false, fmt.Errorf("metadata block at offset %d is outside of %d bytes", pos, m.f.size)
	}
	var head [2]byte
	if err := readAt(m.f.r, head[:], pos); err != nil {
		return nil, false, err
	}
	h := m.f.super.order.Uint16(head[:])
	n := int(h &^ storedMeta)
	if n == 0 || n > metaSize || pos+2+int64(n) > m.f.size {
		return nil, false, fmt.Errorf("metadata block at offset %d: length %d", pos, n)
	}
	if err := readAt(m.f.r, m.in[:n], pos+2); err != nil {
		return nil, false, err
	}
	return m.in[:n], h&storedMeta != 0, nil
}

func (m *metaReader) block(pos int64) (*metaBlock, error) {
	b := m.last
	if b == nil || b.at != pos {
		if b = m.cache[pos]; b == nil {
			if b = m.older[pos]; b == nil {
				if m.read >= metaMost {
					return nil, fmt.Errorf("%w: %d blocks of metadata were expanded", format.ErrLimit, metaMost)
				}
				m.read++
				b = m.expand(pos)
			}
			if len(m.cache) >= metaKept {
				m.older, m.cache = m.cache, make(map[int64]*metaBlock)
			}
			m.cache[pos] = b
		}
		m.last = b
	}
	if b.err != nil {
		return nil, b.err
	}
	return b, nil
}

func (m *metaReader) expand(pos int64) *metaBlock {
	m.f.stats.meta.Add(1)
	b := &metaBlock{at: pos}
	in, stored, err := m.raw(pos)
	if err != nil {
		b.err = err
		return b
	}
	b.next = pos + 2 + int64(len(in))
	if !stored {
		n, err := m.d.expand(m.out[:], in)
		if err != nil {
			b.err = fmt.Errorf("metadata block at offset %d: %s: %w", pos, m.d.codec, err)
			return b
		}
		in = m.out[:n]
	}
	b.data = bytes.Clone(in)
	return b
}

// cursor reads a run of metadata that goes over block borders.
type cursor struct {
	m   *metaReader
	pos int64 // of the block
	off int   // in the expanded block
	end int64 // blocks at or after this offset do not belong to the table
}

// at returns the offset in the image that stands for the cursor: its block.
func (c *cursor) at() int64 { return c.pos }

func (c *cursor) read(p []byte) error {
	for len(p) > 0 {
		if c.pos >= c.end {
			return fmt.Errorf("metadata at offset %d is beyond its table, which ends at %d", c.pos, c.end)
		}
		b, err := c.m.block(c.pos)
		if err != nil {
			return err
		}
		if c.off > len(b.data) {
			return fmt.Errorf("metadata offset %d in the block at %d, which has %d bytes", c.off, c.pos, len(b.data))
		}
		n := copy(p, b.data[c.off:])
		p = p[n:]
		c.off += n
		if c.off == len(b.data) {
			c.pos, c.off = b.next, 0
		}
	}
	return nil
}

// indirect reads size bytes of entry i of a table whose metadata blocks are
// listed as 64-bit offsets at table.
func (m *metaReader) indirect(table int64, i uint32, p []byte) error {
	size := int64(len(p))
	per := metaSize / size
	at := table + 8*(int64(i)/per)
	if table < 0 || at+8 > m.f.size {
		return fmt.Errorf("entry %d of the table at offset %d is outside of %d bytes", i, table, m.f.size)
	}
	pos, ok := m.lists[at]
	if !ok {
		var b [8]byte
		if err := readAt(m.f.r, b[:], at); err != nil {
			return err
		}
		pos = m.f.super.order.Uint64(b[:])
		m.lists[at] = pos
	}
	if pos >= uint64(m.f.size) {
		return fmt.Errorf("table at offset %d: block at %d is outside of %d bytes", at, pos, m.f.size)
	}
	c := cursor{m: m, pos: int64(pos), off: int(int64(i) % per * size), end: m.f.size}
	return c.read(p)
}

// id returns a user or group id by its index.
func (m *metaReader) id(i uint16) (uint32, error) {
	if id, ok := m.ids[i]; ok {
		return id, nil
	}
	if i >= m.f.super.IDs {
		return 0, fmt.Errorf("id %d of %d", i, m.f.super.IDs)
	}
	var b [4]byte
	if err := m.indirect(m.f.super.IDTable, uint32(i), b[:]); err != nil {
		m.f.problem(format.Problem{Offset: m.f.super.IDTable, Kind: format.Damaged, Detail: fmt.Sprintf("id %d: %v; 0 stands for it", i, err)})
	}
	m.ids[i] = m.f.super.order.Uint32(b[:])
	return m.ids[i], nil
}

// fragment returns place and size word of a fragment block.
func (m *metaReader) fragment(i uint32) (start int64, size uint32, err error) {
	if i >= m.f.super.Fragments {
		return 0, 0, fmt.Errorf("fragment %d of %d", i, m.f.super.Fragments)
	}
	var b [16]byte
	if err := m.indirect(m.f.super.FragTable, i, b[:]); err != nil {
		return 0, 0, err
	}
	s := m.f.super.order.Uint64(b[:])
	if s >= uint64(m.f.size) {
		return 0, 0, fmt.Errorf("fragment %d at %d is outside of %d bytes", i, s, m.f.size)
	}
	return int64(s), m.f.super.order.Uint32(b[8:]), nil
}

func readAt(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at offset %d: %w", len(p), off, err)
}
