// Package mcuboot reads the images of MCUboot, the boot loader of Zephyr,
// nRF Connect and Mbed devices: a header, a program, and records with a hash and
// signatures behind it. In: bytes at an offset. Out: the program, the version,
// and what protects it. Says who: MCUboot's documentation,
// "Bootloader design", and bootutil/image.h.
package mcuboot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"

	"assay/internal/collect/firmware/format"
)

const (
	magic  = "\x3d\xb8\xf3\x96"
	header = 32

	plainInfo     = 0x6907
	protectedInfo = 0x6908
	maxRecords    = 64

	// Flags of the header.
	encrypted128 = 0x04
	encrypted256 = 0x08
	compressed   = 0x600 // with LZMA, of its first or second version
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "mcuboot", Magics: []format.Magic{{Bytes: magic}}, Look: look}
}

var le = binary.LittleEndian

// head is struct image_header.
type head struct {
	load, flags           uint32
	header, protect, size int64
	version               string
}

// parse checks what the header's fields allow: no unknown flags, room for the
// header, zeros at its end.
func parse(b []byte) (h head, ok bool) {
	if len(b) < header || string(b[:4]) != magic {
		return h, false
	}
	h = head{load: le.Uint32(b[4:]), header: int64(le.Uint16(b[8:])), protect: int64(le.Uint16(b[10:])), size: int64(le.Uint32(b[12:])), flags: le.Uint32(b[16:])}
	h.version = fmt.Sprintf("%d.%d.%d", b[20], b[21], le.Uint16(b[22:]))
	if build := le.Uint32(b[24:]); build > 0 {
		h.version += fmt.Sprintf("+%d", build)
	}
	return h, h.header >= header && h.header <= 64<<10 && h.size > 0 && h.flags < 1<<16 && le.Uint32(b[28:]) == 0
}

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	h, ok := parse(format.Head(s, at, header))
	if !ok {
		return nil, nil
	}
	p := &format.Part{Format: "mcuboot", Offset: at, Note: fmt.Sprintf("version %s, load 0x%08x, flags 0x%x", h.version, h.load, h.flags)}
	p.Vars = []format.Var{{Name: "version", Value: h.version, Offset: at + 20}}
	body := at + h.header
	if h.size > s.Size()-body {
		// Without the records only the room between both headers tells the image
		// from noise: it holds one byte.
		if gap := format.Head(s, at+header, int(h.header)-header); len(gap) < 16 || !uniform(gap) {
			return nil, nil
		}
		p.Claim(s, h.header+h.size)
		h.size = max(s.Size()-body, 0)
	} else {
		r := &records{s: s, p: p, at: body + h.size, protect: h.protect}
		if !r.read() {
			return nil, nil
		}
		p.Size = r.at - at
		if err := r.verify(ctx, at, body+h.size+h.protect-at, h.encrypted()); err != nil {
			return nil, err
		}
	}
	if h.encrypted() {
		scheme := "aes-128-ctr"
		if h.flags&encrypted256 != 0 {
			scheme = "aes-256-ctr"
		}
		p.Guards = append(p.Guards, format.Guard{Kind: format.Encryption, Scheme: scheme, State: format.Present, Offset: at + 16})
		p.Opaque = "the program is encrypted with " + scheme
		return p, nil
	}
	if h.flags&compressed != 0 && h.size > 0 {
		p.Regions = []format.Region{{Name: "program", Offset: body, Size: h.size, Try: []string{"lzma"}}}
		return p, nil
	}
	p.Code = true
	return p, nil
}

func (h head) encrypted() bool { return h.flags&(encrypted128|encrypted256) != 0 }

func uniform(b []byte) bool { return len(bytes.TrimLeft(b, string(b[:1]))) == 0 }

// record is one of the type-length-values behind the program.
type record struct {
	typ  uint16
	off  int64
	data []byte
}

type records struct {
	s       format.Source
	p       *format.Part
	at      int64
	protect int64
	list    []record
}

// read takes both runs of records; the protected ones come first and are hashed
// with the program.
func (r *records) read() bool {
	if r.protect > 0 && !r.run(protectedInfo, r.protect) {
		return false
	}
	return r.run(plainInfo, 0)
}

func (r *records) run(magic uint16, want int64) bool {
	b := format.Head(r.s, r.at, 4)
	if len(b) < 4 || le.Uint16(b) != magic {
		return false
	}
	size := int64(le.Uint16(b[2:]))
	if size < 4 || want > 0 && size != want {
		return false
	}
	b = format.Head(r.s, r.at, int(size))
	if int64(len(b)) < size {
		return false
	}
	for pos := int64(4); pos < size; {
		if pos+4 > size || len(r.list) == maxRecords {
			return false
		}
		n := int64(le.Uint16(b[pos+2:]))
		if pos+4+n > size {
			return false
		}
		r.list = append(r.list, record{le.Uint16(b[pos:]), r.at + pos, b[pos+4 : pos+4+n]})
		pos += 4 + n
	}
	r.at += size
	return true
}

// Types of records (IMAGE_TLV_*).
const (
	typeSHA256    = 0x10
	typeSHA384    = 0x11
	typeSHA512    = 0x12
	typeDependsOn = 0x40
	typeCounter   = 0x50
)

var signatures = map[uint16]string{0x20: "rsa2048-pss-sha256", 0x21: "ecdsa-p224-sha256", 0x22: "ecdsa", 0x23: "rsa3072-pss-sha256", 0x24: "ed25519"}

// keys are how the key of the encryption is wrapped.
var keys = map[uint16]string{0x30: "rsa2048-oaep", 0x31: "aes-kw", 0x32: "ecies-p256", 0x33: "ecies-x25519"}

// verify calculates the hash over size bytes and tells the records.
func (r *records) verify(ctx context.Context, at, size int64, encrypted bool) error {
	var digest []byte // what was calculated
	for i, t := range r.list {
		var h hash.Hash
		var name string
		switch t.typ {
		case typeSHA256:
			h, name = sha256.New(), "sha256"
		case typeSHA384:
			h, name = sha512.New384(), "sha384"
		case typeSHA512:
			h, name = sha512.New(), "sha512"
		case typeCounter:
			if len(t.data) == 4 {
				r.p.Vars = append(r.p.Vars, format.Var{Name: "security-counter", Value: fmt.Sprint(le.Uint32(t.data)), Offset: t.off})
			}
			continue
		case typeDependsOn:
			if len(t.data) >= 12 {
				v := fmt.Sprintf("image %d from %d.%d.%d on", t.data[0], t.data[4], t.data[5], le.Uint16(t.data[6:]))
				r.p.Vars = append(r.p.Vars, format.Var{Name: "depends", Value: v, Offset: t.off})
			}
			continue
		default:
			if scheme := signatures[t.typ]; scheme != "" {
				r.p.Guards = append(r.p.Guards, r.signature(i, scheme, digest))
			} else if wrap := keys[t.typ]; wrap != "" {
				r.p.Guards = append(r.p.Guards, format.Guard{Kind: format.Encryption, Scheme: wrap, State: format.Present, Note: "the key, wrapped for the device", Offset: t.off})
			}
			continue
		}
		if encrypted { // the hash is that of the plain program
			r.p.Guards = append(r.p.Guards, format.Guard{Kind: format.Checksum, Scheme: name, State: format.Present, Note: "of the plain image", Offset: t.off})
			continue
		}
		if err := format.Sum(ctx, r.s, at, size, h); err != nil {
			return err
		}
		digest = h.Sum(nil)
		r.p.Checked(name, bytes.Equal(digest, t.data), t.off, "image")
	}
	return nil
}
