package cramfs_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/cramfs"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

var formats = []format.Format{cramfs.New()}

// narrow forgets what cramfs has no room for: owners have 16 bits, groups 8,
// and sizes of files are kept for files only.
func narrow(l *archivetest.Line) {
	l.UID &= 0xffff
	l.GID &= 0xff
}

func TestMadeImages(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file, name, note string
	}{
		{"le.img", "le-name", "little-endian, version 2, 160 files"},
		{"be-pad.img", "Compressed", "big-endian, version 2, 160 files"},
		{"16k.img", "Compressed", "big-endian, version 2, 160 files"},
	} {
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			img := treetest.Image(t, row.file)
			for _, at := range []int64{0, 3333} {
				moved := slices.Concat(make([]byte, at), img, make([]byte, 777))
				p := archivetest.Look(t, formats, moved, at)
				treetest.Same(t, p, treetest.Source(t), narrow)
				if p.Offset != at || p.Size != int64(len(img)) || p.Name != row.name || p.Note != row.note {
					t.Errorf("part %q (%s) of %d bytes at %d", p.Name, p.Note, p.Size, p.Offset)
				}
				if g := looktest.Guards(p); !slices.Equal(g, []string{"checksum crc32 good"}) {
					t.Errorf("guards %v", g)
				}
			}
		})
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	want := archivetest.Manifest(t, "firmware/built/formats/tree.manifest.jsonl")
	for _, file := range []string{"cramfs-le.img", "cramfs-be.img"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			p := archivetest.Look(t, formats, looktest.Read(t, "built/formats", file), 0)
			treetest.Same(t, p, want, func(l *archivetest.Line) { l.Major, l.Minor = 0, 0 })
		})
	}
}

func TestRealImage(t *testing.T) {
	t.Parallel()
	p := archivetest.Look(t, formats, looktest.Read(t, "real/binwalk-cramfs.bin"), 0)
	treetest.Same(t, p, map[string]archivetest.Line{
		"/lsb-release": {Path: "/lsb-release", Mode: "0644", UID: 1000, GID: 0xe8, Type: "file", Size: 0x68,
			SHA256: "6dc8ba4242e0e699e3360b84e38ccecfc4dcedaa4701c8ebee3836decd815654"},
	}, nil)
}

func TestHostile(t *testing.T) {
	t.Parallel()
	if p := archivetest.Look(t, formats, looktest.Read(t, "built/hostile/cramfs-size-lie.img"), 0); p != nil {
		t.Errorf("taken for %s: %v", p.Format, p.Problems)
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	sound := treetest.Image(t, "le.img")
	for _, row := range []struct {
		name   string
		change func([]byte) []byte
		look   string   // kinds of problems that looking tells
		walk   []string // and walking
	}{
		{"a byte of content", func(b []byte) []byte { b[len(b)-5000] ^= 1; return b }, "checksum", []string{"damaged"}},
		{"a third is missing", func(b []byte) []byte { return b[:len(b)*2/3] }, "truncated", []string{"truncated"}},
		{"the checksum", func(b []byte) []byte { b[33] ^= 1; return b }, "checksum", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := archivetest.Look(t, formats, row.change(bytes.Clone(sound)), 0)
			if p == nil {
				t.Fatal("not recognised")
			}
			if got := looktest.Kinds(p); got != row.look {
				t.Errorf("looking tells %q", got)
			}
			v, err := p.Open(context.Background(), format.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(archivetest.Tree(t, v)); n != len(treetest.Source(t)) {
				t.Errorf("%d entries", n)
			}
			kept, _ := v.Problems()
			if got := archivetest.Kinds(kept); !slices.Equal(got, row.walk) {
				t.Errorf("walking tells %v", kept)
			}
		})
	}
}

func FuzzLook(f *testing.F) {
	f.Add(tiny())
	f.Add(treetest.Image(f, "le.img")[:16384])
	f.Add(treetest.Image(f, "be-pad.img")[:16384])
	f.Fuzz(func(t *testing.T, img []byte) { treetest.Fuzz(t, formats, img) })
}

func BenchmarkEach(b *testing.B) {
	treetest.Bench(b, formats, looktest.Read(b, "built/formats/cramfs-le.img"))
}

func TestFlips(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"le.img", "be-pad.img"} {
		treetest.Flips(t, formats, treetest.Image(t, name), 10)
	}
	treetest.Flips(t, formats, tiny(), 20)
}
