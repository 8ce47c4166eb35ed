package apk

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	endOfDirectory = []byte("PK\x05\x06")
	blockMagic     = []byte("APK Sig Block 42")
	jarSignature   = regexp.MustCompile(`META-INF/[^/\x00]{1,64}\.(RSA|DSA|EC)`)
)

// Signing reads how the package in b is signed: JAR signatures by their names in
// the directory, and the block of schemes 2 and 3 before it
// (source.android.com, "APK Signature Scheme v2" and "v3"). It verifies none.
func Signing(b []byte) App {
	a := App{Platform: "android"}
	tail := b[max(0, len(b)-22-0xffff):]
	i := bytes.LastIndex(tail, endOfDirectory)
	if i < 0 || len(tail)-i < 22 {
		a.Problems = append(a.Problems, "zip: no end of the central directory")
		return a
	}
	end := len(b) - len(tail) + i
	dir := int64(le.Uint32(b[end+16:]))
	if dir > int64(end) {
		a.Problems = append(a.Problems, fmt.Sprintf("zip: the central directory at %d lies behind its end", dir))
		return a
	}
	if jarSignature.Match(b[dir:end]) {
		a.Schemes = append(a.Schemes, "v1")
	}
	a.block(b[:dir])
	slices.Sort(a.Schemes)
	return a
}

// block reads the signing block that ends where the directory begins.
func (a *App) block(b []byte) {
	if !bytes.HasSuffix(b, blockMagic) || len(b) < 32 {
		return
	}
	size := le.Uint64(b[len(b)-24:])
	if size < 24 || size > uint64(len(b)-8) {
		a.Problems = append(a.Problems, fmt.Sprintf("signing block: %d bytes in %d", size, len(b)))
		return
	}
	pairs := b[len(b)-int(size) : len(b)-24]
	for range 64 {
		if len(pairs) < 12 {
			return
		}
		n := binary.LittleEndian.Uint64(pairs)
		if n < 4 || n > uint64(len(pairs)-8) {
			a.Problems = append(a.Problems, "signing block: a value ends beyond it")
			return
		}
		id, value := le.Uint32(pairs[8:]), pairs[12:8+n]
		switch id {
		case 0x7109871a:
			a.signers("v2", value)
		case 0xf05368c0:
			a.signers("v3", value)
		case 0x1b93ad61:
			a.signers("v3.1", value)
		}
		pairs = pairs[8+n:]
	}
}

// prefixed takes a value with its length before it off b.
func prefixed(b []byte) (value, rest []byte, ok bool) {
	if len(b) < 4 || int64(le.Uint32(b)) > int64(len(b)-4) {
		return nil, nil, false
	}
	n := int(le.Uint32(b))
	return b[4 : 4+n], b[4+n:], true
}

// signers notes the scheme, and looks at the first certificate of each signer.
func (a *App) signers(scheme string, b []byte) {
	a.Schemes = append(a.Schemes, scheme)
	list, _, ok := prefixed(b)
	for n := 0; ok && len(list) > 0 && n < 16; n++ {
		var signer []byte
		if signer, list, ok = prefixed(list); !ok {
			break
		}
		data, _, ok1 := prefixed(signer)
		_, rest, ok2 := prefixed(data) // digests
		certs, _, ok3 := prefixed(rest)
		first, _, ok4 := prefixed(certs)
		if !ok1 || !ok2 || !ok3 || !ok4 {
			break
		}
		if c, err := x509.ParseCertificate(first); err == nil && strings.Contains(c.Subject.String(), "CN=Android Debug") {
			a.DebugSigned = true
		}
	}
}
