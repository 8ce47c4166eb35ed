// Package erofs reads the Enhanced Read-Only File System, which Android phones,
// and cameras with an SoC of theirs, have for a root: plain, inline and chunked
// files, and compressed ones (LZ4, LZMA, DEFLATE, Zstandard) with full and
// compact indexes, large clusters, tails in the index and fragments. What it
// doesn't read (other devices, later layouts) it says. In: a source and an
// offset in it. Out: a part and its tree.
//
// The layout is that of Linux, fs/erofs/erofs_fs.h; names in the comments are
// those of that file.
package erofs

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
	magic     = "\xe2\xe1\xf5\xe0"
	superAt   = 1024
	superSize = 128
	slotSize  = 32 // inodes are numbered in such slots
)

// Features. Some bits have two meanings that came at the same time.
const (
	compatSum = 0x1

	incompatZeroPadding = 0x1
	incompatConfigs     = 0x2 // and large clusters
	incompatChunks      = 0x4
	incompatDevices     = 0x8 // and the second compression of a file
	incompatTailPacking = 0x10
	incompatFragments   = 0x20 // and deduplication
	incompatPrefixes    = 0x40 // of attributes
	incompatKnown       = incompatZeroPadding | incompatConfigs | incompatChunks | incompatDevices | incompatTailPacking | incompatFragments | incompatPrefixes
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "erofs", Magics: []format.Magic{{Bytes: magic, At: superAt}}, Look: look}
}

// super is a superblock.
type super struct {
	bits       uint // of a block's size
	block      int64
	root       uint64
	inodes     uint64
	blocks     int64
	meta       int64 // where inodes are counted from
	built      int64
	builtNS    uint32
	incompat   uint32
	devices    int
	packed     uint64 // inode of fragments
	algorithms uint16
	label      string
}

func look(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	sb, sum, ok := parseSuper(s, at)
	if !ok {
		return nil, nil
	}
	size := sb.blocks << sb.bits
	p := &format.Part{Format: "erofs", Offset: at, Name: sb.label, Note: sb.note()}
	if bad := sb.incompat &^ uint32(incompatKnown); bad != 0 {
		// Nothing but a checksum that fits proves a layout that isn't known.
		if sum != format.Good {
			return nil, nil
		}
		p.Claim(s, size)
		p.Checked("crc32c", true, at+superAt+4, "superblock")
		p.Opaque = fmt.Sprintf("features %#x of the file system are not known", bad)
		return p, nil
	}
	r := newReader(format.Section(s, at, size), sb)
	if !r.sure() {
		if sum != format.Good {
			return nil, nil
		}
		p.Opaque = "the root folder can't be read"
	}
	p.Claim(s, size)
	if sum != "" {
		p.Checked("crc32c", sum == format.Good, at+superAt+4, "superblock")
	}
	if p.Opaque != "" {
		return p, nil
	}
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		r := newReader(format.Section(s, at, p.Size), sb)
		return tree.New(r, lim, &r.log), nil
	}
	return p, nil
}

// parseSuper reads a superblock whose fields fit each other; sum is the state
// of its checksum, "" where it has none.
func parseSuper(s format.Source, at int64) (sb super, sum string, ok bool) {
	b := format.Head(s, at+superAt, superSize)
	if len(b) < superSize || string(b[:4]) != magic || b[12] < 9 || b[12] > 16 {
		return sb, "", false
	}
	le := binary.LittleEndian
	sb = super{
		bits: uint(b[12]), block: 1 << b[12], root: uint64(le.Uint16(b[14:])), inodes: le.Uint64(b[16:]),
		built: int64(le.Uint64(b[24:])), builtNS: le.Uint32(b[32:]), blocks: int64(le.Uint32(b[36:])),
		incompat: le.Uint32(b[80:]), devices: int(le.Uint16(b[86:])), packed: le.Uint64(b[96:]), algorithms: le.Uint16(b[84:]),
	}
	sb.meta = int64(le.Uint32(b[40:])) << sb.bits
	sb.label = strings.TrimRight(string(b[64:80]), "\x00")
	const dirBits = 90 // of a folder's block, if not a block's
	if sb.blocks == 0 || sb.inodes == 0 || sb.meta > sb.blocks<<sb.bits || b[dirBits] != 0 {
		return sb, "", false
	}
	if le.Uint32(b[8:])&compatSum != 0 {
		sum = format.Bad
		length := sb.block
		if length > superAt {
			length -= superAt
		}
		all := format.Head(s, at+superAt, int(length))
		if int64(len(all)) == length {
			clear(all[4:8])
			// Begun with a complement, ended without.
			if ^crc32.Checksum(all, crc32.MakeTable(crc32.Castagnoli)) == le.Uint32(b[4:]) {
				sum = format.Good
			}
		}
	}
	return sb, sum, true
}

func (sb *super) note() string {
	n := fmt.Sprintf("%d blocks of %d bytes, %d inodes", sb.blocks, sb.block, sb.inodes)
	if sb.incompat&incompatConfigs == 0 {
		return n
	}
	var names []string
	for i, name := range algorithms {
		if sb.algorithms&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		n += ", " + strings.Join(names, " and ")
	}
	return n
}
