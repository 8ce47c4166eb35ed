package chk

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

var formats = []format.Format{New()}

func build(board, kernel, root string) []byte {
	b := make([]byte, fixed)
	copy(b, magic)
	be := binary.BigEndian
	be.PutUint32(b[4:], uint32(fixed+len(board)))
	copy(b[8:], []byte{1, 1, 0, 0, 48, 10})
	be.PutUint32(b[16:], checksum([]byte(kernel)))
	be.PutUint32(b[20:], checksum([]byte(root)))
	be.PutUint32(b[24:], uint32(len(kernel)))
	be.PutUint32(b[28:], uint32(len(root)))
	be.PutUint32(b[32:], checksum([]byte(kernel+root)))
	b = append(b, board...)
	be.PutUint32(b[36:], checksum(b))
	return append(b, kernel+root...)
}

func TestLook(t *testing.T) {
	t.Parallel()
	p := looktest.At(t, formats, append([]byte("...."), build("U12H000T00_TEST", "kernel", "rootfs")...), 4)
	if p == nil {
		t.Fatal("not found")
	}
	guard := func(what string, at int64) format.Guard {
		return format.Guard{Kind: format.Checksum, Scheme: scheme, State: format.Good, Note: what, Offset: at}
	}
	want := &format.Part{
		Format: "chk", Offset: 4, Size: 67, Name: "U12H000T00_TEST", Note: "Netgear, board U12H000T00_TEST, version 1.0.0.48, region 1",
		Regions: []format.Region{{Name: "kernel", Offset: 59, Size: 6}, {Name: "rootfs", Offset: 65, Size: 6}},
		Guards:  []format.Guard{guard("header", 40), guard("kernel", 20), guard("rootfs", 24), guard("image", 36)},
	}
	if d := cmp.Diff(want, p); d != "" {
		t.Errorf("part (-want +got):\n%s", d)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	flip := build("BOARD", "kernel", "")
	flip[len(flip)-1] ^= 1
	badHead := build("BOARD", "kernel", "")
	badHead[12] ^= 1
	for _, row := range []struct {
		name     string
		img      []byte
		found    bool
		problems string
	}{
		{"sound", build("BOARD", "kernel", ""), true, ""},
		{"flipped", flip, true, format.BadChecksum},
		{"header", badHead, true, format.BadChecksum},
		{"cut", flip[:len(flip)-2], true, format.Truncated},
		{"neither checksum nor name", append([]byte(magic+"\x00\x00\x00\x3a"), make([]byte, 200)...), false, ""},
		{"short", []byte(magic), false, ""},
	} {
		p := looktest.At(t, formats, row.img, 0)
		if (p != nil) != row.found || p != nil && looktest.Kinds(p) != row.problems {
			t.Errorf("%s: %+v", row.name, p)
		}
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	p := looktest.At(t, formats, looktest.Read(t, "built/formats/netgear.chk"), 0)
	if p == nil {
		t.Fatal("not found")
	}
	if p.Size != 712194 || p.Name != "U12H197T00_NETGEAR" || looktest.Kinds(p) != "" {
		t.Errorf("%d bytes, board %q, problems %v", p.Size, p.Name, p.Problems)
	}
	if got := strings.Join(looktest.Guards(p), ","); got != "checksum netgear-chk good,checksum netgear-chk good" {
		t.Errorf("guards %s", got)
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(build("BOARD", "kernel", "rootfs"))
	f.Add(build("BOARD", "kernel", ""))
	f.Fuzz(func(t *testing.T, img []byte) { looktest.At(t, formats, img, 0) })
}
