package stream

import (
	"bytes"
	strict "compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"

	"assay/internal/collect/firmware/format"
)

func gzipFormat() format.Format {
	return format.Format{Name: "gzip", Magics: []format.Magic{{Bytes: "\x1f\x8b\x08"}}, Look: lookGzip}
}

// lookGzip is sure once the header is one that compressors write (RFC 1952,
// section 2.3) and the first bytes decode.
func lookGzip(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 18)
	// The flags' upper three bits are reserved; extra flags are 0, 2 or 4;
	// systems are 0 to 19 and 255.
	if len(b) < 18 || b[3]&0xe0 != 0 || b[8] != 0 && b[8] != 2 && b[8] != 4 || b[9] > 19 && b[9] != 255 {
		return nil, nil
	}
	if !proven(s, at, 512, openGzip) {
		return nil, nil
	}
	z, err := gzip.NewReader(format.Section(s, at, 64<<10))
	if err != nil {
		return nil, nil
	}
	p := part("gzip", s, at, 0, 0, openGzip)
	p.Name = z.Name
	if z.ModTime.Unix() > 0 { // 0 is none
		p.Note = "made " + z.ModTime.UTC().Format("2006-01-02 15:04:05")
	}
	return p, nil
}

// gunzip decodes one member after the other, as gzip(1) does. What follows the
// last one is not its own.
type gunzip struct {
	in   *input
	z    *gzip.Reader
	used int64
}

func openGzip(s format.Source, _ int64) (decoder, error) {
	in := newInput(whole(s))
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gunzip{in: in, z: z}, nil
}

func (g *gunzip) Read(p []byte) (int, error) {
	for {
		n, err := g.z.Read(p)
		if err != io.EOF {
			return n, err
		}
		g.used = g.in.used()
		if b, _ := g.in.Peek(3); n > 0 || !bytes.Equal(b, []byte("\x1f\x8b\x08")) || g.z.Reset(g.in) != nil {
			if n > 0 {
				return n, nil
			}
			return 0, io.EOF
		}
		g.z.Multistream(false)
	}
}

func (g *gunzip) Consumed() int64 { return g.used }

// zlibFormat is weak: two bytes, of which five bits are a check (RFC 1950).
func zlibFormat() format.Format {
	return format.Format{
		Name: "zlib", Weak: true, Look: lookZlib,
		Magics: []format.Magic{{Bytes: "\x78\x01"}, {Bytes: "\x78\x5e"}, {Bytes: "\x78\x9c"}, {Bytes: "\x78\xda"}},
	}
}

// zlibFixed is how far a stream whose first block has fixed codes is decoded
// before it is believed without its checksum.
const zlibFixed = 1 << 20

// lookZlib is sure after 4 KiB, or after a whole stream of at least 16 bytes
// with its checksum.
func lookZlib(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, 16)
	if len(b) < 8 || b[0] != 0x78 || (uint(b[0])<<8|uint(b[1]))%31 != 0 || b[1]&0x20 != 0 || !deflated(b[2:]) {
		return nil, nil
	}
	// The look is strict: the faster decoder also takes codes without an end of
	// the block and then decodes code of programs for megabytes.
	d, err := strict.NewReader(newInput(whole(format.Section(s, at, s.Size()-at))))
	if err != nil {
		return nil, nil
	}
	// Codes that are fixed prove nothing of what follows; encoders take them for
	// short texts only. Code that looks like them decodes to anything.
	proof := 4096
	if b[2]>>1&3 == 1 {
		proof = zlibFixed
	}
	n, err := decoded(d, proof)
	if err != nil {
		_, err = d.Read(make([]byte, 1))
		if n < 16 || !errors.Is(err, io.EOF) {
			return nil, nil
		}
	}
	p := part("zlib", s, at, 0, 0, openZlib)
	p.Note = fmt.Sprintf("level %d of 3", b[1]>>6)
	return p, nil
}

// deflated is the cheap check of a first block (RFC 1951, section 3.2): the two
// lengths of one that is stored, or how many codes a dynamic one has, and that
// the lengths of those that tell the lengths make a whole tree.
func deflated(b []byte) bool {
	bit := func(at, n int) (v int) {
		for i := range n {
			if k := (at + i) / 8; k < len(b) {
				v |= int(b[k]>>((at+i)%8)) & 1 << i
			}
		}
		return v
	}
	switch bit(1, 2) {
	case 0:
		return bit(8, 16) == bit(24, 16)^0xffff
	case 1:
		return true
	case 2:
		if bit(3, 5) > 29 || bit(8, 5) > 29 {
			return false
		}
		room := 0
		for i := range bit(13, 4) + 4 {
			if n := bit(17+3*i, 3); n > 0 {
				room += 128 >> n
			}
		}
		return room == 128
	}
	return false
}

type inflate struct {
	io.Reader
	in *input
}

func openZlib(s format.Source, _ int64) (decoder, error) {
	in := newInput(whole(s))
	z, err := zlib.NewReader(in)
	if err != nil {
		return nil, err
	}
	return inflate{z, in}, nil
}

func (i inflate) Consumed() int64 { return i.in.used() }
