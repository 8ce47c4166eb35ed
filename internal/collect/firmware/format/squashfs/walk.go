package squashfs

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// List calls fn for every entry, directories before what they hold, the root
// ("/") first, without reading content. An error of fn ends it and is returned;
// damage does not: it is a Problem.
func (f *FS) List(ctx context.Context, fn func(Entry) error) error {
	t := newTree(f)
	defer t.m.d.close()
	return t.walk(ctx, func(n *inode) error { return fn(n.Entry) })
}

// Walk calls fn for every entry in the order of List. content is nil but for
// files; it is valid during the call and need not be read to its end. It
// returns ErrLimit where Limits cut the content and another error where the
// content is damaged. Blocks are expanded ahead of fn on the other cores.
func (f *FS) Walk(ctx context.Context, fn func(e Entry, content io.Reader) error) error {
	ctx, cancel := context.WithCancel(ctx)
	p := newPipeline(ctx, f)
	defer func() {
		cancel()
		p.wait()
	}()
	p.start()
	for {
		it, err := p.next(ctx)
		if err != nil {
			return err
		}
		if it.end {
			return it.err
		}
		if it.entry == nil {
			continue // the rest of a content that fn did not want
		}
		if it.entry.Type != File {
			if err := fn(*it.entry, nil); err != nil {
				return err
			}
			continue
		}
		c := &content{ctx: ctx, p: p, path: it.entry.Path}
		err = fn(*it.entry, c)
		if err == nil {
			err = c.drain()
		}
		if err != nil {
			return err
		}
	}
}

// tree walks the names.
type tree struct {
	f       *FS
	m       *metaReader
	entries int
	seen    map[uint64]bool // listings and directory inodes that were read
	inodes  map[uint32]bool // numbers that were met
	whole   bool            // nothing was left out so far
}

func newTree(f *FS) *tree {
	return &tree{f: f, m: newMetaReader(f), seen: map[uint64]bool{}, inodes: map[uint32]bool{}, whole: true}
}

func (t *tree) problem(p Problem) {
	t.whole = false
	t.f.problem(p)
}

var errTooMany = errors.New("too many entries")

func (t *tree) walk(ctx context.Context, emit func(*inode) error) error {
	root, err := t.m.inode(t.f.super.Root)
	if err != nil {
		return fmt.Errorf("squashfs: root inode: %w", err)
	}
	if root.Type != Dir {
		return fmt.Errorf("squashfs: root inode is a %s", root.Type)
	}
	root.Path = "/"
	t.inodes[root.Inode] = true
	if err := emit(&root); err != nil {
		return err
	}
	err = t.dir(ctx, &root, 1, emit)
	if err != nil && !errors.Is(err, errTooMany) {
		return err
	}
	if n := len(t.inodes); t.whole && n != int(t.f.super.Inodes) {
		t.f.problem(Problem{Offset: 4, Kind: Mismatch, Detail: fmt.Sprintf("the superblock counts %d inodes, the tree has %d", t.f.super.Inodes, n)})
	}
	return nil
}

// dir lists one directory. Damage ends its listing, not the walk.
func (t *tree) dir(ctx context.Context, d *inode, depth int, emit func(*inode) error) error {
	const overhead = 3 // the size of a listing counts "." and ".." as 3 bytes
	if d.listed <= overhead {
		return nil
	}
	at := t.f.super.DirTable + d.listing
	if depth > t.f.lim.Depth {
		t.problem(Problem{Offset: at, Path: d.Path, Kind: TooDeep, Detail: fmt.Sprintf("more than %d folders deep", t.f.lim.Depth)})
		return nil
	}
	// Folders cannot be hard links, and no two listings share a place: meeting
	// one twice is a loop, or a bomb of the same names again and again.
	list := uint64(d.listing)<<16 | uint64(d.listingOff) | 1<<63
	if t.seen[list] || t.seen[d.ref] {
		t.problem(Problem{Offset: at, Path: d.Path, Kind: Loop, Detail: "this listing was read before under another name"})
		return nil
	}
	t.seen[list], t.seen[d.ref] = true, true
	c := cursor{m: t.m, pos: at, off: int(d.listingOff), end: t.f.size}
	for left := int64(d.listed) - overhead; left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var h [12]byte
		if err := c.read(h[:]); err != nil {
			t.problem(Problem{Offset: c.at(), Path: d.Path, Kind: Damaged, Detail: "listing: " + err.Error()})
			return nil
		}
		left -= 12
		count, start := binary.LittleEndian.Uint32(h[:]), binary.LittleEndian.Uint32(h[4:])
		if count > 255 {
			t.problem(Problem{Offset: c.at(), Path: d.Path, Kind: Damaged, Detail: fmt.Sprintf("listing: a run of %d names", uint64(count)+1)})
			return nil
		}
		for range count + 1 {
			var e [8]byte
			if err := c.read(e[:]); err != nil {
				t.problem(Problem{Offset: c.at(), Path: d.Path, Kind: Damaged, Detail: "listing: " + err.Error()})
				return nil
			}
			size := int(binary.LittleEndian.Uint16(e[6:])) + 1
			if size > 256 {
				t.problem(Problem{Offset: c.at(), Path: d.Path, Kind: Damaged, Detail: fmt.Sprintf("listing: a name of %d bytes", size)})
				return nil
			}
			var buf [256]byte
			name := buf[:size]
			if err := c.read(name); err != nil {
				t.problem(Problem{Offset: c.at(), Path: d.Path, Kind: Damaged, Detail: "listing: " + err.Error()})
				return nil
			}
			if left -= int64(8 + size); left < 0 {
				t.problem(Problem{Offset: c.at(), Path: d.Path, Kind: Damaged, Detail: "listing: a name goes beyond its end"})
				return nil
			}
			ref := uint64(start)<<16 | uint64(binary.LittleEndian.Uint16(e[:]))
			if err := t.name(ctx, d, string(name), ref, c.at(), depth, emit); err != nil {
				return err
			}
		}
	}
	return nil
}

// name gives out one entry of d, and goes down into it.
func (t *tree) name(ctx context.Context, d *inode, name string, ref uint64, at int64, depth int, emit func(*inode) error) error {
	path := strings.TrimSuffix(d.Path, "/") + "/" + name
	if t.entries++; t.entries > t.f.lim.Entries {
		t.problem(Problem{Offset: at, Path: path, Kind: TooMany, Detail: fmt.Sprintf("more than %d entries", t.f.lim.Entries)})
		return errTooMany
	}
	if why := badName(name); why != "" {
		t.problem(Problem{Offset: at, Path: path, Kind: BadName, Detail: why})
		return nil
	}
	n, err := t.m.inode(ref)
	if err != nil {
		kind := Damaged
		if errors.Is(err, ErrLimit) {
			kind = TooBig
		}
		t.problem(Problem{Offset: t.f.super.InodeTable + int64(ref>>16), Path: path, Kind: kind, Detail: err.Error()})
		if kind == TooBig {
			return errTooMany
		}
		return nil
	}
	n.Path = path
	if n.Inode == 0 || n.Inode > t.f.super.Inodes {
		t.problem(Problem{Offset: t.f.super.InodeTable + int64(ref>>16), Path: path, Kind: Mismatch,
			Detail: fmt.Sprintf("inode number %d of %d", n.Inode, t.f.super.Inodes)})
	} else {
		t.inodes[n.Inode] = true
	}
	if err := emit(&n); err != nil {
		return err
	}
	if n.Type == Dir {
		return t.dir(ctx, &n, depth+1, emit)
	}
	return nil
}

func badName(s string) string {
	switch {
	case s == "." || s == "..":
		return "the name points to a folder above"
	case strings.ContainsRune(s, '/'):
		return "the name holds a slash"
	case strings.ContainsRune(s, 0):
		return "the name holds a NUL byte"
	}
	return ""
}
