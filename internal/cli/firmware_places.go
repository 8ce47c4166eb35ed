package cli

import (
	"errors"
	"slices"
	"strings"

	"assay/internal/collect/firmware"
	"assay/internal/collect/firmware/unpack"
	"assay/internal/pattern"
	"assay/internal/product"
	"assay/internal/untrusted"
)

// listing is the names of an image.
type listing struct {
	entries []listed
	pieces  []listed // what stands in no tree of files, and parts
	parts   []unpack.Part
	names   firmware.Names
	gaps    []firmwareGap
	errors  []jsonError

	analysable bool
}

// listed is an entry with its path as people read it. There may be a million:
// the full path is made when it is asked for.
type listed struct {
	firmware.Entry
	marked string // as the child names it
	part   bool   // a part of the image as it stands, packed or not
}

// resolve gives everything the path that people read.
func (l *listing) resolve() {
	for _, p := range l.parts {
		if p.Path == "" {
			continue // erased: nobody asks for it by name
		}
		l.pieces = append(l.pieces, listed{Entry: firmware.Entry{Path: p.Path, Type: firmware.Piece, Size: max(p.Size, 0)}, part: true})
	}
	for _, list := range [][]listed{l.entries, l.pieces} {
		for i := range list {
			e := &list[i]
			e.marked, e.Path = e.Path, l.names.Resolve(e.Path)
		}
	}
	// A file comes before what is found when it is searched as a whole, and what
	// is read of a part before the part as it stands.
	taken := make(map[string]bool, len(l.pieces))
	l.pieces = slices.DeleteFunc(l.pieces, func(e listed) bool {
		_, had := taken[e.Path]
		taken[e.Path] = false
		return had
	})
	for _, e := range l.entries {
		if _, ok := taken[e.Path]; ok {
			taken[e.Path] = true
		}
	}
	l.pieces = slices.DeleteFunc(l.pieces, func(e listed) bool { return taken[e.Path] })
	for i := range l.gaps {
		l.gaps[i].Path = l.names.Resolve(l.gaps[i].Path)
	}
	byPath := func(x, y listed) int { return strings.Compare(x.Path, y.Path) }
	slices.SortStableFunc(l.entries, byPath)
	slices.SortStableFunc(l.pieces, byPath)
}

// full is the path of an entry with the names of all trees that it stands in.
func (l *listing) full(e listed) string { return l.names.Full(e.marked) }

// below says that a path is p or stands below it: in a folder, or in what p
// names of the image.
func below(path, p string) bool {
	p = strings.TrimSuffix(p, "/")
	rest, ok := strings.CutPrefix(path, p)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(p, ":") || rest[0] == ':' && !strings.HasPrefix(p, "/"))
}

// behind is what reports write behind a path: a line, or an offset.
var behind = pattern.New(`(:|@)[0-9]+$`)

// spellings are the forms in which a person may have copied a path.
func spellings(p string) []string {
	out := []string{p}
	if short := behind.ReplaceAllString(p, ""); short != p && short != "" {
		out = append(out, short)
	}
	return out
}

// shownPath is a path as terminals get it.
func shownPath(p string) string { return untrusted.From(p, 4096).Terminal() }

// named lists what the paths name and all that stands below: files first, and
// what stands in no tree where no file has the name. No paths: everything.
func (a *app) named(l *listing, image string, paths []string) ([]listed, error) {
	if len(paths) == 0 {
		if len(l.entries) > 0 {
			return l.entries, nil
		}
		list := slices.DeleteFunc(slices.Clone(l.pieces), func(e listed) bool { return e.part })
		if !l.analysable || len(list) == 0 {
			return l.pieces, nil // nothing was taken apart: what stands where
		}
		return list, nil
	}
	var out []listed
	have := make(map[string]bool)
	for _, p := range paths {
		list := l.under(p)
		if p == "" || len(list) == 0 {
			return nil, a.noSuchFile(l, image, p)
		}
		for _, e := range list {
			if !have[e.marked] {
				out = append(out, e) // a name may be there twice
			}
		}
		for _, e := range list {
			have[e.marked] = true
		}
	}
	slices.SortStableFunc(out, func(x, y listed) int { return strings.Compare(x.Path, y.Path) })
	return out, nil
}

// under lists what a path names, and what stands below it.
func (l *listing) under(path string) []listed {
	for _, p := range spellings(path) {
		for _, list := range [][]listed{l.entries, l.pieces} {
			for _, is := range []func(listed) bool{
				func(e listed) bool { return below(e.Path, p) || !strings.HasPrefix(p, "/") && below(l.full(e), p) },
				func(e listed) bool { return below(shownPath(e.Path), p) },
			} {
				var out []listed
				for _, e := range list {
					if is(e) {
						out = append(out, e)
					}
				}
				if len(out) > 0 {
					return out
				}
			}
		}
	}
	return nil
}

// one finds what a single path names, and how to ask the child for it.
func (a *app) one(l *listing, image, path string) (listed, firmware.FilesOptions, error) {
	for _, p := range spellings(path) {
		for _, is := range []func(listed) bool{
			func(e listed) bool { return e.Path == p || !strings.HasPrefix(p, "/") && l.full(e) == p },
			func(e listed) bool { return shownPath(e.Path) == p },
		} {
			for _, list := range [][]listed{l.entries, l.pieces} {
				i := slices.IndexFunc(list, is)
				if i < 0 {
					continue
				}
				e := list[i]
				if e.Type != "file" && e.Type != firmware.Piece {
					return e, firmware.FilesOptions{}, a.notAFile(l, image, e.Entry)
				}
				if slices.ContainsFunc(list[i+1:], func(x listed) bool { return is(x) && x.Path != e.Path }) {
					return e, firmware.FilesOptions{}, &exitError{code: exitUse, err: errors.New(a.t("ui.ambiguous", "path", plain(path))), where: image, next: a.t("ui.next.extract", "image", image)}
				}
				return e, firmware.FilesOptions{Content: true, Only: []string{l.full(e)}, Pieces: e.Type == firmware.Piece, Parts: e.part}, nil
			}
		}
	}
	if list := l.under(path); path != "" && len(list) > 0 { // the name of a tree
		return listed{}, firmware.FilesOptions{}, a.notAFile(l, image, firmware.Entry{Path: path, Type: "dir"})
	}
	return listed{}, firmware.FilesOptions{}, a.noSuchFile(l, image, path)
}

// wanted says how to ask the child for what was named: files and pieces, and
// parts as they stand. all: for everything that was listed.
func (l *listing) wanted(list []listed, all bool) []firmware.FilesOptions {
	var read, parts []listed
	pieces := false
	for _, e := range list {
		pieces = pieces || e.Type == firmware.Piece && !e.part
		if e.part {
			parts = append(parts, e)
		} else {
			read = append(read, e)
		}
	}
	if all && len(parts) == 0 {
		return []firmware.FilesOptions{{Content: true, Pieces: pieces}}
	}
	var out []firmware.FilesOptions
	if len(read) > 0 {
		out = append(out, firmware.FilesOptions{Content: true, Only: l.outermost(read), Pieces: pieces})
	}
	if len(parts) > 0 {
		out = append(out, firmware.FilesOptions{Content: true, Only: l.outermost(parts), Pieces: true, Parts: true})
	}
	return out
}

// noSuchFile says that an image has no such path, and which are near.
func (a *app) noSuchFile(l *listing, image, path string) error {
	if path == "" {
		return &exitError{code: exitUse, err: errors.New(a.t("ui.empty-path")), where: image, next: a.t("ui.next.ls", "image", image)}
	}
	text := a.t("ui.no-such-file", "path", plain(path))
	if near := l.near(path); len(near) > 0 {
		text += a.t("ui.near", "list", plain(strings.Join(near, a.t("ui.fw.comma"))))
	}
	return &exitError{code: exitUse, kind: codeNotFound, err: errors.New(text), where: image, next: a.t("ui.next.ls", "image", image)}
}

// near are paths that somebody may have meant: of the same name elsewhere, else
// of the name that comes nearest.
func (l *listing) near(path string) []string {
	const most, looked = 3, 100_000
	base := func(p string) string {
		p = strings.TrimSuffix(p, "/")
		return strings.ToLower(p[strings.LastIndexAny(p, "/:")+1:])
	}
	paths := make(map[string][]string)
	var names []string
	add := func(name, path string) {
		if name == "" {
			return
		}
		if paths[name] == nil {
			names = append(names, name)
		}
		if !slices.Contains(paths[name], path) && len(paths[name]) < most {
			paths[name] = append(paths[name], path)
		}
	}
	for _, list := range [][]listed{l.entries, l.pieces} {
		for _, e := range list[:min(looked, len(list))] {
			add(base(e.Path), e.Path)
		}
	}
	want := base(path)
	if paths[want] == nil {
		want = product.Nearest(want, names)
	}
	if paths[want] == nil && !strings.HasPrefix(path, "/") { // a chain of names with a mistake in its middle
		clear(paths)
		names = nil
		for _, e := range l.pieces[:min(looked, len(l.pieces))] {
			add(strings.ToLower(e.Path), e.Path)
		}
		want = product.Nearest(strings.ToLower(path), names)
	}
	return paths[want]
}
