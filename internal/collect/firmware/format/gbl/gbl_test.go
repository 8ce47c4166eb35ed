package gbl_test

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/gbl"
	"assay/internal/collect/firmware/format/looktest"
)

var (
	formats = []format.Format{gbl.New()}
	le      = binary.LittleEndian
)

func tag(b []byte, number uint32, value string) []byte {
	b = le.AppendUint32(le.AppendUint32(b, number), uint32(len(value)))
	return append(b, value...)
}

// image is one as commander(1) makes it.
func image(middle func([]byte) []byte) []byte {
	b := tag(nil, 0x03a617eb, "\x00\x00\x00\x03\x00\x01\x00\x00")
	b = tag(b, 0xf40a0af4, "\x20\x00\x00\x00\x07\x00\x00\x00"+strings.Repeat("\x00", 20))
	b = middle(b)
	b = le.AppendUint32(le.AppendUint32(b, 0xfc0404fc), 4)
	return le.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func plain(b []byte) []byte {
	b = tag(b, 0xfd0303fd, "\x00\x40\x00\x00a program for a chip")
	return tag(b, 0xf70a0af7, strings.Repeat("s", 64))
}

func TestLook(t *testing.T) {
	t.Parallel()
	img := image(plain)
	p := looktest.At(t, formats, append([]byte("...."), append(img, "behind"...)...), 4)
	if p == nil || p.Size != int64(len(img)) || len(p.Regions) != 1 || p.Regions[0].Name != "0x00004000" || p.Regions[0].Size != 20 || p.Vars[0].Value != "7" {
		t.Fatalf("%+v", p)
	}
	if got, want := looktest.Guards(p), []string{"signature ecdsa-p256-sha256 present", "checksum crc32 good"}; !slices.Equal(got, want) {
		t.Errorf("guards %v, want %v", got, want)
	}
	img[50] ^= 1
	if p := looktest.At(t, formats, img, 0); p == nil || !slices.Contains(looktest.Guards(p), "checksum crc32 bad") {
		t.Errorf("a changed byte: %+v", p)
	}
	crypted := image(func(b []byte) []byte {
		return tag(tag(b, 0xfb0505fb, strings.Repeat("n", 16)), 0xf90707f9, "?????????")
	})
	if p := looktest.At(t, formats, crypted, 0); p == nil || p.Opaque == "" || len(p.Regions) != 0 {
		t.Errorf("encrypted: %+v", p)
	}
	for name, img := range map[string][]byte{"header only": img[:16], "other tags": tag(img[:16:16], 0x12345678, "abc")} {
		if p := looktest.At(t, formats, img, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(image(plain))
	f.Add(image(plain)[:60])
	f.Fuzz(func(t *testing.T, img []byte) { looktest.Every(t, formats, img) })
}
