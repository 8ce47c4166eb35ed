package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

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
	end := bytes.IndexByte(window, '<')
	if end < 0 || !bytes.HasPrefix(window[end:], []byte("</")) {
		return a, false
	}
	text := window[:end]
	v := bytes.TrimSpace(text)
	a.v, a.at = string(v), i+bytes.Index(text, v)
	if user, pw, ok := strings.Cut(a.v, "\n"); ok && strings.HasSuffix(a.key, "user-pass") { // inline in OpenVPN
		a.user, a.v, a.at = strings.TrimSpace(user), pw, a.at+len(user)+1
	}
	return a, strings.IndexByte(a.v, '\n') < 0
}

// attributes returns the place behind the tag whose attributes begin at i, where
// text follows it; 0: it doesn't.
func attributes(d []byte, i int) int {
	end := bytes.IndexAny(d[i:min(len(d), i+200)], "<>\n")
	if end < 1 || d[i+end] != '>' || d[i+end-1] == '/' || bytes.IndexByte(d[i:i+end], '=') < 0 {
		return 0
	}
	return i + end + 1
}

// property reads <string>value</string> behind <key>name</key>.
func (s *scanner) property(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	for i < len(d) && (d[i] == ' ' || d[i] == '\t' || d[i] == '\n' || d[i] == '\r') {
		i++
	}
	for _, tag := range []string{"<string>", "<data>"} {
		if bytes.HasPrefix(d[i:], []byte(tag)) {
			return s.element(a, i+len(tag))
		}
	}
	return a, false
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
	case "name", "key", "id", "field", "param", "parameter", "property", "item", "k", "n", "attr":
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
		if !bytes.Contains(window[:end], []byte("value=")) && !bytes.Contains(window[:end], []byte("content=")) && !bytes.HasSuffix(window[:end], []byte("/")) {
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
	for _, w := range []string{"value", "val", "default", "content", "v"} {
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
	return s.valueBefore(a)
}

// valueBefore reads the value that stands before its name: value="x"
// name="password", {"value": "x", "name": "password"}.
func (s *scanner) valueBefore(a assignment) (assignment, bool) {
	before := tailOf(s.f.Data, a.from, 160)
	before = before[bytes.LastIndexAny(before, "<>{}\n")+1:]
	m := earlier.FindSubmatchIndex(before)
	if m == nil {
		return a, false
	}
	a.v, a.at, a.quoted = string(before[m[2]:m[3]]), a.from-len(before)+m[2], true
	return a, true
}

var earlier = pattern.New(`(?i)\bvalue["']?\s*[=:]\s*["']([^"']{3,128})["'][^"']*["']?(?:name|key|id)["']?\s*[=:]\s*["']$`)
