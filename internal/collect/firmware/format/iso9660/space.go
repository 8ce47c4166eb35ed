package iso9660

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"assay/internal/collect/firmware/format"
)

const (
	maxRecords = 1 << 18 // that are looked at for their sectors
	maxFolders = 64 << 20
	maxRanges  = 1 << 10
	maxVolumes = 64 // descriptors
	maxBoots   = 256
)

// space is which sectors of a disc somebody accounts for. What nobody names is
// looked at like any other range.
type space struct {
	p     *format.Part
	src   format.Source // of the volume
	taken []sectors
	boots map[int64]string // where images of the boot catalogue begin
	seen  map[int64]bool   // folders
	left  int              // records
	bytes int64            // of folders
	apart []sectors        // files that stand in another tree than the first
	notes []string
}

type sectors struct{ first, end int64 }

// account finds the volume's other descriptors, and gives the part regions for
// images of the boot catalogue and for what no record names.
func account(ctx context.Context, p *format.Part, src format.Source, primary []byte) error {
	x := &space{p: p, src: src, boots: make(map[int64]string), seen: make(map[int64]bool), left: maxRecords, bytes: min(maxFolders, src.Size())}
	x.tables(primary)
	end := int64(17)
	for ; end < 17+maxVolumes; end++ {
		b := format.Head(src, end*sector, sector)
		if len(b) < sector || string(b[1:6]) != "CD001" {
			break
		}
		if b[0] == 255 {
			end++
			break
		}
		x.descriptor(ctx, b)
	}
	x.take(16, end-16)
	x.bridge(end)
	x.folders(ctx, primary[rootAt:rootAt+34], true)
	if x.left <= 0 || x.bytes < 0 {
		x.trouble(format.TooMany, 0, "more than %d records, or %d bytes of folders: sectors that no record names are not looked for", maxRecords, maxFolders)
		return ctx.Err()
	}
	x.merge()
	alone := 0
	for _, r := range x.apart {
		if !x.has(r.first) {
			alone++
		}
	}
	if alone > 0 {
		x.trouble(format.Unsupported, 0, "%d files that only its second tree of names has: read without their names", alone)
	}
	x.ranges()
	for _, n := range x.notes {
		if p.Note != "" {
			p.Note += ", "
		}
		p.Note += n
	}
	return ctx.Err()
}

func (x *space) trouble(kind string, at int64, text string, args ...any) {
	x.p.Problems = append(x.p.Problems, format.Problem{Offset: x.p.Offset + at, Kind: kind, Detail: "iso9660: " + fmt.Sprintf(text, args...)})
}

// take notes that n sectors from first on are known.
func (x *space) take(first, n int64) {
	if n > 0 {
		x.taken = append(x.taken, sectors{first, first + n})
	}
}

// run notes bytes that begin in a sector.
func (x *space) run(first, size int64) { x.take(first, (size+sector-1)/sector) }

// tables takes the path tables of a volume descriptor (ECMA-119, 8.4.13 on).
func (x *space) tables(b []byte) {
	size := int64(le.Uint32(b[132:]))
	for _, at := range []uint32{le.Uint32(b[140:]), le.Uint32(b[144:]), be.Uint32(b[148:]), be.Uint32(b[152:])} {
		if at > 0 {
			x.run(int64(at), size)
		}
	}
}

// descriptor takes what stands beside the first one: a boot catalogue, a second
// tree of names.
func (x *space) descriptor(ctx context.Context, b []byte) {
	switch {
	case b[0] == 0 && string(b[7:30]) == "EL TORITO SPECIFICATION":
		x.catalogue(int64(le.Uint32(b[71:])))
	case b[0] == 2:
		x.tables(b)
		if esc := string(b[88:91]); esc == "%/@" || esc == "%/C" || esc == "%/E" {
			x.notes = append(x.notes, "Joliet's names are not used")
		} else {
			x.notes = append(x.notes, "a second tree of names is not used")
		}
		x.folders(ctx, b[rootAt:rootAt+34], false)
	}
}

// bridge looks for the marks of UDF behind the descriptors (ECMA-167, part 2).
func (x *space) bridge(first int64) {
	udf := false
	at := first
	for ; at < first+16; at++ {
		b := format.Head(x.src, at*sector, 7)
		if len(b) < 7 {
			break
		}
		id := string(b[1:6])
		if id != "BEA01" && id != "NSR02" && id != "NSR03" && id != "TEA01" && id != "BOOT2" {
			break
		}
		udf = udf || id[:3] == "NSR"
	}
	x.take(first, at-first)
	if udf {
		x.trouble(format.Unsupported, first*sector, "a UDF volume stands beside it: what only that one names is read without its names")
	}
}

// catalogue reads the list of boot images ("El Torito" Bootable CD-ROM Format
// Specification 1.0, section 2).
func (x *space) catalogue(at int64) {
	b := format.Head(x.src, at*sector, sector)
	if len(b) < sector {
		x.trouble(format.Truncated, 17*sector, "the boot catalogue at sector %d lies behind the end", at)
		return
	}
	x.take(at, 1)
	sum := uint16(0)
	for i := 0; i < 32; i += 2 {
		sum += le.Uint16(b[i:])
	}
	if b[0] != 1 || b[30] != 0x55 || b[31] != 0xaa || sum != 0 {
		x.trouble(format.BadChecksum, at*sector, "the boot catalogue's first entry doesn't hold")
		return
	}
	platform := b[1]
	for i := 32; i+32 <= len(b) && len(x.boots) < maxBoots; i += 32 {
		e := b[i : i+32]
		switch {
		case e[0] == 0x90 || e[0] == 0x91: // the head of a section
			platform = e[1]
		case e[0] == 0x88 || i == 32:
			first := int64(le.Uint32(e[8:]))
			if first >= x.src.Size()/sector {
				x.trouble(format.Truncated, at*sector+int64(i), "a boot image at sector %d lies behind the end", first)
				continue
			}
			if first > 0 {
				x.boots[first] = map[byte]string{0: "boot-bios", 0xef: "boot-efi"}[platform]
			}
		}
	}
}

// folders goes through a tree, names and all; the sectors of its files count
// where it is the one that is read.
func (x *space) folders(ctx context.Context, root []byte, read bool) {
	queue := [][2]int64{{int64(le.Uint32(root[2:])), int64(le.Uint32(root[10:]))}}
	for len(queue) > 0 && x.left > 0 && x.bytes >= 0 && ctx.Err() == nil {
		first, size := queue[0][0], min(queue[0][1], maxList)
		queue = queue[1:]
		if x.seen[first] {
			continue
		}
		x.seen[first] = true
		x.run(first, size)
		x.bytes -= size
		for off := int64(0); off < size && x.left > 0 && ctx.Err() == nil; off += sector {
			b := format.Head(x.src, first*sector+off, sector)
			if len(b) == 0 {
				break
			}
			for len(b) > record && int(b[0]) > record && int(b[0]) <= len(b) {
				e := b[:b[0]]
				b = b[b[0]:]
				x.left--
				if e[32] == 1 && e[33] <= 1 {
					x.area(e)
					continue
				}
				at, n := int64(le.Uint32(e[2:]))+int64(e[1]), int64(le.Uint32(e[10:]))
				switch {
				case e[25]&2 != 0:
					queue = append(queue, [2]int64{at, n})
				case read:
					x.run(at, n)
					x.area(e)
				case n > 0:
					x.apart = append(x.apart, sectors{at, at + 1})
				}
			}
		}
	}
}

// area takes where the entries of a record go on (SUSP, "CE").
func (x *space) area(e []byte) {
	start := record + int(e[32])
	start += start % 2
	for b := e[min(start, len(e)):]; len(b) >= 4 && b[2] >= 4 && int(b[2]) <= len(b); b = b[b[2]:] {
		if string(b[:2]) == "CE" && b[2] >= 28 {
			x.run(int64(le.Uint32(b[4:])), int64(le.Uint32(b[12:]))+int64(le.Uint32(b[20:])))
		}
	}
}

// merge sorts what is known, and joins what touches.
func (x *space) merge() {
	slices.SortFunc(x.taken, func(a, b sectors) int { return cmp.Compare(a.first, b.first) })
	out := x.taken[:0]
	for _, r := range x.taken {
		if n := len(out); n > 0 && r.first <= out[n-1].end {
			out[n-1].end = max(out[n-1].end, r.end)
			continue
		}
		out = append(out, r)
	}
	x.taken = out
}

// has says whether a sector is known.
func (x *space) has(n int64) bool {
	i, found := slices.BinarySearchFunc(x.taken, n, func(r sectors, n int64) int { return cmp.Compare(r.first, n) })
	return found || i > 0 && n < x.taken[i-1].end
}

// ranges makes regions of what is not known and not empty.
func (x *space) ranges() {
	total := (x.src.Size() + sector - 1) / sector
	at := int64(0)
	for _, r := range append(x.taken, sectors{total, total}) {
		if end := min(r.first, total); end > at {
			x.split(at, end)
		}
		at = max(at, r.end)
	}
	if len(x.p.Regions) > maxRanges {
		x.trouble(format.TooMany, 0, "%d ranges that no record names: the first %d are looked at", len(x.p.Regions), maxRanges)
		x.p.Regions = x.p.Regions[:maxRanges]
	}
}

// split cuts a range where boot images begin.
func (x *space) split(first, end int64) {
	var cuts []int64
	for at := range x.boots {
		if at > first && at < end {
			cuts = append(cuts, at)
		}
	}
	slices.Sort(cuts)
	for _, next := range append(cuts, end) {
		name, isBoot := x.boots[first]
		switch {
		case isBoot && name == "":
			name = "boot"
		case first == 0:
			name = "system-area"
		case !isBoot:
			name = "unnamed"
		}
		off, size := first*sector, (next-first)*sector
		if first == 0 && string(format.Head(x.src, 512, 8)) == "EFI PART" {
			// A disc that is a disk too: its table names the same sectors.
			x.region("boot-sector", 0, 512)
			off, size = 1024, size-1024
		}
		x.region(name, off, size)
		first = next
	}
}

func (x *space) region(name string, off, size int64) {
	if !x.empty(off, size) {
		x.p.Regions = append(x.p.Regions, format.Region{Name: name, Offset: x.p.Offset + off, Size: min(size, x.src.Size()-off)})
	}
}

// empty says that a range is zeros.
func (x *space) empty(off, size int64) bool {
	buf := make([]byte, max(min(64<<10, size), 1))
	for end := min(off+size, x.src.Size()); off < end; {
		if next := min(format.Hole(x.src, off), end); next > off {
			off = next
			continue
		}
		b := buf[:min(int64(len(buf)), end-off)]
		if format.ReadAt(x.src, b, off) != nil {
			return false
		}
		for _, c := range b {
			if c != 0 {
				return false
			}
		}
		off += int64(len(b))
	}
	return true
}
