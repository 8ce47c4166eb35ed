package vendor

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// lookXiaomi reads Xiaomi's HDR1 and HDR2: where the signature stands, CRC-32
// without its last step over all from byte 12 on, up to eight named images
// (xiaomifw.c of OpenWrt's firmware-utils).
func lookXiaomi(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	const blob = 48
	b := format.Head(s, at, 80)
	if len(b) < 80 || string(b[:3]) != "HDR" || b[3] != '1' && b[3] != '2' {
		return nil, nil
	}
	le := binary.LittleEndian
	head, device := int64(48), fmt.Sprintf("device %d", le.Uint16(b[14:]))
	if string(b[:4]) == "HDR2" {
		name, ok := text(b[16:24])
		region, _ := text(b[24:32])
		if !ok {
			return nil, nil
		}
		head, device = 80, fmt.Sprintf("device %s %s", name, region)
	}
	signature := int64(le.Uint32(b[4:]))
	if signature < head+blob || signature > biggest {
		return nil, nil
	}
	p := &format.Part{Format: "xiaomi", Offset: at, Note: fmt.Sprintf("Xiaomi %s, %s", b[:4], device)}
	size := signature
	if h := format.Head(s, at+signature, 4); len(h) == 4 {
		n := int64(le.Uint32(h))
		size += 16 + n
		if n > 0 && n <= 4096 {
			p.Guards = []format.Guard{{Kind: format.Signature, Scheme: fmt.Sprintf("rsa%d", 8*n), State: format.Present, Note: "image", Offset: at + signature}}
		}
	}
	whole := p.Claim(s, size)
	for i := head - 32; i < head; i += 4 {
		off := int64(le.Uint32(b[i:]))
		if off == 0 {
			break
		}
		h := format.Head(s, at+off, blob)
		if len(h) < blob || le.Uint32(h) != 0xbabe {
			break
		}
		name, _ := text(h[16:48])
		add(p, name, off+blob, int64(le.Uint32(h[8:])), head)
	}
	if len(p.Regions) == 0 {
		return nil, nil
	}
	if whole {
		crc, err := format.CRC32(ctx, s, at+12, p.Size-12)
		if err != nil {
			return nil, err
		}
		p.Checked("crc32", ^crc == le.Uint32(b[8:]), at+8, "image")
	}
	return p, nil
}

// lookRKFW reads Rockchip's update.img: a loader, an RKAF archive, an MD5 as
// text behind them (rkImageMaker's layout, as afptool-rs and rk_image_tool
// document it).
func lookRKFW(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	const head = 0x66
	b := format.Head(s, at, head)
	if len(b) < head || string(b[:6]) != "RKFW\x66\x00" {
		return nil, nil
	}
	le := binary.LittleEndian
	loader, loaderLen, image, imageLen := int64(le.Uint32(b[0x19:])), int64(le.Uint32(b[0x1d:])), int64(le.Uint32(b[0x21:])), int64(le.Uint32(b[0x25:]))
	if month := b[0x10]; month == 0 || month > 12 || loader < head || image < head || imageLen == 0 || string(format.Head(s, at+image, 4)) != "RKAF" {
		return nil, nil
	}
	p := &format.Part{Format: "rockchip-rkfw", Offset: at, Note: fmt.Sprintf("Rockchip update image, version %d.%d.%d, made %d-%02d-%02d",
		b[9], b[8], le.Uint16(b[6:]), le.Uint16(b[14:]), b[0x10], b[0x11])}
	size := max(loader+loaderLen, image+imageLen)
	want, err := hex.DecodeString(string(format.Head(s, at+size, 32)))
	if err != nil || len(want) != md5.Size {
		p.Claim(s, size)
	} else {
		h := md5.New()
		if err := format.Sum(ctx, s, at, size, h); err != nil {
			return nil, err
		}
		p.Claim(s, size+32)
		p.Checked("md5", bytes.Equal(h.Sum(nil), want), at+size, "image")
	}
	add(p, "loader", loader, loaderLen, head)
	add(p, "update", image, imageLen, head, "rockchip-rkaf")
	return p, nil
}

// lookRKAF reads Rockchip's archive of partitions: length, model, a table with
// names, files, positions; a CRC of its own kind behind the length.
func lookRKAF(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	const table, entry = 0x8c, 0x70
	b := format.Head(s, at, table+16*entry)
	if len(b) < table+entry || string(b[:4]) != "RKAF" {
		return nil, nil
	}
	le := binary.LittleEndian
	size, n := int64(le.Uint32(b[4:])), int(le.Uint32(b[0x88:]))
	model, ok1 := text(b[8:0x2a])
	maker, ok2 := text(b[0x48:0x80])
	if !ok1 || !ok2 || n < 1 || n > 16 || size < table+int64(n*entry) || table+n*entry > len(b) {
		return nil, nil
	}
	p := &format.Part{Format: "rockchip-rkaf", Offset: at, Name: format.Printable(model), Note: fmt.Sprintf("Rockchip archive, model %q of %q, %d partitions", format.Printable(model), format.Printable(maker), n)}
	whole := p.Claim(s, size)
	for i := range n {
		e := b[table+i*entry:]
		name, _ := text(e[:32])
		file, _ := text(e[32:92])
		if file == "RESERVED" || file == "SELF" {
			continue // the whole image again
		}
		add(p, name, int64(le.Uint32(e[0x60:])), int64(le.Uint32(e[0x6c:])), table)
	}
	tail := format.Head(s, at+size, 4)
	if !whole || len(tail) < 4 {
		return p, nil
	}
	crc := newCRC(0x04c10db7)
	if err := format.Sum(ctx, s, at, size, crc); err != nil {
		return nil, err
	}
	// Packages made without it are as common as ones with it.
	if crc.value == le.Uint32(tail) {
		p.Size += 4
		p.Checked("rkcrc32", true, at+size, "archive")
	}
	return p, nil
}

// crc32msb is a CRC-32 that takes the highest bit first.
type crc32msb struct {
	table [256]uint32
	value uint32
}

func newCRC(poly uint32) *crc32msb {
	r := &crc32msb{}
	for i := range r.table {
		c := uint32(i) << 24
		for range 8 {
			if c&(1<<31) != 0 {
				c = c<<1 ^ poly
			} else {
				c <<= 1
			}
		}
		r.table[i] = c
	}
	return r
}

func (r *crc32msb) Write(p []byte) (int, error) {
	v := r.value
	for _, c := range p {
		v = v<<8 ^ r.table[byte(v>>24)^c]
	}
	r.value = v
	return len(p), nil
}
