package uboot

import (
	"context"
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
)

const (
	eGON = "eGON.BT0"
	// stamp stands for the checksum while it is made (include/sunxi_image.h).
	stamp   = 0x5f0a6c39
	maxSPL  = 1 << 20
	uimage  = "\x27\x05\x19\x56"
	uHeader = 64
)

// splEnds are where U-Boot proper stands behind the first loader: 32 KiB, with
// larger ones 40 KiB (CONFIG_SYS_SPI_U_BOOT_OFFS, the boards' layouts).
var splEnds = []int64{0x8000, 0xa000}

// lookSunxi reads what Allwinner's boot ROM starts: a branch, a magic number, a
// checksum over words, a length.
func lookSunxi(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 32)
	if len(b) < 32 || string(b[4:12]) != eGON {
		return nil, nil
	}
	le := binary.LittleEndian
	n := int64(le.Uint32(b[16:]))
	// The first word jumps over the header: on ARM, or on RISC-V.
	if n < 32 || n > maxSPL || n%4 != 0 || b[3] != 0xea && b[0]&0x7f != 0x6f {
		return nil, nil
	}
	p := &format.Part{Format: "u-boot", Offset: at, Note: fmt.Sprintf("Allwinner boot image, first loader of %d bytes", n)}
	if p.Claim(s, n) {
		var sum words
		if err := format.Sum(ctx, s, at, n, &sum); err != nil {
			return nil, err
		}
		want := le.Uint32(b[12:])
		p.Checked("sum32", sum.value-want+stamp == want, at+12, "first loader")
	}
	p.Regions = []format.Region{{Name: "spl", Offset: at + 32, Size: p.Size - 32}}
	for _, off := range splEnds {
		h := format.Head(s, at+off, uHeader)
		if off < n || len(h) < uHeader || string(h[:4]) != uimage {
			continue
		}
		size := min(uHeader+int64(binary.BigEndian.Uint32(h[12:])), s.Size()-at-off)
		p.Regions = append(p.Regions, format.Region{Name: "u-boot", Offset: at + off, Size: size, Try: []string{"uimage"}})
		p.Size = off + size
		break
	}
	return p, nil
}

// words adds up little-endian words of 32 bits; what is left at the end of a
// write waits for the next.
type words struct {
	value uint32
	rest  []byte
}

func (w *words) Write(p []byte) (int, error) {
	n := len(p)
	if len(w.rest) > 0 {
		p = append(w.rest, p...)
	}
	for ; len(p) >= 4; p = p[4:] {
		w.value += binary.LittleEndian.Uint32(p)
	}
	w.rest = append([]byte(nil), p...)
	return n, nil
}
