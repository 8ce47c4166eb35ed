package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

// valueAt reads the value that begins at i, quoted or not.
func (s *scanner) valueAt(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	if q, ok := s.quotedAt(a, i); ok {
		return q, true
	}
	if i >= len(d) || d[i] == '"' || d[i] == '\'' || d[i] == '`' && s.f.Role != inspect.Config {
		return a, false
	}
	a.at = i
	switch {
	case s.f.Kind != inspect.Text:
		a.v = string(s.token(i, longestValue, func(c byte) bool {
			return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '&' && c != ';' && c != ',' && c != '<' && c != '}'
		}))
	case s.f.Role == inspect.Config && a.form == mapping && a.from > 0 && (d[a.from-1] == '"' || d[a.from-1] == '\''):
		// JSON: what has no quotes is a number or a word of the language.
		a.v = string(s.token(i, 64, func(c byte) bool { return c >= '0' && c <= '9' || c == '.' || c == '-' }))
	case s.f.Role == inspect.Config || s.f.Role == inspect.Data:
		return s.plain(a, i)
	case s.f.Role == inspect.Web || s.f.Role == inspect.Script && !s.f.Shell():
		// Of other languages only quoted text is a value; but a query is one.
		if a.form != equals || !s.query(a.from) {
			return a, false
		}
		a.v = string(s.token(i, longestValue, func(c byte) bool {
			return c > ' ' && c < 0x7f && c != '&' && c != '"' && c != '\'' && c != '#' && c != ';'
		}))
	default:
		a.v = string(s.token(i, longestValue, func(c byte) bool {
			return c > ' ' && c < 0x7f && c != ';' && c != '<' && c != '"' && c != '\'' && c != '>'
		}))
		a.v = cutNext(a.v)
	}
	return a, a.v != ""
}

// query says that the name at from is one of several in a quoted text: of a
// request, ?user=x&pass=y, or of what opens a database, "user=x password=y".
func (s *scanner) query(from int) bool {
	if from == 0 {
		return false
	}
	switch s.f.Data[from-1] {
	case '&', '?':
		return true
	case ' ', ';':
		line, start := s.f.LineAround(from)
		return connection.Match(line[:from-start])
	}
	return false
}

// connection is the beginning of a text that opens a database or a service.
var connection = pattern.New(`(?i)["'][^"']*\b(host|server|data source|dbname|database|user|uid|user id|username)\s?=\s?[^"'\s;]+[\s;][^"']*$`)

// quotedOperator reads a text of Perl or Ruby: q{x}, qq(x), %q{x}.
func (s *scanner) quotedOperator(a assignment, i int) (assignment, bool) {
	if s.f.Role != inspect.Script || s.f.Shell() {
		return a, false
	}
	d := s.f.Data[:min(len(s.f.Data), i+longestValue)]
	j := i
	if d[j] == '%' {
		j++
	}
	for j < len(d) && j-i < 3 && (d[j] == 'q' || d[j] == 'Q') {
		j++
	}
	if j == i || j+1 >= len(d) || d[j-1] != 'q' && d[j-1] != 'Q' {
		return a, false
	}
	closer := map[byte]byte{'{': '}', '(': ')', '[': ']', '<': '>', '/': '/', '|': '|'}[d[j]]
	n := bytes.IndexByte(d[j+1:], closer)
	if closer == 0 || n < 1 || bytes.IndexByte(d[j+1:j+1+n], '\n') >= 0 {
		return a, false
	}
	a.v, a.at, a.quoted = string(d[j+1:j+1+n]), j+1, true
	return a, true
}

// plain reads an unquoted value of a plain configuration: it goes to the end of
// the line, and a password may hold any character.
func (s *scanner) plain(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	end := i
	for end < len(d) && end-i < longestValue && d[end] != '\n' && d[end] != '\r' && d[end] != 0 {
		end++
	}
	v := string(d[i:end])
	if a.from > 0 && (d[a.from-1] == '&' || d[a.from-1] == '?') && a.form == equals { // of a request that was logged
		a.v = v
		if k := strings.IndexAny(v, " &\"'\t#"); k >= 0 {
			a.v = v[:k]
		}
		return a, a.v != ""
	}
	if s.pairs && a.form == equals && (a.from == 0 || !s.inList(a.from)) {
		a.v = v
		return a, v != ""
	}
	if k := strings.IndexAny(v, "; "); k > 0 && a.form == blank && v[k] == ';' { // Backlog of Tasmota
		v = v[:k]
	}
	for _, mark := range []string{" #", "\t#", " ;", "\t;", " //"} {
		if k := strings.Index(v, mark); k >= 0 {
			v = v[:k]
		}
	}
	if s.flow(a.from) { // of YAML: {user: al, password: x}
		if k := strings.IndexAny(v, ",}"); k >= 0 {
			v = v[:k]
		}
	}
	v = strings.TrimRight(v, " \t")
	if k := strings.IndexByte(v, ' '); k > 0 && strings.Trim(v[k:], " }") == "" { // blocks end on the line
		v = v[:k]
	}
	if cut := cutNext(v); cut != v {
		a.v = cut
		return a, cut != ""
	}
	if k := strings.IndexAny(v, " \t"); k >= 0 {
		switch {
		case s.inList(a.from), strings.Contains(v[k:], "="):
			v = v[:k] // one of several settings on the line: a kernel's command line
		case a.kindIsPhrase() && a.form == equals && (a.at == a.from+len(a.key)+1 || s.wireless(a.from)) && len(v) >= 8 && len(v) <= 63 && strings.IndexAny(v, "\"'(){}[]<>") < 0 && !promptWord.MatchString(v):
			// A pass phrase may hold blanks: psk=correct horse 42.
		default:
			return a, false // more words: a sentence
		}
	}
	v = strings.TrimRight(v, ",;")
	a.v = v
	return a, v != ""
}

// flow says that a brace is open before this name on its line.
func (s *scanner) flow(from int) bool {
	line, start := s.f.LineAround(from)
	before := line[:from-start]
	return bytes.LastIndexByte(before, '{') > bytes.LastIndexByte(before, '}')
}

// kindIsPhrase says that the name is one of a pass phrase for people.
func (a assignment) kindIsPhrase() bool {
	n := setting.Normal(a.key)
	return strings.HasSuffix(n, "psk") || strings.HasSuffix(n, "passphrase")
}

// inList says that another setting stands before this name on its line.
func (s *scanner) inList(from int) bool {
	line, start := s.f.LineAround(from)
	before := line[:from-start]
	return bytes.IndexByte(before, '=') >= 0 && bytes.HasSuffix(before, []byte(" "))
}

// cutNext ends a value where a separator and the next setting follow:
// "x;Uid=y", "x&user=y", "x,password=y".
func cutNext(v string) string {
	for i := range len(v) {
		if c := v[i]; c != ';' && c != '&' && c != ',' {
			continue
		}
		j := i + 1
		for j < len(v) && setting.NameByte(v[j]) {
			j++
		}
		if j > i+1 && j < len(v) && v[j] == '=' || v[i] == ';' && j == len(v) {
			return v[:i]
		}
	}
	return v
}
