// Package rpm reads RPM packages, version 3 and 4: name and version, digests,
// signatures, and where the compressed payload stands, which is a cpio archive.
// In: a source. Out: properties, guards and the payload as a region.
//
// The layout is that of "RPM V4 Package format" of rpm.org.
package rpm

import (
	"bytes"
	"context"
	"crypto/md5"  //nolint:gosec // what packages carry
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"assay/internal/collect/firmware/format"
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "rpm", Magics: []format.Magic{{Bytes: "\xed\xab\xee\xdb"}}, Look: look}
}

const (
	leadSize    = 96
	introSize   = 16
	indexSize   = 16
	headerMagic = "\x8e\xad\xe8\x01\x00\x00\x00\x00"
	// What a header may take: rpm refuses more than these.
	maxIndex = 1 << 16
	maxStore = 256 << 20
)

// The tags that are read: of the signature, then of the header.
const (
	sigLongSize = 270
	sigDSA      = 267
	sigRSA      = 268
	sigSHA1     = 269
	sigSHA256   = 273
	sigSize     = 1000
	sigPGP      = 1002
	sigMD5      = 1004
	sigGPG      = 1005

	tagCompressor = 1125
	tagPayload    = 5092
	tagPayloadAlg = 5093
)

// properties are the header's strings that are kept.
var properties = []struct {
	tag  uint32
	name string
}{{1000, "name"}, {1001, "version"}, {1002, "release"}, {1022, "arch"}, {1011, "vendor"}, {1014, "license"}, {1044, "sourcerpm"}}

// look is sure by the lead and two headers that hold together.
func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, leadSize)
	if len(b) < leadSize || b[4] < 3 || b[4] > 4 || b[6] != 0 || b[7] > 1 || binary.BigEndian.Uint16(b[78:]) != 5 {
		return nil, nil
	}
	sig, ok := read(s, at+leadSize)
	if !ok {
		return nil, nil
	}
	main, ok := read(s, sig.end+(at-sig.end)&7)
	if !ok {
		return nil, nil
	}
	p := &format.Part{Format: "rpm", Offset: at}
	for _, q := range properties {
		if v := main.text(q.tag); v != "" {
			p.Vars = append(p.Vars, format.Var{Name: q.name, Value: v, Offset: main.at})
		}
	}
	p.Name, p.Note = main.text(1000), "package "+format.Printable(main.text(1000)+" "+main.text(1001)+"-"+main.text(1002))
	size := s.Size() - at
	if n := sig.number(sigSize); n > 0 {
		size = main.at + n - at
	} else if n := sig.number(sigLongSize); n > 0 {
		size = main.at + n - at
	}
	size = max(size, main.end-at)
	p.Claim(s, size)
	end := p.Offset + p.Size
	try := main.text(tagCompressor)
	if try == "" {
		try = "gzip"
	}
	p.Regions = []format.Region{{Name: "payload", Offset: main.end, Size: end - main.end, Try: []string{try}}}
	for _, tag := range []uint32{sigRSA, sigDSA, sigPGP, sigGPG} {
		if e, ok := sig.entries[tag]; ok {
			p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: "openpgp", State: format.Present,
				Note: map[bool]string{true: "over the header", false: "over header and payload"}[tag == sigRSA || tag == sigDSA], Offset: sig.store + int64(e.offset)})
		}
	}
	return p, check(ctx, s, p, sig, main, end)
}

// check calculates the digests there are.
func check(ctx context.Context, s format.Source, p *format.Part, sig, main *header, end int64) error {
	one := func(scheme string, h hash.Hash, from, to int64, want []byte, at int64, what string) error {
		if len(want) != h.Size() {
			return nil
		}
		err := format.Sum(ctx, s, from, to-from, h)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.Checked(scheme, err == nil && bytes.Equal(h.Sum(nil), want), at, what)
		return nil
	}
	unhex := func(text string) []byte { b, _ := hex.DecodeString(text); return b } // of no length where it is no digest
	if err := one("sha256", sha256.New(), main.at, main.end, unhex(sig.text(sigSHA256)), sig.at, "header"); err != nil {
		return err
	}
	if err := one("sha1", sha1.New(), main.at, main.end, unhex(sig.text(sigSHA1)), sig.at, "header"); err != nil { //nolint:gosec // as above
		return err
	}
	if main.number(tagPayloadAlg) == 8 {
		if err := one("sha256", sha256.New(), main.end, end, unhex(main.text(tagPayload)), main.at, "payload"); err != nil {
			return err
		}
	}
	return one("md5", md5.New(), main.at, end, sig.bytes(sigMD5), sig.at, "header and payload") //nolint:gosec // as above
}
