// Package uf2 reads programs in blocks of 512 bytes, each with the address in
// flash that it is for: what boot loaders with a USB drive take, and updates of
// LibreTiny. In: a source. Out: a content for each run of addresses of each
// family of chips, and whether blocks are missing. Says who: "USB Flashing Format (UF2)", github.com/microsoft/uf2.
package uf2

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/blockmap"
)

const (
	block   = 512
	data    = 32
	maxData = 476
	// maxRuns bounds the contents, maxBlocks the blocks.
	maxRuns   = 256
	maxBlocks = 1 << 20

	notMain   = 1 << 0 // a comment, not for flash
	container = 1 << 12
	family    = 1 << 13
)

const magic = "UF2\n\x57\x51\x5d\x9e"

// New returns the format.
func New() format.Format {
	return format.Format{Name: "uf2", Magics: []format.Magic{{Bytes: magic}}, Look: look}
}

var le = binary.LittleEndian

// run is blocks in a row for addresses in a row.
type run struct {
	family uint32
	addr   uint32
	first  int64 // offset of the first block
	blocks int64
	size   int64 // bytes of each block
}

func look(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	var runs []run
	var seen numbers
	skipped := 0
	off := at
	buf := make([]byte, 128*block)
	for n := 0; n < maxBlocks && len(runs) < maxRuns; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		k, err := s.ReadAt(buf[:min(int64(len(buf)), max(s.Size()-off, 0))], off)
		if err != nil && err != io.EOF {
			return nil, err
		}
		k -= k % block
		used := 0
		for ; used < k && sound(buf[used:]); used += block {
			n++
			seen.add(buf[used:])
			if !runsOf(&runs, buf[used:], off+int64(used)) {
				skipped++
			}
		}
		off += int64(used)
		if used < len(buf) {
			break
		}
	}
	if off == at {
		return nil, nil
	}
	p := &format.Part{Format: "uf2", Offset: at, Size: off - at, Note: fmt.Sprintf("%d blocks, %d runs of addresses", (off-at)/block, len(runs))}
	if skipped > 0 {
		p.Problems = append(p.Problems, format.Problem{Offset: at, Kind: format.Unsupported, Detail: fmt.Sprintf("uf2: %d blocks are not for flash, and are not read", skipped)})
	}
	if len(runs) < maxRuns && (off-at)/block < maxBlocks {
		seen.tell(p)
		overlaps(p, runs)
	} else {
		p.Problems = append(p.Problems, format.Problem{Offset: at, Kind: format.TooMany, Detail: fmt.Sprintf("uf2: more than %d blocks or %d runs of addresses: whether blocks are missing was not looked at", maxBlocks, maxRuns)})
	}
	if len(runs) == 0 {
		p.Opaque = "no block is for flash"
		return p, nil
	}
	p.Contents = func(context.Context, format.Limits) (list []format.Content, err error) {
		for _, r := range runs {
			v := &blockmap.View{Source: s, Block: r.size, Bytes: r.blocks * r.size, At: func(i int64) (blockmap.Place, error) {
				return blockmap.Place{Off: r.first + i*block + data}, nil
			}}
			list = append(list, format.Content{Name: fmt.Sprintf("0x%08x", r.addr), Source: v})
		}
		return list, nil
	}
	return p, nil
}

// sound says that a block stands at b: three magic numbers, and sizes that fit.
func sound(b []byte) bool {
	size, n := le.Uint32(b[16:]), le.Uint32(b[24:])
	return len(b) >= block && string(b[:8]) == magic && le.Uint32(b[508:]) == 0x0ab16f30 && size > 0 && size <= maxData && n > 0 && le.Uint32(b[20:]) < n
}

// runsOf adds a block to the last run, or begins one; false where it isn't for
// flash.
func runsOf(runs *[]run, b []byte, off int64) bool {
	flags, addr, size := le.Uint32(b[8:]), le.Uint32(b[12:]), int64(le.Uint32(b[16:]))
	if flags&(notMain|container) != 0 {
		return false
	}
	chip := chipOf(b)
	if n := len(*runs); n > 0 {
		r := &(*runs)[n-1]
		if r.family == chip && r.size == size && int64(r.addr)+r.blocks*size == int64(addr) && r.first+r.blocks*block == off {
			r.blocks++
			return true
		}
	}
	*runs = append(*runs, run{chip, addr, off, 1, size})
	return true
}

// chipOf is the family of a block, 0 where it says none.
func chipOf(b []byte) uint32 {
	if le.Uint32(b[8:])&family == 0 {
		return 0
	}
	return le.Uint32(b[28:])
}
