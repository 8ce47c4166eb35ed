package zip

import (
	"encoding/binary"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

// apkMagic ends the block of signatures before an APK's directory (Android's
// "APK Signature Scheme v2").
const apkMagic = "APK Sig Block 42"

// apkSchemes are the pairs' ids that are signatures.
var apkSchemes = map[uint32]string{0x7109871a: "apk-v2", 0xf05368c0: "apk-v3", 0x1b93ad61: "apk-v3.1"}

// maxSigning bounds the block.
const maxSigning = 16 << 20

// apkSignatures lists the signatures in the block before the directory.
func apkSignatures(w *archive.Window, dir int64) (out []format.Guard) {
	foot := w.Bytes(dir-24, 24)
	if len(foot) < 24 || string(foot[8:]) != apkMagic {
		return nil
	}
	size := int64(binary.LittleEndian.Uint64(foot))
	if size < 24 || size > maxSigning || dir-size < 0 {
		return nil
	}
	for at := dir - size; at < dir-24 && len(out) < 16; {
		b := w.Bytes(at, 12)
		if len(b) < 12 {
			return out
		}
		n := int64(binary.LittleEndian.Uint64(b))
		if scheme, ok := apkSchemes[binary.LittleEndian.Uint32(b[8:])]; ok {
			out = append(out, format.Guard{Kind: format.Signature, Scheme: scheme, State: format.Present, Offset: at})
		}
		if n < 4 || n > maxSigning {
			return out
		}
		at += 8 + n
	}
	return out
}

// signingBlock steps over such a block at offset at.
func signingBlock(w *archive.Window, at int64) int64 {
	b := w.Bytes(at, 8)
	if len(b) < 8 {
		return at
	}
	size := int64(binary.LittleEndian.Uint64(b))
	if size < 24 || size > maxSigning {
		return at
	}
	if foot := w.Bytes(at+8+size-16, 16); string(foot) == apkMagic {
		return at + 8 + size
	}
	return at
}
