// Package iso9660 reads the file system of discs, in which systems for gateways
// and appliances are installed: ECMA-119 with the names, modes, owners and links
// of Rock Ridge (IEEE P1282), files that zisofs packed, and El Torito's boot
// images. Joliet's names and those of UDF are not used. In: a source and an
// offset in it. Out: a part, its tree, and regions of sectors that no record
// names.
package iso9660

import (
	"context"
	"encoding/binary"
	"io"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

const (
	sector  = 2048
	first   = 16 * sector // of the volume descriptors
	record  = 33          // bytes of a folder's record before the name
	maxList = 16 << 20    // bytes of a folder
	rootAt  = 156
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "iso9660", Magics: []format.Magic{{Bytes: "\x01CD001\x01", At: first}}, Look: look}
}

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// look is sure where the numbers, which stand there in both orders, are the same
// ones, and the root's record is a folder's.
func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at+first, sector)
	if len(b) < sector || string(b[:7]) != "\x01CD001\x01" {
		return nil, nil
	}
	blocks, block := le.Uint32(b[80:]), le.Uint16(b[128:])
	root := b[rootAt : rootAt+34]
	if blocks != be.Uint32(b[84:]) || blocks <= 16 || block != be.Uint16(b[130:]) || block != sector || root[0] != 34 || root[25]&2 == 0 || le.Uint32(root[2:]) != be.Uint32(root[6:]) {
		return nil, nil
	}
	p := &format.Part{Format: "iso9660", Offset: at, Name: format.Printable(strings.TrimRight(string(b[40:72]), " \x00"))}
	size := int64(blocks) * sector
	src := format.Section(s, at, size)
	if !rooted(src, root) {
		p.Size = src.Size()
		p.Opaque = "its root folder isn't where it says: damaged, or a later session of a disc, which counts from the disc's beginning: not read"
		return p, nil
	}
	p.Claim(s, size)
	if err := account(ctx, p, src, b); err != nil {
		return nil, err
	}
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		r := &reader{src: src, root: root}
		r.skip = r.susp()
		return tree.New(r, lim, &r.log), nil
	}
	return p, nil
}

// rooted says that a folder stands where the root's record says, and names itself.
func rooted(src format.Source, root []byte) bool {
	b := format.Head(src, int64(le.Uint32(root[2:]))*sector, record+1)
	return len(b) > record && b[0] > record && b[32] == 1 && b[33] == 0 && string(b[2:6]) == string(root[2:6])
}

// own is what a file's content needs: its pieces, and how it is packed.
type own struct {
	runs   []tree.Run
	packed *packing
}

type node = tree.Node[own]

type reader struct {
	src  *io.SectionReader
	root []byte
	skip int // bytes before the entries of Rock Ridge; negative: there are none
	log  tree.Log
}

// Root is tree.Reader's.
func (r *reader) Root() (n node, err error) {
	n = r.node(r.root, first+rootAt)
	n.Mode = 0o755
	if b := r.dot(); b != nil { // where nothing is skipped
		r.ridge(&n, b, 0)
	}
	n.Type = format.Dir
	return n, nil
}

// dot is the record of the root in itself.
func (r *reader) dot() []byte {
	at := int64(le.Uint32(r.root[2:])) * sector
	n := format.Head(r.src, at, 1)
	if len(n) < 1 || n[0] < record+1 {
		return nil
	}
	b := format.Head(r.src, at, int(n[0]))
	if len(b) < int(n[0]) {
		return nil
	}
	return b
}

// susp says how many bytes the entries of the sharing protocol are behind a
// name (System Use Sharing Protocol 1.12, "SP").
func (r *reader) susp() int {
	b := r.dot()
	if len(b) < record+1+7 || string(b[record+1:record+3]) != "SP" || b[record+5] != 0xbe || b[record+6] != 0xef {
		return -1
	}
	return int(b[record+1+6])
}

// node reads a record as ECMA-119 has it (9.1).
func (r *reader) node(b []byte, at int64) (n node) {
	extent, size := int64(le.Uint32(b[2:])), int64(le.Uint32(b[10:]))
	n.At, n.Mode, n.Type, n.Size, n.Links = at, 0o444, format.File, size, 1
	if b[25]&2 != 0 {
		n.Mode, n.Type, n.Size = 0o555, format.Dir, 0
		n.List = uint64(extent)
	}
	n.Own.runs = []tree.Run{{At: (extent + int64(b[1])) * sector, Len: size}}
	return n
}

// List is tree.Reader's.
func (r *reader) List(ctx context.Context, d *node, found tree.Found[own]) error {
	at, size := d.Own.runs[0].At, d.Own.runs[0].Len
	if size > maxList {
		return tree.Damage(d.At, "a folder of %d bytes", size)
	}
	var more *node // a file whose pieces go on
	var name string
	for off := int64(0); off < size; {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b := format.Head(r.src, at+off, int(min(255, sector-off%sector)))
		if len(b) == 0 {
			return tree.Damage(at+off, "the folder lies behind the end of the image")
		}
		if b[0] == 0 { // no record crosses a sector
			off = (off/sector + 1) * sector
			continue
		}
		n := int(b[0])
		if n > len(b) || n < record+1 || int(b[32]) > n-record {
			return tree.Damage(at+off, "a record of %d bytes", n)
		}
		here := at + off
		b, off = b[:n], off+int64(n)
		if b[32] == 1 && b[33] <= 1 { // "." and ".."
			continue
		}
		e := r.node(b, here)
		plain := string(b[record : record+int(b[32])])
		if more != nil && plain == name {
			more.Own.runs = append(more.Own.runs, e.Own.runs...)
			more.Size += e.Size
		} else {
			more, name = &e, plain
		}
		if b[25]&0x80 != 0 && len(more.Own.runs) < 1<<16 { // another piece follows
			continue
		}
		long := r.ridge(more, b, r.skip)
		if long == "" {
			long, _, _ = strings.Cut(plain, ";")
			long = strings.TrimSuffix(long, ".")
		}
		if err := found(long, here, more, nil); err != nil {
			return err
		}
		more = nil
	}
	return nil
}

// Open is tree.Reader's.
func (r *reader) Open(n *node) io.Reader {
	if n.Own.packed != nil {
		return r.unpack(n)
	}
	if string(format.Head(r.src, n.Own.runs[0].At, int(min(n.Size, 8)))) == packedMagic {
		r.log.Fault(n.Path, n.Own.runs[0].At, tree.Unread(n.Own.runs[0].At, "packed as zisofs, which its record doesn't say: left as it is"))
	}
	i := 0
	return tree.Runs(r.src, func() (tree.Run, error) {
		if i == len(n.Own.runs) {
			return tree.Run{}, io.EOF
		}
		i++
		return n.Own.runs[i-1], nil
	})
}

// maxAreas bounds where the entries of one record go on.
const maxAreas = 32

// ridge takes what Rock Ridge says of a record: its name, "" where it says none,
// and into n what it is.
func (r *reader) ridge(n *node, b []byte, skip int) (name string) {
	if r.skip < 0 {
		return ""
	}
	start := record + int(b[32])
	start += start%2 + skip // a name has an odd length, or a byte behind it
	var target link
	area := b[min(start, len(b)):]
	for range maxAreas {
		var next []byte
		for len(area) >= 4 && int(area[2]) >= 4 && int(area[2]) <= len(area) {
			e := area[:area[2]]
			area = area[len(e):]
			switch sig := string(e[:2]); {
			case sig == "NM" && len(e) >= 5 && e[4]&6 == 0 && len(name) < 4096:
				name += string(e[5:])
			case sig == "PX" && len(e) >= 36:
				r.mode(n, e)
			case sig == "ZF" && len(e) >= 16:
				n.Own.packed = zf(e)
			case sig == "SL" && len(e) >= 5:
				target.add(e[5:])
			case sig == "CE" && len(e) >= 28:
				next = format.Head(r.src, int64(le.Uint32(e[4:]))*sector+int64(le.Uint32(e[12:])), int(min(le.Uint32(e[20:]), sector)))
			}
		}
		if area = next; area == nil {
			break
		}
	}
	if n.Own.packed != nil {
		if n.Type != format.File || n.Size == 0 {
			n.Own.packed = nil
		} else {
			n.Size = n.Own.packed.size
		}
	}
	if n.Type == format.Symlink {
		n.Target = target.path
		n.Size = int64(len(n.Target))
	}
	return name
}

// mode takes mode, links and owners (IEEE P1282, 4.1.1).
func (r *reader) mode(n *node, e []byte) {
	mode := le.Uint32(e[4:])
	n.Mode, n.Links, n.UID, n.GID = mode&0o7777, le.Uint32(e[12:]), le.Uint32(e[20:]), le.Uint32(e[28:])
	switch mode & 0o170000 {
	case 0o120000:
		n.Type = format.Symlink
	case 0o020000:
		n.Type = format.Char
	case 0o060000:
		n.Type = format.Block
	case 0o010000:
		n.Type = format.FIFO
	case 0o140000:
		n.Type = format.Socket
	}
	// Links of one file share its extent; their number tells that there are some.
	if n.Type == format.File && n.Links > 1 && n.Size > 0 {
		n.Inode = uint64(n.Own.runs[0].At)
	}
}

// link puts a target together from its components (IEEE P1282, 4.1.3).
type link struct {
	path string
	open bool // the last component goes on
}

func (l *link) add(b []byte) {
	for len(b) >= 2 && int(b[1])+2 <= len(b) && len(l.path) < 4096 {
		flags, part := b[0], string(b[2:2+int(b[1])])
		b = b[2+int(b[1]):]
		switch {
		case flags&2 != 0:
			part = "."
		case flags&4 != 0:
			part = ".."
		case flags&8 != 0:
			l.path, l.open = "/", false
			continue
		}
		if l.path != "" && !l.open && !strings.HasSuffix(l.path, "/") {
			l.path += "/"
		}
		l.path += part
		l.open = flags&1 != 0
	}
}
