package ubifs_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

func TestMadeImages(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ file, note string }{
		{"u-zlib.img", "zlib, format 4, 16 erase blocks of 15360 bytes, pages of 512"},
		{"u-lzo.img", "lzo, format 4, 13 erase blocks of 126976 bytes, pages of 2048"},
		{"u-nor-zstd.img", "zstd, format 4, 13 erase blocks of 65408 bytes, pages of 8"},
	} {
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			img := treetest.Image(t, row.file)
			for _, at := range []int64{0, 0x3338} {
				moved := slices.Concat(make([]byte, at), img, make([]byte, 777))
				p := archivetest.Look(t, formats, moved, at)
				treetest.Same(t, p, treetest.Source(t), nil)
				if p.Offset != at || p.Size != int64(len(img)) || p.Note != row.note {
					t.Errorf("part (%s) of %d bytes at %d", p.Note, p.Size, p.Offset)
				}
			}
		})
	}
}

// read returns the tree as "path type content" and the kinds of all problems.
func read(t *testing.T, img []byte) (lines []string, kinds []string) {
	t.Helper()
	p := looktest.At(t, formats, img, 0)
	if p == nil {
		t.Fatal("not recognised")
	}
	v, err := p.Open(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	err = v.Walk(context.Background(), func(e format.Entry, content io.Reader) error {
		l := e.Path + " " + string(e.Type)
		switch e.Type {
		case format.File:
			b, err := io.ReadAll(content)
			if text := strings.ReplaceAll(string(b), "\x00", "_"); text == tool() {
				l += " steps"
			} else {
				l += " " + text
			}
			if err != nil {
				l += " !"
			}
		case format.Symlink:
			l += " " + e.Target
		}
		if e.Path != "/" {
			lines = append(lines, strings.TrimSpace(l))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	kept, _ := v.Problems()
	return lines, archivetest.Kinds(append(slices.Clone(p.Problems), kept...))
}

// tool is /bin/tool of the small images.
func tool() string {
	var b strings.Builder
	for i := range 600 {
		b.WriteString("step ")
		b.WriteString(strings.TrimLeft(string([]byte{'0' + byte(i/100), '0' + byte(i/10%10), '0' + byte(i%10)}), "0"))
		if i == 0 {
			b.WriteString("0")
		}
		b.WriteString(" of the tool\n")
	}
	return b.String()
}

// The small images: erase blocks of 15,360 bytes, of which 3 has the log's
// start, 10 all files, 11 nothing and 12 the index.
const (
	leb    = 15360
	logAt  = 3*leb + 512
	freeAt = 11 * leb
	gone   = 67 // inodes of /etc/gone, /etc, and of /bin/tool
	etc    = 65
	toolNo = 70
)

var small = []string{"/bin dir", "/bin/link symlink ../etc/conf", "/bin/tool file steps", "/etc dir", "/etc/conf file name=front", "/etc/gone file this will be deleted"}

// node makes a node from what stands behind its header.
func node(kind byte, sqnum uint64, body ...any) []byte {
	b := make([]byte, 24)
	for _, v := range body {
		if s, ok := v.(string); ok {
			b = append(b, s...)
			continue
		}
		b, _ = binary.Append(b, binary.LittleEndian, v)
	}
	binary.LittleEndian.PutUint32(b, 0x06101831)
	binary.LittleEndian.PutUint64(b[8:], sqnum)
	binary.LittleEndian.PutUint32(b[16:], uint32(len(b)))
	b[20] = kind
	seal(b)
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

func seal(node []byte) {
	if n := binary.LittleEndian.Uint32(node[16:]); n >= 24 && int(n) <= len(node) {
		binary.LittleEndian.PutUint32(node[4:], ^crc32.ChecksumIEEE(node[8:n]))
	}
}

func inode(sqnum uint64, ino uint32, mode uint32, size uint64, links uint32, inline string) []byte {
	return node(0, sqnum, ino, uint32(0), [8]byte{}, uint64(0), size, [24]byte{}, [12]byte{}, links, uint32(0), uint32(0), mode, uint32(1),
		uint32(len(inline)), [44]byte{}, inline)
}

func data(sqnum uint64, ino, number uint32, text string) []byte {
	return node(1, sqnum, ino, 1<<29|number, [8]byte{}, uint32(len(text)), uint16(0), uint16(0), text)
}

func name(sqnum uint64, dir, ino uint32, text string) []byte {
	return node(2, sqnum, dir, uint32(2<<29|77), [8]byte{}, uint64(ino), byte(0), byte(0), uint16(len(text)), uint32(0), text, byte(0))
}

func truncation(sqnum uint64, ino uint32, size uint64) []byte {
	return node(4, sqnum, ino, [12]byte{}, uint64(1<<20), size)
}

// journal adds nodes to the small image's journal, and says that it wasn't
// unmounted.
func journal(t testing.TB, nodes ...[]byte) []byte {
	t.Helper()
	img := treetest.Image(t, "s-base.img")
	copy(img[logAt:], node(8, 1000, uint32(11), uint32(512), uint32(1), [28]byte{}))
	copy(img[freeAt+512:], slices.Concat(nodes...))
	for _, at := range []int{leb, 2 * leb} {
		img[at+40] |= 1
		seal(img[at:])
	}
	return img
}

func TestJournal(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		nodes [][]byte
		plus  []string
		minus string // the path that isn't as it was
		kinds []string
	}{
		{"nothing", nil, nil, "", nil},
		{"a new file", [][]byte{
			data(1003, 200, 0, "hello"), inode(1001, 200, 0o100600, 5, 1, ""), name(1002, etc, 200, "new"),
		}, []string{"/etc/new file hello"}, "", nil},
		{"a link and a device", [][]byte{
			inode(1001, 200, 0o120777, 4, 1, "conf"), name(1002, etc, 200, "to"), inode(1003, 201, 0o060600, 0, 1, "\x03\x1f\x00\x00"), name(1004, etc, 201, "mtd"),
		}, []string{"/etc/mtd block", "/etc/to symlink conf"}, "", nil},
		{"a file deleted", [][]byte{name(1001, etc, 0, "gone"), inode(1002, gone, 0o100644, 0, 0, "")}, nil, "/etc/gone", nil},
		{"a file renamed", [][]byte{name(1001, etc, 0, "gone"), name(1002, etc, gone, "back")}, []string{"/etc/back file this will be deleted"}, "/etc/gone", nil},
		{"nodes out of order: the newest counts", [][]byte{name(1005, etc, gone, "gone"), name(1003, etc, 0, "gone")}, nil, "", nil},
		{"content written over", [][]byte{data(1001, gone, 0, "new content of it!!!\n")}, []string{"/etc/gone file new content of it!!!"}, "/etc/gone", nil},
		{"data that the inode doesn't count yet", [][]byte{data(1001, gone, 1, "more")},
			[]string{"/etc/gone file this will be deleted\n" + strings.Repeat("_", 4096-21) + "more"}, "/etc/gone", nil},
		{"cut, and made longer again", [][]byte{
			inode(1001, toolNo, 0o100755, 5, 1, ""), truncation(1002, toolNo, 0), inode(1003, toolNo, 0o100755, 6000, 1, ""), data(1004, toolNo, 1, "end"),
		}, []string{"/bin/tool file " + strings.Repeat("_", 4096) + "end" + strings.Repeat("_", 6000-4099)}, "/bin/tool", nil},
		{"a name without inode", [][]byte{name(1001, etc, 250, "nothing")}, nil, "", []string{"damaged"}},
		{"names that are none", [][]byte{name(1001, etc, gone, ".."), name(1002, etc, gone, "a/b"), name(1003, etc, gone, "")}, nil, "", []string{"bad-name"}},
		{"a name in a folder that isn't there", [][]byte{name(1001, 251, gone, "lost")}, nil, "", []string{"mismatch"}},
		{"a folder in itself", [][]byte{name(1001, etc, etc, "self")}, []string{"/etc/self dir"}, "", []string{"loop"}},
		{"a damaged node between", [][]byte{slices.Concat(name(1001, etc, 0, "gone")[:50], make([]byte, 30)), name(1002, etc, gone, "back")},
			[]string{"/etc/back file this will be deleted"}, "", nil},
		{"a compression that nobody knows", [][]byte{node(1, 1001, uint32(gone), uint32(1<<29), [8]byte{}, uint32(20), uint16(9), uint16(0), "x")},
			[]string{"/etc/gone file  !"}, "/etc/gone", []string{"unsupported"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, kinds := read(t, journal(t, row.nodes...))
			want := slices.Clone(row.plus)
			for _, l := range small {
				if row.minus == "" || !strings.HasPrefix(l, row.minus+" ") {
					want = append(want, l)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%q\nwant %q", got, want)
			}
			if !slices.Equal(kinds, row.kinds) {
				t.Errorf("problems %q, want %q", kinds, row.kinds)
			}
		})
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	spoil := func(at ...int) []byte {
		img := treetest.Image(t, "s-base.img")
		for _, at := range at {
			img[at] ^= 0x55
		}
		return img
	}
	all := treetest.Image(t, "s-base.img")
	for _, row := range []struct {
		name  string
		img   []byte
		tree  []string
		kinds []string
	}{
		{"whole", all, small, nil},
		{"one master node", spoil(leb + 30), small, nil},
		{"both master nodes", spoil(leb+30, 2*leb+30), small, []string{"damaged"}},
		{"the root of the index", spoil(12*leb + 472 + 30), small, []string{"checksum", "damaged"}},
		{"a leaf of the index", spoil(12*leb + 50), small, []string{"checksum", "damaged"}},
		{"the log", spoil(3*leb + 25), small, []string{"damaged"}},
		{"a block of a file", spoil(10*leb + 1048 + 60), append(slices.Clone(small[:2]), "/bin/tool file  !", small[3], small[4], small[5]), []string{"checksum"}},
		{"all behind the log", all[:4*leb], nil, []string{"truncated", "damaged"}},
		{"the index", all[:12*leb], small, []string{"truncated", "damaged"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tree, kinds := read(t, row.img)
			if !slices.Equal(tree, row.tree) {
				t.Errorf("%q", tree)
			}
			if !slices.Equal(kinds, row.kinds) {
				t.Errorf("problems %q, want %q", kinds, row.kinds)
			}
		})
	}
}

func TestProtected(t *testing.T) {
	t.Parallel()
	img := treetest.Image(t, "s-enc.img")
	if g := looktest.Guards(looktest.At(t, formats, img, 0)); !slices.Equal(g, []string{"encryption fscrypt present"}) {
		t.Errorf("guards %v", g)
	}
	tree, kinds := read(t, img)
	if len(tree) != 6 || !slices.Equal(kinds, []string{"unsupported"}) {
		t.Errorf("%q: %q", tree, kinds)
	}
	for _, l := range tree {
		if strings.Contains(l, "file") && !strings.HasSuffix(l, " file  !") {
			t.Errorf("read without a key: %q", l)
		}
	}
	img = treetest.Image(t, "s-auth.img")
	if g := looktest.Guards(looktest.At(t, formats, img, 0)); !slices.Equal(g, []string{"signature pkcs7-sha256 present"}) {
		t.Errorf("guards %v", g)
	}
	if tree, kinds := read(t, img); !slices.Equal(tree, small) || kinds != nil {
		t.Errorf("%q: %q", tree, kinds)
	}
	img[200]++ // an HMAC over the superblock, as a device writes one
	img[130]++
	seal(img)
	if g := looktest.Guards(looktest.At(t, formats, img, 0)); !slices.Equal(g, []string{"signature hmac-sha256 present", "signature pkcs7-sha256 present"}) {
		t.Errorf("guards %v", g)
	}
	binary.LittleEndian.PutUint32(img[124:], 1)
	seal(img)
	if p := looktest.At(t, formats, img, 0); p.Opaque == "" || p.Open != nil {
		t.Errorf("a version that can't be read: %+v", p)
	}
}

func TestNotThere(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(b []byte){
		"a wrong checksum":        func(b []byte) { b[60]++ },
		"erase blocks of nothing": func(b []byte) { clear(b[36:40]); seal(b) },
		"more log than blocks":    func(b []byte) { b[58] = 9; seal(b) },
		"another format of keys":  func(b []byte) { b[27] = 7; seal(b) },
		"another kind":            func(b []byte) { b[20] = 7; seal(b) },
	} {
		img := treetest.Image(t, "s-base.img")
		change(img)
		if p := looktest.At(t, formats, img, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// FuzzOpen changes a few bytes of the small image, and makes the checksums right.
func FuzzOpen(f *testing.F) {
	f.Add([]byte{}, uint16(0))
	for _, at := range []int{40, leb + 50, 3*leb + 24, 10 * leb, 10*leb + 224 + 50, 12*leb + 472 + 24, 12*leb + 30} {
		f.Add([]byte{1, 2, 3, 4}, uint16(at/8))
	}
	f.Add(slices.Concat(name(1001, etc, etc, "self"), inode(1003, toolNo, 0o100755, 1<<40, 1, ""), truncation(1002, toolNo, 0)), uint16((freeAt+512)/8))
	f.Add(node(8, 1000, uint32(10), uint32(0), uint32(1), [28]byte{}), uint16(logAt/8))
	base := journal(f, inode(1001, 200, 0o120777, 4, 1, "conf"), name(1002, etc, 200, "to"), data(1003, gone, 3, "x"))
	f.Fuzz(func(t *testing.T, change []byte, at uint16) {
		img := bytes.Clone(base)
		copy(img[min(int(at)*8, len(img)):], change)
		for at := 0; at+24 <= len(img); at += 8 {
			if binary.LittleEndian.Uint32(img[at:]) == 0x06101831 {
				seal(img[at:])
			}
		}
		treetest.Fuzz(t, formats, img)
	})
}
