// Package spiffs reads SPIFFS, the flat file system of ESP32 and ESP8266
// devices. In: a Source and where its first block stands. Out: a format.Part
// whose volume has the files; names with slashes make folders. Says who:
// spiffsgen.py of ESP-IDF, and spiffs_nucleus.h of the SPIFFS project. It was
// tried on images of a writer of our own, not on one of a device.
package spiffs

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
	"assay/internal/collect/firmware/format/tree"
)

const (
	magic      = 0x20140529
	headerSize = 5 // object id, span, flags
	indexSize  = 8 // the same, padded
	nameAt     = indexSize + 4 + 1
	maxName    = 64
	isIndex    = 0x8000 // of an object id
	free       = 0xffff
	gone       = 0

	// Flags of a page; a bit that is clear says yes.
	flagUsed    = 1 << 0
	flagFinal   = 1 << 1
	flagIndex   = 1 << 2
	flagIXDele  = 1 << 6
	flagDeleted = 1 << 7
)

var le = binary.LittleEndian

// New returns the format. It has no number at its beginning: it is looked for
// where partitions may begin.
func New() format.Format { return format.Format{Name: "spiffs", Weak: true, Look: look} }

// layout is how an image is divided.
type layout struct {
	page, block int64
	count       int64 // blocks
}

// Pages and blocks that are in use: the defaults of ESP-IDF and Arduino, and
// what their options allow.
var (
	pages  = [...]int64{256, 512, 1024, 128}
	blocks = [...]int64{4096, 8192, 16384, 32768, 65536}
)

// lookups is how many pages of a block list what the others hold.
func (l layout) lookups() int64 {
	return (l.block/l.page*2 + l.page - 1) / l.page
}

// mark is where the number of a block stands: before the last two bytes of the
// lists.
func (l layout) mark() int64 { return l.lookups()*l.page - 4 }

func look(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	// The lists of a first block end at one of few places; nothing more is read
	// of what is something else.
	numbers := map[int64]uint16{}
	number := func(at int64) uint16 {
		if v, ok := numbers[at]; ok {
			return v
		}
		var b [2]byte
		if format.ReadAt(s, b[:], at) != nil {
			return free
		}
		numbers[at] = le.Uint16(b[:])
		return numbers[at]
	}
	for _, page := range pages {
		for _, block := range blocks {
			l := layout{page: page, block: block}
			if at+2*block > s.Size() {
				continue
			}
			base := uint16(magic&0xffff) ^ uint16(page)
			l.count = int64(number(at+l.mark()) ^ base)
			if l.count < 2 || at+l.count*block > s.Size() || number(at+block+l.mark())^base != uint16(l.count-1) || !l.sound(s, at) {
				continue
			}
			return l.part(s, at), nil
		}
	}
	return nil, nil
}

// sound says that the blocks are numbered downwards, and that what the lists say
// is what the pages say.
func (l layout) sound(s format.Source, at int64) bool {
	const most = 16
	numbered, listed := 0, 0
	for n := range min(l.count, most) {
		begin := at + n*l.block
		list := format.Head(s, begin, int(l.lookups()*l.page))
		if int64(len(list)) < l.lookups()*l.page {
			return false
		}
		want := uint16(magic&0xffff) ^ uint16(l.page) ^ uint16(l.count-n)
		switch le.Uint16(list[l.mark():]) {
		case want:
			numbered++
		default:
			if n < 2 {
				return false
			}
		}
		for i := range l.block/l.page - l.lookups() {
			id := le.Uint16(list[2*i:])
			if 2*i >= l.mark() || id == free {
				break
			}
			if id == gone {
				continue
			}
			h := format.Head(s, begin+(l.lookups()+i)*l.page, headerSize)
			if len(h) < headerSize || le.Uint16(h) != id {
				return false
			}
			listed++
		}
	}
	return numbered >= 2 && (listed > 0 || numbered >= 4)
}

func (l layout) part(s format.Source, at int64) *format.Part {
	p := &format.Part{Format: "spiffs", Offset: at, Note: fmt.Sprintf("%d blocks of %d bytes, pages of %d", l.count, l.block, l.page)}
	p.Claim(s, l.count*l.block)
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		return &volume{s: format.Section(s, at, p.Size), l: l, lim: lim}, nil
	}
	return p
}

// volume is an open file system.
type volume struct {
	s    format.Source
	l    layout
	lim  format.Limits
	tree *archive.Tree
}

// object is a file.
type object struct {
	id   uint16
	name string
	size int64
	at   int64
	odd  bool // it has a piece twice
	data map[uint16]int64
}

// objects reads the heads of all pages.
func (v *volume) objects(ctx context.Context) ([]*object, error) {
	byID := map[uint16]*object{}
	of := func(id uint16) *object {
		o := byID[id]
		if o == nil {
			o = &object{id: id, at: -1, data: map[uint16]int64{}}
			byID[id] = o
		}
		return o
	}
	b := make([]byte, v.l.block)
	for n := range v.l.count {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := format.ReadAt(v.s, b, n*v.l.block); err != nil {
			v.tree.Add(format.Problem{Offset: n * v.l.block, Kind: format.Truncated, Detail: err.Error()})
			break
		}
		for off := v.l.lookups() * v.l.page; off < v.l.block; off += v.l.page {
			p := b[off : off+v.l.page]
			id, span, flags := le.Uint16(p), le.Uint16(p[2:]), p[4]
			if id == free || id == gone || flags&(flagUsed|flagFinal) != 0 || flags&flagDeleted == 0 {
				continue
			}
			at := n*v.l.block + off
			switch {
			case id&isIndex == 0:
				o := of(id)
				_, twice := o.data[span]
				o.odd = o.odd || twice
				o.data[span] = at
			case span == 0 && flags&flagIndex == 0 && flags&flagIXDele != 0:
				o := of(id &^ isIndex)
				name, _, _ := strings.Cut(string(p[nameAt:min(nameAt+maxName, int(v.l.page))]), "\x00")
				o.odd = o.odd || o.at >= 0
				o.name, o.size, o.at = name, int64(le.Uint32(p[indexSize:])), at
			}
		}
	}
	var out []*object
	for _, o := range byID {
		if o.at >= 0 {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b *object) int { return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.id, b.id)) })
	return out, nil
}

// Walk is format.Volume's.
func (v *volume) Walk(ctx context.Context, fn func(format.Entry, io.Reader) error) error {
	v.tree = archive.NewTree(v.lim)
	list, err := v.objects(ctx)
	if err != nil {
		return err
	}
	for _, o := range list {
		if !v.tree.Next(o.at) {
			return nil
		}
		path, ok := v.tree.Path(strings.TrimLeft(o.name, "/"), o.at)
		if !ok {
			continue
		}
		e := format.Entry{Path: path, Type: format.File, Mode: 0o644, Size: o.size, Links: 1}
		if !v.tree.Fits(e, o.at) {
			continue
		}
		if e.Size == 1<<32-1 { // it was being written, and never closed
			e.Size = 0
			for range o.data {
				e.Size += v.l.page - headerSize
			}
			v.tree.Add(format.Problem{Offset: o.at, Path: path, Kind: format.Mismatch, Detail: "the file was never closed"})
		}
		if o.odd {
			v.tree.Add(format.Problem{Offset: o.at, Path: path, Kind: format.Mismatch, Detail: "pages of the file stand there twice; the later ones are read"})
		}
		if err := fn(e, v.tree.Content(ctx, v.content(o, e.Size), path, o.at)); err != nil {
			return err
		}
	}
	return nil
}

func (v *volume) content(o *object, size int64) io.Reader {
	next, left := uint16(0), size
	return tree.Runs(v.s, func() (tree.Run, error) {
		if left <= 0 {
			return tree.Run{}, io.EOF
		}
		at, ok := o.data[next]
		if !ok {
			return tree.Run{}, tree.Damage(o.at, "page %d of the file is not there", next)
		}
		run := tree.Run{At: at + headerSize, Len: min(v.l.page-headerSize, left)}
		next++
		left -= run.Len
		return run, nil
	})
}

// Problems tells what was odd in the last walk.
func (v *volume) Problems() ([]format.Problem, int) {
	if v.tree == nil {
		return nil, 0
	}
	return v.tree.Problems()
}
