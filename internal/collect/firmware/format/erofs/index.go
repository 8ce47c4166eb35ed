package erofs

import (
	"encoding/binary"
	"math/bits"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// Kinds of clusters (Z_EROFS_LCLUSTER_TYPE_*). A head is where a run of
// compressed bytes begins to expand; what isn't one belongs to the head before.
const (
	plain = iota
	head1
	tail
	head2
)

// Bits of h_advise.
const (
	advise2B         = 0x1
	adviseBig1       = 0x2
	adviseBig2       = 0x4
	adviseInline     = 0x8
	adviseInterlaced = 0x10
	adviseFragment   = 0x20
	adviseKnown      = advise2B | adviseBig1 | adviseBig2 | adviseInline | adviseInterlaced | adviseFragment
)

// blockCount marks, in the entry behind a head, the number of its blocks.
const blockCount = 1 << 11

// index is where a compressed file's clusters are described.
type index struct {
	r         *reader
	n         *inode
	advise    uint16
	algorithm [2]int // of head1, head2
	bits      uint   // of a cluster's size
	count     int64
	at        int64 // of the first entry
	initial   int64 // compact: entries of 4 bytes before those of 2
	packed2   int64 // compact: entries of 2 bytes
	tail      int64 // bytes of compressed data behind the index, or
	fragment  int64 // where the tail stands among the fragments
	whole     bool  // all of the file is a fragment

	window []byte // entries at hand
	from   int64
}

// cluster is one entry.
type cluster struct {
	kind   int
	off    int64 // in the cluster, where what the head stands for begins
	block  int64 // of the compressed bytes
	blocks int64 // of a tail: how many blocks its head has, 0 where it isn't said
}

func (r *reader) index(n *inode) (*index, error) {
	const headerSize = 8
	at := (n.end + 7) &^ 7
	var b [headerSize]byte
	if err := format.ReadAt(r.src, b[:], at); err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	x := &index{r: r, n: n, advise: le.Uint16(b[4:]), bits: r.sb.bits + uint(b[7]&7), algorithm: [2]int{int(b[6] & 15), int(b[6] >> 4)}}
	const wholeFragment = 0x80
	if b[7]&wholeFragment != 0 {
		x.whole, x.fragment = true, int64(le.Uint64(b[:])&^(1<<63))
		return x, nil
	}
	switch {
	case x.advise&^uint16(adviseKnown) != 0 || b[7]&^7 != 0 || x.bits > 20:
		return nil, tree.Unread(at, "a compressed file with features %#x, clusters %#x", x.advise, b[7])
	case x.advise&adviseInline != 0:
		x.tail = int64(le.Uint16(b[2:]))
	case x.advise&adviseFragment != 0:
		x.fragment = int64(le.Uint32(b[:]))
	}
	x.count = (n.size + 1<<x.bits - 1) >> x.bits
	x.at = at + headerSize
	if n.layout == layoutFull {
		x.at += headerSize // an old header stands there
		return x, nil
	}
	if x.bits > 14 {
		return nil, tree.Unread(at, "a compact index of clusters of %d bytes", 1<<x.bits)
	}
	// Entries of 2 bytes come in packs of 32 bytes, which must be aligned.
	x.initial = (32 - x.at%32) / 4 & 7
	if x.advise&advise2B != 0 && x.initial < x.count {
		x.packed2 = (x.count - x.initial) &^ 15
	}
	if x.packed2 > 0 && x.bits > 12 {
		return nil, tree.Unread(at, "a compact index of clusters of %d bytes", 1<<x.bits)
	}
	return x, nil
}

// read returns size bytes at at, which are entries.
func (x *index) read(at int64, size int) ([]byte, error) {
	if at < x.from || at+int64(size) > x.from+int64(len(x.window)) {
		if x.window == nil {
			x.window = make([]byte, 512)
		}
		x.window = x.window[:cap(x.window)]
		n, err := x.r.src.ReadAt(x.window, at)
		x.from, x.window = at, x.window[:n]
		if n < size {
			return nil, &tree.Fault{Kind: format.Truncated, At: at, Detail: "the index ends early: " + err.Error()}
		}
	}
	return x.window[at-x.from:][:size], nil
}

// cluster reads entry i.
func (x *index) cluster(i int64) (cluster, error) {
	if x.n.layout == layoutCompact {
		return x.compact(i)
	}
	b, err := x.read(x.at+8*i, 8)
	if err != nil {
		return cluster{}, err
	}
	le := binary.LittleEndian
	c := cluster{kind: int(b[0] & 3), off: int64(le.Uint16(b[2:])), block: int64(le.Uint32(b[4:]))}
	if c.kind == tail {
		if d := le.Uint16(b[4:]); d&blockCount != 0 {
			c.blocks = int64(d &^ blockCount)
		}
	}
	return c, nil
}

// end is where the index ends: behind the last entry or its pack.
func (x *index) end() int64 {
	if x.n.layout == layoutFull {
		return x.at + 8*x.count
	}
	at, _, size, _ := x.pack(x.count - 1)
	return at + size
}

// pack returns where the pack of entry i stands, its size, its number of
// entries, and which of them i is.
func (x *index) pack(i int64) (at int64, nth int, size int64, entries int) {
	at, entries = x.at, 2
	width := int64(4)
	if i >= x.initial {
		at += 4 * x.initial
		if i -= x.initial; i < x.packed2 {
			width, entries = 2, 16
		} else {
			at += 2 * x.packed2
			i -= x.packed2
		}
	}
	at += width * i
	size = width * int64(entries)
	// Packs are aligned to their size; so the first ones need not begin at x.at.
	start := at &^ (size - 1)
	return start, int((at - start) / width), size, entries
}

// compact reads an entry of a pack: each has a kind and a number, the pack has
// the block that its first head begins in.
func (x *index) compact(i int64) (c cluster, err error) {
	at, nth, size, entries := x.pack(i)
	b, err := x.read(at, int(size))
	if err != nil {
		return c, err
	}
	low := max(x.bits, uint(bits.Len(blockCount)))
	width := uint(size-4) * 8 / uint(entries)
	entry := func(k int) (number int64, kind int) {
		pos := uint(k) * width
		v := uint32(0)
		for j := range 4 { // of the pack's last entries fewer bytes follow
			if at := int(pos/8) + j; at < len(b) {
				v |= uint32(b[at]) << (8 * j)
			}
		}
		v >>= pos % 8
		return int64(v & (1<<low - 1)), int(v >> low & 3)
	}
	number, kind := entry(nth)
	c.kind = kind
	if kind == tail {
		if number&blockCount != 0 && x.big() {
			c.blocks = number &^ blockCount
		}
		return c, nil
	}
	c.off = number
	c.block = int64(binary.LittleEndian.Uint32(b[size-4:]))
	n, err := x.before(nth, entry)
	if err != nil {
		return c, err
	}
	c.block += n
	return c, nil
}

func (x *index) big() bool { return x.advise&adviseBig1 != 0 }

// before counts the blocks of the heads that stand in a pack before entry i. A
// tail's number leads back to its head, but for one with a count of blocks.
func (x *index) before(i int, entry func(int) (int64, int)) (blocks int64, err error) {
	if !x.big() {
		blocks = 1
	}
	for i > 0 {
		i--
		number, kind := entry(i)
		switch {
		case kind != tail:
			blocks++
		case !x.big():
			if i -= int(number); i >= 0 {
				blocks++
			}
		case number&blockCount != 0:
			blocks += number &^ blockCount
			i--
		case number <= 1:
			return 0, tree.Damage(x.at, "the index leads nowhere")
		default:
			i -= int(number) - 2
		}
	}
	return blocks, nil
}
