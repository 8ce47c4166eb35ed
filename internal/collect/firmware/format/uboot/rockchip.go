package uboot

import (
	"bytes"
	"context"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"

	"assay/internal/collect/firmware/format"
)

// Rockchip's boot ROMs read blocks of 512 bytes (tools/rkcommon.c of U-Boot).
const (
	rkMagic1 = "\x3b\x8c\xdc\xfc" // 0x0ff0aa55 under rkKey
	rkMagic2 = "RKNS"
	rkBlock  = 512
	// The second format: where its entries stand, and how long one is.
	rkEntries = 120
	rkEntry   = 88
)

// rkKey is the key of the first format; it is the same in every device.
var rkKey = []byte{124, 78, 3, 4, 85, 5, 9, 7, 45, 44, 123, 56, 23, 13, 23, 17}

func lookRockchip(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	switch b := format.Head(s, at, 4); string(b) {
	case rkMagic1:
		return lookRK1(s, at)
	case rkMagic2:
		return lookRK2(ctx, s, at)
	}
	return nil, nil
}

// lookRK1 reads the format whose first block is under RC4.
func lookRK1(s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, rkBlock)
	if len(b) < rkBlock {
		return nil, nil
	}
	c, err := rc4.NewCipher(rkKey)
	if err != nil {
		return nil, err
	}
	c.XORKeyStream(b, b)
	le := binary.LittleEndian
	plain, off, n := le.Uint32(b[8:]), int64(le.Uint16(b[12:])), int64(le.Uint16(b[506:]))
	if le.Uint32(b) != 0x0ff0aa55 || plain > 1 || off == 0 || off > 64 || n == 0 || n > 4096 {
		return nil, nil
	}
	p := &format.Part{Format: "rockchip-idblock", Offset: at, Note: fmt.Sprintf("Rockchip boot image, first loader of %d bytes", n*rkBlock)}
	p.Claim(s, (off+n)*rkBlock)
	switch from := off * rkBlock; {
	case plain == 0:
		p.Guards = []format.Guard{{Kind: format.Encryption, Scheme: "rc4", State: format.Present, Note: "with a key that every device shares and that is public", Offset: at}}
	case from < p.Size:
		p.Regions = []format.Region{{Name: "loader", Offset: at + from, Size: p.Size - from}}
	}
	return p, nil
}

// Flags of the second format.
const (
	rkSHA256  = 1 << 0
	rkSHA512  = 1 << 1
	rkRSA2048 = 1 << 4
	rkRSA4096 = 1 << 5
	rkSigned  = 1 << 13
)

// lookRK2 reads the format with hashes: four entries, and at byte 1536 the hash
// of all before it, or a signature.
func lookRK2(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	const head, summed = 2048, 1536
	b := format.Head(s, at, head)
	if len(b) < head {
		return nil, nil
	}
	le := binary.LittleEndian
	images, flags := int(le.Uint16(b[10:])), le.Uint32(b[12:])
	if images < 1 || images > 4 || flags&(rkSHA256|rkSHA512) == rkSHA256|rkSHA512 {
		return nil, nil
	}
	var start func() hash.Hash
	scheme := ""
	switch {
	case flags&rkSHA256 != 0:
		start, scheme = sha256.New, "sha256"
	case flags&rkSHA512 != 0:
		start, scheme = sha512.New, "sha512"
	default:
		return nil, nil
	}
	h := start()
	h.Write(b[:summed])
	good := bytes.HasPrefix(b[summed:], h.Sum(nil))
	// Of a signed header the first entry tells: its address is not used.
	if !good && (flags&rkSigned == 0 || le.Uint32(b[rkEntries+4:]) != 1<<32-1) {
		return nil, nil
	}
	p := &format.Part{Format: "rockchip-idblock", Offset: at, Note: fmt.Sprintf("Rockchip boot image, %d loader(s)", images)}
	end := int64(head)
	for i := range images {
		e := b[rkEntries+i*rkEntry:]
		end = max(end, (int64(le.Uint16(e))+int64(le.Uint16(e[2:])))*rkBlock)
	}
	p.Claim(s, end)
	if flags&rkSigned != 0 {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: rsa(flags), State: format.Present, Note: "the boot ROM checks it where the fuse is set", Offset: at + summed})
	} else {
		p.Checked(scheme, good, at+summed, "header")
	}
	if gap := format.Head(s, at+head, head); len(bytes.Trim(gap, "\x00")) == 0 {
		// Some SPI loaders use the first half of each 4 KiB; loaders in pieces are
		// not put together.
		p.Note += ", spread over halves of 4 KiB"
		p.Regions = []format.Region{{Name: "loaders", Offset: at + head, Size: p.Size - head}}
		return p, nil
	}
	last := int64(head)
	var err error
	for i := range images {
		last, err = rkLoader(ctx, s, p, b, i, last, scheme, start())
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// rkLoader reads entry i of the header b: where a loader stands, and its hash.
// It returns where the loader ends.
func rkLoader(ctx context.Context, s format.Source, p *format.Part, b []byte, i int, last int64, scheme string, h hash.Hash) (int64, error) {
	entry := rkEntries + i*rkEntry
	e, at := b[entry:], p.Offset+int64(entry)
	off, n := int64(binary.LittleEndian.Uint16(e))*rkBlock, int64(binary.LittleEndian.Uint16(e[2:]))*rkBlock
	if n == 0 {
		return last, nil // no second loader
	}
	if off < last || off+n > p.Size {
		p.Problems = append(p.Problems, format.Problem{Offset: at, Kind: format.Damaged,
			Detail: fmt.Sprintf("rockchip-idblock: loader %d claims %d bytes at %d", i, n, off)})
		return last, nil
	}
	p.Regions = append(p.Regions, format.Region{Name: fmt.Sprintf("loader%d", i), Offset: p.Offset + off, Size: n})
	if err := format.Sum(ctx, s, p.Offset+off, n, h); err != nil {
		return last, err
	}
	p.Checked(scheme, bytes.HasPrefix(e[24:], h.Sum(nil)), at+24, fmt.Sprintf("loader %d", i))
	return off + n, nil
}

func rsa(flags uint32) string {
	switch {
	case flags&rkRSA2048 != 0:
		return "rsa2048"
	case flags&rkRSA4096 != 0:
		return "rsa4096"
	}
	return "rockchip"
}
