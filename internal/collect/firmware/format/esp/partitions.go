package esp

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"

	"assay/internal/collect/firmware/format"
)

const (
	entryMagic = "\xaa\x50"
	sumMagic   = "\xeb\xeb"
	entrySize  = 32
	tableSize  = 0xc00
	tableAt    = 0x8000 // of the flash, unless the maker moved it
	tableEnd   = 0x1000 // what the table takes of the flash
)

// partition is one entry of the table.
type partition struct {
	at             int64 // of the entry
	typ, sub       byte
	offset, size   int64
	label          string
	encrypted, bad bool
}

// table is what stands in 3 KiB.
type table struct {
	entries []partition
	end     int64 // behind the last entry and the sum
	sum     int64 // offset of the MD5; 0: none
	good    bool
}

// readTable is sure: entries hold together, and a sum or erased flash or the
// end of the source follows.
func readTable(s format.Source, at int64) (t table, ok bool) {
	b := format.Head(s, at, tableSize)
	pos := 0
	for ; pos+entrySize <= len(b) && string(b[pos:pos+2]) == entryMagic; pos += entrySize {
		e, ok := readEntry(b[pos:pos+entrySize], at+int64(pos))
		if !ok {
			return t, false
		}
		for _, o := range t.entries {
			if e.offset < o.offset+o.size && o.offset < e.offset+e.size || e.label == o.label {
				return t, false
			}
		}
		t.entries = append(t.entries, e)
	}
	rest := b[pos:]
	if len(rest) >= entrySize && string(rest[:2]) == sumMagic && uniform(rest[2:16]) {
		sum := md5.Sum(b[:pos])
		t.sum, t.good = at+int64(pos)+16, bytes.Equal(sum[:], rest[16:32])
		pos += entrySize
		rest = rest[entrySize:]
	}
	t.end = at + int64(pos)
	erased := len(rest) == 0 || uniform(rest[:min(len(rest), entrySize)])
	return t, t.good || len(t.entries) > 1 && erased || len(t.entries) == 1 && erased && t.sum > 0
}

func readEntry(b []byte, at int64) (e partition, ok bool) {
	e = partition{at: at, typ: b[2], sub: b[3], offset: int64(le.Uint32(b[4:])), size: int64(le.Uint32(b[8:])), label: field(b[12:28])}
	flags := le.Uint32(b[28:])
	e.encrypted = flags&1 != 0
	const most = 1 << 28 // of flash
	if e.label == "" || e.size == 0 || e.offset%sector != 0 || e.offset+e.size > most || flags > 3 || e.typ > 3 && e.typ < 0x40 {
		return e, false
	}
	return e, true
}

// kind names type and subtype as gen_esp32part.py does.
func (e partition) kind() string {
	switch {
	case e.typ == 0 && e.sub == 0:
		return "app factory"
	case e.typ == 0 && e.sub >= 0x10 && e.sub < 0x20:
		return fmt.Sprintf("app ota_%d", e.sub-0x10)
	case e.typ == 0 && e.sub == 0x20:
		return "app test"
	case e.typ == 1 && dataKinds[e.sub] != "":
		return "data " + dataKinds[e.sub]
	}
	return fmt.Sprintf("type 0x%02x subtype 0x%02x", e.typ, e.sub)
}

var dataKinds = map[byte]string{0: "ota", 1: "phy", 2: "nvs", 3: "coredump", 4: "nvs_keys", 5: "efuse", 6: "undefined",
	0x80: "esphttpd", 0x81: "fat", 0x82: "spiffs", 0x83: "littlefs"}

// try names formats by what the table says.
func (e partition) try() []string {
	switch {
	case e.typ == 0:
		return []string{"esp-image"}
	case e.typ == 1 && e.sub == 2:
		return []string{"nvs"}
	}
	return nil
}

// lookTable finds a table by itself.
func lookTable(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	if string(format.Head(s, at, 2)) != entryMagic {
		return nil, nil
	}
	t, ok := readTable(s, at)
	if !ok {
		return nil, nil
	}
	return t.part(at, t.end-at), nil
}

// part tells the entries.
func (t table) part(at, size int64) *format.Part {
	p := &format.Part{Format: "esp-partitions", Offset: at, Size: size, Note: fmt.Sprintf("%d partitions", len(t.entries))}
	for _, e := range t.entries {
		v := format.Var{Name: e.label, Value: fmt.Sprintf("%s, 0x%x, %d bytes", e.kind(), e.offset, e.size), Offset: e.at}
		if e.encrypted {
			v.Value += ", encrypted"
			p.Guards = append(p.Guards, format.Guard{Kind: format.Encryption, Scheme: "esp-flash-encryption", State: format.Present, Note: "partition " + e.label + ", where the chip's fuses say so; if not, it is read as it stands", Offset: e.at, Undone: true})
		}
		p.Vars = append(p.Vars, v)
	}
	if t.sum > 0 {
		p.Checked("md5", t.good, t.sum, "table")
	}
	return p
}

// lookFlash finds the table where it stands in a dump of a whole flash, and cuts
// the dump into partitions.
func lookFlash(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at+tableAt, 2)
	if string(b) != entryMagic {
		return nil, nil
	}
	t, ok := readTable(s, at+tableAt)
	if !ok {
		return nil, nil
	}
	end := int64(tableAt + tableEnd)
	p := t.part(at, 0)
	p.Regions = []format.Region{{Name: "bootloader", Offset: at, Size: tableAt, Try: []string{"esp-image"}}}
	have := s.Size() - at
	for _, e := range t.entries {
		if e.offset < tableAt+tableEnd || e.offset >= have {
			p.Problems = append(p.Problems, format.Problem{Offset: e.at, Path: e.label, Kind: format.Truncated,
				Detail: fmt.Sprintf("esp-partitions: the partition begins at %d of %d bytes", e.offset, have)})
			continue
		}
		size := min(e.size, have-e.offset)
		if size < e.size {
			p.Problems = append(p.Problems, format.Problem{Offset: e.at, Path: e.label, Kind: format.Truncated,
				Detail: fmt.Sprintf("esp-partitions: the partition claims %d bytes, %d are there", e.size, size)})
		}
		p.Regions = append(p.Regions, format.Region{Name: e.label, Offset: at + e.offset, Size: size, Try: e.try()})
		end = max(end, e.offset+size)
	}
	if len(p.Regions) == 1 {
		return nil, nil // a table by itself, in something else
	}
	p.Size = min(end, have)
	return p, nil
}
