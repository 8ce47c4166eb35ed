package iso9660_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/iso9660"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/tree/treetest"
)

var (
	le      = binary.LittleEndian
	be      = binary.BigEndian
	formats = []format.Format{iso9660.New()}
)

func both(v uint32) string {
	return string(be.AppendUint32(le.AppendUint32(nil, v), v))
}

// record is one of a folder; use is what Rock Ridge says.
func record(name string, extent, size uint32, flags byte, use ...string) []byte {
	b := append(make([]byte, 2), both(extent)+both(size)...)
	b = append(b, make([]byte, 7)...)
	b = append(b, flags, 0, 0, 1, 0, 0, 1, byte(len(name)))
	b = append(b, name...)
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	b = append(b, strings.Join(use, "")...)
	b[0] = byte(len(b))
	return b
}

// entry is one of the sharing protocol.
func entry(sig, value string) string { return sig + string([]byte{byte(4 + len(value)), 1}) + value }

func px(mode, uid uint32) string {
	return entry("PX", both(mode)+both(1)+both(uid)+both(0)+both(7))
}

func nm(name string) string { return entry("NM", "\x00"+name) }

const (
	rootAt, etcAt, fileAt, moreAt = 20, 21, 22, 23
	blocks                        = 25
)

func image(ridge bool) []byte {
	b := make([]byte, blocks*2048)
	v := b[16*2048:]
	copy(v, "\x01CD001\x01")
	copy(v[40:72], "A DISC")
	copy(v[80:], both(blocks))
	le.PutUint16(v[128:], 2048)
	be.PutUint16(v[130:], 2048)
	copy(v[156:], record("\x00", rootAt, 2048, 2))
	use := func(list ...string) []string {
		if !ridge {
			return nil
		}
		return list
	}
	put := func(at int, records ...[]byte) { copy(b[at*2048:], bytes.Join(records, nil)) }
	put(rootAt,
		record("\x00", rootAt, 2048, 2, use(entry("SP", "\xbe\xef\x00"), px(0o40750, 0))...),
		record("\x01", rootAt, 2048, 2),
		record("ETC", etcAt, 2048, 2, use(nm("etc"), px(0o40755, 0))...),
		record("LINK.;1", 0, 0, 0, use(nm("link"), px(0o120777, 0), entry("SL", "\x00\x04\x00\x00\x03etc\x00\x06passwd"))...))
	put(etcAt,
		record("\x00", etcAt, 2048, 2), record("\x01", rootAt, 2048, 2),
		// The rest of the name stands elsewhere.
		record("PASSWD.;1", fileAt, 9, 0, use(nm("pass"), px(0o100600, 33), entry("CE", both(moreAt)+both(4)+both(7)))...),
		record("SPLIT.BIN;1", fileAt, 2048, 0x80), record("SPLIT.BIN;1", moreAt, 3, 0))
	copy(b[fileAt*2048:], "root:x:0:")
	copy(b[moreAt*2048:], "abc ")
	copy(b[moreAt*2048+4:], nm("wd"))
	return b
}

func TestTree(t *testing.T) {
	t.Parallel()
	p := looktest.At(t, formats, image(true), 0)
	if p == nil || p.Size != blocks*2048 || p.Name != "A DISC" {
		t.Fatalf("%+v", p)
	}
	files, odd := looktest.Contents(t, p)
	if len(odd) > 0 {
		t.Errorf("odd: %v", odd)
	}
	if files["/etc/passwd"] != "root:x:0:" || !strings.HasPrefix(files["/etc/SPLIT.BIN"], "root:x:0:") || len(files["/etc/SPLIT.BIN"]) != 2051 || files["/link"] != "symlink" {
		t.Errorf("%q", files)
	}
	plain, _ := looktest.Contents(t, looktest.At(t, formats, image(false), 0))
	if plain["/ETC/PASSWD"] != "root:x:0:" || len(plain) != 5 {
		t.Errorf("without Rock Ridge: %d names, %q", len(plain), plain)
	}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	v, err := looktest.At(t, formats, image(true), 0).Open(t.Context(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = v.Walk(t.Context(), func(e format.Entry, _ io.Reader) error {
		got = append(got, strings.Join([]string{e.Path, string(e.Type), modes(e.Mode), e.Target}, " "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/ dir 750 ", "/etc dir 755 ", "/etc/passwd file 600 ", "/etc/SPLIT.BIN file 444 ", "/link symlink 777 ../etc/passwd"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func modes(m uint32) string {
	return string([]byte{'0' + byte(m>>6&7), '0' + byte(m>>3&7), '0' + byte(m&7)})
}

func TestNot(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]int{"blocks": 16*2048 + 84, "size of a block": 16*2048 + 131, "the root's record": 16*2048 + 156, "the root is no folder": 16*2048 + 156 + 25, "magic": 16*2048 + 3} {
		img := image(true)
		img[off] ^= 2
		if p := looktest.At(t, formats, img, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
	// A folder in itself is told, and ends.
	img := image(true)
	le.PutUint32(img[rootAt*2048+int(img[rootAt*2048])+36+2:], rootAt)
	if _, odd := looktest.Contents(t, looktest.At(t, formats, img, 0)); len(odd) == 0 {
		t.Error("a folder in itself is not told")
	}
}

func FuzzVolume(f *testing.F) {
	f.Add(image(true)[16*2048:])
	f.Add(image(false)[16*2048:])
	f.Add(disc()[16*2048:])
	f.Add(joliet(disc(), 24)[16*2048:])
	f.Fuzz(func(t *testing.T, b []byte) {
		treetest.Fuzz(t, formats, append(make([]byte, 16*2048), b...))
	})
}
