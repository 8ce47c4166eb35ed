package f2fs_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/f2fs"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

var formats = []format.Format{f2fs.New()}

// loaded is what sload.f2fs takes of the tree.
func loaded(t testing.TB) map[string]archivetest.Line {
	t.Helper()
	all := treetest.Source(t)
	maps.DeleteFunc(all, func(_ string, l archivetest.Line) bool {
		return l.Type != "file" && l.Type != "dir" && l.Type != "symlink"
	})
	for path, l := range all {
		l.UID, l.GID = l.UID&0xffff, l.GID&0xffff
		all[path] = l
	}
	return all
}

func TestMadeImages(t *testing.T) {
	t.Parallel()
	far := map[string]archivetest.Line{
		"/far": {Path: "/far", Mode: "0644", Type: "file", Size: 14_000_001, SHA256: "0c4149d43eae4093b3c54930d3d40dedab328c98a9c706b67396b609a86a118c"},
	}
	for _, row := range []struct {
		file, name string
		blocks     int64
		guards     []string
		want       map[string]archivetest.Line
	}{
		{"plain.img", "camera-f2fs", 64 << 8, nil, loaded(t)},
		{"extra.img", "", 64 << 8, []string{"checksum crc32 good"}, loaded(t)},
		{"far.img", "far", 96 << 8, nil, far},
	} {
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			img := treetest.Image(t, row.file)
			p := archivetest.Look(t, formats, slices.Concat([]byte("before"), img, []byte("after")), 6)
			treetest.Same(t, p, row.want, nil)
			if p.Name != row.name || p.Offset != 6 || p.Size != row.blocks*4096 || !slices.Equal(looktest.Guards(p), row.guards) {
				t.Errorf("%q of %d bytes at %d, guards %v", p.Name, p.Size, p.Offset, p.Guards)
			}
		})
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	img := treetest.Image(t, "plain.img")
	if p := archivetest.Look(t, formats, img[:4096*4096], 0); p == nil || p.Opaque == "" || looktest.Kinds(p) != "truncated" {
		t.Errorf("without a root: %+v", p)
	}
	if p := archivetest.Look(t, formats, img[:512*4096], 0); p != nil {
		t.Errorf("without a checkpoint: %+v", p)
	}
}

// inodeOf returns the block of the inode that was made with this name.
func inodeOf(t *testing.T, img []byte, name string) []byte {
	t.Helper()
	le := binary.LittleEndian
	for at := 0; at < len(img); at += 4096 {
		b := img[at : at+4096]
		number := le.Uint32(b[4072:])
		if number > 3 && number == le.Uint32(b[4076:]) && string(b[92:92+min(le.Uint32(b[88:]), 255)]) == name {
			return b
		}
	}
	t.Fatalf("no inode %q", name)
	return nil
}

func TestDamage(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	const encrypted, compressed = 4, 4
	for _, row := range []struct {
		name, file string
		change     func(*testing.T, []byte) []byte
		look       string
		walk       []string
		lost       int
	}{
		{"the first superblock", "plain.img", func(_ *testing.T, b []byte) []byte { clear(b[1024:1100]); return b }, "damaged", nil, 0},
		{"an inode", "extra.img", func(t *testing.T, b []byte) []byte { inodeOf(t, b, "passwd")[100] ^= 1; return b }, "", []string{format.BadChecksum}, 0},
		{"another inode's block", "plain.img", func(t *testing.T, b []byte) []byte { inodeOf(t, b, "passwd")[4072] ^= 1; return b }, "", []string{format.Damaged}, 1},
		{"a checkpoint that wasn't finished", "plain.img", func(_ *testing.T, b []byte) []byte { b[512*4096+100] ^= 1; return b }, "", nil, 0},
		{"cut behind the files", "plain.img", func(_ *testing.T, b []byte) []byte { return b[:len(b)*3/4] }, "truncated", nil, 0},
		{"cut in the files", "plain.img", func(_ *testing.T, b []byte) []byte { return b[:len(b)*12/32] }, "truncated", []string{format.Truncated}, -1},
		{"an encrypted file", "plain.img", func(t *testing.T, b []byte) []byte { inodeOf(t, b, "big")[2] = encrypted; return b }, "", []string{format.Unsupported}, 0},
		{"an encrypted folder", "plain.img", func(t *testing.T, b []byte) []byte { inodeOf(t, b, "many")[2] = encrypted; return b }, "", []string{format.Unsupported}, 120},
		{"a compressed cluster", "plain.img", func(t *testing.T, b []byte) []byte {
			le.PutUint32(inodeOf(t, b, "big")[360:], 0xfffffffe)
			return b
		}, "", []string{format.Unsupported}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := archivetest.Look(t, formats, row.change(t, treetest.Image(t, row.file)), 0)
			if p == nil {
				t.Fatal("not recognised")
			}
			if got := looktest.Kinds(p); got != row.look {
				t.Errorf("looking tells %v", p.Problems)
			}
			v, err := p.Open(context.Background(), format.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got, want := archivetest.Tree(t, v), loaded(t)
			if lost := len(want) - len(got); row.lost >= 0 && lost != row.lost {
				t.Errorf("%d entries are lost, not %d", lost, row.lost)
			}
			kept, _ := v.Problems()
			if got := archivetest.Kinds(kept); !slices.Equal(got, row.walk) {
				t.Errorf("walking tells %v", kept)
			}
		})
	}
}

// TestDevices makes devices of an empty file, since the tool that fills images
// leaves them out.
func TestDevices(t *testing.T) {
	t.Parallel()
	sound := treetest.Image(t, "plain.img")
	le := binary.LittleEndian
	for _, row := range []struct {
		mode         uint16
		first, other uint32
		want         archivetest.Line
	}{
		{0o020620, 0x0501, 0, archivetest.Line{Mode: "0620", Type: "char", Major: 5, Minor: 1}},
		{0o060660, 0, 0x10300203, archivetest.Line{Mode: "0660", Type: "block", Major: 2, Minor: 0x10303}},
	} {
		img := bytes.Clone(sound)
		b := inodeOf(t, img, "empty")
		if le.Uint16(b) != 0o100644 { // the folder of the same name comes first
			rest := img[bytes.Index(img, b)+4096:]
			b = inodeOf(t, rest, "empty")
		}
		b[3] = 0
		le.PutUint16(b, row.mode)
		le.PutUint32(b[360:], row.first)
		le.PutUint32(b[364:], row.other)
		row.want.Path = "/etc/empty"
		if got := archivetest.Tree(t, archivetest.Open(t, formats, img))["/etc/empty"]; got != row.want {
			t.Errorf("%+v, want %+v", got, row.want)
		}
	}
}

func TestNoise(t *testing.T) {
	t.Parallel()
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// mini is an image of 39 blocks: segments of four blocks, a checkpoint with
// compact summaries, a folder in its inode with a file in its inode, a link, and
// a file with a direct node; the address of its inode waits in the checkpoint.
func mini() []byte {
	const perSegment, cp, sit, nat, ssa, main, end = 4, 4, 12, 16, 24, 28, 44
	b := make([]byte, 39*4096)
	le := binary.LittleEndian
	sum := func(p []byte) uint32 { return ^crc32.Update(^uint32(0xf2f52010), crc32.IEEETable, p) }
	sb := b[1024:]
	copy(sb, "\x10\x20\xf5\xf2")
	for at, v := range map[int]uint32{8: 9, 12: 3, 16: 12, 20: 2, 36: end, 68: 4, 72: cp, 76: cp, 80: sit, 84: nat, 88: ssa, 92: main, 96: 3} {
		le.PutUint32(sb[at:], v)
	}
	pack := b[cp*4096:]
	for at, v := range map[int]uint32{0: 1, 132: 1 | 4, 136: 3, 140: 1, 156: 8, 160: 8, 164: 4092} {
		le.PutUint32(pack[at:], v)
	}
	le.PutUint32(pack[4092:], sum(pack[:4092]))
	copy(pack[2*4096:], pack[:4096])
	node := func(number, inode uint32, block int) []byte {
		le.PutUint32(b[nat*4096+int(number)*9+5:], uint32(block))
		p := b[block*4096:][:4096]
		le.PutUint32(p[4072:], number)
		le.PutUint32(p[4076:], inode)
		return p
	}
	inode := func(number uint32, block int, mode uint16, inline byte, size int) []byte {
		p := node(number, number, block)
		le.PutUint16(p, mode)
		p[3] = inline
		le.PutUint32(p[12:], 1)
		le.PutUint32(p[16:], uint32(size))
		return p
	}
	const slots, room = 182, 3488 // of an inode with 50 words for attributes
	dir := inode(3, main, 0o040755, 4, room)[364:][:room]
	for i, name := range []string{"inline", "link", "large"} {
		dir[0] |= 1 << i
		e := dir[room-slots*19+i*11:]
		le.PutUint32(e[4:], uint32(4+i))
		le.PutUint16(e[8:], uint16(len(name)))
		copy(dir[room-slots*8+i*8:], name)
	}
	copy(inode(4, main+1, 0o100644, 2, 5)[364:], "hello")
	copy(inode(5, main+2, 0o120777, 2, 6)[364:], "inline")
	large := inode(6, main+3, 0o100600, 0, 924*4096+4)
	le.PutUint32(large[360:], main+5)
	le.PutUint32(large[4052:], 7)
	le.PutUint32(node(7, 6, main+4)[4:], main+6)
	copy(b[(main+5)*4096:], "first")
	copy(b[(main+6)*4096:], "last")
	// One of the addresses waits in the journal.
	le.PutUint32(b[nat*4096+4*9+5:], 0)
	journal := b[(cp+1)*4096:]
	le.PutUint16(journal, 1)
	le.PutUint32(journal[2:], 4)
	le.PutUint32(journal[2+4+5:], main+1)
	return b
}

func TestMini(t *testing.T) {
	t.Parallel()
	v := archivetest.Open(t, formats, mini())
	large := make([]byte, 924*4096+4)
	copy(large, "first")
	copy(large[924*4096:], "last")
	want := map[string]archivetest.Line{
		"/inline": {Path: "/inline", Mode: "0644", Type: "file", Size: 5, SHA256: archivetest.Sum("hello")},
		"/link":   {Path: "/link", Mode: "0777", Type: "symlink", Target: "inline"},
		"/large":  {Path: "/large", Mode: "0600", Type: "file", Size: 924*4096 + 4, SHA256: archivetest.Sum(string(large))},
	}
	if got := archivetest.Tree(t, v); !maps.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

func FuzzLook(f *testing.F) {
	f.Add(mini())
	f.Fuzz(func(t *testing.T, img []byte) { treetest.Fuzz(t, formats, img) })
}

func TestFlips(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain.img", "extra.img"} {
		treetest.Flips(t, formats, treetest.Image(t, name), 1)
	}
	treetest.Flips(t, formats, mini(), 50)
}

func BenchmarkEach(b *testing.B) { treetest.Bench(b, formats, treetest.Image(b, "far.img")) }
