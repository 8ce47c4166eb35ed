package cms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
	"time"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/sign"
)

// Check is what holding a message against its content showed. A message brings
// its certificates along: that it fits one of them says that nothing was changed
// since somebody with that key signed it, and not that anybody trusts the key.
type Check struct {
	State  string // format.Good, format.Bad, or format.Present where it could not be held
	Scheme string // "rsa2048-sha256"; "" where it isn't known
	Note   string // whose certificate, and why not
}

var (
	errNoCertificate = errors.New("the signer's certificate is not in it")
	errUnknown       = errors.New("an algorithm that is not known here")
	errDigest        = errors.New("the content has another hash")
	errSignature     = errors.New("the signature does not fit the certificate in it")
	errShape         = errors.New("it is not laid out as RFC 5652 has it")
)

// Verify holds signed data against what it signs. Where that isn't within,
// content writes it to h.
func Verify(b []byte, content func(h hash.Hash) error) (Check, error) {
	m, err := parse(b)
	if err != nil || len(m.signers) == 0 {
		return Check{State: format.Present, Note: errShape.Error()}, nil
	}
	// A signature that fits is enough: of several, others may be for devices with
	// other keys. One that is wrong says more than one that can't be held.
	d := &digests{message: m, content: content, sums: map[crypto.Hash][]byte{}}
	var best Check
	for i := range m.signers {
		c, err := m.check(&m.signers[i], d)
		if err != nil {
			return c, err
		}
		if weight[c.State] > weight[best.State] {
			best = c
		}
		if c.State == format.Good {
			break
		}
	}
	if n := len(m.signers); n > 1 {
		best.Note += fmt.Sprintf("; %d signatures", n)
	}
	return best, nil
}

// weight is how much a state says of a message with several signatures.
var weight = map[string]int{format.Present: 1, format.Bad: 2, format.Good: 3}

// digests are the hashes of the content, each calculated once: an image may be
// large, and a message may name eight signers.
type digests struct {
	*message
	content func(h hash.Hash) error
	sums    map[crypto.Hash][]byte
}

func (d *digests) of(h crypto.Hash) ([]byte, error) {
	if sum, ok := d.sums[h]; ok {
		return sum, nil
	}
	sum := h.New()
	if d.within {
		sum.Write(d.message.content)
	} else if err := d.content(sum); err != nil {
		return nil, err
	}
	d.sums[h] = sum.Sum(nil)
	return d.sums[h], nil
}

// message is SignedData (RFC 5652, section 5.1).
type message struct {
	within  bool
	content []byte
	certs   []*x509.Certificate
	signers []signer
}

// signer is a SignerInfo (section 5.3).
type signer struct {
	issuer, serial []byte // DER
	key            []byte // its identifier, instead
	digest         asn1.ObjectIdentifier
	attributes     []byte // the signed ones, as a SET; empty: none
	algorithm      asn1.ObjectIdentifier
	parameters     cryptobyte.String
	signature      []byte
}

const (
	maxCerts   = 32
	maxSigners = 8
)

func parse(b []byte) (*message, error) {
	in := cryptobyte.String(b)
	var outer, body, data, digests, carried, oid cryptobyte.String
	var version int
	if !in.ReadASN1(&outer, tag.SEQUENCE) || !outer.ReadASN1(&oid, tag.OBJECT_IDENTIFIER) || !bytes.Equal(oid, signedData) ||
		!outer.ReadASN1(&body, tag.Tag(0).ContextSpecific().Constructed()) || !body.ReadASN1(&data, tag.SEQUENCE) ||
		!data.ReadASN1Integer(&version) || !data.ReadASN1(&digests, tag.SET) || !data.ReadASN1(&carried, tag.SEQUENCE) ||
		!carried.ReadASN1(&oid, tag.OBJECT_IDENTIFIER) {
		return nil, errShape
	}
	m := &message{}
	var octets, list cryptobyte.String
	if carried.ReadASN1(&carried, tag.Tag(0).ContextSpecific().Constructed()) && carried.ReadASN1(&octets, tag.OCTET_STRING) {
		m.within, m.content = true, octets
	}
	var there bool
	if !data.ReadOptionalASN1(&list, &there, tag.Tag(0).ContextSpecific().Constructed()) {
		return nil, errShape
	}
	for !list.Empty() && len(m.certs) < maxCerts {
		var der cryptobyte.String
		var t tag.Tag
		if !list.ReadAnyASN1Element(&der, &t) {
			return nil, errShape
		}
		if c, err := x509.ParseCertificate(der); err == nil {
			m.certs = append(m.certs, c)
		}
	}
	if !data.SkipOptionalASN1(tag.Tag(1).ContextSpecific().Constructed()) || !data.ReadASN1(&list, tag.SET) {
		return nil, errShape
	}
	for !list.Empty() && len(m.signers) < maxSigners {
		var one cryptobyte.String
		if !list.ReadASN1(&one, tag.SEQUENCE) {
			return nil, errShape
		}
		s, ok := readSigner(one)
		if !ok {
			return nil, errShape
		}
		m.signers = append(m.signers, s)
	}
	return m, nil
}

func readSigner(in cryptobyte.String) (s signer, ok bool) {
	var version int
	var id, algorithm, issuer, serial, key, attributes, signature cryptobyte.String
	if !in.ReadASN1Integer(&version) {
		return s, false
	}
	if in.PeekASN1Tag(tag.SEQUENCE) {
		if !in.ReadASN1(&id, tag.SEQUENCE) || !id.ReadASN1Element(&issuer, tag.SEQUENCE) || !id.ReadASN1(&serial, tag.INTEGER) {
			return s, false
		}
	} else if !in.ReadASN1(&key, tag.Tag(0).ContextSpecific()) {
		return s, false
	}
	s.issuer, s.serial, s.key = issuer, serial, key
	if !in.ReadASN1(&algorithm, tag.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&s.digest) {
		return s, false
	}
	signed := tag.Tag(0).ContextSpecific().Constructed()
	if in.PeekASN1Tag(signed) {
		if !in.ReadASN1Element(&attributes, signed) {
			return s, false
		}
		s.attributes = bytes.Clone(attributes)
		s.attributes[0] = byte(tag.SET) // what is signed is a SET (section 5.4)
	}
	if !in.ReadASN1(&algorithm, tag.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&s.algorithm) || !in.ReadASN1(&signature, tag.OCTET_STRING) {
		return s, false
	}
	s.parameters, s.signature = algorithm, signature
	return s, true
}

// The hashes (RFC 5754, section 2) and the attributes of section 11.
var (
	hashes = map[string]crypto.Hash{"1.3.14.3.2.26": crypto.SHA1, "2.16.840.1.101.3.4.2.1": crypto.SHA256,
		"2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512}
	names       = map[crypto.Hash]string{crypto.SHA1: "sha1", crypto.SHA256: "sha256", crypto.SHA384: "sha384", crypto.SHA512: "sha512"}
	messageHash = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	rsaPSS      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
)

// check holds one signature. err is one of content.
func (m *message) check(s *signer, d *digests) (Check, error) {
	h, ok := hashes[s.digest.String()]
	if !ok {
		return Check{State: format.Present, Note: errUnknown.Error()}, nil
	}
	digest, err := d.of(h)
	if err != nil {
		return Check{State: format.Present}, err
	}
	c := m.signer(s)
	if c == nil {
		return Check{State: format.Present, Scheme: names[h], Note: errNoCertificate.Error()}, nil
	}
	out := Check{State: format.Bad, Scheme: sign.Describe(c.PublicKey) + "-" + names[h]}
	message := digest
	if len(s.attributes) > 0 {
		if !bytes.Equal(attribute(s.attributes, messageHash), digest) {
			out.Note = errDigest.Error() + "; " + describe(c)
			return out, nil
		}
		sum := h.New()
		sum.Write(s.attributes)
		if message = sum.Sum(nil); c.PublicKeyAlgorithm == x509.Ed25519 {
			message = s.attributes
		}
	} else if c.PublicKeyAlgorithm == x509.Ed25519 { // of the content itself (RFC 8419, section 3.2)
		out.State, out.Note = format.Present, errUnknown.Error()+"; "+describe(c)
		return out, nil
	}
	pad := sign.PKCS1
	if s.algorithm.Equal(rsaPSS) {
		pad = sign.PSS
	}
	switch good, known := sign.Verify(c.PublicKey, h, message, s.signature, pad); {
	case !known:
		out.State, out.Note = format.Present, errUnknown.Error()
	case good:
		out.State = format.Good
		out.Note = "it fits the certificate in it; whether a device trusts that one can't be seen here"
	default:
		out.Note = errSignature.Error()
	}
	out.Note += "; " + describe(c)
	return out, nil
}

// signer is the certificate that the signature is said to be of.
func (m *message) signer(s *signer) *x509.Certificate {
	for _, c := range m.certs {
		if len(s.key) > 0 {
			if bytes.Equal(c.SubjectKeyId, s.key) {
				return c
			}
			continue
		}
		serial := c.SerialNumber.Bytes()
		if bytes.Equal(c.RawIssuer, s.issuer) && bytes.Equal(bytes.TrimLeft(s.serial, "\x00"), bytes.TrimLeft(serial, "\x00")) {
			return c
		}
	}
	return nil
}

// describe says whose the certificate is, and until when it is valid.
func describe(c *x509.Certificate) string {
	name := func(s string) string { return format.Printable(s) }
	text := fmt.Sprintf("certificate of %q", name(c.Subject.String()))
	if bytes.Equal(c.RawSubject, c.RawIssuer) {
		text += ", signed by itself"
	} else {
		text += fmt.Sprintf(", signed by %q", name(c.Issuer.String()))
	}
	return text + ", valid until " + c.NotAfter.UTC().Format(time.DateOnly)
}

// attribute is the only value of an attribute in a SET of them.
func attribute(set []byte, want asn1.ObjectIdentifier) []byte {
	in := cryptobyte.String(set)
	var list cryptobyte.String
	if !in.ReadASN1(&list, tag.SET) {
		return nil
	}
	for !list.Empty() {
		var one, values, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !list.ReadASN1(&one, tag.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&oid) || !one.ReadASN1(&values, tag.SET) {
			return nil
		}
		if oid.Equal(want) && values.ReadASN1(&value, tag.OCTET_STRING) {
			return value
		}
	}
	return nil
}
