// Package ubi reads UBI, the layer that spreads volumes over the erase blocks
// of flash. In: a Source, hostile, and the offset of a first erase block. Out: a
// format.Part whose contents are the volumes, mapped and not copied: a read goes
// to the erase block that holds the newest copy.
//
// drivers/mtd/ubi/ubi-media.h of Linux has the layout, attach.c the rules by
// which one of two copies is taken.
package ubi

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"

	"assay/internal/collect/firmware/format"
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "ubi", Magics: []format.Magic{{Bytes: ecMagic}}, Look: look}
}

const (
	ecMagic  = "UBI#" // of an erase block
	vidMagic = "UBI!" // of what a volume keeps in it
	version  = 1
	// headSize is that of both headers; a checksum is at their end.
	headSize = 64
)

// crc is CRC-32 as UBI calculates it: not complemented at the end.
func crc(b []byte) uint32 { return ^crc32.ChecksumIEEE(b) }

// sound says that b is a header with that magic number and a right checksum.
func sound(b []byte, magic string) bool {
	return len(b) >= headSize && string(b[:4]) == magic && b[4] == version &&
		binary.BigEndian.Uint32(b[headSize-4:]) == crc(b[:headSize-4])
}

// geometry is what the header of an erase block says of all of them.
type geometry struct {
	vid, data int64 // where the volume's header and its data start
	seq       uint32
}

func parse(b []byte) geometry {
	return geometry{
		vid:  int64(binary.BigEndian.Uint32(b[16:])),
		data: int64(binary.BigEndian.Uint32(b[20:])),
		seq:  binary.BigEndian.Uint32(b[24:]),
	}
}

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	head := format.Head(s, at, headSize)
	if !sound(head, ecMagic) {
		return nil, nil
	}
	d := &device{src: s, at: at, geometry: parse(head)}
	if err := d.measure(ctx); err != nil {
		return nil, err
	}
	plain, dump, ok := d.without()
	if !ok {
		return d.part(ctx)
	}
	p, err := plain.part(ctx)
	if p == nil || err != nil {
		return p, err
	}
	// What was found has its offset in the pages alone.
	p.Offset, p.Size = at, min(p.Size/dump.page*(dump.page+dump.spare), s.Size()-at)
	p.Note += fmt.Sprintf(", in pages of %d bytes with %d spare ones", dump.page, dump.spare)
	for i := range p.Problems {
		p.Problems[i].Offset = dump.place(p.Problems[i].Offset)
	}
	for i := range p.Guards {
		p.Guards[i].Offset = dump.place(p.Guards[i].Offset)
	}
	return p, nil
}

// part reads the device's blocks.
func (d *device) part(ctx context.Context) (*format.Part, error) {
	s, at := d.src, d.at
	p := &format.Part{Format: "ubi", Offset: at}
	if d.vid < headSize || d.data < d.vid+headSize || d.data >= d.peb {
		p.Size = min(d.blocks()*d.peb, s.Size()-at)
		p.Opaque = "the headers of the erase blocks point outside of them"
		p.Problems = []format.Problem{{Offset: at, Kind: format.Damaged,
			Detail: fmt.Sprintf("volume header at %d and data at %d, in an erase block of %d bytes", d.vid, d.data, d.peb)}}
		return p, nil
	}
	if err := d.scan(ctx); err != nil {
		return nil, err
	}
	if p.Size = min(d.count*d.peb, s.Size()-at); d.count == 1 {
		if len(d.used) == 0 {
			return nil, nil // a header that stands alone
		}
		d.problem(format.Truncated, at, "one erase block alone: how large it is can't be told")
	}
	volumes, err := d.volumes(ctx, p)
	if err != nil {
		return nil, err
	}
	p.Note = d.note(volumes)
	p.Problems = append(p.Problems, d.reported()...)
	p.Contents = func(context.Context, format.Limits) ([]format.Content, error) {
		var out []format.Content
		for _, v := range volumes {
			if v.Size() > 0 {
				out = append(out, format.Content{Name: v.name, Source: v, Try: []string{"ubifs", "squashfs"}})
			}
		}
		return out, nil
	}
	return p, nil
}

func (d *device) note(volumes []*volume) string {
	var names []string
	for i, v := range volumes {
		if i == 8 {
			names = append(names, "and others")
			break
		}
		kind := "dynamic"
		if v.static {
			kind = "static"
		}
		names = append(names, fmt.Sprintf("%s (%s)", format.Printable(v.name), kind))
	}
	return fmt.Sprintf("%d erase blocks of %d bytes, %d volumes: %s", d.count, d.peb, len(volumes), strings.Join(names, ", "))
}
