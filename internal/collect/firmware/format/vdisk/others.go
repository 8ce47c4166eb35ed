package vdisk

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/blockmap"
)

// lookVDI reads VirtualBox' disks (VDICore.h): version 1.1, one table of blocks.
func lookVDI(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 456)
	if at != 0 || len(b) < 456 || string(b[64:68]) != "\x7f\x10\xda\xbe" || le.Uint32(b[68:]) != 0x10001 || le.Uint32(b[72:]) < 0x180 {
		return nil, nil
	}
	if kind := le.Uint32(b[76:]); kind == 3 || kind == 4 {
		return shut("vdi", s, map[uint32]string{3: "an undo image", 4: "a differencing image"}[kind]+": what it doesn't hold stands in another file, not read"), nil
	}
	if string(b[424:440]) != string(make([]byte, 16)) {
		return shut("vdi", s, "it is linked to another image, which holds the rest: not read"), nil
	}
	kind, size, block := le.Uint32(b[76:]), le.Uint64(b[368:]), int64(le.Uint32(b[376:]))
	list, data, count := int64(le.Uint32(b[340:])), int64(le.Uint32(b[344:])), int64(le.Uint32(b[384:]))
	if kind != 1 && kind != 2 || size == 0 || size > maxDisk || block < 1<<12 || block > maxBlock || block&(block-1) != 0 || le.Uint32(b[380:]) != 0 ||
		list < 400 || data < list || data >= s.Size() || count < 1 || count*block < int64(size) {
		return nil, nil
	}
	t := &table{s: s, off: list, width: 4, order: le}
	v := &blockmap.View{Source: s, Block: block, Bytes: int64(size), At: func(i int64) (blockmap.Place, error) {
		n, err := t.at(i)
		if err != nil || n >= 0xfffffffe { // nowhere, or thrown away
			return blockmap.Place{Off: -1}, err
		}
		return blockmap.Place{Off: data + int64(n)*block}, nil
	}}
	return part("vdi", s, v, "version 1.1"), nil
}

// lookVHD reads dynamic disks (Microsoft's "Virtual Hard Disk Image Format
// Specification" 1.0). In front stands a copy of the footer; a bitmap stands
// before each block's bytes.
func lookVHD(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, sector)
	if at != 0 || len(b) < sector || string(b[:8]) != "conectix" || !complements(b, 64) {
		return nil, nil
	}
	if be.Uint32(b[60:]) == 4 {
		return shut("vhd", s, "a differencing disk: what it doesn't hold stands in its parent, not read"), nil
	}
	if be.Uint32(b[60:]) != 3 {
		return nil, nil
	}
	size := be.Uint64(b[48:])
	h := format.Head(s, int64(be.Uint64(b[16:])), 1024)
	if len(h) < 1024 || string(h[:8]) != "cxsparse" || !complements(h, 36) || size == 0 || size > maxDisk {
		return nil, nil
	}
	block := int64(be.Uint32(h[32:]))
	count := int64(be.Uint32(h[28:]))
	if block < 1<<12 || block > maxBlock || block&(block-1) != 0 || count*block < int64(size) || be.Uint64(h[16:]) >= uint64(s.Size()) {
		return nil, nil
	}
	bitmap := (block/sector/8 + sector - 1) / sector * sector
	t := &table{s: s, off: int64(be.Uint64(h[16:])), width: 4, order: be}
	v := &blockmap.View{Source: s, Block: block, Bytes: int64(size), At: func(i int64) (blockmap.Place, error) {
		n, err := t.at(i)
		if err != nil || n == 0xffffffff {
			return blockmap.Place{Off: -1}, err
		}
		return blockmap.Place{Off: int64(n)*sector + bitmap}, nil
	}}
	return part("vhd", s, v, "dynamic"), nil
}

// complements says that the number at off is the complement of the sum of the
// other bytes.
func complements(b []byte, off int) bool {
	var sum uint32
	for i, c := range b {
		if i < off || i >= off+4 {
			sum += uint32(c)
		}
	}
	return ^sum == be.Uint32(b[off:])
}

const vmdkPacked = 1 << 16 // grains are compressed

// lookVMDK reads sparse extents ("Virtual Disk Format 5.0", Hosted Sparse
// Extents), also those that are made to be sent: their grains are compressed, and
// the header that counts stands at the end.
func lookVMDK(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, sector)
	if at != 0 || len(b) < sector || string(b[:4]) != "KDMV" || string(b[73:77]) != "\n \r\n" {
		return nil, nil
	}
	front := b
	if le.Uint64(b[56:]) == 1<<64-1 {
		b = format.Head(s, s.Size()-1024, sector)
		if len(b) < sector || string(b[:4]) != "KDMV" || string(b[73:77]) != "\n \r\n" {
			return nil, nil
		}
	}
	flags, sectors, grain, per := le.Uint32(b[8:]), le.Uint64(b[12:]), int64(le.Uint64(b[20:])), int64(le.Uint32(b[44:]))
	gd := le.Uint64(b[56:])
	if grain < 8 || grain > maxBlock/sector || grain&(grain-1) != 0 || per < 1 || per > 1<<16 || sectors == 0 || sectors > maxDisk/sector || gd == 0 || gd > uint64(s.Size())/sector {
		return nil, nil
	}
	packed := flags&vmdkPacked != 0
	if packed && le.Uint16(b[77:]) != 1 {
		return nil, nil
	}
	text, why := descriptor(s, front)
	if why == "" {
		why = text.alone(int64(sectors))
	}
	if why != "" {
		p := shut("vmdk", s, why)
		if text.crypt {
			p.Guards = []format.Guard{{Kind: format.Encryption, Scheme: "vmware", State: format.Present}}
		}
		return p, nil
	}
	first, all, kept := &table{s: s, off: int64(gd) * sector, width: 4, order: le}, &lists{}, &decoded{}
	v := &blockmap.View{Source: s, Block: grain * sector, Bytes: int64(sectors) * sector, At: func(i int64) (p blockmap.Place, err error) {
		hole := blockmap.Place{Off: -1}
		list, err := first.at(i / per)
		if err != nil || list == 0 {
			return hole, err
		}
		n, err := all.of(s, int64(list)*sector, 4, le).at(i % per)
		if err != nil || n <= 1 { // nowhere, or zeros
			return hole, err
		}
		if !packed {
			return blockmap.Place{Off: int64(n) * sector}, nil
		}
		p.Data, err = kept.get(int64(n)*sector, func() ([]byte, error) { return unpackGrain(s, int64(n)*sector, grain*sector) })
		return p, err
	}}
	p := part("vmdk", s, v, "sparse extent")
	if front[72] == 1 {
		p.Problems = []format.Problem{{Kind: format.Damaged, Detail: "vmdk: it was not closed in order: what was written last may be missing"}}
	}
	return p, nil
}

// unpackGrain reads a grain behind its marker: a sector number, a size, zlib.
func unpackGrain(s format.Source, off, want int64) ([]byte, error) {
	h := format.Head(s, off, 12)
	if len(h) < 12 {
		return nil, fmt.Errorf("%w: the grain at %d lies behind the end", format.ErrDamaged, off)
	}
	z, err := zlib.NewReader(format.Section(s, off+12, int64(le.Uint32(h[8:]))))
	if err != nil {
		return nil, fmt.Errorf("%w: the grain at %d: %w", format.ErrDamaged, off, err)
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, z, want); err != nil && err != io.EOF {
		return nil, fmt.Errorf("%w: the grain at %d: %w", format.ErrDamaged, off, err)
	}
	return b.Bytes(), nil
}
