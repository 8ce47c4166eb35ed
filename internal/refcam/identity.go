package refcam

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// derive returns n bytes that depend on the seed and the label only.
func (c *Camera) derive(label string, n int) []byte {
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], c.opt.Seed)
	b, err := hkdf.Key(sha256.New, seed[:], nil, "refcam/"+label, n)
	if err != nil {
		panic(err) // only for more than 255 hashes of output, which no caller asks for
	}
	return b
}

func (c *Camera) mac(i int) string {
	b := c.derive("mac/"+strconv.Itoa(i), 3)
	// 02: locally administered, so that no maker's prefix is claimed.
	return fmt.Sprintf("02:4c:43:%02x:%02x:%02x", b[0], b[1], b[2])
}

func (c *Camera) serials() ([2]string, error) {
	s := c.opt.Serial
	head := strings.TrimRight(s, "0123456789")
	digits := s[len(head):]
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || len(digits) > 9 || len(head) > 16 || strings.Trim(head, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
		return [2]string{}, fmt.Errorf("reference camera: serial number %q: want capital letters, digits and dashes, ending in up to 9 digits", s)
	}
	if c.weak[SharedSerial] {
		return [2]string{s, s}, nil
	}
	return [2]string{s, fmt.Sprintf("%s%0*d", head, len(digits), n+1)}, nil
}

// password makes a password of 12 characters from an alphabet of 54 without
// look-alikes: 69 bits.
func (c *Camera) password(label string) string {
	const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ234567"
	var b strings.Builder
	for _, x := range c.derive("password/"+label, 96) {
		// Bytes beyond the last whole multiple would make some letters likelier.
		if b.Len() < 12 && int(x) < 256/len(alphabet)*len(alphabet) {
			b.WriteByte(alphabet[int(x)%len(alphabet)])
		}
	}
	return b.String()
}

func (c *Camera) newUnit(i int, name Unit) (*unit, error) {
	u := &unit{Unit: name, label: map[string]string{}, current: map[string]string{}}
	for _, a := range c.accounts() {
		u.label[a.name] = c.password("label/" + u.ID + "/" + a.name)
		u.current[a.name] = c.password("owner/" + u.ID + "/" + a.name)
		if c.opt.Factory {
			u.current[a.name] = u.label[a.name]
		}
		if c.weak[CommonDefaultPassword] && a.name == "admin" {
			u.label[a.name], u.current[a.name] = "admin", "admin"
		}
	}
	var err error
	if u.cert, err = c.certify(i, u); err != nil {
		return nil, err
	}
	u.dev, err = c.newDevice(u)
	return u, err
}

func (c *Camera) ecKey(label string) (*ecdsa.PrivateKey, error) {
	// One number in 2^32 lies outside of the group's order: then the next.
	for i := range 8 {
		k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), c.derive(fmt.Sprintf("key/%s/%d", label, i), 32))
		if err == nil {
			return k, nil
		}
	}
	return nil, fmt.Errorf("no private key for %s from seed %d; choose another seed", label, c.opt.Seed)
}

// tlsKey returns the private key that unit i uses.
func (c *Camera) tlsKey(i int) (crypto.Signer, error) {
	if c.weak[SharedTLSKey] || c.weak[KeyInImage] {
		i = 0
		if len(c.units) > 0 {
			// RSA keys don't come from the seed: take the one that is there.
			return c.units[0].cert.PrivateKey.(crypto.Signer), nil
		}
	}
	switch {
	case c.weak[WeakCertificateKey]:
		return rsa.GenerateKey(rand.Reader, 1024)
	case c.weak[StaticRSAOnly], c.weak[StaticRSAAccepted]:
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return c.ecKey(fmt.Sprintf("unit/%d", i))
}

// steady signs without randomness (RFC 6979), so that the certificate in the
// image is the same for the same seed.
type steady struct{ *ecdsa.PrivateKey }

func (s steady) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.PrivateKey.Sign(nil, digest, opts)
}

// root returns the maker's root: its certificate stands in every image, its
// key nowhere but here.
func (c *Camera) root() (*x509.Certificate, crypto.Signer, error) {
	k, err := c.ecKey("root")
	if err != nil {
		return nil, nil, err
	}
	key := steady{k}
	t := &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(c.derive("serial/root", 8)),
		Subject:               pkix.Name{CommonName: "Lumi Device Root 1", Organization: []string{Maker}, Country: []string{"TW"}},
		NotBefore:             time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2049, 12, 31, 0, 0, 0, 0, time.UTC),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, key, err
}

// updateKey signs the maker's releases.
func (c *Camera) updateKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(c.derive("key/update", ed25519.SeedSize))
}

func (c *Camera) certify(i int, u *unit) (tls.Certificate, error) {
	root, rootKey, err := c.root()
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("root certificate: %w", err)
	}
	key, err := c.tlsKey(i)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("device key: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(c.derive(fmt.Sprintf("serial/%d", i), 8)),
		Subject:      pkix.Name{CommonName: u.Serial, SerialNumber: u.Serial, Organization: []string{Maker}, OrganizationalUnit: []string{Model}},
		DNSNames:     []string{strings.ToLower(u.Serial) + ".local"},
		NotBefore:    c.now.Add(-24 * time.Hour),
		NotAfter:     c.now.AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if _, ok := key.(*rsa.PrivateKey); ok {
		t.KeyUsage |= x509.KeyUsageKeyEncipherment // for the static RSA suites
	}
	if c.weak[ExpiredCertificate] {
		t.NotBefore, t.NotAfter = c.now.AddDate(-3, 0, 0), c.now.AddDate(-1, 0, 0)
	}
	der, err := x509.CreateCertificate(rand.Reader, t, root, key.Public(), rootKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("device certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
