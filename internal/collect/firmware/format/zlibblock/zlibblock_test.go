package zlibblock_test

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format/inflate"
	"assay/internal/collect/firmware/format/zlibblock"
)

func pack(level int, s string) []byte {
	var out bytes.Buffer
	z, _ := zlib.NewWriterLevel(&out, level)
	io.WriteString(z, s)
	z.Close()
	return out.Bytes()
}

func TestDecode(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("lens frame night mode ", 200)
	sound := pack(9, text)
	change := func(at int) []byte {
		b := bytes.Clone(sound)
		b[at] ^= 0x10
		return b
	}
	for _, row := range []struct {
		name string
		src  []byte
		room int
		err  error
	}{
		{"packed", sound, len(text), nil},
		{"stored", pack(0, text), len(text), nil},
		{"more room", sound, 8192, nil},
		{"zeros behind", append(bytes.Clone(sound), 0, 0, 0), len(text), nil},
		{"garbage behind", append(bytes.Clone(sound), 0, 7), len(text), zlibblock.ErrSum},
		{"another checksum", change(len(sound) - 1), len(text), zlibblock.ErrSum},
		{"no header", sound[1:], len(text), zlibblock.ErrHeader},
		{"nothing", nil, len(text), zlibblock.ErrHeader},
		{"too little room", sound, len(text) - 1, inflate.ErrRoom},
		{"half of it", sound[:len(sound)/2], len(text), inflate.ErrCorrupt},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var z zlibblock.Decoder
			for range 2 { // the second time with the tables of the first
				dst := make([]byte, row.room)
				n, err := z.Decode(dst, row.src)
				if !errors.Is(err, row.err) {
					t.Fatalf("error %v, want %v", err, row.err)
				}
				if err == nil && string(dst[:n]) != text {
					t.Errorf("%d bytes of %d", n, len(text))
				}
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(pack(9, "some text, some text, some more text"), 64)
	f.Add(pack(0, "stored"), 6)
	f.Fuzz(func(t *testing.T, src []byte, room int) {
		if room < 0 || room > 1<<16 {
			return
		}
		var z zlibblock.Decoder
		dst := make([]byte, room)
		n, err := z.Decode(dst, src)
		if err != nil {
			return
		}
		r, err := zlib.NewReader(bytes.NewReader(src))
		if err != nil {
			t.Fatalf("another decoder refuses it: %v", err)
		}
		want, err := io.ReadAll(r)
		// It looks for the checksum right behind the data only.
		if err != nil && err != zlib.ErrChecksum && err != io.ErrUnexpectedEOF || !bytes.Equal(want, dst[:n]) {
			t.Errorf("another decoder reads %d bytes, %v; this one %d", len(want), err, n)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	text := strings.Repeat("lens frame night mode ", 200)[:4096]
	src, dst := pack(9, text), make([]byte, 4096)
	var z zlibblock.Decoder
	b.SetBytes(4096)
	for b.Loop() {
		if _, err := z.Decode(dst, src); err != nil {
			b.Fatal(err)
		}
	}
}
