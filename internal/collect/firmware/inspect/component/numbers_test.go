package component

import (
	"encoding/binary"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/elf"
)

// TestNumbers: libraries that keep their release as numbers, not as text.
func TestNumbers(t *testing.T) {
	t.Parallel()
	halves := func(order binary.AppendByteOrder, list ...uint16) (b []byte) {
		for _, x := range list {
			b = order.AppendUint16(b, x)
		}
		return b
	}
	words := func(order binary.AppendByteOrder, list ...uint32) (b []byte) {
		for _, x := range list {
			b = order.AppendUint32(b, x)
		}
		return b
	}
	little, big := binary.LittleEndian, binary.BigEndian
	for _, row := range []struct {
		name, path, soname string
		big                bool
		data               []byte
		want               string
	}{
		{"libusb 1.0.24 of Debian 11", "/usr/lib/libusb-1.0.so.0.3.0", "libusb-1.0.so.0", false, halves(little, 1, 0, 24, 11584, 0, 0), "libusb 1.0.24"},
		{"most significant byte first", "/usr/lib/libusb-1.0.so.0.3.0", "libusb-1.0.so.0", true, halves(big, 1, 0, 24, 11584, 0, 0), "libusb 1.0.24"},
		{"two that differ", "/usr/lib/libusb-1.0.so.0.3.0", "libusb-1.0.so.0", false, halves(little, 1, 0, 24, 11584, 1, 0, 26, 11724), ""},
		{"a count of builds that libusb never had", "/usr/lib/libusb-1.0.so.0.3.0", "libusb-1.0.so.0", false, halves(little, 1, 0, 24, 584), ""},
		{"in a program that loads it", "/usr/bin/lsusb", "", false, halves(little, 1, 0, 24, 11584), ""},
		{"libnl 3.4.0 of Debian 11", "/lib/libnl-3.so.200.26.0", "libnl-3.so.200", false, words(little, 0x426945, 0, 4, 3, 0x304), "libnl 3.4.0"},
		{"libnl 3.7.0, in the order of the source", "/lib/libnl-3.so.200.26.0", "libnl-3.so.200", true, words(big, 0x307, 3, 7, 0, 9), "libnl 3.7.0"},
	} {
		data := append([]byte("\x7fELF\x01\x01\x01"), make([]byte, 57)...)
		data = append(data, row.data...)
		p := &elf.Program{Type: "shared", Soname: row.soname, Big: row.big, Needed: []string{"libc.so.6"}}
		got := ""
		for _, c := range resultOf(t, inspect.New(row.path, 0o755, data), p).Components {
			got = c.Name + " " + c.Version
		}
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}
