package vendor

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

// lookBNEG reads the firmware of the first Foscam and Instar cameras: magic
// number, version 1.1, the sizes of a kernel (a zip archive) and of a romfs
// (unblob's instar/bneg.py).
func lookBNEG(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 20)
	if len(b) < 20 {
		return nil, nil
	}
	le := binary.LittleEndian
	kernel, root := int64(le.Uint32(b[12:])), int64(le.Uint32(b[16:]))
	if string(b[:12]) != "BNEG\x01\x00\x00\x00\x01\x00\x00\x00" || kernel == 0 || root == 0 || kernel+root > biggest {
		return nil, nil
	}
	p := &format.Part{Format: "bneg", Offset: at, Note: "Foscam or Instar, version 1.1; no checksum"}
	p.Claim(s, 20+kernel+root)
	add(p, "kernel", 20, kernel, 20)
	add(p, "rootfs", 20+kernel, root, 20)
	return p, nil
}

const (
	webHead  = 16
	webMagic = "\xbd\x9a\x0c\x44"
)

// lookWebUI reads the pages of the same cameras: magic number, sum of bytes,
// size, version, then names and files (camtool; the layout is on openipcam.com).
func lookWebUI(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, webHead+4+256)
	if len(b) < webHead+6 || string(b[:4]) != webMagic {
		return nil, nil
	}
	le := binary.LittleEndian
	size, name := int64(le.Uint32(b[8:])), int64(le.Uint32(b[16:]))
	if size < webHead+6 || size > biggest || name == 0 || name > 256 || webHead+4+name > int64(len(b)) {
		return nil, nil
	}
	first, ok := text(b[webHead+4 : webHead+4+name])
	if !ok || first == "" || webHead+4+name >= int64(len(b)) || b[webHead+4+name] > 1 || size > s.Size()-at && at > 0 {
		return nil, nil
	}
	p := &format.Part{Format: "foscam-webui", Offset: at, Note: fmt.Sprintf("Foscam web pages, version %d.%d.%d.%d", b[12], b[13], b[14], b[15])}
	if p.Claim(s, size) {
		sum, err := sumOf(ctx, s, at+12, size-12)
		if err != nil {
			return nil, err
		}
		p.Checked("sum32", sum == le.Uint32(b[4:]), at+4, "pages")
	}
	end := at + p.Size
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		return &webUI{Tree: archive.NewTree(lim), s: s, at: at + webHead, end: end}, nil
	}
	return p, nil
}

// webUI is the tree of one image: length and name, a type, of files length and
// content. Owners, modes and times are not kept.
type webUI struct {
	*archive.Tree
	s       format.Source
	at, end int64
}

// Walk implements format.Volume.
func (w *webUI) Walk(ctx context.Context, fn func(format.Entry, io.Reader) error) error {
	if err := fn(format.Entry{Path: "/", Type: format.Dir}, nil); err != nil {
		return err
	}
	for at := w.at; at < w.end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !w.Next(at) {
			return nil
		}
		e, content, next, ok := w.entry(at)
		if !ok {
			w.Add(format.Problem{Offset: at, Kind: format.Damaged, Detail: "foscam-webui: an entry that does not hold together"})
			return nil
		}
		path, good := w.Path(e.Path, at)
		at = next
		if !good || path == "/" {
			continue
		}
		e.Path = path
		var r io.Reader
		if content != nil {
			r = w.Content(ctx, content, path, at)
		}
		if err := fn(e, r); err != nil {
			return err
		}
	}
	return nil
}

// entry reads the entry at offset at; content is nil of a folder.
func (w *webUI) entry(at int64) (e format.Entry, content io.Reader, next int64, ok bool) {
	b := format.Head(w.s, at, int(min(4+1024+5, w.end-at)))
	if len(b) < 6 {
		return e, nil, 0, false
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if n == 0 || n > 1024 || 4+n+1 > int64(len(b)) {
		return e, nil, 0, false
	}
	name, rest := string(b[4:4+n]), b[4+n:]
	e = format.Entry{Path: strings.TrimLeft(strings.TrimRight(name, "\x00"), "/"), Type: format.Dir}
	if rest[0] == 0 {
		return e, nil, at + 4 + n + 1, true
	}
	if rest[0] != 1 || len(rest) < 5 {
		return e, nil, 0, false
	}
	size, from := int64(binary.LittleEndian.Uint32(rest[1:])), at+4+n+5
	if size > w.end-from {
		w.Add(format.Problem{Offset: at, Path: format.Printable(name), Kind: format.Truncated,
			Detail: fmt.Sprintf("foscam-webui: claims %d bytes, %d are there", size, w.end-from)})
		size = w.end - from
	}
	e.Type, e.Size = format.File, size
	return e, format.Section(w.s, from, size), from + size, true
}
