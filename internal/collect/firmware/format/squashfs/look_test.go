package squashfs_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/looktest"
)

// TestLook holds what stands at the first byte, of sound and of broken images.
func TestLook(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file   string
		opaque string // part of why nothing can be read; "-": it is no squashfs; "": it can be
		kind   string // of a problem
	}{
		{"formats/squashfs-gzip.img", "", ""},
		{"formats/padded-head.bin", "-", ""},
		{"hostile/magic-only-squashfs.bin", "-", ""},
		{"hostile/magics-everywhere.bin", "-", ""},
		{"hostile/random-64k.bin", "-", ""},
		{"hostile/empty.bin", "-", ""},
		{"hostile/squashfs-truncated-50.img", "truncated: 8192 of 13918", format.Truncated},
		{"hostile/squashfs-truncated-96.img", "truncated: 96 of 13918", format.Truncated},
		{"hostile/squashfs-flip-0.img", "", ""},
		{"hostile/squashfs-flip-1.img", "", format.Mismatch},
		{"hostile/squashfs-flip-2.img", "root inode", format.Damaged},
		{"hostile/squashfs-flip-3.img", "", ""},
		{"hostile/squashfs-huge-inodes.img", "", ""},
		{"hostile/squashfs-huge-used.img", "", format.Mismatch},
		{"hostile/squashfs-block-log-31.img", "block size 2147483648", format.Damaged},
		{"hostile/squashfs-table-past-end.img", "directory table", format.Damaged},
		{"hostile/squashfs-root-self.img", "root inode", format.Damaged},
		{"hostile/squashfs-bomb-4g.img", "", ""},
		{"real/fact-squashfs.img", "", ""},
		{"real/binwalk-squashfs.bin", "", ""},
		{"real/binwalk-squashfs_v2.bin", "-", ""},
	} {
		dir := "firmware/built/"
		if strings.HasPrefix(row.file, "real/") {
			dir = "firmware/"
		}
		img := archivetest.Image(t, false, dir+row.file)
		p := looktest.At(t, formats, img, 0)
		switch {
		case row.opaque == "-" && p != nil:
			t.Errorf("%s: taken for a squashfs: %+v", row.file, p)
		case row.opaque == "-":
		case p == nil:
			t.Errorf("%s: not recognised", row.file)
		case !strings.Contains(p.Opaque, row.opaque) || (row.opaque == "") != (p.Opaque == "" && p.Open != nil):
			t.Errorf("%s: opaque %q", row.file, p.Opaque)
		case row.kind == "" && len(p.Problems) > 0 || row.kind != "" && (len(p.Problems) != 1 || p.Problems[0].Kind != row.kind):
			t.Errorf("%s: problems %v, want %q", row.file, p.Problems, row.kind)
		}
	}
}

// TestLookInside looks where magic numbers stand: a superblock alone is nothing,
// a cut file system is told where its data begins.
func TestLookInside(t *testing.T) {
	t.Parallel()
	img := archivetest.Image(t, false, "firmware/built/formats/padded-head.bin")
	if p := looktest.At(t, formats, img, 4228); p == nil || p.Open == nil {
		t.Errorf("the file system at 4228: %+v", p)
	}
	if p := looktest.At(t, formats, img, 426893); p != nil {
		t.Errorf("the bare superblock: %+v", p)
	}
	cut := append(bytes.Repeat([]byte{0xff}, 512), archivetest.Image(t, false, "firmware/built/hostile/squashfs-truncated-50.img")...)
	if p := looktest.At(t, formats, cut, 512); p == nil || p.Opaque == "" || p.Offset != 512 || p.Size != 8192 || p.Problems[0].Offset != 512 {
		t.Errorf("the cut file system at 512: %+v", p)
	}
	if got := looktest.Every(t, formats, archivetest.Image(t, false, "firmware/built/hostile/magics-everywhere.bin")); len(got) > 0 {
		t.Errorf("%d parts among stray magic numbers", len(got))
	}
	// A tree that lost its last blocks can be read as far as it is there.
	whole := tiny()
	p := looktest.At(t, formats, whole[:len(whole)-4], 0)
	if p == nil || p.Open == nil || len(p.Problems) != 2 || p.Problems[0].Kind != format.Truncated || p.Problems[1].Kind != format.Damaged {
		t.Fatalf("a cut table of ids: %+v", p)
	}
	v, err := p.Open(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := archivetest.Tree(t, v); len(got) != 4 || got["/a"].SHA256 != archivetest.Sum("hello") {
		t.Errorf("a cut table of ids: %v", got)
	}
}
