package squashfs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"assay/internal/collect/firmware/format"
)

// SuperSize is the length of a superblock in bytes.
const SuperSize = 96

const (
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
	Magic       string
	BigEndian   bool

	order binary.ByteOrder // nil: no version 4.0
}

var compressions = [...]string{1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}

// magics are what the first four bytes may be: those of the kernel, whose bytes
// are swapped on big-endian machines, and those that vendors put there for their
// LZMA. The byte order is seen from the fields: vendors mix up the two.
var magics = []string{"hsqs", "sqsh", "shsq", "qshs", "hsqt", "tqsh", "sqlz"}

// ParseSuper reads a superblock from the first SuperSize bytes of b. It accepts
// only one whose fields fit each other, so that a stray magic number is not
// taken for a file system; whether the image holds Used bytes is for the caller.
func ParseSuper(b []byte) (Super, error) {
	if len(b) < SuperSize {
		return Super{}, fmt.Errorf("%w: %d of %d superblock bytes", ErrFormat, len(b), SuperSize)
	}
	s := Super{Magic: string(b[:4]), order: binary.LittleEndian}
	if !slices.Contains(magics, s.Magic) {
		return Super{}, fmt.Errorf("%w: magic % x", ErrFormat, b[:4])
	}
	if b[28] == 0 {
		s.order, s.BigEndian = binary.BigEndian, true
	}
	if major, minor := s.order.Uint16(b[28:]), s.order.Uint16(b[30:]); major != 4 || minor != 0 {
		s.order = nil
		return s, fmt.Errorf("%w: version %d.%d at offset 28", ErrFormat, major, minor)
	}
	return s, s.fields(b)
}

// parse is ParseSuper of an image of which size bytes are there. Where only the
// number of used bytes doesn't fit, all of them are taken for used; odd says so.
func parse(b []byte, size int64) (s Super, odd string, err error) {
	if s, err = ParseSuper(b); err == nil || s.order == nil || len(b) < SuperSize {
		return s, "", err
	}
	used := s.order.Uint64(b[40:])
	fixed := bytes.Clone(b[:SuperSize])
	s.order.PutUint64(fixed[40:], uint64(size))
	again, err2 := ParseSuper(fixed)
	if err2 != nil {
		return s, "", err
	}
	return again, fmt.Sprintf("%d bytes used are claimed, which the tables contradict; %d are there", used, size), nil
}

// fields reads and checks what stands behind magic number and version.
func (s *Super) fields(b []byte) error {
	o := s.order
	s.Inodes, s.BlockSize, s.Fragments = o.Uint32(b[4:]), o.Uint32(b[12:]), o.Uint32(b[16:])
	s.MTime = time.Unix(int64(o.Uint32(b[8:])), 0).UTC()
	s.Flags, s.IDs, s.Root = o.Uint16(b[24:]), o.Uint16(b[26:]), o.Uint64(b[32:])
	if s.BlockSize < minBlock || s.BlockSize > maxBlock || bits.OnesCount32(s.BlockSize) != 1 {
		return fmt.Errorf("%w: block size %d at offset 12", ErrFormat, s.BlockSize)
	}
	if log := o.Uint16(b[22:]); int(log) != bits.TrailingZeros32(s.BlockSize) {
		return fmt.Errorf("%w: block log %d at offset 22 contradicts block size %d", ErrFormat, log, s.BlockSize)
	}
	c := o.Uint16(b[20:])
	if c == 0 || int(c) >= len(compressions) {
		return fmt.Errorf("%w: compression %d at offset 20", ErrFormat, c)
	}
	s.Compression = compressions[c]
	used := o.Uint64(b[40:])
	if used < SuperSize || used > 1<<62-1 {
		return fmt.Errorf("%w: %d bytes used at offset 40", ErrFormat, used)
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
		v := o.Uint64(b[t.at:])
		if v == noTable && t.optional {
			*t.to = -1
			continue
		}
		if v < SuperSize || v >= used {
			return fmt.Errorf("%w: %s at %d (offset %d) is outside of %d bytes", ErrFormat, t.name, v, t.at, used)
		}
		*t.to = int64(v)
	}
	if s.DirTable <= s.InodeTable {
		return fmt.Errorf("%w: directory table at %d before inode table at %d", ErrFormat, s.DirTable, s.InodeTable)
	}
	if s.Inodes == 0 || s.IDs == 0 {
		return fmt.Errorf("%w: %d inodes, %d ids", ErrFormat, s.Inodes, s.IDs)
	}
	if root := s.Root >> 16; root >= uint64(s.DirTable-s.InodeTable) || s.Root&0xffff >= metaSize {
		return fmt.Errorf("%w: root inode %d:%d at offset 32 is outside of the inode table", ErrFormat, root, s.Root&0xffff)
	}
	return nil
}

// FS is an open file system. It may be walked more than once, one walk at a time.
type FS struct {
	r     io.ReaderAt
	size  int64 // bytes that are there: min(image, Used)
	super Super
	lim   format.Limits
	codec codec

	meta  sync.Mutex // of m
	m     *metaReader
	stats struct{ blocks, stored, meta atomic.Int64 }

	mu       sync.Mutex
	problems format.Problems
}

var _ format.Parallel = (*FS)(nil)

// Open reads the superblock of the file system that begins at the first byte of
// r, of which size bytes are there. A file system that claims more than that is
// opened, with a Truncated problem, if its inode table is there.
func Open(r io.ReaderAt, size int64, lim format.Limits) (*FS, error) {
	var b [SuperSize]byte
	n, err := r.ReadAt(b[:min(SuperSize, max(size, 0))], 0)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("squashfs: read the superblock: %w", err)
	}
	s, odd, err := parse(b[:n], size)
	if err != nil {
		return nil, err
	}
	f := &FS{r: r, size: min(size, s.Used), super: s, lim: lim.Defaults()}
	f.problems.Max = f.lim.Problems
	if int64(s.Inodes) > int64(f.lim.Entries) {
		f.problem(format.Problem{Offset: 4, Kind: format.TooMany, Detail: fmt.Sprintf("%d inodes, at most %d are read", s.Inodes, f.lim.Entries)})
	}
	if odd != "" {
		f.problem(format.Problem{Offset: 40, Kind: format.Mismatch, Detail: odd})
	}
	if s.Used > size {
		if s.InodeTable >= size || s.DirTable >= size {
			return nil, fmt.Errorf("squashfs: %w: truncated: %d of %d bytes are there, the inode table stands at %d, the directory table at %d",
				format.ErrDamaged, size, s.Used, s.InodeTable, s.DirTable)
		}
		f.problem(format.Problem{Offset: 40, Kind: format.Truncated, Detail: fmt.Sprintf("%d bytes used are claimed, %d are there", s.Used, size)})
	}
	f.detect()
	return f, nil
}

// Problems returns what was odd in Open and in the walks so far, and how many
// more were dropped for Limits.Problems.
func (f *FS) Problems() (kept []format.Problem, dropped int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.problems.All()
}

func (f *FS) problem(p format.Problem) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.problems.Add(p)
}

// Stats counts blocks that were read since Open.
type Stats struct {
	Expanded int64 // data and fragment blocks that were decompressed
	Stored   int64 // those that stand as they are
	Metadata int64 // metadata blocks, decompressed or not
}

// Stats returns the counts so far.
func (f *FS) Stats() Stats {
	return Stats{f.stats.blocks.Load(), f.stats.stored.Load(), f.stats.meta.Load()}
}

// CheckRoot reads the root directory: the cheapest proof that a tree stands
// behind the superblock.
func (f *FS) CheckRoot() error {
	f.meta.Lock()
	defer f.meta.Unlock()
	return f.probe()
}
