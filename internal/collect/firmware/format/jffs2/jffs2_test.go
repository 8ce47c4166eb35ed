package jffs2_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

func TestMadeImages(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file string
		size int64
		note string
	}{
		{"le-sum.img", 56200, "little-endian, 276 data nodes, 159 names, erase blocks of 16 KiB"},
		{"be-lzo.img", 65536, "big-endian, 275 data nodes, 159 names, erase blocks of 32 KiB"},
		{"be-16k.img", 35080, "big-endian, 187 data nodes, 159 names"},
	} {
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			img := treetest.Image(t, row.file)
			for _, at := range []int64{0, 0x2130} {
				moved := slices.Concat(make([]byte, at), img, make([]byte, 777))
				p := archivetest.Look(t, formats, moved, at)
				// 16 bits are kept of an owner, and no sockets.
				treetest.Same(t, p, treetest.Source(t), func(l *archivetest.Line) { l.UID &= 0xffff; l.GID &= 0xffff })
				if p.Offset != at || p.Size != row.size || p.Note != row.note {
					t.Errorf("part (%s) of %d bytes at %d", p.Note, p.Size, p.Offset)
				}
			}
		})
	}
}

// read returns the tree as "path type content" and the kinds of all problems.
func read(t *testing.T, img []byte, at int64) (lines []string, note string, kinds []string) {
	t.Helper()
	p := looktest.At(t, formats, img, at)
	if p == nil {
		t.Fatal("not recognised")
	}
	v, err := p.Open(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	err = v.Walk(context.Background(), func(e format.Entry, content io.Reader) error {
		l := e.Path + " " + string(e.Type)
		switch e.Type {
		case format.File:
			b, err := io.ReadAll(content)
			l += " " + strings.ReplaceAll(string(b), "\x00", "_")
			if err != nil {
				l += " !"
			}
		case format.Symlink:
			l += " " + e.Target
		}
		if e.Links > 1 {
			l += " linked"
		}
		if e.Path != "/" {
			lines = append(lines, l)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	kept, _ := v.Problems()
	return lines, p.Note, archivetest.Kinds(append(slices.Clone(p.Problems), kept...))
}

func TestStates(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		make  func(m *maker)
		tree  []string
		note  string // after ": "
		kinds []string
	}{
		{"newer pieces stand before older ones", func(m *maker) {
			m.plain(2, 3, 10, 4, "XY")
			m.plain(2, 1, 10, 0, "0123456789")
			m.name(1, 1, 2, "f")
			m.plain(2, 2, 10, 2, "ab")
		}, []string{"/f file 01abXY6789"}, "", nil},
		{"a piece that was written over wholly", func(m *maker) {
			m.plain(2, 1, 4, 0, "old!")
			m.name(1, 1, 2, "f")
			m.plain(2, 2, 4, 0, "new!")
		}, []string{"/f file new!"}, "1 obsolete data nodes still stand in it", nil},
		{"cut, and made longer again: the rest is a hole", func(m *maker) {
			m.name(1, 1, 2, "f")
			m.plain(2, 1, 8, 0, "abcdefgh")
			m.plain(2, 2, 3, 0, "")
			m.piece(piece{ino: 2, version: 3, mode: 0o100644, size: 6, start: 3, plain: 3, compr: 1})
		}, []string{"/f file abc___"}, "1 obsolete data nodes still stand in it", nil},
		{"holes between and behind", func(m *maker) {
			m.name(1, 1, 2, "f")
			m.plain(2, 1, 9, 3, "abc")
		}, []string{"/f file ___abc___"}, "", nil},
		{"deleted by a name without inode", func(m *maker) {
			m.plain(2, 1, 1, 0, "a")
			m.plain(3, 1, 1, 0, "b")
			m.name(1, 3, 0, "gone")
			m.name(1, 1, 2, "gone")
			m.name(1, 2, 3, "stays")
		}, []string{"/stays file b"}, "1 obsolete data nodes still stand in it; 2 obsolete names, 1 of them deleted", nil},
		{"deleted by a mark in place", func(m *maker) {
			m.name(1, 2, 3, "stays")
			m.plain(3, 1, 1, 0, "b")
			m.name(1, 1, 2, "gone")
			m.stale()
			m.plain(2, 1, 1, 0, "a")
			m.stale()
		}, []string{"/stays file b"}, "1 obsolete data nodes still stand in it; 1 obsolete names, 0 of them deleted", nil},
		{"the first node is obsolete", func(m *maker) {
			m.plain(2, 1, 1, 0, "a")
			m.stale()
			m.name(1, 1, 2, "f")
			m.stale()
			m.name(1, 2, 2, "g")
			m.plain(2, 2, 1, 0, "b")
		}, []string{"/g file b"}, "1 obsolete data nodes still stand in it; 1 obsolete names, 0 of them deleted", nil},
		{"renamed", func(m *maker) {
			m.plain(2, 1, 1, 0, "a")
			m.name(1, 1, 2, "before")
			m.name(1, 2, 2, "after")
			m.name(1, 3, 0, "before")
		}, []string{"/after file a"}, "2 obsolete names, 1 of them deleted", nil},
		{"a hard link, a link, devices, a folder in a folder", func(m *maker) {
			m.plain(2, 1, 1, 0, "a")
			m.name(1, 1, 2, "a")
			m.name(1, 2, 2, "b")
			m.name(1, 3, 3, "l")
			m.piece(piece{ino: 3, version: 1, mode: 0o120777, size: 4, plain: 4, packed: "/a/b"})
			m.name(1, 4, 4, "d")
			m.piece(piece{ino: 4, version: 1, mode: 0o040700})
			m.name(4, 1, 5, "tty")
			m.piece(piece{ino: 5, version: 1, mode: 0o020620, plain: 2, packed: "\x05\x01"})
			m.name(4, 2, 6, "fifo")
			m.piece(piece{ino: 6, version: 1, mode: 0o010620})
		}, []string{"/a file a linked", "/b file a linked", "/d dir", "/d/fifo fifo", "/d/tty char", "/l symlink /a/b"}, "", nil},
		{"the newest piece is damaged: the one before it counts", func(m *maker) {
			m.plain(2, 1, 4, 0, "good")
			m.name(1, 1, 2, "f")
			m.plain(2, 2, 4, 0, "evil")
			m.b[len(m.b)-1] = 'L'
		}, []string{"/f file good"}, "", []string{"checksum"}},
		{"damaged properties and names", func(m *maker) {
			m.name(1, 1, 2, "f")
			m.plain(2, 1, 1, 0, "a")
			m.plain(2, 2, 1, 0, "b")
			m.b[m.last+20]++
			m.name(1, 2, 2, "g")
			m.b[m.last+40]++
			m.name(1, 3, 2, "h")
			m.b[m.last+13]++
		}, []string{"/f file a"}, "", []string{"checksum"}},
		{"power failed in the middle of a node, and a block went bad", func(m *maker) {
			m.cleanMarker()
			m.name(1, 1, 2, "f")
			m.plain(2, 1, 1, 0, "lost")
			m.b = m.b[:m.last+40]
			m.erased(-8192)
			m.b = append(m.b, strings.Repeat("dirt", 2048)...)
			m.cleanMarker()
			m.plain(2, 2, 1, 0, "a")
		}, []string{"/f file a"}, "", []string{"checksum"}},
		{"names that are none, a folder in itself, a name without inode", func(m *maker) {
			m.name(1, 1, 2, "d")
			m.piece(piece{ino: 2, version: 1, mode: 0o040700})
			m.name(2, 1, 2, "self")
			m.name(2, 2, 1, "root")
			m.name(2, 3, 3, "..")
			m.name(2, 4, 3, "a/b")
			m.name(2, 5, 3, "")
			m.name(2, 6, 3, "nul\x00")
			m.name(2, 7, 9, "nothing")
			m.plain(3, 1, 1, 0, "a")
		}, []string{"/d dir", "/d/self dir"}, "", []string{"bad-name", "damaged", "loop"}},
		{"lies about lengths", func(m *maker) {
			m.name(1, 1, 2, "f")
			m.plain(2, 1, 1, 0, "a")
			m.piece(piece{ino: 2, version: 2, mode: 0o100644, size: 1 << 30, plain: 1 << 30, packed: "b"})
			m.piece(piece{ino: 2, version: 3, mode: 0o100644, size: 5, start: 1<<32 - 2, plain: 5, packed: "12345"})
			m.name(1, 2, 3, "g")
			m.piece(piece{ino: 3, version: 1, mode: 0o100644, size: 5, plain: 5, packed: "12"})
		}, []string{"/f file a", "/g file  !"}, "", []string{"damaged"}},
		{"compressions that nobody knows", func(m *maker) {
			m.name(1, 1, 2, "f")
			m.piece(piece{ino: 2, version: 1, mode: 0o100644, size: 3, plain: 3, compr: 99, packed: "abc"})
			m.begin(0xe00f, 12)
		}, []string{"/f file  !"}, "", []string{"unsupported"}},
		{"the image ends in the middle of a node", func(m *maker) {
			m.name(1, 1, 2, "f")
			m.plain(2, 1, 1, 0, "a")
			m.plain(2, 2, 20, 0, "01234567890123456789")
			m.b = m.b[:len(m.b)-7]
		}, []string{"/f file a"}, "", []string{"truncated"}},
		{"nothing but erased blocks", func(m *maker) {
			m.cleanMarker()
			m.erased(-65536)
			m.cleanMarker()
			m.erased(-65536)
		}, nil, "", nil},
	} {
		for order, o := range orders() {
			t.Run(row.name+"/"+order, func(t *testing.T) {
				t.Parallel()
				m := &maker{order: o}
				row.make(m)
				tree, note, kinds := read(t, m.b, 0)
				if !slices.Equal(tree, row.tree) {
					t.Errorf("tree %q, want %q", tree, row.tree)
				}
				if _, rest, _ := strings.Cut(note, "; "); rest != row.note || !strings.HasPrefix(note, order) {
					t.Errorf("note %q, want %q", note, row.note)
				}
				if !slices.Equal(kinds, row.kinds) {
					t.Errorf("problems %q, want %q", kinds, row.kinds)
				}
			})
		}
	}
}

// TestNeighbours: two partitions side by side are two file systems. Numbers and
// versions begin anew in the second one.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	one := func(content string) []byte {
		m := &maker{order: binary.LittleEndian}
		m.cleanMarker()
		m.name(1, 0, 2, "name")
		m.plain(2, 1, uint32(len(content)), 0, content)
		m.erased(-16384)
		m.cleanMarker()
		m.erased(-32768)
		return m.b
	}
	for _, row := range []struct {
		name    string
		between int
		fill    string
	}{{"touching", 0, ""}, {"an erased partition between", 65536, "\xff"}, {"something else between", 65536, "env="}, {"far away", 1 << 20, "\x00"}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			first := one("first")
			img := slices.Concat(first, bytes.Repeat([]byte(row.fill), row.between/max(len(row.fill), 1)), one("second one"))
			a, _, _ := read(t, img, 0)
			b, _, _ := read(t, img, int64(len(first)+row.between))
			if got := looktest.At(t, formats, img, 0).Size; got != int64(len(first)) {
				t.Errorf("the first has %d bytes, not %d", got, len(first))
			}
			if want := []string{"/name file first", "/name file second one"}; !slices.Equal(append(a, b...), want) {
				t.Errorf("%q, %q", a, b)
			}
		})
	}
}

func TestNotThere(t *testing.T) {
	t.Parallel()
	lone := &maker{order: binary.LittleEndian}
	lone.cleanMarker()
	lone.b = append(lone.b, strings.Repeat("constants of a flashing tool", 40)...)
	short := &maker{order: binary.LittleEndian}
	short.name(1, 1, 2, "name")
	header := &maker{order: binary.BigEndian}
	header.name(1, 1, 2, "name")
	header.b[header.last+14]++
	for name, img := range map[string][]byte{
		"a clean marker in a program":   lone.b,
		"a name that ends early":        short.b[:39],
		"a name whose header is broken": header.b,
	} {
		if got := looktest.Every(t, formats, img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestBounds: pieces that decode to much and show little of it are cut at a
// limit, like a file that is too large.
func TestBounds(t *testing.T) {
	t.Parallel()
	m := &maker{order: binary.LittleEndian}
	m.name(1, 1, 2, "bomb")
	for i := range uint32(600) {
		m.piece(piece{ino: 2, version: i + 1, mode: 0o100644, size: 1 << 20, start: i * 4, plain: 200_000, compr: 2, packed: strings.Repeat("\x00\xff", 800)})
	}
	m.name(1, 2, 3, "large")
	m.piece(piece{ino: 3, version: 1, mode: 0o100644, size: 5000, plain: 5000, compr: 1})
	p := looktest.At(t, formats, m.b, 0)
	v, err := p.Open(context.Background(), format.Limits{File: 4000, Total: 2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err = v.Walk(context.Background(), func(e format.Entry, content io.Reader) error {
			if content == nil {
				return nil
			}
			if n, err := io.Copy(io.Discard, content); !errors.Is(err, format.ErrLimit) || n > 4000 {
				t.Errorf("%s: %d bytes, %v", e.Path, n, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzLook(f *testing.F) {
	for _, name := range []string{"le-sum.img", "be-lzo.img", "be-16k.img"} {
		f.Add(treetest.Image(f, name)[:20000])
	}
	for _, o := range orders() {
		m := &maker{order: o}
		m.cleanMarker()
		m.name(1, 1, 2, "f")
		for i := range byte(9) {
			m.piece(piece{ino: 2, version: uint32(i), mode: 0o100644, size: 9, start: uint32(i), plain: 4, compr: i, packed: "abcdefgh"})
		}
		m.erased(-4096)
		m.name(1, 2, 3, "l")
		m.piece(piece{ino: 3, version: 1, mode: 0o120777, plain: 4, packed: "/a/b"})
		f.Add(m.b)
	}
	f.Fuzz(func(t *testing.T, img []byte) { treetest.Fuzz(t, formats, mend(img)) })
}

// mend makes the checksums of the nodes in img right, so that a fuzzer gets
// behind them.
func mend(img []byte) []byte {
	img = bytes.Clone(img)
	for at := 0; at+68 < len(img); at += 4 {
		b := img[at:]
		var o binary.ByteOrder = binary.LittleEndian
		if b[0] == 0x19 {
			o = binary.BigEndian
		}
		if o.Uint16(b) != 0x1985 {
			continue
		}
		o.PutUint32(b[8:], sum(b[:8]))
		switch n := int(o.Uint32(b[48:])); o.Uint16(b[2:]) {
		case 0xe001:
			o.PutUint32(b[32:], sum(b[:32]))
			if n := 40 + int(b[28]); n <= len(b) {
				o.PutUint32(b[36:], sum(b[40:n]))
			}
		case 0xe002:
			if n < len(b)-68 {
				o.PutUint32(b[60:], sum(b[68:68+n]))
			}
			o.PutUint32(b[64:], sum(b[:60]))
		}
	}
	return img
}
