package refcam

import (
	"crypto/tls"
	"runtime"
	"slices"

	"golang.org/x/sys/cpu"
)

// Suites with a cipher of FIPS 140-3's list (SP 800-140C) and forward secrecy.
var approvedSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
}

var staticSuites = []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384}

var legacySuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
	tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
}

var chachaSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}

// tlsConfig returns the configuration of every TLS service of a unit.
//
// crypto/tls always accepts ChaCha20-Poly1305 in TLS 1.3, and takes it where
// the client names it first. So that only approved ciphers are ever used, such
// a client is answered with TLS 1.2, where the suites can be chosen; one that
// speaks nothing but TLS 1.3 and ChaCha20 is refused.
func (c *Camera) tlsConfig(cert tls.Certificate) *tls.Config {
	base := &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS12,
		MaxVersion:   tls.VersionTLS13,
		CipherSuites: approvedSuites,
		// X25519 alone is strong and not NIST's; as half of a hybrid it is
		// allowed (SP 800-56C r2).
		CurvePreferences: []tls.CurveID{tls.X25519MLKEM768, tls.CurveP256, tls.CurveP384},
	}
	if c.weak[StaticRSAAccepted] {
		base.CipherSuites = slices.Concat(approvedSuites, staticSuites)
	}
	if c.weak[StaticRSAOnly] {
		base.MaxVersion, base.CipherSuites = tls.VersionTLS12, staticSuites
	}
	old := base.Clone()
	old.MaxVersion = tls.VersionTLS12
	legacy := old.Clone()
	legacy.MinVersion, legacy.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	legacy.CipherSuites = legacySuites
	if c.weak[StaticRSAOnly] {
		legacy.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA}
	}
	chacha := old.Clone()
	chacha.CipherSuites = chachaSuites
	if c.weak[TLS10Accepted] {
		base.MinVersion = tls.VersionTLS10
	}
	base.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		has12 := slices.Contains(hello.SupportedVersions, tls.VersionTLS12)
		switch {
		case c.weak[TLS10Accepted] && !has12 && !slices.Contains(hello.SupportedVersions, tls.VersionTLS13):
			return legacy, nil
		case c.weak[ChaChaPreferred] && has12 && slices.ContainsFunc(hello.CipherSuites, func(s uint16) bool { return slices.Contains(chachaSuites, s) }):
			return chacha, nil
		case !aesFirst(hello.CipherSuites):
			return old, nil
		}
		return nil, nil
	}
	return base
}

// aesFirst reports whether crypto/tls would choose AES-GCM in TLS 1.3 for a
// client with these suites: it does where the first suite that it knows is one
// with AES-GCM and the processor has instructions for it.
func aesFirst(suites []uint16) bool {
	if !slices.Contains(suites, tls.TLS_CHACHA20_POLY1305_SHA256) {
		return true
	}
	hardware := cpu.X86.HasAES && cpu.X86.HasPCLMULQDQ && cpu.X86.HasSSE41 && cpu.X86.HasSSSE3 ||
		cpu.ARM64.HasAES && cpu.ARM64.HasPMULL ||
		cpu.S390X.HasAES && cpu.S390X.HasAESCTR && cpu.S390X.HasGHASH ||
		runtime.GOARCH == "ppc64" || runtime.GOARCH == "ppc64le"
	if !hardware {
		return false
	}
	known := slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites())
	for _, s := range suites {
		if slices.ContainsFunc(known, func(k *tls.CipherSuite) bool { return k.ID == s }) {
			return s == tls.TLS_AES_128_GCM_SHA256 || s == tls.TLS_AES_256_GCM_SHA384 || slices.Contains(approvedSuites, s)
		}
	}
	return false
}
