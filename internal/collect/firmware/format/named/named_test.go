package named_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/named"
)

// put lays pieces over n zeros: offsets and strings or numbers in turn. A
// number is written with its own width, little-endian; be makes it big-endian.
func put(n int, pieces ...any) []byte {
	b := make([]byte, n)
	for i := 0; i < len(pieces); i += 2 {
		at := b[pieces[i].(int):]
		switch v := pieces[i+1].(type) {
		case string:
			copy(at, v)
		case uint16:
			binary.LittleEndian.PutUint16(at, v)
		case uint32:
			binary.LittleEndian.PutUint32(at, v)
		case uint64:
			binary.LittleEndian.PutUint64(at, v)
		}
	}
	return b
}

func be(v any) string {
	b, _ := binary.Append(nil, binary.BigEndian, v)
	return string(b)
}

func le(v any) string {
	b, _ := binary.Append(nil, binary.LittleEndian, v)
	return string(b)
}

func crc(s string) uint32 { return crc32.ChecksumIEEE([]byte(s)) }

// arjHeader is one with its CRC.
func arjHeader(body string) string {
	return "\x60\xea" + le(uint16(len(body))) + body + le(crc(body)) + "\x00\x00"
}

// samples are headers of every kind.
func samples() []struct {
	name, scheme string // of the guard
	img          []byte
	size         int64
} {
	seven := le(uint64(10)) + le(uint64(5)) + le(uint32(0))
	main4 := "\x73" + le(uint16(0x80)) + le(uint16(13)) + "\x00\x00\x00\x00\x00\x00"
	head5 := "\x05\x04\x00\x00\x00\x00"
	arjMain := "\x22\x0b\x01\x02\x10\x00\x02" + strings.Repeat("\x00", 27) + "a.arj\x00\x00"
	arjFile := "\x22\x0b\x01\x02\x01\x00\x00\x00\x00\x00\x00\x00" + le(uint32(3)) + strings.Repeat("\x00", 18) + "a\x00\x00"
	arj := arjHeader(arjMain) + arjHeader(arjFile) + "abc" + "\x60\xea\x00\x00"
	lha := "-lh5-" + strings.Repeat("\x00", 13) + "\x00\x00\x01a\x00\x00"
	var sum byte
	for _, c := range []byte(lha) {
		sum += c
	}
	vhd := put(2048, 0, "conectix", 16, be(uint64(512)))
	var total uint32
	for _, c := range vhd[:512] {
		total += uint32(c)
	}
	binary.BigEndian.PutUint32(vhd[64:], ^total)
	btrfs := put(0x20000, 0x10040, "_BHRfS_M", 0x10000+48, uint64(0x10000), 0x10000+112, uint64(0x20000), 0x10000+144, uint32(4096))
	binary.LittleEndian.PutUint32(btrfs[0x10000:], crc32.Checksum(btrfs[0x10020:0x11000], crc32.MakeTable(crc32.Castagnoli)))
	return []struct {
		name, scheme string
		img          []byte
		size         int64
	}{
		{"7z", "", put(100, 0, "7z\xbc\xaf\x27\x1c\x00\x04", 8, crc(seven), 12, seven), 47},
		{"rar", "aes-128-cbc", put(100, 0, "Rar!\x1a\x07\x00", 7, uint16(crc(main4)), 9, main4), 0},
		{"rar", "aes-256-cbc", put(100, 0, "Rar!\x1a\x07\x01\x00", 8, crc(head5), 12, head5), 0},
		{"arj", "garbled", append([]byte(arj), "behind"...), int64(len(arj))},
		{"cab", "", put(100, 0, "MSCF", 8, uint32(90), 16, uint32(44), 24, "\x03\x01", 28, uint16(1)), 90},
		{"lha", "", append([]byte{byte(len(lha)), sum}, lha...), 0},
		{"lrzip", "aes-128-cbc", put(100, 0, "LRZI\x00\x06", 22, "\x01"), 0},
		{"wim", "", put(300, 0, "MSWIM", 8, uint32(208)), 0},
		{"cfb", "", put(512, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 26, uint16(3), 28, uint16(0xfffe), 30, uint16(9), 32, uint16(6)), 0},
		{"qcow", "luks", put(512, 0, "QFI\xfb", 4, be(uint32(3)), 20, be(uint32(16)), 24, be(uint64(1<<20)), 32, be(uint32(2)), 40, be(uint64(3<<16))), 0},
		{"qcow", "", put(512, 0, "QFI\xfb", 4, be(uint32(1)), 24, be(uint64(1<<20)), 32, "\x0c\x09"), 0},
		{"vmdk", "", put(512, 0, "KDMV", 4, uint32(1), 20, uint64(128), 73, "\n \r\n"), 0},
		{"vmdk", "", []byte("# Disk DescriptorFile\nversion=1\n"), 0},
		{"vhd", "", vhd, 0},
		{"vhdx", "", put(65600, 0, "vhdxfile", 65536, "head"), 0},
		{"vdi", "", put(600, 0, "<<< a disk >>>\n", 64, "\x7f\x10\xda\xbe", 68, uint32(0x10001), 72, uint32(0x190)), 0},
		{"dmg", "", put(2048, 1536, "koly\x00\x00\x00\x04\x00\x00\x02\x00"), 2048},
		{"iso9660", "", put(40960, 32768, "\x01CD001\x01", 32768+80, uint32(20), 32768+84, be(uint32(20)), 32768+128, uint16(2048), 32768+130, be(uint16(2048))), 40960},
		{"ntfs", "", put(8192, 3, "NTFS    ", 11, uint16(512), 13, "\x08", 40, uint64(15), 48, uint64(1), 510, "\x55\xaa"), 8192},
		{"btrfs", "", btrfs, 0x20000},
		{"xfs", "", put(8192, 0, "XFSB", 4, be(uint32(4096)), 8, be(uint64(2)), 100, be(uint16(0xb4a5)), 102, be(uint16(512)), 120, "\x0c"), 8192},
		{"reiserfs", "", put(0x20000, 0x10000, uint32(32), 0x10000+44, uint16(4096), 0x10034, "ReIsEr2Fs"), 0x20000},
		{"hfsplus", "", put(8192, 1024, "H+\x00\x04", 1024+40, be(uint32(4096)), 1024+44, be(uint32(2))), 8192},
		{"apfs", "", put(8192, 8, uint64(1), 24, uint32(0x80000001), 32, "NXSB", 36, uint32(4096), 40, uint64(2)), 8192},
		{"lvm2", "", put(2048, 512, "LABELONE\x01", 532, uint32(32), 536, "LVM2 001"), 0},
		{"md-raid", "", put(8192, 4096, "\xfc\x4e\x2b\xa9\x01", 4096+72, uint32(5), 4096+144, uint64(8)), 0},
		{"swap", "", put(8192, 1024, uint32(1), 1028, uint32(1), 4086, "SWAPSPACE2"), 8192},
		{"dm-verity", "dm-verity-sha256", put(20000, 0, "verity\x00\x00\x01", 12, uint32(1), 32, "sha256", 64, uint32(4096), 68, uint32(4096), 72, uint64(200), 80, uint16(32)), 4 * 4096},
		{"luks", "aes-xts-plain64", put(4096, 0, "LUKS\xba\xbe\x00\x01", 8, "aes", 40, "xts-plain64", 72, "sha256", 108, be(uint32(64))), 0},
		{"luks", "aes-xts-plain64", put(16384, 0, "LUKS\xba\xbe\x00\x02", 8, be(uint64(16384)), 72, "sha256",
			4096, `{"segments":{"0":{"type":"crypt","offset":"16777216","encryption":"aes-xts-plain64"}}}`), 0},
		{"age", "age", []byte("age-encryption.org/v1\n-> X25519 abc\n"), 0},
		{"openpgp", "openpgp", []byte("-----BEGIN PGP MESSAGE-----\n\n"), 0},
	}
}

func TestKnows(t *testing.T) {
	t.Parallel()
	formats := named.Formats()
	for _, row := range samples() {
		for _, before := range []string{"", "before!!"} {
			if row.name == "dmg" && before != "" {
				continue
			}
			img := append([]byte(before), row.img...)
			p := archivetest.Look(t, formats, img, int64(len(before)))
			if p == nil || p.Format != row.name || p.Size != row.size || len(p.Problems) > 0 {
				t.Errorf("%s: %+v", row.name, p)
				continue
			}
			scheme := ""
			if len(p.Guards) > 0 {
				scheme = p.Guards[0].Scheme
			}
			if opaque := row.name != "dm-verity"; scheme != row.scheme || (p.Opaque != "") != opaque {
				t.Errorf("%s: scheme %q, opaque %q", row.name, scheme, p.Opaque)
			}
		}
	}
}

// TestCutOff: half a header is nothing, or a part that ends with the source.
func TestCutOff(t *testing.T) {
	t.Parallel()
	for _, row := range samples() {
		for _, n := range []int{0, 1, 4, len(row.img) / 2, len(row.img) - 1} {
			if p := archivetest.Look(t, named.Formats(), row.img[:n], 0); p != nil && p.Size > int64(n) {
				t.Errorf("%s: %d bytes of %d", row.name, p.Size, n)
			}
		}
	}
}

// TestNoise: magic numbers with other things behind them are nothing.
func TestNoise(t *testing.T) {
	t.Parallel()
	noise := bytes.Repeat([]byte("\x5a\x11\xe3\x97\x6f\x02\xbd"), 12000)
	for _, f := range named.Formats() {
		for _, m := range f.Magics {
			if len(m.Bytes) > 16 { // lines of text
				continue
			}
			img := bytes.Clone(noise)
			copy(img[m.At:], m.Bytes)
			if p, err := f.Look(context.Background(), bytes.NewReader(img), 0); p != nil || err != nil {
				t.Errorf("%s: taken for %q", f.Name, m.Bytes)
			}
		}
	}
}

func TestReal(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file, format string
		at           int64
	}{{"binwalk-arj.bin", "arj", 13}, {"binwalk-qcow.bin", "qcow", 0}} {
		img := archivetest.Image(t, false, "firmware/real", row.file)
		p := archivetest.Look(t, named.Formats(), img, row.at)
		if p == nil || p.Format != row.format || p.Opaque == "" {
			t.Errorf("%s: %+v", row.file, p)
		}
	}
}

func FuzzNamed(f *testing.F) {
	for _, row := range samples() {
		if len(row.img) < 20000 {
			f.Add(row.img)
		}
	}
	formats := named.Formats()
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.Fuzz(t, formats, data) })
}
