package sign_test

import (
	"bytes"
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

// FuzzVerify: numbers from an image make a key or none, and nothing fits one that
// can't be used.
func FuzzVerify(f *testing.F) {
	curve := elliptic.P256().Params()
	f.Add([]byte("an image"), curve.Gx.Bytes(), curve.Gy.Bytes(), make([]byte, 64), uint64(65537))
	f.Add([]byte("an image"), bytes.Repeat([]byte{0xc5}, 256), make([]byte, 32), bytes.Repeat([]byte{1}, 256), uint64(3))
	f.Add([]byte{}, []byte{}, []byte{}, []byte{0x30, 6, 2, 1, 1, 2, 1, 1}, uint64(0))
	f.Fuzz(func(t *testing.T, content, x, y, signature []byte, e uint64) {
		if len(x) > 512 {
			return // a check of a large key takes long
		}
		digest := sha256.Sum256(content)
		keys := []any{ed25519.PublicKey(x), nil}
		if k := sign.RSA(x, e); k != nil {
			keys = append(keys, k)
		}
		if k := sign.ECDSA(elliptic.P256(), x, y); k != nil {
			keys = append(keys, k)
		}
		for _, k := range keys {
			for _, pad := range []sign.Padding{sign.PKCS1, sign.PSS} {
				if good, known := sign.Verify(k, crypto.SHA256, digest[:], signature, pad); good && !known {
					t.Errorf("a key that is not known fits: %s", sign.Describe(k))
				}
			}
		}
	})
}
