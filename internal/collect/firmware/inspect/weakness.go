package inspect

import (
	"assay/internal/collect/firmware/inspect/elf"
)

// Weakness is something in a file that weakens the device. The packages that
// find weaknesses list their kinds.
type Weakness struct {
	Kind string // "weak-tls-config"
	Where
	Name string // what it is about: a protocol, a cipher, a program; may be empty
	Text string // what stands there; credentials are not replaced
	Port int    // where the text names one
}

// Program is what package elf reads of the file; nil of all but ELF files, and
// of those without a sound header. It is parsed once.
func (f *File) Program() *elf.Program {
	if !f.parsed {
		f.parsed = true
		if f.Kind == ELF {
			f.program, _ = elf.Parse(f.Data) // an error: no program; package binary says why
		}
	}
	return f.program
}
