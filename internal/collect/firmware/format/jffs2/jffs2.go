// Package jffs2 reads the journalling flash file system 2, in both byte orders
// and with every compression that Linux, its forerunners and OpenWrt wrote. In:
// a Source, hostile, and the offset of a first node. Out: a format.Part whose
// volume is the newest state: names that were deleted and versions that were
// written over are counted, not given out.
//
// There is no superblock. A file system is a run of nodes, each with checksums,
// between erased and damaged stretches; include/uapi/linux/jffs2.h of Linux has
// their layout, fs/jffs2 what they mean.
package jffs2

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"assay/internal/collect/firmware/format"
)

// New returns the format.
func New() format.Format {
	f := format.Format{Name: "jffs2", Look: look}
	for _, o := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, kind := range []uint16{dirent, inode, dirent &^ accurate, inode &^ accurate, cleanMarker} {
			f.Magics = append(f.Magics, format.Magic{Bytes: string(o.AppendUint16(o.AppendUint16(nil, magic), kind))})
		}
	}
	return f
}

const magic = 0x1985

// The types of a node. The bit accurate is cleared in place when a node is no
// longer valid, which only NOR flash can do; checksums count it as set.
const (
	accurate    = 0x2000
	dirent      = 0xe001
	inode       = 0xe002
	cleanMarker = 0x2003
	xattr       = 0xe008
	xref        = 0xe009
	refuse      = 0xc000 // set in types without which the file system can't be read
)

// The lengths of the headers: of any node, a name, an inode.
const (
	anySize    = 12
	direntSize = 40
	inodeSize  = 68
)

// mostNode bounds a node: one never crosses the end of an erase block.
const mostNode = 4 << 20

// crc is CRC-32 as JFFS2 calculates it: begun with zero, and not complemented.
func crc(b []byte) uint32 { return ^crc32.Update(^uint32(0), crc32.IEEETable, b) }

// look recognises a first node by its checksums, then goes over all of them.
func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	var order binary.ByteOrder = binary.LittleEndian
	head := format.Head(s, at, anySize)
	if len(head) == anySize && head[0] == magic>>8 {
		order = binary.BigEndian
	}
	if _, _, ok := header(order, head); !ok {
		return nil, nil
	}
	c := newScan(s, at, order)
	if !c.begins() {
		return nil, nil
	}
	if err := c.run(ctx); err != nil {
		return nil, err
	}
	if c.now.last == 0 {
		return nil, nil // the first node is cut off
	}
	x := c.index()
	p := &format.Part{
		Format: "jffs2", Offset: at, Size: c.size(),
		Note:     c.note(x),
		Problems: c.reported(),
	}
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		return x.volume(lim), nil
	}
	return p, nil
}

func (c *scan) note(x *index) string {
	order := "little"
	if c.order == binary.BigEndian {
		order = "big"
	}
	note := fmt.Sprintf("%s-endian, %d data nodes, %d names", order, c.now.inodes+c.now.staleInodes, len(x.live))
	if c.block() > 0 {
		note += fmt.Sprintf(", erase blocks of %d KiB", c.block()>>10)
	}
	if n := c.now.staleInodes + x.stale; n > 0 {
		note += fmt.Sprintf("; %d obsolete data nodes still stand in it", n)
	}
	if n := c.now.staleNames + x.staleNames; n > 0 {
		note += fmt.Sprintf("; %d obsolete names, %d of them deleted", n, x.deleted)
	}
	return note
}
