package cpio_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/cpio"
)

func TestCollection(t *testing.T) {
	t.Parallel()
	want := archivetest.Manifest(t, "firmware/built/formats/tree.manifest.jsonl")
	for _, row := range []struct{ file, note string }{
		{"cpio-bin.cpio.gz", "binary, little-endian"},
		{"cpio-crc.cpio.gz", "newc-crc"},
		{"cpio-odc.cpio.gz", "odc"},
		{"initramfs-gzip.cpio.gz", "newc"},
	} {
		img := archivetest.Image(t, true, "firmware/built/formats", row.file)
		p := archivetest.Look(t, cpio.Formats(), img, 0)
		if p == nil || !strings.HasPrefix(p.Note, row.note+",") || p.Size != int64(len(img)) || len(p.Problems) > 0 {
			t.Errorf("%s: %+v", row.file, p)
			continue
		}
		v := archivetest.Open(t, cpio.Formats(), img)
		if d := cmp.Diff(want, archivetest.Tree(t, v)); d != "" {
			t.Errorf("%s (-manifest +read):\n%s", row.file, d)
		}
		if kept, _ := v.Problems(); len(kept) > 0 {
			t.Errorf("%s: problems %v", row.file, kept)
		}
	}
}

func TestTwoInARow(t *testing.T) {
	t.Parallel()
	img := archivetest.Image(t, false, "firmware/built/formats/two-cpio-concatenated.img")
	p := archivetest.Look(t, cpio.Formats(), img, 0)
	if p == nil || p.Size != 1024 || string(img[p.Size:p.Size+2]) != "\x1f\x8b" {
		t.Errorf("%+v", p)
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file  string
		names string // given out, in any order; a number: how many
		kinds []string
	}{
		{"cpio-traversal.cpio", "/ok", []string{format.BadName}},
		{"cpio-symlink-write-through.cpio", "/d /d/assay-evil /e /e/assay-evil2", []string{format.Mismatch}},
		{"cpio-devnodes.cpio", "/dev /dev/fifo /dev/mem /dev/sda /dev/sock /su", nil},
		{"cpio-hardlinks.cpio", "/h1 /h2", []string{format.BadName}},
		{"cpio-huge-size.cpio", "/big", []string{format.Truncated}},
		{"cpio-type-confusion.cpio", "/x /x/assay-evil", []string{format.Mismatch}},
		{"cpio-deep-500.cpio", "", []string{format.TooDeep}},
		{"cpio-symlink-loop.cpio", "", nil},
	} {
		img := archivetest.Image(t, false, "firmware/built/hostile", row.file)
		p := archivetest.Look(t, cpio.Formats(), img, 0)
		if p == nil {
			t.Errorf("%s: not recognised", row.file)
			continue
		}
		v := archivetest.Open(t, cpio.Formats(), img)
		tree := archivetest.Tree(t, v)
		for _, name := range strings.Fields(row.names) {
			if _, ok := tree[name]; !ok {
				t.Errorf("%s: no %s", row.file, name)
			}
		}
		if n := len(strings.Fields(row.names)); n > 0 && len(tree) != n {
			t.Errorf("%s: %d names, want %d", row.file, len(tree), n)
		}
		kept, _ := v.Problems()
		if d := cmp.Diff(row.kinds, archivetest.Kinds(append(kept, p.Problems...))); d != "" {
			t.Errorf("%s: problems (-want +got):\n%s", row.file, d)
		}
	}
}

func TestHostileContent(t *testing.T) {
	t.Parallel()
	links := archivetest.Tree(t, archivetest.Open(t, cpio.Formats(), archivetest.Image(t, false, "firmware/built/hostile/cpio-hardlinks.cpio")))
	for _, name := range []string{"/h1", "/h2"} {
		if links[name].SHA256 != archivetest.Sum("linked\n") {
			t.Errorf("%s: %+v", name, links[name])
		}
	}
	if su := archivetest.Tree(t, archivetest.Open(t, cpio.Formats(), archivetest.Image(t, false, "firmware/built/hostile/cpio-devnodes.cpio")))["/su"]; su.Mode != "6755" {
		t.Errorf("su: %+v", su)
	}
	odd := archivetest.Tree(t, archivetest.Open(t, cpio.Formats(), archivetest.Image(t, false, "firmware/built/hostile/cpio-odd-names.cpio")))
	if len(odd) != 16 {
		t.Errorf("%d odd names, want 16", len(odd))
	}
	many := archivetest.Tree(t, archivetest.Open(t, cpio.Formats(), archivetest.Image(t, true, "firmware/built/hostile/cpio-20000-files.cpio.gz")))
	if len(many) < 20000 {
		t.Errorf("%d of 20000 names", len(many))
	}
	for _, name := range []string{"cpio-huge-namesize.cpio", "magics-everywhere.bin"} {
		img := archivetest.Image(t, false, "firmware/built/hostile", name)
		for at := range img {
			if string(img[at:min(at+4, len(img))]) != "0707" {
				continue
			}
			if p := archivetest.Look(t, cpio.Formats(), img, int64(at)); p != nil {
				t.Errorf("%s: taken for an archive at %d", name, at)
			}
		}
	}
}

func TestSWUpdateOfACamera(t *testing.T) {
	t.Parallel()
	img := archivetest.Image(t, false, "firmware/built/camera-hardened/camera-hardened.swu")
	p := archivetest.Look(t, cpio.Formats(), img, 0)
	want := []format.Guard{
		{Kind: format.Signature, Scheme: "rsa2048-sha256", State: format.Present, Note: "over sw-description; the public key is not in the package", Offset: 1032 - 376},
		{Kind: format.Checksum, Scheme: "sha256", State: format.Good, Note: "rootfs.squashfs", Offset: 2659308},
		{Kind: format.Checksum, Scheme: "sha256", State: format.Good, Note: "fit.itb", Offset: 1032},
	}
	if d := cmp.Diff(want, p.Guards); d != "" {
		t.Errorf("guards (-want +got):\n%s", d)
	}
	if p.Size != int64(len(img)) || p.Note != "newc-crc, 4 members; SWUpdate package" || len(p.Problems) > 0 {
		t.Errorf("%d of %d bytes, %q, %v", p.Size, len(img), p.Note, p.Problems)
	}
}
