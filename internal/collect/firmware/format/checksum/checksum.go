// Package checksum finds what guards an image whose format nobody documents: a
// hash of everything before it at its end, or a CRC-32 in its header over
// everything behind. In: a whole image. Out: the trailer or the header as a part
// with its guard. A checksum keeps out errors of transport and nobody who means
// harm; that is worth knowing of an image that has nothing else.
//
// Both formats read the image from end to end. They are for the outermost image
// and for what a container holds, not for each file of a tree.
package checksum

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"

	"assay/internal/collect/firmware/format"
)

// Sizes of images that are looked at.
const (
	least = 1 << 10
	most  = 2 << 30
)

// Formats returns the formats of this package.
func Formats() []format.Format {
	return []format.Format{
		{Name: "checksum-trailer", Head: true, Weak: true, Tail: true, Look: lookTrailer},
		{Name: "checksum-header", Head: true, Weak: true, Look: lookHeader},
	}
}

// kind is one form of a trailer.
type kind struct {
	scheme string
	new    func() hash.Hash
	size   int // bytes in the image
	text   bool
	line   int // bytes of a line end after it
}

// kinds are the forms in the order in which they are tried, the cheap and the
// common ones first.
func kinds() []kind {
	out := []kind{{scheme: "crc32", new: func() hash.Hash { return crc32.NewIEEE() }, size: 4}}
	for _, k := range []kind{{scheme: "md5", new: md5.New}, {scheme: "sha256", new: sha256.New}, {scheme: "sha1", new: sha1.New}, {scheme: "sha512", new: sha512.New}} {
		n := k.new().Size()
		k.size = n
		out = append(out, k)
		k.size, k.text = 2*n, true
		out = append(out, k)
		k.size, k.line = 2*n+1, 1
		out = append(out, k)
	}
	return out
}

// tail is the longest trailer.
const tail = 2*sha512.Size + 1

// lookTrailer finds a hash at the end of s over all from at to it.
func lookTrailer(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	n := s.Size() - at
	if n < least || n > most {
		return nil, nil
	}
	end := format.Head(s, s.Size()-tail, tail)
	if len(end) < tail { // a layer that can't be read there
		return nil, nil
	}
	for _, k := range kinds() {
		stored := end[tail-k.size:]
		if k.text && !isHex(stored, k.line) || !k.text && !noisy(stored) {
			continue
		}
		h := k.new()
		if err := format.Sum(ctx, s, at, n-int64(k.size), h); err != nil {
			return nil, err
		}
		if !k.fits(stored, h.Sum(nil)) {
			continue
		}
		p := &format.Part{Format: "checksum-trailer", Offset: s.Size() - int64(k.size), Size: int64(k.size),
			Note: fmt.Sprintf("%s of the %d bytes before it", k.scheme, n-int64(k.size))}
		p.Checked(k.scheme, true, p.Offset, "image; nothing in it is a secret, anybody can make it")
		return p, nil
	}
	return nil, nil
}

// fits compares what is stored with what was calculated. A CRC-32 stands in
// either order of bytes, complemented or not.
func (k kind) fits(stored, sum []byte) bool {
	switch {
	case k.text:
		got := make([]byte, len(sum))
		_, err := hex.Decode(got, bytes.ToLower(stored[:len(stored)-k.line]))
		return err == nil && bytes.Equal(got, sum)
	case k.scheme == "crc32":
		_, ok := crcForm(stored, binary.BigEndian.Uint32(sum))
		return ok
	}
	return bytes.Equal(stored, sum)
}

// crcForm says how the four bytes at b hold crc.
func crcForm(b []byte, crc uint32) (string, bool) {
	switch le, be := binary.LittleEndian.Uint32(b), binary.BigEndian.Uint32(b); crc {
	case le, be:
		return "", true
	case ^le, ^be:
		return ", complemented", true
	}
	return "", false
}

// noisy says that b may be a hash: bytes of one are nearly all different.
func noisy(b []byte) bool {
	var seen [256]bool
	n := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n*3 >= min(len(b), 64)*2
}

func isHex(b []byte, line int) bool {
	if line > 0 && b[len(b)-1] != '\n' {
		return false
	}
	for _, c := range b[:len(b)-line] {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}
