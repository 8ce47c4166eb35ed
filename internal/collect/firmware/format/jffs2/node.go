package jffs2

import (
	"fmt"
	"hash/maphash"

	"assay/internal/collect/firmware/format"
)

// The ways in which content is compressed.
const (
	comprNone = iota
	comprZero
	comprRTime
	comprRubinMIPS
	comprCopy
	comprDynRubin
	comprZlib
	comprLZO
	comprLZMA // of OpenWrt
)

// mostPiece bounds what one node decodes to. Linux writes a page at most, of
// which the largest has 64 KiB.
const mostPiece = 256 << 10

// node takes in the node at pos. stop says that it is of another file system,
// which began at mark.
func (c *scan) node(kind uint16, size int64) (stop bool) {
	if c.now.inodes+c.now.names >= mostNodes {
		c.now.beyond++
		return false
	}
	switch kind {
	case dirent:
		return c.name(size)
	case inode:
		return c.inode(size)
	case dirent &^ accurate:
		c.now.staleNames++
	case inode &^ accurate:
		c.now.staleInodes++
	case cleanMarker, xattr, xref: // not part of the tree
	default:
		if kind&refuse == refuse {
			c.now.foreign++
		}
	}
	return false
}

func (c *scan) name(size int64) (stop bool) {
	pos := c.now.pos
	b := c.win.Bytes(c.at+pos, int(min(size, direntSize+255)))
	if len(b) < direntSize || c.order.Uint32(b[32:]) != crc(b[:32]) || int64(b[28])+direntSize > size ||
		c.order.Uint32(b[36:]) != crc(b[direntSize:direntSize+int(b[28])]) {
		c.bad("a name")
		return false
	}
	n := name{
		dir: c.order.Uint32(b[12:]), version: c.order.Uint32(b[16:]), ino: c.order.Uint32(b[20:]),
		pos: uint32(pos / 4), size: b[28], hash: maphash.Bytes(c.seed, b[direntSize:direntSize+int(b[28])]),
	}
	if c.twice(c.seenNames, n.dir, n.version, c.order.Uint32(b[32:])^c.order.Uint32(b[36:])) {
		return true
	}
	c.names = append(c.names, n)
	c.now.names++
	return false
}

func (c *scan) inode(size int64) (stop bool) {
	pos := c.now.pos
	b := c.win.Bytes(c.at+pos, inodeSize)
	if len(b) < inodeSize || c.order.Uint32(b[64:]) != crc(b[:60]) {
		c.bad("an inode")
		return false
	}
	n := node{
		ino: c.order.Uint32(b[12:]), version: c.order.Uint32(b[16:]), pos: uint32(pos / 4),
		start: c.order.Uint32(b[44:]), size: c.order.Uint32(b[52:]), zero: b[56] == comprZero,
	}
	packed, sum, own := int64(c.order.Uint32(b[48:])), c.order.Uint32(b[60:]), c.order.Uint32(b[64:])
	switch {
	case packed > size-inodeSize || n.size > mostPiece && !n.zero || n.start+n.size < n.start:
		c.problem(format.Damaged, pos, fmt.Sprintf("inode %d: a piece of %d bytes in %d, in a node of %d", n.ino, n.size, packed, size))
		return false
	case crc(c.win.Bytes(c.at+pos+inodeSize, int(packed))) != sum:
		c.bad("the content of an inode")
		return false
	}
	if c.twice(c.seenNodes, n.ino, n.version, own^sum) {
		return true
	}
	c.nodes = append(c.nodes, n)
	c.now.inodes++
	return false
}

// bad notes a checksum that doesn't fit. Linux leaves such a node out, and takes
// the older one that it was to replace.
func (c *scan) bad(what string) {
	c.problem(format.BadChecksum, c.now.pos, "the CRC-32 of "+what+" does not fit; the node is left out")
}

// twice notes a version and says whether it makes the node one of another file
// system: the same number stands, with other content, before the last start of
// an erase block.
func (c *scan) twice(seen map[uint64]stamp, number, version, sum uint32) bool {
	key := uint64(number)<<32 | uint64(version)
	was, ok := seen[key]
	if !ok {
		seen[key] = stamp{sum, uint32(c.now.pos / 4)}
		return false
	}
	if was.sum == sum {
		return false // a copy that was made when blocks were cleaned up
	}
	if int64(was.pos)*4 < c.mark.pos {
		return true
	}
	c.now.contradict++
	return false
}
