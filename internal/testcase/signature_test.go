package testcase

import "testing"

func TestSignatureOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]signature{
		"ed25519": approvedSignature, "Ed25519": approvedSignature, "ed448": approvedSignature,
		"ecdsa-p256": approvedSignature, "ecdsa-p384-sha384": approvedSignature, "ECDSA P-521 with SHA-512": approvedSignature,
		"ecdsa-secp256r1": approvedSignature, "ecdsa-prime256v1-sha256": approvedSignature, "ecdsa-nistp384": approvedSignature,
		"rsa-2048-sha256": approvedSignature, "rsa2048-sha256": approvedSignature, "RSA-PSS 4096 SHA-512": approvedSignature,
		"rsassa-pss-3072-sha3-256": approvedSignature, "sha256WithRSA-2048": approvedSignature, "rsa 3072 bits, sha2-384": approvedSignature,
		"lms": approvedSignature, "xmss": approvedSignature, "ml-dsa": approvedSignature, "ml-dsa-65": approvedSignature,

		"rsa": incompleteSignature, "ecdsa": incompleteSignature, "rsa-2048": incompleteSignature, "rsa-sha256": incompleteSignature, "ecdsa-sha256": incompleteSignature,

		"rsa-512": weakSignature, "rsa-1024-sha256": weakSignature, "rsa-2048-sha1": weakSignature, "sha1WithRSA-2048": weakSignature,
		"rsa-md5": weakSignature, "ecdsa-p112": weakSignature, "ecdsa-p192-sha256": weakSignature, "ecdsa-p256-sha1": weakSignature, "rsa-2047-sha256": weakSignature,

		"": unknownSignature, "maker-own": unknownSignature, "yes": unknownSignature, "rsable-2048-sha256": unknownSignature, "ecdsa-secp256k1": unknownSignature,
		"ecdsa-p224": unknownSignature, "ecdsa-p257": unknownSignature, "ed25519 not used": unknownSignature, "rsa-2048-sha256 and ed25519": unknownSignature,
		"ml-dsa-99": unknownSignature, "ed25519-1": unknownSignature, "rsa-2048-4096-sha256": unknownSignature, "rsa-2048-sha224": unknownSignature,
		"hmac-sha256": unknownSignature, "dsa-2048-sha256": unknownSignature,
	} {
		if got := signatureOf(name); got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
}

// FuzzSignatureOf: whatever a maker writes, reading it ends, and what names
// no number and no known algorithm isn't approved.
func FuzzSignatureOf(f *testing.F) {
	for _, s := range []string{"ed25519", "rsa-2048-sha256", "ecdsa-p256", "\xff", "rsa-99999999999999999999-sha256"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if got := signatureOf(name); got < unknownSignature || got > approvedSignature {
			t.Errorf("%q: %d", name, got)
		}
		if len(name) < 3 && signatureOf(name) == approvedSignature {
			t.Errorf("%q is approved", name)
		}
	})
}
