package lzma2_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"assay/internal/collect/firmware/format/lzma2"
)

var update = flag.Bool("update", false, "make the compressed files anew, with xz")

// code is made up: words of which many look like branches in one of the
// instruction sets, so that a filter has work to do at all places.
func code(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 5))
	heads := []uint32{0xeb000000, 0xebffff00, 0xf800f000, 0xf8fff7ff, 0x94000000, 0x97fffff0, 0x90000000, 0xb0000010,
		0x01000048, 0xf1ffff4b, 0x00000040, 0xffffff7f, 0x000000e8, 0xffffe8e9, 0xe8e80000, 0x0000e9ff, 0x05100010, 0x50000011}
	var b []byte
	for len(b) < n {
		w := heads[r.IntN(len(heads))]
		switch r.IntN(4) {
		case 0:
			w ^= r.Uint32() & 0x00ff
		case 1:
			w ^= r.Uint32() & 0xff0000
		}
		b = binary.LittleEndian.AppendUint32(b, w)
		if r.IntN(9) == 0 {
			b = append(b, 0xe8) // x86 is not aligned
		}
	}
	return b[:n]
}

func zeros(n int) []byte { return make([]byte, n) }

// files are what xz makes of contents: one for each filter, check and format.
func files() []struct {
	name    string
	content []byte
	args    []string
} {
	lzma := "--lzma2=dict=64KiB"
	return []struct {
		name    string
		content []byte
		args    []string
	}{
		{"plain.xz", code(1, 3000), []string{lzma}},
		{"crc32.xz", code(2, 500), []string{"--check=crc32", lzma}},
		{"sha256.xz", code(3, 500), []string{"--check=sha256", lzma}},
		{"nocheck.xz", code(4, 500), []string{"--check=none", lzma}},
		{"empty.xz", nil, []string{lzma}},
		{"x86.xz", code(5, 3000), []string{"--x86", lzma}},
		{"powerpc.xz", code(6, 2000), []string{"--powerpc", lzma}},
		{"ia64.xz", code(7, 2000), []string{"--ia64", lzma}},
		{"arm.xz", code(8, 2000), []string{"--arm", lzma}},
		{"armthumb.xz", code(9, 2000), []string{"--armthumb", lzma}},
		{"arm64.xz", code(10, 2000), []string{"--arm64", lzma}},
		{"sparc.xz", code(11, 2000), []string{"--sparc", lzma}},
		{"delta.xz", code(12, 1000), []string{"--delta=dist=3", lzma}},
		{"chain.xz", code(13, 2000), []string{"--delta=dist=256", "--x86=start=4096", "--armthumb", lzma}},
		{"blocks.xz", code(14, 2000), []string{"--block-size=700", "--arm", lzma}},
		{"stored.xz", code(15, 600), []string{"--lzma2=dict=4KiB,lc=0,lp=2,pb=0,mode=fast,mf=hc3,nice=2"}},
		{"literals.xz", code(16, 1000), []string{"--lzma2=dict=4KiB,lc=1,lp=3,pb=4"}},
		{"zeros.xz", zeros(3 << 20), []string{"--lzma2=dict=1MiB"}},
		{"plain.lzma", code(17, 3000), []string{"--format=lzma", "--lzma1=dict=4KiB"}},
		{"zeros.lzma", zeros(100_000), []string{"--format=lzma", "--lzma1=dict=4KiB,lc=4,lp=0,pb=0"}},
	}
}

// fixture reads a compressed file, or makes it.
func fixture(t testing.TB, name string, content []byte, args []string) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		cmd := exec.Command("xz", append(args, "--stdout", "--threads=1")...)
		cmd.Stdin = bytes.NewReader(content)
		b, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// whole decodes into a slice of room bytes.
func whole(name string, b []byte, room int) ([]byte, error) {
	dst := make([]byte, room)
	var d lzma2.Decoder
	decode := d.XZ
	if strings.HasSuffix(name, ".lzma") {
		decode = d.Alone
	}
	n, err := decode(dst, b)
	return dst[:n], err
}

// streamed decodes as a stream.
func streamed(name string, r io.Reader, dict int) ([]byte, *lzma2.Reader, error) {
	open := lzma2.NewReader
	if strings.HasSuffix(name, ".lzma") {
		open = lzma2.NewAloneReader
	}
	z, err := open(r, dict)
	if err != nil {
		return nil, nil, err
	}
	b, err := io.ReadAll(z)
	return b, z, err
}

// behind decodes into one piece of memory, which grows.
func behind(name string, r io.Reader) ([]byte, *lzma2.Reader, error) {
	open := lzma2.NewReader
	if strings.HasSuffix(name, ".lzma") {
		open = lzma2.NewAloneReader
	}
	z, err := open(r, 0)
	if err != nil {
		return nil, nil, err
	}
	b := make([]byte, 0, 7)
	for {
		n, err := z.ReadBehind(b)
		if b = b[:len(b)+n]; err == io.EOF {
			return b, z, nil
		} else if err != nil {
			return b, z, err
		}
		if len(b) == cap(b) {
			b = append(make([]byte, 0, 2*cap(b)+1), b...)
		}
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	for _, f := range files() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			b := fixture(t, f.name, f.content, f.args)
			got, err := whole(f.name, b, len(f.content))
			if err != nil || !bytes.Equal(got, f.content) {
				t.Errorf("in memory: %d of %d bytes, equal %v, error %v", len(got), len(f.content), bytes.Equal(got, f.content), err)
			}
			if len(f.content) > 0 {
				got, err = whole(f.name, b, len(f.content)-1)
				if !errors.Is(err, lzma2.ErrRoom) {
					t.Errorf("in one byte less: %d bytes, error %v", len(got), err)
				}
			}
			// What stands behind is not looked at, and not counted.
			r := io.MultiReader(bytes.NewReader(b), bytes.NewReader(bytes.Repeat([]byte{0xff}, 100)))
			got, z, err := streamed(f.name, r, 0)
			if err != nil || !bytes.Equal(got, f.content) {
				t.Errorf("as a stream: %d of %d bytes, equal %v, error %v", len(got), len(f.content), bytes.Equal(got, f.content), err)
			}
			if n := z.InputOffset(); n != int64(len(b)) {
				t.Errorf("the stream ends at %d, the file at %d", n, len(b))
			}
			got, _, err = streamed(f.name, iotest.OneByteReader(bytes.NewReader(b)), 0)
			if err != nil || !bytes.Equal(got, f.content) {
				t.Errorf("byte by byte: error %v", err)
			}
			got, z, err = behind(f.name, io.MultiReader(bytes.NewReader(b), bytes.NewReader(bytes.Repeat([]byte{0xff}, 100))))
			if err != nil || !bytes.Equal(got, f.content) || z.InputOffset() != int64(len(b)) {
				t.Errorf("in one piece: %d of %d bytes, equal %v, error %v", len(got), len(f.content), bytes.Equal(got, f.content), err)
			}
		})
	}
}

// TestCut has every file end early at some places: what comes out is a prefix,
// with an error.
func TestCut(t *testing.T) {
	t.Parallel()
	for _, f := range files() {
		b := fixture(t, f.name, f.content, f.args)
		for n := 0; n < len(b); n += 1 + len(b)/50 {
			got, err := whole(f.name, b[:n], len(f.content))
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: %d of %d bytes: error %v", f.name, n, len(b), err)
			}
			// The last bytes of a block that is not whole did not go through its filters.
			if !strings.Contains("x86 powerpc ia64 arm armthumb arm64 sparc delta chain blocks", strings.TrimSuffix(f.name, ".xz")) && !bytes.HasPrefix(f.content, got) {
				t.Errorf("%s: %d of %d bytes: other bytes came out", f.name, n, len(b))
			}
			if got, _, err = behind(f.name, bytes.NewReader(b[:n])); !errors.Is(err, io.ErrUnexpectedEOF) || len(got) > len(f.content) {
				t.Errorf("%s in one piece: %d of %d bytes: %d came out, error %v", f.name, n, len(b), len(got), err)
			}
			got, _, err = streamed(f.name, bytes.NewReader(b[:n]), 0)
			if !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasPrefix(f.content, got) {
				t.Errorf("%s as a stream: %d of %d bytes: error %v, a prefix %v", f.name, n, len(b), err, bytes.HasPrefix(f.content, got))
			}
		}
	}
}

// TestFlips changes one bit at a time: a file with a check never gives other
// content without an error.
func TestFlips(t *testing.T) {
	t.Parallel()
	for _, f := range files() {
		if !strings.HasSuffix(f.name, ".xz") || len(f.content) > 10_000 || f.name == "nocheck.xz" {
			continue
		}
		b := fixture(t, f.name, f.content, f.args)
		for i := 0; i < len(b); i += 3 {
			b[i] ^= 1 << (i % 8)
			got, err := whole(f.name, b, len(f.content))
			if err == nil && !bytes.Equal(got, f.content) {
				t.Errorf("%s: bit %d of byte %d: other content without an error", f.name, i%8, i)
			}
			again, _, err2 := streamed(f.name, bytes.NewReader(b), 0)
			if err == nil && (err2 != nil || !bytes.Equal(got, again)) {
				t.Errorf("%s: bit %d of byte %d: as a stream %v, in memory no error", f.name, i%8, i, err2)
			}
			b[i] ^= 1 << (i % 8)
		}
	}
}

func TestStreamsBehindEachOther(t *testing.T) {
	t.Parallel()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	a, b := read("plain.xz"), read("arm.xz")
	two := bytes.Join([][]byte{a, zeros(8), b}, nil)
	want := append(code(1, 3000), code(8, 2000)...)
	for _, row := range []struct {
		name   string
		behind []byte
	}{
		{"nothing", nil},
		{"padding that no stream follows", zeros(400)},
		{"a byte", []byte{0xfd}},
		{"erased flash", bytes.Repeat([]byte{0xff}, 99)},
	} {
		in := append(bytes.Clone(two), row.behind...)
		got, z, err := streamed("x.xz", bytes.NewReader(in), 0)
		if err != nil || !bytes.Equal(got, want) || z.InputOffset() != int64(len(two)) {
			t.Errorf("%s behind: %d bytes of %d, end at %d of %d, error %v", row.name, len(got), len(want), z.InputOffset(), len(two), err)
		}
	}
	// A stream that is damaged behind a good one is told.
	in := append(bytes.Clone(two), a[:20]...)
	if got, _, err := streamed("x.xz", bytes.NewReader(in), 0); !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.Equal(got, want) {
		t.Errorf("cut stream behind: %d bytes, error %v", len(got), err)
	}
}

// TestSmallDictionary reads with less memory than a stream asks for: distances
// up to the limit do, longer ones are an error.
func TestSmallDictionary(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/zeros.xz")
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := streamed("zeros.xz", bytes.NewReader(b), 1000)
	if err != nil || len(got) != 3<<20 {
		t.Errorf("zeros: %d bytes, error %v", len(got), err)
	}
	b, err = os.ReadFile("testdata/plain.xz")
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := streamed("plain.xz", bytes.NewReader(b), 16); !errors.Is(err, lzma2.ErrDamaged) {
		t.Errorf("16 bytes: %d bytes came out, error %v", len(got), err)
	}
}

// TestBare takes the header off an .lzma file, as vendors do.
func TestBare(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/plain.lzma")
	if err != nil {
		t.Fatal(err)
	}
	want := code(17, 3000)
	props, b := b[0], b[13:]
	var d lzma2.Decoder
	dst := make([]byte, 4000)
	// With an end marker it ends by itself.
	if n, err := d.Bare(dst, b, props); err != nil || !bytes.Equal(dst[:n], want) {
		t.Errorf("%d bytes of %d, error %v", n, len(want), err)
	}
	// Where the length is known, nothing behind is needed.
	if n, err := d.Bare(dst[:len(want)], b[:len(b)-4], props); err != nil || !bytes.Equal(dst[:n], want) {
		t.Errorf("without the marker: %d bytes of %d, error %v", n, len(want), err)
	}
	if n, err := d.Bare(dst, b[:len(b)-20], props); !errors.Is(err, io.ErrUnexpectedEOF) || n < len(want)-100 {
		t.Errorf("cut: %d bytes of %d, error %v", n, len(want), err)
	}
	if _, err := d.Bare(dst, b, 8+9*4); !errors.Is(err, lzma2.ErrUnsupported) {
		t.Errorf("lc=8, lp=4: %v", err)
	}
	if _, err := d.Bare(dst, b, 255); !errors.Is(err, lzma2.ErrDamaged) {
		t.Errorf("properties 255: %v", err)
	}
}
