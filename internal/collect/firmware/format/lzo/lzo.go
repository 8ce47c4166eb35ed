// Package lzo decodes LZO1X, the compression of lzop, of jffs2, ubifs and
// squashfs with "lzo". In: one compressed block, hostile. Out: its bytes, never
// more than the caller has room for. There is no header and no checksum: what
// holds the block brings those.
//
// The encoding is the one that "LZO stream format as understood by Linux' LZO
// decompressor" (docs.kernel.org/staging/lzo.html) describes; its bitstream
// version 1, which has run lengths and which only zram writes, is not read.
package lzo

import (
	"encoding/binary"
	"errors"
)

var (
	// ErrCorrupt says that the block points outside of itself.
	ErrCorrupt = errors.New("lzo: damaged block")
	// ErrRoom says that the block holds more than dst takes.
	ErrRoom = errors.New("lzo: more bytes than expected")
)

// Decompress decodes the block src into dst and returns how many bytes it gave,
// those before an error too. Bytes behind the end mark of src are left alone.
func Decompress(dst, src []byte) (int, error) {
	d := decoder{dst: dst, src: src}
	err := d.run()
	return d.op, err
}

type decoder struct {
	dst, src []byte
	op, ip   int
	// lits is how many literals came last: 0 to 3, or 4 for more.
	lits int
}

// run follows the instructions to the end mark.
func (d *decoder) run() error {
	if len(d.src) < 3 {
		return ErrCorrupt
	}
	if b := int(d.src[0]); b > 17 {
		d.ip = 1
		d.lits = min(b-17, 4)
		if err := d.literals(b - 17); err != nil {
			return err
		}
	}
	for d.ip < len(d.src) {
		b := int(d.src[d.ip])
		d.ip++
		if b < 16 && d.lits == 0 {
			n, ok := d.length(b, 15)
			if !ok {
				return ErrCorrupt
			}
			if err := d.literals(n + 3); err != nil {
				return err
			}
			d.lits = 4
			continue
		}
		n, dist, lits, ok := d.match(b)
		if !ok {
			return ErrCorrupt
		}
		if dist == 0 {
			return nil
		}
		if err := d.copy(n, dist); err != nil {
			return err
		}
		if d.lits = lits; lits == 0 {
			continue
		}
		if err := d.literals(lits); err != nil {
			return err
		}
	}
	return ErrCorrupt // no end mark
}

// match reads what follows the first byte b of a match: its length, how far
// back it lies (0: the end mark) and how many literals come after it.
func (d *decoder) match(b int) (n, dist, lits int, ok bool) {
	if b >= 64 || b < 16 {
		if d.ip >= len(d.src) {
			return 0, 0, 0, false
		}
		h := int(d.src[d.ip])
		d.ip++
		switch {
		case b >= 64:
			return b>>5 + 1, h<<3 + b>>2&7 + 1, b & 3, true
		case d.lits == 4:
			return 3, h<<2 + b>>2 + 2049, b & 3, true
		default:
			return 2, h<<2 + b>>2 + 1, b & 3, true
		}
	}
	short := 31
	if b < 32 {
		short = 7
	}
	if n, ok = d.length(b&short, short); !ok || d.ip+2 > len(d.src) {
		return 0, 0, 0, false
	}
	v := int(binary.LittleEndian.Uint16(d.src[d.ip:]))
	d.ip += 2
	if b >= 32 {
		return n + 2, v>>2 + 1, v & 3, true
	}
	if dist = b&8<<11 + v>>2; dist == 0 {
		return 0, 0, 0, n == 1 // the end mark is a match of three bytes
	}
	return n + 2, dist + 16384, v & 3, true
}

// length completes a length of which the instruction had no room for more than
// most: zero bytes count 255 each, the byte after them is added.
func (d *decoder) length(n, most int) (int, bool) {
	if n != 0 {
		return n, true
	}
	n = most
	for d.ip < len(d.src) {
		b := int(d.src[d.ip])
		d.ip++
		if b != 0 {
			return n + b, true
		}
		n += 255
	}
	return 0, false
}

func (d *decoder) literals(n int) error {
	if n > len(d.src)-d.ip {
		return ErrCorrupt
	}
	if n > len(d.dst)-d.op {
		d.op += copy(d.dst[d.op:], d.src[d.ip:])
		return ErrRoom
	}
	if n <= 8 && d.ip+8 <= len(d.src) && d.op+8 <= len(d.dst) {
		// One store; the bytes behind are written over by what comes next.
		binary.LittleEndian.PutUint64(d.dst[d.op:], binary.LittleEndian.Uint64(d.src[d.ip:]))
	} else {
		copy(d.dst[d.op:d.op+n], d.src[d.ip:])
	}
	d.op += n
	d.ip += n
	return nil
}

// copy repeats n bytes from dist bytes back; the two may overlap.
func (d *decoder) copy(n, dist int) error {
	from := d.op - dist
	if from < 0 {
		return ErrCorrupt
	}
	full := n
	n = min(n, len(d.dst)-d.op)
	switch {
	case n <= 16 && dist >= 8 && d.op+16 <= len(d.dst):
		binary.LittleEndian.PutUint64(d.dst[d.op:], binary.LittleEndian.Uint64(d.dst[from:]))
		binary.LittleEndian.PutUint64(d.dst[d.op+8:], binary.LittleEndian.Uint64(d.dst[from+8:]))
	case n <= dist:
		copy(d.dst[d.op:d.op+n], d.dst[from:])
	default:
		// Every round doubles what there is to copy from.
		for to, end := d.op, d.op+n; to < end; {
			to += copy(d.dst[to:end], d.dst[from:to])
		}
	}
	d.op += n
	if n < full {
		return ErrRoom
	}
	return nil
}
