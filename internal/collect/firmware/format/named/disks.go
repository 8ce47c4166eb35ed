package named

import (
	"strconv"

	"assay/internal/collect/firmware/format"
)

var disks = []kind{
	{name: "qcow", magics: at(0, "QFI\xfb"), need: 48, know: qcow},
	{name: "vmdk", magics: at(0, "KDMV"), need: 77, know: vmdk},
	{name: "vmdk", magics: at(0, "# Disk DescriptorFile\n"), need: 22, head: true, know: func(format.Source, []byte, *format.Part) bool { return true }},
	{name: "vhd", magics: at(0, "conectix"), need: 512, know: vhd},
	{name: "vhdx", magics: at(0, "vhdxfile"), need: 512, know: vhdx},
	{name: "vdi", magics: at(64, "\x7f\x10\xda\xbe"), need: 376, know: vdi},
	{name: "dmg", head: true, need: 1, know: dmg},
}

// qcow: versions 2 and 3, and the first one with its shorter header (QEMU's
// docs/interop/qcow2.rst).
func qcow(_ format.Source, b []byte, p *format.Part) bool {
	cipher := be32(b[32:])
	switch version, bits := be32(b[4:]), be32(b[20:]); version {
	case 1:
		if b[32] < 9 || b[32] > 21 || be64(b[24:]) == 0 {
			return false
		}
		cipher = be32(b[36:])
	case 2, 3:
		if bits < 9 || bits > 21 || be64(b[40:])&(1<<bits-1) != 0 {
			return false
		}
	default:
		return false
	}
	switch cipher {
	case 0:
	case 1:
		encryption(p, "aes-128-cbc")
	case 2:
		encryption(p, "luks")
	default:
		return false
	}
	return true
}

// vmdk: a sparse extent, with line ends that show whether text mode broke it.
func vmdk(_ format.Source, b []byte, _ *format.Part) bool {
	version := le32(b[4:])
	return version >= 1 && version <= 3 && string(b[73:77]) == "\n \r\n" && power(le64(b[20:]), 8, 1<<20)
}

// vhd: the footer, of which a dynamic disk has a copy in front, has the
// complement of the sum of its bytes.
func vhd(_ format.Source, b []byte, p *format.Part) bool {
	var sum uint32
	for i, c := range b[:512] {
		if i < 64 || i >= 68 {
			sum += uint32(c)
		}
	}
	if be64(b[16:]) == 1<<64-1 { // a footer behind a fixed disk, which is read as it is
		p.Size, p.Opaque, p.Note = 512, "", "footer of a fixed disk"
		p.Vars = []format.Var{{Name: "vhd.size", Value: strconv.FormatUint(be64(b[48:]), 10), Offset: p.Offset + 48}}
	}
	return ^sum == be32(b[64:])
}

// vhdx: the creator's name in UTF-16, and zeros behind it.
func vhdx(s format.Source, _ []byte, p *format.Part) bool {
	return string(format.Head(s, p.Offset+64<<10, 4)) == "head"
}

// vdi: version 1.1 and a header of 400 bytes.
func vdi(_ format.Source, b []byte, _ *format.Part) bool {
	return le32(b[68:]) == 0x10001 && le32(b[72:]) >= 0x160 && le32(b[72:]) <= 1<<12
}

// dmg is known by its last 512 bytes: version 4 of a trailer.
func dmg(s format.Source, _ []byte, p *format.Part) bool {
	b := format.Head(s, s.Size()-512, 12)
	p.Size = s.Size() - p.Offset
	return p.Size > 512 && string(b) == "koly\x00\x00\x00\x04\x00\x00\x02\x00"
}
