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
	WeakSignature Problem = "weak-signature" // MD2, MD5, SHA-1
	LongLived     Problem = "long-lived"     // valid for more than thirty years, which no key can be trusted for
	Default       Problem = "default"        // made by a tool's or a tutorial's default answers: "snakeoil", "Internet Widgits Pty Ltd"
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
	TrustStore bool // stands among trust anchors: not the device's own. It has no Problems; Stores counts them
	Program    bool // stands in a program, which need not present it
	SHA256     string
	SPKI       string // SHA-256 of the SubjectPublicKeyInfo, hexadecimal
	DNSNames   []string
	IPs        []string
	Problems   []Problem
}

// Broken is a PEM block or a file that says it is a certificate and does not
// parse.
type Broken struct {
	inspect.Where
	Err error
}

// Store is a set of trust anchors: one bundle, or the files of one folder.
type Store struct {
	Path    string // the bundle, or the folder
	Count   int
	Expired int // at the time of the scan
	Weak    int // keys below what Problem WeakKey says
	// Distrusted are authorities that browsers no longer believe, each once.
	Distrusted []string
	Newest     time.Time // the latest NotBefore: the store is not older than that
	Oldest     time.Time // the earliest NotAfter of those that are still valid
}

// Outdated says that the store wasn't renewed for long: the newest anchor is
// eight years old, or one in five has expired. Mozilla takes new roots in every
// year, and most of these are some years old by then. One or two anchors are a
// maker's own, which may be of any age.
func (s Store) Outdated(now time.Time) bool {
	return s.Count >= 3 && (now.Sub(s.Newest) > 8*365*24*time.Hour || s.Count >= 10 && s.Expired*5 > s.Count)
}

// Stores groups the trust anchors among certs, in the order of their paths.
func Stores(certs []Certificate, now time.Time) []Store { return stores(certs, now) }

// Scan returns the certificates of f in the order of their offsets: PEM wherever
// it stands, DER and PKCS #7 where they are the whole file.
func Scan(f *inspect.File, now time.Time) ([]Certificate, []Broken) { return scan(f, now) }
