package squashfs

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// New returns the format. Its volumes are format.Parallel.
func New() format.Format {
	f := format.Format{Name: "squashfs", Look: look}
	for _, m := range magics {
		f.Magics = append(f.Magics, format.Magic{Bytes: m})
	}
	return f
}

// look says what stands at offset at: a superblock whose fields fit each other,
// and a root directory behind it.
func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, SuperSize+16)
	if len(b) < SuperSize {
		return nil, ctx.Err()
	}
	there := s.Size() - at
	sup, _, err := parse(b[:SuperSize], there)
	if ctx.Err() != nil || sup.order == nil {
		return nil, ctx.Err()
	}
	p := &format.Part{Format: "squashfs", Offset: at, Size: there, Note: sup.note()}
	var f *FS
	if err == nil {
		p.Size = min(sup.Used, there)
		if f, err = Open(format.Section(s, at, there), there, format.Limits{Entries: int(max(sup.Inodes, 1))}); err == nil {
			err = f.CheckRoot()
		}
	}
	if err != nil {
		// A superblock is not enough, unless an image begins with it or data follows.
		if at > 0 && (errors.Is(err, ErrFormat) || !data(&sup, b[SuperSize:])) {
			return nil, nil
		}
		kind := format.Damaged
		if sup.Used > there {
			kind = format.Truncated
		}
		p.Opaque = err.Error()
		p.Problems = []format.Problem{{Offset: at, Kind: kind, Detail: err.Error()}}
		return p, nil
	}
	if f.codec.name != sup.Compression {
		p.Note += "; the blocks are " + f.codec.String()
	}
	p.Problems, _ = f.Problems()
	for i := range p.Problems {
		p.Problems[i].Offset += at
	}
	p.Size += padding(s, at, p.Size)
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		f, err := Open(format.Section(s, at, there), there, lim)
		if err != nil {
			return nil, err
		}
		// The part tells those of the superblock, but for what the limits cut.
		kept, _ := f.problems.All()
		f.problems = format.Problems{Max: f.lim.Problems}
		for _, q := range kept {
			if q.Kind == format.TooMany {
				f.problems.Add(q)
			}
		}
		return f, nil
	}
	return p, nil
}

func (s *Super) note() string {
	order := ""
	if s.BigEndian {
		order = "big-endian, "
	}
	if s.Magic != "hsqs" {
		order += fmt.Sprintf("magic number %q, ", s.Magic)
	}
	return fmt.Sprintf("4.0, %s%s, %d inodes, blocks of %d bytes", order, s.Compression, s.Inodes, s.BlockSize)
}

// data says that b, which stands behind the superblock, looks like what its
// compressor writes there: its options, or a first block.
func data(s *Super, b []byte) bool {
	const options = 1 << 10 // flag: a metadata block with the compressor's options
	if len(b) < 16 {
		return false
	}
	if s.Flags&options != 0 {
		h := s.order.Uint16(b)
		return h&storedMeta != 0 && h&^storedMeta >= 4 && h&^storedMeta <= 64
	}
	switch s.Compression {
	case "gzip":
		return b[0]&0x8f == 8 && binary.BigEndian.Uint16(b)%31 == 0
	case "xz":
		return bytes.HasPrefix(b, []byte("\xfd7zXZ\x00"))
	case "zstd":
		return bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd"))
	case "lzma":
		return b[0] < 225 && b[1] == 0 && b[2] == 0 && b[13] == 0
	}
	return false
}

// padding counts the zeros that mksquashfs adds up to a multiple of 4 KiB, if they
// are there.
func padding(s format.Source, at, size int64) int64 {
	b := format.Head(s, at+size, int(-size&4095))
	if len(bytes.Trim(b, "\x00")) > 0 {
		return 0
	}
	return int64(len(b))
}
