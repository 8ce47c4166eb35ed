package yaffs2

import (
	"cmp"
	"context"
	"slices"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

const (
	// mostChunks bounds what is kept in memory.
	mostChunks = 4 << 20
	// mostOther is how many chunks of something else may lie between two: blocks
	// that went bad.
	mostOther = 256
)

// chunk is one that is in use.
type chunk struct {
	seq, obj, id uint32
	at           uint32 // its number in the image
	bytes        uint32
	shrink       bool
}

// scan goes over all chunks.
type scan struct {
	layout
	src    format.Source
	at     int64
	win    *archive.Window
	chunks []chunk
	last   int64 // chunks up to the last one in use
	full   bool
}

func newScan(s format.Source, at int64, l layout) *scan {
	return &scan{layout: l, src: s, at: at, win: archive.NewWindow(s)}
}

func (c *scan) run(ctx context.Context) error {
	other := 0
	root, rooted := chunk{}, false
	for k := int64(0); other <= mostOther && k < 1<<32; k++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		spare := c.win.Bytes(c.at+k*c.stride()+int64(c.chunk), c.spare)
		if len(spare) < c.spare {
			break
		}
		t, state := c.parse(spare)
		switch state {
		case chunkOther:
			other++
			continue
		case chunkErased:
			continue
		case chunkUsed:
			n := chunk{seq: t.seq, obj: t.obj, id: t.id, at: uint32(k), bytes: t.bytes, shrink: t.shrink}
			if t.obj == rootID && t.id == 0 {
				// The header of the root with the same sequence number, and not in the
				// same block: here the next image starts.
				if rooted && root.seq == t.seq && k-int64(root.at) >= looked {
					return nil
				}
				root, rooted = n, true
			}
			if len(c.chunks) == mostChunks {
				c.full = true
			} else {
				c.chunks = append(c.chunks, n)
			}
		}
		other, c.last = 0, k+1
	}
	return nil
}

func (c *scan) size() int64 { return min(c.last*c.stride(), c.src.Size()-c.at) }

// sorted returns the chunks in the order in which they were written. YAFFS1 has
// no more than two bits for that: the number of a copy, which is one more than
// that of the copy before.
func (c *scan) sorted() []chunk {
	out := slices.Clone(c.chunks)
	if !c.first {
		slices.SortFunc(out, func(a, b chunk) int { return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.at, b.at)) })
		return out
	}
	type key struct{ obj, id uint32 }
	newest := map[key]chunk{}
	for _, n := range out {
		k := key{n.obj, n.id}
		if was, ok := newest[k]; !ok || n.seq == (was.seq+1)&3 {
			newest[k] = n
		}
	}
	return slices.DeleteFunc(out, func(n chunk) bool { return newest[key{n.obj, n.id}] != n })
}
