package format_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
)

func TestSum(t *testing.T) {
	t.Parallel()
	b := []byte(strings.Repeat("what a source holds ", 40_000))
	s := bytes.NewReader(b)
	h, crc := sha256.New(), format.CRC(crc32.ChecksumIEEE(b[:3]))
	if err := format.Sum(t.Context(), s, 3, int64(len(b)-3), h, &crc); err != nil {
		t.Fatal(err)
	}
	if want := sha256.Sum256(b[3:]); !bytes.Equal(h.Sum(nil), want[:]) {
		t.Error("another hash")
	}
	if uint32(crc) != crc32.ChecksumIEEE(b) {
		t.Error("the checksum did not go on")
	}
	if got, err := format.CRC32(t.Context(), s, 0, int64(len(b))); err != nil || got != crc32.ChecksumIEEE(b) {
		t.Errorf("%08x %v", got, err)
	}
	for _, row := range []struct{ off, size int64 }{{0, int64(len(b) + 1)}, {-1, 5}, {5, -1}, {1 << 62, 1 << 62}} {
		if err := format.Sum(t.Context(), s, row.off, row.size); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%+v: %v", row, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := format.Sum(ctx, s, 0, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	s := strings.NewReader("0123456789")
	p := &format.Part{Format: "x", Offset: 4}
	if !p.Claim(s, 6) || p.Size != 6 || p.Problems != nil {
		t.Errorf("%+v", p)
	}
	if p.Claim(s, 7) || p.Size != 6 || len(p.Problems) != 1 || p.Problems[0].Kind != format.Truncated {
		t.Errorf("%+v", p)
	}
	p = &format.Part{Format: "x"}
	p.Checked("crc32", true, 8, "header")
	p.Checked("md5", false, 12, "image")
	if len(p.Guards) != 2 || p.Guards[0].State != format.Good || p.Guards[1].State != format.Bad || len(p.Problems) != 1 || p.Problems[0].Offset != 12 {
		t.Errorf("%+v", p)
	}
}
