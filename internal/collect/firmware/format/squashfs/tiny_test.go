package squashfs_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format/squashfs"
)

// tiny builds a file system by hand from the format's description: /a (a file
// of 5 bytes in a stored block), /l (a link to a) and /z (a hole of 4096 bytes).
func tiny() []byte {
	le := binary.LittleEndian
	stored := func(b []byte) []byte {
		return append(le.AppendUint16(nil, uint16(len(b))|1<<15), b...)
	}
	head := func(b []byte, kind, mode uint16, n uint32) []byte {
		b = le.AppendUint16(b, kind)
		b = le.AppendUint16(b, mode)
		b = le.AppendUint32(b, 0) // owner, group: id 0
		b = le.AppendUint32(b, 1_700_000_000)
		return le.AppendUint32(b, n)
	}
	words := func(b []byte, w ...uint32) []byte {
		for _, v := range w {
			b = le.AppendUint32(b, v)
		}
		return b
	}
	img := make([]byte, squashfs.SuperSize)
	img = append(img, "hello"...)

	var inodes, dir []byte
	at := map[string]int{"a": len(inodes)}
	inodes = words(head(inodes, 2, 0o4755, 1), squashfs.SuperSize, 0xffffffff, 0, 5, 5|1<<24)
	at["l"] = len(inodes)
	inodes = append(words(head(inodes, 3, 0o777, 2), 1, 1), 'a')
	at["z"] = len(inodes)
	inodes = words(head(inodes, 2, 0o600, 3), 0, 0xffffffff, 0, 4096, 0)

	dir = words(dir, 3-1, 0, 1)
	for i, name := range []string{"a", "l", "z"} {
		dir = le.AppendUint16(dir, uint16(at[name]))
		dir = le.AppendUint16(dir, uint16(i))
		dir = le.AppendUint16(dir, []uint16{2, 3, 2}[i])
		dir = le.AppendUint16(dir, 0)
		dir = append(dir, name...)
	}
	root := len(inodes)
	inodes = words(head(inodes, 1, 0o755, 4), 0, 2)
	inodes = le.AppendUint16(inodes, uint16(len(dir)+3))
	inodes = le.AppendUint16(inodes, 0)
	inodes = words(inodes, 5)

	inodeTable := len(img)
	img = append(img, stored(inodes)...)
	dirTable := len(img)
	img = append(img, stored(dir)...)
	ids := len(img)
	img = append(img, stored(words(nil, 1000))...)
	idTable := len(img)
	img = le.AppendUint64(img, uint64(ids))

	s := words(nil, 0x73717368, 4, 1_700_000_000, 4096, 0)
	for _, v := range []uint16{1, 12, 0, 1, 4, 0} {
		s = le.AppendUint16(s, v)
	}
	none := uint64(1<<64 - 1)
	for _, v := range []uint64{uint64(root), uint64(len(img)), uint64(idTable), none, uint64(inodeTable), uint64(dirTable), none, none} {
		s = le.AppendUint64(s, v)
	}
	copy(img, s)
	return img
}

func TestTiny(t *testing.T) {
	t.Parallel()
	img := tiny()
	fs, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), squashfs.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	type got struct {
		Path, Target, Content string
		Mode, UID             uint32
		Type                  squashfs.Type
	}
	var all []got
	err = fs.Walk(context.Background(), func(e squashfs.Entry, content io.Reader) error {
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
		{Path: "/", Mode: 0o755, UID: 1000, Type: squashfs.Dir},
		{Path: "/a", Mode: 0o4755, UID: 1000, Type: squashfs.File, Content: "hello"},
		{Path: "/l", Mode: 0o777, UID: 1000, Type: squashfs.Symlink, Target: "a"},
		{Path: "/z", Mode: 0o600, UID: 1000, Type: squashfs.File},
	}
	if d := cmp.Diff(want, all); d != "" {
		t.Error(d)
	}
	if p, _ := fs.Problems(); len(p) > 0 {
		t.Errorf("problems: %v", p)
	}
	n := 0
	if err := fs.List(context.Background(), func(squashfs.Entry) error { n++; return nil }); err != nil || n != len(want) {
		t.Errorf("List: %d entries, %v", n, err)
	}
}
