package ext

import (
	"encoding/binary"
	"io"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// Open is tree.Reader's.
func (r *reader) Open(n *tree.Node[inode]) io.Reader {
	if n.Own.flags&flagEncrypted != 0 {
		return tree.Fail(encrypted(n.Own.number))
	}
	if n.Own.flags&flagCompressed != 0 && r.sb.incompat&incompatCompression != 0 {
		return tree.Fail(tree.Unread(n.At, "the content is compressed (e2compr)"))
	}
	return r.content(&n.Own)
}

// content is all bytes of an inode, in whole blocks.
func (r *reader) content(n *inode) io.Reader {
	switch {
	case n.flags&flagInline != 0:
		return io.MultiReader(strings.NewReader(string(n.block[:min(n.size, 60)])), strings.NewReader(n.inline))
	case n.flags&flagExtents != 0:
		x := &extents{r: r}
		x.start(n.block[:])
		return tree.Runs(r.src, x.next)
	}
	return tree.Runs(r.src, (&list{r: r, n: n}).next)
}

// run is the bytes of count blocks.
func (r *reader) run(block, count int64) tree.Run {
	return tree.Run{At: block * r.sb.blockSize, Len: count * r.sb.blockSize}
}

// zeros is a hole of count blocks.
func (r *reader) zeros(count int64) tree.Run { return tree.Run{At: -1, Len: count * r.sb.blockSize} }

const (
	extentMagic  = 0xf30a
	extentSize   = 12 // of a header, an index, an extent
	maxDepth     = 5
	mostWritten  = 32768 // a longer extent is allocated, not written
	logicalLimit = 1 << 32
)

// extents goes through an extent tree from left to right ("Extent Tree").
type extents struct {
	r     *reader
	stack [maxDepth + 1]level
	depth int // of the stack, -1 at the end
	at    int64
	held  tree.Run // behind a hole
	err   error
}

// level is a node and how many of its entries were gone through.
type level struct {
	entries []byte // without the header
	depth   int    // of the tree below
}

// start takes the root, which stands in the inode.
func (x *extents) start(b []byte) {
	x.depth = -1
	x.err = x.push(b, -1, 0)
}

// push takes a node of the given depth; -1 is any.
func (x *extents) push(b []byte, depth int, at int64) error {
	le := binary.LittleEndian
	n, d := int(le.Uint16(b[2:])), int(le.Uint16(b[6:]))
	if le.Uint16(b) != extentMagic || d > maxDepth || depth >= 0 && d != depth || n > len(b)/extentSize-1 {
		return tree.Damage(at, "an extent node of magic number %#x, %d entries, depth %d", le.Uint16(b), n, d)
	}
	x.depth++
	x.stack[x.depth] = level{entries: b[extentSize : extentSize*(n+1)], depth: d}
	return nil
}

// next returns what comes next, and zeros without end after the last extent:
// the inode's size ends the content.
func (x *extents) next() (tree.Run, error) {
	if x.held.Len > 0 {
		run := x.held
		x.held = tree.Run{}
		return run, nil
	}
	for x.err == nil && x.depth >= 0 {
		l := &x.stack[x.depth]
		if len(l.entries) == 0 {
			x.depth--
			continue
		}
		e := l.entries[:extentSize]
		l.entries = l.entries[extentSize:]
		if l.depth > 0 {
			x.err = x.descend(e, l.depth-1)
			continue
		}
		if run, ok := x.extent(e); ok {
			return run, nil
		}
	}
	if x.err != nil {
		return tree.Run{}, x.err
	}
	return x.r.zeros(logicalLimit), nil
}

func (x *extents) descend(e []byte, depth int) error {
	le := binary.LittleEndian
	block := int64(le.Uint32(e[4:])) | int64(le.Uint16(e[8:]))<<32
	if block <= 0 || block >= x.r.sb.blocks {
		return tree.Damage(-1, "an extent node in block %d of %d", block, x.r.sb.blocks)
	}
	if err := x.r.budget.Spend(1); err != nil {
		return err
	}
	b := make([]byte, x.r.sb.blockSize)
	at := block * x.r.sb.blockSize
	if err := format.ReadAt(x.r.src, b, at); err != nil {
		return err
	}
	return x.push(b, depth, at)
}

// extent returns the run of a leaf entry, or the hole before it.
func (x *extents) extent(e []byte) (tree.Run, bool) {
	le := binary.LittleEndian
	logical, count := int64(le.Uint32(e)), int64(le.Uint16(e[4:]))
	block := int64(le.Uint32(e[8:])) | int64(le.Uint16(e[6:]))<<32
	var run tree.Run
	if count > mostWritten {
		count -= mostWritten
		run = x.r.zeros(count)
	} else {
		run = x.r.run(block, count)
	}
	if count == 0 || logical < x.at || block+count > x.r.sb.blocks {
		x.err = tree.Damage(-1, "extent of %d blocks from block %d on for block %d, where block %d comes next", count, block, logical, x.at)
		return run, false
	}
	hole := logical - x.at
	x.at = logical + count
	if hole > 0 {
		x.held = run
		return x.r.zeros(hole), true
	}
	return run, true
}

const (
	direct = 12 // entries of a block list that stand in the inode
	levels = 3  // of lists of lists behind them
)

// list goes through a list of blocks, the way of ext2 ("Direct/Indirect Block
// Addressing").
type list struct {
	r      *reader
	n      *inode
	at     int64 // the next block of the file
	cached [levels]struct {
		block int64
		data  []byte
	}
}

// next joins blocks that stand in a row.
func (l *list) next() (tree.Run, error) {
	block, count, err := l.find(l.at)
	if err != nil {
		return tree.Run{}, err
	}
	l.at += count
	if block == 0 {
		return l.r.zeros(count), nil
	}
	const most = 2048
	for count < most && l.at*l.r.sb.blockSize < l.n.size {
		b, k, err := l.find(l.at)
		if err != nil || b != block+count {
			break // it is asked for again
		}
		l.at += k
		count += k
	}
	return l.r.run(block, count), nil
}

// find returns the block that is block i of the file, or 0 and how many blocks
// from i on are a hole.
func (l *list) find(i int64) (block, count int64, err error) {
	le := binary.LittleEndian
	if i < direct {
		return l.check(int64(le.Uint32(l.n.block[4*i:])), 1)
	}
	i -= direct
	per := l.r.sb.blockSize / 4
	covers := int64(1) // blocks of the file for one entry
	for depth := range levels {
		if i >= covers*per {
			i -= covers * per
			covers *= per
			continue
		}
		covers *= per
		ptr := int64(le.Uint32(l.n.block[4*(direct+depth):]))
		for d := depth; ; d-- {
			if ptr == 0 {
				return 0, covers - i, nil
			}
			if covers == 1 {
				return l.check(ptr, 1)
			}
			data, err := l.load(d, ptr)
			if err != nil {
				return 0, 0, err
			}
			covers /= per
			ptr = int64(le.Uint32(data[4*(i/covers):]))
			i %= covers
		}
	}
	return 0, 0, tree.Damage(-1, "the file is longer than a block list")
}

func (l *list) check(block, count int64) (int64, int64, error) {
	if block >= l.r.sb.blocks {
		return 0, 0, tree.Damage(-1, "block %d of %d", block, l.r.sb.blocks)
	}
	return block, count, nil
}

// load reads a list of blocks; the last one of each depth is kept.
func (l *list) load(depth int, block int64) ([]byte, error) {
	c := &l.cached[depth]
	if c.block == block {
		return c.data, nil
	}
	if _, _, err := l.check(block, 1); err != nil {
		return nil, err
	}
	if err := l.r.budget.Spend(1); err != nil {
		return nil, err
	}
	if c.data == nil {
		c.data = make([]byte, l.r.sb.blockSize)
	}
	c.block = 0
	if err := format.ReadAt(l.r.src, c.data, block*l.r.sb.blockSize); err != nil {
		return nil, err
	}
	c.block = block
	return c.data, nil
}
