package inspect

import (
	"iter"

	"assay/internal/collect/firmware/inspect/elf"
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
	if p := f.Program(); p != nil {
		f.parts = elfData(p)
	}
	if f.parts == nil {
		f.parts = []span{{0, len(f.Data)}}
	}
	return f.parts
}

// elfData returns where the data sections of a program stand (System V gABI,
// "Sections"): PROGBITS, loaded, not executable. nil: there is no sound table.
func elfData(p *elf.Program) []span {
	const progbits = 1
	var out []span
	for _, s := range p.Sections {
		if s.Type != progbits || !s.Alloc || s.Exec || s.Size == 0 {
			continue
		}
		// Sections in order and apart; a table that lists one range a thousand
		// times must not cost a thousand passes.
		if len(out) > 0 && s.Off < out[len(out)-1].to {
			continue
		}
		out = append(out, span{s.Off, s.Off + s.Size})
	}
	return out
}
