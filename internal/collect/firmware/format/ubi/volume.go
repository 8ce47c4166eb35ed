package ubi

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/internal/collect/firmware/format"
)

const (
	typeStatic = 2
	// layoutVolume has the volume table, twice; what is above is Linux' own too.
	layoutVolume = 0x7fffffff - 4096
	mostVolumes  = 128
	recordSize   = 172
)

// record is an entry of the volume table.
type record struct {
	pebs, pad uint32
	static    bool
	updating  bool
	name      string
}

// volume is a format.Source over the erase blocks of a volume.
type volume struct {
	src    format.Source
	name   string
	static bool
	leb    int64   // bytes of each
	from   []int64 // where the data of each starts, -1 where nothing was written
	size   int64
}

func (v *volume) Size() int64 { return v.size }

// ReadAt reads erased bytes where nothing was written, as Linux does.
func (v *volume) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read at offset %d", off)
	}
	done := 0
	for done < len(p) && off < v.size {
		at := off % v.leb
		part := p[done:min(int64(len(p)), int64(done)+v.leb-at, int64(done)+v.size-off)]
		if from := v.from[off/v.leb]; from < 0 {
			for i := range part {
				part[i] = 0xff
			}
		} else if n, err := v.src.ReadAt(part, from+at); n < len(part) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return done + n, err
		}
		done += len(part)
		off += int64(len(part))
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// volumes makes the volumes of all that the scan found, and tells p which
// checksums it calculated.
func (d *device) volumes(ctx context.Context, p *format.Part) ([]*volume, error) {
	slices.SortStableFunc(d.used, func(a, b block) int {
		return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.vol, b.vol), cmp.Compare(a.lnum, b.lnum), cmp.Compare(b.sqnum, a.sqnum))
	})
	var out []*volume
	mixed := len(d.used) > 0 && d.used[0].seq != d.used[len(d.used)-1].seq
	for rest := d.used; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].seq == rest[0].seq {
			n++
		}
		image := rest[:n]
		rest = rest[n:]
		table := d.table(image)
		for len(image) > 0 && image[0].vol < layoutVolume {
			n := 1
			for n < len(image) && image[n].vol == image[0].vol {
				n++
			}
			v, err := d.volume(ctx, p, image[:n], table)
			if err != nil {
				return nil, err
			}
			if mixed {
				v.name = fmt.Sprintf("%s (image sequence %#x)", v.name, image[0].seq)
			}
			out = append(out, v)
			image = image[n:]
		}
	}
	return out, nil
}

// table reads the volume table: the first copy, or the second where that one is
// damaged. It is nil where neither can be read.
func (d *device) table(image []block) map[uint32]record {
	var best map[uint32]record
	whole := false
	for _, b := range image {
		if b.vol != layoutVolume || whole {
			continue
		}
		var t map[uint32]record
		if t, whole = d.records(b); whole || len(t) > len(best) {
			best = t
		}
	}
	if !whole {
		d.problem(format.Damaged, d.at, "no copy of the volume table is whole; volumes may be without names")
	}
	return best
}

func (d *device) records(b block) (t map[uint32]record, whole bool) {
	raw := format.Head(d.src, b.at+d.data, int(min(d.leb(), mostVolumes*recordSize)))
	t = map[uint32]record{}
	for id := uint32(0); len(raw) >= recordSize; id, raw = id+1, raw[recordSize:] {
		r := raw[:recordSize]
		if binary.BigEndian.Uint32(r[recordSize-4:]) != crc(r[:recordSize-4]) {
			return t, false
		}
		if n := binary.BigEndian.Uint32(r); n > 0 {
			size := min(int(binary.BigEndian.Uint16(r[14:])), 127)
			t[id] = record{pebs: n, pad: binary.BigEndian.Uint32(r[8:]), static: r[12] == typeStatic, updating: r[13] != 0,
				name: strings.TrimRight(string(r[16:16+size]), "\x00")}
		}
	}
	return t, true
}

// volume maps the blocks of one volume, sorted by number and newest first.
func (d *device) volume(ctx context.Context, p *format.Part, blocks []block, table map[uint32]record) (*volume, error) {
	id := blocks[0].vol
	rec, known := table[id]
	v := &volume{src: d.src, name: rec.name, static: blocks[0].static, leb: d.leb() - int64(blocks[0].pad)}
	if !known {
		v.name = fmt.Sprintf("volume %d", id)
		if table != nil {
			d.problem(format.Mismatch, blocks[0].at, fmt.Sprintf("volume %d is not in the volume table", id))
		}
	}
	if rec.updating {
		d.problem(format.Damaged, blocks[0].at, fmt.Sprintf("the update of volume %q was not finished", format.Printable(v.name)))
	}
	// More numbers than twice the blocks that there are: what is missing isn't
	// erased, the numbers are wrong.
	most := uint32(2*d.count + 64)
	if known {
		most = min(most, rec.pebs)
	}
	good := true
	for len(blocks) > 0 {
		n := 1
		for n < len(blocks) && blocks[n].lnum == blocks[0].lnum {
			n++
		}
		same := blocks[:n]
		blocks = blocks[n:]
		if same[0].lnum >= most {
			d.problem(format.Damaged, same[0].at, fmt.Sprintf("block %d of volume %q, which has %d", same[0].lnum, format.Printable(v.name), most))
			continue
		}
		b, ok, err := d.pick(ctx, same)
		if err != nil {
			return nil, err
		}
		good = good && ok
		for len(v.from) <= int(b.lnum) {
			v.from = append(v.from, -1)
		}
		v.from[b.lnum] = b.at + d.data
		v.size = int64(b.lnum+1) * v.leb
		if b.static {
			v.size += int64(b.size) - v.leb
		}
		if missing := int64(b.ebs) - int64(b.lnum) - 1; b.static && missing > 0 && len(blocks) == 0 {
			d.problem(format.Truncated, b.at, fmt.Sprintf("%d blocks at the end of volume %q are missing", missing, format.Printable(v.name)))
		}
	}
	if holes := slices.Index(v.from, -1); v.static && holes >= 0 {
		d.problem(format.Damaged, d.at, fmt.Sprintf("block %d of volume %q is missing", holes, format.Printable(v.name)))
		good = false
	}
	if v.static && v.size > 0 {
		p.Checked("crc32", good, v.from[len(v.from)-1]-d.data+d.vid, "static volume "+format.Printable(v.name))
	}
	return v, nil
}

// pick chooses from the copies of one block, newest first: one that was moved
// counts only if it is whole. ok says that a checksum, where there is one, fits.
func (d *device) pick(ctx context.Context, same []block) (b block, ok bool, err error) {
	for i, b := range same {
		if !b.static && !b.moved {
			if i+1 < len(same) && same[i+1].sqnum == b.sqnum {
				d.problem(format.Mismatch, b.at, fmt.Sprintf("block %d of volume %d stands twice, and no copy is the newer one", b.lnum, b.vol))
			}
			return b, true, nil
		}
		from := min(b.at+d.data, d.src.Size()) // the last erase block may be cut
		sum, err := format.CRC32(ctx, d.src, from, min(int64(b.size), d.src.Size()-from))
		if err != nil {
			return block{}, false, err
		}
		if ^sum == b.sum {
			return b, true, nil
		}
		d.problem(format.BadChecksum, from, fmt.Sprintf("block %d of volume %d: its CRC-32 does not fit", b.lnum, b.vol))
	}
	return same[0], false, nil
}
