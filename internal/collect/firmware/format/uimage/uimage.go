// Package uimage reads U-Boot's legacy images: a header of 64 bytes with two
// checksums before a kernel, a ramdisk, a file system, a script, or several of
// them. In: bytes at an offset. Out: the ranges behind the header, named by what
// the header says, with the decoder to try. Says who: include/image.h and
// tools/mkimage.c of U-Boot.
package uimage

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/banner"
	"assay/internal/collect/firmware/format/payload"
)

const (
	magic     = "\x27\x05\x19\x56"
	size      = 64
	nameAt    = 32
	maxImages = 64 // of a multi-file image; real ones have up to four
)

// Formats returns the format, and the one of images whose vendor changed the
// magic number: their header checksum proves them.
func Formats() []format.Format {
	return []format.Format{
		{Name: "uimage", Magics: []format.Magic{{Bytes: magic}}, Look: look},
		{Name: "uimage", Head: true, Weak: true, Look: lookVendor},
	}
}

// header is what the 64 bytes say; all fields are big endian.
type header struct {
	raw                [size]byte
	crc, dataCRC       uint32
	time               uint32
	len                int64
	load, entry        uint32
	os, arch, typ, com byte
	name               []byte
}

func parse(b []byte) (h header) {
	copy(h.raw[:], b)
	be := binary.BigEndian
	h.crc, h.time, h.len = be.Uint32(b[4:]), be.Uint32(b[8:]), int64(be.Uint32(b[12:]))
	h.load, h.entry, h.dataCRC = be.Uint32(b[16:]), be.Uint32(b[20:]), be.Uint32(b[24:])
	h.os, h.arch, h.typ, h.com = b[28], b[29], b[30], b[31]
	h.name, _, _ = bytes.Cut(h.raw[nameAt:], []byte{0})
	return h
}

// good says that the header's own checksum fits; it is made with its field 0.
func (h *header) good() bool {
	raw := h.raw
	clear(raw[4:8])
	return crc32.ChecksumIEEE(raw[:]) == h.crc
}

// plausible says that the fields are what mkimage writes. A header whose
// checksum is wrong is still told where they are.
func (h *header) plausible() bool {
	if h.len == 0 || h.os == 0 || h.os > 40 || h.arch == 0 || h.arch > 40 || h.typ == 0 || h.typ > 64 || int(h.com) >= len(compressions) {
		return false
	}
	for _, c := range h.name {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	// What follows the name is zero.
	return len(bytes.Trim(h.raw[nameAt+len(h.name):], "\x00")) == 0
}

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, size)
	if len(b) < size || string(b[:4]) != magic {
		return nil, nil
	}
	h := parse(b)
	good := h.good()
	if !good && !h.plausible() {
		return nil, nil
	}
	return h.part(ctx, s, at, good)
}

// lookVendor finds headers with another magic number (Netgear, ZyXEL, Belkin
// and others ship such): nothing but a right checksum over plausible fields
// counts.
func lookVendor(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, size)
	if len(b) < size || string(b[:4]) == magic {
		return nil, nil
	}
	h := parse(b)
	if h.crc == 0 || !h.plausible() || !h.good() {
		return nil, nil
	}
	p, err := h.part(ctx, s, at, true)
	if p != nil {
		p.Note = fmt.Sprintf("magic number %x; %s", b[:4], p.Note)
	}
	return p, err
}

func (h *header) part(ctx context.Context, s format.Source, at int64, good bool) (*format.Part, error) {
	p := &format.Part{Format: "uimage", Offset: at, Name: format.Printable(string(h.name)), Note: h.note()}
	whole := p.Claim(s, size+h.len)
	p.Checked("crc32", good, at+4, "header")
	if whole {
		crc, err := format.CRC32(ctx, s, at+size, h.len)
		if err != nil {
			return nil, err
		}
		p.Checked("crc32", crc == h.dataCRC, at+24, "data")
	}
	p.Systems = banner.Named(string(h.name), at+nameAt)
	data, n := at+size, p.Size-size
	switch h.typ {
	case typeMulti:
		h.multi(s, p, data, n)
	case typeScript:
		// One length and a zero come before the text, as in a multi-file image.
		h.multi(s, p, data, n)
		for i := range p.Regions {
			p.Regions[i].Name = "script"
		}
	default:
		r := format.Region{Name: name(types[:], h.typ), Offset: data, Size: n, Try: h.try()}
		if h.com == lzma {
			r = skipPad(s, r)
		}
		p.Regions = []format.Region{r}
	}
	return p, nil
}

// multi reads the table of lengths, which a zero ends, and the images after it,
// each padded to 4 bytes.
func (h *header) multi(s format.Source, p *format.Part, data, n int64) {
	var sizes []int64
	table := format.Head(s, data, int(min(4*(maxImages+1), n)))
	at := data
	for ended := false; !ended; table = table[4:] {
		if len(table) < 4 {
			p.Problems = append(p.Problems, format.Problem{Offset: at, Kind: format.Damaged, Detail: "uimage: the table of images has no end"})
			return
		}
		at += 4
		if v := int64(binary.BigEndian.Uint32(table)); v > 0 {
			sizes = append(sizes, v)
		} else {
			ended = true
		}
	}
	end := data + n
	for i, v := range sizes {
		if v > end-at {
			p.Problems = append(p.Problems, format.Problem{Offset: data + 4*int64(i), Kind: format.Truncated,
				Detail: fmt.Sprintf("uimage: image %d claims %d bytes, %d are there", i, v, max(end-at, 0))})
			v = end - at
		}
		if v <= 0 {
			return
		}
		// The first is the kernel, as compressed as the header says; then a
		// ramdisk, then a device tree.
		r := format.Region{Name: fmt.Sprintf("image%d", i), Offset: at, Size: v}
		if i == 0 {
			r.Try = h.try()
		}
		p.Regions = append(p.Regions, r)
		at += (v + 3) &^ 3
	}
}

// skipPad moves the start of an LZMA range behind a vendor's second header:
// the stream's own header is looked for in the first 256 bytes.
func skipPad(s format.Source, r format.Region) format.Region {
	b := format.Head(s, r.Offset, 256+13)
	for i := 0; i+13 <= len(b); i += 4 {
		if payload.LZMA(b[i:]) {
			r.Offset, r.Size = r.Offset+int64(i), r.Size-int64(i)
			return r
		}
	}
	return r
}

// try names the decoders of the header's compression.
func (h *header) try() []string {
	if int(h.com) < len(compressions) && compressions[h.com].try != "" {
		return []string{compressions[h.com].try}
	}
	return nil
}

func (h *header) note() string {
	com := strconv.Itoa(int(h.com))
	if int(h.com) < len(compressions) {
		com = compressions[h.com].name
	}
	return fmt.Sprintf("%s, %s, %s, compression %s, load 0x%08x, entry 0x%08x, made %s",
		name(systems[:], h.os), name(arches[:], h.arch), name(types[:], h.typ), com,
		h.load, h.entry, time.Unix(int64(h.time), 0).UTC().Format(time.RFC3339))
}
