// Package seama reads SEAMA images, and DLOB images, which are SEAMA images
// under a seal (Alpha Networks; D-Link and others sell its devices). In: bytes
// at an offset. Out: the images of the entities. Says who: oseama.c of OpenWrt's
// firmware-utils, seama.h of D-Link's published sources.
//
//	magic 5ea3a417, reserved (2), size of the properties (2), size of the image
//	(4); where the image isn't empty its MD5 (16); properties; image
//
// An entity without image is a seal: its properties name the device.
package seama

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"strings"

	"assay/internal/collect/firmware/format"
)

const (
	big      = "\x5e\xa3\xa4\x17"
	little   = "\x17\xa4\xa3\x5e"
	head     = 12
	entities = 64 // of one image; real ones have one or two
	maxVars  = 64 // of one entity
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "seama", Magics: []format.Magic{{Bytes: big}, {Bytes: little}}, Look: look}
}

// entity is one header and what it says.
type entity struct {
	at, image, size int64
	md5             []byte // nil of a seal
	sum             []byte // calculated
	vars            []format.Var
	text            bool // the properties are name=value pairs
}

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	first, ok := read(s, at)
	// Without properties only the first byte of an image is a place for it.
	if !ok || !first.text && at > 0 {
		return nil, nil
	}
	if err := first.check(ctx, s); err != nil || !first.text && !first.good() {
		return nil, err
	}
	p := &format.Part{Format: "seama", Offset: at}
	if first.md5 == nil {
		p.Format = "dlob"
	}
	end := at
	for e := first; ok && len(p.Regions) < entities; e, ok = read(s, end) {
		if err := e.check(ctx, s); err != nil {
			return nil, err
		}
		p.Vars = append(p.Vars, e.vars...)
		end = e.image + e.size
		if !p.Claim(s, end-at) {
			end = at + p.Size
		}
		if e.md5 == nil {
			// Two seals in a row are nothing that is made.
			if e.at != at {
				break
			}
			continue
		}
		if e.sum != nil {
			p.Checked("md5", e.good(), e.at+head, "image")
		}
		p.Regions = append(p.Regions, format.Region{Name: property(e.vars, "type", "image"), Offset: e.image, Size: end - e.image, Try: []string{"lzma"}})
	}
	p.Name = format.Printable(property(p.Vars, "signature", ""))
	p.Note = fmt.Sprintf("%d image(s)", len(p.Regions))
	if p.Name != "" {
		p.Note += ", signature " + p.Name
	}
	return p, nil
}

// read reads the entity at offset at; false where none stands there.
func read(s format.Source, at int64) (e entity, ok bool) {
	b := format.Head(s, at, head)
	if len(b) < head {
		return e, false
	}
	var order binary.ByteOrder = binary.BigEndian
	switch string(b[:4]) {
	case big:
	case little:
		order = binary.LittleEndian
	default:
		return e, false
	}
	meta, size := int64(order.Uint16(b[6:])), int64(order.Uint32(b[8:]))
	e = entity{at: at, image: at + head + meta, size: size}
	from := at + head
	if size > 0 {
		e.md5 = format.Head(s, from, md5.Size)
		from += md5.Size
		e.image += md5.Size
	}
	if e.image > s.Size() || meta == 0 && size == 0 {
		return e, false
	}
	e.vars, e.text = properties(format.Head(s, from, int(meta)), from)
	return e, e.text || size > 0 && meta == 0
}

// check calculates the hash of an entity whose image is whole.
func (e *entity) check(ctx context.Context, s format.Source) error {
	if e.md5 == nil || e.sum != nil || e.size > s.Size()-e.image {
		return nil
	}
	h := md5.New()
	err := format.Sum(ctx, s, e.image, e.size, h)
	e.sum = h.Sum(nil)
	return err
}

func (e *entity) good() bool { return e.md5 != nil && bytes.Equal(e.md5, e.sum) }

// properties splits "name=value" pairs with a NUL after each; the rest is
// padding. text is false where anything else stands there.
func properties(b []byte, at int64) (vars []format.Var, text bool) {
	for len(b) > 0 && len(vars) < maxVars {
		pair, rest, ended := bytes.Cut(b, []byte{0})
		if len(pair) > 0 {
			name, value, ok := strings.Cut(string(pair), "=")
			if !ok || name == "" || strings.ContainsFunc(string(pair), func(r rune) bool { return r < 0x20 || r > 0x7e }) {
				return nil, false
			}
			vars = append(vars, format.Var{Name: name, Value: value, Offset: at})
		}
		at += int64(len(pair)) + 1
		if !ended {
			break
		}
		b = rest
	}
	return vars, len(vars) > 0
}

func property(vars []format.Var, name, otherwise string) string {
	for _, v := range vars {
		if v.Name == name {
			return v.Value
		}
	}
	return otherwise
}
