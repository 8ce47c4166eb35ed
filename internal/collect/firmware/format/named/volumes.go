package named

import (
	"encoding/hex"
	"hash/crc32"
	"strconv"

	"assay/internal/collect/firmware/format"
)

var volumes = []kind{
	{name: "iso9660", magics: at(32768, "\x01CD001\x01"), need: 32768 + 132, know: iso9660},
	{name: "ntfs", magics: at(3, "NTFS    "), need: 512, know: ntfs},
	{name: "btrfs", magics: at(0x10040, "_BHRfS_M"), need: 0x11000, know: btrfs},
	{name: "xfs", magics: at(0, "XFSB"), need: 128, know: xfs},
	{name: "reiserfs", magics: []format.Magic{{Bytes: "ReIsErFs", At: 0x10034}, {Bytes: "ReIsEr2Fs", At: 0x10034}, {Bytes: "ReIsEr3Fs", At: 0x10034}}, need: 0x10040, know: reiserfs},
	{name: "hfsplus", magics: at(1024, "H+\x00\x04"), need: 1024 + 64, know: hfsplus},
	{name: "apfs", magics: at(32, "NXSB"), need: 64, know: apfs},
	{name: "lvm2", magics: at(512, "LABELONE\x01\x00\x00\x00\x00\x00\x00\x00"), need: 1024, know: lvm2},
	{name: "md-raid", magics: at(4096, "\xfc\x4e\x2b\xa9\x01\x00\x00\x00"), need: 4096 + 216, know: raid},
	{name: "swap", magics: at(4086, "SWAPSPACE2"), need: 4096, know: swap},
	{name: "dm-verity", magics: at(0, "verity\x00\x00\x01\x00\x00\x00"), need: 512, know: verity},
}

// iso9660 has every number in both orders of bytes (ECMA-119, section 8.4).
func iso9660(_ format.Source, b []byte, p *format.Part) bool {
	v := b[32768:]
	blocks, size := le32(v[80:]), le16(v[128:])
	p.Size = bytesOf(uint64(blocks), uint64(size))
	return blocks == be32(v[84:]) && blocks > 16 && power(uint64(size), 512, 4096) && v[130] == byte(size>>8) && v[131] == byte(size)
}

func ntfs(_ format.Source, b []byte, p *format.Part) bool {
	sector, cluster := uint64(le16(b[11:])), uint64(b[13])
	p.Size = bytesOf(le64(b[40:])+1, sector) // and the copy of the first sector
	return power(sector, 256, 4096) && power(cluster, 1, 128) && b[510] == 0x55 && b[511] == 0xaa && le64(b[40:]) > 0 && le64(b[48:])*cluster < le64(b[40:])
}

// castagnoli is CRC-32C.
func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// btrfs: the first copy of the superblock, with its own address in it; with
// another checksum than CRC-32C, that must do.
func btrfs(_ format.Source, b []byte, p *format.Part) bool {
	super := b[0x10000:0x11000]
	p.Size = bytesOf(le64(super[112:]), 1)
	return le64(super[48:]) == 0x10000 && power(uint64(le32(super[144:])), 512, 1<<16) && (le16(super[196:]) != 0 || castagnoli(super[32:]) == le32(super))
}

func xfs(_ format.Source, b []byte, p *format.Part) bool {
	block, sector := uint64(be32(b[4:])), uint64(b[102])<<8|uint64(b[103])
	p.Size = bytesOf(be64(b[8:]), block)
	return power(block, 512, 1<<16) && power(sector, 512, 1<<15) && b[101]&15 >= 1 && b[101]&15 <= 5 && 1<<b[120] == block
}

func reiserfs(_ format.Source, b []byte, p *format.Part) bool {
	super := b[0x10000:]
	block := uint64(le16(super[44:]))
	p.Size = bytesOf(uint64(le32(super)), block)
	return power(block, 512, 1<<13) && p.Size > 0
}

func hfsplus(_ format.Source, b []byte, p *format.Part) bool {
	block := uint64(be32(b[1024+40:]))
	p.Size = bytesOf(uint64(be32(b[1024+44:])), block)
	return power(block, 512, 1<<20) && p.Size > 0
}

// apfs: the container's superblock is object 1 and of type 1.
func apfs(_ format.Source, b []byte, p *format.Part) bool {
	block := uint64(le32(b[36:]))
	p.Size = bytesOf(le64(b[40:]), block)
	return le64(b[8:]) == 1 && le32(b[24:])&0xffff == 1 && power(block, 4096, 1<<16) && p.Size > 0
}

// lvm2: a label in the second sector.
func lvm2(_ format.Source, b []byte, _ *format.Part) bool {
	return string(b[536:544]) == "LVM2 001" && le32(b[532:]) == 32
}

// raid: the superblock of Linux' md, version 1.2, 4 KiB behind the start.
func raid(_ format.Source, b []byte, p *format.Part) bool {
	super := b[4096:]
	p.Note = "member of an array, level " + []string{"linear", "0", "1", "4", "5", "6", "10", "of no known number"}[levelOf(le32(super[72:]))]
	return le64(super[144:]) == 8 // the superblock's own sector
}

func levelOf(level uint32) int {
	for i, n := range []uint32{1<<32 - 1, 0, 1, 4, 5, 6, 10} {
		if n == level {
			return i
		}
	}
	return 7
}

func swap(_ format.Source, b []byte, p *format.Part) bool {
	p.Size = bytesOf(uint64(le32(b[1028:]))+1, 4096)
	return le32(b[1024:]) == 1
}

// verity is the tree of hashes behind a partition that the kernel checks while
// it reads (the superblock of veritysetup). It holds nothing else; the root hash
// is elsewhere.
func verity(_ format.Source, b []byte, p *format.Part) bool {
	data, hash, blocks := uint64(le32(b[64:])), uint64(le32(b[68:])), le64(b[72:])
	if !power(data, 512, 1<<20) || !power(hash, 512, 1<<20) || le32(b[12:]) > 1 || le16(b[80:]) > 256 || blocks == 0 || blocks > 1<<40 {
		return false
	}
	name := cString(b[32:64])
	sizes := map[string]uint64{"sha1": 32, "sha256": 32, "sha384": 64, "sha512": 64} // filled up to a power of two
	if sizes[name] == 0 {
		return false
	}
	total := uint64(1) // the block of the superblock
	for n := blocks; n > 1; {
		n = (n*sizes[name] + hash - 1) / hash
		total += n
	}
	p.Size, p.Opaque = bytesOf(total, hash), ""
	p.Note = "hashes over a partition"
	p.Vars = []format.Var{
		{Name: "verity.algorithm", Value: name, Offset: p.Offset + 32},
		{Name: "verity.blocks", Value: strconv.FormatUint(blocks, 10), Offset: p.Offset + 72},
		{Name: "verity.salt", Value: hex.EncodeToString(b[88 : 88+le16(b[80:])]), Offset: p.Offset + 88},
	}
	p.Guards = append(p.Guards, format.Guard{Kind: format.Checksum, Scheme: "dm-verity-" + name, State: format.Present, Note: "the root hash is elsewhere", Offset: p.Offset})
	return true
}

func cString(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
