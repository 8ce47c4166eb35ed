package tar

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

// volume is an archive as a tree.
type volume struct {
	src    format.Source
	lim    format.Limits
	start  int64
	end    int64
	linked bool            // some members are hard links
	broken *format.Problem // why it ends before its end
	tree   *archive.Tree
}

// place is where a member that links point to stands.
type place struct {
	at    int64 // of its first header
	links uint32
	entry format.Entry
}

// Walk gives out the members in their order. A hard link comes as a file with
// the content and inode of what it is a link to.
func (v *volume) Walk(ctx context.Context, fn func(format.Entry, io.Reader) error) error {
	t := archive.NewTree(v.lim)
	v.tree = t
	targets, err := v.targets(ctx)
	if err != nil {
		return err
	}
	return v.each(ctx, func(h *tar.Header, r io.Reader, at int64) error {
		if !t.Next(at) {
			return errFull
		}
		name, ok := t.Path(h.Name, at)
		if !ok {
			return nil
		}
		e := entry(name, h)
		if h.Typeflag == tar.TypeLink {
			e.Type = format.File
		}
		if e.Type != "" && !t.Fits(e, at) {
			return nil
		}
		switch h.Typeflag {
		case tar.TypeLink:
			return v.link(ctx, e, h, targets, at, fn)
		case tar.TypeSymlink:
			t.Symlink(name)
			e.Target, e.Size = h.Linkname, int64(len(h.Linkname))
		}
		if e.Type == format.File {
			if p := targets[name]; p != nil {
				e.Inode, e.Links = uint64(at)+1, p.links+1
				p.at, p.entry = at, e
			}
			return fn(e, t.Content(ctx, r, name, at))
		}
		if e.Type == "" {
			t.Add(format.Problem{Offset: at, Path: name, Kind: format.Unsupported, Detail: fmt.Sprintf("a member of type %q", h.Typeflag)})
			return nil
		}
		return fn(e, nil)
	})
}

// targets are the names that hard links point to.
func (v *volume) targets(ctx context.Context) (map[string]*place, error) {
	if !v.linked {
		return nil, nil
	}
	m := map[string]*place{}
	err := v.each(ctx, func(h *tar.Header, _ io.Reader, _ int64) error {
		if h.Typeflag == tar.TypeLink && len(m) < v.lim.Entries {
			if name, bad := format.Member(h.Linkname, 0); bad == "" {
				if m[name] == nil {
					m[name] = &place{at: -1}
				}
				m[name].links++
			}
		}
		return nil
	})
	return m, err
}

// link gives out a hard link, if what it points to came before it.
func (v *volume) link(ctx context.Context, e format.Entry, h *tar.Header, targets map[string]*place, at int64, fn func(format.Entry, io.Reader) error) error {
	name, bad := format.Member(h.Linkname, 0)
	p := targets[name]
	if bad != "" || p == nil || p.at < 0 || name == e.Path {
		v.tree.Add(format.Problem{Offset: at, Path: e.Path, Kind: format.BadName,
			Detail: fmt.Sprintf("a hard link to %q, which did not come before it", h.Linkname[:min(len(h.Linkname), 256)])})
		return nil
	}
	linked := p.entry
	linked.Path = e.Path
	r := tar.NewReader(format.Section(v.src, p.at, v.end-p.at))
	if _, err := r.Next(); err != nil {
		return fn(linked, v.tree.Content(ctx, archive.Fail(archive.Damage(err)), e.Path, p.at))
	}
	return fn(linked, v.tree.Content(ctx, r, e.Path, p.at))
}

// errFull ends a walk at Limits.Entries.
var errFull = errors.New("enough members")

// each calls fn with each member and the offset of its first header. The
// library reads one member at a time: what is wrong with one ends nothing else.
// Where the archive breaks off is told by the look.
func (v *volume) each(ctx context.Context, fn func(h *tar.Header, r io.Reader, at int64) error) error {
	first := int64(-1) // of the headers that extend the next one
	var stop error
	err := v.scan(ctx, archive.NewWindow(v.src), func(h header) bool {
		if first < 0 {
			first = h.at
		}
		if h.kind == 'x' || h.kind == 'L' || h.kind == 'K' {
			return true
		}
		at := first
		first = -1
		if h.kind == 'g' || h.kind == 'V' { // defaults for all, a label
			return true
		}
		r := tar.NewReader(format.Section(v.src, at, v.src.Size()-at))
		member, err := r.Next()
		if err != nil {
			v.tree.Add(format.Problem{Offset: at, Path: h.name, Kind: format.Damaged, Detail: err.Error()})
			return true
		}
		stop = fn(member, r, at)
		return stop == nil
	})
	if errors.Is(stop, errFull) {
		return nil
	}
	return errors.Join(err, stop)
}

func entry(name string, h *tar.Header) format.Entry {
	e := format.Entry{
		Path: name, Mode: uint32(h.Mode) & 0o7777, UID: uint32(h.Uid), GID: uint32(h.Gid), MTime: h.ModTime,
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		e.Type, e.Size = format.File, h.Size
		if strings.HasSuffix(h.Name, "/") { // as archives from before POSIX have it
			e.Type = format.Dir
		}
	case tar.TypeDir:
		e.Type = format.Dir
	case tar.TypeSymlink:
		e.Type = format.Symlink
	case tar.TypeChar, tar.TypeBlock:
		e.Type = format.Char
		if h.Typeflag == tar.TypeBlock {
			e.Type = format.Block
		}
		e.Major, e.Minor = uint32(h.Devmajor), uint32(h.Devminor)
	case tar.TypeFifo:
		e.Type = format.FIFO
	}
	return e
}

// Problems tells what was odd in the last walk.
func (v *volume) Problems() ([]format.Problem, int) {
	if v.tree == nil {
		return nil, 0
	}
	return v.tree.Problems()
}
