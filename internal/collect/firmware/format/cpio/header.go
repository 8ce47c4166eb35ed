package cpio

import (
	"bytes"
	"encoding/binary"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

// The kinds of headers; cpio(5) describes all of them.
type kind int

const (
	newc   kind = iota // 070701, hexadecimal; what initramfs is
	crc                // 070702: newc with a sum over the content
	odc                // 070707, octal, as POSIX.1 has it
	little             // 13 numbers of 16 bits
	big
)

func (k kind) String() string {
	return [...]string{"newc", "newc-crc", "odc", "binary, little-endian", "binary, big-endian"}[k]
}

// The length of the headers.
const (
	newcHeader   = 110
	odcHeader    = 76
	binaryHeader = 26
)

// maxName bounds a member's name; PATH_MAX of Linux with its NUL.
const maxName = 4096

// trailer is the name of what ends an archive.
const trailer = "TRAILER!!!"

// header is one member's.
type header struct {
	kind         kind
	at           int64 // of the header
	dev, ino     uint64
	mode         uint32
	links        uint32
	uid, gid     uint32
	major, minor uint32 // of a device
	mtime        int64
	size         int64
	sum          uint32
	name         string
	data, next   int64 // offsets of the content and of the next header
}

// read reads the header at offset at. start is where the archive begins: the
// padding counts from there.
func read(w *archive.Window, start, at int64) (h header, ok bool) {
	b := w.Bytes(at, newcHeader)
	var length, names int64
	switch {
	case len(b) < binaryHeader:
		return h, false
	case len(b) >= newcHeader && (string(b[:6]) == "070701" || string(b[:6]) == "070702"):
		h, names, ok = fromNewc(b)
		length = newcHeader
	case len(b) >= odcHeader && string(b[:6]) == "070707":
		h, names, ok = fromODC(b)
		length = odcHeader
	case b[0] == 0xc7 && b[1] == 0x71:
		h, names, ok = fromBinary(b, binary.LittleEndian), int64(binary.LittleEndian.Uint16(b[20:])), true
		h.kind, length = little, binaryHeader
	case b[0] == 0x71 && b[1] == 0xc7:
		h, names, ok = fromBinary(b, binary.BigEndian), int64(binary.BigEndian.Uint16(b[20:])), true
		h.kind, length = big, binaryHeader
	}
	if !ok || names < 2 || names > maxName {
		return h, false
	}
	name := w.Bytes(at+length, int(names))
	if int64(len(name)) != names || name[names-1] != 0 {
		return h, false
	}
	// Names may be filled up with NULs so that what follows is aligned: the
	// kernel's early microcode wants that.
	name, _, _ = bytes.Cut(name, []byte{0})
	h.at, h.name = at, string(name)
	h.data = start + h.kind.align(at-start+length+names)
	h.next = start + h.kind.align(h.data-start+h.size)
	return h, h.name == trailer || h.name != "" && h.typ() != ""
}

func (k kind) align(n int64) int64 {
	switch k {
	case newc, crc:
		return (n + 3) &^ 3
	case odc:
		return n
	default:
		return (n + 1) &^ 1
	}
}

func fromNewc(b []byte) (h header, names int64, ok bool) {
	var v [13]uint64
	for i := range v {
		if v[i], ok = number(b[6+8*i:14+8*i], 16); !ok {
			return h, 0, false
		}
	}
	h = header{
		ino: v[0], mode: uint32(v[1]), uid: uint32(v[2]), gid: uint32(v[3]), links: uint32(v[4]),
		mtime: int64(v[5]), size: int64(v[6]), dev: v[7]<<32 | v[8], major: uint32(v[9]), minor: uint32(v[10]),
	}
	if b[5] == '2' {
		h.kind, h.sum = crc, uint32(v[12])
	}
	return h, int64(v[11]), true
}

func fromODC(b []byte) (h header, names int64, ok bool) {
	h.kind = odc
	var v [10]uint64
	at := 6
	for i, n := range [10]int{6, 6, 6, 6, 6, 6, 6, 11, 6, 11} {
		if v[i], ok = number(b[at:at+n], 8); !ok {
			return h, 0, false
		}
		at += n
	}
	h.dev, h.ino, h.mode, h.uid, h.gid, h.links = v[0], v[1], uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5])
	h.major, h.minor = uint32(v[6]>>8), uint32(v[6]&0xff)
	h.mtime, h.size = int64(v[7]), int64(v[9])
	return h, int64(v[8]), true
}

// fromBinary: the halves of a number of 32 bits stand high one first, in
// either order of bytes, as on a PDP-11.
func fromBinary(b []byte, o binary.ByteOrder) header {
	u := func(i int) uint32 { return uint32(o.Uint16(b[2*i:])) }
	return header{
		dev: uint64(u(1)), ino: uint64(u(2)), mode: u(3), uid: u(4), gid: u(5), links: u(6),
		major: u(7) >> 8, minor: u(7) & 0xff, mtime: int64(u(8)<<16 | u(9)), size: int64(u(11)<<16 | u(12)),
	}
}

// number reads digits only: strconv would take signs and underscores.
func number(b []byte, base uint64) (n uint64, ok bool) {
	for _, c := range b {
		var d uint64
		switch {
		case c >= '0' && c <= '9':
			d = uint64(c - '0')
		case c >= 'a' && c <= 'f':
			d = uint64(c-'a') + 10
		case c >= 'A' && c <= 'F':
			d = uint64(c-'A') + 10
		default:
			return 0, false
		}
		if d >= base {
			return 0, false
		}
		n = n*base + d
	}
	return n, true
}

// typ is the entry's type by S_IFMT of the mode, "" for none.
func (h *header) typ() format.Type {
	switch h.mode & 0o170000 {
	case 0o040000:
		return format.Dir
	case 0o100000:
		return format.File
	case 0o120000:
		return format.Symlink
	case 0o060000:
		return format.Block
	case 0o020000:
		return format.Char
	case 0o010000:
		return format.FIFO
	case 0o140000:
		return format.Socket
	}
	return ""
}

func (h *header) entry(path string) format.Entry {
	e := format.Entry{
		Path: path, Type: h.typ(), Mode: h.mode & 0o7777, UID: h.uid, GID: h.gid,
		MTime: time.Unix(h.mtime, 0).UTC(), Links: h.links,
	}
	switch e.Type {
	case format.File:
		e.Size = h.size
	case format.Block, format.Char:
		e.Major, e.Minor = h.major, h.minor
	}
	return e
}
