// Package cpio reads cpio archives: newc with and without sums, odc, and the
// old binary one in both orders of bytes. Initramfs, the early microcode before
// one, SWUpdate packages and the payload of an RPM are such. In: a source. Out:
// the tree of its members and, of a SWUpdate package, what its description
// says about hashes, signature and encryption.
package cpio

import (
	"context"
	"fmt"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

// Formats returns cpio with its long magic numbers, and the old binary one,
// whose magic number is too short to be looked for everywhere.
func Formats() []format.Format {
	return []format.Format{
		{Name: "cpio", Magics: []format.Magic{{Bytes: "070701"}, {Bytes: "070702"}, {Bytes: "070707"}}, Look: look},
		{Name: "cpio", Magics: []format.Magic{{Bytes: "\xc7\x71"}, {Bytes: "\x71\xc7"}}, Head: true, Look: look},
	}
}

// look is sure after one header of ASCII digits, and after two of the binary
// kind. It goes over all headers: the archive says nowhere how long it is.
func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	if b := format.Head(s, at, newcHeader); len(b) < binaryHeader || !likely(b) {
		return nil, nil
	}
	w := archive.NewWindow(s)
	first, ok := read(w, at, at)
	if !ok || first.name == trailer {
		return nil, nil
	}
	if first.kind >= little {
		if _, ok := read(w, at, first.next); !ok {
			return nil, nil
		}
	}
	a := &volume{src: s, start: at}
	p := &format.Part{Format: "cpio", Offset: at}
	var members []header // of a SWUpdate package only
	swupdate := first.name == description
	n := 0
	err := a.scan(ctx, w, func(h header) error {
		n++
		a.linked = a.linked || h.links > 1 && h.typ() == format.File
		if swupdate && len(members) < maxImages {
			members = append(members, h)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if a.broken != nil {
		p.Problems = append(p.Problems, *a.broken)
	}
	p.Size = min(a.end, s.Size()) - at
	p.Note = fmt.Sprintf("%s, %d members", first.kind, n)
	if swupdate {
		p.Note += "; SWUpdate package"
		if err := readPackage(ctx, p, s, members); err != nil {
			return nil, err
		}
	}
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		v := *a
		v.lim = lim.Defaults()
		return &v, nil
	}
	return p, nil
}

// likely is the cheap check before any other: digits behind the magic number.
func likely(b []byte) bool {
	if b[0] != '0' {
		return true // binary; looked for at the head of a region only
	}
	for _, c := range b[6:binaryHeader] {
		if _, ok := number([]byte{c}, 16); !ok {
			return false
		}
	}
	return true
}

// blockSize is what archivers fill the end up to, and the kernel's tools too.
const blockSize = 512

// scan calls fn for every member up to the trailer, and sets where the archive
// ends and, where it breaks off, why.
func (v *volume) scan(ctx context.Context, w *archive.Window, fn func(header) error) error {
	v.broken = nil
	at := v.start
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		h, ok := read(w, v.start, at)
		switch {
		case !ok && at >= v.src.Size():
			v.broken = &format.Problem{Offset: at, Kind: format.Truncated, Detail: "the archive ends without its trailer"}
		case !ok:
			v.broken = &format.Problem{Offset: at, Kind: format.Damaged, Detail: "no member's header stands where one must; the archive ends here"}
		}
		v.end = at
		if !ok {
			return nil
		}
		if h.name == trailer {
			v.end = padded(w, v.start, h.next)
			return nil
		}
		if h.data+h.size > v.src.Size() {
			v.broken = &format.Problem{Offset: h.at, Path: h.name, Kind: format.Truncated,
				Detail: fmt.Sprintf("a member claims %d bytes; %d are there", h.size, max(v.src.Size()-h.data, 0))}
		}
		if err := fn(h); err != nil {
			return err
		}
		if v.broken != nil {
			v.end = v.src.Size()
			return nil
		}
		at = h.next
	}
}

// padded is the end of the block that the trailer ends in, if zeros fill it.
func padded(w *archive.Window, start, end int64) int64 {
	full := start + (end-start+blockSize-1)/blockSize*blockSize
	rest := w.Bytes(end, int(full-end))
	for i, c := range rest {
		if c != 0 {
			return end + int64(i)&^3
		}
	}
	return end + int64(len(rest))
}
