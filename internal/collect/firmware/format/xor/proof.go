package xor

import (
	"bufio"
	"bytes"
	stdgzip "compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strconv"

	"assay/internal/collect/firmware/format"
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
	// deep reads on, where the known bytes may be all that a header has; nil: it
	// isn't needed.
	deep func(s format.Source) bool
	// spare is how many of the known bytes must confirm the key that others gave,
	// where check looks at little else.
	spare int
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

// headers are the bytes that each kind of header has.
var headers = []proof{
	{"squashfs", []bytesAt{{0, "hsqs"}, {28, "\x04\x00\x00\x00"}, {38, "\x00\x00"}, {44, zeros[:4]}, {52, zeros[:4]}, {68, zeros[:4]}, {76, zeros[:4]}}, squashfs, nil, 0},
	{"uimage", []bytesAt{{0, "\x27\x05\x19\x56"}}, uimage, nil, 0},
	// The name of an image ends with zeros.
	{"uimage", []bytesAt{{0, "\x27\x05\x19\x56"}, {44, zeros[:20]}}, uimage, nil, 0},
	{"uimage", []bytesAt{{0, "\x27\x05\x19\x56"}, {52, zeros[:12]}}, uimage, nil, 0},
	// Behind it stands a kernel for ARM, whose first instructions do nothing.
	{"uimage", []bytesAt{{0, "\x27\x05\x19\x56"}, {64, idle}}, uimage, nil, 0},
	{"zimage", []bytesAt{{36, "\x18\x28\x6f\x01"}, {0, idle}, {40, zeros[:4]}}, zimage, nil, 0},
	{"fdt", []bytesAt{{0, "\xd0\x0d\xfe\xed"}, {8, "\x00\x00\x00\x38"}, {16, "\x00\x00\x00\x28\x00\x00\x00\x11\x00\x00\x00\x10"}, {28, zeros[:4]}, {40, zeros[:16]}}, fdt, nil, 0},
	{"fdt", []bytesAt{{0, "\xd0\x0d\xfe\xed"}, {20, "\x00\x00\x00\x11\x00\x00\x00\x10"}}, fdt, nil, 0},
	{"trx", []bytesAt{{0, "HDR0"}, {14, "\x01\x00\x1c\x00\x00\x00"}}, trx, nil, 0},
	{"elf", []bytesAt{{0, "\x7fELF\x01\x01\x01"}, {8, zeros[:8]}}, elf, nil, 0},
	{"elf", []bytesAt{{0, "\x7fELF\x02\x01\x01"}, {8, zeros[:8]}}, elf, nil, 0},
	{"elf", []bytesAt{{0, "\x7fELF\x01\x02\x01"}, {8, zeros[:8]}}, elf, nil, 0},
	{"zip", []bytesAt{{0, "PK\x03\x04"}}, zip, nil, 0},
	{"lzma", []bytesAt{{0, "\x5d\x00\x00"}, {4, "\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00"}}, lzma, nil, 0},
	{"ubi", []bytesAt{{0, "UBI#\x01\x00\x00\x00"}, {28, zeros[:32]}}, ubi, nil, 0},
	{"jffs2", []bytesAt{{0, "\x85\x19\x03\x20\x0c\x00\x00\x00"}}, jffs2, nil, 0},
	{"jffs2", []bytesAt{{0, "\x85\x19\x01\xe0"}}, jffs2, nil, 0},
	{"jffs2", []bytesAt{{0, "\x85\x19\x02\xe0"}}, jffs2, nil, 0},
	{"cramfs", []bytesAt{{16, "Compressed ROMFS"}, {0, "\x45\x3d\xcd\x28"}}, cramfs, nil, 0},
	{"bzip2", []bytesAt{{0, "BZh9\x31\x41\x59\x26\x53\x59"}}, bzip2, nil, 4},
	{"cpio", []bytesAt{{0, "070701"}, {102, "00000000"}}, cpio, nil, 0},
	{"romfs", []bytesAt{{0, "-rom1fs-"}}, romfs, nil, 0},
	{"cpio", []bytesAt{{0, "070701"}}, cpio, nil, 0},
	{"tar", []bytesAt{{257, "ustar"}}, tar, nil, 0},
	{"android-boot", []bytesAt{{0, "ANDROID!"}}, android, nil, 0},
}

const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// prove asks all of them for plain bytes.
func prove(b []byte, have int64) (size int64, ok bool) {
	for i := range whole {
		if size, ok = whole[i].check(b, have); ok {
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

// gzip: a header that compressors write; deflated has to follow.
func gzip(b []byte, _ int64) (int64, bool) {
	if len(b) < 64 || string(b[:3]) != "\x1f\x8b\x08" || b[3]&^8 != 0 || b[8] != 0 && b[8] != 2 && b[8] != 4 || b[9] > 13 && b[9] != 255 {
		return 0, false
	}
	body := b[10:]
	if b[3] != 0 {
		n := bytes.IndexByte(body, 0)
		if n < 1 || n+24 > len(body) || !printable(body[:n]) {
			return 0, false
		}
		body = body[n+1:]
	}
	return 0, dynamic(body)
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c == 0x7f {
			return false
		}
	}
	return true
}

// dynamic says that a block with codes of its own begins at b, as what is worth
// packing begins: no more codes than there are, and the lengths of those that
// tell the lengths make a whole tree (RFC 1951, 3.2.7).
func dynamic(b []byte) bool {
	bits := le.Uint64(b)
	bit := func(at, n int) int { return int(bits >> at & (1<<n - 1)) }
	if bit(1, 2) != 2 || bit(3, 5) > 29 || bit(8, 5) > 29 {
		return false
	}
	more := le.Uint64(b[8:])
	room := 0
	for i := range bit(13, 4) + 4 {
		at := uint(17 + 3*i)
		n := more << (64 - at)
		if at >= 64 {
			n = more >> (at - 64)
		} else {
			n |= bits >> at
		}
		if n &= 7; n > 0 {
			room += 128 >> n
		}
	}
	return room == 128
}

// begun: the stream begins to decode.
func begun(b []byte, _ int64) (int64, bool) {
	if _, ok := gzip(b, 0); !ok || len(b) < 256 {
		return 0, false
	}
	at, name := payload.Find(b)
	return 0, at == 0 && name == "gzip"
}

// deflated decodes a stream: to its checksum, or far enough for what is no
// stream to fail. Noise ends or fails after some bytes.
func deflated(s format.Source) bool {
	z, err := stdgzip.NewReader(bufio.NewReaderSize(io.NewSectionReader(s, 0, s.Size()), 32<<10))
	if err != nil {
		return false
	}
	z.Multistream(false)
	n, err := io.CopyN(io.Discard, z, 256<<10)
	return err == nil || err == io.EOF && n >= 32
}

// xz: the checksums of the stream's header and of the first block's (The .xz
// File Format 2.1.1, 3.1).
func xz(b []byte, _ int64) (int64, bool) {
	if len(b) < 64 || string(b[:6]) != "\xfd7zXZ\x00" || crc32.ChecksumIEEE(b[6:8]) != le.Uint32(b[8:]) {
		return 0, false
	}
	n := 4 * (int(b[12]) + 1)
	return 0, b[12] != 0 && 12+n <= len(b) && crc32.ChecksumIEEE(b[12:12+n-4]) == le.Uint32(b[12+n-4:])
}

// bzip2: the number of a first block, and no more symbols than there are.
func bzip2(b []byte, _ int64) (int64, bool) {
	return 0, len(b) >= 32 && string(b[:3]) == "BZh" && b[3] >= '1' && b[3] <= '9' && string(b[4:10]) == "\x31\x41\x59\x26\x53\x59" && b[14]&0x80 == 0
}

// zimage: eight instructions that do nothing, and where the kernel stands.
func zimage(b []byte, have int64) (int64, bool) {
	if len(b) < 64 || string(b[:len(idle)]) != idle || le.Uint32(b[36:]) != 0x016f2818 || le.Uint32(b[40:]) != 0 {
		return 0, false
	}
	end := int64(le.Uint32(b[44:]))
	return min(end, have), end > 1<<10 && end < have+1<<20
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
