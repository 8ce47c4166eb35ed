package lzo

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

// plain is what testdata/*.block hold, as "lzop -1" and "lzop -9" wrote it:
// short and long runs of literals, runs of one byte, and matches from near, from
// beyond 2 KiB and from beyond 16 KiB.
func plain() []byte {
	var b []byte
	seed := uint32(5)
	next := func() byte { seed = seed*1664525 + 1013904223; return byte(seed >> 24) }
	for range 900 {
		b = append(b, next())
	}
	first := bytes.Clone(b)
	for i := range 250 {
		b = append(b, "stream lens night motion zone "[i%7*3:i%7*3+9]...)
		b = append(b, 'a'+next()%4)
	}
	b = append(b, make([]byte, 3000)...)
	b = append(b, b[1000:1040]...)
	b = append(b, bytes.Repeat([]byte("ab"), 6000)...)
	b = append(b, first[100:400]...)
	b = append(b, bytes.Repeat([]byte("0123456789abcdefg"), 40)...)
	return append(b, first[:7]...)
}

func TestDecompress(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		src, want string
		err       error
	}{
		{"nothing but the end mark", "\x11\x00\x00", "", nil},
		{"four literals", "\x15abcd\x11\x00\x00", "abcd", nil},
		{"a run of one byte", "\x12a\x20\x01\x00\x00\x11\x00\x00", strings.Repeat("a", 1+31+1+2), nil},
		{"literals, then a near match that repeats them", "\x15abcd\x6c\x00\x11\x00\x00", "abcdabcd", nil},
		{"bytes behind the end mark", "\x15abcd\x11\x00\x00rest", "abcd", nil},
		{"no end mark", "\x15abcd", "abcd", ErrCorrupt},
		{"a match from before the start", "\x15abcd\x6c\x01\x11\x00\x00", "abcd", ErrCorrupt},
		{"literals that are not there", "\xffabc", "", ErrCorrupt},
		{"a length that never ends", "\x00\x00\x00\x00\x00", "", ErrCorrupt},
		{"empty", "", "", ErrCorrupt},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dst := make([]byte, 64)
			n, err := Decompress(dst, []byte(row.src))
			if !errors.Is(err, row.err) || string(dst[:n]) != row.want {
				t.Errorf("%q, %v; want %q, %v", dst[:n], err, row.want, row.err)
			}
		})
	}
}

func TestBlocksOfLzop(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"level-1", "level-9"} {
		src := block(t, name)
		dst := make([]byte, len(plain()))
		if n, err := Decompress(dst, src); err != nil || !bytes.Equal(dst[:n], plain()) {
			t.Errorf("%s: %d bytes, error %v", name, n, err)
		}
		for _, room := range []int{0, 1, 899, 905, 4000, len(plain()) - 1} {
			n, err := Decompress(dst[:room], src)
			if !errors.Is(err, ErrRoom) || n != room || !bytes.Equal(dst[:n], plain()[:n]) {
				t.Errorf("%s, room for %d: %d bytes, error %v", name, room, n, err)
			}
		}
		for cut := range len(src) {
			n, err := Decompress(dst, src[:cut])
			if err == nil || !bytes.Equal(dst[:n], plain()[:n]) {
				t.Errorf("%s, cut at %d: %d bytes, error %v", name, cut, n, err)
			}
		}
	}
}

func block(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".block")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzDecompress(f *testing.F) {
	f.Add([]byte("\x15abcd\x11\x00\x00"), 16)
	f.Add([]byte("\x11\x00\x00"), 0)
	f.Add(block(f, "level-1"), 1<<15)
	f.Add(block(f, "level-9"), 1<<15)
	f.Fuzz(func(t *testing.T, src []byte, room int) {
		dst := make([]byte, min(max(room, 0), 1<<18))
		n, err := Decompress(dst, src)
		if n > len(dst) || errors.Is(err, ErrRoom) && n != len(dst) {
			t.Fatalf("%d bytes in room for %d, error %v", n, len(dst), err)
		}
		// What a smaller room takes is the beginning of the same bytes.
		half := make([]byte, n/2)
		if m, _ := Decompress(half, src); !bytes.Equal(half[:m], dst[:m]) {
			t.Fatal("less room, other bytes")
		}
	})
}

func BenchmarkDecompress(b *testing.B) {
	src, dst := block(b, "level-9"), make([]byte, len(plain()))
	b.SetBytes(int64(len(dst)))
	for b.Loop() {
		if _, err := Decompress(dst, src); err != nil {
			b.Fatal(err)
		}
	}
}
