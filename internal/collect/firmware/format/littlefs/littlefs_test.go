package littlefs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

const (
	block = 512
	count = 64
)

// side writes one metadata block as SPEC.md lays it out.
type side struct {
	b    []byte
	sum  uint32
	last uint32
}

func newSide(revision uint32) *side {
	s := &side{b: le.AppendUint32(nil, revision), last: 0xffffffff}
	s.sum = checksum(0xffffffff, s.b)
	return s
}

func (s *side) tag(kind, chunk, id, size int) {
	t := uint32(kind)<<28 | uint32(chunk)<<20 | uint32(id)<<10 | uint32(size)
	s.b = binary.BigEndian.AppendUint32(s.b, t^s.last)
	s.last = t
}

func (s *side) add(kind, chunk, id int, data string) *side {
	at := len(s.b)
	s.tag(kind, chunk, id, len(data))
	s.b = append(s.b, data...)
	s.sum = checksum(s.sum, s.b[at:])
	return s
}

// file adds a name and its content.
func (s *side) file(id int, name string, kind, how int, data string) *side {
	s.add(typeSplice, spliceCreate, id, "")
	s.add(typeName, kind, id, name)
	return s.add(typeStruct, how, id, data)
}

// commit ends one, padded to 16 bytes; more says what the next valid bit is.
func (s *side) commit() *side {
	at := len(s.b)
	pad := -(at + 8) & 15
	s.tag(typeCRC, 1, noFile, 4+pad)
	s.sum = checksum(s.sum, s.b[at:])
	s.b = le.AppendUint32(s.b, s.sum)
	s.b = append(s.b, bytes.Repeat([]byte{0xff}, pad)...)
	s.sum, s.last = 0xffffffff, s.last^0x80000000
	return s
}

func words(v ...uint32) string {
	var b []byte
	for _, x := range v {
		b = le.AppendUint32(b, x)
	}
	return string(b)
}

// list stores a content in blocks from first on, in the order 0, 2, 1, …; it
// returns what the entry says.
func list(img []byte, first uint32, content string) string {
	var at []uint32
	rest := content
	for i := 0; len(rest) > 0; i++ {
		n := first + uint32(i^1)
		b := img[n*block : (n+1)*block]
		head := int(pointers(int64(i)))
		for p := 0; p*4 < head; p++ {
			le.PutUint32(b[p*4:], at[i-1<<p])
		}
		k := copy(b[head:], rest)
		rest = rest[k:]
		at = append(at, n)
	}
	return words(at[len(at)-1], uint32(len(content)))
}

var long = strings.Repeat("a line of a recording of 35 bytes..\n", 200)

// image has a folder in two pairs, contents of every kind, and a history.
func image() []byte {
	img := bytes.Repeat([]byte{0xff}, block*count)
	put := func(n int, s *side) { copy(img[n*block:], s.b) }
	superEntry := words(0x00020001, block, count, 255, 0x7fffffff, 1022)
	root := newSide(8).add(typeName, kindSuper, 0, magic).add(typeStruct, structInline, 0, superEntry).commit()
	root.file(1, "etc", kindDir, structDir, words(4, 5)).file(2, "old", kindFile, structInline, "before").commit()
	root.add(typeStruct, structInline, 2, "after").add(typeAttr, attrTime, 2, words(1_700_000_000)).commit()
	root.file(1, "a.bin", kindFile, structList, list(img, 10, long)).file(4, "gone", kindFile, structInline, "x").commit()
	root.add(typeSplice, spliceDelete, 4, "").add(typeTail, 0, noFile, words(4, 5)).commit()
	put(1, root)
	put(0, newSide(7).add(typeName, kindSuper, 0, magic).add(typeStruct, structInline, 0, superEntry).commit())
	etc := newSide(2)
	for i := range 6 {
		etc.file(i, fmt.Sprintf("f%d.conf", i), kindFile, structInline, fmt.Sprintf("value=%d\n", i))
	}
	put(5, etc.add(typeTail, hardTail, noFile, words(6, 7)).commit())
	// The newer block of the second pair was being written when the power went.
	torn := newSide(4).file(0, "g.conf", kindFile, structInline, "torn").commit()
	torn.b[len(torn.b)-20] ^= 1
	put(7, torn)
	put(6, newSide(3).file(0, "g.conf", kindFile, structInline, "whole").file(1, "empty", kindFile, structInline, "").commit().
		add(typeAttr, 7, 0, "an attribute that nobody knows"))
	return img
}

func look1(t testing.TB, img []byte, at int64) *format.Part {
	t.Helper()
	return looktest.At(t, []format.Format{New()}, img, at)
}

func TestTree(t *testing.T) {
	t.Parallel()
	img := append(bytes.Repeat([]byte{0}, 1000), image()...)
	p := look1(t, append(img, "what follows"...), 1000)
	if p == nil || p.Size != block*count || p.Note != "2.1, 64 blocks of 512 bytes" {
		t.Fatalf("%+v", p)
	}
	want := map[string]string{"/": "dir", "/etc": "dir", "/a.bin": long, "/old": "after", "/etc/g.conf": "whole", "/etc/empty": ""}
	for i := range 6 {
		want[fmt.Sprintf("/etc/f%d.conf", i)] = fmt.Sprintf("value=%d\n", i)
	}
	got, problems := looktest.Contents(t, p)
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Errorf("problems %v (-want +got):\n%s", problems, diff)
	}
}

// TestDamage: what can still be read is, and what can't is told.
func TestDamage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		spoil func(img []byte)
		kinds string
		left  int // names
	}{
		{"a folder whose blocks are gone", func(img []byte) { clear(img[4*block : 6*block]) }, format.Damaged, 4},
		{"a folder in itself", func(img []byte) {
			etc := newSide(9).file(0, "f", kindFile, structInline, "x").add(typeTail, hardTail, noFile, words(4, 5)).commit()
			copy(img[4*block:], etc.b)
		}, format.Loop, 5},
		{"a pointer that leads out", func(img []byte) {
			last, _ := (&reader{sup: super{block: block}}).place(int64(len(long)) - 1)
			le.PutUint32(img[(10+last^1)*block:], 4000)
		}, format.Damaged, 12},
	} {
		img := image()
		row.spoil(img)
		p := look1(t, img, 0)
		if p == nil {
			t.Errorf("%s: not found", row.name)
			continue
		}
		got, problems := looktest.Contents(t, p)
		var kinds []string
		for _, q := range problems {
			kinds = append(kinds, q.Kind)
		}
		if strings.Join(kinds, " ") != row.kinds || len(got) != row.left {
			t.Errorf("%s: %v, %d names: %v", row.name, problems, len(got), got)
		}
	}
	img := image()
	img[block+20] ^= 1
	if p := look1(t, img[block:], 0); p != nil {
		t.Errorf("a wrong sum: %+v", p)
	}
	if p := look1(t, []byte("........littlefs is a file system, and this is a text about it, long enough to be looked at"), 0); p != nil {
		t.Errorf("a text: %+v", p)
	}
}

func FuzzTree(f *testing.F) {
	f.Add(image())
	f.Add(image()[:4096])
	f.Fuzz(func(t *testing.T, img []byte) {
		if p := look1(t, img, 0); p != nil {
			looktest.Contents(t, p)
		}
		// Any bytes as the entries of a commit.
		if len(img) > 300 {
			img = img[:300]
		}
		whole := image()
		s := newSide(20).add(typeName, kindSuper, 0, magic).add(typeStruct, structInline, 0, words(0x00020001, block, count, 255, 1<<31-1, 1022))
		for len(img) > 4 {
			n := min(int(img[3])%40, len(img)-4)
			s.add(int(img[0])&7, int(img[1]), int(img[2]), string(img[4:4+n]))
			img = img[4+n:]
		}
		copy(whole[block:], s.commit().b)
		if p := look1(t, whole, 0); p != nil {
			looktest.Contents(t, p)
		}
	})
}
