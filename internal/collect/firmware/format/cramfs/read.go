package cramfs

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
	"assay/internal/collect/firmware/format/zlibblock"
)

const (
	inodeSize = 12
	maxName   = 63 << 2
	maxTarget = 4096
	pageSize  = 4096
)

// File types of a mode (inode(7) of Linux).
const (
	modeType = 0o170000
	modeDir  = 0o040000
)

var types = map[uint32]format.Type{
	0o010000: format.FIFO, 0o020000: format.Char, 0o040000: format.Dir, 0o060000: format.Block,
	0o100000: format.File, 0o120000: format.Symlink, 0o140000: format.Socket,
}

// inode is what the format keeps of a file: 12 bytes of bit fields, which a
// big-endian compiler packs from the other end.
type inode struct {
	mode, uid, gid uint32
	size           int64 // of a device: its number
	nameLen        int   // padded with NUL bytes
	offset         int64
}

func parseInode(order binary.ByteOrder, b []byte) inode {
	w0, w1, w2 := order.Uint32(b), order.Uint32(b[4:]), order.Uint32(b[8:])
	if order == binary.BigEndian {
		return inode{mode: w0 >> 16, uid: w0 & 0xffff, size: int64(w1 >> 8), gid: w1 & 0xff,
			nameLen: int(w2>>26) << 2, offset: int64(w2&(1<<26-1)) << 2}
	}
	return inode{mode: w0 & 0xffff, uid: w0 >> 16, size: int64(w1 & (1<<24 - 1)), gid: w1 >> 24,
		nameLen: int(w2&63) << 2, offset: int64(w2>>6) << 2}
}

// reader is an open file system.
type reader struct {
	src   format.Source // from its first byte
	sb    super
	block int64 // bytes of a block: the page size of the maker's machine
	log   tree.Log
	free  sync.Pool // of *inflater
}

func newReader(src format.Source, sb super) *reader {
	return &reader{src: src, sb: sb, block: pageSize, free: sync.Pool{New: func() any { return new(inflater) }}}
}

// sure says that the root lists names as cramfs does.
func (r *reader) sure() bool {
	root := r.sb.root
	if root.size == 0 {
		// Nothing but the superblock stands for it: the counts must fit.
		return r.sb.flags&flagV2 != 0 && r.sb.files <= 1 && r.sb.size <= 2*pageSize
	}
	if root.offset+root.size > r.src.Size() {
		return false
	}
	for at, end, n := root.offset, root.offset+root.size, 0; at < end && n < 64; n++ {
		ino, name, err := r.entry(at, end)
		if err != nil || name == "" || strings.Contains(name, "/") || types[ino.mode&modeType] == "" {
			return false
		}
		if t := types[ino.mode&modeType]; t == format.File && ino.offset > r.src.Size() && r.src.Size() >= r.sb.size {
			return false
		}
		at += int64(inodeSize + ino.nameLen)
	}
	return true
}

// entry reads the inode at at and its name, which end within a listing.
func (r *reader) entry(at, end int64) (inode, string, error) {
	var b [inodeSize + maxName]byte
	if end-at < inodeSize {
		return inode{}, "", tree.Damage(at, "listing: %d bytes are left for an inode", end-at)
	}
	if err := format.ReadAt(r.src, b[:inodeSize], at); err != nil {
		return inode{}, "", err
	}
	ino := parseInode(r.sb.order, b[:])
	name := b[inodeSize : inodeSize+ino.nameLen]
	if int64(len(name)) > end-at-inodeSize || ino.nameLen == 0 {
		return ino, "", tree.Damage(at, "listing: a name of %d bytes", len(name))
	}
	if err := format.ReadAt(r.src, name, at+inodeSize); err != nil {
		return ino, "", err
	}
	return ino, strings.TrimRight(string(name), "\x00"), nil
}

// Root is tree.Reader's.
func (r *reader) Root() (tree.Node[inode], error) {
	return r.node(r.sb.root, r.sb.at+rootAt)
}

// node makes an entry of an inode; a link's target is read.
func (r *reader) node(ino inode, at int64) (tree.Node[inode], error) {
	n := tree.Node[inode]{At: at, List: uint64(ino.offset), Own: ino}
	n.Type = types[ino.mode&modeType]
	n.Mode, n.UID, n.GID, n.Links = ino.mode&0o7777, ino.uid, ino.gid, 1
	switch n.Type {
	case format.File:
		n.Size = ino.size
	case format.Char, format.Block:
		n.Major, n.Minor = uint32(ino.size)>>8&0xff, uint32(ino.size)&0xff
	case format.Symlink:
		n.Size = ino.size
		if ino.size > maxTarget {
			return n, tree.Damage(at, "a link target of %d bytes", ino.size)
		}
		b, err := io.ReadAll(r.Open(&n))
		if err != nil {
			return n, fmt.Errorf("link target: %w", err)
		}
		n.Target = string(b)
	case "":
		return n, tree.Damage(at, "an inode of mode %#o", ino.mode)
	case format.Dir:
		if ino.size == 0 {
			n.List = 1<<63 | uint64(at) // empty ones share the offset 0
		}
	}
	return n, nil
}

// List is tree.Reader's.
func (r *reader) List(_ context.Context, d *tree.Node[inode], found tree.Found[inode]) error {
	at, end := d.Own.offset, d.Own.offset+d.Own.size
	for at < end {
		ino, name, err := r.entry(at, end)
		if err != nil {
			return err
		}
		n, err := r.node(ino, at)
		if err := found(name, at, &n, err); err != nil {
			return err
		}
		at += int64(inodeSize + ino.nameLen)
	}
	return nil
}

// Open is tree.Reader's.
func (r *reader) Open(n *tree.Node[inode]) io.Reader { return r.content(n.Own, r.block) }

func (r *reader) content(ino inode, block int64) io.Reader {
	f := &file{r: r, ino: ino, block: block, count: (ino.size + block - 1) / block}
	return tree.Blocks(ino.size, int(block), f.fill)
}

// findBlock finds the size of a block, which the format doesn't keep: Linux
// takes its page size, and machines with pages of 16 or 64 KiB make images that
// fit theirs. The first file that shows it decides.
func (r *reader) findBlock() {
	budget := 10_000
	if ino, ok := r.large(r.sb.root, 8, &budget); ok {
		p := make([]byte, 1<<16)
		for _, block := range []int64{pageSize, 1 << 14, 1 << 16, 1 << 13, 1 << 15, 1 << 11, 1 << 10, 1 << 9} {
			if _, err := io.ReadFull(r.content(ino, block), p[:min(block, ino.size)]); err == nil {
				r.block = block
				return
			}
		}
	}
}

// large finds a file of more than a page whose first block is compressed.
func (r *reader) large(d inode, depth int, budget *int) (inode, bool) {
	for at, end := d.offset, d.offset+d.size; at < end && *budget > 0; *budget-- {
		ino, _, err := r.entry(at, end)
		if err != nil {
			return ino, false
		}
		at += int64(inodeSize + ino.nameLen)
		switch types[ino.mode&modeType] {
		case format.Dir:
			if depth > 0 {
				if ino, ok := r.large(ino, depth-1, budget); ok {
					return ino, true
				}
			}
		case format.File:
			b := format.Head(r.src, ino.offset, 4)
			if ino.size <= pageSize || len(b) < 4 {
				continue
			}
			ptr := r.sb.order.Uint32(b)
			if ptr&ptrFlags == 0 && int64(ptr) > ino.offset+4*((ino.size+pageSize-1)/pageSize) {
				return ino, true
			}
		}
	}
	return inode{}, false
}

// inflater expands blocks, one at a time; its tables are kept.
type inflater struct {
	z   zlibblock.Decoder
	src []byte
}
