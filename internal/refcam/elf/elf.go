// Package elf writes small 32-bit ARM programs in ELF: enough for a reader of
// firmware to see a program with code, read-only data and an entry point. In:
// code and strings. Out: the bytes of a file that debug/elf and readelf read.
// The programs are not meant to run.
//
// The layout follows the System V ABI, chapters 4 and 5, and the ELF
// supplement for the ARM architecture; what hardens a program is of GNU's
// tools (elf.h of glibc).
package elf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"
)

const (
	base     = 0x10000
	headSize = 52
	progSize = 32
	sectSize = 40
	dynSize  = 8
)

// smashed is what a statically linked program says whose stack is guarded.
const smashed = "*** stack smashing detected ***: terminated"

// Write returns a program with the given .text; strings stand one after the
// other in .rodata, each with a zero byte behind it. A hardened one is a static
// PIE, as gcc makes it with -static-pie -Wl,-z,relro,-z,now
// -fstack-protector-strong, as far as a reader sees.
func Write(text []byte, strings []string, hardened bool) ([]byte, error) {
	kind, programs, dynamic := elf.ET_EXEC, 2, []elf.Dyn32(nil)
	if hardened {
		kind, programs, strings = elf.ET_DYN, 4, append(slices.Clone(strings), smashed)
		dynamic = []elf.Dyn32{
			{Tag: int32(elf.DT_FLAGS), Val: uint32(elf.DF_BIND_NOW)},
			{Tag: int32(elf.DT_FLAGS_1), Val: uint32(elf.DF_1_NOW | elf.DF_1_PIE)},
			{Tag: int32(elf.DT_NULL)},
		}
	}
	var ro bytes.Buffer
	for _, s := range strings {
		ro.WriteString(s)
		ro.WriteByte(0)
	}
	if len(text) > 16<<20 || ro.Len() > 16<<20 {
		return nil, fmt.Errorf("elf: %d bytes of code and %d of strings are too many", len(text), ro.Len())
	}
	align := func(n int) int { return (n + 15) &^ 15 }
	textAt := align(headSize + programs*progSize)
	roAt := align(textAt + len(text))
	names := "\x00.text\x00.rodata\x00.shstrtab\x00"
	dynAt := roAt + ro.Len()
	namesAt := dynAt
	if hardened {
		dynAt = align(dynAt)
		namesAt = dynAt + len(dynamic)*dynSize
	}
	sectAt := align(namesAt + len(names))

	var b bytes.Buffer
	put := func(at int, v any) error {
		b.Write(make([]byte, at-b.Len()))
		return binary.Write(&b, binary.LittleEndian, v)
	}
	head := elf.Header32{
		Type: uint16(kind), Machine: uint16(elf.EM_ARM), Version: 1, Entry: uint32(base + textAt),
		Phoff: headSize, Shoff: uint32(sectAt), Flags: 0x05000400, // EABI 5, hard float
		Ehsize: headSize, Phentsize: progSize, Phnum: uint16(programs), Shentsize: sectSize, Shnum: 4, Shstrndx: 3,
	}
	copy(head.Ident[:], elf.ELFMAG)
	head.Ident[elf.EI_CLASS], head.Ident[elf.EI_DATA], head.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS32), byte(elf.ELFDATA2LSB), 1
	segments := []elf.Prog32{
		{Type: uint32(elf.PT_LOAD), Vaddr: base, Paddr: base, Filesz: uint32(namesAt), Memsz: uint32(namesAt), Flags: uint32(elf.PF_R | elf.PF_X), Align: 0x10000},
		{Type: uint32(elf.PT_GNU_STACK), Flags: uint32(elf.PF_R | elf.PF_W), Align: 16},
	}
	if hardened {
		for _, kind := range []elf.ProgType{elf.PT_DYNAMIC, elf.PT_GNU_RELRO} {
			segments = append(segments, elf.Prog32{Type: uint32(kind), Off: uint32(dynAt), Vaddr: uint32(base + dynAt), Paddr: uint32(base + dynAt),
				Filesz: uint32(namesAt - dynAt), Memsz: uint32(namesAt - dynAt), Flags: uint32(elf.PF_R), Align: 4})
		}
	}
	parts := []struct {
		at int
		v  any
	}{
		{0, head},
		{headSize, segments},
		{textAt, text},
		{roAt, ro.Bytes()},
		{dynAt, dynamic},
		{namesAt, []byte(names)},
		{sectAt, []elf.Section32{
			{},
			{Name: 1, Type: uint32(elf.SHT_PROGBITS), Flags: uint32(elf.SHF_ALLOC | elf.SHF_EXECINSTR), Addr: uint32(base + textAt), Off: uint32(textAt), Size: uint32(len(text)), Addralign: 16},
			{Name: 7, Type: uint32(elf.SHT_PROGBITS), Flags: uint32(elf.SHF_ALLOC), Addr: uint32(base + roAt), Off: uint32(roAt), Size: uint32(ro.Len()), Addralign: 1},
			{Name: 15, Type: uint32(elf.SHT_STRTAB), Off: uint32(namesAt), Size: uint32(len(names)), Addralign: 1},
		}},
	}
	for _, p := range parts {
		if err := put(p.at, p.v); err != nil {
			return nil, fmt.Errorf("elf: write at %d: %w", p.at, err)
		}
	}
	return b.Bytes(), nil
}
