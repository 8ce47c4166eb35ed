// Package inflate decodes DEFLATE (RFC 1951) from memory to memory: the blocks
// of file systems, which are small, many, and of a known size. In: a compressed
// block, hostile. Out: its bytes, never more than the caller has room for. What
// was decoded is the dictionary, so nothing is copied twice; streams whose size
// nobody knows are for compress/flate.
package inflate

import (
	"encoding/binary"
	"errors"
)

var (
	// ErrCorrupt says that the block does not decode.
	ErrCorrupt = errors.New("inflate: damaged block")
	// ErrRoom says that the block holds more than dst takes.
	ErrRoom = errors.New("inflate: more bytes than expected")
)

// Decoder keeps its tables from one block to the next. Its zero value is ready.
type Decoder struct {
	own   codes // of the block
	fixed codes // of every block that brings none
	made  bool  // fixed is
	codes *codes
	pre   [1 << preRoot]uint32
	lens  [320]uint8

	src, dst []byte
	ip, op   int
	bits     uint64 // read and not used
	n        uint   // how many of them
}

// codes are the tables of literals with lengths, and of distances. The most that
// a block can need is 852 and 402 entries; build checks that they fit.
type codes struct {
	lit  [1024]uint32
	dist [512]uint32
}

// Decode decodes the raw DEFLATE block src into dst and returns how many bytes
// it gave, those before an error too. Bytes behind the last block are left alone.
func (d *Decoder) Decode(dst, src []byte) (int, error) {
	d.src, d.dst, d.ip, d.op, d.bits, d.n = src, dst, 0, 0, 0, 0
	err := d.blocks()
	d.src, d.dst = nil, nil
	return d.op, err
}

func (d *Decoder) blocks() error {
	for {
		head, ok := d.take(3)
		if !ok {
			return ErrCorrupt
		}
		var err error
		switch head >> 1 {
		case 0:
			err = d.stored()
		case 1:
			if err = d.useFixed(); err == nil {
				err = d.compressed()
			}
		case 2:
			if err = d.readCodes(); err == nil {
				err = d.compressed()
			}
		default:
			err = ErrCorrupt
		}
		if err != nil || head&1 != 0 {
			return err
		}
	}
}

// fill reads whole bytes while there is room for them.
func (d *Decoder) fill() {
	for d.n <= 56 && d.ip < len(d.src) {
		d.bits |= uint64(d.src[d.ip]) << d.n
		d.ip++
		d.n += 8
	}
}

// take reads n bits, at most 16.
func (d *Decoder) take(n uint) (uint32, bool) {
	if d.n < n {
		d.fill()
	}
	if d.n < n {
		return 0, false
	}
	v := uint32(d.bits) & (1<<n - 1)
	d.drop(n)
	return v, true
}

func (d *Decoder) drop(n uint) {
	d.bits >>= n
	d.n -= n
}

// stored copies a block that is not compressed.
func (d *Decoder) stored() error {
	d.ip -= int(d.n / 8) // whole bytes that were read ahead
	d.bits, d.n = 0, 0
	if len(d.src)-d.ip < 4 {
		return ErrCorrupt
	}
	size := int(binary.LittleEndian.Uint16(d.src[d.ip:]))
	if size^0xffff != int(binary.LittleEndian.Uint16(d.src[d.ip+2:])) {
		return ErrCorrupt
	}
	d.ip += 4
	from := d.src[d.ip:min(d.ip+size, len(d.src))]
	n := copy(d.dst[d.op:], from)
	d.ip += n
	d.op += n
	switch {
	case n < len(from):
		return ErrRoom
	case n < size:
		return ErrCorrupt
	}
	return nil
}

// Room that the fast loop wants: the longest match and what a copy writes
// beyond its end; and eight bytes of input.
const (
	roomOut = 258 + 16
	roomIn  = 8
)

// compressed decodes symbols to the end of a block.
func (d *Decoder) compressed() error {
	for {
		done, err := d.fast()
		if done || err != nil {
			return err
		}
		// Near the end of input or output, one symbol with all checks.
		done, err = d.symbol()
		if done || err != nil {
			return err
		}
	}
}

// fast decodes while there is room enough that nothing has to be checked.
func (d *Decoder) fast() (done bool, err error) {
	src, dst, ip, op, bits, n := d.src, d.dst, d.ip, d.op, d.bits, d.n
	codes := d.codes
	for ip <= len(src)-roomIn && op <= len(dst)-roomOut {
		bits |= binary.LittleEndian.Uint64(src[ip:]) << (n & 63)
		ip += int((63 - n) >> 3)
		n |= 56
		e := codes.lit[bits&(1<<litRoot-1)]
		if e&isLiteral != 0 {
			// Two more codes fit into what was read.
			dst[op] = byte(e >> valueShift)
			op++
			bits >>= e & 15
			n -= uint(e & 15)
			if e = codes.lit[bits&(1<<litRoot-1)]; e&isLiteral != 0 {
				dst[op] = byte(e >> valueShift)
				op++
				bits >>= e & 15
				n -= uint(e & 15)
				continue
			}
			if n < 48 {
				continue
			}
		}
		if e&isTable != 0 {
			e = codes.lit[(e>>valueShift&valueMask+uint32(bits>>litRoot)&(1<<(e>>extraShift&15)-1))&1023]
			if e&isLiteral != 0 {
				dst[op] = byte(e >> valueShift)
				op++
				bits >>= e & 15
				n -= uint(e & 15)
				continue
			}
		}
		if e&15 == 0 || e&isEnd != 0 {
			d.ip, d.op, d.bits, d.n = ip, op, bits, n
			d.drop(uint(e & 15))
			if e&isEnd != 0 {
				return true, nil
			}
			return false, ErrCorrupt
		}
		bits >>= e & 15
		extra := e >> extraShift & 15
		length := int(e>>valueShift&valueMask) + int(bits&(1<<extra-1))
		bits >>= extra
		n -= uint(e&15 + extra)

		e = codes.dist[bits&(1<<distRoot-1)]
		if e&isTable != 0 {
			e = codes.dist[(e>>valueShift&valueMask+uint32(bits>>distRoot)&(1<<(e>>extraShift&15)-1))&511]
		}
		bits >>= e & 15
		extra = e >> extraShift & 15
		dist := int(e>>valueShift&valueMask) + int(bits&(1<<extra-1))
		bits >>= extra
		n -= uint(e&15 + extra)
		if e&15 == 0 || dist > op {
			d.op = op
			return false, ErrCorrupt
		}
		repeat(dst, op, dist, length)
		op += length
	}
	d.ip, d.op, d.bits, d.n = ip, op, bits, n
	return false, nil
}

// repeat copies length bytes from dist bytes back; it may write 16 bytes more.
func repeat(dst []byte, op, dist, length int) {
	from, end := op-dist, op+length
	if dist >= 8 {
		for op < end {
			binary.LittleEndian.PutUint64(dst[op:], binary.LittleEndian.Uint64(dst[from:]))
			op += 8
			from += 8
		}
		return
	}
	if dist == 1 {
		v := uint64(dst[from]) * 0x0101010101010101
		for ; op < end; op += 8 {
			binary.LittleEndian.PutUint64(dst[op:], v)
		}
		return
	}
	for ; op < end; op++ {
		dst[op] = dst[from]
		from++
	}
}

// symbol decodes one literal or match, and checks everything.
func (d *Decoder) symbol() (done bool, err error) {
	e, ok := d.code(d.codes.lit[:], litRoot)
	switch {
	case !ok:
		return false, ErrCorrupt
	case e&isEnd != 0:
		return true, nil
	case e&isLiteral != 0:
		if d.op == len(d.dst) {
			return false, ErrRoom
		}
		d.dst[d.op] = byte(e >> valueShift)
		d.op++
		return false, nil
	}
	more, ok1 := d.take(uint(e >> extraShift & 15))
	length := int(e>>valueShift&valueMask + more)
	e, ok2 := d.code(d.codes.dist[:], distRoot)
	more, ok3 := d.take(uint(e >> extraShift & 15))
	dist := int(e>>valueShift&valueMask + more)
	if !ok1 || !ok2 || !ok3 || dist > d.op {
		return false, ErrCorrupt
	}
	for range min(length, len(d.dst)-d.op) {
		d.dst[d.op] = d.dst[d.op-dist]
		d.op++
		length--
	}
	if length > 0 {
		return false, ErrRoom
	}
	return false, nil
}

// code reads one code; it is false where there is none like that.
func (d *Decoder) code(table []uint32, root uint) (e uint32, ok bool) {
	d.fill()
	e = table[d.bits&(1<<root-1)]
	if e&isTable != 0 {
		e = table[e>>valueShift&valueMask+uint32(d.bits>>root)&(1<<(e>>extraShift&15)-1)]
	}
	if e&15 == 0 || uint(e&15) > d.n {
		return 0, false
	}
	d.drop(uint(e & 15))
	return e, true
}
