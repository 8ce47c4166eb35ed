package f2fs

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

const (
	dirEntry = 11 // hash, inode, length of the name, type
	slot     = 8  // bytes of a name
	maxName  = 255
)

// area is a block of a folder, or the room for entries in an inode: a bit for
// each slot, entries, names. Where one begins follows from how many fit.
type area struct {
	bits, entries, names []byte
	count                int
}

// split divides b, in which a slot takes a bit, an entry and a piece of a name.
func split(b []byte) area {
	const one = (dirEntry+slot)*8 + 1
	n := len(b) * 8 / one
	bitmap := (n + 7) / 8
	names := len(b) - n*slot
	entries := names - n*dirEntry
	return area{bits: b[:bitmap], entries: b[entries:names], names: b[names:], count: n}
}

// List is tree.Reader's. Folders are hash tables: read from end to end, with
// holes.
func (r *reader) List(ctx context.Context, d *tree.Node[inode], found tree.Found[inode]) error {
	own := &d.Own
	if own.encrypted {
		return encrypted(d)
	}
	if own.inline != "" {
		return r.entries(split([]byte(own.inline)), d, found)
	}
	in, b := r.content(own), make([]byte, blockSize)
	for done := int64(0); done < own.size; done += blockSize {
		if err := errors.Join(r.budget.Spend(1), ctx.Err()); err != nil {
			return err
		}
		if _, err := io.ReadFull(in, b); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := r.entries(split(b), d, found); err != nil {
			return err
		}
	}
	return nil
}

// entries gives out what an area holds.
func (r *reader) entries(a area, d *tree.Node[inode], found tree.Found[inode]) error {
	le := binary.LittleEndian
	for i := 0; i < a.count; i++ {
		if a.bits[i/8]&(1<<(i%8)) == 0 {
			continue
		}
		e := a.entries[i*dirEntry:][:dirEntry]
		number, length := le.Uint32(e[4:]), int(le.Uint16(e[8:]))
		if length == 0 || length > maxName || i*slot+length > len(a.names) {
			r.log.Add(format.Problem{Offset: d.At, Path: d.Path, Kind: format.Damaged, Detail: fmt.Sprintf("folder: a name of %d bytes in slot %d of %d", length, i, a.count)})
			continue
		}
		name := string(a.names[i*slot:][:length])
		i += (length+slot-1)/slot - 1
		if name == "." || name == ".." {
			continue
		}
		n, err := r.inode(number)
		if err := found(name, d.At, &n, err); err != nil {
			return err
		}
	}
	return nil
}
