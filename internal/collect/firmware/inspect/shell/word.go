package shell

import "strings"

// word reads a word up to the next blank or operator outside of quotes.
func (l *lexer) word() Word {
	w := Word{Off: l.at}
	l.fields = false
	var b strings.Builder
	add := func(s string) {
		if b.Len() < maxText {
			b.WriteString(s[:min(len(s), maxText-b.Len())])
		}
	}
	for l.at < len(l.src) {
		c := l.src[l.at]
		switch c {
		case ' ', '\t', '\n', '\r', ';', '&', '|', '<', '>', '(', ')':
			if l.at == w.Off { // nothing that list leaves to a word
				l.at++
			}
			w.Text = b.String()
			return w
		case '\\':
			if l.peek(1) != '\n' && l.at+1 < len(l.src) {
				add(string(l.src[l.at+1 : l.at+2]))
			}
			l.at = min(l.at+2, len(l.src))
		case '\'':
			l.at++
			start := l.at
			for l.at < len(l.src) && l.src[l.at] != '\'' {
				l.at++
			}
			add(string(l.src[start:min(l.at, start+maxText)]))
			l.at = min(l.at+1, len(l.src))
		case '"':
			l.at++
			l.quoted(add)
		case '$':
			l.dollar(func(s string) {
				l.fields = l.fields || strings.ContainsAny(s, " \t\n")
				add(s)
			})
		case '`':
			if l.backtick(add) {
				w.Text = b.String()
				return w
			}
		default:
			start := l.at
			for l.at < len(l.src) && !special[l.src[l.at]] {
				l.at++
			}
			add(string(l.src[start:min(l.at, start+maxText)]))
		}
	}
	w.Text = b.String()
	return w
}

// special bytes end a run of plain ones in a word.
var special = func() (t [256]bool) {
	for _, c := range []byte(" \t\n\r;&|<>()\\'\"$`") {
		t[c] = true
	}
	return t
}()

// quoted reads up to the closing double quote.
func (l *lexer) quoted(add func(string)) {
	for l.at < len(l.src) {
		switch c := l.src[l.at]; c {
		case '"':
			l.at++
			return
		case '\\':
			switch next := l.peek(1); next {
			case '$', '`', '"', '\\':
				add(string(next))
			case '\n':
			default:
				add(string(l.src[l.at:min(l.at+2, len(l.src))]))
			}
			l.at = min(l.at+2, len(l.src))
		case '$':
			l.dollar(add)
		case '`':
			if l.backtick(add) {
				return
			}
		default:
			start := l.at
			for l.at < len(l.src) && l.src[l.at] != '"' && l.src[l.at] != '\\' && l.src[l.at] != '$' && l.src[l.at] != '`' {
				l.at++
			}
			add(string(l.src[start:min(l.at, start+maxText)]))
		}
	}
}

// backtick reads a substitution in its old form. One that closes what an outer
// list began is left alone: ended says so.
func (l *lexer) backtick(add func(string)) (ended bool) {
	if l.ticks {
		return true
	}
	start, was := l.at, l.fields
	l.at++
	l.ticks = true
	l.nested('`')
	l.ticks = false
	add(string(l.src[start:min(l.at, start+maxText)]))
	l.fields = was
	return false
}

// dollar reads an expansion: a variable that is known by its value, all else as
// it stands. The commands of a substitution are commands of the script.
func (l *lexer) dollar(add func(string)) {
	start, was := l.at, l.fields
	l.at++
	raw := func() {
		add(string(l.src[start:min(l.at, start+maxText)]))
		l.fields = was // what isn't known isn't split
	}
	switch c := l.peek(0); {
	case c == '(' && l.peek(1) == '(':
		l.at += 2
		for open := 2; l.at < len(l.src) && open > 0 && l.src[l.at] != '\n'; l.at++ {
			switch l.src[l.at] {
			case '(':
				open++
			case ')':
				open--
			}
		}
		raw()
	case c == '(':
		l.at++
		l.nested(')')
		raw()
	case c == '{':
		l.at++
		name := l.name()
		rest := l.at
		for open := 1; l.at < len(l.src); l.at++ {
			switch l.src[l.at] {
			case '{':
				open++
			case '}':
				open--
			}
			if open == 0 || l.src[l.at] == '\n' {
				break
			}
		}
		op := string(l.src[rest:min(l.at, rest+maxText)])
		l.at = min(l.at+1, len(l.src))
		v, ok := l.vars[name]
		switch {
		case ok && v != "" && l.afford(v):
			add(v)
		case strings.HasPrefix(op, ":-") || strings.HasPrefix(op, ":="):
			add(strings.Trim(op[2:], `"'`))
		default:
			raw()
		}
	default:
		name := l.name()
		if v, ok := l.vars[name]; ok && name != "" && l.afford(v) {
			add(v)
			return
		}
		if name == "" && strings.IndexByte("0123456789@*#?$!-", c) >= 0 && l.at < len(l.src) {
			l.at++
		}
		raw()
	}
}

// afford counts what variables bring: a short script could ask for gigabytes.
func (l *all) afford(v string) bool {
	l.spent += len(v)
	return l.spent <= maxSpent
}

func (l *lexer) name() string {
	start := l.at
	for l.at < len(l.src) {
		c := l.src[l.at]
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || l.at > start && c >= '0' && c <= '9') {
			break
		}
		l.at++
	}
	return string(l.src[start:l.at])
}
