// Package setting reads names with values out of a line of a configuration, in
// any of the forms that such files have: name = value, "name": "value",
// <name>value</name>, option name 'value', name value. In: one line. Out:
// fields with the place of their value. What a name means is for the callers.
package setting

import (
	"bytes"
	"strings"
)

// Bounds on one line.
const (
	maxLine   = 2048
	maxFields = 64
)

// Field is a name with its value.
type Field struct {
	Name, Value string
	At          int // of the value in the line
}

// Fields returns the settings on a line.
func Fields(line []byte) []Field {
	line = line[:min(len(line), maxLine)]
	var out []Field
	if w := Words(line, 0); len(w) == 3 && before[w[0].Text] && w[1].Text != "" {
		return []Field{{w[1].Text, w[2].Text, w[2].Off}}
	} else if len(w) == 2 && nameOnly(w[0].Text) {
		out = append(out, Field{w[0].Text, strings.Trim(w[1].Text, "\"'"), w[1].Off})
	}
	for i := 0; i < len(line) && len(out) < maxFields; {
		if !NameByte(line[i]) {
			i++
			continue
		}
		j := i
		for j < len(line) && NameByte(line[j]) {
			j++
		}
		if v, at, ok := value(line, i, j); ok {
			out = append(out, Field{subject(line, i, string(line[i:j])), v, at})
			j = max(j, at)
		}
		i = j
	}
	return out
}

// before are words that stand before a name and its value, parted by blanks.
var before = map[string]bool{"option": true, "set": true, "list": true, "export": true, "setenv": true, "setprop": true, "#define": true, "SetEnv": true}

// subject is what the name at line[at:] is about: of <User val="al"> the
// attribute says what the element is.
func subject(line []byte, at int, name string) string {
	if !strings.EqualFold(name, "val") && !strings.EqualFold(name, "value") {
		return name
	}
	end := at
	for end > 0 && line[end-1] == ' ' {
		end--
	}
	from := end
	for from > 0 && NameByte(line[from-1]) {
		from--
	}
	if from > 0 && from < end && line[from-1] == '<' {
		return string(line[from:end])
	}
	return name
}

// Pairs joins what two neighbours say together: name="User" val="al" is a
// setting User.
func Pairs(fields []Field) []Field {
	out := make([]Field, 0, len(fields))
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		if i+1 < len(fields) {
			next := strings.ToLower(fields[i+1].Name)
			switch strings.ToLower(f.Name) {
			case "name", "key", "id", "param":
				if next == "val" || next == "value" {
					f = Field{f.Value, fields[i+1].Value, fields[i+1].At}
					i++
				}
			}
		}
		out = append(out, f)
	}
	return out
}

// value reads what is assigned to the name at line[from:to].
func value(line []byte, from, to int) (v string, at int, ok bool) {
	i := to
	if i < len(line) && from > 0 && (line[i] == '"' || line[i] == '\'') && line[from-1] == line[i] {
		i++
	}
	i = Blank(line, i)
	if i >= len(line) {
		return "", 0, false
	}
	switch {
	case line[i] == '>' && opens(line, from):
		i++
		end := bytes.IndexByte(line[i:], '<')
		if end < 0 {
			return "", 0, false
		}
		return strings.TrimSpace(string(line[i : i+end])), i, true
	case line[i] == ':' && from > 0 && (line[from-1] == '<' || line[from-1] == '/'):
		return "", 0, false // the prefix of an element's name
	case line[i] == '=' || line[i] == ':':
		i++
		if i < len(line) && line[i] == '>' {
			i++
		}
	default:
		return "", 0, false
	}
	i = Blank(line, i)
	if i >= len(line) {
		return "", 0, false
	}
	if q := line[i]; q == '"' || q == '\'' {
		end := bytes.IndexByte(line[i+1:], q)
		if end < 0 {
			return "", 0, false
		}
		return strings.TrimSpace(string(line[i+1 : i+1+end])), i + 1, true
	}
	end := i
	for end < len(line) && line[end] > ' ' && strings.IndexByte(",;&<>{}\"'", line[end]) < 0 {
		end++
	}
	return string(line[i:end]), i, end > i
}

// opens says that the name at from is that of an opening tag, with or without a
// prefix.
func opens(line []byte, from int) bool {
	if from > 0 && line[from-1] == ':' {
		for from--; from > 0 && NameByte(line[from-1]); {
			from--
		}
	}
	return from > 0 && line[from-1] == '<'
}

func nameOnly(s string) bool {
	for i := range len(s) {
		if !NameByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// NameByte says that c may stand in a name.
func NameByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c == '.'
}

// Blank returns the first place from i on that is neither a space nor a tab.
func Blank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	return i
}

// Normal returns the last part of a name, "password" of "Users[0].Pass_word" or
// "tt:Password", in lower case and without separators.
func Normal(name string) string {
	name = strings.TrimRight(name, ".:")
	name = name[strings.LastIndexAny(name, ".:/")+1:]
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_' || c == '-' || c == '[' || c == ']' || c == ' ':
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return string(b)
}

// Word is a word of a line, without its quotes.
type Word struct {
	Text string
	Off  int
}

// Words parts a line at blanks, quoted texts kept together; base is the offset
// of its first byte.
func Words(line []byte, base int) []Word {
	var out []Word
	for i := 0; i < len(line); {
		if line[i] == ' ' || line[i] == '\t' {
			i++
			continue
		}
		if q := line[i]; q == '"' || q == '\'' {
			end := bytes.IndexByte(line[i+1:], q)
			if end < 0 {
				end = len(line) - i - 1
			}
			out = append(out, Word{string(line[i+1 : i+1+end]), base + i + 1})
			i += end + 2
			continue
		}
		j := i
		for j < len(line) && line[j] != ' ' && line[j] != '\t' {
			j++
		}
		out = append(out, Word{string(line[i:j]), base + i})
		i = j
	}
	return out
}
