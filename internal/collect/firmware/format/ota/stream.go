package ota

import (
	"bytes"
	"compress/bzip2"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
	"assay/internal/collect/firmware/format/lzma2"
)

// stream is a partition, block after block. What no operation writes is zeros.
type stream struct {
	ctx   context.Context
	src   format.Source
	base  int64 // what the operations' offsets count from
	block int64
	q     *partition
	next  int       // operation
	r     io.Reader // what comes now, and how much of it
	left  int64
	sum   hash.Hash // over the operation's data
	want  []byte
	at    int64 // bytes given out
	limit int64
	err   error
}

func newStream(ctx context.Context, s format.Source, base, block int64, q *partition, limit int64) *stream {
	return &stream{ctx: ctx, src: s, base: base, block: block, q: q, limit: limit}
}

func (t *stream) Read(p []byte) (int, error) {
	for t.err == nil {
		if t.err = t.ctx.Err(); t.err != nil {
			break
		}
		if t.left == 0 {
			t.err = t.advance()
			continue
		}
		if t.at == t.limit {
			t.err = fmt.Errorf("partition %q: %w", t.q.name, format.ErrLimit)
			break
		}
		n, err := t.r.Read(p[:min(int64(len(p)), t.left, t.limit-t.at)])
		t.left -= int64(n)
		t.at += int64(n)
		if err == io.EOF {
			// The last block of a piece may not be full.
			t.r, err = zeros{}, t.verify()
		}
		if err != nil {
			t.err = archive.Damage(fmt.Errorf("partition %q, operation %d: %w", t.q.name, t.next-1, err))
		}
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
	return 0, t.err
}

// advance begins what comes at the present place: the next operation, or the
// zeros before or behind all of them.
func (t *stream) advance() error {
	if t.sum != nil {
		if err := t.drain(); err != nil {
			return archive.Damage(fmt.Errorf("partition %q, operation %d: %w", t.q.name, t.next-1, err))
		}
	}
	if t.next == len(t.q.operations) {
		if t.left = t.q.size - t.at; t.left <= 0 {
			return io.EOF
		}
		t.r = zeros{}
		return nil
	}
	o := &t.q.operations[t.next]
	from, size, ok := t.run(o)
	switch {
	case !ok || from < t.at:
		return fmt.Errorf("partition %q, operation %d does not go on where the last one ended: %w", t.q.name, t.next, format.ErrUnsupported)
	case from > t.at:
		t.r, t.left = zeros{}, from-t.at
		return nil
	}
	t.next++
	r, err := t.decode(o)
	if err != nil {
		return archive.Damage(err)
	}
	t.r, t.left = r, size
	return nil
}

// run is the one range of bytes that an operation writes.
func (t *stream) run(o *operation) (from, size int64, ok bool) {
	if len(o.extents) == 0 {
		return t.at, 0, true
	}
	from = o.extents[0].from
	end := from
	for _, e := range o.extents {
		if e.from != end {
			return 0, 0, false
		}
		end += e.blocks
	}
	if end > 1<<42 {
		return 0, 0, false
	}
	return from * t.block, (end - from) * t.block, true
}

func (t *stream) decode(o *operation) (io.Reader, error) {
	if o.kind == zeroed || o.kind == discarded {
		return zeros{}, nil
	}
	var r io.Reader = archive.Exactly(t.src, t.base+o.at, o.size)
	if len(o.hash) == sha256.Size {
		t.sum, t.want = sha256.New(), o.hash
		r = io.TeeReader(r, t.sum)
	}
	switch o.kind {
	case replaceBzip:
		return bzip2.NewReader(r), nil
	case replaceXz:
		return lzma2.NewReader(r, 0)
	case replaceZstd:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(32<<20))
		if err != nil {
			return nil, err
		}
		return z, nil
	}
	return r, nil
}

// drain reads an operation that filled its blocks to its end, where the hash
// is: more content is damage.
func (t *stream) drain() error {
	switch err := archive.More(t.r); err {
	case io.EOF:
		return t.verify()
	case format.ErrLimit:
		return fmt.Errorf("more content than blocks: %w", format.ErrDamaged)
	default:
		return err
	}
}

// verify compares the hash over an operation's data.
func (t *stream) verify() error {
	sum, want := t.sum, t.want
	if t.sum = nil; sum != nil && !bytes.Equal(sum.Sum(nil), want) {
		return archive.ErrChecksum
	}
	return nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
