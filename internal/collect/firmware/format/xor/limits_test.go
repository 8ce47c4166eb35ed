package xor_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/internal/collect/firmware/format/looktest"
)

// longest is the longest key up to which all are found; none is left out.
func longest(t *testing.T, img []byte) int {
	t.Helper()
	key := []byte("\xa5The key that a maker thought of, no?")
	for n := 1; n <= 32; n++ {
		hid := make([]byte, len(img))
		for i, c := range img {
			hid[i] = c ^ key[i%n]
		}
		if looktest.At(t, reader(), hid, 0) == nil {
			return n - 1
		}
	}
	return 32
}

// What the package and the page say of packed content without padding is what
// is so.
func TestLimits(t *testing.T) {
	t.Parallel()
	built := func(name string) []byte { return looktest.Read(t, "built/formats", name) }
	zip := func(when time.Time) int {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		z.ModTime = when
		_, err := z.Write(built("rootfs.tar.gz"))
		if err == nil {
			err = z.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return longest(t, out.Bytes())
	}
	squashfs := 32
	for _, name := range []string{"squashfs-xz.img", "squashfs-gzip.img", "squashfs-lzo.img"} {
		img := built(name)
		squashfs = min(squashfs, longest(t, img[:binary.LittleEndian.Uint64(img[40:])]))
	}
	want := fmt.Sprintf("gzip above %d bytes, above %d with a time in its header; xz above %d; squashfs above %d",
		zip(time.Time{}), zip(time.Unix(1_700_000_000, 0)), longest(t, built("rootfs.tar.xz")), squashfs)
	for _, path := range []string{"xor.go", filepath.Join("..", "..", "..", "..", "..", "docs", "firmware.md")} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(strings.ReplaceAll(string(b), "\n//", "\n")), " ")
		if !strings.Contains(text, want) {
			t.Errorf("%s doesn't say: %s", path, want)
		}
	}
}
