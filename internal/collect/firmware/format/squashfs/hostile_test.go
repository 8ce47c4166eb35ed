package squashfs_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/internal/collect/firmware/format/squashfs"
	"assay/internal/testdata"
)

// walkAll reads everything and checks what must hold for any bytes at all.
func walkAll(t testing.TB, img []byte, lim squashfs.Limits) (entries int, read int64, problems []squashfs.Problem, err error) {
	t.Helper()
	fs, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), lim)
	if err != nil {
		return 0, 0, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err = fs.Walk(ctx, func(e squashfs.Entry, content io.Reader) error {
		entries++
		checkPath(t, e.Path)
		if len(e.Target) > 4096 {
			t.Errorf("%q: target of %d bytes", e.Path, len(e.Target))
		}
		if content == nil {
			return nil
		}
		n, _ := io.Copy(io.Discard, content) // its error is a problem of fs
		read += n
		if n > e.Size {
			t.Errorf("%q: %d bytes of %d", e.Path, n, e.Size)
		}
		return nil
	})
	if ctx.Err() != nil {
		t.Error("the walk took more than a minute")
	}
	problems, _ = fs.Problems()
	return entries, read, problems, err
}

func checkPath(t testing.TB, p string) {
	t.Helper()
	if !strings.HasPrefix(p, "/") || strings.ContainsRune(p, 0) {
		t.Errorf("path %q", p)
	}
	if p == "/" {
		return
	}
	for _, part := range strings.Split(p[1:], "/") {
		if part == "" || part == "." || part == ".." {
			t.Errorf("path %q", p)
		}
	}
}

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
		{"squashfs-flip-0.img", "", squashfs.Mismatch},
		{"squashfs-flip-1.img", "id table", ""},
		{"squashfs-flip-2.img", "root inode", ""},
		{"squashfs-flip-3.img", "", squashfs.Damaged},
		{"squashfs-huge-inodes.img", "inodes", ""},
		{"squashfs-huge-used.img", "bytes used", ""},
		{"squashfs-block-log-31.img", "block size", ""},
		{"squashfs-table-past-end.img", "directory table", ""},
		{"squashfs-root-self.img", "root inode", ""},
		{"squashfs-dotdot.img", "", squashfs.BadName},
		{"squashfs-slash-name.img", "", squashfs.BadName},
		{"squashfs-nul-name.img", "", squashfs.BadName},
		{"squashfs-dir-loop.img", "", squashfs.Loop},
		{"squashfs-bomb-4g.img", "", squashfs.TooBig},
		{"squashfs-flip-4.img", "", ""},
	} {
		t.Run(strings.TrimSuffix(row.file, filepath.Ext(row.file)), func(t *testing.T) {
			t.Parallel()
			img := image(t, testdata.Dir(t, "firmware/built/hostile", row.file))
			n, read, problems, err := walkAll(t, img, squashfs.Limits{File: 64 << 20, Total: 256 << 20})
			t.Logf("%d entries, %d bytes, err %v, problems %v", n, read, err, problems)
			if read > 257<<20 {
				t.Errorf("%d bytes were given out", read)
			}
			switch {
			case row.open == "" && err != nil:
				t.Fatal(err)
			case row.open != "" && (err == nil || !strings.Contains(err.Error(), row.open)):
				t.Fatalf("error %v, want one with %q", err, row.open)
			}
			if row.kind == "" {
				return
			}
			for _, p := range problems {
				if p.Kind == row.kind {
					return
				}
			}
			t.Errorf("no problem of kind %q", row.kind)
		})
	}
}

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
		if _, _, _, err := walkAll(t, img, squashfs.Limits{File: 8 << 20, Total: 16 << 20}); err != nil {
			t.Logf("%s: %v", filepath.Base(f), err)
		}
	}
}

func TestUnreadCompressor(t *testing.T) {
	t.Parallel()
	img := image(t, testdata.Dir(t, "firmware/built/formats/squashfs-lzo.img"))
	_, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), squashfs.Limits{})
	if !errors.Is(err, squashfs.ErrUnsupported) || !strings.Contains(err.Error(), "compression lzo not read") {
		t.Errorf("error %v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	img := image(t, testdata.Dir(t, "firmware/built/formats/squashfs-gzip.img"))
	for _, row := range []struct {
		name string
		lim  squashfs.Limits
		kind string
	}{
		{"file", squashfs.Limits{File: 1000}, squashfs.TooBig},
		{"total", squashfs.Limits{Total: 5000}, squashfs.TooBig},
		{"depth", squashfs.Limits{Depth: 1}, squashfs.TooDeep},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, read, problems, err := walkAll(t, img, row.lim)
			if err != nil {
				t.Fatal(err)
			}
			if len(problems) == 0 || problems[0].Kind != row.kind {
				t.Errorf("problems %v, want %s", problems, row.kind)
			}
			if row.name == "total" && read > 5000+int64(1<<17) {
				t.Errorf("%d bytes", read)
			}
		})
	}
}

func TestWalkEndsEarly(t *testing.T) {
	t.Parallel()
	img := image(t, testdata.Dir(t, "firmware/built/formats/squashfs-xz.img"))
	fs, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), squashfs.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	n := 0
	err = fs.Walk(context.Background(), func(squashfs.Entry, io.Reader) error {
		if n++; n == 10 {
			return stop
		}
		return nil
	})
	if err != stop || n != 10 {
		t.Errorf("error %v after %d entries", err, n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := fs.Walk(ctx, func(squashfs.Entry, io.Reader) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(tiny())
	for _, at := range []int{4, 12, 20, 26, 32, 40, 48, 64, 72, 80, 100, 140, 160} {
		b := tiny()
		b[at] ^= 0x41
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, img []byte) {
		_, read, _, _ := walkAll(t, img, squashfs.Limits{Entries: 1000, Depth: 8, File: 1 << 20, Total: 1 << 20})
		if read > 3<<20 {
			t.Errorf("%d bytes were given out", read)
		}
	})
}
