package android

import (
	"context"
	"fmt"
	"hash/crc32"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

const (
	sparseMagic = "\x3a\xff\x26\xed"
	sparseHead  = 28
	chunkHead   = 12
	maxChunks   = 4 << 20

	chunkRaw  = 0xcac1
	chunkFill = 0xcac2
	chunkSkip = 0xcac3
	chunkCRC  = 0xcac4
)

// lookSparse goes over the chunks; they say where the image ends.
func lookSparse(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, sparseHead)
	if len(b) < sparseHead || string(b[:4]) != sparseMagic || le.Uint16(b[4:]) != 1 {
		return nil, nil
	}
	head, chunk, block := int64(le.Uint16(b[8:])), int64(le.Uint16(b[10:])), int64(le.Uint32(b[12:]))
	blocks, chunks := int64(le.Uint32(b[16:])), int(le.Uint32(b[20:]))
	if head < sparseHead || head > 4096 || chunk < chunkHead || chunk > 4096 || block == 0 || block%4 != 0 || block > 1<<24 || chunks == 0 || blocks == 0 {
		return nil, nil
	}
	p := &format.Part{Format: "android-sparse", Offset: at, Note: fmt.Sprintf("%d chunks, %d blocks of %d bytes", chunks, blocks, block)}
	c := &walk{s: s, w: archive.NewWindow(s), m: &mapped{src: s}, p: p, at: at + head, head: chunk, block: block}
	n := 0
	for ; n < min(chunks, maxChunks) && c.next(); n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if n == 0 {
		return nil, nil
	}
	p.Size = min(c.at, s.Size()) - at
	if n < chunks {
		p.Problems = append(p.Problems, format.Problem{Offset: min(c.at, s.Size()), Kind: c.kind(), Detail: fmt.Sprintf("android-sparse: %d of %d chunks can be read", n, chunks)})
	} else if got := c.m.Size() / block; got != blocks {
		p.Problems = append(p.Problems, format.Problem{Offset: at + 16, Kind: format.Mismatch, Detail: fmt.Sprintf("android-sparse: the header says %d blocks, the chunks have %d", blocks, got)})
	}
	if sum := le.Uint32(b[24:]); sum != 0 {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Checksum, Scheme: "crc32", State: format.Present, Note: "of the whole image", Offset: at + 24})
	}
	m := c.m
	p.Contents = func(_ context.Context, lim format.Limits) ([]format.Content, error) {
		m, err := m.cut(lim.Defaults().Total)
		return []format.Content{{Source: m}}, err
	}
	return p, nil
}

// walk is the walk over the chunks.
type walk struct {
	s           format.Source
	w           *archive.Window
	p           *format.Part
	m           *mapped
	at          int64
	head, block int64
	cut         bool
}

func (c *walk) kind() string {
	if c.cut {
		return format.Truncated
	}
	return format.Damaged
}

// next takes one chunk; it is false where none stands.
func (c *walk) next() bool {
	b := c.w.Bytes(c.at, chunkHead+4)
	if len(b) < chunkHead {
		c.cut = true
		return false
	}
	size, total := int64(le.Uint32(b[4:]))*c.block, int64(le.Uint32(b[8:]))
	data := c.at + c.head
	e := extent{size: size, data: true, off: data}
	switch typ := le.Uint16(b); {
	case le.Uint16(b[2:]) != 0 || c.m.Size()+size > maxMapped:
		return false
	case typ == chunkRaw && total == c.head+size:
		if have := c.s.Size() - data; have < size {
			c.cut = true
			if e.size = max(have, 0) / c.block * c.block; e.size > 0 {
				c.m.add(e)
			}
			c.at = c.s.Size()
			return false
		}
	case typ == chunkFill && total == c.head+4:
		v := format.Head(c.s, data, 4)
		if len(v) < 4 {
			c.cut = true
			return false
		}
		e = extent{size: size, fill: [4]byte(v)}
	case typ == chunkSkip && total == c.head:
		e = extent{size: size}
	case typ == chunkCRC && total == c.head+4 && size == 0:
		c.checksum(format.Head(c.s, data, 4), data)
	default:
		return false
	}
	if e.size > 0 {
		c.m.add(e)
	}
	c.at += total
	return true
}

// maxSum is how much is read for a checksum in a look.
const maxSum = 64 << 20

// checksum compares the CRC-32 of the image so far; of large ones it is only
// told.
func (c *walk) checksum(b []byte, off int64) {
	if len(b) < 4 {
		return
	}
	if len(c.p.Guards) > 0 || c.m.Size() > maxSum {
		return
	}
	h := crc32.NewIEEE()
	if err := format.Sum(context.Background(), c.m, 0, c.m.Size(), h); err != nil {
		return
	}
	c.p.Checked("crc32", h.Sum32() == le.Uint32(b), off, "image up to here")
}
