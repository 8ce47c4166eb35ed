package tlsprobe

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/binary"
	"fmt"
)

// hello is what one ClientHello offers.
type hello struct {
	version    Version
	suites     []uint16
	groups     []uint16
	shares     []uint16 // groups with a key share (TLS 1.3); may be none
	serverName string
}

// Code points of extensions (IANA TLS ExtensionType Values).
const (
	extServerName        = 0
	extSupportedGroups   = 10
	extPointFormats      = 11
	extSignatureSchemes  = 13
	extExtendedMaster    = 23
	extSupportedVersions = 43
	extPSKModes          = 45
	extKeyShare          = 51
	extRenegotiation     = 0xff01
)

const emptyRenegotiationInfo = 0x00ff // signalling suite, RFC 5746

// schemes are the signature schemes offered, weak ones included: what is
// asked is what the server does, not what a good client would take.
var schemes = []uint16{
	0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0807, 0x0808,
	0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0202,
}

// vector appends a length of size bytes and what body appends.
func vector(b []byte, size int, body func([]byte) []byte) []byte {
	at := len(b)
	b = append(b, make([]byte, size)...)
	b = body(b)
	n := len(b) - at - size
	for i := size - 1; i >= 0; i-- {
		b[at+i] = byte(n)
		n >>= 8
	}
	return b
}

func uint16s(b []byte, list []uint16) []byte {
	for _, v := range list {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func extension(b []byte, code uint16, body func([]byte) []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, code)
	return vector(b, 2, body)
}

// marshal returns the ClientHello in one record.
func (h *hello) marshal() ([]byte, error) {
	if h.version == SSL2 {
		return h.marshal2(), nil
	}
	keys := make([]byte, 64)
	if _, err := rand.Read(keys); err != nil {
		return nil, fmt.Errorf("client random: %w", err)
	}
	shares, err := h.keyShares()
	if err != nil {
		return nil, err
	}
	legacy := min(h.version, TLS12)
	record := min(h.version, TLS10) // RFC 8446 appendix D.2
	b := []byte{22, byte(record >> 8), byte(record)}
	b = vector(b, 2, func(b []byte) []byte {
		b = append(b, 1)
		return vector(b, 3, func(b []byte) []byte {
			b = binary.BigEndian.AppendUint16(b, uint16(legacy))
			b = append(b, keys[:32]...)
			b = vector(b, 1, func(b []byte) []byte {
				if h.version == TLS13 {
					b = append(b, keys[32:]...) // RFC 8446 appendix D.4
				}
				return b
			})
			b = vector(b, 2, func(b []byte) []byte {
				b = uint16s(b, h.suites)
				if h.version < TLS13 {
					b = binary.BigEndian.AppendUint16(b, emptyRenegotiationInfo)
				}
				return b
			})
			b = append(b, 1, 0) // no compression
			if h.version == SSL3 {
				return b
			}
			return vector(b, 2, func(b []byte) []byte { return h.extensions(b, shares) })
		})
	})
	return b, nil
}

func (h *hello) extensions(b, shares []byte) []byte {
	if isName(h.serverName) {
		b = extension(b, extServerName, func(b []byte) []byte {
			return vector(b, 2, func(b []byte) []byte {
				b = append(b, 0)
				return vector(b, 2, func(b []byte) []byte { return append(b, h.serverName...) })
			})
		})
	}
	if len(h.groups) > 0 {
		b = extension(b, extSupportedGroups, func(b []byte) []byte {
			return vector(b, 2, func(b []byte) []byte { return uint16s(b, h.groups) })
		})
		b = extension(b, extPointFormats, func(b []byte) []byte { return append(b, 1, 0) })
	}
	if h.version >= TLS12 {
		b = extension(b, extSignatureSchemes, func(b []byte) []byte {
			return vector(b, 2, func(b []byte) []byte { return uint16s(b, schemes) })
		})
	}
	if h.version < TLS13 {
		return extension(b, extExtendedMaster, func(b []byte) []byte { return b })
	}
	b = extension(b, extSupportedVersions, func(b []byte) []byte { return append(b, 2, 3, 4) })
	b = extension(b, extPSKModes, func(b []byte) []byte { return append(b, 1, 1) })
	return extension(b, extKeyShare, func(b []byte) []byte {
		return vector(b, 2, func(b []byte) []byte { return append(b, shares...) })
	})
}

// curveOf returns the curve of a group for which a share can be made.
func curveOf(group uint16) ecdh.Curve {
	switch group {
	case 0x0017:
		return ecdh.P256()
	case 0x0018:
		return ecdh.P384()
	case 0x0019:
		return ecdh.P521()
	case 0x001d:
		return ecdh.X25519()
	}
	return nil
}

func (h *hello) keyShares() ([]byte, error) {
	var b []byte
	for _, g := range h.shares {
		curve := curveOf(g)
		if curve == nil {
			return nil, fmt.Errorf("no key share for group 0x%04X", g)
		}
		k, err := curve.GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("key share for group 0x%04X: %w", g, err)
		}
		b = binary.BigEndian.AppendUint16(b, g)
		b = vector(b, 2, func(b []byte) []byte { return append(b, k.PublicKey().Bytes()...) })
	}
	return b, nil
}

// suites2 are the cipher kinds of SSL 2.0, three bytes each.
var suites2 = []uint32{0x010080, 0x020080, 0x030080, 0x040080, 0x050080, 0x060040, 0x0700C0}

// marshal2 returns an SSL 2.0 CLIENT-HELLO (draft-hickman-netscape-ssl-00
// section 1.3). The challenge is fixed; nothing depends on it.
func (h *hello) marshal2() []byte {
	body := []byte{1, 0, 2, 0, byte(3 * len(suites2)), 0, 0, 0, 16}
	for _, s := range suites2 {
		body = append(body, byte(s>>16), byte(s>>8), byte(s))
	}
	body = append(body, "assay challenge."...)
	return append([]byte{0x80 | byte(len(body)>>8), byte(len(body))}, body...)
}
