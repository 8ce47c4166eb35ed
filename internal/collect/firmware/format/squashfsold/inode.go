package squashfsold

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// Types of inodes.
const (
	typeIPC = iota // version 1: a pipe or socket
	typeDir
	typeFile
	typeSymlink
	typeBlock
	typeChar
	typeFIFO
	typeSocket
	typeLongDir
	typeLongFile // version 3
)

var types = [...]format.Type{
	typeDir: format.Dir, typeFile: format.File, typeSymlink: format.Symlink, typeBlock: format.Block, typeChar: format.Char,
	typeFIFO: format.FIFO, typeSocket: format.Socket, typeLongDir: format.Dir, typeLongFile: format.File,
}

const (
	maxTarget  = 4096
	noFragment = 1<<32 - 1
)

// node is what is kept of an inode.
type node struct {
	listing    int64 // of a folder: block, from the folders' table on
	listingOff int
	listed     int64 // its bytes

	data       int64 // of a file
	fragment   int64
	fragmentAt int64
	blocks     cursor // stands at the list of sizes
}

// reader is an open file system.
type reader struct {
	src   format.Source // from its first byte
	sb    super
	codec codec
	raw   []byte   // the block of the root's inode, if it is there
	ids   []uint32 // users, then groups
	log   tree.Log
	free  sync.Pool // of *expander
	input tree.Budget

	mu    sync.Mutex // for all below: metadata is read by content too
	meta  meta
	frags fragments
}

func newReader(src format.Source, sb super) *reader {
	r := &reader{src: src, sb: sb, free: sync.Pool{New: func() any { return new(expander) }}}
	r.input.Set(16*src.Size()+256<<20, "compressed bytes")
	r.frags.budget.Set(min(4*sb.fragments*sb.blockSize, 2<<30)+64<<20, "fragments")
	return r
}

// open finds out how blocks are compressed: the root's inode and its names must
// come out.
func (r *reader) open() error {
	b := make([]byte, 4*(r.sb.uids+r.sb.gids))
	if err := format.ReadAt(r.src, b, r.sb.uidTable); err != nil {
		// It stands at the end, which is what is missing first.
		clear(b)
		r.log.Add(format.Problem{Offset: r.sb.uidTable, Kind: format.Truncated, Detail: "the table of owners is missing: all are 0"})
	}
	for f := (fields{b: b, big: r.sb.big}); len(r.ids)*4 < len(b); {
		r.ids = append(r.ids, uint32(f.take(32)))
	}
	src, stored, _, err := r.packedMeta(r.sb.inodeTable + r.sb.root>>16)
	if err != nil {
		return err
	}
	r.raw = src
	list := suspects(src)
	if stored {
		list = []codec{{}} // the content must tell
	}
	why := error(fmt.Errorf("%w: the compression is not known", format.ErrUnsupported))
	for i, c := range list {
		r.codec, r.meta = c, meta{blocks: map[int64]*metaBlock{}}
		err := r.probe()
		if err == nil {
			if stored {
				r.byContent()
			}
			return nil
		}
		if i == 0 {
			why = err
		}
	}
	if len(list) == 0 {
		r.raw = nil
	}
	return why
}

// probe reads the root, its names or some of them, and their inodes.
func (r *reader) probe() error {
	root, err := r.Root()
	if err != nil {
		return err
	}
	if root.Type != format.Dir {
		return tree.Damage(root.At, "the root is a %s", root.Type)
	}
	const enough = 16
	n := 0
	err = r.names(&root.Own, func(name string, ref int64) error {
		if n++; n == enough {
			return io.EOF
		}
		if _, bad := format.Join("/", name); bad != "" {
			return tree.Damage(root.At, "a name in the root: %s", bad)
		}
		_, err := r.inode(ref)
		return err
	})
	if err == io.EOF {
		return nil
	}
	return err
}

// Root is tree.Reader's.
func (r *reader) Root() (tree.Node[node], error) { return r.inode(r.sb.root) }

// inode reads the inode at ref, which is a block of the table and an offset.
func (r *reader) inode(ref int64) (n tree.Node[node], err error) {
	at := r.sb.inodeTable + ref>>16
	n.At = at
	if ref>>16 >= r.sb.dirTable-r.sb.inodeTable || ref&0xffff >= metaSize {
		return n, tree.Damage(at, "inode %d:%d is outside of its table", ref>>16, ref&0xffff)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &cursor{r: r, at: at, off: int(ref & 0xffff)}
	n.Inode, n.Links = uint64(ref)+1, 1 // before version 3 none has a number; a later one's may lie
	kind, err := r.header(&n, c)
	if err != nil {
		return n, err
	}
	n.Type = types[kind]
	switch kind {
	case typeDir, typeLongDir:
		err = r.dir(&n, c, kind == typeLongDir)
	case typeFile, typeLongFile:
		err = r.file(&n, c, kind == typeLongFile)
	case typeSymlink:
		err = r.symlink(&n, c)
	case typeBlock, typeChar:
		var f fields
		if f, err = r.links(&n, c, 2); err == nil {
			dev := uint32(f.take(16))
			n.Major, n.Minor = dev>>8, dev&0xff
		}
	default:
		_, err = r.links(&n, c, 0)
	}
	return n, err
}

// header reads what all inodes begin with, and returns the type
// (SQUASHFS_BASE_INODE_HEADER_1 to _3).
func (r *reader) header(n *tree.Node[node], c *cursor) (kind int, err error) {
	size, idBits, same := [...]int{1: 3, 2: 4, 3: 12}[r.sb.major], 8, 255
	if r.sb.major == 1 {
		idBits, same = 4, 15
	}
	f, err := c.fields(size)
	if err != nil {
		return 0, err
	}
	kind = int(f.take(4))
	n.Mode = uint32(f.take(12))
	uid, gid := int(f.take(idBits)), int(f.take(idBits))
	if r.sb.major == 3 {
		n.MTime = time.Unix(f.num(32), 0).UTC()
		f.take(32) // the number
	}
	if r.sb.major == 1 {
		// The type says which sixteen of the users are meant, too.
		const kinds = 5
		if kind == typeIPC {
			if f, err = c.fields(1); err != nil {
				return 0, err
			}
			kind = int(f.take(4))
			uid += 16 * int(f.take(4))
			if kind != typeSocket {
				kind = typeFIFO
			}
		} else {
			uid += 16 * ((kind - 1) / kinds)
			kind = (kind-1)%kinds + 1
		}
	}
	most := typeLongFile
	if r.sb.major == 2 {
		most = typeLongDir
	}
	if kind < typeDir || kind > most || uid >= r.sb.uids || gid != same && gid >= r.sb.gids {
		return 0, tree.Damage(n.At, "an inode of type %d, user %d of %d, group %d of %d", kind, uid, r.sb.uids, gid, r.sb.gids)
	}
	n.UID = r.ids[uid]
	n.GID = n.UID // SQUASHFS_GUIDS: the same number
	if gid != same {
		n.GID = r.ids[r.sb.uids+gid]
	}
	return kind, nil
}

// links reads the number of links, which version 3 has, and size bytes.
func (r *reader) links(n *tree.Node[node], c *cursor, size int) (fields, error) {
	if r.sb.major < 3 {
		return c.fields(size)
	}
	f, err := c.fields(4 + size)
	n.Links = uint32(f.take(32))
	return f, err
}

func (r *reader) dir(n *tree.Node[node], c *cursor, long bool) error {
	sizeBits, startBits, size := 19, 24, 4+4+3
	if r.sb.major == 3 {
		startBits, size = 32, 4+4+4 // without the links
	}
	if long {
		sizeBits = 27
		size++ // and a count, which isn't needed
	}
	f, err := r.links(n, c, size)
	if err != nil {
		return err
	}
	n.Own.listed, n.Own.listingOff = f.num(sizeBits), int(f.take(13))
	if r.sb.major < 3 {
		n.MTime = time.Unix(f.num(32), 0).UTC()
	} else {
		const dots = 3 // what "." and ".." count for
		n.Own.listed = max(n.Own.listed-dots, 0)
	}
	n.Own.listing = f.num(startBits)
	n.List = uint64(n.Own.listing)<<13 | uint64(n.Own.listingOff)
	if n.Own.listed == 0 {
		n.List = 1<<63 | n.Inode // empty ones share a place
	}
	return nil
}

func (r *reader) file(n *tree.Node[node], c *cursor, long bool) error {
	own := &n.Own
	own.fragment = noFragment
	switch {
	case r.sb.major == 1:
		f, err := c.fields(12)
		if err != nil {
			return err
		}
		n.MTime = time.Unix(f.num(32), 0).UTC()
		own.data, n.Size = f.num(32), f.num(32)
	case r.sb.major == 2:
		f, err := c.fields(20)
		if err != nil {
			return err
		}
		n.MTime = time.Unix(f.num(32), 0).UTC()
		own.data, own.fragment, own.fragmentAt, n.Size = f.num(32), f.num(32), f.num(32), f.num(32)
	case long:
		f, err := c.fields(28)
		if err != nil {
			return err
		}
		n.Links = uint32(f.take(32))
		own.data, own.fragment, own.fragmentAt, n.Size = f.num(64), f.num(32), f.num(32), f.num(64)
	default:
		f, err := c.fields(20)
		if err != nil {
			return err
		}
		own.data, own.fragment, own.fragmentAt, n.Size = f.num(64), f.num(32), f.num(32), f.num(32)
	}
	own.blocks = *c
	if n.Size < 0 || n.Size > 1<<50 || own.data < 0 || own.data > 1<<50 {
		return tree.Damage(n.At, "a file of %d bytes at %d", uint64(n.Size), uint64(own.data))
	}
	return nil
}

func (r *reader) symlink(n *tree.Node[node], c *cursor) error {
	f, err := r.links(n, c, 2)
	if err != nil {
		return err
	}
	if n.Size = f.num(16); n.Size > maxTarget {
		return tree.Damage(n.At, "a link target of %d bytes", n.Size)
	}
	b := make([]byte, n.Size)
	err = c.read(b)
	n.Target = string(b)
	return err
}

// List is tree.Reader's.
func (r *reader) List(ctx context.Context, d *tree.Node[node], found tree.Found[node]) error {
	i := 0
	return r.names(&d.Own, func(name string, ref int64) error {
		if i++; i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		n, err := r.inode(ref)
		return found(name, n.At, &n, err)
	})
}

// names goes through a listing: runs of names whose inodes stand in one block.
func (r *reader) names(d *node, fn func(name string, ref int64) error) error {
	head, entry := 4, 3
	if r.sb.major == 3 {
		head, entry = 9, 5
	}
	c := cursor{r: r, at: r.sb.dirTable + d.listing, off: d.listingOff}
	read := func(n int) (fields, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		return c.fields(n)
	}
	for left := d.listed; left > 0; left -= int64(head) {
		f, err := read(head)
		if err != nil {
			return err
		}
		count := f.num(8) + 1
		start := f.num(24)
		if r.sb.major == 3 {
			f.pos = 8
			start = f.num(32)
		}
		for range count {
			e, err := read(entry)
			if err != nil {
				return err
			}
			off := e.num(13)
			e.take(3)
			size := e.num(8) + 1
			if left -= int64(entry) + size; left < int64(head) {
				return tree.Damage(c.at, "listing: a name goes beyond its end")
			}
			name, err := read(int(size))
			if err != nil {
				return err
			}
			if err := fn(string(name.b), start<<16|off); err != nil {
				return err
			}
		}
	}
	return nil
}
