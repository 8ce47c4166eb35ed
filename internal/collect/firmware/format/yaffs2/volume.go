package yaffs2

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/flash"
	"assay/internal/collect/firmware/format/tree"
)

// volume is what the tree asks about objects.
type volume struct {
	*scan
	objects map[uint32]*object
	pieces  []piece // by object and number
}

// object is what its headers say, up to the newest.
type object struct {
	header uint32 // its chunk
	when   int    // it was written
	cuts   []cut
	size   uint64 // of a file, with what was written after the header
	gone   bool
}

// cut leaves a file that many chunks of those that were there.
type cut struct {
	when  int
	limit uint32
}

// piece is a chunk of a file.
type piece struct {
	obj, id, at, bytes uint32
	when               int
}

// open applies all chunks, oldest first, and makes a tree of what is left.
func (c *scan) open(ctx context.Context, lim format.Limits) (*flash.Volume, error) {
	v := &volume{scan: c, objects: map[uint32]*object{}}
	log := new(tree.Log)
	newest := map[uint64]piece{}
	for when, n := range c.sorted() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if n.id > 0 {
			newest[uint64(n.obj)<<32|uint64(n.id)] = piece{n.obj, n.id, n.at, n.bytes, when}
		} else if err := v.take(n, when); err != nil {
			log.Fault("", c.at+int64(n.at)*c.stride(), err)
		}
	}
	v.settle(newest)
	return flash.New(v, rootID, v.names(), true, lim, log), nil
}

func (v *volume) read(at uint32) (header, error) {
	b := make([]byte, headerSize)
	off := v.at + int64(at)*v.stride()
	if err := format.ReadAt(v.src, b, off); err != nil {
		return header{}, err
	}
	h := header{b, v.order}
	if !h.plausible() {
		return h, tree.Damage(off, "not a header, as its tags say")
	}
	return h, nil
}

// take takes in a header that is newer than all before.
func (v *volume) take(n chunk, when int) error {
	h, err := v.read(n.at)
	if err != nil {
		return err
	}
	o := v.objects[n.obj]
	if o == nil {
		o = new(object)
		v.objects[n.obj] = o
	}
	o.header, o.when, o.size = n.at, when, uint64(h.u32(292))
	o.gone = h.parent() == unlinkedID || h.parent() == deletedID
	if high := h.u32(496); high < 1<<12 { // erased where files had no more than 32 bits
		o.size |= uint64(high) << 32
	}
	if h.kind() == kindFile && (n.shrink || h.u32(508) == 1) {
		limit := (o.size + uint64(v.chunk) - 1) / uint64(v.chunk)
		o.cuts = append(o.cuts, cut{when, uint32(min(limit, mostChunkID))})
	}
	// A name that was given to another object takes it from the one before.
	if old := v.objects[h.u32(504)]; old != nil && old != o {
		old.gone = true
	}
	return nil
}

// settle keeps the pieces of files that are there, and adds to a file's size
// what was written after its header.
func (v *volume) settle(newest map[uint64]piece) {
	for _, o := range v.objects {
		for i := len(o.cuts) - 2; i >= 0; i-- {
			o.cuts[i].limit = min(o.cuts[i].limit, o.cuts[i+1].limit) // the later ones cut too
		}
	}
	for _, p := range newest {
		o := v.objects[p.obj]
		if o == nil || o.gone {
			continue
		}
		later, _ := slices.BinarySearchFunc(o.cuts, p.when, func(c cut, when int) int { return cmp.Compare(c.when, when) })
		if later < len(o.cuts) && o.cuts[later].limit < p.id {
			continue
		}
		v.pieces = append(v.pieces, p)
		if p.when > o.when {
			o.size = max(o.size, uint64(p.id-1)*uint64(v.chunk)+uint64(p.bytes))
		}
	}
	slices.SortFunc(v.pieces, func(a, b piece) int { return cmp.Or(cmp.Compare(a.obj, b.obj), cmp.Compare(a.id, b.id)) })
}

// names returns the names of all objects, the newest last.
func (v *volume) names() []flash.Name {
	ids := slices.SortedFunc(maps.Keys(v.objects), func(a, b uint32) int { return cmp.Compare(v.objects[a].when, v.objects[b].when) })
	var out []flash.Name
	lost := false
	for _, id := range ids {
		o := v.objects[id]
		if o.gone || id == rootID || id == lostID {
			continue
		}
		h, err := v.read(o.header)
		if err != nil {
			continue // it was read before
		}
		n := flash.Name{Dir: uint64(h.parent()), Node: uint64(id), Name: h.text(10, 256), At: v.at + int64(o.header)*v.stride()}
		if h.kind() == kindHardLink {
			n.Node = uint64(h.u32(296))
		}
		lost = lost || n.Dir == lostID
		out = append(out, n)
	}
	if lost {
		out = append(out, flash.Name{Dir: rootID, Node: lostID, Name: "lost+found", At: v.at})
	}
	return out
}

// Stat reads an object's newest header.
func (v *volume) Stat(node uint64) (format.Entry, error) {
	o := v.objects[uint32(node)]
	if o == nil && node == lostID {
		return format.Entry{Type: format.Dir, Mode: 0o700}, nil // made up, as YAFFS does
	}
	if o == nil || o.gone {
		return format.Entry{}, fmt.Errorf("object %d: it is not there", node)
	}
	h, err := v.read(o.header)
	if err != nil {
		return format.Entry{}, err
	}
	mode := h.u32(268)
	e := format.Entry{
		Mode: mode & 0o7777, UID: h.u32(272), GID: h.u32(276),
		MTime: time.Unix(int64(h.u32(284)), 0).UTC(),
	}
	var ok bool
	if e.Type, ok = flash.TypeOf(mode); !ok || h.kind() == kindHardLink {
		return e, fmt.Errorf("object %d: a link to a link", node)
	}
	switch e.Type {
	case format.File:
		e.Size = int64(o.size)
	case format.Symlink:
		e.Target = h.text(300, 160)
		e.Size = int64(len(e.Target))
	case format.Block, format.Char:
		e.Major, e.Minor = flash.Device(h.u32(460))
	}
	return e, nil
}

// Content reads a file.
func (v *volume) Content(node uint64) io.Reader {
	o := v.objects[uint32(node)]
	from, _ := slices.BinarySearchFunc(v.pieces, uint32(node), func(p piece, obj uint32) int { return cmp.Compare(p.obj, obj) })
	rest := v.pieces[from:]
	return tree.Blocks(int64(o.size), v.chunk, func(i int64, b []byte) error {
		// Pieces come in rising order; what is not there is a hole.
		for len(rest) > 0 && rest[0].obj == uint32(node) && int64(rest[0].id) < i+1 {
			rest = rest[1:]
		}
		if len(rest) == 0 || rest[0].obj != uint32(node) || int64(rest[0].id) != i+1 {
			clear(b)
			return nil
		}
		n := min(len(b), int(rest[0].bytes))
		clear(b[n:])
		return format.ReadAt(v.src, b[:n], v.at+int64(rest[0].at)*v.stride())
	})
}
