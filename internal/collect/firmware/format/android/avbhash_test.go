package android

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"

	"assay/internal/collect/firmware/format/looktest"
)

// described makes unsigned metadata with one descriptor.
func described(tag uint64, desc []byte) []byte {
	desc = pad(bytes.Clone(desc), 8)
	descs := append(be.AppendUint64(be.AppendUint64(nil, tag), uint64(len(desc))), desc...)
	aux := pad(descs, 64)
	h := make([]byte, vbmetaHead)
	copy(h, vbmetaMagic)
	be.PutUint32(h[4:], 1)
	be.PutUint64(h[20:], uint64(len(aux)))
	be.PutUint64(h[104:], uint64(len(descs)))
	copy(h[128:], "avbtool 1.2.0")
	return append(h, aux...)
}

// TestPartitionHashes: what stands before the metadata is held against its hash;
// the root of the tree is that of veritysetup over three blocks of zeros.
func TestPartitionHashes(t *testing.T) {
	t.Parallel()
	salt := []byte("\x00\x11\x22\x33\x44\x55\x66\x77")
	root, err := hex.DecodeString("df8bd9b5666cb3ec51ad20c9434abaae56a8efb20c3e806f5690d7196d7e6ac2")
	if err != nil {
		t.Fatal(err)
	}
	image := []byte("a boot image of 27 bytes...")
	sum := sha256.Sum256(append(bytes.Clone(salt), image...))
	hash := make([]byte, 116)
	be.PutUint64(hash, uint64(len(image)))
	copy(hash[8:], "sha256")
	be.PutUint32(hash[40:], 4)
	be.PutUint32(hash[44:], 8)
	be.PutUint32(hash[48:], 32)
	hash = slices.Concat(hash, []byte("boot"), salt, sum[:])
	tree := make([]byte, 164)
	be.PutUint64(tree[4:], 3*4096)
	be.PutUint64(tree[12:], 3*4096)
	be.PutUint64(tree[20:], 4096)
	be.PutUint32(tree[28:], 4096)
	be.PutUint32(tree[32:], 4096)
	copy(tree[56:], "sha256")
	be.PutUint32(tree[88:], 6)
	be.PutUint32(tree[92:], 8)
	be.PutUint32(tree[96:], 32)
	tree = slices.Concat(tree, []byte("system"), salt, root)
	for _, row := range []struct {
		name   string
		before []byte
		meta   []byte
		want   string
	}{
		{"hash", pad(bytes.Clone(image), 4096), described(tagHash, hash), "checksum sha256 good"},
		{"hash, changed", pad(bytes.ToUpper(image), 4096), described(tagHash, hash), "checksum sha256 bad"},
		{"hash, further on", append(make([]byte, 512), pad(bytes.Clone(image), 4096)...), described(tagHash, hash), "checksum sha256 good"},
		{"hash, of another partition", append(make([]byte, 512), pad(bytes.ToUpper(image), 4096)...), described(tagHash, hash), "checksum sha256 present"},
		{"hash, metadata alone", nil, described(tagHash, hash), "checksum sha256 present"},
		{"tree", make([]byte, 4*4096), described(tagTree, tree), "checksum dm-verity-sha256 good"},
		{"tree, changed", append([]byte{1}, make([]byte, 4*4096-1)...), described(tagTree, tree), "checksum dm-verity-sha256 bad"},
	} {
		p := looktest.At(t, Formats(), append(bytes.Clone(row.before), row.meta...), int64(len(row.before)))
		if p == nil || !slices.Equal(looktest.Guards(p), []string{row.want}) {
			t.Errorf("%s: %+v", row.name, p)
		}
	}
}
