package esp

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/blockmap"
)

// Wear levelling as ESP-IDF's component wear_levelling does it (WL_Flash.cpp,
// WL_Config.h, WL_State.h): the blocks of a volume, one of which is a dummy that
// wanders through them; two copies of a state; and, in the last sector, the
// configuration.
const (
	wlSector = 4096
	wlConfig = 48
	wlState  = 64
	wlFields = 9 // of the configuration, with its CRC
)

// lookWear finds a partition by the CRC of the configuration at its end, and of
// one of the states before that.
func lookWear(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	size := s.Size() - at
	if at != 0 || size < 8*wlSector || size%wlSector != 0 {
		return nil, nil
	}
	le := binary.LittleEndian
	b := format.Head(s, size-wlSector, wlConfig)
	if len(b) < wlConfig || le.Uint32(b[4:]) != uint32(size) || le.Uint32(b[8:]) != wlSector || le.Uint32(b[12:]) != wlSector || !wlSummed(b[:4*wlFields]) {
		return nil, nil
	}
	record := int64(le.Uint32(b[20:]))
	if record < 4 || record > wlSector {
		return nil, nil
	}
	// A record for each place that the dummy may be at stands behind the state.
	state := (wlState + size/wlSector*record + wlSector - 1) / wlSector * wlSector
	flash := size - 2*state - 2*wlSector
	if flash < wlSector {
		return nil, nil
	}
	first := size - wlSector - 2*state
	for _, off := range []int64{first, first + state} {
		h := format.Head(s, off, wlState)
		if len(h) < wlState || !wlSummed(h) || le.Uint32(h[20:]) != wlSector {
			continue
		}
		blocks := flash / wlSector
		moved, dummy := int64(le.Uint32(h[8:])), wlPosition(s, off+wlState, record, blocks+1)
		v := &blockmap.View{Source: s, Block: wlSector, Bytes: flash, At: func(i int64) (blockmap.Place, error) {
			n := (blocks - moved%blocks + i) % blocks
			if n >= dummy {
				n++
			}
			return blockmap.Place{Off: n * wlSector}, nil
		}}
		p := &format.Part{Format: "esp-wear-levelling", Size: size, Note: fmt.Sprintf("%d sectors, moved %d times, the spare one is number %d", blocks, moved, dummy)}
		p.Checked("crc32", true, off, "state")
		p.Contents = func(context.Context, format.Limits) ([]format.Content, error) {
			return []format.Content{{Source: v, Try: []string{"fat-head"}}}, nil
		}
		return p, nil
	}
	return nil, nil
}

// wlSummed says that the last four bytes are the CRC-32 of those before.
func wlSummed(b []byte) bool {
	n := len(b) - 4
	return crc32.Update(0xffffffff, crc32.IEEETable, b[:n]) == binary.LittleEndian.Uint32(b[n:])
}

// wlPosition counts the records that were written: each move of the dummy writes
// one. The last place stands for the first of the next round.
func wlPosition(s format.Source, at, record, most int64) int64 {
	for i := range most {
		b := format.Head(s, at+i*record, int(record))
		if int64(len(b)) < record || uniform(b) {
			return i
		}
	}
	return most - 1
}
