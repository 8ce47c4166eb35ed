package component

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// errSQLite says that the bytes are no SQLite database that can be read.
var errSQLite = errors.New("not a sound SQLite database")

// sqliteRows gives the rows of one table (sqlite.org/fileformat2.html). It reads
// table b-trees only, each page once; values are int64, string, []byte or nil.
func sqliteRows(b []byte, table string, row func([]any) bool) error {
	if len(b) < 512 || string(b[:16]) != "SQLite format 3\x00" {
		return errSQLite
	}
	size := int(binary.BigEndian.Uint16(b[16:]))
	if size == 1 {
		size = 65536
	}
	if size < 512 || size&(size-1) != 0 || int(b[20]) > size-480 {
		return fmt.Errorf("%w: page size %d", errSQLite, size)
	}
	db := &sqlite{b: b, size: size, usable: size - int(b[20]), seen: map[uint32]bool{}}
	root := uint32(0)
	err := db.table(1, 0, func(r []any) bool {
		if len(r) >= 4 && r[0] == "table" && r[1] == table {
			if n, ok := r[3].(int64); ok {
				root = uint32(n)
			}
		}
		return root == 0
	})
	if root == 0 {
		if err == nil {
			err = fmt.Errorf("%w: no table %q", errSQLite, table)
		}
		return err
	}
	db.seen, db.stop = map[uint32]bool{}, false
	return db.table(root, 0, row)
}

type sqlite struct {
	b            []byte
	size, usable int
	seen         map[uint32]bool
	stop         bool
}

func (db *sqlite) page(n uint32) []byte {
	if n == 0 || db.seen[n] || uint64(n)*uint64(db.size) > uint64(len(db.b)) {
		return nil
	}
	db.seen[n] = true
	return db.b[int(n-1)*db.size:][:db.size]
}

// table walks a table b-tree: interior pages (5) and leaves (13).
func (db *sqlite) table(n uint32, depth int, row func([]any) bool) error {
	p := db.page(n)
	if p == nil || depth > 20 {
		return fmt.Errorf("%w: page %d is missing or comes twice", errSQLite, n)
	}
	h := 0
	if n == 1 {
		h = 100
	}
	count := int(binary.BigEndian.Uint16(p[h+3:]))
	cells := h + 8
	if p[h] == 5 {
		cells = h + 12
	} else if p[h] != 13 {
		return fmt.Errorf("%w: page %d is of no table", errSQLite, n)
	}
	if cells+2*count > len(p) {
		return fmt.Errorf("%w: page %d has too many cells", errSQLite, n)
	}
	for i := range count {
		if db.stop {
			return nil
		}
		at := int(binary.BigEndian.Uint16(p[cells+2*i:]))
		if at+4 > len(p) {
			return fmt.Errorf("%w: a cell of page %d is outside", errSQLite, n)
		}
		if p[h] == 5 {
			if err := db.table(binary.BigEndian.Uint32(p[at:]), depth+1, row); err != nil {
				return err
			}
			continue
		}
		rec, err := db.payload(p, at)
		if err != nil {
			return err
		}
		if !row(record(rec)) {
			db.stop = true
		}
	}
	if p[h] == 5 && !db.stop {
		return db.table(binary.BigEndian.Uint32(p[h+8:]), depth+1, row)
	}
	return nil
}

// payload joins what stands in the leaf with its overflow pages.
func (db *sqlite) payload(p []byte, at int) ([]byte, error) {
	total, k := varint(p[at:])
	_, k2 := varint(p[min(at+k, len(p)):])
	at += k + k2
	if k == 0 || k2 == 0 || total > uint64(len(db.b)) {
		return nil, fmt.Errorf("%w: a cell is damaged", errSQLite)
	}
	size, u := int(total), db.usable
	local := size
	if size > u-35 {
		m := (u-12)*32/255 - 23
		local = m + (size-m)%(u-4)
		if local > u-35 {
			local = m
		}
	}
	if at+local > len(p) {
		return nil, fmt.Errorf("%w: a cell is outside of its page", errSQLite)
	}
	if local == size {
		return p[at : at+local], nil
	}
	out := append([]byte(nil), p[at:at+local]...)
	if at+local+4 > len(p) {
		return nil, fmt.Errorf("%w: a cell is outside of its page", errSQLite)
	}
	next := binary.BigEndian.Uint32(p[at+local:])
	for len(out) < size {
		o := db.page(next)
		if o == nil {
			return nil, fmt.Errorf("%w: overflow page %d is missing", errSQLite, next)
		}
		next = binary.BigEndian.Uint32(o)
		out = append(out, o[4:min(u, 4+size-len(out))]...)
	}
	return out, nil
}

// record splits a row into its values ("Record Format").
func record(b []byte) []any {
	head, k := varint(b)
	if k == 0 || head > uint64(len(b)) {
		return nil
	}
	types, body := b[k:max(k, int(head))], b[head:]
	var out []any
	for len(types) > 0 && len(out) < 64 {
		t, k := varint(types)
		if k == 0 {
			break
		}
		types = types[k:]
		n := 0
		switch {
		case t <= 4:
			n = int(t)
		case t == 5:
			n = 6
		case t == 6 || t == 7:
			n = 8
		case t >= 12:
			if (t-12)/2 > uint64(len(body)) {
				return out
			}
			n = int(t-12) / 2
		}
		if n > len(body) {
			return out
		}
		out = append(out, value(t, body[:n]))
		body = body[n:]
	}
	return out
}

func value(t uint64, b []byte) any {
	switch {
	case t == 0:
		return nil
	case t == 8 || t == 9:
		return int64(t - 8)
	case t >= 12 && t%2 == 0:
		return b
	case t >= 13:
		return string(b)
	}
	n := int64(int8(b[0]))
	for _, c := range b[1:] {
		n = n<<8 | int64(c)
	}
	return n
}

// varint is SQLite's: seven bits a byte, the most significant first, at most
// nine bytes.
func varint(b []byte) (v uint64, n int) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return v<<8 | uint64(b[i]), 9
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
