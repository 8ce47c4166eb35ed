// Package sqlite reads the rows of SQLite databases: the table b-trees of a
// file in the format of version 3 (sqlite.org/fileformat2.html). In: the bytes
// of a database, hostile. Out: rows with the names of their columns and the
// places of their texts. Nothing is written, no journal is applied, freed pages
// are not looked at.
package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Magic begins every database (section 1.3).
const Magic = "SQLite format 3\x00"

// Bounds on what one database may cost.
const (
	maxTables  = 500
	maxRows    = 100_000
	maxColumns = 200
	maxDepth   = 20
	maxPayload = 64 << 10 // bytes of a row that are put together from overflow pages
)

// Rows calls yield for each row of each table until it returns false. What is
// damaged is left out; an error has no place to go, since a database of a device
// may be cut anywhere and its first pages still be worth reading.
func Rows(b []byte, yield func(Row) bool) {
	d, ok := open(b)
	if !ok {
		return
	}
	type table struct {
		name    string
		root    int
		columns []string
		index   bool // without rowid: the rows stand in an index b-tree
	}
	var tables []table
	d.walk(1, func(cells []Cell, ints []int64) bool {
		// type, name, tbl_name, rootpage, sql (section 2.6)
		if len(cells) < 5 || cells[0].Text != "table" || len(tables) >= maxTables {
			return len(tables) < maxTables
		}
		t := table{name: cells[1].Text, root: int(ints[3])}
		t.columns = columns(cells[4].Text)
		tables = append(tables, t)
		return true
	})
	for _, t := range tables {
		more := true
		d.walk(t.root, func(cells []Cell, _ []int64) bool {
			r := Row{Table: t.name}
			for i, c := range cells {
				if c.Off == 0 {
					continue // a number or NULL
				}
				if i < len(t.columns) {
					c.Column = t.columns[i]
				}
				r.Cells = append(r.Cells, c)
			}
			if len(r.Cells) > 0 {
				more = yield(r)
			}
			return more
		})
		if !more {
			return
		}
	}
}

// ErrFormat says that bytes are no database that can be read, or that part of it
// is damaged.
var ErrFormat = errors.New("not a sound SQLite database")

// Table calls yield for each row of one table until it returns false; most
// bounds the bytes of a row. What is damaged is left out, which the error says.
func Table(b []byte, name string, most int, yield func(Row) bool) error {
	d, ok := open(b)
	if !ok {
		return ErrFormat
	}
	d.most = most
	root := 0
	d.walk(1, func(cells []Cell, ints []int64) bool {
		if len(cells) >= 5 && cells[0].Text == "table" && cells[1].Text == name {
			root = int(ints[3])
		}
		return root == 0
	})
	if root == 0 {
		return fmt.Errorf("%w: no table %q", ErrFormat, name)
	}
	d.walk(root, func(cells []Cell, _ []int64) bool { return yield(Row{Table: name, Cells: cells}) })
	if d.broken {
		return fmt.Errorf("%w: part of table %q is damaged", ErrFormat, name)
	}
	return nil
}

type database struct {
	b      []byte
	page   int // size
	usable int
	rows   int
	most   int // bytes of a row that are put together from overflow pages
	joined int // bytes that were: each page belongs to one row
	seen   map[int]bool
	broken bool // something was left out
}

func open(b []byte) (*database, bool) {
	if len(b) < 100 || !bytes.HasPrefix(b, []byte(Magic)) {
		return nil, false
	}
	d := &database{b: b, page: int(binary.BigEndian.Uint16(b[16:])), most: maxPayload, seen: make(map[int]bool)}
	if d.page == 1 {
		d.page = 65536
	}
	d.usable = d.page - int(b[20])
	if d.page < 512 || d.page&(d.page-1) != 0 || d.usable < 480 {
		return nil, false
	}
	if binary.BigEndian.Uint32(b[56:]) > 1 {
		return nil, false // UTF-16
	}
	return d, true
}

// walk visits the rows of the b-tree whose root is page n, in order.
func (d *database) walk(n int, fn func(cells []Cell, ints []int64) bool) {
	d.visit(n, 0, fn)
}

func (d *database) visit(n, depth int, fn func(cells []Cell, ints []int64) bool) bool {
	if n < 1 || depth > maxDepth || d.seen[n] || (n-1)*d.page >= len(d.b) {
		d.broken = true
		return true
	}
	d.seen[n] = true
	base := (n - 1) * d.page
	p := d.b[base:min(len(d.b), base+d.page)]
	head := 0
	if n == 1 {
		head = 100
	}
	if len(p) < head+12 {
		return true
	}
	kind := p[head]
	cells := int(binary.BigEndian.Uint16(p[head+3:]))
	array := head + 8
	if kind == 5 || kind == 2 {
		array = head + 12
	}
	for i := range min(cells, (len(p)-array)/2) {
		at := int(binary.BigEndian.Uint16(p[array+2*i:]))
		if at < array || at+4 > len(p) {
			d.broken = true
			continue
		}
		if kind == 5 || kind == 2 {
			if !d.visit(int(binary.BigEndian.Uint32(p[at:])), depth+1, fn) {
				return false
			}
			at += 4
		}
		if kind == 5 {
			continue
		}
		if d.rows++; d.rows > maxRows {
			return false
		}
		cols, ints := d.cell(p, base, at, kind)
		d.broken = d.broken || cols == nil
		if cols != nil && !fn(cols, ints) {
			return false
		}
	}
	if kind == 5 || kind == 2 {
		return d.visit(int(binary.BigEndian.Uint32(p[head+8:])), depth+1, fn)
	}
	return true
}

// cell reads the record of a cell (section 1.6).
func (d *database) cell(p []byte, base, at int, kind byte) ([]Cell, []int64) {
	size, n := varint(p[at:])
	if n == 0 {
		return nil, nil
	}
	at += n
	local := d.usable - 35
	switch kind {
	case 13:
		_, n := varint(p[at:]) // rowid
		if n == 0 {
			return nil, nil
		}
		at += n
	case 10, 2:
		local = (d.usable-12)*64/255 - 23
	default:
		return nil, nil
	}
	if size == 0 || size > 1<<31 {
		return nil, nil
	}
	body := p[at:]
	here := int(size)
	if here > local {
		least := (d.usable-12)*32/255 - 23
		here = least + (int(size)-least)%(d.usable-4)
		if here > local {
			here = least
		}
	}
	if here > len(body) {
		return nil, nil
	}
	if here == int(size) {
		return record(body[:here], base+at, here)
	}
	return d.overflow(body, base+at, here, int(size))
}

// overflow puts a record together that goes on in other pages; the texts in its
// first part have a place, the others that of the record.
func (d *database) overflow(body []byte, off, here, size int) ([]Cell, []int64) {
	if here+4 > len(body) {
		return nil, nil
	}
	whole := bytes.Clone(body[:here])
	next := int(binary.BigEndian.Uint32(body[here:]))
	for hops := 0; next > 0 && len(whole) < min(size, d.most) && hops < d.most/480; hops++ {
		base := (next - 1) * d.page
		if base < 0 || base+d.usable > len(d.b) || d.joined > 2*len(d.b) {
			d.broken = true
			break
		}
		d.joined += d.usable
		next = int(binary.BigEndian.Uint32(d.b[base:]))
		whole = append(whole, d.b[base+4:base+d.usable]...)
	}
	return record(whole[:min(len(whole), size)], off, here)
}

// record reads the header and the values of a record (section 2.1); body stands
// at off in the file up to whole bytes.
func record(body []byte, off, whole int) ([]Cell, []int64) {
	size, n := varint(body)
	if n == 0 || size > uint64(len(body)) || int(size) < n {
		return nil, nil
	}
	var cells []Cell
	var ints []int64
	at := int(size)
	for head := body[n:size]; len(head) > 0 && len(cells) < maxColumns; {
		typ, n := varint(head)
		if n == 0 {
			break
		}
		head = head[n:]
		length := width(typ)
		if length < 0 || length > len(body)-at {
			break
		}
		var c Cell
		var v int64
		switch {
		case typ >= 12 && length > 0:
			c = Cell{Text: string(body[at : at+length]), Off: off + min(at, whole)}
		case typ >= 1 && typ <= 6:
			for _, x := range body[at : at+length] {
				v = v<<8 | int64(x)
			}
		case typ == 9:
			v = 1
		}
		cells, ints = append(cells, c), append(ints, v)
		at += length
	}
	return cells, ints
}

// width is the length of a value of a serial type; -1: there is no such type.
func width(typ uint64) int {
	switch {
	case typ <= 4:
		return int(typ)
	case typ == 5:
		return 6
	case typ == 6 || typ == 7:
		return 8
	case typ == 8 || typ == 9:
		return 0
	case typ < 12 || typ > 1<<31:
		return -1
	}
	return int(typ-12) / 2
}

// varint reads an integer of one to nine bytes; n is 0 where it is cut.
func varint(b []byte) (v uint64, n int) {
	for n < 9 && n < len(b) {
		c := b[n]
		n++
		if n == 9 {
			return v<<8 | uint64(c), n
		}
		v = v<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return v, n
		}
	}
	return 0, 0
}

// columns reads the names of the columns out of a CREATE TABLE statement.
func columns(sql string) []string {
	open := strings.IndexByte(sql, '(')
	if open < 0 {
		return nil
	}
	var out []string
	depth, from := 0, open+1
	for i := open; i < len(sql) && len(out) < maxColumns; i++ {
		switch sql[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 || depth == 1 && sql[i] == ',' {
			if name := column(sql[from:i]); name != "" {
				out = append(out, name)
			}
			from = i + 1
		}
		if depth == 0 {
			break
		}
	}
	return out
}

// column returns the name of a column's definition; "" for a constraint.
func column(def string) string {
	def = strings.TrimSpace(def)
	if def == "" {
		return ""
	}
	if q := strings.IndexByte("\"`['", def[0]); q >= 0 {
		if end := strings.IndexByte(def[1:], "\"`]'"[q]); end >= 0 {
			return def[1 : 1+end]
		}
	}
	name := strings.FieldsFunc(def, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '(' })[0]
	switch strings.ToUpper(name) {
	case "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT":
		return ""
	}
	return name
}
