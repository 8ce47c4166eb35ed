package hexfile

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"slices"

	"assay/internal/collect/firmware/format"
)

// memory is what the lines fill.
type memory struct {
	keep  bool // the values too, not only how many
	pages map[uint64]*page
	last  *page
	bytes int64
	lines int
	data  int // lines with values
	end   int64

	base    uint64 // of Intel HEX
	segment bool   // addresses wrap at 64 KiB
	start   uint64
	started bool
	name    string
	done    bool // the record that ends the file was there

	kept format.Problems
}

// page is a piece of memory and which of its bytes have a value. Small ones keep
// what scattered values cost in proportion to their text.
type page struct {
	addr uint64
	have uint64 // a bit a byte
	data [pageSize]byte
}

const pageSize = 64

func (p *page) first() uint64 { return p.addr + uint64(bits.TrailingZeros64(p.have)) }
func (p *page) end() uint64   { return p.addr + uint64(bits.Len64(p.have)) }

// store puts the values of one line at an address; later ones count.
func (m *memory) store(addr uint64, b []byte) {
	m.data++
	m.bytes += int64(len(b))
	if !m.keep {
		return
	}
	for i, c := range b {
		a := addr + uint64(i)
		base := a &^ (pageSize - 1)
		if m.last == nil || m.last.addr != base {
			if m.last = m.pages[base]; m.last == nil {
				m.last = &page{addr: base}
				for i := range m.last.data {
					m.last.data[i] = 0xff
				}
				m.pages[base] = m.last
			}
		}
		m.last.data[a-base], m.last.have = c, m.last.have|1<<(a-base)
	}
}

// cut returns the first line of b without its end.
func cut(b []byte) (line, rest []byte, ended bool) {
	line, rest, ended = bytes.Cut(b, []byte{'\n'})
	return bytes.TrimRight(line, "\r \t\x1a\x00"), rest, ended
}

const (
	window  = 64 << 10 // what is read at a time
	longest = 1024     // of a line; 255 bytes are 510 digits
	maxBad  = 100      // wrong lines in a row end the text
)

// parse reads all lines from at on. Lines that are wrong are left out and told,
// with their number.
func parse(ctx context.Context, s format.Source, at int64, read syntax, keep bool) (*memory, error) {
	m := &memory{keep: keep, end: at, pages: make(map[uint64]*page)}
	l := &lines{s: s, next: at}
	bad := 0
	var held []format.Problem // of wrong lines, until a right one follows
	for {
		line, off, err := l.read(ctx)
		if err == io.EOF || m.done && len(line) > 0 {
			return m, nil
		}
		if err != nil {
			return nil, err
		}
		m.lines++
		if len(line) > 0 {
			err = read(m, line)
		}
		switch {
		case err != nil:
			held = append(held, format.Problem{Offset: off, Kind: kind(err), Detail: fmt.Sprintf("line %d: %v", m.lines, err)})
			if bad++; bad > maxBad {
				return m, nil
			}
		case len(line) > 0 || m.done:
			for _, p := range held {
				m.kept.Add(p)
			}
			held, bad, m.end = held[:0], 0, l.at()
		}
	}
}

// lines reads a source line by line.
type lines struct {
	s    format.Source
	next int64
	buf  [window]byte
	b    []byte // of buf, not given out yet
}

// at is the offset behind the last line.
func (l *lines) at() int64 { return l.next - int64(len(l.b)) }

// read returns the next line and where it begins; io.EOF at the end and where
// what follows is no line.
func (l *lines) read(ctx context.Context) (line []byte, off int64, err error) {
	if len(l.b) < longest && l.next < l.s.Size() {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		have := copy(l.buf[:], l.b)
		n := int(min(int64(window-have), l.s.Size()-l.next))
		if err := format.ReadAt(l.s, l.buf[have:have+n], l.next); err != nil {
			return nil, 0, err
		}
		l.b, l.next = l.buf[:have+n], l.next+int64(n)
	}
	if len(l.b) == 0 {
		return nil, 0, io.EOF
	}
	off = l.at()
	line, rest, ended := cut(l.b)
	if !ended && l.next < l.s.Size() || len(line) > longest {
		return nil, 0, io.EOF
	}
	l.b = rest
	return line, off, nil
}

// errSum is a line that is whole but for its checksum.
var errSum = errors.New("the checksum does not fit")

func kind(err error) string {
	if errors.Is(err, errSum) {
		return format.BadChecksum
	}
	return format.Damaged
}

func (m *memory) problems() []format.Problem {
	kept, dropped := m.kept.All()
	if dropped > 0 {
		kept = append(kept, format.Problem{Offset: -1, Kind: format.Damaged, Detail: fmt.Sprintf("%d more lines", dropped)})
	}
	if !m.done {
		kept = append(kept, format.Problem{Offset: m.end, Kind: format.Truncated, Detail: "no record ends the file"})
	}
	return kept
}

// contents are the runs, up to limit bytes.
func (m *memory) contents(limit int64) ([]format.Content, error) {
	pages := slices.SortedFunc(maps.Values(m.pages), func(a, b *page) int { return cmp.Compare(a.addr, b.addr) })
	var out []format.Content
	for total := int64(0); len(pages) > 0; {
		n := 1
		for n < len(pages) && pages[n].first() <= pages[n-1].end()+apart {
			n++
		}
		r := &run{base: pages[0].first(), pages: pages[:n:n]}
		r.size = int64(pages[n-1].end() - r.base)
		if total += r.size; total > limit || len(out) == maxRuns {
			return out, fmt.Errorf("more than %d runs or %d bytes of memory: %w", maxRuns, limit, format.ErrLimit)
		}
		out = append(out, format.Content{Name: fmt.Sprintf("0x%08x", r.base), Source: r})
		pages = pages[n:]
	}
	return out, nil
}

// run is values at addresses in a row, a Source; bytes between them are 0xff. It
// holds no more than the text gave.
type run struct {
	base  uint64
	size  int64
	pages []*page
}

func (r *run) Size() int64 { return r.size }

func (r *run) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= r.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), r.size-off))
	for i := range p[:n] {
		p[i] = 0xff
	}
	from, to := r.base+uint64(off), r.base+uint64(off)+uint64(n)
	i, _ := slices.BinarySearchFunc(r.pages, from&^(pageSize-1), func(g *page, a uint64) int { return cmp.Compare(g.addr, a) })
	for ; i < len(r.pages) && r.pages[i].addr < to; i++ {
		if g := r.pages[i]; g.addr < from {
			copy(p[:n], g.data[from-g.addr:])
		} else {
			copy(p[g.addr-from:n], g.data[:])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
