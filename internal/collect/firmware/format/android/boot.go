package android

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"hash"

	"assay/internal/collect/firmware/format"
)

const (
	bootMagic   = "ANDROID!"
	vendorMagic = "VNDRBOOT"
	headBytes   = 4096 // the page of versions 3 and 4
)

// section is a part of the image; each begins at a page.
type section struct {
	name string
	size int64
	sum  bool // part of the id of versions 0 to 2
}

// boot is what a header says.
type boot struct {
	b        []byte
	version  uint32
	page     int64
	sections []section
	cmdline  [2]field
	os       uint32
	osAt     int64
	name     field
	id       field
}

// field is where a text stands.
type field struct{ off, size int }

func lookBoot(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, headBytes)
	if len(b) < 1632 || string(b[:8]) != bootMagic {
		return nil, nil
	}
	h := &boot{b: b, version: le.Uint32(b[40:])}
	if h.version == 3 || h.version == 4 {
		h.late()
	} else {
		h.early()
	}
	cmdline, ok := h.plausible()
	if !ok {
		return nil, nil
	}
	p := h.part(s, at, "android-boot", cmdline)
	if h.os > 0 {
		a, b, c := h.os>>25, h.os>>18&127, h.os>>11&127
		p.Systems = []format.System{{Name: "android", Version: fmt.Sprintf("%d.%d.%d", a, b, c), Text: fmt.Sprintf("os_version 0x%08x", h.os), Offset: at + h.osAt}}
		p.Vars = append(p.Vars, format.Var{Name: "patch-level", Value: fmt.Sprintf("%d-%02d", 2000+h.os>>4&127, h.os&15), Offset: at + h.osAt})
	}
	if h.version < 3 && len(p.Problems) == 0 {
		return p, h.sum(ctx, s, p)
	}
	return p, nil
}

// early is a header of version 0 to 2.
func (h *boot) early() {
	b := h.b
	h.page, h.os, h.osAt = int64(le.Uint32(b[36:])), le.Uint32(b[44:]), 44
	h.name, h.cmdline, h.id = field{48, 16}, [2]field{{64, 512}, {608, 1024}}, field{576, 32}
	h.sections = []section{{"kernel", int64(le.Uint32(b[8:])), true}, {"ramdisk", int64(le.Uint32(b[16:])), true}, {"second", int64(le.Uint32(b[24:])), true}}
	switch {
	case h.version == 0:
	case h.version <= 2 && len(b) >= 1660:
		h.sections = append(h.sections, section{"recovery_dtbo", int64(le.Uint32(b[1632:])), true})
		if h.version == 2 {
			h.sections = append(h.sections, section{"dtb", int64(le.Uint32(b[1648:])), true})
		}
	default:
		// Before there was a version, the field was the size of device trees.
		h.sections = append(h.sections, section{"dt", int64(h.version), true})
		h.version = 0
	}
}

// late is a header of version 3 or 4.
func (h *boot) late() {
	h.page, h.os, h.osAt, h.cmdline[0] = 4096, le.Uint32(h.b[16:]), 16, field{44, 1536}
	h.sections = []section{{"kernel", int64(le.Uint32(h.b[8:])), false}, {"ramdisk", int64(le.Uint32(h.b[12:])), false}}
	if h.version == 4 {
		h.sections = append(h.sections, section{"signature", int64(le.Uint32(h.b[1580:])), false})
	}
}

// plausible checks what every header has: a page size, texts that are ones, a
// kernel or a ramdisk. It returns the command line.
func (h *boot) plausible() (cmdline string, ok bool) {
	if h.page < 2048 || h.page > 128<<10 || h.page&(h.page-1) != 0 || h.version > 4 {
		return "", false
	}
	any := false
	for _, x := range h.sections {
		any = any || x.size > 0
		if x.size > 1<<30 {
			return "", false
		}
	}
	for _, f := range h.cmdline {
		s, ok := text(h.b[f.off : f.off+f.size])
		if !ok {
			return "", false
		}
		cmdline += s
	}
	_, ok = text(h.b[h.name.off : h.name.off+h.name.size])
	return cmdline, ok && any
}

func (h *boot) pages(n int64) int64 { return (n + h.page - 1) / h.page * h.page }

// part lays the sections out.
func (h *boot) part(s format.Source, at int64, name, cmdline string) *format.Part {
	p := &format.Part{Format: name, Offset: at}
	label, _ := text(h.b[h.name.off : h.name.off+h.name.size])
	p.Name = label
	p.Note = fmt.Sprintf("header version %d, pages of %d bytes", h.version, h.page)
	end := h.pages(int64(h.headSize()))
	for _, x := range h.sections {
		off := at + end
		end += h.pages(x.size)
		if have := s.Size() - off; x.size > 0 && have > 0 {
			p.Regions = append(p.Regions, format.Region{Name: x.name, Offset: off, Size: min(x.size, have)})
			p.Problems = append(p.Problems, missing(name, x, off, have)...)
		} else if x.size > 0 {
			p.Problems = append(p.Problems, missing(name, x, s.Size(), 0)...)
		}
	}
	// The last page may be cut without harm.
	p.Size = min(end, s.Size()-at)
	if cmdline != "" {
		p.Vars = append(p.Vars, format.Var{Name: "cmdline", Value: cmdline, Offset: at + int64(h.cmdline[0].off)})
	}
	return p
}

func missing(name string, x section, off, have int64) []format.Problem {
	if x.size <= have {
		return nil
	}
	return []format.Problem{{Offset: off, Kind: format.Truncated, Detail: fmt.Sprintf("%s: %s claims %d bytes, %d are there", name, x.name, x.size, have)}}
}

func (h *boot) headSize() int {
	if string(h.b[:8]) == vendorMagic {
		return int(min(le.Uint32(h.b[2096:]), 1<<20))
	}
	return 1 // one page
}

// sum compares the id with the SHA-1 of all sections, each followed by its size.
// Tools of some makers put something else there.
func (h *boot) sum(ctx context.Context, s format.Source, p *format.Part) error {
	id := h.b[h.id.off : h.id.off+h.id.size]
	if len(bytes.Trim(id, "\x00")) == 0 {
		return nil
	}
	sha := sha1.New()
	off := p.Offset + h.page
	for _, x := range h.sections {
		if err := h.add(ctx, s, sha, off, x); err != nil {
			return err
		}
		off += h.pages(x.size)
	}
	g := format.Guard{Kind: format.Checksum, Scheme: "sha1", State: format.Present, Note: "id; not made as mkbootimg does", Offset: p.Offset + int64(h.id.off)}
	if bytes.Equal(sha.Sum(nil), id[:sha1.Size]) {
		g.State, g.Note = format.Good, "kernel, ramdisk and the rest"
	}
	p.Guards = append(p.Guards, g)
	return nil
}

func (h *boot) add(ctx context.Context, s format.Source, sha hash.Hash, off int64, x section) error {
	if x.size > 0 { // an empty one may stand behind the end of an image that is cut in its last page
		if err := format.Sum(ctx, s, off, x.size, sha); err != nil {
			return err
		}
	}
	_, err := sha.Write(binary.LittleEndian.AppendUint32(nil, uint32(x.size)))
	return err
}

// lookVendor reads vendor_boot of versions 3 and 4.
func lookVendor(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, headBytes)
	if len(b) < 2128 || string(b[:8]) != vendorMagic {
		return nil, nil
	}
	h := &boot{b: b, version: le.Uint32(b[8:]), page: int64(le.Uint32(b[12:])), name: field{2080, 16}, cmdline: [2]field{{28, 2048}, {}}}
	size := le.Uint32(b[2096:])
	if h.version != 3 && h.version != 4 || size < 2112 || size > headBytes {
		return nil, nil
	}
	h.sections = []section{{"vendor_ramdisk", int64(le.Uint32(b[24:])), false}, {"dtb", int64(le.Uint32(b[2100:])), false}}
	if h.version == 4 {
		h.sections = append(h.sections, section{"vendor_ramdisk_table", int64(le.Uint32(b[2112:])), false}, section{"bootconfig", int64(le.Uint32(b[2124:])), false})
	}
	cmdline, ok := h.plausible()
	if !ok {
		return nil, nil
	}
	return h.part(s, at, "android-vendor-boot", cmdline), nil
}
