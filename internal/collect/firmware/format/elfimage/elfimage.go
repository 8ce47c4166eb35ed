// Package elfimage recognises an image that is one ELF file: a program, a kernel
// module, a kernel that was never packed. In: bytes at the start of a region.
// Out: how long the file is, so that what was appended is seen, and the file to
// be inspected as it stands. Says who: System V gABI, chapters 4 and 5; of a
// module's signature scripts/sign-file.c of Linux.
package elfimage

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"assay/internal/collect/firmware/format"
)

const (
	magic    = "\x7fELF"
	maxTable = 8192 // entries that are looked at

	executable = 2
	interp     = 3 // PT_INTERP
	load       = 1 // PT_LOAD
	noBits     = 8 // SHT_NOBITS
)

// New returns the format. Inside of other content, a program belongs to what it
// stands in.
func New() format.Format {
	return format.Format{Name: "elf", Head: true, Magics: []format.Magic{{Bytes: magic}}, Look: look}
}

// file is one ELF file while it is looked at.
type file struct {
	s       format.Source
	at      int64
	order   binary.ByteOrder
	wide    bool
	typ     uint16
	machine uint16
	entry   uint64
	end     int64 // of the last thing that a header points to
	interp  bool
	loads   []format.Region
}

func look(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 64)
	if len(b) < 52 || string(b[:4]) != magic || b[4] < 1 || b[4] > 2 || b[5] < 1 || b[5] > 2 || b[6] != 1 {
		return nil, nil
	}
	f := &file{s: s, at: at, order: binary.LittleEndian, wide: b[4] == 2}
	if b[5] == 2 {
		f.order = binary.BigEndian
	}
	if f.wide && len(b) < 64 || !f.header(b) {
		return nil, nil
	}
	p := &format.Part{Format: "elf", Offset: at, Note: fmt.Sprintf("%s, machine %d, %d bits", kinds[f.typ], f.machine, f.bits())}
	if p.Claim(s, f.end) {
		f.signed(p)
	}
	if f.kernel() {
		// What a kernel holds, a packed file system before all, stands in its
		// segments.
		p.Note += ", runs in the upper half of memory: a kernel or a boot loader"
		p.Regions = f.loads
		return p, nil
	}
	p.Code = true
	return p, nil
}

var kinds = map[uint16]string{1: "object", executable: "executable", 3: "shared object", 4: "core"}

func (f *file) bits() int {
	if f.wide {
		return 64
	}
	return 32
}

// header reads the header and both tables; it is false where sizes are none
// that the class has.
func (f *file) header(b []byte) bool {
	o := f.order
	f.typ, f.machine = o.Uint16(b[16:]), o.Uint16(b[18:])
	at, size := 40, int64(52)
	var programs, sections int64
	if f.wide {
		at, size = 52, 64
		f.entry = o.Uint64(b[24:])
		programs, sections = offset(o.Uint64(b[32:])), offset(o.Uint64(b[40:]))
	} else {
		f.entry = uint64(o.Uint32(b[24:]))
		programs, sections = int64(o.Uint32(b[28:])), int64(o.Uint32(b[32:]))
	}
	if kinds[f.typ] == "" || o.Uint32(b[20:]) != 1 || int64(o.Uint16(b[at:])) != size {
		return false
	}
	f.end = size
	ok := f.table(programs, int64(o.Uint16(b[at+2:])), int(o.Uint16(b[at+4:])), f.segment)
	return ok && f.table(sections, int64(o.Uint16(b[at+6:])), int(o.Uint16(b[at+8:])), f.section)
}

// offset keeps what no file reaches from turning negative.
func offset(v uint64) int64 { return int64(min(v, 1<<40)) }

// table hands out the entries of a table.
func (f *file) table(at, size int64, n int, entry func(b []byte)) bool {
	if n == 0 || at == 0 {
		return true
	}
	least := int64(32)
	if f.wide {
		least = 56
	}
	if size < least || size > 256 {
		return false
	}
	f.reach(at, size*int64(n))
	b := format.Head(f.s, f.at+at, int(size)*min(n, maxTable))
	for ; int64(len(b)) >= size; b = b[size:] {
		entry(b[:size])
	}
	return true
}

func (f *file) reach(off, size int64) { f.end = max(f.end, off+size) }

func (f *file) segment(b []byte) {
	typ := f.order.Uint32(b)
	off, addr, size := int64(f.order.Uint32(b[4:])), uint64(f.order.Uint32(b[8:])), int64(f.order.Uint32(b[16:]))
	if f.wide {
		off, addr, size = offset(f.order.Uint64(b[8:])), f.order.Uint64(b[16:]), offset(f.order.Uint64(b[32:]))
	}
	f.interp = f.interp || typ == interp
	if typ != load || size == 0 {
		return
	}
	f.reach(off, size)
	if have := f.s.Size() - f.at - off; have > 0 {
		f.loads = append(f.loads, format.Region{Name: fmt.Sprintf("0x%08x", addr), Offset: f.at + off, Size: min(size, have)})
	}
}

func (f *file) section(b []byte) {
	if f.wide && len(b) < 64 || len(b) < 40 || f.order.Uint32(b[4:]) == noBits {
		return
	}
	if f.wide {
		f.reach(offset(f.order.Uint64(b[24:])), offset(f.order.Uint64(b[32:])))
	} else {
		f.reach(int64(f.order.Uint32(b[16:])), int64(f.order.Uint32(b[20:])))
	}
}

// kernel says that a program runs where only kernels and boot loaders do.
func (f *file) kernel() bool {
	high := f.entry >= 1<<31
	if f.wide {
		high = f.entry >= 1<<63
	}
	if f.typ != executable || !high || f.interp || len(f.loads) == 0 {
		return false
	}
	// Segments don't overlap, and none is the file itself.
	slices.SortFunc(f.loads, func(a, b format.Region) int { return cmp.Compare(a.Offset, b.Offset) })
	end := f.at + 1
	for _, r := range f.loads {
		if r.Offset < end {
			return false
		}
		end = r.Offset + r.Size
	}
	return true
}

const (
	modMagic = "~Module signature appended~\n"
	modTail  = 12 + len(modMagic)
)

// signed finds the signature behind a module: PKCS #7, 12 bytes that end with
// its length, a line of text.
func (f *file) signed(p *format.Part) {
	end := f.s.Size()
	b := format.Head(f.s, end-int64(modTail), modTail)
	if len(b) < modTail || string(b[12:]) != modMagic {
		return
	}
	size := int64(binary.BigEndian.Uint32(b[8:])) + int64(b[3]) + int64(b[4])
	start := end - int64(modTail) - size
	if b[2] > 2 || start != p.Offset+p.Size {
		return // of something else
	}
	p.Size = end - p.Offset
	p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: "pkcs7", State: format.Present, Note: "kernel module; the kernel holds the key", Offset: start})
}
