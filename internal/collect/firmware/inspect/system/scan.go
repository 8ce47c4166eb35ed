package system

import (
	"bytes"
	"cmp"
	"iter"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/pattern"
)

// Bounds of one file.
const (
	maxItems  = 1000
	maxLine   = 2048
	maxConfig = 1 << 20 // bytes of a configuration that are read line by line
	maxHits   = 20_000  // places of words that are looked at
	maxText   = 300
)

type scanner struct {
	f       *inspect.File
	rep     Report
	up      *Update // of the file as a whole
	full    bool
	taint   map[string]bool // variables that hold what a request sent
	section []string        // what the line of a configuration stands in

	heard     []string // variables of a script that hold what came over the network
	wraps     *bool    // the program wraps its server in TLS; nil: not looked up
	evaluated bool     // the text of a request was evaluated: it may have set any variable
	signed    *bool    // a line of the program looks at a signature; nil: not looked up
}

// Scan looks at one file.
func Scan(f *inspect.File, hits []keyword.Hit) Report {
	s := &scanner{f: f}
	s.leftover()
	switch {
	case f.Role == inspect.Program:
		s.program(hits)
	case f.Role == inspect.Web:
		s.code(hits)
		s.forms()
	case f.Role == inspect.Script && !f.Shell():
		s.code(hits)
	case f.Kind == inspect.Binary && f.Role == inspect.Data: // of a device without an operating system the program is all that there is
		s.program(hits)
	case f.Role == inspect.Database && f.Kind == inspect.Text && packageFeeds(f.Path, path.Base(f.Path)): // beside the list of packages
		s.opkg()
	case f.Role == inspect.Script || f.Role == inspect.Config:
		if c := f.Commands(); c != nil || f.Sourced() {
			s.shell(c)
		}
		if f.Role == inspect.Config && !f.Sourced() {
			s.config()
		}
	}
	if s.up != nil {
		s.rep.Updates = append(s.rep.Updates, *s.up)
	}
	slices.SortStableFunc(s.rep.Weaknesses, func(a, b inspect.Weakness) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Kind, b.Kind))
	})
	s.rep.Weaknesses = slices.CompactFunc(s.rep.Weaknesses, again)
	return s.rep
}

// again says that b is found in what a was found in.
func again(a, b inspect.Weakness) bool {
	return a.Kind == b.Kind && a.Line == b.Line && (a.Offset == b.Offset && a.Name == b.Name || b.Offset < a.Offset+int64(len(a.Text)) && a.Line > 0 && a.Kind != CleartextTransport)
}

func (s *scanner) add(off int, w inspect.Weakness) {
	if strings.HasSuffix(s.f.Path, ".xml") && s.f.Comment(off) {
		return // its comments are longer than a line
	}
	if len(s.rep.Weaknesses) >= maxItems {
		if !s.full {
			s.full = true
			s.rep.Weaknesses = append(s.rep.Weaknesses, inspect.Weakness{Kind: Cut, Where: s.f.At(off), Text: "more weaknesses than are kept of one file"})
		}
		return
	}
	w.Where = s.f.At(off)
	w.Text = clip(w.Text)
	s.rep.Weaknesses = append(s.rep.Weaknesses, w)
}

// clip bounds a text; what stands before the @ of an address is left out: the
// secrets of a file are another inspector's to show.
func clip(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.Index(s, "://"); i >= 0 {
		rest := s[i+3:]
		if at := strings.IndexByte(rest, '@'); at >= 0 && at <= 200 && !strings.ContainsAny(rest[:at], "/ \"'?") {
			s = s[:i+3] + "…" + rest[at:]
		}
	}
	return strings.ToValidUTF8(s[:min(len(s), maxText)], "")
}

// update returns the update of the file as a whole, which begins at off.
func (s *scanner) update(off int, mechanism, text string) *Update {
	if s.up == nil {
		s.up = &Update{Where: s.f.At(off), Mechanism: mechanism, Signature: NotSeen, Rollback: NotSeen, Text: clip(text)}
	}
	return s.up
}

// list begins a list of JSON, which the name of a section doesn't.
var list = pattern.New(`^\[\s*[{\["]`)

// eachLine calls fn for each line that is no comment, as it stands and as a key
// with a value: "key = value", "key: value", "option key 'value'", "key value",
// <key>value</key>. The key is in lower case. JSON is taken apart at its commas
// and braces, nginx' language at its semicolons, whatever the lines are. What
// stands behind the first megabyte of a text is no setting: logs and tables are
// that long.
func (s *scanner) eachLine(fn func(line, key, value string, off int)) {
	data := s.f.Data[:min(len(s.f.Data), maxConfig)]
	lines := bytes.Lines
	json := false
	if t := bytes.TrimLeft(data, " \t\r\n"); len(t) > 0 && (t[0] == '{' || t[0] == '[' && list.Match(t[:min(len(t), 64)])) {
		lines, json = members, true
	} else if strings.Contains(s.f.Path, "nginx") || strings.Contains(s.f.Path, "lighttpd") {
		lines = statements
	}
	s.section = s.section[:0]
	off := 0
	for l := range lines(data) {
		start := off
		off += len(l)
		t := bytes.TrimLeft(l, " \t\r\n{[")
		if len(t) < len(l) && !bytes.HasPrefix(bytes.TrimLeft(l, " \t\r\n"), []byte("{")) {
			t = bytes.TrimLeft(l, " \t\r\n") // a section's bracket belongs to the line
		}
		indent := len(l) - len(t)
		t = bytes.TrimRight(t, " \t\r\n")
		if len(t) == 0 || len(t) > maxLine || t[0] == '#' || t[0] == ';' || t[0] == '!' || bytes.HasPrefix(t, []byte("//")) {
			if json {
				s.nest("", t)
			}
			continue
		}
		line := string(t)
		key, value := split(line)
		if !json {
			s.enter(line, key, value, indent)
		}
		fn(line, key, value, start+indent)
		if json {
			s.nest(key, t)
		}
		if s.full {
			return
		}
	}
}

// maxSections bounds how deep sections are followed.
const maxSections = 32

// nest follows the objects of JSON: t ends with what opens or closes one.
func (s *scanner) nest(key string, t []byte) {
	for i, c := range t {
		switch {
		case (c == '{' || c == '[') && i == len(t)-1 && len(s.section) < maxSections:
			s.section = append(s.section, key)
		case (c == '}' || c == ']') && i == len(t)-1 && len(s.section) > 0:
			s.section = s.section[:len(s.section)-1]
		}
	}
}

// enter follows the sections of other configurations: [name], "config name",
// a key of YAML without a value.
func (s *scanner) enter(line, key, value string, indent int) {
	switch {
	case line[0] == '[' && strings.HasSuffix(line, "]"):
		s.section = append(s.section[:0], strings.ToLower(strings.Trim(line, "[]")))
	case key == "config" && value != "":
		name, _, _ := strings.Cut(value, " ")
		s.section = append(s.section[:0], strings.ToLower(name))
	case strings.HasSuffix(line, ":") && value == "" || indent == 0 && strings.HasSuffix(line, "{"):
		depth := min(indent/2, len(s.section), maxSections)
		s.section = append(s.section[:depth], strings.TrimSuffix(key, ":"))
	case line == "}":
		s.section = s.section[:max(0, len(s.section)-1)]
	case indent == 0 && len(s.section) > 0 && strings.Contains(line, ": ") && !strings.Contains(line, "="):
		s.section = s.section[:0]
	}
}

// in is the innermost section.
func (s *scanner) in() string {
	for i := len(s.section) - 1; i >= 0; i-- {
		if s.section[i] != "" {
			return s.section[i]
		}
	}
	return ""
}

// statements goes over the pieces of the languages of nginx and lighttpd, which
// end with a semicolon, a brace, or a line with an assignment.
func statements(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		start, comment, quoted := 0, false, false
		for i, c := range data {
			switch {
			case c == '\n' && comment:
				comment = false
			case c == '#' && (i == 0 || data[i-1] == ' ' || data[i-1] == '\n' || data[i-1] == '\t'):
				comment = true
				continue
			case c == '"':
				quoted = !quoted && !comment
				continue
			case c == '\n':
				quoted = false
				if !bytes.Contains(data[start:i], []byte("=")) || bytes.Count(data[start:i], []byte("(")) != bytes.Count(data[start:i], []byte(")")) {
					continue
				}
			case comment || quoted || c != ';' && c != '{' && c != '}':
				continue
			}
			if !yield(data[start : i+1]) {
				return
			}
			start = i + 1
		}
		if start < len(data) {
			yield(data[start:])
		}
	}
}

// members goes over the pieces of JSON between commas and braces.
func members(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		start, quoted := 0, false
		for i := 0; i < len(data); i++ {
			c := data[i]
			switch {
			case quoted && c == '\\':
				i++
				continue
			case c == '"':
				quoted = !quoted
				continue
			case c == '\n':
				quoted = false
			case quoted || c != ',' && c != '{' && c != '}' && c != '[' && c != ']':
				continue
			}
			if !yield(data[start : i+1]) {
				return
			}
			start = i + 1
		}
		if start < len(data) {
			yield(data[start:])
		}
	}
}

// split takes a line apart.
func split(line string) (key, value string) {
	for _, word := range []string{"option ", "list ", "set ", "export ", "<"} {
		if rest, ok := strings.CutPrefix(line, word); ok {
			line = strings.TrimLeft(rest, " \t")
		}
	}
	i := strings.IndexAny(line, "=: \t>")
	if i < 0 {
		return strings.ToLower(strings.Trim(line, `"';,`)), ""
	}
	key = line[:i]
	value = strings.TrimLeft(line[i:], " \t")
	if value != "" && strings.IndexByte("=:>", value[0]) >= 0 {
		value = strings.TrimLeft(value[1:], "> \t") // also "=>"
	}
	if j := strings.Index(value, "</"); j >= 0 {
		value = value[:j]
	}
	// A comment behind it.
	for _, mark := range []string{" #", "\t#", " ;"} {
		if j := strings.Index(value, mark); j >= 0 && !strings.ContainsAny(value[:j], `"'`) {
			value = value[:j]
		}
	}
	return strings.ToLower(strings.Trim(key, `"'`)), strings.Trim(value, "\"',;{}[] \t")
}

func yes(v string) bool {
	switch strings.ToLower(v) {
	case "yes", "true", "1", "on", "enable", "enabled":
		return true
	}
	return false
}

func no(v string) bool {
	switch strings.ToLower(v) {
	case "no", "false", "0", "off", "disable", "disabled":
		return true
	}
	return false
}
