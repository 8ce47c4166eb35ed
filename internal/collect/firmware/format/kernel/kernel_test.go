package kernel

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mikelolasagasti/xz"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

func zip(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

// zimage makes an image around a compressed kernel, with the table of Linux
// 4.15 where table is set.
func zimage(order binary.AppendByteOrder, packed []byte, table bool) []byte {
	b := make([]byte, 0x400)
	o := order.(binary.ByteOrder)
	for i := range 8 {
		binary.LittleEndian.PutUint32(b[4*i:], 0xe1a00000)
	}
	o.PutUint32(b[0x24:], 0x016f2818)
	o.PutUint32(b[0x30:], 0x04030201)
	b = append(b, packed...)
	if table {
		o.PutUint32(b[0x34:], 0x45454545)
		o.PutUint32(b[0x38:], 0x80)
		o.PutUint32(b[0x84:], 0x5a534c4b)
		o.PutUint32(b[0x88:], uint32(len(b)-4))
	}
	b = append(b, make([]byte, 64)...)
	o.PutUint32(b[0x2c:], uint32(len(b)))
	return b
}

func TestZImage(t *testing.T) {
	t.Parallel()
	packed := zip("the kernel")
	n := int64(len(packed))
	for _, row := range []struct {
		name   string
		img    []byte
		region format.Region
		note   string
	}{
		{"with table", zimage(binary.LittleEndian, packed, true), format.Region{Name: "kernel", Offset: 4 + 0x400, Size: n, Try: []string{"gzip"}, Program: true}, "Linux zImage, ARM, gzip"},
		{"without", zimage(binary.LittleEndian, packed, false), format.Region{Name: "kernel", Offset: 4 + 0x400, Size: n + 64, Try: []string{"gzip"}, Program: true}, "Linux zImage, ARM, gzip"},
		{"big endian", zimage(binary.BigEndian, packed, true), format.Region{Name: "kernel", Offset: 4 + 0x400, Size: n, Try: []string{"gzip"}, Program: true}, "Linux zImage, ARM, big endian, gzip"},
	} {
		p := looktest.At(t, Formats(), append([]byte("pad."), row.img...), 4)
		if p == nil {
			t.Errorf("%s: not found", row.name)
			continue
		}
		want := &format.Part{Format: "zimage", Offset: 4, Size: int64(len(row.img)), Note: row.note, Regions: []format.Region{row.region}}
		if d := cmp.Diff(want, p); d != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, d)
		}
	}
	empty := zimage(binary.LittleEndian, nil, false)
	if p := looktest.At(t, Formats(), empty, 0); p == nil || looktest.Kinds(p) != format.Unsupported {
		t.Errorf("without a kernel: %+v", p)
	}
	if p := looktest.At(t, Formats(), empty[:0x200], 0); p == nil || looktest.Kinds(p) != format.Truncated+" "+format.Unsupported {
		t.Errorf("cut: %+v", p)
	}
}

func TestBZImage(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	img := make([]byte, 2*512+0x100)
	img[0x1f1] = 1
	copy(img[0x1fe:], "\x55\xaa")
	copy(img[0x202:], "HdrS\x0f\x02")
	le.PutUint16(img[0x20e:], 0x100)
	copy(img[0x300:], "6.1.0-50-amd64 (debian-kernel@lists.debian.org) #1 SMP\x00")
	le.PutUint32(img[0x248:], 0x20)
	packed := zip("the kernel")
	le.PutUint32(img[0x24c:], uint32(len(packed)))
	copy(img[2*512+0x20:], packed)
	le.PutUint32(img[0x1f4:], 0x100/16)
	p := looktest.At(t, Formats(), img, 0)
	want := &format.Part{
		Format: "bzimage", Size: int64(len(img)), Note: "Linux bzImage, x86, boot protocol 2.15, gzip",
		Regions: []format.Region{{Name: "kernel", Offset: 2*512 + 0x20, Size: int64(len(packed)), Try: []string{"gzip"}, Program: true}},
		Systems: []format.System{{Name: "linux", Version: "6.1.0-50-amd64", Text: "6.1.0-50-amd64 (debian-kernel@lists.debian.org) #1 SMP", Offset: 0x300}},
	}
	if d := cmp.Diff(want, p); d != "" {
		t.Errorf("part (-want +got):\n%s", d)
	}
}

// pe makes the header of a program for EFI with one section that ends at end.
func pe(b []byte, end uint32) {
	le := binary.LittleEndian
	copy(b, "MZ")
	le.PutUint32(b[0x3c:], 0x40)
	copy(b[0x40:], "PE\x00\x00")
	le.PutUint16(b[0x46:], 1)
	le.PutUint32(b[0x58+16:], end-0x100)
	le.PutUint32(b[0x58+20:], 0x100)
}

func TestImages(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	arm := make([]byte, 0x300)
	copy(arm, "\x00\x00\x00\x14")
	le.PutUint64(arm[16:], 0x2000)
	le.PutUint64(arm[24:], 0xa)
	copy(arm[0x38:], "ARM\x64")
	efi := bytes.Clone(arm)
	pe(efi, 0x200)
	risc := make([]byte, 0x300)
	copy(risc, "\x6f\x00\x00\x04")
	copy(risc[0x30:], "RISCV\x00\x00\x00RSC\x05")
	le.PutUint64(risc[16:], 0x280)
	boot := make([]byte, 0x300)
	pe(boot, 0x300)
	copy(boot[4:], "zimg\x00\x01\x00\x00\x80\x00\x00\x00")
	copy(boot[0x18:], "zstd22")
	wrong := bytes.Clone(arm)
	wrong[0x20] = 1
	for _, row := range []struct {
		name, format string
		img          []byte
		size         int64
		region       format.Region
	}{
		{"arm64", "arm64-image", arm, 0x300, format.Region{Name: "kernel", Offset: 64, Size: 0x2c0}},
		{"arm64 for EFI", "arm64-image", efi, 0x200, format.Region{Name: "kernel", Offset: 64, Size: 0x1c0}},
		{"riscv", "riscv-image", risc, 0x280, format.Region{Name: "kernel", Offset: 64, Size: 0x240}},
		{"zboot", "efi-zboot", boot, 0x300, format.Region{Name: "kernel", Offset: 0x100, Size: 0x80, Try: []string{"zstd"}, Program: true}},
		{"reserved field is set", "", wrong, 0, format.Region{}},
	} {
		p := looktest.At(t, Formats(), row.img, 0)
		if p == nil {
			if row.format != "" {
				t.Errorf("%s: not found", row.name)
			}
			continue
		}
		if p.Format != row.format || p.Size != row.size || len(p.Regions) != 1 || cmp.Diff(row.region, p.Regions[0]) != "" || looktest.Kinds(p) != "" {
			t.Errorf("%s: %+v", row.name, p)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	text := "CONFIG_MMU=y\nCONFIG_DEVMEM=y\n"
	img := append(append([]byte("code"+ikStart), zip(text)...), ikEnd+"more code"...)
	p := looktest.At(t, Formats(), img, 4)
	if p == nil || looktest.Kinds(p) != "" || p.Offset+p.Size != int64(len(img)-len("more code")) {
		t.Fatalf("%+v", p)
	}
	if got := content(t, p); got != text {
		t.Errorf("%q", got)
	}
	open := img[:len(img)-len(ikEnd+"more code")]
	if p := looktest.At(t, Formats(), open, 4); p == nil || looktest.Kinds(p) != format.Damaged || content(t, p) != text {
		t.Errorf("without end: %+v", p)
	}
	if p := looktest.At(t, Formats(), open[:len(open)-5], 4); p != nil {
		t.Errorf("half a stream: %+v", p)
	}
}

func content(t *testing.T, p *format.Part) string {
	t.Helper()
	c, err := p.Contents(context.Background(), format.Limits{})
	if err != nil || len(c) != 1 || c[0].Name != "config" {
		t.Fatalf("%+v %v", c, err)
	}
	b, err := io.ReadAll(c[0].Stream)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCollection(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		image            string
		at, size, packed int64 // packed: where the compressed kernel begins
		version          string
	}{
		{"real/debian-vmlinuz-6.1.0-50-marvell", 0, 2643304, 0, "6.1.0-50-marvell"},
		{"built/camera-insecure/camera-insecure.bin", 320, 5448192, 0, "6.1.0-50-armmp"},
		{"built/camera-small-flash/camera-small-flash.bin", 589888, 2643304, 0, "6.1.0-50-marvell"},
	} {
		t.Run(row.image, func(t *testing.T) {
			t.Parallel()
			img := looktest.Read(t, row.image)
			p := looktest.At(t, Formats(), img, row.at)
			if p == nil || len(p.Regions) != 1 {
				t.Fatalf("%+v", p)
			}
			r := p.Regions[0]
			if p.Format != "zimage" || p.Size != row.size || cmp.Diff(r.Try, []string{"xz"}) != "" || looktest.Kinds(p) != "" {
				t.Errorf("%+v", p)
			}
			// The last 4 bytes are the size of the kernel.
			packed := img[r.Offset : r.Offset+r.Size]
			z, err := xz.NewReader(bytes.NewReader(packed[:len(packed)-4]), 0)
			if err != nil {
				t.Fatal(err)
			}
			kernel, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			if want := binary.LittleEndian.Uint32(packed[len(packed)-4:]); uint32(len(kernel)) != want {
				t.Errorf("%d bytes, want %d", len(kernel), want)
			}
			if got := versions(t, kernel); got != row.version {
				t.Errorf("versions %q, want %q", got, row.version)
			}
		})
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, Formats(), img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// versions looks where the magic numbers of the formats stand, as an engine
// does.
func versions(t *testing.T, img []byte) string {
	var out []string
	for at := int64(0); ; at++ {
		i := bytes.Index(img[at:], []byte("Linux version "))
		if i < 0 {
			return strings.Join(out, " ")
		}
		at += int64(i)
		if p := looktest.At(t, Formats(), img, at); p != nil {
			out = append(out, p.Systems[0].Version)
		}
	}
}

func TestModuleWithConfig(t *testing.T) {
	t.Parallel()
	img := looktest.Read(t, "real/fact-configs.ko")
	p := looktest.At(t, Formats(), img, int64(bytes.Index(img, []byte(ikStart))))
	if p == nil || looktest.Kinds(p) != "" {
		t.Fatalf("%+v", p)
	}
	if text := content(t, p); !strings.Contains(text, "CONFIG_") {
		t.Errorf("%.100q", text)
	}
}

func FuzzLook(f *testing.F) {
	f.Add(zimage(binary.LittleEndian, zip("kernel"), true))
	f.Add(append(append([]byte(ikStart), zip("CONFIG_MMU=y")...), ikEnd...))
	efi := make([]byte, 0x300)
	copy(efi[0x38:], "ARM\x64")
	pe(efi, 0x200)
	f.Add(efi)
	boot := make([]byte, 0x600)
	boot[0x1f1], boot[0x1f4] = 1, 0x20
	copy(boot[0x1fe:], "\x55\xaa\x00\x00HdrS\x0f\x02")
	f.Add(boot)
	f.Add([]byte("Linux version 2.6.21 (root@host) (gcc version 3.4.2) #57 Fri"))
	f.Fuzz(func(t *testing.T, img []byte) { looktest.At(t, Formats(), img, 0) })
}
