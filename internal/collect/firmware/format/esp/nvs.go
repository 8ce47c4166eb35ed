package esp

import (
	"context"
	"fmt"
	"hash/crc32"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/inspect/nvs"
)

const (
	nvsPage  = 4096
	maxNVS   = 4 << 20 // a partition has some 24 KiB
	nvsFirst = 64
	nvsEntry = 32
	nvsCount = 126
)

// lookNVS finds pages in a row whose header has a right checksum, or that are
// erased and stand between such.
func lookNVS(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	if b := format.Head(s, at, 4); len(b) < 4 || b[1] != 0xff || b[2] != 0xff || b[3] != 0xff || b[0] == 0xff {
		return nil, nil
	}
	if !nvs.Looks(format.Head(s, at, nvsPage)) {
		return nil, nil
	}
	pages, end := 0, at
	for off := at; off-at < maxNVS; off += nvsPage {
		b := format.Head(s, off, nvsPage)
		if nvs.Looks(b) {
			pages, end = pages+1, off+nvsPage
		} else if len(b) < nvsPage || !uniform(b) {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	b := format.Head(s, at, int(end-at))
	p := &format.Part{Format: "nvs", Offset: at, Size: end - at, Note: fmt.Sprintf("%d pages", pages)}
	if written, good := entries(b); written > 0 && good == 0 {
		p.Opaque = "the entries are encrypted"
		p.Guards = []format.Guard{{Kind: format.Encryption, Scheme: "aes-256-xts", State: format.Present, Note: "keys in a partition nvs_keys, or derived in the chip", Offset: at}}
		return p, nil
	}
	for _, pair := range nvs.Pairs(b) {
		name := pair.Key
		if pair.Space != "" {
			name = pair.Space + "." + name
		}
		p.Vars = append(p.Vars, format.Var{Name: name, Value: pair.Text, Offset: at + int64(pair.Off)})
	}
	p.Code = true // numbers and bytes are looked at as they stand
	return p, nil
}

// entries counts those that the bitmaps call written, and those whose checksum
// fits. What follows an entry's first 32 bytes are values.
func entries(b []byte) (written, good int) {
	for ; len(b) >= nvsPage; b = b[nvsPage:] {
		if !nvs.Looks(b) {
			continue
		}
		for i := range nvsCount {
			if b[32+i/4]>>(2*(i%4))&3 != 2 {
				continue
			}
			written++
			e := b[nvsFirst+i*nvsEntry:][:nvsEntry]
			sum := crc32.Update(crc32.Update(0xffffffff, crc32.IEEETable, e[:4]), crc32.IEEETable, e[8:])
			if sum == le.Uint32(e[4:]) {
				good++
			}
		}
	}
	return written, good
}
