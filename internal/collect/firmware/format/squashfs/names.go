package squashfs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"assay/internal/collect/firmware/format"
)

// tree walks the names.
type tree struct {
	f       *FS
	m       *metaReader
	emit    func(*inode) error
	entries int
	seen    map[uint64]struct{} // listings and directory inodes that were read
	numbers numbers             // of inodes that were met
	whole   bool                // nothing was left out so far
	left    int64               // of Limits.Total
	// linked are the contents with several names, by the reference of the inode,
	// where each is read once: how much of it was counted.
	linked map[uint64]int64
}

// numbers is a set of inode numbers, 1 to the superblock's count. It is empty
// where that is beyond all limits.
type numbers struct {
	bits []uint64
	n    int
}

func (s *numbers) add(i uint64) {
	if s.bits == nil {
		return
	}
	if w, bit := i/64, uint64(1)<<(i%64); s.bits[w]&bit == 0 {
		s.bits[w] |= bit
		s.n++
	}
}

// walk calls emit for every entry, folders before what they hold, the root
// first. An error of emit ends it and is returned; damage does not: it is a
// problem. once says that a content with several names is read once. The caller
// holds f.meta; emit may let go of it.
func (f *FS) walk(ctx context.Context, once bool, emit func(*inode) error) error {
	t := &tree{f: f, m: f.m, emit: emit, entries: 1, seen: map[uint64]struct{}{}, whole: true, left: f.lim.Total}
	if once {
		t.linked = map[uint64]int64{}
	}
	if int64(f.super.Inodes) <= int64(f.lim.Entries) {
		t.numbers.bits = make([]uint64, f.super.Inodes/64+1)
	} else {
		t.whole = false
	}
	root, err := t.m.inode(f.super.Root)
	if err == nil && root.Type != format.Dir {
		err = fmt.Errorf("it is a %s", root.Type)
	}
	if err != nil {
		return fmt.Errorf("squashfs: %w: root inode: %w", format.ErrDamaged, err)
	}
	root.Path = "/"
	t.numbers.add(min(root.Inode, uint64(f.super.Inodes)))
	if err := emit(&root); err != nil {
		return err
	}
	err = t.dir(ctx, &root, 1)
	if err != nil && !errors.Is(err, errTooMany) {
		return err
	}
	if n := t.numbers.n; t.whole && n != int(f.super.Inodes) {
		f.problem(format.Problem{Offset: 4, Kind: format.Mismatch, Detail: fmt.Sprintf("the superblock counts %d inodes, the tree has %d", f.super.Inodes, n)})
	}
	return nil
}

func (t *tree) problem(p format.Problem) {
	t.whole = false
	t.f.problem(p)
}

var errTooMany = errors.New("too many entries")

// dir lists one directory. Damage ends its listing, not the walk.
func (t *tree) dir(ctx context.Context, d *inode, depth int) error {
	const overhead = 3 // the size of a listing counts "." and ".." as 3 bytes
	if d.listed <= overhead {
		return nil
	}
	at := t.f.super.DirTable + d.listing
	if depth > t.f.lim.Depth {
		t.problem(format.Problem{Offset: at, Path: d.Path, Kind: format.TooDeep, Detail: fmt.Sprintf("more than %d folders deep", t.f.lim.Depth)})
		return nil
	}
	// Folders cannot be hard links, and no two listings share a place: meeting
	// one twice is a loop, or a bomb of the same names again and again.
	list := uint64(d.listing)<<16 | uint64(d.listingOff) | 1<<63
	_, once := t.seen[list]
	_, twice := t.seen[d.ref]
	if once || twice {
		t.problem(format.Problem{Offset: at, Path: d.Path, Kind: format.Loop, Detail: "this listing was read before under another name"})
		return nil
	}
	t.seen[list], t.seen[d.ref] = struct{}{}, struct{}{}
	c := cursor{m: t.m, pos: at, off: int(d.listingOff), end: t.f.size}
	damaged := func(err error) error {
		t.problem(format.Problem{Offset: c.at(), Path: d.Path, Kind: format.Damaged, Detail: "listing: " + err.Error()})
		return nil
	}
	var name [256]byte
	for left := int64(d.listed) - overhead; left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		count, start, err := c.run()
		if err != nil {
			return damaged(err)
		}
		left -= 12
		for range count {
			off, size, err := c.name(&name)
			if err != nil {
				return damaged(err)
			}
			if left -= int64(8 + size); left < 0 {
				return damaged(errors.New("a name goes beyond its end"))
			}
			if err := t.name(ctx, d, string(name[:size]), uint64(start)<<16|uint64(off), c.at(), depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// run reads the header of a run of names: how many, and the block of their inodes.
func (c *cursor) run() (count int, start uint32, err error) {
	var h [12]byte
	if err := c.read(h[:]); err != nil {
		return 0, 0, err
	}
	o := c.m.f.super.order
	n := o.Uint32(h[:])
	if n > 255 {
		return 0, 0, fmt.Errorf("a run of %d names", uint64(n)+1)
	}
	return int(n) + 1, o.Uint32(h[4:]), nil
}

// name reads a name, size bytes of b, and where in its block the inode stands.
func (c *cursor) name(b *[256]byte) (off uint16, size int, err error) {
	var e [8]byte
	if err := c.read(e[:]); err != nil {
		return 0, 0, err
	}
	o := c.m.f.super.order
	if size = int(o.Uint16(e[6:])) + 1; size > len(b) {
		return 0, 0, fmt.Errorf("a name of %d bytes", size)
	}
	return o.Uint16(e[:]), size, c.read(b[:size])
}

// name gives out one entry of d, and goes down into it.
func (t *tree) name(ctx context.Context, d *inode, name string, ref uint64, at int64, depth int) error {
	path, bad := format.Join(d.Path, name)
	if t.entries++; t.entries > t.f.lim.Entries {
		t.problem(format.Problem{Offset: at, Path: path, Kind: format.TooMany, Detail: fmt.Sprintf("more than %d entries", t.f.lim.Entries)})
		return errTooMany
	}
	if bad != "" {
		t.problem(format.Problem{Offset: at, Path: path, Kind: format.BadName, Detail: bad})
		return nil
	}
	n, err := t.m.inode(ref)
	if err != nil {
		kind := format.Damaged
		if errors.Is(err, format.ErrLimit) {
			kind = format.TooBig
		}
		t.problem(format.Problem{Offset: t.f.super.InodeTable + int64(ref>>16), Path: path, Kind: kind, Detail: err.Error()})
		if kind == format.TooBig {
			return errTooMany
		}
		return nil
	}
	n.Path, n.parent, n.name = path, d.folder, name
	if n.Inode == 0 || n.Inode > uint64(t.f.super.Inodes) {
		t.problem(format.Problem{Offset: t.f.super.InodeTable + int64(ref>>16), Path: path, Kind: format.Mismatch,
			Detail: fmt.Sprintf("inode number %d of %d", n.Inode, t.f.super.Inodes)})
	} else {
		t.numbers.add(n.Inode)
	}
	t.grant(&n)
	if err := t.emit(&n); err != nil {
		return err
	}
	if n.Type == format.Dir {
		return t.dir(ctx, &n, depth+1)
	}
	return nil
}

// grant sets how much of a file is given out.
func (t *tree) grant(n *inode) {
	if n.Type != format.File {
		return
	}
	if w, again := t.linked[n.ref]; again {
		n.want = w
	} else {
		n.want = max(min(n.Size, t.f.lim.File, t.left), 0)
		t.left -= n.want
		if t.linked != nil && n.Links > 1 {
			t.linked[n.ref] = n.want
		}
	}
	if n.want < n.Size {
		t.f.problem(format.Problem{Offset: n.data, Path: n.Path, Kind: format.TooBig, Detail: fmt.Sprintf("%d of %d bytes are read", n.want, n.Size)})
	}
}

// probe reads the root's inode and its first name.
func (f *FS) probe() error {
	n, err := f.m.inode(f.super.Root)
	if err != nil {
		return fmt.Errorf("squashfs: root inode: %w", err)
	}
	if n.Type != format.Dir {
		return fmt.Errorf("squashfs: root inode is a %s", n.Type)
	}
	if n.listed <= 3 {
		return nil
	}
	c := cursor{m: f.m, pos: f.super.DirTable + n.listing, off: int(n.listingOff), end: f.size}
	if _, _, err := c.run(); err != nil {
		return fmt.Errorf("squashfs: root directory: %w", err)
	}
	var b [256]byte
	_, size, err := c.name(&b)
	if err != nil {
		return fmt.Errorf("squashfs: root directory: %w", err)
	}
	if strings.ContainsRune(string(b[:size]), 0) {
		return errors.New("squashfs: root directory: a name holds a NUL byte")
	}
	return nil
}
