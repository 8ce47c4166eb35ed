package squashfsold_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ulikunitz/xz/lzma"

	"assay/internal/collect/firmware/format/archive/archivetest"
)

// image builds a squashfs of version 1 to 3, since no tool of today does.
// unsquashfs 4.5.1 reads those of these tests that have gzip, and finds the same
// tree.
type image struct {
	t      testing.TB
	major  int
	big    bool
	pack   func([]byte) []byte // a compressor
	stored bool                // metadata isn't compressed
	out    []byte
	inodes table
	dirs   table
	frags  [][2]int // offset, size
	tail   []byte   // the fragment block that is being filled
	count  int
}

const blockSize = 4096

// table is metadata in blocks of 8 KiB.
type table struct {
	done []byte
	open []byte
}

// bits fills bit fields as compilers for either byte order do.
type bits struct {
	b   []byte
	n   int
	big bool
}

func (w *bits) put(v uint64, n int) *bits {
	for i := range n {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		bit, at := v>>i&1, w.n%8
		if w.big {
			bit, at = v>>(n-1-i)&1, 7-w.n%8
		}
		w.b[len(w.b)-1] |= byte(bit) << at
		w.n++
	}
	return w
}

func (m *image) bits() *bits { return &bits{big: m.big} }

// meta makes a metadata block.
func (m *image) meta(b []byte) []byte {
	const stored = 1 << 15
	if p := m.pack(b); !m.stored && len(p) < len(b) {
		return append(m.bits().put(uint64(len(p)), 16).b, p...)
	}
	return append(m.bits().put(uint64(len(b))|stored, 16).b, b...)
}

// add appends b to a table and returns where it begins.
func (m *image) add(t *table, b []byte) (block, off int) {
	block, off = len(t.done), len(t.open)
	t.open = append(t.open, b...)
	for len(t.open) >= 8192 {
		t.done = append(t.done, m.meta(t.open[:8192])...)
		t.open = t.open[8192:]
	}
	return block, off
}

func (m *image) end(t *table) []byte {
	if len(t.open) > 0 {
		t.done = append(t.done, m.meta(t.open)...)
	}
	return t.done
}

// entry is a name in a folder.
type entry struct {
	name               string
	block, off, number int
	kind               int
}

// header begins an inode.
func (m *image) header(kind, mode, uid, gid int) *bits {
	m.count++
	w := m.bits()
	if m.major == 1 {
		if kind > 5 { // a pipe or socket
			return w.put(0, 4).put(uint64(mode), 12).put(uint64(uid), 4).put(uint64(gid), 4).put(uint64(kind), 4).put(0, 4)
		}
		return w.put(uint64(kind), 4).put(uint64(mode), 12).put(uint64(uid), 4).put(uint64(gid), 4)
	}
	w.put(uint64(kind), 4).put(uint64(mode), 12).put(uint64(uid), 8).put(uint64(gid), 8)
	if m.major == 3 {
		w.put(1_700_000_000, 32).put(uint64(m.count), 32)
	}
	return w
}

func (m *image) links(w *bits, n int) *bits {
	if m.major == 3 {
		w.put(uint64(n), 32)
	}
	return w
}

func (m *image) inode(name string, kind int, w *bits) entry {
	block, off := m.add(&m.inodes, w.b)
	return entry{name, block, off, m.count, kind}
}

const same = 1<<8 - 1 // the group has the user's number

func (m *image) same() int {
	if m.major == 1 {
		return 15
	}
	return same
}

// file stores content: whole blocks, and the rest in a fragment from version 2
// on if fragment is set.
func (m *image) file(name string, mode, uid int, content string, fragment bool) entry {
	start := len(m.out)
	sizes, rest := m.bits(), content
	fragment = fragment && m.major > 1 && len(content)%blockSize != 0
	for len(rest) > 0 && (!fragment || len(rest) >= blockSize) {
		b := []byte(rest[:min(blockSize, len(rest))])
		rest = rest[len(b):]
		p, stored := m.pack(b), 0
		if len(p) >= len(b) {
			p, stored = b, 1
		}
		switch {
		case m.major == 3 && len(bytes.Trim(b, "\x00")) == 0:
			sizes.put(0, 32) // a hole
			continue
		case m.major == 1:
			sizes.put(uint64(len(p)|stored<<15), 16)
		default:
			sizes.put(uint64(len(p)|stored<<24), 32)
		}
		m.out = append(m.out, p...)
	}
	number, at := uint64(1<<32-1), 0
	if fragment {
		if len(m.tail)+len(rest) > blockSize {
			m.flush()
		}
		number, at = uint64(len(m.frags)), len(m.tail)
		m.tail = append(m.tail, rest...)
	}
	kind := 2
	if m.major == 3 && !fragment { // a long file, as one with two names is
		kind = 9
	}
	w := m.header(kind, mode, uid, m.same())
	switch {
	case kind == 9:
		w.put(1, 32).put(uint64(start), 64).put(number, 32).put(uint64(at), 32).put(uint64(len(content)), 64)
	case m.major == 1:
		w.put(1_700_000_000, 32).put(uint64(start), 32).put(uint64(len(content)), 32)
	case m.major == 2:
		w.put(1_700_000_000, 32).put(uint64(start), 32).put(number, 32).put(uint64(at), 32).put(uint64(len(content)), 32)
	default:
		w.put(uint64(start), 64).put(number, 32).put(uint64(at), 32).put(uint64(len(content)), 32)
	}
	w.b = append(w.b, sizes.b...)
	return m.inode(name, 2, w)
}

// flush writes the fragment block.
func (m *image) flush() {
	if len(m.tail) == 0 {
		return
	}
	p := m.pack(m.tail)
	m.frags = append(m.frags, [2]int{len(m.out), len(p)})
	m.out = append(m.out, p...)
	m.tail = nil
}

func (m *image) dir(name string, mode int, all []entry) entry {
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	start, off := len(m.dirs.done), len(m.dirs.open)
	size := 0
	for i := 0; i < len(all); {
		n := 1
		for i+n < len(all) && n < 256 && all[i+n].block == all[i].block {
			n++
		}
		w := m.bits().put(uint64(n-1), 8)
		if m.major == 3 {
			w.put(uint64(all[i].block), 32).put(uint64(all[i].number), 32)
		} else {
			w.put(uint64(all[i].block), 24)
		}
		for _, e := range all[i : i+n] {
			w.put(uint64(e.off), 13).put(uint64(e.kind), 3).put(uint64(len(e.name)-1), 8)
			if m.major == 3 {
				w.put(uint64(e.number-all[i].number), 16)
			}
			w.b = append(w.b, e.name...)
			w.n = 8 * len(w.b)
		}
		m.add(&m.dirs, w.b)
		size += len(w.b)
		i += n
	}
	if m.major == 3 {
		size += 3
	}
	kind, sizeBits := 1, 19
	if m.major > 1 && len(all) > 256 { // a long folder, as one with an index is
		kind, sizeBits = 8, 27
	}
	w := m.links(m.header(kind, mode, 0, m.same()), 2)
	w.put(uint64(size), sizeBits).put(uint64(off), 13)
	if m.major == 3 {
		w.put(uint64(start), 32)
	} else {
		w.put(1_700_000_000, 32).put(uint64(start), 24)
	}
	if kind == 8 {
		w.put(0, 16) // entries of the index
	}
	if m.major == 3 {
		w.put(uint64(m.count+1), 32)
	}
	return m.inode(name, 1, w)
}

// bytes ends the image.
func (m *image) bytes(root entry) []byte {
	m.flush()
	inodes := len(m.out)
	m.out = append(m.out, m.end(&m.inodes)...)
	dirs := len(m.out)
	m.out = append(m.out, m.end(&m.dirs)...)
	pointer, w := 32, m.bits()
	if m.major == 3 {
		pointer = 64
	}
	for _, f := range m.frags {
		w.put(uint64(f[0]), pointer).put(uint64(f[1]), 32)
		if m.major == 3 {
			w.put(0, 32)
		}
	}
	table := len(m.out)
	m.out = append(m.out, m.meta(w.b)...)
	frags := len(m.out)
	m.out = append(m.out, m.bits().put(uint64(table), pointer).b...)
	users := len(m.out)
	m.out = append(m.out, m.bits().put(0, 32).put(1000, 32).put(42, 32).b...)
	groups := len(m.out) - 4

	s := m.bits()
	s.b, s.n = []byte("hsqs"), 32
	if m.big {
		copy(s.b, "sqsh")
	}
	u := func(v, n int) { s.put(uint64(v), n) }
	ref := uint64(root.block)<<16 | uint64(root.off)
	old := func(v int) int {
		if m.major == 3 {
			return 0
		}
		return v
	}
	for _, v := range []int{m.count, old(len(m.out)), old(users), old(groups), old(inodes), old(dirs)} {
		u(v, 32)
	}
	u(m.major, 16)
	u(m.major/3, 16)
	u(blockSize, 16)
	u(12, 16)
	u(0, 8)
	u(2, 8)
	u(1, 8)
	u(1_700_000_000, 32)
	s.put(ref, 64)
	u(blockSize, 32)
	u(len(m.frags), 32)
	u(old(frags), 32)
	for _, v := range []int{len(m.out), users, groups, inodes, dirs, frags} {
		u(v, 64)
	}
	s.put(1<<64-1, 64)
	copy(m.out, s.b[:superLen(m.major)])
	return append(m.out, make([]byte, -len(m.out)&4095)...)
}

func superLen(major int) int { return [...]int{1: 51, 2: 63, 3: 119}[major] }

// build makes a tree of everything that the formats have.
func build(t testing.TB, major int, big, stored bool, pack func([]byte) []byte) ([]byte, map[string]archivetest.Line) {
	m := &image{t: t, major: major, big: big, stored: stored, pack: pack, out: make([]byte, superLen(major))}
	want := map[string]archivetest.Line{}
	line := func(path string, l archivetest.Line) { l.Path = path; want[path] = l }
	file := func(dir, name string, mode, uid, id int, content string, fragment bool) entry {
		line(dir+name, archivetest.Line{Mode: fmt.Sprintf("%04o", mode), UID: uint32(id), GID: uint32(id), Type: "file", Size: int64(len(content)), SHA256: archivetest.Sum(content)})
		return m.file(name, mode, uid, content, fragment)
	}
	r := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, blockSize)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	words := strings.Repeat("lens frame night mode ", 600)
	var many []entry
	for i := range 300 {
		many = append(many, file("/many/", fmt.Sprintf("file-%03d", i), 0o644, 0, 0, fmt.Sprintf("number %d\n", i), true))
	}
	line("/many", archivetest.Line{Mode: "0755", Type: "dir"})
	line("/empty", archivetest.Line{Mode: "1777", Type: "dir"})
	line("/link", archivetest.Line{Mode: "0777", GID: 42, Type: "symlink", Target: "many/file-001"})
	line("/tty", archivetest.Line{Mode: "0620", GID: 42, Type: "char", Major: 5, Minor: 1})
	line("/mtd", archivetest.Line{Mode: "0660", Type: "block", Major: 31, Minor: 3})
	line("/pipe", archivetest.Line{Mode: "0600", Type: "fifo"})
	names := []entry{
		m.dir("many", 0o755, many),
		m.dir("empty", 0o1777, nil),
		file("/", "large", 0o4755, 1, 1000, words[:blockSize]+string(noise)+strings.Repeat("\x00", blockSize)+words[:9000], true),
		file("/", "whole", 0o600, 0, 0, words[:9000], false),
		file("/", "nothing", 0o644, 0, 0, "", true),
		m.inode("tty", 5, m.links(m.header(5, 0o620, 0, 0), 1).put(0x501, 16)),
		m.inode("mtd", 4, m.links(m.header(4, 0o660, 0, m.same()), 1).put(0x1f03, 16)),
		m.inode("pipe", 6, m.links(m.header(6, 0o600, 0, m.same()), 1)),
	}
	w := m.links(m.header(3, 0o777, 0, 0), 1).put(13, 16)
	w.b = append(w.b, "many/file-001"...)
	names = append(names, m.inode("link", 3, w))
	return m.bytes(m.dir("", 0o755, names)), want
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	z, _ := zlib.NewWriterLevel(&out, 9)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

// alone packs as the LZMA SDK: parameters, dictionary, length.
func alone(b []byte) []byte {
	var out bytes.Buffer
	w, err := lzma.WriterConfig{Size: int64(len(b)), SizeInHeader: true, DictCap: 1 << 16}.NewWriter(&out)
	if err != nil {
		panic(err)
	}
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// short leaves out the length, bare all of the header.
func short(b []byte) []byte {
	p := alone(b)
	return slices.Concat(p[:5], p[lzma.HeaderLen:])
}

func bare(b []byte) []byte { return alone(b)[lzma.HeaderLen:] }

func other(b []byte) []byte {
	var out bytes.Buffer
	w, err := lzma.WriterConfig{Size: int64(len(b)), SizeInHeader: true, DictCap: 1 << 16, Properties: &lzma.Properties{LC: 0, LP: 2, PB: 1}}.NewWriter(&out)
	if err != nil {
		panic(err)
	}
	w.Write(b)
	w.Close()
	return append(binary.LittleEndian.AppendUint32(nil, 0x01020300)[:4:4], out.Bytes()[lzma.HeaderLen:]...)
}
