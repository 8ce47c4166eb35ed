package inspect

import (
	"encoding/binary"
	"iter"
)

type span struct{ from, to int }

// Run is a run of printable bytes in a binary.
type Run struct {
	Off  int
	Text []byte // part of File.Data
	NUL  bool   // a NUL byte ends it, and one (or the section's start) stands before it: a C string
}

// Runs goes over the printable runs of at least least bytes. Of an ELF only
// loaded data that is not code is looked at: code holds no strings, only noise.
func (f *File) Runs(least int) iter.Seq[Run] {
	return func(yield func(Run) bool) {
		for _, s := range f.spans() {
			if !runs(f.Data[s.from:s.to], s.from, least, yield) {
				return
			}
		}
	}
}

func runs(b []byte, base, least int, yield func(Run) bool) bool {
	for i := 0; i < len(b); {
		if !printable[b[i]] {
			i++
			continue
		}
		j := i + 1
		for j < len(b) && printable[b[j]] {
			j++
		}
		if j-i >= least {
			r := Run{Off: base + i, Text: b[i:j]}
			r.NUL = (i == 0 || b[i-1] == 0) && j < len(b) && b[j] == 0
			if !yield(r) {
				return false
			}
		}
		i = j + 1
	}
	return true
}

// InStrings says whether off stands where Runs looks.
func (f *File) InStrings(off int) bool {
	for _, s := range f.spans() {
		if off >= s.from && off < s.to {
			return true
		}
	}
	return false
}

func (f *File) spans() []span {
	if f.parts != nil {
		return f.parts
	}
	if f.Kind == ELF {
		f.parts = elfData(f.Data)
	}
	if f.parts == nil {
		f.parts = []span{{0, len(f.Data)}}
	}
	return f.parts
}

// maxSections bounds a section table; real programs have some forty.
const maxSections = 1024

// elfData returns where the data sections of an ELF stand (System V gABI,
// "Sections"): PROGBITS, loaded, not executable. nil: there is no sound table.
func elfData(b []byte) []span {
	if len(b) < 52 {
		return nil
	}
	var o binary.ByteOrder = binary.LittleEndian
	if b[5] == 2 {
		o = binary.BigEndian
	}
	wide := b[4] == 2
	var at uint64
	var size, n int
	if wide {
		if len(b) < 64 {
			return nil
		}
		at, size, n = o.Uint64(b[40:]), int(o.Uint16(b[58:])), int(o.Uint16(b[60:]))
	} else {
		at, size, n = uint64(o.Uint32(b[32:])), int(o.Uint16(b[46:])), int(o.Uint16(b[48:]))
	}
	least := 40
	if wide {
		least = 64
	}
	if n == 0 || n > maxSections || size < least || at > uint64(len(b)) || uint64(n*size) > uint64(len(b))-at {
		return nil
	}
	var out []span
	for i := range n {
		h := b[int(at)+i*size:]
		var flags, off, length uint64
		if wide {
			flags, off, length = o.Uint64(h[8:]), o.Uint64(h[24:]), o.Uint64(h[32:])
		} else {
			flags, off, length = uint64(o.Uint32(h[8:])), uint64(o.Uint32(h[16:])), uint64(o.Uint32(h[20:]))
		}
		const progbits, alloc, exec = 1, 2, 4
		if o.Uint32(h[4:]) != progbits || flags&alloc == 0 || flags&exec != 0 {
			continue
		}
		if off > uint64(len(b)) || length > uint64(len(b))-off {
			return nil
		}
		// Sections in order and apart; a table that lists one range a thousand
		// times must not cost a thousand passes.
		if len(out) > 0 && int(off) < out[len(out)-1].to {
			continue
		}
		out = append(out, span{int(off), int(off + length)})
	}
	return out
}
