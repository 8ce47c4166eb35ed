package ubifs

import (
	"bytes"

	"assay/internal/collect/firmware/format"
)

// replay takes in the journal: what was written after the last commit.
func (l *loader) replay(m master) error {
	start, found := uint64(0), false
	buds := map[uint32]uint32{} // erase blocks, and where in them the journal starts
	type reference struct {
		sqnum      uint64
		lnum, offs uint32
	}
	var refs []reference
	for lnum := int64(logFirst); lnum < min(logFirst+l.logs, l.there()); lnum++ {
		err := l.scan(lnum, 0, func(b []byte, _ uint32) {
			switch {
			case b[20] == kindCommit && len(b) >= 32 && u64(b, 24) == m.commit:
				start, found = u64(b, 8), true
			case b[20] == kindReference && len(b) >= referenceSize:
				refs = append(refs, reference{u64(b, 8), u32(b, 24), u32(b, 28)})
			}
		})
		if err != nil {
			return err
		}
	}
	if !found {
		l.log.Add(format.Problem{Offset: l.at + logFirst*l.leb, Kind: format.Damaged, Detail: "the log of the last commit is not there; the journal is not read"})
		return nil
	}
	for _, r := range refs {
		if at, ok := buds[r.lnum]; r.sqnum > start && (!ok || r.offs < at) {
			buds[r.lnum] = r.offs
		}
	}
	for lnum, offs := range buds {
		if int64(lnum) < l.mainFirst() || int64(lnum) >= l.count || int64(offs) >= l.leb || offs%8 != 0 {
			l.log.Add(format.Problem{Offset: l.at, Kind: format.Damaged, Detail: "the log points outside of the file system"})
			continue
		}
		if err := l.scan(int64(lnum), int64(offs), l.take); err != nil {
			return err
		}
	}
	return nil
}

// scan calls fn for every whole node of an erase block from offs on, with its
// position.
func (l *loader) scan(lnum, offs int64, fn func(node []byte, pos uint32)) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	from := lnum*l.leb + offs
	b := format.Head(l.src, l.at+from, int(l.leb-offs))
	for i := int64(0); i+headSize <= int64(len(b)); {
		n := length(b[i:])
		if n == 0 || n > int64(len(b))-i || n > mostNode || !whole(b[i:i+n]) {
			// Padding, an erased rest, or damage: the next one may stand further on.
			next := bytes.Index(b[i+1:], []byte{0x31, 0x18, 0x10, 0x06})
			if next < 0 {
				return nil
			}
			if i += int64(next) + 1; i%8 != 0 {
				i = (i + 7) &^ 7
			}
			continue
		}
		if at := (from + i) / 8; at <= 1<<32-1 {
			fn(b[i:i+n], uint32(at))
		}
		i += (n + 7) &^ 7
	}
	return nil
}

// take takes in a node that the index doesn't have.
func (l *loader) take(b []byte, pos uint32) {
	if len(b) < dataSize || !l.room() {
		return // padding, mostly
	}
	sqnum := u64(b, 8)
	ino := u32(b, 24)
	switch kind := b[20]; {
	case kind == kindInode && len(b) >= inodeSize:
		if was, ok := l.inodes[ino]; !ok || sqnum > was.sqnum {
			l.inodes[ino] = ref{sqnum: sqnum, pos: pos, gone: u32(b, 92) == 0}
		}
		if u32(b, 92) == 0 {
			l.cuts[ino] = append(l.cuts[ino], truncation{sqnum, 0})
		}
	case kind == kindData:
		key := uint64(ino)<<32 | uint64(u32(b, 28)&keyMask)
		if was, ok := l.data[key]; !ok || sqnum > was.sqnum {
			l.data[key] = ref{sqnum: sqnum, pos: pos, size: uint16(min(u32(b, 40), blockSize))}
		}
	case kind == kindName && len(b) >= nameSize:
		l.name(b, pos, sqnum)
	case kind == kindTruncation && len(b) >= truncationSize:
		blocks := (min(u64(b, 48), 1<<43) + blockSize - 1) / blockSize
		l.cuts[ino] = append(l.cuts[ino], truncation{sqnum, uint32(blocks)})
	}
}

// name takes in a name; one with inode 0 deletes it.
func (l *loader) name(b []byte, pos uint32, sqnum uint64) {
	n := int(u16(b, 50))
	if n > len(b)-nameSize {
		n = len(b) - nameSize
	}
	key := nameKey{u32(b, 24), string(b[nameSize : nameSize+n])}
	if was, ok := l.names[key]; !ok || sqnum >= was.sqnum {
		l.names[key] = name{sqnum, pos, u32(b, 40)}
	}
}
