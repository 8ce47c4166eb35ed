package squash

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteErrors(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name    string
		entries []Entry
		block   int
	}{
		{"block-size", nil, 5000},
		{"block-too-large", nil, 2 << 20},
		{"relative", []Entry{{Path: "etc", Type: Dir}}, 4096},
		{"dots", []Entry{{Path: "/a/../b", Type: File}}, 4096},
		{"nul", []Entry{{Path: "/a\x00", Type: File}}, 4096},
		{"long-name", []Entry{{Path: "/" + strings.Repeat("a", 300), Type: File}}, 4096},
		{"twice", []Entry{{Path: "/a", Type: File}, {Path: "/a", Type: Dir}}, 4096},
		{"below-a-file", []Entry{{Path: "/a", Type: File}, {Path: "/a/b", Type: File}}, 4096},
		{"type", []Entry{{Path: "/a", Type: 9}}, 4096},
		{"empty-link", []Entry{{Path: "/a", Type: Symlink}}, 4096},
	} {
		if _, err := Write(x.entries, x.block, 0); err == nil || !strings.HasPrefix(err.Error(), "squashfs: ") {
			t.Errorf("%s: error %v", x.name, err)
		}
	}
}

// TestUnsquash: many files, several metadata blocks, blocks that don't shrink,
// and every size around a block's.
func TestUnsquash(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("unsquashfs")
	if err != nil {
		t.Skip("unsquashfs is not installed (Debian: squashfs-tools)")
	}
	const block = 4096
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 3*block+1)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	var es []Entry
	for _, n := range []int{0, 1, block - 1, block, block + 1, 3*block + 1} {
		es = append(es, Entry{Path: fmt.Sprintf("/noise/%d", n), Type: File, Mode: 0o644, Data: noise[:n]})
		es = append(es, Entry{Path: fmt.Sprintf("/even/%d", n), Type: File, Mode: 0o4755, UID: 7, GID: 9, Data: bytes.Repeat([]byte("a"), n)})
	}
	for i := range 1500 {
		es = append(es, Entry{Path: fmt.Sprintf("/many/a name that takes room %04d", i), Type: File, Mode: 0o600, Data: []byte{byte(i)}})
	}
	b, err := Write(es, block, 1_700_000_000)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Write(es, block, 1_700_000_000)
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("a second time gives other bytes (%v)", err)
	}
	dir := t.TempDir()
	from, to := filepath.Join(dir, "fs"), filepath.Join(dir, "root")
	if err := os.WriteFile(from, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "-no-progress", "-d", to, from).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, e := range es {
		got, err := os.ReadFile(filepath.Join(to, e.Path))
		if err != nil || !bytes.Equal(got, e.Data) {
			t.Fatalf("%s: %d bytes, want %d (%v)", e.Path, len(got), len(e.Data), err)
		}
	}
	info, err := os.Stat(filepath.Join(to, "even/1"))
	if err != nil || info.Mode().Perm() != 0o755 || info.ModTime().Unix() != 1_700_000_000 {
		t.Errorf("even/1: %v (%v)", info, err)
	}
}
