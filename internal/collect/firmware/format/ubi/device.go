package ubi

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"assay/internal/collect/firmware/format"
)

const (
	// searched is how far the next erase blocks may be: four of the largest.
	searched = 16 << 20
	// usualBlock is the size of an erase block where it can't be told.
	usualBlock = 128 << 10
	// mostHits is how many headers are enough to tell the distance.
	mostHits = 32
	// mostMissing is how many erase blocks in a row may be bad or without a
	// header. Linux reserves 20 of 1,024 for bad ones.
	mostMissing = 40
	// looked is how many erase blocks a volume table is looked for in.
	looked = 64
	// mostRuns is how many changes of the image sequence are looked beyond.
	mostRuns = 8
)

// device is a run of erase blocks.
type device struct {
	src format.Source
	at  int64
	geometry
	peb   int64 // bytes of an erase block
	count int64 // erase blocks
	used  []block

	problems format.Problems
}

// block is an erase block that a volume keeps something in.
type block struct {
	at            int64 // in the source
	seq           uint32
	vol, lnum     uint32
	sqnum         uint64
	size, sum     uint32 // of the data, where they are known
	ebs, pad      uint32
	static, moved bool // moved: the copy is only good if its checksum is
}

// measure finds out how large an erase block is: the smallest distance at which
// one header follows the other.
func (d *device) measure(ctx context.Context) error {
	hits, err := d.hits(ctx)
	if err != nil {
		return err
	}
	if len(hits) == 0 {
		// One block alone: a power of two that holds the headers.
		for d.peb = usualBlock; d.peb <= d.data && d.peb < searched; {
			d.peb *= 2
		}
		return nil
	}
	var common int64
	for _, h := range hits {
		for a, b := h, common; ; a, b = b, a%b {
			if b == 0 {
				common = a
				break
			}
		}
	}
	// Bad blocks have no header, so what divides all distances is right where
	// most have one there; an image in a volume brings headers of its own, and
	// then one of the distances is.
	d.peb = common
	if good, bad, free := d.fits(); good > bad+free {
		return nil
	}
	for _, d.peb = range hits {
		if good, bad, _ := d.fits(); good > bad {
			return nil
		}
	}
	d.peb = hits[0]
	return nil
}

// hits returns the distances of the next headers that look like the first.
func (d *device) hits(ctx context.Context) ([]int64, error) {
	var out []int64
	buf := make([]byte, 256<<10)
	end := min(d.src.Size()-d.at, searched)
	for off := int64(headSize); off+headSize <= end && len(out) < mostHits; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, _ := d.src.ReadAt(buf[:min(int64(len(buf)), end-off)], d.at+off)
		if n < headSize {
			break
		}
		for i := 0; len(out) < mostHits; i++ {
			j := bytes.Index(buf[i:n], []byte(ecMagic))
			if j < 0 || i+j+headSize > n {
				break
			}
			if i += j; d.like(buf[i:n]) {
				out = append(out, off+int64(i))
			}
		}
		off += int64(n) - headSize + 1
	}
	return out, nil
}

// like says that b is a header of an erase block like the first one.
func (d *device) like(b []byte) bool {
	if !sound(b, ecMagic) {
		return false
	}
	g := parse(b)
	return g.vid == d.vid && g.data == d.data
}

// fits counts the erase blocks of that size that have a header, that have
// something else and that are erased wholly.
func (d *device) fits() (good, bad, free int) {
	for k := int64(1); k <= mostHits && d.at+k*d.peb+headSize <= d.src.Size(); k++ {
		switch b := format.Head(d.src, d.at+k*d.peb, headSize); {
		case d.like(b):
			good++
		case erased(b):
			free++
		default:
			bad++
		}
	}
	return good, bad, free
}

func erased(b []byte) bool { return len(bytes.TrimLeft(b, "\xff")) == 0 }

// blocks counts the erase blocks that have a header like the first.
func (d *device) blocks() int64 {
	n := int64(1)
	for d.like(format.Head(d.src, d.at+n*d.peb, headSize)) {
		n++
	}
	return n
}

// scan reads the headers of all erase blocks of the device.
func (d *device) scan(ctx context.Context) error {
	type run struct {
		seq         uint32
		count, used int64
	}
	var runs []run
	var layout map[uint64]uint64 // (sequence, number) of the volume table's copies
	missing, again := 0, false
	for k := int64(0); missing <= mostMissing && d.at+k*d.peb+headSize <= d.src.Size(); k++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := d.at + k*d.peb
		head := format.Head(d.src, at, headSize)
		if !d.like(head) {
			missing++
			continue
		}
		seq := parse(head).seq
		if n := len(runs); n == 0 || seq != runs[n-1].seq && seq != 0 {
			if n == mostRuns {
				break
			}
			again = again || slices.ContainsFunc(runs, func(r run) bool { return r.seq == seq })
			runs = append(runs, run{seq: seq})
		}
		b, ok := d.block(at, runs[len(runs)-1].seq)
		if ok && b.vol == layoutVolume {
			// Two volume tables of one age: here the next device starts.
			key := uint64(b.seq)<<32 | uint64(b.lnum)
			if was, twice := layout[key]; twice && was == b.sqnum {
				break
			}
			if layout == nil {
				layout = map[uint64]uint64{}
			}
			layout[key] = b.sqnum
		}
		if ok {
			d.used = append(d.used, b)
		}
		missing = 0
		runs[len(runs)-1].count, runs[len(runs)-1].used = k+1, int64(len(d.used))
	}
	// Each writing of an image has a sequence number. Where one returns, an
	// image was written in part over another; else they are neighbours.
	last := runs[len(runs)-1]
	if !again {
		last = runs[0]
	}
	d.count, d.used = last.count, d.used[:last.used]
	return nil
}

// block reads the volume's header of the erase block at at. An erase block that
// is free has none.
func (d *device) block(at int64, seq uint32) (block, bool) {
	h := format.Head(d.src, at+d.vid, headSize)
	if erased(h) {
		return block{}, false
	}
	if !sound(h, vidMagic) {
		d.problem(format.BadChecksum, at+d.vid, "the header of a volume's block is damaged; the block is left out")
		return block{}, false
	}
	u32 := func(i int) uint32 { return binary.BigEndian.Uint32(h[i:]) }
	b := block{
		at: at, seq: seq, vol: u32(8), lnum: u32(12), size: u32(20), ebs: u32(24), pad: u32(28), sum: u32(32),
		sqnum: binary.BigEndian.Uint64(h[40:]), static: h[5] == typeStatic, moved: h[6] != 0,
	}
	if int64(b.pad) >= d.leb() || int64(b.size) > d.leb()-int64(b.pad) {
		d.problem(format.Damaged, at+d.vid, fmt.Sprintf("%d bytes of data and %d of padding, where %d have room", b.size, b.pad, d.leb()))
		return block{}, false
	}
	return b, true
}

// leb is the room for data in an erase block.
func (d *device) leb() int64 { return d.peb - d.data }

func (d *device) problem(kind string, at int64, detail string) {
	d.problems.Add(format.Problem{Offset: at, Kind: kind, Detail: detail})
}

func (d *device) reported() []format.Problem {
	kept, dropped := d.problems.All()
	if dropped > 0 {
		kept = append(kept, format.Problem{Offset: d.at, Kind: format.Damaged, Detail: fmt.Sprintf("%d problems more", dropped)})
	}
	return kept
}
