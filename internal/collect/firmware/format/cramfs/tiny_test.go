package cramfs_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

// tiny is a version 2 image with the block pointers of Linux 4.15
// (cramfs_fs.h, CRAMFS_FLAG_EXT_BLOCK_POINTERS): one file whose four blocks are
// stored and direct, compressed and direct, compressed behind that one, and a
// hole, and one whose only block is stored behind its pointer.
func tiny() []byte {
	b := make([]byte, 4096)
	le := binary.LittleEndian
	put := func(at int, v uint32) { le.PutUint32(b[at:], v) }
	inode := func(at int, mode, size, namelen, offset int) {
		put(at, uint32(mode))
		put(at+4, uint32(size))
		put(at+8, uint32(namelen/4)|uint32(offset/4)<<6)
	}
	copy(b, "\x45\x3d\xcd\x28")
	put(8, 1|1<<11)
	copy(b[16:], "Compressed ROMFS")
	inode(64, 0o40755, 32, 0, 76)
	inode(76, 0o100644, 4*4096-100, 4, 128)
	copy(b[88:], "xip")
	inode(92, 0o100644, 5, 4, 160)
	copy(b[104:], "a")

	packed := pack(strings.Repeat("b", 4096))
	const direct, stored = 1 << 30, 1 << 31
	at := 512
	le.PutUint16(b[at:], uint16(len(packed)))
	at += 2 + copy(b[at+2:], packed)
	third := pack(strings.Repeat("c", 4096))
	put(128, 4096/4|direct|stored)
	put(132, 512/4|direct)
	put(136, uint32(at+len(third)))
	at += copy(b[at:], third)
	put(140, uint32(at)) // ends where it begins: a hole
	put(160, 169|stored)
	copy(b[164:], "hello")
	b = append(b, bytes.Repeat([]byte("a"), 4096)...)
	le.PutUint32(b[4:], uint32(len(b)))
	return b
}

func pack(s string) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write([]byte(s))
	z.Close()
	return out.Bytes()
}

func TestBlockPointers(t *testing.T) {
	t.Parallel()
	xip := strings.Repeat("a", 4096) + strings.Repeat("b", 4096) + strings.Repeat("c", 4096) + strings.Repeat("\x00", 3996)
	treetest.Same(t, archivetest.Look(t, formats, tiny(), 0), map[string]archivetest.Line{
		"/xip": {Path: "/xip", Mode: "0644", Type: "file", Size: int64(len(xip)), SHA256: archivetest.Sum(xip)},
		"/a":   {Path: "/a", Mode: "0644", Type: "file", Size: 5, SHA256: archivetest.Sum("hello")},
	}, nil)
}
