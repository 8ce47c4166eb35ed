package android

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"assay/internal/collect/firmware/format"
)

const (
	geometryMagic = "gDla"
	geometryAt    = 4096
	geometrySize  = 4096
	metadataMagic = "0PLA"
	metadataAt    = geometryAt + 2*geometrySize
	maxTables     = 1 << 20
	lpSector      = 512
	lpPartition   = 52
	lpExtent      = 24
	maxVolumes    = 256
)

// lookSuper reads the metadata of dynamic partitions; three checksums prove it.
func lookSuper(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at+geometryAt, 52)
	if len(b) < 52 || string(b[:4]) != geometryMagic || le.Uint32(b[4:]) < 52 || le.Uint32(b[4:]) > geometrySize || !summed(format.Head(s, at+geometryAt, int(le.Uint32(b[4:]))), 8) {
		return nil, nil
	}
	h := format.Head(s, at+metadataAt, 128)
	if len(h) < 128 || string(h[:4]) != metadataMagic {
		return nil, nil
	}
	size := int64(le.Uint32(h[8:]))
	if size < 128 || size > 4096 || !summed(format.Head(s, at+metadataAt, int(size)), 12) || le.Uint32(h[44:]) > maxTables {
		return nil, nil
	}
	tables := format.Head(s, at+metadataAt+size, int(le.Uint32(h[44:])))
	sum := sha256.Sum256(tables)
	if !bytes.Equal(sum[:], h[48:80]) {
		return nil, nil
	}
	p := &format.Part{Format: "android-super", Offset: at, Size: s.Size() - at}
	l := &logical{s: format.Section(s, at, s.Size()-at), at: at, p: p, tables: tables, partitions: h[80:92], extents: h[92:104]}
	if device, _, n := l.entries(h[116:128], 64); n == 1 { // images are cut behind their last content
		p.Size = min(p.Size, int64(min(le.Uint64(device[16:]), maxMapped)))
	}
	contents := l.read()
	p.Note = fmt.Sprintf("dynamic partitions, version %d.%d, %d with content", le.Uint16(h[4:]), le.Uint16(h[6:]), len(contents))
	p.Checked("sha256", true, at+metadataAt+48, "table of partitions")
	p.Contents = func(_ context.Context, lim format.Limits) ([]format.Content, error) {
		var out []format.Content
		var first error
		left := lim.Defaults().Total
		for _, c := range contents {
			m, err := c.m.cut(left)
			if err != nil && first == nil {
				first = err
			}
			if left -= m.Size(); m.Size() > 0 {
				out = append(out, format.Content{Name: c.name, Source: m})
			}
		}
		return out, first
	}
	return p, nil
}

// summed says that the SHA-256 at offset at of b, taken with zeros there, fits.
func summed(b []byte, at int) bool {
	if len(b) < at+sha256.Size {
		return false
	}
	c := bytes.Clone(b)
	clear(c[at : at+sha256.Size])
	sum := sha256.Sum256(c)
	return bytes.Equal(sum[:], b[at:at+sha256.Size])
}

// logical are the tables.
type logical struct {
	s                           format.Source
	at                          int64
	p                           *format.Part
	tables, partitions, extents []byte
}

type volume struct {
	name string
	m    *mapped
}

// entries is one table: its entries, and how many bytes each has.
func (l *logical) entries(desc []byte, least int) (b []byte, size, n int) {
	off, count, each := uint64(le.Uint32(desc)), uint64(le.Uint32(desc[4:])), uint64(le.Uint32(desc[8:]))
	if b = slice(l.tables, off, count*each); b == nil || each < uint64(least) {
		return nil, 0, 0
	}
	return b, int(each), int(count)
}

// read maps each partition that has extents.
func (l *logical) read() (out []volume) {
	b, size, n := l.entries(l.partitions, lpPartition)
	for i := 0; i < n && len(out) < maxVolumes; i++ {
		e := b[i*size:]
		name, _ := text(e[:36])
		v := volume{name: name, m: l.extentsOf(name, uint64(le.Uint32(e[40:])), uint64(le.Uint32(e[44:])))}
		if v.m.Size() > 0 {
			out = append(out, v)
		}
	}
	return out
}

func (l *logical) extentsOf(name string, first, count uint64) *mapped {
	m := &mapped{src: l.s}
	b, size, n := l.entries(l.extents, lpExtent)
	for i := first; i < first+count && i < uint64(n); i++ {
		e := b[int(i)*size:]
		sectors, typ, data := le.Uint64(e), le.Uint32(e[8:]), le.Uint64(e[12:])
		if sectors > 1<<36 || data > 1<<36 || sectors == 0 {
			continue
		}
		x := extent{size: int64(sectors) * lpSector}
		if typ == 0 { // linear; 1 reads as zeros
			x.data, x.off = true, int64(data)*lpSector
			if have := l.s.Size() - x.off; have < x.size {
				l.p.Problems = append(l.p.Problems, format.Problem{Offset: l.at + metadataAt, Path: name, Kind: format.Truncated,
					Detail: fmt.Sprintf("android-super: %d bytes at offset %d are claimed, %d are there", x.size, x.off, max(have, 0))})
				if x.size = have / lpSector * lpSector; x.size <= 0 {
					return m
				}
			}
		}
		if m.Size()+x.size > maxMapped {
			break
		}
		m.add(x)
	}
	return m
}
