// Package f2fs reads the Flash-Friendly File System of eMMC and cards as it was
// when it was last checkpointed: inline files and folders, node trees, the node
// addresses that wait in the checkpoint. Compressed and encrypted content is
// named, not read. In: a source and an offset in it. Out: a part and its tree.
//
// The layout is that of Linux, include/linux/f2fs_fs.h and
// Documentation/filesystems/f2fs.rst; names in the comments are those of the
// header.
package f2fs

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"unicode/utf16"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

const (
	magic     = "\x10\x20\xf5\xf2"
	magicSeed = 0xf2f52010
	superAt   = 1024
	superSize = 3072
	blockBits = 12
	blockSize = 1 << blockBits
)

// Features of the superblock.
const (
	featureEncrypt   = 0x1
	featureExtra     = 0x8
	featureInodeSum  = 0x20
	featureFlexXattr = 0x40
	featureSum       = 0x800
	featureCompress  = 0x2000
)

// New returns the format. A copy of the superblock stands in the second block.
func New() format.Format {
	return format.Format{Name: "f2fs", Magics: []format.Magic{{Bytes: magic, At: superAt}, {Bytes: magic, At: blockSize + superAt}}, Look: look}
}

// super is a superblock; addresses are blocks.
type super struct {
	blocks     int64
	perSegment int64
	checkpoint int64
	nat, natEnd,
	main int64
	payload  int64 // blocks of bitmaps behind a checkpoint
	root     uint32
	features uint32
	seed     uint32 // of the checksums of inodes
	label    string
	summed   bool
	sumFits  bool
}

// sum32 is the CRC of IEEE 802.3, neither begun nor ended with a complement.
func sum32(sum uint32, b []byte) uint32 { return ^crc32.Update(^sum, crc32.IEEETable, b) }

func look(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	var sb super
	ok := false
	copyUsed := false
	for _, from := range []int64{0, blockSize} {
		if sb, ok = parseSuper(format.Head(s, at+from+superAt, superSize)); ok {
			copyUsed = from > 0
			break
		}
	}
	if !ok {
		return nil, nil
	}
	p := &format.Part{Format: "f2fs", Offset: at, Name: sb.label, Note: fmt.Sprintf("%d blocks of %d bytes", sb.blocks, blockSize)}
	r := newReader(format.Section(s, at, sb.blocks<<blockBits), sb)
	proven, why := r.open()
	if !proven {
		return nil, nil
	}
	p.Claim(s, sb.blocks<<blockBits)
	if sb.summed {
		p.Checked("crc32", sb.sumFits, at+superAt, "superblock")
	}
	if copyUsed {
		p.Problems = append(p.Problems, format.Problem{Offset: at + superAt, Kind: format.Damaged, Detail: "f2fs: the first superblock is damaged; its copy is taken"})
	}
	if sb.features&featureEncrypt != 0 {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Encryption, Scheme: "fscrypt", State: format.Present,
			Note: "folders may be encrypted, each with a key of its own", Offset: at + superAt})
	}
	if why != nil {
		p.Opaque = fmt.Sprintf("the root folder can't be read: %v", why)
		return p, nil
	}
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		r := newReader(format.Section(s, at, p.Size), sb)
		if _, err := r.open(); err != nil {
			return nil, err
		}
		return tree.New(r, lim, &r.log), nil
	}
	return p, nil
}

// parseSuper reads a superblock whose fields fit each other.
func parseSuper(b []byte) (s super, ok bool) {
	if len(b) < superSize || string(b[:4]) != magic {
		return s, false
	}
	le := binary.LittleEndian
	u32 := func(at int) int64 { return int64(le.Uint32(b[at:])) }
	sectorBits, perBlock, block, segment := u32(8), u32(12), u32(16), u32(20)
	if block != blockBits || sectorBits+perBlock != blockBits || segment > 12 {
		return s, false
	}
	s = super{
		blocks: int64(le.Uint64(b[36:])), perSegment: 1 << segment,
		checkpoint: u32(76), nat: u32(84), natEnd: u32(88), main: u32(92), payload: u32(1664),
		root: le.Uint32(b[96:]), features: le.Uint32(b[2180:]), label: label(b[124:1148]),
	}
	segment0, sit, ssa, segments := u32(72), u32(80), s.natEnd, u32(68)
	switch {
	case s.blocks <= 0 || s.blocks > 1<<40 || s.root < 3 || s.payload > 1024:
		return s, false
	case segment0 > s.checkpoint || s.checkpoint >= sit || sit >= s.nat || s.nat >= ssa || ssa >= s.main || s.main+segments*s.perSegment > s.blocks:
		return s, false
	}
	s.seed = sum32(^uint32(0), b[108:124])
	if at := u32(32); s.features&featureSum != 0 && at+4 <= superSize {
		s.summed = true
		s.sumFits = sum32(magicSeed, b[:at]) == le.Uint32(b[at:])
	}
	return s, true
}

func label(b []byte) string {
	var u []uint16
	for ; len(b) > 1 && (b[0] != 0 || b[1] != 0); b = b[2:] {
		u = append(u, binary.LittleEndian.Uint16(b))
	}
	return string(utf16.Decode(u))
}
