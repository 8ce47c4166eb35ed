// Package vdisk reads the disks of virtual machines, in which systems for
// gateways are published too: QCOW2, VDI, VMDK and VHD with blocks that are
// kept only where something was written, compressed ones as well. In: a source.
// Out: a part whose content is the disk as the machine sees it. Of what
// is encrypted, or needs another file (a backing file, a data file, a parent),
// nothing is read: what it doesn't hold are not zeros.
package vdisk

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/blockmap"
)

// Formats returns them; each stands at the first byte of its file.
func Formats() []format.Format {
	return []format.Format{
		{Name: "qcow2", Head: true, Magics: []format.Magic{{Bytes: "QFI\xfb\x00\x00\x00"}}, Look: lookQCOW2},
		{Name: "vdi-disk", Head: true, Magics: []format.Magic{{Bytes: "\x7f\x10\xda\xbe", At: 64}}, Look: lookVDI},
		{Name: "vmdk-disk", Head: true, Magics: []format.Magic{{Bytes: "KDMV"}}, Look: lookVMDK},
		{Name: "vhd-disk", Head: true, Magics: []format.Magic{{Bytes: "conectix"}}, Look: lookVHD},
	}
}

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

const (
	sector = 512
	// maxBlock bounds a block.
	maxBlock = 64 << 20
	maxDisk  = 1 << 44
)

// part makes the part of a whole source that holds a disk.
func part(name string, s format.Source, v *blockmap.View, note string) *format.Part {
	p := &format.Part{Format: name, Size: s.Size(), Note: fmt.Sprintf("%s, a disk of %d bytes in blocks of %d", note, v.Bytes, v.Block)}
	p.Contents = func(context.Context, format.Limits) ([]format.Content, error) {
		return []format.Content{{Name: "disk", Source: v}}, nil
	}
	return p
}

// shut is the part of a disk that isn't read.
func shut(name string, s format.Source, why string) *format.Part {
	return &format.Part{Format: name, Size: s.Size(), Opaque: why}
}

// table is a list of numbers that stands in the source; it is read where it is
// looked at, a piece at a time, so that a claim costs nothing.
type table struct {
	s     format.Source
	off   int64
	width int64 // of a number: 4 or 8
	order binary.ByteOrder

	mu     sync.Mutex
	pieces map[int64][]byte
}

const (
	piece     = 4096
	maxPieces = 256
)

// at is number i; what lies outside of the source is an error.
func (t *table) at(i int64) (uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k, in := i*t.width/piece, i*t.width%piece
	b, ok := t.pieces[k]
	if !ok {
		b = format.Head(t.s, t.off+k*piece, piece)
		if len(t.pieces) >= maxPieces || t.pieces == nil {
			t.pieces = make(map[int64][]byte)
		}
		t.pieces[k] = b
	}
	if in+t.width > int64(len(b)) {
		return 0, fmt.Errorf("%w: entry %d of the table at %d lies behind the end", format.ErrDamaged, i, t.off)
	}
	if t.width == 4 {
		return uint64(t.order.Uint32(b[in:])), nil
	}
	return t.order.Uint64(b[in:]), nil
}

// decoded keeps blocks that were unpacked last.
type decoded struct {
	mu   sync.Mutex
	at   [8]int64 // of the packed bytes; 0: none
	data [8][]byte
	next int
}

// get returns the block whose packed bytes stand at off, which open unpacks.
func (d *decoded) get(off int64, open func() ([]byte, error)) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, at := range d.at {
		if at == off && at != 0 {
			return d.data[i], nil
		}
	}
	b, err := open()
	if err != nil {
		return nil, err
	}
	d.at[d.next], d.data[d.next] = off, b
	d.next = (d.next + 1) % len(d.at)
	return b, nil
}
