package stream

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
)

// compressFormat is weak: two bytes and a few bits.
func compressFormat() format.Format {
	return format.Format{Name: "compress", Weak: true, Head: true, Magics: []format.Magic{{Bytes: "\x1f\x9d"}}, Look: lookCompress}
}

// lookCompress is sure after 4 KiB, or a whole stream of at least 64 bytes: a
// code beyond the table, which noise has soon, ends it.
func lookCompress(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 5)
	if len(b) < 5 || b[2]&0x60 != 0 || b[2]&0x1f < 9 || b[2]&0x1f > 16 || b[4]&1 != 0 { // the first code is a byte
		return nil, nil
	}
	d, err := openCompress(format.Section(s, at, s.Size()-at), 0)
	if err != nil {
		return nil, nil
	}
	if n, err := io.ReadFull(d, make([]byte, 4096)); err != nil {
		if _, err = d.Read(make([]byte, 1)); n < 64 || err != io.EOF {
			return nil, nil
		}
	}
	p := part("compress", s, at, 0, 0, openCompress)
	p.Note = fmt.Sprintf("%d bits", b[2]&0x1f)
	return p, nil
}

// uncompress decodes the LZW of compress(1). Codes grow from 9 bits up to max;
// they are written in groups of eight, so where their width changes, or the
// table is cleared, the rest of a group is skipped.
type uncompress struct {
	in      *bufio.Reader
	used    int64
	bits    uint   // read, not yet used
	nbits   uint   // of them
	width   uint   // of a code
	max     uint   // of width
	group   int    // codes left in this group of eight
	block   bool   // code 256 clears the table
	next    uint32 // code that is defined next
	prev    uint32
	first   byte // of what prev stands for
	begun   bool
	prefix  []uint16
	suffix  []byte
	out     []byte // in reverse order
	pending []byte
}

const clearCode = 256

func openCompress(s format.Source, _ int64) (decoder, error) {
	b := format.Head(s, 0, 3)
	if len(b) < 3 {
		return nil, io.ErrUnexpectedEOF
	}
	width := uint(b[2] & 0x1f)
	if width < 9 || width > 16 {
		return nil, fmt.Errorf("codes of %d bits: %w", width, format.ErrDamaged)
	}
	u := &uncompress{
		in: bufio.NewReader(io.NewSectionReader(s, 3, s.Size()-3)), used: 3, max: width, block: b[2]&0x80 != 0,
		prefix: make([]uint16, 1<<width), suffix: make([]byte, 1<<width),
	}
	u.reset()
	return u, nil
}

func (u *uncompress) reset() {
	u.width, u.group, u.begun, u.next = 9, 8, false, clearCode
	if u.block {
		u.next++
	}
}

// code reads one; io.EOF where the source ends.
func (u *uncompress) code() (uint32, error) {
	if u.group == 0 {
		u.group = 8
	}
	for u.nbits < u.width {
		c, err := u.in.ReadByte()
		if err != nil {
			return 0, err
		}
		u.used++
		u.bits |= uint(c) << u.nbits
		u.nbits += 8
	}
	v := u.bits & (1<<u.width - 1)
	u.bits >>= u.width
	u.nbits -= u.width
	u.group--
	return uint32(v), nil
}

// align skips the rest of a group of eight codes.
func (u *uncompress) align() {
	skip := u.group % 8 * int(u.width)
	skip -= int(u.nbits)
	u.bits, u.nbits, u.group = 0, 0, 8
	if skip > 0 {
		n, _ := u.in.Discard(skip / 8)
		u.used += int64(n)
	}
}

func (u *uncompress) Read(p []byte) (int, error) {
	for len(u.pending) == 0 {
		if err := u.step(); err != nil {
			return 0, err
		}
	}
	n := copy(p, u.pending)
	u.pending = u.pending[n:]
	return n, nil
}

// step decodes one code into pending.
func (u *uncompress) step() error {
	if u.next > 1<<u.width-1 && u.width < u.max {
		u.align()
		u.width++
	}
	c, err := u.code()
	if err != nil {
		return err
	}
	if c == clearCode && u.block {
		u.align()
		u.reset()
		return nil
	}
	if !u.begun {
		if c > 255 {
			return fmt.Errorf("the first code is %d: %w", c, format.ErrDamaged)
		}
		u.begun, u.prev, u.first = true, c, byte(c)
		u.pending = append(u.out[:0], byte(c))
		return nil
	}
	out, k := u.out[:0], c
	switch {
	case c > u.next || c == u.next && u.next >= 1<<u.max:
		return fmt.Errorf("code %d of %d: %w", c, u.next, format.ErrDamaged)
	case c == u.next:
		out, k = append(out, u.first), u.prev
	}
	for k > 255 {
		out, k = append(out, u.suffix[k]), uint32(u.prefix[k])
	}
	u.first = byte(k)
	out = append(out, u.first)
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	if u.next < 1<<u.max {
		u.prefix[u.next], u.suffix[u.next] = uint16(u.prev), u.first
		u.next++
	}
	u.prev, u.out, u.pending = c, out, out
	return nil
}

func (u *uncompress) Consumed() int64 { return u.used }
