// Package archive is what the readers of archives share: one walk's names and
// limits, the bounds of a member's content, and cheap reads of headers that lie
// far apart. In: names and offsets from headers, hostile. Out: clean paths,
// readers that end at the limits, problems. It knows no format.
package archive

import (
	"fmt"
	"hash/maphash"
	"strings"

	"assay/internal/collect/firmware/format"
)

// Tree is one walk over the members of an archive. It is for one goroutine.
type Tree struct {
	lim      format.Limits
	problems format.Problems
	names    int
	total    int64
	seed     maphash.Seed
	links    map[uint64]struct{} // hashes of the paths of symbolic links
}

// NewTree begins a walk.
func NewTree(lim format.Limits) *Tree {
	lim = lim.Defaults()
	return &Tree{lim: lim, problems: format.Problems{Max: lim.Problems}, seed: maphash.MakeSeed()}
}

// Path makes a member's path from its name. Where it is false the member is not
// to be given out, and the reason is noted with offset at.
func (t *Tree) Path(name string, at int64) (string, bool) {
	path, bad := format.Member(name, 0)
	if bad != "" {
		t.Add(format.Problem{Offset: at, Path: clip(name), Kind: format.BadName, Detail: bad})
		return "", false
	}
	if deep := strings.Count(path, "/"); deep > t.lim.Depth {
		t.Add(format.Problem{Offset: at, Path: clip(name), Kind: format.TooDeep,
			Detail: fmt.Sprintf("%d folders deep; the limit is %d", deep, t.lim.Depth)})
		return "", false
	}
	if link := t.through(path); link != "" {
		// The tree is only looked at, so nothing is followed; but whoever unpacks
		// such an archive writes where the link points to.
		t.Add(format.Problem{Offset: at, Path: clip(name), Kind: format.Mismatch,
			Detail: fmt.Sprintf("stands below %q, which an earlier member makes a symbolic link", clip(link))})
	}
	return path, true
}

// Symlink notes that path is a symbolic link.
func (t *Tree) Symlink(path string) {
	if t.links == nil {
		t.links = map[uint64]struct{}{}
	}
	t.links[maphash.String(t.seed, path)] = struct{}{}
}

// through returns the first folder of path that is a symbolic link.
func (t *Tree) through(path string) string {
	if len(t.links) == 0 {
		return ""
	}
	for i := 1; i < len(path); i++ {
		if path[i] != '/' {
			continue
		}
		if _, ok := t.links[maphash.String(t.seed, path[:i])]; ok {
			return path[:i]
		}
	}
	return ""
}

// Next counts a member. It is false, and says so once, beyond Limits.Entries:
// the walk ends there.
func (t *Tree) Next(at int64) bool {
	if t.names++; t.names <= t.lim.Entries {
		return true
	}
	t.Add(format.Problem{Offset: at, Kind: format.TooMany,
		Detail: fmt.Sprintf("more than %d members; the rest is not read", t.lim.Entries)})
	return false
}

// Add keeps a problem.
func (t *Tree) Add(p format.Problem) { t.problems.Add(p) }

// Problems is that of a format.Volume.
func (t *Tree) Problems() (kept []format.Problem, dropped int) { return t.problems.All() }

// Fits says whether an entry can stand at its path: the root is a folder. Where
// it is false the member is not to be given out, and that is noted.
func (t *Tree) Fits(e format.Entry, at int64) bool {
	if e.Path != "/" || e.Type == format.Dir {
		return true
	}
	t.Add(format.Problem{Offset: at, Path: e.Path, Kind: format.BadName, Detail: "the name of the root, which is no folder"})
	return false
}

// clip bounds a hostile name that is kept in a problem.
func clip(name string) string { return name[:min(len(name), 256)] }
