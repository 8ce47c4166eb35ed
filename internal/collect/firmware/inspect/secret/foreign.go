package secret

import (
	"encoding/base64"
	"math"
	"strings"
	"sync"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
)

// own finds the words in texts that stand in a file in another form, where the
// caller could not look for them.
var own = sync.OnceValue(func() *keyword.Table { return keyword.NewTable(words) })

// wide reads a text in UTF-16.
func (s *scanner) wide() {
	if text, at, ok := s.f.Wide(); ok {
		s.within(text, func(h *Hit) {
			h.Offset = int64(at(int(h.Offset)))
		})
	}
}

// inner reads a text that is a value of a record: JSON, a configuration, a
// script.
func (s *scanner) inner(text string, off int, note string) {
	if len(text) < 12 || len(text) > 64<<10 || strings.IndexAny(text, "{=:") < 0 {
		return
	}
	s.within(inspect.New(s.f.Path, 0, []byte(text)), func(h *Hit) {
		h.Offset, h.Line = h.Offset+int64(off), 0
		h.Note = strings.TrimLeft(h.Note+", "+note, ", ")
	})
}

// within scans another text and keeps its hits with the places that move gives
// them.
func (s *scanner) within(f *inspect.File, move func(*Hit)) {
	found, _ := own().Scan(f.Data, math.MaxInt, nil)
	for _, h := range scan(f, found[0]) {
		if len(s.hits) >= maxHits {
			return
		}
		if h.Kind != Cut {
			move(&h)
			s.hits = append(s.hits, h)
		}
	}
}

// encodedFile reads a file that is nothing but text in base64.
func (s *scanner) encodedFile() {
	d := s.f.Data
	if s.f.Kind != inspect.Text || len(d) < 32 || len(d) > 64<<10 || s.prose() {
		return
	}
	for _, c := range d {
		if !base64Byte(c) && c != '\n' && c != '\r' {
			return
		}
	}
	text, err := base64.StdEncoding.DecodeString(string(d))
	if err != nil || len(text) < 16 {
		return
	}
	f := inspect.New(s.f.Path, 0, text)
	if f.Kind != inspect.Text {
		return
	}
	s.within(f, func(h *Hit) {
		// Four characters stand for three bytes.
		h.Where = s.f.At(min(len(d)-1, int(h.Offset)*4/3))
		h.Note = strings.TrimRight("base64, "+h.Note, ", ")
	})
}
