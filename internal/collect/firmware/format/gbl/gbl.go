// Package gbl reads the update images of Silicon Labs' boot loader (Zigbee,
// Thread, Bluetooth): tags with a length each. In: a source. Out: a part with
// its programs and what protects them. Says who: UG266 and UG489, "Silicon Labs
// Gecko Bootloader User's Guide", and the boot loader's btl_gbl_format.h.
package gbl

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"assay/internal/collect/firmware/format"
)

const (
	magic   = "\xeb\x17\xa6\x03\x08\x00\x00\x00"
	maxTags = 4096
	biggest = 64 << 20
)

// tags by their number.
const (
	tagBootloader = 0xf50909f5
	tagApp        = 0xf40a0af4
	tagMeta       = 0xf60808f6
	tagProg       = 0xfe0101fe
	tagErase      = 0xfd0303fd
	tagLZ4        = 0xfd0505fd
	tagLZMA       = 0xfd0707fd
	tagSE         = 0x5ea617eb
	tagEnd        = 0xfc0404fc
	tagCrypt      = 0xfb0505fb
	tagCrypted    = 0xf90707f9
	tagSignature  = 0xf70a0af7
	tagCert       = 0xf30b0bf3
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "gbl", Magics: []format.Magic{{Bytes: magic}}, Look: look}
}

var le = binary.LittleEndian

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	head := format.Head(s, at, 16)
	if len(head) < 16 || string(head[:8]) != magic || head[11] != 3 {
		return nil, nil
	}
	p := &format.Part{Format: "gbl", Offset: at}
	crypted := false
	off := at + 16
	for range maxTags {
		b := format.Head(s, off, 20)
		if len(b) < 8 {
			break
		}
		tag, size := le.Uint32(b), int64(le.Uint32(b[4:]))
		if !known(tag) || off+8+size > s.Size() || off+8+size-at > biggest {
			break
		}
		switch tag {
		case tagProg, tagErase:
			if size > 4 && len(b) >= 12 {
				p.Regions = append(p.Regions, format.Region{Name: fmt.Sprintf("0x%08x", le.Uint32(b[8:])), Offset: off + 12, Size: size - 4})
			}
		case tagLZMA:
			if size > 4 && len(b) >= 12 {
				p.Regions = append(p.Regions, format.Region{Name: fmt.Sprintf("0x%08x", le.Uint32(b[8:])), Offset: off + 12, Size: size - 4, Try: []string{"lzma"}})
			}
		case tagLZ4:
			p.Problems = append(p.Problems, format.Problem{Offset: off, Kind: format.Unsupported, Detail: "gbl: a program packed with LZ4 is not read"})
		case tagBootloader, tagSE:
			p.Regions = append(p.Regions, format.Region{Name: "upgrade", Offset: off + 8, Size: size})
		case tagMeta:
			p.Regions = append(p.Regions, format.Region{Name: "metadata", Offset: off + 8, Size: size})
		case tagApp:
			if len(b) >= 16 {
				p.Vars = append(p.Vars, format.Var{Name: "version", Value: fmt.Sprint(le.Uint32(b[12:])), Offset: off + 12})
			}
		case tagCrypted:
			crypted = true
		case tagSignature:
			p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: "ecdsa-p256-sha256", State: format.Present, Offset: off})
		case tagEnd:
			if size != 4 || len(b) < 12 {
				return nil, nil
			}
			h := crc32.NewIEEE()
			if err := format.Sum(ctx, s, at, off+8-at, h); err != nil {
				return nil, err
			}
			p.Size = off + 12 - at
			p.Checked("crc32", h.Sum32() == le.Uint32(b[8:]), off+8, "image")
			return sealed(p, crypted, format.Head(s, at, 16)), nil
		}
		off += 8 + size
	}
	// An image that breaks off behind its first tags is one as well.
	if len(p.Regions) == 0 && !crypted {
		return nil, nil
	}
	p.Claim(s, off-at)
	p.Problems = append(p.Problems, format.Problem{Offset: off, Kind: format.Truncated, Detail: "gbl: no tag that ends the image"})
	return sealed(p, crypted, head), nil
}

// sealed notes encryption.
func sealed(p *format.Part, crypted bool, head []byte) *format.Part {
	p.Note = fmt.Sprintf("Gecko boot loader image, version 3, type %#x", le.Uint32(head[12:]))
	if crypted {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Encryption, Scheme: "aes-128-ctr", State: format.Present, Offset: p.Offset})
		p.Opaque = "encrypted: aes-128-ctr"
	}
	return p
}

func known(tag uint32) bool {
	switch tag {
	case tagBootloader, tagApp, tagMeta, tagProg, tagErase, tagLZ4, tagLZMA, tagSE, tagEnd, tagCrypt, tagCrypted, tagSignature, tagCert:
		return true
	}
	return false
}
