// Package ota reads payload.bin of an Android over-the-air update: a manifest
// and, of a full update, the partitions in compressed pieces. In: a source. Out:
// each partition as content, the signatures, and what can't be rebuilt because
// it is a difference against a device's old partition.
//
// The layout is that of update_engine: payload_metadata.cc and
// update_metadata.proto of the Android Open Source Project.
package ota

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"assay/internal/collect/firmware/format"
)

// New returns the format.
func New() format.Format {
	return format.Format{Name: "android-ota", Magics: []format.Magic{{Bytes: magic}}, Look: look}
}

const (
	magic = "CrAU"
	// headerSize is of version 2; version 1, of before 2015, has 20 bytes.
	headerSize = 24
	// maxManifest bounds what is read of the manifest.
	maxManifest = 32 << 20
	// maxPartitions and maxOperations bound what is kept of it.
	maxPartitions = 256
	maxOperations = 1 << 20
)

// look is sure by the version, sizes within the source, and a manifest that
// parses and names partitions.
func look(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, headerSize)
	if len(b) < headerSize || string(b[:4]) != magic || binary.BigEndian.Uint64(b[4:]) != 2 {
		return nil, nil
	}
	size, signature := binary.BigEndian.Uint64(b[12:]), int64(binary.BigEndian.Uint32(b[20:]))
	if size == 0 || size > maxManifest || int64(size) > s.Size()-at-headerSize {
		return nil, nil
	}
	text := make([]byte, size)
	if err := format.ReadAt(s, text, at+headerSize); err != nil {
		return nil, nil
	}
	m, ok := parse(text)
	if !ok || len(m.partitions) == 0 {
		return nil, nil
	}
	base := at + headerSize + int64(size) + signature
	p := &format.Part{Format: "android-ota", Offset: at}
	if signature > 0 {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: "rsa-sha256", State: format.Present, Note: "over the manifest", Offset: base - signature})
	}
	end := base
	if m.signatureSize > 0 {
		p.Guards = append(p.Guards, format.Guard{Kind: format.Signature, Scheme: "rsa-sha256", State: format.Present, Note: "over the payload", Offset: base + m.signatureAt})
		end = base + m.signatureAt + m.signatureSize
	}
	var names []string
	for i := range m.partitions {
		q := &m.partitions[i]
		names = append(names, fmt.Sprintf("%s (%d bytes)", format.Printable(q.name), q.size))
		if q.delta {
			p.Problems = append(p.Problems, format.Problem{Offset: at, Path: q.name, Kind: format.Unsupported,
				Detail: "a difference against a partition that is on the device; it is not in the payload"})
		}
		for _, o := range q.operations {
			end = max(end, base+o.at+o.size)
		}
	}
	p.Claim(s, end-at)
	p.Note = "partitions " + strings.Join(names, ", ")
	p.Contents = func(ctx context.Context, lim format.Limits) ([]format.Content, error) {
		var out []format.Content
		for i := range m.partitions {
			if q := &m.partitions[i]; !q.delta {
				out = append(out, format.Content{Name: q.name, Size: q.size, Stream: newStream(ctx, s, base, m.block, q, lim.Defaults().File)})
			}
		}
		return out, nil
	}
	return p, nil
}
