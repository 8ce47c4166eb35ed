// Package elf writes small 32-bit ARM programs in ELF: enough for a reader of
// firmware to see a program with code, read-only data and an entry point. In:
// code and strings. Out: the bytes of a file that debug/elf and readelf read.
// The programs are not meant to run.
//
// The layout follows the System V ABI, chapters 4 and 5, and the ELF
// supplement for the ARM architecture.
package elf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
)

const (
	base     = 0x10000
	headSize = 52
	progSize = 32
	sectSize = 40
	programs = 2
)

// Write returns a program with the given .text; strings stand one after the
// other in .rodata, each with a zero byte behind it.
func Write(text []byte, strings []string) ([]byte, error) {
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
	namesAt := roAt + ro.Len()
	sectAt := align(namesAt + len(names))

	var b bytes.Buffer
	put := func(at int, v any) error {
		b.Write(make([]byte, at-b.Len()))
		return binary.Write(&b, binary.LittleEndian, v)
	}
	head := elf.Header32{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_ARM), Version: 1, Entry: uint32(base + textAt),
		Phoff: headSize, Shoff: uint32(sectAt), Flags: 0x05000400, // EABI 5, hard float
		Ehsize: headSize, Phentsize: progSize, Phnum: programs, Shentsize: sectSize, Shnum: 4, Shstrndx: 3,
	}
	copy(head.Ident[:], elf.ELFMAG)
	head.Ident[elf.EI_CLASS], head.Ident[elf.EI_DATA], head.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS32), byte(elf.ELFDATA2LSB), 1
	parts := []struct {
		at int
		v  any
	}{
		{0, head},
		{headSize, []elf.Prog32{
			{Type: uint32(elf.PT_LOAD), Vaddr: base, Paddr: base, Filesz: uint32(namesAt), Memsz: uint32(namesAt), Flags: uint32(elf.PF_R | elf.PF_X), Align: 0x10000},
			{Type: uint32(elf.PT_GNU_STACK), Flags: uint32(elf.PF_R | elf.PF_W), Align: 16},
		}},
		{textAt, text},
		{roAt, ro.Bytes()},
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
