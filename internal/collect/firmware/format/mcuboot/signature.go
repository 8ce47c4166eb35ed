package mcuboot

import (
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"fmt"

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

// signature is the guard of a signature record. The key mostly is in the boot
// loader, and only its hash stands here; where the key itself does, the signature
// is held against it.
func (r *records) signature(t record, scheme string, digest []byte) format.Guard {
	g := format.Guard{Kind: format.Signature, Scheme: scheme, State: format.Present, Note: "the boot loader holds the key", Offset: t.off}
	for _, k := range r.list {
		switch k.typ {
		case typeKeyHash:
			id := hex.EncodeToString(k.data)
			g.Note += fmt.Sprintf(", whose SHA-256 is %s", id[:min(len(id), 64)])
			if name := published[id]; name != "" {
				g.Note += fmt.Sprintf(": that of %s, which is published with its private half", name)
			}
		case typeKey:
			key := public(k.data)
			good, known := sign.Verify(key, crypto.SHA256, digest, t.data, sign.PSS)
			if !known || len(digest) == 0 {
				continue
			}
			g.State, g.Note = format.Bad, "it does not fit the key beside it"
			if good {
				g.State, g.Note = format.Good, "it fits the key beside it; which key counts is in the device"
			}
			if scheme == "ecdsa" {
				g.Scheme = sign.Describe(key) + "-sha256"
			}
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
