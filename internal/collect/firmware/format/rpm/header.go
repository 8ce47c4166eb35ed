package rpm

import (
	"bytes"
	"encoding/binary"

	"assay/internal/collect/firmware/format"
)

// header is one of the two: an index and what it points to.
type header struct {
	src     format.Source
	at      int64
	store   int64
	end     int64
	entries map[uint32]entry
}

// entry is a tag's: its type, where its value stands, how many there are.
type entry struct{ kind, offset, count uint32 }

// The types of values that are read.
const (
	typeInt32   = 4
	typeInt64   = 5
	typeString  = 6
	typeBinary  = 7
	typeStrings = 8
	typeI18N    = 9
)

// read reads the header at offset at. Its sizes are held against the source
// before anything is read by them.
func read(s format.Source, at int64) (*header, bool) {
	b := format.Head(s, at, introSize)
	if len(b) < introSize || string(b[:8]) != headerMagic {
		return nil, false
	}
	n, size := binary.BigEndian.Uint32(b[8:]), int64(binary.BigEndian.Uint32(b[12:]))
	h := &header{src: s, at: at, store: at + introSize + indexSize*int64(n), entries: map[uint32]entry{}}
	if h.end = h.store + size; n == 0 || n > maxIndex || size > maxStore || h.end > s.Size() {
		return nil, false
	}
	index := format.Head(s, at+introSize, indexSize*int(n))
	for ; len(index) >= indexSize; index = index[indexSize:] {
		e := entry{binary.BigEndian.Uint32(index[4:]), binary.BigEndian.Uint32(index[8:]), binary.BigEndian.Uint32(index[12:])}
		if e.kind > typeI18N {
			return nil, false
		}
		h.entries[binary.BigEndian.Uint32(index)] = e
	}
	return h, true
}

// maxText bounds a value that is kept.
const maxText = 4096

// raw is up to n bytes of a tag's value.
func (h *header) raw(e entry, n int64) []byte {
	at := h.store + int64(e.offset)
	return format.Head(h.src, at, int(min(n, max(h.end-at, 0))))
}

// text is a tag's string, the first of several.
func (h *header) text(tag uint32) string {
	e, ok := h.entries[tag]
	if !ok || e.kind != typeString && e.kind != typeStrings && e.kind != typeI18N {
		return ""
	}
	b, _, _ := bytes.Cut(h.raw(e, maxText), []byte{0})
	return string(b)
}

func (h *header) bytes(tag uint32) []byte {
	e, ok := h.entries[tag]
	if !ok || e.kind != typeBinary {
		return nil
	}
	return h.raw(e, min(int64(e.count), maxText))
}

// number is a tag's first number, 0 for none.
func (h *header) number(tag uint32) int64 {
	e := h.entries[tag]
	switch b := h.raw(e, 8); {
	case e.kind == typeInt32 && len(b) >= 4:
		return int64(binary.BigEndian.Uint32(b))
	case e.kind == typeInt64 && len(b) == 8:
		return int64(binary.BigEndian.Uint64(b) & (1<<50 - 1))
	}
	return 0
}
