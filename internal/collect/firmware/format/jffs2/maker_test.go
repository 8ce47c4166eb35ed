package jffs2_test

import (
	"encoding/binary"
	"hash/crc32"
)

// maker writes nodes one after the other, as include/uapi/linux/jffs2.h of
// Linux lays them out.
type maker struct {
	order order
	b     []byte
	last  int // where the last node starts
}

func sum(b []byte) uint32 { return ^crc32.Update(^uint32(0), crc32.IEEETable, b) }

func (m *maker) begin(kind uint16, size int) {
	m.last = len(m.b)
	m.b = m.order.AppendUint16(m.b, 0x1985)
	m.b = m.order.AppendUint16(m.b, kind)
	m.b = m.order.AppendUint32(m.b, uint32(size))
	m.b = m.order.AppendUint32(m.b, sum(m.b[m.last:]))
}

func (m *maker) u32(v ...uint32) {
	for _, v := range v {
		m.b = m.order.AppendUint32(m.b, v)
	}
}

func (m *maker) align() {
	for len(m.b)%4 != 0 {
		m.b = append(m.b, 0xff)
	}
}

func (m *maker) cleanMarker() { m.begin(0x2003, 12) }

func (m *maker) name(dir, version, ino uint32, name string) {
	m.begin(0xe001, 40+len(name))
	m.u32(dir, version, ino, 0)
	m.b = append(m.b, byte(len(name)), 8, 0, 0)
	m.u32(sum(m.b[m.last:]), sum([]byte(name)))
	m.b = append(m.b, name...)
	m.align()
}

// piece is an inode node; packed is what of it stands in the image.
type piece struct {
	ino, version, mode, size uint32
	start                    uint32
	plain                    uint32 // bytes that packed decodes to
	compr                    byte
	packed                   string
}

func (m *maker) piece(p piece) {
	m.begin(0xe002, 68+len(p.packed))
	m.u32(p.ino, p.version, p.mode)
	m.b = m.order.AppendUint16(m.b, 1000)
	m.b = m.order.AppendUint16(m.b, 100)
	m.u32(p.size, 1, 2, 3, p.start, uint32(len(p.packed)), p.plain)
	m.b = append(m.b, p.compr, p.compr, 0, 0)
	own := sum(m.b[m.last:])
	m.u32(sum([]byte(p.packed)), own)
	m.b = append(m.b, p.packed...)
	m.align()
}

// plain is a piece that is stored as it is.
func (m *maker) plain(ino, version, size, start uint32, data string) {
	m.piece(piece{ino: ino, version: version, mode: 0o100644, size: size, start: start, plain: uint32(len(data)), packed: data})
}

// stale marks the last node obsolete in place.
func (m *maker) stale() {
	kind := m.order.Uint16(m.b[m.last+2:])
	m.order.PutUint16(m.b[m.last+2:], kind&^0x2000)
}

// erased adds n bytes of erased flash, or what is missing to a multiple of -n.
func (m *maker) erased(n int) {
	if n < 0 {
		n = -n - 1 - (len(m.b)-1)%-n
	}
	for range n {
		m.b = append(m.b, 0xff)
	}
}

type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

func orders() map[string]order {
	return map[string]order{"little": binary.LittleEndian, "big": binary.BigEndian}
}
