package cramfs

import (
	"fmt"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// Flags of a block pointer where the superblock has flagExtPtrs.
const (
	ptrStored = 1 << 31 // not compressed
	ptrDirect = 1 << 30 // where the block begins, in words, and not where it ends
	ptrFlags  = ptrStored | ptrDirect
)

// file reads the blocks of one file. A table of 32-bit pointers stands before
// them, each to the end of its block.
type file struct {
	r     *reader
	ino   inode
	block int64
	count int64
	from  int64    // first pointer in table
	table [64]byte // pointers at hand, the one before from too
	have  int      // of them
}

// pointer returns pointer i of the table; -1 is where the table ends, which is
// where the first block begins.
func (f *file) pointer(i int64) (uint32, error) {
	if i < 0 {
		return uint32(f.ino.offset + 4*f.count), nil
	}
	if i < f.from || i >= f.from+int64(f.have) || f.have == 0 {
		f.from = max(i-1, 0)
		f.have = int(min(int64(len(f.table)/4), f.count-f.from))
		if err := format.ReadAt(f.r.src, f.table[:4*f.have], f.ino.offset+4*f.from); err != nil {
			f.have = 0
			return 0, err
		}
	}
	return f.r.sb.order.Uint32(f.table[4*(i-f.from):]), nil
}

// span returns where block i of n bytes stands.
func (f *file) span(i int64, n int) (start, size int64, stored bool, err error) {
	ptr, err := f.pointer(i)
	if err != nil {
		return 0, 0, false, err
	}
	if f.r.sb.flags&flagExtPtrs == 0 {
		before, err := f.pointer(i - 1)
		return int64(before), int64(ptr) - int64(before), false, err
	}
	stored = ptr&ptrStored != 0
	if ptr&ptrDirect != 0 {
		start, size, err = f.direct(ptr, int64(n))
		return start, size, stored, err
	}
	before, err := f.pointer(i - 1)
	if err != nil {
		return 0, 0, false, err
	}
	start = int64(before &^ ptrFlags)
	if before&ptrDirect != 0 && i > 0 {
		from, k, err := f.direct(before, f.block)
		if err != nil {
			return 0, 0, false, err
		}
		start = from + k
	}
	return start, int64(ptr&^ptrFlags) - start, stored, nil
}

// direct returns where the block stands that ptr points to. A compressed one
// has its length before it.
func (f *file) direct(ptr uint32, n int64) (start, size int64, err error) {
	start = int64(ptr&^ptrFlags) << 2
	if ptr&ptrStored != 0 {
		return start, n, nil
	}
	var b [2]byte
	if err := format.ReadAt(f.r.src, b[:], start); err != nil {
		return 0, 0, err
	}
	return start + 2, int64(f.r.sb.order.Uint16(b[:])), nil
}

// fill writes block i.
func (f *file) fill(i int64, p []byte) error {
	start, size, stored, err := f.span(i, len(p))
	if err != nil {
		return err
	}
	switch {
	case size == 0: // a hole
		clear(p)
		return nil
	case size < 0 || size > 2*f.block || stored && size > int64(len(p)):
		return tree.Damage(f.ino.offset+4*i, "block %d has %d bytes", i, size)
	case start+size > f.r.src.Size():
		return &tree.Fault{Kind: format.Truncated, At: start, Detail: fmt.Sprintf("block %d ends at %d, beyond the image", i, start+size)}
	case stored:
		clear(p[size:])
		return format.ReadAt(f.r.src, p[:size], start)
	}
	d := f.r.free.Get().(*inflater)
	defer f.r.free.Put(d)
	if int64(cap(d.src)) < size {
		d.src = make([]byte, 2*f.block)
	}
	src := d.src[:size]
	if err := format.ReadAt(f.r.src, src, start); err != nil {
		return err
	}
	k, err := d.z.Decode(p, src)
	if err == nil && k < len(p) {
		err = fmt.Errorf("expands to %d bytes of %d", k, len(p))
	}
	if err != nil {
		return tree.Damage(start, "block %d: %v", i, err)
	}
	return nil
}
