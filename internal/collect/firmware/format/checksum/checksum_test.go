package checksum

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

// noise is an image that doesn't repeat.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestTrailer(t *testing.T) {
	t.Parallel()
	body := noise(300_001)
	m, s1, s2, s5 := md5.Sum(body), sha1.Sum(body), sha256.Sum256(body), sha512.Sum512(body)
	crc := crc32.ChecksumIEEE(body)
	for _, row := range []struct {
		name, scheme string
		trailer      []byte
	}{
		{"MD5", "md5", m[:]},
		{"MD5 in hexadecimal", "md5", fmt.Appendf(nil, "%x", m)},
		{"MD5 as a line", "md5", fmt.Appendf(nil, "%X\n", m)},
		{"SHA-1", "sha1", s1[:]},
		{"SHA-256", "sha256", s2[:]},
		{"SHA-256 as a line", "sha256", fmt.Appendf(nil, "%x\n", s2)},
		{"SHA-512", "sha512", s5[:]},
		{"CRC-32", "crc32", binary.LittleEndian.AppendUint32(nil, crc)},
		{"CRC-32, big endian, complemented", "crc32", binary.BigEndian.AppendUint32(nil, ^crc)},
		{"none", "", nil},
		{"zeros", "", make([]byte, 64)},
	} {
		img := append(bytes.Clone(body), row.trailer...)
		p := looktest.At(t, Formats(), img, 0)
		if p == nil {
			if row.scheme != "" {
				t.Errorf("%s: not found", row.name)
			}
			continue
		}
		if p.Format != "checksum-trailer" || p.Offset != int64(len(body)) || p.Guards[0].Scheme != row.scheme || p.Guards[0].State != format.Good {
			t.Errorf("%s: %+v", row.name, p)
		}
		img[7] ^= 1
		if p := looktest.At(t, Formats(), img, 0); p != nil {
			t.Errorf("%s, flipped: %+v", row.name, p)
		}
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name           string
		header, field  int
		trailer        int
		little, invert bool
	}{
		{"256 bytes", 256, 60, 0, true, false},
		{"24 bytes, big endian", 24, 4, 0, false, false},
		{"4096 bytes, a signature follows", 4096, 1024, 256, true, false},
		{"32 bytes, complemented", 32, 28, 16, false, true},
	} {
		img := make([]byte, row.header)
		copy(img, "ACME-01\x00")
		body := noise(50_000)
		crc := crc32.ChecksumIEEE(body)
		if row.invert {
			crc = ^crc
		}
		if row.little {
			binary.LittleEndian.PutUint32(img[row.field:], crc)
		} else {
			binary.BigEndian.PutUint32(img[row.field:], crc)
		}
		img = append(append(img, body...), bytes.Repeat([]byte{0xee}, row.trailer)...)
		p := looktest.At(t, Formats(), append([]byte("xx"), img...), 2)
		if p == nil {
			t.Errorf("%s: not found", row.name)
			continue
		}
		if p.Format != "checksum-header" || p.Size != int64(row.header) || p.Offset != 2 || p.Guards[0].Offset != int64(2+row.field) {
			t.Errorf("%s: %+v", row.name, p)
		}
	}
}

func TestShift(t *testing.T) {
	t.Parallel()
	b := noise(10_000)
	for _, cut := range []int{0, 1, 7, 4096, 9999, 10_000} {
		m := newShift(int64(len(b) - cut))
		if got, want := m.apply(crc32.ChecksumIEEE(b[:cut]))^crc32.ChecksumIEEE(b[cut:]), crc32.ChecksumIEEE(b); got != want {
			t.Errorf("cut at %d: %08x, want %08x", cut, got, want)
		}
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	img := looktest.Read(t, "built/camera-insecure/camera-insecure.bin")
	for i, want := range []struct {
		offset, size int64
		note         string
	}{
		{23461888, 16, "md5 of the 23461888 bytes before it"},
		{0, 256, `header of 256 bytes, crc32 at byte 60 over the 23461632 bytes behind it, says "IPCFW" "LV-C210" "2.3.7"`},
	} {
		p := looktest.At(t, Formats()[i:i+1], img, 0)
		if p == nil || p.Offset != want.offset || p.Size != want.size || p.Note != want.note {
			t.Errorf("%+v", p)
		}
	}
	for _, name := range []string{"built/camera-hardened/camera-hardened.swu", "built/camera-hardened/camera-hardened.enc.bin", "built/camera-small-flash/camera-small-flash.bin", "built/formats/squashfs-xz.img"} {
		if p := looktest.At(t, Formats(), looktest.Read(t, name), 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, Formats(), img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	body := noise(5000)
	sum := md5.Sum(body)
	f.Add(append(bytes.Clone(body), sum[:]...))
	head := make([]byte, 64)
	binary.LittleEndian.PutUint32(head[8:], crc32.ChecksumIEEE(body[:4200]))
	f.Add(append(head, body[:4200]...))
	f.Fuzz(func(t *testing.T, img []byte) { looktest.At(t, Formats(), img, 0) })
}

func BenchmarkLook(b *testing.B) {
	img := noise(16 << 20)
	b.SetBytes(int64(len(img)))
	for b.Loop() {
		if p := looktest.At(b, Formats(), img, 0); p != nil {
			b.Fatal(p)
		}
	}
}
