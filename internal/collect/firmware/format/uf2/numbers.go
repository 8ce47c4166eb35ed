package uf2

import (
	"cmp"
	"fmt"
	"slices"

	"assay/internal/collect/firmware/format"
)

// numbers are the blocks that were met, of each family: each block says its
// number and how many there are.
type numbers struct {
	list []*numbered
	more bool // families than are kept
}

// numbered is the blocks of one family.
type numbered struct {
	family uint32
	total  uint32
	bits   []uint64 // of numbers that were met
	met    uint32   // different ones
	twice  int
	other  int // that say another total
}

const maxFamilies = 64

// marked is a block that the tools of Raspberry Pi put in front for RP2350-E10
// (its data sheet, appendix E): number 0 of 2, never followed by the other.
func marked(b []byte) bool {
	if le.Uint32(b[16:]) != 256 || le.Uint32(b[20:]) != 0 || le.Uint32(b[24:]) != 2 {
		return false
	}
	for _, c := range b[data : data+256] {
		if c != 0xef {
			return false
		}
	}
	return true
}

func (l *numbers) add(b []byte) {
	if marked(b) {
		return
	}
	chip := chipOf(b)
	i := slices.IndexFunc(l.list, func(n *numbered) bool { return n.family == chip })
	if i < 0 {
		if len(l.list) == maxFamilies {
			l.more = true
			return
		}
		i = len(l.list)
		l.list = append(l.list, &numbered{family: chip, total: le.Uint32(b[24:])})
	}
	n, no := l.list[i], le.Uint32(b[20:])
	if le.Uint32(b[24:]) != n.total {
		n.other++
		return
	}
	if no >= maxBlocks {
		return // it is not met: so many are not read
	}
	for int(no/64) >= len(n.bits) {
		n.bits = append(n.bits, 0)
	}
	if n.bits[no/64]>>(no%64)&1 == 1 {
		n.twice++
		return
	}
	n.bits[no/64] |= 1 << (no % 64)
	n.met++
}

// first is the lowest number that was not met.
func (n *numbered) first() uint32 {
	for no := range n.total {
		if int(no/64) >= len(n.bits) || n.bits[no/64]>>(no%64)&1 == 0 {
			return no
		}
	}
	return n.total
}

// tell says what is missing and what contradicts.
func (l *numbers) tell(p *format.Part) {
	trouble := func(kind, text string, args ...any) {
		p.Problems = append(p.Problems, format.Problem{Offset: p.Offset, Kind: kind, Detail: "uf2: " + fmt.Sprintf(text, args...)})
	}
	for _, n := range l.list {
		if n.met < n.total {
			trouble(format.Truncated, "family %08x: %d of %d blocks are missing, number %d first", n.family, n.total-n.met, n.total, n.first())
		}
		if n.twice > 0 {
			trouble(format.Mismatch, "family %08x: %d blocks stand there again", n.family, n.twice)
		}
		if n.other > 0 {
			trouble(format.Mismatch, "family %08x: %d blocks say another number of blocks than %d", n.family, n.other, n.total)
		}
	}
	if l.more {
		trouble(format.TooMany, "more than %d families: whether blocks of the others are missing was not looked at", maxFamilies)
	}
}

// overlaps tells of addresses that several blocks of a family are for.
func overlaps(p *format.Part, runs []run) {
	list := slices.Clone(runs)
	slices.SortStableFunc(list, func(a, b run) int { return cmp.Or(cmp.Compare(a.family, b.family), cmp.Compare(a.addr, b.addr)) })
	end := int64(0) // of what stands before, in this family
	for i, r := range list {
		if i > 0 && r.family == list[i-1].family && int64(r.addr) < end {
			p.Problems = append(p.Problems, format.Problem{Offset: r.first, Kind: format.Overlap,
				Detail: fmt.Sprintf("uf2: family %08x: several blocks are for address 0x%08x", r.family, r.addr)})
		} else if i > 0 && r.family != list[i-1].family {
			end = 0
		}
		end = max(end, int64(r.addr)+r.blocks*r.size)
	}
}
