package trx

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

var formats = []format.Format{New()}

// build makes an image of version 1 or 2 whose partitions hold parts.
func build(version uint16, parts ...string) []byte {
	head := 28
	if version == 2 {
		head = 32
	}
	b := make([]byte, head)
	copy(b, magic)
	le := binary.LittleEndian
	le.PutUint16(b[14:], version)
	for i, p := range parts {
		le.PutUint32(b[16+4*i:], uint32(len(b)))
		b = append(b, p...)
	}
	return seal(b)
}

// seal sets length and checksum.
func seal(b []byte) []byte {
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)))
	binary.LittleEndian.PutUint32(b[crcAt:], ^crc32.ChecksumIEEE(b[summed:]))
	return b
}

func TestLook(t *testing.T) {
	t.Parallel()
	img := build(2, "loader", "kernel", "rootfs..")
	p := looktest.At(t, formats, append([]byte("chk"), img...), 3)
	if p == nil {
		t.Fatal("not found")
	}
	want := &format.Part{
		Format: "trx", Offset: 3, Size: 52, Note: "version 2, flags 0x0000",
		Regions: []format.Region{
			{Name: "partition1", Offset: 35, Size: 6, Try: []string{"lzma"}},
			{Name: "partition2", Offset: 41, Size: 6, Try: []string{"lzma"}},
			{Name: "partition3", Offset: 47, Size: 8, Try: []string{"lzma"}},
		},
		Guards: []format.Guard{{Kind: format.Checksum, Scheme: "crc32", State: format.Good, Note: "image", Offset: 11}},
	}
	if d := cmp.Diff(want, p); d != "" {
		t.Errorf("part (-want +got):\n%s", d)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	img := build(1, "kernel", "rootfs..")
	flip := append([]byte(nil), img...)
	flip[30] ^= 1
	beyond := build(1, "kernel")
	binary.LittleEndian.PutUint32(beyond[20:], 5000)
	seal(beyond)
	moved := append([]byte(nil), flip...)
	binary.LittleEndian.PutUint32(moved[16:], 29)
	other := build(1, "kernel", "rootfs..")
	copy(other, "\x28\x09\x09\x20")
	wrong := append([]byte(nil), other...)
	wrong[30] ^= 1
	for _, row := range []struct {
		name     string
		img      []byte
		found    bool
		regions  int
		problems string
	}{
		{"sound", img, true, 2, ""},
		{"flipped", flip, true, 2, format.BadChecksum},
		{"cut", img[:35], true, 2, format.Truncated},
		{"cut in the first partition", img[:32], true, 1, format.Truncated},
		{"offset beyond the end", beyond, true, 1, format.Truncated},
		{"neither checksum nor structure", moved, false, 0, ""},
		{"Belkin", other, true, 2, ""},
		{"Belkin, flipped", wrong, false, 0, ""},
		{"version 3", build(3, "kernel"), false, 0, ""},
		{"head only", []byte("HDR0"), false, 0, ""},
	} {
		p := looktest.At(t, formats, row.img, 0)
		if (p != nil) != row.found {
			t.Errorf("%s: found %v", row.name, p != nil)
		} else if p != nil && (len(p.Regions) != row.regions || looktest.Kinds(p) != row.problems) {
			t.Errorf("%s: %d regions, problems %q; want %d, %q", row.name, len(p.Regions), looktest.Kinds(p), row.regions, row.problems)
		}
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		image    string
		at, size int64
		regions  string
		guards   string
		problems string
	}{
		{"formats/trx-v1.trx", 0, 712136, "partition1 lzma,partition2 lzma", "checksum crc32 good", ""},
		{"formats/trx-v2.trx", 0, 712204, "partition1 lzma,partition2 lzma,partition3 lzma", "checksum crc32 good", ""},
		{"formats/netgear.chk", 58, 712136, "partition1 lzma,partition2 lzma", "checksum crc32 good", ""},
		{"hostile/trx-self.trx", 0, 4124, "partition1 lzma", "checksum crc32 bad", format.Loop + " " + format.Truncated + " " + format.BadChecksum},
	} {
		p := looktest.At(t, formats, looktest.Read(t, "built", row.image), row.at)
		if p == nil {
			t.Errorf("%s: not found", row.image)
			continue
		}
		if got := strings.Join(looktest.Regions(p), ","); p.Size != row.size || got != row.regions {
			t.Errorf("%s: size %d, regions %s; want %d, %s", row.image, p.Size, got, row.size, row.regions)
		}
		if got := strings.Join(looktest.Guards(p), ","); got != row.guards || looktest.Kinds(p) != row.problems {
			t.Errorf("%s: guards %s, problems %s; want %s, %s", row.image, got, looktest.Kinds(p), row.guards, row.problems)
		}
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(build(1, "kernel", "rootfs.."))
	f.Add(build(2, "loader", "kernel", "rootfs.."))
	f.Fuzz(func(t *testing.T, img []byte) {
		if p := looktest.At(t, formats, img, 0); p != nil && len(p.Regions) > 4 {
			t.Errorf("%d partitions", len(p.Regions))
		}
		if len(img) >= 32 {
			looktest.At(t, formats, seal(append([]byte(nil), img...)), 0)
		}
	})
}
