// Package blockmap makes one run of bytes of blocks that stand elsewhere, in
// another order, or not at all: virtual disks, flash under wear levelling,
// memory in numbered blocks. In: a source and where each block stands in it.
// Out: a view that is read at random.
package blockmap

import (
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
)

// Place is where a block stands.
type Place struct {
	Off  int64  // in the source; negative: nowhere, all of it is Fill
	Fill byte   // where it stands nowhere
	Data []byte // the block itself, where it had to be decoded; nil else
}

// View is a format.Sparse. Its fields don't change once it is read.
type View struct {
	Source format.Source
	Block  int64 // bytes of a block
	Bytes  int64 // of the view
	// At says where block i stands. It may be called by several goroutines.
	At func(i int64) (Place, error)
}

// Size is format.Source's.
func (v *View) Size() int64 { return v.Bytes }

// holeBlocks bounds how many blocks Hole looks at.
const holeBlocks = 1 << 12

// Hole is format.Sparse's.
func (v *View) Hole(off int64) int64 {
	if off < 0 {
		return off
	}
	end := off
	for i := off / v.Block; i < off/v.Block+holeBlocks && i*v.Block < v.Bytes; i++ {
		if p, err := v.At(i); err != nil || p.Off >= 0 || p.Data != nil || p.Fill != 0 {
			break
		}
		end = min((i+1)*v.Block, v.Bytes)
	}
	return end
}

// ReadAt is io.ReaderAt's.
func (v *View) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("read at offset %d", off)
	}
	for n < len(p) && off < v.Bytes {
		i, in := off/v.Block, off%v.Block
		want := p[n : n+int(min(int64(len(p)-n), v.Block-in, v.Bytes-off))]
		place, err := v.At(i)
		switch {
		case err != nil:
			return n, err
		case place.Data != nil:
			k := 0
			if in < int64(len(place.Data)) {
				k = copy(want, place.Data[in:])
			}
			clear(want[k:])
		case place.Off < 0:
			for j := range want {
				want[j] = place.Fill
			}
		default:
			if err := format.ReadAt(v.Source, want, place.Off+in); err != nil {
				return n, err
			}
		}
		n, off = n+len(want), off+int64(len(want))
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
