package vdisk

import (
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/blockmap"
)

// The layout is that of QEMU's docs/interop/qcow2.rst. A table of tables names
// the clusters.
const (
	qcowOffset     = 1<<56 - 1<<9
	qcowCompressed = 1 << 62
	qcowZero       = 1

	qcowDirty   = 1 << 0
	qcowCorrupt = 1 << 1
	qcowPacking = 1 << 3
	qcowData    = 1 << 2 // an external data file
	qcowWide    = 1 << 4 // extended entries
)

// maxFirst bounds the first table, as QEMU does (32 MiB).
const maxFirst = 1 << 22

type qcow struct {
	s       format.Source
	bits    uint
	perList int64
	first   *table
	count   int64 // of the first table
	zero    bool  // clusters may be marked as zeros
	zstd    bool
	lists   lists
	kept    decoded
}

func lookQCOW2(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 112)
	if at != 0 || len(b) < 72 || string(b[:4]) != "QFI\xfb" {
		return nil, nil
	}
	version, bits := be.Uint32(b[4:]), uint(be.Uint32(b[20:]))
	size, first := be.Uint64(b[24:]), be.Uint64(b[40:])
	if version != 2 && version != 3 || version == 3 && len(b) < 112 || bits < 9 || bits > 21 || size == 0 || size > maxDisk || first == 0 || first&(1<<bits-1) != 0 || first >= uint64(s.Size()) {
		return nil, nil
	}
	q := &qcow{s: s, bits: bits, perList: 1 << (bits - 3), count: int64(min(be.Uint32(b[36:]), maxFirst)), zero: version == 3}
	var features uint64
	if version == 3 {
		features = be.Uint64(b[72:])
	}
	if p := q.shut(b, features); p != nil {
		return p, nil
	}
	q.zstd = features&qcowPacking != 0 && b[104] == 1
	q.first = &table{s: s, off: int64(first), width: 8, order: be}
	v := &blockmap.View{Source: s, Block: 1 << bits, Bytes: int64(size), At: q.at}
	var odd []format.Problem
	trouble := func(kind, text string, args ...any) {
		odd = append(odd, format.Problem{Kind: kind, Detail: "qcow2: " + fmt.Sprintf(text, args...)})
	}
	if reach := q.count * q.perList << bits; reach < v.Bytes {
		trouble(format.Truncated, "its first table names the first %d of %d bytes: what follows is not read", reach, v.Bytes)
		v.Bytes = reach
	}
	if n := be.Uint32(b[60:]); n > 0 {
		trouble(format.Unsupported, "%d snapshots in it are not read: only its newest state is", n)
	}
	if features&qcowCorrupt != 0 {
		trouble(format.Damaged, "it says that its tables are damaged")
	}
	if features&qcowDirty != 0 {
		trouble(format.Damaged, "it was not closed in order: what was written last may be missing")
	}
	p := part("qcow2", s, v, fmt.Sprintf("version %d", version))
	p.Problems = odd
	if v.Bytes == 0 {
		p.Contents, p.Opaque = nil, "it has no tables"
	}
	return p, nil
}

// shut is the part of a disk that isn't read: where holes are what another file
// has, or clusters are encrypted or kept in a way that is not known.
func (q *qcow) shut(b []byte, features uint64) *format.Part {
	p := &format.Part{Format: "qcow2", Size: q.s.Size()}
	back, cipher := be.Uint64(b[8:]), be.Uint32(b[32:])
	switch {
	case cipher > 0:
		scheme := map[uint32]string{1: "aes-128-cbc", 2: "luks"}[cipher]
		if scheme == "" {
			scheme = fmt.Sprintf("method %d", cipher)
		}
		p.Opaque = "encrypted"
		p.Guards = []format.Guard{{Kind: format.Encryption, Scheme: scheme, State: format.Present}}
	case back > 0:
		name := format.Head(q.s, int64(min(back, 1<<62)), int(min(be.Uint32(b[16:]), 1023)))
		p.Opaque = "what it doesn't hold stands in a backing file, " + format.Printable(string(name)) + ": not read"
	case features&qcowData != 0:
		p.Opaque = "its content stands in a data file: not read"
	case features&qcowWide != 0:
		p.Opaque = "extended entries of its tables: not read"
	case features&^(qcowDirty|qcowCorrupt|qcowPacking) != 0:
		p.Opaque = fmt.Sprintf("features %#x that are not known: not read", features)
	case features&qcowPacking != 0 && (be.Uint32(b[100:]) < 105 || b[104] > 1):
		p.Opaque = "clusters packed in a way that is not known: not read"
	default:
		return nil
	}
	return p
}

// at finds a cluster.
func (q *qcow) at(i int64) (p blockmap.Place, err error) {
	hole := blockmap.Place{Off: -1}
	e, err := q.first.at(i / q.perList)
	if err != nil {
		return p, err
	}
	list := int64(e & qcowOffset)
	if list == 0 {
		return hole, nil
	}
	if e, err = q.lists.of(q.s, list, 8, be).at(i % q.perList); err != nil {
		return p, err
	}
	if e&qcowCompressed != 0 {
		p.Data, err = q.unpack(e)
		return p, err
	}
	off := int64(e & qcowOffset)
	if off == 0 || q.zero && e&qcowZero != 0 {
		return hole, nil
	}
	return blockmap.Place{Off: off}, nil
}

// unpack decodes a cluster ("Compressed Clusters Descriptor").
func (q *qcow) unpack(e uint64) ([]byte, error) {
	x := 62 - (q.bits - 8)
	off := int64(e & (1<<x - 1))
	size := int64(e>>x&(1<<(q.bits-8)-1)+1)*sector - off%sector
	return q.kept.get(off, func() ([]byte, error) {
		raw := format.Section(q.s, off, size)
		var r io.Reader = flate.NewReader(raw)
		if q.zstd {
			z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
			if err != nil {
				return nil, err
			}
			defer z.Close()
			r = z
		}
		var b bytes.Buffer
		// Sectors behind the last one that is packed may follow.
		if n, err := io.CopyN(&b, r, 1<<q.bits); n < 1<<q.bits {
			return nil, fmt.Errorf("%w: the cluster at %d gives %d bytes: %w", format.ErrDamaged, off, n, err)
		}
		return b.Bytes(), nil
	})
}
