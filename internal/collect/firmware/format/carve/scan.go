package carve

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

type scanner struct {
	ctx    context.Context
	r      io.ReaderAt
	lim    Limits
	blocks *blocks
	img    Image
	buf    []byte

	detectors []detector
	gate      [256]bool // first bytes of the magic numbers
}

func newScanner(ctx context.Context, r io.ReaderAt, size int64, lim Limits) *scanner {
	s := &scanner{ctx: ctx, r: r, lim: lim, blocks: newBlocks(size), img: Image{Size: size}, detectors: formats()}
	for _, d := range s.detectors {
		s.gate[d.magic[0]] = true
	}
	return s
}

const (
	window = 1 << 20
	// Headers are looked at whole: none is longer than this.
	lookahead = 4096
)

// region looks for parts in [off, end) of the image. Bytes that are the content
// of a recognised part are only counted.
func (s *scanner) region(off, end int64, path string, within, depth int) error {
	if depth > s.lim.Depth {
		s.problem(Problem{Offset: off, Kind: TooDeep, Detail: fmt.Sprintf("more than %d containers in each other", s.lim.Depth)})
		s.img.Cut = true
		return s.count(off, end)
	}
	if next, err := s.head(off, end, path, within, depth); err != nil || next > off {
		if err != nil {
			return err
		}
		off = next
	}
	buf := make([]byte, window+lookahead)
	for off < end {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		n := int(min(int64(len(buf)), end-off))
		b := buf[:n]
		if err := s.readAt(b, off); err != nil {
			return err
		}
		step := min(n, window)
		s.blocks.add(off, b[:step])
		next, err := s.window(b, step, off, end, path, within, depth)
		if err != nil {
			return err
		}
		off = max(off+int64(step), next)
	}
	return nil
}

// window looks at the beginnings in b[:step]. It returns where to go on if a
// part ends beyond the window.
func (s *scanner) window(b []byte, step int, off, end int64, path string, within, depth int) (int64, error) {
	for i := 0; i < step; {
		if !s.gate[b[i]] {
			i++
			continue
		}
		next, err := s.detect(b[i:], off+int64(i), end, path, within, depth)
		if err != nil {
			return 0, err
		}
		if next <= off+int64(i) {
			i++
			continue
		}
		if next >= off+int64(step) {
			return next, nil
		}
		i = int(next - off)
	}
	return off + int64(step), nil
}

// detect tries the formats whose magic number stands at the start of b. It
// returns the offset behind the part, or 0 if there is none.
func (s *scanner) detect(b []byte, off, end int64, path string, within, depth int) (int64, error) {
	for i := range s.detectors {
		d := &s.detectors[i]
		if !bytes.HasPrefix(b, d.magic) {
			continue
		}
		if len(s.img.Parts) >= s.lim.Parts {
			if !s.img.Cut {
				s.problem(Problem{Offset: off, Kind: TooMany, Detail: fmt.Sprintf("more than %d parts", s.lim.Parts)})
			}
			s.img.Cut = true
			return end, s.count(off, end)
		}
		next, err := d.look(s, b, off, end, path, within, depth)
		if err != nil || next > off {
			return next, err
		}
	}
	return 0, nil
}

// head tries what can only stand at the beginning of a region: formats whose
// magic number is short or stands further inside.
func (s *scanner) head(off, end int64, path string, within, depth int) (int64, error) {
	b := make([]byte, min(int64(lookahead), end-off))
	if err := s.readAt(b, off); err != nil {
		return 0, err
	}
	return lookHead(s, b, off, end, path, within, depth)
}

// add keeps a part and returns its index.
func (s *scanner) add(p Part) int {
	s.img.Parts = append(s.img.Parts, p)
	return len(s.img.Parts) - 1
}

// leaf keeps a part that nothing is looked for in, and counts its bytes.
func (s *scanner) leaf(p Part, end int64) (int64, error) {
	if p.Offset+p.Size > end {
		s.problem(Problem{Offset: p.Offset, Kind: Truncated, Detail: fmt.Sprintf("%s claims %d bytes, %d are there", p.Format, p.Size, end-p.Offset)})
		p.Size = end - p.Offset
	}
	s.add(p)
	next := p.Offset + p.Size
	return next, s.count(p.Offset, next)
}

// count reads a range for the counters only.
func (s *scanner) count(off, end int64) error {
	if s.buf == nil {
		s.buf = make([]byte, 256<<10)
	}
	for off = max(off, s.blocks.next); off < end; {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		b := s.buf[:min(int64(len(s.buf)), end-off)]
		if err := s.readAt(b, off); err != nil {
			return err
		}
		s.blocks.add(off, b)
		off += int64(len(b))
	}
	return nil
}

func (s *scanner) readAt(p []byte, off int64) error {
	n, err := s.r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at offset %d: %w", len(p), off, err)
}

func (s *scanner) problem(p Problem) {
	if len(s.img.Problems) < s.lim.Problems {
		s.img.Problems = append(s.img.Problems, p)
	} else {
		s.img.Cut = true
	}
}
