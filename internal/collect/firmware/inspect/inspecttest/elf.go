package inspecttest

import (
	"encoding/binary"
	"strings"
)

// ELF is a small program for tests: shared, with an interpreter, bound at load,
// without section headers. Its zero value is 32 bits, little-endian.
type ELF struct {
	Order            binary.AppendByteOrder
	Wide             bool
	Machine          uint16
	Needed           []string
	RunPath          string
	Imports, Exports []string
	ExecStack        bool
	Fixed            bool   // an executable that stands at one address
	Data             string // what it holds beside
}

// layout appends the parts of an ELF file in its byte order and class.
type layout struct{ ELF }

func (e layout) word(b []byte, v int) []byte {
	if e.Wide {
		return e.Order.AppendUint64(b, uint64(v))
	}
	return e.Order.AppendUint32(b, uint32(v))
}

func (e layout) symbols(names string) []byte {
	symbol := func(b []byte, name string, section uint16) []byte {
		at := 0
		if name != "" {
			at = place(names, name)
		}
		const global = 1 << 4
		b = e.Order.AppendUint32(b, uint32(at))
		if e.Wide {
			return append(e.Order.AppendUint16(append(b, global, 0), section), make([]byte, 16)...)
		}
		return e.Order.AppendUint16(append(append(b, make([]byte, 8)...), global, 0), section)
	}
	b := symbol(nil, "", 0)
	for _, s := range e.Imports {
		b = symbol(b, s, 0)
	}
	for _, s := range e.Exports {
		b = symbol(b, s, 7)
	}
	return b
}

func place(names, s string) int { return strings.Index(names, "\x00"+s+"\x00") + 1 }

// dynamic is the dynamic section: strings and symbols stand at these addresses.
func (e layout) dynamic(names string, strings, symbols int) []byte {
	entries := [][2]int{{5, strings}, {10, len(names)}, {6, symbols}, {30, 8}}
	for _, s := range e.Needed {
		entries = append(entries, [2]int{1, place(names, s)})
	}
	if e.RunPath != "" {
		entries = append(entries, [2]int{29, place(names, e.RunPath)})
	}
	if !e.Fixed {
		entries = append(entries, [2]int{0x6ffffffb, 0x08000001})
	}
	var b []byte
	for _, n := range append(entries, [2]int{}) {
		b = e.word(e.word(b, n[0]), n[1])
	}
	return b
}

func (e layout) header(class, data byte, kind uint16, size, phsize, phnum int) []byte {
	b := append([]byte("\x7fELF"), class, data, 1)
	b = append(b, make([]byte, 9)...)
	b = e.Order.AppendUint16(e.Order.AppendUint16(b, kind), e.Machine)
	b = e.Order.AppendUint32(b, 1)
	b = e.word(e.word(e.word(b, 0), size), 0)
	b = e.Order.AppendUint32(b, 0)
	for _, h := range []int{size, phsize, phnum, 0, 0, 0} {
		b = e.Order.AppendUint16(b, uint16(h))
	}
	return b
}

// Bytes returns the file.
func (x ELF) Bytes() []byte {
	e := layout{x}
	if e.Order == nil {
		e.Order = binary.LittleEndian
	}
	class, ehsize, phsize, data := byte(1), 52, 32, byte(1)
	if e.Wide {
		class, ehsize, phsize = 2, 64, 56
	}
	if e.Order.String() == "BigEndian" {
		data = 2
	}
	names := "\x00"
	for _, list := range [][]string{e.Needed, {e.RunPath}, e.Imports, e.Exports} {
		for _, s := range list {
			names += s + "\x00"
		}
	}
	const phnum, base, align = 6, 0x10000, 7
	interp := "/lib/ld.so.1\x00\x00\x00\x00"
	syms := e.symbols(names)
	var note []byte
	for _, n := range []uint32{4, 4, 3} {
		note = e.Order.AppendUint32(note, n)
	}
	note = append(note, "GNU\x00\xde\xad\xbe\xef"...)
	interpAt := ehsize + phnum*phsize
	noteAt := interpAt + len(interp)
	symAt := (noteAt + len(note) + align) &^ align
	strAt := symAt + len(syms)
	dynAt := (strAt + len(names) + align) &^ align
	dyn := e.dynamic(names, base+strAt, base+symAt)
	size := dynAt + len(dyn) + len(e.Data)

	kind, stack := uint16(3), 6
	if e.Fixed {
		kind = 2
	}
	if e.ExecStack {
		stack = 7
	}
	b := e.header(class, data, kind, ehsize, phsize, phnum)
	for _, p := range [][4]int{{1, 5, 0, size}, {2, 6, dynAt, len(dyn)}, {3, 4, interpAt, len(interp)}, {4, 4, noteAt, len(note)}, {0x6474e551, stack, 0, 0}, {0x6474e552, 4, dynAt, len(dyn)}} {
		b = e.Order.AppendUint32(b, uint32(p[0]))
		if e.Wide {
			b = e.Order.AppendUint32(b, uint32(p[1]))
		}
		b = e.word(e.word(e.word(e.word(e.word(b, p[2]), base+p[2]), 0), p[3]), p[3])
		if !e.Wide {
			b = e.Order.AppendUint32(b, uint32(p[1]))
		}
		b = e.word(b, 4)
	}
	b = append(append(b, interp...), note...)
	b = append(append(b, make([]byte, symAt-len(b))...), syms...)
	b = append(b, names...)
	b = append(append(b, make([]byte, dynAt-len(b))...), dyn...)
	return append(b, e.Data...)
}
