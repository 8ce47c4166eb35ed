package carve

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/mikelolasagasti/xz"

	"assay/internal/collect/firmware/format/squashfs"
)

// detector recognises a format by a magic number that may stand anywhere. look
// gets the bytes from there on (at least the magic, at most lookahead or what is
// left), keeps a part if the header holds together, and returns the offset
// behind it; 0: this is not it.
type detector struct {
	magic []byte
	look  func(s *scanner, b []byte, off, end int64, path string, within, depth int) (int64, error)
}

// formats lists what may stand anywhere in an image.
func formats() []detector {
	named := func(format, magic string, least int, ok func(b []byte) (size int64, note string, ok bool)) detector {
		return detector{[]byte(magic), func(s *scanner, b []byte, off, end int64, path string, within, _ int) (int64, error) {
			if len(b) < least {
				return 0, nil
			}
			size, note, ok := ok(b)
			if !ok {
				return 0, nil
			}
			if note != "" {
				note = ": " + note
			}
			return s.named(Part{Offset: off, Size: size, Format: format, Path: path, Within: within, Note: format + note + "; not read"}, end)
		}}
	}
	return []detector{
		{[]byte("hsqs"), lookSquashfs},
		{[]byte("sqsh"), lookOldSquashfs},
		{[]byte("\x27\x05\x19\x56"), lookUImage},
		{[]byte("070701"), lookCPIO},
		{[]byte("070702"), lookCPIO},
		named("gzip", "\x1f\x8b\x08", 18, func(b []byte) (int64, string, bool) {
			r, err := gzip.NewReader(bytes.NewReader(b))
			return 0, cleanName(headerName(r, err)), err == nil && begins(r)
		}),
		named("xz", "\xfd7zXZ\x00", 32, func(b []byte) (int64, string, bool) {
			r, err := xz.NewReader(bytes.NewReader(b), 1<<26)
			return 0, "", err == nil && begins(r)
		}),
		named("bzip2", "BZh", 14, func(b []byte) (int64, string, bool) {
			return 0, "", b[3] >= '1' && b[3] <= '9' && string(b[4:10]) == "1AY&SY"
		}),
		named("zstd", "\x28\xb5\x2f\xfd", 16, func(b []byte) (int64, string, bool) {
			// Frame header descriptor: bit 3 is reserved and zero (RFC 8878, 3.1.1.1.1).
			return 0, "", b[4]&0x08 == 0 && plausibleZstd(b)
		}),
		named("lz4", "\x04\x22\x4d\x18", 15, func(b []byte) (int64, string, bool) {
			return 0, "frame", b[4]>>6 == 1 && b[4]&2 == 0 && b[5]&0x8f == 0 && b[5]>>4 >= 4
		}),
		named("zip", "PK\x03\x04", 30, func(b []byte) (int64, string, bool) {
			n := int(binary.LittleEndian.Uint16(b[26:]))
			ok := binary.LittleEndian.Uint16(b[4:]) <= 63 && binary.LittleEndian.Uint16(b[8:]) <= 99 && n > 0 && n <= len(b)-30
			return 0, "", ok && printable(b[30:30+n])
		}),
		{[]byte("\xd0\x0d\xfe\xed"), lookFDT},
		named("ubi", "UBI#", 64, func(b []byte) (int64, string, bool) {
			return 0, "", b[4] == 1 && ^crc32.ChecksumIEEE(b[:60]) == binary.BigEndian.Uint32(b[60:])
		}),
		named("ubifs", "\x31\x18\x10\x06", 24, func(b []byte) (int64, string, bool) {
			// The superblock node (type 6) of 4096 bytes.
			ok := len(b) >= 4096 && b[20] == 6 && binary.LittleEndian.Uint32(b[16:]) == 4096
			return 0, "", ok && ^crc32.ChecksumIEEE(b[8:4096]) == binary.LittleEndian.Uint32(b[4:])
		}),
		named("jffs2", "\x85\x19", 12, func(b []byte) (int64, string, bool) { return 0, "little-endian", jffs2(b, binary.LittleEndian) }),
		named("jffs2", "\x19\x85", 12, func(b []byte) (int64, string, bool) { return 0, "big-endian", jffs2(b, binary.BigEndian) }),
		named("cramfs", "\x45\x3d\xcd\x28", 64, func(b []byte) (int64, string, bool) {
			return int64(binary.LittleEndian.Uint32(b[4:])), "little-endian", string(b[16:32]) == "Compressed ROMFS"
		}),
		named("cramfs", "\x28\xcd\x3d\x45", 64, func(b []byte) (int64, string, bool) {
			return int64(binary.BigEndian.Uint32(b[4:])), "big-endian", string(b[16:32]) == "Compressed ROMFS"
		}),
		named("romfs", "-rom1fs-", 32, func(b []byte) (int64, string, bool) {
			return int64(binary.BigEndian.Uint32(b[8:])), "", romfs(b)
		}),
		named("android-boot", "ANDROID!", 64, func([]byte) (int64, string, bool) { return 0, "", true }),
		named("trx", "HDR0", 28, func(b []byte) (int64, string, bool) {
			v := binary.LittleEndian.Uint16(b[14:])
			// The parts inside are looked for behind the header.
			return 28, fmt.Sprintf("version %d header, %d bytes", v, binary.LittleEndian.Uint32(b[4:])), v == 1 || v == 2
		}),
	}
}

// named keeps a part that is not read. Where the format tells its size the bytes
// are skipped; otherwise the scan goes on behind the header.
func (s *scanner) named(p Part, end int64) (int64, error) {
	if p.Size > 0 {
		return s.leaf(p, end)
	}
	// Flash file systems have a magic number at each node: one part is enough.
	if n := len(s.img.Parts); n > 0 {
		if l := &s.img.Parts[n-1]; l.Format == p.Format && l.Within == p.Within && l.Size == 0 && many[p.Format] {
			return p.Offset + 4, nil
		}
	}
	s.add(p)
	return p.Offset + 4, nil
}

var many = map[string]bool{"jffs2": true, "ubi": true, "ubifs": true, "zip": true}

func lookSquashfs(s *scanner, b []byte, off, end int64, path string, within, _ int) (int64, error) {
	sup, err := squashfs.ParseSuper(b)
	if err != nil {
		return 0, nil // a stray magic number: what follows doesn't hold together
	}
	p := Part{Offset: off, Size: sup.Used, Format: "squashfs", Path: path, Within: within,
		Note: fmt.Sprintf("4.0, %s, %d inodes, blocks of %d bytes", sup.Compression, sup.Inodes, sup.BlockSize)}
	r := io.NewSectionReader(s.r, off, end-off)
	fs, err := squashfs.Open(r, end-off, squashfs.Limits{})
	switch {
	case err != nil:
		p.Note += "; not read: " + err.Error()
	default:
		// A bare superblock with no tree behind it is no file system.
		if err := fs.CheckRoot(); err != nil {
			s.problem(Problem{Offset: off, Kind: Damaged, Detail: err.Error()})
			p.Note += "; not read: " + err.Error()
		} else {
			p.Read = true
		}
	}
	next, err := s.leaf(p, end)
	// mksquashfs pads to 4 KiB; the padding belongs to the file system.
	if pad := (sup.Used + 4095) &^ 4095; p.Read && off+pad <= end {
		s.img.Parts[len(s.img.Parts)-1].Size = pad
		next = off + pad
		if err == nil {
			err = s.count(off+sup.Used, next)
		}
	}
	if !p.Read {
		next = min(next, off+squashfs.SuperSize) // its size is not to be trusted
	}
	return next, err
}

// lookOldSquashfs names big-endian file systems of versions 1 to 3.
func lookOldSquashfs(s *scanner, b []byte, off, end int64, path string, within, _ int) (int64, error) {
	if len(b) < squashfs.SuperSize {
		return 0, nil
	}
	major := binary.BigEndian.Uint16(b[28:])
	if major < 1 || major > 4 || binary.BigEndian.Uint16(b[30:]) > 1 {
		return 0, nil
	}
	return s.named(Part{Offset: off, Format: "squashfs-old", Path: path, Within: within,
		Note: fmt.Sprintf("squashfs %d, big-endian; not read", major)}, end)
}

// lookUImage reads the legacy U-Boot header (u-boot include/image.h).
func lookUImage(s *scanner, b []byte, off, end int64, path string, within, depth int) (int64, error) {
	const size = 64
	if len(b) < size {
		return 0, nil
	}
	head := append([]byte(nil), b[:size]...)
	crc := binary.BigEndian.Uint32(head[4:])
	clear(head[4:8])
	if crc32.ChecksumIEEE(head) != crc {
		if off == 0 || path != "" {
			s.problem(Problem{Offset: off + 4, Kind: Checksum, Detail: "uImage header CRC does not match"})
		}
		return 0, nil
	}
	data := int64(binary.BigEndian.Uint32(head[12:]))
	name, _, _ := bytes.Cut(head[32:], []byte{0})
	p := Part{Offset: off, Size: size + data, Format: "uimage", Path: path, Within: within,
		Note: fmt.Sprintf("uImage %q, os %d, arch %d, type %d, compression %s; content not read",
			cleanName(string(name)), head[28], head[29], head[30], uimageCompression(head[31]))}
	if off+p.Size > end {
		s.problem(Problem{Offset: off + 12, Kind: Truncated, Detail: fmt.Sprintf("uImage claims %d bytes of data, %d are there", data, end-off-size)})
		p.Size = end - off
	} else {
		h := crc32.NewIEEE()
		if _, err := io.Copy(h, io.NewSectionReader(s.r, off+size, data)); err != nil {
			return 0, fmt.Errorf("uImage at offset %d: %w", off, err)
		}
		if h.Sum32() != binary.BigEndian.Uint32(head[24:]) {
			s.problem(Problem{Offset: off + 24, Kind: Checksum, Detail: "uImage data CRC does not match"})
		}
	}
	i := s.add(p)
	s.blocks.add(off, b[:size])
	return off + p.Size, s.region(off+size, off+p.Size, path, i, depth+1)
}

func uimageCompression(c byte) string {
	names := []string{"none", "gzip", "bzip2", "lzma", "lzo", "lz4", "zstd"}
	if int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprint(c)
}

// lookFDT reads a flattened device tree's header (devicetree specification,
// 5.2); a FIT is one that has images.
func lookFDT(s *scanner, b []byte, off, end int64, path string, within, _ int) (int64, error) {
	if len(b) < 40 {
		return 0, nil
	}
	be := binary.BigEndian
	total, structs, strs, version := be.Uint32(b[4:]), be.Uint32(b[8:]), be.Uint32(b[12:]), be.Uint32(b[20:])
	if version < 16 || version > 17 || total < 40 || structs >= total || strs >= total || structs < 40 {
		return 0, nil
	}
	p := Part{Offset: off, Size: int64(total), Format: "device-tree", Path: path, Within: within, Note: "device-tree; not read"}
	if bytes.Contains(b, []byte("\x01images\x00")) {
		p.Format, p.Note = "fit", "FIT image tree (kernel, device tree, signatures); not read"
	}
	return s.leaf(p, end)
}

// jffs2 checks a node's header (linux/jffs2.h): type and CRC of its first bytes.
func jffs2(b []byte, o binary.ByteOrder) bool {
	switch o.Uint16(b[2:]) {
	case 0xe001, 0xe002, 0x2003, 0x2004, 0x2006, 0xe008, 0xe009:
	default:
		return false
	}
	// JFFS2's CRC starts at 0 and isn't inverted at the end.
	return o.Uint32(b[4:]) >= 12 && ^crc32.Update(0xffffffff, crc32.IEEETable, b[:8]) == o.Uint32(b[8:])
}

// romfs checks the header's sum: the big-endian words of the first 512 bytes add
// up to zero (linux Documentation/filesystems/romfs.rst).
func romfs(b []byte) bool {
	n := min(512, int(binary.BigEndian.Uint32(b[8:])), len(b)) &^ 3
	var sum uint32
	for i := 0; i < n; i += 4 {
		sum += binary.BigEndian.Uint32(b[i:])
	}
	return n >= 32 && sum == 0
}

func plausibleZstd(b []byte) bool {
	// Behind the header: a block of type 0 to 2 of at most 128 KiB.
	d := b[4]
	n := 5 + []int{0, 1, 2, 4}[d&3] + []int{0, 2, 4, 8}[d>>6]
	if d&0x20 == 0 {
		n++
	} else if d>>6 == 0 {
		n++
	}
	if n+3 > len(b) {
		return false
	}
	h := uint32(b[n]) | uint32(b[n+1])<<8 | uint32(b[n+2])<<16
	return h>>1&3 != 3 && h>>3 > 0 && h>>3 <= 128<<10
}

// begins says that the first bytes of a stream decode.
func begins(r io.Reader) bool {
	var b [64]byte
	n, err := io.ReadFull(r, b[:])
	return n > 0 && (err == nil || err == io.EOF || err == io.ErrUnexpectedEOF)
}

func headerName(r *gzip.Reader, err error) string {
	if err != nil {
		return ""
	}
	return r.Name
}

// cleanName keeps what a terminal shows as it is.
func cleanName(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return '.'
		}
		return r
	}, s[:min(len(s), 64)])
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c == 0x7f {
			return false
		}
	}
	return true
}
