package jffs2

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/flash"
)

// volume is what the tree asks about inodes.
type volume struct {
	*index
	most   int64        // bytes that may be decoded in all
	done   atomic.Int64 // decoded; what is written over counts too
	codecs sync.Pool
}

// Stat reads the newest node of an inode.
func (v *volume) Stat(ino uint64) (format.Entry, error) {
	of := v.of(uint32(ino))
	if len(of) == 0 {
		return format.Entry{}, fmt.Errorf("inode %d: no node of it is there", ino)
	}
	newest := of[len(of)-1]
	var b [inodeSize]byte
	if err := format.ReadAt(v.src, b[:], v.offset(newest)); err != nil {
		return format.Entry{}, err
	}
	mode := v.order.Uint32(b[20:])
	e := format.Entry{
		Mode: mode & 0o7777, UID: uint32(v.order.Uint16(b[24:])), GID: uint32(v.order.Uint16(b[26:])),
		MTime: time.Unix(int64(v.order.Uint32(b[36:])), 0).UTC(),
	}
	var ok bool
	if e.Type, ok = flash.TypeOf(mode); !ok {
		return e, fmt.Errorf("inode %d: unknown type in mode %#o", ino, mode)
	}
	switch e.Type {
	case format.File:
		e.Size = int64(v.order.Uint32(b[28:]))
	case format.Symlink:
		target, err := v.short(newest)
		if err != nil {
			return e, fmt.Errorf("inode %d: target: %w", ino, err)
		}
		e.Target, e.Size = string(target), int64(len(target))
	case format.Block, format.Char:
		dev, err := v.short(newest)
		if err != nil {
			return e, fmt.Errorf("inode %d: device: %w", ino, err)
		}
		switch len(dev) {
		case 2:
			n := v.order.Uint16(dev)
			e.Major, e.Minor = uint32(n>>8), uint32(n&0xff)
		case 4:
			e.Major, e.Minor = flash.Device(v.order.Uint32(dev))
		}
	}
	return e, nil
}

func (v *volume) offset(n node) int64 { return v.at + int64(n.pos)*4 }

// mostTarget is PATH_MAX of Linux.
const mostTarget = 4096

// short decodes what a link or a device has for content.
func (v *volume) short(n node) ([]byte, error) {
	if n.size > mostTarget {
		return nil, fmt.Errorf("%w: %d bytes", format.ErrDamaged, n.size)
	}
	z := v.codec()
	defer v.codecs.Put(z)
	b, err := z.decode(v, n)
	return slices.Clone(b), err
}

func (v *volume) codec() *codec {
	if z, ok := v.codecs.Get().(*codec); ok {
		return z
	}
	return new(codec)
}

// Content reads a file.
func (v *volume) Content(ino uint64) io.Reader { return &file{v: v, ino: uint32(ino)} }

// file is a reader of one file.
type file struct {
	v      *volume
	ino    uint32
	of     []node
	rest   []extent
	z      *codec
	got    int    // the node that data is of
	data   []byte // decoded
	opened bool
}

func (f *file) Read(p []byte) (int, error) {
	if !f.opened {
		if err := f.open(); err != nil {
			return 0, err
		}
	}
	if len(f.rest) == 0 {
		f.close()
		return 0, io.EOF
	}
	e := &f.rest[0]
	p = p[:min(int64(len(p)), e.to-e.from)]
	if e.node < 0 || f.of[e.node].zero {
		clear(p)
	} else {
		if f.got != e.node {
			var err error
			if f.data, err = f.z.decode(f.v, f.of[e.node]); err != nil {
				return 0, fmt.Errorf("byte %d, node at %d: %w", e.from, f.v.offset(f.of[e.node]), err)
			}
			f.got = e.node
		}
		copy(p, f.data[e.from-int64(f.of[e.node].start):])
	}
	if e.from += int64(len(p)); e.from == e.to {
		f.rest = f.rest[1:]
	}
	return len(p), nil
}

func (f *file) open() error {
	f.of = f.v.of(f.ino)
	e, err := f.v.Stat(uint64(f.ino))
	if err != nil {
		return err
	}
	f.z, f.got, f.opened = f.v.codec(), -1, true
	f.rest = extents(f.of, e.Size)
	return nil
}

// close gives the buffers to the next file.
func (f *file) close() {
	if f.z != nil {
		f.v.codecs.Put(f.z)
		f.z, f.data = nil, nil
	}
}
