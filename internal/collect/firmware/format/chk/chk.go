// Package chk reads Netgear's CHK images: a header with three checksums before a
// kernel (mostly a TRX image) and a root file system. In: bytes at an offset.
// Out: the two ranges. Says who: mkchkimg.c of OpenWrt's firmware-utils.
package chk

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
)

const (
	magic  = "*#$^"
	fixed  = 40 // bytes before the board's name
	scheme = "netgear-chk"
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "chk", Magics: []format.Magic{{Bytes: magic}}, Look: look}
}

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, fixed+64)
	if len(b) <= fixed || string(b[:4]) != magic {
		return nil, nil
	}
	be := binary.BigEndian
	head := int64(be.Uint32(b[4:]))
	if head <= fixed || head > int64(len(b)) {
		return nil, nil
	}
	b = b[:head]
	board := bytes.TrimRight(b[fixed:], "\x00")
	raw := bytes.Clone(b)
	clear(raw[36:40])
	good := checksum(raw) == be.Uint32(b[36:])
	if name := string(board); !good && (name == "" || name != format.Printable(name)) {
		return nil, nil
	}
	kernel, root := int64(be.Uint32(b[24:])), int64(be.Uint32(b[28:]))
	if kernel == 0 && root == 0 {
		return nil, nil
	}
	p := &format.Part{Format: "chk", Offset: at, Name: format.Printable(string(board)),
		Note: fmt.Sprintf("Netgear, board %s, version %d.%d.%d.%d, region %d", format.Printable(string(board)), b[9], b[10], b[11], b[12], b[8])}
	p.Checked(scheme, good, at+36, "header")
	whole := p.Claim(s, head+kernel+root)
	from := at + head
	for _, r := range []struct {
		name  string
		size  int64
		sumAt int
	}{{"kernel", kernel, 16}, {"rootfs", root, 20}} {
		size := min(r.size, at+p.Size-from)
		if size <= 0 {
			continue
		}
		p.Regions = append(p.Regions, format.Region{Name: r.name, Offset: from, Size: size})
		if err := check(ctx, s, p, from, size, be.Uint32(b[r.sumAt:]), int64(r.sumAt), r.name, whole); err != nil {
			return nil, err
		}
		from += r.size
	}
	if root > 0 {
		// With a root file system a third checksum covers both.
		return p, check(ctx, s, p, at+head, p.Size-head, be.Uint32(b[32:]), 32, "image", whole)
	}
	return p, nil
}

func check(ctx context.Context, s format.Source, p *format.Part, off, size int64, want uint32, sumAt int64, what string, whole bool) error {
	if !whole {
		return nil
	}
	var sum fletcher
	if err := format.Sum(ctx, s, off, size, &sum); err != nil {
		return err
	}
	p.Checked(scheme, sum.value() == want, p.Offset+sumAt, what)
	return nil
}

func checksum(b []byte) uint32 {
	var f fletcher
	f.Write(b)
	return f.value()
}

// fletcher is Netgear's sum: of the bytes, and of these sums, folded to 16 bits
// each.
type fletcher struct{ a, b uint32 }

func (f *fletcher) Write(p []byte) (int, error) {
	x, y := f.a, f.b
	for _, c := range p {
		x += uint32(c)
		y += x
	}
	f.a, f.b = x, y
	return len(p), nil
}

func (f *fletcher) value() uint32 { return fold(f.b)<<16 | fold(f.a) }

func fold(v uint32) uint32 {
	v = v&0xffff + v>>16
	return (v>>16 + v) & 0xffff
}
