package lzma2

import (
	"encoding/binary"
	"fmt"
)

// filter undoes what an encoder did to make code compress better: call targets
// relative to their place were made absolute. It works on b in place and
// returns how many bytes are done; the rest wants what comes behind it, or is
// the end, which encoders leave as it is.
type filter interface {
	undo(b []byte) int
}

// The filters of xz (5.3.2, 5.3.3), and what their start offset is a multiple of.
var branches = map[int64]struct {
	align int
	new   func(at uint32) filter
}{
	4:  {1, func(at uint32) filter { return &x86{at: at, last: at - 5} }},
	5:  {4, func(at uint32) filter { return &branch{at, powerPC} }},
	6:  {16, func(at uint32) filter { return &branch{at, ia64} }},
	7:  {4, func(at uint32) filter { return &branch{at, arm} }},
	8:  {2, func(at uint32) filter { return &branch{at, thumb} }},
	9:  {4, func(at uint32) filter { return &branch{at, sparc} }},
	10: {4, func(at uint32) filter { return &branch{at, arm64} }},
	11: {2, func(at uint32) filter { return &branch{at, riscV} }},
}

func newFilter(id int64, props []byte) (filter, error) {
	if id == 3 {
		if len(props) != 1 {
			return nil, errHead
		}
		return &delta{dist: int(props[0]) + 1}, nil
	}
	f, ok := branches[id]
	if !ok {
		return nil, fmt.Errorf("%w: filter %#x", ErrUnsupported, id)
	}
	at := uint32(0)
	switch len(props) {
	case 0:
	case 4:
		at = binary.LittleEndian.Uint32(props)
	default:
		return nil, errHead
	}
	if at%uint32(f.align) != 0 {
		return nil, fmt.Errorf("%w: filter %#x starts at %d", ErrDamaged, id, at)
	}
	return f.new(at), nil
}

// delta adds to each byte the one dist before it.
type delta struct {
	dist    int
	history [256]byte
	at      uint8
}

func (d *delta) undo(b []byte) int {
	for i := range b {
		b[i] += d.history[d.at-uint8(d.dist)]
		d.history[d.at] = b[i]
		d.at++
	}
	return len(b)
}

// branch is a filter without a memory.
type branch struct {
	at   uint32 // the place of the next byte
	code func(b []byte, at uint32) int
}

func (f *branch) undo(b []byte) int {
	n := f.code(b, f.at)
	f.at += uint32(n)
	return n
}

func powerPC(b []byte, at uint32) int {
	i := 0
	for ; i+4 <= len(b); i += 4 {
		// bl: opcode 18 with the link bit and without the absolute one
		if w := binary.BigEndian.Uint32(b[i:]); w&0xfc000003 == 0x48000001 {
			binary.BigEndian.PutUint32(b[i:], 0x48000001|(w-at-uint32(i))&0x03fffffc)
		}
	}
	return i
}

func arm(b []byte, at uint32) int {
	i := 0
	for ; i+4 <= len(b); i += 4 {
		if b[i+3] != 0xeb { // bl, always
			continue
		}
		w := binary.LittleEndian.Uint32(b[i:])
		w = (w<<2 - (at + uint32(i) + 8)) >> 2
		binary.LittleEndian.PutUint32(b[i:], w&0x00ffffff|0xeb000000)
	}
	return i
}

func thumb(b []byte, at uint32) int {
	i := 0
	for i+4 <= len(b) {
		if b[i+1]&0xf8 != 0xf0 || b[i+3]&0xf8 != 0xf8 { // both halves of bl
			i += 2
			continue
		}
		high, low := binary.LittleEndian.Uint16(b[i:]), binary.LittleEndian.Uint16(b[i+2:])
		v := uint32(high&0x7ff)<<12 | uint32(low&0x7ff)<<1
		v -= at + uint32(i) + 4
		binary.LittleEndian.PutUint16(b[i:], 0xf000|uint16(v>>12)&0x7ff)
		binary.LittleEndian.PutUint16(b[i+2:], 0xf800|uint16(v>>1)&0x7ff)
		i += 4
	}
	return i
}

func sparc(b []byte, at uint32) int {
	i := 0
	for ; i+4 <= len(b); i += 4 {
		w := binary.BigEndian.Uint32(b[i:])
		if top := w >> 22; top != 0x100 && top != 0x1ff { // call, of a small distance
			continue
		}
		w = (w<<2 - (at + uint32(i))) >> 2
		sign := -(w >> 22 & 1) << 22 & 0x3fffffff
		binary.BigEndian.PutUint32(b[i:], 0x40000000|sign|w&0x3fffff)
	}
	return i
}

func arm64(b []byte, at uint32) int {
	i := 0
	for ; i+4 <= len(b); i += 4 {
		w := binary.LittleEndian.Uint32(b[i:])
		pc := at + uint32(i)
		switch {
		case w>>26 == 0x25: // bl
			w = 0x94000000 | (w-pc>>2)&0x03ffffff
		case w&0x9f000000 == 0x90000000: // adrp
			page := w>>29&3 | w>>3&0x1ffffc
			if (page+0x20000)&0x1c0000 != 0 { // more than 512 MiB away
				continue
			}
			page -= pc >> 12
			w = w&0x9000001f | page&3<<29 | page&0x3fffc<<3 | -(page&0x20000)&0xe00000
		default:
			continue
		}
		binary.LittleEndian.PutUint32(b[i:], w)
	}
	return i
}

// ia64Slots says by the template of a bundle which of its three instructions may
// be branches.
var ia64Slots = [32]byte{16: 4, 17: 4, 18: 6, 19: 6, 22: 7, 23: 7, 24: 4, 25: 4, 28: 4, 29: 4}

func ia64(b []byte, at uint32) int {
	i := 0
	for ; i+16 <= len(b); i += 16 {
		slots := ia64Slots[b[i]&0x1f]
		for slot := range 3 {
			if slots>>slot&1 == 0 {
				continue
			}
			bit := 5 + 41*slot
			p := b[i+bit/8:][:6]
			shift := bit % 8
			var word uint64
			for j, c := range p {
				word |= uint64(c) << (8 * j)
			}
			ins := word >> shift
			if ins>>37&0xf != 5 || ins>>9&7 != 0 { // br.call, IP-relative
				continue
			}
			v := (uint32(ins>>13)&0xfffff | uint32(ins>>36&1)<<20) << 4
			v = (v - (at + uint32(i))) >> 4
			ins = ins&^(0x8fffff<<13) | uint64(v&0xfffff)<<13 | uint64(v>>20&1)<<36
			word = word&(1<<shift-1) | ins<<shift
			for j := range p {
				p[j] = byte(word >> (8 * j))
			}
		}
	}
	return i
}

// riscV undoes three forms: jal, the pair of auipc and an instruction that uses
// its register, and such a pair as it would stand in data. The conditions are
// those of the filter's description in XZ Utils 5.6 (liblzma/simple/riscv.c).
func riscV(b []byte, at uint32) int {
	le := binary.LittleEndian
	i := 0
	for i+8 <= len(b) {
		w := le.Uint32(b[i:])
		switch {
		case w&0xff == 0xef && w&0x0d00 == 0: // jal with ra or t0
			v := w>>12&0xf<<17 | w>>16&0xff<<9 | w>>24<<1
			v -= at + uint32(i)
			le.PutUint32(b[i:], w&0xfff|v&0xff000|v>>11&1<<20|v>>1&0x3ff<<21|v>>20&1<<31)
			i += 4
		case w&0x7f != 0x17: // not auipc
			i += 2
		case w&0xe80 != 0: // its register is neither zero nor sp: made by the encoder's second rule, or none of ours
			next := le.Uint32(b[i+4:])
			if (w<<8^(next-3))&0xf8003 != 0 {
				i += 6
				continue
			}
			le.PutUint32(b[i:], 0x17|2<<7|next<<12)
			le.PutUint32(b[i+4:], w&0xfffff000+next>>20)
			i += 8
		default:
			reg := w >> 27
			if (w-0x3117)<<18 >= reg&0x1d {
				i += 4
				continue
			}
			v := binary.BigEndian.Uint32(b[i+4:]) - (at + uint32(i))
			le.PutUint32(b[i:], 0x17|reg<<7|(v+0x800)&0xfffff000)
			le.PutUint32(b[i+4:], w>>12|v<<20)
			i += 8
		}
	}
	return i
}

// x86 remembers where the last call or jump stood, since bytes of its target may
// look like another.
type x86 struct {
	at   uint32
	last uint32 // place of the last 0xe8 or 0xe9
	mask uint32 // which of the bytes before looked like one
}

// near says that a byte can be the highest one of a target: 0 or 0xff.
func near(c byte) bool { return c == 0 || c == 0xff }

// What the mask of the last bytes allows, and how many bits it leaves.
var (
	x86Allowed = [8]bool{true, true, true, false, true}
	x86Bits    = [8]uint32{0, 1, 2, 2, 3, 3, 3, 3}
)

func (f *x86) undo(b []byte) int {
	if len(b) < 5 {
		return 0
	}
	if f.at-f.last > 5 {
		f.last = f.at - 5
	}
	i := 0
	for i <= len(b)-5 {
		if b[i]&0xfe != 0xe8 {
			i++
			continue
		}
		at := f.at + uint32(i)
		gap := at - f.last
		f.last = at
		if gap > 5 {
			f.mask = 0
		} else {
			for range gap {
				f.mask = f.mask & 0x77 << 1
			}
		}
		c := b[i+4]
		if !near(c) || !x86Allowed[f.mask>>1&7] || f.mask>>1 >= 0x10 {
			i++
			f.mask |= 1
			if near(c) {
				f.mask |= 0x10
			}
			continue
		}
		v := binary.LittleEndian.Uint32(b[i+1:]) - (at + 5)
		// Where a byte before looked like a call, the encoder kept the byte of v
		// that stands for its target from becoming 0 or 0xff. Once is enough: that
		// byte was neither of them.
		if shift := 8 * x86Bits[f.mask>>1&7]; f.mask != 0 && near(byte(v>>(24-shift))) {
			v = v ^ (1<<(32-shift) - 1)
			v -= at + 5
		}
		binary.LittleEndian.PutUint32(b[i+1:], v&0x01ffffff|-(v>>24&1)<<24)
		i += 5
		f.mask = 0
	}
	f.at += uint32(i)
	return i
}
