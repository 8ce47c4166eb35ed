package vendor

import (
	"context"
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// realtek are the signatures of its SDK (apmib.h), and what stands behind them.
var realtek = map[string]string{
	"cs6c": "kernel", "cr6c": "kernel", "cs6b": "kernel", "cr6b": "kernel", "csys": "kernel", "csro": "kernel",
	"r6cr": "rootfs", "r6br": "rootfs", "root": "rootfs",
	"w6cg": "web", "w6bg": "web", "w6ca": "web", "w6cv": "web", "webg": "web", "webp": "web", "boot": "boot",
}

// words16 adds up words of 16 bits.
type words16 struct {
	order binary.ByteOrder
	value uint16
	odd   []byte
}

func (w *words16) Write(p []byte) (int, error) {
	n := len(p)
	if len(w.odd) > 0 {
		p = append(w.odd, p...)
	}
	for ; len(p) >= 2; p = p[2:] {
		w.value += w.order.Uint16(p)
	}
	w.odd = append([]byte(nil), p...)
	return n, nil
}

// lookRealtek reads images of Realtek's SDK: blocks with a signature, start and
// flash address, length, and words that add up to zero; web pages are bytes that
// do.
func lookRealtek(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	p := &format.Part{Format: "realtek", Offset: at}
	for off := int64(0); len(p.Regions) < 16; {
		b := format.Head(s, at+off, 16)
		if len(b) < 16 || realtek[string(b[:4])] == "" {
			break
		}
		size := int64(binary.BigEndian.Uint32(b[12:]))
		if size < 4 || size > s.Size()-at-off-16 {
			break
		}
		sum := &words16{order: binary.BigEndian}
		var bytes bytesum
		if err := format.Sum(ctx, s, at+off+16, size, sum, &bytes); err != nil {
			return nil, err
		}
		name := realtek[string(b[:4])]
		good := size%2 == 0 && sum.value == 0 || name == "web" && byte(bytes.value) == 0
		if !good && off == 0 {
			return nil, nil
		}
		p.Size = off + 16 + size
		p.Checked("sum16", good, at+off+16+size-2, name)
		p.Note += fmt.Sprintf("%s %q for flash 0x%08x, ", name, b[:4], binary.BigEndian.Uint32(b[8:]))
		p.Regions = append(p.Regions, format.Region{Name: name, Offset: at + off + 16, Size: size, Try: []string{"lzma"}})
		off += 16 + size
	}
	if len(p.Regions) == 0 {
		return nil, nil
	}
	p.Note = "Realtek SDK: " + p.Note[:len(p.Note)-2]
	return p, nil
}

// lookEdimax reads the header that mkedimaximg.c (OpenWrt's firmware-utils)
// writes: signature, start and flash address, model, length, in either order of
// bytes; at the end a word that makes the sum of all words zero.
func lookEdimax(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 20)
	if len(b) < 20 || !printable(b[:4]) || !printable(b[12:16]) {
		return nil, nil
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		size := int64(order.Uint32(b[16:]))
		if size < 1024 || size%2 != 0 || 20+size != s.Size()-at || order.Uint32(b[4:]) == 0 || order.Uint32(b[8:]) == 0 {
			continue
		}
		sum := &words16{order: order}
		if err := format.Sum(ctx, s, at+20, size, sum); err != nil {
			return nil, err
		}
		if sum.value != 0 {
			continue
		}
		p := &format.Part{Format: "edimax", Offset: at, Size: 20 + size, Name: string(b[12:16]), Note: fmt.Sprintf("Edimax, signature %q, model %q", b[:4], b[12:16])}
		p.Checked("sum16", true, at+18+size, "image")
		add(p, "image", 20, size-2, 20)
		return p, nil
	}
	return nil, nil
}

func printable(b []byte) bool { return format.Printable(string(b)) == string(b) }
