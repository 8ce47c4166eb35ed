package nand_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/nand"
)

var formats = []format.Format{nand.New()}

// noise is bytes that look like those of packed content.
func noise(n int) []byte {
	r := rand.NewChaCha8([32]byte{7})
	b := make([]byte, n)
	if _, err := r.Read(b); err != nil {
		panic(err)
	}
	return b
}

// dump puts spare bytes behind each page: a mark, free bytes, sums where the
// chip's driver keeps them.
func dump(data []byte, page, spare int) []byte {
	sums := noise(spare)
	var out []byte
	for len(data) > 0 {
		p := data[:page]
		data = data[page:]
		s := bytes.Repeat([]byte{0xff}, spare)
		if len(bytes.TrimLeft(p, "\xff")) > 0 {
			copy(s[spare*5/8:], sums) // as Linux' large pages
			if page == 512 {
				copy(s[:3], sums)
			}
		}
		out = append(append(out, p...), s...)
	}
	return out
}

// flash is content, half of it erased.
func flash(page int) []byte {
	return append(noise(64*page), bytes.Repeat([]byte{0xff}, 64*page)...)
}

func TestLayouts(t *testing.T) {
	t.Parallel()
	for _, l := range [][2]int{{512, 16}, {2048, 64}, {2048, 128}, {4096, 128}, {4096, 224}, {4096, 256}, {8192, 640}} {
		data := flash(l[0])
		img := dump(data, l[0], l[1])
		p := looktest.At(t, formats, img, 0)
		if p == nil || p.Size != int64(len(img)) {
			t.Errorf("%v: %+v", l, p)
			continue
		}
		list, err := p.Contents(context.Background(), format.Limits{})
		if err != nil || len(list) != 1 {
			t.Fatal(err)
		}
		got := io.NewSectionReader(list[0].Source, 0, list[0].Source.Size())
		if err := iotest.TestReader(got, data); err != nil {
			t.Errorf("%v: %v", l, err)
		}
		if n, err := list[0].Source.ReadAt(make([]byte, 10), int64(len(data))-4); n != 4 || err != io.EOF {
			t.Errorf("%v: at the end: %d, %v", l, n, err)
		}
	}
}

// TestNoDump: what has the right length and no spare bytes is something else.
func TestNoDump(t *testing.T) {
	t.Parallel()
	erased := bytes.Repeat([]byte{0xff}, 2112*64)
	sparse := bytes.Clone(erased)
	for i := 0; i < len(sparse); i += 700 {
		sparse[i] = byte(i)
	}
	for name, img := range map[string][]byte{
		"noise":          noise(2112 * 64 * 4),
		"text":           bytes.Repeat([]byte("a line of text \n"), 528*64/16*4),
		"erased":         erased,
		"nearly erased":  sparse,
		"without spares": flash(2112),
		"zeros":          make([]byte, 2112*64),
		"another length": dump(flash(2048), 2048, 64)[:2112*127+5],
	} {
		if p := looktest.At(t, formats, img, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if p := looktest.At(t, formats, dump(flash(2048), 2048, 64), 2112); p != nil {
		t.Errorf("in the middle: %+v", p)
	}
}

// TestNoSums: spare bytes without sums, and those that weren't read.
func TestNoSums(t *testing.T) {
	t.Parallel()
	for _, fill := range []byte{0xff, 0} {
		var img []byte
		for data := flash(2048); len(data) > 0; data = data[2048:] {
			img = append(append(img, data[:2048]...), bytes.Repeat([]byte{fill}, 64)...)
		}
		if p := looktest.At(t, formats, img, 0); p == nil {
			t.Errorf("filled with %02x: not found", fill)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(dump(flash(512), 512, 16))
	f.Add(dump(flash(2048), 2048, 64))
	f.Fuzz(func(t *testing.T, img []byte) {
		p := looktest.At(t, formats, img, 0)
		if p == nil {
			return
		}
		list, err := p.Contents(context.Background(), format.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, io.NewSectionReader(list[0].Source, 0, list[0].Source.Size())); err != nil || n >= int64(len(img)) {
			t.Errorf("%d of %d bytes, %v", n, len(img), err)
		}
	})
}
