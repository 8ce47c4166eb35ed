package verity

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
)

// TestVerity: the root hashes are those of veritysetup 2.6.1 (`veritysetup
// format data tree --no-superblock --salt=0011223344556677`).
func TestRoot(t *testing.T) {
	t.Parallel()
	var data []byte
	for i := range 300 {
		sum := sha256.Sum256(fmt.Append(nil, i))
		data = append(data, bytes.Repeat(sum[:], perBlock)...)
	}
	for _, row := range []struct {
		blocks int
		root   string
	}{
		{1, "2ff6e0c645d5ae0a77341265cf89d13bbe72ef6647a5252954cea419e81ebc57"},
		{128, "e42891a0ad43c5476187c41c33eaab822a2abb4136498f5199cd1541bca10e48"},
		{129, "4db83d66d03a5affc7883403708eda0cf0f7ee668432a81382265ea036943ff1"},
		{300, "7578bdfeeba96768444ed775ffa93d2b86b5540ced6361264a738a6dbe4e8303"},
	} {
		got, err := Root(t.Context(), bytes.NewReader(data), 0, int64(row.blocks*block), []byte("\x00\x11\x22\x33\x44\x55\x66\x77"))
		if err != nil || hex.EncodeToString(got) != row.root {
			t.Errorf("%d blocks: %x, %v", row.blocks, got, err)
		}
	}
	for _, size := range []int64{0, 100, int64(len(data)) + block} {
		if got, err := Root(t.Context(), bytes.NewReader(data), 0, size, nil); err == nil {
			t.Errorf("%d bytes: %x", size, got)
		}
	}
}

// FuzzRoot: every range and salt end in a hash or an error; the hash is that of
// the range alone, wherever it stands.
func FuzzRoot(f *testing.F) {
	f.Add([]byte("one block"), []byte("salt"), int64(0), int64(block))
	f.Add([]byte{}, []byte{}, int64(3), int64(129*block))
	f.Add([]byte{1}, []byte{}, int64(-1), int64(100))
	f.Fuzz(func(t *testing.T, fill, salt []byte, off, size int64) {
		if len(fill) == 0 {
			fill = []byte{0}
		}
		data := bytes.Repeat(fill, 200*block/len(fill)+1)[:200*block]
		got, err := Root(t.Context(), bytes.NewReader(data), off, size, salt)
		inside := off >= 0 && size > 0 && size <= int64(len(data)) && off <= int64(len(data))-size && size%block == 0
		if (err == nil) != inside || err == nil && len(got) != sha256.Size {
			t.Fatalf("%d bytes from %d on: %x, %v", size, off, got, err)
		}
		if !inside {
			return
		}
		if alone, err := Root(t.Context(), bytes.NewReader(data[off:off+size]), 0, size, salt); err != nil || !bytes.Equal(alone, got) {
			t.Fatalf("%x alone, %x in place, %v", alone, got, err)
		}
	})
}
