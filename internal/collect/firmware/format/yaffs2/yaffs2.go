// Package yaffs2 reads YAFFS2 and its forerunner YAFFS1, from images that keep
// the spare bytes of NAND flash between the pages. In: a Source, hostile, and
// the offset of a first chunk. Out: a format.Part whose volume is the newest
// state of all objects.
//
// There is no superblock, and no checksum over content: a file system is known
// by object headers that fit the tags in the spare bytes behind them, chunk
// after chunk. yaffs_guts.h and yaffs_packedtags2.h of Aleph One's YAFFS have
// the layout. It was read from there and tried on images of a writer of our
// own, not on one of a device.
package yaffs2

import (
	"context"
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// Formats returns two ways to look: for the header of an object in the root
// folder, anywhere, and for any chunk at the start of a region.
func Formats() []format.Format {
	anywhere := format.Format{Name: "yaffs2", Look: look}
	for _, o := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for kind := uint32(kindFile); kind <= kindFolder; kind++ {
			b := o.AppendUint32(o.AppendUint32(nil, kind), rootID)
			anywhere.Magics = append(anywhere.Magics, format.Magic{Bytes: string(append(b, 0xff, 0xff))})
		}
	}
	return []format.Format{anywhere, {Name: "yaffs2", Head: true, Look: look}}
}

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	l, ok := detect(s, at)
	if !ok {
		return nil, nil
	}
	c := newScan(s, at, l)
	if err := c.run(ctx); err != nil {
		return nil, err
	}
	name := "yaffs2"
	if l.first {
		name = "yaffs1"
	}
	p := &format.Part{Format: name, Offset: at, Size: c.size(), Note: l.note() + fmt.Sprintf(", %d chunks in use", len(c.chunks))}
	if c.full {
		p.Problems = append(p.Problems, format.Problem{Offset: at, Kind: format.TooMany, Detail: fmt.Sprintf("more than %d chunks; the rest is not read", mostChunks)})
	}
	p.Open = func(ctx context.Context, lim format.Limits) (format.Volume, error) {
		return c.open(ctx, lim)
	}
	return p, nil
}

func (l layout) note() string {
	order := "little"
	if l.order == binary.BigEndian {
		order = "big"
	}
	return fmt.Sprintf("%s-endian, chunks of %d bytes with %d spare ones, tags at %d", order, l.chunk, l.spare, l.tags)
}
