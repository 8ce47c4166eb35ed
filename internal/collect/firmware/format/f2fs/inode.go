package f2fs

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

const (
	maxTarget  = 4096
	addrsAt    = 360 // i_addr in an inode
	inodeAddrs = 923
	nodeAddrs  = 1018 // of a direct or indirect node
	nodesAt    = 4052 // i_nid
	xattrAddrs = 50   // that inline attributes take, if nothing else is said
)

// Bits of i_advise, i_inline and i_flags.
const (
	adviseEncrypted = 0x04

	inlineXattr  = 0x01
	inlineData   = 0x02
	inlineDentry = 0x04
	extraAttr    = 0x20

	flagCompressed = 0x4
)

// Addresses that aren't (NULL_ADDR, NEW_ADDR, COMPRESS_ADDR).
const (
	addrNone       = 0
	addrNew        = 0xffffffff
	addrCompressed = 0xfffffffe
)

const modeType = 0o170000

var types = map[uint16]format.Type{
	0o010000: format.FIFO, 0o020000: format.Char, 0o040000: format.Dir, 0o060000: format.Block,
	0o100000: format.File, 0o120000: format.Symlink, 0o140000: format.Socket,
}

// inode is what is kept of one while its folder is read.
type inode struct {
	number     uint32
	size       int64
	at         int64
	inline     string   // content, or the entries of a folder
	addrs      []uint32 // else: the first blocks
	nodes      [5]uint32
	encrypted  bool
	compressed bool
}

// reader is an open file system.
type reader struct {
	src    format.Source // from its first byte
	sb     super
	cp     checkpoint
	moved  map[uint32]uint32 // blocks of nodes
	log    tree.Log
	buf    [blockSize]byte // of an inode
	budget tree.Budget     // nodes and blocks of folders
}

func newReader(src format.Source, sb super) *reader {
	r := &reader{src: src, sb: sb}
	r.budget.Set(8*(src.Size()>>blockBits)+1<<16, "nodes and blocks of folders")
	return r
}

// Root is tree.Reader's.
func (r *reader) Root() (tree.Node[inode], error) { return r.inode(r.sb.root) }

// inode reads an inode, which is a node.
func (r *reader) inode(number uint32) (n tree.Node[inode], err error) {
	b := r.buf[:]
	at, err := r.node(b, number, number)
	if err != nil {
		return n, err
	}
	le := binary.LittleEndian
	mode := le.Uint16(b)
	n.At, n.List, n.Inode = at, uint64(number), uint64(number)
	n.Type, n.Mode = types[mode&modeType], uint32(mode&0o7777)
	n.UID, n.GID, n.Links = le.Uint32(b[4:]), le.Uint32(b[8:]), le.Uint32(b[12:])
	n.MTime = time.Unix(int64(le.Uint64(b[48:])), int64(le.Uint32(b[64:]))).UTC()
	own := &n.Own
	own.number, own.size, own.at = number, int64(le.Uint64(b[16:])), at
	own.encrypted, own.compressed = b[2]&adviseEncrypted != 0, le.Uint32(b[80:])&flagCompressed != 0
	if n.Type == "" || n.Links == 0 || own.size < 0 {
		return n, tree.Damage(at, "inode %d has mode %#o, %d links and %d bytes", number, mode, n.Links, uint64(own.size))
	}
	if err := r.body(&n, b); err != nil {
		return n, err
	}
	return n, r.finish(&n, b)
}

// body reads where the content stands: in the inode, or in blocks.
func (r *reader) body(n *tree.Node[inode], b []byte) error {
	le := binary.LittleEndian
	flags, extra := b[3], 0
	reserved := 0
	if flags&(inlineXattr|inlineDentry) != 0 {
		reserved = xattrAddrs
	}
	if flags&extraAttr != 0 && r.sb.features&featureExtra != 0 {
		if extra = int(le.Uint16(b[addrsAt:])) / 4; extra > inodeAddrs/2 {
			return tree.Damage(n.At, "inode %d has %d extra bytes", n.Own.number, 4*extra)
		}
		if r.sb.features&featureFlexXattr != 0 {
			reserved = int(le.Uint16(b[addrsAt+2:]))
		}
		if r.sb.features&featureInodeSum != 0 && 4*extra >= 12 {
			r.checkSum(n, b)
		}
	}
	count := inodeAddrs - extra - reserved
	if count < 1 {
		return tree.Damage(n.At, "inode %d has %d words for attributes", n.Own.number, reserved)
	}
	area := b[addrsAt+4*extra:][:4*count]
	if flags&(inlineData|inlineDentry) != 0 {
		n.Own.inline = string(area[4:])
		return nil
	}
	if n.Type != format.File && n.Type != format.Dir && n.Type != format.Symlink {
		return nil
	}
	// Most files are short: no more addresses are kept than there are blocks.
	count = int(min(int64(count), (n.Own.size+blockSize-1)>>blockBits))
	n.Own.addrs = make([]uint32, count)
	for i := range n.Own.addrs {
		n.Own.addrs[i] = le.Uint32(area[4*i:])
	}
	if int64(count)<<blockBits < n.Own.size {
		for i := range n.Own.nodes {
			n.Own.nodes[i] = le.Uint32(b[nodesAt+4*i:])
		}
	}
	return nil
}

// checkSum tells where an inode's checksum doesn't fit.
func (r *reader) checkSum(n *tree.Node[inode], b []byte) {
	const sumAt, generationAt = 368, 68
	le := binary.LittleEndian
	var number [4]byte
	le.PutUint32(number[:], n.Own.number)
	sum := sum32(r.sb.seed, number[:])
	sum = sum32(sum, b[generationAt:generationAt+4])
	sum = sum32(sum, b[:sumAt])
	sum = sum32(sum, make([]byte, 4))
	sum = sum32(sum, b[sumAt+4:])
	if sum != le.Uint32(b[sumAt:]) {
		r.log.Add(format.Problem{Offset: n.At, Kind: format.BadChecksum, Detail: fmt.Sprintf("the checksum of inode %d does not fit", n.Own.number)})
	}
}

// finish fills what depends on the type.
func (r *reader) finish(n *tree.Node[inode], b []byte) error {
	le := binary.LittleEndian
	switch n.Type {
	case format.File:
		n.Size = n.Own.size
	case format.Char, format.Block:
		// The first word for numbers of 8 bits, the second for others; behind
		// the extra fields.
		at := addrsAt
		if b[3]&extraAttr != 0 && r.sb.features&featureExtra != 0 {
			at += int(le.Uint16(b[addrsAt:])) &^ 3
		}
		if old := le.Uint32(b[at:]); old != 0 {
			n.Major, n.Minor = old>>8&0xff, old&0xff
			break
		}
		dev := le.Uint32(b[at+4:])
		n.Major, n.Minor = dev>>8&0xfff, dev&0xff|dev>>12&0xfff00
	case format.Symlink:
		n.Size = n.Own.size
		switch {
		case n.Own.encrypted:
			return encrypted(n)
		case n.Size > maxTarget:
			return tree.Damage(n.At, "a link target of %d bytes", n.Size)
		}
		t := make([]byte, n.Size)
		if _, err := io.ReadFull(r.content(&n.Own), t); err != nil {
			return fmt.Errorf("link target: %w", err)
		}
		n.Target = string(t)
	}
	return nil
}

func encrypted(n *tree.Node[inode]) error {
	return tree.Unread(n.At, "inode %d is encrypted (fscrypt); names and content need its key", n.Own.number)
}

// Open is tree.Reader's.
func (r *reader) Open(n *tree.Node[inode]) io.Reader {
	switch {
	case n.Own.encrypted:
		return tree.Fail(encrypted(n))
	case n.Own.compressed && r.sb.features&featureCompress != 0:
		return tree.Fail(tree.Unread(n.At, "the content is compressed"))
	}
	return r.content(&n.Own)
}

func (r *reader) content(n *inode) io.Reader {
	if n.inline != "" {
		return strings.NewReader(n.inline[:min(int64(len(n.inline)), n.size)])
	}
	return tree.Runs(r.src, (&blocks{r: r, n: n}).next)
}

// levels is the depth of nodes behind the entries of i_nid: two direct nodes,
// two of nodes, one of nodes of nodes.
var levels = [5]int{0, 0, 1, 1, 2}

// blocks goes along the blocks of an inode.
type blocks struct {
	r      *reader
	n      *inode
	at     int64
	cached [3]struct {
		node uint32
		data []byte
	}
}

// next joins blocks that stand in a row.
func (l *blocks) next() (tree.Run, error) {
	if l.at<<blockBits >= l.n.size {
		return tree.Run{}, io.EOF
	}
	block, count, err := l.find(l.at)
	if err != nil {
		return tree.Run{}, err
	}
	l.at += count
	if block == addrNone || block == addrNew {
		return tree.Run{At: -1, Len: count << blockBits}, nil
	}
	if block == addrCompressed {
		return tree.Run{}, tree.Unread(l.n.at, "the content is compressed")
	}
	if int64(block) < l.r.sb.main || int64(block) >= l.r.sb.blocks {
		return tree.Run{}, tree.Damage(l.n.at, "block %d of %d", block, l.r.sb.blocks)
	}
	const most = 2048
	for count < most && l.at<<blockBits < l.n.size {
		b, k, err := l.find(l.at)
		if err != nil || k != 1 || int64(b) != int64(block)+count || int64(b) >= l.r.sb.blocks {
			break // it is asked for again
		}
		l.at++
		count++
	}
	return tree.Run{At: int64(block) << blockBits, Len: count << blockBits}, nil
}

// find returns the address of block i of the file, or none and for how many
// blocks there is none.
func (l *blocks) find(i int64) (block uint32, count int64, err error) {
	if i < int64(len(l.n.addrs)) {
		return l.n.addrs[i], 1, nil
	}
	i -= int64(len(l.n.addrs))
	for k, node := range l.n.nodes {
		covers := int64(nodeAddrs)
		for range levels[k] {
			covers *= nodeAddrs
		}
		if i >= covers {
			i -= covers
			continue
		}
		for depth := levels[k]; ; depth-- {
			if node == 0 {
				return addrNone, covers - i, nil
			}
			b, err := l.load(depth, node)
			if err != nil {
				return 0, 0, err
			}
			covers /= nodeAddrs
			v := binary.LittleEndian.Uint32(b[4*(i/covers):])
			if depth == 0 {
				return v, 1, nil
			}
			node = v
			i %= covers
		}
	}
	return 0, 0, tree.Damage(l.n.at, "the file is longer than its nodes can be")
}

// load reads a node; the last one of each depth is kept.
func (l *blocks) load(depth int, node uint32) ([]byte, error) {
	c := &l.cached[depth]
	if c.node == node {
		return c.data, nil
	}
	if c.data == nil {
		c.data = make([]byte, blockSize)
	}
	c.node = 0
	if _, err := l.r.node(c.data, node, l.n.number); err != nil {
		return nil, err
	}
	c.node = node
	return c.data, nil
}
