package ubifs

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/flash"
	"assay/internal/collect/firmware/format/tree"
)

// volume is a file system. What is below state is filled in by open and not
// changed afterwards.
type volume struct {
	src format.Source
	at  int64
	super

	state
	blocks []block           // of all files, by inode and number
	grown  map[uint32]uint64 // sizes that data in the journal adds up to
	codecs sync.Pool
}

// block is a data node: a block of a file.
type block struct {
	ino, number uint32
	pos         uint32 // as in ref
}

// open reads index and journal and makes a tree of them.
func open(ctx context.Context, was *volume, lim format.Limits) (*flash.Volume, error) {
	v := &volume{src: was.src, at: was.at, super: was.super}
	log := new(tree.Log)
	l := &loader{volume: v, ctx: ctx, log: log}
	if err := l.load(); err != nil {
		return nil, err
	}
	v.settle()
	return flash.New(v, rootInode, v.tree(), !v.bare, lim, log), nil
}

// settle leaves out what was deleted, and sorts the blocks of files.
func (v *volume) settle() {
	for ino, r := range v.inodes {
		if r.gone {
			delete(v.inodes, ino)
		}
	}
	for _, c := range v.cuts {
		slices.SortFunc(c, func(a, b truncation) int { return cmp.Compare(a.sqnum, b.sqnum) })
		for i := len(c) - 2; i >= 0; i-- {
			c[i].blocks = min(c[i].blocks, c[i+1].blocks) // the later ones cut too
		}
	}
	v.grown = map[uint32]uint64{}
	for key, r := range v.data {
		ino, number := uint32(key>>32), uint32(key)
		if _, ok := v.inodes[ino]; !ok || v.cut(ino, number, r.sqnum) {
			continue
		}
		v.blocks = append(v.blocks, block{ino, number, r.pos})
		if v.dirty && r.sqnum > 0 {
			// recovery.c: data reaches the flash before the inode that counts it.
			v.grown[ino] = max(v.grown[ino], uint64(number)*blockSize+uint64(r.size))
		}
	}
	slices.SortFunc(v.blocks, func(a, b block) int { return cmp.Or(cmp.Compare(a.ino, b.ino), cmp.Compare(a.number, b.number)) })
	v.data, v.cuts = nil, nil
}

// cut says that a block was cut off after it was written.
func (v *volume) cut(ino, number uint32, sqnum uint64) bool {
	later := v.cuts[ino]
	i, _ := slices.BinarySearchFunc(later, sqnum, func(c truncation, sqnum uint64) int {
		if c.sqnum <= sqnum {
			return -1
		}
		return 1
	})
	return i < len(later) && later[i].blocks <= number
}

// tree returns the names that are there.
func (v *volume) tree() []flash.Name {
	names := make([]flash.Name, 0, len(v.names))
	sealed := map[uint32]bool{}
	for key, n := range v.names {
		if _, there := v.inodes[n.ino]; n.ino == 0 || v.bare && !there {
			continue
		}
		name := key.name
		if v.flags&flagEncryption != 0 {
			locked, ok := sealed[key.dir]
			if !ok {
				locked = v.encrypted(key.dir)
				sealed[key.dir] = locked
			}
			if locked {
				name = base64.RawURLEncoding.EncodeToString([]byte(name))
			}
		}
		names = append(names, flash.Name{Dir: uint64(key.dir), Node: uint64(n.ino), Name: name, At: v.at + int64(n.pos)*8})
	}
	v.names = nil
	return names
}

// encrypted says that names and contents of an inode need a key.
func (v *volume) encrypted(ino uint32) bool {
	b, err := v.inode(ino)
	return err == nil && u32(b, 108)&inodeEncrypted != 0
}

func (v *volume) inode(ino uint32) ([]byte, error) {
	r, ok := v.inodes[ino]
	if !ok {
		return nil, fmt.Errorf("inode %d: it is not there", ino)
	}
	return v.read(r.pos, kindInode, inodeSize, nil)
}

// read reads the node at pos, into buf if there is room.
func (v *volume) read(pos uint32, kind byte, least int, buf []byte) ([]byte, error) {
	at := v.at + int64(pos)*8
	var head [headSize]byte
	if err := format.ReadAt(v.src, head[:], at); err != nil {
		return nil, err
	}
	n := length(head[:])
	switch {
	case n == 0 || head[20] != kind || n < int64(least):
		return nil, tree.Damage(at, "not a node of kind %d", kind)
	case n > v.leb-int64(pos)*8%v.leb || n > mostNode:
		return nil, tree.Damage(at, "a node of %d bytes", n)
	}
	if int64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if err := format.ReadAt(v.src, buf, at); err != nil {
		return nil, err
	}
	if !whole(buf) {
		return nil, &tree.Fault{Kind: format.BadChecksum, At: at, Detail: "the CRC-32 of a node does not fit"}
	}
	return buf, nil
}

// Stat reads an inode.
func (v *volume) Stat(node uint64) (format.Entry, error) {
	b, err := v.inode(uint32(node))
	if err != nil {
		return format.Entry{}, err
	}
	mode := u32(b, 104)
	e := format.Entry{
		Mode: mode & 0o7777, UID: u32(b, 96), GID: u32(b, 100), Links: u32(b, 92),
		MTime: time.Unix(int64(u64(b, 72)), int64(u32(b, 88))).UTC(),
	}
	var ok bool
	if e.Type, ok = flash.TypeOf(mode); !ok {
		return e, fmt.Errorf("inode %d: unknown type in mode %#o", node, mode)
	}
	inline := b[inodeSize:]
	if n := int64(u32(b, 112)); n < int64(len(inline)) {
		inline = inline[:n]
	}
	switch e.Type {
	case format.File:
		size := max(u64(b, 48), v.grown[uint32(node)])
		if size > 1<<62 {
			return e, fmt.Errorf("inode %d: %d bytes", node, size)
		}
		e.Size = int64(size)
	case format.Symlink:
		if u32(b, 108)&inodeEncrypted != 0 {
			inline = nil // the target needs a key
		}
		e.Target, e.Size = string(inline), int64(len(inline))
	case format.Block, format.Char:
		if len(inline) >= 4 {
			e.Major, e.Minor = flash.Device(u32(inline, 0))
		}
	}
	return e, nil
}

// Content reads a file.
func (v *volume) Content(node uint64) io.Reader {
	ino := uint32(node)
	e, err := v.Stat(node)
	if err != nil {
		return failing{err}
	}
	if v.flags&flagEncryption != 0 && v.encrypted(ino) {
		return failing{tree.Unread(v.at+int64(v.inodes[ino].pos)*8, "encrypted with a key that the image doesn't have (fscrypt)")}
	}
	from, _ := slices.BinarySearchFunc(v.blocks, ino, func(b block, ino uint32) int { return cmp.Compare(b.ino, ino) })
	rest := v.blocks[from:]
	return tree.Blocks(e.Size, blockSize, func(i int64, p []byte) error {
		// Blocks come in rising order; what is not there is a hole.
		for len(rest) > 0 && rest[0].ino == ino && int64(rest[0].number) < i {
			rest = rest[1:]
		}
		if len(rest) == 0 || rest[0].ino != ino || int64(rest[0].number) != i {
			clear(p)
			return nil
		}
		return v.decode(rest[0], p)
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
