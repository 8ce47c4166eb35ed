package elf

import (
	"bytes"
	"fmt"
	"strings"
)

// tags are the entries of the dynamic section that are of use (gABI, chapter 5,
// "Dynamic Section"; the numbers from 0x6ffffef5 on are GNU's).
type tags struct {
	needed, verdef, verneed              []uint64
	soname, rpath, runpath               uint64
	hasSoname, hasRPath, hasRunPath      bool
	strtab, strsz, symtab, hash, gnuHash uint64
	mipsSymbols, verdefNum, verneedNum   uint64
	verdefAt, verneedAt                  uint64
	now, pie                             bool
}

func (f *file) tags() tags {
	var t tags
	size := f.pick(8, 16)
	for i := range maxDynamic {
		if len(f.dyn) < (i+1)*size {
			break
		}
		e := f.dyn[i*size:]
		tag, v := f.word(e, 0, 0), f.word(e, 4, 8)
		if tag == 0 {
			break
		}
		switch tag {
		case 1:
			t.needed = append(t.needed, v)
		case 4:
			t.hash = v
		case 5:
			t.strtab = v
		case 6:
			t.symtab = v
		case 10:
			t.strsz = v
		case 14:
			t.soname, t.hasSoname = v, true
		case 15:
			t.rpath, t.hasRPath = v, true
		case 24: // DT_BIND_NOW
			t.now = true
		case 29:
			t.runpath, t.hasRunPath = v, true
		case 30: // DT_FLAGS
			t.now = t.now || v&8 != 0
		case 0x6ffffef5:
			t.gnuHash = v
		case 0x6ffffffb: // DT_FLAGS_1
			t.now = t.now || v&1 != 0
			t.pie = v&0x08000000 != 0
		case 0x6ffffffc:
			t.verdefAt = v
		case 0x6ffffffd:
			t.verdefNum = v
		case 0x6ffffffe:
			t.verneedAt = v
		case 0x6fffffff:
			t.verneedNum = v
		case 0x70000011: // DT_MIPS_SYMTABNO
			t.mipsSymbols = v
		}
	}
	return t
}

// memory returns what is loaded at addr, to the end of its segment.
func (f *file) memory(addr uint64) []byte {
	for _, s := range f.loads {
		if addr >= s.addr && addr-s.addr < s.size {
			return f.upTo(s.off+(addr-s.addr), s.size-(addr-s.addr))
		}
	}
	return nil
}

// dynamic reads the dynamic section: libraries, symbols, versions.
func (f *file) dynamic() {
	if !f.hasDyn {
		return
	}
	t := f.tags()
	names := f.memory(t.strtab)
	if t.strsz > 0 && t.strsz < uint64(len(names)) {
		names = names[:t.strsz]
	}
	if len(names) == 0 {
		if names = f.dynNames; len(names) == 0 {
			if len(t.needed) > 0 {
				f.problem("the dynamic section's strings at address %#x lie in no segment", t.strtab)
			}
			return
		}
	}
	// One copy for all names: substrings cost nothing.
	table := table(names)
	p := f.p
	for _, at := range t.needed {
		if s := table.at(at); s != "" {
			p.Needed = append(p.Needed, s)
		} else {
			f.problem("a needed library's name at %d of the strings is missing", at)
		}
	}
	if t.hasSoname {
		p.Soname = table.at(t.soname)
	}
	if t.hasRPath {
		p.RPath = table.at(t.rpath)
	}
	if t.hasRunPath {
		p.RunPath = table.at(t.runpath)
	}
	f.now, f.pie = t.now, t.pie
	f.dynamicSymbols(t, table)
	p.VerDefs = f.versions(f.memory(t.verdefAt), t.verdefNum, table, true)
	p.VerNeeds = f.versions(f.memory(t.verneedAt), t.verneedNum, table, false)
}

// table is a string table.
type table string

// at is the string at off, without its NUL, at most maxName bytes.
func (t table) at(off uint64) string {
	if off >= uint64(len(t)) {
		return ""
	}
	s := string(t[off:min(uint64(len(t)), off+maxName)])
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	return s
}

func (f *file) dynamicSymbols(t tags, names table) {
	size := f.pick(16, 24)
	syms := f.memory(t.symtab)
	n := f.symbolCount(t, size)
	if len(syms) == 0 {
		syms, n = f.dynSyms, len(f.dynSyms)/size
	}
	if n == 0 {
		return
	}
	if n*size > len(syms) {
		f.problem("%d dynamic symbols: only %d lie in the file", n, len(syms)/size)
	}
	if n > maxSymbols {
		f.problem("%d dynamic symbols: the first %d were looked at", n, maxSymbols)
	}
	n = min(n, len(syms)/size, maxSymbols)
	p := f.p
	p.Imports = make([]string, 0, min(n/4, 256))
	for i := range n {
		s := syms[i*size : (i+1)*size]
		at, info, section := f.order.Uint32(s), s[f.pick(12, 4)], f.order.Uint16(s[f.pick(14, 6):])
		if at == 0 || info>>4 == 0 { // no name, or STB_LOCAL
			continue
		}
		name := names.at(uint64(at))
		switch {
		case name == "":
			continue
		case section == 0:
			if len(p.Imports) < maxNames {
				p.Imports = append(p.Imports, name)
			}
		case len(p.Exports) < maxNames:
			p.Exports = append(p.Exports, name)
		}
		f.guard(name)
	}
}

// guard notes the functions that a compiler's protections call.
func (f *file) guard(name string) {
	if len(name) < 6 || name[0] != '_' || name[1] != '_' {
		return
	}
	switch {
	case name == "__stack_chk_fail" || name == "__stack_chk_fail_local" || name == "__stack_smash_handler":
		f.p.Canary = true
	case strings.HasSuffix(name, "_chk"):
		f.p.Fortify = true
	}
}

// symbolCount is how many dynamic symbols there are; the dynamic section says
// it in roundabout ways only.
func (f *file) symbolCount(t tags, size int) int {
	const mips = 8
	if t.mipsSymbols > 0 && f.p.Machine == mips {
		return int(min(t.mipsSymbols, maxSymbols+1))
	}
	if h := f.memory(t.hash); len(h) >= 8 && t.hash != 0 {
		return int(f.order.Uint32(h[4:])) // nchain
	}
	if len(f.dynSyms) > 0 {
		return len(f.dynSyms) / size
	}
	if t.strtab > t.symtab { // linkers put the strings behind the symbols
		return int(min((t.strtab-t.symtab)/uint64(size), maxSymbols+1))
	}
	return f.gnuCount(t.gnuHash)
}

// gnuCount follows the GNU hash table to its last symbol (glibc, elf/dl-lookup.c).
func (f *file) gnuCount(addr uint64) int {
	h := f.memory(addr)
	if len(h) < 16 || addr == 0 {
		return 0
	}
	buckets, first, bloom := uint64(f.order.Uint32(h)), uint64(f.order.Uint32(h[4:])), uint64(f.order.Uint32(h[8:]))
	at := 16 + bloom*uint64(f.pick(4, 8))
	chains := at + buckets*4
	if chains > uint64(len(h)) {
		f.problem("the hash table of symbols ends beyond its segment")
		return 0
	}
	last := uint64(0)
	for i := range buckets {
		last = max(last, uint64(f.order.Uint32(h[at+4*i:])))
	}
	if last < first {
		return int(min(first, maxSymbols))
	}
	for i := chains + (last-first)*4; i+4 <= uint64(len(h)); i += 4 {
		last++
		if f.order.Uint32(h[i:])&1 != 0 {
			break
		}
	}
	return int(min(last, maxSymbols+1))
}

// versions reads the list of defined (Verdef) or needed (Verneed) versions.
func (f *file) versions(b []byte, count uint64, names table, defined bool) []string {
	var out []string
	u16 := func(at uint64) uint64 { return uint64(f.order.Uint16(b[at:])) }
	u32 := func(at uint64) uint64 { return uint64(f.order.Uint32(b[at:])) }
	head, aux, item := uint64(20), uint64(12), uint64(8)
	if !defined {
		head, aux, item = 16, 8, 16
	}
	at := uint64(0)
	for range min(count, maxVersions) {
		if at+head > uint64(len(b)) {
			f.problem("the list of symbol versions ends beyond its segment")
			break
		}
		n, base := u16(at+2), false
		if defined {
			n, base = 1, u16(at+2)&1 != 0 // the first name is its own, the others its parents'; VER_FLG_BASE is the file
		}
		next := at + u32(at+aux)
		for range min(n, maxVersions) {
			if next+item > uint64(len(b)) || len(out) >= maxVersions {
				break
			}
			name, step := u32(next), u32(next+4)
			if !defined {
				name, step = u32(next+8), u32(next+12)
			}
			if s := names.at(name); s != "" && !base {
				out = append(out, s)
			}
			if step == 0 {
				break
			}
			next += step
		}
		step := u32(at + head - 4)
		if step == 0 {
			break
		}
		at += step
	}
	return out
}

// judge puts together what stands in several places.
func (f *file) judge() {
	p := f.p
	if p.Type == "object" || p.Type == "core" {
		return
	}
	p.RELRO = "none"
	if f.relro {
		p.RELRO = "partial"
		if f.now {
			p.RELRO = "full"
		}
	}
	p.PIE = f.pie || p.Type == "shared" && p.Interp != "" && p.Soname == ""
	p.Static = p.Interp == "" && len(p.Needed) == 0 && (p.Type == "executable" && !f.hasDyn || f.pie)
	if !p.Static {
		return
	}
	// What packs programs leaves its name (UPX, src/p_unix.cpp: "UPX!").
	p.Packed = len(p.Sections) == 0 && bytes.Contains(f.b[:min(len(f.b), 4096)], []byte("UPX!"))
	size := f.pick(16, 24)
	names := table(f.symNames)
	for i := range min(len(f.symbols)/size, maxSymbols) {
		f.guard(names.at(uint64(f.order.Uint32(f.symbols[i*size:]))))
	}
	if !p.Canary {
		p.Canary = bytes.Contains(f.b, []byte("stack smashing detected"))
	}
}

// arch names the machines that devices are built on (gABI, e_machine).
func arch(machine uint16, big, wide bool) string {
	order := func(little, bigger string) string {
		if big {
			return bigger
		}
		return little
	}
	switch machine {
	case 3:
		return "x86"
	case 8:
		if wide {
			return order("mips64el", "mips64")
		}
		return order("mipsel", "mips")
	case 20:
		return order("ppcle", "ppc")
	case 21:
		return order("ppc64le", "ppc64")
	case 40:
		return order("arm", "armeb")
	case 62:
		return "x86-64"
	case 183:
		return order("aarch64", "aarch64_be")
	case 243:
		if wide {
			return "riscv64"
		}
		return "riscv32"
	}
	if s := arches[machine]; s != "" {
		return s
	}
	return fmt.Sprintf("machine-%d", machine)
}

var arches = map[uint16]string{
	2: "sparc", 4: "m68k", 22: "s390", 42: "sh", 43: "sparc64", 45: "arc", 83: "avr", 92: "openrisc", 93: "arc", 94: "xtensa", 113: "nios2",
	164: "hexagon", 189: "microblaze", 195: "arc", 252: "csky", 258: "loongarch",
}
