// Package fat reads FAT12, FAT16, FAT32 with long names, and exFAT: the file
// systems of memory cards and of many update media. None keeps owners or
// permissions; Linux' are given (0755 for folders, 0644 or 0444 for files).
// Deleted files are left alone. In: a source and an offset in it. Out: a part
// and its tree.
//
// The layouts are those of Microsoft's "FAT32 File System Specification" 1.03
// and "exFAT file system specification".
package fat

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

const (
	bootSize = 512
	dirEntry = 32
)

// Formats returns FAT, looked for wherever its name stands and at the
// beginning of a region where it doesn't, and exFAT.
func Formats() []format.Format {
	return []format.Format{
		{Name: "exfat", Magics: []format.Magic{{Bytes: "EXFAT   ", At: 3}}, Look: lookExFAT},
		{Name: "fat", Magics: []format.Magic{{Bytes: "FAT12   ", At: 54}, {Bytes: "FAT16   ", At: 54}, {Bytes: "FAT32   ", At: 82}}, Look: lookFAT},
		{Name: "fat-head", Head: true, Magics: []format.Magic{{Bytes: "\x55\xaa", At: 510}}, Look: lookFAT},
	}
}

// boot is what a boot sector says.
type boot struct {
	geometry
	size    int64 // of the volume
	root    int64 // offset of the root folder of FAT12 and FAT16
	rootLen int64
	first   uint32 // its first cluster, of FAT32
	media   byte
	label   string
}

func lookFAT(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b, ok := parseBoot(format.Head(s, at, bootSize))
	if !ok {
		return nil, nil
	}
	p := &format.Part{Format: fmt.Sprintf("fat%d", b.bits), Offset: at, Name: b.label, Note: fmt.Sprintf("%d clusters of %d bytes", b.clusters, b.cluster)}
	src := format.Section(s, at, b.size)
	if !b.sure(src) {
		return nil, nil
	}
	p.Claim(s, b.size)
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		r := &reader{src: src, b: b}
		return tree.New(r, lim, &r.log), nil
	}
	return p, nil
}

// parseBoot reads a boot sector; its fields fit each other.
func parseBoot(b []byte) (v boot, ok bool) {
	if len(b) < bootSize || b[0] != 0xeb && b[0] != 0xe9 {
		return v, false
	}
	le := binary.LittleEndian
	sector, per := int64(le.Uint16(b[11:])), int64(b[13])
	if sector != 512 && sector != 1024 && sector != 2048 && sector != 4096 || per == 0 || per&(per-1) != 0 {
		return v, false
	}
	reserved, copies, entries := int64(le.Uint16(b[14:])), int64(b[16]), int64(le.Uint16(b[17:]))
	total, fatLen := int64(le.Uint16(b[19:])), int64(le.Uint16(b[22:]))
	v.media = b[21]
	if total == 0 {
		total = int64(le.Uint32(b[32:]))
	}
	if reserved == 0 || copies < 1 || copies > 4 || v.media < 0xf8 && v.media != 0xf0 {
		return v, false
	}
	label, active := b[43:54], int64(0)
	wide := fatLen == 0
	if wide {
		fatLen, v.first, label = int64(le.Uint32(b[36:])), le.Uint32(b[44:]), b[71:82]
		if flags := le.Uint16(b[40:]); flags&0x80 != 0 { // only one of the tables is kept
			active = int64(flags & 0xf)
		}
		if entries != 0 || le.Uint16(b[42:]) != 0 || active >= copies {
			return v, false
		}
	}
	if v.label = strings.TrimRight(string(label), " \x00"); v.label == "NO NAME" || !printable(v.label) {
		v.label = ""
	}
	v.fat = (reserved + active*fatLen) * sector
	v.root, v.rootLen = (reserved+copies*fatLen)*sector, entries*dirEntry
	v.heap = v.root + (v.rootLen+sector-1)/sector*sector
	v.cluster, v.size = per*sector, total*sector
	if fatLen == 0 || v.heap >= v.size || !wide && entries == 0 {
		return v, false
	}
	clusters := (v.size - v.heap) / v.cluster
	// The number of clusters decides the width of an entry, as Linux counts.
	switch {
	case wide:
		v.bits = 32
	case clusters > 0xff4:
		v.bits = 16
	default:
		v.bits = 12
	}
	clusters = min(clusters, fatLen*sector*8/int64(v.bits)-firstCluster)
	if clusters < 1 || clusters > 1<<28 {
		return v, false
	}
	v.clusters = uint32(clusters)
	return v, !wide || v.first >= firstCluster && v.first < v.clusters+firstCluster
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// sure looks at the first entry of the table, which repeats the medium's type,
// and at the beginning of the root folder.
func (b *boot) sure(src format.Source) bool {
	head := format.Head(src, b.fat, 4)
	if len(head) < 4 || head[0] != b.media || head[1] != 0xff || b.bits != 16 && head[2] != 0xff || b.bits == 32 && head[3]&0xf != 0xf {
		return false
	}
	r := &reader{src: src, b: *b}
	root, err := r.Root()
	if err != nil {
		return false
	}
	var e [dirEntry]byte
	if _, err := io.ReadFull(r.folder(&root.Own), e[:]); err != nil {
		return false
	}
	return e[0] == 0 || e[11]&0xc0 == 0
}
