package xor

import (
	"context"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
)

// Swapped returns the format of images whose words stand in another order of
// bytes: flash on a bus of 16 or 32 bits, read by a programmer that has the
// other byte first. A header that a swap makes whole proves it.
func Swapped() format.Format {
	return format.Format{Name: "byte-swapped", Weak: true, Head: true, Look: lookSwapped}
}

const (
	// swapStep is what parts of flash begin at a multiple of.
	swapStep = 256
	// swapMost bounds how much is searched.
	swapMost   = 32 << 20
	swapWindow = 128 << 10
)

func lookSwapped(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	if at != 0 || s.Size() < 4*swapStep {
		return nil, nil
	}
	buf := make([]byte, min(swapWindow+maxProof, s.Size()&^3))
	for off := int64(0); off < min(s.Size()&^3, swapMost); off += swapWindow {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := buf[:min(int64(len(buf)), (s.Size()-off)&^3)]
		if err := format.ReadAt(s, b, off); err != nil {
			return nil, nil
		}
		for _, width := range []int{2, 4} {
			if f, ok := aligned(b, width, s.Size()-off); ok {
				v := &swappedView{s: format.Section(s, 0, s.Size()/int64(width)*int64(width)), width: int64(width)}
				p := &format.Part{Format: "byte-swapped", Size: v.Size(),
					Note: fmt.Sprintf("the bytes of each %d bits stand in the other order, as %s at offset %d shows", 8*width, f.name, off+f.off)}
				p.Contents = func(context.Context, format.Limits) ([]format.Content, error) {
					return []format.Content{{Source: v}}, nil
				}
				return p, nil
			}
		}
	}
	return nil, nil
}

// aligned finds a proof at a border of b, when its words are turned round.
func aligned(b []byte, width int, have int64) (f found, ok bool) {
	var head [maxProof]byte
	for off := 0; off < len(b) && off < swapWindow; off += swapStep {
		for i := range whole {
			p := &whole[i]
			if k := p.known[0]; !swapped(b[off:], k.off, width, k.bytes) {
				continue
			}
			n := copy(head[:], b[off:])
			swap(head[:n], int64(width))
			if size, ok := p.check(head[:n], have-int64(off)); ok {
				return found{name: p.name, off: int64(off), size: size}, true
			}
		}
	}
	return f, false
}

// swapped says that want stands at off of b, when its words are turned round.
func swapped(b []byte, off, width int, want string) bool {
	for i := range len(want) {
		// Words begin where b does.
		if at := (off + i) ^ (width - 1); at >= len(b) || b[at] != want[i] {
			return false
		}
	}
	return true
}

// swap turns the bytes of each word round; b is a whole number of words.
func swap(b []byte, width int64) {
	if width == 2 {
		for i := 0; i+1 < len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
		return
	}
	for i := 0; i+3 < len(b); i += 4 {
		b[i], b[i+1], b[i+2], b[i+3] = b[i+3], b[i+2], b[i+1], b[i]
	}
}

// swappedView turns round what is read of it.
type swappedView struct {
	s     *io.SectionReader // a whole number of words
	width int64
}

func (v *swappedView) Size() int64 { return v.s.Size() }

func (v *swappedView) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("byte-swapped: offset %d", off)
	}
	end := min(off+int64(len(p)), v.Size())
	if off >= end {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	from, to := off/v.width*v.width, (end+v.width-1)/v.width*v.width
	b := p
	if from != off || to != end || int64(len(p)) != end-off {
		b = make([]byte, to-from)
	}
	if err := format.ReadAt(v.s, b, from); err != nil {
		return 0, err
	}
	swap(b, v.width)
	if from != off || to != end || int64(len(p)) != end-off {
		copy(p, b[off-from:end-from])
	}
	if n := int(end - off); n < len(p) {
		return n, io.EOF
	}
	return len(p), nil
}
