package vendor

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"

	"assay/internal/collect/firmware/format"
)

// lookDahua finds Dahua's zip archives, whose first two bytes are "DH".
func lookDahua(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	if !zipHead(s, at, "DH\x03\x04", "PK\x05\x06") {
		return nil, nil
	}
	p := &format.Part{Format: "dahua", Offset: at, Size: s.Size() - at, Note: "Dahua, zip archive that begins with DH"}
	p.Contents = zipContents(&patched{Source: format.Section(s, at, p.Size), head: []byte("PK")})
	return p, nil
}

// lookInstar finds Instar's zip archives, whose three kinds of headers have
// numbers of their own (unblob's instar_hd.py).
func lookInstar(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	if !zipHead(s, at, "PK\x03\x07", "PK\x05\x09") {
		return nil, nil
	}
	p := &format.Part{Format: "instar", Offset: at, Size: s.Size() - at, Note: "Instar, zip archive with changed magic numbers"}
	p.Contents = zipContents(&patched{Source: format.Section(s, at, p.Size), swaps: [][2]string{
		{"PK\x03\x07", "PK\x03\x04"}, {"PK\x05\x09", "PK\x05\x06"}, {"PK\x01\x08", "PK\x01\x02"},
	}})
	return p, nil
}

// zipHead says whether a member's header of a zip archive stands at offset at,
// with another magic number (APPNOTE.TXT 4.3.7), and the archive's end at the
// end.
func zipHead(s format.Source, at int64, magic, last string) bool {
	b := format.Head(s, at, 30+64)
	if len(b) < 30 || string(b[:4]) != magic {
		return false
	}
	le := binary.LittleEndian
	need, method, name, extra := le.Uint16(b[4:]), le.Uint16(b[8:]), int(le.Uint16(b[26:])), le.Uint16(b[28:])
	if need == 0 || need > 63 || method != 0 && method != 8 && method != 12 && method != 14 || name == 0 || name > 1024 || extra > 4096 {
		return false
	}
	for _, c := range b[30:min(30+name, len(b))] {
		if c < 0x20 || c == 0x7f {
			return false
		}
	}
	end := max(s.Size()-(64<<10+22), at)
	return bytes.Contains(format.Head(s, end, 64<<10+22), []byte(last))
}

func zipContents(s format.Source) func(context.Context, format.Limits) ([]format.Content, error) {
	return func(context.Context, format.Limits) ([]format.Content, error) {
		return []format.Content{{Name: "archive.zip", Source: s, Try: []string{"zip"}}}, nil
	}
}

// patched is a source of which some bytes read differently: its first ones, and
// words of four bytes.
type patched struct {
	format.Source
	head  []byte
	swaps [][2]string
}

func (s *patched) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || len(s.swaps) == 0 {
		n, err := s.Source.ReadAt(p, off)
		if off >= 0 && off < int64(len(s.head)) {
			copy(p[:n], s.head[off:])
		}
		return n, err
	}
	// A word may begin before p or end after it.
	from := max(off-3, 0)
	wide := make([]byte, int64(len(p))+off-from+3)
	n, err := s.Source.ReadAt(wide, from)
	wide = wide[:n]
	for _, w := range s.swaps {
		for i := 0; ; {
			k := bytes.Index(wide[i:], []byte(w[0]))
			if k < 0 {
				break
			}
			i += k
			copy(wide[i:], w[1])
		}
	}
	got := copy(p, wide[min(off-from, int64(n)):])
	if got == len(p) {
		return got, nil
	}
	if err == nil {
		err = io.EOF
	}
	return got, err
}
