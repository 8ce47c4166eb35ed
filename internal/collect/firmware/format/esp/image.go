// Package esp reads what Espressif's chips start from: images of programs, the
// table of partitions, and partitions of keys and values. In: bytes at an
// offset. Out: programs, partitions, names and versions, and what protects them.
// Says who: "Firmware Image Format" of esptool's documentation; of ESP-IDF's
// Programming Guide "App Image Format", "Partition Tables", "Non-volatile
// Storage Library", "Secure Boot". Flash encryption leaves nothing that could be
// recognised.
package esp

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"assay/internal/collect/firmware/format"
)

// Formats returns the formats of this package. The magic number of an image is
// one byte: it is looked for at the start and at the borders of erase blocks.
func Formats() []format.Format {
	return []format.Format{
		{Name: "esp-image", Head: true, Magics: []format.Magic{{Bytes: "\xe9"}, {Bytes: "\xea"}}, Look: lookImage},
		{Name: "esp-partitions", Head: true, Magics: []format.Magic{{Bytes: entryMagic, At: tableAt}}, Look: lookFlash},
		{Name: "esp-partitions", Magics: []format.Magic{{Bytes: entryMagic}}, Look: lookTable},
		{Name: "esp-wear-levelling", Head: true, Look: lookWear},
		{Name: "nvs", Weak: true, Look: lookNVS},
		{Name: "esp-image", Weak: true, Look: lookImage},
	}
}

var le = binary.LittleEndian

const (
	magic8266v2 = 0xea // the second form of ESP8266: code that runs from flash comes first
	magicImage  = 0xe9
	header      = 8
	extended    = 24 // with what all chips after ESP8266 have
	segHeader   = 8
	maxSegments = 16
	maxSegment  = 16 << 20 // the memory that is mapped at a time
	seed        = 0xef     // of the checksum
	chip8266    = -1
)

// chips are esp_chip_id_t.
var chips = map[int]string{chip8266: "ESP8266", 0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6",
	16: "ESP32-H2", 18: "ESP32-P4", 20: "ESP32-C61", 23: "ESP32-C5", 25: "ESP32-H21", 28: "ESP32-H4", 32: "ESP32-S31"}

// image is what headers and checksum prove.
type image struct {
	chip     int
	entry    uint32
	segments []segment
	sum      int64 // offset of the checksum
	end      int64 // behind it, and behind the hash
	hash     int64 // offset of the SHA-256; 0: none
}

type segment struct {
	addr      uint32
	off, size int64
}

func lookImage(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, extended)
	if len(b) < 16 || b[0] != magicImage && b[0] != magic8266v2 || b[1] == 0 || b[1] > maxSegments || b[2] > 15 {
		return nil, nil
	}
	for _, read := range []func(format.Source, int64, []byte) (*image, bool){readExtended, read8266, read8266v2} {
		i, ok := read(s, at, b)
		if !ok {
			continue
		}
		if ok, err := i.proven(ctx, s); err != nil {
			return nil, err
		} else if ok {
			return i.part(ctx, s, at)
		}
	}
	return nil, nil
}

// readExtended reads the header of ESP32 and all after it.
func readExtended(s format.Source, at int64, b []byte) (*image, bool) {
	if len(b) < extended || b[0] != magicImage || b[23] > 1 {
		return nil, false
	}
	i := &image{chip: int(le.Uint16(b[12:])), entry: le.Uint32(b[4:])}
	if chips[i.chip] == "" || !i.table(s, at+extended, int(b[1])) {
		return nil, false
	}
	if b[23] == 1 {
		i.hash, i.end = i.end, i.end+sha256.Size
	}
	return i, i.end <= s.Size()
}

// read8266 reads the short header.
func read8266(s format.Source, at int64, b []byte) (*image, bool) {
	i := &image{chip: chip8266, entry: le.Uint32(b[4:])}
	return i, b[0] == magicImage && i.table(s, at+header, int(b[1]))
}

// read8266v2 reads the code that runs from flash, and the image behind it.
func read8266v2(s format.Source, at int64, b []byte) (*image, bool) {
	if b[0] != magic8266v2 || b[1] != 4 {
		return nil, false
	}
	size := int64(le.Uint32(b[12:]))
	next := at + header + segHeader + size
	inner := format.Head(s, next, 16)
	if size > maxSegment || len(inner) < 16 || inner[0] != magicImage {
		return nil, false
	}
	i, ok := read8266(s, next, inner)
	if ok {
		i.segments = append([]segment{{le.Uint32(b[8:]), at + header + segHeader, size}}, i.segments...)
	}
	return i, ok
}

// table reads the segments; the checksum is the last byte of the 16 that end
// behind them.
func (i *image) table(s format.Source, at int64, n int) bool {
	if i.entry < 0x3f000000 || i.entry > 0x50ffffff { // where memory with code is, in all chips
		return false
	}
	begin, total := at, int64(0)
	if i.chip == chip8266 {
		begin -= header
	} else {
		begin -= extended
	}
	for range n {
		h := format.Head(s, at, segHeader)
		if len(h) < segHeader {
			return false
		}
		seg := segment{le.Uint32(h), at + segHeader, int64(le.Uint32(h[4:]))}
		// A length of zero pads, and an address of zero does.
		if seg.size > maxSegment || seg.size > s.Size()-seg.off || seg.addr != 0 && seg.addr < 0x30000000 || seg.addr > 0x7fffffff {
			return false
		}
		i.segments = append(i.segments, seg)
		total += seg.size
		at = seg.off + seg.size
	}
	i.end = at + 16 - (at-begin)%16
	i.sum = i.end - 1
	return total > 0 && i.end <= s.Size()
}

// fold is the checksum: all bytes, combined by XOR.
type fold byte

func (f *fold) Write(p []byte) (int, error) {
	for _, c := range p {
		*f ^= fold(c)
	}
	return len(p), nil
}

// proven checks the checksum. A byte alone is little; what pads before it is
// zero, and the hash proves images that have one.
func (i *image) proven(ctx context.Context, s format.Source) (bool, error) {
	f := fold(seed)
	last := i.segments[len(i.segments)-1]
	inner := i.segments
	if len(inner) > 1 && i.chip == chip8266 && inner[0].off+inner[0].size+header+segHeader == inner[1].off {
		inner = inner[1:] // the checksum leaves out the code that runs from flash
	}
	for _, seg := range inner {
		if err := format.Sum(ctx, s, seg.off, seg.size, &f); err != nil {
			return false, err
		}
	}
	tail := format.Head(s, last.off+last.size, int(i.sum-last.off-last.size)+1)
	for _, c := range tail[:len(tail)-1] {
		if c != 0 && i.hash == 0 {
			return false, nil
		}
	}
	return byte(f) == tail[len(tail)-1], nil
}

// part tells what the image is.
func (i *image) part(ctx context.Context, s format.Source, at int64) (*format.Part, error) {
	// Texts of one segment and the code of another are one program.
	p := &format.Part{Format: "esp-image", Offset: at, Size: i.end - at, Code: true}
	p.Note = fmt.Sprintf("%s, %d segments, entry 0x%08x", chips[i.chip], len(i.segments), i.entry)
	p.Checked("xor8", true, i.sum, "segments")
	var digest [sha256.Size]byte
	if i.hash > 0 {
		h := sha256.New()
		if err := format.Sum(ctx, s, at, i.hash-at, h); err != nil {
			return nil, err
		}
		h.Sum(digest[:0])
		p.Checked("sha256", string(format.Head(s, i.hash, sha256.Size)) == string(digest[:]), i.hash, "image")
	}
	if i.chip != chip8266 {
		i.describe(s, p)
		if err := signed(ctx, s, p); err != nil {
			return nil, err
		}
	}
	return p, nil
}
