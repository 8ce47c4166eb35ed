// Package archivetest is what the tests of the archive readers share: trees as
// lines that can be compared, and the manifests of the collection of images.
// In: a part or a volume. Out: lines by path. Nothing but tests imports it.
package archivetest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/testdata"
)

// Line is an entry as a manifest has it.
type Line struct {
	Path   string `json:"path"`
	Mode   string `json:"mode"`
	UID    uint32 `json:"uid"`
	GID    uint32 `json:"gid"`
	Type   string `json:"type"`
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Target string `json:"target,omitempty"`
	Major  uint32 `json:"major,omitempty"`
	Minor  uint32 `json:"minor,omitempty"`
}

// Manifest reads one of the collection.
func Manifest(t testing.TB, elem ...string) map[string]Line {
	t.Helper()
	f, err := os.Open(testdata.Dir(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]Line{}
	for s := bufio.NewScanner(f); s.Scan(); {
		var l Line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		l.Type = strings.TrimSuffix(l.Type, "dev")
		out[l.Path] = l
	}
	if len(out) == 0 {
		t.Fatal("a manifest without entries")
	}
	return out
}

// Image reads a file of the collection, unpacked if it is a .gz and gunzip is set.
func Image(t testing.TB, gunzip bool, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(testdata.Dir(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	if !gunzip {
		return b
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return b
}

// Look looks for one of formats at offset at of data.
func Look(t testing.TB, formats []format.Format, data []byte, at int64) *format.Part {
	t.Helper()
	for _, f := range formats {
		p, err := f.Look(context.Background(), bytes.NewReader(data), at)
		if err != nil {
			t.Fatal(err)
		}
		if p != nil {
			return p
		}
	}
	return nil
}

// Open opens the tree of what stands at the beginning of data.
func Open(t testing.TB, formats []format.Format, data []byte) format.Volume {
	t.Helper()
	p := Look(t, formats, data, 0)
	if p == nil {
		t.Fatal("not recognised")
	}
	v, err := p.Open(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Tree walks v and returns its entries but the root. Content that ends with an
// error has the error in place of its hash.
func Tree(t testing.TB, v format.Volume) map[string]Line {
	t.Helper()
	out := map[string]Line{}
	err := v.Walk(context.Background(), func(e format.Entry, content io.Reader) error {
		if e.Path == "/" {
			return nil
		}
		l := Line{Path: e.Path, Mode: fmt.Sprintf("%04o", e.Mode), UID: e.UID, GID: e.GID, Type: string(e.Type), Target: e.Target, Major: e.Major, Minor: e.Minor}
		if (content != nil) != (e.Type == format.File) {
			t.Errorf("%s: a %s, content: %t", e.Path, e.Type, content != nil)
		}
		if content != nil {
			h := sha256.New()
			n, err := io.Copy(h, content)
			l.Size, l.SHA256 = e.Size, hex.EncodeToString(h.Sum(nil))
			switch {
			case err != nil:
				l.SHA256 = err.Error()
			case n != e.Size:
				t.Errorf("%s: %d bytes read, the entry says %d", e.Path, n, e.Size)
			}
		}
		out[e.Path] = l
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Sum is the hash as a Line has it.
func Sum(content string) string {
	h := sha256.Sum256([]byte(content))
	return hex.EncodeToString(h[:])
}

// Kinds are the kinds of problems, each once, in their order.
func Kinds(problems []format.Problem) []string {
	var out []string
	seen := map[string]bool{}
	for _, p := range problems {
		if !seen[p.Kind] {
			seen[p.Kind] = true
			out = append(out, p.Kind)
		}
	}
	return out
}

// Fuzz looks at data, and goes through all that it holds, within small limits.
// What it says must hold: parts and regions within the source, absolute paths.
func Fuzz(t *testing.T, formats []format.Format, data []byte) {
	t.Helper()
	ctx := context.Background()
	src := bytes.NewReader(data)
	lim := format.Limits{Entries: 500, File: 1 << 20, Total: 4 << 20, Problems: 50}
	for _, f := range formats {
		p, err := f.Look(ctx, src, 0)
		if err != nil || p == nil {
			continue
		}
		if p.Size < 0 || p.Offset+p.Size > src.Size() {
			t.Fatalf("part of %d bytes at %d in %d", p.Size, p.Offset, src.Size())
		}
		for _, r := range p.Regions {
			if r.Offset < 0 || r.Size < 0 || r.Offset+r.Size > src.Size() {
				t.Fatalf("region %+v in %d bytes", r, src.Size())
			}
		}
		fuzzTree(t, p, lim)
		fuzzContents(t, p, lim)
	}
}

func fuzzTree(t *testing.T, p *format.Part, lim format.Limits) {
	t.Helper()
	if p.Open == nil {
		return
	}
	v, err := p.Open(context.Background(), lim)
	if err != nil {
		return
	}
	n, total := 0, int64(0)
	err = v.Walk(context.Background(), func(e format.Entry, r io.Reader) error {
		if n++; !strings.HasPrefix(e.Path, "/") || strings.Contains(e.Path+"/", "/../") || strings.ContainsRune(e.Path, 0) || e.Path == "/" && r != nil {
			t.Fatalf("path %q", e.Path)
		}
		if r != nil {
			k, _ := io.Copy(io.Discard, r)
			total += k
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n > lim.Entries || total > lim.Total {
		t.Fatalf("%d entries, %d bytes", n, total)
	}
	if kept, _ := v.Problems(); len(kept) > lim.Problems {
		t.Fatalf("%d problems", len(kept))
	}
}

func fuzzContents(t *testing.T, p *format.Part, lim format.Limits) {
	t.Helper()
	if p.Contents == nil {
		return
	}
	all, err := p.Contents(context.Background(), lim)
	if err != nil {
		return
	}
	for _, c := range all[:min(len(all), 8)] {
		if c.Stream == nil {
			continue
		}
		if n, _ := io.Copy(io.Discard, c.Stream); n > lim.File {
			t.Fatalf("%d bytes of content", n)
		}
	}
}
