package payload

import (
	"bytes"
	"compress/gzip"
	"testing"

	"assay/internal/collect/firmware/format/looktest"
)

func TestFind(t *testing.T) {
	t.Parallel()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Name = "kernel"
	if _, err := w.Write([]byte("an invented kernel")); err != nil {
		t.Fatal(err)
	}
	w.Close()
	code := bytes.Repeat([]byte("\x00\x00\xa0\xe1\x1f\x8b\x08\x00BZh9\x5d\x00\x00\x02\x21\x4c\x18\xff\xff\xff\xff\x28\xb5\x2f\xfd"), 20)
	for _, row := range []struct{ format, stream string }{
		{"gzip", z.String()},
		{"xz", "\xfd7zXZ\x00\x00\x01\x69\x22\xde\x36rest"},
		{"", "\xfd7zXZ\x00\x00\x01\x69\x22\xde\x37rest"},
		{"lzma", "\x5d\x00\x00\x00\x04\xff\xff\xff\xff\xff\xff\xff\xff\x00\x05rest"},
		{"", "\x5d\x00\x00\x13\x04\xff\xff\xff\xff\xff\xff\xff\xff\x00\x05rest"},
		{"bzip2", "BZh9\x31\x41\x59\x26\x53\x59rest"},
		{"lzop", "\x89LZO\x00\r\n\x1a\nrest"},
		{"lz4", "\x02\x21\x4c\x18\x00\x10\x00\x00rest"},
		{"lz4", "\x04\x22\x4d\x18\x64\x40\xa7rest"},
		{"zstd", "\x28\xb5\x2f\xfd\x04\x68\x19\x00\x00rest of the block"},
		{"", "nothing"},
	} {
		at, format := Find(append(bytes.Clone(code), row.stream...))
		if want := len(code); format != row.format || format != "" && at != want {
			t.Errorf("%q: %q at %d, want %q at %d", row.stream, format, at, row.format, want)
		}
	}
}

func TestFirst(t *testing.T) {
	t.Parallel()
	// The stream that comes first wins, whatever its kind.
	b := []byte("....BZh9\x31\x41\x59\x26\x53\x59 and \x89LZO\x00\r\n\x1a\n")
	if at, format := Find(b); at != 4 || format != "bzip2" {
		t.Errorf("%q at %d", format, at)
	}
	for name, img := range looktest.Noise(t) {
		if at, format := Find(img); format != "" && name != "magics-everywhere.bin" {
			t.Errorf("%s: %s at %d", name, format, at)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add([]byte("....BZh9\x31\x41\x59\x26\x53\x59"))
	f.Add([]byte("\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x00name\x00\x03\x00"))
	f.Add([]byte("\x28\xb5\x2f\xfd\xff\x68\x19\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if at, format := Find(b); at < 0 || at > len(b) || format != "" && at == len(b) {
			t.Errorf("%q at %d of %d", format, at, len(b))
		}
	})
}
