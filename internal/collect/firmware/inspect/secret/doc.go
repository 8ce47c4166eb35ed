// Package secret finds secrets in the files of a firmware image: private keys,
// password hashes, credentials in URLs, in configurations and in the strings of
// programs. In: an inspect.File. Out: hits with place and value. Values are
// plain text: the caller seals them. Placeholders, locked accounts and
// documented examples are no hits.
package secret

import "assay/internal/collect/firmware/inspect"

// Kind is what was found.
type Kind string

// The kinds of a hit.
const (
	PrivateKey    Kind = "private-key"
	PasswordHash  Kind = "password-hash"
	EmptyPassword Kind = "empty-password" // an account that opens without a password
	UID0Account   Kind = "uid0-account"   // a second account with the rights of root
	URLCredential Kind = "url-credentials"
	Password      Kind = "password" // in clear, in a configuration, script or history
	WiFiPSK       Kind = "wifi-psk"
	CloudKeyID    Kind = "cloud-key-id" // names an account; the secret stands near it
	CloudSecret   Kind = "cloud-secret"
	APIKey        Kind = "api-key"
	Token         Kind = "token"
	Webhook       Kind = "webhook"
	SymmetricKey  Kind = "symmetric-key"
	AuthorizedKey Kind = "ssh-authorized-key" // public, yet opens a door to its owner
	EmbeddedLogin Kind = "embedded-login"     // account and password among a program's strings
	Cut           Kind = "cut"                // no secret: a limit was hit here, what follows in the file was not looked at
)

// Hit is one secret.
type Hit struct {
	Kind Kind
	inspect.Where
	Value     string // plain: the password, the hash, the PEM block, the bytes of a binary key, the passwd line of an account
	User      string // account; of an authorized key: its comment
	Scheme    string // of a hash: "md5", "sha512" …; of a URL: "ftp"; of a cloud key: the provider; of a password: the service
	Algorithm string // of a key: "RSA", "EC", "Ed25519", "DSA"
	Bits      int    // of a key; 0 where unknown
	Format    string // of a key: "PKCS#1 PEM", "PKCS#8 PEM", "SEC1 PEM", "OpenSSH PEM", "SEC1 DER", …, "dropbear host key"
	SPKI      string // SHA-256 of the SubjectPublicKeyInfo of the public half, hexadecimal; empty if unknown
	Encrypted bool   // the key needs a pass phrase that does not stand in it
	Note      string // technical English: the name of the key in the configuration, what is odd
}

// Scan returns the hits of f in the order of their offsets.
func Scan(f *inspect.File) []Hit { return scan(f) }
