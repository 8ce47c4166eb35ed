package secret

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

// longestValue bounds a value; keys in base64 are read elsewhere.
const longestValue = 512

// value reads what is assigned to the name at [from, to).
func (s *scanner) value(from, to int) (assignment, bool) {
	d := s.f.Data
	a := assignment{key: string(d[from:to]), from: from}
	quote, i := s.closing(from, to)
	if i < len(d) && (d[i] == '\n' || d[i] == '\r' || quote != 0) {
		if below, ok := s.nextLine(a, i); ok {
			return below, true
		}
	}
	if quote != 0 && i < len(d) && d[i] == ']' { // $config['mail']['pass']
		i++
	}
	for i < len(d) && d[i] == '[' && i < to+8 { // pass[0] = 'x', pass[] = "x"
		j := bytes.IndexByte(d[i:min(len(d), i+24)], ']')
		if j < 0 {
			return a, false
		}
		i += j + 1
	}
	if i < len(d) && d[i] == ')' && s.position(from) > 0 { // my ($user, $pass) = (…)
		i++
	}
	i = setting.Blank(d, i)
	if i >= len(d) {
		return a, false
	}
	ok := false
	switch c := d[i]; {
	case c == '=' || c == ':' || c == '+' && i+1 < len(d) && d[i+1] == '=':
		if c == '+' {
			i++
		}
		a, ok = s.assigned(a, i, quote)
	case c == '!' && i+1 < len(d) && d[i+1] == '=' && !s.f.Shell() && (s.f.Role == inspect.Script || s.f.Role == inspect.Web):
		a.form = comparison
		a, ok = s.compared(a, i+1)
	case quote != 0:
		a, ok = s.quotedName(a, i)
	default:
		a, ok = s.bareName(a, i, to)
	}
	if !ok {
		return a, false
	}
	// "admin        " of fixed-width configurations.
	trimmed := strings.TrimLeft(a.v, " ")
	a.at += len(a.v) - len(trimmed)
	a.v = strings.TrimRight(trimmed, " ")
	return a, true
}

// closing returns the quote that the name at [from, to) stands in, if any, and
// the offset behind it. Within a string of a program quotes are escaped.
func (s *scanner) closing(from, to int) (quote byte, end int) {
	d := s.f.Data
	is := func(c byte) bool { return c == '"' || c == '\'' || c == '`' }
	switch {
	case from > 0 && is(d[to]) && d[from-1] == d[to]:
		return d[to], to + 1
	case from > 1 && to+1 < len(d) && d[to] == '\\' && is(d[to+1]) && d[from-1] == d[to+1] && d[from-2] == '\\':
		return d[to+1], to + 2
	case bytes.HasPrefix(d[to:], []byte("&quot;")) && bytes.HasSuffix(d[:from], []byte("&quot;")): // JSON in an attribute
		return '"', to + len("&quot;")
	}
	return 0, to
}

// quotedName reads the value behind a name in quotes that no sign of assignment
// follows.
func (s *scanner) quotedName(a assignment, i int) (assignment, bool) {
	switch c := s.f.Data[i]; {
	case s.named(a.from - 1):
		return s.pairValue(a, i)
	case c == ',' && s.f.Data[a.from] == '-': // add_argument("--password", default="x")
		line, start := s.f.LineAround(i)
		if k := defaultValue.FindIndex(line[i-start:]); k != nil {
			a.form = call
			return s.quotedAt(a, i+k[1]-1)
		}
		return a, false
	case c == ',' && s.setter(a.from-1):
		a.form = call
		return s.quotedAt(a, setting.Blank(s.f.Data, i+1))
	case (c == '"' || c == '\'') && s.f.Role == inspect.Config: // "onvif_passwd"	"x" on a line of its own
		line, _ := s.f.LineAround(i)
		if f := quotedFields(line); len(f) == 2 && f[0].Off == 1 && len(f[0].Text) == len(a.key) {
			a.form = mapping
			return s.quotedAt(a, i)
		}
	}
	return a, false
}

// bareName reads the value behind a name without quotes that ends at to; i is
// the next place that isn't blank.
func (s *scanner) bareName(a assignment, i, to int) (assignment, bool) {
	d := s.f.Data
	code := s.f.Role == inspect.Script || s.f.Role == inspect.Web || codeFile(s.f.Path)
	switch c := d[i]; {
	case code && (c == '|' || c == '?') && i+1 < len(d) && d[i+1] == c, code && c == 'o' && bytes.HasPrefix(d[i:], []byte("or ")): // process.env.PW || "x"
		a.form = define
		return s.quotedAt(a, setting.Blank(d, i+2))
	case c == '>' && s.tag(a.from):
		return s.element(a, i+1)
	case bytes.HasPrefix(d[to:], []byte("</key>")) && a.from > 0 && d[a.from-1] == '>':
		return s.property(a, to+len("</key>"))
	case i > to && s.tag(a.from):
		if v, ok := s.attribute(a, i); ok {
			return v, true
		}
		if text := attributes(d, i); text > 0 { // <Password encode="base64">x</Password>
			return s.element(a, text)
		}
		return a, false
	case (c == '"' || c == '\'') && a.from > 1 && d[a.from-1] == '$' && d[a.from-2] == c && s.f.Role == inspect.Script:
		if next := setting.Blank(d, i+1); bytes.HasPrefix(d[next:], []byte("in\n")) { // case "$PW" in
			return s.pattern(a, next+3)
		}
		return s.compared(a, i+1)
	case c == '(' && (code || s.f.Role == inspect.History || path.Ext(s.f.Path) == ".sql"):
		return s.calling(a, i)
	case c == ',' && code && strings.HasPrefix(a.key, "CURLOPT_"):
		a.form = call
		return s.quotedAt(a, setting.Blank(d, i+1))
	case c == ',' && code && bytes.HasSuffix(bytes.TrimRight(tailOf(d, a.from, 24), " $"), []byte("cmp(")): // strcmp(pass, "x")
		a.form = comparison
		return s.quotedAt(a, setting.Blank(d, i+1))
	case c == 'e' && code && bytes.HasPrefix(d[i:], []byte("eq ")):
		a.form = comparison
		return s.quotedAt(a, setting.Blank(d, i+3))
	case i == to:
		return a, false
	case d[a.from] == '-':
		return s.argued(a, i)
	case s.defined(a.from):
		a.form = define
		return s.quotedAt(a, i)
	case s.option(a.from):
		a.form = blank
		return s.valueAt(a, i)
	}
	if (d[i] == '"' || d[i] == '\'') && s.f.Kind == inspect.Text && (s.f.Role == inspect.Config || s.f.Role == inspect.History) && !s.texts && !codeFile(s.f.Path) {
		v, ok := s.quotedAt(a, i) // set … password "x"
		v.form = blank
		known := digit(v.v) || random(v.v) || len(v.v) >= 6 && !label(v.v) && s.wordBefore(a.from, userKeys, "") != ""
		return v, ok && known && !strings.ContainsAny(v.v, " %$")
	}
	if s.f.Kind == inspect.Text && strings.IndexByte("sciwtra", d[i]) >= 0 {
		if k := told.FindIndex(d[i:min(len(d), i+24)]); k != nil { // a log: psk set to "x"
			a.form = define
			return s.quotedAt(a, i+k[1]-1)
		}
	}
	return a, false
}

// told is what a log says between the name of a setting and its quoted value.
var told = pattern.New(`^((set|changed|updated|reset) )?(to|is|was|as)[: ]\s*["']`)

var defaultValue = pattern.New(`\bdefault\s*=\s*["']`)

// tailOf returns at most n bytes before off.
func tailOf(d []byte, off, n int) []byte { return d[max(0, off-n):off] }

// assigned reads behind an equals sign or a colon at i.
func (s *scanner) assigned(a assignment, i int, quote byte) (assignment, bool) {
	d := s.f.Data
	colon := d[i] == ':'
	switch {
	case i+1 >= len(d):
	case d[i+1] == '=' && !colon:
		if s.f.Role != inspect.Script && s.f.Role != inspect.Web {
			return a, false
		}
		a.form = comparison
		return s.compared(a, i)
	case colon && (d[i+1] == '/' || d[i+1] == ':'):
		return a, false // a URL, a C++ name
	case colon && (d[i+1] == '-' || d[i+1] == '=') && a.from > 1 && d[a.from-1] == '{' && d[a.from-2] == '$': // ${PW:-x}
		a.v, a.at = string(s.token(i+2, 64, func(c byte) bool { return c > ' ' && c < 0x7f && c != '}' && c != '$' && c != '"' })), i+2
		a.form, a.quoted = define, true
		return a, a.v != "" && a.at+len(a.v) < len(d) && d[a.at+len(a.v)] == '}'
	}
	if colon {
		i = s.typed(i)
	}
	if colon {
		a.form = mapping
	}
	i++
	if i < len(d) && (d[i] == '>' || colon && d[i] == '=') { // => and :=
		i++
	}
	if i < len(d) && d[i] == ' ' && !colon && quote == 0 && s.f.Shell() && alnum(d[i-2]) {
		return a, false // no shell assigns "X= y": a message
	}
	i = setting.Blank(d, i)
	if colon && i+1 < len(d) && (d[i] == '|' || d[i] == '>') && s.f.Role == inspect.Config { // a block of YAML
		if k := bytes.IndexByte(d[i:min(len(d), i+4)], '\n'); k > 0 {
			i = space(d, i+k)
		}
	}
	if i < len(d) && d[i] == '\n' && (quote != 0 || codeFile(s.f.Path)) { // JSON and C may break the line
		i = space(d, i)
	}
	if i >= len(d) {
		return a, false
	}
	if n := s.position(a.from); n > 0 {
		return s.nth(a, i, n)
	}
	if list, ok := s.numbers(a, i); ok {
		return list, true
	}
	if d[i] == '(' || d[i] == '[' && !bytes.HasPrefix(d[i:], []byte("[[")) {
		return s.couple(a, i)
	}
	return s.valueAt(a, i)
}

// space returns the first place from i on that is neither blank nor a line's end.
func space(d []byte, i int) int {
	for i < len(d) && (d[i] == ' ' || d[i] == '\t' || d[i] == '\n' || d[i] == '\r') {
		i++
	}
	return i
}

// position counts the names before this one in "USER, PASSWORD = …".
func (s *scanner) position(from int) int {
	if s.f.Role != inspect.Script || s.f.Shell() {
		return 0
	}
	line, start := s.f.LineAround(from)
	before := line[:from-start]
	before = bytes.TrimLeft(bytes.TrimRight(before[bytes.LastIndexByte(before, ';')+1:], " \t$"), " \t")
	for _, word := range []string{"local ", "my ", "our ", "var ", "let ", "("} {
		before = bytes.TrimPrefix(before, []byte(word))
	}
	if len(before) == 0 || before[len(before)-1] != ',' {
		return 0
	}
	for _, c := range before {
		if !setting.NameByte(c) && c != ',' && c != ' ' && c != '$' {
			return 0
		}
	}
	return bytes.Count(before, []byte(","))
}

// nth reads the value with index n of a list of quoted ones.
func (s *scanner) nth(a assignment, i, n int) (assignment, bool) {
	for ; n >= 0; n-- {
		v, ok := s.quotedAt(a, i)
		if !ok || n == 0 {
			return v, ok
		}
		a.user = v.v // the value before it, as in USER, PASSWORD = "al", "x"
		i = setting.Blank(s.f.Data, v.at+len(v.v)+1)
		if i >= len(s.f.Data) || s.f.Data[i] != ',' {
			return a, false
		}
		i = setting.Blank(s.f.Data, i+1)
	}
	return a, false
}

// compared reads the text that a script compares a variable with: "$PASS" = "x".
func (s *scanner) compared(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	i = setting.Blank(d, i)
	n := 0
	for i < len(d) && d[i] == '=' {
		i++
		n++
	}
	if n == 0 {
		return a, false
	}
	return s.quotedAt(a, setting.Blank(d, i))
}

// quotedAt reads a quoted value at i, with or without the prefix of a language
// or a function that decodes it.
func (s *scanner) quotedAt(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	if i >= len(d) {
		return a, false
	}
	if bytes.HasPrefix(d[i:], []byte(`"""`)) || bytes.HasPrefix(d[i:], []byte("'''")) { // of Python, TOML, Grafana
		i += 2
	}
	if end := bytes.IndexAny(d[i:min(len(d), i+40)], "\"'`"); end > 0 {
		switch p := strings.ToLower(string(d[i : i+end])); p {
		case "b", "r", "u", "f", "br", "l", "@", "bytes.fromhex(", "bytearray.fromhex(", "binascii.unhexlify(", "unhexlify(", "base64.b64decode(", "b64decode(", "atob(", "buffer.from(", "new buffer(", "string(", "str(", "(", "[", "{", "{ ":
			i += end
		}
	}
	if bytes.HasPrefix(d[i:], []byte("[[")) && s.f.Role == inspect.Script { // of Lua
		if end := bytes.Index(d[i:min(len(d), i+longestValue)], []byte("]]")); end > 2 && bytes.IndexByte(d[i:i+end], '\n') < 0 {
			a.v, a.at, a.quoted = string(d[i+2:i+end]), i+2, true
			return a, true
		}
	}
	if rest, ok := bytes.CutPrefix(d[i:min(len(d), i+longestValue)], []byte("&quot;")); ok {
		end := bytes.Index(rest, []byte("&quot;"))
		if end < 0 || bytes.IndexByte(rest[:end], '\n') >= 0 {
			return a, false
		}
		a.v, a.at, a.quoted = string(rest[:end]), i+len("&quot;"), true
		return a, true
	}
	if v, ok := s.quotedOperator(a, i); ok {
		return v, true
	}
	q := d[i]
	if q == '\\' && i+1 < len(d) && (d[i+1] == '"' || d[i+1] == '\'') {
		return s.escaped(a, i+1)
	}
	if q != '"' && q != '\'' && q != '`' {
		return a, false
	}
	i++
	end := i
	for end < len(d) && end-i < longestValue && d[end] != q && d[end] != '\n' && d[end] != 0 {
		if d[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(d) || d[end] != q {
		return a, false
	}
	a.v, a.at, a.quoted = string(d[i:end]), i, true
	return a, true
}

// escaped reads a value whose quotes are escaped, the first at i: JSON within a
// string of a program.
func (s *scanner) escaped(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	end := bytes.Index(d[i+1:min(len(d), i+longestValue)], []byte{'\\', d[i]})
	if end < 0 || bytes.IndexByte(d[i+1:i+1+end], '\n') >= 0 {
		return a, false
	}
	a.v, a.at, a.quoted = string(d[i+1:i+1+end]), i+1, true
	return a, true
}
