package shell

import (
	"bytes"
	"path"
	"strings"
)

// again is the text of a command that a shell reads once more, and where it
// stands: of sh -c, su -c, flock -c, eval, trap.
func again(c Command) (text string, off int) {
	name := path.Base(c.Words[0].Text)
	if len(c.Words) < 2 {
		return "", 0
	}
	switch name {
	case "eval":
		var words []string
		for _, w := range c.Words[1:] {
			words = append(words, w.Text)
		}
		return strings.Join(words, " "), c.Words[1].Off
	case "trap":
		return c.Words[1].Text, c.Words[1].Off
	}
	for _, words := range Layers(c.Words) {
		switch path.Base(words[0].Text) {
		case "flock":
			if w := given(Options("flock", words[1:])); len(w) > 0 {
				return w[0].Text, w[0].Off
			}
		case "su", "runuser", "script":
			for i, w := range words[1:max(1, len(words)-1)] {
				if w.Text == "-c" || w.Text == "--command" {
					return words[i+2].Text, words[i+2].Off
				}
			}
		}
	}
	for i, w := range c.Words[1:] {
		if i+2 >= len(c.Words) {
			break
		}
		before := path.Base(c.Words[i].Text)
		if flagC(w.Text) && (isShell(before) || before == "--") {
			return c.Words[i+2].Text, c.Words[i+2].Off
		}
	}
	return "", 0
}

// flagC says that options of a shell end with -c: -c, -lc, -xec.
func flagC(s string) bool {
	return len(s) >= 2 && len(s) <= 5 && s[0] == '-' && s[1] != '-' && s[len(s)-1] == 'c'
}

func isShell(name string) bool {
	switch name {
	case "sh", "ash", "bash", "dash", "hush", "zsh", "ksh", "mksh":
		return true
	}
	return false
}

// maxAgain bounds texts in texts.
const maxAgain = 4

// text reads the commands of a text that stands at off of the script: at its own
// place where the script has it word for word.
func (l *lexer) text(s string, off int) {
	if l.depth >= maxAgain || !l.afford(s) {
		return
	}
	in := &lexer{all: l.all, src: []byte(s), depth: l.depth + 1, place: func(int) int { return off }}
	if from := min(off+1, len(l.src)); l.place == nil && bytes.HasPrefix(l.src[from:], in.src) {
		in.place = func(n int) int { return from + n }
	} else if l.place != nil {
		at := l.place(off)
		in.place = func(int) int { return at }
	}
	in.read()
}

// moved are words at their places in the script.
func (l *lexer) moved(words []Word) []Word {
	out := make([]Word, len(words))
	for i, w := range words {
		out[i] = Word{w.Text, l.place(w.Off)}
	}
	return out
}

// either is the value of the variable of a loop: one of several words.
func either(words []Word) string {
	if len(words) == 1 {
		return words[0].Text
	}
	var out []string
	for _, w := range words[:min(len(words), maxValues)] {
		if strings.ContainsAny(w.Text, "{},$`") {
			return ""
		}
		out = append(out, w.Text)
	}
	return "{" + strings.Join(out, ",") + "}"
}

// nests says which words open what others close.
var nests = map[string]int{"if": 1, "fi": -1, "while": 1, "until": 1, "done": -1, "{": 1, "}": -1, "esac": -1}

// ends says that a script goes no further than c: exit or exec where nothing
// decides about it.
func (l *lexer) ends(c Command) bool {
	if l.depth > 0 || l.nest > 0 || l.joined {
		return false
	}
	switch c.Words[0].Text {
	case "exit":
		return true
	case "exec":
		return len(c.Words) > 1
	}
	return false
}
