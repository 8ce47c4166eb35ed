package vendor

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

// images are one image of each format, and what is found in it.
func images(t testing.TB) []struct {
	name, format    string
	img             []byte
	regions, guards string
	opaque          string
} {
	good := func(schemes ...string) string {
		for i, s := range schemes {
			schemes[i] = "checksum " + s + " good"
		}
		return strings.Join(schemes, ",")
	}
	dahua := buildZip(t)
	copy(dahua, "DH")
	return []struct {
		name, format    string
		img             []byte
		regions, guards string
		opaque          string
	}{
		{"TP-Link 1", "tplink", buildTPLink1(false), "kernel lzma,rootfs", good("md5"), ""},
		{"TP-Link 1 with boot loader", "tplink", buildTPLink1(true), "kernel lzma,rootfs,boot", good("md5"), ""},
		{"TP-Link 2", "tplink", buildTPLink2(2), "kernel lzma,rootfs", good("md5"), ""},
		{"TP-Link 3", "tplink", buildTPLink2(3), "kernel lzma,rootfs", good("md5"), ""},
		{"TP-Link safeloader", "tplink-safeloader", buildSafeloader(), "os-image,file-system", good("md5"), ""},
		{"D-Link SHRS", "dlink-shrs", buildSHRS(), "", good("sha512") + ",encryption aes-128-cbc present,signature rsa4096-sha512 present", "encrypted: aes-128-cbc"},
		{"D-Link encrpted_img", "dlink-encrypted", buildEncrpted(), "", "encryption aes-256-cbc present", "encrypted: aes-256-cbc"},
		{"D-Link MH01", "dlink-mh01", buildMH01(), "", "encryption aes-cbc present", "encrypted: aes-cbc"},
		{"openssl enc", "openssl-enc", buildOpenSSL(), "", "encryption openssl-enc present", "encrypted: openssl-enc"},
		{"Hikvision", "hikvision", buildHikvision(), "uImage,rootfs.img", good("sum32", "sum32", "sum32"), ""},
		{"Dahua", "dahua", dahua, "", "", ""},
		{"Instar", "instar", buildInstar(t), "", "", ""},
		{"Foscam", "bneg", buildBNEG(), "kernel,rootfs", "", ""},
		{"Foscam pages", "foscam-webui", buildWebUI("www", "www/index.htm"), "", good("sum32"), ""},
		{"Reolink", "reolink-pak", buildPAK(4), "loader,kernel,rootfs", good("crc32"), ""},
		{"Reolink, 64 bits", "reolink-pak", buildPAK(8), "loader,kernel,rootfs", good("crc32"), ""},
		{"Realtek", "realtek", buildRealtek(), "kernel lzma,rootfs lzma", good("sum16", "sum16"), ""},
		{"Edimax", "edimax", buildEdimax(binary.LittleEndian), "image", good("sum16"), ""},
		{"Edimax, big endian", "edimax", buildEdimax(binary.BigEndian), "image", good("sum16"), ""},
		{"ZyNOS", "zyxel-rombin", buildRombin(), "object lzma", good("sum16"), ""},
		{"ZyXEL RAS", "zyxel-ras", buildRAS(), "rootfs,kernel", good("sum16", "sum16", "sum16"), ""},
		{"Linksys", "linksys", buildLinksys(), "", "", ""},
		{"Linksys CHDR", "linksys-chdr", buildCHDR(), "image", good("crc32"), ""},
		{"Broadcom", "broadcom-tag", buildBroadcom("Broadcom Corporatio"), "rootfs,kernel lzma", good("crc32", "crc32"), ""},
		{"Broadcom, other company", "broadcom-tag", buildBroadcom("Invented"), "rootfs,kernel lzma", good("crc32", "crc32"), ""},
		{"Ubiquiti", "ubiquiti", buildUbiquiti(false), "kernel,rootfs", good("crc32", "crc32", "crc32", "crc32"), ""},
		{"Ubiquiti, signed", "ubiquiti", buildUbiquiti(true), "kernel,rootfs", good("crc32", "crc32", "crc32") + ",signature rsa2048 present", ""},
		{"Xiaomi HDR1", "xiaomi", buildXiaomi("HDR1"), "firmware.bin", "signature rsa2048 present," + good("crc32"), ""},
		{"Xiaomi HDR2", "xiaomi", buildXiaomi("HDR2"), "firmware.bin", "signature rsa2048 present," + good("crc32"), ""},
		{"Rockchip archive", "rockchip-rkaf", buildRKAF(), "uboot,rootfs", good("rkcrc32"), ""},
		{"Rockchip update", "rockchip-rkfw", buildRKFW(), "loader,update rockchip-rkaf", good("md5"), ""},
	}
}

func TestImages(t *testing.T) {
	t.Parallel()
	for _, row := range images(t) {
		p := looktest.At(t, Formats(), row.img, 0)
		if p == nil {
			t.Errorf("%s: not found", row.name)
			continue
		}
		size := int64(len(row.img))
		if row.format == "linksys" {
			size = 32
		}
		if p.Format != row.format || p.Size != size || p.Opaque != row.opaque || looktest.Kinds(p) != "" {
			t.Errorf("%s: %s, %d of %d bytes, opaque %q, problems %v", row.name, p.Format, p.Size, size, p.Opaque, p.Problems)
		}
		regions, guards := strings.Join(looktest.Regions(p), ","), strings.Join(looktest.Guards(p), ",")
		if regions != row.regions || guards != row.guards {
			t.Errorf("%s:\nregions %q, want %q\nguards %q, want %q", row.name, regions, row.regions, guards, row.guards)
		}
		if strings.Contains(p.Note, "%!") || p.Note == "" {
			t.Errorf("%s: note %q", row.name, p.Note)
		}
	}
}

// TestDamage flips the last byte and cuts images: what can be checked says so,
// and nothing that needs its checksum to be found is found.
func TestDamage(t *testing.T) {
	t.Parallel()
	unchecked := map[string]bool{"dlink-encrypted": true, "dlink-mh01": true, "openssl-enc": true, "dahua": true, "instar": true, "bneg": true, "linksys": true, "rockchip-rkaf": true}
	for _, row := range images(t) {
		if !unchecked[row.format] && row.name != "Ubiquiti, signed" {
			img := bytes.Clone(row.img)
			flip := len(img) - 1
			if row.name == "Ubiquiti" {
				flip = 268 + 60 // in the first part; the end is padding
			}
			img[flip] ^= 1
			p := looktest.At(t, Formats(), img, 0)
			if p != nil && !strings.Contains(strings.Join(looktest.Guards(p), ","), " bad") {
				t.Errorf("%s, flipped: %s, guards %v", row.name, p.Format, looktest.Guards(p))
			}
		}
		for _, n := range []int{0, 3, 4, 15, 16, 31, 64, len(row.img) / 2, len(row.img) - 1} {
			if n < len(row.img) {
				looktest.At(t, Formats(), row.img[:n], 0)
			}
		}
	}
}

func TestTruncated(t *testing.T) {
	t.Parallel()
	for _, row := range images(t) {
		switch row.format {
		case "hikvision", "bneg", "reolink-pak", "broadcom-tag", "xiaomi", "dlink-shrs", "tplink-safeloader", "foscam-webui":
			p := looktest.At(t, Formats(), row.img[:len(row.img)-2], 0)
			if p == nil || !strings.Contains(looktest.Kinds(p), format.Truncated) {
				t.Errorf("%s: %+v", row.name, p)
			}
		}
	}
}

func TestArchives(t *testing.T) {
	t.Parallel()
	for _, row := range images(t) {
		if row.format != "dahua" && row.format != "instar" {
			continue
		}
		p := looktest.At(t, Formats(), append([]byte("before"), row.img...), 6)
		c, err := p.Contents(context.Background(), format.Limits{})
		if err != nil || len(c) != 1 || c[0].Try[0] != "zip" {
			t.Fatalf("%s: %v %v", row.name, c, err)
		}
		z, err := zip.NewReader(c[0].Source, c[0].Source.Size())
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		r, err := z.File[0].Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil || len(b) != 6000 || z.File[0].Name != "Install" {
			t.Errorf("%s: %q, %d bytes, %v", row.name, z.File[0].Name, len(b), err)
		}
		// However it is cut into reads, the same bytes come out.
		whole, _ := io.ReadAll(format.Section(c[0].Source, 0, c[0].Source.Size()))
		for i := range whole {
			one := make([]byte, min(5, len(whole)-i))
			if _, err := c[0].Source.ReadAt(one, int64(i)); err != nil || !bytes.Equal(one, whole[i:i+len(one)]) {
				t.Fatalf("%s: %x at %d, want %x (%v)", row.name, one, i, whole[i:i+len(one)], err)
			}
		}
		if want := buildZip(t); !bytes.Equal(whole, want) {
			t.Errorf("%s: not the archive", row.name)
		}
	}
}

func TestWebUI(t *testing.T) {
	t.Parallel()
	img := buildWebUI("www", "www/index.htm", "../etc/passwd", "www/last.htm")
	p := looktest.At(t, Formats(), img, 0)
	v, err := p.Open(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = v.Walk(context.Background(), func(e format.Entry, r io.Reader) error {
		s := string(e.Type) + " " + e.Path
		if r != nil {
			b, err := io.ReadAll(r)
			if err != nil {
				return err
			}
			s += " " + string(b)
		}
		got = append(got, s)
		return nil
	})
	if want := "dir /, dir /www, file /www/index.htm <html>, file /www/last.htm <html>"; err != nil || strings.Join(got, ", ") != want {
		t.Errorf("%v %v", got, err)
	}
	if problems, _ := v.Problems(); len(problems) != 1 || problems[0].Kind != format.BadName {
		t.Errorf("%v", problems)
	}
	short := looktest.At(t, Formats(), img[:len(img)-3], 0)
	if v, err = short.Open(context.Background(), format.Limits{}); err != nil {
		t.Fatal(err)
	}
	if err := v.Walk(context.Background(), func(format.Entry, io.Reader) error { return nil }); err != nil {
		t.Error(err)
	}
	if problems, _ := v.Problems(); len(problems) != 2 || problems[1].Kind != format.Truncated {
		t.Errorf("%v", problems)
	}
}

func TestFooter(t *testing.T) {
	t.Parallel()
	// printf 'an invented image' | cksum says 2406129668.
	img := fmt.Appendf(nil, "%s.LINKSYS.01000409%-15s%08X%-8s%-16s", "an invented image", "EA0000", 2406129668, "0", "K0000000F0246434")
	img = append(img, make([]byte, 192)...)
	p := looktest.At(t, Formats(), img, 17)
	if p == nil || p.Name != "EA0000" || looktest.Guards(p)[0] != "checksum cksum good" {
		t.Fatalf("%+v", p)
	}
	img[3] ^= 1
	if p := looktest.At(t, Formats(), img, 17); looktest.Kinds(p) != format.BadChecksum {
		t.Errorf("%+v", p)
	}
	if p := looktest.At(t, Formats(), append(img, "more"...), 17); p != nil {
		t.Errorf("in the middle: %+v", p)
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, Formats(), img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, name := range []string{"real/wyze-hacks-0.4.04.zip", "real/binwalk-arcadyan.bin", "real/tuya-convert-tasmota.bin", "built/formats/squashfs-xz.img", "built/camera-hardened/camera-hardened.enc.bin"} {
		img := looktest.Read(t, name)
		for off := int64(0); off < int64(len(img)); off += 4096 {
			if p := looktest.At(t, Formats(), img, off); p != nil {
				t.Errorf("%s at %d: %+v", name, off, p)
			}
		}
	}
}

func FuzzLook(f *testing.F) {
	for _, row := range images(f) {
		f.Add(row.img)
	}
	f.Fuzz(func(t *testing.T, img []byte) {
		for _, f := range Formats() {
			p, err := f.Look(context.Background(), bytes.NewReader(img), 0)
			if err != nil {
				t.Fatal(err)
			}
			if p == nil {
				continue
			}
			looktest.Sound(t, img, p)
			if p.Open != nil {
				v, _ := p.Open(context.Background(), format.Limits{Entries: 1000})
				v.Walk(context.Background(), func(_ format.Entry, r io.Reader) error {
					if r != nil {
						io.Copy(io.Discard, r)
					}
					return nil
				})
			}
		}
	})
}
