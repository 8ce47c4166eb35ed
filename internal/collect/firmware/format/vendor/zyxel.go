package vendor

import (
	"context"
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// onescomp adds up big-endian words of 16 bits with the carry (mkzynfw.c of
// OpenWrt's firmware-utils).
type onescomp struct {
	sum uint32
	odd []byte
}

func (o *onescomp) Write(p []byte) (int, error) {
	n := len(p)
	if len(o.odd) > 0 {
		p = append(o.odd, p...)
	}
	for ; len(p) >= 2; p = p[2:] {
		if o.sum += uint32(p[0])<<8 + uint32(p[1]); o.sum > 0xffff {
			o.sum = (o.sum + 1) & 0xffff
		}
	}
	o.odd = append([]byte(nil), p...)
	return n, nil
}

func (o *onescomp) value() uint16 {
	if len(o.odd) > 0 {
		o.Write([]byte{0})
	}
	return uint16(o.sum)
}

// lookRombin reads ZyNOS' header of an object: load address, "SIG", type, sizes,
// flags, checksums (zynos.h there). The flags say which checksum is valid.
func lookRombin(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	const head, packed, packedSum, plainSum = 48, 0x80, 0x20, 0x40
	b := format.Head(s, at, head)
	if len(b) < head || string(b[6:9]) != "SIG" || b[4]|b[5] != 0 {
		return nil, nil
	}
	be := binary.BigEndian
	flags, size, want := b[18], int64(be.Uint32(b[10:])), be.Uint16(b[20:])
	valid := flags&plainSum != 0 && flags&packed == 0
	if flags&packed != 0 {
		size, want, valid = int64(be.Uint32(b[14:])), be.Uint16(b[22:]), flags&packedSum != 0
	}
	if !valid || size < 16 || size > s.Size()-at-head {
		return nil, nil
	}
	var sum onescomp
	if err := format.Sum(ctx, s, at+head, size, &sum); err != nil {
		return nil, err
	}
	if sum.value() != want {
		return nil, nil
	}
	version, _ := text(b[24:39])
	p := &format.Part{Format: "zyxel-rombin", Offset: at, Size: head + size, Name: format.Printable(version),
		Note: fmt.Sprintf("ZyNOS object of type 0x%02x, %q, load 0x%08x", b[9], format.Printable(version), be.Uint32(b))}
	p.Checked("sum16", true, at+20, "object")
	add(p, "object", head, size, head, "lzma")
	return p, nil
}

// lookRAS reads ZyXEL's ras.bin: sums and lengths of a root file system and of a
// kernel, version, model, padding up to an erase block (mkrasimage.c of OpenWrt).
func lookRAS(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	const head, covered = 116, 2048
	b := format.Head(s, at, covered)
	if len(b) < covered || b[0]|b[1] != 0 || b[40]|b[41] != 0 {
		return nil, nil
	}
	version, ok1 := text(b[8:40])
	model, ok2 := text(b[44:108])
	if !ok1 || !ok2 || version == "" || model == "" {
		return nil, nil
	}
	be := binary.BigEndian
	want, root, kernel := be.Uint32(b[40:]), int64(be.Uint32(b[4:])), int64(be.Uint32(b[112:]))
	raw := append([]byte(nil), b...)
	copy(raw[40:44], b[:4]) // the root's sum stands there while this one is made
	var sum bytesum
	sum.Write(raw)
	if sysv(sum.value) != want || root == 0 {
		return nil, nil
	}
	if kernel == 1<<32-1 {
		kernel = 0
	}
	p := &format.Part{Format: "zyxel-ras", Offset: at, Name: model, Note: fmt.Sprintf("ZyXEL, model %s, version %s", model, version)}
	// The header takes an erase block, 64 KiB mostly; the file's size tells.
	start := s.Size() - at - root - kernel
	if start < head || start > 1<<20 {
		start = 64 << 10
	}
	p.Claim(s, start+root+kernel)
	p.Checked("sum16", true, at+40, "header")
	add(p, "rootfs", start, root, head)
	add(p, "kernel", start+root, kernel, head)
	if len(p.Problems) > 0 {
		return p, nil
	}
	for _, r := range []struct {
		name           string
		off, size, sum int64
	}{{"rootfs", start, root, 0}, {"kernel", start + root, kernel, 108}} {
		if r.size == 0 {
			continue
		}
		got, err := sumOf(ctx, s, at+r.off, r.size)
		if err != nil {
			return nil, err
		}
		p.Checked("sum16", sysv(got) == be.Uint32(b[r.sum:]), at+r.sum, r.name)
	}
	return p, nil
}

// sysv folds a sum of bytes as sum(1) of System V does.
func sysv(v uint32) uint32 {
	v = v&0xffff + v>>16
	return v&0xffff + v>>16
}
