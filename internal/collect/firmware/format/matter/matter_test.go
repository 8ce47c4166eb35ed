package matter

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

var formats = []format.Format{New()}

// build makes an image as ota_image_tool.py does.
func build(payload, version string) []byte {
	sum := sha256.Sum256([]byte(payload))
	h := []byte("\x15\x25\x00\xf1\xff\x25\x01\x05\x80\x26\x02\x0a\x00\x00\x00\x2c\x03")
	h = append(append(h, byte(len(version))), version...)
	h = append(le.AppendUint32(append(h, 0x26, 4), uint32(len(payload))), 0x24, 8, 1, 0x30, 9, 32)
	h = append(append(h, sum[:]...), 0x18)
	b := le.AppendUint64([]byte(magic), uint64(fixed+len(h)+len(payload)))
	return append(append(le.AppendUint32(b, uint32(len(h))), h...), payload...)
}

func TestImages(t *testing.T) {
	t.Parallel()
	img := build("an invented update", "1.0.10")
	flip := bytes.Clone(img)
	flip[len(flip)-1] ^= 1
	lie := bytes.Clone(img)
	lie[4]++
	for _, row := range []struct {
		name     string
		img      []byte
		guards   []string
		problems string
	}{
		{"whole", img, []string{"checksum sha256 good"}, ""},
		{"changed", flip, []string{"checksum sha256 bad"}, format.BadChecksum},
		{"cut", img[:len(img)-3], nil, format.Truncated},
		{"two sizes", append(lie, 0), []string{"checksum sha256 good"}, format.Mismatch},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, formats, append([]byte("pad."), row.img...), 4)
			if p == nil {
				t.Fatal("not found")
			}
			want := []format.Var{{Name: "vendor", Value: "0xfff1", Offset: 21}, {Name: "product", Value: "0x8005", Offset: 25},
				{Name: "version", Value: "10", Offset: 29}, {Name: "version-text", Value: "1.0.10", Offset: 35}}
			for _, d := range []string{cmp.Diff(want, p.Vars), cmp.Diff(row.guards, looktest.Guards(p)), cmp.Diff([]string{"payload"}, looktest.Regions(p))} {
				if d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			}
			if p.Size != int64(len(row.img)) || p.Name != "1.0.10" || looktest.Kinds(p) != row.problems {
				t.Errorf("%d bytes of %d, name %q, problems %v", p.Size, len(row.img), p.Name, p.Problems)
			}
		})
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	p := looktest.At(t, formats, looktest.Read(t, "real/binwalk-matter_ota.bin"), 0)
	if p == nil || p.Size != 96 || p.Name != "1.2.120.0" || len(p.Regions) != 1 || p.Regions[0].Offset != 88 || looktest.Kinds(p) != "" {
		t.Errorf("%+v", p)
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	if p := looktest.At(t, formats, []byte(magic+"and then some text that is no header"), 0); p != nil {
		t.Errorf("%+v", p)
	}
}

func FuzzLook(f *testing.F) {
	f.Add(build("an invented update", "1.0.10"))
	f.Add(build("", ""))
	f.Fuzz(func(t *testing.T, b []byte) { looktest.Every(t, formats, b) })
}
