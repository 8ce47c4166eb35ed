// Package verity calculates the root of dm-verity's tree of hashes (Linux,
// Documentation/admin-guide/device-mapper/verity.rst, hash type 1). In: a range
// of a source. Out: the hash that a manifest or a signed table gives for it. The
// tree that an image carries is not needed.
package verity

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"

	"assay/internal/collect/firmware/format"
)

const (
	block    = 4096
	perBlock = block / sha256.Size
)

// Root is the SHA-256 over blocks of 4 KiB from off on, each with the salt before
// it, and over blocks of such hashes, up to one. size is a multiple of 4 KiB.
func Root(ctx context.Context, s format.Source, off, size int64, salt []byte) ([]byte, error) {
	if size <= 0 || size%block != 0 {
		return nil, fmt.Errorf("a tree over %d bytes", size)
	}
	t := &tower{h: sha256.New(), salt: salt}
	b := make([]byte, 64*block)
	for end := off + size; off < end; off += int64(len(b)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b = b[:min(int64(len(b)), end-off)]
		if err := format.ReadAt(s, b, off); err != nil {
			return nil, err
		}
		for rest := b; len(rest) > 0; rest = rest[block:] {
			t.add(0, t.sum(rest[:block]))
		}
	}
	return t.root(), nil
}

// tower is a tree of hashes that is built from below: of each level the block
// that isn't full yet.
type tower struct {
	h      hash.Hash
	salt   []byte
	levels [][]byte
}

func (t *tower) sum(block []byte) []byte {
	t.h.Reset()
	t.h.Write(t.salt)
	t.h.Write(block)
	return t.h.Sum(nil)
}

func (t *tower) add(level int, sum []byte) {
	if level == len(t.levels) {
		t.levels = append(t.levels, make([]byte, 0, block))
	}
	if len(t.levels[level]) == block {
		full := t.sum(t.levels[level])
		t.levels[level] = t.levels[level][:0]
		t.add(level+1, full)
	}
	t.levels[level] = append(t.levels[level], sum...)
}

// root hashes what isn't full, with zeros behind it, up to the top.
func (t *tower) root() []byte {
	for level := 0; ; level++ {
		b := t.levels[level]
		if level == len(t.levels)-1 && len(b) == sha256.Size {
			return b
		}
		t.levels[level] = nil
		t.add(level+1, t.sum(append(b, make([]byte, block-len(b))...)))
	}
}
