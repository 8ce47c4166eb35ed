// Package stream reads compressed streams: gzip, zlib, xz, LZMA, lzip, bzip2,
// zstd, LZ4, lzop and compress. In: a source. Out: a Part whose one content is
// the decoded stream, with the compressed size where it can be had without
// decoding.
//
// Every Content.Stream of this package implements
//
//	interface{ Consumed() int64 }
//
// which tells, once Read returned io.EOF, how many bytes of the part's source
// the stream took, from the part's offset on. Where Part.Size is 0 that is how
// its end is found.
package stream

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive"
)

// Formats returns all of them, those that only decoding proves last.
func Formats() []format.Format {
	return []format.Format{
		gzipFormat(), xzFormat(), bzip2Format(), zstdFormat(), lz4Format(), lzopFormat(), lzipFormat(),
		lzmaFormat(), zlibFormat(), compressFormat(),
	}
}

// decoder is a decoded stream and where it stands in its source.
type decoder interface {
	io.Reader
	// Consumed is exact once Read returned io.EOF.
	Consumed() int64
}

// opener begins to decode what stands at the start of s. limit bounds what the
// decoder may keep of what it decodes.
type opener func(s format.Source, limit int64) (decoder, error)

// part is what stands at offset at and is opened by open. size is that of the
// compressed stream or 0, plain that of what it decodes to or 0.
func part(name string, s format.Source, at, size, plain int64, open opener) *format.Part {
	p := &format.Part{Format: name, Offset: at, Size: size}
	rest := s.Size() - at
	if size > 0 {
		rest = min(size, rest)
	}
	p.Contents = func(ctx context.Context, lim format.Limits) ([]format.Content, error) {
		lim = lim.Defaults()
		d, err := open(format.Section(s, at, rest), lim.File)
		if err != nil {
			return nil, fmt.Errorf("%s at offset %d: %w", name, at, kind(err))
		}
		return []format.Content{{Name: p.Name, Stream: &reader{ctx: ctx, d: d, left: lim.File}, Size: plain}}, nil
	}
	return p
}

// reader is the content that is given out: bounded, and ended by ctx.
type reader struct {
	ctx  context.Context
	d    decoder
	left int64
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if r.left == 0 && len(p) > 0 {
		r.err = kind(archive.More(r.d))
		return 0, r.err
	}
	n, err := r.d.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if err != nil {
		r.err = kind(err)
	}
	return n, r.err
}

// ReadBehind is Read for who keeps all of it: b is what was given so far, and may
// change until an error comes. Of decoders that have no use for it, it is Read.
func (r *reader) ReadBehind(b []byte) (int, error) {
	d, ok := r.d.(interface {
		ReadBehind(b []byte) (int, error)
	})
	if !ok || r.err != nil || r.ctx.Err() != nil {
		return r.Read(b[len(b):cap(b)])
	}
	most := max(r.left, 1) // one more byte tells whether it ends here
	n, err := d.ReadBehind(b[:len(b):min(int64(cap(b)), int64(len(b))+most)])
	if r.left -= int64(n); r.left < 0 {
		n, r.left, err = 0, 0, format.ErrLimit
	}
	if err != nil {
		r.err = kind(err)
	}
	return n, r.err
}

// Consumed tells how much of the source was used.
func (r *reader) Consumed() int64 { return r.d.Consumed() }

// kind makes an error of a decoder one of package format's.
func kind(err error) error {
	if err == io.EOF || errors.Is(err, format.ErrLimit) || errors.Is(err, format.ErrUnsupported) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return archive.Damage(err)
}

// proven says whether the first n bytes of s at offset at decode, or all of
// them if there are fewer. Where the source ends in the middle, 16 bytes do.
func proven(s format.Source, at int64, n int, open opener) bool {
	d, err := open(format.Section(s, at, s.Size()-at), int64(n))
	if err != nil {
		return false
	}
	k, err := io.ReadFull(d, make([]byte, n))
	if err == nil || err == io.EOF { // n bytes, or nothing at all in good order
		return true
	}
	// ReadFull says the same where the stream ended well and where it broke off.
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	_, err = d.Read(make([]byte, 1))
	return err == io.EOF || k >= 16
}

// input is a buffered source that knows how much of it was used.
type input struct {
	*bufio.Reader
	from *counter
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func newInput(r io.Reader) *input {
	c := &counter{r: r}
	return &input{Reader: bufio.NewReaderSize(c, 32<<10), from: c}
}

func (i *input) used() int64 { return i.from.n - int64(i.Buffered()) }

// whole is the reader over all of a source.
func whole(s format.Source) io.Reader { return io.NewSectionReader(s, 0, s.Size()) }

// decoded reads n bytes as io.ReadFull does, in little room: what they are is of
// no interest.
func decoded(r io.Reader, n int) (int, error) {
	room := make([]byte, min(n, 4096))
	for done := 0; done < n; {
		k, err := io.ReadFull(r, room[:min(len(room), n-done)])
		if done += k; err != nil {
			return done, err
		}
	}
	return n, nil
}
