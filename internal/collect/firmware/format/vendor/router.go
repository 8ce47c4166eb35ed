package vendor

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/format"
)

// lookLinksys reads the 32 bytes that Linksys puts before a TRX image
// (addpattern.c of OpenWrt's firmware-utils): a pattern for the model, date and
// version. The TRX image behind it is a part of its own.
func lookLinksys(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 36)
	if len(b) < 36 || string(b[14:18]) != "U2ND" || string(b[32:]) != "HDR0" || !printable(b[:4]) || b[9] == 0 || b[9] > 12 || b[10] == 0 || b[10] > 31 {
		return nil, nil
	}
	return &format.Part{Format: "linksys", Offset: at, Size: 32, Name: string(b[:4]),
		Note: fmt.Sprintf("Linksys, pattern %q, version %d.%d.%d of 20%02d-%02d-%02d", b[:4], b[11], b[12], b[13], b[8], b[9], b[10])}, nil
}

// lookCHDR reads a later header of Linksys: length and CRC-32 without its last
// step, over all from byte 12 on (linksys-addfwhdr.c there).
func lookCHDR(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 16)
	if len(b) < 16 || string(b[:4]) != "CHDR" {
		return nil, nil
	}
	size := int64(binary.LittleEndian.Uint32(b[4:]))
	if size <= 16 || size > s.Size()-at {
		return nil, nil
	}
	crc, err := format.CRC32(ctx, s, at+12, size-12)
	if err != nil || ^crc != binary.LittleEndian.Uint32(b[8:]) {
		return nil, err
	}
	p := &format.Part{Format: "linksys-chdr", Offset: at, Size: size, Note: "Linksys CHDR"}
	p.Checked("crc32", true, at+8, "image")
	add(p, "image", 16, size-16, 16)
	return p, nil
}

// lookFooter reads the 256 bytes at the end of images for later devices of
// Linksys: a name, the model, the checksum of cksum(1) as text
// (scripts/linksys-image.sh of OpenWrt).
func lookFooter(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 256)
	if len(b) < 256 || string(b[:9]) != footerMagic || at+256 != s.Size() && at+257 != s.Size() {
		return nil, nil
	}
	want, err := strconv.ParseUint(string(b[32:40]), 16, 32)
	if err != nil {
		return nil, nil
	}
	crc := newCRC(0x04c11db7)
	if err := format.Sum(ctx, s, 0, at, crc); err != nil {
		return nil, err
	}
	for n := at; n > 0; n >>= 8 {
		crc.Write([]byte{byte(n)})
	}
	model := strings.TrimSpace(format.Printable(string(b[17:32])))
	p := &format.Part{Format: "linksys-footer", Offset: at, Size: 256, Name: model, Note: "Linksys footer, model " + model}
	p.Checked("cksum", ^crc.value == uint32(want), at+32, "image before it")
	return p, nil
}

const (
	footerMagic = ".LINKSYS."
	tagSize     = 256
)

// lookBroadcom reads the tag before images for Broadcom's CFE boot loader:
// lengths and addresses as decimal text, CRC-32 without its last step over the
// tag (include/linux/bcm963xx_tag.h of Linux).
func lookBroadcom(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	const summed, imageAt = 236, 216
	b := format.Head(s, at, tagSize)
	if len(b) < tagSize || b[0] < '0' || b[0] > '9' || b[60] != '0' && b[60] != '1' {
		return nil, nil
	}
	be := binary.BigEndian
	if ^crc32.ChecksumIEEE(b[:summed]) != be.Uint32(b[summed:]) {
		return nil, nil
	}
	number := func(from, to int) int64 {
		t, _, _ := bytes.Cut(b[from:to], []byte{0})
		n, _ := strconv.ParseInt(string(bytes.TrimSpace(t)), 10, 64)
		return max(n, 0)
	}
	total := number(62, 72)
	if total == 0 || total > biggest {
		return nil, nil
	}
	company, _ := text(b[4:24])
	chip, _ := text(b[38:44])
	board, _ := text(b[44:60])
	p := &format.Part{Format: "broadcom-tag", Offset: at, Name: board, Note: fmt.Sprintf("Broadcom CFE image, %q, chip %s, board %s", company, chip, board)}
	whole := p.Claim(s, tagSize+total)
	p.Checked("crc32", true, at+summed, "header")
	if whole {
		crc, err := format.CRC32(ctx, s, at+tagSize, total)
		if err != nil {
			return nil, err
		}
		p.Checked("crc32", ^crc == be.Uint32(b[imageAt:]), at+imageAt, "image")
	}
	cfe, root, kernel := number(84, 94), number(106, 116), number(128, 138)
	rootAddr, kernelAddr := number(94, 106), number(116, 128)
	if kernelAddr > rootAddr && cfe+kernelAddr-rootAddr+kernel == total {
		add(p, "cfe", tagSize, cfe, tagSize)
		add(p, "rootfs", tagSize+cfe, min(root, kernelAddr-rootAddr), tagSize)
		add(p, "kernel", tagSize+cfe+kernelAddr-rootAddr, kernel, tagSize, "lzma")
	} else {
		add(p, "image", tagSize, total, tagSize)
	}
	return p, nil
}

// ubiquiti are the magic numbers of its images.
var ubiquiti = []string{"UBNT", "OPEN", "GEOS"}

// lookUbiquiti reads Ubiquiti's images: a version, then parts with their own
// checksums, then a checksum or an RSA signature over all (fw.h and mkfwimage.c
// of OpenWrt's firmware-utils). All numbers are big endian.
func lookUbiquiti(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	const head, summed, part = 268, 260, 56
	b := format.Head(s, at, head)
	if len(b) < head || !slices.Contains(ubiquiti, string(b[:4])) {
		return nil, nil
	}
	be := binary.BigEndian
	version, ok := text(b[4:summed])
	if !ok || version == "" || crc32.ChecksumIEEE(b[:summed]) != be.Uint32(b[summed:]) {
		return nil, nil
	}
	p := &format.Part{Format: "ubiquiti", Offset: at, Size: s.Size() - at, Name: format.Printable(version), Note: "Ubiquiti " + format.Printable(version)}
	p.Checked("crc32", true, at+summed, "header")
	off := int64(head)
	for len(p.Regions) < 32 {
		h := format.Head(s, at+off, part)
		if len(h) >= 12 && (string(h[:4]) == "END." || string(h[:4]) == "ENDS") {
			return p, ubiquitiEnd(ctx, s, p, off, string(h[:4]), be.Uint32(h[4:]))
		}
		if len(h) < part || !printable(h[:4]) {
			break
		}
		size := int64(be.Uint32(h[48:]))
		if size == 0 || size > s.Size()-at-off-part-8 {
			break
		}
		name, _ := text(h[4:20])
		add(p, name, off+part, size, head)
		crc, err := format.CRC32(ctx, s, at+off, part+size)
		if err != nil {
			return nil, err
		}
		stored := format.Head(s, at+off+part+size, 4)
		p.Checked("crc32", len(stored) == 4 && be.Uint32(stored) == crc, at+off+part+size, "part "+name)
		off += part + size + 8
	}
	p.Size = off
	p.Problems = append(p.Problems, format.Problem{Offset: at + off, Kind: format.Truncated, Detail: "ubiquiti: the closing signature is missing"})
	return p, nil
}

func ubiquitiEnd(ctx context.Context, s format.Source, p *format.Part, off int64, magic string, stored uint32) error {
	if magic == "ENDS" {
		p.Claim(s, off+4+256+4)
		p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: "rsa2048", State: format.Present, Note: "image", Offset: p.Offset + off})
		return nil
	}
	p.Size = off + 12
	crc, err := format.CRC32(ctx, s, p.Offset, off)
	p.Checked("crc32", crc == stored, p.Offset+off+4, "image")
	return err
}
