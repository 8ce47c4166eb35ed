package zip

import (
	"bytes"
	"compress/bzip2"
	"context"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"sort"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
	"assay/internal/collect/firmware/format/lzma2"
)

// volume is an archive as a tree.
type volume struct {
	src    format.Source
	lim    format.Limits
	start  int64
	dir    directory
	broken *format.Problem
	tree   *archive.Tree
	flate  io.ReadCloser
}

// span is what a member takes of the source, by its header.
type span struct{ from, to int64 }

// Walk gives out the members in the order of the directory. Content that
// overlaps that of another member is not given out: it would be read again and
// again.
func (v *volume) Walk(ctx context.Context, fn func(format.Entry, io.Reader) error) error {
	t := archive.NewTree(v.lim)
	v.tree, v.broken, v.flate = t, nil, nil
	over, err := v.overlaps(ctx)
	if err != nil {
		return err
	}
	var stop error
	n := -1
	heads := archive.NewWindow(v.src)
	err = v.members(ctx, archive.NewWindow(v.src), func(m member) bool {
		if n++; !t.Next(m.at) {
			return false
		}
		path, ok := v.path(m)
		if !ok {
			return true
		}
		stop = v.give(ctx, heads, m, path, over[n], fn)
		return stop == nil
	})
	if stop != nil {
		return stop
	}
	if v.broken != nil {
		t.Add(*v.broken)
	}
	return err
}

// path makes a member's path. Programs of DOS and Windows write backslashes, and
// unpackers there take them for what they are used for.
func (v *volume) path(m member) (string, bool) {
	slashed := strings.ReplaceAll(m.name, `\`, "/")
	if _, bad := format.Member(slashed, 0); bad != "" || m.made == 0 || m.made == 10 {
		return v.tree.Path(slashed, m.at)
	}
	return v.tree.Path(m.name, m.at)
}

// overlaps are the places, in the order of the walk, of the members whose
// content begins before another's ends.
func (v *volume) overlaps(ctx context.Context) (map[int]bool, error) {
	type place struct {
		span
		n int
	}
	var all []place
	n := -1
	err := v.members(ctx, archive.NewWindow(v.src), func(m member) bool {
		if n++; m.packed > 0 {
			all = append(all, place{span{m.local, m.local + localSize + m.packed}, n})
		}
		return n < v.lim.Entries
	})
	sort.SliceStable(all, func(i, j int) bool { return all[i].from < all[j].from })
	over := map[int]bool{}
	end := int64(-1)
	for _, p := range all {
		if p.from < end {
			over[p.n] = true
		}
		end = max(end, p.to)
	}
	return over, err
}

// give gives out one member.
func (v *volume) give(ctx context.Context, w *archive.Window, m member, path string, overlaps bool, fn func(format.Entry, io.Reader) error) error {
	t := v.tree
	e := m.entry(path)
	if !t.Fits(e, m.at) {
		return nil
	}
	if e.Type != format.File && e.Type != format.Symlink {
		return fn(e, nil)
	}
	r, err := v.content(w, m, overlaps)
	if err != nil {
		if overlaps {
			t.Add(format.Problem{Offset: m.local, Path: path, Kind: format.Overlap, Detail: err.Error()})
			r = archive.Fail(err)
		} else {
			r = t.Content(ctx, archive.Fail(err), path, m.local)
		}
	} else {
		r = t.Content(ctx, r, path, m.local)
	}
	if e.Type == format.File {
		return fn(e, r)
	}
	target, err := io.ReadAll(io.LimitReader(r, maxName))
	if err != nil {
		return ctx.Err() // told by the content
	}
	e.Target, e.Size = string(target), int64(len(target))
	t.Symlink(path)
	return fn(e, nil)
}

// content opens a member's bytes by the header before them.
func (v *volume) content(w *archive.Window, m member, overlaps bool) (io.Reader, error) {
	if overlaps {
		return nil, fmt.Errorf("its content overlaps that of another member: %w", format.ErrDamaged)
	}
	h, ok := readLocal(w, m.local)
	if !ok {
		return nil, fmt.Errorf("no header stands before its content, at offset %d: %w", m.local, format.ErrDamaged)
	}
	if h.name != m.name {
		// Whoever reads by the headers unpacks something else.
		v.tree.Add(format.Problem{Offset: m.local, Path: m.name, Kind: format.Mismatch,
			Detail: fmt.Sprintf("zip: the header before the content names %q", format.Printable(h.name))})
	}
	if m.flags&flagEncrypted != 0 {
		return nil, fmt.Errorf("encrypted with %s: %w", m.cipher(), format.ErrUnsupported)
	}
	var r io.Reader
	var err error
	if m.method == deflated {
		r = v.inflate(archive.Exactly(v.src, h.data, m.packed))
	} else if r, err = m.open(v.src, h.data, m.packed); err != nil {
		return nil, err
	}
	return &checked{r: r, sum: crc32.NewIEEE(), crc: m.crc, size: m.size}, nil
}

// inflate decodes with the one decoder of this walk: an archive has many small
// members, and one at a time is read.
func (v *volume) inflate(r io.Reader) io.Reader {
	if z, ok := v.flate.(flate.Resetter); ok && z.Reset(r, nil) == nil {
		return v.flate
	}
	v.flate = flate.NewReader(r)
	return v.flate
}

const deflated = 8

// open decodes n bytes at offset at by the member's method (section 4.4.5).
func (m *member) open(s format.Source, at, n int64) (io.Reader, error) {
	r := archive.Exactly(s, at, n)
	switch m.method {
	case 0:
		return r, nil
	case deflated:
		return flate.NewReader(r), nil
	case 12:
		return bzip2.NewReader(r), nil
	case 93:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(64<<20))
		if err != nil {
			return nil, err
		}
		return z, nil
	case 14:
		return m.lzma(r)
	case 95:
		return lzma2.NewReader(r, 0)
	}
	return nil, fmt.Errorf("compression method %d: %w", m.method, format.ErrUnsupported)
}

// lzma reads what stands behind a version and the length of the properties
// (section 5.8.8). The size is that of the directory, unless a mark ends it.
func (m *member) lzma(r io.Reader) (io.Reader, error) {
	var b [9]byte
	if _, err := io.ReadFull(r, b[:]); err != nil || b[2] != 5 || b[3] != 0 {
		return nil, fmt.Errorf("no properties of LZMA: %w", format.ErrDamaged)
	}
	size := uint64(m.size)
	if m.flags&flagMark != 0 {
		size = 1<<64 - 1
	}
	head := binary.LittleEndian.AppendUint64(b[4:9:9], size)
	return lzma2.NewAloneReader(io.MultiReader(bytes.NewReader(head), r), 0)
}

// checked holds a content against the size and CRC that the directory has.
type checked struct {
	r    io.Reader
	sum  hash.Hash32
	crc  uint32
	n    int64
	size int64
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	_, _ = c.sum.Write(p[:n]) // a hash never fails
	switch {
	case err == io.EOF && c.n != c.size:
		err = fmt.Errorf("%d bytes came, the directory says %d: %w", c.n, c.size, format.ErrDamaged)
	case err == io.EOF && c.sum.Sum32() != c.crc:
		err = archive.ErrChecksum
	}
	return n, err
}

// Problems tells what was odd in the last walk.
func (v *volume) Problems() ([]format.Problem, int) {
	if v.tree == nil {
		return nil, 0
	}
	return v.tree.Problems()
}
