package kernel

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/banner"
)

const imageHead = 64

// lookImage reads the header of a plain kernel of ARM64 or RISC-V
// (Documentation/arch/arm64/booting.rst, Documentation/arch/riscv/
// boot-image-header.rst of Linux).
func lookImage(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, imageHead)
	if len(b) < imageHead {
		return nil, nil
	}
	le := binary.LittleEndian
	text, size, flags := le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[24:])
	p := &format.Part{Offset: at, Code: true}
	var reserved []byte
	switch {
	case string(b[0x38:0x3c]) == "ARM\x64" && (string(b[:2]) == "MZ" || b[3]>>2 == 5 || b[7]>>2 == 5): // a branch is one of the first two
		p.Format, p.Note, reserved = "arm64-image", "Linux Image, ARM64", b[0x20:0x38]
	case string(b[0x30:0x38]) == "RISCV\x00\x00\x00" && string(b[0x38:0x3c]) == "RSC\x05" && b[0]|b[1]|b[2]|b[3] != 0:
		p.Format, p.Note, reserved = "riscv-image", "Linux Image, RISC-V", b[0x24:0x30]
	default:
		return nil, nil
	}
	if flags > 0xff || text > 64<<20 || text%4096 != 0 || size > biggest || len(bytes.Trim(reserved, "\x00")) > 0 {
		return nil, nil
	}
	// The header's size counts memory that is zero at the start, which is not in
	// the file; the header for EFI knows the file.
	if end := peEnd(s, at); end > 0 {
		p.Claim(s, end)
	} else if p.Size = s.Size() - at; size > 0 {
		p.Size = min(p.Size, int64(size))
	}
	if p.Size <= imageHead {
		return nil, nil
	}
	p.Regions = []format.Region{{Name: "kernel", Offset: at + imageHead, Size: p.Size - imageHead}}
	return p, nil
}

// peEnd is where the last section of a PE image ends, from its first byte; 0
// where at holds none.
func peEnd(s format.Source, at int64) int64 {
	b := format.Head(s, at, 0x40)
	if len(b) < 0x40 || string(b[:2]) != "MZ" {
		return 0
	}
	le := binary.LittleEndian
	pe := int64(le.Uint32(b[0x3c:]))
	h := format.Head(s, at+pe, 24)
	if pe > 1<<20 || len(h) < 24 || string(h[:4]) != "PE\x00\x00" {
		return 0
	}
	sections := int(le.Uint16(h[6:]))
	table := format.Head(s, at+pe+24+int64(le.Uint16(h[20:])), 40*min(sections, 32))
	var end int64
	for ; len(table) >= 40; table = table[40:] {
		if n := int64(le.Uint32(table[16:])); n > 0 {
			end = max(end, int64(le.Uint32(table[20:]))+n)
		}
	}
	return end
}

// lookBanner finds the line that /proc/version shows. It stands in every kernel
// that is not packed.
func lookBanner(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, banner.Max)
	if len(b) < 16 || b[14] < '0' || b[14] > '9' {
		return nil, nil // "Linux version %s" of programs, mostly
	}
	sys, ok := banner.Linux(b, at)
	if !ok {
		return nil, nil
	}
	return &format.Part{Format: "linux-banner", Offset: at, Size: int64(len(sys.Text)), Note: format.Printable(sys.Text), Systems: []format.System{sys}}, nil
}

const (
	ikStart   = "IKCFG_ST"
	ikEnd     = "IKCFG_ED"
	maxConfig = 4 << 20 // decoded; a configuration with everything in it has 300 KiB
)

// lookConfig finds the configuration that CONFIG_IKCONFIG embeds
// (kernel/configs.c of Linux): gzip between two markers.
func lookConfig(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	start := at + int64(len(ikStart))
	b := format.Head(s, at, len(ikStart)+18)
	if len(b) < len(ikStart)+18 || string(b[:len(ikStart)]) != ikStart {
		return nil, nil
	}
	if b[len(ikStart)] != 0x1f || b[len(ikStart)+1] != 0x8b || b[len(ikStart)+2] != 8 {
		return nil, nil
	}
	size, err := config(ctx, s, start)
	if err != nil {
		return nil, err
	}
	if size < 0 {
		return nil, nil
	}
	p := &format.Part{Format: "ikconfig", Offset: at, Size: start + size - at, Note: "configuration of the kernel"}
	if string(format.Head(s, start+size, len(ikEnd))) == ikEnd {
		p.Size += int64(len(ikEnd))
	} else {
		p.Problems = append(p.Problems, format.Problem{Offset: start + size, Kind: format.Damaged, Detail: "ikconfig: the closing marker is missing"})
	}
	p.Contents = func(_ context.Context, lim format.Limits) ([]format.Content, error) {
		z, err := gzip.NewReader(format.Section(s, start, size))
		if err != nil {
			return nil, fmt.Errorf("ikconfig: %w: %w", format.ErrDamaged, err)
		}
		z.Multistream(false)
		return []format.Content{{Name: "config", Stream: io.LimitReader(z, min(maxConfig, lim.Defaults().File))}}, nil
	}
	return p, nil
}

// config decodes the stream at offset at and returns how many bytes it takes,
// -1 where none stands there.
func config(ctx context.Context, s format.Source, at int64) (int64, error) {
	sec := format.Section(s, at, maxConfig)
	r := bufio.NewReaderSize(sec, 4096)
	z, err := gzip.NewReader(r)
	if err != nil {
		return -1, nil
	}
	z.Multistream(false)
	if _, err := io.CopyN(io.Discard, z, maxConfig); err != io.EOF {
		return -1, ctx.Err()
	}
	read, err := sec.Seek(0, io.SeekCurrent)
	return read - int64(r.Buffered()), err
}
