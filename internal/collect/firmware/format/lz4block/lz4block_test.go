package lz4block_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pierrec/lz4/v4"

	"assay/internal/collect/firmware/format/lz4block"
)

func TestExpand(t *testing.T) {
	t.Parallel()
	long := "\xf0\xff\x05" + strings.Repeat("x", 15+255+5)
	for _, row := range []struct {
		name, src, want string
		room            int
		bad             bool
	}{
		{"literals", "\x30abc", "abc", 3, false},
		{"room left", "\x30abc", "abc", 10, false},
		{"long literals", long, strings.Repeat("x", 275), 300, false},
		{"a run", "\x11a\x01\x00\x10b", "aaaaaab", 7, false},
		{"a match that overlaps itself", "\x22ab\x02\x00\x10c", "abababab" + "c", 9, false},
		{"nothing at all", "\x00", "", 0, false},
		{"no token", "", "", 8, true},
		{"literals beyond the block", "\x50abc", "", 8, true},
		{"a match before the first byte", "\x10a\x02\x00\x10b", "a", 16, true},
		{"a match at distance 0", "\x10a\x00\x00\x10b", "a", 16, true},
		{"a distance of one byte", "\x10a\x01", "a", 16, true},
		{"a block that ends with a match", "\x10a\x01\x00", "aaaaa", 16, true},
		{"a length without end", "\xf0\xff\xff\xff", "", 16, true},
		{"more than the room", "\x1fa\x01\x00\xff\xff\x00\x10b", "aaaaaaaa", 8, true},
		{"more literals than the room", "\x80abcdefgh", "abcd", 4, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dst := make([]byte, row.room)
			n, err := lz4block.Expand(dst, []byte(row.src))
			if (err != nil) != row.bad {
				t.Fatalf("error %v", err)
			}
			if string(dst[:n]) != row.want {
				t.Errorf("%q, want %q", dst[:n], row.want)
			}
		})
	}
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, src, want string
		room            int
		bad             bool
	}{
		{"whole", "\x30abc", "abc", 3, false},
		{"in the middle of literals", "\x80abcdefgh", "abcd", 4, false},
		{"in the middle of a match", "\x1fa\x01\x00\x40\x10b", "aaaaaaaa", 8, false},
		{"garbage after the last byte wanted", "\x30abc\x00\x00\x00\x00", "abc", 3, false},
		{"shorter than the room", "\x30abc", "abc", 5, false},
		{"damaged before the room is full", "\x30abc\x09\x00", "abc", 5, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dst := make([]byte, row.room)
			n, err := lz4block.Prefix(dst, []byte(row.src))
			if (err != nil) != row.bad {
				t.Fatalf("error %v", err)
			}
			if string(dst[:n]) != row.want {
				t.Errorf("%q, want %q", dst[:n], row.want)
			}
		})
	}
}

// TestAnotherCompressor expands what another implementation compressed.
func TestAnotherCompressor(t *testing.T) {
	t.Parallel()
	want := text(200_000)
	src := make([]byte, lz4.CompressBlockBound(len(want)))
	var c lz4.Compressor
	n, err := c.CompressBlock(want, src)
	if err != nil || n == 0 {
		t.Fatal(n, err)
	}
	got := make([]byte, len(want))
	k, err := lz4block.Expand(got, src[:n])
	if err != nil || !bytes.Equal(got[:k], want) {
		t.Fatalf("%d bytes of %d, %v", k, len(want), err)
	}
	for _, room := range []int{0, 1, 17, 4096, 150_001} {
		got := make([]byte, room)
		if k, err := lz4block.Prefix(got, src[:n]); err != nil || !bytes.Equal(got[:k], want[:room]) {
			t.Errorf("prefix of %d: %d bytes, %v", room, k, err)
		}
		if _, err := lz4block.Expand(got, src[:n]); err == nil {
			t.Errorf("room for %d bytes was enough", room)
		}
	}
}

// text returns words in some order, the same at each call.
func text(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("video stream sensor gain night mode pan tilt zoom record card lens frame key alarm relay")
	var b []byte
	for len(b) < n {
		b = append(append(b, words[r.IntN(len(words))]...), ' ')
	}
	return b[:n]
}

func FuzzExpand(f *testing.F) {
	f.Add([]byte("\x30abc"), 3)
	f.Add([]byte("\x1fa\x01\x00\xff\xff\x00\x10b"), 600)
	f.Add([]byte("\x22ab\x02\x00\x10c"), 9)
	f.Fuzz(func(t *testing.T, src []byte, room int) {
		if room < 0 || room > 1<<20 {
			return
		}
		whole := make([]byte, room)
		n, err := lz4block.Expand(whole, src)
		if n < 0 || n > room {
			t.Fatalf("%d bytes in room for %d", n, room)
		}
		ref := make([]byte, room)
		if k, refErr := lz4.UncompressBlock(src, ref); err == nil && refErr == nil && !bytes.Equal(ref[:k], whole[:n]) {
			t.Errorf("another decoder reads %d other bytes, this one %d", k, n)
		}
		if err != nil {
			return
		}
		cut := make([]byte, n/2)
		if k, err := lz4block.Prefix(cut, src); err != nil || k != len(cut) || !bytes.Equal(cut, whole[:k]) {
			t.Errorf("prefix of %d of %d bytes: %d, %v", len(cut), n, k, err)
		}
	})
}

func BenchmarkExpand(b *testing.B) {
	want := text(1 << 17)
	src := make([]byte, lz4.CompressBlockBound(len(want)))
	var c lz4.Compressor
	n, err := c.CompressBlock(want, src)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, len(want))
	b.SetBytes(int64(len(want)))
	for b.Loop() {
		if _, err := lz4block.Expand(dst, src[:n]); err != nil {
			b.Fatal(err)
		}
	}
}
