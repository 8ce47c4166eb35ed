package apk

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"
)

// File is a file of the archive.
type File struct {
	Path string
	Data []byte
}

// Signer signs a package with ECDSA on P-256; its key signs without chance, so
// that the same files give the same package.
type Signer struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
	Schemes     []string // "v1", "v2", "v3"
}

// has says that a scheme is used.
func (s Signer) has(scheme string) bool { return slices.Contains(s.Schemes, scheme) }

// Write packs and signs files. Scheme v1 is told by its files: their signature
// is none that a phone would take.
func Write(files []File, s Signer, made time.Time) ([]byte, error) {
	if s.has("v1") {
		files = append(slices.Clone(files), jar(files, s)...)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.Path, Method: zip.Deflate, Modified: made}
		if f.Path == "resources.arsc" {
			h.Method = zip.Store // as Android wants it
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			return nil, fmt.Errorf("apk: %s: %w", f.Path, err)
		}
		if _, err := w.Write(f.Data); err != nil {
			return nil, fmt.Errorf("apk: %s: %w", f.Path, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("apk: %w", err)
	}
	return block(b.Bytes(), s)
}

// jar makes the files of a JAR signature.
func jar(files []File, s Signer) []File {
	manifest := "Manifest-Version: 1.0\r\nCreated-By: refcam\r\n\r\n"
	for _, f := range files {
		sum := sha256.Sum256(f.Data)
		manifest += "Name: " + f.Path + "\r\nSHA-256-Digest: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"
	}
	sum := sha256.Sum256([]byte(manifest))
	sf := "Signature-Version: 1.0\r\nCreated-By: refcam\r\nSHA-256-Digest-Manifest: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n"
	if n := strings.Join(s.Schemes[1:], ", "); n != "" {
		sf += "X-Android-APK-Signed: " + strings.ReplaceAll(n, "v", "") + "\r\n"
	}
	return []File{{"META-INF/MANIFEST.MF", []byte(manifest)}, {"META-INF/CERT.SF", []byte(sf + "\r\n")}, {"META-INF/CERT.EC", s.Certificate.Raw}}
}

// prefixed joins values and puts their length before them.
func prefixed(parts ...[]byte) []byte {
	all := bytes.Join(parts, nil)
	return append(le.AppendUint32(nil, uint32(len(all))), all...)
}

// ecdsaSHA256 is the id of the algorithm in both schemes.
const ecdsaSHA256 = 0x0201

// block puts the block of schemes 2 and 3 before the central directory
// (source.android.com, "APK Signature Scheme v2", "v3").
func block(b []byte, s Signer) ([]byte, error) {
	end := bytes.LastIndex(b, []byte("PK\x05\x06"))
	if end < 0 {
		return nil, fmt.Errorf("apk: no end of the central directory")
	}
	dir := int(le.Uint32(b[end+16:]))
	digest := contents(b[:dir], b[dir:end], b[end:])
	var pairs []byte
	for _, x := range []struct {
		scheme string
		id     uint32
		range3 []byte // of platform versions, in scheme 3 only
	}{{"v2", 0x7109871a, nil}, {"v3", 0xf05368c0, words(28, 0x7fffffff)}} {
		if !s.has(x.scheme) {
			continue
		}
		one := append(le.AppendUint32(nil, ecdsaSHA256), prefixed(digest)...)
		attributes := prefixed()
		if x.scheme == "v2" && s.has("v3") { // scheme 3 may not be taken away
			attributes = prefixed(prefixed(words(0xbeeff00d, 3)))
		}
		signed := bytes.Join([][]byte{prefixed(prefixed(one)), prefixed(prefixed(s.Certificate.Raw)), x.range3, attributes}, nil)
		sum := sha256.Sum256(signed)
		sig, err := s.Key.Sign(nil, sum[:], crypto.SHA256)
		if err != nil {
			return nil, fmt.Errorf("apk: %w", err)
		}
		key, err := x509.MarshalPKIXPublicKey(s.Key.Public())
		if err != nil {
			return nil, fmt.Errorf("apk: %w", err)
		}
		signature := append(le.AppendUint32(nil, ecdsaSHA256), prefixed(sig)...)
		signer := bytes.Join([][]byte{prefixed(signed), x.range3, prefixed(prefixed(signature)), prefixed(key)}, nil)
		value := append(le.AppendUint32(nil, x.id), prefixed(prefixed(signer))...)
		pairs = append(le.AppendUint64(pairs, uint64(len(value))), value...)
	}
	if len(pairs) == 0 {
		return b, nil
	}
	size := uint64(len(pairs) + 24)
	whole := append(append(le.AppendUint64(nil, size), pairs...), append(le.AppendUint64(nil, size), "APK Sig Block 42"...)...)
	out := slices.Concat(b[:dir], whole, b[dir:])
	le.PutUint32(out[end+len(whole)+16:], uint32(dir+len(whole)))
	return out, nil
}

// contents is the digest over the three sections of an archive, in pieces of
// 1 MiB. The end of the directory counts as if the block weren't there, which
// is how it is when this is called.
func contents(sections ...[]byte) []byte {
	var sums []byte
	n := 0
	for _, s := range sections {
		for len(s) > 0 {
			k := min(len(s), 1<<20)
			h := sha256.New()
			h.Write(append([]byte{0xa5}, words(uint32(k))...))
			h.Write(s[:k])
			sums = h.Sum(sums)
			s = s[k:]
			n++
		}
	}
	h := sha256.New()
	h.Write(append([]byte{0x5a}, words(uint32(n))...))
	h.Write(sums)
	return h.Sum(nil)
}
