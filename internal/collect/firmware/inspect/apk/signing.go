package apk

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"assay/internal/pattern"
)

// Signer is a certificate that a package is signed with, and the schemes that
// name it.
type Signer struct {
	Subject  string
	SHA256   string // of the certificate, hexadecimal
	NotAfter time.Time
	Schemes  []string
}

var (
	endOfDirectory = []byte("PK\x05\x06")
	blockMagic     = []byte("APK Sig Block 42")
	jarSignature   = pattern.New(`META-INF/[^/\x00]{1,64}\.(RSA|DSA|EC)`)
	jarFile        = pattern.New(`META-INF/[^/]{1,64}\.(RSA|DSA|EC)$`)
)

// Bounds of what is read of an archive at once.
const (
	maxDirectory = 64 << 20
	maxBlock     = 16 << 20
)

// Signing reads how the package in r is signed: JAR signatures by their names in
// the directory, and the block of schemes 2 and 3 before it
// (source.android.com, "APK Signature Scheme v2" and "v3"). It verifies none. ok
// is false of archives that are no package.
func Signing(r io.ReaderAt, size int64) (a App, ok bool) {
	a.Platform = "android"
	tail := at(r, max(0, size-22-0xffff), size)
	i := bytes.LastIndex(tail, endOfDirectory)
	if i < 0 || len(tail)-i < 22 {
		a.Problems = append(a.Problems, "zip: no end of the central directory")
		return a, false
	}
	end := size - int64(len(tail)) + int64(i)
	dir := int64(le.Uint32(tail[i+16:]))
	if dir > end {
		a.Problems = append(a.Problems, fmt.Sprintf("zip: the central directory at %d lies behind its end", dir))
		return a, false
	}
	names := at(r, dir, min(end, dir+maxDirectory))
	if jarSignature.Match(names) {
		a.Schemes = append(a.Schemes, "v1")
	}
	a.block(r, dir)
	slices.Sort(a.Schemes)
	return a, bytes.Contains(names, []byte("AndroidManifest.xml"))
}

// at reads a range, as much of it as there is.
func at(r io.ReaderAt, from, to int64) []byte {
	b := make([]byte, max(0, to-from))
	n, err := r.ReadAt(b, from)
	if err != nil && err != io.EOF {
		return nil // damage is told by who reads the archive
	}
	return b[:n]
}

// block reads the signing block that ends where the directory begins.
func (a *App) block(r io.ReaderAt, dir int64) {
	foot := at(r, max(0, dir-24), dir)
	if !bytes.HasSuffix(foot, blockMagic) || len(foot) < 24 {
		return
	}
	size := le.Uint64(foot)
	if size < 24 || size > uint64(dir-8) || size > maxBlock {
		a.Problems = append(a.Problems, fmt.Sprintf("signing block: %d bytes before %d", size, dir))
		return
	}
	pairs := at(r, dir-int64(size), dir-24)
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

// signers notes the scheme, and the first certificate of each signer.
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
		if c, err := x509.ParseCertificate(first); err == nil {
			a.signer(c, scheme)
		}
	}
}

// DebugKey says that a certificate is the one that is made on every developer's
// machine (developer.android.com, "Sign your debug build").
func DebugKey(subject string) bool { return strings.Contains(subject, "CN=Android Debug") }

// signer notes a certificate once.
func (a *App) signer(c *x509.Certificate, scheme string) {
	sum := sha256.Sum256(c.Raw)
	s := Signer{Subject: c.Subject.String(), SHA256: hex.EncodeToString(sum[:]), NotAfter: c.NotAfter, Schemes: []string{scheme}}
	a.signed(s)
}

func (a *App) signed(s Signer) {
	a.DebugSigned = a.DebugSigned || DebugKey(s.Subject)
	for i := range a.Signers {
		if x := &a.Signers[i]; x.SHA256 == s.SHA256 {
			for _, v := range s.Schemes {
				if !slices.Contains(x.Schemes, v) {
					x.Schemes = append(x.Schemes, v)
				}
			}
			slices.Sort(x.Schemes)
			return
		}
	}
	if len(a.Signers) < 32 {
		a.Signers = append(a.Signers, s)
	}
}

// jar reads the certificates of a JAR signature: a CMS message of signed data
// (RFC 5652, 5.1), or, as little tools write it, a certificate alone.
func jar(path string, b []byte) *App {
	a := &App{Path: path, Platform: "android"}
	if c, err := x509.ParseCertificate(b); err == nil {
		a.signer(c, "v1")
		return a
	}
	var message struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version      int
			Algorithms   asn1.RawValue
			Inner        asn1.RawValue
			Certificates asn1.RawValue `asn1:"optional,tag:0"`
		} `asn1:"explicit,optional,tag:0"`
	}
	if _, err := asn1.Unmarshal(b, &message); err == nil {
		if list, err := x509.ParseCertificates(message.Content.Certificates.Bytes); err == nil {
			for _, c := range list[:min(len(list), 16)] {
				a.signer(c, "v1")
			}
		}
	}
	if len(a.Signers) == 0 && bytes.Contains(b, []byte("Android Debug")) {
		a.DebugSigned = true
	}
	if len(a.Signers) == 0 && !a.DebugSigned {
		return nil
	}
	return a
}
