// Package tar reads tar archives: ustar, GNU and pax ones with long names,
// sparse files and hard links, and the old ones that have only a checksum. A
// Mender artifact is such an archive. In: a source. Out: the tree of its members
// and, of an artifact, what its manifest says.
package tar

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

// Formats returns the kind of tar that only a checksum shows, and tar by its
// magic number; the latter stands last, as the one that the name "tar" is for.
func Formats() []format.Format {
	return []format.Format{
		{Name: "tar", Head: true, Weak: true, Look: lookOld},
		{Name: "tar", Magics: []format.Magic{{Bytes: "ustar", At: 257}}, Look: look},
	}
}

// blockSize is that of headers, and what content is filled up to.
const blockSize = 512

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	return lookAt(ctx, s, at, archive.NewWindow(s))
}

// lookOld takes a header without a magic number where a second one, or the end
// of the archive, follows it.
func lookOld(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	if b := format.Head(s, at, 101); len(b) < 101 || !printable(b[0]) || b[100] != ' ' && b[100] != '0' {
		return nil, nil
	}
	w := archive.NewWindow(s)
	h, ok := read(w, at)
	if !ok || !printable(h.name[0]) || h.name[0] == '/' {
		return nil, nil
	}
	if b := w.Bytes(h.next, blockSize); len(b) < blockSize {
		return nil, nil
	} else if _, ok := read(w, h.next); !ok && !zero(b) {
		return nil, nil
	}
	return lookAt(ctx, s, at, w)
}

func printable(c byte) bool { return c > ' ' && c < 0x7f }

// lookAt is sure by the header's checksum. It goes over all headers: the
// archive says nowhere how long it is.
func lookAt(ctx context.Context, s format.Source, at int64, w *archive.Window) (*format.Part, error) {
	if _, ok := read(w, at); !ok {
		return nil, nil
	}
	v := &volume{src: s, start: at}
	p := &format.Part{Format: "tar", Offset: at}
	var members []header
	artifact, opkg := false, false
	n := 0
	err := v.scan(ctx, w, func(h header) bool {
		if h.kind == 'x' || h.kind == 'g' || h.kind == 'L' || h.kind == 'K' {
			return true
		}
		if n == 0 {
			artifact = h.name == "version"
		}
		if n < 4 && strings.TrimPrefix(h.name, "./") == "debian-binary" {
			opkg = true
		}
		if n++; artifact && len(members) < maxListed {
			members = append(members, h)
		}
		v.linked = v.linked || h.kind == '1'
		return true
	})
	if err != nil || n == 0 && v.broken == nil {
		return nil, err
	}
	if v.broken != nil {
		p.Problems = append(p.Problems, *v.broken)
	}
	p.Size = min(v.end, s.Size()) - at
	p.Note = fmt.Sprintf("%d members", n)
	if opkg {
		p.Note += "; package of opkg"
	}
	if artifact {
		if err := readArtifact(ctx, p, s, members); err != nil {
			return nil, err
		}
	}
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		c := *v
		c.lim = lim.Defaults()
		return &c, nil
	}
	return p, nil
}

// header is what the chain of headers is followed by.
type header struct {
	at   int64
	name string
	kind byte
	size int64 // of what is stored
	data int64
	next int64
}

// read reads the header at offset at, if its checksum fits.
func read(w *archive.Window, at int64) (h header, ok bool) {
	b := w.Bytes(at, blockSize)
	if len(b) < blockSize || b[0] == 0 && b[345] == 0 {
		return h, false
	}
	want, ok := octal(b[148:156])
	if !ok || want == 0 {
		return h, false
	}
	// Old programs added the bytes up as signed ones.
	var sum, signed int64
	for i, c := range b {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int64(c)
		signed += int64(int8(c))
	}
	if sum != want && signed != want {
		return h, false
	}
	h = header{at: at, kind: b[156], data: at + blockSize}
	name, _, _ := bytes.Cut(b[:100], []byte{0})
	h.name = string(name)
	if h.name == "" {
		h.name = "?" // all of it in the prefix
	}
	if h.size, ok = octal(b[124:136]); !ok {
		h.size = -1
		return h, true
	}
	if h.kind == 'S' { // GNU's sparse files: more of the map may stand before the data
		for more := b[482] != 0; more; h.data += blockSize {
			m := w.Bytes(h.data, blockSize)
			more = len(m) == blockSize && m[504] != 0
		}
	}
	stored := h.size
	if h.kind >= '1' && h.kind <= '6' {
		stored = 0 // links, devices, folders
	}
	h.next = h.data + (stored+blockSize-1)/blockSize*blockSize
	return h, true
}

// octal reads a number in digits, or in GNU's binary form, where the first bit
// is set. A number that is negative or near 2^63 is none.
func octal(b []byte) (int64, bool) {
	var v int64
	if b[0]&0x80 != 0 {
		for i, c := range b {
			if i == 0 {
				c &= 0x7f
			}
			if v > 1<<52 {
				return 0, false
			}
			v = v<<8 | int64(c)
		}
		return v, b[0]&0x40 == 0
	}
	digits := bytes.Trim(b, " \x00")
	for _, c := range digits {
		if c < '0' || c > '7' || v > 1<<52 {
			return 0, false
		}
		v = v<<3 | int64(c-'0')
	}
	return v, true
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// scan calls fn for every header up to the two blocks of zeros, and sets where
// the archive ends and, where it breaks off, why.
func (v *volume) scan(ctx context.Context, w *archive.Window, fn func(header) bool) error {
	v.broken = nil
	at := v.start
	override := int64(-1) // the size of the next member, of a pax header
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		v.end = at
		h, ok := read(w, at)
		if !ok {
			v.finish(w, at)
			return nil
		}
		switch {
		case h.kind == 'x':
			override = paxSize(w, h)
		case h.kind == 'L' || h.kind == 'K':
		case override >= 0 && h.size >= 0:
			h.next += (override+blockSize-1)/blockSize*blockSize - (h.next - h.data)
			override = -1
		}
		if h.size < 0 || h.data+h.size > v.src.Size() && h.next > h.data {
			v.broken = &format.Problem{Offset: at, Path: h.name, Kind: format.Truncated,
				Detail: fmt.Sprintf("a member of %d bytes; %d are there", h.size, max(v.src.Size()-h.data, 0))}
			if h.size < 0 {
				v.broken.Kind, v.broken.Detail = format.Damaged, "the size of a member can't be one"
			}
			v.end = v.src.Size()
			if h.size >= 0 {
				fn(h)
			}
			return nil
		}
		if !fn(h) {
			return nil
		}
		at = h.next
	}
}

// recordSize is what archivers fill the end up to: 20 blocks.
const recordSize = 20 * blockSize

// finish says how the archive ends at offset at, where no header stands.
func (v *volume) finish(w *archive.Window, at int64) {
	b := w.Bytes(at, blockSize)
	switch {
	case len(b) < blockSize:
		v.broken = &format.Problem{Offset: at, Kind: format.Truncated, Detail: "the archive ends without the blocks that end it"}
		v.end = min(at+int64(len(b)), v.src.Size())
		return
	case !zero(b):
		v.broken = &format.Problem{Offset: at, Kind: format.Damaged, Detail: "no member's header stands where one must; the archive ends here"}
		return
	}
	full := v.start + (at+1-v.start+recordSize-1)/recordSize*recordSize
	for v.end = at; v.end < full; v.end += blockSize {
		if b := w.Bytes(v.end, blockSize); len(b) < blockSize || !zero(b) {
			return
		}
	}
}

// paxSize is the size that a pax header gives the next member, -1 for none.
func paxSize(w *archive.Window, h header) int64 {
	if h.size > 64<<10 {
		return -1
	}
	for b := w.Bytes(h.data, int(h.size)); ; {
		length, rest, ok := bytes.Cut(b, []byte(" "))
		n := 0
		for _, c := range length {
			if c < '0' || c > '9' || n > 1<<20 {
				return -1
			}
			n = 10*n + int(c-'0')
		}
		if !ok || n <= len(length)+1 || n > len(b) {
			return -1
		}
		record := rest[:n-len(length)-1]
		if value, ok := bytes.CutPrefix(record, []byte("size=")); ok {
			return decimal(bytes.TrimSuffix(value, []byte("\n")))
		}
		b = b[n:]
	}
}

func decimal(b []byte) int64 {
	var v int64
	for _, c := range b {
		if c < '0' || c > '9' || v > 1<<52 {
			return -1
		}
		v = 10*v + int64(c-'0')
	}
	return v
}
