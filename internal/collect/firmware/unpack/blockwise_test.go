package unpack

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"fmt"
	"math/rand/v2"
	"testing"
)

// volume is text, numbers and zeros, as a file system has them.
func volume(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for at := 0; at+512 < n; at += 1024 + r.IntN(4096) {
		copy(b[at:], fmt.Sprintf("file-%d of the volume, %d bytes, mode %o ...", at, r.IntN(1e6), r.IntN(1<<12)))
		for i := 100; i < 400; i++ {
			b[at+i] = byte(r.IntN(256))
		}
	}
	return b
}

func ecb(c cipher.Block, b []byte) []byte {
	out := make([]byte, len(b))
	for i := 0; i < len(b); i += c.BlockSize() {
		c.Encrypt(out[i:], b[i:])
	}
	return out
}

func TestBlockwise(t *testing.T) {
	t.Parallel()
	key, err := aes.NewCipher([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	old, err := des.NewTripleDESCipher([]byte("0123456789abcdef01234567"))
	if err != nil {
		t.Fatal(err)
	}
	plain := volume(1 << 20)
	chained := make([]byte, len(plain))
	cipher.NewCBCEncrypter(key, make([]byte, 16)).CryptBlocks(chained, plain)
	padded := append(bytes.Clone(chained[:200<<10]), make([]byte, 800<<10)...)
	table := make([]byte, 1<<20)
	for i := range table {
		table[i] = byte(i / 16 % 7 * 31)
	}
	for _, row := range []struct {
		name string
		b    []byte
		want int
	}{
		{"AES", ecb(key, plain), 16},
		{"triple DES", ecb(old, plain), 8},
		{"in clear", plain, 0},
		{"with a chain", chained, 0},
		{"packed and padded", padded, 0},
		{"a table", table, 0},
		{"XOR", xored(plain), 0},
		{"text", bytes.Repeat([]byte("the same line of a text again and again.\n"), 20000), 0},
		{"too short", ecb(key, plain[:2048]), 0},
	} {
		if got := blockwise(bytes.NewReader(row.b), 0, int64(len(row.b))); got != row.want {
			t.Errorf("%s: %d, want %d", row.name, got, row.want)
		}
	}
}

// Looking takes few pieces of memory, however many blocks there are.
func TestBlockwiseMemory(t *testing.T) { // not parallel: it counts what all allocate
	key, err := aes.NewCipher([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	b := bytes.NewReader(ecb(key, volume(1<<20)))
	if n := testing.AllocsPerRun(3, func() { blockwise(b, 0, b.Size()) }); n > 12 {
		t.Errorf("%.0f pieces of memory", n)
	}
}

func xored(b []byte) []byte {
	b = bytes.Clone(b)
	for i := range b {
		b[i] ^= "\x31\x38\x3f\x46"[i%4]
	}
	return b
}
