package yaffs2_test

import (
	"bytes"
	"encoding/binary"
)

// maker writes chunks one after the other, as yaffs_guts.h and
// yaffs_packedtags2.h lay them out.
type maker struct {
	chunk, spare, tags int
	order              binary.ByteOrder
	first              bool // YAFFS1
	extra              bool // headers' tags repeat type and folder
	seq                uint32
	b                  []byte
}

const blocks = 64 // chunks of a block

// object is what a header has.
type object struct {
	id, kind, parent uint32
	name             string
	mode             uint32
	size             uint32
	equiv            uint32
	alias            string
	rdev             uint32
	shadows          uint32
	shrink           bool
	serial           uint32
}

func (m *maker) header(o object) {
	h := bytes.Repeat([]byte{0xff}, m.chunk)
	put := func(at int, v uint32) { m.order.PutUint32(h[at:], v) }
	put(0, o.kind)
	put(4, o.parent)
	clear(h[10:268])
	copy(h[10:], o.name)
	if o.kind != 4 {
		put(268, o.mode)
		put(272, 1000)
		put(276, 100)
		put(284, 1704164645)
	}
	put(292, o.size)
	put(296, o.equiv)
	if o.alias != "" {
		clear(h[300:460])
		copy(h[300:], o.alias)
	}
	put(460, o.rdev)
	if o.shadows > 0 {
		put(504, o.shadows)
	}
	if o.shrink {
		put(508, 1)
	}
	id, obj, n := uint32(0), o.id, uint32(0xffff)
	if m.extra {
		id, obj, n = 1<<31|o.parent, o.id|o.kind<<28, o.size
		if o.shrink {
			id |= 1 << 30
		}
	}
	m.add(h, obj, id, n, o.serial)
}

func (m *maker) data(obj, id uint32, text string) { m.copyOf(obj, id, text, 0) }

func (m *maker) copyOf(obj, id uint32, text string, serial uint32) {
	b := bytes.Repeat([]byte{0xff}, m.chunk)
	copy(b, text)
	m.add(b, obj, id, uint32(len(text)), serial)
}

func (m *maker) add(data []byte, obj, id, n, serial uint32) {
	spare := bytes.Repeat([]byte{0xff}, m.spare)
	if m.first {
		var b [8]byte
		if m.order == binary.ByteOrder(binary.LittleEndian) {
			m.order.PutUint32(b[:], id|serial<<20|n<<22)
			m.order.PutUint32(b[4:], obj|0xabc<<18|n>>10<<30)
		} else {
			m.order.PutUint32(b[:], id<<12|serial<<10|n&0x3ff)
			m.order.PutUint32(b[4:], obj<<14|0xabc<<2|n>>10&3)
		}
		for i, at := range []int{0, 1, 2, 3, 6, 7, 11, 12} {
			spare[at] = b[i]
		}
	} else {
		for i, v := range []uint32{m.seq, obj, id, n} {
			m.order.PutUint32(spare[m.tags+4*i:], v)
		}
	}
	m.b = append(append(m.b, data...), spare...)
}

// next goes on in another block with that sequence number.
func (m *maker) next(seq uint32) {
	for len(m.b)%(blocks*(m.chunk+m.spare)) != 0 {
		m.b = append(m.b, 0xff)
	}
	m.seq = seq
}
