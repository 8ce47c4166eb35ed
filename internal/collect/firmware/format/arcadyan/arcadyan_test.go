package arcadyan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/lzma2"
)

var formats = []format.Format{New()}

// hide does what the maker does.
func hide(stream []byte) []byte {
	b := append([]byte("\x20\x26\x03\x04"), stream...)
	plain := [size]byte(b[first : first+size])
	copy(b[first:], b[second:head])
	hidden := restore(plain[:])
	copy(b[second:], hidden[:])
	return b
}

// stream is a text of 120 invented lines, packed by liblzma with a dictionary of 8 MiB.
func stream(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/text.lzma")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func reveal(t *testing.T, p *format.Part) []byte {
	t.Helper()
	c, err := p.Contents(t.Context(), format.Limits{})
	if err != nil || len(c) != 1 {
		t.Fatal(len(c), err)
	}
	whole := format.Head(c[0].Source, 0, int(c[0].Source.Size()))
	for off := range int64(150) { // from everywhere the same
		if got := format.Head(c[0].Source, off, 7); !bytes.Equal(got, whole[off:off+7]) {
			t.Fatalf("at %d: %x, want %x", off, got, whole[off:off+7])
		}
	}
	return whole
}

func TestReveal(t *testing.T) {
	t.Parallel()
	want := stream(t)
	p := looktest.At(t, formats, append([]byte("pad."), hide(want)...), 4)
	if p == nil {
		t.Fatal("not found")
	}
	if !bytes.Equal(reveal(t, p), want) {
		t.Error("another stream")
	}
	if g := looktest.Guards(p); len(g) != 1 || g[0] != "encryption arcadyan present" {
		t.Error(g)
	}
	noise := hide(want)
	for i := 30; i < 100; i++ {
		noise[i] = byte(i * i * 31)
	}
	if p := looktest.At(t, formats, noise, 0); p != nil {
		t.Errorf("a header before noise: %+v", p)
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	img := looktest.Read(t, "real/binwalk-arcadyan.bin")
	p := looktest.At(t, formats, img, 0)
	if p == nil || p.Size != int64(len(img)) {
		t.Fatalf("%+v", p)
	}
	z, err := lzma2.NewAloneReader(bytes.NewReader(reveal(t, p)), 16<<20)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	n, err := io.Copy(h, z)
	if n != 2813252 || err != nil {
		t.Errorf("%d bytes, %v, %s", n, err, hex.EncodeToString(h.Sum(nil)))
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(hide(stream(f)))
	f.Fuzz(func(t *testing.T, b []byte) { looktest.Every(t, formats, b) })
}
