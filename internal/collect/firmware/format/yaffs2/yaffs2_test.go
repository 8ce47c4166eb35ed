package yaffs2_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
	"assay/internal/collect/firmware/format/yaffs2"
)

var formats = yaffs2.Formats()

const (
	file   = 0o100644
	folder = 0o040755
	seq    = 0x1000
)

func flash(chunk, spare, tags int) *maker {
	return &maker{chunk: chunk, spare: spare, tags: tags, order: binary.LittleEndian, seq: seq}
}

// text is long enough for two chunks and a part.
func text(m *maker) string { return strings.Repeat("lens zone relay ", m.chunk/16*2+3)[:2*m.chunk+30] }

func fill(m *maker) {
	m.header(object{id: 1, kind: 3, parent: 1, mode: folder})
	m.header(object{id: 257, kind: 3, parent: 1, name: "etc", mode: 0o041700})
	m.header(object{id: 258, kind: 1, parent: 257, name: "conf", mode: 0o104640, size: uint32(len(text(m)))})
	m.data(258, 1, text(m)[:m.chunk])
	m.data(258, 2, text(m)[m.chunk:2*m.chunk])
	m.data(258, 3, text(m)[2*m.chunk:])
	m.header(object{id: 259, kind: 2, parent: 257, name: "to", mode: 0o120777, alias: "../etc/conf"})
	m.header(object{id: 260, kind: 4, parent: 1, name: "again", equiv: 258})
	m.header(object{id: 261, kind: 5, parent: 257, name: "mtd", mode: 0o060600, rdev: 31<<8 | 3})
	m.header(object{id: 262, kind: 1, parent: 1, name: "設定", mode: 0o100600})
}

func TestLayouts(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		chunk, spare, tags int
		extra, first       bool
	}{
		{2048, 64, 0, false, false}, {2048, 64, 2, true, false}, {2048, 64, 30, true, false}, {2048, 128, 8, false, false},
		{4096, 128, 0, true, false}, {4096, 224, 2, false, false}, {8192, 448, 4, true, false}, {1024, 32, 1, false, false},
		{512, 16, 0, true, false}, {2048 - 16, 16, 0, true, false}, {4096 - 16, 16, 0, false, false}, {16384, 1280, 6, true, false},
		{512, 16, 0, false, true},
	} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			t.Run(fmt.Sprint(row, order), func(t *testing.T) {
				t.Parallel()
				m := flash(row.chunk, row.spare, row.tags)
				m.extra, m.first, m.order = row.extra, row.first, order
				fill(m)
				made := slices.Concat(bytes.Repeat([]byte{0xff}, 100), m.b, bytes.Repeat([]byte{0xff}, 5*(m.chunk+m.spare)+11))
				p := looktest.At(t, formats[:1], made, 100)
				if p == nil {
					t.Fatal("not recognised")
				}
				name := "yaffs2"
				if row.first {
					name = "yaffs1"
				}
				if p.Size != int64(len(m.b)) || p.Format != name {
					t.Errorf("%s: %d bytes, want %d (%s)", p.Format, p.Size, len(m.b), p.Note)
				}
				sum := archivetest.Sum(text(m))
				treetest.Same(t, p, map[string]archivetest.Line{
					"/etc":      {Path: "/etc", Mode: "1700", UID: 1000, GID: 100, Type: "dir"},
					"/etc/conf": {Path: "/etc/conf", Mode: "4640", UID: 1000, GID: 100, Type: "file", Size: int64(len(text(m))), SHA256: sum},
					"/again":    {Path: "/again", Mode: "4640", UID: 1000, GID: 100, Type: "file", Size: int64(len(text(m))), SHA256: sum},
					"/etc/to":   {Path: "/etc/to", Mode: "0777", UID: 1000, GID: 100, Type: "symlink", Target: "../etc/conf"},
					"/etc/mtd":  {Path: "/etc/mtd", Mode: "0600", UID: 1000, GID: 100, Type: "block", Major: 31, Minor: 3},
					"/設定":       {Path: "/設定", Mode: "0600", UID: 1000, GID: 100, Type: "file", SHA256: archivetest.Sum("")},
				}, nil)
			})
		}
	}
}

// read returns the tree as "path content" and the kinds of all problems.
func read(t *testing.T, formats []format.Format, img []byte) (lines, kinds []string) {
	t.Helper()
	p := looktest.At(t, formats, img, 0)
	if p == nil {
		t.Fatal("not recognised")
	}
	v, err := p.Open(context.Background(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	err = v.Walk(context.Background(), func(e format.Entry, content io.Reader) error {
		l := e.Path
		if content != nil {
			b, err := io.ReadAll(content)
			l += " " + strings.ReplaceAll(string(b), "\x00", "_")
			if err != nil {
				l += " !"
			}
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
	return lines, archivetest.Kinds(append(slices.Clone(p.Problems), kept...))
}

func TestStates(t *testing.T) {
	t.Parallel()
	f := object{id: 300, kind: 1, parent: 1, name: "f", mode: file, size: 3}
	with := func(change func(o *object)) object { o := f; change(&o); return o }
	for _, row := range []struct {
		name  string
		make  func(m *maker)
		tree  []string
		kinds []string
	}{
		{"blocks out of order: the sequence number counts", func(m *maker) {
			m.seq = seq + 5
			m.header(f)
			m.data(300, 1, "new")
			m.next(seq + 2)
			m.header(with(func(o *object) { o.name = "was" }))
			m.data(300, 1, "old")
		}, []string{"/f new"}, nil},
		{"written over in one block", func(m *maker) {
			m.header(f)
			m.data(300, 1, "old")
			m.data(300, 1, "new")
			m.header(f)
		}, []string{"/f new"}, nil},
		{"deleted, and unlinked while it was open", func(m *maker) {
			m.header(f)
			m.data(300, 1, "old")
			m.header(object{id: 301, kind: 1, parent: 1, name: "g", mode: file})
			m.header(with(func(o *object) { o.name, o.parent = "deleted", 4 }))
			m.header(object{id: 301, kind: 1, parent: 3, name: "unlinked", mode: file})
			m.header(object{id: 302, kind: 1, parent: 1, name: "h", mode: file})
		}, []string{"/h "}, nil},
		{"cut, and made longer again: the rest is a hole", func(m *maker) {
			m.header(f)
			m.data(300, 1, strings.Repeat("a", m.chunk))
			m.data(300, 2, "bbbb")
			m.header(with(func(o *object) { o.size, o.shrink = 2, true }))
			m.data(300, 1, "aa")
			m.header(with(func(o *object) { o.size = uint32(m.chunk) + 4 }))
		}, []string{"/f aa" + strings.Repeat("_", 2048+4-2)}, nil},
		{"data that no header counts yet", func(m *maker) {
			m.header(with(func(o *object) { o.size = 0 }))
			m.data(300, 1, "abc")
		}, []string{"/f abc"}, nil},
		{"renamed over another one", func(m *maker) {
			m.header(f)
			m.data(300, 1, "old")
			m.header(object{id: 301, kind: 1, parent: 1, name: "f", mode: file, size: 3, shadows: 300})
			m.data(301, 1, "new")
		}, []string{"/f new"}, nil},
		{"one name, two objects: the newer one", func(m *maker) {
			m.header(f)
			m.header(object{id: 299, kind: 1, parent: 1, name: "f", mode: file, size: 3})
			m.data(299, 1, "new")
		}, []string{"/f new"}, nil},
		{"lost, found, and in no folder", func(m *maker) {
			m.header(with(func(o *object) { o.parent = 2 }))
			m.data(300, 1, "abc")
			m.header(object{id: 301, kind: 1, parent: 999, name: "lost", mode: file})
		}, []string{"/lost+found", "/lost+found/f abc"}, []string{"mismatch"}},
		{"folders in a circle, names that are none", func(m *maker) {
			m.header(object{id: 301, kind: 3, parent: 1, name: "d", mode: folder})
			m.header(object{id: 302, kind: 3, parent: 303, name: "e", mode: folder})
			m.header(object{id: 303, kind: 3, parent: 302, name: "e", mode: folder})
			m.header(object{id: 304, kind: 1, parent: 301, name: "..", mode: file})
			m.header(object{id: 305, kind: 1, parent: 301, name: "a/b", mode: file})
			m.header(object{id: 306, kind: 4, parent: 301, name: "l", equiv: 301})
			m.header(object{id: 307, kind: 4, parent: 301, name: "m", equiv: 306})
		}, []string{"/d", "/d/l"}, []string{"mismatch", "bad-name", "loop", "damaged"}},
		{"checkpoints, summaries, and a bad block", func(m *maker) {
			m.header(f)
			m.seq = 0x21
			m.data(0x20, 1, "checkpoint")
			m.seq = seq
			m.data(0x10, 1, "summary")
			m.next(0)
			m.b = append(m.b, make([]byte, blocks*(m.chunk+m.spare))...)
			m.seq = seq + 1
			m.data(300, 1, "abc")
		}, []string{"/f abc"}, nil},
		{"a header that is none", func(m *maker) {
			m.header(f)
			m.data(300, 1, "abc")
			for i := range uint32(70) {
				m.data(302, i+1, "no header")
			}
			m.header(object{id: 301, kind: 1, parent: 1, name: "g", mode: folder})
		}, []string{"/f abc"}, []string{"damaged"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := flash(2048, 64, 0)
			row.make(m)
			m.next(0)
			tree, kinds := read(t, formats[1:], m.b)
			slices.Sort(tree)
			if !slices.Equal(tree, row.tree) {
				t.Errorf("%q, want %q", tree, row.tree)
			}
			if !slices.Equal(kinds, row.kinds) {
				t.Errorf("problems %q, want %q", kinds, row.kinds)
			}
		})
	}
}

// TestFirst: YAFFS1 counts copies in two bits, and marks what is deleted.
func TestFirst(t *testing.T) {
	t.Parallel()
	m := flash(512, 16, 0)
	m.first = true
	f := object{id: 300, kind: 1, parent: 1, name: "f", mode: file, size: 3}
	m.header(f)
	m.copyOf(300, 1, "new", 0)
	m.copyOf(300, 1, "old", 3)
	m.header(object{id: 301, kind: 1, parent: 1, name: "g", mode: file})
	m.b[len(m.b)-16+4] = 0 // deleted
	for i := range uint32(20) {
		m.copyOf(302, i+1, "no header", 0)
	}
	if tree, kinds := read(t, formats, m.b); !slices.Equal(tree, []string{"/f new"}) || kinds != nil {
		t.Errorf("%q, %q", tree, kinds)
	}
}

// TestStart: the first chunk of a dump may be of any file.
func TestStart(t *testing.T) {
	t.Parallel()
	m := flash(2048, 64, 2)
	m.data(300, 4, "tail")
	m.header(object{id: 300, kind: 1, parent: 270, name: "f", mode: file, size: 3})
	m.header(object{id: 270, kind: 3, parent: 1, name: "d", mode: folder})
	if p := looktest.At(t, formats[1:], m.b, 0); p == nil || p.Size != int64(len(m.b)) {
		t.Fatalf("%+v", p)
	}
	tree, kinds := read(t, formats[1:], m.b)
	if len(tree) != 2 || tree[0] != "/d" || !strings.HasPrefix(tree[1], "/d/f ___") {
		t.Errorf("%q, %q", tree, kinds)
	}
}

func TestNeighbours(t *testing.T) {
	t.Parallel()
	one := func(name string) []byte {
		m := flash(2048, 64, 0)
		m.header(object{id: 1, kind: 3, parent: 1, mode: folder})
		m.header(object{id: 257, kind: 1, parent: 1, name: name, mode: file, size: 1})
		m.data(257, 1, "x")
		m.next(0)
		return m.b
	}
	img := slices.Concat(one("a"), one("b"))
	first, _ := read(t, formats, img)
	second, _ := read(t, formats, img[len(img)/2:])
	if !slices.Equal(first, []string{"/a x"}) || !slices.Equal(second, []string{"/b x"}) {
		t.Errorf("%q, %q", first, second)
	}
}

func TestNotThere(t *testing.T) {
	t.Parallel()
	m := flash(2048, 64, 0)
	fill(m)
	var bare []byte // a dump without spare bytes
	for b := m.b; len(b) > 0; b = b[2048+64:] {
		bare = append(bare, b[:2048]...)
	}
	noise := looktest.Noise(t)
	noise["a dump without spare bytes"] = bare
	noise["a header alone"] = m.b[:2048+64]
	same := flash(1024, 64, 24) // what repeats itself may look like tags
	for range 70 {
		same.header(object{id: 300, kind: 1, parent: 1, name: "f", mode: file})
	}
	noise["one chunk again and again"] = same.b
	for name, img := range noise {
		for at := 0; at < len(img); at += max(len(img)/500, 1) {
			if p := looktest.At(t, formats, img, int64(at)); p != nil {
				t.Errorf("%s at %d: %s", name, at, p.Note)
			}
		}
	}
}

func FuzzLook(f *testing.F) {
	for _, first := range []bool{false, true} {
		m := flash(512, 16, 0)
		m.first, m.extra = first, true
		fill(m)
		m.header(object{id: 258, kind: 1, parent: 257, name: "conf", mode: file, size: 4, shrink: true})
		f.Add(m.b)
	}
	m := flash(1024, 32, 2)
	m.order = binary.BigEndian
	fill(m)
	f.Add(m.b)
	f.Fuzz(func(t *testing.T, img []byte) { treetest.Fuzz(t, formats, img) })
}

func BenchmarkRead(b *testing.B) {
	m := flash(2048, 64, 0)
	m.header(object{id: 257, kind: 1, parent: 1, name: "big", mode: file, size: 4000 * 2048})
	for i := range uint32(4000) {
		m.data(257, i+1, strings.Repeat("x", 2048))
	}
	treetest.Bench(b, formats, m.b)
}
