package spiffs

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

// maker lays files out as spiffsgen.py does.
type maker struct {
	layout
	img  []byte
	next int64 // page of the image
	ids  map[int64][]uint16
}

func newMaker(page, block, count int64) *maker {
	return &maker{layout: layout{page, block, count}, img: bytes.Repeat([]byte{0xff}, int(block*count)), ids: map[int64][]uint16{}}
}

// put writes a page behind the last one and lists it; it returns its number.
func (m *maker) put(id, span uint16, flags byte, rest []byte) int64 {
	per := m.block / m.page
	if m.next%per == 0 {
		m.next += m.lookups()
	}
	n := m.next
	m.next++
	p := m.img[n*m.page : (n+1)*m.page]
	le.PutUint16(p, id)
	le.PutUint16(p[2:], span)
	p[4] = flags
	copy(p[headerSize:], rest)
	m.ids[n/per] = append(m.ids[n/per], id)
	return n
}

func (m *maker) file(id uint16, name, content string) {
	head := append([]byte{0xff, 0xff, 0xff}, le.AppendUint32(nil, uint32(len(content)))...)
	head = append(append(head, 1), name...)
	head = append(head, make([]byte, 36-len(name))...)
	index := m.put(id|isIndex, 0, 0xf8, head)
	table := m.img[index*m.page+49 : (index+1)*m.page]
	for span := 0; len(content) > 0; span++ {
		n := min(len(content), int(m.page)-headerSize)
		at := m.put(id, uint16(span), 0xfc, []byte(content[:n]))
		if 2*span < len(table)-1 {
			le.PutUint16(table[2*span:], uint16(at))
		}
		content = content[n:]
	}
}

func (m *maker) bytes() []byte {
	for n := range m.count {
		list := m.img[n*m.block:]
		for i, id := range m.ids[n] {
			le.PutUint16(list[2*i:], id)
		}
		le.PutUint16(list[m.mark():], uint16(magic&0xffff)^uint16(m.page)^uint16(m.count-n))
	}
	return m.img
}

var long = strings.Repeat("a reading of a sensor, 30 bytes", 400)

func fill(m *maker) *maker {
	m.file(1, "/wifi.conf", "ssid=lumen\npsk=invented\n")
	m.file(2, "/www/index.html", long)
	m.put(9|isIndex, 0, 0xf8&^flagDeleted, []byte("\xff\xff\xff\x05\x00\x00\x00\x01/gone\x00")) // deleted
	m.file(3, "/empty", "")
	m.file(4, "/", "the root's own name")
	return m
}

var formats = []format.Format{New()}

func TestTree(t *testing.T) {
	t.Parallel()
	for _, l := range []layout{{256, 4096, 16}, {256, 8192, 8}, {256, 65536, 4}, {512, 16384, 4}, {128, 4096, 12}} {
		img := fill(newMaker(l.page, l.block, l.count)).bytes()
		p := looktest.At(t, formats, slices.Concat(make([]byte, 4096), img, []byte("what follows")), 4096)
		if p == nil || p.Size != int64(len(img)) {
			t.Errorf("%v: %+v", l, p)
			continue
		}
		got, problems := looktest.Contents(t, p)
		want := map[string]string{"/wifi.conf": "ssid=lumen\npsk=invented\n", "/www/index.html": long, "/empty": ""}
		if d := cmp.Diff(want, got); d != "" || len(problems) != 1 || problems[0].Kind != format.BadName {
			t.Errorf("%v: problems %v (-want +got):\n%s", l, problems, d)
		}
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	m := newMaker(256, 4096, 16)
	m.file(1, "/a", long)
	img := m.bytes()
	le.PutUint16(img[7*256+2:], 200) // the sixth piece, behind the list and the index: now it is another one
	got, problems := looktest.Contents(t, looktest.At(t, formats, img, 0))
	if got["/a"] != long[:251*5]+"!" || len(problems) != 1 || problems[0].Kind != format.Damaged {
		t.Errorf("%d bytes, %v", len(got["/a"]), problems)
	}
	empty := newMaker(256, 4096, 16).bytes()
	if p := looktest.At(t, formats, empty, 0); p == nil {
		t.Error("an empty one isn't found")
	}
	wrong := fill(newMaker(256, 4096, 16)).bytes()
	wrong[0] ^= 1 // the list names another object
	for name, img := range map[string][]byte{"a wrong list": wrong, "erased": bytes.Repeat([]byte{0xff}, 1<<16), "zeros": make([]byte, 1<<16),
		"cut": fill(newMaker(256, 4096, 16)).bytes()[:40000]} {
		if p := looktest.At(t, formats, img, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func FuzzTree(f *testing.F) {
	f.Add(fill(newMaker(128, 4096, 12)).bytes()[:8192])
	f.Add(newMaker(256, 4096, 2).bytes())
	f.Fuzz(func(t *testing.T, pages []byte) {
		m := newMaker(128, 4096, 3)
		fill := pages
		for i := 0; len(fill) > 8 && i < 60; i++ {
			n := min(len(fill)-8, 64)
			m.put(le.Uint16(fill)&0x800f, le.Uint16(fill[2:])&7, fill[4], fill[5:5+n])
			fill = fill[n:]
		}
		if p := looktest.At(t, formats, m.bytes(), 0); p != nil {
			looktest.Contents(t, p)
		}
		if p := looktest.At(t, formats, pages, 0); p != nil {
			looktest.Contents(t, p)
		}
	})
}
