package elf

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// file is an ELF file that is being read.
type file struct {
	b     []byte
	p     *Program
	order binary.ByteOrder
	wide  bool // 64 bits

	phoff, shoff                          uint64
	phsize, phnum, shsize, shnum, shnames int

	loads    []segment // PT_LOAD
	dyn      []byte    // PT_DYNAMIC, or the section of that type
	hasDyn   bool
	relro    bool // PT_GNU_RELRO
	symbols  []byte
	symNames []byte // of symbols: .symtab and .strtab
	dynSyms  []byte // the section .dynsym, as the section headers give it
	dynNames []byte // its strings
	now, pie bool   // of the dynamic section
}

type segment struct{ off, addr, size uint64 }

func (f *file) problem(format string, args ...any) {
	if len(f.p.Problems) < maxProblems {
		f.p.Problems = append(f.p.Problems, fmt.Sprintf(format, args...))
	}
}

// at returns the bytes [off, off+size), nil where they end beyond the file.
func (f *file) at(off, size uint64) []byte {
	n := uint64(len(f.b))
	if off > n || size > n-off {
		return nil
	}
	return f.b[off : off+size : off+size]
}

// upTo is at, cut where the file ends.
func (f *file) upTo(off, size uint64) []byte {
	n := uint64(len(f.b))
	if off >= n {
		return nil
	}
	return f.at(off, min(size, n-off))
}

// word reads a number as long as an address at one of two places: where it
// stands in a structure of 32 bits, and in one of 64.
func (f *file) word(b []byte, narrow, wide int) uint64 {
	if f.wide {
		return f.order.Uint64(b[wide:])
	}
	return uint64(f.order.Uint32(b[narrow:]))
}

// pick is the length or place that holds for the class of f.
func (f *file) pick(narrow, wide int) int {
	if f.wide {
		return wide
	}
	return narrow
}

// text is what stands in b from off to its NUL, at most maxName bytes.
func text(b []byte, off uint64) string {
	if off >= uint64(len(b)) {
		return ""
	}
	b = b[off:min(uint64(len(b)), off+maxName)]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// header reads the ELF header (gABI, chapter 4, "ELF Header").
func (f *file) header() {
	b, p := f.b, f.p
	p.Machine = f.order.Uint16(b[18:])
	p.Arch = arch(p.Machine, p.Big, f.wide)
	switch t := f.order.Uint16(b[16:]); t {
	case 1:
		p.Type = "object"
	case 2:
		p.Type = "executable"
	case 3:
		p.Type = "shared"
	case 4:
		p.Type = "core"
	default:
		p.Type = fmt.Sprintf("type-%d", t)
	}
	f.phoff, f.shoff = f.word(b, 28, 32), f.word(b, 32, 40)
	rest := b[f.pick(40, 52):]
	half := func(i int) int { return int(f.order.Uint16(rest[2*i:])) }
	f.phsize, f.phnum, f.shsize, f.shnum, f.shnames = half(1), half(2), half(3), half(4), half(5)
	// Section 0 holds the numbers that don't fit into 16 bits.
	if z := f.at(f.shoff, uint64(f.pick(40, 64))); z != nil && f.shoff != 0 {
		if f.shnum == 0 {
			f.shnum = int(min(f.word(z, 20, 32), maxSections+1))
		}
		if f.shnames == 0xffff {
			f.shnames = int(f.order.Uint32(z[f.pick(24, 40):]))
		}
		if f.phnum == 0xffff {
			f.phnum = int(f.order.Uint32(z[f.pick(28, 44):]))
		}
	}
}

// segments reads the program headers (chapter 5).
func (f *file) segments() {
	size := f.pick(32, 56)
	switch {
	case f.phoff == 0 || f.phnum == 0:
		return
	case f.phsize < size:
		f.problem("program headers of %d bytes each", f.phsize)
		return
	}
	n := min(f.phnum, maxSegments)
	for i := range n {
		h := f.at(f.phoff+uint64(i)*uint64(f.phsize), uint64(size))
		if h == nil || f.phoff > uint64(len(f.b)) {
			f.problem("program header %d of %d at offset %d lies beyond the file of %d bytes", i, f.phnum, f.phoff, len(f.b))
			return
		}
		off, addr, length := f.word(h, 4, 8), f.word(h, 8, 16), f.word(h, 16, 32)
		flags := f.order.Uint32(h[f.pick(24, 4):])
		kind := f.order.Uint32(h)
		body := f.upTo(off, length)
		if uint64(len(body)) < length && kind != 0x6474e551 {
			f.problem("segment %d: %d bytes at offset %d end beyond the file of %d bytes", i, length, off, len(f.b))
		}
		switch kind {
		case 1:
			f.loads = append(f.loads, segment{off, addr, length})
		case 2:
			f.dyn, f.hasDyn = body, true
		case 3:
			f.p.Interp = text(body, 0)
		case 4:
			f.notes(body)
		case 0x6474e551: // PT_GNU_STACK
			f.p.NX, f.p.ExecStack = flags&1 == 0, flags&1 != 0
		case 0x6474e552: // PT_GNU_RELRO
			f.relro = true
		}
	}
}

// notes looks for the build id that ld writes (NT_GNU_BUILD_ID).
func (f *file) notes(b []byte) {
	for range 64 {
		if len(b) < 12 || f.p.BuildID != "" {
			return
		}
		name, desc, kind := uint64(f.order.Uint32(b)), uint64(f.order.Uint32(b[4:])), f.order.Uint32(b[8:])
		at := 12 + (name+3)&^3
		end := at + (desc+3)&^3
		if at+desc > uint64(len(b)) {
			return
		}
		if kind == 3 && name == 4 && string(b[12:16]) == "GNU\x00" && desc <= 64 {
			f.p.BuildID = hex.EncodeToString(b[at : at+desc])
		}
		b = b[min(end, uint64(len(b))):]
	}
}

// sectionHead is a section header.
type sectionHead struct {
	name, kind, link uint32
	flags, off, size uint64
}

func (f *file) sectionHead(i int) (h sectionHead, ok bool) {
	b := f.at(f.shoff+uint64(i)*uint64(f.shsize), uint64(f.pick(40, 64)))
	if b == nil || f.shoff > uint64(len(f.b)) {
		return h, false
	}
	return sectionHead{
		name: f.order.Uint32(b), kind: f.order.Uint32(b[4:]), link: f.order.Uint32(b[f.pick(24, 40):]),
		flags: f.word(b, 8, 8), off: f.word(b, 16, 24), size: f.word(b, 20, 32),
	}, true
}

// body is what a section holds; one of type NOBITS holds nothing.
func (f *file) body(h sectionHead) []byte {
	if h.kind == 8 {
		return nil
	}
	return f.upTo(h.off, h.size)
}

// linked is the body of the section that h.link names.
func (f *file) linked(h sectionHead) []byte {
	if int64(h.link) >= int64(f.shnum) {
		return nil
	}
	s, _ := f.sectionHead(int(h.link))
	return f.body(s)
}

// sections reads the section headers (chapter 4, "Sections"). A program runs
// without them, so that all they say may be missing or wrong.
func (f *file) sections() {
	f.p.Stripped = true
	switch {
	case f.shoff == 0 || f.shnum == 0:
		return
	case f.shsize < f.pick(40, 64):
		f.problem("section headers of %d bytes each", f.shsize)
		return
	}
	var names []byte
	if h, ok := f.sectionHead(f.shnames); ok && f.shnames < f.shnum {
		names = f.body(h)
	}
	if f.shnum > maxSections {
		f.problem("%d sections: the first %d were looked at", f.shnum, maxSections)
	}
	for i := range min(f.shnum, maxSections) {
		h, ok := f.sectionHead(i)
		if !ok {
			f.problem("section header %d of %d at offset %d lies beyond the file of %d bytes", i, f.shnum, f.shoff, len(f.b))
			return
		}
		if h.kind == 0 {
			continue
		}
		if h.kind != 8 && uint64(len(f.body(h))) < h.size {
			f.problem("section %d: %d bytes at offset %d end beyond the file of %d bytes", i, h.size, h.off, len(f.b))
		}
		f.section(h, text(names, uint64(h.name)))
	}
}

func (f *file) section(h sectionHead, name string) {
	body := f.body(h)
	f.p.Sections = append(f.p.Sections, Section{Name: name, Type: h.kind, Off: int(min(h.off, uint64(len(f.b)))), Size: len(body), Exec: h.flags&4 != 0, Alloc: h.flags&2 != 0})
	switch h.kind {
	case 2: // SHT_SYMTAB
		f.p.Stripped = false
		f.symbols, f.symNames = body, f.linked(h)
	case 6: // SHT_DYNAMIC
		if !f.hasDyn {
			f.dyn, f.hasDyn = body, true
		}
	case 7: // SHT_NOTE
		f.notes(body)
	case 11: // SHT_DYNSYM
		f.dynSyms, f.dynNames = body, f.linked(h)
	}
	switch {
	case name == ".comment":
		f.p.Comment = comment(body)
	case name == ".modinfo":
		f.p.ModInfo = modInfo(body)
	case name == ".debug_info" || name == ".zdebug_info":
		f.p.Debug = len(body) > 0
	}
}

// comment joins the different texts of .comment: one for each compiler.
func comment(b []byte) string {
	var out []string
	for s := range strings.SplitSeq(string(b[:min(len(b), 4096)]), "\x00") {
		if s != "" && len(out) < 8 && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, "; ")
}

// modInfo reads "key=value", each ended by NUL (Linux, include/linux/moduleparam.h).
func modInfo(b []byte) map[string]string {
	out := map[string]string{}
	for len(b) > 0 && len(out) < 64 {
		s, rest, _ := bytes.Cut(b, []byte{0})
		b = rest
		k, v, ok := strings.Cut(string(s[:min(len(s), 4*maxName)]), "=")
		if _, have := out[k]; ok && !have {
			out[k] = v
		}
	}
	return out
}
