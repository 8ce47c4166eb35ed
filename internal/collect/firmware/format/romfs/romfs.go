// Package romfs reads ROM file systems, the smallest of Linux: headers in a
// row, contents as they are, no owners, no times, an execute bit for a mode. In:
// a source and an offset in it. Out: a part whose checksums were calculated,
// and its tree.
//
// The layout is that of Linux, Documentation/filesystems/romfs.rst. Everything
// is big-endian.
package romfs

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

const (
	magic      = "-rom1fs-"
	align      = 16
	headerSize = 16
	summed     = 512 // first bytes that the checksum covers
	maxName    = 255
	maxTarget  = 4096
)

// The low bits of the pointer to the next header.
const (
	typeBits = 7
	execBit  = 8
	lowBits  = align - 1
)

// Types of a header.
const (
	hardLink = iota
	dir
	file
	symlink
	block
	char
	socket
	fifo
)

// kinds are the types of entries with the modes that Linux gives them.
var kinds = [...]struct {
	t    format.Type
	mode uint32
}{
	dir: {format.Dir, 0o644}, file: {format.File, 0o644}, symlink: {format.Symlink, 0o777}, block: {format.Block, 0o600},
	char: {format.Char, 0o600}, socket: {format.Socket, 0o644}, fifo: {format.FIFO, 0o644},
}

// New returns the format.
func New() format.Format {
	return format.Format{Name: "romfs", Magics: []format.Magic{{Bytes: magic}}, Look: look}
}

func look(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, summed)
	if len(b) < 2*headerSize || string(b[:len(magic)]) != magic {
		return nil, nil
	}
	size := int64(binary.BigEndian.Uint32(b[8:]))
	name, root, ok := padded(b[headerSize:])
	if !ok || size < headerSize+root+headerSize {
		return nil, nil
	}
	p := &format.Part{Format: "romfs", Offset: at, Name: name}
	p.Claim(s, size)
	r := &reader{src: format.Section(s, at, p.Size), root: headerSize + root, seen: map[int64]bool{}}
	good := size <= int64(len(b)) && sum(b[:size]) == 0 || size > int64(len(b)) && sum(b) == 0
	// The root folder is the first header, and so is the first one that it lists.
	n, err := r.header(r.root)
	if err != nil || n.kind != dir || n.spec > size || !good && !n.good {
		return nil, nil
	}
	p.Checked("romfs-sum", good, at+12, "first 512 bytes")
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		r := &reader{src: r.src, root: r.root, seen: map[int64]bool{}}
		return tree.New(r, lim, &r.log), nil
	}
	return p, nil
}

// sum adds up big-endian words, the last one filled up with zeros.
func sum(b []byte) (s uint32) {
	for ; len(b) >= 4; b = b[4:] {
		s += binary.BigEndian.Uint32(b)
	}
	if len(b) > 0 {
		var w [4]byte
		copy(w[:], b)
		s += binary.BigEndian.Uint32(w[:])
	}
	return s
}

// padded returns the name at the beginning of b and the bytes that it takes:
// it ends with a NUL byte and is filled up to 16 bytes.
func padded(b []byte) (name string, size int64, ok bool) {
	end := bytes.IndexByte(b, 0)
	if end < 0 || end > maxName {
		return "", 0, false
	}
	return string(b[:end]), int64(end/align+1) * align, true
}

// header is one file header.
type header struct {
	next int64
	kind int
	exec bool
	spec int64 // a folder's first header, a link's header, a device's number
	size int64
	name string
	data int64
	good bool // its checksum fits
}

// reader is an open file system.
type reader struct {
	src  format.Source
	root int64
	seen map[int64]bool // headers that were listed
	log  tree.Log
}

func (r *reader) header(at int64) (h header, err error) {
	b := format.Head(r.src, at, headerSize+maxName+1)
	if len(b) < 2*headerSize {
		return h, &tree.Fault{Kind: format.Truncated, At: at, Detail: "the header is outside of the file system"}
	}
	be := binary.BigEndian
	next := be.Uint32(b)
	h.next, h.kind, h.exec = int64(next&^lowBits), int(next&typeBits), next&execBit != 0
	h.spec, h.size = int64(be.Uint32(b[4:])), int64(be.Uint32(b[8:]))
	var n int64
	var ok bool
	if h.name, n, ok = padded(b[headerSize:]); !ok {
		return h, tree.Damage(at, "the name doesn't end within %d bytes", maxName)
	}
	h.data = at + headerSize + n
	h.good = headerSize+n <= int64(len(b)) && sum(b[:headerSize+n]) == 0
	return h, nil
}

// Root is tree.Reader's.
func (r *reader) Root() (tree.Node[header], error) {
	clear(r.seen)
	h, err := r.header(r.root)
	if err != nil {
		return tree.Node[header]{}, err
	}
	return r.node(h, r.root)
}

// node makes an entry of the header at at.
func (r *reader) node(h header, at int64) (tree.Node[header], error) {
	n := tree.Node[header]{At: at, List: uint64(h.spec), Own: h}
	k := kinds[h.kind]
	n.Type, n.Mode, n.Links, n.Inode = k.t, k.mode, 1, uint64(at)
	if h.exec {
		n.Mode |= 0o111
	}
	switch h.kind {
	case file:
		n.Size = h.size
	case block, char:
		n.Major, n.Minor = uint32(h.spec>>16), uint32(h.spec&0xffff)
	case dir:
		if h.spec == 0 {
			n.List = math.MaxUint64 - uint64(at) // empty
		}
	case symlink:
		n.Size = h.size
		if h.size > maxTarget {
			return n, tree.Damage(at, "a link target of %d bytes", h.size)
		}
		b := make([]byte, h.size)
		if err := format.ReadAt(r.src, b, h.data); err != nil {
			return n, err
		}
		n.Target = string(b)
	}
	return n, nil
}

// List is tree.Reader's.
func (r *reader) List(ctx context.Context, d *tree.Node[header], found tree.Found[header]) error {
	for at := d.Own.spec &^ lowBits; at != 0; {
		if r.seen[at] {
			return &tree.Fault{Kind: format.Loop, At: at, Detail: "the header was listed before"}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		r.seen[at] = true
		h, err := r.header(at)
		if err != nil {
			return err
		}
		if !h.good {
			r.log.Add(format.Problem{Offset: at, Path: strings.TrimSuffix(d.Path, "/") + "/" + h.name, Kind: format.BadChecksum, Detail: "the sum of the header does not fit"})
		}
		// The folder itself and the one above it.
		if h.name != "." && h.name != ".." {
			n, err := r.target(h, at)
			if err := found(h.name, at, &n, err); err != nil {
				return err
			}
		}
		at = h.next
	}
	return nil
}

// target makes the entry of a header; a hard link's is that of the header that
// it leads to.
func (r *reader) target(h header, at int64) (tree.Node[header], error) {
	for range 8 {
		if h.kind != hardLink {
			return r.node(h, at)
		}
		var err error
		at = h.spec &^ lowBits
		if h, err = r.header(at); err != nil {
			return tree.Node[header]{}, fmt.Errorf("hard link: %w", err)
		}
	}
	return tree.Node[header]{}, &tree.Fault{Kind: format.Loop, At: at, Detail: "a hard link leads to hard links"}
}

// Open is tree.Reader's.
func (r *reader) Open(n *tree.Node[header]) io.Reader {
	run := tree.Run{At: n.Own.data, Len: n.Own.size}
	return tree.Runs(r.src, func() (tree.Run, error) {
		if run.Len == 0 {
			return run, io.EOF
		}
		one := run
		run.Len = 0
		return one, nil
	})
}
