package ext

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// List is tree.Reader's. The index of a large folder stands in entries that
// look unused ("Hash Tree Directories"): it is passed over.
func (r *reader) List(ctx context.Context, d *tree.Node[inode], found tree.Found[inode]) error {
	own := &d.Own
	if own.flags&flagEncrypted != 0 {
		return encrypted(own.number)
	}
	if own.flags&flagInline != 0 {
		// The number of the folder above stands for "." and "..".
		head := own.block[4:min(own.size, 60)]
		if err := r.entries(head, d, d.At+44, found); err != nil {
			return err
		}
		return r.entries([]byte(own.inline), d, d.At+128, found)
	}
	// A folder has no more blocks than its file system.
	size := min(own.size, r.src.Size())
	if size < own.size {
		r.log.Add(format.Problem{Offset: d.At, Path: d.Path, Kind: format.Truncated, Detail: fmt.Sprintf("a folder of %d bytes", own.size)})
	}
	in := r.content(own)
	b := make([]byte, r.sb.blockSize)
	for done := int64(0); done < size; done += r.sb.blockSize {
		if err := errors.Join(r.budget.Spend(1), ctx.Err()); err != nil {
			return err
		}
		if _, err := io.ReadFull(in, b); err != nil {
			return err
		}
		if err := r.entries(b, d, d.At, found); err != nil {
			return err
		}
	}
	return nil
}

// entries gives out what stands in a block of d. Damage ends the block, not
// the folder.
func (r *reader) entries(b []byte, d *tree.Node[inode], at int64, found tree.Found[inode]) error {
	const head = 8
	le := binary.LittleEndian
	for off := 0; off+head <= len(b); {
		number, size, name := le.Uint32(b[off:]), recordLen(b[off:], len(b)), int(b[off+6])
		if r.sb.incompat&incompatFileType == 0 {
			name = int(le.Uint16(b[off+6:]))
		}
		if size == 0 && number == 0 && name == 0 {
			return nil // a hole, or the end of inline entries
		}
		if size < head || size%4 != 0 || off+size > len(b) || head+name > size {
			r.log.Add(format.Problem{Offset: at, Path: d.Path, Kind: format.Damaged,
				Detail: fmt.Sprintf("folder: an entry of %d bytes with a name of %d at %d of %d", size, name, off, len(b))})
			return nil
		}
		text := string(b[off+head : off+head+name])
		off += size
		if number == 0 || text == "." || text == ".." {
			continue
		}
		n, err := r.named(number)
		if err := found(text, at, &n, err); err != nil {
			return err
		}
	}
	return nil
}

// recordLen decodes the length of an entry; those of 64 KiB don't fit in 16
// bits ("Linear Directories").
func recordLen(b []byte, block int) int {
	n := int(binary.LittleEndian.Uint16(b[4:]))
	switch {
	case block < 1<<16:
		return n
	case n == 0 || n == 1<<16-1:
		return block
	}
	return n&^3 | n&3<<16
}

// named reads an inode that has a name. The reserved ones have none.
func (r *reader) named(number uint32) (tree.Node[inode], error) {
	if number < r.sb.firstInode && number != rootInode {
		return tree.Node[inode]{}, fmt.Errorf("%w: inode %d is reserved", format.ErrDamaged, number)
	}
	return r.inode(number)
}

// inlineData returns the attribute "system.data" that stands behind the fields
// of an inode ("Inline Data", "Extended Attributes"), as a string of its own.
func inlineData(b []byte) string {
	const (
		head   = 16
		system = 7 // name index of "system."
	)
	le := binary.LittleEndian
	from := 128 + extraSize(b)
	if from == 128 || len(b) < from+4 || le.Uint32(b[from:]) != 0xea020000 {
		return ""
	}
	b = b[from+4:] // offsets of values count from here
	for e := b; len(e) >= head && le.Uint32(e) != 0; {
		name := int(e[0])
		if len(e) < head+name {
			break
		}
		off, size := int(le.Uint16(e[2:])), int64(le.Uint32(e[8:]))
		if e[1] == system && string(e[head:head+name]) == "data" {
			if le.Uint32(e[4:]) != 0 || int64(off)+size > int64(len(b)) {
				break
			}
			return string(b[off : int64(off)+size])
		}
		e = e[min((head+name+3)&^3, len(e)):]
	}
	return ""
}
