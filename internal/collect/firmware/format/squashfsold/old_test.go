package squashfsold_test

import (
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/squashfsold"
)

var formats = []format.Format{squashfsold.New()}

func TestRealImage(t *testing.T) {
	t.Parallel()
	img := looktest.Read(t, "real/binwalk-squashfs_v2.bin")
	p := archivetest.Look(t, formats, img, 0)
	if p == nil {
		t.Fatal("not recognised")
	}
	t.Log(p.Note, p.Opaque)
	v := archivetest.Open(t, formats, img)
	got := archivetest.Tree(t, v)
	kept, _ := v.Problems()
	t.Log(len(got), kept)
	for _, l := range got {
		t.Log(l)
	}
}
