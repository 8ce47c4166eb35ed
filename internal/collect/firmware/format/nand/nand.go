// Package nand reads dumps of NAND flash that hold the spare bytes of each page
// behind it, as a programmer or `nanddump -o` reads them. In: a source that is
// such a dump. Out: the pages without their spare bytes, as one view.
//
// Nothing in a dump says how it is laid out. What tells is its length, a whole
// number of pages, and the marks of bad blocks: a byte of each spare area that
// is 0xff in all but a few (ONFI 5.1, 3.2.2; Linux, drivers/mtd/nand/raw/
// nand_legacy.c and nand_bbt.c), where the bytes of pages are anything.
package nand

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/yaffs2"
)

// New returns the format. It has no magic number: the whole of a source is a
// dump or isn't.
func New() format.Format { return format.Format{Name: "nand", Head: true, Look: look} }

// layout is how large pages are.
type layout struct{ page, spare int64 }

// layouts are those that chips have: data sheets of ONFI chips, the table of
// Linux (nand_ids.c) for old ones.
var layouts = []layout{{512, 16}, {2048, 64}, {2048, 128}, {2048, 112}, {4096, 128}, {4096, 224}, {4096, 256}, {4096, 218}, {8192, 448}, {8192, 640}, {8192, 744}}

const (
	leastPages = 64 // what a look needs to be sure
	perBlock   = 32 // chips have as many pages in a block, or twice, four times …
	// samples bounds the pages that a look reads.
	samples = int64(256)
)

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	if at != 0 {
		return nil, nil
	}
	for _, l := range layouts {
		whole := l.page + l.spare
		if s.Size()%whole != 0 || s.Size()/whole < leastPages {
			continue
		}
		bad, ok := l.fits(s)
		if !ok {
			continue
		}
		v := newView(s, l)
		p := &format.Part{Format: "nand", Size: s.Size(), Note: fmt.Sprintf("flash dump, pages of %d bytes with %d spare ones behind each, %d pages", l.page, l.spare, s.Size()/whole)}
		if bad > 0 {
			p.Note += fmt.Sprintf("; of %d pages that were looked at %d are marked bad", samples, bad)
		}
		if err := l.yaffs(ctx, s, p); err != nil {
			return nil, err
		}
		p.Contents = func(context.Context, format.Limits) ([]format.Content, error) {
			return []format.Content{{Source: v}}, nil
		}
		return p, nil
	}
	return nil, nil
}

// fits looks at pages all over the source. bad counts those marked bad.
func (l layout) fits(s format.Source) (bad int, ok bool) {
	whole := l.page + l.spare
	pages := s.Size() / whole
	b := make([]byte, whole)
	written, erased, odd := 0, 0, 0
	set, zero := make([]int, whole), make([]int, whole) // how often a byte of a written page is 0xff, 0
	for i := range min(samples, pages) {
		if format.ReadAt(s, b, i*pages/min(samples, pages)*whole) != nil {
			return 0, false
		}
		if blank(b[:l.page]) {
			erased++
			if !blank(b[l.page:]) && len(bytes.TrimLeft(b[l.page:], "\x00")) > 0 {
				odd++
			}
			continue
		}
		written++
		for i, c := range b {
			switch c {
			case 0xff:
				set[i]++
			case 0:
				zero[i]++
			}
		}
	}
	const least = 16
	if written < least || odd*10 > erased+10 {
		return 0, false
	}
	marked := 0
	for _, at := range marks {
		marked = max(marked, set[l.page+at])
	}
	bad = written - marked
	// Spare bytes that nobody wrote, by a program that read none, are zeros.
	unread := true
	for _, n := range zero[l.page:] {
		unread = unread && n == written
	}
	// Either must stand out: elsewhere in the pages such bytes are rare.
	if unread {
		return 0, l.rare(zero, written)
	}
	return bad, bad*20 <= written && l.rare(set, written)
}

// yaffs finds file systems that keep what they need in the spare bytes: they are
// read with them.
func (l layout) yaffs(ctx context.Context, s format.Source, p *format.Part) error {
	block := (l.page + l.spare) * perBlock
	find := yaffs2.Formats()[1].Look
	for off := int64(0); off < s.Size() && len(p.Regions) < maxYAFFS; off += block {
		y, err := find(ctx, s, off)
		if err != nil {
			return err
		}
		if y == nil || y.Size < block {
			continue
		}
		p.Regions = append(p.Regions, format.Region{Name: "yaffs", Offset: off, Size: min(y.Size, s.Size()-off), Try: []string{"yaffs2"}})
		off += (y.Size+block-1)/block*block - block
	}
	return nil
}

// maxYAFFS bounds the file systems of one dump.
const maxYAFFS = 16

// rare says that few places of the page hold a value nearly always.
func (l layout) rare(count []int, written int) bool {
	n := int64(0)
	for _, c := range count[:l.page] {
		if c*20 >= written*19 {
			n++
		}
	}
	return n*10 < l.page
}

// marks are where the mark of a bad block stands in the spare bytes: the first
// or second of large pages, the sixth of small ones.
var marks = [...]int64{0, 1, 5}

func blank(b []byte) bool { return len(bytes.TrimLeft(b, "\xff")) == 0 }

// view leaves out the spare bytes of what is read of it.
type view struct {
	s    format.Source
	l    layout
	size int64
	bufs sync.Pool
}

// chunk is how many pages are read at once.
const chunk = 32

func newView(s format.Source, l layout) *view {
	v := &view{s: s, l: l, size: s.Size() / (l.page + l.spare) * l.page}
	v.bufs.New = func() any {
		b := make([]byte, chunk*(l.page+l.spare))
		return &b
	}
	return v
}

func (v *view) Size() int64 { return v.size }

func (v *view) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("nand: offset %d", off)
	}
	n := 0
	buf := v.bufs.Get().(*[]byte)
	defer v.bufs.Put(buf)
	whole := v.l.page + v.l.spare
	for n < len(p) && off < v.size {
		first := off / v.l.page
		last := min((off+int64(len(p)-n)-1)/v.l.page, first+chunk-1, v.size/v.l.page-1)
		b := (*buf)[:(last-first)*whole+v.l.page]
		if err := format.ReadAt(v.s, b, first*whole); err != nil {
			return n, err
		}
		for i := first; i <= last && n < len(p); i++ {
			page := b[(i-first)*whole:][:v.l.page]
			k := copy(p[n:], page[off%v.l.page:])
			n, off = n+k, off+int64(k)
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
