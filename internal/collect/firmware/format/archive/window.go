package archive

import "assay/internal/collect/firmware/format"

// windowSize is what one read brings in: many small headers, or one between
// two large members.
const windowSize = 16 << 10

// Window reads short pieces of a source in rising order with few reads.
type Window struct {
	src format.Source
	off int64
	buf []byte // what is in
	mem []byte
}

// NewWindow reads from s.
func NewWindow(s format.Source) *Window { return &Window{src: s} }

// Bytes returns n bytes from off on, fewer where the source ends or can't be
// read. They are valid until the next call.
func (w *Window) Bytes(off int64, n int) []byte {
	if off < 0 || n <= 0 || off >= w.src.Size() {
		return nil
	}
	if off < w.off || off+int64(n) > w.off+int64(len(w.buf)) {
		w.fill(off, n)
	}
	from := off - w.off
	return w.buf[from:min(from+int64(n), int64(len(w.buf)))]
}

func (w *Window) fill(off int64, n int) {
	want := int(min(max(int64(n), windowSize), w.src.Size()-off))
	if len(w.mem) < want {
		w.mem = make([]byte, want)
	}
	k, _ := w.src.ReadAt(w.mem[:want], off) // what is missing is missed by the caller
	w.off, w.buf = off, w.mem[:k]
}
