package unpack_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/aes"
	"encoding/binary"
	"io"
	"testing"

	"assay/internal/collect/firmware/format"
	packed "assay/internal/collect/firmware/format/stream"
	tarball "assay/internal/collect/firmware/format/tar"
	"assay/internal/collect/firmware/unpack"
)

// told is a visitor that keeps parts and gaps.
type told struct {
	parts []unpack.Part
	gaps  []unpack.Gap
}

func (v *told) Part(p unpack.Part) error                          { v.parts = append(v.parts, p); return nil }
func (v *told) Volume(unpack.Volume) error                        { return nil }
func (v *told) Raw(unpack.Raw) error                              { return nil }
func (v *told) Gap(g unpack.Gap) error                            { v.gaps = append(v.gaps, g); return nil }
func (v *told) File(int, format.Entry, []byte, bool, error) error { return nil }

// Layers in each other are all in memory while the innermost is visited.
func TestLayersInMemory(t *testing.T) {
	t.Parallel()
	const file = 1 << 20
	for _, row := range []struct {
		layers, size int
		want         string // of the gaps
	}{
		{3, 600 << 10, ""},
		{4, 600 << 10, unpack.Limit},
		{6, 100 << 10, ""},
	} {
		img := []byte("the innermost")
		for range row.layers {
			var out bytes.Buffer
			z := gzip.NewWriter(&out)
			_, err := z.Write(append(img, make([]byte, row.size)...))
			if err == nil {
				err = z.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			img = out.Bytes()
		}
		v := &told{}
		if _, err := unpack.NewFormats(packed.Formats()).Walk(context.Background(), bytes.NewReader(img), unpack.Limits{File: file}, v); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, g := range v.gaps {
			got = g.Kind
		}
		if got != row.want {
			t.Errorf("%d layers of %d bytes: %v", row.layers, row.size, v.gaps)
		}
	}
}

// holes is a source whose zeros must not be read.
type holes struct {
	*io.SectionReader
	t        *testing.T
	off, end int64
}

func (h *holes) Hole(off int64) int64 {
	if off >= h.off && off < h.end {
		return h.end
	}
	return off
}

func (h *holes) ReadAt(p []byte, off int64) (int, error) {
	if off >= h.off && off+int64(len(p)) <= h.end && len(p) > 4096 {
		h.t.Errorf("%d bytes are read at %d, in a hole", len(p), off)
	}
	return h.SectionReader.ReadAt(p, off)
}

// What stands behind a hole, and behind padding, is found where it stands.
func TestHoles(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(bytes.Repeat([]byte("content of a partition. "), 1000)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	const size, first = 32 << 20, 64 << 10 // the padding in the first block is what the head is padded with
	for _, at := range []int64{20<<20 - 1, 20 << 20, 20<<20 + 1, 20<<20 + 4095, 20<<20 + 70000} {
		for _, fill := range []byte{0, 0xff} {
			img := bytes.Repeat([]byte{fill}, size)
			copy(img, "a head")
			copy(img[at:], out.Bytes())
			var s format.Source = bytes.NewReader(img)
			if fill == 0 {
				s = &holes{io.NewSectionReader(bytes.NewReader(img), 0, size), t, 64 << 10, at &^ 4095}
			}
			v := &told{}
			got, err := unpack.NewFormats(packed.Formats()).Walk(context.Background(), s, unpack.Limits{}, v)
			if err != nil {
				t.Fatal(err)
			}
			found, padding := false, int64(0)
			for _, p := range v.parts {
				found = found || p.Format == "gzip" && p.Offset == at
				if p.Format == "padding" && !p.Decoded {
					padding += p.Size
				}
			}
			if want := int64(size - first - out.Len()); !found || padding != want || got.Size != size {
				t.Errorf("fill %02x, at %d: found %v, padding %d, want %d: %+v", fill, at, found, padding, want, v.parts)
			}
		}
	}
}

// A file of a tree that is called an image, and is encrypted block by block.
func TestEncryptedFile(t *testing.T) {
	t.Parallel()
	c, err := aes.NewCipher([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 64<<10)
	for i := 0; i < 16<<10; i += 8 {
		binary.BigEndian.PutUint64(data[i:], uint64(i)*uint64(i))
	}
	for i := 0; i < len(data); i += 16 {
		c.Encrypt(data[i:], data[i:])
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range []string{"firmware.bin", "table.dat"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	v := &told{}
	if _, err := unpack.NewFormats(tarball.Formats()).Walk(context.Background(), bytes.NewReader(out.Bytes()), unpack.Limits{Workers: 1}, v); err != nil {
		t.Fatal(err)
	}
	if len(v.gaps) != 1 || v.gaps[0].Path != "/firmware.bin" || v.gaps[0].Kind != unpack.Unrecognised {
		t.Errorf("%v", v.gaps)
	}
}
