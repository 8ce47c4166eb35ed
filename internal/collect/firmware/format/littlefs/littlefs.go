// Package littlefs reads littlefs 2, the file system of small flash chips (Zephyr,
// Mbed, ESP-IDF, Arduino). In: a Source and where block 0 stands. Out: a
// format.Part whose volume is the newest state of all files. Says who: SPEC.md
// and DESIGN.md of the littlefs project, version 2.1 on the disk. It was tried
// on images of a writer of our own, not on one of a device.
package littlefs

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

const (
	magic   = "littlefs"
	magicAt = 8
	// maxBlock bounds an erase block; least is what the lists of blocks need.
	maxBlock   = 1 << 20
	leastBlock = 104
	noBlock    = 1<<32 - 1
)

var le = binary.LittleEndian

// New returns the format.
func New() format.Format {
	return format.Format{Name: "littlefs", Magics: []format.Magic{{Bytes: magic, At: magicAt}}, Look: look}
}

// super is what the first entry of the first pair says.
type super struct {
	version, block, count uint32
}

// look is sure by the checksum of a commit that begins with a superblock.
func look(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	// How large a block is stands in it: the commits end before.
	b := format.Head(s, at, 16<<10)
	if len(b) < 64 || string(b[magicAt:magicAt+len(magic)]) != magic {
		return nil, nil
	}
	p := parsePair(b)
	sup, ok := p.super()
	if !ok {
		return nil, nil
	}
	part := &format.Part{Format: "littlefs", Offset: at,
		Note: fmt.Sprintf("%d.%d, %d blocks of %d bytes", sup.version>>16, sup.version&0xffff, sup.count, sup.block)}
	part.Claim(s, int64(sup.block)*int64(sup.count))
	part.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		r := &reader{s: format.Section(s, at, part.Size), sup: sup}
		return tree.New(r, lim, &r.log), nil
	}
	return part, nil
}

// reader is an open file system.
type reader struct {
	s   format.Source
	sup super
	log tree.Log
}

// node is what a name has: a folder's pair, or a file's content.
type node struct {
	pair   pair
	inline []byte
	head   uint32 // of the list of blocks
	listed bool   // the content stands in blocks
}

// pair are the two blocks that hold one run of names.
type pair [2]uint32

func (p pair) key() uint64 { return uint64(max(p[0], p[1]))<<32 | uint64(min(p[0], p[1])) }

// Root is the folder of blocks 0 and 1.
func (r *reader) Root() (tree.Node[node], error) {
	root := pair{0, 1}
	if _, err := r.pair(root); err != nil {
		return tree.Node[node]{}, err
	}
	return r.folder(root), nil
}

func (r *reader) folder(p pair) tree.Node[node] {
	return tree.Node[node]{Entry: format.Entry{Type: format.Dir, Mode: 0o755, Links: 1}, At: int64(p[0]) * int64(r.sup.block), List: p.key(), Own: node{pair: p}}
}

// pair reads the newer of two blocks; the other one where that isn't whole.
func (r *reader) pair(p pair) (*log, error) {
	var sides [2]*log
	for i, n := range p {
		if n >= r.sup.count {
			continue
		}
		b := format.Head(r.s, int64(n)*int64(r.sup.block), int(r.sup.block))
		sides[i] = parsePair(b)
	}
	a, b := sides[0], sides[1]
	switch {
	case a == nil && b == nil:
		return nil, tree.Damage(int64(p[0])*int64(r.sup.block), "blocks %d and %d hold no whole commit", p[0], p[1])
	case a == nil, b != nil && int32(b.revision-a.revision) > 0:
		return b, nil
	}
	return a, nil
}

// List goes through the pairs of a folder.
func (r *reader) List(ctx context.Context, d *tree.Node[node], found tree.Found[node]) error {
	seen := map[uint64]bool{}
	for at := d.Own.pair; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if seen[at.key()] {
			return &tree.Fault{Kind: format.Loop, At: int64(at[0]) * int64(r.sup.block), Detail: "the folder leads back to itself"}
		}
		seen[at.key()] = true
		l, err := r.pair(at)
		if err != nil {
			return err
		}
		off := int64(at[0]) * int64(r.sup.block)
		for i := range l.files {
			f := &l.files[i]
			if f.kind == kindSuper || f.kind == kindNone {
				continue
			}
			n, err := r.node(f, off)
			if err := found(f.name, off, &n, err); err != nil {
				return err
			}
		}
		if !l.hard {
			return nil
		}
		at = l.tail
	}
}

func (r *reader) node(f *file, at int64) (n tree.Node[node], err error) {
	if f.kind == kindDir {
		if len(f.data) < 8 || f.how != structDir {
			return n, tree.Damage(at, "a folder that does not say where it stands")
		}
		return r.folder(pair{le.Uint32(f.data), le.Uint32(f.data[4:])}), nil
	}
	n.Entry = format.Entry{Type: format.File, Mode: 0o644, Links: 1, MTime: f.mtime}
	n.At = at
	switch {
	case f.how == structInline:
		n.Size, n.Own.inline = int64(len(f.data)), f.data
	case f.how == structList && len(f.data) >= 8:
		n.Size, n.Own.head, n.Own.listed = int64(le.Uint32(f.data[4:])), le.Uint32(f.data), true
	case f.how == structNone: // created, nothing written
	default:
		return n, tree.Damage(at, "a file whose content is of kind %d", f.how)
	}
	return n, nil
}

// Open reads a content. A list of blocks leads from the last one to the first:
// block i begins with as many pointers as i is divisible by two, the first of them
// to block i-1 (DESIGN.md, "CTZ skip-lists").
func (r *reader) Open(n *tree.Node[node]) io.Reader {
	if !n.Own.listed {
		return &inline{b: n.Own.inline}
	}
	size := int64(r.sup.block)
	last, _ := r.place(n.Size - 1)
	if n.Size <= 0 || last >= int64(r.sup.count) {
		return tree.Fail(tree.Damage(n.At, "a file of %d bytes in %d blocks of %d", n.Size, r.sup.count, size))
	}
	blocks := make([]uint32, last+1)
	at := n.Own.head
	for i := last; ; i-- {
		if at >= r.sup.count {
			return tree.Fail(tree.Damage(n.At, "block %d of a file is block %d of %d", i, at, r.sup.count))
		}
		if blocks[i] = at; i == 0 {
			break
		}
		var b [4]byte
		if err := format.ReadAt(r.s, b[:], int64(at)*size); err != nil {
			return tree.Fail(err)
		}
		at = le.Uint32(b[:])
	}
	next, left := int64(0), n.Size
	return tree.Runs(r.s, func() (tree.Run, error) {
		if left <= 0 || next > last {
			return tree.Run{}, io.EOF
		}
		skip := pointers(next)
		run := tree.Run{At: int64(blocks[next])*size + skip, Len: min(size-skip, left)}
		next++
		left -= run.Len
		return run, nil
	})
}

// pointers is how many bytes of block i of a file are pointers.
func pointers(i int64) int64 {
	if i == 0 {
		return 0
	}
	return 4 * int64(bits.TrailingZeros64(uint64(i))+1)
}

// place is the block of a file that byte off stands in, and where in it. All
// blocks have room for all but two pointers on average.
func (r *reader) place(off int64) (block, at int64) {
	b := int64(r.sup.block) - 8
	i := off / b
	if i <= 0 {
		return 0, off
	}
	i = (off - 4*(int64(bits.OnesCount64(uint64(i-1)))+2)) / b
	return i, off - b*i - 4*int64(bits.OnesCount64(uint64(i)))
}

type inline struct{ b []byte }

func (r *inline) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b)
	r.b = r.b[n:]
	return n, nil
}

// modified is the time that ESP-IDF's port keeps as attribute 't'.
func modified(b []byte) time.Time {
	switch len(b) {
	case 4:
		return time.Unix(int64(le.Uint32(b)), 0).UTC()
	case 8:
		if v := le.Uint64(b); v < 1<<40 {
			return time.Unix(int64(v), 0).UTC()
		}
	}
	return time.Time{}
}
