// Package png recognises pictures (ISO/IEC 15948:2004, "PNG"). In: a source that
// holds one. Out: how far it reaches, and its bytes as they stand. The streams in
// a picture go on from chunk to chunk: who took them for others would find them
// damaged.
package png

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"assay/internal/collect/firmware/format"
)

const (
	magic = "\x89PNG\r\n\x1a\n" // 5.2
	// maxChunks bounds the chunks of one picture: an encoder writes one for each
	// 8 KiB and more.
	maxChunks = 1 << 16
	headSize  = 8 + 8 + 13 + 4
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "png", Magics: []format.Magic{{Bytes: magic}}, Look: look}
}

// look is sure by the first chunk, which is always of one size and has a
// checksum (11.2.2).
func look(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, headSize)
	if len(b) < headSize || !bytes.HasPrefix(b, []byte(magic)) || string(b[8:16]) != "\x00\x00\x00\x0dIHDR" {
		return nil, nil
	}
	be := binary.BigEndian
	if crc32.ChecksumIEEE(b[12:29]) != be.Uint32(b[29:]) {
		return nil, nil
	}
	p := &format.Part{Format: "png", Offset: at, Data: true, Note: fmt.Sprintf("picture of %d x %d points", be.Uint32(b[16:]), be.Uint32(b[20:]))}
	off := at + headSize
	for range maxChunks {
		b := format.Head(s, off, 8)
		if len(b) < 8 {
			break
		}
		size, kind := int64(be.Uint32(b)), b[4:]
		if !name(kind) || off+12+size > s.Size() {
			break
		}
		if off += 12 + size; string(kind) == "IEND" {
			p.Size = off - at
			return p, nil
		}
	}
	p.Size = off - at // what follows may be anything
	p.Problems = []format.Problem{{Offset: at, Kind: format.Truncated, Detail: "png: the picture has no end"}}
	return p, nil
}

// name says that b is the name of a chunk (5.4).
func name(b []byte) bool {
	for _, c := range b {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}
