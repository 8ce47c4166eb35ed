// Package sign checks signatures with keys that stand in an image. In: a key,
// a digest, a signature, all hostile. Out: whether they fit. That they do says
// nothing about who made them: the key stands beside the image.
package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha1" // the hashes of algorithms
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"
	"math/big"
)

// Bounds of an RSA key: a check takes time with the square of its size, once for
// each bit of the exponent. All known tools use one of 3, 17 and 65537.
const (
	maxBits     = 8192
	maxExponent = 1<<16 + 1
)

// Padding is how an RSA signature is padded.
type Padding int

// The paddings.
const (
	PKCS1 Padding = iota
	PSS
)

// Verify says whether signature is one of digest, made with the private half of
// key. h is what the digest was calculated with. Of Ed25519, digest is the
// message. Signatures of elliptic curves are ASN.1, or both numbers one behind
// the other. known is false for keys that can't be used here.
func Verify(key any, h crypto.Hash, digest, signature []byte, pad Padding) (good, known bool) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if k.N == nil || k.N.BitLen() > maxBits || k.E < 3 || k.E > maxExponent || len(digest) != h.Size() {
			return false, false
		}
		if pad == PSS {
			return rsa.VerifyPSS(k, h, digest, signature, nil) == nil, true
		}
		return rsa.VerifyPKCS1v15(k, h, digest, signature) == nil, true
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, digest, signature) {
			return true, true
		}
		n := (k.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*n {
			return false, true
		}
		return ecdsa.Verify(k, digest, new(big.Int).SetBytes(signature[:n]), new(big.Int).SetBytes(signature[n:])), true
	case ed25519.PublicKey:
		return len(k) == ed25519.PublicKeySize && ed25519.Verify(k, digest, signature), len(k) == ed25519.PublicKeySize
	}
	return false, false
}

// RSA makes a key of big-endian numbers; nil where they are none.
func RSA(modulus []byte, exponent uint64) *rsa.PublicKey {
	n := new(big.Int).SetBytes(modulus)
	if n.BitLen() < 512 || n.BitLen() > maxBits || exponent < 3 || exponent > maxExponent {
		return nil
	}
	return &rsa.PublicKey{N: n, E: int(exponent)}
}

// ECDSA makes a key of the coordinates of a point, which must be on the curve;
// nil else.
func ECDSA(curve elliptic.Curve, x, y []byte) *ecdsa.PublicKey {
	n := (curve.Params().BitSize + 7) / 8
	if len(x) != n || len(y) != n {
		return nil
	}
	point := append(append([]byte{4}, x...), y...)
	k, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil
	}
	return k
}

// Describe names a key's algorithm and size: "rsa2048", "ecdsa-p256".
func Describe(key any) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("rsa%d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return fmt.Sprintf("ecdsa-p%d", k.Curve.Params().BitSize)
	case ed25519.PublicKey:
		return "ed25519"
	}
	return "unknown"
}
