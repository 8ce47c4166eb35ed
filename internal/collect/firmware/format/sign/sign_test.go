package sign_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"testing"

	"assay/internal/collect/firmware/format/sign"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	digest := sha256.Sum256([]byte("an image"))
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edPublic, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	er, es, err := ecdsa.Sign(rand.Reader, e, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	raw := append(er.FillBytes(make([]byte, 32)), es.FillBytes(make([]byte, 32))...)
	point, err := e.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		key  any
		sig  []byte
		pad  sign.Padding
		is   string
	}{
		{"rsa", sign.RSA(r.N.Bytes(), uint64(r.E)), must(rsa.SignPKCS1v15(nil, r, crypto.SHA256, digest[:])), sign.PKCS1, "rsa2048"},
		{"rsa-pss", &r.PublicKey, must(rsa.SignPSS(rand.Reader, r, crypto.SHA256, digest[:], nil)), sign.PSS, "rsa2048"},
		{"ecdsa", sign.ECDSA(elliptic.P256(), point[1:33], point[33:]), must(ecdsa.SignASN1(rand.Reader, e, digest[:])), 0, "ecdsa-p256"},
		{"ecdsa, two numbers", &e.PublicKey, raw, 0, "ecdsa-p256"},
		{"ed25519", edPublic, ed25519.Sign(ed, digest[:]), 0, "ed25519"},
	} {
		if good, known := sign.Verify(row.key, crypto.SHA256, digest[:], row.sig, row.pad); !good || !known || sign.Describe(row.key) != row.is {
			t.Errorf("%s: %t %t %s", row.name, good, known, sign.Describe(row.key))
		}
		row.sig[len(row.sig)/2] ^= 1
		if good, known := sign.Verify(row.key, crypto.SHA256, digest[:], row.sig, row.pad); good || !known {
			t.Errorf("%s, changed: %t %t", row.name, good, known)
		}
	}
	if good, known := sign.Verify("no key", crypto.SHA256, digest[:], nil, 0); good || known {
		t.Error("text counts as a key")
	}
	if sign.RSA(make([]byte, 4096), 3) != nil || sign.RSA(r.N.Bytes(), 1) != nil || sign.ECDSA(elliptic.P256(), make([]byte, 32), make([]byte, 32)) != nil {
		t.Error("numbers that are no key make one")
	}
}
