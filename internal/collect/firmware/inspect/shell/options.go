package shell

import (
	"slices"
	"strings"
)

// Option is an option of a command line.
type Option struct {
	Name  string // with its dashes: "-p", "--port", "-passwd"
	Value Word   // where Has is set
	Has   bool
	At    int // the word that it stands in
}

// Line is a command line taken apart.
type Line struct {
	Options []Option
	Rest    []Word // what is neither an option nor the value of one
}

// Options takes the arguments of a program apart, as the table below says that
// it reads them: "-p 80", "-p80", "-Fp80", "--port 80", "--port=80".
func Options(program string, args []Word) Line {
	s, ok := syntaxes[program]
	if !ok {
		s = syntaxes["*"]
	}
	var l Line
	for i := 0; i < len(args); i++ {
		w := args[i]
		switch {
		case w.Text == "--":
			l.Rest = append(l.Rest, args[i+1:]...)
			return l
		case len(w.Text) < 2 || w.Text[0] != '-':
			if s.first {
				l.Rest = append(l.Rest, args[i:]...)
				return l
			}
			l.Rest = append(l.Rest, w)
		default:
			o, next := s.option(args, i)
			l.Options = append(l.Options, o...)
			i = next
		}
	}
	return l
}

// option reads the options of one word, and says which word was the last that
// they took.
func (s syntax) option(args []Word, i int) (out []Option, last int) {
	w := args[i]
	name, value, equals := strings.Cut(w.Text, "=")
	if takes := s.names[name]; takes != takesNone || s.letters == "" || strings.HasPrefix(name, "--") {
		o := Option{Name: name, At: i}
		switch {
		case equals && len(name) >= 2 && name != "--":
			o.Value, o.Has = unquoted(Word{value, w.Off + len(name) + 1}), true
		case equals:
			o.Name = w.Text
		case takes == takesNext && i+1 < len(args):
			i++
			o.Value, o.Has = args[i], true
		case takes == takesTruth && i+1 < len(args) && truth(args[i+1].Text):
			i++
			o.Value, o.Has = args[i], true
		}
		return append(out, o), i
	}
	for j := 1; j < len(w.Text); j++ {
		o := Option{Name: "-" + w.Text[j:j+1], At: i}
		at := strings.IndexByte(s.letters, w.Text[j])
		if at < 0 || at+1 == len(s.letters) || s.letters[at+1] != ':' || w.Text[j] == ':' {
			out = append(out, o)
			continue
		}
		attached := at+2 < len(s.letters) && s.letters[at+2] == ':'
		switch {
		case j+1 < len(w.Text):
			if s.equals && w.Text[j+1] == '=' {
				j++
			}
			o.Value, o.Has = unquoted(Word{w.Text[j+1:], w.Off + j + 1}), true
		case !attached && i+1 < len(args):
			i++
			o.Value, o.Has = args[i], true
		}
		return append(out, o), i
	}
	return out, i
}

// unquoted leaves the quotes out that a value begins and ends with.
func unquoted(w Word) Word {
	if t := w.Text; len(t) > 0 && (t[0] == '"' || t[0] == '\'') {
		w.Text, w.Off = t[1:], w.Off+1
	}
	w.Text = strings.TrimRight(w.Text, `"'`)
	return w
}

// Find returns the first of the options with one of the names.
func (l Line) Find(names ...string) (Option, bool) {
	if i := slices.IndexFunc(l.Options, func(o Option) bool { return slices.Contains(names, o.Name) }); i >= 0 {
		return l.Options[i], true
	}
	return Option{}, false
}

// Has says that one of the options is there.
func (l Line) Has(names ...string) bool {
	_, ok := l.Find(names...)
	return ok
}

// On says that a switch is there, and that its last one isn't given as switched
// off: "--tlsverify=false", "-localhost no".
func (l Line) On(names ...string) bool {
	on := false
	for _, o := range l.Options {
		if slices.Contains(names, o.Name) {
			on = !o.Has || !off(o.Value.Text)
		}
	}
	return on
}

func off(s string) bool {
	switch strings.ToLower(s) {
	case "no", "0", "false", "off", "f", "n":
		return true
	}
	return false
}

// truth says that a word may be the value of a switch.
func truth(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "1", "true", "on":
		return true
	}
	return off(s)
}

// Value is the value of the first of the options that has one; empty: none has.
func (l Line) Value(names ...string) string {
	for _, o := range l.Options {
		if o.Has && slices.Contains(names, o.Name) {
			return o.Value.Text
		}
	}
	return ""
}

// Arg is the argument i that is no option, "" where there are fewer.
func (l Line) Arg(i int) string {
	if i < len(l.Rest) {
		return l.Rest[i].Text
	}
	return ""
}

// Known says that the table holds a program.
func Known(program string) bool { return syntaxes[program].names != nil }

// Takes says that an option of a program has a value.
func Takes(program, option string) bool {
	s, ok := syntaxes[program]
	if !ok || len(option) < 2 || option[0] != '-' {
		return false
	}
	if t := s.names[option]; t != takesNone {
		return t != takesTruth
	}
	i := strings.IndexByte(s.letters, option[1])
	return len(option) == 2 && i >= 0 && strings.HasPrefix(s.letters[i+1:], ":")
}

// Words makes words of texts whose places don't matter.
func Words(texts []string) []Word {
	out := make([]Word, len(texts))
	for i, t := range texts {
		out[i].Text = t
	}
	return out
}

// syntax is how a program reads its options.
type syntax struct {
	letters string // as getopt(3) is given them: "p:" has a value, "p::" has one where it is attached
	names   map[string]int
	first   bool // what follows the first argument is another's
	equals  bool // a letter's value may come behind "=": "-H=x" (pflag of Go)
}

const (
	takesNone     = iota
	takesNext     // "--port 80" or "--port=80"
	takesAttached // "--password=x" only
	takesTruth    // "-localhost", "-localhost no", "-localhost=0"
)

var syntaxes = func() map[string]syntax {
	out := make(map[string]syntax)
	for programs, text := range readers {
		s := syntax{names: make(map[string]int)}
		for i, f := range strings.Fields(text) {
			switch name, attached := strings.CutSuffix(f, "?"); {
			case i == 0 && f[0] != '-':
				s.letters, s.first, s.equals = strings.TrimLeft(f, "+="), f[0] == '+', f[0] == '='
			case strings.HasSuffix(f, "!"):
				s.names[strings.TrimSuffix(f, "!")] = takesTruth
			case attached:
				s.names[name] = takesAttached
			default:
				s.names[name] = takesNext
			}
		}
		for p := range strings.FieldsSeq(programs) {
			out[p] = s
		}
	}
	return out
}()
