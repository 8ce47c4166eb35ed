package host

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/nvs"
	"assay/internal/collect/firmware/inspect/sqlite"
)

// rows reads files whose format holds texts in records, where they run into one
// another: databases. The pairs of a key-value store come as a text of lines.
func (s *scanner) rows() bool {
	switch d := s.f.Data; {
	case s.f.Kind != inspect.Binary:
		return false
	case bytes.HasPrefix(d, []byte(sqlite.Magic)):
		sqlite.Rows(d, func(r sqlite.Row) bool {
			r.Named(func(name string, c sqlite.Cell) { s.cell(name, c.Text, c.Off) })
			return !s.full()
		})
		return true
	}
	return nvs.Looks(s.f.Data)
}

// cell looks at a text that has a name.
func (s *scanner) cell(key, text string, off int) {
	if len(text) < 4 || len(text) > longestRun || !strings.Contains(text, ".") {
		return
	}
	if strings.IndexAny(text, "{=\n ") >= 0 { // a text of its own: JSON, a configuration
		s.inner(text, off)
		return
	}
	if strings.Contains(text, "://") {
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

// inner reads a text that is a value of a record.
func (s *scanner) inner(text string, off int) {
	t := &scanner{f: inspect.New(s.f.Path, 0, []byte(text))}
	t.text()
	s.keep(t, func(u *Use) { u.Offset, u.Line = u.Offset+int64(off), 0 })
}

// utf16 reads a file in UTF-16.
func (s *scanner) utf16() bool {
	text, at, ok := s.f.Wide()
	if !ok {
		return false
	}
	t := &scanner{f: text}
	t.text()
	s.keep(t, func(u *Use) { u.Offset = int64(at(int(u.Offset))) })
	return true
}

// keep takes the uses of another scanner with the places that move gives them.
func (s *scanner) keep(t *scanner, move func(*Use)) {
	for _, u := range t.uses {
		if s.cut = s.cut || len(s.uses) > maxUses || u.Class == Cut; s.cut {
			return
		}
		move(&u)
		s.uses = append(s.uses, u)
	}
}
