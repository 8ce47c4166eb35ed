package squashfs

import (
	"fmt"
	"time"

	"assay/internal/collect/firmware/format"
)

// The inode types; 8 more for the extended ones.
const (
	inodeDir = iota + 1
	inodeFile
	inodeSymlink
	inodeBlock
	inodeChar
	inodeFIFO
	inodeSocket
	extended = 7
)

var typeNames = [...]format.Type{inodeDir: format.Dir, inodeFile: format.File, inodeSymlink: format.Symlink,
	inodeBlock: format.Block, inodeChar: format.Char, inodeFIFO: format.FIFO, inodeSocket: format.Socket}

// A link longer than this is no path that Linux follows (PATH_MAX).
const maxTarget = 4096

// inode is an entry without its path, with where its content stands.
type inode struct {
	format.Entry
	ref    uint64 // block and offset in the inode table
	parent uint32 // folder that it was found in, numbered by who walks
	folder uint32 // of a directory: its own number
	name   string
	owner  uint16 // index of the user
	group  uint16

	// of a directory
	listing    int64  // block, relative to the directory table
	listingOff uint16 // in the expanded block
	listed     uint32 // bytes of the listing

	// of a file
	data       int64
	want       int64 // bytes of it that limits let through
	fragment   uint32
	fragOffset uint32
	blocks     cursor // stands at the list of block sizes
}

// inode reads the inode at ref.
func (m *metaReader) inode(ref uint64) (inode, error) {
	s := &m.f.super
	if ref>>16 >= uint64(s.DirTable-s.InodeTable) || ref&0xffff >= metaSize {
		return inode{}, fmt.Errorf("inode %d:%d is outside of the inode table", ref>>16, ref&0xffff)
	}
	c := cursor{m: m, pos: s.InodeTable + int64(ref>>16), off: int(ref & 0xffff), end: s.DirTable}
	var h [16]byte
	if err := c.read(h[:]); err != nil {
		return inode{}, err
	}
	o := s.order
	kind := o.Uint16(h[:])
	ext := kind > extended
	base := kind
	if ext {
		base -= extended
	}
	if base < inodeDir || base > inodeSocket {
		return inode{}, fmt.Errorf("inode %d:%d has type %d", ref>>16, ref&0xffff, kind)
	}
	n := inode{ref: ref}
	n.Type = typeNames[base]
	n.Mode = uint32(o.Uint16(h[2:])) & 0o7777
	n.MTime = time.Unix(int64(o.Uint32(h[8:])), 0).UTC()
	n.Inode = uint64(o.Uint32(h[12:]))
	n.Links = 1
	n.owner, n.group = o.Uint16(h[4:]), o.Uint16(h[6:])
	var err error
	if n.UID, err = m.id(n.owner); err != nil {
		return n, fmt.Errorf("owner: %w", err)
	}
	if n.GID, err = m.id(n.group); err != nil {
		return n, fmt.Errorf("group: %w", err)
	}
	return n, n.body(&c, base, ext)
}

// body reads what follows the common header.
func (n *inode) body(c *cursor, base uint16, ext bool) error {
	o := c.m.f.super.order
	var b [40]byte
	switch base {
	case inodeDir:
		if !ext {
			if err := c.read(b[:16]); err != nil {
				return err
			}
			n.listing, n.Links = int64(o.Uint32(b[:])), o.Uint32(b[4:])
			n.listed, n.listingOff = uint32(o.Uint16(b[8:])), o.Uint16(b[10:])
			break
		}
		if err := c.read(b[:24]); err != nil {
			return err
		}
		n.Links, n.listed = o.Uint32(b[:]), o.Uint32(b[4:])
		n.listing, n.listingOff = int64(o.Uint32(b[8:])), o.Uint16(b[18:])
	case inodeFile:
		if !ext {
			if err := c.read(b[:16]); err != nil {
				return err
			}
			n.data, n.fragment, n.fragOffset = int64(o.Uint32(b[:])), o.Uint32(b[4:]), o.Uint32(b[8:])
			n.Size = int64(o.Uint32(b[12:]))
		} else {
			if err := c.read(b[:40]); err != nil {
				return err
			}
			data, size := o.Uint64(b[:]), o.Uint64(b[8:])
			if data > 1<<62 || size > 1<<62 {
				return fmt.Errorf("file of %d bytes at %d", size, data)
			}
			n.data, n.Size, n.Links = int64(data), int64(size), o.Uint32(b[24:])
			n.fragment, n.fragOffset = o.Uint32(b[28:]), o.Uint32(b[32:])
		}
		n.blocks = *c
	case inodeSymlink:
		if err := c.read(b[:8]); err != nil {
			return err
		}
		n.Links = o.Uint32(b[:])
		size := o.Uint32(b[4:])
		n.Size = int64(size)
		if size > maxTarget {
			return fmt.Errorf("link target of %d bytes", size)
		}
		t := make([]byte, size)
		if err := c.read(t); err != nil {
			return err
		}
		n.Target = string(t)
	case inodeBlock, inodeChar:
		if err := c.read(b[:8]); err != nil {
			return err
		}
		n.Links = o.Uint32(b[:])
		dev := o.Uint32(b[4:])
		n.Major, n.Minor = dev>>8&0xfff, dev&0xff|dev>>12&0xfff00
	default:
		if err := c.read(b[:4]); err != nil {
			return err
		}
		n.Links = o.Uint32(b[:])
	}
	return nil
}
