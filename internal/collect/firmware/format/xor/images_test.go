package xor_test

import (
	"bytes"
	"compress/gzip"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
	"slices"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/formats"
	"assay/internal/collect/firmware/format/looktest"
)

// reader is the format as images are read with it.
func reader() []format.Format {
	return slices.DeleteFunc(formats.All(), func(f format.Format) bool { return f.Name != "xor" })
}

// packed is b as gzip packs it, without a time.
func packed(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// images are such as makers hide.
func images(t *testing.T) map[string][]byte {
	t.Helper()
	built := func(name string) []byte { return looktest.Read(t, "built/formats", name) }
	sq := built("squashfs-xz.img")
	flash := bytes.Repeat([]byte{0xff}, 1<<20)
	copy(flash, "a loader that says nothing of itself")
	copy(flash[0x9_0000:], sq)
	return map[string][]byte{
		"ext": built("ext4.img.gz"), "mbr": built("sdcard-mbr.img.gz"), "ubi": built("ubi-2vol.img"), "jffs2": built("jffs2-le-zlib.img"),
		"squashfs": sq, "squashfs behind flash": flash, "tar": built("rootfs.tar.gz"), "gzip": packed(t, built("rootfs.tar.gz")),
	}
}

func TestImages(t *testing.T) {
	t.Parallel()
	key := []byte("\xa5The key that a maker thought of, no?")
	for name, img := range images(t) {
		for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 10, 12, 16, 20, 32} {
			if name == "gzip" && n > 10 || name == "squashfs" && n > 16 {
				continue // nothing shows the key
			}
			t.Run(fmt.Sprintf("%s %d", name, n), func(t *testing.T) {
				t.Parallel()
				hid := make([]byte, len(img))
				for i, c := range img {
					hid[i] = c ^ key[i%n]
				}
				p := looktest.At(t, reader(), hid, 0)
				if p == nil {
					t.Fatal("not found")
				}
				list, err := p.Contents(t.Context(), format.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(format.Section(list[0].Source, 0, list[0].Source.Size()))
				if err != nil || !bytes.Equal(got, img) {
					t.Errorf("another content (%v): %s", err, p.Note)
				}
			})
		}
	}
}

// What is encrypted has runs of equal blocks too, where the mode has no chain.
func TestEncrypted(t *testing.T) {
	t.Parallel()
	for _, size := range []int{16, 32} {
		block, err := aes.NewCipher([]byte("0123456789abcdefghijklmnopqrstuv")[:size])
		if err != nil {
			t.Fatal(err)
		}
		for name, img := range images(t) {
			img = img[:len(img)&^15]
			ecb, cbc, ctr := make([]byte, len(img)), make([]byte, len(img)), make([]byte, len(img))
			for i := 0; i < len(img); i += 16 {
				block.Encrypt(ecb[i:], img[i:])
			}
			iv := make([]byte, 16)
			cipher.NewCBCEncrypter(block, iv).CryptBlocks(cbc, img)
			cipher.NewCTR(block, iv).XORKeyStream(ctr, img)
			for mode, b := range map[string][]byte{"ecb": ecb, "cbc": cbc, "ctr": ctr} {
				if p := looktest.At(t, reader(), b, 0); p != nil {
					t.Errorf("%s, aes-%d-%s: %s", name, 8*size, mode, p.Note)
				}
			}
		}
	}
}

// What stands in clear, or is no image, is left alone.
func TestClear(t *testing.T) {
	t.Parallel()
	for name, img := range images(t) {
		if p := looktest.At(t, reader(), img, 0); p != nil {
			t.Errorf("%s: %s", name, p.Note)
		}
	}
	stripes := bytes.Repeat([]byte("\x12\x34\x56\x78"), 1<<16)
	if p := looktest.At(t, reader(), stripes, 0); p != nil {
		t.Errorf("stripes: %s", p.Note)
	}
}
