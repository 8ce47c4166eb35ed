package squashfs

import (
	"encoding/binary"
	"fmt"
	"io"
)

// metaReader reads metadata blocks (at most 8 KiB each, with a two-byte
// header) through a small cache. One walk owns it.
type metaReader struct {
	f      *FS
	d      decompressor
	cache  map[int64]*metaBlock
	clock  int
	budget int64 // bytes that may still be expanded
	in     [metaSize]byte
}

type metaBlock struct {
	data []byte
	next int64 // offset of the block after it
	used int
}

const (
	metaBlocks = 128
	// A tree of a million names needs some 64 MiB; an image that jumps about to
	// defeat the cache is stopped here, after seconds.
	metaBudget = 512 << 20
)

func newMetaReader(f *FS) *metaReader {
	return &metaReader{f: f, d: decompressor{name: f.super.Compression}, cache: map[int64]*metaBlock{}, budget: metaBudget}
}

func (m *metaReader) block(pos int64) (*metaBlock, error) {
	m.clock++
	if b := m.cache[pos]; b != nil {
		b.used = m.clock
		return b, nil
	}
	if pos < SuperSize || pos+2 > m.f.size {
		return nil, fmt.Errorf("metadata block at offset %d is outside of %d bytes", pos, m.f.size)
	}
	var head [2]byte
	if err := readAt(m.f.r, head[:], pos); err != nil {
		return nil, err
	}
	h := binary.LittleEndian.Uint16(head[:])
	n := int(h &^ storedMeta)
	if n == 0 || n > metaSize || pos+2+int64(n) > m.f.size {
		return nil, fmt.Errorf("metadata block at offset %d: length %d", pos, n)
	}
	if m.budget -= metaSize; m.budget < 0 {
		return nil, fmt.Errorf("%w: %d bytes of metadata were expanded", ErrLimit, metaBudget)
	}
	in := m.in[:n]
	if err := readAt(m.f.r, in, pos+2); err != nil {
		return nil, err
	}
	b := &metaBlock{next: pos + 2 + int64(n), used: m.clock}
	if h&storedMeta != 0 {
		b.data = append([]byte(nil), in...)
	} else {
		var out [metaSize]byte
		k, err := m.d.expand(out[:], in)
		if err != nil {
			return nil, fmt.Errorf("metadata block at offset %d: %s: %w", pos, m.d.name, err)
		}
		b.data = append([]byte(nil), out[:k]...)
	}
	if len(m.cache) >= metaBlocks {
		m.evict()
	}
	m.cache[pos] = b
	return b, nil
}

func (m *metaReader) evict() {
	var oldest int64
	used := m.clock + 1
	for pos, b := range m.cache {
		if b.used < used {
			oldest, used = pos, b.used
		}
	}
	delete(m.cache, oldest)
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
	var b [8]byte
	if err := readAt(m.f.r, b[:], at); err != nil {
		return err
	}
	pos := binary.LittleEndian.Uint64(b[:])
	if pos >= uint64(m.f.size) {
		return fmt.Errorf("table at offset %d: block at %d is outside of %d bytes", at, pos, m.f.size)
	}
	c := cursor{m: m, pos: int64(pos), off: int(int64(i) % per * size), end: m.f.size}
	return c.read(p)
}

// id returns a user or group id by its index.
func (m *metaReader) id(i uint16) (uint32, error) {
	if i >= m.f.super.IDs {
		return 0, fmt.Errorf("id %d of %d", i, m.f.super.IDs)
	}
	var b [4]byte
	if err := m.indirect(m.f.super.IDTable, uint32(i), b[:]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b[:]), nil
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
	s := binary.LittleEndian.Uint64(b[:])
	if s >= uint64(m.f.size) {
		return 0, 0, fmt.Errorf("fragment %d at %d is outside of %d bytes", i, s, m.f.size)
	}
	return int64(s), binary.LittleEndian.Uint32(b[8:]), nil
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
