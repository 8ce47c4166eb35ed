package uboot

import (
	"bytes"
	"crypto/rc4"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

var le = binary.LittleEndian

func sum(b []byte) uint32 {
	var w words
	w.Write(b)
	return w.value
}

// sunxi makes a first loader, and behind it U-Boot in a legacy image.
func sunxi() []byte {
	b := make([]byte, 0x8000+64+8)
	copy(b, "\x16\x00\x00\xea"+eGON)
	le.PutUint32(b[16:], 0x2000)
	copy(b[64:], "first loader")
	le.PutUint32(b[12:], stamp)
	le.PutUint32(b[12:], sum(b[:0x2000]))
	copy(b[0x8000:], uimage)
	binary.BigEndian.PutUint32(b[0x800c:], 8)
	return b
}

func kwb(version byte) []byte {
	b := make([]byte, 0x200)
	b[0], b[8] = 0x8b, version
	data := []byte("the code")
	le.PutUint32(b[4:], uint32(len(data)+4))
	le.PutUint32(b[12:], 0x200)
	n := 32
	if version == 1 {
		le.PutUint16(b[10:], 0x200)
		n = 0x200
	}
	var sum8 byte
	for _, c := range b[:n] {
		sum8 += c
	}
	b[31] = sum8
	return le.AppendUint32(append(b, data...), sum(data))
}

func ivt(csf uint32) []byte {
	b := make([]byte, 0x400)
	copy(b, "\xd1\x00\x20\x41")
	const self = 0x87800400
	for i, v := range []uint32{0x87800480, 0, 0, self + 0x20, self, csf, 0, self - 0x400, 0x800} {
		le.PutUint32(b[4+4*i:], v)
	}
	return b
}

func rk1(plain uint32) []byte {
	b := make([]byte, 8*rkBlock)
	le.PutUint32(b, 0x0ff0aa55)
	le.PutUint32(b[8:], plain)
	le.PutUint16(b[12:], 4)
	le.PutUint16(b[506:], 4)
	c, _ := rc4.NewCipher(rkKey)
	c.XORKeyStream(b[:rkBlock], b[:rkBlock])
	return b
}

func rk2(flags uint32) []byte {
	b := make([]byte, 6*rkBlock)
	copy(b, rkMagic2)
	le.PutUint16(b[10:], 2) // the second one is empty
	le.PutUint32(b[12:], flags)
	le.PutUint16(b[120:], 4)
	le.PutUint16(b[122:], 2)
	copy(b[4*rkBlock:], "loader")
	h := sha256.Sum256(b[4*rkBlock:])
	copy(b[144:], h[:])
	h = sha256.Sum256(b[:1536])
	copy(b[1536:], h[:])
	return b
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x40
	return b
}

func TestWrappings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name            string
		img             []byte
		format          string
		size            int64
		regions, guards string
		problems        string
	}{
		{"sunxi", sunxi(), "u-boot", 0x8048, "spl,u-boot uimage", "checksum sum32 good", ""},
		{"sunxi, flipped", flip(sunxi(), 70), "u-boot", 0x8048, "spl,u-boot uimage", "checksum sum32 bad", format.BadChecksum},
		{"sunxi, cut", sunxi()[:0x1000], "u-boot", 0x1000, "spl", "", format.Truncated},
		{"sunxi, odd length", flip(sunxi(), 19), "", 0, "", "", ""},
		{"kwb 0", kwb(0), "u-boot", 0x20c, "u-boot", "checksum sum8 good,checksum sum32 good", ""},
		{"kwb 1", kwb(1), "u-boot", 0x20c, "u-boot", "checksum sum8 good,checksum sum32 good", ""},
		{"kwb, header flipped", flip(kwb(0), 20), "", 0, "", "", ""},
		{"kwb, image flipped", flip(kwb(0), 0x201), "", 0, "", "", ""},
		{"imx", ivt(0), "imx-ivt", 0x400, "loader", "", ""},
		{"imx, signed", ivt(0x87800700), "imx-ivt", 0x400, "loader", "signature nxp-hab present", ""},
		{"imx, pointers that contradict", flip(ivt(0), 23), "", 0, "", "", ""},
		{"rockchip 1", rk1(1), "rockchip-idblock", 8 * rkBlock, "loader", "", ""},
		{"rockchip 1, encrypted", rk1(0), "rockchip-idblock", 8 * rkBlock, "", "encryption rc4 present", ""},
		{"rockchip 1, flipped", flip(rk1(1), 9), "", 0, "", "", ""},
		{"rockchip 2", rk2(rkSHA256), "rockchip-idblock", 6 * rkBlock, "loader0", "checksum sha256 good,checksum sha256 good", ""},
		{"rockchip 2, flipped", flip(rk2(rkSHA256), 2500), "rockchip-idblock", 6 * rkBlock, "loader0", "checksum sha256 good,checksum sha256 bad", format.BadChecksum},
		{"rockchip 2, signed", rk2(rkSHA256 | rkRSA2048 | rkSigned), "rockchip-idblock", 6 * rkBlock, "loader0", "signature rsa2048 present,checksum sha256 good", ""},
		{"rockchip 2, in halves", append(append(rk2(rkSHA256)[:4*rkBlock], make([]byte, 4*rkBlock)...), rk2(rkSHA256)[4*rkBlock:]...), "rockchip-idblock", 6 * rkBlock, "loaders", "checksum sha256 good", ""},
		{"rockchip 2, header flipped", flip(rk2(rkSHA256), 1000), "", 0, "", "", ""},
	} {
		p := looktest.At(t, Formats(), row.img, 0)
		if p == nil {
			if row.format != "" {
				t.Errorf("%s: not found", row.name)
			}
			continue
		}
		regions, guards := strings.Join(looktest.Regions(p), ","), strings.Join(looktest.Guards(p), ",")
		if p.Format != row.format || p.Size != row.size || regions != row.regions || guards != row.guards || looktest.Kinds(p) != row.problems {
			t.Errorf("%s: %s, %d bytes, regions %q, guards %q, problems %v", row.name, p.Format, p.Size, regions, guards, p.Problems)
		}
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	const version = "2023.01+dfsg-2+deb12u3"
	for _, row := range []struct {
		image    string
		size     int64
		versions int
		defaults int // compiled-in environments
	}{
		{"real/debian-u-boot-CHIP.bin", 540784, 2, 1},
		{"real/debian-u-boot-nanopi_neo.bin", 492900, 2, 1},
		{"real/debian-u-boot-dockstar.kwb", 465592, 1, 1},
		{"built/camera-small-flash/camera-small-flash.bin", 492900, 2, 1},
	} {
		t.Run(row.image, func(t *testing.T) {
			t.Parallel()
			img := looktest.Read(t, row.image)
			p := looktest.At(t, Formats(), img, 0)
			if p == nil || p.Format != "u-boot" || p.Size != row.size || looktest.Kinds(p) != "" {
				t.Errorf("%+v", p)
			}
			versions, defaults := 0, 0
			for _, f := range Formats() {
				for _, m := range f.Magics {
					for at := 0; ; at++ {
						i := bytes.Index(img[at:], []byte(m.Bytes))
						if i < 0 {
							break
						}
						at += i
						p, err := f.Look(t.Context(), bytes.NewReader(img), int64(at)-m.At)
						if err != nil {
							t.Fatal(err)
						}
						if p == nil {
							continue
						}
						for _, s := range p.Systems {
							versions++
							if s.Name != "u-boot" || s.Version != version {
								t.Errorf("%+v", s)
							}
						}
						if f.Name == "u-boot-default-env" {
							defaults++
						}
					}
				}
			}
			if versions != row.versions || defaults != row.defaults {
				t.Errorf("%d versions, %d environments; want %d, %d", versions, defaults, row.versions, row.defaults)
			}
		})
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, Formats(), img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	for _, b := range [][]byte{sunxi(), kwb(0), kwb(1), ivt(0x87800700), rk1(1), rk2(rkSHA256), []byte("U-Boot 1.1.3 (Jun  1 2015 - 10:00:00)")} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, img []byte) {
		for _, f := range Formats() {
			if p, _ := f.Look(t.Context(), bytes.NewReader(img), 0); p != nil {
				looktest.Sound(t, img, p)
			}
		}
	})
}
