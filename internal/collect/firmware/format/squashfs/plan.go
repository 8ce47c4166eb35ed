package squashfs

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"assay/internal/collect/firmware/format"
)

// plan is what Each has to do: the files of a tree, put together by the blocks
// that they stand in. It keeps little of each, since there may be a million.
type plan struct {
	dirs  []dir
	names [][]byte          // chunks of names, each name behind its length less one
	tails map[uint32][]tail // files that stand in a fragment wholly, by fragment
	bulks []file            // that have blocks
	jobs  []job
	items []item
	frags map[int64]uint32 // by where it stands
}

// first is the file of an item that comes first in the walk.
func (it *item) first() *file {
	var f *file
	for i := range it.tails {
		if f == nil || it.tails[i].name < f.name {
			x := it.tails[i].file()
			f = &x
		}
	}
	for i := range it.jobs {
		if x := &it.jobs[i].files[0]; f == nil || x.name < f.name {
			f = x
		}
	}
	return f
}

// dir is a folder: its own name, and the folder that it stands in.
type dir struct{ parent, name uint32 }

// file is one name of a file.
type file struct {
	ref        uint64 // of the inode
	data       int64  // where the first block stands
	size, want int64
	fragment   uint32 // where the tail stands
	off        uint32
	dir, name  uint32 // name: in plan.names; grows in the order of the walk
	tail       *tail  // nil: its inode is read again
}

// tail is one name of a file that stands in a fragment wholly, with all of its
// inode. Most files of a tree of many are such ones.
type tail struct {
	dir, name        uint32
	off              uint32
	size, want       uint32 // less than a block
	mtime, inode     uint32
	links            uint32
	mode, uid, group uint16 // the owners' indexes
}

func (t *tail) file() file {
	return file{size: int64(t.size), want: int64(t.want), off: t.off, dir: t.dir, name: t.name, tail: t}
}

// same says that y is another name of x.
func (x *file) same(y *file) bool {
	if x.tail == nil || y.tail == nil {
		return x.ref == y.ref && x.tail == y.tail
	}
	return x.tail.links > 1 && x.tail.inode == y.tail.inode
}

// job is one run of blocks, and the files that it is the content of.
type job struct {
	files []file
	bytes int64
}

// item is a fragment with all that stands in it, or a job whose files have
// nothing in a fragment.
type item struct {
	fragment uint32 // or noFragment
	tails    []tail
	jobs     []job
	bytes    int64 // to be expanded
}

// plan walks the names. What has no content is given to fn at once.
func (f *FS) plan(ctx context.Context, fn func(e format.Entry) error) (*plan, error) {
	p := &plan{frags: map[int64]uint32{}, tails: map[uint32][]tail{}}
	err := f.walk(ctx, true, func(n *inode) error {
		if n.Type == format.Dir {
			n.folder = uint32(len(p.dirs))
			p.dirs = append(p.dirs, dir{parent: n.parent, name: p.keep(n.name)})
		}
		if n.Type != format.File || n.Size == 0 {
			return fn(n.Entry)
		}
		end, fragment := n.inBlocks(f.super.BlockSize), p.fragment(f.m, n.fragment)
		if end == 0 {
			p.tails[fragment] = append(p.tails[fragment], tail{dir: n.parent, name: p.keep(n.name), off: n.fragOffset, size: uint32(n.Size), want: uint32(n.want),
				mtime: uint32(n.MTime.Unix()), inode: uint32(n.Inode), links: n.Links, mode: uint16(n.Mode), uid: n.owner, group: n.group})
			return nil
		}
		x := file{ref: n.ref, data: n.data, size: n.Size, want: n.want, fragment: fragment, off: n.fragOffset, dir: n.parent, name: p.keep(n.name)}
		if end == n.Size {
			x.fragment, x.off = noFragment, 0
		}
		p.bulks = append(p.bulks, x)
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.group(int64(f.super.BlockSize))
	return p, nil
}

// fragment makes all indexes of one fragment the first one that was met. A table
// that lists it again and again must not have it expanded as often.
func (p *plan) fragment(m *metaReader, i uint32) uint32 {
	if i == noFragment {
		return i
	}
	at, _, err := m.fragment(i)
	if err != nil {
		return i // there is nothing to be expanded
	}
	if first, ok := p.frags[at]; ok {
		return first
	}
	p.frags[at] = i
	return i
}

// chunk is how many bytes of names stand together: one slice of them all would
// be copied again and again while it grows.
const chunk = 1 << 16

// keep notes a name of up to 256 bytes.
func (p *plan) keep(name string) uint32 {
	last := len(p.names) - 1
	if last < 0 || len(p.names[last])+1+len(name) > chunk {
		p.names = append(p.names, make([]byte, 0, chunk))
		last++
	}
	at := uint32(last*chunk + len(p.names[last]))
	p.names[last] = append(append(p.names[last], byte(len(name)-1)), name...)
	return at
}

func (p *plan) nameAt(at uint32) string {
	b := p.names[at/chunk][at%chunk:]
	return string(b[1 : 2+int(b[0])])
}

// path is the path of a name.
func (p *plan) path(dir, name uint32) string {
	parts := []string{p.nameAt(name)}
	for dir != 0 {
		parts = append(parts, p.nameAt(p.dirs[dir].name))
		dir = p.dirs[dir].parent
	}
	slices.Reverse(parts)
	return "/" + strings.Join(parts, "/")
}

// group puts names of the same blocks together: hard links, and files that
// mksquashfs found to be equal. Files whose blocks are the same and whose tails
// stand in different fragments are not: their blocks are expanded for each.
func (p *plan) group(blockSize int64) {
	slices.SortFunc(p.bulks, func(a, b file) int {
		return cmp.Or(cmp.Compare(a.fragment, b.fragment), cmp.Compare(a.data, b.data), cmp.Compare(a.size, b.size),
			cmp.Compare(a.off, b.off), cmp.Compare(a.name, b.name))
	})
	for rest := p.bulks; len(rest) > 0; {
		n := 1
		for n < len(rest) && sameBlocks(&rest[0], &rest[n], blockSize) {
			n++
		}
		j := job{files: rest[:n]}
		for i := range j.files {
			j.bytes = max(j.bytes, j.files[i].want)
		}
		p.jobs = append(p.jobs, j)
		rest = rest[n:]
	}
	for _, t := range p.tails {
		slices.SortFunc(t, func(a, b tail) int {
			return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(a.size, b.size), cmp.Compare(a.name, b.name))
		})
	}
	p.list(blockSize)
	// The largest first: what is left at the end is small, and the workers end
	// together.
	slices.SortStableFunc(p.items, func(a, b item) int { return cmp.Compare(b.bytes, a.bytes) })
}

func sameBlocks(a, b *file, blockSize int64) bool {
	if a.data != b.data || a.fragment != b.fragment {
		return false
	}
	return a.size == b.size || a.fragment != noFragment && a.size/blockSize == b.size/blockSize
}

// list makes the items: one for each fragment, and one for each job without.
func (p *plan) list(blockSize int64) {
	var fragments []uint32
	for i := range p.tails {
		fragments = append(fragments, i)
	}
	for i := range p.jobs {
		if f := p.jobs[i].files[0].fragment; f != noFragment && p.tails[f] == nil {
			fragments = append(fragments, f)
		}
	}
	slices.Sort(fragments)
	jobs := p.jobs // sorted by fragment; those without one come last
	for _, f := range slices.Compact(fragments) {
		it := item{fragment: f, tails: p.tails[f], bytes: blockSize}
		n := 0
		for n < len(jobs) && jobs[n].files[0].fragment == f {
			it.bytes += jobs[n].bytes
			n++
		}
		it.jobs, jobs = jobs[:n], jobs[n:]
		p.items = append(p.items, it)
	}
	for i := range jobs {
		p.items = append(p.items, item{fragment: noFragment, jobs: jobs[i : i+1], bytes: jobs[i].bytes})
	}
}
