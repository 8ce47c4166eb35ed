package unpack

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"assay/internal/collect/firmware/format"
)

// TestLeap holds the places that leap stops at against a search for each number:
// it may stop where none stands, and passes over none.
func TestLeap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SampledFrom([]byte{0, 0, 0xff, 'a', 'b', 0x28})
		list := make([]format.Format, rapid.IntRange(1, 4).Draw(t, "formats"))
		for i := range list {
			list[i].Magics = []format.Magic{{Bytes: string(rapid.SliceOfN(some, 1, 6).Draw(t, "number"))}}
		}
		fs := NewFormats(list)
		var b []byte
		for range rapid.IntRange(0, 8).Draw(t, "pieces") {
			switch rapid.IntRange(0, 2).Draw(t, "piece") {
			case 0:
				b = append(b, bytes.Repeat([]byte{some.Draw(t, "fill")}, rapid.IntRange(1, 70).Draw(t, "run"))...)
			case 1:
				b = append(b, rapid.SliceOfN(some, 0, 12).Draw(t, "bytes")...)
			case 2:
				b = append(b, rapid.SampledFrom(list).Draw(t, "one").Magics[0].Bytes...)
			}
		}
		end := len(b) - rapid.IntRange(0, min(len(b), 9)).Draw(t, "beyond")
		var stops []int
		for i := fs.pairs.leap(b, 0, end, int(fs.lead)); i < end; i = fs.pairs.leap(b, i+1, end, int(fs.lead)) {
			stops = append(stops, i)
		}
		for i := range end {
			stands := slices.ContainsFunc(list, func(f format.Format) bool { return prefix(b[i:], f.Magics[0].Bytes) })
			// In padding the number of its last bytes is the one that is looked at.
			if stands && !slices.Contains(stops, i) && !inPadding(b, i, int(fs.lead)) {
				t.Fatalf("%q: the number at %d is passed over; stops %v", b, i, stops)
			}
		}
	})
}

// inPadding says that more bytes than lead behind i are the one at i.
func inPadding(b []byte, i, lead int) bool {
	n := i
	for n < len(b) && b[n] == b[i] {
		n++
	}
	return (b[i] == 0 || b[i] == 0xff) && n-i > lead
}
