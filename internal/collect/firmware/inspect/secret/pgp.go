package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
)

// pgpArmour looks at an armoured key block (RFC 9580, section 6.2).
func (s *scanner) pgpArmour(off int, d []byte) {
	end := []byte("-----END PGP PRIVATE KEY BLOCK-----")
	i := bytes.Index(d, end)
	if i < 0 {
		return
	}
	body := d[:i]
	// Headers, an empty line, base64, a checksum that begins with "=".
	if j := bytes.Index(body, []byte("\n\n")); j >= 0 {
		body = body[j+2:]
	} else if j := bytes.Index(body, []byte("\r\n\r\n")); j >= 0 {
		body = body[j+4:]
	}
	if j := bytes.LastIndex(body, []byte("\n=")); j >= 0 {
		body = body[:j]
	}
	clean := bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == ' ' {
			return -1
		}
		return r
	}, body)
	raw, _ := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(clean, "=")))
	if h, ok := pgpSecret(raw); ok {
		h.Value, h.Format = string(d[:i+len(end)]), "OpenPGP"
		s.add(off, h)
	}
}

// pgpBinary looks whether the file begins with a secret key packet.
func (s *scanner) pgpBinary() {
	if h, ok := pgpSecret(s.f.Data); ok {
		h.Value, h.Format = string(s.f.Data), "OpenPGP keyring"
		s.add(0, h)
	}
}

// pgpSecret reads the head of a secret key packet (RFC 9580, section 5.5.3): the
// tag, the version, the algorithm, and whether it is encrypted.
func pgpSecret(b []byte) (Hit, bool) {
	p, ok := pgpPacket(b)
	if !ok || p[0] != 4 {
		return Hit{}, false
	}
	h := Hit{Kind: PrivateKey}
	rest := p[6:]
	numbers := 0
	switch p[5] {
	case 1, 2, 3:
		h.Algorithm, numbers = "RSA", 2
		h.Bits = int(binary.BigEndian.Uint16(rest))
	case 16:
		h.Algorithm, numbers = "ElGamal", 3
	case 17:
		h.Algorithm, numbers = "DSA", 4
		h.Bits = int(binary.BigEndian.Uint16(rest))
	case 18, 19, 22:
		h.Algorithm, numbers = "EC", 1
		if p[5] == 22 {
			h.Algorithm, h.Bits = "Ed25519", 256
		}
		n := int(rest[0])
		if n+1 > len(rest) || n == 0 {
			return Hit{}, false
		}
		rest = rest[n+1:]
	case 27:
		h.Algorithm, h.Bits = "Ed25519", 256
		rest = rest[min(len(rest), 32):]
	default:
		return Hit{}, false
	}
	for range numbers {
		if len(rest) < 2 {
			return Hit{}, false
		}
		n := (int(binary.BigEndian.Uint16(rest)) + 7) / 8
		if n+2 > len(rest) {
			return Hit{}, false
		}
		rest = rest[n+2:]
	}
	if len(rest) == 0 {
		return Hit{}, false
	}
	h.Encrypted = rest[0] != 0
	return h, true
}

// pgpPacket returns the body of a packet with a secret key or subkey at the start
// of b (RFC 9580, section 4.2).
func pgpPacket(b []byte) ([]byte, bool) {
	if len(b) < 16 || b[0]&0x80 == 0 {
		return nil, false
	}
	tag, head, size := b[0]>>2&0xf, 0, 0
	if b[0]&0x40 != 0 { // the newer form
		tag = b[0] & 0x3f
		switch l := b[1]; {
		case l < 192:
			size, head = int(l), 2
		case l < 224:
			size, head = int(l-192)<<8+int(b[2])+192, 3
		case l == 255:
			size, head = int(binary.BigEndian.Uint32(b[2:])), 6
		}
	} else {
		switch b[0] & 3 {
		case 0:
			size, head = int(b[1]), 2
		case 1:
			size, head = int(binary.BigEndian.Uint16(b[1:])), 3
		case 2:
			size, head = int(binary.BigEndian.Uint32(b[1:])), 5
		}
	}
	if tag != 5 && tag != 7 || head == 0 || size < 32 || size > 64<<10 || head+size > len(b) {
		return nil, false
	}
	return b[head : head+size], true
}
