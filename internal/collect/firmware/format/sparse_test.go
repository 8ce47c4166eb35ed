package format

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
)

func TestSparse(t *testing.T) {
	t.Parallel()
	want := make([]byte, 1000)
	copy(want[100:], "data between holes")
	copy(want[990:], "the end")
	// What the holes hide in the file is not read.
	file := bytes.Clone(want)
	copy(file[200:], "never seen")
	s := &sparse{r: bytes.NewReader(file), size: 1000, holes: []hole{{0, 90}, {200, 300}, {300, 900}}}
	if err := iotest.TestReader(io.NewSectionReader(s, 0, 1000), want); err != nil {
		t.Error(err)
	}
	for from := int64(0); from < 1000; from += 7 {
		for _, n := range []int64{1, 50, 333} {
			if b := Head(s, from, int(n)); !bytes.Equal(b, want[from:min(from+n, 1000)]) {
				t.Fatalf("%d bytes at %d: %q", n, from, b)
			}
		}
	}
	part := Section(s, 250, 400)
	for _, row := range [][2]int64{{0, 50}, {49, 50}, {50, 400}, {399, 400}, {400, 400}, {-1, -1}} {
		if got := Hole(part, row[0]); got != row[1] {
			t.Errorf("the hole at %d of the section ends at %d, want %d", row[0], got, row[1])
		}
	}
	if got := Hole(s, 95); got != 95 {
		t.Errorf("data is a hole to %d", got)
	}
	if got := Hole(bytes.NewReader(want), 5); got != 5 {
		t.Errorf("memory is a hole to %d", got)
	}
}

func TestFromFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "card.img")
	const size = 3 << 20
	want := make([]byte, size)
	copy(want[1<<20:], "a partition")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("a partition"), 1<<20); err != nil {
		t.Fatal(err)
	}
	s := FromFile(f, size)
	if s.Size() != size || !bytes.Equal(Head(s, 0, size), want) {
		t.Error("the content is another one")
	}
	if end := Hole(s, 1<<20+5); end != 1<<20+5 {
		t.Errorf("data is a hole to %d", end)
	}
}
