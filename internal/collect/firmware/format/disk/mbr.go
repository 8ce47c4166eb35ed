package disk

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// Types of partitions that matter here.
const (
	typeGPT      = 0xee
	maxLogical   = 128
	firstLogical = 5
)

// entry is one of four in a table; first and count are sectors.
type entry struct {
	kind         byte
	active       byte
	first, count int64
}

func (e entry) extended() bool { return e.kind == 0x05 || e.kind == 0x0f || e.kind == 0x85 }

func parseEntry(b []byte) entry {
	le := binary.LittleEndian
	return entry{active: b[0], kind: b[4], first: int64(le.Uint32(b[8:])), count: int64(le.Uint32(b[12:]))}
}

// primary reads the table of a boot sector. The signature stands in boot
// sectors of file systems too, and in programs: ok says that all four entries
// are such as a partitioning tool writes, and that the first sector isn't a
// FAT or NTFS volume's.
func primary(b []byte, have int64) (entries [4]entry, ok bool) {
	if volume(b) {
		return entries, false
	}
	active, used, inside := 0, 0, 0
	for i := range entries {
		raw := b[tableAt+i*entrySize:][:entrySize]
		e := parseEntry(raw)
		if e.active&0x7f != 0 {
			return entries, false
		}
		if e.active == 0x80 {
			active++
		}
		if e.kind == 0 {
			if e.first != 0 || e.count != 0 {
				return entries, false
			}
			continue
		}
		if e.first == 0 || e.count == 0 {
			return entries, false
		}
		used++
		if e.first*sector < have {
			inside++
		}
		for _, o := range entries[:i] {
			// A protective entry covers the others.
			if o.kind != 0 && o.kind != typeGPT && e.kind != typeGPT && o.first < e.first+e.count && e.first < o.first+o.count {
				return entries, false
			}
		}
		entries[i] = e
	}
	return entries, active <= 1 && used > 0 && inside > 0
}

// volume says that a sector describes a FAT or NTFS volume: a jump over a
// parameter block whose sizes are such.
func volume(b []byte) bool {
	jump := b[0] == 0xeb && b[2] == 0x90 || b[0] == 0xe9
	size := binary.LittleEndian.Uint16(b[11:])
	params := (size == 512 || size == 1024 || size == 2048 || size == 4096) && b[13]&(b[13]-1) == 0 && (b[21] >= 0xf8 || b[21] == 0xf0)
	return jump && params && (b[16] > 0 || bytes.HasPrefix(b[3:], []byte("NTFS")) || bytes.HasPrefix(b[3:], []byte("EXFAT")))
}

// logical reads the chain of tables in an extended partition: each holds one
// partition, relative to itself, and where the next table stands, relative to
// the first.
func logical(p *format.Part, s format.Source, first int64) []partition {
	var out []partition
	seen := map[int64]bool{}
	for at := first; ; {
		off := p.Offset + at*sector
		trouble := func(kind, text string, args ...any) []partition {
			p.Problems = append(p.Problems, format.Problem{Offset: min(off, s.Size()), Kind: kind, Detail: "mbr: extended partition: " + fmt.Sprintf(text, args...)})
			return out
		}
		b := format.Head(s, off, sector)
		switch {
		case len(b) < sector:
			return trouble(format.Truncated, "the table at sector %d is outside of the image", at)
		case b[sigAt] != 0x55 || b[sigAt+1] != 0xaa:
			return trouble(format.Damaged, "sector %d is no table", at)
		case seen[at]:
			return trouble(format.Loop, "the table at sector %d was read before", at)
		case len(seen) == maxLogical:
			return trouble(format.TooMany, "more than %d partitions", maxLogical)
		}
		seen[at] = true
		one, next := parseEntry(b[tableAt:]), parseEntry(b[tableAt+entrySize:])
		if one.kind != 0 && one.count > 0 {
			out = append(out, partition{fmt.Sprintf("p%d", firstLogical+len(out)), kindName(one.kind), (at + one.first) * sector, one.count * sector})
		}
		if !next.extended() || next.count == 0 {
			return out
		}
		at = first + next.first
	}
}

// kindName says what a partition is for, by its type byte.
func kindName(kind byte) string {
	switch kind {
	case 0x01:
		return "FAT12"
	case 0x04, 0x06, 0x0e:
		return "FAT16"
	case 0x0b, 0x0c:
		return "FAT32"
	case 0x07:
		return "NTFS or exFAT"
	case 0x82:
		return "Linux swap"
	case 0x83:
		return "Linux"
	case 0xa2:
		return "boot loader of a SoC FPGA"
	case 0xda:
		return "data without a file system"
	case 0xef:
		return "EFI system"
	}
	return fmt.Sprintf("type %#02x", kind)
}
