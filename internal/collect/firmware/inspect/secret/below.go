package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

// nextLine reads a value that stands below its name.
func (s *scanner) nextLine(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	next := space(d, i)
	if s.f.Kind != inspect.Text || next == i || bytes.IndexByte(d[i:next], '\n') < 0 {
		return a, false
	}
	a.form = mapping
	switch rest := d[next:min(len(d), next+24)]; {
	case bytes.HasPrefix(rest, []byte("value:")) && s.listed(a.from): // - name: PASSWORD
		return s.valueAt(a, setting.Blank(d, next+len("value:")))
	case counted.Match(rest): // of Subversion and Redis: the name's length, the name, the value's length, the value
		begin := next + bytes.IndexByte(rest, '\n') + 1
		a.v, a.at = string(s.token(begin, 128, func(c byte) bool { return c > ' ' && c < 0x7f })), begin
		return a, a.v != ""
	}
	return a, false
}

// counted is a line with the length of the next one.
var counted = pattern.New(`^(V |\$)[0-9]{1,3}\r?\n`)

// listed says that "name:" or "key:" stands before the name at from.
func (s *scanner) listed(from int) bool {
	before := bytes.TrimRight(tailOf(s.f.Data, from, 16), " \"'")
	return bytes.HasSuffix(before, []byte("name:")) || bytes.HasSuffix(before, []byte("key:"))
}

// pattern reads the first pattern of a case statement.
func (s *scanner) pattern(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	a.form = comparison
	i = space(d, i)
	if v, ok := s.quotedAt(a, i); ok {
		return v, true
	}
	a.v, a.at = string(s.token(i, 64, func(c byte) bool { return c > ' ' && c < 0x7f && c != ')' && c != '|' && c != '"' })), i
	a.quoted = true
	return a, i+len(a.v) < len(d) && (d[i+len(a.v)] == ')' || d[i+len(a.v)] == '|')
}

// typed returns the place of the equals sign behind the type that stands behind
// the colon at i, "password: String = ", or i.
func (s *scanner) typed(i int) int {
	if s.f.Role != inspect.Script && s.f.Role != inspect.Web && !codeFile(s.f.Path) {
		return i
	}
	d := s.f.Data
	for j := i + 1; j < len(d) && j-i < 32; j++ {
		switch c := d[j]; {
		case c == '=' && j+1 < len(d) && d[j+1] != '=' && d[j+1] != '>' && j > i+2:
			return j
		case !alnum(c) && strings.IndexByte(" _&'<>?", c) < 0:
			return i
		}
	}
	return i
}
