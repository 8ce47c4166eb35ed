package seama

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

var formats = []format.Format{New()}

// build makes an entity, a seal where image is empty.
func build(order binary.ByteOrder, meta, image string) []byte {
	b := order.(binary.AppendByteOrder).AppendUint32(nil, 0x5ea3a417)
	b = order.(binary.AppendByteOrder).AppendUint16(b, 0)
	b = order.(binary.AppendByteOrder).AppendUint16(b, uint16(len(meta)))
	b = order.(binary.AppendByteOrder).AppendUint32(b, uint32(len(image)))
	if image != "" {
		sum := md5.Sum([]byte(image))
		b = append(b, sum[:]...)
	}
	return append(b, meta+image...)
}

func TestLook(t *testing.T) {
	t.Parallel()
	seal := "signature=wrgac05_dlob.test\x00\x00\x00\x00\x00"
	entity := "dev=/dev/mtdblock/1\x00type=firmware\x00"
	img := append(build(binary.BigEndian, seal, ""), build(binary.BigEndian, entity, "kernel and rootfs")...)
	p := looktest.At(t, formats, append([]byte("xx"), img...), 2)
	if p == nil {
		t.Fatal("not found")
	}
	want := &format.Part{
		Format: "dlob", Offset: 2, Size: int64(len(img)), Name: "wrgac05_dlob.test", Note: "1 image(s), signature wrgac05_dlob.test",
		Regions: []format.Region{{Name: "firmware", Offset: 108, Size: 17, Try: []string{"lzma"}}},
		Vars: []format.Var{
			{Name: "signature", Value: "wrgac05_dlob.test", Offset: 14},
			{Name: "dev", Value: "/dev/mtdblock/1", Offset: 74},
			{Name: "type", Value: "firmware", Offset: 94},
		},
		Guards: []format.Guard{{Kind: format.Checksum, Scheme: "md5", State: format.Good, Note: "image", Offset: 58}},
	}
	if d := cmp.Diff(want, p); d != "" {
		t.Errorf("part (-want +got):\n%s", d)
	}
}

func TestVariants(t *testing.T) {
	t.Parallel()
	one := build(binary.BigEndian, "dev=/dev/mtd\x00", "content")
	flip := bytes.Clone(one)
	flip[len(flip)-1] ^= 1
	for _, row := range []struct {
		name             string
		img              []byte
		format, problems string
		regions          int
	}{
		{"entity without seal", one, "seama", "", 1},
		{"little endian", build(binary.LittleEndian, "dev=/dev/mtd\x00", "content"), "seama", "", 1},
		{"two entities", append(bytes.Clone(one), one...), "seama", "", 2},
		{"without properties", build(binary.BigEndian, "", "content"), "seama", "", 1},
		{"flipped", flip, "seama", format.BadChecksum, 1},
		{"flipped, without properties", append(build(binary.BigEndian, "", "content")[:28], "CONTENT"...), "", "", 0},
		{"cut", one[:len(one)-2], "seama", format.Truncated, 1},
		{"seal alone", build(binary.BigEndian, "signature=x\x00", ""), "dlob", "", 0},
		{"binary properties", build(binary.BigEndian, "\x01\x02\x03\x04", ""), "", "", 0},
		{"nothing in it", build(binary.BigEndian, "", ""), "", "", 0},
	} {
		p := looktest.At(t, formats, row.img, 0)
		switch {
		case p == nil && row.format != "":
			t.Errorf("%s: not found", row.name)
		case p != nil && (p.Format != row.format || looktest.Kinds(p) != row.problems || len(p.Regions) != row.regions):
			t.Errorf("%s: %+v", row.name, p)
		}
	}
}

func TestManyEntities(t *testing.T) {
	t.Parallel()
	img := []byte(strings.Repeat(string(build(binary.BigEndian, "a=b\x00", "x")), 1000))
	if p := looktest.At(t, formats, img, 0); p == nil || len(p.Regions) != entities {
		t.Errorf("%+v", p)
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(append(build(binary.BigEndian, "signature=x\x00", ""), build(binary.BigEndian, "dev=/dev/mtd\x00", "content")...))
	f.Add(build(binary.LittleEndian, "dev=/dev/mtd\x00", "content"))
	f.Fuzz(func(t *testing.T, img []byte) { looktest.At(t, formats, img, 0) })
}
