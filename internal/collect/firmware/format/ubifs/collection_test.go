package ubifs_test

import (
	"context"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
	"assay/internal/collect/firmware/format/ubi"
	"assay/internal/collect/firmware/format/ubifs"
)

var formats = []format.Format{ubifs.New()}

func TestCollection(t *testing.T) {
	t.Parallel()
	want := archivetest.Manifest(t, "firmware/built/formats/tree.manifest.jsonl")
	for _, name := range []string{"ubifs-lzo.img", "ubifs-zlib.img", "ubifs-zstd.img", "ubifs-none.img.gz"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img := looktest.Read(t, "built/formats", name)
			p := archivetest.Look(t, formats, img, 0)
			if p != nil {
				t.Log(p.Note)
			}
			treetest.Same(t, p, want, undevice)
			if p.Size != int64(len(img)) {
				t.Errorf("%d bytes of %d", p.Size, len(img))
			}
		})
	}
}

// undevice forgets what manifests don't have.
func undevice(l *archivetest.Line) { l.Major, l.Minor = 0, 0 }

func TestVolume(t *testing.T) {
	t.Parallel()
	outer := archivetest.Look(t, []format.Format{ubi.New()}, looktest.Read(t, "built/formats/ubi-2vol.img"), 0)
	list, err := outer.Contents(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := formats[0].Look(context.Background(), list[1].Source, 0)
	if err != nil {
		t.Fatal(err)
	}
	treetest.Same(t, p, archivetest.Manifest(t, "firmware/built/formats/tree.manifest.jsonl"), undevice)
}

func TestNoise(t *testing.T) {
	t.Parallel()
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func BenchmarkCollection(b *testing.B) {
	for _, name := range []string{"ubifs-lzo.img", "ubifs-zlib.img", "ubifs-zstd.img", "ubifs-none.img.gz"} {
		b.Run(name, func(b *testing.B) { treetest.Bench(b, formats, looktest.Read(b, "built/formats", name)) })
	}
}
