package lzma2

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Decoder decodes what is whole in memory. It keeps its tables from call to
// call; its zero value is ready. It is for one goroutine at a time.
type Decoder struct {
	c core
	x xz
}

// XZ decodes one .xz stream into dst and returns how many bytes it gave, those
// before an error too. What stands in src behind the stream is left alone.
func (d *Decoder) XZ(dst, src []byte) (int, error) {
	in := source{b: src}
	x := &d.x
	x.c, x.src = &d.c, &in
	if err := x.stream(); err != nil {
		return 0, err
	}
	pos := 0
	for {
		more, err := x.block()
		if err != nil {
			return pos, err
		}
		if !more {
			return pos, x.end()
		}
		begin := pos
		if pos, err = into(x.chunks, dst, pos); err != nil {
			return pos, err
		}
		out := dst[begin:pos]
		for _, f := range x.filters {
			f.undo(out)
		}
		x.sum.write(out)
		if err := x.endBlock(int64(len(out))); err != nil {
			return pos, err
		}
	}
}

// Alone decodes an .lzma file: parameters, dictionary size, length, LZMA.
func (d *Decoder) Alone(dst, src []byte) (int, error) {
	in := source{b: src}
	h, err := aloneHead(&in)
	if err != nil {
		return 0, err
	}
	if h.size > int64(len(dst)) {
		return 0, fmt.Errorf("%w: %d, at most %d", ErrRoom, h.size, len(dst))
	}
	if err := d.c.parameters(h.props); err != nil {
		return 0, err
	}
	// The size of the dictionary is not looked at: dst is it.
	l, err := newBare(&d.c, &in, anyDict, h.size)
	if err != nil {
		return 0, err
	}
	pos, err := l.fill(dst, 0)
	if err == nil && !l.end {
		// All of dst is filled, and the length isn't known: this must be the end.
		if err = l.close(pos); errors.Is(err, ErrDamaged) {
			err = ErrRoom
		}
	}
	return pos, err
}

// Bare decodes LZMA without a header, whose parameters props packs as an .lzma
// file's first byte does. It ends where dst is full, at an end marker, or where
// src ends: nothing else tells its length. Then the error is
// io.ErrUnexpectedEOF, and the last bytes may not have been meant.
func (d *Decoder) Bare(dst, src []byte, props byte) (int, error) {
	if err := d.c.parameters(props); err != nil {
		return 0, err
	}
	l, err := newBare(&d.c, &source{b: src}, anyDict, -1)
	if err != nil {
		return 0, err
	}
	return l.fill(dst, 0)
}

// anyDict allows every distance: what was decoded is all there.
const anyDict = 1<<32 - 1

// into decodes all of l.
func into(l layer, dst []byte, pos int) (int, error) {
	pos, err := l.fill(dst, pos)
	if err == nil && !l.done() {
		err = ErrRoom
	}
	return pos, err
}

// alone is the head of an .lzma file.
type alone struct {
	props byte
	dict  uint32
	size  int64 // -1: not known
}

const aloneSize = 13

func aloneHead(src *source) (alone, error) {
	b, err := src.take(aloneSize)
	if err != nil {
		return alone{}, err
	}
	h := alone{b[0], binary.LittleEndian.Uint32(b[1:]), int64(binary.LittleEndian.Uint64(b[5:]))}
	if h.size < -1 {
		return h, fmt.Errorf("%w: a size of %d bytes", ErrDamaged, uint64(h.size))
	}
	return h, nil
}
