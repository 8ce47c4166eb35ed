// Package disk reads the partition tables of cards and eMMC: MBR with logical
// partitions, and GPT, from its first or its second header. In: a source whose
// first byte is the disk's. Out: a part with a region for each partition, named
// by its label or by its number ("p1"), as Linux counts them.
package disk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"assay/internal/collect/firmware/format"
)

const (
	sector    = 512
	sigAt     = 510
	tableAt   = 446
	entrySize = 16
)

// Formats returns GPT, which is looked for everywhere since its header is long,
// and MBR, whose signature is short.
func Formats() []format.Format {
	return []format.Format{
		{Name: "gpt", Magics: []format.Magic{{Bytes: gptMagic, At: 512}, {Bytes: gptMagic, At: 4096}}, Look: lookGPT},
		{Name: "mbr", Head: true, Magics: []format.Magic{{Bytes: "\x55\xaa", At: sigAt}}, Look: lookMBR},
	}
}

// partition is an entry of a table, in bytes from the disk's beginning.
type partition struct {
	name      string
	kind      string
	off, size int64
}

// regions makes the part's regions, and its size: up to the end of the last
// partition. Partitions that overlap are told, and read.
func regions(p *format.Part, s format.Source, parts []partition) {
	slices.SortStableFunc(parts, func(a, b partition) int { return int(min(max(a.off-b.off, -1), 1)) })
	have := s.Size() - p.Offset
	var kinds []string
	end := int64(0)
	for _, q := range parts {
		kinds = append(kinds, fmt.Sprintf("%s %s", q.name, q.kind))
		if q.off < sector {
			p.Problems = append(p.Problems, format.Problem{Offset: p.Offset, Kind: format.Loop, Detail: fmt.Sprintf("%s: partition %s holds the table", p.Format, format.Printable(q.name))})
			continue
		}
		if q.off < end {
			p.Problems = append(p.Problems, format.Problem{Offset: p.Offset + q.off, Kind: format.Overlap,
				Detail: fmt.Sprintf("%s: partition %s begins at %d, before another one ends", p.Format, format.Printable(q.name), q.off)})
		}
		end = max(end, q.off+q.size)
		size := min(q.size, have-q.off)
		if size < q.size {
			p.Problems = append(p.Problems, format.Problem{Offset: p.Offset + q.off, Kind: format.Truncated,
				Detail: fmt.Sprintf("%s: partition %s has %d bytes, %d are there", p.Format, format.Printable(q.name), q.size, max(size, 0))})
		}
		if size > 0 {
			p.Regions = append(p.Regions, format.Region{Name: q.name, Offset: p.Offset + q.off, Size: size})
		}
	}
	p.Size = min(max(p.Size, end), have)
	p.Note = strings.Join(kinds, ", ")
}

func lookMBR(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, sector)
	if len(b) < sector || b[sigAt] != 0x55 || b[sigAt+1] != 0xaa {
		return nil, nil
	}
	have := s.Size() - at
	entries, ok := primary(b, have)
	if !ok {
		return nil, nil
	}
	p := &format.Part{Format: "mbr", Offset: at}
	var parts []partition
	for i, e := range entries {
		switch {
		case e.kind == 0:
		case e.kind == typeGPT:
			// A GPT with a first header would have been found before this one.
			if gpt := second(s, at, e); gpt != nil {
				return gpt, nil
			}
			p.Problems = append(p.Problems, format.Problem{Offset: at + sector, Kind: format.Damaged, Detail: "mbr: protects a GPT, of which no header fits"})
		case e.extended():
			parts = append(parts, logical(p, s, e.first)...)
		default:
			parts = append(parts, partition{fmt.Sprintf("p%d", i+1), kindName(e.kind), e.first * sector, e.count * sector})
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}
	p.Size = sector
	regions(p, s, parts)
	return p, nil
}
