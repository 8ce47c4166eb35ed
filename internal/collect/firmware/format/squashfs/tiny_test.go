package squashfs_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/squashfs"
	"assay/internal/collect/firmware/format/tree/treetest"
)

// maker builds small file systems by hand from the format's description.
type maker struct {
	order    binary.AppendByteOrder
	magic    string
	id       uint16                // of the compressor
	compress func(b []byte) []byte // nil: everything is stored
	files    int                   // beside those of every tree
	frags    bool                  // they stand in fragments, each of its own number, which are all the same block
}

var plainMaker = maker{order: binary.LittleEndian, magic: "hsqs", id: 1}

// meta is a metadata block.
func (m *maker) meta(b []byte) []byte {
	if m.compress != nil {
		if c := m.compress(b); len(c) < len(b) {
			return append(m.order.AppendUint16(nil, uint16(len(c))), c...)
		}
	}
	return append(m.order.AppendUint16(nil, uint16(len(b))|1<<15), b...)
}

// table packs b into metadata blocks and says where each begins, in the table
// and in b.
func (m *maker) table(b []byte) (out []byte, at []int) {
	for len(b) > 0 {
		n := min(len(b), 8192)
		at = append(at, len(out))
		out = append(out, m.meta(b[:n])...)
		b = b[n:]
	}
	return out, at
}

func (m *maker) words(b []byte, w ...uint32) []byte {
	for _, v := range w {
		b = m.order.AppendUint32(b, v)
	}
	return b
}

func (m *maker) head(b []byte, kind, mode uint16, n uint32) []byte {
	b = m.order.AppendUint16(b, kind)
	b = m.order.AppendUint16(b, mode)
	b = m.words(b, 0) // owner, group: id 0
	return m.words(b, 1_700_000_000, n)
}

// text is the content of /t, in two blocks and a tail.
var text = strings.Repeat("a line of a configuration that repeats\n", 250)

// image has /a (5 bytes in a stored block), /l (a link to a), /t (text), /z (a
// hole of 4096 bytes), and files that are empty.
func (m *maker) image() []byte {
	img := make([]byte, squashfs.SuperSize)
	block := func(s string) uint32 {
		if m.compress != nil {
			if c := m.compress([]byte(s)); len(c) < len(s) {
				img = append(img, c...)
				return uint32(len(c))
			}
		}
		img = append(img, s...)
		return uint32(len(s)) | 1<<24
	}
	at := []uint32{uint32(len(img))}
	sizes := []uint32{block("hello")}
	at = append(at, uint32(len(img)))
	for rest := text; rest != ""; rest = rest[min(4096, len(rest)):] {
		sizes = append(sizes, block(rest[:min(4096, len(rest))]))
	}

	var inodes, dir []byte
	var starts []int
	type entry struct {
		name string
		kind uint16
	}
	var all []entry
	add := func(name string, kind uint16) {
		starts = append(starts, len(inodes))
		all = append(all, entry{name, kind})
	}
	add("a", 2)
	inodes = m.words(m.head(inodes, 2, 0o4755, 1), at[0], 0xffffffff, 0, 5, sizes[0])
	var frags []byte
	shared := uint32(len(img))
	if m.frags {
		size := block(text[:4000])
		for range m.files {
			frags = m.words(m.order.AppendUint64(frags, uint64(shared)), size, 0)
		}
	}
	for i := range m.files {
		add(fmt.Sprintf("f%06d", i), 2)
		inodes = m.head(inodes, 2, 0o644, uint32(i+2))
		if m.frags {
			inodes = m.words(inodes, 0, uint32(i), uint32(i%3000), 1000)
		} else {
			inodes = m.words(inodes, 0, 0xffffffff, 0, 0)
		}
	}
	n := uint32(m.files)
	add("l", 3)
	inodes = append(m.words(m.head(inodes, 3, 0o777, n+2), 1, 1), 'a')
	add("t", 2)
	inodes = m.words(m.words(m.head(inodes, 2, 0o644, n+3), at[1], 0xffffffff, 0, uint32(len(text))), sizes[1:]...)
	add("z", 2)
	inodes = m.words(m.head(inodes, 2, 0o600, n+4), 0, 0xffffffff, 0, 4096, 0)
	root := len(inodes)
	// The listing needs to know where each block of inodes will stand, which the
	// root's inode at the end doesn't change.
	_, blocks := m.table(append(bytes.Clone(inodes), make([]byte, 40)...))
	for len(all) > 0 {
		run := 1
		for run < len(all) && run < 256 && starts[run]/8192 == starts[0]/8192 {
			run++
		}
		dir = m.words(dir, uint32(run)-1, uint32(blocks[starts[0]/8192]), 1)
		for i, e := range all[:run] {
			dir = m.order.AppendUint16(dir, uint16(starts[i]%8192))
			dir = m.order.AppendUint16(dir, 0)
			dir = m.order.AppendUint16(dir, e.kind)
			dir = m.order.AppendUint16(dir, uint16(len(e.name)-1))
			dir = append(dir, e.name...)
		}
		all, starts = all[run:], starts[run:]
	}
	inodes = m.words(m.head(inodes, 8, 0o755, n+5), 2, uint32(len(dir)+3), 0, n+5, 0, 0xffffffff)
	return m.finish(img, inodes, dir, frags, root, n+5)
}

func (m *maker) finish(img, inodes, dir, frags []byte, root int, count uint32) []byte {
	inodeTable := len(img)
	packed, blocks := m.table(inodes)
	img = append(img, packed...)
	dirTable := len(img)
	packed, _ = m.table(dir)
	img = append(img, packed...)
	ids := len(img)
	img = append(img, m.meta(m.words(nil, 1000))...)
	idTable := len(img)
	img = m.order.AppendUint64(img, uint64(ids))

	none := uint64(1<<64 - 1)
	fragTable := none
	if len(frags) > 0 {
		packed, blocks := m.table(frags)
		at := len(img)
		img = append(img, packed...)
		fragTable = uint64(len(img))
		for _, b := range blocks {
			img = m.order.AppendUint64(img, uint64(at+b))
		}
	}

	s := append([]byte(m.magic), m.words(nil, count, 1_700_000_000, 4096, uint32(len(frags)/16))...)
	for _, v := range []uint16{m.id, 12, 0, 1, 4, 0} {
		s = m.order.AppendUint16(s, v)
	}
	ref := uint64(blocks[root/8192])<<16 | uint64(root%8192)
	for _, v := range []uint64{ref, uint64(len(img)), uint64(idTable), none, uint64(inodeTable), uint64(dirTable), fragTable, none} {
		s = m.order.AppendUint64(s, v)
	}
	copy(img, s)
	return img
}

func tiny() []byte { return plainMaker.image() }

// lines is what image's tree is.
func (m *maker) lines() map[string]archivetest.Line {
	line := func(path, kind, mode, content string) archivetest.Line {
		l := archivetest.Line{Path: path, Mode: mode, UID: 1000, GID: 1000, Type: kind, Size: int64(len(content))}
		if kind == "file" {
			l.SHA256 = archivetest.Sum(content)
		}
		return l
	}
	out := map[string]archivetest.Line{
		"/a": line("/a", "file", "4755", "hello"),
		"/l": {Path: "/l", Mode: "0777", UID: 1000, GID: 1000, Type: "symlink", Target: "a"},
		"/t": line("/t", "file", "0644", text),
		"/z": line("/z", "file", "0600", string(make([]byte, 4096))),
	}
	for i := range m.files {
		path, content := fmt.Sprintf("/f%06d", i), ""
		if m.frags {
			content = text[:4000][i%3000:][:1000]
		}
		out[path] = line(path, "file", "0644", content)
	}
	return out
}

// lzmaAlone makes an .lzma file with the properties and, if sized, its length.
func lzmaAlone(p lzma.Properties, sized bool) func([]byte) []byte {
	return func(b []byte) []byte {
		var out bytes.Buffer
		c := lzma.WriterConfig{Properties: &p, DictCap: 1 << 16, SizeInHeader: true, Size: int64(len(b)), EOSMarker: !sized}
		w, err := c.NewWriter(&out)
		if err == nil {
			_, err = w.Write(b)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			panic(err)
		}
		return out.Bytes()
	}
}

func compressZlib(b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func compressXZ(b []byte) []byte {
	var out bytes.Buffer
	w, err := xz.WriterConfig{CheckSum: xz.CRC32, DictCap: 1 << 16}.NewWriter(&out)
	if err != nil {
		panic(err)
	}
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// TestVendors reads what vendors make of squashfs 4: byte order, magic number,
// and a compressor that the superblock doesn't tell.
func TestVendors(t *testing.T) {
	t.Parallel()
	sdk := lzma.Properties{LC: 3, LP: 0, PB: 2}
	odd := lzma.Properties{LC: 1, LP: 2, PB: 0}
	after := func(n int, f func([]byte) []byte) func([]byte) []byte {
		return func(b []byte) []byte { return f(b)[n:] }
	}
	for _, row := range []struct {
		name  string
		m     maker
		codec string // of the note
	}{
		{"stored", maker{order: binary.LittleEndian, magic: "hsqs", id: 1}, "gzip, "},
		{"big-endian", maker{order: binary.BigEndian, magic: "sqsh", id: 1, compress: compressZlib}, "4.0, big-endian, magic number \"sqsh\", gzip, "},
		{"big-endian with the other magic number", maker{order: binary.BigEndian, magic: "hsqs", id: 4, compress: compressXZ}, "big-endian, xz, "},
		{"lzma", maker{order: binary.LittleEndian, magic: "hsqs", id: 2, compress: lzmaAlone(sdk, false)}, "lzma, "},
		{"lzma, with the length", maker{order: binary.LittleEndian, magic: "hsqs", id: 2, compress: lzmaAlone(odd, true)}, "lzma, "},
		{"xz in the place of gzip", maker{order: binary.LittleEndian, magic: "hsqs", id: 1, compress: compressXZ}, "the blocks are xz"},
		{"gzip in the place of lzma", maker{order: binary.LittleEndian, magic: "hsqs", id: 2, compress: compressZlib}, "the blocks are gzip"},
		{"lzma in the place of gzip", maker{order: binary.LittleEndian, magic: "shsq", id: 1, compress: lzmaAlone(sdk, true)}, "the blocks are lzma"},
		{"header of 5 bytes", maker{order: binary.LittleEndian, magic: "shsq", id: 2, compress: func(b []byte) []byte {
			c := lzmaAlone(sdk, true)(b)
			return append(c[:5:5], c[13:]...)
		}}, "the blocks are lzma, header of 5 bytes"},
		{"no header", maker{order: binary.BigEndian, magic: "qshs", id: 1, compress: after(13, lzmaAlone(sdk, true))}, "no header, properties 0x5d"},
		{"no header, other properties", maker{order: binary.LittleEndian, magic: "hsqs", id: 1, compress: after(13, lzmaAlone(odd, true))}, "no header, properties 0x13"},
		{"no header, four bytes before", maker{order: binary.LittleEndian, magic: "hsqt", id: 1, compress: func(b []byte) []byte {
			return append([]byte{9, 8, 7, 6}, lzmaAlone(sdk, true)(b)[13:]...)
		}}, "no header, properties 0x5d"},
	} {
		for _, files := range []int{0, 600} { // one block of inodes, or three
			t.Run(fmt.Sprint(row.name, ", ", files, " more"), func(t *testing.T) {
				t.Parallel()
				m := row.m
				m.files = files
				img := m.image()
				p := archivetest.Look(t, formats, img, 0)
				treetest.Same(t, p, m.lines(), nil)
				if !strings.Contains(p.Note, row.codec) || p.Size != int64(len(img)) {
					t.Errorf("%d of %d bytes, note %q, want one with %q", p.Size, len(img), p.Note, row.codec)
				}
				once(t, img, strings.Contains(row.codec, "the blocks are") || strings.Contains(row.codec, "no header"))
			})
		}
	}
}

// TestFragmentOfManyNumbers has a table that names one fragment again and again:
// it is expanded once.
func TestFragmentOfManyNumbers(t *testing.T) {
	t.Parallel()
	m := maker{order: binary.LittleEndian, magic: "hsqs", id: 4, compress: compressXZ, files: 2000, frags: true}
	img := m.image()
	treetest.Same(t, archivetest.Look(t, formats, img, 0), m.lines(), nil)
	if st := once(t, img, false); st.Expanded != 1+3 {
		t.Errorf("%d blocks were expanded, there are 4", st.Expanded)
	}
}

func TestTiny(t *testing.T) {
	t.Parallel()
	img := tiny()
	fs, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	type got struct {
		Path, Target, Content string
		Mode, UID             uint32
		Type                  format.Type
	}
	var all []got
	err = fs.Walk(context.Background(), func(e format.Entry, content io.Reader) error {
		g := got{Path: e.Path, Target: e.Target, Mode: e.Mode, UID: e.UID, Type: e.Type}
		if content != nil {
			b, err := io.ReadAll(content)
			if err != nil {
				return err
			}
			g.Content = string(bytes.ReplaceAll(b, []byte{0}, nil))
			if int64(len(b)) != e.Size {
				t.Errorf("%s: %d bytes of %d", e.Path, len(b), e.Size)
			}
		}
		all = append(all, g)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []got{
		{Path: "/", Mode: 0o755, UID: 1000, Type: format.Dir},
		{Path: "/a", Mode: 0o4755, UID: 1000, Type: format.File, Content: "hello"},
		{Path: "/l", Mode: 0o777, UID: 1000, Type: format.Symlink, Target: "a"},
		{Path: "/t", Mode: 0o644, UID: 1000, Type: format.File, Content: text},
		{Path: "/z", Mode: 0o600, UID: 1000, Type: format.File},
	}
	if d := cmp.Diff(want, all); d != "" {
		t.Error(d)
	}
	if p, _ := fs.Problems(); len(p) > 0 {
		t.Errorf("problems: %v", p)
	}
}
