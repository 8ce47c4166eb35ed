// Package named recognises what is not read: archives of desktop programs, disk
// images, file systems that small devices don't have, and encrypted volumes. In:
// a source. Out: a Part with the name, the size where the format has one, how it
// is encrypted where it says so, and in Opaque that nothing of it is read. A
// result that has such a part is not complete.
package named

import (
	"context"

	"assay/internal/collect/firmware/format"
)

// Formats returns all of them.
func Formats() []format.Format {
	var out []format.Format
	for _, list := range [][]kind{archives, disks, volumes, encrypted} {
		for _, k := range list {
			out = append(out, k.format())
		}
	}
	return out
}

// kind is a format that is only named.
type kind struct {
	name   string
	magics []format.Magic
	head   bool // at the head of a region only
	need   int  // bytes that know wants to see
	// know reads the header b; what it finds is filled in p. It must be sure.
	know func(s format.Source, b []byte, p *format.Part) bool
}

const notRead = "recognised, not read"

func (k kind) format() format.Format {
	return format.Format{Name: k.name, Magics: k.magics, Head: k.head, Look: func(_ context.Context, s format.Source, at int64) (*format.Part, error) {
		b := format.Head(s, at, k.need)
		if len(b) < k.need || !match(k.magics, b) {
			return nil, nil
		}
		p := &format.Part{Format: k.name, Offset: at, Opaque: notRead}
		if !k.know(s, b, p) {
			return nil, nil
		}
		p.Claim(s, p.Size)
		return p, nil
	}}
}

// match says whether one of the magic numbers stands in b; none is needed where
// there is none.
func match(magics []format.Magic, b []byte) bool {
	for _, m := range magics {
		if int64(len(b)) >= m.At+int64(len(m.Bytes)) && string(b[m.At:m.At+int64(len(m.Bytes))]) == m.Bytes {
			return true
		}
	}
	return len(magics) == 0
}

// at is one magic number.
func at(off int64, bytes string) []format.Magic { return []format.Magic{{Bytes: bytes, At: off}} }

// power says whether n is a power of two from lo to hi.
func power(n, lo, hi uint64) bool { return n&(n-1) == 0 && n >= lo && n <= hi }

// bytesOf is n units of size each; 0 where that is more than any device has.
func bytesOf(n, size uint64) int64 {
	if size == 0 || n > 1<<50/size {
		return 0
	}
	return int64(n * size)
}

// encryption notes how a part is encrypted.
func encryption(p *format.Part, scheme string) {
	p.Guards = append(p.Guards, format.Guard{Kind: format.Encryption, Scheme: scheme, State: format.Present, Offset: p.Offset})
	p.Opaque = "encrypted"
}
