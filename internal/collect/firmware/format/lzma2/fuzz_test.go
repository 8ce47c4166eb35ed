package lzma2_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/mikelolasagasti/xz"
	"github.com/ulikunitz/xz/lzma"

	"assay/internal/collect/firmware/format/lzma2"
)

const fuzzRoom = 1 << 16

// read takes up to room bytes of r and says whether it ended well there.
func read(r io.Reader, room int) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(room)+1))
	if err == nil && len(b) > room {
		err = lzma2.ErrRoom
	}
	return b[:min(len(b), room)], err
}

func seeds(f *testing.F, pattern string) {
	names, err := filepath.Glob("testdata/" + pattern)
	if err != nil || len(names) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// sameOrBothFail holds ours against the answer of another decoder.
func sameOrBothFail(t *testing.T, what string, got []byte, err error, want []byte, wantErr error) {
	t.Helper()
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%s: %d bytes, error %v; the other: %d bytes, error %v", what, len(got), err, len(want), wantErr)
	}
	if err == nil && !bytes.Equal(got, want) {
		t.Fatalf("%s: %d bytes that differ from the other's %d", what, len(got), len(want))
	}
}

// FuzzXZ compares with a port of the kernel's decoder.
func FuzzXZ(f *testing.F) {
	seeds(f, "*.xz")
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := whole("x.xz", b, fuzzRoom)
		again, _, err2 := func() ([]byte, *lzma2.Reader, error) {
			z, err := lzma2.NewReader(bytes.NewReader(b), 0)
			if err != nil {
				return nil, nil, err
			}
			got, err := read(z, fuzzRoom)
			return got, z, err
		}()
		if err == nil && single(b) {
			// The stream reader goes on to what stands behind; one stream is alike.
			sameOrBothFail(t, "as a stream", again, err2, got, err)
		}
		one, _, err3 := behind("x.xz", bytes.NewReader(b[:min(len(b), fuzzRoom/16)]))
		two, _, err4 := streamed("x.xz", bytes.NewReader(b[:min(len(b), fuzzRoom/16)]), 0)
		sameOrBothFail(t, "in one piece", one, err3, two, err4)
		if errors.Is(err, lzma2.ErrUnsupported) || arm64OrRISCV(b) {
			return // the other one knows fewer filters and verifies fewer checks
		}
		r, wantErr := xz.NewReader(bytes.NewReader(b), 1<<26)
		var want []byte
		if wantErr == nil {
			r.Multistream(false)
			want, wantErr = read(r, fuzzRoom)
		}
		if wantErr == xz.ErrMemlimit || wantErr == xz.ErrOptions || wantErr == xz.ErrUnsupportedCheck {
			return
		}
		sameOrBothFail(t, "in memory", got, err, want, wantErr)
	})
}

// single says that nothing stands behind the stream.
func single(b []byte) bool {
	return bytes.HasSuffix(b, []byte("YZ")) && bytes.Count(b, []byte("YZ")) == 1
}

func arm64OrRISCV(b []byte) bool {
	return len(b) > 16 && (b[14] == 10 || b[14] == 11)
}

// chunkBody packs fuzzed bytes as chunks of LZMA2, so that they reach the decoder
// of symbols without the fuzzer having to find a CRC.
func chunkBody(control byte, props byte, size uint16, body []byte) []byte {
	body = body[:min(len(body), 4000)]
	out := []byte{control, byte(size >> 8), byte(size)}
	n := uint16(len(body) + 4)
	out = binary.BigEndian.AppendUint16(out, n)
	out = append(out, props, 0)
	out = append(out, body...)
	return append(out, 0)
}

// FuzzSymbols feeds bytes as range coded symbols to ours and to another decoder.
func FuzzSymbols(f *testing.F) {
	f.Add(byte(0x5d), uint16(100), []byte("what comes here is decoded as if it had been encoded"))
	f.Add(byte(0), uint16(5000), bytes.Repeat([]byte{0x80, 0xff, 0, 3}, 100))
	for _, file := range files() {
		f.Add(byte(93), uint16(2000), file.content[:min(len(file.content), 500)])
	}
	f.Fuzz(func(t *testing.T, props byte, size uint16, body []byte) {
		if props >= 225 || props%9+props/9%5 > 4 {
			return
		}
		b := chunkBody(0xe0, props, size, body)
		dst := make([]byte, fuzzRoom)
		var d lzma2.Decoder
		n, err := d.XZ(dst, sized(nil, b))

		r, wantErr := lzma.Reader2Config{DictCap: 1 << 20}.NewReader2(bytes.NewReader(b))
		var want []byte
		if wantErr == nil {
			want, wantErr = read(r, fuzzRoom)
		}
		// The other one doesn't mind where the range coder stops. What came out
		// before must be the same.
		k := min(n, len(want))
		if !bytes.Equal(dst[:k], want[:k]) {
			t.Fatalf("%d bytes, error %v; the other: %d bytes, error %v: they differ", n, err, len(want), wantErr)
		}
		if err == nil && wantErr != nil {
			t.Fatalf("no error; the other: %v", wantErr)
		}

		// Bare LZMA with the same symbols gives the same bytes.
		m, bareErr := d.Bare(dst[:int(size)+1], append([]byte{0}, body...), props)
		k = min(m, len(want))
		if !bytes.Equal(dst[:k], want[:k]) {
			t.Fatalf("bare: %d bytes, error %v; the other: %d bytes, error %v: they differ", m, bareErr, len(want), wantErr)
		}
	})
}

// FuzzAlone compares .lzma files.
func FuzzAlone(f *testing.F) {
	seeds(f, "*.lzma")
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := whole("x.lzma", b, fuzzRoom)
		var again []byte
		z, err2 := lzma2.NewAloneReader(bytes.NewReader(b), 0)
		if err2 == nil {
			again, err2 = read(z, fuzzRoom)
		}
		if err == nil && err2 == nil && !bytes.Equal(got, again) {
			t.Fatalf("in memory %d bytes, as a stream %d, which differ", len(got), len(again))
		}
		if err2 == nil && err != nil {
			t.Fatalf("in memory %v, as a stream no error", err)
		}
		if len(b) < 13 || errors.Is(err, lzma2.ErrUnsupported) || binary.LittleEndian.Uint32(b[1:]) > 1<<26 {
			return
		}
		r, wantErr := lzma.ReaderConfig{DictCap: 1 << 26}.NewReader(bytes.NewReader(b))
		var want []byte
		if wantErr == nil {
			want, wantErr = read(r, fuzzRoom)
		}
		k := min(len(again), len(want))
		if !bytes.Equal(again[:k], want[:k]) {
			t.Fatalf("%d bytes, error %v; the other: %d bytes, error %v: they differ", len(again), err2, len(want), wantErr)
		}
		// Of a stream that says it holds nothing, nothing needs decoding; the other
		// one looks at the first symbol nevertheless, and complains of it.
		empty := binary.LittleEndian.Uint64(b[5:]) == 0
		if err2 == nil && wantErr != nil && !empty {
			t.Fatalf("no error; the other: %v", wantErr)
		}
	})
}
