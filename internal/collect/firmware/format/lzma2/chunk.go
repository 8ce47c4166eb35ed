package lzma2

import (
	"errors"
	"fmt"
	"io"
)

// layer decodes into out from pos on, until out is full or the layer's end is
// reached. out[:pos] is what came before; see base for windows that move.
type layer interface {
	fill(out []byte, pos int) (int, error)
	done() bool
	// moved says that n bytes were dropped from the start of out. n is a
	// multiple of 16, and at least the dictionary is still there.
	moved(n int)
}

// chunks is LZMA2: chunks of LZMA, or of bytes as they are, with an end mark.
type chunks struct {
	c    *core
	src  *source
	base int // where in out the dictionary was reset last

	left   int  // bytes of the chunk to come
	stored bool // the chunk is not compressed
	cut    bool // the input ends within the chunk
	end    bool
	dict   bool // a dictionary reset was seen
	props  bool // parameters were seen since
	state  bool // the state was reset since
}

func newChunks(c *core, src *source, dict uint32) *chunks {
	c.dict, c.marker, c.left, c.phase = dict, false, 0, 0
	return &chunks{c: c, src: src}
}

func (l *chunks) done() bool { return l.end }

func (l *chunks) moved(n int) {
	l.c.phase += max(n-l.base, 0)
	l.base = max(l.base-n, 0)
}

func (l *chunks) fill(out []byte, pos int) (int, error) {
	for {
		if l.left == 0 {
			if err := l.next(pos); err != nil || l.end {
				return pos, err
			}
		}
		limit := min(len(out), pos+l.left)
		if pos == limit {
			return pos, nil
		}
		begin := pos
		var err error
		if l.stored {
			var n int
			if n, err = l.src.read(out[pos:limit]); err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			pos += n
		} else {
			pos, err = l.c.run(out[l.base:limit], pos-l.base)
			pos += l.base
		}
		l.left -= pos - begin
		switch {
		case err == io.ErrUnexpectedEOF && !l.stored && !l.cut:
			return pos, fmt.Errorf("%w: a chunk ends %d bytes early", ErrDamaged, l.left)
		case err != nil:
			return pos, err
		case l.left == 0 && !l.stored:
			if err := l.c.finish(); err != nil || l.c.left > 0 || l.c.at != l.c.have {
				return pos, fmt.Errorf("%w: a chunk doesn't end with its bytes", ErrDamaged)
			}
		}
	}
}

// next reads the head of a chunk (xz-file-format 5.3.1; the control byte is
// described in the LZMA SDK's Lzma2Dec.c only).
func (l *chunks) next(pos int) error {
	control, err := l.src.byte()
	if err != nil {
		return err
	}
	if control == 0 {
		l.end = true
		return nil
	}
	if control == 1 || control >= 0xe0 {
		l.base, l.c.phase = pos, 0
		l.dict, l.props, l.state = true, false, false
	}
	if !l.dict {
		return fmt.Errorf("%w: no dictionary reset at the start", ErrDamaged)
	}
	if control < 0x80 {
		if control > 2 {
			return fmt.Errorf("%w: chunk control %#02x", ErrDamaged, control)
		}
		b, err := l.src.take(2)
		if err != nil {
			return err
		}
		l.left, l.stored = int(b[0])<<8+int(b[1])+1, true
		return nil
	}
	b, err := l.src.take(4)
	if err != nil {
		return err
	}
	l.left, l.stored = int(control&0x1f)<<16+int(b[0])<<8+int(b[1])+1, false
	size := int(b[2])<<8 + int(b[3]) + 1
	if err := l.resets(control); err != nil {
		return err
	}
	return l.load(size)
}

// resets does what the control byte of an LZMA chunk asks for.
func (l *chunks) resets(control byte) error {
	if control >= 0xc0 {
		b, err := l.src.byte()
		if err != nil {
			return err
		}
		if err := l.c.parameters(b); err != nil {
			return err
		}
		if b%9+b/9%5 > 4 {
			return fmt.Errorf("%w: properties %#02x in LZMA2", ErrDamaged, b)
		}
		l.props = true
	}
	if !l.props {
		return fmt.Errorf("%w: a chunk without properties", ErrDamaged)
	}
	if control >= 0xa0 {
		l.c.reset()
		l.state = true
	}
	if !l.state {
		return fmt.Errorf("%w: a chunk without a state", ErrDamaged)
	}
	return nil
}

func (l *chunks) load(size int) error {
	c := l.c
	n, err := l.src.read(c.in[:size])
	if err != nil && err != io.EOF {
		return err
	}
	clear(c.in[n : n+mostInput+1])
	c.have, c.at, c.final = n, 0, true
	l.cut = n < size
	return c.start()
}

// bare is LZMA as it stands in .lzma files and in file systems, with its
// parameters taken from elsewhere.
type bare struct {
	c    *core
	src  *source
	size int64 // of what comes out; -1: until the end marker
	end  bool
}

// newBare begins to decode with the parameters that c has.
func newBare(c *core, src *source, dict uint32, size int64) (*bare, error) {
	c.dict, c.marker, c.phase = dict, true, 0
	c.reset()
	l := &bare{c: c, src: src, size: size}
	c.have, c.at, c.final = 0, 0, false
	if err := l.load(); err != nil {
		return nil, err
	}
	return l, c.start()
}

func (l *bare) done() bool { return l.end }

func (l *bare) moved(n int) { l.c.phase += n }

// load brings input in behind what is left of it.
func (l *bare) load() error {
	c := l.c
	c.have = copy(c.in[:], c.in[c.at:c.have])
	c.at = 0
	n, err := l.src.read(c.in[c.have:inputSize])
	c.have += n
	if errors.Is(err, io.EOF) {
		c.final = true
		clear(c.in[c.have : c.have+mostInput+1])
		err = nil
	}
	return err
}

func (l *bare) fill(out []byte, pos int) (int, error) {
	for {
		limit := len(out)
		if l.size >= 0 && l.size < int64(limit-pos) {
			limit = pos + int(l.size)
		}
		begin := pos
		var err error
		pos, err = l.c.run(out[:limit], pos)
		if l.size >= 0 {
			l.size -= int64(pos - begin)
		}
		switch {
		case err != nil:
			return pos, err
		case l.c.ended && l.size > 0:
			return pos, fmt.Errorf("%w: an end marker %d bytes early", ErrDamaged, l.size)
		case l.c.ended, l.size == 0:
			l.end = true
			return pos, l.close(pos)
		case pos == limit:
			return pos, nil
		case l.c.final:
			return pos, io.ErrUnexpectedEOF
		}
		if err := l.load(); err != nil {
			return pos, err
		}
	}
}

// close looks at what stands behind the last byte: nothing, or an end marker.
func (l *bare) close(pos int) error {
	c := l.c
	if c.left > 0 {
		return fmt.Errorf("%w: the last match goes beyond the end", ErrDamaged)
	}
	if !c.final && c.have-c.at <= mostInput {
		if err := l.load(); err != nil {
			return err
		}
	}
	err := c.finish()
	if err != nil && !c.ended && c.at <= c.have {
		err = c.mark(pos)
	}
	l.src.taken -= int64(max(c.have-c.at, 0)) // was read ahead
	return err
}
