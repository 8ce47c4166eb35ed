package format

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
)

// Sum feeds [off, off+size) of s to every writer, in order: hashes, mostly. It
// takes time linear in size; a source that ends before is an error.
func Sum(ctx context.Context, s Source, off, size int64, to ...io.Writer) error {
	if off < 0 || size < 0 || size > s.Size()-off {
		return fmt.Errorf("sum of %d bytes at offset %d: %w", size, off, io.ErrUnexpectedEOF)
	}
	buf := make([]byte, min(size, 256<<10))
	for end := off + size; off < end; off += int64(len(buf)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		buf = buf[:min(int64(len(buf)), end-off)]
		if err := ReadAt(s, buf, off); err != nil {
			return err
		}
		for _, w := range to {
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
	}
	return nil
}

// CRC32 is the checksum of IEEE 802.3 over a range. Headers that leave out its
// last step store the complement (^crc).
func CRC32(ctx context.Context, s Source, off, size int64) (uint32, error) {
	h := crc32.NewIEEE()
	err := Sum(ctx, s, off, size, h)
	return h.Sum32(), err
}

// CRC goes on with a CRC-32 of IEEE 802.3 from any value, as crc32.Update does.
type CRC uint32

func (c *CRC) Write(p []byte) (int, error) {
	*c = CRC(crc32.Update(uint32(*c), crc32.IEEETable, p))
	return len(p), nil
}

// Claim sets the part's size to what its header says, cut where s ends. A claim
// beyond is a problem; ok says that all of it is there.
func (p *Part) Claim(s Source, size int64) (ok bool) {
	p.Size = size
	if have := s.Size() - p.Offset; size > have {
		p.Size = have
		p.Problems = append(p.Problems, Problem{Offset: p.Offset, Kind: Truncated,
			Detail: fmt.Sprintf("%s claims %d bytes, %d are there", p.Format, size, have)})
		return false
	}
	return true
}

// Checked notes a checksum that was calculated: a guard, and a problem where it
// does not fit. at is where it is stored, what is that it covers.
func (p *Part) Checked(scheme string, good bool, at int64, what string) {
	g := Guard{Kind: Checksum, Scheme: scheme, State: Good, Note: what, Offset: at}
	if !good {
		g.State = Bad
		p.Problems = append(p.Problems, Problem{Offset: at, Kind: BadChecksum,
			Detail: fmt.Sprintf("%s: the %s of the %s does not fit", p.Format, scheme, what)})
	}
	p.Guards = append(p.Guards, g)
}
