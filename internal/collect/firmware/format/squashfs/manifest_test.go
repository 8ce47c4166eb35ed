package squashfs_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/squashfs"
	"assay/internal/collect/firmware/format/tree/treetest"
)

var formats = []format.Format{squashfs.New()}

// images are those of the collection.
var images = []struct {
	name, image, manifest string
	offset, end           int64 // of the file system in the image; 0: its end
	note                  string
}{
	{"gzip", "formats/squashfs-gzip.img", "formats/tree.manifest.jsonl", 0, 0, "gzip"},
	{"xz", "formats/squashfs-xz.img", "formats/tree.manifest.jsonl", 0, 0, "xz"},
	{"xz-nofrag-1m", "formats/squashfs-xz-nofrag-1m.img", "formats/tree.manifest.jsonl", 0, 0, "blocks of 1048576 bytes"},
	{"xz-mipsel", "formats/squashfs-xz-mipsel.img", "formats/tree-mipsel.manifest.jsonl", 0, 0, "xz"},
	{"none", "formats/squashfs-none.img.gz", "formats/tree.manifest.jsonl", 0, 0, "4.0"},
	{"lz4", "formats/squashfs-lz4.img", "formats/tree.manifest.jsonl", 0, 0, "lz4"},
	{"zstd", "formats/squashfs-zstd.img", "formats/tree.manifest.jsonl", 0, 0, "zstd"},
	{"lzma", "formats/squashfs-lzma.img", "formats/tree.manifest.jsonl", 0, 0, "lzma"},
	{"lzo", "formats/squashfs-lzo.img", "formats/tree.manifest.jsonl", 0, 0, "lzo"},
	{"padded", "formats/padded-head.bin", "formats/tree.manifest.jsonl", 4228, 0, "xz"},
	{"insecure", "camera-insecure/camera-insecure.bin", "camera-insecure/camera-insecure.manifest.jsonl", 5505024, 23404544, "xz, 1386 inodes"},
	{"hardened", "camera-hardened/camera-hardened.swu", "camera-hardened/camera-hardened.manifest.jsonl", 2659308, 12575724, "inodes"},
	{"small", "camera-small-flash/camera-small-flash.bin", "camera-small-flash/camera-small-flash.manifest.jsonl", 3407872, 5566464, "inodes"},
}

func TestTreesMatchTheirManifests(t *testing.T) {
	t.Parallel()
	for _, row := range images {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			want := archivetest.Manifest(t, "firmware/built", row.manifest)
			img := archivetest.Image(t, strings.HasSuffix(row.image, ".gz"), "firmware/built", row.image)
			p := archivetest.Look(t, formats, img, row.offset)
			treetest.Same(t, p, want, nil)
			end := row.end
			switch {
			case row.name == "padded":
				end = row.offset + 417792 + 4096
			case end == 0:
				end = int64(len(img))
			}
			if p.Offset+p.Size != end || !strings.Contains(p.Note, row.note) {
				t.Errorf("[%d, %d), %q; want the end %d and %q", p.Offset, p.Offset+p.Size, p.Note, end, row.note)
			}
		})
	}
}

// counting notes where bytes are read.
type counting struct {
	*bytes.Reader
	mu   sync.Mutex
	at   map[int64]int
	size map[int64]int
}

func (c *counting) ReadAt(b []byte, off int64) (int, error) {
	c.mu.Lock()
	c.at[off]++
	c.size[off] = max(c.size[off], len(b))
	c.mu.Unlock()
	return c.Reader.ReadAt(b, off)
}

// TestEachBlockOnce holds that no block is expanded twice: no place is read
// twice, and the blocks that were expanded are as many as places were read.
func TestEachBlockOnce(t *testing.T) {
	t.Parallel()
	for _, row := range images {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			img := archivetest.Image(t, strings.HasSuffix(row.image, ".gz"), "firmware/built", row.image)
			once(t, img[row.offset:], false)
		})
	}
}

// Metadata that was tried with several compressors is left out.
func once(t *testing.T, img []byte, tried bool) squashfs.Stats {
	t.Helper()
	c := &counting{Reader: bytes.NewReader(img), at: map[int64]int{}, size: map[int64]int{}}
	fs, err := squashfs.Open(c, c.Size(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	var mu sync.Mutex
	err = fs.Each(context.Background(), 3, func(_ int, e format.Entry, data []byte, err error) error {
		mu.Lock()
		names++
		mu.Unlock()
		return err
	})
	if err != nil || names == 0 {
		t.Fatal(names, err)
	}
	st, places := fs.Stats(), int64(0)
	for off, n := range c.at {
		if n > 1 && (!tried || off < fs.Super().InodeTable) {
			t.Errorf("%d bytes at offset %d were read %d times", c.size[off], off, n)
		}
		if off < fs.Super().InodeTable && off >= squashfs.SuperSize {
			places++
		}
	}
	if places != st.Expanded+st.Stored || places == 0 {
		t.Errorf("%d blocks stand before the inodes, %d were expanded and %d were stored", places, st.Expanded, st.Stored)
	}
	return st
}

// walkAll reads everything and checks what must hold for any bytes at all.
func walkAll(t testing.TB, img []byte, lim format.Limits) (entries int, read int64, problems []format.Problem, err error) {
	t.Helper()
	fs, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), lim)
	if err != nil {
		return 0, 0, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err = fs.Walk(ctx, func(e format.Entry, content io.Reader) error {
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

// eachAll is walkAll by several workers.
func eachAll(t testing.TB, img []byte, lim format.Limits) (entries int, read int64, problems []format.Problem, err error) {
	t.Helper()
	fs, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), lim)
	if err != nil {
		return 0, 0, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	err = fs.Each(ctx, 3, func(worker int, e format.Entry, data []byte, err error) error {
		mu.Lock()
		defer mu.Unlock()
		entries++
		read += int64(len(data))
		checkPath(t, e.Path)
		if worker < 0 || worker > 2 {
			t.Errorf("worker %d", worker)
		}
		if int64(len(data)) > max(e.Size, 0) || err == nil && e.Type == format.File && int64(len(data)) != e.Size {
			t.Errorf("%q: %d bytes of %d, error %v", e.Path, len(data), e.Size, err)
		}
		if err != nil && !errors.Is(err, format.ErrDamaged) && !errors.Is(err, format.ErrLimit) {
			t.Errorf("%q: an error of no kind: %v", e.Path, err)
		}
		return nil
	})
	if ctx.Err() != nil {
		t.Error("it took more than a minute")
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
