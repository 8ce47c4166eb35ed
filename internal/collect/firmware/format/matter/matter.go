// Package matter reads the update images of Matter devices: a header that names
// vendor, product and version, with a digest of what follows. In: bytes at an
// offset. Out: the payload, what the header says, whether the digest fits. Says
// who: Matter Core Specification 1.0, 11.20.2 (OTA Software Image File Format)
// and appendix A (TLV).
package matter

import (
	"context"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
	"strconv"

	"assay/internal/collect/firmware/format"
)

const (
	magic     = "\x1e\xf1\xee\x1b"
	fixed     = 16      // magic number, size of all, size of the header
	maxHeader = 4 << 10 // a link of 256 bytes is its longest field
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "matter-ota", Magics: []format.Magic{{Bytes: magic}}, Look: look}
}

var le = binary.LittleEndian

// The tags of the header's fields.
const (
	tagVendor     = 0
	tagProduct    = 1
	tagVersion    = 2
	tagText       = 3
	tagPayload    = 4
	tagMinVersion = 5
	tagMaxVersion = 6
	tagNotes      = 7
	tagDigestType = 8
	tagDigest     = 9
)

var names = map[byte]string{tagVendor: "vendor", tagProduct: "product", tagVersion: "version", tagText: "version-text",
	tagMinVersion: "from-version", tagMaxVersion: "to-version", tagNotes: "release-notes"}

// field is one value of the header.
type field struct {
	tag    byte
	number uint64
	bytes  []byte
	off    int64
}

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, fixed)
	if len(b) < fixed || string(b[:4]) != magic {
		return nil, nil
	}
	total, size := le.Uint64(b[4:]), int64(le.Uint32(b[12:]))
	if total > 1<<40 || size < 8 || size > maxHeader || uint64(size)+fixed > total {
		return nil, nil
	}
	b = format.Head(s, at+fixed, int(size))
	if int64(len(b)) < size {
		return nil, nil
	}
	fields, ok := parse(b, at+fixed)
	if !ok {
		return nil, nil
	}
	return part(ctx, s, at, int64(total), fixed+size, fields)
}

// parse reads a structure of fields with numbers for names.
func parse(b []byte, at int64) (map[byte]field, bool) {
	if b[0] != 0x15 { // a structure without a name
		return nil, false
	}
	out := make(map[byte]field)
	for i := 1; i < len(b); {
		if b[i] == 0x18 { // its end
			_, vendor := out[tagVendor]
			_, digest := out[tagDigest]
			_, payload := out[tagPayload]
			return out, vendor && digest && payload
		}
		if b[i]>>5 != 1 || i+2 > len(b) {
			return nil, false
		}
		kind := b[i] & 0x1f
		f := field{tag: b[i+1], off: at + int64(i)}
		width := 1 << (kind & 3)
		i += 2
		if kind >= 0x14 || kind >= 8 && kind < 0x0c || i+width > len(b) {
			return nil, false
		}
		var wide [8]byte
		copy(wide[:], b[i:i+width])
		f.number = le.Uint64(wide[:])
		i += width
		if kind >= 0x0c { // text or bytes: the number is their length
			if f.number > uint64(len(b)-i) {
				return nil, false
			}
			f.bytes = b[i : i+int(f.number)]
			i += int(f.number)
		}
		if _, twice := out[f.tag]; twice {
			return nil, false
		}
		out[f.tag] = f
	}
	return nil, false
}

func part(ctx context.Context, s format.Source, at, total, head int64, fields map[byte]field) (*format.Part, error) {
	p := &format.Part{Format: "matter-ota", Offset: at, Name: format.Printable(string(fields[tagText].bytes))}
	whole := p.Claim(s, total)
	p.Note = fmt.Sprintf("Matter update, vendor 0x%04x, product 0x%04x, version %d", fields[tagVendor].number, fields[tagProduct].number, fields[tagVersion].number)
	for tag := byte(0); tag <= tagNotes; tag++ {
		f, ok := fields[tag]
		if !ok || names[tag] == "" {
			continue
		}
		v := format.Var{Name: names[tag], Value: strconv.FormatUint(f.number, 10), Offset: f.off}
		switch {
		case f.bytes != nil:
			v.Value = string(f.bytes)
		case tag <= tagProduct:
			v.Value = fmt.Sprintf("0x%04x", f.number)
		}
		p.Vars = append(p.Vars, v)
	}
	size := min(p.Size-head, int64(min(fields[tagPayload].number, 1<<40)))
	if fields[tagPayload].number != uint64(total-head) {
		p.Problems = append(p.Problems, format.Problem{Offset: fields[tagPayload].off, Kind: format.Mismatch,
			Detail: fmt.Sprintf("matter-ota: the header says that %d bytes follow, and that they are %d", total-head, fields[tagPayload].number)})
	}
	if size > 0 {
		p.Regions = []format.Region{{Name: "payload", Offset: at + head, Size: size}}
	}
	h, name := digest(fields[tagDigestType].number)
	want := fields[tagDigest]
	if h == nil || !whole || size <= 0 {
		return p, nil
	}
	if err := format.Sum(ctx, s, at+head, size, h); err != nil {
		return nil, err
	}
	sum := h.Sum(nil)
	n := min(len(want.bytes), len(sum)) // some types keep the first bytes only
	p.Checked(name, n >= 4 && string(sum[:n]) == string(want.bytes), want.off, "payload")
	return p, nil
}

// digest is what a number of IANA's Named Information Hash Algorithm Registry
// stands for.
func digest(n uint64) (hash.Hash, string) {
	switch n {
	case 1, 2, 3, 4, 5, 6: // 2 to 6 are cut
		return sha256.New(), "sha256"
	case 7:
		return sha512.New384(), "sha384"
	case 8:
		return sha512.New(), "sha512"
	case 9:
		return sha3.New224(), "sha3-224"
	case 10:
		return sha3.New256(), "sha3-256"
	case 11:
		return sha3.New384(), "sha3-384"
	case 12:
		return sha3.New512(), "sha3-512"
	}
	return nil, ""
}
