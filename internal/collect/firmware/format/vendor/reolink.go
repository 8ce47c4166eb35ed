package vendor

import (
	"context"
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
)

const pakMagic = "\x13\x59\x72\x32"

// pakField is how wide numbers are: 4 bytes, of 64-bit devices 8.
type pakField int64

func (w pakField) read(b []byte) int64 {
	if w == 8 {
		return int64(binary.LittleEndian.Uint64(b) & (1<<62 - 1))
	}
	return int64(binary.LittleEndian.Uint32(b))
}

// lookPAK reads Reolink's and Swann's packages: magic number, checksum, type, a
// list of sections, a list of flash partitions with the same names (pakler).
func lookPAK(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	if string(format.Head(s, at, 4)) != pakMagic {
		return nil, nil
	}
	b := format.Head(s, at, 16<<10)
	if len(b) < 24+72 {
		return nil, nil
	}
	w := pakField(4)
	if le := binary.LittleEndian; le.Uint32(b[4:])|le.Uint32(b[12:])|le.Uint32(b[20:]) == 0 {
		w = 8
	}
	head, entry := 3*int64(w), 56+2*int64(w)
	n, ok := pakSections(b, head, entry)
	if !ok {
		return nil, nil
	}
	p := &format.Part{Format: "reolink-pak", Offset: at, Size: s.Size() - at}
	tables := head + n*(entry+76)
	first, end := s.Size()-at, tables
	for i := range n {
		e := b[head+i*entry:]
		if start, size := w.read(e[56:]), w.read(e[56+w:]); size > 0 {
			first, end = min(first, start), max(end, start+size)
		}
	}
	if first < tables || end > biggest {
		return nil, nil
	}
	p.Claim(s, end)
	for i := range n {
		e := b[head+i*entry:]
		name, _ := text(e[:32])
		version, _ := text(e[32:56])
		add(p, name, w.read(e[56:]), w.read(e[56+w:]), tables)
		if version != "" {
			p.Vars = append(p.Vars, format.Var{Name: "version:" + name, Value: version, Offset: at + head + i*entry + 32})
		}
	}
	p.Note = fmt.Sprintf("Reolink or Swann package, type %d, %d sections", w.read(b[2*w:]), n)
	// Over the sections up to the end, a number 2, and the list of sections,
	// from state 0 and without a last step.
	crc := format.CRC(1<<32 - 1)
	if err := format.Sum(ctx, s, at+first, s.Size()-at-first, &crc); err != nil {
		return nil, err
	}
	crc.Write([]byte{2, 0, 0, 0})
	crc.Write(b[head : head+n*entry])
	p.Checked("crc32", int64(^uint32(crc)) == w.read(b[w:]), at+int64(w), "package")
	return p, nil
}

// pakSections counts the sections: the partitions after them begin with the
// first one's name again.
func pakSections(b []byte, head, entry int64) (n int64, ok bool) {
	first, ok := text(b[head : head+32])
	if !ok || first == "" {
		return 0, false
	}
	for n = 1; n < 64; n++ {
		at := head + n*entry
		if at+entry > int64(len(b)) {
			return 0, false
		}
		name, ok := text(b[at : at+32])
		if !ok {
			return 0, false
		}
		if name == first {
			return n, at+n*76 <= int64(len(b))
		}
	}
	return 0, false
}
