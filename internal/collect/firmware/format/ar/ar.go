// Package ar reads ar archives: Debian packages and old opkg ones, and static
// libraries. In: a source. Out: the members, by the names that GNU and BSD keep
// in their two ways.
package ar

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "ar", Magics: []format.Magic{{Bytes: magic}}, Look: look}
}

const (
	magic      = "!<arch>\n"
	headerSize = 60
	// maxNames bounds the table of GNU's long names that is kept.
	maxNames = 1 << 20
)

// header is one member's (ar(5)).
type header struct {
	at    int64
	name  string // as it stands, blanks cut
	entry format.Entry
	data  int64
	size  int64
	next  int64
}

func read(w *archive.Window, at int64) (h header, ok bool) {
	b := w.Bytes(at, headerSize)
	if len(b) < headerSize || b[58] != '`' || b[59] != '\n' {
		return h, false
	}
	number := func(from, to, base int) (v int64) {
		text := strings.TrimSpace(string(b[from:to]))
		if text == "" { // the table of long names has no owner and no time
			return 0
		}
		v, err := strconv.ParseInt(text, base, 64)
		ok = ok && err == nil && v >= 0
		return v
	}
	ok = true
	h = header{at: at, name: strings.TrimRight(string(b[:16]), " "), data: at + headerSize, size: number(48, 58, 10)}
	h.entry = format.Entry{
		Type: format.File, MTime: time.Unix(number(16, 28, 10), 0).UTC(),
		UID: uint32(number(28, 34, 10)), GID: uint32(number(34, 40, 10)), Mode: uint32(number(40, 48, 8)) & 0o7777,
	}
	h.next = h.data + (h.size+1)&^1
	return h, ok
}

// look is sure by the magic number and one header. It goes over all of them:
// the archive says nowhere how long it is.
func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	w := archive.NewWindow(s)
	if string(w.Bytes(at, len(magic))) != magic {
		return nil, nil
	}
	first, ok := read(w, at+int64(len(magic)))
	if !ok {
		return nil, nil
	}
	v := &volume{src: s, start: at + int64(len(magic))}
	n := 0
	if err := v.scan(ctx, w, func(header) bool { n++; return true }); err != nil {
		return nil, err
	}
	p := &format.Part{Format: "ar", Offset: at, Size: min(v.end, s.Size()) - at, Note: fmt.Sprintf("%d members", n)}
	switch strings.TrimSuffix(first.name, "/") {
	case "debian-binary":
		p.Note += "; package of dpkg or opkg"
	case "", "__.SYMDEF":
		p.Note += "; static library"
	}
	if v.broken != nil {
		p.Problems = append(p.Problems, *v.broken)
	}
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		c := *v
		c.lim = lim
		return &c, nil
	}
	return p, nil
}

// volume is an archive as a tree.
type volume struct {
	src    format.Source
	lim    format.Limits
	start  int64
	end    int64
	broken *format.Problem
	tree   *archive.Tree
}

// scan calls fn for every header. The archive ends where none follows.
func (v *volume) scan(ctx context.Context, w *archive.Window, fn func(header) bool) error {
	v.broken, v.end = nil, v.start
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		h, ok := read(w, v.end)
		if !ok {
			v.end = min(v.end, v.src.Size())
			return nil
		}
		if v.end = h.next; h.data+h.size > v.src.Size() {
			v.broken = &format.Problem{Offset: h.at, Path: h.name, Kind: format.Truncated,
				Detail: fmt.Sprintf("a member of %d bytes; %d are there", h.size, max(v.src.Size()-h.data, 0))}
			fn(h)
			v.end = v.src.Size()
			return nil
		}
		if !fn(h) {
			return nil
		}
	}
}

// Walk gives out the members but the tables of symbols and names.
func (v *volume) Walk(ctx context.Context, fn func(format.Entry, io.Reader) error) error {
	t := archive.NewTree(v.lim)
	v.tree = t
	var names []byte
	var stop error
	err := v.scan(ctx, archive.NewWindow(v.src), func(h header) bool {
		switch h.name {
		case "/", "/SYM64/", "__.SYMDEF":
			return true
		case "//":
			names = format.Head(v.src, h.data, int(min(h.size, maxNames)))
			return true
		}
		if !t.Next(h.at) {
			return false
		}
		path, ok := t.Path(v.name(&h, names), h.at)
		if !ok {
			return true
		}
		e := h.entry
		if e.Path, e.Size = path, h.size; !t.Fits(e, h.at) {
			return true
		}
		stop = fn(e, t.Content(ctx, archive.Exactly(v.src, h.data, h.size), path, h.data))
		return stop == nil
	})
	if stop != nil {
		return stop
	}
	return err
}

// name is the whole name: GNU's "/12" is an offset into a table, BSD's "#1/20"
// a length before the content.
func (v *volume) name(h *header, names []byte) string {
	if at, err := strconv.Atoi(strings.TrimPrefix(h.name, "/")); err == nil && h.name[0] == '/' && at >= 0 && at < len(names) {
		name, _, _ := bytes.Cut(names[at:], []byte("\n"))
		return strings.TrimSuffix(string(name[:min(len(name), 4096)]), "/")
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(h.name, "#1/")); err == nil && strings.HasPrefix(h.name, "#1/") && n > 0 && int64(n) <= min(h.size, 4096) {
		name := format.Head(v.src, h.data, n)
		h.data += int64(n)
		h.size -= int64(n)
		return string(bytes.TrimRight(name, "\x00"))
	}
	return strings.TrimSuffix(h.name, "/")
}

// Problems tells what was odd in the last walk.
func (v *volume) Problems() ([]format.Problem, int) {
	if v.tree == nil {
		return nil, 0
	}
	return v.tree.Problems()
}
