package squashfsold

import (
	"fmt"
	"math/bits"
	"slices"
)

const (
	superSize  = 119 // of version 3
	minBlock   = 4096
	maxBlock   = 1 << 20
	flagMarker = 1 << 2 // SQUASHFS_CHECK: a byte more before each metadata block
)

// fields takes fields out of a packed struct of C: bit fields are filled from
// the lowest bit by little-endian compilers, from the highest by others. A
// field of whole bytes is one of 8, 16, 32 or 64 bits.
type fields struct {
	b   []byte
	pos int // in bits
	big bool
}

// take returns the next n bits; beyond the end it returns zeros.
func (f *fields) take(n int) (v uint64) {
	for i := 0; i < n; {
		var c byte
		if f.pos/8 < len(f.b) {
			c = f.b[f.pos/8]
		}
		used := f.pos % 8
		k := min(8-used, n-i)
		if f.big {
			v = v<<k | uint64(c>>(8-used-k))&(1<<k-1)
		} else {
			v |= uint64(c>>used) & (1<<k - 1) << i
		}
		i += k
		f.pos += k
	}
	return v
}

func (f *fields) num(n int) int64 { return int64(f.take(n)) }

// super is a superblock.
type super struct {
	magic      string
	big        bool
	major      int
	minor      int
	inodes     int64
	used       int64
	blockSize  int64
	blockBits  int
	flags      byte
	uids, gids int
	root       int64 // inode: block and offset
	uidTable   int64
	inodeTable int64
	dirTable   int64
	fragTable  int64
	fragments  int64
}

// parseSuper reads a superblock whose fields fit each other. Some magic numbers
// stand for either byte order; the version tells.
func parseSuper(b []byte) (s super, ok bool) {
	if len(b) < superSize || !slices.Contains(magics, string(b[:4])) {
		return s, false
	}
	for _, big := range []bool{false, true} {
		if s = readSuper(b, big); s.major >= 1 && s.major <= 3 && s.minor <= 1 {
			return s, s.fits()
		}
	}
	return s, false
}

// readSuper reads the fields in the order of struct squashfs_super_block_3,
// which versions 1 and 2 have the beginning of.
func readSuper(b []byte, big bool) super {
	f := fields{b: b[4:], big: big}
	s := super{magic: string(b[:4]), big: big}
	s.inodes, s.used = f.num(32), f.num(32)
	s.uidTable = f.num(32)
	f.take(32) // groups follow the users
	s.inodeTable, s.dirTable = f.num(32), f.num(32)
	s.major, s.minor = int(f.take(16)), int(f.take(16))
	s.blockSize, s.blockBits = f.num(16), int(f.take(16))
	s.flags, s.uids, s.gids = byte(f.take(8)), int(f.take(8)), int(f.take(8))
	f.take(32) // time
	s.root = f.num(64)
	if s.major == 1 {
		return s
	}
	s.blockSize, s.fragments = f.num(32), f.num(32)
	s.fragTable = f.num(32)
	if s.major == 2 {
		return s
	}
	s.used, s.uidTable = f.num(64), f.num(64)
	f.take(64)
	s.inodeTable, s.dirTable, s.fragTable = f.num(64), f.num(64), f.num(64)
	return s
}

// fits holds the fields against each other.
func (s *super) fits() bool {
	inside := func(at int64) bool { return at >= s.size() && at < s.used }
	switch {
	case s.inodes == 0 || s.used <= s.size() || s.used > 1<<40:
	case s.blockSize < minBlock || s.blockSize > maxBlock || bits.OnesCount64(uint64(s.blockSize)) != 1 || 1<<s.blockBits != s.blockSize:
	case !inside(s.inodeTable) || !inside(s.dirTable) || s.dirTable <= s.inodeTable:
	case s.root < 0 || s.root>>16 >= s.dirTable-s.inodeTable || s.root&0xffff >= metaSize:
	case s.uids == 0 || !inside(s.uidTable) || s.uidTable+4*int64(s.uids+s.gids) > s.used:
	case s.fragments > 0 && !inside(s.fragTable) || s.fragments > s.inodes:
	default:
		return true
	}
	return false
}

// size is the length of the superblock.
func (s *super) size() int64 {
	switch s.major {
	case 1:
		return 51
	case 2:
		return 63
	}
	return superSize
}

func (s *super) note() string {
	order := "little-endian"
	if s.big {
		order = "big-endian"
	}
	n := fmt.Sprintf("%d.%d, %s, %d inodes, blocks of %d bytes", s.major, s.minor, order, s.inodes, s.blockSize)
	if s.magic != "hsqs" && s.magic != "sqsh" {
		n += fmt.Sprintf(", magic number %q", s.magic)
	}
	return n
}
