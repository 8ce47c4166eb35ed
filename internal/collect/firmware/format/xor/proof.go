package xor

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strconv"

	"assay/internal/collect/firmware/format/payload"
)

// proof is a header that chance doesn't make.
type proof struct {
	name string // of the format that reads it
	// known are bytes that all, or nearly all, of them have; the first is the
	// magic number.
	known []bytesAt
	// check says that b, cut after maxProof bytes, begins with the header, and
	// how long what it heads is; have are the bytes there are.
	check func(b []byte, have int64) (size int64, ok bool)
}

type bytesAt struct {
	off   int
	bytes string
}

// maxProof is how many bytes a check sees.
const maxProof = 1024

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

var proofs = [...]proof{
	{"squashfs", []bytesAt{{0, "hsqs"}, {28, "\x04\x00\x00\x00"}, {38, "\x00\x00"}, {44, zeros[:4]}, {52, zeros[:4]}, {68, zeros[:4]}, {76, zeros[:4]}}, squashfs},
	{"uimage", []bytesAt{{0, "\x27\x05\x19\x56"}}, uimage},
	// The name of an image ends with zeros.
	{"uimage", []bytesAt{{0, "\x27\x05\x19\x56"}, {44, zeros[:20]}}, uimage},
	{"uimage", []bytesAt{{0, "\x27\x05\x19\x56"}, {52, zeros[:12]}}, uimage},
	{"fdt", []bytesAt{{0, "\xd0\x0d\xfe\xed"}, {20, "\x00\x00\x00\x11\x00\x00\x00\x10"}}, fdt},
	{"trx", []bytesAt{{0, "HDR0"}, {14, "\x01\x00\x1c\x00\x00\x00"}}, trx},
	{"elf", []bytesAt{{0, "\x7fELF\x01\x01\x01"}, {8, zeros[:8]}}, elf},
	{"elf", []bytesAt{{0, "\x7fELF\x02\x01\x01"}, {8, zeros[:8]}}, elf},
	{"elf", []bytesAt{{0, "\x7fELF\x01\x02\x01"}, {8, zeros[:8]}}, elf},
	{"zip", []bytesAt{{0, "PK\x03\x04"}}, zip},
	{"gzip", []bytesAt{{0, "\x1f\x8b"}}, gzip},
	{"xz", []bytesAt{{0, "\xfd7zXZ\x00"}}, xz},
	{"lzma", []bytesAt{{0, "\x5d\x00\x00"}, {4, "\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00"}}, lzma},
	{"ubi", []bytesAt{{0, "UBI#\x01\x00\x00\x00"}, {28, zeros[:32]}}, ubi},
	{"jffs2", []bytesAt{{0, "\x85\x19\x03\x20\x0c\x00\x00\x00"}}, jffs2},
	{"jffs2", []bytesAt{{0, "\x85\x19\x01\xe0"}}, jffs2},
	{"jffs2", []bytesAt{{0, "\x85\x19\x02\xe0"}}, jffs2},
	{"cramfs", []bytesAt{{16, "Compressed ROMFS"}, {0, "\x45\x3d\xcd\x28"}}, cramfs},
	{"romfs", []bytesAt{{0, "-rom1fs-"}}, romfs},
	{"cpio", []bytesAt{{0, "070701"}}, cpio},
	{"tar", []bytesAt{{257, "ustar"}}, tar},
	{"android-boot", []bytesAt{{0, "ANDROID!"}}, android},
}

const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// prove asks all of them for plain bytes.
func prove(b []byte, have int64) (size int64, ok bool) {
	for i := range proofs {
		if size, ok = proofs[i].check(b, have); ok {
			return size, true
		}
	}
	return 0, false
}

// squashfs: the fields of a superblock of version 4 fit each other.
func squashfs(b []byte, have int64) (int64, bool) {
	if len(b) < 96 || string(b[:4]) != "hsqs" || le.Uint32(b[28:]) != 4 {
		return 0, false
	}
	log, size := le.Uint16(b[22:]), int64(le.Uint64(b[40:]))
	if log < 12 || log > 20 || le.Uint32(b[12:]) != 1<<log || size < 96 {
		return 0, false
	}
	if c := le.Uint16(b[20:]); c < 1 || c > 6 || le.Uint16(b[26:]) == 0 {
		return 0, false
	}
	// The tables stand in the image; those of identities and of inodes are never
	// left out.
	ids, inodes, dirs := le.Uint64(b[48:]), le.Uint64(b[64:]), le.Uint64(b[72:])
	return min(size, have), inodes >= 96 && inodes < dirs && dirs < ids && ids < uint64(size)
}

// uimage: the header's checksum fits.
func uimage(b []byte, have int64) (int64, bool) {
	if len(b) < 64 || string(b[:4]) != "\x27\x05\x19\x56" {
		return 0, false
	}
	h := bytes.Clone(b[:64])
	clear(h[4:8])
	return min(64+int64(be.Uint32(b[12:])), have), crc32.ChecksumIEEE(h) == be.Uint32(b[4:])
}

// fdt: version 17, which is read by readers of version 16, and blocks that stand
// in the tree.
func fdt(b []byte, have int64) (int64, bool) {
	if len(b) < 40 || be.Uint32(b) != 0xd00dfeed || be.Uint32(b[20:]) != 17 || be.Uint32(b[24:]) != 16 {
		return 0, false
	}
	size := int64(be.Uint32(b[4:]))
	return size, size <= have && int64(be.Uint32(b[8:])) < size && int64(be.Uint32(b[12:])) < size && int64(be.Uint32(b[16:])) < size
}

// trx: three or four offsets behind the header, in order.
func trx(b []byte, have int64) (int64, bool) {
	if len(b) < 32 || string(b[:4]) != "HDR0" {
		return 0, false
	}
	size, version := int64(le.Uint32(b[4:])), le.Uint16(b[14:])
	first, second := int64(le.Uint32(b[16:])), int64(le.Uint32(b[20:]))
	return size, version >= 1 && version <= 2 && le.Uint16(b[12:]) == 0 && size <= have &&
		first == int64(24+4*version) && (second == 0 || second > first && second < size)
}

// elf: sizes of headers as the class has them.
func elf(b []byte, have int64) (int64, bool) {
	if len(b) < 64 || string(b[:4]) != "\x7fELF" || b[6] != 1 || be.Uint64(b[8:]) != 0 {
		return 0, false
	}
	o := binary.ByteOrder(le)
	if b[5] == 2 {
		o = be
	} else if b[5] != 1 {
		return 0, false
	}
	at, head, entry := 40, uint16(52), uint16(32)
	if b[4] == 2 {
		at, head, entry = 52, 64, 56
	} else if b[4] != 1 {
		return 0, false
	}
	e := o.Uint16(b[at+2:])
	return min(int64(head), have), o.Uint32(b[20:]) == 1 && o.Uint16(b[at:]) == head && (e == entry || e == 0 && o.Uint16(b[16:]) == 1)
}

// zip: a name of printable bytes, and another header where the content ends.
func zip(b []byte, have int64) (int64, bool) {
	if len(b) < 64 || string(b[:4]) != "PK\x03\x04" || b[5] != 0 || b[4] < 10 || b[4] > 63 {
		return 0, false
	}
	method, n := le.Uint16(b[8:]), int(le.Uint16(b[26:]))
	if method != 0 && method != 8 || n < 1 || n > 255 || 30+n > len(b) || le.Uint16(b[28:]) > 128 || le.Uint16(b[6:])&0xf700 != 0 {
		return 0, false
	}
	for _, c := range b[30 : 30+n] {
		if c < 0x20 || c > 0x7e {
			return 0, false
		}
	}
	return min(int64(le.Uint32(b[18:])), have), int64(le.Uint32(b[18:])) <= have && (method == 8 || le.Uint32(b[18:]) == le.Uint32(b[22:])) && n >= 6
}

// gzip: the stream begins to decode.
func gzip(b []byte, _ int64) (int64, bool) {
	if len(b) < 256 || string(b[:3]) != "\x1f\x8b\x08" || b[8] != 0 && b[8] != 2 && b[8] != 4 || b[9] > 13 && b[9] != 255 {
		return 0, false
	}
	at, name := payload.Find(b)
	return 0, at == 0 && name == "gzip"
}

// xz: the checksum of the stream's header fits.
func xz(b []byte, _ int64) (int64, bool) {
	return 0, len(b) >= 12 && string(b[:6]) == "\xfd7zXZ\x00" && crc32.ChecksumIEEE(b[6:8]) == le.Uint32(b[8:])
}

// lzma: a header as packers write it where they don't know the size.
func lzma(b []byte, _ int64) (int64, bool) {
	return 0, payload.LZMA(b) && len(b) > 14 && b[0] == 0x5d && string(b[5:14]) == "\xff\xff\xff\xff\xff\xff\xff\xff\x00" && b[14] != 0
}

// ubi: the checksum of an erase block's header fits.
func ubi(b []byte, _ int64) (int64, bool) {
	return 0, len(b) >= 64 && string(b[:5]) == "UBI#\x01" && ^crc32.ChecksumIEEE(b[:60]) == be.Uint32(b[60:])
}

// jffs2: the checksum of a node's header fits; it leaves out both complements.
func jffs2(b []byte, _ int64) (int64, bool) {
	if len(b) < 12 || b[0] != 0x85 || b[1] != 0x19 {
		return 0, false
	}
	return 0, ^crc32.Update(0xffffffff, crc32.IEEETable, b[:8]) == le.Uint32(b[8:])
}

func cramfs(b []byte, have int64) (int64, bool) {
	if len(b) < 48 || string(b[:4]) != "\x45\x3d\xcd\x28" || string(b[16:32]) != "Compressed ROMFS" {
		return 0, false
	}
	size := int64(le.Uint32(b[4:]))
	return size, size <= have
}

// romfs: the sum of the first 512 bytes is zero.
func romfs(b []byte, have int64) (int64, bool) {
	if len(b) < 512 || string(b[:8]) != "-rom1fs-" {
		return 0, false
	}
	var sum uint32
	for i := 0; i < 512; i += 4 {
		sum += be.Uint32(b[i:])
	}
	return min(int64(be.Uint32(b[8:])), have), sum == 0
}

// cpio: a header of nothing but hexadecimal digits.
func cpio(b []byte, have int64) (int64, bool) {
	if len(b) < 110 || string(b[:6]) != "070701" {
		return 0, false
	}
	for _, c := range b[6:110] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return 0, false
		}
	}
	// Its name and its content are no longer than an archive has them.
	size, err := strconv.ParseInt(string(b[54:62]), 16, 64)
	name, nameErr := strconv.ParseInt(string(b[94:102]), 16, 64)
	return 0, err == nil && nameErr == nil && size <= have && name > 1 && name <= 4096
}

// tar: the sum of the header's bytes, taken with blanks for itself.
func tar(b []byte, _ int64) (int64, bool) {
	if len(b) < 512 || string(b[257:262]) != "ustar" {
		return 0, false
	}
	want, err := strconv.ParseUint(string(b[148:154]), 8, 32)
	sum := uint64(8 * ' ')
	for i, c := range b[:512] {
		if i < 148 || i >= 156 {
			sum += uint64(c)
		}
	}
	return 0, err == nil && sum == want
}

// android: sizes that are there, and a page size that is one.
func android(b []byte, have int64) (int64, bool) {
	if len(b) < 64 || string(b[:8]) != "ANDROID!" {
		return 0, false
	}
	page, kernel := le.Uint32(b[36:]), int64(le.Uint32(b[8:]))
	return kernel, kernel > 0 && kernel < have && page >= 2048 && page <= 64<<10 && page&(page-1) == 0
}
