package squashfsold_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/squashfsold"
	"assay/internal/collect/firmware/format/tree/treetest"
)

var formats = []format.Format{squashfsold.New()}

func TestVersions(t *testing.T) {
	t.Parallel()
	for major := 1; major <= 3; major++ {
		for _, big := range []bool{false, true} {
			for _, stored := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d, big-endian %t, stored metadata %t", major, big, stored), func(t *testing.T) {
					t.Parallel()
					img, want := build(t, major, big, stored, gzipped)
					p := archivetest.Look(t, formats, slices.Concat([]byte("before"), img, []byte("after")), 6)
					treetest.Same(t, p, want, nil)
					if p.Offset != 6 || p.Size != int64(len(img)) || !strings.HasSuffix(p.Note, "gzip") {
						t.Errorf("%d bytes of %d at %d: %s", p.Size, len(img), p.Offset, p.Note)
					}
				})
			}
		}
	}
}

func TestLZMA(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		pack func([]byte) []byte
		note string
	}{
		{"alone", alone, "lzma"},
		{"short", short, "lzma with a header of 5 bytes"},
		{"bare", bare, "lzma without a header, parameters 0x5d"},
		{"other parameters", other, "lzma without a header, parameters 0x3f"},
	} {
		for _, stored := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stored metadata %t", row.name, stored), func(t *testing.T) {
				t.Parallel()
				img, want := build(t, 3, false, stored, row.pack)
				copy(img, "shsq")
				p := archivetest.Look(t, formats, img, 0)
				treetest.Same(t, p, want, nil)
				if !strings.HasSuffix(p.Note, row.note) || !strings.Contains(p.Note, `"shsq"`) {
					t.Error(p.Note)
				}
			})
		}
	}
}

func TestRealImage(t *testing.T) {
	t.Parallel()
	img := looktest.Read(t, "real/binwalk-squashfs_v2.bin")
	p := archivetest.Look(t, formats, img, 0)
	if p == nil || p.Note != "2.0, big-endian, 431 inodes, blocks of 65536 bytes, lzma with a header of 5 bytes" {
		t.Fatalf("%+v", p)
	}
	v := archivetest.Open(t, formats, img)
	got := archivetest.Tree(t, v)
	kept, _ := v.Problems()
	if len(got) != 430 || len(kept) > 0 {
		t.Errorf("%d entries, problems %v", len(got), kept)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		change  func([]byte) []byte
		look    string
		walk    []string
		opaque  bool
		entries int
	}{
		{"a block of a file", func(b []byte) []byte { clear(b[150:170]); return b }, "", []string{format.Damaged}, false, 309},
		{"its beginning only", func(b []byte) []byte { return b[:200] }, "", nil, false, -1},
		{"without the last owner", func(b []byte) []byte { return bytes.TrimRight(b, "\x00*") }, "truncated", []string{format.Truncated}, false, 309},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			img, _ := build(t, 3, false, false, gzipped)
			p := archivetest.Look(t, formats, row.change(img), 0)
			if p == nil {
				if row.entries >= 0 {
					t.Fatal("not recognised")
				}
				return
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

// TestOthers looks at what is no squashfs of these versions.
func TestOthers(t *testing.T) {
	t.Parallel()
	images := looktest.Noise(t)
	for _, name := range []string{"squashfs-bomb-4g.img", "squashfs-dir-loop.img", "squashfs-huge-used.img", "magic-only-squashfs.bin"} {
		images[name] = looktest.Read(t, "built/hostile", name)
	}
	for name, img := range images {
		if got := looktest.Every(t, formats, img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	for major := 1; major <= 3; major++ {
		img, _ := build(f, major, major == 2, major == 3, gzipped)
		f.Add(img)
	}
	f.Fuzz(func(t *testing.T, img []byte) { treetest.Fuzz(t, formats, img) })
}

func TestFlips(t *testing.T) {
	t.Parallel()
	for major := 1; major <= 3; major++ {
		img, _ := build(t, major, major == 2, false, gzipped)
		treetest.Flips(t, formats, img, 5)
		img, _ = build(t, major, major == 2, true, short)
		treetest.Flips(t, formats, img, 5)
	}
}

func BenchmarkEach(b *testing.B) {
	treetest.Bench(b, formats, looktest.Read(b, "real/binwalk-squashfs_v2.bin"))
}
