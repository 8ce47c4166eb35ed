package fat

import (
	"encoding/binary"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

const firstCluster = 2

// geometry is where table and clusters stand.
type geometry struct {
	bits     int   // of a table's entry: 12, 16, 32 (of which FAT32 takes 28)
	exfat    bool  // all 32 bits count
	fat      int64 // offset of the table
	heap     int64 // offset of the first cluster
	cluster  int64 // bytes of a cluster
	clusters uint32
}

// chain goes along the clusters of a file.
type chain struct {
	geometry
	src   format.Source
	at    uint32 // the next cluster; 0: none
	row   int64  // exFAT: so many clusters stand in a row, and the table isn't used
	mark  uint32 // a cluster that must not come again
	steps int64
	seen  func(cluster uint32, count int64) error
	err   error // behind what was found
	from  int64 // offset of what is in window
	have  int
	cache [512]byte
}

func (g *geometry) chain(src format.Source, first uint32) *chain {
	return &chain{geometry: *g, src: src, at: first, mark: first}
}

// next returns the clusters that stand in a row, and io.EOF after the last.
func (c *chain) next() (tree.Run, error) {
	if c.err != nil {
		return tree.Run{}, c.err
	}
	if c.at == 0 {
		return tree.Run{}, io.EOF
	}
	first, count := c.at, int64(0)
	if first < firstCluster || first-firstCluster >= c.clusters {
		return tree.Run{}, tree.Damage(-1, "cluster %d of %d", first, c.clusters)
	}
	if c.row > 0 {
		count = min(c.row, int64(c.clusters)-int64(first-firstCluster))
		c.at = 0
	}
	for c.at != 0 {
		count++
		to, err := c.entry(c.at)
		if err != nil {
			c.err = err // told behind what was found so far
			break
		}
		if c.loops(to) {
			c.err = &tree.Fault{Kind: format.Loop, At: c.fat, Detail: fmt.Sprintf("the chain comes to cluster %d again", to)}
			break
		}
		whole := to == c.at+1 && count < 1<<16
		if c.at = to; !whole {
			break
		}
	}
	if c.seen != nil {
		if err := c.seen(first, count); err != nil {
			return tree.Run{}, err
		}
	}
	return tree.Run{At: c.heap + int64(first-firstCluster)*c.cluster, Len: count * c.cluster}, nil
}

// loops says that a chain that goes on with cluster to goes round: the mark
// moves up at each power of two, so that it stands in the round some time
// (Brent's algorithm).
func (c *chain) loops(to uint32) bool {
	if to != 0 && to == c.mark {
		return true
	}
	if c.steps++; c.steps&(c.steps-1) == 0 {
		c.mark = to
	}
	return false
}

// entry returns what follows cluster n; 0 where it is the last.
func (c *chain) entry(n uint32) (uint32, error) {
	at := c.fat + int64(n)*int64(c.bits)/8
	if at < c.from || at+4 > c.from+int64(c.have) {
		c.from = at
		b := format.Head(c.src, at, len(c.cache))
		if len(b) < (c.bits+7)/8 {
			return 0, &tree.Fault{Kind: format.Truncated, At: at, Detail: "the table of clusters isn't there"}
		}
		c.have = max(copy(c.cache[:], b), 4) // an entry may be the last one of the source
	}
	le := binary.LittleEndian
	b := c.cache[at-c.from:]
	var v, end uint32
	switch c.bits {
	case 12:
		v, end = uint32(le.Uint16(b)), 0xff8
		if n&1 != 0 {
			v >>= 4
		}
		v &= 0xfff
	case 16:
		v, end = uint32(le.Uint16(b)), 0xfff8
	default:
		v, end = le.Uint32(b), 0x0ffffff8
		if c.exfat {
			end = 0xfffffff8
		} else {
			v &= 0x0fffffff
		}
	}
	if v >= end {
		return 0, nil
	}
	if v < firstCluster || v-firstCluster >= c.clusters {
		return 0, tree.Damage(at, "cluster %d leads to %d of %d", n, v, c.clusters)
	}
	return v, nil
}
