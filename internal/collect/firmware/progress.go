package firmware

import (
	"sync/atomic"
	"time"

	"assay/internal/collect/firmware/format"
)

// Progress says how far the reading is.
type Progress struct {
	Path  string `json:"path"` // of the file that was read last; empty: none yet
	Files int    `json:"files"`
	Bytes int64  `json:"bytes"`          // of files and of what has no tree, unpacked
	Read  int64  `json:"read,omitempty"` // of the image itself; what is read twice counts twice
}

// ticker tells now and then how far the reading is.
type ticker struct {
	told atomic.Int64 // Unix milliseconds
	read atomic.Int64 // bytes of the image
}

// due says whether it is time to tell.
func (t *ticker) due() bool {
	const every = 200 // milliseconds
	now, last := time.Now().UnixMilli(), t.told.Load()
	return now-last >= every && t.told.CompareAndSwap(last, now)
}

// watched is an image whose reading is told: minutes may pass before the first
// file of a large one is found.
type watched struct {
	format.Source
	*ticker
	tell func(read int64) error
}

// Hole is format.Sparse's.
func (w *watched) Hole(off int64) int64 { return format.Hole(w.Source, off) }

func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.Source.ReadAt(p, off)
	if read := w.read.Add(int64(n)); w.due() {
		if terr := w.tell(read); terr != nil {
			return n, terr
		}
	}
	return n, err
}
