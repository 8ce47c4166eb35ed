// Package binary says of each ELF file of an image how it was built: hardened
// or not, with what left in it, and what it calls that is easily misused. In: an
// inspect.File and the places of Words in it. Out: a Record, and of that the
// weaknesses, once somebody knows whether the maker wrote the program. What a
// distribution's package lacks is a fact about the record and no weakness of
// the maker's own making.
package binary

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/elf"
	"assay/internal/collect/firmware/inspect/keyword"
)

// The kinds of weaknesses.
const (
	NotHardened     = "elf-not-hardened"
	UnsafeFunctions = "unsafe-functions"
	DebugSymbols    = "elf-debug-symbols"
	BuildTrace      = "build-trace"
	WritableRPath   = "rpath-writable" // libraries are looked for where others may write
	HardCodedKey    = "hard-coded-key" // what looks like a key, in a program that encrypts; Text is masked
	Broken          = "elf-broken"
)

// Record is how one ELF file was built.
type Record struct {
	inspect.Where
	Arch      string
	Bits      int
	Type      string // as elf.Program has it
	NX        bool
	ExecStack bool // asks for an executable stack
	PIE       bool
	RELRO     string
	Canary    bool
	Fortify   bool
	Static    bool
	Packed    bool
	Stripped  bool
	Debug     bool
	RPath     string   // DT_RPATH or DT_RUNPATH
	Managed   bool     // of a language that checks its own bounds: Go, Rust
	SetUID    bool     // runs as root, whoever starts it
	Compiler  string   // .comment
	Unsafe    []string // imported functions that write without a bound
	Commands  []string // imported functions that start a command
	Crypto    []Constant
	Traces    []Trace
	Keys      []Key
	Problems  []string // technical English: damage
}

// Constant is an algorithm that the file holds tables of.
type Constant struct {
	Name string // "aes", "des", "md5", "sha1", "sha256", "blowfish", "chacha20"
	Off  int
}

// Trace is what the build left: a path, a user and a host.
type Trace struct {
	Text string
	inspect.Where
}

// Key is what looks like a key.
type Key struct {
	Masked string
	inspect.Where
}

// Bounds of what is kept of one file.
const (
	maxTraces = 16
	maxKeys   = 16
	maxLooks  = 20_000 // places of words that are read
)

// Words are the anchors that Scan wants the places of.
func Words() []string {
	out := slices.Clone(traceWords)
	for _, c := range constants {
		out = append(out, c.bytes)
	}
	return out
}

// Scan describes f; nil where it is no ELF file and holds no trace of a build.
// Of other binary content (a kernel, a
// compiled script) only the traces are told.
func Scan(f *inspect.File, hits []keyword.Hit) *Record {
	p := f.Program()
	switch {
	case f.Role == inspect.Documentation || f.Role == inspect.Database:
		return nil
	case f.Kind == inspect.Binary:
		r := &Record{Where: f.At(0)}
		r.places(f, nil, hits)
		if len(r.Traces) == 0 {
			return nil
		}
		return r
	case f.Kind != inspect.ELF:
		return nil
	case p == nil:
		_, err := elf.Parse(f.Data)
		return &Record{Where: f.At(0), Problems: []string{err.Error()}}
	}
	r := &Record{
		Where: f.At(0), Arch: p.Arch, Bits: p.Bits, Type: p.Type, NX: p.NX, ExecStack: p.ExecStack, PIE: p.PIE, RELRO: p.RELRO, Canary: p.Canary,
		Fortify: p.Fortify, Static: p.Static, Packed: p.Packed, Stripped: p.Stripped, Debug: p.Debug, RPath: cmp.Or(p.RunPath, p.RPath),
		SetUID: f.Mode&0o4000 != 0 && f.UID == 0, Compiler: p.Comment, Problems: p.Problems, Managed: managed(p),
	}
	r.calls(p)
	r.places(f, p, hits)
	r.keys(f, p)
	return r
}

// Weaknesses judges r. known says that the file belongs to a component that
// others publish: how that was built is a fact, what it calls is not the
// maker's code.
func (r *Record) Weaknesses(known bool) []inspect.Weakness {
	var out []inspect.Weakness
	add := func(kind, name, text string) {
		out = append(out, inspect.Weakness{Kind: kind, Where: r.Where, Name: name, Text: text})
	}
	if len(r.Problems) > 0 {
		add(Broken, "", strings.Join(r.Problems[:min(3, len(r.Problems))], "; "))
	}
	if missing := r.missing(); r.ExecStack && !r.mips() || !known && len(missing) >= 2 {
		add(NotHardened, "", strings.Join(missing, ", "))
	}
	program := r.Type == "executable" || r.Type == "shared"
	if program && !known && !r.Fortify && (slices.Contains(r.Unsafe, "gets") || len(r.Unsafe) > 0 && len(r.Commands) > 0) {
		add(UnsafeFunctions, "", strings.Join(append(slices.Clone(r.Unsafe), r.Commands...), ", "))
	}
	if program && (r.Debug || !r.Stripped && !known) {
		add(DebugSymbols, "", r.symbols())
	}
	for _, dir := range strings.Split(r.RPath, ":") {
		if r.RPath != "" && writable(dir) {
			add(WritableRPath, "", r.RPath)
			break
		}
	}
	for _, t := range r.Traces {
		out = append(out, inspect.Weakness{Kind: BuildTrace, Where: t.Where, Text: t.Text})
	}
	for _, k := range r.Keys {
		if !known {
			out = append(out, inspect.Weakness{Kind: HardCodedKey, Where: k.Where, Text: k.Masked})
		}
	}
	return out
}

func (r *Record) symbols() string {
	if r.Debug {
		return ".debug_info"
	}
	return ".symtab"
}

// managed says that a program's language leaves no room for what a canary
// guards against, and its compiler sets none.
func managed(p *elf.Program) bool {
	return strings.Contains(p.Comment, "rustc") || slices.ContainsFunc(p.Sections, func(s elf.Section) bool { return s.Name == ".gopclntab" || s.Name == ".go.buildinfo" })
}

// mips says that whether the stack is executable isn't the maker's choice: up to
// Linux 4.8 the emulation of the floating point unit ran code there, and
// compilers ask for it to this day.
func (r *Record) mips() bool { return strings.HasPrefix(r.Arch, "mips") }

// stack says that the stack isn't executable. A program that says nothing about
// it gets one that isn't on machines younger than the header PT_GNU_STACK (Linux,
// fs/binfmt_elf.c and each machine's elf_read_implies_exec).
func (r *Record) stack() bool {
	if r.NX || r.mips() {
		return true
	}
	return !r.ExecStack && (strings.HasPrefix(r.Arch, "aarch64") || strings.HasPrefix(r.Arch, "riscv") || r.Arch == "loongarch")
}

// missing lists the protections that a compiler would have given for nothing.
// A library has no say over where the program stands; objects have no segments.
func (r *Record) missing() []string {
	var out []string
	if r.RELRO == "" {
		return nil
	}
	if !r.stack() {
		out = append(out, "NX")
	}
	if r.RELRO == "none" && !r.Static {
		out = append(out, "RELRO")
	}
	if !r.PIE && r.Type == "executable" {
		out = append(out, "PIE")
	}
	if !r.Canary && !r.Managed {
		out = append(out, "canary")
	}
	return out
}

// writable says that a search path of libraries isn't the system's alone: open
// to all, relative to wherever the program was started, or a build folder.
func writable(dir string) bool {
	if strings.HasPrefix(dir, "$ORIGIN") || strings.HasPrefix(dir, "${ORIGIN}") {
		return false
	}
	if dir == "" || dir[0] != '/' {
		return true
	}
	dir = path.Clean(dir)
	for _, d := range []string{"/tmp", "/var/tmp", "/dev/shm", "/home", "/mnt", "/media"} {
		if dir == d || strings.HasPrefix(dir, d+"/") {
			return true
		}
	}
	return false
}
