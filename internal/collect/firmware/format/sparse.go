package format

import (
	"fmt"
	"io"
)

// Sparse is a Source that knows where it has nothing but zeros without being
// read: the holes of a file.
type Sparse interface {
	Source
	// Hole returns the end of the hole in which off stands; off where it stands in
	// none.
	Hole(off int64) int64
}

// Hole returns the end of the hole of s in which off stands, also where s is a
// section of a source that knows; off where there is none.
func Hole(s io.ReaderAt, off int64) int64 {
	switch s := s.(type) {
	case Sparse:
		return max(s.Hole(off), off)
	case *io.SectionReader:
		r, base, n := s.Outer()
		if off < 0 || off >= n {
			return off
		}
		return max(min(Hole(r, base+off)-base, n), off)
	}
	return off
}

// hole is a run of zeros that isn't kept by the file system.
type hole struct{ off, end int64 }

// sparse is a file with its holes, in order.
type sparse struct {
	r     io.ReaderAt
	size  int64
	holes []hole
}

func (s *sparse) Size() int64 { return s.size }

func (s *sparse) Hole(off int64) int64 {
	if i := s.next(off); i < len(s.holes) && s.holes[i].off <= off {
		return s.holes[i].end
	}
	return off
}

// next is the first hole that ends behind off.
func (s *sparse) next(off int64) int {
	lo, hi := 0, len(s.holes)
	for lo < hi {
		if mid := (lo + hi) / 2; s.holes[mid].end > off {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// ReadAt makes the zeros of holes instead of reading them.
func (s *sparse) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("read at offset %d", off)
	}
	want := p[:max(min(int64(len(p)), s.size-off), 0)]
	for i := s.next(off); n < len(want); {
		at := off + int64(n)
		end := off + int64(len(want))
		if i < len(s.holes) && s.holes[i].off <= at {
			k := int(min(s.holes[i].end, end) - at)
			clear(want[n : n+k])
			n, i = n+k, i+1
			continue
		}
		if i < len(s.holes) {
			end = min(end, s.holes[i].off)
		}
		k, err := s.r.ReadAt(want[n:int(end-off)], at)
		n += k
		if at+int64(k) < end {
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
