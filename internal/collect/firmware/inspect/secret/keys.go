package secret

import (
	"bytes"
	"crypto"
	"crypto/dsa"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"path"
	"strings"

	"golang.org/x/crypto/ssh"

	"assay/internal/collect/firmware/inspect"
)

// maxPEM bounds a PEM block; a key of 16384 bits has some 13 KB.
const maxPEM = 64 << 10

// pem looks at a PEM block (RFC 7468) that begins at off.
func (s *scanner) pem(off int) {
	if s.prose() || s.f.Kind != inspect.Text && cryptoLibrary(s.f.Path) {
		return
	}
	d := s.f.Data[off:min(len(s.f.Data), off+maxPEM)]
	line, _, _ := bytes.Cut(d[:min(len(d), 8192)], []byte("\n"))
	if len(line) > 80 && !bytes.Contains(line[:min(len(line), 80)], []byte(`\n`)) || !bytes.Contains(line, []byte("PRIVATE KEY-----")) {
		return
	}
	s.pems++
	// In a script or a string table the line ends are escaped.
	if bytes.Contains(line, []byte(`\n`)) {
		d = bytes.ReplaceAll(d, []byte(`\n`), []byte("\n"))
	}
	b, rest := pem.Decode(d)
	if b == nil || !bytes.HasPrefix(d, []byte("-----BEGIN "+b.Type)) || len(b.Bytes) < 32 {
		return // a program's own text: it reads and writes keys and holds none
	}
	h := Hit{Kind: PrivateKey, Value: string(d[:len(d)-len(rest)])}
	switch {
	case b.Type == "ENCRYPTED PRIVATE KEY":
		h.Format, h.Encrypted = "PKCS#8 PEM", true
	case strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED"):
		h.Format, h.Encrypted = legacyFormat(b.Type), true
		h.Algorithm = strings.TrimSuffix(b.Type, " PRIVATE KEY")
	case b.Type == "OPENSSH PRIVATE KEY":
		h.Format = "OpenSSH PEM"
		key, err := ssh.ParseRawPrivateKey(pem.EncodeToMemory(b))
		var locked *ssh.PassphraseMissingError
		switch {
		case errors.As(err, &locked):
			h.Encrypted = true
			if locked.PublicKey != nil {
				if p, ok := locked.PublicKey.(ssh.CryptoPublicKey); ok {
					h.public(p.CryptoPublicKey())
				}
			}
		case err != nil:
			h.Note = "does not parse: " + err.Error()
		default:
			h.private(key)
		}
	default:
		key, format, err := parseDER(b.Bytes)
		if err != nil {
			h.Format, h.Note = legacyFormat(b.Type), "does not parse: "+err.Error()
		} else {
			h.Format = format + " PEM"
			h.private(key)
		}
	}
	s.add(off, h)
}

// cryptoLibrary says that the file is a known library for cryptography. These
// carry published keys for the self-tests that FIPS 140 asks for.
func cryptoLibrary(p string) bool {
	base := path.Base(p)
	for _, n := range []string{"libgnutls", "libcrypto.", "libcrypto-", "libssl.", "libwolfssl", "libmbedcrypto", "libmbedtls", "libgcrypt", "libnss3", "libsoftokn", "libfreebl", "libbotan", "libtomcrypt", "libnettle", "libhogweed"} {
		if strings.HasPrefix(base, n) {
			return true
		}
	}
	return false
}

func legacyFormat(t string) string {
	switch t {
	case "RSA PRIVATE KEY":
		return "PKCS#1 PEM"
	case "EC PRIVATE KEY":
		return "SEC1 PEM"
	case "PRIVATE KEY":
		return "PKCS#8 PEM"
	}
	return "PEM"
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
		return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: r.N, E: r.E}, D: r.D}, "PKCS#1", nil
	}
	return nil, "", errKey
}

// private fills in what the private half says about the public one.
func (h *Hit) private(key any) {
	switch k := key.(type) {
	case *dsa.PrivateKey:
		h.public(&k.PublicKey)
	case *ed25519.PrivateKey: // of an OpenSSH file
		h.public(k.Public())
	case interface{ Public() crypto.PublicKey }:
		h.public(k.Public())
	}
}

func (h *Hit) public(key any) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		h.Algorithm, h.Bits = "RSA", k.N.BitLen()
	case *ecdsa.PublicKey:
		h.Algorithm, h.Bits = "EC", k.Curve.Params().BitSize
	case ed25519.PublicKey:
		h.Algorithm, h.Bits = "Ed25519", 256
	case *ecdh.PublicKey:
		h.Algorithm, h.Bits = "X25519", 256
	case *dsa.PublicKey:
		h.Algorithm, h.Bits = "DSA", k.P.BitLen()
		return // crypto/x509 writes no DSA
	}
	if der, err := x509.MarshalPKIXPublicKey(key); err == nil {
		sum := sha256.Sum256(der)
		h.SPKI = hex.EncodeToString(sum[:])
	}
}

// binaryKey looks whether the whole file is a key without armour.
func (s *scanner) binaryKey() {
	d := s.f.Data
	if len(d) < 32 || len(d) > 16<<10 || s.f.Kind == inspect.ELF {
		return
	}
	if d[0] == 0x30 {
		var raw asn1.RawValue
		// Some tools pad the file; what follows must be padding.
		rest, err := asn1.Unmarshal(d, &raw)
		if err != nil || len(bytes.Trim(rest, "\x00\xff\n")) > 0 {
			return
		}
		if key, format, err := parseDER(raw.FullBytes); err == nil {
			h := Hit{Kind: PrivateKey, Value: string(d), Format: format + " DER"}
			h.private(key)
			s.add(0, h)
		}
		return
	}
	s.dropbear()
}

// dropbear looks at a host key file: SSH strings without armour, the public
// part, then the private numbers (dropbear signkey.c).
func (s *scanner) dropbear() {
	r := sshReader{b: s.f.Data}
	h := Hit{Kind: PrivateKey, Value: string(s.f.Data), Format: "dropbear host key"}
	switch name := string(r.next()); name {
	case "ssh-rsa":
		e, n, d := r.number(), r.number(), r.number()
		if r.bad || n.BitLen() < 512 || n.BitLen() > 16384 || d.BitLen() < 256 || !e.IsInt64() || e.Int64() > 1<<31-1 {
			return // a public key ends after n
		}
		h.public(&rsa.PublicKey{N: n, E: int(e.Int64())})
	case "ssh-dss":
		p, q, g, y, x := r.number(), r.number(), r.number(), r.number(), r.number()
		if r.bad || x.Sign() == 0 {
			return
		}
		h.public(&dsa.PublicKey{Parameters: dsa.Parameters{P: p, Q: q, G: g}, Y: y})
	case "ssh-ed25519":
		pair := r.next()
		if len(pair) == 32 { // newer files: public key, then the pair
			pair = r.next()
		}
		if r.bad || len(pair) != 64 {
			return
		}
		h.public(ed25519.PublicKey(pair[32:]))
	case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521":
		r.next() // the curve's name again
		point, d := r.next(), r.number()
		curve := map[string]elliptic.Curve{"256": elliptic.P256(), "384": elliptic.P384(), "521": elliptic.P521()}[name[len(name)-3:]]
		if r.bad || d.Sign() == 0 {
			return
		}
		if key, err := ecdsa.ParseUncompressedPublicKey(curve, point); err == nil {
			h.public(key)
		} else {
			h.Algorithm, h.Bits = "EC", curve.Params().BitSize
		}
	default:
		return
	}
	s.add(0, h)
}

// sshReader takes length-prefixed strings (RFC 4251, section 5).
type sshReader struct {
	b   []byte
	bad bool
}

func (r *sshReader) next() []byte {
	if len(r.b) < 4 {
		r.bad = true
		return nil
	}
	n := binary.BigEndian.Uint32(r.b)
	if uint64(n) > uint64(len(r.b)-4) || n > 4096 {
		r.bad = true
		return nil
	}
	v := r.b[4 : 4+n]
	r.b = r.b[4+n:]
	return v
}

func (r *sshReader) number() *big.Int { return new(big.Int).SetBytes(r.next()) }

// authorized reads an authorized_keys file: who holds the other half gets in.
func (s *scanner) authorized() {
	if !strings.HasPrefix(path.Base(s.f.Path), "authorized_keys") || s.f.Kind != inspect.Text {
		return
	}
	off := 0
	for line := range bytes.Lines(s.f.Data) {
		key, comment, _, _, err := ssh.ParseAuthorizedKey(line)
		if err == nil && len(s.hits) < maxHits {
			h := Hit{Kind: AuthorizedKey, Value: string(bytes.TrimSpace(line)), User: comment, Format: key.Type()}
			if k, ok := key.(ssh.CryptoPublicKey); ok {
				h.public(k.CryptoPublicKey())
			}
			s.add(off, h)
		}
		off += len(line)
	}
}
