package romfs_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strconv"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/romfs"
	"assay/internal/collect/firmware/format/tree/treetest"
)

var formats = []format.Format{romfs.New()}

// bare forgets what romfs doesn't keep: owners, and of the mode all but whether
// a file or folder may be executed (entered).
func bare(l *archivetest.Line) {
	l.UID, l.GID = 0, 0
	m, _ := strconv.ParseUint(l.Mode, 8, 32)
	switch {
	case l.Type != "file" && l.Type != "dir":
		l.Mode = ""
	default:
		l.Mode = fmt.Sprint(m&0o100 != 0)
	}
}

func TestMadeImage(t *testing.T) {
	t.Parallel()
	img := treetest.Image(t, "tree.img")
	p := archivetest.Look(t, formats, slices.Concat([]byte("odd"), img), 3)
	treetest.Same(t, p, treetest.Source(t), bare)
	if p.Name != "vol-name" || !slices.Equal(looktest.Guards(p), []string{"checksum romfs-sum good"}) {
		t.Errorf("name %q, guards %v", p.Name, p.Guards)
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	p := archivetest.Look(t, formats, looktest.Read(t, "built/formats/romfs.img.gz"), 0)
	treetest.Same(t, p, archivetest.Manifest(t, "firmware/built/formats/tree.manifest.jsonl"), func(l *archivetest.Line) {
		bare(l)
		l.Major, l.Minor = 0, 0
	})
}

func TestHardLinks(t *testing.T) {
	t.Parallel()
	p := archivetest.Look(t, formats, treetest.Image(t, "tree.img"), 0)
	v, err := p.Open(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	inodes := map[string]uint64{}
	v.Walk(context.Background(), func(e format.Entry, _ io.Reader) error {
		inodes[e.Path] = e.Inode
		return nil
	})
	if inodes["/bin/tool"] == 0 || inodes["/bin/tool"] != inodes["/bin/hard"] || inodes["/bin/tool"] == inodes["/etc/passwd"] {
		t.Errorf("inodes %d, %d", inodes["/bin/tool"], inodes["/bin/hard"])
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	p := archivetest.Look(t, formats, looktest.Read(t, "built/hostile/romfs-loop.img"), 0)
	if p == nil {
		t.Fatal("not recognised")
	}
	v, err := p.Open(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	archivetest.Tree(t, v)
	kept, _ := v.Problems()
	if !slices.Contains(archivetest.Kinds(kept), format.Loop) {
		t.Errorf("no loop: %v", kept)
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	sound := treetest.Image(t, "tree.img")
	first := int(binary.BigEndian.Uint32(sound[0x40:]) &^ 15)
	for _, row := range []struct {
		name   string
		change func([]byte) []byte
		look   string
		walk   []string
	}{
		{"the first header", func(b []byte) []byte { b[first+9] ^= 1; return b }, "checksum", []string{format.BadChecksum}},
		{"cut in the middle", func(b []byte) []byte { return b[:len(b)/2] }, "truncated", []string{format.Truncated}},
		{"a header that leads out", func(b []byte) []byte { b[first] = 0x7f; return b }, "checksum", []string{format.BadChecksum, format.Truncated}},
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
			if len(archivetest.Tree(t, v)) == 0 {
				t.Error("nothing was read")
			}
			kept, _ := v.Problems()
			if got := archivetest.Kinds(kept); !slices.Equal(got, row.walk) {
				t.Errorf("walking tells %v", kept)
			}
		})
	}
}

func FuzzLook(f *testing.F) {
	img := treetest.Image(f, "tree.img")
	f.Add(img[:2048])
	f.Add(img[:512])
	f.Fuzz(func(t *testing.T, img []byte) { treetest.Fuzz(t, formats, img) })
}

func BenchmarkEach(b *testing.B) {
	treetest.Bench(b, formats, looktest.Read(b, "built/formats/romfs.img.gz"))
}

func TestFlips(t *testing.T) {
	t.Parallel()
	treetest.Flips(t, formats, treetest.Image(t, "tree.img"), 20)
}
