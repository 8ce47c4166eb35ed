package cpio_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/cpio"
)

// odc writes members as "070707" in octal digits.
func odc(members ...member) []byte {
	var b bytes.Buffer
	for _, m := range append(members, member{name: "TRAILER!!!"}) {
		fmt.Fprintf(&b, "070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o%s\x00%s",
			1, 2, m.mode, 7, 8, 1, 4<<8|64, 1700000000, len(m.name)+1, len(m.content), m.name, m.content)
	}
	return b.Bytes()
}

// old writes members as thirteen numbers of 16 bits.
func old(order binary.AppendByteOrder, members ...member) []byte {
	var b []byte
	even := func() {
		if len(b)%2 != 0 {
			b = append(b, 0)
		}
	}
	for _, m := range append(members, member{name: "TRAILER!!!"}) {
		const time = 1700000000
		for _, v := range []int{0o70707, 1, 2, int(m.mode), 7, 8, 1, 4<<8 | 64, time >> 16, time & 0xffff, len(m.name) + 1, len(m.content) >> 16, len(m.content) & 0xffff} {
			b = order.AppendUint16(b, uint16(v))
		}
		b = append(append(b, m.name...), 0)
		even()
		b = append(b, m.content...)
		even()
	}
	return b
}

func TestOldKinds(t *testing.T) {
	t.Parallel()
	members := []member{
		{name: "dev/tty", mode: 0o020620},
		{name: "etc/motd", mode: 0o100644, content: "hello"},
		{name: "bin/sh", mode: 0o120777, content: "ash"},
	}
	for _, row := range []struct {
		note string
		img  []byte
	}{
		{"odc, 3 members", odc(members...)},
		{"binary, little-endian, 3 members", old(binary.LittleEndian, members...)},
		{"binary, big-endian, 3 members", old(binary.BigEndian, members...)},
	} {
		p := archivetest.Look(t, cpio.Formats(), row.img, 0)
		if p == nil || p.Note != row.note || p.Size != int64(len(row.img)) || len(p.Problems) > 0 {
			t.Errorf("%s: %+v", row.note, p)
			continue
		}
		tree := archivetest.Tree(t, archivetest.Open(t, cpio.Formats(), row.img))
		tty, motd := tree["/dev/tty"], tree["/etc/motd"]
		if tty.Type != string(format.Char) || tty.Major != 4 || tty.Minor != 64 || motd.SHA256 != archivetest.Sum("hello") || motd.UID != 7 || tree["/bin/sh"].Target != "ash" {
			t.Errorf("%s: %v", row.note, tree)
		}
	}
}
