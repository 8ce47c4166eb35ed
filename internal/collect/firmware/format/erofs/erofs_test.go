package erofs_test

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/erofs"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

var formats = []format.Format{erofs.New()}

func TestMadeImages(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file, note string
	}{
		{"plain.img", "124 blocks of 4096 bytes, 159 inodes"},
		{"chunks.img", "172 blocks of 4096 bytes, 159 inodes"},
		{"chunkidx.img", "168 blocks of 4096 bytes, 159 inodes"},
		{"lz4.img", "14 blocks of 4096 bytes, 159 inodes"},
		{"legacy.img", "12 blocks of 4096 bytes, 159 inodes"},
		{"big.img", "12 blocks of 4096 bytes, 159 inodes, lz4"},
		{"tail.img", "8 blocks of 4096 bytes, 159 inodes, lz4"},
	} {
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			img := treetest.Image(t, row.file)
			p := archivetest.Look(t, formats, slices.Concat([]byte("three b"), img, []byte("tail")), 7)
			treetest.Same(t, p, treetest.Source(t), nil)
			if p.Format != "erofs" || p.Offset != 7 || p.Size != int64(len(img)) || p.Note != row.note {
				t.Errorf("%s of %d bytes at %d: %s", p.Format, p.Size, p.Offset, p.Note)
			}
			if g := looktest.Guards(p); !slices.Equal(g, []string{"checksum crc32c good"}) {
				t.Errorf("guards %v", g)
			}
		})
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	want := archivetest.Manifest(t, "firmware/built/formats/tree.manifest.jsonl")
	for _, file := range []string{"erofs-lz4.img", "erofs-plain.img.gz"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			p := archivetest.Look(t, formats, looktest.Read(t, "built/formats", file), 0)
			treetest.Same(t, p, want, func(l *archivetest.Line) { l.Major, l.Minor = 0, 0 })
		})
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, file string
		change     func([]byte) []byte
		look       string
		walk       []string
		opaque     bool
		entries    int
	}{
		{"some compressed content", "big.img", func(b []byte) []byte { copy(b[6*4096+1000:], strings.Repeat("\xff", 3000)); return b }, "", []string{format.Damaged}, false, 159},
		{"the end is missing", "plain.img", func(b []byte) []byte { return b[:len(b)-9000] }, "truncated", []string{format.Truncated, format.Damaged}, false, 36},
		{"the superblock", "plain.img", func(b []byte) []byte { b[1024+70] ^= 1; return b }, "checksum", nil, false, 159},
		{"without a root", "plain.img", func(b []byte) []byte { b[1152+4], b[1152+5] = 0, 0; return seal(b) }, "", nil, true, 0},
		{"a later layout", "plain.img", func(b []byte) []byte { b[1024+80] |= 0x80; return seal(b) }, "", nil, true, 0},
		{"fragments, but no inode of them", "tail.img", func(b []byte) []byte { b[1024+80] |= 0x20; return seal(b) }, "", nil, false, 159},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := archivetest.Look(t, formats, row.change(treetest.Image(t, row.file)), 0)
			if p == nil {
				t.Fatal("not recognised")
			}
			if got := looktest.Kinds(p); got != row.look || (p.Opaque != "") != row.opaque {
				t.Errorf("looking tells %v %s", p.Problems, p.Opaque)
			}
			if row.opaque {
				return
			}
			v, err := p.Open(context.Background(), format.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(archivetest.Tree(t, v)); n != row.entries {
				t.Errorf("%d entries, want %d", n, row.entries)
			}
			kept, _ := v.Problems()
			if got := archivetest.Kinds(kept); !slices.Equal(got, row.walk) {
				t.Errorf("walking tells %v", kept)
			}
		})
	}
}

// seal makes the superblock's checksum fit again.
func seal(b []byte) []byte {
	clear(b[1028:1032])
	binary.LittleEndian.PutUint32(b[1028:], ^crc32.Checksum(b[1024:4096], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

func FuzzLook(f *testing.F) {
	for _, name := range []string{"big.img", "legacy.img", "tail.img"} {
		f.Add(treetest.Image(f, name))
	}
	f.Fuzz(func(t *testing.T, img []byte) { treetest.Fuzz(t, formats, img) })
}

func TestFlips(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"lz4.img", "legacy.img", "tail.img", "chunkidx.img"} {
		treetest.Flips(t, formats, treetest.Image(t, name), 10)
	}
	for _, build := range []func(*testing.T) ([]byte, map[string]string){algorithmImage, fragmentImage} {
		img, _ := build(t)
		treetest.Flips(t, formats, img, 10)
	}
}

func BenchmarkEach(b *testing.B) {
	treetest.Bench(b, formats, looktest.Read(b, "built/formats/erofs-lz4.img"))
}
