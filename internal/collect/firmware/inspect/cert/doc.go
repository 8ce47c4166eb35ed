// Package cert finds X.509 certificates in the files of a firmware image. In:
// an inspect.File and a point in time. Out: certificates with what is weak about
// them at that time. The clock is an argument, so that a stored image gives the
// same answer years later.
package cert

import (
	"time"

	"assay/internal/collect/firmware/inspect"
)

// Problem is what is weak about a certificate.
type Problem string

// The problems.
const (
	Expired       Problem = "expired"
	NotYetValid   Problem = "not-yet-valid"
	WeakKey       Problem = "weak-key"       // RSA or DSA below 2048 bits, EC below 224
	WeakSignature Problem = "weak-signature" // MD2, MD5, SHA-1; not asked of self-signed roots in a trust store
)

// Certificate is one certificate in a file.
type Certificate struct {
	inspect.Where
	Subject    string
	Issuer     string
	Serial     string // hexadecimal
	NotBefore  time.Time
	NotAfter   time.Time
	Algorithm  string // of the key: "RSA", "EC", "Ed25519", "DSA", or "unknown"
	Bits       int
	Signature  string // "SHA1-RSA", as crypto/x509 names it
	CA         bool
	SelfSigned bool // issuer equals subject
	TrustStore bool // stands in a folder of trust anchors: not the device's own
	SHA256     string
	SPKI       string // SHA-256 of the SubjectPublicKeyInfo, hexadecimal
	DNSNames   []string
	Problems   []Problem
}

// Broken is a PEM block that says CERTIFICATE and does not parse.
type Broken struct {
	inspect.Where
	Err error
}

// Scan returns the certificates of f in the order of their offsets.
func Scan(f *inspect.File, now time.Time) ([]Certificate, []Broken) { return scan(f, now) }
