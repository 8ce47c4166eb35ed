package apk

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// Texts are the strings of a compiled file, as a file that other inspectors
// read: each ends with NUL, like those of a program. Resources that have a name
// stand as "name=value".
type Texts struct {
	File *inspect.File
	at   []int // where each string begins in File.Data
	from []int // and in the file that it is of
}

// Bounds of the strings of one file.
const (
	maxStrings = 1 << 20
	maxTexts   = 64 << 20 // bytes
	leastText  = 4        // shorter ones tell nothing
)

// Strings returns the strings of classes.dex, resources.arsc and binary XML; nil
// of all other files.
func Strings(f *inspect.File) *Texts {
	t := &Texts{}
	var data []byte
	seen := 0
	add := func(s string, from int) bool {
		if seen++; seen > maxStrings || len(data) > maxTexts {
			return false
		}
		if len(s) >= leastText {
			t.at, t.from = append(t.at, len(data)), append(t.from, from)
			data = append(append(data, s...), 0)
		}
		return true
	}
	switch b := f.Data; {
	case bytes.HasPrefix(b, []byte("dex\n0")) && path.Ext(f.Path) == ".dex":
		dex(b, add)
	case len(b) > 12 && le.Uint16(b) == chunkTable && path.Base(f.Path) == "resources.arsc":
		table(b, add)
	case len(b) > 8 && le.Uint16(b) == chunkXML && le.Uint16(b[2:]) == 8:
		if doc, _, err := next(b, 0); err == nil {
			if c, _, err := next(doc.body, len(doc.head)); err == nil {
				all(c, add)
			}
		}
	default:
		return nil
	}
	if len(data) == 0 {
		return nil
	}
	t.File = inspect.New(f.Path, f.Mode, data)
	// A file of strings is a program's, whatever its bytes look like.
	t.File.Kind, t.File.Role = inspect.Binary, inspect.Program
	return t
}

// Place turns a place in File into the one in the file that it was made of.
func (t *Texts) Place(w *inspect.Where) {
	i, ok := slices.BinarySearch(t.at, int(w.Offset))
	if !ok {
		i--
	}
	if i >= 0 {
		w.Offset, w.Line = int64(t.from[i])+w.Offset-int64(t.at[i]), 0
	}
}

// all adds every string of a pool.
func all(c chunk, add func(string, int) bool) {
	p, err := newPool(c)
	if err != nil {
		return
	}
	for i := range p.len() {
		if s, off := p.at(i); !add(s, off) {
			return
		}
	}
}

// dex goes over the string ids of a Dalvik executable (dex-format, "string_ids").
// Names of classes say nothing of secrets or hosts.
func dex(b []byte, add func(string, int) bool) {
	if len(b) < 0x70 {
		return
	}
	n, at := int64(le.Uint32(b[56:])), int64(le.Uint32(b[60:]))
	left := 2*len(b) + 1<<20 // strings may overlap
	for i := range min(n, maxStrings) {
		id := at + 4*i
		if id+4 > int64(len(b)) {
			return
		}
		off := int64(le.Uint32(b[id:]))
		if off >= int64(len(b)) {
			continue
		}
		s := b[off:]
		for k := 0; k < 5 && len(s) > 0; k++ { // the length in UTF-16 units
			more := s[0]&0x80 != 0
			s = s[1:]
			off++
			if !more {
				break
			}
		}
		s = s[:min(len(s), maxString)]
		if end := bytes.IndexByte(s, 0); end >= 0 {
			s = s[:end]
		}
		if left -= len(s); left < 0 {
			return
		}
		if len(s) > 2 && s[0] == 'L' && s[len(s)-1] == ';' {
			continue
		}
		if !add(string(s), int(off)) {
			return
		}
	}
}

// translated are the resources that have several values: what an app says in the
// languages of its users. What it keeps to itself has one.
func translated(b []byte) map[uint32]bool {
	first, out := map[uint32]int{}, map[uint32]bool{}
	resources(b, func(r resource, _ pool, index int) bool {
		if was, ok := first[r.id]; !ok {
			first[r.id] = index
		} else if was != index {
			out[r.id] = true
		}
		return len(first) < maxStrings
	})
	return out
}

// table reads resources: the strings that have a name with it, then the others.
func table(b []byte, add func(string, int) bool) {
	used, many := map[int]bool{}, translated(b)
	values, ok := resources(b, func(r resource, values pool, index int) bool {
		if used[index] || many[r.id] {
			return true
		}
		used[index] = true
		s, at := values.at(index)
		// A file's name in the archive is no text of the app.
		if s == "" || strings.HasPrefix(s, "res/") {
			return true
		}
		return add(r.key+"="+s, at-len(r.key)-1)
	})
	for i := 0; ok && i < values.len(); i++ {
		if !used[i] {
			if s, at := values.at(i); !add(s, at) {
				return
			}
		}
	}
}
