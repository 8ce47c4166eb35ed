package format

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// The ways of lseek(2) to the next data and to the next hole.
const (
	seekData = 3
	seekHole = 4
)

const (
	leastHole = 64 << 10 // below, reading costs no more
	maxHoles  = 1 << 16
)

// FromFile is the first size bytes of f, whose holes are not read: those that the
// file system tells of. It moves the offset of f.
func FromFile(f *os.File, size int64) Source {
	s := &sparse{r: f, size: size}
	for at := int64(0); at < size && len(s.holes) < maxHoles; {
		from, err := f.Seek(at, seekHole)
		if err != nil || from >= size {
			break
		}
		// Behind the last data, there is none.
		to, err := f.Seek(from, seekData)
		switch {
		case errors.Is(err, syscall.ENXIO) || to > size:
			to = size
		case err != nil:
			return io.NewSectionReader(f, 0, size)
		}
		if to <= from {
			break
		}
		if to-from >= leastHole {
			s.holes = append(s.holes, hole{from, to})
		}
		at = to
	}
	if len(s.holes) == 0 {
		return io.NewSectionReader(f, 0, size)
	}
	return s
}
