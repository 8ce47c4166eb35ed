package stream_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/cpio"
	"assay/internal/collect/firmware/format/stream"
	"assay/internal/collect/firmware/format/tar"
	"assay/internal/collect/firmware/format/zip"
)

// TestCollection unpacks and compares what is inside.
func TestCollection(t *testing.T) {
	t.Parallel()
	want := archivetest.Manifest(t, "firmware/built/formats/tree.manifest.jsonl")
	for _, row := range []struct{ file, format string }{
		{"initramfs-gzip.cpio.gz", "gzip"}, {"initramfs-xz.cpio.xz", "xz"}, {"initramfs-lzma.cpio.lzma", "lzma"},
		{"initramfs-bzip2.cpio.bz2", "bzip2"}, {"initramfs-lz4.cpio.lz4", "lz4"}, {"initramfs-lz4-legacy.cpio.lz4", "lz4"},
		{"initramfs-zstd.cpio.zst", "zstd"}, {"initramfs-lzop.cpio.lzo", "lzop"},
		{"rootfs.tar.gz", "gzip"}, {"rootfs.tar.xz", "xz"}, {"rootfs.tar.bz2", "bzip2"},
	} {
		img := archivetest.Image(t, false, "firmware/built/formats", row.file)
		p := archivetest.Look(t, stream.Formats(), img, 0)
		if p == nil || p.Format != row.format || len(p.Problems) > 0 || p.Size != 0 && p.Size != int64(len(img)) {
			t.Errorf("%s: %+v", row.file, p)
			continue
		}
		c := content(t, p, format.Limits{})
		inner, err := io.ReadAll(c.Stream)
		if n := consumed(t, c.Stream); err != nil || n != int64(len(img)) {
			t.Errorf("%s: %d of %d bytes, %v", row.file, n, len(img), err)
		}
		v := archivetest.Open(t, append(cpio.Formats(), tar.Formats()...), inner)
		if d := cmp.Diff(want, archivetest.Tree(t, v)); d != "" {
			t.Errorf("%s (-manifest +read):\n%s", row.file, d)
		}
	}
}

// TestNested goes down all layers: gzip, tar, zip, a uImage of 64 bytes of
// header, gzip, squashfs.
func TestNested(t *testing.T) {
	t.Parallel()
	img := archivetest.Image(t, false, "firmware/built/formats/nested.tar.gz")
	unpack := func(b []byte) []byte {
		out, err := io.ReadAll(content(t, archivetest.Look(t, stream.Formats(), b, 0), format.Limits{}).Stream)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	file := func(formats []format.Format, b []byte) (out []byte) {
		err := archivetest.Open(t, formats, b).Walk(t.Context(), func(_ format.Entry, r io.Reader) (err error) {
			if r != nil {
				out, err = io.ReadAll(r)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	image := file([]format.Format{zip.New()}, file(tar.Formats(), unpack(img)))
	if got := unpack(image[64:]); string(got[:4]) != "hsqs" {
		t.Errorf("below all layers stands %q", got[:4])
	}
}

// TestBombs reads as far as the limit, and holds little meanwhile.
func TestBombs(t *testing.T) {
	for _, file := range []string{"gzip-bomb-1g.gz", "xz-bomb-1g.xz", "bzip2-bomb-512m.bz2"} {
		img := archivetest.Image(t, false, "firmware/built/hostile", file)
		p := archivetest.Look(t, stream.Formats(), img, 0)
		c := content(t, p, format.Limits{File: 32 << 20})
		n, err := io.Copy(io.Discard, c.Stream)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if n != 32<<20 || !errors.Is(err, format.ErrLimit) || m.HeapAlloc > 200<<20 {
			t.Errorf("%s: %d bytes, %v, heap %d MiB", file, n, err, m.HeapAlloc>>20)
		}
	}
}

func TestNestedBomb(t *testing.T) {
	t.Parallel()
	img := archivetest.Image(t, false, "firmware/built/hostile/gzip-bomb-nested.gz")
	for range 2 {
		p := archivetest.Look(t, stream.Formats(), img, 0)
		var err error
		if img, err = io.ReadAll(content(t, p, format.Limits{}).Stream); err != nil {
			t.Fatal(err)
		}
	}
	if p := archivetest.Look(t, stream.Formats(), img, 0); p == nil || p.Format != "gzip" {
		t.Errorf("the third layer: %+v", p)
	}
}

func TestHugeDictionary(t *testing.T) {
	t.Parallel()
	img := archivetest.Image(t, false, "firmware/built/hostile/lzma-dict-4g.lzma")
	p := archivetest.Look(t, stream.Formats(), img, 0)
	if p == nil || p.Format != "lzma" || len(p.Problems) != 1 || p.Problems[0].Kind != format.TooBig {
		t.Fatalf("%+v", p)
	}
	if got, err := io.ReadAll(content(t, p, format.Limits{}).Stream); err != nil || string(got) != strings.Repeat("hello", 100) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestReal(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file, format, name string
		size, used         int
	}{
		{"binwalk-gzip.bin", "gzip", "lsb-release", 104, 109},
		{"binwalk-bzip2.bin", "bzip2", "", 21043, 8125}, // other things follow
		{"fact-CONFIG.gz", "gzip", "CONFIG", 116456, 26536},
	} {
		img := archivetest.Image(t, false, "firmware/real", row.file)
		p := archivetest.Look(t, stream.Formats(), img, 0)
		if p == nil || p.Format != row.format || p.Name != row.name {
			t.Errorf("%s: %+v", row.file, p)
			continue
		}
		c := content(t, p, format.Limits{})
		got, err := io.ReadAll(c.Stream)
		if err != nil || len(got) != row.size || consumed(t, c.Stream) != int64(row.used) {
			t.Errorf("%s: %d bytes, %d consumed, %v", row.file, len(got), consumed(t, c.Stream), err)
		}
	}
}

func TestMagicsEverywhere(t *testing.T) {
	t.Parallel()
	img := archivetest.Image(t, false, "firmware/built/hostile/magics-everywhere.bin")
	for _, f := range stream.Formats() {
		for _, m := range f.Magics {
			for at := range img {
				if strings.HasPrefix(string(img[at:min(at+len(m.Bytes), len(img))]), m.Bytes) {
					if p := archivetest.Look(t, []format.Format{f}, img, int64(at)); p != nil {
						t.Errorf("%d: taken for %s", at, p.Format)
					}
				}
			}
		}
	}
}
