package firmware

import (
	"slices"

	"assay/internal/collect/firmware/format"
)

// noProgram are first bytes of fonts, PostScript, icons and device trees
// (Devicetree Specification 0.4, 5.2).
var noProgram = []string{"%!PS", "\x00\x01\x00\x00\x00", "true\x00", "ttcf", "\x01\x00\x04", "\xd0\x0d\xfe\xed", "\x00\x00\x01\x00\x01\x00"}

// maybeProgram says whether bytes without a name and a tree may be a program, of
// which nobody knows then what it is. What is known to be something else, and what
// is one value nearly throughout, isn't one.
func maybeProgram(b []byte) bool {
	if format.Medium(b, noProgram...) || len(b) > 40 && string(b[36:40]) == "acsp" { // a colour profile: ICC.1:2022, 7.2
		return false
	}
	var count [256]int
	for _, c := range b {
		count[c]++
	}
	return slices.Max(count[:]) < len(b)/20*19
}
