package erofs

import (
	"io"
	"slices"
	"sync"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// packed is the inode that holds the ends of many files, or whole small ones.
// It is expanded extent by extent; the last ones are kept.
type packed struct {
	err     error
	size    int64
	runs    []tree.Run // where it isn't compressed
	extents []extent
	starts  []int64 // of runs or extents

	mu   sync.Mutex
	kept [8]struct {
		extent int
		data   []byte
	}
	next   int // of kept, to be given up
	budget tree.Budget
}

// fragment fills p with what stands at at in the packed inode.
func (r *reader) fragment(p []byte, at int64) error {
	r.once.Do(func() { r.packed = r.openPacked() })
	k := r.packed
	if k.err != nil {
		return k.err
	}
	if at < 0 || at > k.size-int64(len(p)) {
		return tree.Damage(r.sb.meta, "a fragment at %d of %d", at, k.size)
	}
	for len(p) > 0 {
		n, err := k.read(r, p, at)
		if err != nil {
			return err
		}
		p, at = p[n:], at+int64(n)
	}
	return nil
}

func (r *reader) openPacked() *packed {
	k := new(packed)
	if r.sb.incompat&incompatFragments == 0 || r.sb.packed == 0 {
		k.err = tree.Damage(r.sb.meta, "the file system has no inode of fragments")
		return k
	}
	n, err := r.inode(r.sb.packed)
	if err != nil {
		k.err = err
		return k
	}
	k.size = n.Own.size
	k.budget.Set(min(k.size, 512<<20)*8+64<<20, "fragments")
	if n.Own.layout == layoutFull || n.Own.layout == layoutCompact {
		k.err = k.list(r, &n.Own)
		return k
	}
	next := r.flat(&n.Own)
	if n.Own.layout == layoutChunks {
		next = r.chunks(&n.Own)
	}
	for at := int64(0); at < k.size; {
		run, err := next()
		if err != nil {
			k.err = err
			return k
		}
		k.runs, k.starts = append(k.runs, run), append(k.starts, at)
		at += run.Len
	}
	return k
}

// list reads the whole index.
func (k *packed) list(r *reader, n *inode) error {
	x, err := r.index(n)
	if err != nil {
		return err
	}
	e, err := newExtents(x)
	if err != nil {
		return err
	}
	for {
		one, err := e.advance()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if one.fragment {
			return &tree.Fault{Kind: format.Loop, At: n.at, Detail: "the inode of fragments has a fragment"}
		}
		k.extents, k.starts = append(k.extents, one), append(k.starts, one.from)
	}
}

// read copies from the run or extent at at, as far as it goes.
func (k *packed) read(r *reader, p []byte, at int64) (int, error) {
	i, found := slices.BinarySearch(k.starts, at)
	if !found {
		i--
	}
	if i < 0 {
		return 0, tree.Damage(r.sb.meta, "no fragment stands at %d", at)
	}
	off := at - k.starts[i]
	if k.extents == nil {
		run := k.runs[i]
		p = p[:min(int64(len(p)), run.Len-off)]
		if run.At < 0 {
			clear(p)
			return len(p), nil
		}
		return len(p), format.ReadAt(r.src, p, run.At+off)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for j := range k.kept {
		if c := &k.kept[j]; c.data != nil && c.extent == i {
			return copy(p, c.data[off:]), nil
		}
	}
	if err := k.budget.Spend(k.extents[i].to - k.extents[i].from); err != nil {
		return 0, err
	}
	c := &k.kept[k.next]
	k.next = (k.next + 1) % len(k.kept)
	data, err := r.whole(c.data, k.extents[i])
	if err != nil {
		c.data = nil
		return 0, err
	}
	c.extent, c.data = i, data
	return copy(p, data[off:]), nil
}
