package esp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/sha256"
	"hash/crc32"
	"slices"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/sign"
)

const (
	sector    = 4096 // signatures of the second kind stand at the next one
	blockSize = 1216
	maxBlocks = 3
	rsaBytes  = 384
	v1Size    = 4 + 64
)

// signed finds the signatures of Secure Boot behind an image: blocks of the
// second version at the next sector, one of the first version right behind the
// image or at the end of its last 64 KiB.
func signed(ctx context.Context, s format.Source, p *format.Part) error {
	size := p.Size
	at := p.Offset + (size+sector-1)/sector*sector
	for n := 0; n < maxBlocks; n++ {
		off := at + int64(n)*blockSize
		b := format.Head(s, off, blockSize)
		if len(b) < blockSize || b[0] != 0xe7 || crc32.ChecksumIEEE(b[:1196]) != le.Uint32(b[1196:]) {
			break
		}
		h := sha256.New()
		if err := format.Sum(ctx, s, p.Offset, at-p.Offset, h); err != nil {
			return err
		}
		p.Guards = append(p.Guards, block(b, h.Sum(nil), off))
		p.Size = min(at+sector, s.Size()) - p.Offset
	}
	if p.Size > size {
		return nil
	}
	// A version of 0 comes before the numbers of the first kind.
	off := p.Offset + size
	if b := format.Head(s, off, v1Size); len(b) == v1Size && le.Uint32(b) == 0 && noisy(b[4:]) {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: "ecdsa-p256-sha256", State: format.Present, Note: "Secure Boot V1", Offset: off})
		p.Size += v1Size
	}
	return nil
}

// block checks one signature block of the second version. The key stands in it:
// that the signature fits says that nobody changed the image by chance; which
// key counts is in the fuses of the chip.
func block(b, digest []byte, off int64) format.Guard {
	g := format.Guard{Kind: format.Signature, Scheme: "ecdsa-sha256", State: format.Present, Note: "Secure Boot V2", Offset: off}
	match := bytes.Equal(b[4:36], digest)
	if !match {
		g.State, g.Note = format.Bad, "Secure Boot V2: the hash of the image is another one"
	}
	var key any
	var sig []byte
	switch b[1] {
	case 2:
		g.Scheme = "rsa3072-pss-sha256"
		if k := sign.RSA(reversed(b[36:36+rsaBytes]), uint64(le.Uint32(b[420:]))); k != nil {
			key = k
		}
		sig = reversed(b[812 : 812+rsaBytes])
	case 3:
		// The curve, a point, both numbers of the signature; numbers are
		// little-endian (ets_secure_boot_sig_block_t of ESP-IDF).
		if b[36] != curveP256 {
			return g
		}
		g.Scheme = "ecdsa-p256-sha256"
		if k := sign.ECDSA(elliptic.P256(), reversed(b[37:69]), reversed(b[69:101])); k != nil {
			key = k
		}
		sig = append(reversed(b[101:133]), reversed(b[133:165])...)
	default:
		return g
	}
	if !match {
		return g
	}
	switch good, known := sign.Verify(key, crypto.SHA256, digest, sig, sign.PSS); {
	case !known:
		g.Note = "Secure Boot V2: the key beside it is none"
	case !good:
		g.State, g.Note = format.Bad, "Secure Boot V2: the signature does not fit the key beside it"
	default:
		g.State, g.Note = format.Good, "Secure Boot V2: it fits the key beside it; which key counts is in the chip's fuses"
	}
	return g
}

const curveP256 = 2

// reversed is a number in the other order of bytes.
func reversed(b []byte) []byte {
	b = bytes.Clone(b)
	slices.Reverse(b)
	return b
}

// noisy says that b, 64 bytes, looks like a signature.
func noisy(b []byte) bool {
	var seen [256]bool
	n := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n > 40
}

func uniform(b []byte) bool {
	return len(b) == 0 || (b[0] == 0 || b[0] == 0xff) && len(bytes.TrimLeft(b, string(b[:1]))) == 0
}
