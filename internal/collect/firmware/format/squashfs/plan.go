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
	names []byte // each behind its length less one
	tails []file // that stand in a fragment wholly
	bulks []file // that have blocks
	jobs  []job
	items []item
	frags map[int64]uint32 // by where it stands
}

// first is the file of an item that comes first in the walk.
func (it *item) first() *file {
	var f *file
	for i := range it.tails {
		if f == nil || it.tails[i].name < f.name {
			f = &it.tails[i]
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
	tails    []file
	jobs     []job
	bytes    int64 // to be expanded
}

// plan walks the names. What has no content is given to fn at once.
func (f *FS) plan(ctx context.Context, fn func(e format.Entry) error) (*plan, error) {
	p := &plan{frags: map[int64]uint32{}}
	err := f.walk(ctx, func(n *inode) error {
		if n.Type == format.Dir {
			n.folder = uint32(len(p.dirs))
			p.dirs = append(p.dirs, dir{parent: n.parent, name: p.keep(n.name)})
		}
		if n.Type != format.File || n.Size == 0 {
			return fn(n.Entry)
		}
		x := file{ref: n.ref, data: n.data, size: n.Size, want: n.want, fragment: p.fragment(f.m, n.fragment), off: n.fragOffset, dir: n.parent, name: p.keep(n.name)}
		switch end := n.inBlocks(f.super.BlockSize); end {
		case 0:
			p.tails = append(p.tails, x)
		case n.Size:
			x.fragment, x.off = noFragment, 0
			fallthrough
		default:
			p.bulks = append(p.bulks, x)
		}
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

// keep notes a name of up to 256 bytes.
func (p *plan) keep(name string) uint32 {
	at := uint32(len(p.names))
	p.names = append(p.names, byte(len(name)-1))
	p.names = append(p.names, name...)
	return at
}

func (p *plan) nameAt(at uint32) string {
	return string(p.names[at+1 : at+2+uint32(p.names[at])])
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
	slices.SortFunc(p.tails, func(a, b file) int {
		return cmp.Or(cmp.Compare(a.fragment, b.fragment), cmp.Compare(a.off, b.off), cmp.Compare(a.size, b.size), cmp.Compare(a.name, b.name))
	})
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

// list makes the items: tails and jobs are sorted by fragment.
func (p *plan) list(blockSize int64) {
	tails, jobs := p.tails, p.jobs
	for len(tails) > 0 || len(jobs) > 0 {
		it := item{fragment: noFragment}
		if len(tails) > 0 {
			it.fragment = tails[0].fragment
		}
		if len(jobs) > 0 {
			it.fragment = min(it.fragment, jobs[0].files[0].fragment)
		}
		if it.fragment == noFragment {
			it.jobs, it.bytes, jobs = jobs[:1], jobs[0].bytes, jobs[1:]
			p.items = append(p.items, it)
			continue
		}
		it.bytes = blockSize
		n := 0
		for n < len(tails) && tails[n].fragment == it.fragment {
			n++
		}
		it.tails, tails = tails[:n], tails[n:]
		n = 0
		for n < len(jobs) && jobs[n].files[0].fragment == it.fragment {
			it.bytes += jobs[n].bytes
			n++
		}
		it.jobs, jobs = jobs[:n], jobs[n:]
		p.items = append(p.items, it)
	}
}
