// Package flash is what the readers of flash file systems share. These keep
// nodes in the order in which they were written; names and files have numbers,
// and the tree comes about by following the numbers from the root. In: names,
// hostile, and a reader of nodes. Out: a volume of package tree. It knows no
// format.
package flash

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// Name is a name in a folder, and the node that it stands for.
type Name struct {
	Dir, Node uint64
	Name      string
	At        int64 // where it stands, in the source
}

// Nodes are what a file system keeps under its numbers. Several goroutines may
// ask at a time.
type Nodes interface {
	// Stat returns what the node says of itself: all but path, inode and, where
	// the format doesn't count them, links.
	Stat(node uint64) (format.Entry, error)
	// Content returns the bytes of a file: as many as Stat says, or an error.
	Content(node uint64) io.Reader
}

// Volume is a tree whose nodes have no more than a number.
type Volume = tree.Volume[struct{}]

// New makes a volume of names, which it sorts in place; of those that stand
// twice in a folder the later one counts. log may have problems already. With
// strict it is one more that a name can't be reached from the root.
func New(nodes Nodes, root uint64, names []Name, strict bool, lim format.Limits, log *tree.Log) *Volume {
	slices.SortStableFunc(names, func(a, b Name) int {
		return cmp.Or(cmp.Compare(a.Dir, b.Dir), cmp.Compare(a.Name, b.Name))
	})
	r := &reader{nodes: nodes, root: root, names: names[:0]}
	for i, n := range names {
		if i+1 == len(names) || names[i+1].Dir != n.Dir || names[i+1].Name != n.Name {
			r.names = append(r.names, n)
		}
	}
	r.link()
	v := tree.New(r, lim, log)
	if strict {
		r.lost(log)
	}
	return v
}

// reader is a tree.Reader.
type reader struct {
	nodes  Nodes
	root   uint64
	names  []Name            // by folder and name
	linked map[uint64]uint32 // nodes that have more than one name
}

// link counts the names of every node.
func (r *reader) link() {
	nodes := make([]uint64, len(r.names))
	for i, n := range r.names {
		nodes[i] = n.Node
	}
	slices.Sort(nodes)
	r.linked = map[uint64]uint32{}
	for i := 1; i < len(nodes); i++ {
		if nodes[i] == nodes[i-1] {
			r.linked[nodes[i]] = max(r.linked[nodes[i]], 1) + 1
		}
	}
}

// in returns the names in a folder.
func (r *reader) in(dir uint64) []Name {
	from, _ := slices.BinarySearchFunc(r.names, dir, func(n Name, dir uint64) int { return cmp.Compare(n.Dir, dir) })
	to := from
	for to < len(r.names) && r.names[to].Dir == dir {
		to++
	}
	return r.names[from:to]
}

// lost says how many names stand in folders that no name leads to.
func (r *reader) lost(log *tree.Log) {
	seen, next, reached := map[uint64]bool{r.root: true}, []uint64{r.root}, 0
	for len(next) > 0 {
		dir := next[len(next)-1]
		next = next[:len(next)-1]
		for _, n := range r.in(dir) {
			if reached++; !seen[n.Node] {
				seen[n.Node] = true
				next = append(next, n.Node)
			}
		}
	}
	if n := len(r.names) - reached; n > 0 {
		log.Add(format.Problem{Offset: -1, Kind: format.Mismatch, Detail: fmt.Sprintf("%d names stand in folders that are not in the tree", n)})
	}
}

// Root is the root's node, or a folder as Linux makes one up where there is
// none (jffs2_do_read_inode_internal in fs/jffs2/readinode.c).
func (r *reader) Root() (tree.Node[struct{}], error) {
	e, err := r.nodes.Stat(r.root)
	if err != nil || e.Type != format.Dir {
		e = format.Entry{Type: format.Dir, Mode: 0o755}
	}
	e.Inode = r.root
	return tree.Node[struct{}]{Entry: e, At: -1, List: r.root}, nil
}

func (r *reader) List(_ context.Context, d *tree.Node[struct{}], found tree.Found[struct{}]) error {
	for _, n := range r.in(d.Inode) {
		e, err := r.nodes.Stat(n.Node)
		e.Inode = n.Node
		if e.Links == 0 && e.Type != format.Dir {
			e.Links = max(r.linked[n.Node], 1)
		}
		node := &tree.Node[struct{}]{Entry: e, At: n.At, List: n.Node}
		if err := found(n.Name, n.At, node, err); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) Open(n *tree.Node[struct{}]) io.Reader { return r.nodes.Content(n.Inode) }
