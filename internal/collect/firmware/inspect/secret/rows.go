package secret

import (
	"bytes"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/nvs"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/collect/firmware/inspect/sqlite"
	"assay/internal/pattern"
)

// rows reads files whose format holds names and values in records: databases.
func (s *scanner) rows() {
	switch d := s.f.Data; {
	case s.f.Kind != inspect.Binary || s.prose():
	case bytes.HasPrefix(d, []byte(sqlite.Magic)):
		s.records = true
		sqlite.Rows(d, func(r sqlite.Row) bool {
			s.row(r)
			return len(s.hits) < maxHits
		})
	case nvs.Looks(d):
		s.records = true // its pairs come as a text of lines
	}
}

// row judges the cells of a row by the names of their columns; in a table of
// names and values the one cell names the other.
func (s *scanner) row(r sqlite.Row) {
	user, ssid := "", ""
	for _, c := range r.Cells {
		n := setting.Normal(c.Column)
		if _, ok := fits(n, "", userKeys, 0); ok && user == "" {
			user = c.Text
		}
		if _, ok := fits(n, "", ssidKeys, 0); ok {
			ssid = c.Text
		}
	}
	r.Named(func(name string, c sqlite.Cell) {
		if !s.cell(name, c.Text, c.Off, user, ssid, "table "+r.Table) {
			s.inner(c.Text, c.Off, "table "+r.Table)
		}
	})
}

// sumColumn are columns that hold sums of passwords, beside accounts.
var sumColumn = pattern.New(`^(hash|(pass|passwd|password|pwd|pw)(hash|sum|md5|sha1|sha256|sha512)|(md5|sha1|sha256|sha512)(pass|passwd|password|pwd))$`)

// sum reports a sum of a password.
func (s *scanner) sum(v string, off int, user, note string) bool {
	h := Hit{Kind: Password, Value: v, User: user, Note: note}
	if s.hashed(&h); h.Kind != PasswordHash || s.placeholder(v) || len(s.hits) >= maxHits {
		return false
	}
	s.add(off, h)
	return true
}

// cell judges a value by its name; false: it is none of a secret.
func (s *scanner) cell(key, v string, off int, user, ssid, note string) bool {
	if n := setting.Normal(key); user != "" && sumColumn.MatchString(n) && s.sum(v, off, user, note+", key "+key) {
		return true
	}
	kind, ok := kindOfKey(key)
	if !ok || len(s.hits) >= maxHits {
		return false
	}
	a := assignment{kind: kind, key: key, v: v, at: off, from: off, quoted: true}
	if len(v) < 3 || len(v) > longestValue || s.placeholder(v) || reference(v) || label(v) && (sentence(v) || !digit(v)) || !formed(kind, key, v) {
		return false
	}
	h := Hit{Kind: a.kind, Value: v, User: user, Note: note + ", key " + key}
	switch {
	case a.kind == WiFiPSK:
		h.User, h.Scheme = ssid, "wifi"
	case a.kind == Password && ssid != "" && user == "":
		h.Kind, h.User, h.Scheme = WiFiPSK, ssid, "wifi"
	case a.kind == Password:
		h.Scheme = named(key)
		s.hashed(&h)
	case a.kind == SymmetricKey:
		h.Bits = hexBits(v)
	}
	s.encoded(&h)
	s.add(off, h)
	return true
}
