package squashfsold

import (
	"errors"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// A block's size word has a bit for stored blocks: the highest of 16 in version
// 1, the 25th later (SQUASHFS_COMPRESSED_BIT, _BIT_BLOCK).
const (
	storedBlock1 = 1 << 15
	storedBlock  = 1 << 24
)

// fragments are the fragment blocks that were expanded last: files that were
// written one after the other share one.
type fragments struct {
	kept [4]struct {
		i    int64
		data []byte
	}
	next   int
	budget tree.Budget // bytes
}

// Open is tree.Reader's.
func (r *reader) Open(n *tree.Node[node]) io.Reader {
	f := &file{r: r, n: &n.Own, size: n.Size, at: n.Own.data, list: n.Own.blocks}
	return tree.Blocks(n.Size, int(r.sb.blockSize), f.fill)
}

// file reads the blocks of one file, in order.
type file struct {
	r    *reader
	n    *node
	size int64
	at   int64  // of the next block
	list cursor // of its size
}

// fill is for tree.Blocks.
func (f *file) fill(i int64, p []byte) error {
	if f.n.fragment != noFragment && int64(len(p)) < f.r.sb.blockSize {
		return f.r.tail(f.n, p)
	}
	word, err := f.word()
	if err != nil {
		return err
	}
	if word == 0 {
		clear(p)
		return nil
	}
	at := f.at
	f.at += int64(word &^ storedBlock)
	n, err := f.r.data(at, word, p)
	if err == nil && n < len(p) {
		err = fmt.Errorf("expands to %d bytes, the file needs %d", n, len(p))
	}
	return damaged(at, "block", i, err)
}

// damaged says which block an error is about, but for limits.
func damaged(at int64, what string, i int64, err error) error {
	if err == nil || errors.Is(err, format.ErrLimit) {
		return err
	}
	return tree.Damage(at, "%s %d: %v", what, i, err)
}

// word reads the next block's size.
func (f *file) word() (uint32, error) {
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	if f.r.sb.major > 1 {
		w, err := f.list.fields(4)
		return uint32(w.take(32)), err
	}
	w, err := f.list.fields(2)
	v := uint32(w.take(16))
	if v&storedBlock1 != 0 {
		// A whole stored block of 32 KiB has no bit left for its length.
		if v &^= storedBlock1; v == 0 {
			v = storedBlock1
		}
		v |= storedBlock
	}
	return v, err
}

// data expands the block at at into p.
func (r *reader) data(at int64, word uint32, p []byte) (int, error) {
	size := int64(word &^ storedBlock)
	if size > 2*r.sb.blockSize || at < 0 || at > r.src.Size()-size {
		return 0, fmt.Errorf("%d bytes of %d", size, r.src.Size())
	}
	if err := r.input.Spend(size); err != nil {
		return 0, err
	}
	if word&storedBlock != 0 {
		if size > int64(len(p)) {
			return 0, errTooLong
		}
		return int(size), format.ReadAt(r.src, p[:size], at)
	}
	d := r.free.Get().(*expander)
	defer r.free.Put(d)
	if int64(cap(d.src)) < size {
		d.src = make([]byte, 2*r.sb.blockSize)
	}
	src := d.src[:size]
	if err := format.ReadAt(r.src, src, at); err != nil {
		return 0, err
	}
	return d.expand(r.codec, p, src)
}

// tail reads the end of a file, which stands in a fragment block.
func (r *reader) tail(n *node, p []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, at, err := r.fragmentBlock(n.fragment)
	if err != nil {
		return err
	}
	if n.fragmentAt+int64(len(p)) > int64(len(b)) {
		return tree.Damage(at, "a tail of %d bytes at %d in a fragment block of %d", len(p), n.fragmentAt, len(b))
	}
	copy(p, b[n.fragmentAt:])
	return nil
}

func (r *reader) fragmentBlock(i int64) (data []byte, at int64, err error) {
	at = r.sb.fragTable
	for j := range r.frags.kept {
		if k := &r.frags.kept[j]; k.data != nil && k.i == i {
			return k.data, at, nil
		}
	}
	at, word, err := r.fragment(i)
	if err != nil {
		return nil, at, err
	}
	if err := r.frags.budget.Spend(r.sb.blockSize); err != nil {
		return nil, at, err
	}
	k := &r.frags.kept[r.frags.next]
	r.frags.next = (r.frags.next + 1) % len(r.frags.kept)
	if k.data == nil {
		k.data = make([]byte, r.sb.blockSize)
	}
	b := k.data[:r.sb.blockSize]
	k.data = nil
	n, err := r.data(at, word, b)
	if err != nil {
		return nil, at, damaged(at, "fragment block", i, err)
	}
	k.i, k.data = i, b[:n]
	return k.data, at, nil
}
