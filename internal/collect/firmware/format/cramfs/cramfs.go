// Package cramfs reads compressed ROM file systems, little-endian and
// big-endian, versions 1 and 2, with the uncompressed and direct blocks that
// Linux got for memory-mapped flash. In: a source and an offset in it. Out: a
// part whose checksum was calculated, and its tree.
//
// The layout is that of Linux, include/uapi/linux/cramfs_fs.h and
// fs/cramfs/README.
package cramfs

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

const (
	superSize = 76
	rootAt    = 64 // the root's inode in the superblock
	padding   = 512
	signature = "Compressed ROMFS"
)

// Flags of the superblock. The low byte are features that old kernels may
// ignore.
const (
	flagV2      = 1 << 0 // the second version: length, checksum, counts
	flagHoles   = 1 << 8
	flagWrong   = 1 << 9 // "reserved": wrong signature
	flagShifted = 1 << 10
	flagExtPtrs = 1 << 11 // uncompressed and direct blocks
	flagsKnown  = 0xff | flagHoles | flagWrong | flagShifted | flagExtPtrs
)

// New returns the format.
func New() format.Format {
	const le, be = "\x45\x3d\xcd\x28", "\x28\xcd\x3d\x45"
	return format.Format{
		Name: "cramfs",
		// A file system that was made with room for a boot sector has its
		// superblock behind it.
		Magics: []format.Magic{{Bytes: le}, {Bytes: be}, {Bytes: le, At: padding}, {Bytes: be, At: padding}},
		Look:   look,
	}
}

// super is a superblock.
type super struct {
	order  binary.ByteOrder
	at     int64 // of it, from the first byte of the file system
	size   int64 // 0: version 1 doesn't say
	flags  uint32
	crc    uint32
	blocks uint32
	files  uint32
	name   string
	root   inode
}

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	for _, pad := range []int64{0, padding} {
		sb, ok := parseSuper(format.Head(s, at+pad, superSize), pad)
		if !ok {
			continue
		}
		p := &format.Part{Format: "cramfs", Offset: at, Name: sb.name, Note: sb.note()}
		if sb.size > 0 {
			p.Claim(s, sb.size)
		}
		v := newReader(format.Section(s, at, max(p.Size, s.Size()-at)), sb)
		if sb.size > 0 {
			v.src = format.Section(s, at, p.Size)
		}
		if !v.sure() {
			continue
		}
		if len(p.Problems) == 0 && sb.flags&flagV2 != 0 && sb.crc != 0 {
			if err := checksum(ctx, s, p, sb); err != nil {
				return nil, err
			}
		}
		p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
			r := newReader(v.src, sb)
			r.findBlock()
			return tree.New(r, lim, &r.log), nil
		}
		return p, nil
	}
	return nil, nil
}

// parseSuper reads the superblock of a file system that begins pad bytes before
// b.
func parseSuper(b []byte, pad int64) (sb super, ok bool) {
	if len(b) < superSize {
		return sb, false
	}
	switch string(b[:4]) {
	case "\x45\x3d\xcd\x28":
		sb.order = binary.LittleEndian
	case "\x28\xcd\x3d\x45":
		sb.order = binary.BigEndian
	default:
		return sb, false
	}
	u32 := sb.order.Uint32
	sb.at = pad
	sb.flags = u32(b[8:])
	sb.root = parseInode(sb.order, b[rootAt:])
	if sb.flags&^uint32(flagsKnown) != 0 || sb.root.mode&modeType != modeDir || sb.root.nameLen != 0 {
		return sb, false
	}
	if string(b[16:32]) != signature && sb.flags&flagWrong == 0 {
		return sb, false
	}
	// The root stands behind the superblock, or nowhere if it is empty.
	switch {
	case sb.root.offset == 0 && sb.root.size == 0 && pad == 0:
	case sb.root.offset == pad+superSize:
	case sb.flags&flagShifted != 0 && sb.root.offset > pad+superSize:
	default:
		return sb, false
	}
	if sb.flags&flagV2 != 0 {
		sb.size = int64(u32(b[4:]))
		sb.crc, sb.blocks, sb.files = u32(b[32:]), u32(b[40:]), u32(b[44:])
	} else if n := int64(u32(b[4:])); n > pad+superSize {
		sb.size = n // makers of version 1 that knew the length wrote it
	}
	sb.name = strings.TrimRight(string(b[48:64]), "\x00 ")
	if (sb.size != 0 || sb.flags&flagV2 != 0) && sb.size < max(pad+superSize, sb.root.offset+sb.root.size) {
		return sb, false
	}
	return sb, true
}

func (sb *super) note() string {
	endian, version := "little-endian", 1
	if sb.order == binary.BigEndian {
		endian = "big-endian"
	}
	if sb.flags&flagV2 != 0 {
		version = 2
	}
	return fmt.Sprintf("%s, version %d, %d files", endian, version, sb.files)
}

// checksum calculates the CRC over the file system from its superblock on, its
// own field taken as zero.
func checksum(ctx context.Context, s format.Source, p *format.Part, sb super) error {
	const field = 32
	b := format.Head(s, p.Offset+sb.at, superSize)
	clear(b[field : field+4])
	sum := crc32.NewIEEE()
	sum.Write(b)
	from := sb.at + superSize
	if err := format.Sum(ctx, s, p.Offset+from, sb.size-from, sum); err != nil {
		return err
	}
	p.Checked("crc32", sum.Sum32() == sb.crc, p.Offset+sb.at+field, "file system")
	return nil
}
