package ota_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/ota"
)

var formats = []format.Format{ota.New()}

// message writes fields of Protocol Buffers: numbers and what is within.
func message(fields ...any) []byte {
	var b []byte
	for i := 0; i < len(fields); i += 2 {
		n := uint64(fields[i].(int)) << 3
		switch v := fields[i+1].(type) {
		case int:
			b = binary.AppendUvarint(binary.AppendUvarint(b, n), uint64(v))
		case []byte:
			b = append(binary.AppendUvarint(binary.AppendUvarint(b, n|2), uint64(len(v))), v...)
		case string:
			b = append(binary.AppendUvarint(binary.AppendUvarint(b, n|2), uint64(len(v))), v...)
		}
	}
	return b
}

func header(manifest []byte) []byte {
	b := binary.BigEndian.AppendUint64([]byte("CrAU"), 2)
	return append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(b, uint64(len(manifest))), 9), append(bytes.Clone(manifest), "signature"...)...)
}

// bzip is four kilobytes of "b", by bzip2.
const bzip = "QlpoOTFBWSZTWWBBNkYAAApBAIAEEAAACCAAMMwFU2piCgPF3JFOFCQYEE2RgA=="

// sample is one partition of six blocks of 512 bytes, in every way there is:
// plain, xz, nothing, a gap, zstd, and one byte more than five blocks.
func sample(t testing.TB, kinds ...int) (img []byte, want string) {
	t.Helper()
	plain, packed := strings.Repeat("p", 512), strings.Repeat("x", 1024)
	var x bytes.Buffer
	w, err := xz.NewWriter(&x)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, packed); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	z := enc.EncodeAll([]byte("end"), nil)
	data := append(append([]byte(plain), x.Bytes()...), z...)
	if len(kinds) == 0 {
		kinds = []int{0, 8, 6, 14}
	}
	hash := func(b []byte) []byte { h := sha256.Sum256(b); return h[:] }
	manifest := message(3, 512, 4, len(data), 5, 4, 13, message(1, "system", 7, message(1, 2563),
		8, message(1, kinds[0], 2, 0, 3, 512, 6, message(2, 1), 8, hash([]byte(plain))),
		8, message(1, kinds[1], 2, 512, 3, x.Len(), 6, message(1, 1, 2, 1), 6, message(1, 2, 2, 1), 8, hash(x.Bytes())),
		8, message(1, kinds[2], 6, message(1, 3, 2, 1)),
		8, message(1, kinds[3], 2, 512+x.Len(), 3, len(z), 6, message(1, 5, 2, 1), 8, hash(z))))
	want = plain + packed + strings.Repeat("\x00", 1024) + "end" + strings.Repeat("\x00", 509)
	return append(append(header(manifest), data...), "sign"...), want
}

func TestPartition(t *testing.T) {
	t.Parallel()
	img, want := sample(t)
	p := archivetest.Look(t, formats, append(bytes.Clone(img), "behind"...), 0)
	if p == nil || p.Size != int64(len(img)) || len(p.Guards) != 2 || p.Note != "partitions system (2563 bytes)" || len(p.Problems) > 0 {
		t.Fatalf("%+v", p)
	}
	c, err := p.Contents(t.Context(), format.Limits{})
	if err != nil || len(c) != 1 || c[0].Name != "system" || c[0].Size != 2563 {
		t.Fatalf("%+v, %v", c, err)
	}
	got, err := io.ReadAll(c[0].Stream)
	if d := cmp.Diff(want, string(got)); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func TestBzip(t *testing.T) {
	t.Parallel()
	data, err := base64.StdEncoding.DecodeString(bzip)
	if err != nil {
		t.Fatal(err)
	}
	img := append(header(message(4, 0, 13, message(1, "boot", 7, message(1, 4096), 8, message(1, 1, 3, len(data), 6, message(2, 1))))), data...)
	c, err := archivetest.Look(t, formats, img, 0).Contents(t.Context(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c[0].Stream); err != nil || string(got) != strings.Repeat("b", 4096) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	img, want := sample(t)
	flipped := bytes.Clone(img)
	flipped[bytes.Index(flipped, []byte("ppp"))] ^= 1
	for name, b := range map[string][]byte{"a flipped byte": flipped, "cut off": img[:len(img)-20]} {
		c, err := archivetest.Look(t, formats, b, 0).Contents(t.Context(), format.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(c[0].Stream); !errors.Is(err, format.ErrDamaged) || len(got) >= len(want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	c, err := archivetest.Look(t, formats, img, 0).Contents(t.Context(), format.Limits{File: 600})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c[0].Stream); !errors.Is(err, format.ErrLimit) || len(got) != 600 {
		t.Errorf("limit: %d bytes, %v", len(got), err)
	}
}

// TestDelta tells that a partition is a difference, and does not make one up.
func TestDelta(t *testing.T) {
	t.Parallel()
	img, _ := sample(t, 0, 5, 6, 14)
	p := archivetest.Look(t, formats, img, 0)
	c, err := p.Contents(t.Context(), format.Limits{})
	if err != nil || len(c) != 0 || len(p.Problems) != 1 || p.Problems[0].Kind != format.Unsupported {
		t.Errorf("%v, %v, %v", c, p.Problems, err)
	}
}

func TestNotAPayload(t *testing.T) {
	t.Parallel()
	for name, b := range map[string][]byte{
		"empty": nil, "a magic number": []byte("CrAU"), "no partitions": header(message(3, 512)), "noise": header([]byte("\xff\xff\xff\xff")),
		"a manifest beyond the end": header(message(13, message(1, "a")))[:26],
	} {
		if p := archivetest.Look(t, formats, b, 0); p != nil {
			t.Errorf("%s: taken for %s", name, p.Note)
		}
	}
}

func FuzzOTA(f *testing.F) {
	img, _ := sample(f)
	f.Add(img)
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.Fuzz(t, formats, data) })
}
