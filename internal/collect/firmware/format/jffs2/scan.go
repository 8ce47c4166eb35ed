package jffs2

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

const (
	// mostNodes bounds what is kept in memory.
	mostNodes = 1 << 19
	// mostGarbage is how much that is no node may lie between two nodes: an
	// erase block that went bad.
	mostGarbage = 128 << 10
	// smallBlock is the smallest erase block that is believed.
	smallBlock = 4 << 10
	// mostRelative bounds offsets, which are kept in units of four bytes.
	mostRelative = 1<<34 - mostNode
)

// scan goes over the nodes of one file system. Offsets are relative to its
// first node.
type scan struct {
	src   format.Source
	at    int64
	order binary.ByteOrder
	win   *archive.Window

	nodes    []node
	names    []name
	problems format.Problems
	// seen is the checksum and place of each (inode, version) and (folder,
	// version): two with one number don't belong to one file system.
	seenNodes, seenNames map[uint64]stamp
	seed                 maphash.Seed

	now  counts
	mark counts // as it was at the last start of an erase block
}

// counts is what a scan takes back when it went too far.
type counts struct {
	pos, last          int64 // where it is, and where the last node ended
	inodes, names      int
	staleInodes        int // marked obsolete in place
	staleNames         int
	gcd                int64 // of the starts of erase blocks
	problems           int
	foreign            int // nodes of unknown types
	contradict, beyond int
}

type stamp struct{ sum, pos uint32 }

// node is an inode node: a version of a file's properties and a piece of its
// content.
type node struct {
	ino, version uint32
	pos          uint32 // in units of four bytes
	start, size  uint32 // the bytes of the file
	zero         bool   // they are zero, whatever their number
}

// name is a directory entry; ino is 0 where it says that the name is gone.
type name struct {
	dir, version, ino uint32
	pos               uint32
	size              uint8
	hash              uint64 // of the name, with a seed that nobody foresees
}

func newScan(s format.Source, at int64, order binary.ByteOrder) *scan {
	return &scan{src: s, at: at, order: order, win: archive.NewWindow(s), seed: maphash.MakeSeed(),
		seenNodes: map[uint64]stamp{}, seenNames: map[uint64]stamp{}}
}

// header takes the start of a node apart; ok says that its checksum is right.
func header(o binary.ByteOrder, b []byte) (kind uint16, size int64, ok bool) {
	if len(b) < anySize || o.Uint16(b) != magic {
		return 0, 0, false
	}
	var h [8]byte
	copy(h[:], b)
	kind = o.Uint16(b[2:])
	o.PutUint16(h[2:], kind|accurate)
	size = int64(o.Uint32(b[4:]))
	if size < anySize || size > mostNode || o.Uint32(b[8:]) != crc(h[:]) {
		return 0, 0, false
	}
	return kind, size, true
}

func (c *scan) header(pos int64) (kind uint16, size int64, ok bool) {
	return header(c.order, c.win.Bytes(c.at+pos, anySize))
}

// begins says that a file system surely starts here: a name or an inode with
// right checksums, or the marker of an erased block with what has to follow.
func (c *scan) begins() bool {
	kind, size, ok := c.header(0)
	if !ok {
		return false
	}
	switch kind {
	case dirent &^ accurate, inode &^ accurate:
		// What was made obsolete in place is proven by the node after it.
		kind, _, ok := c.header((size + 3) &^ 3)
		return ok && (kind|accurate == dirent || kind|accurate == inode)
	case dirent:
		b := c.win.Bytes(c.at, direntSize)
		return len(b) == direntSize && crc(b[:32]) == c.order.Uint32(b[32:])
	case inode:
		b := c.win.Bytes(c.at, inodeSize)
		return len(b) == inodeSize && crc(b[:60]) == c.order.Uint32(b[64:])
	case cleanMarker:
		pos := (size + 3) &^ 3
		if _, _, ok := c.header(pos); ok {
			return true
		}
		return c.erased(pos, smallBlock) >= smallBlock-pos
	}
	return false
}

// erased returns the length of the erased stretch at pos, up to most bytes.
func (c *scan) erased(pos, most int64) int64 {
	if b := c.win.Bytes(c.at+pos, 1); len(b) == 0 || b[0] != 0xff {
		return 0 // most often, and the window needn't move
	}
	var n int64
	for n < most {
		b := c.win.Bytes(c.at+pos+n, int(min(most-n, 16<<10)))
		i := 0
		for i+8 <= len(b) && binary.NativeEndian.Uint64(b[i:]) == ^uint64(0) {
			i += 8
		}
		for i < len(b) && b[i] == 0xff {
			i++
		}
		n += int64(i)
		if i < len(b) || len(b) == 0 {
			break
		}
	}
	return n
}

// run goes from node to node until what stands there is something else.
func (c *scan) run(ctx context.Context) error {
	end := min(c.src.Size()-c.at, mostRelative)
	gap := true // erased, or the start
	for garbage := int64(0); c.now.pos+anySize <= end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		kind, size, ok := c.header(c.now.pos)
		switch {
		case ok && c.now.pos+size > end:
			c.problem(format.Truncated, c.now.pos, fmt.Sprintf("a node of %d bytes goes beyond the end", size))
			return nil
		case ok:
			if gap || kind == cleanMarker {
				c.blockStart()
			}
			if stop := c.node(kind, size); stop {
				c.now = c.mark
				c.nodes, c.names = c.nodes[:c.now.inodes], c.names[:c.now.names]
				return nil
			}
			c.now.pos += (size + 3) &^ 3
			c.now.last = min(c.now.pos, end)
			gap, garbage = false, 0
		default:
			if n := c.erased(c.now.pos, end-c.now.pos) &^ 3; n > 0 {
				gap, c.now.pos = true, c.now.pos+n
				continue
			}
			if garbage += 4; garbage > max(mostGarbage, c.block()) {
				return nil
			}
			c.now.pos += 4
		}
	}
	return nil
}

// blockStart notes that the node at pos may be the first of an erase block.
func (c *scan) blockStart() {
	a := c.now.pos
	for b := c.now.gcd; b != 0; {
		a, b = b, a%b
	}
	if c.now.pos%smallBlock == 0 {
		c.mark = c.now
	}
	c.now.gcd = a
}

// block returns the size of an erase block, 0 where it can't be told.
func (c *scan) block() int64 {
	if b := c.now.gcd & -c.now.gcd; b >= smallBlock && b <= mostNode {
		return b
	}
	return 0
}

// size returns the file system's length, to the end of an erase block as far as
// nothing else stands there: an image that is not padded may be followed.
func (c *scan) size() int64 {
	n := c.now.last
	if b := c.block(); b > 0 {
		n += c.erased(n, (n+b-1)/b*b-n)
	}
	return n
}

// problem notes damage; mark remembers how many there were.
func (c *scan) problem(kind string, pos int64, detail string) {
	c.problems.Add(format.Problem{Offset: c.at + pos, Kind: kind, Detail: detail})
	c.now.problems++
}

// reported returns the problems of what the scan kept.
func (c *scan) reported() []format.Problem {
	all, _ := c.problems.All()
	all = all[:min(len(all), c.now.problems)]
	for _, p := range []struct {
		n            int
		kind, detail string
	}{
		{c.now.contradict, format.Mismatch, "%d versions stand twice, with different content"},
		{c.now.foreign, format.Unsupported, "%d nodes of unknown types"},
		{c.now.beyond, format.TooMany, "%d nodes too many; they are not read"},
		{c.now.problems - len(all), format.Damaged, "%d problems more"},
	} {
		if p.n > 0 {
			all = append(all, format.Problem{Offset: c.at, Kind: p.kind, Detail: fmt.Sprintf(p.detail, p.n)})
		}
	}
	return all
}
