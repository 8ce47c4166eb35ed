package secret

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
)

// longestValue bounds a value; keys in base64 are read elsewhere.
const longestValue = 512

// values reads what is assigned to the name at [from, to); most forms give one
// value, a form that isn't known none.
func (s *scanner) values(from, to int) []assignment {
	d := s.f.Data
	a := assignment{key: string(d[from:to]), from: from}
	i := to
	quote := byte(0)
	if from > 0 && (d[i] == '"' || d[i] == '\'' || d[i] == '`') && d[from-1] == d[i] {
		quote = d[i]
		i++
	}
	for i < len(d) && d[i] == '[' && i < to+8 { // pass[0] = 'x', pass[] = "x"
		j := bytes.IndexByte(d[i:min(len(d), i+8)], ']')
		if j < 0 {
			return nil
		}
		i += j + 1
	}
	if i < len(d) && d[i] == ')' && s.position(from) > 0 { // my ($user, $pass) = (…)
		i++
	}
	i = setting.Blank(d, i)
	if i >= len(d) {
		return nil
	}
	ok := false
	switch c := d[i]; {
	case c == '>' && s.tag(from) && quote == 0:
		a, ok = s.element(a, i+1)
	case bytes.HasPrefix(d[to:], []byte("</key>")) && from > 0 && d[from-1] == '>':
		a, ok = s.property(a, to+len("</key>"))
	case quote == 0 && c|0x20 == 'v' && i > to && s.tag(from):
		a, ok = s.attribute(a, i)
	case quote != 0 && s.named(from-1):
		a, ok = s.pairValue(a, i)
	case quote != 0 && c == ',' && s.setter(from-1):
		a.form = call
		a, ok = s.quotedAt(a, setting.Blank(d, i+1))
	case quote == 0 && (c == '"' || c == '\'') && from > 1 && d[from-1] == '$' && d[from-2] == c && s.f.Role == inspect.Script:
		a, ok = s.compared(a, i+1)
	case c == '=' || c == ':' || c == '+' && i+1 < len(d) && d[i+1] == '=':
		if c == '+' {
			i++
		}
		a, ok = s.assigned(a, i, quote)
	case quote == 0 && i > to && s.option(from):
		a.form = blank
		a, ok = s.valueAt(a, i)
	}
	if !ok {
		return nil
	}
	// "admin        " of fixed-width configurations.
	trimmed := strings.TrimLeft(a.v, " ")
	a.at += len(a.v) - len(trimmed)
	a.v = strings.TrimRight(trimmed, " ")
	return []assignment{a}
}

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
	}
	if colon {
		a.form = mapping
	}
	i++
	if i < len(d) && (d[i] == '>' || colon && d[i] == '=') { // => and :=
		i++
	}
	i = setting.Blank(d, i)
	if i < len(d) && d[i] == '\n' && quote != 0 { // JSON may break the line
		for i < len(d) && (d[i] == ' ' || d[i] == '\t' || d[i] == '\n' || d[i] == '\r') {
			i++
		}
	}
	if i >= len(d) {
		return a, false
	}
	if n := s.position(a.from); n > 0 {
		return s.nth(a, i, n)
	}
	return s.valueAt(a, i)
}

// position counts the names before this one in "USER, PASSWORD = …".
func (s *scanner) position(from int) int {
	if s.f.Role != inspect.Script || s.f.Shell() {
		return 0
	}
	line, start := s.f.LineAround(from)
	before := bytes.TrimLeft(bytes.TrimRight(line[:from-start], " \t$"), " \t")
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

// tag says that the name at from is that of an XML element: "<p:name".
func (s *scanner) tag(from int) bool {
	d := s.f.Data
	if from > 0 && d[from-1] == ':' {
		for from--; from > 0 && setting.NameByte(d[from-1]); {
			from--
		}
	}
	return from > 0 && d[from-1] == '<'
}

// element reads the text of an XML element that begins at i.
func (s *scanner) element(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	a.form, a.quoted = element, true
	window := d[i:min(len(d), i+longestValue)]
	if rest, ok := bytes.CutPrefix(window, []byte("<![CDATA[")); ok {
		end := bytes.Index(rest, []byte("]]>"))
		if end < 0 {
			return a, false
		}
		a.v, a.at = string(rest[:end]), i+9
		return a, true
	}
	// <key>password</key><string>value</string> is read as a pair.
	end := bytes.IndexByte(window, '<')
	if end < 0 || !bytes.HasPrefix(window[end:], []byte("</")) {
		return a, false
	}
	text := window[:end]
	v := bytes.TrimSpace(text)
	a.v, a.at = string(v), i+bytes.Index(text, v)
	return a, true
}

// property reads <string>value</string> behind <key>name</key>.
func (s *scanner) property(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	for i < len(d) && (d[i] == ' ' || d[i] == '\t' || d[i] == '\n' || d[i] == '\r') {
		i++
	}
	const tag = "<string>"
	if !bytes.HasPrefix(d[i:], []byte(tag)) {
		return a, false
	}
	return s.element(a, i+len(tag))
}

// attribute reads <name val=value />, with or without quotes.
func (s *scanner) attribute(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	a.form, a.quoted = pair, true
	eq := bytes.IndexByte(d[i:min(len(d), i+10)], '=')
	if eq < 0 {
		return a, false
	}
	switch strings.ToLower(string(d[i : i+eq])) {
	case "val", "value", "v":
	default:
		return a, false
	}
	i += eq + 1
	if v, ok := s.quotedAt(a, i); ok {
		return v, true
	}
	a.v, a.at = string(s.token(i, longestValue, func(c byte) bool { return c > ' ' && c < 0x7f && c != '>' && c != '"' })), i
	return a, a.v != ""
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

// named says that the quoted word whose quote stands at q is the value of an
// attribute or a member that names something: name="…", "key": "…".
func (s *scanner) named(q int) bool {
	d := s.f.Data
	i := q
	for i > 0 && (d[i-1] == ' ' || d[i-1] == '\t') {
		i--
	}
	if i == 0 || d[i-1] != '=' && d[i-1] != ':' {
		return false
	}
	for i--; i > 0 && (d[i-1] == ' ' || d[i-1] == '"' || d[i-1] == '\''); {
		i--
	}
	end := i
	for i > 0 && end-i < 16 && alnum(d[i-1]) {
		i--
	}
	switch strings.ToLower(string(d[i:end])) {
	case "name", "key", "id", "field", "param", "parameter", "property", "item", "k", "attr":
		return true
	}
	return false
}

// pairValue reads the value that belongs to the name whose quote ends before i:
// an attribute or member "value" within reach, or the text of the element.
func (s *scanner) pairValue(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	a.form = pair
	window := d[i:min(len(d), i+200)]
	if end := bytes.IndexAny(window, "}\n"); end >= 0 && window[end] == '}' {
		window = window[:end]
	}
	if end := bytes.IndexByte(window, '>'); end >= 0 {
		text := window[end+1:]
		if !bytes.Contains(window[:end], []byte("value=")) && !bytes.HasSuffix(window[:end], []byte("/")) {
			if k := bytes.Index(text, []byte("</")); k > 0 && bytes.IndexByte(text[:k], '<') < 0 {
				v := bytes.TrimSpace(text[:k])
				a.v, a.at, a.quoted = string(v), i+end+1+bytes.Index(text, v), true
				return a, len(v) > 0
			}
			return a, false
		}
		window = window[:end]
	}
	low := bytes.ToLower(window)
	for _, w := range []string{"value", "val", "default", "v"} {
		for at := 0; ; {
			k := bytes.Index(low[at:], []byte(w))
			if k < 0 {
				break
			}
			at += k + len(w)
			j := at
			for j < len(window) && (window[j] == '"' || window[j] == '\'' || window[j] == ' ') {
				j++
			}
			if j >= len(window) || window[j] != '=' && window[j] != ':' || k > 0 && alnum(low[at-len(w)-1]) {
				continue
			}
			return s.quotedAt(a, setting.Blank(d, i+j+1))
		}
	}
	return a, false
}

// setter says that the quoted word at q is the first argument of a function that
// sets something: define('…', setenv("…", nvram_set("….
func (s *scanner) setter(q int) bool {
	d := s.f.Data
	i := q
	for i > 0 && (d[i-1] == ' ' || d[i-1] == '(') {
		i--
	}
	if i == q {
		return false
	}
	end := i
	for i > 0 && end-i < 40 && (setting.NameByte(d[i-1]) || d[i-1] == ':' || d[i-1] == '>') {
		i--
	}
	n := strings.ToLower(string(d[i:end]))
	for _, w := range []string{"define", "set", "put", "add", "default", "write", "save"} {
		if strings.Contains(n, w) {
			return true
		}
	}
	return false
}

// option says that a blank parts name and value on this line: "option name
// value" (UCI), "set name value", and "name value" in files that are written so.
func (s *scanner) option(from int) bool {
	line, start := s.f.LineAround(from)
	if len(line) > 512 || s.f.Kind != inspect.Text {
		return false
	}
	switch before := bytes.TrimSpace(line[:from-start]); string(before) {
	case "option", "set":
		return true
	case "":
		if s.f.Role != inspect.Config {
			return false
		}
		base := path.Base(s.f.Path)
		known := strings.HasSuffix(base, ".conf") || strings.HasSuffix(base, "rc") || strings.HasSuffix(base, ".cfg") || path.Ext(base) == "" || strings.Contains(s.f.Path, "/ppp/")
		return known && len(quotedFields(line)) == 2
	}
	return false
}

// quotedFields parts a line at blanks, quoted texts kept together.
func quotedFields(line []byte) []arg {
	if i := bytes.Index(line, []byte(" #")); i >= 0 {
		line = line[:i]
	}
	return split(bytes.TrimRight(line, "\r\n "), 0)
}

// quotedAt reads a quoted value at i, with or without the prefix of a language
// or a function that decodes it.
func (s *scanner) quotedAt(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	if i >= len(d) {
		return a, false
	}
	if end := bytes.IndexAny(d[i:min(len(d), i+40)], "\"'`"); end > 0 {
		switch p := strings.ToLower(string(d[i : i+end])); p {
		case "b", "r", "u", "f", "br", "l", "@", "bytes.fromhex(", "bytearray.fromhex(", "binascii.unhexlify(", "unhexlify(", "base64.b64decode(", "b64decode(", "atob(", "buffer.from(", "new buffer(", "string(", "str(", "(", "[", "{", "{ ":
			i += end
		}
	}
	q := d[i]
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
