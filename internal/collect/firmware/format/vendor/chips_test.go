package vendor

import (
	"hash/crc32"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

func buildAllwinner(version uint32) []byte {
	b := make([]byte, 4*1024+300)
	at(b, 0, "IMAGEWTY")
	for off, v := range map[int]uint32{8: version, 12: 0x50, 16: 0x04d00000, 20: 0x00100234, 24: uint32(len(b)), 28: 1024} {
		le.PutUint32(b[off:], v)
	}
	count, stored, offset, name := 56, 36, 44, 52
	if version == 0x300 {
		count, stored, offset, name = 60, 292, 308, 36
	}
	le.PutUint32(b[count:], 2)
	for i, title := range []string{"sys_config.fex", "boot.fex"} {
		h := b[1024*(i+1):]
		le.PutUint32(h, 256)
		le.PutUint32(h[4:], 1024)
		at(at(h, 8, "COMMON  "), 16, "TYPE0000")
		at(h, name, title)
		le.PutUint32(h[stored:], 100)
		le.PutUint32(h[offset:], uint32(3*1024+200*i))
	}
	return b
}

func buildAmlogic(version uint32) []byte {
	field := 256
	if version == 1 {
		field = 32
	}
	entry := 64 + 2*field
	b := make([]byte, 64+2*entry+100)
	for off, v := range map[int]uint32{4: version, 8: 0x27b51956, 12: uint32(len(b)), 20: 4, 24: 2} {
		le.PutUint32(b[off:], v)
	}
	for i, title := range []string{"boot", "system"} {
		h := b[64+i*entry:]
		le.PutUint64(h[16:], uint64(64+2*entry+50*i))
		le.PutUint64(h[24:], 50)
		at(at(h, 32, "PARTITION"), 32+field, title)
	}
	le.PutUint32(b, ^crc32.ChecksumIEEE(b[4:]))
	return b
}

func buildAmbarella() []byte {
	b := at(make([]byte, 256+100), 256, "a partition")
	for off, v := range map[int]uint32{0: crc32.ChecksumIEEE(b[256:]), 4: 1<<16 | 2, 8: 2021<<16 | 3<<8 | 14, 12: 100, 16: 0xa0000, 24: 0xa324eb90} {
		le.PutUint32(b[off:], v)
	}
	return b
}

func buildNovatek() []byte {
	b := at(make([]byte, 128+24+100), 0, novatekGUID)
	for off, v := range map[int]uint32{20: 128, 24: 2, 28: uint32(len(b)), 128: 152, 132: 60, 136: 4, 140: 212, 144: 40, 148: 6} {
		le.PutUint32(b[off:], v)
	}
	return b
}

func buildRBL(kind uint32) []byte {
	b := make([]byte, 96+100)
	at(at(at(b, 0, "RBL"), 12, "app"), 28, "1.4.2")
	le.PutUint32(b[4:], kind)
	le.PutUint32(b[84:], 100)
	le.PutUint32(b[88:], 100)
	le.PutUint32(b[92:], crc32.ChecksumIEEE(b[:92]))
	return b
}

func TestChips(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, format    string
		img             []byte
		regions, guards string
		opaque          string
	}{
		{"Allwinner 1", "allwinner", buildAllwinner(0x100), "sys_config.fex,boot.fex", "", ""},
		{"Allwinner 3", "allwinner", buildAllwinner(0x300), "sys_config.fex,boot.fex", "", ""},
		{"Amlogic 1", "amlogic", buildAmlogic(1), "boot.PARTITION,system.PARTITION", "checksum crc32 good", ""},
		{"Amlogic 2", "amlogic", buildAmlogic(2), "boot.PARTITION,system.PARTITION", "checksum crc32 good", ""},
		{"Ambarella", "ambarella", buildAmbarella(), "", "checksum crc32 good", ""},
		{"Novatek", "novatek", buildNovatek(), "p4,p6", "", ""},
		{"RBL", "rbl", buildRBL(0), "app", "checksum crc32 good", ""},
		{"RBL, packed", "rbl", buildRBL(0x100), "app", "checksum crc32 good", ""},
		{"RBL, FastLZ", "rbl", buildRBL(0x300), "", "checksum crc32 good", "packed in a way that is not read: fastlz"},
		{"RBL, encrypted", "rbl", buildRBL(0x102), "", "checksum crc32 good,encryption aes-256-cbc present", "encrypted: aes-256-cbc"},
		{"RBL, unknown cipher", "rbl", buildRBL(9), "", "checksum crc32 good,encryption algorithm 9 present", "encrypted: algorithm 9"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, chips(), append([]byte("...."), row.img...), 4)
			if p == nil {
				t.Fatal("not found")
			}
			var names []string
			for _, r := range p.Regions {
				names = append(names, r.Name)
			}
			if got := strings.Join(names, ","); p.Format != row.format || got != row.regions || strings.Join(looktest.Guards(p), ",") != row.guards || p.Opaque != row.opaque || p.Size != int64(len(row.img)) || len(p.Problems) > 0 {
				t.Errorf("%s, regions %q, guards %v, opaque %q, %d bytes, %v", p.Format, got, looktest.Guards(p), p.Opaque, p.Size, p.Problems)
			}
		})
	}
}

// Near misses: the number stands there and the rest doesn't fit.
func TestChipsNot(t *testing.T) {
	t.Parallel()
	for name, img := range map[string][]byte{
		"Allwinner, another version": buildAllwinner(0x200),
		"Allwinner, cut":             buildAllwinner(0x100)[:1500],
		"Amlogic, version 3":         buildAmlogic(3),
		"Amlogic, names":             at(buildAmlogic(1), 64+32, "\x01\x02"),
		"Ambarella, changed":         at(buildAmbarella(), 300, "x"),
		"Ambarella, month 13":        at(buildAmbarella(), 9, "\x0d"),
		"Novatek, a version":         at(buildNovatek(), 16, "\x16"),
		"Novatek, cut":               buildNovatek()[:140],
		"RBL, changed":               at(buildRBL(0), 30, "9"),
	} {
		if p := looktest.At(t, chips(), img, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// chips are the formats of this file's makers.
func chips() (out []format.Format) {
	for _, f := range Formats() {
		switch f.Name {
		case "allwinner", "amlogic", "ambarella", "novatek", "rbl":
			out = append(out, f)
		}
	}
	return out
}

func FuzzChips(f *testing.F) {
	for _, img := range [][]byte{buildAllwinner(0x100), buildAllwinner(0x300), buildAmlogic(1), buildAmlogic(2), buildAmbarella(), buildNovatek(), buildRBL(0), buildRBL(0x102)} {
		f.Add(img)
	}
	f.Fuzz(func(t *testing.T, img []byte) { looktest.At(t, chips(), img, 0) })
}
