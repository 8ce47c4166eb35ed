package disk_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/disk"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

var formats = disk.Formats()

// ranges are the regions of p: name, first sector, sectors.
func ranges(p *format.Part) string {
	var out []string
	for _, r := range p.Regions {
		out = append(out, fmt.Sprintf("%s %d+%d", r.Name, r.Offset/512, r.Size/512))
	}
	return strings.Join(out, ", ")
}

const (
	mbrRanges = "p1 2048+1000, p2 3100+600, p5 4001+500, p6 4600+700, p7 5400+100, p4 7100+800"
	gptRanges = "boot loader 64+200, 根檔案系統 300+500, p3 900+100"
)

func TestTables(t *testing.T) {
	t.Parallel()
	mbr, gpt := treetest.Image(t, "mbr.img"), treetest.Image(t, "gpt.img")
	change := func(b []byte, change func(b []byte)) []byte {
		b = bytes.Clone(b)
		change(b)
		return b
	}
	for _, row := range []struct {
		name     string
		img      []byte
		format   string
		ranges   string
		problems string
		guards   []string
	}{
		{"MBR", mbr, "mbr", mbrRanges, "", nil},
		{"GPT", gpt, "gpt", gptRanges, "", []string{"checksum crc32 good", "checksum crc32 good"}},
		{"GPT, sectors of 4 KiB", build4k(), "gpt", "電源 48+16, p2 64+8", "mismatch", []string{"checksum crc32 good", "checksum crc32 good"}},
		{"GPT, the second header is lost", change(gpt, func(b []byte) { clear(b[len(b)-512:]) }), "gpt", gptRanges, "mismatch",
			[]string{"checksum crc32 good", "checksum crc32 good"}},
		{"GPT, the first list is damaged", change(gpt, func(b []byte) { b[1024+32] ^= 1 }), "gpt", gptRanges, "checksum",
			[]string{"checksum crc32 good", "checksum crc32 bad"}},
		{"GPT, the first header is damaged", change(gpt, func(b []byte) { b[512+40] ^= 1 }), "gpt", gptRanges, "checksum",
			[]string{"checksum crc32 bad", "checksum crc32 good"}},
		{"GPT, the first header is lost", change(gpt, func(b []byte) { clear(b[512:1024]) }), "gpt", gptRanges, "damaged", nil},
		{"GPT, both headers are lost", change(gpt, func(b []byte) { clear(b[512:1024]); clear(b[len(b)-512:]) }), "", "", "", nil},
		{"MBR, cut in the last partition", mbr[:7200*512], "mbr", strings.Replace(mbrRanges, "7100+800", "7100+100", 1), "truncated", nil},
		{"MBR, a chain that goes round", change(mbr, func(b []byte) {
			next := b[4000*512+446+16:]
			for i, c := range []byte{0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0} {
				next[i] = c
			}
		}), "mbr", "p1 2048+1000, p2 3100+600, p5 4001+500, p4 7100+800", "loop", nil},
		{"MBR, a chain that leads out", change(mbr, func(b []byte) { b[4000*512+446+16+11] = 0x10 }), "mbr",
			"p1 2048+1000, p2 3100+600, p5 4001+500, p4 7100+800", "truncated", nil},
		{"MBR, overlapping", change(mbr, func(b []byte) { b[446+16+8+1] = 0x0a }), "", "", "", nil},
		{"MBR, a status that is none", change(mbr, func(b []byte) { b[446] = 0x41 }), "", "", "", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, formats, row.img, 0)
			if p == nil {
				if row.format != "" {
					t.Fatal("not recognised")
				}
				return
			}
			if got := ranges(p); p.Format != row.format || got != row.ranges {
				t.Errorf("%s: %s", p.Format, got)
			}
			if got := looktest.Kinds(p); got != row.problems {
				t.Errorf("problems %v", p.Problems)
			}
			if got := looktest.Guards(p); !slices.Equal(got, row.guards) {
				t.Errorf("guards %v", got)
			}
		})
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	p := looktest.At(t, formats, treetest.Image(t, "mbr.img"), 0)
	if p.Note != "p1 FAT32, p2 Linux, p5 Linux, p6 Linux swap, p7 Linux, p4 data without a file system" {
		t.Error(p.Note)
	}
	p = looktest.At(t, formats, slices.Concat(make([]byte, 4096), treetest.Image(t, "gpt.img")), 4096)
	if p == nil || p.Size != 2<<20 || p.Note != "boot loader Linux, 根檔案系統 Linux, p3 EFI system" {
		t.Errorf("%+v", p)
	}
}

// build4k is a disk with sectors of 4 KiB and no second table.
func build4k() []byte {
	b := make([]byte, 16*4096)
	le := binary.LittleEndian
	h, list := b[4096:], b[2*4096:][:4*128]
	entry := func(e []byte, first, last uint64, name string) {
		copy(e, "\xa2\xa0\xd0\xeb")
		le.PutUint64(e[32:], first)
		le.PutUint64(e[40:], last)
		for i, u := range utf16.Encode([]rune(name)) {
			le.PutUint16(e[56+2*i:], u)
		}
	}
	entry(list, 6, 7, "電源")
	entry(list[128:], 8, 8, "")
	copy(h, "EFI PART\x00\x00\x01\x00")
	le.PutUint32(h[12:], 92)
	le.PutUint64(h[24:], 1)
	le.PutUint64(h[32:], 15)
	le.PutUint64(h[40:], 6)
	le.PutUint64(h[48:], 14)
	le.PutUint64(h[72:], 2)
	le.PutUint32(h[80:], 4)
	le.PutUint32(h[84:], 128)
	le.PutUint32(h[88:], crc32.ChecksumIEEE(list))
	le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:92]))
	return b
}

func TestCollection(t *testing.T) {
	t.Parallel()
	p := looktest.At(t, formats, looktest.Read(t, "built/formats/sdcard-mbr.img.gz"), 0)
	if p == nil {
		t.Fatal("not recognised")
	}
	if len(p.Regions) != 2 || p.Regions[0].Offset != 2048*512 || p.Regions[1].Offset != 4096*512 || len(p.Problems) > 0 {
		t.Errorf("%s, %v", ranges(p), p.Problems)
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(treetest.Image(f, "gpt.img")[:20*1024])
	f.Add(treetest.Image(f, "mbr.img")[:1024])
	f.Add(build4k())
	f.Fuzz(func(t *testing.T, img []byte) { looktest.At(t, formats, img, 0) })
}

func TestFlips(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"mbr.img", "gpt.img"} {
		treetest.Flips(t, formats, treetest.Image(t, name), 10)
	}
}
