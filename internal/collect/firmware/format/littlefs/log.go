package littlefs

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

// The types of a tag (SPEC.md, "Metadata types"): three bits, and eight that say
// more.
const (
	typeName   = 0x0
	typeStruct = 0x2
	typeAttr   = 0x3
	typeSplice = 0x4
	typeCRC    = 0x5
	typeTail   = 0x6

	kindNone  = 0
	kindFile  = 0x01
	kindDir   = 0x02
	kindSuper = 0xff

	structNone   = 0xff
	structDir    = 0x00
	structInline = 0x01
	structList   = 0x02

	spliceCreate = 0x01
	spliceDelete = 0xff

	hardTail = 0x01
	noFile   = 0x3ff
	deleted  = 0x3ff // as a length
	attrTime = 't'
)

// file is what the commits say of one name.
type file struct {
	name  string
	kind  byte
	how   byte // of its content
	data  []byte
	mtime time.Time
}

// log is the newest state of one metadata block.
type log struct {
	revision uint32
	files    []file
	tail     pair
	hard     bool // the tail goes on with this folder
}

// tag is one in its unpacked form.
type tag uint32

func (t tag) invalid() bool { return t&0x80000000 != 0 }
func (t tag) kind() int     { return int(t>>28) & 7 }
func (t tag) chunk() byte   { return byte(t >> 20) }
func (t tag) id() int       { return int(t>>10) & 0x3ff }
func (t tag) size() int     { return int(t) & 0x3ff }

// commit says that the tag ends a commit, and isn't the sum of the next one.
func (t tag) commit() bool { return t.kind() == typeCRC && t.chunk()&0x80 == 0 }

// room is how many bytes the tag and its data take; what was deleted has none.
func (t tag) room() int {
	if t.size() == deleted {
		return 4
	}
	return 4 + t.size()
}

// maxFiles bounds the names of one block; ids have ten bits.
const maxFiles = 0x3ff

// parsePair reads a metadata block up to its last whole commit; nil where there
// is none.
func parsePair(b []byte) *log {
	end := commits(b)
	if end == 0 {
		return nil
	}
	l := &log{revision: le.Uint32(b)}
	last := tag(0xffffffff)
	for off := 4; off < end; {
		t := tag(binary.BigEndian.Uint32(b[off:])) ^ last
		last = t
		if t.commit() {
			last ^= tag(t.chunk()&1) << 31
		} else if !l.apply(t, b[off+4:off+t.room()]) {
			break
		}
		off += t.room()
	}
	return l
}

// commits is where the last commit with a right sum ends; 0 where there is none.
func commits(b []byte) (end int) {
	if len(b) < 16 {
		return 0
	}
	sum, last := checksum(0xffffffff, b[:4]), tag(0xffffffff)
	for off := 4; off+4 <= len(b); {
		t := tag(binary.BigEndian.Uint32(b[off:])) ^ last
		if t.invalid() || off+t.room() > len(b) {
			break
		}
		last = t
		if !t.commit() {
			sum = checksum(sum, b[off:off+t.room()])
			off += t.room()
			continue
		}
		if t.size() < 4 || t.size() == deleted || checksum(sum, b[off:off+4]) != le.Uint32(b[off+4:]) {
			break
		}
		sum = 0xffffffff
		last ^= tag(t.chunk()&1) << 31
		off += t.room()
		end = off
	}
	return end
}

// checksum goes on with the sum of littlefs, which leaves out the last step of
// CRC-32.
func checksum(sum uint32, b []byte) uint32 { return ^crc32.Update(^sum, crc32.IEEETable, b) }

// apply takes one entry; false where it makes no sense.
func (l *log) apply(t tag, data []byte) bool {
	if t.kind() == typeTail {
		if len(data) >= 8 {
			l.tail, l.hard = pair{le.Uint32(data), le.Uint32(data[4:])}, t.chunk() == hardTail
		}
		return true
	}
	i := t.id()
	if i == noFile || t.kind() == typeCRC {
		return true
	}
	if t.kind() == typeSplice {
		switch t.chunk() {
		case spliceCreate:
			if i > len(l.files) || len(l.files) >= maxFiles {
				return false
			}
			l.files = append(l.files, file{})
			copy(l.files[i+1:], l.files[i:])
			l.files[i] = file{how: structNone}
		case spliceDelete:
			if i >= len(l.files) {
				return false
			}
			l.files = append(l.files[:i:i], l.files[i+1:]...)
		}
		return true
	}
	if t.kind() == typeName {
		for len(l.files) <= i {
			l.files = append(l.files, file{how: structNone})
		}
	}
	if i >= len(l.files) {
		return true // an attribute of nothing
	}
	f := &l.files[i]
	switch t.kind() {
	case typeName:
		f.kind, f.name = t.chunk(), string(data)
	case typeStruct:
		f.how, f.data = t.chunk(), data
	case typeAttr:
		if t.chunk() == attrTime {
			f.mtime = modified(data)
		}
	}
	return true
}

// super reads the superblock's entry.
func (l *log) super() (s super, ok bool) {
	if l == nil || len(l.files) == 0 || l.files[0].kind != kindSuper || l.files[0].name != magic {
		return s, false
	}
	d := l.files[0].data
	if l.files[0].how != structInline || len(d) < 24 {
		return s, false
	}
	s = super{le.Uint32(d), le.Uint32(d[4:]), le.Uint32(d[8:])}
	return s, s.version>>16 == 2 && s.block >= leastBlock && s.block <= maxBlock && s.count >= 2 && s.count < noBlock
}
