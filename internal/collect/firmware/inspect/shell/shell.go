// Package shell splits scripts of Bourne shells into the simple commands that
// they hold, wherever these stand: in lists, functions, substitutions. In: the
// bytes of a script, hostile. Out: commands, with variables replaced where the
// script itself assigns them; and of a command the program behind wrappers and
// its options with their values. It follows POSIX.1-2017, Shell Command Language,
// 2.2 to 2.10, as far as reading needs it, and runs nothing. A script that no
// shell would take is read as far as it makes sense.
package shell

import (
	"cmp"
	"slices"
	"strings"
)

// Bounds of what one script may cost.
const (
	maxCommands = 20_000
	maxWords    = 256
	maxText     = 4096 // bytes of a word
	maxDepth    = 32   // substitutions in substitutions
	maxScript   = 1 << 20
	maxSpent    = 8 << 20 // bytes that variables are replaced by, and that are read again
	maxValues   = 16      // of the variable of a loop
)

// Word is a word of a command, without its quotes.
type Word struct {
	Text string // "$NAME" where the script doesn't say what it holds
	Off  int    // in the script
}

// Command is a simple command: a program or function, and its arguments.
type Command struct {
	Words []Word // at least one
	To    []Word // where output is redirected to
	From  []Word // the files that input is taken from
	Off   int
	End   int // offset behind the last word
	Pipe  int // of a pipeline: the commands of one have the same number, in its order
}

// Arg is the text of word i, "" where there are fewer.
func (c Command) Arg(i int) string {
	if i < len(c.Words) {
		return c.Words[i].Text
	}
	return ""
}

// Commands returns the commands of a script in the order of their offsets. What
// is given to another shell or to eval is read as well: sh -c 'a; b' is followed
// by a and b. The variable of a loop over several words is "{a,b}", of a pattern
// the pattern.
func Commands(src []byte) []Command {
	l := &lexer{src: src[:min(len(src), maxScript)], all: &all{vars: map[string]string{}}}
	l.read()
	slices.SortStableFunc(l.out, func(a, b Command) int { return cmp.Compare(a.Off, b.Off) })
	return l.out
}

// all is what the lexers of a script and of the texts in it share.
type all struct {
	spent int // bytes that variables were replaced by, or that were read again
	pipes int
	vars  map[string]string
	out   []Command
}

type lexer struct {
	*all
	src    []byte
	at     int
	depth  int
	place  func(off int) int // of a text inside of a script: where that stands
	pipe   int
	piped  bool  // behind "|"
	joined bool  // behind "&&" or "||": it may not be run
	nest   int   // if, while, for, case and { that are open
	dead   bool  // the script has ended before
	docs   []doc // here-documents whose text comes behind this line
	cur    Command
	fields bool // the last word holds a value with blanks outside of quotes: it is several words
	ticks  bool // inside of backticks
}

type doc struct {
	end  string
	tabs bool // leading tabs are stripped
}

func (l *lexer) peek(n int) byte {
	if l.at+n < len(l.src) {
		return l.src[l.at+n]
	}
	return 0
}

// list reads commands up to stop: ')' or '`', or 0 for the end.
func (l *lexer) list(stop byte) {
	outer, pipe := l.cur, l.pipe
	l.cur = Command{}
	l.end()
	defer func() {
		l.flush()
		l.cur, l.pipe, l.piped = outer, pipe, false
	}()
	pattern := false // where a case statement has patterns: "start|on)"
	for l.at < len(l.src) {
		c := l.src[l.at]
		switch {
		case c == stop && !(c == ')' && pattern):
			l.at++
			return
		case c == ')':
			// The end of a pattern, or one too many: no command stands before it.
			l.cur, pattern = Command{}, false
			l.at++
		case c == ' ' || c == '\t' || c == '\r':
			l.at++
		case c == '\\' && (l.peek(1) == '\n' || l.peek(1) == '\r' && l.peek(2) == '\n'):
			l.at += 2
			if l.peek(-1) == '\r' {
				l.at++
			}
		case c == '|' && pattern:
			l.at++
		case c == ';' && l.peek(1) == ';':
			l.separate()
			l.at++
			pattern = true
		case c == '\n' || c == ';' || c == '&' || c == '|':
			l.separate()
		case c == '#':
			l.comment()
		case c == '(' && pattern:
			l.at++
		case c == '(':
			l.group()
		case c == '<' || c == '>' || c >= '0' && c <= '9' && (l.peek(1) == '<' || l.peek(1) == '>'):
			l.redirect()
		default:
			w := l.word()
			if l.at == w.Off {
				return // a backtick that an outer list began with
			}
			if pattern && w.Text == "esac" {
				pattern = false
			}
			l.split(w)
			if len(l.cur.Words) == 3 && w.Text == "in" && l.cur.Words[0].Text == "case" {
				l.cur, pattern = Command{}, true
				l.nest++
			}
		}
	}
}

// separate reads what stands between commands: a line's end, ";", "&", "|" and
// what is made of these.
func (l *lexer) separate() {
	c := l.src[l.at]
	l.at++
	waits := len(l.cur.Words) == 0 && l.joined // behind "&&" the command stands on the next line
	l.flush()
	switch {
	case c == '\n':
		if !l.piped && !waits {
			l.end()
		}
		l.skipDocs()
	case c == '|' && l.peek(0) != '|':
		l.piped = true
		if l.peek(0) == '&' {
			l.at++
		}
	default:
		l.end()
		if c != ';' && l.peek(0) == c {
			l.joined = true
			l.at++
		}
	}
}

func (l *lexer) read() {
	for l.at < len(l.src) {
		l.list(0)
	}
}

// end ends a pipeline.
func (l *lexer) end() {
	l.pipes++
	l.pipe, l.piped, l.joined = l.pipes, false, false
}

func (l *lexer) comment() {
	for l.at < len(l.src) && l.src[l.at] != '\n' {
		l.at++
	}
}

// group is "(" where a command may begin: a subshell, or the empty parentheses
// behind a function's name.
func (l *lexer) group() {
	i := 1
	for l.peek(i) == ' ' {
		i++
	}
	if l.peek(i) == ')' {
		l.at += i + 1
		l.cur = Command{}
		return
	}
	l.at++
	l.flush()
	l.nested(')')
}

// nested reads a list inside of another; too deep it is skipped as text.
func (l *lexer) nested(stop byte) {
	if l.depth >= maxDepth {
		for l.at < len(l.src) && l.src[l.at] != '\n' {
			l.at++
		}
		return
	}
	nest := l.nest
	l.depth++
	l.list(stop)
	l.depth--
	l.nest = nest
}

func (l *lexer) redirect() {
	for l.peek(0) >= '0' && l.peek(0) <= '9' {
		l.at++
	}
	first := l.peek(0)
	n := 1
	for n < 3 && (l.peek(n) == '<' || l.peek(n) == '>' || l.peek(n) == '&' || l.peek(n) == '|' || l.peek(n) == '-') {
		n++
	}
	op := string(l.src[l.at : l.at+min(n, len(l.src)-l.at)])
	l.at += len(op)
	if l.peek(0) == '(' { // process substitution
		l.at++
		l.nested(')')
		return
	}
	for l.peek(0) == ' ' || l.peek(0) == '\t' {
		l.at++
	}
	if c := l.peek(0); c == 0 || c == '\n' {
		return
	}
	w := l.word()
	switch {
	case op == "<<" || op == "<<-":
		if len(l.docs) < 16 && w.Text != "" {
			l.docs = append(l.docs, doc{w.Text, op == "<<-"})
		}
	case first == '>' && len(l.cur.To) < 16:
		l.cur.To = append(l.cur.To, w)
	case (op == "<" || op == "<>") && len(l.cur.From) < 16:
		l.cur.From = append(l.cur.From, w)
	}
}

// skipDocs leaves out the text of here-documents.
func (l *lexer) skipDocs() {
	for _, d := range l.docs {
		for l.at < len(l.src) {
			start := l.at
			for l.at < len(l.src) && l.src[l.at] != '\n' {
				l.at++
			}
			line := strings.TrimSuffix(string(l.src[start:min(l.at, start+maxText)]), "\r")
			l.at++
			if d.tabs {
				line = strings.TrimLeft(line, "\t")
			}
			if line == d.end {
				break
			}
		}
	}
	l.at = min(l.at, len(l.src))
	l.docs = l.docs[:0]
}

// split adds a word, in its fields where a variable brought blanks into it
// (2.6.5 of POSIX); not in an assignment.
func (l *lexer) split(w Word) {
	name, _, ok := strings.Cut(w.Text, "=")
	if !l.fields || ok && isName(name) {
		l.add(w)
		return
	}
	for f := range strings.FieldsSeq(w.Text) {
		l.add(Word{f, w.Off})
	}
}

func (l *lexer) add(w Word) {
	if len(l.cur.Words) == 0 {
		l.cur.Off = w.Off
	}
	if len(l.cur.Words) < maxWords {
		l.cur.Words = append(l.cur.Words, w)
	}
	l.cur.End = l.at
}

// reserved words before which or behind which a command stands.
var reserved = map[string]bool{"if": true, "then": true, "else": true, "elif": true, "fi": true, "do": true, "done": true, "while": true, "until": true, "esac": true, "!": true, "{": true, "}": true}

// flush ends the command that is being read.
func (l *lexer) flush() {
	c := l.cur
	l.cur = Command{}
	for len(c.Words) > 0 {
		w := c.Words[0]
		name, value, ok := strings.Cut(w.Text, "=")
		switch {
		case w.Text == "time": // with "-p", and the options that the program of this name has
			c.Words = Options("time", c.Words[1:]).Rest
			continue
		case reserved[w.Text]:
			l.nest += nests[w.Text]
		case ok && l.src[w.Off] != '"' && l.src[w.Off] != '\'' && isName(name):
			l.assign(name, value)
		default:
			l.emit(c)
			return
		}
		c.Words = c.Words[1:]
	}
}

func (l *lexer) emit(c Command) {
	switch c.Words[0].Text {
	case "for":
		l.nest++
		if len(c.Words) > 3 && c.Words[2].Text == "in" && isName(c.Words[1].Text) {
			delete(l.vars, c.Words[1].Text)
			if v := either(c.Words[3:]); v != "" {
				l.assign(c.Words[1].Text, v)
			}
		}
		return
	case "select":
		l.nest++
		return
	case "case", "function":
		return
	case "export", "local", "readonly", "declare", "typeset":
		for _, w := range c.Words[1:] {
			if name, value, ok := strings.Cut(w.Text, "="); ok && isName(name) {
				l.assign(name, value)
			}
		}
		return
	}
	if l.dead {
		return
	}
	c.Off, c.Pipe = c.Words[0].Off, l.pipe
	l.piped = false
	l.dead = l.ends(c)
	inner, at := again(c)
	if l.place != nil {
		c.Off, c.End = l.place(c.Off), l.place(c.End)
		c.Words, c.To, c.From = l.moved(c.Words), l.moved(c.To), l.moved(c.From)
	}
	if len(l.out) < maxCommands {
		l.out = append(l.out, c)
	}
	if inner != "" {
		l.text(inner, at)
	}
}

func (l *lexer) assign(name, value string) {
	if len(l.vars) < 1024 && len(value) <= 1024 {
		l.vars[name] = value
	}
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != ""
}
