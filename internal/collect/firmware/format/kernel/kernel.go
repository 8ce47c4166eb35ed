// Package kernel reads images of the Linux kernel: the self-extracting ones of
// ARM and x86, the plain ones of ARM64 and RISC-V, EFI's compressed one; and what
// stands in any kernel, whatever it is packed in: the banner and the embedded
// configuration. In: bytes at an offset. Out: the compressed kernel as a range
// with its decoder, versions, the configuration.
//
// A plain kernel (what a decoder gave out, or a vmlinux in flash) is no part of
// its own: its bytes are one program, in which the formats of this package and
// others (cpio, gzip) find the rest.
package kernel

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/payload"
)

// loader bounds how far the compressed kernel is searched for: decompressors
// and boot stubs are below 200 KiB.
const loader = 1 << 20

// biggest is more than any kernel has.
const biggest = 512 << 20

// Formats returns the formats of this package.
func Formats() []format.Format {
	return []format.Format{
		{Name: "zimage", Magics: []format.Magic{{Bytes: zLittle, At: zMagicAt}, {Bytes: zBig, At: zMagicAt}}, Look: lookZImage},
		{Name: "bzimage", Magics: []format.Magic{{Bytes: "HdrS", At: 0x202}}, Look: lookBZImage},
		{Name: "efi-zboot", Magics: []format.Magic{{Bytes: "zimg", At: 4}}, Look: lookZBoot},
		{Name: "arm64-image", Magics: []format.Magic{{Bytes: "ARM\x64", At: 0x38}}, Look: lookImage},
		{Name: "riscv-image", Magics: []format.Magic{{Bytes: "RISCV\x00\x00\x00", At: 0x30}}, Look: lookImage},
		{Name: "linux-banner", Magics: []format.Magic{{Bytes: "Linux version "}}, Look: lookBanner},
		{Name: "ikconfig", Magics: []format.Magic{{Bytes: ikStart + "\x1f\x8b"}}, Look: lookConfig},
	}
}

const (
	zMagicAt = 0x24
	zLittle  = "\x18\x28\x6f\x01"
	zBig     = "\x01\x6f\x28\x18"
	zHead    = 0x40
)

// lookZImage reads the header of arch/arm/boot/compressed/head.S: magic number,
// start, end; from Linux 3.x on a word that tells the order of bytes; from 4.15
// on a table that says where the compressed kernel ends (vmlinux.lds.S there).
func lookZImage(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, zHead)
	if len(b) < zHead {
		return nil, nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(b[zMagicAt : zMagicAt+4]) {
	case zLittle:
	case zBig:
		order = binary.BigEndian
	default:
		return nil, nil
	}
	start, end := int64(order.Uint32(b[0x28:])), int64(order.Uint32(b[0x2c:]))
	// "mov r0, r0" fills the eight words before the branch; BE8 kernels keep
	// instructions little endian.
	nop := binary.LittleEndian.Uint32(b[8:]) == 0xe1a00000 || binary.BigEndian.Uint32(b[8:]) == 0xe1a00000
	ordered := order.Uint32(b[0x30:]) == 0x04030201
	if size := end - start; !nop && !ordered || size <= zHead || size > biggest {
		return nil, nil
	}
	p := &format.Part{Format: "zimage", Offset: at, Note: "Linux zImage, ARM"}
	if order == binary.BigEndian {
		p.Note += ", big endian"
	}
	p.Claim(s, end-start)
	last := p.Size // where the compressed kernel ends, 4 bytes with its size before
	if order.Uint32(b[0x34:]) == 0x45454545 {
		table := format.Head(s, at+int64(order.Uint32(b[0x38:])), 12)
		if len(table) == 12 && order.Uint32(table[4:]) == 0x5a534c4b {
			last = min(last, int64(order.Uint32(table[8:]))+4)
		}
	}
	packed(p, s, at+zHead, at+last)
	return p, nil
}

// packed looks for the compressed kernel in [from, end).
func packed(p *format.Part, s format.Source, from, end int64) {
	b := format.Head(s, from, int(min(loader+64, end-from)))
	if i, name := payload.Find(b); name != "" {
		p.Note += ", " + name
		p.Regions = append(p.Regions, format.Region{Name: "kernel", Offset: from + int64(i), Size: end - from - int64(i), Try: []string{name}, Program: true})
	} else {
		p.Problems = append(p.Problems, format.Problem{Offset: from, Kind: format.Unsupported, Detail: p.Format + ": no compressed kernel is found in it"})
	}
}

// lookBZImage reads the setup header of x86 (Documentation/arch/x86/boot.rst of
// Linux).
func lookBZImage(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 0x264)
	if len(b) < 0x264 || string(b[0x202:0x206]) != "HdrS" || b[0x1fe] != 0x55 || b[0x1ff] != 0xaa {
		return nil, nil
	}
	le := binary.LittleEndian
	protocol, sectors := le.Uint16(b[0x206:]), int64(b[0x1f1])
	if protocol < 0x200 || protocol > 0x2ff {
		return nil, nil
	}
	if sectors == 0 {
		sectors = 4 // "for backwards compatibility"
	}
	setup, code := (sectors+1)*512, int64(le.Uint32(b[0x1f4:]))*16
	if code == 0 || code > biggest {
		return nil, nil
	}
	p := &format.Part{Format: "bzimage", Offset: at, Note: fmt.Sprintf("Linux bzImage, x86, boot protocol %d.%02d", protocol>>8, protocol&0xff)}
	p.Claim(s, setup+code)
	if text := int64(le.Uint16(b[0x20e:])); text != 0 && text+0x200 < setup {
		version, _, _ := bytes.Cut(format.Head(s, at+0x200+text, 256), []byte{0})
		if name, _, ok := bytes.Cut(version, []byte(" ")); ok {
			p.Systems = []format.System{{Name: "linux", Version: format.Printable(string(name)), Text: format.Printable(string(version)), Offset: at + 0x200 + text}}
		}
	}
	end := at + p.Size
	if protocol >= 0x208 {
		off, n := int64(le.Uint32(b[0x248:])), int64(le.Uint32(b[0x24c:]))
		if from := at + setup + off; n > 0 && off < code && from < end {
			packed(p, s, from, min(from+n, end))
			return p, nil
		}
	}
	if from := at + setup; from < end {
		packed(p, s, from, end)
	}
	return p, nil
}

// lookZBoot reads the header of drivers/firmware/efi/libstub/zboot-header.S of
// Linux: where the compressed kernel stands, and its compression.
func lookZBoot(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 0x40)
	if len(b) < 0x40 || string(b[:2]) != "MZ" || string(b[4:8]) != "zimg" {
		return nil, nil
	}
	le := binary.LittleEndian
	off, n := int64(le.Uint32(b[8:])), int64(le.Uint32(b[12:]))
	kind, _, ok := bytes.Cut(b[0x18:0x38], []byte{0})
	try := map[string]string{"gzip": "gzip", "lz4": "lz4", "lzma": "lzma", "lzo": "lzop", "xz": "xz", "xzkern": "xz", "zstd": "zstd", "zstd22": "zstd"}[string(kind)]
	if !ok || try == "" || off < 0x40 || n == 0 || n > biggest {
		return nil, nil
	}
	p := &format.Part{Format: "efi-zboot", Offset: at, Note: "Linux for EFI, compressed with " + string(kind)}
	p.Claim(s, max(off+n, peEnd(s, at)))
	if off < p.Size {
		p.Regions = []format.Region{{Name: "kernel", Offset: at + off, Size: min(n, p.Size-off), Try: []string{try}, Program: true}}
	}
	return p, nil
}
