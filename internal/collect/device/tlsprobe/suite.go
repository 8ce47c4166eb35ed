package tlsprobe

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// String returns "TLS 1.2" and the like.
func (v Version) String() string {
	switch v {
	case SSL2:
		return "SSL 2.0"
	case SSL3:
		return "SSL 3.0"
	case TLS10:
		return "TLS 1.0"
	case TLS11:
		return "TLS 1.1"
	case TLS12:
		return "TLS 1.2"
	case TLS13:
		return "TLS 1.3"
	}
	return fmt.Sprintf("0x%04X", uint16(v))
}

// AllVersions lists the versions that are probed by default, newest first.
func AllVersions() []Version {
	return []Version{TLS13, TLS12, TLS11, TLS10, SSL3, SSL2}
}

// SuiteOf returns the properties of a cipher suite: those of the policy where
// it lists the suite, else derived from the registered name by the policy's
// default rule. A code point in no table keeps its number as its name.
func SuiteOf(code uint16) Suite {
	for _, s := range listedSuites {
		if s.Code == code {
			return s
		}
	}
	for _, s := range otherSuites {
		if s.code == code {
			return derive(code, s.name)
		}
	}
	return Suite{Code: code, Name: fmt.Sprintf("0x%04X", code), Level: AskExpert}
}

// GroupOf returns the properties of a named group.
func GroupOf(code uint16) Group {
	for _, g := range listedGroups {
		if g.Code == code {
			return g
		}
	}
	return Group{Code: code, Name: fmt.Sprintf("0x%04X", code), Level: AskExpert}
}

// derive reads properties from a suite's registered name,
// TLS_<key exchange>_WITH_<cipher>_<hash>.
func derive(code uint16, name string) Suite {
	s := Suite{Code: code, Name: name, Level: AskExpert}
	kx, cipher, ok := strings.Cut(strings.TrimPrefix(name, "TLS_"), "_WITH_")
	if !ok {
		kx, cipher = "TLS1.3", strings.TrimPrefix(name, "TLS_")
	}
	for _, k := range []string{"TLS1.3", "ECDHE_PSK", "DHE_PSK", "RSA_PSK", "PSK", "ECDH_anon", "DH_anon",
		"ECDHE", "DHE", "ECDH", "DH", "RSA", "KRB5", "SRP", "ECCPWD", "GOSTR341112"} {
		if strings.HasPrefix(kx, k) {
			s.KX = k
			break
		}
	}
	s.ForwardSecrecy = strings.HasPrefix(s.KX, "ECDHE") || strings.HasPrefix(s.KX, "DHE") || s.KX == "TLS1.3"
	if i := strings.LastIndexByte(cipher, '_'); i > 0 && !strings.HasSuffix(cipher, "_CCM") &&
		!strings.HasSuffix(cipher, "_CCM_8") && cipher != "NULL" {
		cipher = cipher[:i]
	}
	s.Cipher = strings.ReplaceAll(cipher, "_", "-")
	for _, bad := range []string{"NULL", "anon", "EXPORT", "DES", "RC4", "RC2", "MD5", "IDEA", "SEED"} {
		if strings.Contains(name, bad) {
			s.Level = Forbidden
		}
	}
	if s.Level != Forbidden && (strings.Contains(name, "CAMELLIA") || strings.Contains(name, "ARIA")) {
		s.Level = NotApproved
	}
	return s
}

// only12 reports whether a suite exists from TLS 1.2 on (RFC 5246 section
// 7.4.9: a PRF of its own, or AEAD).
func only12(name string) bool {
	for _, part := range []string{"_GCM", "_CCM", "CHACHA20", "_SM3", "GOST"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return strings.HasSuffix(name, "_SHA256") || strings.HasSuffix(name, "_SHA384")
}

// maxChunk bounds the suites of one offer: some stacks give up on long lists.
const maxChunk = 96

// offers returns the suites of a version in chunks, the policy's first.
func offers(v Version) [][]uint16 {
	var all []uint16
	add := func(code uint16, name string) {
		is13 := code>>8 == 0x13
		switch {
		case v == TLS13:
			if !is13 {
				return
			}
		case is13, v < TLS12 && only12(name), v == SSL3 && strings.HasPrefix(name, "TLS_EC"):
			return
		}
		all = append(all, code)
	}
	for _, s := range listedSuites {
		add(s.Code, s.Name)
	}
	// Suites with a certificate or none come before those that need a
	// shared secret.
	for _, secret := range []bool{false, true} {
		for _, s := range otherSuites {
			needs := strings.Contains(s.name, "PSK") || strings.Contains(s.name, "KRB5") ||
				strings.Contains(s.name, "SRP") || strings.Contains(s.name, "ECCPWD")
			if needs == secret {
				add(s.code, s.name)
			}
		}
	}
	return slices.Collect(slices.Chunk(all, maxChunk))
}

// withoutForwardSecrecy lists the suites of TLS 1.2 without forward secrecy;
// with rsa only those with static RSA. At most maxChunk.
func withoutForwardSecrecy(rsa bool) []uint16 {
	var codes []uint16
	for _, chunk := range offers(TLS12) {
		for _, c := range chunk {
			s := SuiteOf(c)
			if !s.ForwardSecrecy && (!rsa || s.KX == "RSA") && !strings.Contains(s.KX, "anon") && len(codes) < maxChunk {
				codes = append(codes, c)
			}
		}
	}
	return codes
}

func groupCodes(ecOnly bool) []uint16 {
	var codes []uint16
	for _, g := range listedGroups {
		if !ecOnly || g.Code < 0x0100 {
			codes = append(codes, g.Code)
		}
	}
	return codes
}

func isName(host string) bool {
	return host != "" && net.ParseIP(host) == nil && len(host) < 254
}
