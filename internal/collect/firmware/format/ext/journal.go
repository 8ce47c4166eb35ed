package ext

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// Everything in a journal is big-endian ("Journal (jbd2)").
const (
	journalMagic = 0xc03b3998

	blockDescriptor = 1
	blockCommit     = 2
	blockSuper1     = 3
	blockSuper2     = 4
	blockRevoke     = 5

	journal64Bit  = 0x2
	journalSums2  = 0x8
	journalSums3  = 0x10
	journalFast   = 0x20
	journalKnown  = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20
	tagEscaped    = 1 // the block began with the magic number, which is zero here
	tagSameUUID   = 2
	tagLast       = 8
	journalHeader = 12
)

// recover reads the journal of a file system that wasn't unmounted: blocks of
// whole transactions stand for those in their place, as they would after a
// mount. What can't be read of it is a problem, not an error.
func (r *reader) recover(ctx context.Context) error {
	if r.sb.incompat&incompatRecover == 0 {
		return nil
	}
	n, err := r.inode(r.sb.journal)
	at := n.At
	var j *journal
	if err == nil {
		j, err = r.openJournal(&n)
	}
	if err == nil {
		err = j.scan(ctx)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		r.log.Fault("", at, fmt.Errorf("the file system was not unmounted and its journal can't be read: %w", err))
	}
	if j == nil || len(j.blocks) == 0 {
		return nil
	}
	r.src = &overlay{Source: r.src, size: r.sb.blockSize, blocks: j.blocks}
	r.group = -1
	return nil
}

// journal is the log while it is read.
type journal struct {
	r        *reader
	runs     []tree.Run // of the inode
	start    []int64    // of runs, in the log
	length   int64      // blocks
	begin    int64      // the first block of the circle
	next     int64
	sequence uint32 // of the transaction that comes next
	features uint32
	blocks   map[int64]patch // of the file system
	pending  map[int64]patch // of the transaction that is read
	revoked  map[int64]uint32
	buf      []byte
}

// patch is a block in the journal.
type patch struct {
	at      int64
	escaped bool
	from    uint32 // transaction
}

func (r *reader) openJournal(n *tree.Node[inode]) (*journal, error) {
	j := &journal{r: r, buf: make([]byte, r.sb.blockSize), blocks: map[int64]patch{}, pending: map[int64]patch{}, revoked: map[int64]uint32{}}
	if n.Own.flags&flagInline != 0 || n.Own.size < r.sb.blockSize || n.Own.size > r.src.Size() {
		return nil, tree.Damage(n.At, "a journal of %d bytes", n.Own.size)
	}
	next := (&list{r: r, n: &n.Own}).next
	if n.Own.flags&flagExtents != 0 {
		x := &extents{r: r}
		x.start(n.Own.block[:])
		next = x.next
	}
	have := int64(0)
	for have < n.Own.size {
		run, err := next()
		if err != nil {
			return nil, err
		}
		if run.At < 0 {
			return nil, tree.Damage(n.At, "the journal has a hole")
		}
		j.runs, j.start = append(j.runs, run), append(j.start, have/r.sb.blockSize)
		have += run.Len
	}
	if err := j.read(0); err != nil {
		return nil, err
	}
	be := binary.BigEndian
	kind := be.Uint32(j.buf[4:])
	if be.Uint32(j.buf) != journalMagic || kind != blockSuper1 && kind != blockSuper2 || int64(be.Uint32(j.buf[12:])) != r.sb.blockSize {
		return nil, tree.Damage(j.place(0), "the journal has no superblock")
	}
	j.length, j.begin = min(int64(be.Uint32(j.buf[16:])), have/r.sb.blockSize), int64(be.Uint32(j.buf[20:]))
	j.sequence, j.next = be.Uint32(j.buf[24:]), int64(be.Uint32(j.buf[28:]))
	if kind == blockSuper2 {
		j.features = be.Uint32(j.buf[40:])
	}
	if j.features&journalFast != 0 { // the area of fast commits, which are not read
		const usual = 256
		fast := int64(be.Uint32(j.buf[0x54:]))
		if fast == 0 {
			fast = usual
		}
		j.length -= fast
	}
	if bad := j.features &^ uint32(journalKnown); bad != 0 {
		return nil, tree.Unread(j.place(0), "features %#x of the journal are not known", bad)
	}
	if j.begin <= 0 || j.begin >= j.length || j.next >= j.length {
		return nil, tree.Damage(j.place(0), "the journal goes round from block %d to %d and begins at %d", j.begin, j.length, j.next)
	}
	return j, nil
}

// place returns the offset of block i of the journal in the source.
func (j *journal) place(i int64) int64 {
	k, ok := slices.BinarySearch(j.start, i)
	if !ok {
		k--
	}
	return j.runs[k].At + (i-j.start[k])*j.r.sb.blockSize
}

func (j *journal) read(i int64) error { return format.ReadAt(j.r.src, j.buf, j.place(i)) }

// step takes one block of the circle.
func (j *journal) step() int64 {
	i := j.next
	if j.next++; j.next == j.length {
		j.next = j.begin
	}
	return i
}

var errLap = errors.New("the journal has no end")

// scan goes from the first transaction to the last whole one.
func (j *journal) scan(ctx context.Context) error {
	if j.next == 0 {
		return nil // empty
	}
	left := j.length // once round at most
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if left--; left < 0 {
			return errLap
		}
		at := j.step()
		if err := j.read(at); err != nil {
			return err
		}
		be := binary.BigEndian
		if be.Uint32(j.buf) != journalMagic || be.Uint32(j.buf[8:]) != j.sequence {
			return nil
		}
		switch be.Uint32(j.buf[4:]) {
		case blockDescriptor:
			n, err := j.tags(left)
			if err != nil {
				return err
			}
			left -= n
		case blockRevoke:
			j.revoke()
		case blockCommit:
			j.commit()
			j.sequence++
		default:
			return nil
		}
	}
}

// tags reads a descriptor; its blocks stand behind it.
func (j *journal) tags(left int64) (count int64, err error) {
	be := binary.BigEndian
	b := j.buf[journalHeader:]
	size := 8
	switch {
	case j.features&journalSums3 != 0:
		size = 16
	case j.features&journal64Bit != 0:
		size = 12
	}
	if j.features&(journalSums2|journalSums3) != 0 {
		b = b[:len(b)-4]
	}
	for len(b) >= size {
		block, flags := int64(be.Uint32(b)), uint32(be.Uint16(b[6:]))
		if j.features&journalSums3 != 0 {
			flags = be.Uint32(b[4:])
		}
		if size > 8 && j.features&journal64Bit != 0 {
			block |= int64(be.Uint32(b[8:])) << 32
		}
		b = b[size:]
		if flags&tagSameUUID == 0 {
			b = b[min(16, len(b)):]
		}
		if count++; count > left {
			return count, errLap
		}
		j.pending[block] = patch{at: j.place(j.step()), escaped: flags&tagEscaped != 0, from: j.sequence}
		if flags&tagLast != 0 {
			break
		}
	}
	return count, nil
}

// revoke notes blocks whose older copies must not be taken.
func (j *journal) revoke() {
	be := binary.BigEndian
	size := 4
	if j.features&journal64Bit != 0 {
		size = 8
	}
	end := min(int64(be.Uint32(j.buf[journalHeader:])), int64(len(j.buf)))
	for b := j.buf[journalHeader+4 : max(end, journalHeader+4)]; len(b) >= size; b = b[size:] {
		block := int64(be.Uint32(b))
		if size == 8 {
			block = int64(be.Uint64(b))
		}
		j.revoked[block] = j.sequence
	}
}

// commit takes what was pending. A block that this transaction or a later one
// revokes stays as it is on disk.
func (j *journal) commit() {
	for block, p := range j.pending {
		j.blocks[block] = p
	}
	clear(j.pending)
	for block, s := range j.revoked {
		if p, ok := j.blocks[block]; ok && int32(p.from-s) <= 0 {
			delete(j.blocks, block)
		}
	}
	clear(j.revoked)
}

// overlay is a source some of whose blocks stand elsewhere in it.
type overlay struct {
	format.Source
	size   int64
	blocks map[int64]patch
}

// ReadAt goes block by block.
func (o *overlay) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		at := off + int64(n)
		p, ok := o.blocks[at/o.size]
		// As far as the block goes, and on where nothing is replaced.
		end := (at/o.size + 1) * o.size
		for !ok && end-off < int64(len(b)) {
			if _, other := o.blocks[end/o.size]; other {
				break
			}
			end += o.size
		}
		part := b[n:min(int64(len(b)), end-off)]
		from := at
		if ok {
			from = p.at + at%o.size
		}
		k, err := o.Source.ReadAt(part, from)
		if ok && p.escaped {
			unescape(part[:k], at%o.size)
		}
		n += k
		if k < len(part) {
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
	}
	return n, nil
}

// unescape puts the magic number back, of which b may hold a part.
func unescape(b []byte, at int64) {
	var m [4]byte
	binary.BigEndian.PutUint32(m[:], journalMagic)
	if at < int64(len(m)) {
		copy(b, m[at:])
	}
}
