package squashfs_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/squashfs"
	"assay/internal/collect/firmware/format/tree/treetest"
)

var update = flag.Bool("update", false, "make testdata/*.sqfs anew, with mksquashfs")

// prose is text that compresses by about a half.
func prose(seed uint64, n int) string {
	words := strings.Fields("valve pump relay north gate sensor level boiler heater flow rate alarm panel tank inlet outlet timer bypass")
	r := rand.New(rand.NewPCG(seed, 9))
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%s %s %d\n", words[r.IntN(len(words))], words[r.IntN(len(words))], r.IntN(1000))
	}
	return b.String()[:n]
}

// contents are the files of the trees in testdata: blocks are 4 KiB there.
func contents() map[string]string {
	hole := string(make([]byte, 8192))
	return map[string]string{
		"/big":         prose(1, 9000),
		"/copy":        prose(1, 9000), // equal
		"/dir/big-too": prose(1, 9000), // a hard link
		"/dir/small":   prose(2, 700),
		"/dir/small-2": prose(2, 700),
		"/dir/deep/a":  prose(3, 1500),
		"/dir/deep/b":  prose(4, 5000),
		"/empty":       "",
		"/even":        prose(5, 8192), // two blocks, no tail
		"/hole":        hole + prose(6, 5000) + hole + "end",
		"/zeros":       hole,
		"/one":         "1",
	}
}

func makeImage(t *testing.T, name string, args ...string) {
	t.Helper()
	dir := t.TempDir()
	for path, content := range contents() {
		if path == "/dir/big-too" {
			continue
		}
		file := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Link(filepath.Join(dir, "big"), filepath.Join(dir, "dir/big-too")), os.Symlink("big", filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	args = append([]string{dir, filepath.Join("testdata", name), "-noappend", "-b", "4096", "-all-root", "-mkfs-time", "0", "-all-time", "0", "-nopad"}, args...)
	if out, err := exec.Command("mksquashfs", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestLinksTailsAndHoles reads what only some images have: hard links and equal
// files, tails of large files in fragments, holes.
func TestLinksTailsAndHoles(t *testing.T) {
	t.Parallel()
	want := map[string]archivetest.Line{"/link": {Path: "/link", Mode: "0777", Type: "symlink", Target: "big"}}
	for path, c := range contents() {
		want[path] = archivetest.Line{Path: path, Mode: "0644", Type: "file", Size: int64(len(c)), SHA256: archivetest.Sum(c)}
	}
	for _, d := range []string{"/dir", "/dir/deep"} {
		want[d] = archivetest.Line{Path: d, Mode: "0755", Type: "dir"}
	}
	for _, row := range []struct {
		name   string
		args   []string
		blocks int64 // big 2, dir/deep/b 1, even 2, hole 2, and the rest
	}{
		// The tails of large files and small files share two fragments.
		{"tails.sqfs", []string{"-comp", "xz", "-always-use-fragments"}, 7 + 2},
		// Tails are blocks of their own: big, b, hole; small files share a fragment.
		{"blocks.sqfs", []string{"-comp", "gzip"}, 7 + 3 + 1},
		// As are small files: a, small; one byte is stored.
		{"alone.sqfs", []string{"-comp", "lz4", "-no-fragments"}, 7 + 3 + 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if *update {
				makeImage(t, row.name, row.args...)
			}
			img, err := os.ReadFile(filepath.Join("testdata", row.name))
			if err != nil {
				t.Fatal(err)
			}
			treetest.Same(t, archivetest.Look(t, formats, img, 0), want, nil)
			if st := once(t, img, false); st.Expanded != row.blocks {
				t.Errorf("%d blocks were expanded, want %d (%d stored)", st.Expanded, row.blocks, st.Stored)
			}
			sameData(t, img)
		})
	}
}

// sameData holds that the names of one inode get the same slice, one after the
// other, from one worker.
func sameData(t *testing.T, img []byte) {
	t.Helper()
	fs, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	type call struct {
		e     format.Entry
		first *byte
	}
	var mu sync.Mutex
	calls := map[int][]call{}
	err = fs.Each(context.Background(), 4, func(worker int, e format.Entry, data []byte, err error) error {
		mu.Lock()
		defer mu.Unlock()
		if len(data) > 0 {
			calls[worker] = append(calls[worker], call{e, &data[0]})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		for i, x := range c {
			if x.e.Path != "/big" {
				continue
			}
			near := c[max(i-2, 0):min(i+3, len(c))]
			n := 0
			for _, y := range near {
				if y.first == x.first && (y.e.Path == "/copy" || y.e.Path == "/dir/big-too" && y.e.Inode == x.e.Inode && y.e.Links == 2) {
					n++
				}
			}
			if n == 2 {
				return
			}
		}
	}
	t.Errorf("the names of /big did not come together")
}

// TestDamagedBlocks spoils a block in the middle of a file, its tail's fragment,
// and cuts the image: what can be read comes, the rest is zeros, with an error.
func TestDamagedBlocks(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("testdata/tails.sqfs")
	if err != nil {
		t.Fatal(err)
	}
	at := func(n int) int { // of the n-th block of data
		pos := 0
		for range n + 1 {
			pos += 6 + bytes.Index(good[pos+6:], []byte("\xfd7zXZ\x00"))
		}
		return pos
	}
	read := func(img []byte) (map[string]string, map[string]error, []format.Problem) {
		fs, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), format.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got, errs := map[string]string{}, map[string]error{}
		var mu sync.Mutex
		if err := fs.Each(context.Background(), 2, func(_ int, e format.Entry, data []byte, err error) error {
			mu.Lock()
			defer mu.Unlock()
			if e.Type == format.File {
				got[e.Path], errs[e.Path] = string(data), err
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		kept, _ := fs.Problems()
		return got, errs, kept
	}
	spoil := func(at int) []byte {
		img := bytes.Clone(good)
		img[at+40] ^= 0x55
		return img
	}
	big := contents()["/big"]

	got, errs, problems := read(spoil(at(1)))
	if d := cmp.Diff(big[:4096]+string(make([]byte, 4096))+big[8192:], got["/big"]); d != "" || !errors.Is(errs["/big"], format.ErrDamaged) {
		t.Errorf("second block of /big: error %v, content %s", errs["/big"], d)
	}
	if got["/copy"] != got["/big"] || errs["/copy"] == nil || errs["/even"] != nil || len(problems) != 1 || problems[0].Path != "/big" {
		t.Errorf("errors %v, problems %v", errs, problems)
	}

	img := bytes.Clone(good)
	for n := range 9 { // every block but the first
		if n > 0 {
			img[at(n)+40] ^= 0x55
		}
	}
	got, errs, _ = read(img)
	if got["/big"] != big[:4096] || errs["/big"] == nil || got["/one"] != "" || errs["/one"] == nil {
		t.Errorf("all but the first block: %d bytes of /big, %v; %q of /one, %v", len(got["/big"]), errs["/big"], got["/one"], errs["/one"])
	}
}

// TestFewWorkers has one worker and many do the same; a cancelled context ends
// them all.
func TestFewWorkers(t *testing.T) {
	t.Parallel()
	img, err := os.ReadFile("testdata/tails.sqfs")
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{0, 1, 2, 50} {
		fs, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), format.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		total := 0
		if err := fs.Each(context.Background(), workers, func(_ int, _ format.Entry, data []byte, err error) error {
			mu.Lock()
			defer mu.Unlock()
			total += len(data)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, c := range contents() {
			want += len(c)
		}
		if total != want {
			t.Errorf("%d workers: %d bytes of %d", workers, total, want)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		calls := 0
		err = fs.Each(ctx, workers, func(_ int, _ format.Entry, data []byte, err error) error {
			mu.Lock()
			defer mu.Unlock()
			if calls++; len(data) > 0 {
				cancel()
			}
			return nil
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d workers: %v after %d calls", workers, err, calls)
		}
	}
}
