package vendor

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"assay/internal/collect/firmware/format"
)

// lookSHRS reads D-Link's images of SGE: sizes, an initial vector, three hashes,
// two signatures, AES-128-CBC (dlink-sge-image.c of OpenWrt's firmware-utils).
// The hash over what is encrypted can be checked.
func lookSHRS(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	const head, hashAt, signed = 1756, 156, 732
	b := format.Head(s, at, head)
	if len(b) < head || string(b[:4]) != "SHRS" {
		return nil, nil
	}
	be := binary.BigEndian
	plain, packed := int64(be.Uint32(b[4:])), int64(be.Uint32(b[8:]))
	// The hashes are noise; 192 random bytes have 135 values.
	if packed == 0 || packed%16 != 0 || plain > packed || packed-plain > 16 || varied(b[28:220]) < 48 {
		return nil, nil
	}
	p := &format.Part{Format: "dlink-shrs", Offset: at, Note: fmt.Sprintf("D-Link, %d bytes encrypted", packed)}
	if p.Claim(s, head+packed) {
		h := sha512.New()
		if err := format.Sum(ctx, s, at+head, packed, h); err != nil {
			return nil, err
		}
		p.Checked("sha512", bytes.Equal(h.Sum(nil), b[hashAt:hashAt+64]), at+hashAt, "encrypted image")
	}
	encrypted(p, "aes-128-cbc", "the key is in the device's firmware")
	if len(bytes.Trim(b[signed:signed+512], "\x00")) > 0 {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: "rsa4096-sha512", State: format.Present, Note: "over the image before encryption", Offset: at + signed})
	}
	return p, nil
}

// lookEncrpted reads another of D-Link's (sic): a magic number and the size,
// with or without these 16 bytes (unblob's dlink/encrpted_img.py).
func lookEncrpted(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 16)
	if len(b) < 16 || string(b[:12]) != "encrpted_img" || !noise(s, at+16) {
		return nil, nil
	}
	size := int64(binary.BigEndian.Uint32(b[12:]))
	if size < 32 || size > biggest {
		return nil, nil
	}
	p := &format.Part{Format: "dlink-encrypted", Offset: at, Note: "D-Link encrpted_img"}
	if rest := s.Size() - at - 16; size > rest && size <= rest+16 {
		size -= 16
	}
	p.Claim(s, 16+size)
	encrypted(p, "aes-256-cbc", "")
	return p, nil
}

// lookMH01 reads a third of D-Link's: two magic numbers, sizes, a hash as text
// (binwalk's mh01.rs).
func lookMH01(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 32+128)
	if len(b) < 64 || string(b[:4]) != "MH01" || string(b[16:20]) != "MH01" {
		return nil, nil
	}
	le := binary.LittleEndian
	hash, size := int64(le.Uint32(b[20:])), int64(le.Uint32(b[24:]))
	if hash < 32 || hash > int64(len(b)-32) || size == 0 || size > biggest {
		return nil, nil
	}
	digits := bytes.TrimRight(b[32:32+hash], "\n\x00 ")
	if _, err := hex.DecodeString(string(digits)); err != nil {
		return nil, nil
	}
	p := &format.Part{Format: "dlink-mh01", Offset: at, Note: "D-Link, with the hash " + string(digits)}
	p.Claim(s, 32+hash+size)
	encrypted(p, "aes-cbc", "")
	return p, nil
}

// lookOpenSSL finds what "openssl enc" makes from a passphrase, as Foscam and
// others use it: a magic number, eight bytes of salt, noise. The cipher is told
// nowhere.
func lookOpenSSL(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	if string(format.Head(s, at, 8)) != "Salted__" || !noise(s, at+8) {
		return nil, nil
	}
	p := &format.Part{Format: "openssl-enc", Offset: at, Size: s.Size() - at, Note: "made by openssl enc, with a passphrase"}
	encrypted(p, "openssl-enc", "cipher not told; Foscam's are AES-128-CBC")
	return p, nil
}

// noise says that what stands at offset at looks like the output of a cipher:
// all byte values about as often. Of less than 1 KiB nothing can be said.
func noise(s format.Source, at int64) bool {
	if varied(format.Head(s, at, 64)) < 44 {
		return false
	}
	b := format.Head(s, at, 4096)
	if len(b) < 1024 {
		return false
	}
	var count [256]float64
	for _, c := range b {
		count[c]++
	}
	// Chi-squared with 255 degrees of freedom: mean 255, deviation 22.6.
	mean, chi := float64(len(b))/256, 0.0
	for _, n := range count {
		chi += (n - mean) * (n - mean) / mean
	}
	return math.Abs(chi-255) < 8*22.6
}

// varied counts the byte values in b.
func varied(b []byte) (n int) {
	var seen [256]bool
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n
}
