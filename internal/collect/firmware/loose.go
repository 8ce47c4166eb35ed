package firmware

import (
	"bytes"
	"slices"
)

// What begins like one of these holds no program of the device: pictures, fonts,
// sounds, documents, device trees (Devicetree Specification 0.4, 5.2). Colour
// profiles and films have their mark further in.
var noProgram = []string{
	"\xff\xd8\xff", "\x89PNG\r\n", "GIF8", "BM", "RIFF", "OggS", "ID3", "fLaC", "%PDF-", "%!PS",
	"\x00\x01\x00\x00\x00", "OTTO", "true\x00", "ttcf", "wOFF", "wOF2", "\x01\x00\x04",
	"\xd0\x0d\xfe\xed", "\x00\x00\x01\x00\x01\x00",
}

// maybeProgram says whether bytes without a name and a tree may be a program, of
// which nobody knows then what it is. What is known to be something else, and what
// is one value nearly throughout, isn't one.
func maybeProgram(b []byte) bool {
	if slices.ContainsFunc(noProgram, func(m string) bool { return bytes.HasPrefix(b, []byte(m)) }) {
		return false
	}
	if len(b) > 40 && string(b[36:40]) == "acsp" || len(b) > 8 && string(b[4:8]) == "ftyp" { // ICC.1:2022, 7.2; ISO/IEC 14496-12, 4.3
		return false
	}
	var count [256]int
	for _, c := range b {
		count[c]++
	}
	return slices.Max(count[:]) < len(b)/20*19
}
