package vendor

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"assay/internal/collect/firmware/format"
)

// lookAllwinner reads PhoenixSuit's images: a header of 1 KiB, another for each
// file with its types and its place (awimage; two versions of both headers).
func lookAllwinner(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	const header = 1024
	b := format.Head(s, at, 96)
	if len(b) < 96 || string(b[:8]) != "IMAGEWTY" {
		return nil, nil
	}
	le := binary.LittleEndian
	// Where the number of files stands, and the fields of a file.
	count, stored, offset, name := 56, 36, 44, 52
	switch le.Uint32(b[8:]) {
	case 0x100:
	case 0x300:
		count, stored, offset, name = 60, 292, 308, 36
	default:
		return nil, nil
	}
	size, n := int64(le.Uint32(b[24:])), int64(le.Uint32(b[count:]))
	if le.Uint32(b[28:]) != header || n < 1 || n > 1024 || size < header*(n+1) {
		return nil, nil
	}
	p := &format.Part{Format: "allwinner", Offset: at, Note: fmt.Sprintf("PhoenixSuit image, %d files", n)}
	p.Claim(s, size)
	for i := range n {
		h := format.Head(s, at+header*(i+1), 320)
		if len(h) < 320 || le.Uint32(h[4:]) != header {
			return nil, nil
		}
		title, ok := text(h[name : name+min(256, 320-name)])
		if !ok || title == "" {
			title, _ = text(h[16:32])
		}
		add(p, title, int64(le.Uint32(h[offset:])), int64(le.Uint32(h[stored:])), header*(n+1))
	}
	return p, nil
}

// lookAmlogic reads the images of Amlogic's burning tool: a header of 64 bytes, a
// list of items with types and places (aml_image_v2_packer). Its CRC is over all
// behind itself, without the last complement.
func lookAmlogic(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	le := binary.LittleEndian
	b := format.Head(s, at, 64)
	if len(b) < 64 || le.Uint32(b[8:]) != 0x27b51956 {
		return nil, nil
	}
	field := int64(256)
	switch le.Uint32(b[4:]) {
	case 1:
		field = 32
	case 2:
	default:
		return nil, nil
	}
	size, n := int64(le.Uint64(b[12:])&(1<<62-1)), int64(le.Uint32(b[24:]))
	entry := 24 + 8 + 2*field + 32
	tables := 64 + n*entry
	if n < 1 || n > 256 || size < tables || size > 8*biggest {
		return nil, nil
	}
	p := &format.Part{Format: "amlogic", Offset: at, Note: fmt.Sprintf("burning image, version %d, %d items", le.Uint32(b[4:]), n)}
	whole := p.Claim(s, size)
	seen := make(map[[2]int64]bool) // items may share their bytes
	for i := range n {
		h := format.Head(s, at+64+i*entry, int(entry))
		if int64(len(h)) < entry {
			return nil, nil
		}
		kind, ok := text(h[32 : 32+field])
		name, named := text(h[32+field : 32+2*field])
		if !ok || !named || kind == "" {
			return nil, nil
		}
		off, length := int64(le.Uint64(h[16:])&(1<<62-1)), int64(le.Uint64(h[24:])&(1<<62-1))
		if !seen[[2]int64{off, length}] {
			add(p, name+"."+kind, off, length, tables)
		}
		seen[[2]int64{off, length}] = true
	}
	if whole && size <= maxChipSum {
		h := crc32.NewIEEE()
		if err := format.Sum(ctx, s, at+4, size-4, h); err != nil {
			return nil, err
		}
		if sum := h.Sum32(); le.Uint32(b) == sum || le.Uint32(b) == ^sum { // other tools leave other sums
			p.Checked("crc32", true, at, "image")
		}
	}
	return p, nil
}

// maxChipSum is how much is read for a checksum in a look.
const maxChipSum = 256 << 20

// lookAmbarella reads a partition as Ambarella's tools write it: a header of 256
// bytes with a CRC-32 of what follows, a version, a date, a length, an address
// (amba_fwpak of o-gs/dji-firmware-tools).
func lookAmbarella(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	const header = 256
	le := binary.LittleEndian
	b := format.Head(s, at, header)
	if len(b) < header || le.Uint32(b[24:]) != 0xa324eb90 {
		return nil, nil
	}
	size := int64(le.Uint32(b[12:]))
	year, month, day := le.Uint16(b[10:]), b[9], b[8]
	if size < 16 || size > s.Size()-at-header || size > maxChipSum || year < 2000 || year > 2100 || month < 1 || month > 12 || day < 1 || day > 31 {
		return nil, nil
	}
	h := crc32.NewIEEE()
	if err := format.Sum(ctx, s, at+header, size, h); err != nil {
		return nil, err
	}
	// Another sum under this header may be of another program of this maker; a
	// date alone is no proof.
	if h.Sum32() != le.Uint32(b) {
		return nil, nil
	}
	p := &format.Part{Format: "ambarella", Offset: at, Size: header + size,
		Note: fmt.Sprintf("partition, version %d.%d, %04d-%02d-%02d, address 0x%08x", le.Uint16(b[6:]), le.Uint16(b[4:]), year, month, day, le.Uint32(b[16:]))}
	p.Checked("crc32", true, at, "partition")
	add(p, "", header, size, header)
	return p, nil
}

// novatekGUID and the version behind it begin what Novatek's tools pack.
const novatekGUID = "\x07\x2e\x01\xd6\xbc\x10\x91\x4f\xb2\x8a\x35\x2f\x82\x26\x1a\x50\x15\x15\x07\x16"

// lookNovatek reads packages for cameras with chips of Novatek (NVTPACK_FW_HDR2;
// nvtpack.h of the SDK, EgorKin's NTKFWinfo): a list of offsets, sizes and
// numbers of partitions. The sum is not checked.
func lookNovatek(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	le := binary.LittleEndian
	b := format.Head(s, at, 40)
	if len(b) < 40 || string(b[:20]) != novatekGUID {
		return nil, nil
	}
	header, n, size := int64(le.Uint32(b[20:])), int64(le.Uint32(b[24:])), int64(le.Uint32(b[28:]))
	if header < 40 || header > 4096 || n < 1 || n > 64 || size < header+12*n {
		return nil, nil
	}
	list := format.Head(s, at+header, int(12*n))
	if int64(len(list)) < 12*n {
		return nil, nil
	}
	p := &format.Part{Format: "novatek", Offset: at, Note: fmt.Sprintf("NVTPACK, %d partitions", n)}
	p.Claim(s, size)
	for ; len(list) > 0; list = list[12:] {
		add(p, fmt.Sprintf("p%d", le.Uint32(list[8:])), int64(le.Uint32(list)), int64(le.Uint32(list[4:])), header+12*n)
	}
	return p, nil
}

// Of RT-Thread's and Beken's updates: how the body is packed, and encrypted.
var (
	rblPacking = map[uint32]string{0: "", 0x100: "gzip", 0x200: "quicklz", 0x300: "fastlz"}
	rblCiphers = map[uint32]string{0: "", 1: "xor", 2: "aes-256-cbc"}
)

// lookRBL reads updates of RT-Thread's boot loader, which BK7231 and others have:
// a header of 96 bytes with a CRC-32 (ltchiptool, "RBL").
func lookRBL(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	const header = 96
	le := binary.LittleEndian
	b := format.Head(s, at, header)
	if len(b) < header || string(b[:4]) != "RBL\x00" || crc32.ChecksumIEEE(b[:92]) != le.Uint32(b[92:]) {
		return nil, nil
	}
	kind := le.Uint32(b[4:])
	packing, ok := rblPacking[kind&0xff00]
	cipher, known := rblCiphers[kind&0xff]
	name, _ := text(b[12:28])
	version, _ := text(b[28:52])
	p := &format.Part{Format: "rbl", Offset: at, Name: name, Note: fmt.Sprintf("update of partition %s, algorithm %#x", format.Printable(name), kind)}
	size := int64(le.Uint32(b[88:]))
	whole := p.Claim(s, header+size)
	p.Checked("crc32", true, at+92, "header")
	if version != "" {
		p.Vars = append(p.Vars, format.Var{Name: "version", Value: version, Offset: at + 28})
	}
	switch {
	case !whole && p.Size <= header: // of a dump, the header stands at the partition's end
		p.Size = header
	case !known || cipher != "":
		if cipher == "" {
			cipher = fmt.Sprintf("algorithm %d", kind&0xff)
		}
		encrypted(p, cipher, "")
	case !ok || packing == "quicklz" || packing == "fastlz":
		p.Opaque = fmt.Sprintf("packed in a way that is not read: %s", packing)
	case packing == "gzip":
		add(p, name, header, size, header, "gzip", "zlib")
	default:
		add(p, name, header, size, header)
	}
	return p, nil
}
