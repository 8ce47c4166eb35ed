// Package inspecttest gives tests of inspectors the trees of the collection's
// images, file by file, and what was put into them on purpose. In: the name of
// an image. Out: entries with their content, and the truth file.
package inspecttest

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"testing"

	"assay/internal/collect/firmware/format/squashfs"
	"assay/internal/testdata"
)

// Entry is one name in a tree.
type Entry struct {
	Path   string
	Type   string // "file", "dir", "symlink", "block", "char", "fifo", "socket"
	Mode   uint32
	UID    uint32
	GID    uint32
	Target string
	Major  uint32
	Minor  uint32
	Data   []byte
}

// Image is an image whose tree is read, and where that begins.
type Image struct {
	Name, File string
	Offset     int64
}

// Images are those with a truth file: two that are weak, one that isn't.
func Images() []Image {
	return []Image{
		{"camera-insecure", "camera-insecure.bin", 5505024},
		{"camera-small-flash", "camera-small-flash.bin", 3407872},
		{"camera-hardened", "camera-hardened.swu", 2659308},
	}
}

// Truth is what was put into an image on purpose.
type Truth struct {
	Planted []Planted `json:"planted"`
	Decoys  []struct {
		Path, Value, Why string
	} `json:"decoys"`
	ELF []struct {
		Path, Machine, RELRO, RPath      string
		NX, PIE, Canary, Stripped, Debug bool
		Fortify, Needed                  []string
	} `json:"elf"`
}

// Planted is one weakness.
type Planted struct {
	ID, Kind, Path, Value string
	Offset                *int64
	Line                  int
	Functions             []string
	CertSHA256            string `json:"cert_sha256"`
}

// Tree returns the entries of the root file system and the truth. The test is
// skipped where the collection is not there.
func Tree(t testing.TB, img Image) ([]Entry, Truth) {
	t.Helper()
	var truth Truth
	b, err := os.ReadFile(testdata.Dir(t, "firmware/built", img.Name, img.Name+".truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(testdata.Dir(t, "firmware/built", img.Name, img.File))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r := io.NewSectionReader(f, img.Offset, info.Size()-img.Offset)
	fs, err := squashfs.Open(r, r.Size(), squashfs.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var out []Entry
	err = fs.Walk(context.Background(), func(e squashfs.Entry, content io.Reader) error {
		x := Entry{Path: e.Path, Type: string(e.Type), Mode: e.Mode, UID: e.UID, GID: e.GID, Target: e.Target, Major: e.Major, Minor: e.Minor}
		switch x.Type {
		case "blockdev":
			x.Type = "block"
		case "chardev":
			x.Type = "char"
		}
		if content != nil {
			var err error
			if x.Data, err = io.ReadAll(content); err != nil {
				return err
			}
		}
		out = append(out, x)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, truth
}
