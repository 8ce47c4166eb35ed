package cert

import (
	"bytes"
	"crypto/dsa"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"path"
	"strings"
	"time"

	"assay/internal/collect/firmware/inspect"
)

const (
	maxCertificates = 4096
	maxPEM          = 64 << 10
)

var begin = []byte("-----BEGIN ")

func scan(f *inspect.File, now time.Time) ([]Certificate, []Broken) {
	var out []Certificate
	var broken []Broken
	if c := der(f, now); c != nil {
		return []Certificate{*c}, nil
	}
	tries := 0
	for off := 0; ; {
		i := bytes.Index(f.Data[off:], begin)
		if i < 0 {
			break
		}
		off += i
		d := f.Data[off:min(len(f.Data), off+maxPEM)]
		line, _, _ := bytes.Cut(d[:min(len(d), 80)], []byte("\n"))
		at := off
		off += len(begin)
		if !bytes.Contains(line, []byte("CERTIFICATE-----")) || bytes.Contains(line, []byte("REQUEST")) {
			continue
		}
		if tries++; tries > maxCertificates {
			broken = append(broken, Broken{f.At(at), fmt.Errorf("more than %d certificates: the rest of the file was not looked at", maxCertificates)})
			break
		}
		b, _ := pem.Decode(d)
		if b == nil || !bytes.HasPrefix(d, []byte("-----BEGIN "+b.Type+"-----")) || !strings.HasSuffix(b.Type, "CERTIFICATE") {
			if f.Kind == inspect.Text && f.Role != inspect.Script && f.Role != inspect.Documentation {
				broken = append(broken, Broken{f.At(at), fmt.Errorf("certificate at offset %d: PEM does not decode", at)})
			}
			continue
		}
		raw := b.Bytes
		c, err := x509.ParseCertificate(raw)
		if err != nil {
			broken = append(broken, Broken{f.At(at), fmt.Errorf("certificate at offset %d: %w", at, err)})
			continue
		}
		out = append(out, describe(f, at, c, now))
	}
	return out, broken
}

// der looks whether the whole file is one certificate.
func der(f *inspect.File, now time.Time) *Certificate {
	if len(f.Data) < 64 || len(f.Data) > 64<<10 || f.Data[0] != 0x30 || f.Data[1] != 0x82 {
		return nil
	}
	n := int(f.Data[2])<<8 + int(f.Data[3]) + 4
	if n > len(f.Data) || len(bytes.Trim(f.Data[n:], "\x00\xff\n")) > 0 {
		return nil
	}
	c, err := x509.ParseCertificate(f.Data[:n])
	if err != nil {
		return nil // another structure in DER: a key, a signature
	}
	d := describe(f, 0, c, now)
	return &d
}

func describe(f *inspect.File, off int, c *x509.Certificate, now time.Time) Certificate {
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
		TrustStore: trustStore(f.Path),
		SHA256:     hex.EncodeToString(sum[:]),
		SPKI:       hex.EncodeToString(spki[:]),
		DNSNames:   c.DNSNames,
	}
	d.Algorithm, d.Bits = keyOf(c)
	d.Problems = problems(&d, c, now)
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

func problems(d *Certificate, c *x509.Certificate, now time.Time) []Problem {
	var out []Problem
	switch {
	case now.After(d.NotAfter):
		out = append(out, Expired)
	case now.Before(d.NotBefore):
		out = append(out, NotYetValid)
	}
	if (d.Algorithm == "RSA" || d.Algorithm == "DSA") && d.Bits < 2048 || d.Algorithm == "EC" && d.Bits < 224 {
		out = append(out, WeakKey)
	}
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		// Nobody checks a root's signature on itself.
		if !(d.SelfSigned && d.TrustStore) {
			out = append(out, WeakSignature)
		}
	}
	return out
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
