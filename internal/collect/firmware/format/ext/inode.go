package ext

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

const maxTarget = 4096

// Flags of an inode ("Index Nodes", i_flags).
const (
	flagCompressed = 0x4
	flagEncrypted  = 0x800
	flagExtents    = 0x80000
	flagInline     = 0x10000000
)

// File types of a mode.
const (
	modeType = 0o170000
)

var types = map[uint16]format.Type{
	0o010000: format.FIFO, 0o020000: format.Char, 0o040000: format.Dir, 0o060000: format.Block,
	0o100000: format.File, 0o120000: format.Symlink, 0o140000: format.Socket,
}

// inode is what is kept of one while its folder is read.
type inode struct {
	number uint32
	flags  uint32
	size   int64
	block  [60]byte // block list, extents, or content
	inline string   // the rest of the content, from the attributes behind the inode
}

// reader is an open file system.
type reader struct {
	src    format.Source // from its first byte
	sb     super
	log    tree.Log
	buf    []byte // of an inode
	group  int64  // whose inode table is known
	table  int64
	budget tree.Budget // blocks of folders and block lists
}

func newReader(src format.Source, sb super) *reader {
	r := &reader{src: src, sb: sb, buf: make([]byte, min(sb.inodeSize, 4096)), group: -1}
	r.budget.Set(8*(src.Size()/sb.blockSize)+1<<16, "blocks of folders and block lists")
	return r
}

// sure says why the root folder isn't one.
func (r *reader) sure() error {
	n, err := r.inode(rootInode)
	if err != nil {
		return err
	}
	if n.Type != format.Dir || n.Own.size <= 0 {
		return tree.Damage(n.At, "the root is a %s of %d bytes", n.Type, n.Own.size)
	}
	le := binary.LittleEndian
	if n.Own.flags&flagInline != 0 {
		if le.Uint32(n.Own.block[:]) != rootInode {
			return tree.Damage(n.At, "the folder above the root is inode %d", le.Uint32(n.Own.block[:]))
		}
		return nil
	}
	var b [12]byte
	if _, err := io.ReadFull(r.content(&n.Own), b[:]); err != nil {
		return err
	}
	if le.Uint32(b[:]) != rootInode || b[6] != 1 || b[8] != '.' || le.Uint16(b[4:]) < 12 {
		return tree.Damage(n.At, "the root doesn't begin with itself")
	}
	return nil
}

// Root is tree.Reader's.
func (r *reader) Root() (tree.Node[inode], error) { return r.inode(rootInode) }

// place returns where an inode stands.
func (r *reader) place(number uint32) (int64, error) {
	if number == 0 || number > r.sb.inodes {
		return 0, fmt.Errorf("%w: inode %d of %d", format.ErrDamaged, number, r.sb.inodes)
	}
	g := int64((number - 1) / r.sb.groupInodes)
	if g != r.group {
		at := r.sb.descriptor(g)
		var d [64]byte
		if err := format.ReadAt(r.src, d[:min(r.sb.descSize, 64)], at); err != nil {
			return 0, fmt.Errorf("descriptor of group %d: %w", g, err)
		}
		table := int64(binary.LittleEndian.Uint32(d[8:]))
		if r.sb.descSize >= 64 {
			table |= int64(binary.LittleEndian.Uint32(d[40:])) << 32
		}
		if table <= r.sb.firstData || table >= r.sb.blocks {
			return 0, tree.Damage(at, "group %d has its inodes in block %d of %d", g, table, r.sb.blocks)
		}
		r.group, r.table = g, table*r.sb.blockSize
	}
	return r.table + int64((number-1)%r.sb.groupInodes)*int64(r.sb.inodeSize), nil
}

// inode reads an inode.
func (r *reader) inode(number uint32) (n tree.Node[inode], err error) {
	at, err := r.place(number)
	if err != nil {
		return n, err
	}
	b := r.buf
	if err := format.ReadAt(r.src, b, at); err != nil {
		return n, fmt.Errorf("inode %d: %w", number, err)
	}
	le := binary.LittleEndian
	mode := le.Uint16(b)
	n.At, n.List, n.Inode = at, uint64(number), uint64(number)
	n.Type, n.Mode = types[mode&modeType], uint32(mode&0o7777)
	n.UID = uint32(le.Uint16(b[2:])) | uint32(le.Uint16(b[0x78:]))<<16
	n.GID = uint32(le.Uint16(b[24:])) | uint32(le.Uint16(b[0x7a:]))<<16
	n.Links = uint32(le.Uint16(b[26:]))
	n.MTime = r.mtime(b)
	own := &n.Own
	own.number, own.flags = number, le.Uint32(b[32:])
	own.size = int64(le.Uint32(b[4:])) | int64(le.Uint32(b[0x6c:]))<<32
	copy(own.block[:], b[40:])
	if n.Type == "" || n.Links == 0 {
		return n, tree.Damage(at, "inode %d is not in use: mode %#o, %d links", number, mode, n.Links)
	}
	if own.size < 0 {
		return n, tree.Damage(at, "inode %d has %d bytes", number, uint64(own.size))
	}
	if r.sb.ro&roSums != 0 && !r.sumFits(b, number) {
		r.log.Add(format.Problem{Offset: at, Kind: format.BadChecksum, Detail: fmt.Sprintf("the checksum of inode %d does not fit", number)})
	}
	if own.flags&flagInline != 0 {
		own.inline = inlineData(b)
	}
	return n, r.finish(&n, b)
}

// finish fills what depends on the type.
func (r *reader) finish(n *tree.Node[inode], b []byte) error {
	le := binary.LittleEndian
	switch n.Type {
	case format.File:
		n.Size = n.Own.size
	case format.Char, format.Block:
		// "i_block": the first word for numbers of 8 bits, the second for others.
		if old := le.Uint32(n.Own.block[:]); old != 0 {
			n.Major, n.Minor = old>>8&0xff, old&0xff
			break
		}
		dev := le.Uint32(n.Own.block[4:])
		n.Major, n.Minor = dev>>8&0xfff, dev&0xff|dev>>12&0xfff00
	case format.Symlink:
		n.Size = n.Own.size
		t, err := r.target(&n.Own, b)
		n.Target = t
		return err
	}
	return nil
}

// target reads a link's target: in the inode where it is short ("Symbolic
// Links"), in a block else.
func (r *reader) target(own *inode, b []byte) (string, error) {
	switch {
	case own.flags&flagEncrypted != 0:
		return "", encrypted(own.number)
	case own.size > maxTarget:
		return "", fmt.Errorf("%w: a link target of %d bytes", format.ErrDamaged, own.size)
	case own.size < int64(len(own.block)) && own.flags&(flagExtents|flagInline) == 0 && fast(b, r.sb.blockSize):
		return string(own.block[:own.size]), nil
	}
	t := make([]byte, own.size)
	if _, err := io.ReadFull(r.content(own), t); err != nil {
		return "", fmt.Errorf("link target: %w", err)
	}
	return string(t), nil
}

// fast says that an inode has no blocks but the one of its attributes.
func fast(b []byte, blockSize int64) bool {
	le := binary.LittleEndian
	sectors := int64(le.Uint32(b[28:]))
	if le.Uint32(b[0x68:]) != 0 {
		sectors -= blockSize / 512
	}
	return sectors <= 0
}

func encrypted(number uint32) error {
	return fmt.Errorf("%w: inode %d is encrypted (fscrypt); names and content need its key", format.ErrUnsupported, number)
}

// mtime reads the time of the last change; the extra word has two more bits of
// seconds and the nanoseconds ("Inode Timestamps").
func (r *reader) mtime(b []byte) time.Time {
	le := binary.LittleEndian
	sec, nsec := int64(int32(le.Uint32(b[16:]))), int64(0)
	if extra := extraSize(b); extra >= 12 {
		x := le.Uint32(b[0x88:])
		sec += int64(x&3) << 32
		nsec = int64(x >> 2)
	}
	return time.Unix(sec, nsec).UTC()
}

// extraSize is how much of the inode beyond its first 128 bytes has fields.
func extraSize(b []byte) int {
	if len(b) <= 130 {
		return 0
	}
	n := int(binary.LittleEndian.Uint16(b[128:]))
	if n%4 != 0 || 128+n > len(b) {
		return 0
	}
	return n
}

// sumFits calculates an inode's checksum ("Checksums"), which stands in two
// halves.
func (r *reader) sumFits(b []byte, number uint32) bool {
	const low, high = 0x7c, 0x82
	if r.sb.inodeSize > len(b) {
		return true
	}
	le := binary.LittleEndian
	var w [4]byte
	le.PutUint32(w[:], number)
	sum := sum32(r.sb.seed, w[:])
	sum = sum32(sum, b[0x64:0x68]) // generation
	sum = sum32(sum, b[:low])
	sum = sum32(sum, []byte{0, 0})
	if extraSize(b) < 4 {
		sum = sum32(sum, b[low+2:])
		return uint16(sum) == le.Uint16(b[low:])
	}
	sum = sum32(sum, b[low+2:high])
	sum = sum32(sum, []byte{0, 0})
	sum = sum32(sum, b[high+2:])
	return uint16(sum) == le.Uint16(b[low:]) && uint16(sum>>16) == le.Uint16(b[high:])
}
