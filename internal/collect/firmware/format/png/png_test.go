package png

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	stdpng "image/png"
	"math/rand/v2"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

var formats = []format.Format{New()}

// picture is one of noise: it has several chunks of data.
func picture(t testing.TB) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	img := image.NewRGBA(image.Rect(0, 0, 120, 90))
	for i := range img.Pix {
		img.Pix[i] = byte(r.Uint32())
	}
	img.Set(3, 3, color.White)
	var out bytes.Buffer
	if err := stdpng.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out.Bytes(), []byte("IDAT")); n < 2 {
		t.Fatalf("%d chunks of data", n)
	}
	return out.Bytes()
}

func TestLook(t *testing.T) {
	t.Parallel()
	whole := picture(t)
	flipped := bytes.Clone(whole)
	flipped[17] ^= 1
	odd := bytes.Clone(whole)
	copy(odd[bytes.Index(odd, []byte("IDAT")):], "ID\x00T")
	for _, row := range []struct {
		name  string
		img   []byte
		at    int64
		size  int // 0: none is found
		wants string
	}{
		{"alone", whole, 0, len(whole), ""},
		{"in something else", append(append([]byte("head"), whole...), "tail"...), 4, len(whole), ""},
		{"cut", whole[:len(whole)-5], 0, len(whole) - 12, format.Truncated},
		{"cut in its data", whole[:3000], 0, headSize, format.Truncated},
		{"a chunk without a name", odd, 0, headSize, format.Truncated},
		{"a checksum that doesn't fit", flipped, 0, 0, ""},
		{"another number", append([]byte("\x8aMNG\r\n\x1a\n"), whole[8:]...), 0, 0, ""},
		{"short", whole[:20], 0, 0, ""},
	} {
		p := looktest.At(t, formats, row.img, row.at)
		if p == nil || row.size == 0 {
			if p != nil || row.size != 0 {
				t.Errorf("%s: %+v", row.name, p)
			}
			continue
		}
		kind := ""
		if len(p.Problems) > 0 {
			kind = p.Problems[0].Kind
		}
		if p.Offset != row.at || p.Size != int64(row.size) || !p.Data || kind != row.wants || p.Note != "picture of 120 x 90 points" {
			t.Errorf("%s: %+v", row.name, p)
		}
	}
}

func TestNoise(t *testing.T) {
	t.Parallel()
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	whole := picture(f)
	f.Add(whole[:200])
	f.Add(binary.BigEndian.AppendUint32(bytes.Clone(whole[:headSize]), 1<<31))
	f.Fuzz(func(t *testing.T, img []byte) { looktest.At(t, formats, img, 0) })
}
