package yaffs2

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"assay/internal/collect/firmware/format"
)

// The types of an object.
const (
	kindFile = iota + 1
	kindLink
	kindFolder
	kindHardLink
	kindSpecial
)

// Numbers of objects. Those that were deleted move to one of two folders.
const (
	rootID      = 1
	lostID      = 2
	unlinkedID  = 3
	deletedID   = 4
	mostID      = 0x3ffff
	summaryID   = 0x10
	mostChunkID = 0xfffff
	// Sequence numbers of blocks; what is outside is a checkpoint or a bad block.
	lowestSeq  = 0x1000
	highestSeq = 0xefffff00
	checkpoint = 0x21
)

const (
	headerSize = 512
	tagsSize   = 16
	// extra in a chunk's number says that the tags of a header repeat some of it.
	extra       = 1 << 31
	extraShrink = 1 << 30
)

// layout is how chunks and tags lie in an image.
type layout struct {
	chunk, spare int // bytes
	tags         int // where in the spare bytes they start
	order        binary.ByteOrder
	first        bool // YAFFS1
}

func (l layout) stride() int64 { return int64(l.chunk + l.spare) }

// tag is what the spare bytes say of a chunk. id is 0 for a header.
type tag struct {
	seq, obj, id, bytes uint32
	shrink              bool
	parent, kind        uint32 // of a header with extra; kind is 0 where there is none
}

// state of a chunk
const (
	chunkOther  = iota // not of this file system
	chunkErased        // never written
	chunkUnused        // deleted, or of no use here
	chunkUsed
)

// parse reads the tags in spare.
func (l layout) parse(spare []byte) (t tag, state int) {
	if l.first {
		return l.parseFirst(spare)
	}
	b := spare[l.tags : l.tags+tagsSize]
	t = tag{seq: l.order.Uint32(b), obj: l.order.Uint32(b[4:]), id: l.order.Uint32(b[8:]), bytes: l.order.Uint32(b[12:])}
	if t.seq == 1<<32-1 {
		if blank(b) {
			return t, chunkErased
		}
		return t, chunkOther
	}
	if t.seq == checkpoint {
		return t, chunkUnused
	}
	if t.id&extra != 0 {
		t.shrink, t.parent = t.id&extraShrink != 0, t.id&0x0fffffff
		t.kind, t.obj = t.obj>>28, t.obj&0x0fffffff
		t.id, t.bytes = 0, 0
		if t.kind < kindFile || t.kind > kindSpecial {
			return t, chunkOther
		}
	}
	return t, l.judge(t)
}

// judge says whether numbers can be those of a chunk.
func (l layout) judge(t tag) int {
	switch {
	case t.obj == 0 || t.obj > mostID || t.id > mostChunkID || !l.first && (t.seq < lowestSeq || t.seq > highestSeq):
		return chunkOther
	case t.id > 0 && int64(t.bytes) > int64(l.chunk):
		return chunkOther
	case t.obj == summaryID:
		return chunkUnused
	}
	return chunkUsed
}

// parseFirst reads the eight bytes of YAFFS1, which lie between those of a bad
// block's mark and of the data's ECC. Compilers fill words from the other end
// on machines of the other byte order.
func (l layout) parseFirst(spare []byte) (t tag, state int) {
	b := []byte{spare[0], spare[1], spare[2], spare[3], spare[6], spare[7], spare[11], spare[12]}
	if blank(b) {
		return t, chunkErased
	}
	w0, w1 := l.order.Uint32(b), l.order.Uint32(b[4:])
	if l.order == binary.LittleEndian {
		t = tag{id: w0 & 0xfffff, seq: w0 >> 20 & 3, bytes: w0>>22 | w1>>30<<10, obj: w1 & 0x3ffff}
	} else {
		t = tag{id: w0 >> 12, seq: w0 >> 10 & 3, bytes: w0&0x3ff | w1&3<<10, obj: w1 >> 14}
	}
	if bits.OnesCount8(spare[4]) < 7 {
		return t, chunkUnused
	}
	if t.id == 0 {
		t.bytes = 0
	}
	return t, l.judge(t)
}

func blank(b []byte) bool { return len(bytes.TrimLeft(b, "\xff")) == 0 }

// header is an object's header; modes bring the types of Linux.
type header struct {
	b     []byte
	order binary.ByteOrder
}

func (h header) u32(at int) uint32 { return h.order.Uint32(h.b[at:]) }
func (h header) kind() uint32      { return h.u32(0) }
func (h header) parent() uint32    { return h.u32(4) }
func (h header) text(at, most int) string {
	s, _, _ := bytes.Cut(h.b[at:at+most], []byte{0})
	return string(s)
}

// plausible says that b can be a header: the type, the folder, a name with an
// end, and a mode that fits the type.
func (h header) plausible() bool {
	if len(h.b) < headerSize || h.kind() < kindFile || h.kind() > kindSpecial || h.parent() == 0 || h.parent() > mostID ||
		bytes.IndexByte(h.b[10:266], 0) < 0 {
		return false
	}
	mode := h.u32(268) >> 12
	switch h.kind() {
	case kindFile:
		return mode == 0o10
	case kindLink:
		return mode == 0o12 && h.b[300] != 0
	case kindFolder:
		return mode == 0o04
	case kindSpecial:
		return mode == 0o01 || mode == 0o02 || mode == 0o06 || mode == 0o14
	}
	return h.u32(296) > 0 && h.u32(296) <= mostID // a hard link
}

// spares are the numbers of spare bytes of NAND flash with pages of that size,
// the usual one first.
var spares = map[int][]int{
	512:   {16},
	1024:  {32, 64},
	2048:  {64, 112, 128},
	4096:  {128, 208, 218, 224, 232, 256},
	8192:  {256, 376, 436, 448, 512, 640, 744},
	16384: {512, 1024, 1216, 1280},
}

const (
	mostTags  = 64 // tags begin at most so far in the spare bytes
	looked    = 64 // chunks that a layout is tried on
	leastSame = 3  // chunks that have to fit where none is erased
)

// detect finds the layout in which the chunks at at make sense.
func detect(s format.Source, at int64) (best layout, ok bool) {
	head := format.Head(s, at, headerSize)
	if len(head) < headerSize || blank(head[:16]) {
		return best, false
	}
	top := 0
	try := func(l layout) {
		// One byte too early numbers are 256 times as large, and may still pass; one
		// byte too late they don't.
		if n := l.fits(s, at); n > top || n == top && n > 0 && l.chunk == best.chunk && l.tags > best.tags {
			best, top = l, n
		}
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		try(layout{chunk: 512, spare: 16, order: order, first: true})
		for chunk := 512; chunk <= 16384; chunk *= 2 {
			// Tags in the page itself are a page with as many spare bytes.
			if chunk > 512 {
				try(layout{chunk: chunk - tagsSize, spare: tagsSize, order: order})
			}
			tail := format.Head(s, at+int64(chunk), mostTags+tagsSize)
			for i := 0; i+tagsSize <= len(tail); i++ {
				l := layout{chunk: chunk, spare: i + tagsSize, tags: i, order: order}
				if _, state := l.parse(tail[:i+tagsSize]); state != chunkUsed {
					continue
				}
				for _, l.spare = range spares[chunk] {
					if i+tagsSize <= l.spare {
						try(l)
					}
				}
			}
		}
	}
	return best, top > 0
}

// fits counts the chunks that make sense, 0 where the layout is wrong: the first
// chunk is used, no chunk is of anything else, one is a header, and they are not
// the same again and again.
func (l layout) fits(s format.Source, at int64) int {
	used, headers, erased := 0, 0, 0
	var seqs []uint32
	pieces := map[[2]uint32]bool{}
	for k := range int64(looked) {
		from := at + k*l.stride()
		spare := format.Head(s, from+int64(l.chunk), l.spare)
		if len(spare) < l.spare {
			break
		}
		t, state := l.parse(spare)
		if state == chunkUsed && t.id == 0 {
			h := header{format.Head(s, from, headerSize), l.order}
			if h.plausible() && (t.kind == 0 || t.kind == h.kind() && (t.parent == h.parent() || h.parent() == rootID)) {
				headers++
			} else {
				state = chunkOther
			}
		}
		if state == chunkOther && used >= looked/2 {
			break // another partition
		}
		switch {
		case state == chunkOther, k == 0 && state != chunkUsed:
			return 0
		case state == chunkErased:
			erased++
		case state == chunkUsed:
			used++
			pieces[[2]uint32{t.obj, t.id}] = true
			if !slices.Contains(seqs, t.seq) {
				seqs = append(seqs, t.seq)
			}
		}
	}
	// A block has one sequence number, and 32 chunks at least.
	if headers == 0 || used+erased < leastSame || len(pieces) < used/2 || !l.first && len(seqs) > looked/32+1 {
		return 0
	}
	return used
}
