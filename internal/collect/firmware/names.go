package firmware

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/unpack"
)

// While an image is being read, which of its trees is the root file system
// isn't known yet. Paths in records therefore begin with a mark that names the
// tree, and Names takes it away at the end: the root's files are "/etc/passwd",
// those of other trees "jffs2:/user.conf", and of a container inside of a file
// "/opt/app.zip:/config.json".

// mark puts the tree before a path. A path never holds NUL.
func mark(volume int, path string) string {
	if volume < 0 {
		return path
	}
	return "\x00" + strconv.Itoa(volume) + "\x00" + path
}

// unmark is the tree and the path in it.
func unmark(s string) (volume int, path string) {
	rest, ok := strings.CutPrefix(s, "\x00")
	if !ok {
		return -1, s
	}
	id, path, ok := strings.Cut(rest, "\x00")
	n, err := strconv.Atoi(id)
	if !ok || err != nil {
		return -1, s
	}
	return n, path
}

// Names turns marked paths into the ones that people read.
type Names struct {
	volumes map[int]unpack.Volume
	root    int
	known   map[int]string
}

// Add takes a tree, at its beginning and again when it was walked.
func (n *Names) Add(v unpack.Volume) {
	if n.volumes == nil {
		n.volumes = make(map[int]unpack.Volume)
	}
	n.volumes[v.ID] = v
	n.known = nil
}

// choose finds the root file system: the tree with the most names of one at its
// top, of equals the one with the most files; a tree that stands by itself is
// the root also if it is only a few files.
func (n *Names) choose() {
	n.known, n.root = make(map[int]string), -1
	var all []unpack.Volume
	for _, v := range n.volumes {
		all = append(all, v)
	}
	if len(all) == 0 {
		return
	}
	slices.SortFunc(all, func(a, b unpack.Volume) int {
		return cmp.Or(cmp.Compare(b.Roots, a.Roots), cmp.Compare(b.Files, a.Files), cmp.Compare(b.Names, a.Names), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.ID, b.ID))
	})
	// Three names can't be a data partition's accident (FHS 3.0, 3.2).
	if all[0].Roots >= 3 || len(all) == 1 {
		n.root = all[0].ID
		return
	}
	// No root file system: the only tree that nothing contains, if there is one.
	outer := slices.DeleteFunc(all, func(v unpack.Volume) bool { return v.Parent >= 0 })
	if len(outer) == 1 {
		n.root = outer[0].ID
	}
}

// prefix stands before the paths of a tree.
func (n *Names) prefix(id int) string {
	if n.known == nil {
		n.choose()
	}
	if s, ok := n.known[id]; ok {
		return s
	}
	n.known[id] = "" // of a loop, which no walk makes
	v, ok := n.volumes[id]
	if !ok || id == n.root {
		return ""
	}
	s := v.Within + ":"
	if v.Parent >= 0 {
		s = n.prefix(v.Parent) + s
	}
	n.known[id] = s
	return s
}

// Resolve is the path that people read.
func (n *Names) Resolve(marked string) string {
	id, path := unmark(marked)
	if id < 0 {
		return path
	}
	return n.prefix(id) + path
}

// Archive is the name of the tree that a path is in, as it stands before its
// paths; "" for the root file system and for the image itself.
func (n *Names) Archive(marked string) string {
	id, _ := unmark(marked)
	if id < 0 {
		return ""
	}
	return strings.TrimSuffix(n.prefix(id), ":")
}

// packed says that a path stands in an archive that doesn't look like a root file
// system: what everybody may change there says how it was packed, and nothing of
// a device. Of an archive in another one, as packages are, a single name of a
// root file system is enough, since they are unpacked over one.
func (n *Names) packed(marked string) bool {
	const few = 2
	id, _ := unmark(marked)
	v, ok := n.volumes[id]
	switch v.Format {
	case "tar", "cpio", "ar", "rpm":
		return ok && v.Like < few && (v.Parent < 0 || v.Like == 0)
	}
	return false
}

// Full is the path with the names of all trees that it stands in, the root
// file system too: it doesn't depend on what else the image holds.
func (n *Names) Full(marked string) string {
	trees, path := n.Trees(marked)
	return strings.Join(append(trees, path), ":")
}

// Trees are the names of all trees that a path stands in, the outermost first,
// and the path in the last. The names of folders may hold whatever stands
// between both where people read them.
func (n *Names) Trees(marked string) (trees []string, path string) {
	id, path := unmark(marked)
	for i := 0; id >= 0 && i <= len(n.volumes); i++ {
		v := n.volumes[id]
		trees = append(trees, v.Within)
		id = v.Parent
	}
	slices.Reverse(trees)
	return trees, path
}

// Root is the id of the root file system, -1 where there is none.
func (n *Names) Root() int {
	if n.known == nil {
		n.choose()
	}
	return n.root
}
