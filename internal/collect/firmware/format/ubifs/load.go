package ubifs

import (
	"context"
	"fmt"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// A key is an inode's number, and a word with the kind of the node and the
// number of a block or the hash of a name.
const (
	keyShift = 29
	keyMask  = 1<<keyShift - 1
)

// mostKept bounds the nodes that are kept in memory.
const mostKept = 4 << 20

// state is what nodes say, the newest of each. Positions are in units of eight
// bytes from the start.
type state struct {
	inodes map[uint32]ref
	names  map[nameKey]name
	data   map[uint64]ref // by inode and number of the block
	cuts   map[uint32][]truncation
	dirty  bool // it was not unmounted
	bare   bool // there was no index to go by
}

// ref is where a node stands. Its sequence number is 0 where the index has it:
// all of the journal is newer.
type ref struct {
	sqnum uint64
	pos   uint32
	size  uint16 // of data in the journal
	gone  bool   // of an inode: no name is left
}

type nameKey struct {
	dir  uint32
	name string
}

type name struct {
	sqnum    uint64
	pos, ino uint32 // 0: the name was deleted
}

// truncation cuts off all blocks from that number on; the number where a file
// was removed is 0.
type truncation struct {
	sqnum  uint64
	blocks uint32
}

// loader fills in a state.
type loader struct {
	*volume
	ctx  context.Context
	log  *tree.Log
	kept int
	full bool

	branches, entry []byte // buffers
}

// load reads index and journal or, where the index is damaged, all nodes.
func (l *loader) load() (err error) {
	l.reset()
	m, ok := l.master()
	if ok {
		ok, err = l.index(m.root)
		if err != nil {
			return err
		}
	}
	if !ok {
		l.log.Add(format.Problem{Offset: l.at, Kind: format.Damaged,
			Detail: "the index can't be read: all nodes were gone over, and what was deleted may be among them"})
		l.reset()
		l.bare = true
		for lnum := l.mainFirst(); lnum < min(l.count, l.there()); lnum++ {
			if err := l.scan(lnum, 0, l.take); err != nil {
				return err
			}
		}
		return nil
	}
	l.dirty = m.flags&masterDirty != 0
	return l.replay(m)
}

func (l *loader) reset() {
	l.state = state{
		inodes: map[uint32]ref{}, names: map[nameKey]name{}, data: map[uint64]ref{},
		cuts: map[uint32][]truncation{},
	}
	l.kept, l.full = 0, false
}

// offset is where a place stands, from the start.
func (s super) offset(lnum, offs uint32) int64 { return int64(lnum)*s.leb + int64(offs) }

// there is the number of erase blocks that the source has.
func (l *loader) there() int64 { return (l.src.Size() - l.at + l.leb - 1) / l.leb }

// position checks a place and returns it as a ref has it.
func (l *loader) position(p place) (uint32, error) {
	at := l.offset(p.lnum, p.offs)
	if int64(p.lnum) < l.mainFirst() || int64(p.lnum) >= l.count || int64(p.offs)+int64(p.size) > l.leb || p.offs%8 != 0 || at/8 > 1<<32-1 {
		return 0, tree.Damage(l.at, "a node of %d bytes at %d in erase block %d", p.size, p.offs, p.lnum)
	}
	if l.at+at+int64(p.size) > l.src.Size() {
		return 0, &tree.Fault{Kind: format.Truncated, At: l.at + at, Detail: "the node is beyond the end of the image"}
	}
	return uint32(at / 8), nil
}

// index walks the B-tree below root. ok says that all its nodes could be read;
// err is that of the context.
func (l *loader) index(root place) (ok bool, err error) {
	type step struct {
		place
		level uint16
	}
	const anyLevel, mostLevels = 1 << 15, 512
	seen := map[uint32]bool{}
	todo := []step{{root, anyLevel}}
	for len(todo) > 0 {
		if err := l.ctx.Err(); err != nil {
			return false, err
		}
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		pos, err := l.position(s.place)
		var b []byte
		if err == nil {
			b, err = l.read(pos, kindIndex, indexSize, l.branches)
		}
		if err != nil {
			l.log.Fault("", l.at, err)
			return false, nil
		}
		count, level := int(u16(b, 24)), u16(b, 26)
		stride := 0
		if count > 0 {
			stride = (len(b) - indexSize) / count
		}
		if seen[pos] || stride < branchSize || level != s.level && s.level != anyLevel || level > mostLevels {
			l.log.Fault("", l.at, tree.Damage(l.at+int64(pos)*8, "an index node of level %d with %d branches of %d bytes", level, count, stride))
			return false, nil
		}
		seen[pos], l.branches = true, b
		for i := range count {
			r := b[indexSize+i*stride:]
			p := place{u32(r, 0), u32(r, 4), u32(r, 8)}
			if level > 0 {
				todo = append(todo, step{p, level - 1})
			} else {
				l.leaf(p, u32(r, 12), u32(r, 16))
			}
		}
	}
	return true, nil
}

// leaf takes in what the lowest level of the index points to.
func (l *loader) leaf(p place, ino, word uint32) {
	pos, err := l.position(p)
	if err != nil {
		l.log.Fault("", l.at, err)
		return
	}
	if !l.room() {
		return
	}
	switch word >> keyShift {
	case kindInode:
		l.inodes[ino] = ref{pos: pos}
	case kindData:
		l.data[uint64(ino)<<32|uint64(word&keyMask)] = ref{pos: pos}
	case kindName:
		b, err := l.read(pos, kindName, nameSize, l.entry)
		if err == nil && u32(b, 24) != ino {
			err = tree.Damage(l.at+int64(pos)*8, "a name in folder %d, where the index has %d", u32(b, 24), ino)
		}
		if err != nil {
			l.log.Fault("", l.at, err)
			return
		}
		l.entry = b
		l.name(b, pos, 0)
	}
}

// room counts a node that is kept.
func (l *loader) room() bool {
	if l.kept < mostKept {
		l.kept++
		return true
	}
	if !l.full {
		l.full = true
		l.log.Add(format.Problem{Offset: l.at, Kind: format.TooMany, Detail: fmt.Sprintf("more than %d nodes; the rest is not read", mostKept)})
	}
	return false
}
