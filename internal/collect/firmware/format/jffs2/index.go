package jffs2

import (
	"cmp"
	"encoding/binary"
	"slices"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
	"assay/internal/collect/firmware/format/flash"
	"assay/internal/collect/firmware/format/tree"
)

// root is the inode of the root folder; it has no name, and often no node.
const root = 1

// index is what a scan found, in the order in which it is looked up.
type index struct {
	src   format.Source
	at    int64
	order binary.ByteOrder
	nodes []node // by inode and version
	live  []name // one for each name that is there

	stale, staleNames, deleted int // superseded nodes and names; names that are gone
}

// index sorts what the scan found and tells the newest of it from the rest.
func (c *scan) index() *index {
	x := &index{src: c.src, at: c.at, order: c.order, nodes: c.nodes}
	slices.SortFunc(x.nodes, func(a, b node) int {
		return cmp.Or(cmp.Compare(a.ino, b.ino), cmp.Compare(a.version, b.version), cmp.Compare(a.pos, b.pos))
	})
	slices.SortFunc(c.names, func(a, b name) int {
		return cmp.Or(cmp.Compare(a.dir, b.dir), cmp.Compare(a.hash, b.hash), cmp.Compare(a.version, b.version), cmp.Compare(a.pos, b.pos))
	})
	named := map[uint32]bool{root: true}
	for i, n := range c.names {
		if i+1 < len(c.names) && c.names[i+1].dir == n.dir && c.names[i+1].hash == n.hash {
			x.staleNames++
			continue
		}
		if n.ino == 0 {
			x.staleNames++
			x.deleted++
			continue
		}
		x.live = append(x.live, n)
		named[n.ino] = true
	}
	for from := 0; from < len(x.nodes); {
		of := x.of(x.nodes[from].ino)
		x.stale += len(of)
		if named[of[0].ino] {
			x.stale -= used(of)
		}
		from += len(of)
	}
	return x
}

// of returns the nodes of an inode, oldest first.
func (x *index) of(ino uint32) []node {
	from, _ := slices.BinarySearchFunc(x.nodes, ino, func(n node, ino uint32) int { return cmp.Compare(n.ino, ino) })
	to := from
	for to < len(x.nodes) && x.nodes[to].ino == ino {
		to++
	}
	return x.nodes[from:to]
}

// used counts the nodes of one inode that something is read from.
func used(of []node) int {
	seen := map[int]bool{len(of) - 1: true} // the newest has the properties
	for _, e := range extents(of, 1<<32) {
		if e.node >= 0 {
			seen[e.node] = true
		}
	}
	return len(seen)
}

// volume reads the names and makes a tree of them.
func (x *index) volume(lim format.Limits) *flash.Volume {
	v := &volume{index: x, most: 2 * lim.Defaults().Total}
	names := make([]flash.Name, 0, len(x.live))
	win := archive.NewWindow(x.src)
	byPlace := slices.SortedFunc(slices.Values(x.live), func(a, b name) int { return cmp.Compare(a.pos, b.pos) })
	for _, n := range byPlace {
		at := x.at + int64(n.pos)*4
		b := win.Bytes(at+direntSize, int(n.size))
		names = append(names, flash.Name{Dir: uint64(n.dir), Node: uint64(n.ino), Name: string(b), At: at})
	}
	// A folder that was removed may leave names behind, on flash where nothing can
	// be marked obsolete: they are no loss.
	return flash.New(v, root, names, false, lim, new(tree.Log))
}
