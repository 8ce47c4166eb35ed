package secret

import (
	"bytes"
	"crypto"
	"crypto/dsa"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"

	"assay/internal/collect/firmware/inspect"
)

// derWords stand near the beginning of a private key in DER: identifiers of its
// algorithm (RFC 8017, 5480, 8410), the head of an RSA modulus of 1024, 2048,
// 3072 and 4096 bits, the head of an EC key (RFC 5915). None holds a zero byte:
// the search skips runs of zeros faster.
var derWords = []string{
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", "\x2a\x86\x48\xce\x3d\x02\x01", "\x06\x03\x2b\x65\x70\x04\x22\x04\x20",
	"\x02\x81\x81", "\x02\x82\x01\x01", "\x02\x82\x01\x81", "\x02\x82\x02\x01",
	"\x30\x77\x02\x01\x01\x04\x20", "\x30\x81\xa4\x02\x01\x01\x04\x30", "\x30\x81\xdc\x02\x01\x01\x04\x42",
}

// derTextWords are the same in base64 (from the key's first byte) and in
// hexadecimal.
var derTextWords = []string{
	"IBAAKC", "IBAAKB", "IBAAJB", "IBADANBg", "MHcCAQEE", "MIGHAgEA", "MIGkAgEB", "MIG2AgEA", "MC4CAQAw", "MIHcAgEB", "MIHuAgEA",
	"0201000282", "0201000281", "020100300d0609", "30770201010420", "302e020100300506032b6570", "308187020100", "3081a40201010430",
}

// derInBinary looks for a key whose head stands just before at.
func (s *scanner) derInBinary(at, _ int) {
	if s.prose() || s.f.Kind == inspect.Text {
		return
	}
	d := s.f.Data
	for from := at; from >= 0 && at-from <= 16; from-- {
		if d[from] != 0x30 || from+7 > len(d) {
			continue
		}
		size, head := derLength(d[from:])
		if size < 40 || size > 16<<10 || from+size > len(d) {
			continue
		}
		// INTEGER 0 or 1, the version.
		v := d[from+head:]
		if len(v) < 4 || v[0] != 2 || v[1] != 1 || v[2] > 1 {
			continue
		}
		if s.keys++; s.keys >= maxKeys {
			return
		}
		key, format, err := parseDER(d[from : from+size])
		if err != nil || !sound(key) || template(d[from:from+size]) {
			continue
		}
		h := Hit{Kind: PrivateKey, Value: string(d[from : from+size]), Format: format + " DER", Note: "among other bytes"}
		if from == 0 {
			h.Note = ""
		}
		h.private(key)
		if cryptoLibrary(s.f.Path) {
			h.Kind, h.Note = TestKey, "among the data of a library for cryptography: it checks itself with it"
		}
		s.add(from, h)
		return
	}
}

// derLength returns the length of the element at the start of b with its head.
func derLength(b []byte) (size, head int) {
	if len(b) < 4 {
		return 0, 0
	}
	switch l := b[1]; {
	case l < 0x80:
		return int(l) + 2, 2
	case l == 0x81:
		return int(b[2]) + 3, 3
	case l == 0x82:
		return int(b[2])<<8 + int(b[3]) + 4, 4
	}
	return 0, 0
}

// sound says that an RSA key fits together; random bytes do not.
func sound(key any) bool {
	k, ok := key.(*rsa.PrivateKey)
	if !ok {
		return true
	}
	if len(k.Primes) < 2 {
		return k.N.BitLen() >= 256
	}
	return new(big.Int).Mul(k.Primes[0], k.Primes[1]).Cmp(k.N) == 0
}

// template says that what parses as a key is only the head that a library puts in
// front of keys that it makes (PKCS#8 of ring and others): where the key would
// stand, the head goes on, or text of the program follows.
func template(b []byte) bool {
	for i := 0; i+34 <= min(len(b), 96); i++ {
		if n := b[i+1]; b[i] != 4 || n != 32 && n != 48 && n != 66 { // an octet string as long as a private number
			continue
		}
		key := b[i+2 : i+34]
		if key[0] == 0xa1 && key[2] == 0x03 && key[4] == 0 && key[1] == key[3]+2 || bytes.HasPrefix(key, []byte("\x81\x21\x00")) {
			return true
		}
		text := 0
		for _, c := range key {
			if c >= 0x20 && c < 0x7f {
				text++
			}
		}
		if text >= 28 {
			return true
		}
	}
	return false
}

// derInText looks for a key in base64 or hexadecimal without armour.
func (s *scanner) derInText(at, _ int) {
	if s.prose() || s.f.Kind == inspect.ELF && !s.f.InStrings(at) {
		return
	}
	d := s.f.Data
	from := at
	for from > 0 && at-from < 24 && base64Byte(d[from-1]) && d[from-1] != '=' {
		from--
	}
	if from > 0 && d[from-1] == '\n' {
		// The body of a PEM block: armour reads that.
		before := d[max(0, from-80):from]
		if bytes.Contains(before, []byte("KEY-----")) {
			return
		}
	}
	raw := s.token(from, 32<<10, base64Byte)
	if len(raw) < 60 {
		return
	}
	if s.keys++; s.keys >= maxKeys {
		return
	}
	note := "base64 without armour"
	der, err := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(raw, "=")))
	if d[from] == '3' {
		note = "hexadecimal"
		der, err = hex.DecodeString(string(raw))
	}
	if err != nil && len(der) < 40 {
		return
	}
	size, _ := derLength(der)
	if size < 40 || size > len(der) {
		return
	}
	key, format, err := parseDER(der[:size])
	if err != nil || !sound(key) {
		return
	}
	h := Hit{Kind: PrivateKey, Value: string(raw), Format: format, Note: note}
	h.private(key)
	if cryptoLibrary(s.f.Path) && s.f.Kind != inspect.Text {
		h.Kind, h.Note = TestKey, "among the strings of a library for cryptography: it checks itself with it"
	}
	s.add(from, h)
}

var errKey = errors.New("no key that is known")

// parseDER tries the encodings of an unencrypted private key.
func parseDER(b []byte) (key any, format string, err error) {
	if key, err := x509.ParsePKCS8PrivateKey(b); err == nil {
		return key, "PKCS#8", nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(b); err == nil {
		return key, "PKCS#1", nil
	}
	if key, err := x509.ParseECPrivateKey(b); err == nil {
		return key, "SEC1", nil
	}
	if key, ok := otherCurve(b); ok {
		return key, "SEC1", nil
	}
	// OpenSSL's DSA: version, p, q, g, y, x.
	var d struct {
		Version       int
		P, Q, G, Y, X *big.Int
	}
	if rest, err := asn1.Unmarshal(b, &d); err == nil && len(rest) == 0 && d.Version == 0 && d.P.Sign() > 0 {
		return &dsa.PrivateKey{PublicKey: dsa.PublicKey{Parameters: dsa.Parameters{P: d.P, Q: d.Q, G: d.G}, Y: d.Y}, X: d.X}, "DSA", nil
	}
	// A small or odd RSA key that crypto/rsa refuses is a key all the same.
	var r struct {
		Version          int
		N                *big.Int
		E                int
		D, P, Q, A, B, C *big.Int
	}
	if rest, err := asn1.Unmarshal(b, &r); err == nil && len(rest) == 0 && r.N.Sign() > 0 && r.N.BitLen() >= 256 && r.E > 1 {
		return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: r.N, E: r.E}, D: r.D, Primes: []*big.Int{r.P, r.Q}}, "PKCS#1", nil
	}
	// PKCS#8 around such a one.
	var p struct {
		Version   int
		Algorithm struct {
			OID        asn1.ObjectIdentifier
			Parameters asn1.RawValue `asn1:"optional"`
		}
		Key []byte
	}
	if _, err := asn1.Unmarshal(b, &p); err == nil && p.Version <= 1 && p.Algorithm.OID.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}) && len(p.Key) < len(b) {
		if _, err := asn1.Unmarshal(p.Key, &r); err == nil && r.N.Sign() > 0 && r.N.BitLen() >= 256 && r.E > 1 {
			return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: r.N, E: r.E}, D: r.D, Primes: []*big.Int{r.P, r.Q}}, "PKCS#8", nil
		}
	}
	return nil, "", errKey
}

// curveKey is an EC key on a curve that crypto/elliptic doesn't have.
type curveKey struct{ bits int }

// otherCurve reads a SEC1 key on secp256k1, a Brainpool curve and the like.
func otherCurve(b []byte) (curveKey, bool) {
	var k struct {
		Version int
		Key     []byte
		Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
		Public  asn1.BitString        `asn1:"optional,explicit,tag:1"`
	}
	rest, err := asn1.Unmarshal(b, &k)
	if err != nil || len(rest) > 0 || k.Version != 1 || len(k.Key) < 20 || len(k.Key) > 72 || len(k.Curve) == 0 {
		return curveKey{}, false
	}
	return curveKey{len(k.Key) * 8}, true
}

// private fills in what the private half says about the public one.
func (h *Hit) private(key any) {
	switch k := key.(type) {
	case *dsa.PrivateKey:
		h.public(&k.PublicKey)
	case *ed25519.PrivateKey: // of an OpenSSH file
		h.public(k.Public())
	case curveKey:
		h.Algorithm, h.Bits = "EC", k.bits
	case interface{ Public() crypto.PublicKey }:
		h.public(k.Public())
	}
}

func (h *Hit) public(key any) {
	h.Algorithm, h.Bits, h.SPKI = describe(key)
}

// describe names a public key.
func describe(key any) (algorithm string, bits int, spki string) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		algorithm, bits = "RSA", k.N.BitLen()
	case *ecdsa.PublicKey:
		algorithm, bits = "EC", k.Curve.Params().BitSize
	case ed25519.PublicKey:
		algorithm, bits = "Ed25519", 256
	case *ecdh.PublicKey:
		algorithm, bits = "X25519", 256
	case *dsa.PublicKey:
		return "DSA", k.P.BitLen(), "" // crypto/x509 writes no DSA
	}
	if der, err := x509.MarshalPKIXPublicKey(key); err == nil {
		sum := sha256.Sum256(der)
		spki = hex.EncodeToString(sum[:])
	}
	return algorithm, bits, spki
}
