// Package squashfsold reads squashfs 1, 2 and 3, which stands in older cameras
// and routers: both byte orders, gzip, and the LZMA of vendors' kernels, which
// no field of the superblock tells. In: a source and an offset in it. Out: a part
// and its tree.
//
// The layouts are those of Linux 2.6 with the squashfs patches, and of
// squashfs_compat.h of squashfs-tools 4, whose names stand in the comments.
package squashfsold

import (
	"bytes"
	"context"
	"fmt"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// magics are those of both byte orders, and those that vendors put in their
// place.
var magics = []string{"hsqs", "sqsh", "qshs", "shsq", "sqlz", "hsqt", "tqsh"}

// New returns the format.
func New() format.Format {
	f := format.Format{Name: "squashfsold", Look: look}
	for _, m := range magics {
		f.Magics = append(f.Magics, format.Magic{Bytes: m})
	}
	return f
}

func look(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	sb, ok := parseSuper(format.Head(s, at, superSize))
	if !ok {
		return nil, nil
	}
	r := newReader(format.Section(s, at, sb.used), sb)
	p := &format.Part{Format: "squashfs", Offset: at, Note: sb.note()}
	why := r.open()
	if why != nil && (r.raw == nil || sb.used > s.Size()-at) {
		return nil, nil // nothing of it proves it
	}
	if p.Claim(s, sb.used) {
		p.Size += padding(s, at, p.Size)
	}
	if why != nil {
		p.Opaque = fmt.Sprintf("the root folder can't be read: %v", why)
		return p, nil
	}
	p.Note += ", " + r.codec.String()
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		r := newReader(format.Section(s, at, p.Size), sb)
		if err := r.open(); err != nil {
			return nil, err
		}
		return tree.New(r, lim, &r.log), nil
	}
	return p, nil
}

// padding counts the zeros that mksquashfs adds up to a multiple of 4 KiB, if
// they are there.
func padding(s format.Source, at, size int64) int64 {
	b := format.Head(s, at+size, int(-size&4095))
	if len(bytes.Trim(b, "\x00")) > 0 {
		return 0
	}
	return int64(len(b))
}
