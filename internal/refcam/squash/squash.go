// Package squash writes squashfs 4.0 file systems with gzip blocks. In: a list
// of entries and one time stamp. Out: the bytes of a file system that Linux
// and unsquashfs read; the same entries give the same bytes.
//
// The layout follows the kernel's Documentation/filesystems/squashfs.rst and
// fs/squashfs/squashfs_fs.h. It writes basic inodes only: no extended
// attributes, no hard links, no sockets.
package squash

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"math/bits"
	"path"
	"slices"
	"strings"
)

// Type is the type of an inode, as its basic form is numbered on disk.
type Type uint16

// The types of an entry.
const (
	Dir     Type = 1
	File    Type = 2
	Symlink Type = 3
	Block   Type = 4
	Char    Type = 5
)

// Entry is one name in the tree.
type Entry struct {
	Path   string // absolute and clean: "/etc/passwd"
	Type   Type
	Mode   uint16 // permission bits, 0o7777
	UID    uint32
	GID    uint32
	Data   []byte // of a file
	Target string // of a symlink
	Major  uint32 // of a device
	Minor  uint32
}

const (
	magic      = 0x73717368
	gzip       = 1
	noXattrs   = 0x0200
	metaBlock  = 8192
	stored     = 1 << 24 // in the size of a data block: not compressed
	metaStored = 1 << 15 // in the size of a metadata block
	nothing    = ^uint64(0)
	noFragment = ^uint32(0)
)

// Write returns the file system. Missing parents are made, root's, mode 0755.
// blockSize is a power of two from 4096 to 1 MiB; mtime is in seconds since
// 1970 and stamped on everything.
func Write(entries []Entry, blockSize int, mtime uint32) ([]byte, error) {
	if blockSize < 4096 || blockSize > 1<<20 || bits.OnesCount(uint(blockSize)) != 1 {
		return nil, fmt.Errorf("squashfs: block size %d is no power of two from 4096 to 1048576", blockSize)
	}
	root, count, err := tree(entries)
	if err != nil {
		return nil, err
	}
	w := &writer{blockSize: blockSize, mtime: mtime, ids: map[uint32]uint16{}}
	w.out.Write(make([]byte, 96)) // the superblock, known at the end
	if err := w.data(root); err != nil {
		return nil, err
	}
	if err := w.flushFragment(); err != nil {
		return nil, err
	}
	root.parent = uint32(count) + 1 // the root's parent is no inode
	if err := w.inode(root); err != nil {
		return nil, err
	}
	rootRef := root.ref
	super := superblock{
		Magic: magic, Inodes: uint32(count), MTime: mtime, BlockSize: uint32(blockSize),
		Fragments: uint32(len(w.fragments)), Compression: gzip, BlockLog: uint16(bits.TrailingZeros(uint(blockSize))),
		Flags: noXattrs, Major: 4, Root: rootRef, XattrTable: nothing, ExportTable: nothing,
	}
	super.InodeTable = uint64(w.out.Len())
	w.out.Write(w.inodes.finish())
	super.DirTable = uint64(w.out.Len())
	w.out.Write(w.dirs.finish())
	super.FragmentTable = w.table(encode(w.fragments))
	super.IDs = uint16(len(w.idList))
	super.IDTable = w.table(encode(w.idList))
	super.Bytes = uint64(w.out.Len())
	if pad := w.out.Len() % 4096; pad != 0 { // as mksquashfs does, for block devices
		w.out.Write(make([]byte, 4096-pad))
	}
	b := w.out.Bytes()
	copy(b, encode(super))
	return b, nil
}

type superblock struct {
	Magic, Inodes, MTime, BlockSize, Fragments      uint32
	Compression, BlockLog, Flags, IDs, Major, Minor uint16
	Root, Bytes                                     uint64
	IDTable, XattrTable, InodeTable, DirTable       uint64
	FragmentTable, ExportTable                      uint64
}

// encode writes v little-endian. v is of fixed-size fields only.
func encode(v any) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, v)
	if err != nil {
		panic(err) // a field of variable size, which no caller has
	}
	return b
}

// node is an entry with its place in the tree and in the image.
type node struct {
	Entry
	name     string
	children []*node
	number   uint32
	parent   uint32

	ref        uint64 // metadata block and offset of the inode
	start      uint64 // of a file's blocks
	blocks     []uint32
	fragment   uint32
	fragOffset uint32
}

// tree sorts the entries into directories and numbers them; it returns the
// root and how many there are.
func tree(entries []Entry) (*node, int, error) {
	root := &node{Entry: Entry{Path: "/", Type: Dir, Mode: 0o755}}
	all := map[string]*node{"/": root}
	var need func(p string) (*node, error)
	need = func(p string) (*node, error) {
		if n := all[p]; n != nil {
			if n.Type != Dir {
				return nil, fmt.Errorf("squashfs: %q is no directory and has entries below it", p)
			}
			return n, nil
		}
		up, err := need(path.Dir(p))
		if err != nil {
			return nil, err
		}
		n := &node{Entry: Entry{Path: p, Type: Dir, Mode: 0o755}, name: path.Base(p)}
		all[p] = n
		up.children = append(up.children, n)
		return n, nil
	}
	sorted := slices.SortedFunc(slices.Values(entries), func(a, b Entry) int { return cmp.Compare(a.Path, b.Path) })
	for _, e := range sorted {
		switch {
		case !strings.HasPrefix(e.Path, "/") || path.Clean(e.Path) != e.Path || len(path.Base(e.Path)) > 256 || strings.Contains(e.Path, "\x00"):
			return nil, 0, fmt.Errorf("squashfs: path %q is not absolute and clean, or too long", e.Path)
		case e.Type < Dir || e.Type > Char:
			return nil, 0, fmt.Errorf("squashfs: %q has the unknown type %d", e.Path, e.Type)
		case e.Path == "/" && e.Type == Dir:
			root.Entry = e
			continue
		case all[e.Path] != nil:
			return nil, 0, fmt.Errorf("squashfs: %q is there twice", e.Path)
		}
		up, err := need(path.Dir(e.Path))
		if err != nil {
			return nil, 0, err
		}
		n := &node{Entry: e, name: path.Base(e.Path)}
		all[e.Path] = n
		up.children = append(up.children, n)
	}
	count := 0
	var number func(n *node)
	number = func(n *node) {
		slices.SortFunc(n.children, func(a, b *node) int { return cmp.Compare(a.name, b.name) })
		for _, c := range n.children {
			number(c)
		}
		count++
		n.number = uint32(count)
		for _, c := range n.children {
			c.parent = n.number
		}
	}
	number(root)
	return root, count, nil
}

type writer struct {
	out       bytes.Buffer
	blockSize int
	mtime     uint32
	ids       map[uint32]uint16
	idList    []uint32
	fragments []fragment
	tail      []byte // of the fragment block that is being filled
	inodes    meta
	dirs      meta
}

type fragment struct {
	Start        uint64
	Size, Unused uint32
}

// block writes a data block and returns its size field.
func (w *writer) block(b []byte) (uint32, error) {
	z, err := deflate(b)
	if err != nil {
		return 0, err
	}
	if len(z) < len(b) {
		w.out.Write(z)
		return uint32(len(z)), nil
	}
	w.out.Write(b)
	return uint32(len(b)) | stored, nil
}

func deflate(b []byte) ([]byte, error) {
	var z bytes.Buffer
	zw, err := zlib.NewWriterLevel(&z, zlib.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("squashfs: compress: %w", err)
	}
	if _, err := zw.Write(b); err != nil {
		return nil, fmt.Errorf("squashfs: compress: %w", err)
	}
	if err := zw.Close(); err != nil {
		return nil, fmt.Errorf("squashfs: compress: %w", err)
	}
	return z.Bytes(), nil
}

// data writes the blocks of every file below n; what is left of each goes into
// a shared fragment.
func (w *writer) data(n *node) error {
	for _, c := range n.children {
		if err := w.data(c); err != nil {
			return err
		}
	}
	if n.Type != File {
		return nil
	}
	if uint64(len(n.Data)) > 1<<31 {
		return fmt.Errorf("squashfs: %q has %d bytes, at most 2 GiB fit", n.Path, len(n.Data))
	}
	n.start, n.fragment = uint64(w.out.Len()), noFragment
	rest := n.Data
	for len(rest) >= w.blockSize {
		size, err := w.block(rest[:w.blockSize])
		if err != nil {
			return err
		}
		n.blocks = append(n.blocks, size)
		rest = rest[w.blockSize:]
	}
	if len(rest) == 0 {
		return nil
	}
	if len(w.tail)+len(rest) > w.blockSize {
		if err := w.flushFragment(); err != nil {
			return err
		}
	}
	n.fragment, n.fragOffset = uint32(len(w.fragments)), uint32(len(w.tail))
	w.tail = append(w.tail, rest...)
	return nil
}

func (w *writer) flushFragment() error {
	if len(w.tail) == 0 {
		return nil
	}
	start := uint64(w.out.Len())
	size, err := w.block(w.tail)
	if err != nil {
		return err
	}
	w.fragments = append(w.fragments, fragment{Start: start, Size: size})
	w.tail = w.tail[:0]
	return nil
}

func (w *writer) id(n uint32) (uint16, error) {
	i, ok := w.ids[n]
	if !ok {
		if len(w.idList) > 0xffff {
			return 0, fmt.Errorf("squashfs: more than 65536 owners")
		}
		i = uint16(len(w.idList))
		w.ids[n] = i
		w.idList = append(w.idList, n)
	}
	return i, nil
}

type inodeHead struct {
	Type, Mode, UID, GID uint16
	MTime, Number        uint32
}

// inode writes the inodes below n, its listing and then n: a directory needs
// to know where its entries are.
func (w *writer) inode(n *node) error {
	for _, c := range n.children {
		if err := w.inode(c); err != nil {
			return err
		}
	}
	uid, err := w.id(n.UID)
	if err != nil {
		return err
	}
	gid, err := w.id(n.GID)
	if err != nil {
		return err
	}
	head := inodeHead{Type: uint16(n.Type), Mode: n.Mode & 0o7777, UID: uid, GID: gid, MTime: w.mtime, Number: n.number}
	var body []byte
	switch n.Type {
	case Dir:
		if body, err = w.dir(n); err != nil {
			return err
		}
	case File:
		body = encode([]uint32{uint32(n.start), n.fragment, n.fragOffset, uint32(len(n.Data))})
		if n.start > 1<<32-1 {
			return fmt.Errorf("squashfs: %q begins beyond 4 GiB", n.Path)
		}
		body = append(body, encode(n.blocks)...)
	case Symlink:
		if n.Target == "" || len(n.Target) > 65535 {
			return fmt.Errorf("squashfs: link %q: target has %d bytes", n.Path, len(n.Target))
		}
		body = append(encode([]uint32{1, uint32(len(n.Target))}), n.Target...)
	case Block, Char:
		dev := n.Minor&0xff | n.Major<<8 | n.Minor&^0xff<<12 // new_encode_dev of Linux
		body = encode([]uint32{1, dev})
	}
	n.ref, err = w.inodes.add(append(encode(head), body...))
	return err
}

type dirInode struct {
	Start, Links uint32
	Size, Offset uint16
	Parent       uint32
}

// dir writes the listing of a directory and returns the rest of its inode.
func (w *writer) dir(n *node) ([]byte, error) {
	var list []byte
	for rest := n.children; len(rest) > 0; {
		// A run shares the metadata block of its inodes; numbers are kept as
		// distances of 16 bits.
		run := 1
		for run < len(rest) && run < 256 && rest[run].ref>>16 == rest[0].ref>>16 {
			if d := int64(rest[run].number) - int64(rest[0].number); d < -32768 || d > 32767 {
				break
			}
			run++
		}
		list = append(list, encode([]uint32{uint32(run - 1), uint32(rest[0].ref >> 16), rest[0].number})...)
		for _, c := range rest[:run] {
			list = append(list, encode([]uint16{uint16(c.ref), uint16(int32(c.number) - int32(rest[0].number)), uint16(c.Type), uint16(len(c.name) - 1)})...)
			list = append(list, c.name...)
		}
		rest = rest[run:]
	}
	if len(list)+3 > 65535 {
		return nil, fmt.Errorf("squashfs: directory %q has too many entries", n.Path)
	}
	ref, err := w.dirs.add(list)
	if err != nil {
		return nil, err
	}
	links := uint32(2)
	for _, c := range n.children {
		if c.Type == Dir {
			links++
		}
	}
	// The listing counts "." and "..", which aren't stored, with 3 bytes.
	return encode(dirInode{Start: uint32(ref >> 16), Links: links, Size: uint16(len(list) + 3), Offset: uint16(ref), Parent: n.parent}), nil
}

// table writes a look-up table: its metadata blocks, then their positions. It
// returns where the positions begin.
func (w *writer) table(b []byte) uint64 {
	var positions []uint64
	for chunk := range slices.Chunk(b, metaBlock) {
		positions = append(positions, uint64(w.out.Len()))
		w.out.Write(metadata(chunk))
	}
	at := uint64(w.out.Len())
	w.out.Write(encode(positions))
	return at
}

// meta is a stream of metadata blocks.
type meta struct {
	done bytes.Buffer
	open []byte
}

// add appends b and returns where it begins: block << 16 | offset.
func (m *meta) add(b []byte) (uint64, error) {
	if m.done.Len() > 1<<31 {
		return 0, fmt.Errorf("squashfs: metadata too large")
	}
	at := uint64(m.done.Len())<<16 | uint64(len(m.open))
	m.open = append(m.open, b...)
	for len(m.open) >= metaBlock {
		m.done.Write(metadata(m.open[:metaBlock]))
		m.open = m.open[metaBlock:]
	}
	return at, nil
}

func (m *meta) finish() []byte {
	if len(m.open) > 0 {
		m.done.Write(metadata(m.open))
		m.open = nil
	}
	return m.done.Bytes()
}

// metadata returns one block with its header.
func metadata(b []byte) []byte {
	z, err := deflate(b)
	if err != nil || len(z) >= len(b) {
		return append(encode(uint16(len(b)|metaStored)), b...)
	}
	return append(encode(uint16(len(z))), z...)
}
