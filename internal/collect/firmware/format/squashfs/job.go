package squashfs

import (
	"fmt"
	"slices"
)

// blocks is a job that was begun.
type blocks struct {
	ready
	buf   []byte // blocks, then room for a tail
	end   int64  // of the blocks in buf
	words []uint32
	at    []int64 // where the blocks stand
	next  int     // block to be taken
	left  int     // blocks that aren't done
	bad   []bad
	ended error // why there are fewer blocks than the files need
}

// bad is a block that can't be expanded.
type bad struct {
	block int
	err   error
}

// begin reads what a job needs and opens it for the workers. The caller holds r.mu.
func (r *run) begin(worker int, j ready) {
	b := &blocks{ready: j}
	r.sizes(b)
	tail := int64(0)
	for i := range b.files {
		if x := &b.files[i]; x.fragment != noFragment && x.want > b.end {
			tail = max(tail, x.size-b.end)
		}
	}
	b.buf = r.pool.file(b.end + min(tail, int64(r.f.super.BlockSize)))
	if b.left = len(b.words); b.left == 0 {
		r.mu.Unlock()
		r.finish(worker, b)
		r.mu.Lock()
		return
	}
	r.open = b
	r.more.Broadcast()
}

// sizes reads the list of blocks. Files with another list, which only a damaged
// image has, become a job of their own.
func (r *run) sizes(b *blocks) {
	r.f.meta.Lock()
	defer r.f.meta.Unlock()
	x := &b.files[0]
	words, inBlocks, err := r.words(x, b.bytes)
	same := 1
	for i := 1; i < len(b.files); i++ {
		if y := &b.files[i]; y.ref != x.ref {
			other, _, err := r.words(y, b.bytes)
			if err != nil || !slices.Equal(words, other) {
				break
			}
		}
		same++
	}
	if same < len(b.files) {
		rest := b.ready
		rest.files = b.files[same:]
		b.files = b.files[:same]
		if b.g != nil {
			b.g.users++
		}
		r.ready = append(r.ready, rest)
	}
	b.words, b.ended = words, err
	at := x.data
	for _, w := range words {
		b.at = append(b.at, at)
		at += int64(w &^ storedBlock)
	}
	// Blocks beyond the end of the image need no room.
	for n := len(words); n > 0 && words[n-1] != 0; n-- {
		if _, err := r.f.blockSize(b.at[n-1], words[n-1]); err == nil {
			break
		}
		b.words = words[:n-1]
		b.ended = fmt.Errorf("block of %d bytes at offset %d of %d", words[n-1]&^storedBlock, b.at[n-1], r.f.size)
	}
	b.end = min(int64(len(b.words))*int64(r.f.super.BlockSize), inBlocks)
	if b.ended != nil {
		b.bad = append(b.bad, bad{len(b.words), b.ended})
	}
}

// words reads the sizes of the blocks that hold the first want bytes of a file.
func (r *run) words(x *file, want int64) (words []uint32, inBlocks int64, err error) {
	n, err := r.f.m.inode(x.ref)
	if err != nil {
		return nil, 0, err
	}
	bs := int64(r.f.super.BlockSize)
	inBlocks = n.inBlocks(r.f.super.BlockSize)
	for done := int64(0); done < min(want, inBlocks); done += bs {
		w, err := n.word()
		if err != nil {
			return words, inBlocks, err
		}
		words = append(words, w)
	}
	return words, inBlocks, nil
}

// block expands one block of the open job; who expands the last one gives out
// the files. The caller holds r.mu.
func (r *run) block(worker int, x *expander) {
	b := r.open
	i := b.next
	if b.next++; b.next == len(b.words) {
		r.open = nil
	}
	r.mu.Unlock()
	bs := int64(r.f.super.BlockSize)
	dst := b.buf[int64(i)*bs : min(int64(i+1)*bs, b.end)]
	err := x.whole(dst, b.at[i], b.words[i])
	if err != nil {
		clear(dst)
	}
	r.mu.Lock()
	if err != nil {
		b.bad = append(b.bad, bad{i, err})
	}
	if b.left--; b.left > 0 {
		return
	}
	r.mu.Unlock()
	r.finish(worker, b)
	r.mu.Lock()
}

// finish gives out the files of a job.
func (r *run) finish(worker int, b *blocks) {
	slices.SortFunc(b.bad, func(x, y bad) int { return x.block - y.block })
	good := b.end // up to the last block that could be read
	for i := len(b.bad) - 1; i >= 0; i-- {
		if begin := int64(b.bad[i].block) * int64(r.f.super.BlockSize); good <= begin+int64(r.f.super.BlockSize) && good > begin {
			good = begin
		}
	}
	var blockErr error
	if len(b.bad) > 0 {
		first := b.bad[0]
		at := b.files[0].data
		if first.block < len(b.at) {
			at = b.at[first.block]
		}
		blockErr = damaged(at, first.err)
		detail := first.err.Error()
		if n := len(b.bad) - 1; n > 0 {
			detail = fmt.Sprintf("%s; %d more blocks are damaged", detail, n)
		}
		r.damage(&b.files[0], at, detail)
	}
	for rest := b.files; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].size == rest[0].size && rest[n].off == rest[0].off {
			n++
		}
		r.end(worker, b, rest[:n], good, blockErr)
		rest = rest[n:]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pool.putFile(b.buf)
	if b.g != nil {
		if b.g.users--; b.g.users == 0 {
			r.pool.putBlock(b.g.data)
		}
	}
}

// end puts the tail behind the blocks and gives out the names of one content.
func (r *run) end(worker int, b *blocks, names []file, good int64, err error) {
	x := &names[0]
	data := b.buf[:good]
	want := int64(0)
	for i := range names {
		want = max(want, names[i].want)
	}
	if x.fragment != noFragment && want > b.end && b.ended == nil {
		tail, terr := b.g.tail(x.off, x.size-b.end)
		switch {
		case terr == nil:
			data = b.buf[:b.end+int64(copy(b.buf[b.end:], tail))]
		case err == nil:
			if err = damaged(b.g.at, terr); b.g.err == nil {
				r.damage(x, b.g.at, terr.Error())
			}
		}
	}
	r.give(worker, names, data, err)
}
