package cert

import (
	"bytes"
	"crypto/dsa"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"path"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

const (
	maxCertificates = 4096
	maxPEM          = 64 << 10
)

var begin = []byte("-----BEGIN ")

func scan(f *inspect.File, now time.Time) ([]Certificate, []Broken) {
	out, broken, whole := der(f, now)
	if whole {
		return out, broken
	}
	for off := 0; ; {
		i := bytes.Index(f.Data[off:], begin)
		if i < 0 {
			break
		}
		off += i
		at := off
		off += len(begin)
		if !announces(f.Data[at:]) {
			continue
		}
		if len(out)+len(broken) >= maxCertificates {
			broken = append(broken, Broken{f.At(at), fmt.Errorf("more than %d certificates: the rest of the file was not looked at", maxCertificates)})
			break
		}
		certs, err := block(f.Data[at:min(len(f.Data), at+maxPEM)])
		if err != nil && promised(f) {
			broken = append(broken, Broken{f.At(at), fmt.Errorf("certificate at offset %d: %w", at, err)})
		}
		for _, c := range certs {
			out = append(out, describe(f, at, c))
		}
	}
	return judge(out, now), broken
}

// announces says that a PEM block of certificates begins here.
func announces(d []byte) bool {
	line, _, _ := bytes.Cut(d[:min(len(d), 80)], []byte("\n"))
	return bytes.Contains(line, []byte("CERTIFICATE-----")) && !bytes.Contains(line, []byte("REQUEST")) ||
		bytes.Contains(line, []byte("BEGIN PKCS7-----")) || bytes.Contains(line, []byte("BEGIN CMS-----"))
}

var errPEM = errors.New("PEM does not decode")

// promised says that the file is there to hold certificates. In a page, a schema
// or a program the words alone say nothing.
func promised(f *inspect.File) bool {
	switch strings.ToLower(path.Ext(f.Path)) {
	case ".pem", ".crt", ".cer", ".p7b", ".p7c", ".ca-bundle":
		return true
	}
	return f.Role == inspect.Certificate
}

// block decodes the PEM block that d begins with. In JSON and in scripts its
// lines end with the characters "\n".
func block(d []byte) ([]*x509.Certificate, error) {
	b, _ := pem.Decode(d)
	if b == nil && bytes.Contains(d[:min(len(d), 100)], []byte(`-----\n`)) {
		end := bytes.IndexByte(d, '"')
		if end < 0 {
			end = len(d)
		}
		d = append(bytes.ReplaceAll(d[:end], []byte(`\n`), []byte("\n")), '\n')
		b, _ = pem.Decode(d)
	}
	if b == nil || !bytes.HasPrefix(d, []byte("-----BEGIN "+b.Type+"-----")) {
		return nil, errPEM
	}
	if b.Type == "PKCS7" || b.Type == "CMS" {
		return signed(b.Bytes)
	}
	raw := b.Bytes
	if b.Type == "TRUSTED CERTIFICATE" { // OpenSSL puts what it is trusted for behind it
		var first cryptobyte.String
		in := cryptobyte.String(raw)
		if in.ReadASN1Element(&first, asn1.SEQUENCE) {
			raw = first
		}
	}
	c, err := parse(raw)
	if err != nil {
		return nil, err
	}
	return []*x509.Certificate{c}, nil
}

// parse reads a certificate. Where package x509 finds fault with what is in use
// all the same (a negative serial number, an odd extension), what the outside
// says is enough (RFC 5280, 4.1).
func parse(raw []byte) (*x509.Certificate, error) {
	c, err := x509.ParseCertificate(raw)
	if err == nil {
		return c, nil
	}
	var cert, tbs, issuer, validity, subject, spki cryptobyte.String
	in := cryptobyte.String(raw)
	serial := new(big.Int)
	c = &x509.Certificate{Raw: raw, Version: 3, SerialNumber: serial}
	explicit := asn1.Tag(0).ContextSpecific().Constructed()
	if !in.ReadASN1(&cert, asn1.SEQUENCE) || !in.Empty() || !cert.ReadASN1(&tbs, asn1.SEQUENCE) || !cert.SkipASN1(asn1.SEQUENCE) || !cert.SkipASN1(asn1.BIT_STRING) ||
		!tbs.SkipOptionalASN1(explicit) || !tbs.ReadASN1Integer(serial) || !tbs.SkipASN1(asn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&issuer, asn1.SEQUENCE) || !tbs.ReadASN1(&validity, asn1.SEQUENCE) || !tbs.ReadASN1Element(&subject, asn1.SEQUENCE) || !tbs.ReadASN1Element(&spki, asn1.SEQUENCE) {
		return nil, err
	}
	var terr error
	if c.NotBefore, terr = point(&validity); terr != nil {
		return nil, err
	}
	if c.NotAfter, terr = point(&validity); terr != nil {
		return nil, err
	}
	c.RawIssuer, c.RawSubject, c.RawSubjectPublicKeyInfo = issuer, subject, spki
	for raw, name := range map[*cryptobyte.String]*pkix.Name{&issuer: &c.Issuer, &subject: &c.Subject} {
		var seq pkix.RDNSequence
		if _, nerr := encasn1.Unmarshal(*raw, &seq); nerr == nil {
			name.FillFromRDNSequence(&seq)
		}
	}
	if k, kerr := x509.ParsePKIXPublicKey(spki); kerr == nil {
		c.PublicKey = k
	}
	return c, nil
}

// point reads a UTCTime or a GeneralizedTime.
func point(in *cryptobyte.String) (time.Time, error) {
	var t time.Time
	if in.PeekASN1Tag(asn1.UTCTime) && in.ReadASN1UTCTime(&t) || in.PeekASN1Tag(asn1.GeneralizedTime) && in.ReadASN1GeneralizedTime(&t) {
		return t, nil
	}
	return t, errors.New("no time")
}

// signed takes the certificates out of a SignedData (RFC 5652, 5.1). Whether
// anything is signed is not looked at.
func signed(b []byte) ([]*x509.Certificate, error) {
	in := cryptobyte.String(b)
	var info, content, data, certs cryptobyte.String
	var oid encasn1.ObjectIdentifier
	var has bool
	explicit := asn1.Tag(0).ContextSpecific().Constructed()
	if !in.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}) ||
		!info.ReadASN1(&content, explicit) || !content.ReadASN1(&data, asn1.SEQUENCE) ||
		!data.SkipASN1(asn1.INTEGER) || !data.SkipASN1(asn1.SET) || !data.SkipASN1(asn1.SEQUENCE) {
		return nil, errors.New("no PKCS #7 SignedData")
	}
	if !data.ReadOptionalASN1(&certs, &has, explicit) {
		return nil, errors.New("PKCS #7: the certificates do not decode")
	}
	var out []*x509.Certificate
	for !certs.Empty() && len(out) < maxCertificates {
		var raw cryptobyte.String
		if !certs.ReadASN1Element(&raw, asn1.SEQUENCE) {
			return out, errors.New("PKCS #7: a certificate does not decode")
		}
		c, err := parse(raw)
		if err != nil {
			return out, err
		}
		out = append(out, c)
	}
	return out, nil
}

// der looks whether the whole file is one certificate or a PKCS #7 message;
// whole says so.
func der(f *inspect.File, now time.Time) (out []Certificate, broken []Broken, whole bool) {
	d := f.Data
	if len(d) < 64 || len(d) > 1<<20 || d[0] != 0x30 || d[1] != 0x82 {
		return nil, nil, false
	}
	n := int(d[2])<<8 + int(d[3]) + 4
	switch {
	case n > len(d) && named(f):
		return nil, []Broken{{f.At(0), fmt.Errorf("certificate: %d bytes, the file has %d", n, len(d))}}, true
	case n > len(d) || len(bytes.Trim(d[n:], "\x00\xff\n")) > 0:
		return nil, nil, false
	}
	if c, err := parse(d[:n]); err == nil {
		return judge([]Certificate{describe(f, 0, c)}, now), nil, true
	} else if certs, serr := signed(d[:n]); serr == nil || len(certs) > 0 {
		for _, c := range certs {
			out = append(out, describe(f, 0, c))
		}
		return judge(out, now), nil, true
	} else if named(f) {
		return nil, []Broken{{f.At(0), fmt.Errorf("certificate: %w", err)}}, true
	}
	return nil, nil, false // another structure in DER: a key, a signature
}

// named says that the file's name promises a certificate.
func named(f *inspect.File) bool {
	switch strings.ToLower(path.Ext(f.Path)) {
	case ".crt", ".cer", ".p7b", ".p7c":
		return true
	}
	return false
}

// judge sets the problems of what isn't a trust anchor. A file of many
// certificates that are all of authorities is a bundle, whatever its name.
func judge(certs []Certificate, now time.Time) []Certificate {
	const bundle = 20
	all := len(certs) >= bundle
	for _, c := range certs {
		all = all && (c.CA || c.SelfSigned)
	}
	for i := range certs {
		c := &certs[i]
		c.TrustStore = c.TrustStore || all
		if !c.TrustStore && !(c.Program && ofTests.MatchString(c.Issuer+" "+c.Subject)) {
			c.Problems = problems(c, now)
			// A maker's own authority, if nothing is wrong with it.
			c.TrustStore = c.CA && c.SelfSigned && len(c.Problems) == 0 && authority.MatchString(path.Base(c.Path)) && len(c.DNSNames)+len(c.IPs) == 0
		}
	}
	return certs
}

// ofTests are names in the certificates of crypto libraries' own tests, which
// stand in programs that are linked with them: they say nothing of a product.
var ofTests = pattern.New(`\bO=(?:PolarSSL|Mbed TLS|mbed TLS|Sawtooth|wolfSSL\w*|yaSSL|OpenSSL Test\w*)\b|\bOU=(?:Programming|Consulting)[-_]?\w*\b.*(?:wolfssl|sawtooth)|\bCN=www\.(?:wolfssl|yassl)\.com`)

// authority is what files of trust anchors are called.
var authority = pattern.New(`(?i)^(?:.*[-_.])?(?:root[-_]?)?ca(?:[-_]?(?:certs?|certificates?|bundle|chain|file|root))?\.(?:pem|crt|cer|der)$`)

// InLibrary says that a certificate of a published key stands in a program
// because the tests of a crypto library do, which it was built with: nothing
// presents it. whose tells where the key is published.
func (c *Certificate) InLibrary(whose string) bool {
	return c.Program && (strings.Contains(whose, "library/") || strings.Contains(whose, "test"))
}

func describe(f *inspect.File, off int, c *x509.Certificate) Certificate {
	sum, spki := sha256.Sum256(c.Raw), sha256.Sum256(c.RawSubjectPublicKeyInfo)
	d := Certificate{
		Where:      f.At(off),
		Subject:    c.Subject.String(),
		Issuer:     c.Issuer.String(),
		Serial:     hex.EncodeToString(c.SerialNumber.Bytes()),
		NotBefore:  c.NotBefore.UTC(),
		NotAfter:   c.NotAfter.UTC(),
		Signature:  c.SignatureAlgorithm.String(),
		CA:         c.IsCA,
		SelfSigned: bytes.Equal(c.RawIssuer, c.RawSubject),
		TrustStore: trustStore(f.Path) && anchor(f, c),
		SHA256:     hex.EncodeToString(sum[:]),
		SPKI:       hex.EncodeToString(spki[:]),
		DNSNames:   c.DNSNames,
	}
	for _, ip := range c.IPAddresses {
		d.IPs = append(d.IPs, ip.String())
	}
	d.Algorithm, d.Bits = keyOf(c)
	d.Program = f.Kind == inspect.ELF
	return d
}

func keyOf(c *x509.Certificate) (string, int) {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA", k.N.BitLen()
	case *ecdsa.PublicKey:
		return "EC", k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return "Ed25519", 256
	case *dsa.PublicKey:
		return "DSA", k.P.BitLen()
	}
	return "unknown", 0
}

func problems(d *Certificate, now time.Time) []Problem {
	var out []Problem
	switch {
	case now.After(d.NotAfter):
		out = append(out, Expired)
	case now.Before(d.NotBefore):
		out = append(out, NotYetValid)
	}
	if weakKey(d) {
		out = append(out, WeakKey)
	}
	switch d.Signature {
	case x509.MD2WithRSA.String(), x509.MD5WithRSA.String(), x509.SHA1WithRSA.String(), x509.DSAWithSHA1.String(), x509.ECDSAWithSHA1.String():
		out = append(out, WeakSignature)
	}
	if isDefault(d) {
		out = append(out, Default)
	}
	if !strings.Contains(path.Ext(d.Path), ".p7") && d.NotAfter.Sub(d.NotBefore) > 30*365*24*time.Hour+10*24*time.Hour && d.NotAfter.Year() < 9999 { // of devices' own identities 9999 says "no end" (IEEE 802.1AR, 8.7)
		out = append(out, LongLived)
	}
	return out
}

func weakKey(d *Certificate) bool {
	return (d.Algorithm == "RSA" || d.Algorithm == "DSA") && d.Bits < 2048 || d.Algorithm == "EC" && d.Bits < 224
}

// isDefault knows the names that stand in certificates which nobody filled in:
// of OpenSSL's request template, of Debian's ssl-cert, of test programs.
func isDefault(d *Certificate) bool {
	subject := strings.ToLower(d.Subject)
	for _, name := range []string{"internet widgits pty ltd", "snakeoil", "default company ltd", "acme co", "st=some-state", "my company name ltd", "cn=example.com", "cn=www.example.com", "o=example inc", "cn=test certificate", "cn=server.example.com", "for testing purposes only"} {
		if strings.Contains(subject, name) {
			return true
		}
	}
	return false
}

// anchor says that a certificate in such a place is one that others are checked
// with: of an authority, or so old that it doesn't say. The device's own often
// stands beside them: with its key, with a host name, or called so.
func anchor(f *inspect.File, c *x509.Certificate) bool {
	if !c.IsCA && c.Version >= 3 || len(c.DNSNames)+len(c.IPAddresses) > 0 || bytes.Contains(f.Data[:min(len(f.Data), maxPEM)], []byte("PRIVATE KEY-----")) {
		return false
	}
	base := strings.ToLower(path.Base(f.Path))
	for _, own := range []string{"server", "device", "client", "httpd", "ssl-cert-snakeoil", "webcam", "ipcam"} {
		if strings.HasPrefix(base, own) {
			return false
		}
	}
	return true
}

// trustStore says that the file holds anchors that others' certificates are
// checked with, not what the device shows of itself.
func trustStore(p string) bool {
	for _, dir := range []string{"/ca-certificates/", "/ssl/certs/", "/ca-certs/", "/cacert/", "/trust-source/", "/pki/ca-trust/"} {
		if strings.Contains(p, dir) {
			return true
		}
	}
	switch path.Base(p) {
	case "ca-certificates.crt", "ca-bundle.crt", "ca-bundle.pem", "cacert.pem", "cert.pem":
		return true
	}
	return false
}
