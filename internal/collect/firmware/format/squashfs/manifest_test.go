package squashfs_test

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

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format/squashfs"
	"assay/internal/testdata"
)

// line is one line of a manifest: what the tree was made from.
type line struct {
	Path   string `json:"path"`
	Mode   string `json:"mode"`
	UID    uint32 `json:"uid"`
	GID    uint32 `json:"gid"`
	Type   string `json:"type"`
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Target string `json:"target,omitempty"`
}

func TestWalkMatchesManifest(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, image, manifest string
		offset                int64
	}{
		{"gzip", "formats/squashfs-gzip.img", "formats/tree.manifest.jsonl", 0},
		{"xz", "formats/squashfs-xz.img", "formats/tree.manifest.jsonl", 0},
		{"xz-nofrag-1m", "formats/squashfs-xz-nofrag-1m.img", "formats/tree.manifest.jsonl", 0},
		{"xz-mipsel", "formats/squashfs-xz-mipsel.img", "formats/tree-mipsel.manifest.jsonl", 0},
		{"none", "formats/squashfs-none.img.gz", "formats/tree.manifest.jsonl", 0},
		{"lz4", "formats/squashfs-lz4.img", "formats/tree.manifest.jsonl", 0},
		{"zstd", "formats/squashfs-zstd.img", "formats/tree.manifest.jsonl", 0},
		{"lzma", "formats/squashfs-lzma.img", "formats/tree.manifest.jsonl", 0},
		{"insecure", "camera-insecure/camera-insecure.bin", "camera-insecure/camera-insecure.manifest.jsonl", 5505024},
		{"hardened", "camera-hardened/camera-hardened.swu", "camera-hardened/camera-hardened.manifest.jsonl", 2659308},
		{"small", "camera-small-flash/camera-small-flash.bin", "camera-small-flash/camera-small-flash.manifest.jsonl", 3407872},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			want := manifest(t, testdata.Dir(t, "firmware/built", row.manifest))
			img := image(t, testdata.Dir(t, "firmware/built", row.image))
			r := io.NewSectionReader(bytes.NewReader(img), row.offset, int64(len(img))-row.offset)
			fs, err := squashfs.Open(r, r.Size(), squashfs.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]line{}
			err = fs.Walk(context.Background(), func(e squashfs.Entry, content io.Reader) error {
				if e.Path == "/" {
					return nil
				}
				l := line{Path: e.Path, Mode: fmt.Sprintf("%04o", e.Mode), UID: e.UID, GID: e.GID, Type: string(e.Type), Target: e.Target}
				if e.Type == squashfs.File {
					h := sha256.New()
					n, err := io.Copy(h, content)
					if err != nil {
						return err
					}
					if n != e.Size {
						t.Errorf("%s: %d bytes read, the inode says %d", e.Path, n, e.Size)
					}
					l.Size, l.SHA256 = e.Size, hex.EncodeToString(h.Sum(nil))
				}
				got[e.Path] = l
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("tree (-manifest +read):\n%s", d)
			}
			if p, _ := fs.Problems(); len(p) > 0 {
				t.Errorf("problems in a sound image: %v", p)
			}
		})
	}
}

func manifest(t *testing.T, path string) map[string]line {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]line{}
	for s := bufio.NewScanner(f); s.Scan(); {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		out[l.Path] = l
	}
	if len(out) == 0 {
		t.Fatalf("%s: no entries", path)
	}
	return out
}

func image(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".gz") {
		r, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func BenchmarkWalkCamera(b *testing.B) {
	img := image(b, testdata.Dir(b, "firmware/built/camera-insecure/camera-insecure.bin"))[5505024:]
	for b.Loop() {
		fs, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), squashfs.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		var total int64
		err = fs.Walk(context.Background(), func(_ squashfs.Entry, content io.Reader) error {
			if content == nil {
				return nil
			}
			n, err := io.Copy(io.Discard, content)
			total += n
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(total)
	}
}
