package inflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, src, want string
		err             error
	}{
		{"stored", "\x01\x03\x00\xfc\xffabc", "abc", nil},
		{"stored, and two blocks", "\x00\x01\x00\xfe\xffa\x01\x01\x00\xfe\xffb", "ab", nil},
		{"fixed codes", "\x4b\x4c\x4a\x06\x00", "abc", nil},
		{"a run", "\x4b\x44\x02\x00", "aaaaaaaaaaaa", nil},
		{"bytes behind the last block", "\x4b\x4c\x4a\x06\x00rest", "abc", nil},
		{"a length that is not its complement", "\x01\x03\x00\xfc\xfeabc", "", ErrCorrupt},
		{"fewer bytes than stored", "\x01\x03\x00\xfc\xffab", "ab", ErrCorrupt},
		{"a kind of block that there isn't", "\x07", "", ErrCorrupt},
		{"no end", "\x4b\x4c\x4a", "ab", ErrCorrupt},
		{"a match from before the start", "\x4b\x44\x42\x00", "a", ErrCorrupt},
		{"codes of which there are too many", "\x05\xe0\x81\x08\x00\x00\x00\x00\x20\x7f\xeb\x0b\x00\x00", "", ErrCorrupt},
		{"empty", "", "", ErrCorrupt},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var d Decoder
			dst := make([]byte, 100)
			n, err := d.Decode(dst, []byte(row.src))
			if !errors.Is(err, row.err) || string(dst[:n]) != row.want {
				t.Errorf("%q, %v; want %q, %v", dst[:n], err, row.want, row.err)
			}
		})
	}
}

// plain makes content of a kind: noise, few values, text, repetitions, or
// values of very different frequency, whose codes are long.
func plain(r *rand.Rand, kind int) []byte {
	b := make([]byte, r.IntN(9000))
	for i := range b {
		switch {
		case kind == 0:
			b[i] = byte(r.Uint32())
		case kind == 1:
			b[i] = byte(r.IntN(4))
		case kind == 2:
			b[i] = "the lens of the camera "[i%23]
		case kind == 3 && i > 300 && r.IntN(3) > 0:
			b[i] = b[i-1-r.IntN(300)]
		case kind == 3:
			b[i] = byte(r.Uint32())
		default:
			b[i] = byte(r.ExpFloat64() * 10)
		}
	}
	return b
}

func pack(t testing.TB, b []byte, level int) []byte {
	t.Helper()
	var z bytes.Buffer
	w, err := flate.NewWriter(&z, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return z.Bytes()
}

// TestLikeTheLibrary: what compress/flate wrote, whole and changed, decodes as
// compress/flate decodes it.
func TestLikeTheLibrary(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var d Decoder
	for i := range 600 {
		b := plain(r, i%5)
		z := pack(t, b, []int{flate.HuffmanOnly, 0, 1, 6, 9}[r.IntN(5)])
		dst := make([]byte, len(b)+r.IntN(2)*r.IntN(500))
		if n, err := d.Decode(dst, z); err != nil || !bytes.Equal(dst[:n], b) {
			t.Fatalf("%d bytes of %d, %v", n, len(b), err)
		}
		if len(b) > 0 {
			room := dst[:r.IntN(len(b))]
			if n, err := d.Decode(room, z); !errors.Is(err, ErrRoom) || !bytes.Equal(room[:n], b[:n]) || n != len(room) {
				t.Fatalf("%d bytes in room for %d, %v", n, len(room), err)
			}
		}
		z[r.IntN(len(z))] ^= 1 << r.IntN(8)
		same(t, &d, z[:len(z)-r.IntN(2)*r.IntN(len(z))])
	}
}

// same fails where a block doesn't decode as compress/flate decodes it.
func same(t *testing.T, d *Decoder, src []byte) {
	t.Helper()
	const room = 1 << 16
	got := make([]byte, room)
	n, err := d.Decode(got, src)
	want, bad := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(src)), room+1))
	switch {
	case bad == nil && len(want) <= room && (err != nil || n != len(want)):
		t.Fatalf("%d bytes, %v; the library gives %d", n, err, len(want))
	case bad != nil && err == nil:
		t.Fatalf("%d bytes; the library says %v", n, bad)
	}
	if m := min(n, len(want)); !bytes.Equal(got[:m], want[:m]) {
		t.Fatal("other bytes than those of the library")
	}
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 5 {
		f.Add(pack(f, plain(r, i), 9))
	}
	f.Add([]byte("\x4b\x4c\x4a\x06\x00"))
	f.Fuzz(func(t *testing.T, src []byte) { same(t, new(Decoder), src) })
}

func BenchmarkDecode(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	var blocks [][]byte
	for i := range 200 {
		blocks = append(blocks, pack(b, plain(r, i%5), 9))
	}
	var d Decoder
	dst := make([]byte, 9000)
	for b.Loop() {
		total := 0
		for _, z := range blocks {
			n, err := d.Decode(dst, z)
			if err != nil {
				b.Fatal(err)
			}
			total += n
		}
		b.SetBytes(int64(total))
	}
}
