// Package cms looks at the outside of a CMS message (RFC 5652, before it PKCS
// #7): what kind it is, how long, and what content it carries. In: bytes that
// begin with one, hostile. Out: an Info; a Check, of a message against its content
// and the certificates that it brings.
package cms

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Info is what the outside of a message says.
type Info struct {
	Kind    string // signed-data, enveloped-data
	Size    int64  // bytes of the whole message
	Digest  string // of signed data: "sha256"; "" where it is another or none
	Content []byte // of signed data, where it is within
}

// The identifiers, in DER without tag and length: RFC 5652, sections 5.1 and
// 6.1, and RFC 5754, section 2.
var (
	signedData    = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	envelopedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03}
	sha2          = []byte{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02} // and one more
	sha1          = []byte{0x2b, 0x0e, 0x03, 0x02, 0x1a}
)

// Parse reads the message at the start of b. It is false where none stands
// there, or not all of it.
func Parse(b []byte) (Info, bool) {
	in := cryptobyte.String(b)
	var outer, kind, body cryptobyte.String
	if !in.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1(&kind, asn1.OBJECT_IDENTIFIER) ||
		!outer.ReadASN1(&body, asn1.Tag(0).ContextSpecific().Constructed()) {
		return Info{}, false
	}
	i := Info{Size: int64(len(b) - len(in))}
	switch {
	case bytes.Equal(kind, envelopedData):
		i.Kind = "enveloped-data"
	case bytes.Equal(kind, signedData):
		i.Kind = "signed-data"
		i.signed(body)
	default:
		return Info{}, false
	}
	return i, true
}

// signed reads what stands before the certificates in SignedData.
func (i *Info) signed(body cryptobyte.String) {
	var data, digests, algorithm, oid, carried, octets cryptobyte.String
	var version int
	if !body.ReadASN1(&data, asn1.SEQUENCE) || !data.ReadASN1Integer(&version) || !data.ReadASN1(&digests, asn1.SET) {
		return
	}
	if digests.ReadASN1(&algorithm, asn1.SEQUENCE) && algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		i.Digest = digest(oid)
	}
	if data.ReadASN1(&carried, asn1.SEQUENCE) && carried.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) &&
		carried.ReadASN1(&carried, asn1.Tag(0).ContextSpecific().Constructed()) &&
		carried.ReadASN1(&octets, asn1.OCTET_STRING) {
		i.Content = octets
	}
}

func digest(oid []byte) string {
	if bytes.Equal(oid, sha1) {
		return "sha1"
	}
	if rest, ok := bytes.CutPrefix(oid, sha2); ok && len(rest) == 1 {
		switch rest[0] {
		case 1:
			return "sha256"
		case 2:
			return "sha384"
		case 3:
			return "sha512"
		}
	}
	return ""
}
