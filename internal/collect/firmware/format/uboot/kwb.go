package uboot

import (
	"context"
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// media are the devices that Marvell's boot ROM reads from (tools/kwbimage.h).
var media = map[byte]string{0x4d: "I2C", 0x5a: "SPI", 0x69: "UART", 0x78: "SATA", 0x8b: "NAND", 0x9c: "PEX", 0xae: "SDIO"}

// lookKWB reads the header of Marvell's boot ROM, version 0 (Kirkwood, Dove) or
// 1 (Armada): bytes that add up, and words behind it that add up. There is no
// magic number, so both sums must fit.
func lookKWB(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 32)
	if len(b) < 32 || media[b[0]] == "" || b[8] > 1 {
		return nil, nil
	}
	le := binary.LittleEndian
	size, src := int64(le.Uint32(b[4:])), int64(le.Uint32(b[12:]))
	head := int64(32)
	if b[8] == 1 {
		head = int64(b[9])<<16 | int64(le.Uint16(b[10:]))
	}
	if b[0] == 0x78 {
		src *= 512 // of SATA, in sectors
	}
	if head < 32 || head > 192<<10 || src < head || size < 8 || size%4 != 0 || size > s.Size()-at || src > s.Size()-at-size {
		return nil, nil
	}
	var sum byte
	for _, c := range format.Head(s, at, int(head)) {
		sum += c
	}
	if sum-b[31] != b[31] {
		return nil, nil
	}
	var data words
	if err := format.Sum(ctx, s, at+src, size-4, &data); err != nil {
		return nil, err
	}
	tail := format.Head(s, at+src+size-4, 4)
	if len(tail) < 4 || le.Uint32(tail) != data.value || data.value == 0 {
		return nil, nil
	}
	p := &format.Part{Format: "u-boot", Offset: at, Size: src + size,
		Note: fmt.Sprintf("Marvell boot image version %d for %s, load 0x%08x, entry 0x%08x", b[8], media[b[0]], le.Uint32(b[16:]), le.Uint32(b[20:])),
		Code: true, Regions: []format.Region{{Name: "u-boot", Offset: at + src, Size: size - 4}}}
	p.Checked("sum8", true, at+31, "header")
	p.Checked("sum32", true, at+src+size-4, "image")
	return p, nil
}
