package uboot

import (
	"context"
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// lookIVT reads the image vector table of NXP's i.MX boot ROMs (i.MX 6 reference
// manual, "Image Vector Table Structure"; include/imximage.h of U-Boot): memory
// addresses that must agree with each other. A pointer to command sequences
// (CSF) is the one that makes High Assurance Boot check signatures.
func lookIVT(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 32)
	if len(b) < 32 {
		return nil, nil
	}
	word := func(i int) int64 { return int64(binary.LittleEndian.Uint32(b[i:])) }
	entry, dcd, boot, self, csf := word(4), word(12), word(16), word(20), word(24)
	if word(8) != 0 || word(28) != 0 || self == 0 || boot < self+32 || boot > self+4096 {
		return nil, nil
	}
	d := format.Head(s, at+boot-self, 12)
	if len(d) < 12 {
		return nil, nil
	}
	start, size, plugin := int64(binary.LittleEndian.Uint32(d)), int64(binary.LittleEndian.Uint32(d[4:])), binary.LittleEndian.Uint32(d[8:])
	within := func(addr int64) bool { return addr >= start && addr < start+size }
	if plugin > 1 || size == 0 || size > 64<<20 || start > self || self-start > 64<<10 || !within(entry) || dcd != 0 && !within(dcd) || csf != 0 && !within(csf) {
		return nil, nil
	}
	if dcd != 0 {
		if tag := format.Head(s, at+dcd-self, 1); len(tag) == 1 && tag[0] != 0xd2 {
			return nil, nil
		}
	}
	p := &format.Part{Format: "imx-ivt", Offset: at, Note: fmt.Sprintf("NXP i.MX boot image, load 0x%08x, entry 0x%08x", start, entry)}
	p.Claim(s, start+size-self)
	if entry > self && entry-self < p.Size {
		p.Regions = []format.Region{{Name: "loader", Offset: at + entry - self, Size: p.Size - (entry - self)}}
	}
	if csf == 0 {
		p.Note += ", without command sequences: not signed"
		return p, nil
	}
	note := "High Assurance Boot checks it where the fuse is set"
	if tag := format.Head(s, at+csf-self, 1); len(tag) == 0 || tag[0] != 0xd4 {
		note = "the header points to command sequences that are not in the image"
	}
	p.Guards = []format.Guard{{Kind: format.Signature, Scheme: "nxp-hab", State: format.Present, Note: note, Offset: at + 24}}
	return p, nil
}
