package erofs

import (
	"context"
	"encoding/binary"
	"io"
	"strings"
	"sync"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

const maxTarget = 4096

// Layouts of a file's content (EROFS_INODE_*).
const (
	layoutPlain = iota
	layoutFull  // compressed, an index entry of 8 bytes a cluster
	layoutInline
	layoutCompact // compressed, 4 or 2 bytes a cluster
	layoutChunks
)

// File types of a mode.
const modeType = 0o170000

var types = map[uint16]format.Type{
	0o010000: format.FIFO, 0o020000: format.Char, 0o040000: format.Dir, 0o060000: format.Block,
	0o100000: format.File, 0o120000: format.Symlink, 0o140000: format.Socket,
}

// inode is what is kept of one.
type inode struct {
	at     int64 // where it stands
	end    int64 // of it and its attributes
	layout int
	size   int64
	union  uint32 // i_u: a block, a device, a chunk's format
}

// reader is an open file system.
type reader struct {
	src   format.Source // from its first byte
	sb    super
	log   tree.Log
	free  sync.Pool // of *expander
	input tree.Budget

	once   sync.Once // for packed
	packed *packed
}

func newReader(src format.Source, sb super) *reader {
	r := &reader{src: src, sb: sb, free: sync.Pool{New: func() any { return new(expander) }}}
	r.input.Set(16*src.Size()+256<<20, "compressed bytes")
	return r
}

// sure says that the root is a folder that holds itself twice: as itself, and
// as the one above.
func (r *reader) sure() bool {
	root, err := r.Root()
	if err != nil || root.Type != format.Dir {
		return false
	}
	const most = 4096 // names; those that sort before "." come first
	found, seen := 0, 0
	err = r.names(&root.Own, func(name string, number uint64) error {
		if (name == "." || name == "..") && number == r.sb.root {
			found++
		}
		if seen++; found == 2 || seen == most {
			return io.EOF
		}
		return nil
	})
	return found == 2 && err == io.EOF
}

// Root is tree.Reader's.
func (r *reader) Root() (tree.Node[inode], error) { return r.inode(r.sb.root) }

// inode reads an inode by its number.
func (r *reader) inode(number uint64) (n tree.Node[inode], err error) {
	const compact, extended = 32, 64
	if number >= uint64(r.src.Size())/slotSize {
		return n, tree.Damage(r.sb.meta, "inode %d is outside of the file system", number)
	}
	at := r.sb.meta + int64(number)*slotSize
	n.At, n.List, n.Inode = at, number, number
	var b [extended]byte
	if err := format.ReadAt(r.src, b[:compact], at); err != nil {
		return n, err
	}
	le := binary.LittleEndian
	kind, mode := le.Uint16(b[:]), le.Uint16(b[4:])
	own := &n.Own
	own.at, own.layout = at, int(kind>>1&7)
	size := int64(compact)
	if kind&1 == 0 {
		n.Links, own.size = uint32(le.Uint16(b[6:])), int64(le.Uint32(b[8:]))
		n.UID, n.GID = uint32(le.Uint16(b[24:])), uint32(le.Uint16(b[26:]))
		n.MTime = time.Unix(r.sb.built, int64(r.sb.builtNS)).UTC()
	} else {
		size = extended
		if err := format.ReadAt(r.src, b[:], at); err != nil {
			return n, err
		}
		own.size = int64(le.Uint64(b[8:]))
		n.UID, n.GID, n.Links = le.Uint32(b[24:]), le.Uint32(b[28:]), le.Uint32(b[44:])
		n.MTime = time.Unix(int64(le.Uint64(b[32:])), int64(le.Uint32(b[40:]))).UTC()
	}
	own.union = le.Uint32(b[16:])
	own.end = at + size
	if count := int64(le.Uint16(b[2:])); count > 0 { // i_xattr_icount
		own.end += 12 + 4*(count-1)
	}
	n.Type, n.Mode = types[mode&modeType], uint32(mode&0o7777)
	const knownBits = 0xf
	switch {
	case n.Type == "" || own.size < 0:
		return n, tree.Damage(at, "inode %d of mode %#o with %d bytes", number, mode, uint64(own.size))
	case own.layout > layoutChunks || kind&^knownBits != 0:
		return n, tree.Unread(at, "inode %d of format %#x", number, kind)
	}
	return n, r.finish(&n)
}

// finish fills what depends on the type.
func (r *reader) finish(n *tree.Node[inode]) error {
	switch n.Type {
	case format.File:
		n.Size = n.Own.size
	case format.Char, format.Block:
		dev := n.Own.union
		n.Major, n.Minor = dev>>8&0xfff, dev&0xff|dev>>12&0xfff00
	case format.Symlink:
		if n.Size = n.Own.size; n.Size > maxTarget {
			return tree.Damage(n.At, "a link target of %d bytes", n.Size)
		}
		b := make([]byte, n.Size)
		if _, err := io.ReadFull(r.content(&n.Own), b); err != nil {
			return err
		}
		n.Target = string(b)
	}
	return nil
}

// List is tree.Reader's.
func (r *reader) List(ctx context.Context, d *tree.Node[inode], found tree.Found[inode]) error {
	i := 0
	return r.names(&d.Own, func(name string, number uint64) error {
		if i++; i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if name == "." || name == ".." {
			return nil
		}
		n, err := r.inode(number)
		return found(name, d.At, &n, err)
	})
}

// names goes through a folder's blocks: entries of 12 bytes, then their names.
func (r *reader) names(d *inode, fn func(name string, number uint64) error) error {
	const entry = 12
	if d.size > r.src.Size() {
		return tree.Damage(d.at, "a folder of %d bytes", d.size)
	}
	in, block := r.content(d), make([]byte, r.sb.block)
	for left := d.size; left > 0; left -= r.sb.block {
		b := block[:min(left, r.sb.block)]
		if _, err := io.ReadFull(in, b); err != nil {
			return err
		}
		if len(b) < entry {
			return tree.Damage(d.at, "folder: a block of %d bytes", len(b))
		}
		le := binary.LittleEndian
		first := int(le.Uint16(b[8:]))
		if first < entry || first%entry != 0 || first > len(b) {
			return tree.Damage(d.at, "folder: names begin at %d of %d", first, len(b))
		}
		for i := 0; i < first; i += entry {
			from, to := int(le.Uint16(b[i+8:])), len(b)
			if i+entry < first {
				to = int(le.Uint16(b[i+entry+8:]))
			}
			if from < first || to < from || to > len(b) {
				return tree.Damage(d.at, "folder: a name from %d to %d of %d", from, to, len(b))
			}
			name := string(b[from:to])
			if i+entry == first { // the last one is filled up with zeros
				name, _, _ = strings.Cut(name, "\x00")
			}
			if err := fn(name, le.Uint64(b[i:])); err != nil {
				return err
			}
		}
	}
	return nil
}

// Open is tree.Reader's.
func (r *reader) Open(n *tree.Node[inode]) io.Reader { return r.content(&n.Own) }

// content is all bytes of an inode.
func (r *reader) content(n *inode) io.Reader {
	switch n.layout {
	case layoutPlain, layoutInline:
		return tree.Runs(r.src, r.flat(n))
	case layoutChunks:
		return tree.Runs(r.src, r.chunks(n))
	}
	c, err := r.clusters(n)
	if err != nil {
		return tree.Fail(err)
	}
	return c
}

// flat returns the blocks of a file in a row; where it is inline, what is
// beyond the last whole block stands behind the inode.
func (r *reader) flat(n *inode) func() (tree.Run, error) {
	runs := []tree.Run{{At: int64(n.union) << r.sb.bits, Len: n.size}}
	if n.layout == layoutInline {
		tail := n.size % r.sb.block
		runs[0].Len -= tail
		runs = append(runs, tree.Run{At: n.end, Len: tail})
	}
	return func() (tree.Run, error) {
		if len(runs) == 0 {
			return tree.Run{}, io.EOF
		}
		run := runs[0]
		runs = runs[1:]
		return run, nil
	}
}

// chunks returns the pieces of a file whose blocks are listed behind the inode
// (erofs_inode_chunk_index): 4 bytes a block, or 8 with the device.
func (r *reader) chunks(n *inode) func() (tree.Run, error) {
	const bitsMask, indexes, hole = 0x1f, 0x20, 0xffffffff
	bits := r.sb.bits + uint(n.union&bitsMask)
	size := int64(4)
	if n.union&indexes != 0 {
		size = 8
	}
	at, done := (n.end+size-1)/size*size, int64(0)
	return func() (tree.Run, error) {
		if done >= n.size {
			return tree.Run{}, io.EOF
		}
		if n.union&^(bitsMask|indexes) != 0 || bits > 48 {
			return tree.Run{}, tree.Unread(n.at, "chunks of format %#x", n.union)
		}
		var b [8]byte
		if err := format.ReadAt(r.src, b[:size], at); err != nil {
			return tree.Run{}, err
		}
		le := binary.LittleEndian
		block := le.Uint32(b[:])
		if size == 8 {
			if device := le.Uint16(b[2:]); device != 0 && le.Uint32(b[4:]) != hole {
				return tree.Run{}, tree.Unread(at, "a chunk on device %d, which isn't in the image", device)
			}
			block = le.Uint32(b[4:])
		}
		at += size
		run := tree.Run{At: int64(block) << r.sb.bits, Len: min(int64(1)<<bits, n.size-done)}
		if block == hole {
			run.At = -1
		}
		done += run.Len
		return run, nil
	}
}
