package ext

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
)

const (
	superAt    = 1024
	superSize  = 1024
	superSumAt = 0x3fc
	rootInode  = 2
)

// Features that change the layout ("The Super Block").
const (
	compatJournal = 0x4
	compatSparse2 = 0x200

	incompatCompression = 0x1
	incompatFileType    = 0x2
	incompatRecover     = 0x4
	incompatMetaBG      = 0x10
	incompatExtents     = 0x40
	incompat64Bit       = 0x80
	incompatFlexBG      = 0x200
	incompatSumSeed     = 0x2000
	incompatInline      = 0x8000
	incompatEncrypt     = 0x10000
	// With journals of others (which have no inodes), multi-mount protection, inodes for attributes, data in folder
	// entries, large folders, casefolding.
	incompatKnown = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000

	roSparse   = 0x1
	roBigAlloc = 0x200
	roSums     = 0x400
	// What only ext4 has: huge files, group sums, many links, large inodes,
	// clusters, sums.
	roExt4 = 0x8 | 0x10 | 0x20 | 0x40 | 0x200 | 0x400
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum32 is CRC-32C as ext4 takes it: neither begun nor ended with a complement.
func sum32(sum uint32, b []byte) uint32 { return ^crc32.Update(^sum, castagnoli, b) }

// super is what a superblock says.
type super struct {
	blockSize   int64
	blocks      int64
	firstData   int64 // block of the superblock
	groupBlocks int64
	groups      int64
	inodes      uint32
	groupInodes uint32
	inodeSize   int
	firstInode  uint32 // that isn't reserved
	descSize    int64
	firstMeta   int64     // first meta group
	backups     [2]uint32 // groups, with sparse_super2
	compat      uint32
	incompat    uint32
	ro          uint32
	state       uint16
	journal     uint32 // inode
	label       string
	mounted     string
	seed        uint32
	summed      bool // it has a checksum
	sumFits     bool
}

// parseSuper reads a superblock. It accepts one whose fields fit each other.
func parseSuper(b []byte) (s super, ok bool) {
	if len(b) < superSize {
		return s, false
	}
	le := binary.LittleEndian
	u16 := func(at int) uint16 { return le.Uint16(b[at:]) }
	u32 := func(at int) uint32 { return le.Uint32(b[at:]) }
	rev, log := u32(0x4c), u32(0x18)
	if u16(0x38) != 0xef53 || log > 6 || rev > 1 || u16(0x5a) != 0 {
		return s, false
	}
	s = super{
		blockSize: 1024 << log, blocks: int64(u32(4)), firstData: int64(u32(0x14)),
		groupBlocks: int64(u32(0x20)), inodes: u32(0), groupInodes: u32(0x28),
		inodeSize: 128, firstInode: 11, descSize: 32, state: u16(0x3a),
	}
	if rev == 1 {
		s.firstInode, s.inodeSize = u32(0x54), int(u16(0x58))
		s.compat, s.incompat, s.ro = u32(0x5c), u32(0x60), u32(0x64)
		s.label, s.mounted = text(b[0x78:0x88]), text(b[0x88:0xc8])
		s.journal, s.firstMeta = u32(0xe0), int64(u32(0x104))
		s.backups = [2]uint32{u32(0x24c), u32(0x250)}
		s.checksum(b)
	}
	if s.incompat&incompat64Bit != 0 {
		s.blocks |= int64(u32(0x150)) << 32
		s.descSize = int64(u16(0xfe))
	}
	s.groups = (s.blocks - s.firstData + s.groupBlocks - 1) / max(s.groupBlocks, 1)
	return s, s.fits(b)
}

func (s *super) checksum(b []byte) {
	le := binary.LittleEndian
	s.summed = s.ro&roSums != 0
	s.sumFits = s.summed && sum32(^uint32(0), b[:superSumAt]) == le.Uint32(b[superSumAt:])
	s.seed = sum32(^uint32(0), b[0x68:0x78]) // of the UUID
	if s.incompat&incompatSumSeed != 0 {
		s.seed = le.Uint32(b[0x270:])
	}
}

func text(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}

// fits holds the fields against each other. It keeps every later calculation
// within 63 bits and free of divisions by zero.
func (s *super) fits(b []byte) bool {
	u32 := func(at int) int64 { return int64(binary.LittleEndian.Uint32(b[at:])) }
	bs := s.blockSize
	switch {
	case s.blocks <= s.firstData || s.blocks > 1<<48 || s.inodes == 0 || s.groupBlocks == 0 || s.groupInodes == 0:
	case s.incompat&incompat64Bit == 0 && u32(8) > s.blocks, u32(0x10) > int64(s.inodes):
	case s.firstData > 1 || s.firstData == 1 && bs != 1024:
	case s.ro&roBigAlloc == 0 && s.groupBlocks > 8*bs || s.groupBlocks > 1<<40 || int64(s.groupInodes) > 8*bs:
	case s.inodeSize < 128 || int64(s.inodeSize) > bs || bits.OnesCount(uint(s.inodeSize)) != 1:
	case s.descSize < 32 || s.descSize > bs || bits.OnesCount(uint(s.descSize)) != 1:
	case s.incompat&incompat64Bit != 0 && s.descSize < 64:
	case s.groups*int64(s.groupInodes) != int64(s.inodes):
	default:
		return true
	}
	return false
}

// generation names the file system after the oldest one that has its features.
func (s *super) generation() string {
	switch {
	case s.incompat&(incompatExtents|incompat64Bit|incompatFlexBG|incompatInline|incompatEncrypt) != 0, s.ro&roExt4 != 0:
		return "ext4"
	case s.compat&compatJournal != 0:
		return "ext3"
	}
	return "ext2"
}

func (s *super) note() string {
	n := fmt.Sprintf("%d blocks of %d bytes, %d inodes", s.blocks, s.blockSize, s.inodes)
	if s.mounted != "" {
		n += fmt.Sprintf(", last mounted on %q", s.mounted)
	}
	const clean, failed = 1, 2
	switch {
	case s.incompat&incompatRecover != 0:
		n += ", not unmounted: what its journal holds is taken from there, as a mount would do"
	case s.state&clean == 0:
		n += ", not unmounted"
	}
	if s.state&failed != 0 {
		n += ", marked as damaged"
	}
	return n
}

// hasSuper says whether group g has a copy of superblock and descriptors.
func (s *super) hasSuper(g int64) bool {
	switch {
	case g == 0:
		return true
	case s.compat&compatSparse2 != 0:
		return g == int64(s.backups[0]) || g == int64(s.backups[1])
	case g == 1 || s.ro&roSparse == 0:
		return true
	case g%2 == 0:
		return false
	}
	for _, base := range []int64{3, 5, 7} {
		n := base
		for n < g {
			n *= base
		}
		if n == g {
			return true
		}
	}
	return false
}

// descriptor returns the offset of the descriptor of group g ("Block Group
// Descriptors", "Meta Block Groups").
func (s *super) descriptor(g int64) int64 {
	per := s.blockSize / s.descSize
	meta := g / per
	block := superAt/s.blockSize + 1 + meta
	if s.incompat&incompatMetaBG != 0 && meta >= s.firstMeta {
		first := meta * per
		block = s.firstData + first*s.groupBlocks
		if s.hasSuper(first) {
			block++
		}
		// The superblock of a bigalloc file system with blocks of 1 KiB stands in
		// block 1 although block 0 is the first of its group.
		if s.blockSize == 1024 && s.firstData == 0 && meta == 0 {
			block++
		}
	}
	return block*s.blockSize + g%per*s.descSize
}
