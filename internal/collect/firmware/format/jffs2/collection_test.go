package jffs2_test

import (
	"fmt"
	"strconv"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/jffs2"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

var formats = []format.Format{jffs2.New()}

// squashed forgets what these images were made without: mkfs.jffs2 was told to
// clear set-uid, set-gid and the right to write of all but the owner
// (--squash-perms). Manifests have no device numbers.
func squashed(l *archivetest.Line) {
	mode, _ := strconv.ParseUint(l.Mode, 8, 32)
	l.Mode = fmt.Sprintf("%04o", mode&^0o6022)
	l.Major, l.Minor = 0, 0
}

func TestCollection(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		image, manifest string
		at, size        int64
	}{
		{"formats/jffs2-le-zlib.img", "formats/tree.manifest.jsonl", 0, 518092},
		{"formats/jffs2-be-zlib.img", "formats/tree.manifest.jsonl", 0, 518092},
		{"formats/jffs2-le-lzo.img", "formats/tree.manifest.jsonl", 0, 566012},
		{"formats/jffs2-le-rtime.img", "formats/tree.manifest.jsonl", 0, 666656},
		{"formats/jffs2-le-summary.img", "formats/tree.manifest.jsonl", 0, 561156},
		{"formats/jffs2-le-cleanmarkers.img", "formats/tree.manifest.jsonl", 0, 2097152},
		// One erase block is in use, and no other one has a marker: its size can't be told.
		{"camera-small-flash/camera-small-flash.bin", "camera-small-flash/camera-small-flash.config.manifest.jsonl", 6815744, 332},
	} {
		t.Run(row.image, func(t *testing.T) {
			t.Parallel()
			p := archivetest.Look(t, formats, looktest.Read(t, "built", row.image), row.at)
			treetest.Same(t, p, archivetest.Manifest(t, "firmware/built", row.manifest), squashed)
			if p.Size != row.size {
				t.Errorf("%d bytes, want %d", p.Size, row.size)
			}
		})
	}
}

func TestHostileCollection(t *testing.T) {
	t.Parallel()
	noise := looktest.Noise(t)
	noise["jffs2-zero-length-nodes.img"] = looktest.Read(t, "built/hostile/jffs2-zero-length-nodes.img")
	for name, img := range noise {
		if got := looktest.Every(t, formats, img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func BenchmarkCollection(b *testing.B) {
	for _, name := range []string{"jffs2-le-zlib.img", "jffs2-le-lzo.img", "jffs2-le-rtime.img"} {
		b.Run(name, func(b *testing.B) { treetest.Bench(b, formats, looktest.Read(b, "built/formats", name)) })
	}
}

func BenchmarkLook(b *testing.B) {
	img := looktest.Read(b, "built/formats", "jffs2-le-cleanmarkers.img")
	b.SetBytes(int64(len(img)))
	for b.Loop() {
		archivetest.Look(b, formats, img, 0)
	}
}
