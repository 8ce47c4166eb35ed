package secret

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

// option says that a blank parts name and value on this line: "option name
// value" (UCI), "setenv name value", and "name value" in files that are written so.
func (s *scanner) option(from int) bool {
	line, start := s.f.LineAround(from)
	if len(line) > 512 || s.f.Kind != inspect.Text {
		return false
	}
	if s.f.Role == inspect.Config && s.inBlock(line, start, from) {
		return true
	}
	before := bytes.Fields(line[:from-start])
	if len(before) == 0 {
		if s.f.Role != inspect.Config {
			return false
		}
		base := path.Base(s.f.Path)
		known := strings.HasSuffix(base, ".conf") || strings.HasSuffix(base, "rc") || strings.HasSuffix(base, ".cfg") || path.Ext(base) == "" || strings.Contains(s.f.Path, "/ppp/")
		return known && len(quotedFields(line)) == 2
	}
	switch string(before[0]) {
	case "option", "set", "export", "setprop", "SetEnv", "setenv", "ENV":
		if len(before) == 1 && (s.f.Role == inspect.Config || string(before[0]) == "option" || string(before[0]) == "set") {
			return true
		}
	case "Backlog":
		return bytes.HasSuffix(before[len(before)-1], []byte(";")) || len(before) == 1
	}
	if s.f.Role == inspect.Config && (s.accountOption(line, from-start) || string(s.f.Data[from:min(len(s.f.Data), from+7)]) == "secret " && s.keyBlock(from)) {
		return true
	}
	if s.f.Role != inspect.Script && s.f.Role != inspect.History || usage(line) {
		return false
	}
	// "flash set NAME value", "tcapi set node NAME value".
	for _, w := range before[max(0, len(before)-2):] {
		switch path.Base(string(w)) {
		case "fw_setenv", "setenv", "setprop", "nvram_set", "set", "put", "export":
			return true
		}
	}
	return false
}

// inBlock says that a name and one word are a statement of a block in braces, as
// routers keep their configuration: authentication { password x }.
func (s *scanner) inBlock(line []byte, start, from int) bool {
	before := line[:from-start]
	brace := bytes.LastIndexAny(before, "{};")
	if len(bytes.TrimSpace(before[brace+1:])) > 0 || brace < 0 && !s.open(start) {
		return false
	}
	rest := line[from-start:]
	if k := bytes.IndexAny(rest, "};"); k >= 0 && bytes.IndexAny(rest[:k], "\"'") < 0 {
		rest = rest[:k]
	}
	f := quotedFields(rest)
	if len(f) != 2 || strings.EqualFold(f[0].Text, "pass") || strings.HasSuffix(f[0].Text, "_pass") { // of pf, of nginx: where to pass to
		return false
	}
	v := f[1].Text
	return digit(v) && !strings.ContainsAny(v, ":/") || chosen(v) || scrambled(v) || f[1].Off > 0 && rest[f[1].Off-1] == '"'
}

// open says that the line above the one at start, or one not far above it, ends
// with an open brace that nothing closes.
func (s *scanner) open(start int) bool {
	depth := 0
	d := s.f.Data[max(0, start-1024):start]
	for i := len(d) - 1; i >= 0; i-- {
		switch d[i] {
		case '}':
			depth++
		case '{':
			if depth--; depth < 0 {
				n := bytes.IndexByte(d[i:], '\n') // more statements may stand behind it, no member of JSON
				return n >= 0 && !bytes.ContainsAny(d[i:i+n], ":=(\"'")
			}
		}
	}
	return false
}

// defined says that the name at from is one that the preprocessor of C defines.
func (s *scanner) defined(from int) bool {
	line, start := s.f.LineAround(from)
	f := bytes.Fields(line[:from-start])
	return len(f) > 0 && (definition.Match(f[len(f)-1]) || len(f) == 2 && string(f[0]) == "#" && string(f[1]) == "define")
}

// definition is the directive of C, of Kamailio and of m4-like preprocessors.
var definition = pattern.New(`^(#!?|!!|%)define$`)

// accountOption says that a line of a configuration is about an account, with
// the name at k as its third or a later word: user al insecure-password x.
func (s *scanner) accountOption(line []byte, k int) bool {
	f := bytes.Fields(line[:k])
	if len(f) < 2 || len(f) > 6 || len(f[1]) < 2 {
		return false
	}
	switch string(f[0]) {
	case "user", "username", "account":
	default:
		return false
	}
	w := split(line[k:], 0)
	return len(w) >= 2 && len(w) <= 3 && chosen(w[1].Text)
}

// quotedFields parts a line at blanks, quoted texts kept together.
func quotedFields(line []byte) []arg {
	if i := bytes.Index(line, []byte(" #")); i >= 0 {
		line = line[:i]
	}
	return split(bytes.TrimRight(line, "\r\n ;"), 0)
}

// argued reads the value of an option of a command: --password x.
func (s *scanner) argued(a assignment, i int) (assignment, bool) {
	line, start := s.f.LineAround(a.from)
	if s.f.Kind == inspect.Binary || s.f.Role == inspect.Web || s.f.Role == inspect.Script && !s.f.Shell() || usage(line) {
		return a, false
	}
	if _, whole := endings[setting.Normal(a.key)]; !whole && !strings.HasPrefix(a.key, "--") { // -pSECRET has its value already
		return a, false
	}
	w := split(line[i-start:min(len(line), i-start+longestValue)], i)
	if len(w) == 0 || strings.HasPrefix(w[0].Text, "-") {
		return a, false
	}
	v := s.resolve(w[0])
	a.form, a.at = argument, v.Off
	a.user = s.wordBefore(a.from, userKeys, prefixOf(setting.Normal(a.key)))
	a.v = strings.TrimRight(v.Text, "\"';,)&|>`]}")
	switch s.f.Role {
	case inspect.Script, inspect.History:
		return a, (!label(a.v) || keyBits(a.v) > 0) && len(a.v) >= 4
	}
	// Elsewhere words may explain the option.
	return a, !label(a.v) && (digit(a.v) || strings.ContainsAny(a.v, "!@#%+=") || strings.Contains(string(line[:a.from-start]), "/bin/"))
}

// usage says that a line explains a command.
func usage(line []byte) bool {
	return bytes.Contains(bytes.ToLower(line[:min(len(line), 512)]), []byte("usage"))
}

// resolve replaces "$NAME" by what a script assigns to it, where that is plain.
func (s *scanner) resolve(v arg) arg {
	name, ok := strings.CutPrefix(v.Text, "$")
	if !ok || s.f.Role != inspect.Script {
		return v
	}
	name = strings.Trim(name, "{}")
	if name == "" || !nameByteOnly(name) {
		return v
	}
	d := s.f.Data[:min(len(s.f.Data), maxListing)]
	for at := 0; ; {
		k := bytes.Index(d[at:], []byte(name+"="))
		if k < 0 {
			return v
		}
		at += k
		if at == 0 || strings.IndexByte("\n\t ;", d[at-1]) >= 0 {
			begin := at + len(name) + 1
			line, _, _ := bytes.Cut(d[begin:min(len(d), begin+longestValue)], []byte("\n"))
			if w := split(line, begin); len(w) > 0 && !strings.ContainsAny(w[0].Text, "$`(") {
				w[0].Text = strings.TrimRight(w[0].Text, ";")
				return w[0]
			}
			return v
		}
		at++
	}
}
