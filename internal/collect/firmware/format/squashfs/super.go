package squashfs

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"sync"
	"time"
)

// SuperSize is the length of a superblock in bytes.
const SuperSize = 96

const (
	magic        = 0x73717368 // "hsqs"
	minBlock     = 4096
	maxBlock     = 1 << 20
	noFragment   = 0xffffffff
	noTable      = 1<<64 - 1
	metaSize     = 8192
	storedMeta   = 1 << 15
	storedBlock  = 1 << 24
	blockSizeMax = storedBlock - 1
)

// Super is a superblock.
type Super struct {
	Inodes      uint32
	MTime       time.Time
	BlockSize   uint32
	Fragments   uint32
	Compression string // "gzip", "lzma", "lzo", "xz", "lz4", "zstd"
	Flags       uint16
	IDs         uint16
	Root        uint64 // block and offset of the root's inode
	Used        int64  // bytes of the file system
	IDTable     int64
	XattrTable  int64 // -1: none
	InodeTable  int64
	DirTable    int64
	FragTable   int64 // -1: none
	ExportTable int64 // -1: none
}

var compressions = [...]string{1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}

// ParseSuper reads a superblock from the first SuperSize bytes of b. It accepts
// only one whose fields fit each other, so that a stray magic number is not
// taken for a file system; whether the image holds Used bytes is for the caller.
func ParseSuper(b []byte) (Super, error) {
	if len(b) < SuperSize {
		return Super{}, fmt.Errorf("%w: %d of %d superblock bytes", ErrFormat, len(b), SuperSize)
	}
	le := binary.LittleEndian
	if le.Uint32(b) != magic {
		return Super{}, fmt.Errorf("%w: magic %08x", ErrFormat, le.Uint32(b))
	}
	if major, minor := le.Uint16(b[28:]), le.Uint16(b[30:]); major != 4 || minor != 0 {
		return Super{}, fmt.Errorf("%w: version %d.%d at offset 28", ErrFormat, major, minor)
	}
	s := Super{
		Inodes:    le.Uint32(b[4:]),
		MTime:     time.Unix(int64(le.Uint32(b[8:])), 0).UTC(),
		BlockSize: le.Uint32(b[12:]),
		Fragments: le.Uint32(b[16:]),
		Flags:     le.Uint16(b[24:]),
		IDs:       le.Uint16(b[26:]),
		Root:      le.Uint64(b[32:]),
	}
	if s.BlockSize < minBlock || s.BlockSize > maxBlock || bits.OnesCount32(s.BlockSize) != 1 {
		return s, fmt.Errorf("%w: block size %d at offset 12", ErrFormat, s.BlockSize)
	}
	if log := le.Uint16(b[22:]); int(log) != bits.TrailingZeros32(s.BlockSize) {
		return s, fmt.Errorf("%w: block log %d at offset 22 contradicts block size %d", ErrFormat, log, s.BlockSize)
	}
	c := le.Uint16(b[20:])
	if c == 0 || int(c) >= len(compressions) {
		return s, fmt.Errorf("%w: compression %d at offset 20", ErrFormat, c)
	}
	s.Compression = compressions[c]
	used := le.Uint64(b[40:])
	if used < SuperSize || used > 1<<62-1 {
		return s, fmt.Errorf("%w: %d bytes used at offset 40", ErrFormat, used)
	}
	s.Used = int64(used)
	for _, t := range []struct {
		name     string
		at       int
		to       *int64
		optional bool
	}{
		{"id table", 48, &s.IDTable, false},
		{"xattr table", 56, &s.XattrTable, true},
		{"inode table", 64, &s.InodeTable, false},
		{"directory table", 72, &s.DirTable, false},
		{"fragment table", 80, &s.FragTable, true},
		{"export table", 88, &s.ExportTable, true},
	} {
		v := le.Uint64(b[t.at:])
		if v == noTable && t.optional {
			*t.to = -1
			continue
		}
		if v < SuperSize || v >= used {
			return s, fmt.Errorf("%w: %s at %d (offset %d) is outside of %d bytes", ErrFormat, t.name, v, t.at, used)
		}
		*t.to = int64(v)
	}
	if s.DirTable <= s.InodeTable {
		return s, fmt.Errorf("%w: directory table at %d before inode table at %d", ErrFormat, s.DirTable, s.InodeTable)
	}
	if s.Inodes == 0 || s.IDs == 0 {
		return s, fmt.Errorf("%w: %d inodes, %d ids", ErrFormat, s.Inodes, s.IDs)
	}
	if root := s.Root >> 16; root >= uint64(s.DirTable-s.InodeTable) || s.Root&0xffff >= metaSize {
		return s, fmt.Errorf("%w: root inode %d:%d at offset 32 is outside of the inode table", ErrFormat, root, s.Root&0xffff)
	}
	return s, nil
}

// FS is an open file system. It may be walked more than once, one walk at a time.
type FS struct {
	r     io.ReaderAt
	size  int64 // bytes that are there: min(image, Used)
	super Super
	lim   Limits

	mu       sync.Mutex
	problems []Problem
	dropped  int
}

// Open reads the superblock of the file system that begins at the first byte of
// r, of which size bytes are there. A file system that claims more than that is
// opened, with a Truncated problem, if its inode table is there.
func Open(r io.ReaderAt, size int64, lim Limits) (*FS, error) {
	var b [SuperSize]byte
	n, err := r.ReadAt(b[:min(SuperSize, max(size, 0))], 0)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("squashfs: read the superblock: %w", err)
	}
	s, err := ParseSuper(b[:n])
	if err != nil {
		return nil, err
	}
	f := &FS{r: r, size: min(size, s.Used), super: s, lim: lim.withDefaults()}
	if s.Compression == "lzo" {
		return nil, fmt.Errorf("%w: compression %s not read", ErrUnsupported, s.Compression)
	}
	if int64(s.Inodes) > int64(f.lim.Entries) {
		return nil, fmt.Errorf("%w: %d inodes at offset 4, at most %d are read", ErrLimit, s.Inodes, f.lim.Entries)
	}
	if s.Used > size {
		if s.InodeTable >= size || s.DirTable >= size {
			return nil, fmt.Errorf("squashfs: truncated: %d of %d bytes are there, the inode table stands at %d, the directory table at %d",
				size, s.Used, s.InodeTable, s.DirTable)
		}
		f.problem(Problem{Offset: 40, Kind: Truncated, Detail: fmt.Sprintf("%d bytes used are claimed, %d are there", s.Used, size)})
	}
	return f, nil
}

// Super returns the superblock.
func (f *FS) Super() Super { return f.super }

// Problems returns what was odd in Open and in the walks so far, in the order
// of the walk, and how many more were dropped for Limits.Problems.
func (f *FS) Problems() (kept []Problem, dropped int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Problem(nil), f.problems...), f.dropped
}

func (f *FS) problem(p Problem) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.problems) >= f.lim.Problems {
		f.dropped++
		return
	}
	f.problems = append(f.problems, p)
}

// CheckRoot reads the root directory's inode: the cheapest proof that a tree
// stands behind the superblock.
func (f *FS) CheckRoot() error {
	m := newMetaReader(f)
	defer m.d.close()
	n, err := m.inode(f.super.Root)
	if err != nil {
		return fmt.Errorf("squashfs: root inode: %w", err)
	}
	if n.Type != Dir {
		return fmt.Errorf("squashfs: root inode is a %s", n.Type)
	}
	return nil
}
