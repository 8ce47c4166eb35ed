package squashfs_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ulikunitz/xz/lzma"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/squashfs"
	"assay/internal/collect/firmware/format/tree/treetest"
	"assay/internal/testdata"
)

func TestHostileImages(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file string
		open string // part of the error of Open or Walk; empty: none
		kind string // a problem of this kind; empty: none asked
	}{
		{"magic-only-squashfs.bin", "superblock bytes", ""},
		{"empty.bin", "superblock bytes", ""},
		{"all-ff-64k.bin", "magic", ""},
		{"squashfs-truncated-50.img", "truncated", ""},
		{"squashfs-truncated-96.img", "truncated", ""},
		{"squashfs-flip-0.img", "", format.Mismatch},
		{"squashfs-flip-1.img", "", format.Mismatch},
		{"squashfs-flip-2.img", "root inode", ""},
		{"squashfs-flip-3.img", "", format.Damaged},
		{"squashfs-huge-inodes.img", "", format.TooMany},
		{"squashfs-huge-used.img", "", format.Mismatch},
		{"squashfs-block-log-31.img", "block size", ""},
		{"squashfs-table-past-end.img", "directory table", ""},
		{"squashfs-root-self.img", "root inode", ""},
		{"squashfs-dotdot.img", "", format.BadName},
		{"squashfs-slash-name.img", "", format.BadName},
		{"squashfs-nul-name.img", "", format.BadName},
		{"squashfs-dir-loop.img", "", format.Loop},
		{"squashfs-bomb-4g.img", "", format.TooBig},
		{"squashfs-flip-4.img", "", ""}, // in a number that nothing checks
	} {
		t.Run(strings.TrimSuffix(row.file, filepath.Ext(row.file)), func(t *testing.T) {
			t.Parallel()
			img := archivetest.Image(t, false, "firmware/built/hostile", row.file)
			for way, all := range ways {
				n, read, problems, err := all(t, img, format.Limits{File: 64 << 20, Total: 256 << 20})
				t.Logf("%s: %d entries, %d bytes, err %v, problems %v", way, n, read, err, problems)
				if read > 256<<20 {
					t.Errorf("%s: %d bytes were given out", way, read)
				}
				switch {
				case row.open == "" && err != nil:
					t.Fatal(err)
				case row.open != "" && (err == nil || !strings.Contains(err.Error(), row.open)):
					t.Fatalf("%s: error %v, want one with %q", way, err, row.open)
				}
				if row.kind != "" && !slices.ContainsFunc(problems, func(p format.Problem) bool { return p.Kind == row.kind }) {
					t.Errorf("%s: no problem of kind %q", way, row.kind)
				}
			}
		})
	}
}

// ways are the two ways to read a tree.
var ways = map[string]func(testing.TB, []byte, format.Limits) (int, int64, []format.Problem, error){"Walk": walkAll, "Each": eachAll}

// TestEveryHostileFile gives the reader what is no squashfs at all, too.
func TestEveryHostileFile(t *testing.T) {
	t.Parallel()
	dir := testdata.Dir(t, "firmware/built/hostile")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		img, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for way, all := range ways {
			if _, _, _, err := all(t, img, format.Limits{File: 8 << 20, Total: 16 << 20}); err != nil {
				t.Logf("%s: %s: %v", filepath.Base(f), way, err)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	img := archivetest.Image(t, false, "firmware/built/formats/squashfs-gzip.img")
	for _, row := range []struct {
		name string
		lim  format.Limits
		kind string
	}{
		{"file", format.Limits{File: 1000}, format.TooBig},
		{"total", format.Limits{Total: 5000}, format.TooBig},
		{"depth", format.Limits{Depth: 1}, format.TooDeep},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for way, all := range ways {
				_, read, problems, err := all(t, img, row.lim)
				if err != nil {
					t.Fatal(err)
				}
				if len(problems) == 0 || problems[0].Kind != row.kind {
					t.Errorf("%s: problems %v, want %s", way, problems, row.kind)
				}
				if row.lim.Total > 0 && read != row.lim.Total {
					t.Errorf("%s: %d bytes of %d", way, read, row.lim.Total)
				}
			}
		})
	}
}

func TestWalkEndsEarly(t *testing.T) {
	t.Parallel()
	img := archivetest.Image(t, false, "firmware/built/formats/squashfs-xz.img")
	fs, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	n := 0
	err = fs.Walk(context.Background(), func(format.Entry, io.Reader) error {
		if n++; n == 10 {
			return stop
		}
		return nil
	})
	if err != stop || n != 10 {
		t.Errorf("error %v after %d entries", err, n)
	}
	if err := fs.Each(context.Background(), 2, func(_ int, e format.Entry, data []byte, err error) error {
		if len(data) > 0 {
			return stop
		}
		return nil
	}); err != stop {
		t.Errorf("Each: error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := fs.Walk(ctx, func(format.Entry, io.Reader) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := fs.Each(ctx, 2, func(int, format.Entry, []byte, error) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Each, cancelled: %v", err)
	}
}

// TestFlips changes bytes of sound images.
func TestFlips(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tails", "blocks", "alone"} {
		img, err := os.ReadFile("testdata/" + name + ".sqfs")
		if err != nil {
			t.Fatal(err)
		}
		treetest.Flips(t, formats, img, 300)
	}
	treetest.Flips(t, formats, tiny(), 1000)
}

func FuzzWalk(f *testing.F) {
	f.Add(tiny())
	for _, m := range []maker{
		{order: binary.LittleEndian, magic: "hsqs", id: 1, compress: compressZlib},
		{order: binary.BigEndian, magic: "sqsh", id: 1, files: 3},
		{order: binary.LittleEndian, magic: "shsq", id: 1, compress: lzmaAlone(lzma.Properties{LC: 3, PB: 2}, true)},
	} {
		f.Add(m.image())
	}
	for _, name := range []string{"tails", "blocks", "alone"} {
		img, err := os.ReadFile("testdata/" + name + ".sqfs")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(img)
	}
	for _, at := range []int{4, 12, 20, 26, 32, 40, 48, 64, 72, 80, 100, 140, 160} {
		b := tiny()
		b[at] ^= 0x41
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, img []byte) {
		lim := format.Limits{Entries: 1000, Depth: 8, File: 1 << 20, Total: 1 << 20}
		n, read, _, _ := walkAll(t, img, lim)
		m, again, _, _ := eachAll(t, img, lim)
		if read > 1<<20 || again > 1<<20 {
			t.Errorf("%d and %d bytes were given out", read, again)
		}
		if n != m {
			t.Errorf("%d entries one by one, %d by several workers", n, m)
		}
		treetest.Fuzz(t, formats, img)
	})
}
