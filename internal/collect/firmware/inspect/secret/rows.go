package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/nvs"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/collect/firmware/inspect/sqlite"
)

// rows reads files whose format holds names and values in records: databases and
// the key-value partitions of ESP chips.
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
		s.records = true
		s.pairs(nvs.Pairs(d))
	}
}

// row judges the cells of a row by the names of their columns; in a table of
// names and values the one cell names the other.
func (s *scanner) row(r sqlite.Row) {
	user, ssid := "", ""
	name, value := -1, -1
	for i, c := range r.Cells {
		n := setting.Normal(c.Column)
		if _, ok := fits(n, "", userKeys, 0); ok && user == "" {
			user = c.Text
		}
		if _, ok := fits(n, "", ssidKeys, 0); ok {
			ssid = c.Text
		}
		switch n {
		case "key", "name", "param", "parameter", "item", "option", "setting", "k", "property", "configkey", "confkey":
			if name < 0 {
				name = i
			}
		case "value", "val", "v", "data", "content", "setting_value", "configvalue", "confvalue", "default":
			value = i
		}
	}
	for i, c := range r.Cells {
		key := c.Column
		if i == value && name >= 0 && name != value {
			key = r.Cells[name].Text
		} else if i == name && value >= 0 {
			continue
		}
		s.cell(key, c.Text, c.Off, user, ssid, "table "+r.Table)
	}
}

// pairs judges the pairs of a key-value store; the name of a network or a user
// stands in another pair of the same space.
func (s *scanner) pairs(all []nvs.Pair) {
	for _, p := range all {
		user, ssid := "", ""
		for _, q := range all {
			if q.Space != p.Space {
				continue
			}
			if _, ok := fits(setting.Normal(q.Key), prefixOf(setting.Normal(p.Key)), userKeys, 0); ok && user == "" {
				user = q.Text
			}
			if strings.HasSuffix(setting.Normal(q.Key), "ssid") && ssid == "" {
				ssid = q.Text
			}
		}
		key := p.Key
		if strings.HasPrefix(key, "sta.") || strings.HasPrefix(key, "ap.") { // of the Wi-Fi driver
			key = strings.ReplaceAll(key, ".", "")
		}
		s.cell(key, p.Text, p.Off, user, ssid, "key-value partition, space "+p.Space)
	}
}

func (s *scanner) cell(key, v string, off int, user, ssid, note string) {
	kind, ok := kindOfKey(key)
	if !ok || len(s.hits) >= maxHits {
		return
	}
	a := assignment{kind: kind, key: key, v: v, at: off, from: off, quoted: true}
	if len(v) < 3 || len(v) > longestValue || s.placeholder(v) || reference(v) || label(v) && (sentence(v) || !digit(v)) || !formed(kind, v) {
		return
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
}
