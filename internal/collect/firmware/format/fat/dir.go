package fat

import (
	"context"
	"encoding/binary"
	"io"
	"strings"
	"time"
	"unicode/utf16"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// Attributes of an entry.
const (
	attrReadOnly = 0x01
	attrLabel    = 0x08
	attrDir      = 0x10
	attrLong     = 0x0f // all that no file has: a piece of a long name
)

// node is a file or folder.
type node struct {
	cluster uint32 // its first one; 0: none, or the root of FAT12 and FAT16
	root    bool
	row     bool  // exFAT: clusters in a row
	length  int64 // exFAT: bytes of its clusters
	valid   int64 // exFAT: bytes of a file that were written
}

// reader is an open volume.
type reader struct {
	src     format.Source // from its first byte
	b       boot
	log     tree.Log
	folders map[uint32]bool // clusters of folders that were read
}

// Root is tree.Reader's.
func (r *reader) Root() (tree.Node[node], error) {
	r.folders = map[uint32]bool{}
	return tree.Node[node]{Entry: format.Entry{Type: format.Dir, Mode: 0o755, Links: 1}, At: r.b.root, List: uint64(r.b.first), Own: node{root: true}}, nil
}

// folder is the bytes of a folder. No cluster belongs to two of them: meeting
// one again is a loop.
func (r *reader) folder(n *node) io.Reader {
	first := n.cluster
	if n.root {
		if r.b.bits < 32 {
			return io.NewSectionReader(r.src, r.b.root, r.b.rootLen)
		}
		first = r.b.first
	}
	return tree.Runs(r.src, r.folderChain(first).next)
}

func (r *reader) folderChain(first uint32) *chain {
	c := r.b.chain(r.src, first)
	c.seen = func(cluster uint32, count int64) error {
		for range count {
			if r.folders[cluster] {
				return &tree.Fault{Kind: format.Loop, At: -1, Detail: "a cluster of the folder was read before"}
			}
			r.folders[cluster] = true
			cluster++
		}
		return nil
	}
	return c
}

// Open is tree.Reader's.
func (r *reader) Open(n *tree.Node[node]) io.Reader {
	return tree.Runs(r.src, r.b.chain(r.src, n.Own.cluster).next)
}

// List is tree.Reader's.
func (r *reader) List(ctx context.Context, d *tree.Node[node], found tree.Found[node]) error {
	in := r.folder(&d.Own)
	if d.Own.cluster == 0 && !d.Own.root {
		return tree.Damage(d.At, "a folder without clusters")
	}
	var long longName
	b := make([]byte, dirEntry)
	for i := int64(0); ; i++ {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := io.ReadFull(in, b); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		const last, deleted = 0x00, 0xe5
		attr := b[11]
		switch {
		case b[0] == last:
			return nil
		case b[0] == deleted:
			long = longName{}
			continue
		case attr&0x3f == attrLong:
			long.add(b)
			continue
		case attr&attrLabel != 0:
			long = longName{}
			continue
		}
		name := long.take(b)
		if name == "" {
			name = shortName(b)
		}
		if name == "." || name == ".." {
			continue
		}
		n, err := r.node(b, d.At)
		if err := found(name, d.At, &n, err); err != nil {
			return err
		}
	}
}

// node makes an entry of its 32 bytes.
func (r *reader) node(b []byte, at int64) (n tree.Node[node], err error) {
	le := binary.LittleEndian
	cluster := uint32(le.Uint16(b[26:]))
	if r.b.bits == 32 {
		cluster |= uint32(le.Uint16(b[20:])) << 16 & 0x0fffffff
	}
	n.At, n.List, n.Links = at, uint64(cluster), 1
	n.Own.cluster = cluster
	n.MTime = dosTime(uint32(le.Uint16(b[24:]))<<16|uint32(le.Uint16(b[22:])), 0)
	setType(&n.Entry, b[11], int64(le.Uint32(b[28:])))
	if n.Own.cluster != 0 {
		if n.Own.cluster < firstCluster || n.Own.cluster-firstCluster >= r.b.clusters {
			return n, tree.Damage(at, "the entry begins with cluster %d of %d", cluster, r.b.clusters)
		}
		n.At = r.b.heap + int64(cluster-firstCluster)*r.b.cluster
	}
	return n, nil
}

// setType fills what the attributes say; Linux' modes stand for those that the
// format doesn't keep.
func setType(e *format.Entry, attr byte, size int64) {
	e.Type, e.Mode, e.Size = format.File, 0o644, size
	if attr&attrReadOnly != 0 {
		e.Mode = 0o444
	}
	if attr&attrDir != 0 {
		e.Type, e.Mode, e.Size = format.Dir, 0o755, 0
	}
}

// dosTime decodes date and time of a local clock, whose zone isn't kept; cs are
// hundredths of a second.
func dosTime(v uint32, cs int) time.Time {
	date, clock := int(v>>16), int(v&0xffff)
	if date == 0 {
		return time.Time{}
	}
	return time.Date(1980+date>>9, time.Month(date>>5&15), date&31, clock>>11, clock>>5&63, clock&31*2, cs*10_000_000, time.UTC)
}

// shortName decodes a name of eight and three characters. Windows keeps in a
// spare byte that base or extension were lower case.
func shortName(b []byte) string {
	const lowerBase, lowerExt = 0x08, 0x10
	raw := [11]byte(b)
	if raw[0] == 0x05 { // what stands for 0xe5, which means deleted
		raw[0] = 0xe5
	}
	base, ext := strings.TrimRight(oem(raw[:8]), " "), strings.TrimRight(oem(raw[8:]), " ")
	if b[12]&lowerBase != 0 {
		base = strings.ToLower(base)
	}
	if b[12]&lowerExt != 0 {
		ext = strings.ToLower(ext)
	}
	if ext != "" {
		return base + "." + ext
	}
	return base
}

// cp437 is the upper half of the character set of the first PCs, which Linux
// takes where nothing else is said.
const cp437 = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0"

func oem(b []byte) string {
	for _, c := range b {
		if c >= 0x80 {
			upper := []rune(cp437)
			var out strings.Builder
			for _, c := range b {
				if c < 0x80 {
					out.WriteByte(c)
				} else {
					out.WriteRune(upper[c-0x80])
				}
			}
			return out.String()
		}
	}
	return string(b)
}

// longName collects the pieces of a long name, which stand before the entry in
// reverse order.
type longName struct {
	chars [20 * 13]uint16
	count int  // pieces in all
	next  int  // number of the piece that must come, 0: all are there
	sum   byte // of the short name
}

func (l *longName) add(b []byte) {
	const last = 0x40
	n := int(b[0] &^ last)
	if b[0]&last != 0 {
		*l = longName{count: n, next: n, sum: b[13]}
	}
	if n == 0 || n > 20 || n != l.next || b[13] != l.sum {
		*l = longName{}
		return
	}
	l.next--
	le := binary.LittleEndian
	at := l.chars[(n-1)*13:]
	for i := range 13 {
		off := 1 + 2*i
		if i >= 5 {
			off = 14 + 2*(i-5)
		}
		if i >= 11 {
			off = 28 + 2*(i-11)
		}
		at[i] = le.Uint16(b[off:])
	}
}

// take returns the name if it is whole and belongs to the entry b.
func (l *longName) take(b []byte) string {
	defer func() { l.count = 0 }()
	if l.count == 0 || l.next != 0 {
		return ""
	}
	sum := byte(0)
	for _, c := range b[:11] {
		sum = sum>>1 | sum<<7
		sum += c
	}
	if sum != l.sum {
		return ""
	}
	chars := l.chars[:13*l.count]
	for i, c := range chars {
		if c == 0 {
			chars = chars[:i]
			break
		}
	}
	return string(utf16.Decode(chars))
}
