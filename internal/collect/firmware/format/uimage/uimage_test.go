package uimage

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

// build makes an image as mkimage does.
func build(os, arch, typ, com byte, name string, data []byte) []byte {
	b := make([]byte, size, size+len(data))
	copy(b, magic)
	be := binary.BigEndian
	be.PutUint32(b[8:], 1_700_000_000)
	be.PutUint32(b[12:], uint32(len(data)))
	be.PutUint32(b[16:], 0x80008000)
	be.PutUint32(b[20:], 0x80008000)
	be.PutUint32(b[24:], crc32.ChecksumIEEE(data))
	b[28], b[29], b[30], b[31] = os, arch, typ, com
	copy(b[32:], name)
	be.PutUint32(b[4:], crc32.ChecksumIEEE(b[:size]))
	return append(b, data...)
}

func TestKernel(t *testing.T) {
	t.Parallel()
	img := build(5, 5, 2, 3, "MIPS OpenWrt Linux-5.4.111", []byte("\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00some"))
	p := looktest.At(t, Formats(), append([]byte("pad."), img...), 4)
	if p == nil {
		t.Fatal("not found")
	}
	want := &format.Part{
		Format: "uimage", Offset: 4, Size: int64(len(img)), Name: "MIPS OpenWrt Linux-5.4.111",
		Note:    "linux, mips, kernel, compression lzma, load 0x80008000, entry 0x80008000, made 2023-11-14T22:13:20Z",
		Regions: []format.Region{{Name: "kernel", Offset: 68, Size: 18, Try: []string{"lzma"}}},
		Systems: []format.System{{Name: "linux", Version: "5.4.111", Text: "MIPS OpenWrt Linux-5.4.111", Offset: 36}},
		Guards: []format.Guard{
			{Kind: format.Checksum, Scheme: "crc32", State: format.Good, Note: "header", Offset: 8},
			{Kind: format.Checksum, Scheme: "crc32", State: format.Good, Note: "data", Offset: 28},
		},
	}
	if d := cmp.Diff(want, p); d != "" {
		t.Errorf("part (-want +got):\n%s", d)
	}
}

func TestVariants(t *testing.T) {
	t.Parallel()
	pad := append(make([]byte, 32), "\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00some"...)
	multi := build(5, 2, 4, 0, "two", []byte("\x00\x00\x00\x05\x00\x00\x00\x03\x00\x00\x00\x00kerne\x00\x00\x00ram"))
	open := build(5, 2, 4, 0, "two", []byte("\x00\x00\x00\x05\x00\x00\x00\x03"))
	flip := build(5, 2, 2, 0, "Linux-3.10.14", []byte("data"))
	flip[64] ^= 1
	badHead := build(5, 2, 2, 0, "Linux-3.10.14", []byte("data"))
	badHead[5] ^= 1
	other := build(5, 2, 2, 0, "Linux-3.10.14", []byte("data"))
	copy(other, "\x33\x37\x00\x00")
	clear(other[4:8])
	binary.BigEndian.PutUint32(other[4:], crc32.ChecksumIEEE(other[:size]))
	strange := build(99, 99, 99, 99, "x", []byte("data"))
	for _, row := range []struct {
		name     string
		img      []byte
		regions  []format.Region
		problems string
	}{
		{"multi", multi, []format.Region{{Name: "image0", Offset: 76, Size: 5}, {Name: "image1", Offset: 84, Size: 3}}, ""},
		{"multi without end", open, nil, format.Damaged},
		{"multi cut", multi[:82], []format.Region{{Name: "image0", Offset: 76, Size: 5}}, format.Truncated + " " + format.Truncated},
		{"second header before LZMA", build(5, 2, 2, 3, "x", pad), []format.Region{{Name: "kernel", Offset: 96, Size: 18, Try: []string{"lzma"}}}, ""},
		{"script", build(5, 2, 6, 0, "boot", []byte("\x00\x00\x00\x04\x00\x00\x00\x00boot")), []format.Region{{Name: "script", Offset: 72, Size: 4}}, ""},
		{"flipped bit", flip, []format.Region{{Name: "kernel", Offset: 64, Size: 4}}, format.BadChecksum},
		{"header checksum", badHead, []format.Region{{Name: "kernel", Offset: 64, Size: 4}}, format.BadChecksum},
		{"other magic", other, []format.Region{{Name: "kernel", Offset: 64, Size: 4}}, ""},
		{"unknown values", strange, []format.Region{{Name: "99", Offset: 64, Size: 4}}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, Formats(), row.img, 0)
			if p == nil {
				t.Fatal("not found")
			}
			if d := cmp.Diff(row.regions, p.Regions); d != "" {
				t.Errorf("regions (-want +got):\n%s", d)
			}
			if got := looktest.Kinds(p); got != row.problems {
				t.Errorf("problems %q, want %q", got, row.problems)
			}
		})
	}
	if p := looktest.At(t, Formats(), []byte(magic+strings.Repeat("\xa5", 60)), 0); p != nil {
		t.Errorf("a magic number in noise is taken for an image: %+v", p)
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		image    string
		at, size int64
		regions  []string
		problems string
		systems  string
	}{
		{"formats/uimage-gzip.img", 0, 289537, []string{"kernel gzip"}, "", "6.1.0-50-marvell"},
		{"formats/uimage-lzma.img", 0, 290284, []string{"kernel lzma"}, "", "6.1.0-50-marvell"},
		{"formats/uimage-none.img", 0, 300064, []string{"kernel"}, "", "6.1.0-50-marvell"},
		{"formats/uimage-multi.img", 0, 762189, []string{"image0", "image1"}, "", ""},
		{"formats/uimage-ramdisk.img", 0, 462177, []string{"ramdisk gzip"}, "", ""},
		{"camera-insecure/camera-insecure.bin", 256, 5448256, []string{"kernel"}, "", "6.1.0-50-armmp"},
		{"camera-small-flash/camera-small-flash.bin", 589824, 2643368, []string{"kernel"}, "", "6.1.0-50-marvell"},
		{"camera-small-flash/camera-small-flash.bin", 0x8000, 460132, []string{"firmware"}, "", "2023.01+dfsg-2+deb12u3"},
		{"hostile/uimage-size-lie.img", 0, 68, []string{"kernel"}, format.Truncated, ""},
		{"hostile/uimage-bad-crc.img", 0, 68, []string{"kernel"}, format.BadChecksum, ""},
		{"hostile/uimage-nested-1000.img", 64, 63940, []string{"kernel"}, "", ""},
	} {
		t.Run(row.image, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, Formats(), looktest.Read(t, "built", row.image), row.at)
			if p == nil {
				t.Fatal("not found")
			}
			if d := cmp.Diff(row.regions, looktest.Regions(p)); d != "" {
				t.Errorf("regions (-want +got):\n%s", d)
			}
			if p.Size != row.size || looktest.Kinds(p) != row.problems {
				t.Errorf("size %d, want %d; problems %q, want %q", p.Size, row.size, looktest.Kinds(p), row.problems)
			}
			var systems string
			for _, s := range p.Systems {
				systems += s.Version
			}
			if systems != row.systems {
				t.Errorf("systems %q, want %q", systems, row.systems)
			}
		})
	}
}

func TestNoise(t *testing.T) {
	t.Parallel()
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, Formats(), img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(build(5, 2, 4, 0, "two", []byte("\x00\x00\x00\x05\x00\x00\x00\x03\x00\x00\x00\x00kerne\x00\x00\x00ram")))
	f.Add(build(5, 5, 2, 3, "Linux-5.4", []byte("\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00some")))
	f.Add(build(99, 99, 99, 99, "x", nil))
	f.Fuzz(func(t *testing.T, in []byte) {
		img := bytes.Clone(in)
		// Nearly no input has a right checksum: it is set right here.
		if len(img) >= size && img[4] == 0 {
			h := parse(img)
			clear(h.raw[4:8])
			binary.BigEndian.PutUint32(img[4:], crc32.ChecksumIEEE(h.raw[:]))
		}
		p := looktest.At(t, Formats(), img, 0)
		if p != nil && len(p.Regions) > maxImages {
			t.Errorf("%d regions", len(p.Regions))
		}
	})
}

func BenchmarkLookNoise(b *testing.B) {
	img := bytes.Repeat([]byte(magic+strings.Repeat("\xa5", 60)), 1000)
	s := bytes.NewReader(img)
	b.SetBytes(int64(len(img)))
	for b.Loop() {
		for at := int64(0); at < int64(len(img)); at += 64 {
			if p, _ := look(context.Background(), s, at); p != nil {
				b.Fatal(p)
			}
		}
	}
}
