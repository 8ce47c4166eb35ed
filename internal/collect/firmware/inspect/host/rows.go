package host

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/nvs"
	"assay/internal/collect/firmware/inspect/sqlite"
)

// rows reads files whose format holds texts in records, where they run into one
// another: databases and the key-value partitions of ESP chips.
func (s *scanner) rows() bool {
	switch d := s.f.Data; {
	case s.f.Kind != inspect.Binary:
		return false
	case bytes.HasPrefix(d, []byte(sqlite.Magic)):
		sqlite.Rows(d, func(r sqlite.Row) bool {
			for i, c := range r.Cells {
				key := c.Column
				if i > 0 && strings.EqualFold(key, "value") {
					key = r.Cells[i-1].Text
				}
				s.cell(key, c.Text, c.Off)
			}
			return !s.full()
		})
		return true
	case nvs.Looks(d):
		for _, p := range nvs.Pairs(d) {
			s.cell(p.Key, p.Text, p.Off)
		}
		return true
	}
	return false
}

// cell looks at a text that has a name.
func (s *scanner) cell(key, text string, off int) {
	if len(text) < 4 || len(text) > longestRun || !strings.Contains(text, ".") {
		return
	}
	if i := strings.Index(text, "://"); i >= 0 {
		s.foreign([]byte(text), func(i int) int { return off + i })
		return
	}
	name, port, ok := hostPort(text)
	host, ip, known := parse(name)
	if !ok || !known || len(name) != len(text) && port == 0 || !hostKey(strings.ToLower(key)) {
		return
	}
	u := Use{Host: host, IP: ip, Port: port, Scheme: schemeOf(key), Class: InConfig, Key: key, Text: text}
	if local(host, ip) {
		u.Class = Local
	}
	if u.Port == 0 {
		u.Port = ports[u.Scheme]
	}
	s.add(off, u)
}
