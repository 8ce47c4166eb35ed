// Package elf reads what a firmware analysis wants of an ELF file: machine,
// libraries, symbols, and how it was hardened. In: the bytes of one file,
// hostile. Out: a Program. Inspectors call inspect.File.Program, which parses a
// file once for all of them. It follows the System V gABI (chapters 4 and 5);
// nothing that a header claims is allocated or followed beyond the bytes.
package elf

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrFormat says that the bytes are no ELF file that can be read: no magic
// number, a class or byte order that doesn't exist, or no whole header. Damage
// behind the header is no error but Problems.
var ErrFormat = errors.New("elf: not a sound ELF file")

// Program is one ELF file. Its strings are copies: it doesn't hold on to the
// bytes. Parse fills all of it in one go, about 20 µs for a usual program and
// 1 ms for the largest libraries; nothing is read later.
type Program struct {
	Bits    int    // 32, 64
	Big     bool   // big-endian
	Machine uint16 // e_machine
	Arch    string // "arm", "aarch64", "mips", "mipsel", "x86", "x86-64", "riscv64", "ppc"; "machine-N" else
	Type    string // "executable", "shared" (a library or a PIE), "object" (a kernel module), "core"
	Interp  string // PT_INTERP; empty: static, or a library
	Soname  string
	Needed  []string
	RPath   string            // DT_RPATH
	RunPath string            // DT_RUNPATH
	BuildID string            // NT_GNU_BUILD_ID, hexadecimal
	Comment string            // .comment: the compiler
	ModInfo map[string]string // .modinfo of a kernel module; at most 64 keys, the first value of each

	Stripped  bool   // no .symtab
	Debug     bool   // .debug_info
	NX        bool   // PT_GNU_STACK without execute
	ExecStack bool   // PT_GNU_STACK with execute; where there is no PT_GNU_STACK, the machine decides
	PIE       bool   // of an executable: DF_1_PIE, or shared with an interpreter
	RELRO     string // "none", "partial", "full"; "" of objects, which have no segments
	Canary    bool   // names __stack_chk_fail (a C library: defines it); of a static program: has it, or its message
	Fortify   bool   // names a _chk function
	Static    bool   // an executable that needs no library: no dynamic section, or a static PIE
	Packed    bool   // UPX: what it imports and says can't be seen

	Imports  []string // undefined dynamic symbols, without version; at most 20,000
	Exports  []string // defined dynamic symbols; at most 20,000
	VerDefs  []string // symbol versions that it defines: "GLIBC_2.36"
	VerNeeds []string // that it needs: "GLIBC_2.4"

	Sections []Section
	Problems []string // technical English: what is out of range; what could be read is here
}

// Section is one section.
type Section struct {
	Name  string
	Type  uint32 // sh_type: 1 is PROGBITS
	Off   int    // in the file
	Size  int
	Exec  bool
	Alloc bool
}

// Bounds of what one file may cost.
const (
	maxSections = 8192
	maxSegments = 4096
	maxDynamic  = 4096
	maxSymbols  = 1 << 17 // looked at
	maxNames    = 20_000  // kept of each kind
	maxVersions = 1024
	maxName     = 1024 // bytes of a symbol, library or section name
	maxProblems = 32
)

// Parse reads b.
func Parse(b []byte) (*Program, error) {
	if len(b) < 20 || string(b[:4]) != "\x7fELF" {
		return nil, fmt.Errorf("%w: no ELF header", ErrFormat)
	}
	f := &file{b: b, p: &Program{}}
	switch b[4] {
	case 1:
		f.p.Bits = 32
	case 2:
		f.p.Bits, f.wide = 64, true
	default:
		return nil, fmt.Errorf("%w: class %d", ErrFormat, b[4])
	}
	switch b[5] {
	case 1:
		f.order = binary.LittleEndian
	case 2:
		f.order, f.p.Big = binary.BigEndian, true
	default:
		return nil, fmt.Errorf("%w: byte order %d", ErrFormat, b[5])
	}
	if f.wide && len(b) < 64 || len(b) < 52 {
		return nil, fmt.Errorf("%w: the header is cut after %d bytes", ErrFormat, len(b))
	}
	f.header()
	f.segments()
	f.sections()
	f.dynamic()
	f.judge()
	return f.p, nil
}
