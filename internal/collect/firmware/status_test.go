package firmware

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"assay/internal/collect/firmware/unpack"
)

// TestStatus: an image without files is readable where what it holds was read,
// and an encrypted one isn't, whatever stands beside it in clear.
func TestStatus(t *testing.T) {
	t.Parallel()
	env := make([]byte, 16<<10)
	copy(env[4:], "bootdelay=5\x00bootargs=init=/bin/sh\x00wifi_psk=blue-lighthouse-17\x00\x00")
	binary.LittleEndian.PutUint32(env, crc32.ChecksumIEEE(env[4:]))
	noise := make([]byte, 256<<10)
	r := rand.NewChaCha8([32]byte{1})
	if _, err := r.Read(noise); err != nil {
		t.Fatal(err)
	}
	// Two kinds of code, each of 140 values: together they have all.
	tables := make([]byte, 512<<10)
	for i, b := range noise {
		tables[i], tables[len(noise)+i] = b%140, 116+b%140
	}
	for _, tt := range []struct {
		name  string
		image []byte
		want  unpack.Status
		found bool // weaknesses or secrets
	}{
		{"environment alone", env, unpack.Readable, true},
		{"two copies", bytes.Repeat(env, 2), unpack.Readable, true},
		{"environment beside encrypted bytes", bytes.Join([][]byte{env, noise}, nil), unpack.Encrypted, true},
		{"environment beside few bytes that nothing explains", bytes.Join([][]byte{env, make([]byte, 1<<20), noise}, nil), unpack.Unread, true},
		{"noise", noise, unpack.Encrypted, false},
		{"two kinds of code", tables, unpack.Unknown, false},
		{"zeros", make([]byte, 1<<20), unpack.Erased, false},
		// The entropy of all that is nothing to three decimals.
		{"a line in many zeros", append(make([]byte, 16<<20), "\nadmin_password=Quartz6641x!\n"...), unpack.Unknown, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := gathered(t, tt.image, Options{Now: at})
			if got.Image.Status != tt.want {
				t.Errorf("%s (%s), want %s", got.Image.Status, got.Image.Reason, tt.want)
			}
			if found := len(got.Starts)+len(got.Weaknesses)+len(got.Secrets) > 0; found != tt.found {
				t.Errorf("found something: %t", found)
			}
		})
	}
}
