package disk

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"unicode/utf16"

	"assay/internal/collect/firmware/format"
)

// The header and entries are those of the UEFI Specification, "GUID Partition
// Table (GPT) Disk Layout".
const (
	gptMagic    = "EFI PART"
	gptHeader   = 92
	gptEntry    = 128
	maxEntries  = 1024
	maxEntryLen = 4096
)

// header is a GPT header, in sectors of its disk.
type header struct {
	at       int64 // bytes from the disk's beginning
	other    int64 // sector of the other header
	first    int64 // sector that a partition may begin at
	last     int64
	entries  int64 // sector
	count    int
	size     int64 // of an entry
	sum      uint32
	sumFits  bool // its own
	listFits bool
	list     []byte
}

func lookGPT(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	for _, size := range []int64{sector, 4096} {
		h, ok := readHeader(s, at, size, 1)
		if !ok {
			continue
		}
		p := &format.Part{Format: "gpt", Offset: at, Size: h.first * size}
		best := h
		// The second header stands at the end of the disk. What the first one
		// lost is read from there.
		b, okB := readHeader(s, at, size, h.other)
		switch {
		case okB && b.sumFits && b.listFits:
			if !h.listFits || !h.sumFits {
				best = b
			} else if !bytes.Equal(h.list, b.list) {
				p.Problems = append(p.Problems, format.Problem{Offset: at + b.at, Kind: format.Mismatch, Detail: "gpt: the second table lists other partitions"})
			}
			p.Size = max(p.Size, b.at+size)
		case !h.sumFits && !h.listFits:
			continue // nothing proves it
		default:
			p.Problems = append(p.Problems, format.Problem{Offset: min(at+h.other*size, s.Size()), Kind: format.Mismatch, Detail: "gpt: the second header is not there or doesn't fit"})
		}
		p.Checked("crc32", h.sumFits, at+h.at+16, "first header")
		p.Checked("crc32", h.listFits, at+h.at+88, "first list of partitions")
		regions(p, s, best.partitions(size))
		return p, ctx.Err()
	}
	return nil, nil
}

// second looks for the second header of a disk whose first one is lost: at the
// end of what the protective entry covers, and of the source.
func second(s format.Source, at int64, e entry) *format.Part {
	for _, size := range []int64{sector, 4096} {
		for _, sect := range []int64{e.first + e.count - 1, (s.Size()-at)/size - 1} {
			h, ok := readHeader(s, at, size, sect)
			if !ok || !h.sumFits || !h.listFits {
				continue
			}
			p := &format.Part{Format: "gpt", Offset: at, Size: h.at + size}
			p.Problems = append(p.Problems, format.Problem{Offset: at + size, Kind: format.Damaged, Detail: "gpt: the first header is lost; the second one is taken"})
			regions(p, s, h.partitions(size))
			return p
		}
	}
	return nil
}

// readHeader reads the header in a sector and its list of partitions. ok says
// that it is one; its checksums may not fit.
func readHeader(s format.Source, disk, size, sect int64) (h header, ok bool) {
	if sect <= 0 || sect > 1<<48 {
		return h, false
	}
	h.at = sect * size
	b := format.Head(s, disk+h.at, sector)
	if len(b) < gptHeader || string(b[:8]) != gptMagic {
		return h, false
	}
	le := binary.LittleEndian
	n := int(le.Uint32(b[12:]))
	h.other, h.first, h.last = int64(le.Uint64(b[32:])), int64(le.Uint64(b[40:])), int64(le.Uint64(b[48:]))
	h.entries, h.count, h.size = int64(le.Uint64(b[72:])), int(le.Uint32(b[80:])), int64(le.Uint32(b[84:]))
	if n < gptHeader || n > len(b) || int64(le.Uint64(b[24:])) != sect || h.count < 1 || h.count > maxEntries ||
		h.size < gptEntry || h.size > maxEntryLen || h.size%8 != 0 || h.first < 0 || h.first > 1<<48 || h.entries <= 0 || h.entries > 1<<48 {
		return h, false
	}
	sum := le.Uint32(b[16:])
	clear(b[16:20])
	h.sumFits = crc32.ChecksumIEEE(b[:n]) == sum
	// No more than the source has.
	h.list = format.Head(s, disk+h.entries*size, h.count*int(h.size))
	h.listFits = crc32.ChecksumIEEE(h.list) == le.Uint32(b[88:])
	return h, true
}

// partitions reads the list.
func (h *header) partitions(size int64) []partition {
	le := binary.LittleEndian
	var out []partition
	for i := int64(0); (i+1)*h.size <= int64(len(h.list)); i++ {
		e := h.list[i*h.size:][:h.size]
		first, last := le.Uint64(e[32:]), le.Uint64(e[40:])
		if [16]byte(e) == [16]byte{} || first > last || last > 1<<48 {
			continue
		}
		p := partition{kind: guidName(e[:16]), off: int64(first) * size, size: int64(last-first+1) * size}
		if p.name = label(e[56:128]); p.name == "" {
			p.name = fmt.Sprintf("p%d", i+1)
		}
		out = append(out, p)
	}
	return out
}

// label decodes UTF-16 up to a zero.
func label(b []byte) string {
	var u []uint16
	for ; len(b) > 1 && (b[0] != 0 || b[1] != 0); b = b[2:] {
		u = append(u, binary.LittleEndian.Uint16(b))
	}
	return string(utf16.Decode(u))
}

// guidName says what a partition is for, by its type.
func guidName(b []byte) string {
	le := binary.LittleEndian
	g := fmt.Sprintf("%08x-%04x-%04x-%x-%x", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
	switch g {
	case "c12a7328-f81f-11d2-ba4b-00a0c93ec93b":
		return "EFI system"
	case "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7":
		return "data"
	case "0fc63daf-8483-4772-8e79-3d69d8477de4":
		return "Linux"
	case "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f":
		return "Linux swap"
	}
	return "type " + g
}
