// Package treetest is what the tests of the file system readers share: the
// tree that their small images were made from, and what must be true of every
// volume, whatever the input. In: a part or a volume. Out: a failed test.
// Nothing but tests imports it.
package treetest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	_ "embed" // the manifest
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
)

//go:embed source.jsonl
var source []byte

// Source is the tree of the images in the testdata folders.
func Source(t testing.TB) map[string]archivetest.Line {
	t.Helper()
	out := map[string]archivetest.Line{}
	for s := bufio.NewScanner(bytes.NewReader(source)); s.Scan(); {
		var l archivetest.Line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		out[l.Path] = l
	}
	return out
}

// Image reads testdata/name.gz, which is packed twice where most of an image is
// empty.
func Image(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	for bytes.HasPrefix(b, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// Same fails where p's tree, read in order and on several cores, isn't want.
// Both were made equal by forget, which may be nil, in what the format doesn't
// keep.
func Same(t *testing.T, p *format.Part, want map[string]archivetest.Line, forget func(*archivetest.Line)) {
	t.Helper()
	if p == nil || p.Open == nil {
		t.Fatal("not recognised")
	}
	v, err := p.Open(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for way, got := range map[string]map[string]archivetest.Line{"one by one": archivetest.Tree(t, v), "on several cores": each(t, v)} {
		if d := cmp.Diff(plain(want, forget), plain(got, forget)); d != "" {
			t.Errorf("%s (-manifest +read):\n%s", way, d)
		}
	}
	if kept, _ := v.Problems(); len(kept)+len(p.Problems) > 0 {
		t.Errorf("problems in a sound image: %v %v", p.Problems, kept)
	}
}

func plain(all map[string]archivetest.Line, forget func(*archivetest.Line)) map[string]archivetest.Line {
	out := make(map[string]archivetest.Line, len(all))
	for path, l := range all {
		if forget != nil {
			forget(&l)
		}
		out[path] = l
	}
	return out
}

// each is archivetest.Tree on three cores.
func each(t testing.TB, v format.Volume) map[string]archivetest.Line {
	t.Helper()
	p, ok := v.(format.Parallel)
	if !ok {
		t.Fatalf("%T is not a format.Parallel", v)
	}
	var mu sync.Mutex
	out := map[string]archivetest.Line{}
	err := p.Each(context.Background(), 3, func(_ int, e format.Entry, data []byte, err error) error {
		l := archivetest.Line{Path: e.Path, Mode: fmt.Sprintf("%04o", e.Mode), UID: e.UID, GID: e.GID, Type: string(e.Type), Target: e.Target, Major: e.Major, Minor: e.Minor}
		if e.Type == format.File {
			h := sha256.Sum256(data)
			l.Size, l.SHA256 = int64(len(data)), hex.EncodeToString(h[:])
		}
		if err != nil {
			l.SHA256 = err.Error()
		}
		mu.Lock()
		defer mu.Unlock()
		if e.Path != "/" {
			out[e.Path] = l
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Fuzz looks at data and reads all that it holds within small limits, both
// ways. Both must see the same names.
func Fuzz(t *testing.T, formats []format.Format, data []byte) {
	t.Helper()
	archivetest.Fuzz(t, formats, data)
	for _, f := range formats {
		p, err := f.Look(context.Background(), bytes.NewReader(data), 0)
		if err != nil {
			t.Fatal(err)
		}
		if p == nil || p.Open == nil {
			continue
		}
		v, err := p.Open(context.Background(), format.Limits{Entries: 500, File: 1 << 20, Total: 4 << 20, Problems: 50})
		if err != nil {
			continue
		}
		var mu sync.Mutex
		var names strings.Builder
		n := 0
		err = v.(format.Parallel).Each(context.Background(), 2, func(_ int, e format.Entry, data []byte, err error) error {
			mu.Lock()
			defer mu.Unlock()
			if n++; err == nil && e.Type == format.File && int64(len(data)) != e.Size {
				t.Errorf("%q: %d bytes of %d and no error", e.Path, len(data), e.Size)
			}
			names.WriteString(e.Path)
			return nil
		})
		if err != nil || n > 500 {
			t.Fatalf("%d entries, %v", n, err)
		}
	}
}

// Bench reads all content of img, on two cores.
func Bench(b *testing.B, formats []format.Format, img []byte) {
	p := archivetest.Look(b, formats, img, 0)
	if p == nil || p.Open == nil {
		b.Fatal("not recognised")
	}
	var mu sync.Mutex
	for b.Loop() {
		v, err := p.Open(context.Background(), format.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		total := int64(0)
		err = v.(format.Parallel).Each(context.Background(), 2, func(_ int, _ format.Entry, data []byte, err error) error {
			mu.Lock()
			total += int64(len(data))
			mu.Unlock()
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(total)
	}
}

// Flips changes img n times, one to eight bytes that aren't zero at a time, and
// reads what is left: most of an image is empty, and a fuzzer would spend its
// time there.
func Flips(t *testing.T, formats []format.Format, img []byte, n int) {
	t.Helper()
	var full []int
	for i, b := range img {
		if b != 0 {
			full = append(full, i)
		}
	}
	r := rand.New(rand.NewPCG(uint64(len(img)), 1))
	for range n {
		b := bytes.Clone(img)
		for range 1 + r.IntN(8) {
			i := full[r.IntN(len(full))] + r.IntN(9) - 4
			if i >= 0 && i < len(b) {
				b[i] = []byte{0, 1, 0xff, 0x7f, byte(r.Uint32())}[r.IntN(5)]
			}
		}
		Fuzz(t, formats, b)
	}
}
