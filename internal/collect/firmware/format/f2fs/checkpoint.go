package f2fs

import (
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// Flags of a checkpoint (CP_*).
const (
	cpUnmounted   = 0x1
	cpCompact     = 0x4 // summaries share blocks
	cpLargeBitmap = 0x400
)

const (
	natEntry   = 9
	natEntries = blockSize / natEntry
	// A summary block: entries, then a journal, whose length comes first.
	summaryEntries = 512 * 7
	journalSize    = 507
	journalEntry   = 4 + natEntry
)

// checkpoint is the newer one of the two that is whole.
type checkpoint struct {
	at      int64 // block
	version uint64
	flags   uint32
	total   int64 // blocks
	summary int64 // where summaries begin, from at
	bitmap  []byte
}

// readCheckpoint reads one of the two packs: its first and last block are the
// same, and have a checksum.
func (r *reader) readCheckpoint(at int64) (c checkpoint, err error) {
	size := (1 + r.sb.payload) << blockBits
	b := make([]byte, min(size, r.src.Size()))
	if err := format.ReadAt(r.src, b, at<<blockBits); err != nil {
		return c, err
	}
	le := binary.LittleEndian
	c = checkpoint{at: at, version: le.Uint64(b), flags: le.Uint32(b[132:]), total: int64(le.Uint32(b[136:])), summary: int64(le.Uint32(b[140:]))}
	if !summed(b) || c.total < 2 || c.total > r.sb.perSegment || c.summary >= c.total {
		return c, tree.Damage(at<<blockBits, "no whole checkpoint: %d blocks", c.total)
	}
	last := make([]byte, blockSize)
	if err := format.ReadAt(r.src, last, (at+c.total-1)<<blockBits); err != nil {
		return c, err
	}
	if !summed(last) || le.Uint64(last) != c.version {
		return c, tree.Damage(at<<blockBits, "the checkpoint was not finished")
	}
	c.bitmap, err = r.natBitmap(b, c.flags)
	return c, err
}

// summed says that a checkpoint block's checksum fits, which stands where the
// block says.
func summed(b []byte) bool {
	le := binary.LittleEndian
	at := int64(le.Uint32(b[164:]))
	return at >= 192 && at <= blockSize-4 && sum32(magicSeed, b[:at]) == le.Uint32(b[at:])
}

// natBitmap finds the bits that say which of two copies of a block of node
// addresses counts.
func (r *reader) natBitmap(b []byte, flags uint32) ([]byte, error) {
	le := binary.LittleEndian
	const bitmaps = 192
	sit, nat, at := int64(le.Uint32(b[156:])), int64(le.Uint32(b[160:])), int64(bitmaps)
	switch {
	case flags&cpLargeBitmap != 0:
		at += 4 // behind a checksum
	case r.sb.payload > 0:
		// The other bitmap has blocks of its own.
	default:
		at += sit
	}
	if at+nat > int64(len(b)) {
		return nil, tree.Damage(r.sb.checkpoint<<blockBits, "bitmaps of %d and %d bytes in the checkpoint", sit, nat)
	}
	return b[at : at+nat], nil
}

// open takes the newer checkpoint, and the addresses that wait in it. proven
// says that it is a file system, although it may not be readable: a checksum
// fits.
func (r *reader) open() (proven bool, err error) {
	a, errA := r.readCheckpoint(r.sb.checkpoint)
	b, errB := r.readCheckpoint(r.sb.checkpoint + r.sb.perSegment)
	switch {
	case errA != nil && errB != nil:
		return false, fmt.Errorf("%w: no checkpoint is whole: %w", format.ErrDamaged, errA)
	case errA != nil || errB == nil && int64(b.version-a.version) > 0:
		r.cp = b
	default:
		r.cp = a
	}
	if r.cp.flags&cpUnmounted == 0 {
		r.log.Add(format.Problem{Offset: r.cp.at << blockBits, Kind: format.Mismatch,
			Detail: "the file system was not unmounted: what was written after its last checkpoint is not read"})
	}
	if err := r.journal(); err != nil {
		return true, err
	}
	root, err := r.Root()
	if err == nil && root.Type != format.Dir {
		err = tree.Damage(root.At, "the root is a %s", root.Type)
	}
	return true, err
}

// journal reads node addresses that were not written to their table yet. They
// stand in the summary of the segment for hot data: the first of the compact
// summaries, or one of the last blocks of the checkpoint.
func (r *reader) journal() error {
	const dataLogs, allLogs = 3, 6
	at, off := r.cp.at+r.cp.summary, int64(0)
	if r.cp.flags&cpCompact == 0 {
		off = summaryEntries
		logs := int64(dataLogs)
		if r.cp.flags&cpUnmounted != 0 {
			logs = allLogs
		}
		at = r.cp.at + r.cp.total - (logs + 1)
	}
	b := make([]byte, journalSize)
	if err := format.ReadAt(r.src, b, at<<blockBits+off); err != nil {
		return err
	}
	le := binary.LittleEndian
	r.moved = map[uint32]uint32{}
	n := min(int(le.Uint16(b)), (journalSize-2)/journalEntry)
	for b := b[2:]; n > 0; n-- {
		r.moved[le.Uint32(b)] = le.Uint32(b[4+5:])
		b = b[journalEntry:]
	}
	return nil
}

// address returns the block of a node.
func (r *reader) address(node uint32) (int64, error) {
	block, ok := r.moved[node]
	if !ok {
		i := int64(node / natEntries)
		at := r.sb.nat + i/r.sb.perSegment*2*r.sb.perSegment + i%r.sb.perSegment
		if i/8 >= int64(len(r.cp.bitmap)) || at+r.sb.perSegment > r.sb.natEnd {
			return 0, tree.Damage(r.sb.nat<<blockBits, "node %d is beyond the table", node)
		}
		if r.cp.bitmap[i/8]&(0x80>>(i%8)) != 0 {
			at += r.sb.perSegment
		}
		var b [4]byte
		if err := format.ReadAt(r.src, b[:], at<<blockBits+int64(node%natEntries)*natEntry+5); err != nil {
			return 0, err
		}
		block = binary.LittleEndian.Uint32(b[:])
	}
	if int64(block) < r.sb.main || int64(block) >= r.sb.blocks {
		return 0, tree.Damage(r.sb.nat<<blockBits, "node %d is in block %d of %d", node, block, r.sb.blocks)
	}
	return int64(block), nil
}

// node reads a node into b, which is a block, and returns its offset.
func (r *reader) node(b []byte, node, inode uint32) (int64, error) {
	const footer = blockSize - 24
	if err := r.budget.Spend(1); err != nil {
		return 0, err
	}
	block, err := r.address(node)
	if err != nil {
		return 0, err
	}
	at := block << blockBits
	if err := format.ReadAt(r.src, b, at); err != nil {
		return at, err
	}
	le := binary.LittleEndian
	if n, i := le.Uint32(b[footer:]), le.Uint32(b[footer+4:]); n != node || i != inode {
		return at, tree.Damage(at, "the block of node %d of inode %d has node %d of inode %d", node, inode, n, i)
	}
	return at, nil
}
