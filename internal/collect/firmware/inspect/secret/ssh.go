package secret

import (
	"bytes"
	"crypto/dsa"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"path"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"

	"assay/internal/collect/firmware/inspect"
)

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

// marked looks at keys in text that begin with a mark of their own.
func (s *scanner) marked(at, _ int) {
	if s.prose() || s.f.Kind != inspect.Text {
		return
	}
	switch d := s.f.Data; d[at] {
	case 'A':
		// age-encryption.org: Bech32, 58 characters behind the mark.
		v := s.token(at, 90, func(c byte) bool { return alnum(c) || c == '-' })
		if s.boundary(at) && len(v) == 74 {
			s.add(at, Hit{Kind: PrivateKey, Value: string(v), Algorithm: "X25519", Bits: 256, Format: "age"})
		}
	case 'P':
		s.putty(at, d[at:min(len(d), at+maxPEM)])
	}
}

// putty reads a PuTTY key file (PuTTY manual, appendix C).
func (s *scanner) putty(at int, d []byte) {
	if s.keys++; s.keys >= maxKeys {
		return
	}
	h := Hit{Kind: PrivateKey, Format: "PuTTY"}
	mac := false
	off, skip := 0, 0
	var public strings.Builder
	for line := range bytes.Lines(d) {
		off += len(line)
		l := strings.TrimRight(string(line), "\r\n")
		if skip > 0 {
			public.WriteString(l)
			skip--
			continue
		}
		key, v, ok := strings.Cut(l, ": ")
		switch {
		case !ok:
		case key == "Encryption":
			h.Encrypted = v != "none"
		case key == "Comment":
			h.User = v
		case key == "Public-Lines":
			skip, _ = strconv.Atoi(v)
			skip = min(skip, 200)
		case key == "Private-MAC" || key == "Private-Hash":
			mac = true
		}
		if mac {
			break
		}
	}
	if !mac {
		return
	}
	h.Value = strings.TrimRight(string(d[:off]), "\r\n")
	if blob, err := base64.StdEncoding.DecodeString(public.String()); err == nil {
		if key, err := ssh.ParsePublicKey(blob); err == nil {
			if k, ok := key.(ssh.CryptoPublicKey); ok {
				h.public(k.CryptoPublicKey())
			}
		}
	}
	s.add(at, h)
}
