package cpio

import (
	"context"
	"errors"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

// volume is an archive as a tree.
type volume struct {
	src    format.Source
	lim    format.Limits
	start  int64
	end    int64
	linked bool            // some files have several names
	broken *format.Problem // why it ends before its trailer
	tree   *archive.Tree
}

// node is what hard links have in common.
type node struct{ dev, ino uint64 }

// Walk gives out the members in their order.
func (v *volume) Walk(ctx context.Context, fn func(format.Entry, io.Reader) error) error {
	t := archive.NewTree(v.lim)
	v.tree = t
	links, err := v.contents(ctx)
	if err != nil {
		return err
	}
	err = v.scan(ctx, archive.NewWindow(v.src), func(h header) error {
		if !t.Next(h.at) {
			return errFull
		}
		path, ok := t.Path(h.name, h.at)
		if !ok {
			return nil
		}
		e := h.entry(path)
		if !t.Fits(e, h.at) {
			return nil
		}
		switch e.Type {
		case format.Symlink:
			return v.symlink(h, e, fn)
		case format.File:
			if from, ok := links[node{h.dev, h.ino}]; ok && h.links > 1 && h.size == 0 {
				e.Size, h.size, h.data, h.sum, h.kind = from.size, from.size, from.data, from.sum, from.kind
			}
			if h.links > 1 && h.size > 0 {
				e.Inode = uint64(h.data) + 1 // the same bytes, whatever the numbers of the inodes say
			}
			return fn(e, t.Content(ctx, v.content(h), path, h.data))
		}
		return fn(e, nil)
	})
	if errors.Is(err, errFull) {
		return nil
	}
	return err
}

// errFull ends a walk at Limits.Entries.
var errFull = errors.New("enough members")

// contents finds where the content of files with several names stands: newc
// keeps it with the last name only.
func (v *volume) contents(ctx context.Context) (map[node]header, error) {
	if !v.linked {
		return nil, nil
	}
	m := map[node]header{}
	err := v.scan(ctx, archive.NewWindow(v.src), func(h header) error {
		if h.links > 1 && h.size > 0 && h.typ() == format.File && len(m) < v.lim.Entries {
			h.name = ""
			m[node{h.dev, h.ino}] = h
		}
		return nil
	})
	return m, err
}

// content reads a member's bytes; those with a sum are added up on the way.
func (v *volume) content(h header) io.Reader {
	r := archive.Exactly(v.src, h.data, h.size)
	if h.kind != crc {
		return r
	}
	return &summed{r: r, want: h.sum}
}

// summed checks the sum of a newc-crc member: all bytes, added.
type summed struct {
	r         io.Reader
	sum, want uint32
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	for _, c := range p[:n] {
		s.sum += uint32(c)
	}
	if err == io.EOF && s.sum != s.want {
		err = archive.ErrChecksum
	}
	return n, err
}

// maxTarget bounds a link's target; PATH_MAX of Linux.
const maxTarget = 4096

func (v *volume) symlink(h header, e format.Entry, fn func(format.Entry, io.Reader) error) error {
	if h.size > maxTarget {
		v.tree.Add(format.Problem{Offset: h.at, Path: e.Path, Kind: format.Damaged,
			Detail: fmt.Sprintf("the target of a symbolic link is %d bytes long", h.size)})
		return nil
	}
	b := format.Head(v.src, h.data, int(h.size))
	if int64(len(b)) < h.size {
		return nil // told by scan
	}
	e.Target, e.Size = string(b), h.size
	v.tree.Symlink(e.Path)
	return fn(e, nil)
}

// Problems tells what was odd in the last walk.
func (v *volume) Problems() ([]format.Problem, int) {
	if v.tree == nil {
		return nil, 0
	}
	return v.tree.Problems()
}
