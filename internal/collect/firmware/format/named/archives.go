package named

import (
	"encoding/binary"
	"hash/crc32"

	"assay/internal/collect/firmware/format"
)

var archives = []kind{
	{name: "7z", magics: at(0, "7z\xbc\xaf\x27\x1c"), need: 32, know: sevenZip},
	{name: "rar", magics: at(0, "Rar!\x1a\x07\x00"), need: 20, know: rar4},
	{name: "rar", magics: at(0, "Rar!\x1a\x07\x01\x00"), need: 16, know: rar5},
	{name: "arj", magics: arjMagics(), need: 40, know: arj},
	{name: "cab", magics: at(0, "MSCF\x00\x00\x00\x00"), need: 36, know: cab},
	{name: "lha", magics: lhaMagics(), need: 22, head: true, know: lha},
	{name: "lrzip", magics: at(0, "LRZI\x00"), need: 24, know: lrzip},
	{name: "wim", magics: at(0, "MSWIM\x00\x00\x00"), need: 16, know: func(_ format.Source, b []byte, _ *format.Part) bool { return le32(b[8:]) == 208 }},
	{name: "cfb", magics: at(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), need: 34, know: cfb},
}

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func be64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// sevenZip: the start header has a CRC (7zFormat.txt of the 7-Zip SDK).
func sevenZip(_ format.Source, b []byte, p *format.Part) bool {
	if crc32.ChecksumIEEE(b[12:32]) != le32(b[8:]) {
		return false
	}
	p.Size = 32 + bytesOf(le64(b[12:]), 1) + bytesOf(le64(b[20:]), 1)
	return true
}

// rar4: behind the marker stands the archive's header, type 0x73, 13 bytes,
// with the lower half of a CRC.
func rar4(_ format.Source, b []byte, p *format.Part) bool {
	flags := le16(b[10:])
	if b[9] != 0x73 || le16(b[12:]) != 13 || uint16(crc32.ChecksumIEEE(b[9:20])) != le16(b[7:]) {
		return false
	}
	if flags&0x80 != 0 {
		encryption(p, "aes-128-cbc")
	}
	return true
}

// rar5: a CRC over a header whose length is a number of 7 bits a byte. Type 1
// is the archive's, 4 that of encryption.
func rar5(s format.Source, b []byte, p *format.Part) bool {
	size, n := binary.Uvarint(b[12:])
	if n <= 0 || n > 3 || size == 0 || size > 1<<12 {
		return false
	}
	head := format.Head(s, p.Offset+12, n+int(size))
	if len(head) < n+int(size) || crc32.ChecksumIEEE(head) != le32(b[8:]) {
		return false
	}
	kind, _ := binary.Uvarint(head[n:])
	if kind == 4 {
		encryption(p, "aes-256-cbc")
	}
	return kind == 1 || kind == 4
}

// arjMagics: the two bytes that begin a header are too short to be looked for.
// The length of the first part of the header, which is 30 or 34, the version,
// and the oldest that can read it stand behind them.
func arjMagics() (out []format.Magic) {
	for _, first := range []byte{0x1e, 0x22} {
		for version := byte(3); version <= 11; version++ {
			out = append(out, format.Magic{Bytes: string([]byte{first, version, 1}), At: 4})
		}
	}
	return out
}

// arj follows the headers, each with a CRC, to the one that has no length
// (technote.txt of ARJ).
func arj(s format.Source, b []byte, p *format.Part) bool {
	if b[10] != 2 { // the archive's own header is of type 2
		return false
	}
	end := p.Offset
	for n := 0; n < 1<<16; n++ {
		h := format.Head(s, end, 4)
		if len(h) < 4 || h[0] != 0x60 || h[1] != 0xea {
			break
		}
		size := int(le16(h[2:]))
		if size == 0 {
			p.Size = end + 4 - p.Offset
			return true
		}
		body := format.Head(s, end+4, size+6)
		if size < 30 || size > 2600 || len(body) < size+6 || crc32.ChecksumIEEE(body[:size]) != le32(body[size:]) {
			break
		}
		if n > 0 && body[4]&1 != 0 && len(p.Guards) == 0 {
			encryption(p, "garbled")
		}
		if end += int64(4 + size + 4 + 2); le16(body[size+4:]) != 0 { // an extended header
			end += int64(le16(body[size+4:])) + 4 + 2
		}
		if n > 0 {
			end += int64(le32(body[12:])) // packed content
		}
	}
	if end == p.Offset {
		return false
	}
	p.Size = min(end, s.Size()) - p.Offset
	p.Problems = append(p.Problems, format.Problem{Offset: p.Offset + p.Size, Kind: format.Truncated, Detail: "arj: no header that ends the archive"})
	return true
}

// cab has version 1.3, a size, and the offset of its list within it.
func cab(_ format.Source, b []byte, p *format.Part) bool {
	p.Size = int64(le32(b[8:]))
	return b[24] == 3 && b[25] == 1 && int64(le32(b[16:])) < p.Size && le16(b[28:]) > 0
}

func lhaMagics() (out []format.Magic) {
	for _, method := range []string{"-lh0-", "-lh1-", "-lh4-", "-lh5-", "-lh6-", "-lh7-", "-lhd-"} {
		out = append(out, format.Magic{Bytes: method, At: 2})
	}
	return out
}

// lha: headers of level 0 and 1 have their length and a sum of their bytes.
func lha(s format.Source, b []byte, p *format.Part) bool {
	if b[20] > 1 {
		return b[20] <= 3
	}
	head := format.Head(s, p.Offset+2, int(b[0]))
	var sum byte
	for _, c := range head {
		sum += c
	}
	return len(head) == int(b[0]) && b[0] >= 20 && sum == b[1]
}

// lrzip: version 0.6 and above, and which encryption.
func lrzip(_ format.Source, b []byte, p *format.Part) bool {
	if b[5] < 6 || b[5] > 12 || b[22] > 1 {
		return false
	}
	if b[22] == 1 {
		encryption(p, "aes-128-cbc")
	}
	return true
}

// cfb: the compound file of older office documents and Windows installers
// ([MS-CFB] section 2.2).
func cfb(_ format.Source, b []byte, _ *format.Part) bool {
	version, shift := le16(b[26:]), le16(b[30:])
	return le16(b[28:]) == 0xfffe && (version == 3 && shift == 9 || version == 4 && shift == 12) && le16(b[32:]) == 6
}
