package android

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/verity"
)

const (
	// avbtool pads an image to blocks before it appends the metadata.
	avbBlock = 4096
	// maxHashed bounds what is hashed for one set of metadata.
	maxHashed = 512 << 20
	// maxGuards bounds the guards of one.
	maxGuards = 16
)

// partition holds a partition against its descriptor (AvbHashDescriptor and
// AvbHashtreeDescriptor of libavb), where it stands before the metadata, as a
// footer has it. A hash that doesn't fit says that only if the partition is known
// to begin where the source does; else it is another one's.
func partition(ctx context.Context, s format.Source, p *format.Part, tag uint64, b []byte, at int64, left *int64) error {
	var size, end int64 // of the image; of it with its tree
	var algo string
	var head, name, salt, sum uint64
	count := func(at int) int64 { return int64(min(be.Uint64(b[at:]), 1<<50)) }
	switch {
	case tag == tagHash && len(b) >= 116:
		size, head = count(0), 116
		end = size
		algo, _ = text(b[8:40])
		name, salt, sum = uint64(be.Uint32(b[40:])), uint64(be.Uint32(b[44:])), uint64(be.Uint32(b[48:]))
	case tag == tagTree && len(b) >= 164:
		size, head = count(4), 164
		end = max(count(12)+count(20), count(40)+count(48))
		algo, _ = text(b[56:88])
		name, salt, sum = uint64(be.Uint32(b[88:])), uint64(be.Uint32(b[92:])), uint64(be.Uint32(b[96:]))
		if be.Uint32(b[28:]) != avbBlock || be.Uint32(b[32:]) != avbBlock {
			algo = "" // none that a phone has
		}
	default:
		return nil
	}
	label, _ := text(slice(b, head, name))
	saltBytes, want := slice(b, head+name, salt), slice(b, head+name+salt, sum)
	what := fmt.Sprintf("partition %q, %d bytes", label, size)
	begin := p.Offset - (end+avbBlock-1)/avbBlock*avbBlock
	var got []byte
	var err error
	switch {
	case size <= 0 || len(want) == 0:
		return nil
	case begin < 0 || size > *left:
	case tag == tagTree && algo == "sha256" && size%avbBlock == 0:
		*left -= size
		got, err = verity.Root(ctx, s, begin, size, saltBytes)
		algo = "dm-verity-sha256"
	case tag == tagHash && (algo == "sha256" || algo == "sha512"):
		var h hash.Hash = sha256.New()
		if algo == "sha512" {
			h = sha512.New()
		}
		*left -= size
		h.Write(saltBytes)
		err = format.Sum(ctx, s, begin, size, h)
		got = h.Sum(nil)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case got != nil && err == nil && (begin == 0 || bytes.Equal(got, want)):
		p.Checked(algo, bytes.Equal(got, want), at, what)
	default:
		p.Guards = append(p.Guards, format.Guard{Kind: format.Checksum, Scheme: algo, State: format.Present, Note: what + "; it stands elsewhere", Offset: at})
		if algo == "" {
			p.Guards[len(p.Guards)-1].Scheme = "unknown"
		}
	}
	return nil
}
