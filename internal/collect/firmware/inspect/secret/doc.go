// Package secret finds secrets in the files of a firmware image: private keys
// and key stores, password hashes, credentials in configurations, scripts,
// databases, URLs and programs, tokens of services. In: an inspect.File and
// where the words of Words stand in it. Out: hits with place and value. Values
// are plain text: the caller seals them. Placeholders, locked accounts,
// documentation and published examples are no hits.
//
// A word that stands in a file is only a reason to look: each look reads a
// bounded window around it, so that the cost of a file is that of its hits, not
// of its bytes.
package secret

import (
	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
)

// Kind is what was found.
type Kind string

// The kinds of a hit.
const (
	PrivateKey    Kind = "private-key" // a key, or a key store that holds one
	PasswordHash  Kind = "password-hash"
	EmptyPassword Kind = "empty-password" // an account that opens without a password
	UID0Account   Kind = "uid0-account"   // a second account with the rights of root
	URLCredential Kind = "url-credentials"
	Password      Kind = "password" // in clear, in a configuration, script, database or history
	WiFiPSK       Kind = "wifi-psk"
	CloudKeyID    Kind = "cloud-key-id" // names an account; the secret stands near it
	CloudSecret   Kind = "cloud-secret"
	APIKey        Kind = "api-key"
	Token         Kind = "token"
	Webhook       Kind = "webhook"
	SymmetricKey  Kind = "symmetric-key"
	AuthorizedKey Kind = "ssh-authorized-key" // public, yet opens a door to its owner
	EmbeddedLogin Kind = "embedded-login"     // account and password among a program's strings
	TestKey       Kind = "library-test-key"   // a published key that a library checks itself with: no secret of the product
	Cut           Kind = "cut"                // no secret: a limit was hit here, what follows in the file was not looked at
)

// Secret says that a hit of this kind is a secret or a door of the product.
func (k Kind) Secret() bool { return k != TestKey && k != Cut }

// Hit is one secret.
type Hit struct {
	Kind Kind
	inspect.Where
	Value     string // plain, as it stands: the password, the hash, the PEM block, the bytes of a binary key, the passwd line of an account
	Clear     string // plain: what Value encodes (base64), or the pass phrase that opens the key, where that is known
	User      string // account or network name; of an authorized key: its comment
	Scheme    string // of a hash: "md5", "sha512" …; of a URL: "ftp"; of a token: the provider; of a password: the service
	Algorithm string // of a key: "RSA", "EC", "Ed25519", "X25519", "DSA"
	Bits      int    // of a key; 0 where unknown
	Format    string // of a key: "PKCS#1 PEM", "PKCS#8 DER", "OpenSSH PEM", "dropbear host key", "PKCS#12", "JKS" …
	SPKI      string // SHA-256 of the SubjectPublicKeyInfo of the public half, hexadecimal; empty if unknown
	Encrypted bool   // the key needs a pass phrase, and none of the well-known ones opens it
	Known     string // where this very key or token is published, so that everybody has it; empty: nowhere that is known here
	Note      string // technical English: the name of the key in the configuration, what is odd
}

// Words returns what the caller looks for in a file's bytes, without regard to
// case. The caller must not change it.
func Words() []string { return words }

// Scan returns the hits of f in the order of their offsets. found are the places
// of Words in f.Data, ordered by where they end. Several goroutines may call it,
// each with a File of its own.
func Scan(f *inspect.File, found []keyword.Hit) []Hit { return scan(f, found) }
