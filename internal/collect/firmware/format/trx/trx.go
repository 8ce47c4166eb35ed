// Package trx reads Broadcom's TRX images: a header with a checksum and up to
// four offsets. In: bytes at an offset. Out: the partitions between the offsets.
// Says who: include/trxhdr.h of Broadcom's Linux, drivers/mtd/parsers/
// parser_trx.c of Linux.
package trx

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"assay/internal/collect/firmware/format"
)

const (
	magic   = "HDR0"
	crcAt   = 8
	summed  = 12 // the checksum covers what comes after it
	biggest = 1 << 30
)

// belkin are the numbers that Belkin puts where others have HDR0
// (include/trxhdr.h of its sources). Only with a right checksum they count.
var belkin = map[string]string{
	"\x22\x03\x10\x20": "Belkin F7D3301", "\x28\x09\x09\x20": "Belkin F7D3302", "\x06\x10\x09\x20": "Belkin F7D4302",
	"\x16\x71\x01\x00": "Belkin F5D8235",
}

// New returns the format.
func New() format.Format {
	f := format.Format{Name: "trx", Magics: []format.Magic{{Bytes: magic}}, Look: look}
	for _, m := range slices.Sorted(maps.Keys(belkin)) {
		f.Magics = append(f.Magics, format.Magic{Bytes: m})
	}
	return f
}

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 32)
	if len(b) < 32 || string(b[:4]) != magic && belkin[string(b[:4])] == "" {
		return nil, nil
	}
	le := binary.LittleEndian
	n, version := int64(le.Uint32(b[4:])), le.Uint16(b[14:])
	head := int64(28)
	if version == 2 {
		head = 32
	}
	if version < 1 || version > 2 || n <= head || n > biggest {
		return nil, nil
	}
	p := &format.Part{Format: "trx", Offset: at, Note: fmt.Sprintf("version %d, flags 0x%04x", version, le.Uint16(b[12:]))}
	first := partitions(p, b[16:head], head, n)
	if model := belkin[string(b[:4])]; model != "" {
		p.Note = model + ", " + p.Note
		if !first {
			return nil, nil
		}
		first = false
	}
	whole := p.Claim(s, n)
	good := false
	if whole {
		crc, err := format.CRC32(ctx, s, at+summed, n-summed)
		if err != nil {
			return nil, err
		}
		good = ^crc == le.Uint32(b[crcAt:])
		p.Checked("crc32", good, at+crcAt, "image")
	}
	// Where the checksum proves nothing, a partition right behind the header does.
	if !good && !first {
		return nil, nil
	}
	cut(p)
	return p, nil
}

// partitions reads the offsets. An unused one is 0 and comes after the used
// ones. first says that one of them is the byte after the header.
func partitions(p *format.Part, table []byte, head, n int64) (first bool) {
	var starts []int64
	for i := 0; i < len(table); i += 4 {
		off := int64(binary.LittleEndian.Uint32(table[i:]))
		stands := p.Offset + 16 + int64(i)
		first = first || off == head
		switch {
		case off == 0 && unused(table[i:]):
		case off < head:
			p.Problems = append(p.Problems, format.Problem{Offset: stands, Kind: format.Loop,
				Detail: fmt.Sprintf("trx: partition %d begins at %d, in the header", i/4+1, off)})
		case off >= n:
			p.Problems = append(p.Problems, format.Problem{Offset: stands, Kind: format.Truncated,
				Detail: fmt.Sprintf("trx: partition %d begins at %d, the image has %d bytes", i/4+1, off, n)})
		default:
			starts = append(starts, off)
		}
	}
	slices.Sort(starts)
	starts = append(slices.Compact(starts), n)
	for i, off := range starts[:len(starts)-1] {
		p.Regions = append(p.Regions, format.Region{Name: fmt.Sprintf("partition%d", i+1), Offset: p.Offset + off, Size: starts[i+1] - off,
			Try: []string{"lzma"}}) // loaders and kernels are bare LZMA streams mostly
	}
	return first
}

// unused says that no offset follows.
func unused(table []byte) bool {
	for _, c := range table {
		if c != 0 {
			return false
		}
	}
	return true
}

// cut ends the partitions where the source ends.
func cut(p *format.Part) {
	end := p.Offset + p.Size
	kept := p.Regions[:0]
	for _, r := range p.Regions {
		if r.Offset < end {
			r.Size = min(r.Size, end-r.Offset)
			kept = append(kept, r)
		}
	}
	p.Regions = kept
}
