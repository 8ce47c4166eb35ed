package tlsprobe

import (
	"bytes"
	"crypto/dsa" //nolint:staticcheck // old devices still show such keys
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
)

// maxSANs bounds the names kept of one certificate.
const maxSANs = 256

// ParseCertificate reads the facts of one certificate in DER. A broken one
// keeps its bytes, its hash and the parser's error.
func ParseCertificate(der []byte) Certificate {
	sum := sha256.Sum256(der)
	c := Certificate{DER: der, SHA256: hex.EncodeToString(sum[:])}
	x, err := x509.ParseCertificate(der)
	if err != nil {
		c.ParseError = err.Error()
		return c
	}
	c.Version = x.Version
	c.Subject, c.Issuer = x.Subject.String(), x.Issuer.String()
	c.NotBefore, c.NotAfter = x.NotBefore.UTC(), x.NotAfter.UTC()
	c.SignatureAlgorithm = x.SignatureAlgorithm.String()
	spki := sha256.Sum256(x.RawSubjectPublicKeyInfo)
	c.SPKISHA256 = hex.EncodeToString(spki[:])
	c.Serial = x.SerialNumber.Text(16)
	c.IsCA = x.IsCA
	c.SANs = append(c.SANs, x.DNSNames...)
	for _, ip := range x.IPAddresses {
		c.SANs = append(c.SANs, ip.String())
	}
	c.SANs = append(c.SANs, x.EmailAddresses...)
	for _, u := range x.URIs {
		c.SANs = append(c.SANs, u.String())
	}
	c.SANs = c.SANs[:min(len(c.SANs), maxSANs)]
	switch k := x.PublicKey.(type) {
	case *rsa.PublicKey:
		c.KeyType, c.KeyBits = "RSA", k.N.BitLen()
	case *ecdsa.PublicKey:
		c.KeyType, c.KeyBits, c.Curve = "ECDSA", k.Curve.Params().BitSize, k.Curve.Params().Name
	case ed25519.PublicKey:
		c.KeyType, c.KeyBits = "Ed25519", 256
	case *dsa.PublicKey:
		c.KeyType, c.KeyBits = "DSA", k.P.BitLen()
	default:
		c.KeyType = "unknown"
	}
	c.SelfSigned = selfSigned(x)
	return c
}

// selfSigned checks the signature with the certificate's own key. Where the
// library refuses an old algorithm, equal names have to do.
func selfSigned(x *x509.Certificate) bool {
	if !bytes.Equal(x.RawIssuer, x.RawSubject) {
		return false
	}
	err := x.CheckSignature(x.SignatureAlgorithm, x.RawTBSCertificate, x.Signature)
	var insecure x509.InsecureAlgorithmError
	return err == nil || errors.As(err, &insecure) || errors.Is(err, x509.ErrUnsupportedAlgorithm)
}
