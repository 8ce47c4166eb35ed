package stream_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/stream"
)

// text is what the files in testdata decode to; each was made of it by the
// program of its name.
func text() string {
	var b strings.Builder
	for i := range 400 {
		light := "on"
		if i%3 == 0 {
			light = "off"
		}
		fmt.Fprintf(&b, "camera %d writes clip %d to the card, light %s\n", i*i%977, i, light)
	}
	return b.String()
}

// kinds are the files in testdata.
var kinds = []struct {
	file, format string
	sized        bool // the size is known without decoding
	toEnd        bool // the stream has no end of its own
}{
	{file: "text.gz", format: "gzip"},
	{file: "text.zlib", format: "zlib"},
	{file: "text.xz", format: "xz", sized: true},
	{file: "text.lzma", format: "lzma"},
	{file: "text.lz", format: "lzip"},
	{file: "text.bz2", format: "bzip2"},
	{file: "text.zst", format: "zstd", sized: true},
	{file: "text.lz4", format: "lz4", sized: true},
	{file: "text.legacy.lz4", format: "lz4"},
	{file: "text.lzo", format: "lzop", sized: true},
	{file: "text.Z", format: "compress", toEnd: true},
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// content opens the one stream that a part holds.
func content(t testing.TB, p *format.Part, lim format.Limits) format.Content {
	t.Helper()
	c, err := p.Contents(context.Background(), lim)
	if err != nil || len(c) != 1 {
		t.Fatalf("%s: %d contents, %v", p.Format, len(c), err)
	}
	return c[0]
}

func consumed(t testing.TB, r io.Reader) int64 {
	t.Helper()
	c, ok := r.(interface{ Consumed() int64 })
	if !ok {
		t.Fatal("doesn't tell what it consumed")
	}
	return c.Consumed()
}

func TestDecodes(t *testing.T) {
	t.Parallel()
	want := text()
	for _, row := range kinds {
		alone := fixture(t, row.file)
		for _, rest := range []string{"", "\x00\x00\x00\x00\x00\x00\x00\x00", "\n", "BZ, not another stream", strings.Repeat("\xff", 100)} {
			if row.toEnd && rest != "" {
				continue
			}
			img := append(append([]byte("before "), alone...), rest...)
			p := archivetest.Look(t, stream.Formats(), img, 7)
			if p == nil || p.Format != row.format || p.Offset != 7 {
				t.Errorf("%s with %q behind: %+v", row.file, rest, p)
				continue
			}
			if len(p.Problems) > 0 {
				t.Errorf("%s with %q behind: %v", row.file, rest, p.Problems)
			}
			if row.sized && p.Size != int64(len(alone)) {
				t.Errorf("%s with %q behind: size %d, want %d", row.file, rest, p.Size, len(alone))
			}
			c := content(t, p, format.Limits{})
			got, err := io.ReadAll(c.Stream)
			if err != nil || string(got) != want {
				t.Errorf("%s with %q behind: %d bytes of %d, %v", row.file, rest, len(got), len(want), err)
			}
			if n := consumed(t, c.Stream); n != int64(len(alone)) {
				t.Errorf("%s with %q behind: consumed %d of %d", row.file, rest, n, len(alone))
			}
			if c.Size != 0 && c.Size != int64(len(want)) {
				t.Errorf("%s: claims %d bytes", row.file, c.Size)
			}
		}
	}
}

func TestTwoInARow(t *testing.T) {
	t.Parallel()
	want := text() + text()
	for _, row := range kinds {
		if row.format == "zlib" || row.format == "lzma" || row.format == "compress" || row.format == "lzop" {
			continue // one stream is all that these have
		}
		one := fixture(t, row.file)
		p := archivetest.Look(t, stream.Formats(), append(bytes.Clone(one), one...), 0)
		c := content(t, p, format.Limits{})
		got, err := io.ReadAll(c.Stream)
		if err != nil || string(got) != want || consumed(t, c.Stream) != int64(2*len(one)) {
			t.Errorf("%s: %d bytes of %d, %d consumed of %d, %v", row.file, len(got), len(want), consumed(t, c.Stream), 2*len(one), err)
		}
	}
}

func TestCutOff(t *testing.T) {
	t.Parallel()
	want := text()
	for _, row := range kinds {
		if row.format == "zstd" {
			continue // one block, of which a part shows nothing
		}
		img := fixture(t, row.file)
		img = img[:len(img)*3/4]
		p := archivetest.Look(t, stream.Formats(), img, 0)
		if p == nil {
			t.Errorf("%s: not recognised", row.file)
			continue
		}
		got, err := io.ReadAll(content(t, p, format.Limits{}).Stream)
		if !strings.HasPrefix(want, string(got)) {
			t.Errorf("%s: other bytes than those of the content", row.file)
		}
		if !row.toEnd && row.file != "text.legacy.lz4" && err == nil {
			t.Errorf("%s: no error", row.file)
		}
		if row.sized && len(p.Problems) == 0 {
			t.Errorf("%s: a look would know, and doesn't say", row.file)
		}
	}
}

func TestFlipped(t *testing.T) {
	t.Parallel()
	want := text()
	for _, row := range kinds {
		if row.format == "compress" || row.format == "lzma" || row.file == "text.legacy.lz4" {
			continue // no checksum
		}
		if row.format == "zstd" {
			continue // one block, which a look decodes
		}
		img := fixture(t, row.file)
		img[len(img)/2] ^= 0x10
		p := archivetest.Look(t, stream.Formats(), img, 0)
		if p == nil {
			t.Errorf("%s: not recognised", row.file)
			continue
		}
		got, err := io.ReadAll(content(t, p, format.Limits{}).Stream)
		if err == nil || string(got) == want {
			t.Errorf("%s: no error", row.file)
		}
		if !errors.Is(err, format.ErrDamaged) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", row.file, err)
		}
	}
}

// behind reads all of a stream into one piece of memory, which grows.
func behind(r io.Reader) ([]byte, error) {
	in := r.(interface {
		ReadBehind(b []byte) (int, error)
	})
	b := make([]byte, 0, 100)
	for {
		n, err := in.ReadBehind(b)
		if b = b[:len(b)+n]; err == io.EOF {
			return b, nil
		} else if err != nil {
			return b, err
		}
		if len(b) == cap(b) {
			b = append(make([]byte, 0, 2*cap(b)), b...)
		}
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	for _, row := range kinds {
		p := archivetest.Look(t, stream.Formats(), fixture(t, row.file), 0)
		c, err := p.Contents(t.Context(), format.Limits{File: 1000})
		if err != nil {
			t.Errorf("%s: %v", row.file, err)
			continue
		}
		got, err := io.ReadAll(c[0].Stream)
		if len(got) != 1000 || !errors.Is(err, format.ErrLimit) {
			t.Errorf("%s: %d bytes, %v", row.file, len(got), err)
		}
		if c, err = p.Contents(t.Context(), format.Limits{File: 1000}); err != nil {
			t.Fatal(err)
		}
		if got, err = behind(c[0].Stream); len(got) != 1000 || !errors.Is(err, format.ErrLimit) {
			t.Errorf("%s: in one piece %d bytes, %v", row.file, len(got), err)
		}
		size := format.Limits{File: int64(len(text()))}
		if got, err := behind(content(t, p, size).Stream); err != nil || string(got) != text() {
			t.Errorf("%s: in one piece %d bytes, %v", row.file, len(got), err)
		}
		if got, err := io.ReadAll(content(t, p, size).Stream); err != nil || len(got) != len(text()) {
			t.Errorf("%s: at the limit %d bytes, %v", row.file, len(got), err)
		}
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for _, row := range kinds {
		ctx, cancel := context.WithCancel(t.Context())
		p := archivetest.Look(t, stream.Formats(), fixture(t, row.file), 0)
		c, err := p.Contents(ctx, format.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := io.ReadAll(c[0].Stream); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", row.file, err)
		}
	}
}

func TestNoise(t *testing.T) {
	t.Parallel()
	// A hash of a hash of a hash is as good as noise, and the same every time.
	var noise []byte
	sum := sha256.Sum256([]byte("noise"))
	for range 200 {
		noise = append(noise, sum[:]...)
		sum = sha256.Sum256(sum[:])
	}
	formats := stream.Formats()
	for _, f := range formats {
		for _, m := range f.Magics {
			for from := range 500 {
				img := append([]byte(m.Bytes), noise[from:]...)
				if p := archivetest.Look(t, formats, img, 0); p != nil {
					t.Fatalf("%q and noise are taken for %s (from %d)", m.Bytes, p.Format, from)
				}
			}
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, row := range kinds {
		b.Run(row.file, func(b *testing.B) {
			p := archivetest.Look(b, stream.Formats(), fixture(b, row.file), 0)
			for b.Loop() {
				n, err := io.Copy(io.Discard, content(b, p, format.Limits{}).Stream)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(n)
			}
		})
	}
}

func FuzzStream(f *testing.F) {
	for _, row := range kinds {
		b := fixture(f, row.file)
		f.Add(b)
		f.Add(append(b[:len(b)/2:len(b)/2], b...))
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.Fuzz(t, stream.Formats(), data) })
}
