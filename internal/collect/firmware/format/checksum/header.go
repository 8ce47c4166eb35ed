package checksum

import (
	"context"
	"fmt"
	"hash/crc32"
	"strings"

	"assay/internal/collect/firmware/format"
)

// maxHeader is the longest header that is thought of.
const maxHeader = 4096

// headers are the sizes that are tried.
func headers() (out []int) {
	for n := 16; n <= 256; n += 4 {
		out = append(out, n)
	}
	return append(out, 512, 1024, 2048, maxHeader)
}

// trailers are how many bytes at the end a header's checksum may leave out: a
// hash or a signature that was added later.
var trailers = []int64{0, 4, 16, 20, 32, 64, 128, 256, 512}

// lookHeader finds a header with a CRC-32 over all behind it. Sizes and places
// are tried; at 32 bits and some 10,000 trials an accident is one in 400,000
// images.
func lookHeader(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	n := s.Size() - at
	if n < maxHeader+least || n > most {
		return nil, nil
	}
	head := format.Head(s, at, maxHeader)
	if len(head) < maxHeader || !field(head[:64]) {
		return nil, nil
	}
	// The checksum of the image behind the longest header, from no state, at each
	// end; what stands before is put in front of it by arithmetic.
	body := make([]uint32, len(trailers))
	crc, from := format.CRC(0), at+maxHeader
	for i := len(trailers) - 1; i >= 0; i-- {
		end := at + n - trailers[i]
		if err := format.Sum(ctx, s, from, end-from, &crc); err != nil {
			return nil, err
		}
		body[i], from = uint32(crc), end
	}
	for i, cut := range trailers {
		shift := newShift(n - maxHeader - cut)
		for _, size := range headers() {
			sum := shift.apply(crc32.ChecksumIEEE(head[size:])) ^ body[i]
			if p := match(head[:size], at, sum, n-int64(size)-cut); p != nil {
				return p, nil
			}
		}
	}
	return nil, nil
}

// field says that something like a checksum stands in the first bytes: a cheap
// reject for text and for empty space.
func field(b []byte) bool {
	zero, text := 0, 0
	for _, c := range b {
		switch {
		case c == 0 || c == 0xff:
			zero++
		case c >= 0x20 && c < 0x7f || c == '\n' || c == '\r' || c == '\t':
			text++
		}
	}
	return zero < len(b) && text < len(b)
}

// match looks for sum in a header.
func match(head []byte, at int64, sum uint32, covers int64) *format.Part {
	if sum == 0 || sum == 1<<32-1 {
		return nil
	}
	for i := 0; i+4 <= len(head); i += 4 {
		form, ok := crcForm(head[i:], sum)
		if !ok {
			continue
		}
		p := &format.Part{Format: "checksum-header", Offset: at, Size: int64(len(head)),
			Note: fmt.Sprintf("header of %d bytes, crc32%s at byte %d over the %d bytes behind it", len(head), form, i, covers)}
		if text := words(head); text != "" {
			p.Note += ", says " + text
		}
		p.Checked("crc32", true, at+int64(i), "image behind the header; anybody can make it")
		return p
	}
	return nil
}

// words are the texts of a header: magic number, model, version.
func words(b []byte) string {
	var out []string
	for _, w := range strings.FieldsFunc(string(b), func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		if len(w) >= 4 && len(out) < 8 {
			out = append(out, fmt.Sprintf("%q", format.Printable(w)))
		}
	}
	return strings.Join(out, " ")
}

// shift is what n zero bytes do to a CRC-32, as a matrix over GF(2): with it
// crc(A B) = shift(crc(A)) ^ crc(B).
type shift [32]uint32

func newShift(n int64) shift {
	// One zero bit, then squared to a byte.
	var m shift
	m[0] = crc32.IEEE
	for i := 1; i < 32; i++ {
		m[i] = 1 << (i - 1)
	}
	m = m.square().square().square()
	out := identity()
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			out = m.times(out)
		}
		m = m.square()
	}
	return out
}

func identity() (m shift) {
	for i := range m {
		m[i] = 1 << i
	}
	return m
}

func (m *shift) apply(v uint32) (out uint32) {
	for i := 0; v != 0; i, v = i+1, v>>1 {
		if v&1 != 0 {
			out ^= m[i]
		}
	}
	return out
}

func (m shift) times(o shift) (out shift) {
	for i := range out {
		out[i] = m.apply(o[i])
	}
	return out
}

func (m shift) square() shift { return m.times(m) }
