// Package elf reads what a firmware analysis wants of an ELF file: machine,
// libraries, symbols, and how it was hardened. In: the bytes of one file,
// hostile. Out: a Program. It follows the System V gABI (chapters 4 and 5);
// nothing that a header claims is allocated or followed beyond the bytes.
package elf

import "errors"

// ErrFormat says that the bytes are no ELF file that can be read.
var ErrFormat = errors.New("elf: not a sound ELF file")

// Program is one ELF file.
type Program struct {
	Bits    int    // 32, 64
	Big     bool   // big-endian
	Machine uint16 // e_machine
	Arch    string // "arm", "aarch64", "mips", "mipsel", "x86", "x86-64", "riscv64", "ppc"; "machine-N" else
	Type    string // "executable", "shared" (a library or a PIE), "object" (a kernel module), "core"
	Interp  string // PT_INTERP; empty: static, or a library
	Soname  string
	Needed  []string
	RPath   string // DT_RPATH
	RunPath string // DT_RUNPATH
	BuildID string // NT_GNU_BUILD_ID, hexadecimal
	Comment string // .comment: the compiler
	ModInfo map[string]string // .modinfo of a kernel module; at most 64 keys, the first value of each

	Stripped bool // no .symtab
	Debug    bool // .debug_info
	NX       bool // PT_GNU_STACK without execute
	PIE      bool // of an executable: DF_1_PIE, or shared with an interpreter
	RELRO    string // "none", "partial", "full"
	Canary   bool   // uses __stack_chk_fail
	Fortify  bool   // uses a _chk function
	Static   bool   // an executable without dynamic section

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
	Off   int // in the file
	Size  int
	Exec  bool
	Alloc bool
}

// Parse reads b.
func Parse(b []byte) (*Program, error) { return nil, ErrFormat }
