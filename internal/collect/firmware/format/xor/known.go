package xor

import "slices"

// idle is eight times "mov r0, r0", with which compressed kernels for ARM begin.
const idle = "\x00\x00\xa0\xe1\x00\x00\xa0\xe1\x00\x00\xa0\xe1\x00\x00\xa0\xe1\x00\x00\xa0\xe1\x00\x00\xa0\xe1\x00\x00\xa0\xe1\x00\x00\xa0\xe1"

// groups are all headers, in all variants. What they share tells most keys
// before the variants are tried.
var groups = []group{
	{nil, slices.Concat(headers, xzHeaders())},
	{squashfsBase, squashfsHeaders()},
	{[]bytesAt{{0, "\x1f\x8b\x08"}}, gzipHeaders()},
}

type group struct {
	base   []bytesAt
	proofs []proof
}

// whole are those that decoded bytes are searched for.
var whole = slices.Concat(headers, []proof{
	{"gzip", []bytesAt{{0, "\x1f\x8b\x08"}}, begun, deflated, 0},
	{"xz", []bytesAt{{0, "\xfd7zXZ\x00"}}, xz, nil, 0},
})

var squashfsBase = []bytesAt{{0, "hsqs"}, {21, "\x00"}, {23, "\x00"}, {28, "\x04\x00\x00\x00"}, {38, "\x00\x00"}, {44, zeros[:4]}, {52, zeros[:4]}, {68, zeros[:4]}, {76, zeros[:4]}}

// squashfsHeaders are superblocks of each block size and compressor, without
// extended attributes, whose table is left out by all ones; and of the flags that
// mksquashfs sets, where there are some.
func squashfsHeaders() (out []proof) {
	for log := byte(12); log <= 20; log++ {
		size := uint32(1) << log
		for method := byte(1); method <= 6; method++ {
			base := slices.Concat(squashfsBase, []bytesAt{{12, string(le.AppendUint32(nil, size))}, {20, string([]byte{method, 0, log, 0})}})
			out = append(out, proof{"squashfs", slices.Concat(base, []bytesAt{{56, "\xff\xff\xff\xff\xff\xff\xff\xff"}}), squashfs, nil, 0},
				proof{"squashfs", slices.Concat(base, []bytesAt{{24, "\xc0\x00\x01\x00"}}), squashfs, nil, 0},
				proof{"squashfs", slices.Concat(base, []bytesAt{{24, "\xc0\x04\x01\x00"}}), squashfs, nil, 0})
		}
	}
	return out
}

// gzipHeaders are those that packers write, with a time and without.
func gzipHeaders() (out []proof) {
	add := func(flags byte, more ...bytesAt) {
		out = append(out, proof{"gzip", slices.Concat([]bytesAt{{0, string([]byte{0x1f, 0x8b, 8, flags})}}, more), gzip, deflated, 0})
	}
	for _, flags := range []byte{0, 8} {
		add(flags)
		for _, level := range []byte{0, 2, 4} {
			for _, system := range []byte{3, 255, 0, 11} {
				add(flags, bytesAt{8, string([]byte{level, system})})
				add(flags, bytesAt{4, string([]byte{0, 0, 0, 0, level, system})})
			}
		}
	}
	return out
}

// xzHeaders are those of each check.
func xzHeaders() (out []proof) {
	// No check, CRC-32, CRC-64, SHA-256, and the checksum over that.
	for _, check := range []string{"\x00\x00\xff\x12\xd9\x41", "\x00\x01\x69\x22\xde\x36", "\x00\x04\xe6\xd6\xb4\x46", "\x00\x0a\xe1\xfb\x0c\xa1"} {
		out = append(out, proof{"xz", []bytesAt{{0, "\xfd7zXZ\x00" + check}}, xz, nil, 0})
	}
	return out
}
