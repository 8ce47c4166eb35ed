package inspect

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// maxWide bounds the texts in UTF-16 that are read.
const maxWide = 1 << 20

// Wide returns a text that is written in UTF-16, as programs for Windows and
// their configuration tools write it, as a File in UTF-8, and where its bytes
// stand in f. ok is false for other files.
func (f *File) Wide() (text *File, at func(off int) int, ok bool) {
	d := f.Data
	if f.Kind != Binary || len(d) < 8 || len(d) > maxWide || len(d)%2 != 0 {
		return nil, nil, false
	}
	order := binary.ByteOrder(binary.LittleEndian)
	skip := 2
	switch {
	case d[0] == 0xff && d[1] == 0xfe && d[2]|d[3] != 0:
	case d[0] == 0xfe && d[1] == 0xff:
		order = binary.BigEndian
	case plainWide(d[:min(len(d), 128)]):
		skip = 0
	default:
		return nil, nil, false
	}
	out := make([]byte, 0, len(d)/2)
	places := make([]int32, 0, len(d)/2)
	for i := skip; i+1 < len(d); i += 2 {
		r := rune(order.Uint16(d[i:]))
		from := i
		if utf16.IsSurrogate(r) && i+3 < len(d) {
			r = utf16.DecodeRune(r, rune(order.Uint16(d[i+2:])))
			i += 2
		}
		if r == 0 && i+2 >= len(d) {
			break
		}
		n := len(out)
		out = utf8.AppendRune(out, r)
		for range len(out) - n {
			places = append(places, int32(from))
		}
	}
	text = New(f.Path, f.Mode, out)
	if text.Kind != Text {
		return nil, nil, false
	}
	return text, func(off int) int {
		if off >= len(places) {
			return len(d)
		}
		return int(places[off])
	}, true
}

// plainWide says that b is ASCII in UTF-16, little-endian, without a mark.
func plainWide(b []byte) bool {
	if len(b) < 32 {
		return false
	}
	for i := 0; i+1 < len(b); i += 2 {
		if c := b[i]; b[i+1] != 0 || !printable[c] && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}
