//go:build !linux

package format

import (
	"io"
	"os"
)

// FromFile is the first size bytes of f.
func FromFile(f *os.File, size int64) Source { return io.NewSectionReader(f, 0, size) }
