package squashfs

import (
	"errors"
	"fmt"
)

// expander reads data and fragment blocks; one goroutine has it.
type expander struct {
	f  *FS
	d  decompressor
	in []byte
}

func (f *FS) expander() *expander {
	return &expander{f: f, d: decompressor{codec: f.codec}, in: make([]byte, f.super.BlockSize)}
}

// size returns the bytes that a block takes in the image, by its size word. It
// says why the block can't be.
func (f *FS) blockSize(at int64, word uint32) (int, error) {
	n := int(word &^ storedBlock)
	if word&^(storedBlock|blockSizeMax) != 0 || n == 0 || n > int(f.super.BlockSize) || at < SuperSize || at+int64(n) > f.size {
		return n, fmt.Errorf("block of %d bytes at offset %d of %d", n, at, f.size)
	}
	return n, nil
}

// read expands the block at offset at to the start of dst.
func (x *expander) read(dst []byte, at int64, word uint32) (int, error) {
	n, err := x.f.blockSize(at, word)
	if err != nil {
		return 0, err
	}
	if word&storedBlock != 0 {
		x.f.stats.stored.Add(1)
		if n > len(dst) {
			return 0, fmt.Errorf("a stored block of %d bytes, %d are wanted", n, len(dst))
		}
		return n, readAt(x.f.r, dst[:n], at)
	}
	x.f.stats.blocks.Add(1)
	if err := readAt(x.f.r, x.in[:n], at); err != nil {
		return 0, err
	}
	k, err := x.d.expand(dst, x.in[:n])
	if err != nil {
		err = fmt.Errorf("%s: %w", x.d.codec, err)
	}
	return k, err
}

// whole is read of a block that must fill dst. A word of 0 is a hole.
func (x *expander) whole(dst []byte, at int64, word uint32) error {
	if word == 0 {
		clear(dst)
		return nil
	}
	n, err := x.read(dst, at, word)
	if err == nil && n < len(dst) {
		err = fmt.Errorf("the block expands to %d bytes, the file needs %d", n, len(dst))
	}
	return err
}

// word reads the next size word of a file's list of blocks.
func (n *inode) word() (uint32, error) {
	var w [4]byte
	if err := n.blocks.read(w[:]); err != nil {
		return 0, err
	}
	return n.blocks.m.f.super.order.Uint32(w[:]), nil
}

// inBlocks is how many bytes of a file stand in blocks of its own; the rest is
// the tail, in a fragment.
func (n *inode) inBlocks(blockSize uint32) int64 {
	if n.fragment == noFragment {
		return n.Size
	}
	return n.Size - n.Size%int64(blockSize)
}

var errTail = errors.New("the end of the file is outside of its fragment")
