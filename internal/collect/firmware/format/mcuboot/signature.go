package mcuboot

import (
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/sign"
)

// Records that say whose signature it is (IMAGE_TLV_KEYHASH, IMAGE_TLV_PUBKEY).
const (
	typeKeyHash = 0x01
	typeKey     = 0x02
)

// published are the SHA-256 of the public keys whose private halves stand in
// MCUboot's repository, for trials (platform/ext/common/template/tfm_rotpk.c of
// Trusted Firmware-M).
var published = map[string]string{
	"fc5701dc6135e1323847bdc40f04d2e5bee5833b23c29f93593d00018cfa9994": "root-rsa-2048.pem",
	"e18015993d6d2760b499274baef264b83af229e9a785f3d5bf00b9d32c1f0396": "root-rsa-2048_1.pem",
	"bfe6d86f8826f4ff97fb96c4e6fbc4993e4619fc565da26adf34c329489adc38": "root-rsa-3072.pem",
}

// signature is the guard of the signature record r.list[i]. The key mostly is in
// the boot loader, and only its hash stands here; where the key itself does, the
// signature is held against it. Of several signatures each has its key, or the
// hash of it, before it, as imgtool writes them: that the key of another doesn't
// fit says nothing.
func (r *records) signature(i int, scheme string, digest []byte) format.Guard {
	t := r.list[i]
	g := format.Guard{Kind: format.Signature, Scheme: scheme, State: format.Present, Note: "the boot loader holds the key", Offset: t.off}
	own := i
	for own > 0 && signatures[r.list[own-1].typ] == "" {
		own--
	}
	beside := func(k record) bool { return k.typ == typeKeyHash || k.typ == typeKey }
	if !slices.ContainsFunc(r.list[own:i], beside) {
		own, i = 0, len(r.list) // no key is its own: any may be
	}
	for k, x := range r.list {
		mine := k >= own && k < i
		switch {
		case x.typ == typeKeyHash && mine:
			id := hex.EncodeToString(x.data)
			if g.State == format.Present {
				g.Note += fmt.Sprintf(", whose SHA-256 is %s", id[:min(len(id), 64)])
				if name := published[id]; name != "" {
					g.Note += fmt.Sprintf(": that of %s, which is published with its private half", name)
				}
			}
		case x.typ == typeKey && len(digest) > 0:
			key := public(x.data)
			good, known := sign.Verify(key, crypto.SHA256, digest, t.data, sign.PSS)
			if !good && (!known || !mine) {
				continue
			}
			if scheme == "ecdsa" {
				g.Scheme = sign.Describe(key) + "-sha256"
			}
			if good {
				g.State, g.Note = format.Good, "it fits the key beside it; which key counts is in the device"
				return g
			}
			g.State, g.Note = format.Bad, "it does not fit the key beside it"
		}
	}
	return g
}

// public reads a key as MCUboot keeps it: SubjectPublicKeyInfo, of RSA the
// numbers alone (PKCS #1).
func public(der []byte) any {
	if k, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return k
	}
	k, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil
	}
	return k
}
