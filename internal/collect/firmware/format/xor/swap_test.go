package xor

import (
	"bytes"
	"context"
	"io"
	"testing"
	"testing/iotest"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

// romfsHead is the first 512 bytes of a romfs, whose words add up to zero.
func romfsHead() []byte {
	b := make([]byte, 512)
	copy(b, "-rom1fs-")
	be.PutUint32(b[8:], 512)
	copy(b[16:], "a volume of text")
	var sum uint32
	for i := 0; i < len(b); i += 4 {
		sum += be.Uint32(b[i:])
	}
	be.PutUint32(b[12:], -sum)
	return b
}

func TestSwapped(t *testing.T) {
	t.Parallel()
	plain := bytes.Repeat([]byte("a loader without a header. "), 1000)
	plain = append(append(plain[:20*1024], romfsHead()...), bytes.Repeat([]byte{0xff}, 5000)...)
	formats := []format.Format{Swapped()}
	for _, width := range []int64{2, 4} {
		img := bytes.Clone(plain)
		swap(img, width)
		p := looktest.At(t, formats, img, 0)
		if p == nil || p.Size != int64(len(img)) {
			t.Errorf("%d: %+v", width, p)
			continue
		}
		list, err := p.Contents(context.Background(), format.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(io.NewSectionReader(list[0].Source, 0, list[0].Source.Size()), plain); err != nil {
			t.Errorf("%d: %v", width, err)
		}
		if p := looktest.At(t, formats, img, 4); p != nil {
			t.Errorf("in the middle: %+v", p)
		}
	}
	odd := bytes.Clone(plain)
	swap(odd, 2)
	odd[20*1024+100] ^= 1
	for name, img := range map[string][]byte{"plain": plain, "a wrong sum": odd, "at no border": append([]byte("....."), odd...)} {
		if p := looktest.At(t, formats, img, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func FuzzSwapped(f *testing.F) {
	img := append(romfsHead(), bytes.Repeat([]byte{0xff}, 2000)...)
	swap(img, 2)
	f.Add(img)
	f.Fuzz(func(t *testing.T, img []byte) {
		looktest.At(t, []format.Format{Swapped()}, img, 0)
	})
}
