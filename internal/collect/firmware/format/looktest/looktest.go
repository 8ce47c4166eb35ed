// Package looktest is what the tests of formats that are proven by headers
// share: one look, the collection's images, and what must be true of every
// part, whatever the input.
package looktest

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/testdata"
)

// At is the first part that formats find at offset at of img, or nil.
func At(t testing.TB, formats []format.Format, img []byte, at int64) *format.Part {
	t.Helper()
	for _, f := range formats {
		p, err := f.Look(context.Background(), bytes.NewReader(img), at)
		if err != nil {
			t.Fatalf("%s at %d: %v", f.Name, at, err)
		}
		if p != nil {
			Sound(t, img, p)
			return p
		}
	}
	return nil
}

// Sound fails where a part leaves the image or holds itself.
func Sound(t testing.TB, img []byte, p *format.Part) {
	t.Helper()
	end := int64(len(img))
	if p.Format == "" || p.Offset < 0 || p.Size < 0 || p.Offset+p.Size > end {
		t.Errorf("%s: [%d, +%d) of %d bytes", p.Format, p.Offset, p.Size, end)
	}
	for _, r := range p.Regions {
		if r.Offset < 0 || r.Size < 0 || r.Offset > end || r.Size > end-r.Offset {
			t.Errorf("%s: region %q [%d, +%d) of %d bytes", p.Format, r.Name, r.Offset, r.Size, end)
		}
		if r.Offset == p.Offset && r.Size >= p.Size && p.Size > 0 {
			t.Errorf("%s: region %q is the part itself", p.Format, r.Name)
		}
	}
	for _, x := range p.Seals {
		if x.Guard < 0 || x.Guard >= len(p.Guards) || x.Check == nil {
			t.Errorf("%s: seal %+v of %d guards", p.Format, x, len(p.Guards))
		}
	}
	for _, g := range p.Guards {
		if g.Scheme == "" || g.State == "" {
			t.Errorf("%s: guard %+v", p.Format, g)
		}
	}
}

// Every looks wherever an engine would: at the first byte, at each magic number,
// at each 4 KiB for formats that have none; of short images at each byte. It
// returns the parts' formats.
func Every(t testing.TB, formats []format.Format, img []byte) []string {
	t.Helper()
	var out []string
	for _, f := range formats {
		for at := range int64(len(img)) {
			if at > 0 && (f.Head || len(img) > 1<<17 && !stands(f, img, at)) {
				continue
			}
			if p, err := f.Look(context.Background(), bytes.NewReader(img), at); err != nil {
				t.Fatal(err)
			} else if p != nil {
				Sound(t, img, p)
				out = append(out, p.Format)
			}
		}
	}
	return out
}

// stands says whether a magic number of f has its place at offset at.
func stands(f format.Format, img []byte, at int64) bool {
	for _, m := range f.Magics {
		if i := at + m.At; i < int64(len(img)) && bytes.HasPrefix(img[i:], []byte(m.Bytes)) {
			return true
		}
	}
	return len(f.Magics) == 0 && at%4096 == 0
}

// Kinds are the kinds of the part's problems, with blanks between.
func Kinds(p *format.Part) string {
	var out []string
	for _, q := range p.Problems {
		out = append(out, q.Kind)
	}
	return strings.Join(out, " ")
}

// Regions are the part's ranges: name, decoders.
func Regions(p *format.Part) []string {
	var out []string
	for _, r := range p.Regions {
		out = append(out, strings.TrimSpace(r.Name+" "+strings.Join(r.Try, " ")))
	}
	return out
}

// Guards are the part's guards: kind, scheme, state.
func Guards(p *format.Part) []string {
	var out []string
	for _, g := range p.Guards {
		out = append(out, g.Kind+" "+g.Scheme+" "+g.State)
	}
	return out
}

// Read returns an image of the collection, unpacked where its name ends in .gz.
func Read(t testing.TB, elem ...string) []byte {
	t.Helper()
	path := testdata.Dir(t, append([]string{"firmware"}, elem...)...)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// Noise are images in which nothing stands.
func Noise(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, name := range []string{"magics-everywhere.bin", "random-64k.bin", "all-ff-64k.bin", "one-byte.bin", "empty.bin"} {
		out[name] = Read(t, "built/hostile", name)
	}
	return out
}

// Contents are the files of a part's tree by path, and what was odd; a content
// that isn't whole ends with "!", what is no file is its type.
func Contents(t testing.TB, p *format.Part) (files map[string]string, odd []format.Problem) {
	t.Helper()
	v, err := p.Open(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	err = v.Walk(context.Background(), func(e format.Entry, r io.Reader) error {
		if r == nil {
			files[e.Path] = string(e.Type)
			return nil
		}
		b, err := io.ReadAll(r)
		files[e.Path] = string(b)
		if err != nil {
			files[e.Path] += "!"
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	odd, _ = v.Problems()
	return files, odd
}
