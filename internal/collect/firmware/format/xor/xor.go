// Package xor reads images that a maker hid by XOR with a short key that
// repeats. In: what no other format explains, and the formats that may prove a
// key. Out: the key, and a view that decodes what is read of it. Such a key
// lies open wherever the image holds zeros: it keeps nobody out.
//
// A key of up to 32 bytes is taken from padding (a run of zeros shows it, one
// of ones its complement), from headers whose bytes are always the same, or from
// the byte that is most frequent in each column. That alone is nothing: images
// under a block cipher without chaining repeat their blocks too. A format in the
// decoded bytes has to hold together, by a checksum or by many fields that fit.
//
// Not found: keys above 32 bytes, keys that change with the place (counters,
// shift registers), other operations (addition, rotation), and packed content
// without any padding whose header leaves bytes of a long key open: gzip above
// 10 bytes, above 5 with a time in its header; xz above 12; squashfs above 16.
package xor

import (
	"context"
	"crypto/subtle"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// New returns the format; sure are formats that prove a key by being found
// behind it. It has no magic number and costs some milliseconds a look, so it
// comes last and at the start of what is unexplained.
func New(sure []format.Format) format.Format {
	x := newFinder(sure)
	return format.Format{Name: "xor", Weak: true, Head: true, Look: x.look}
}

// finder looks for keys.
type finder struct {
	sure    []candidate
	numbers []numbers // of sure, for what is far from the beginning
}

func newFinder(sure []format.Format) *finder {
	x := &finder{}
	for i := range sure {
		for _, m := range sure[i].Magics {
			x.sure = append(x.sure, candidate{&sure[i], m})
		}
	}
	x.numbers = byPlace(x.sure)
	return x
}

type candidate struct {
	f     *format.Format
	magic format.Magic
}

const (
	maxKey = 32
	// sample is how much of the beginning is searched for keys and proofs.
	sample = 256 << 10
	least  = 64
)

// starts are where the hidden content begins if not at the first byte: behind a
// header that isn't hidden.
var starts = [...]int{0, 16, 32, 48, 64, 128, 256, 512, 1024, 2048, 4096, 64 << 10, 128 << 10}

func (x *finder) look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	raw := format.Head(s, at, sample)
	if len(raw) < least {
		return nil, nil
	}
	hid := hidden{raw: raw, src: format.Section(s, at, s.Size()-at), whole: at == 0}
	f, ok := hid.byMagic()
	if !ok {
		if f, ok = x.byRun(ctx, &hid); !ok {
			f, ok = x.byCount(ctx, &hid)
		}
	}
	if !ok || ctx.Err() != nil {
		return nil, ctx.Err()
	}
	size := extent(s, at, f)
	p := &format.Part{Format: "xor", Offset: at, Size: size,
		Note: fmt.Sprintf("XOR with the %d bytes %x, %s at offset %d of what it hides", len(f.key), f.key, f.name, f.off)}
	p.Guards = []format.Guard{{Kind: format.Encryption, Scheme: "xor", State: format.Present, Note: "obfuscation, not encryption", Offset: at, Undone: true}}
	var try []string
	if f.off == 0 {
		try = []string{f.name}
	}
	p.Contents = func(context.Context, format.Limits) ([]format.Content, error) {
		return []format.Content{{Source: &view{s: format.Section(s, at, size), key: f.key}, Try: try}}, nil
	}
	return p, nil
}

// view decodes what is read of it.
type view struct {
	s   format.Source
	key []byte
}

func (v *view) Size() int64 { return v.s.Size() }

func (v *view) ReadAt(p []byte, off int64) (int, error) {
	n, err := v.s.ReadAt(p, off)
	if n > 0 {
		decode(p[:n], v.key, off)
	}
	return n, err
}

// decode undoes the key in place; b begins off bytes behind the key's start.
func decode(b, key []byte, off int64) {
	// The key over and over, whole times: words instead of bytes.
	var wide [2048]byte
	n := min(len(wide)/len(key)*len(key), (len(b)+2*len(key)-1)/len(key)*len(key))
	for i := 0; i < n; i += len(key) {
		copy(wide[i:n], key)
	}
	k := int(off % int64(len(key)))
	for len(b) > 0 {
		m := subtle.XORBytes(b, b, wide[k:n])
		b, k = b[m:], 0
	}
}

// block is what parts of an image begin at a multiple of.
const block = 4096

// extent is how far the hidden bytes reach: to the end of the source, or to a
// border behind the proven content where plain bytes begin.
func extent(s format.Source, at int64, f found) int64 {
	end := s.Size() - at
	first := (f.off + f.size + block - 1) &^ (block - 1)
	var b [512]byte
	for off := first; off < end; off += block {
		raw := b[:min(int64(len(b)), end-off)]
		if format.ReadAt(s, raw, at+off) != nil {
			return off
		}
		if fill(raw[:min(len(raw), 64)]) && (len(f.key) > 1 || raw[0] != f.key[0] && raw[0] != ^f.key[0]) {
			return off
		}
		if _, plain := prove(raw, end-off); plain {
			return off
		}
	}
	return end
}

// fill says that b is one byte, the one that erased or unused flash has.
func fill(b []byte) bool {
	for _, c := range b {
		if c != b[0] {
			return false
		}
	}
	return b[0] == 0 || b[0] == 0xff
}
