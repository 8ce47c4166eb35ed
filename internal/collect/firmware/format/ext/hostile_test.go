package ext_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

func TestHostile(t *testing.T) {
	t.Parallel()
	images := looktest.Noise(t)
	images["ext4-bad-super.img"] = looktest.Read(t, "built/hostile/ext4-bad-super.img")
	for name, img := range images {
		if got := looktest.Every(t, formats, img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestSuperblocks changes one field at a time to what makes later
// calculations impossible.
func TestSuperblocks(t *testing.T) {
	t.Parallel()
	sound := treetest.Image(t, "ext2-1k.img")
	for _, row := range []struct {
		name  string
		at    int
		value uint32
	}{
		{"no inodes", 0, 0},
		{"no blocks", 4, 0},
		{"another first block", 0x14, 2},
		{"blocks of 2^32 KiB", 0x18, 32},
		{"no blocks in a group", 0x20, 0},
		{"too many blocks in a group", 0x20, 1 << 20},
		{"no inodes in a group", 0x28, 0},
		{"other inodes than the groups have", 0, 255},
		{"inodes of 96 bytes", 0x58, 96},
		{"a copy", 0x58, 128 | 3<<16},
		{"descriptors of 16 bytes", 0x60, 2 | 0x80},
	} {
		img := bytes.Clone(sound)
		binary.LittleEndian.PutUint32(img[1024+row.at:], row.value)
		if p := archivetest.Look(t, formats, img, 0); p != nil {
			t.Errorf("%s: taken for %s", row.name, p.Note)
		}
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	put := func(b []byte, at int, v uint32) []byte { binary.LittleEndian.PutUint32(b[at:], v); return b }
	for _, row := range []struct {
		name, file string
		change     func([]byte) []byte
		look       string
		walk       []string
		entries    int
	}{
		{"a folder that holds the root, names without inodes", "odd.img", nil, "", []string{format.Loop, format.Damaged}, 5},
		{"half of it", "ext4.img", func(b []byte) []byte { return b[:len(b)/2] }, "truncated", nil, 160},
		{"a part of it", "ext4.img", func(b []byte) []byte { return b[:len(b)/24] }, "truncated", []string{format.Truncated}, 33},
		{"the superblock's sum", "ext4.img", func(b []byte) []byte { b[1024+0x34]++; return b }, "checksum", nil, 160},
		{"an entry beyond the last inode", "odd.img", func(b []byte) []byte {
			i := bytes.Index(b, []byte("\x06\x00unused"))
			return put(b, i-6, 4000)
		}, "", []string{format.Loop, format.Damaged}, 5},
		{"an entry without length", "odd.img", func(b []byte) []byte {
			i := bytes.Index(b, []byte("\x06\x00unused"))
			b[i-2] = 0
			return b
		}, "", []string{format.Loop, format.Damaged}, 5},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			img := treetest.Image(t, row.file)
			if row.change != nil {
				img = row.change(img)
			}
			p := archivetest.Look(t, formats, img, 0)
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

func FuzzLook(f *testing.F) {
	for _, name := range []string{"odd.img", "dirty.img", "deep.img", "ext4.img"} {
		img := treetest.Image(f, name)
		f.Add(img[:min(len(img), 128<<10)])
	}
	f.Fuzz(func(t *testing.T, img []byte) { treetest.Fuzz(t, formats, img) })
}

func BenchmarkEach(b *testing.B) {
	treetest.Bench(b, formats, looktest.Read(b, "built/formats/ext4.img.gz"))
}

func TestFlips(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"dirty.img", "deep.img", "ext3.img"} {
		treetest.Flips(t, formats, treetest.Image(t, name), 20)
	}
}
