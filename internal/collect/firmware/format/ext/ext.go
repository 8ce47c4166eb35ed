// Package ext reads ext2, ext3 and ext4 file systems: block lists and extents,
// 32 and 64 bits, flexible and meta groups, inline data, indexed folders (read
// from end to end), owners and times beyond 16 and 32 bits, and what waits in
// the journal. Deleted files are left alone; encrypted ones are named as such.
// In: a source and an offset in it. Out: a part and its tree.
//
// The layout is that of Linux, Documentation/filesystems/ext4; sections are
// named where a reader would look for them.
package ext

import (
	"context"
	"fmt"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "ext", Magics: []format.Magic{{Bytes: "\x53\xef", At: superAt + 0x38}}, Look: look}
}

func look(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	// The magic number is short: what stands beside it tells most strays.
	if !likely(format.Head(s, at+superAt+0x38, 8)) {
		return nil, nil
	}
	b := format.Head(s, at+superAt, superSize)
	sb, ok := parseSuper(b)
	if !ok {
		return nil, nil
	}
	p := &format.Part{Format: sb.generation(), Offset: at, Name: sb.label, Note: sb.note()}
	size := sb.blocks * sb.blockSize
	r := newReader(format.Section(s, at, size), sb)
	if why := r.sure(); why != nil {
		// Where the superblock's own checksum fits, it is one.
		if !sb.summed || !sb.sumFits {
			return nil, nil
		}
		p.Opaque = fmt.Sprintf("the root folder can't be read: %v", why)
	}
	p.Claim(s, size)
	if sb.summed {
		p.Checked("crc32c", sb.sumFits, at+superAt+superSumAt, "superblock")
	}
	if sb.incompat&incompatEncrypt != 0 {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Encryption, Scheme: "fscrypt", State: format.Present,
			Note: "folders may be encrypted, each with a key of its own", Offset: at + superAt + 0x60})
	}
	if bad := sb.incompat &^ uint32(incompatKnown); bad != 0 {
		p.Problems = append(p.Problems, format.Problem{Offset: at + superAt + 0x60, Kind: format.Unsupported,
			Detail: fmt.Sprintf("incompatible features %#x are not known", bad)})
	}
	if p.Opaque != "" {
		return p, nil
	}
	p.Open = func(ctx context.Context, lim format.Limits) (format.Volume, error) {
		r := newReader(format.Section(s, at, p.Size), sb)
		if err := r.recover(ctx); err != nil {
			return nil, err
		}
		return tree.New(r, lim, &r.log), nil
	}
	return p, nil
}

// likely looks at magic number, state, behaviour on errors and minor revision.
func likely(b []byte) bool {
	return len(b) == 8 && b[0] == 0x53 && b[1] == 0xef && b[3] == 0 && b[2] < 64 && b[5] == 0 && b[4] <= 3 && b[7] == 0
}
