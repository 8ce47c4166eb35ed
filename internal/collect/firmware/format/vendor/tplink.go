package vendor

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"strconv"

	"assay/internal/collect/firmware/format"
	"assay/internal/pattern"
)

// The salts stand where the MD5 stands while it is made (mktplinkfw.c,
// mktplinkfw2.c, tplink-safeloader.c of OpenWrt's firmware-utils).
var (
	salt1     = []byte{0xdc, 0xd7, 0x3a, 0xa5, 0xc3, 0x95, 0x98, 0xfb, 0xdd, 0xf9, 0xe7, 0xf4, 0x0e, 0xae, 0x47, 0x38}
	salt1Boot = []byte{0x8c, 0xef, 0x33, 0x5b, 0xd5, 0xc5, 0xce, 0xfa, 0xa7, 0x9c, 0x28, 0xda, 0xb2, 0xe9, 0x0f, 0x42}
	salt2     = []byte{0xdc, 0xd7, 0x3a, 0xa5, 0xc3, 0x95, 0x98, 0xfb, 0xdc, 0xf9, 0xe7, 0xf4, 0x0e, 0xae, 0x47, 0x37}
	salt2Boot = []byte{0x8c, 0xef, 0x33, 0x5f, 0xd5, 0xc5, 0xce, 0xfa, 0xac, 0x9c, 0x28, 0xda, 0xb2, 0xe9, 0x0f, 0x42}
	saltSafe  = []byte{0x7a, 0x2b, 0x15, 0xed, 0x9b, 0x98, 0x59, 0x6d, 0xe5, 0x04, 0xab, 0x44, 0xac, 0x2a, 0x9f, 0x4e}
)

const tplinkHead = 512

// layout is where the fields of a version stand.
type layout struct {
	md5At, fieldsAt int // fieldsAt: total, then offset and length of kernel, root, boot loader
	salt, saltBoot  []byte
}

// lookTPLink1 reads headers of version 1, which name the vendor.
func lookTPLink1(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, tplinkHead)
	if len(b) < tplinkHead {
		return nil, nil
	}
	name, ok1 := text(b[4:28])
	version, ok2 := text(b[28:64])
	if !ok1 || !ok2 || name == "" || b[1]|b[2]|b[3] != 0 {
		return nil, nil
	}
	be := binary.BigEndian
	note := fmt.Sprintf("%s, header version %d, %q, hardware %08x revision %d, firmware %d.%d.%d", name, b[0], version,
		be.Uint32(b[64:]), be.Uint32(b[68:]), be.Uint16(b[0x98:]), be.Uint16(b[0x9a:]), be.Uint16(b[0x9c:]))
	return tplink(ctx, s, at, b, note, layout{0x4c, 0x7c, salt1, salt1Boot})
}

// lookTPLink2 reads headers of versions 2 and 3, which begin with the number
// only; constants in them tell.
func lookTPLink2(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	var n [4]byte
	if at+tplinkHead > s.Size() {
		return nil, nil
	}
	if err := format.ReadAt(s, n[:], at); err != nil {
		return nil, err
	}
	if n[0] != 2 && n[0] != 3 || n[1]|n[2]|n[3] != 0 {
		return nil, nil
	}
	b := format.Head(s, at, tplinkHead)
	version, _ := text(b[4:52])
	if len(b) < tplinkHead || string(b[0x8c:0x8e]) != "\x55\xaa" || b[0x90] != 0xa5 || version == "" {
		return nil, nil
	}
	be := binary.BigEndian
	note := fmt.Sprintf("TP-Link, header version %d, %q, hardware %08x revision %d, firmware %d.%d.%d", b[0], format.Printable(version),
		be.Uint32(b[0x34:]), be.Uint32(b[0x38:]), b[0x91], b[0x92], b[0x93])
	return tplink(ctx, s, at, b, note, layout{0x40, 0x70, salt2, salt2Boot})
}

func tplink(ctx context.Context, s format.Source, at int64, b []byte, note string, l layout) (*format.Part, error) {
	field := func(i int) int64 { return int64(binary.BigEndian.Uint32(b[l.fieldsAt+4*i:])) }
	total, have := field(0), s.Size()-at
	kernel, kernelLen, root, rootLen, boot, bootLen := field(1), field(2), field(3), field(4), field(5), field(6)
	// The length is that of the flash partition, which the file may not fill.
	end := max(kernel+kernelLen, root+rootLen, boot+bootLen)
	if kernel < tplinkHead || kernel > 1<<20 || kernelLen == 0 || end > biggest {
		return nil, nil
	}
	p := &format.Part{Format: "tplink", Offset: at, Note: note}
	if total < end || total > have {
		total = end
	}
	p.Claim(s, total)
	add(p, "kernel", kernel, kernelLen, tplinkHead, "lzma")
	add(p, "rootfs", root, rootLen, tplinkHead)
	add(p, "boot", boot, bootLen, tplinkHead)
	salt := l.salt
	if bootLen > 0 {
		salt = l.saltBoot
	}
	good := false
	for _, n := range []int64{p.Size, have} {
		if good || n < tplinkHead {
			continue
		}
		h := md5.New()
		h.Write(b[:l.md5At])
		h.Write(salt)
		h.Write(b[l.md5At+16:])
		if err := format.Sum(ctx, s, at+tplinkHead, n-tplinkHead, h); err != nil {
			return nil, err
		}
		if good = bytes.Equal(h.Sum(nil), b[l.md5At:l.md5At+16]); good {
			p.Size = n
		}
	}
	p.Checked("md5", good, at+int64(l.md5At), "image, with a salt that is public")
	return p, nil
}

const (
	safeTable = 0x1014
	safeData  = 0x1814
)

var safeLine = pattern.New(`fwup-ptn ([!-~]{1,32}) base 0x([0-9a-fA-F]{1,8}) size 0x([0-9a-fA-F]{1,8})`)

// lookSafeloader reads what newer boot loaders of TP-Link take: size, salted
// MD5, a text of the vendor, a table of partitions in text.
func lookSafeloader(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	if string(format.Head(s, at+safeTable, 9)) != "fwup-ptn " {
		return nil, nil
	}
	b := format.Head(s, at, safeData)
	if len(b) < safeData {
		return nil, nil
	}
	be := binary.BigEndian
	size, about := int64(be.Uint32(b)), int64(be.Uint32(b[20:]))
	table := safeLine.FindAllSubmatch(b[safeTable:], maxParts)
	if size < safeData || about > safeTable-24 || len(table) == 0 {
		return nil, nil
	}
	vendor, _ := text(b[24 : 24+about])
	p := &format.Part{Format: "tplink-safeloader", Offset: at, Note: fmt.Sprintf("TP-Link safeloader, %d partitions, %s", len(table), format.Printable(vendor))}
	if p.Claim(s, size) {
		h := md5.New()
		h.Write(saltSafe)
		if err := format.Sum(ctx, s, at+20, size-20, h); err != nil {
			return nil, err
		}
		p.Checked("md5", bytes.Equal(h.Sum(nil), b[4:20]), at+4, "image, with a salt that is public")
	}
	for _, m := range table {
		base, _ := strconv.ParseInt(string(m[2]), 16, 64)
		n, _ := strconv.ParseInt(string(m[3]), 16, 64)
		add(p, string(m[1]), safeTable+base, n, safeData)
	}
	return p, nil
}
