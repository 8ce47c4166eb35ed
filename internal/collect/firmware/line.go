package firmware

import (
	"path"
	"strings"
)

// excerpt shows a line of the image. known are words that the finding itself
// names.
func excerpt(line string, known map[string]bool) string {
	s := shower{in: options(line), known: known, command: true, start: true}
	if k := spacedKey.FindString(s.in); k != "" && !strings.Contains(k, "=\"") {
		s.copy(len(k))
		s.secret, s.command = secretName.MatchString(strings.TrimRight(k, " =")), false
	}
	for s.at < len(s.in) {
		s.next()
	}
	return s.out.String()
}

// shower reads a line of a script, a table or a setting.
type shower struct {
	in      string
	at      int
	out     strings.Builder
	known   map[string]bool
	start   bool // nothing was shown yet
	command bool // the name of a program may come
	quote   byte // that is open
	runs    bool // what is quoted is a command
	shell   bool // the program is a shell
	secret  bool // the name of a secret came
	value   bool // "=" came
}

func (s *shower) copy(n int) {
	s.out.WriteString(s.in[s.at : s.at+n])
	s.at += n
	s.start = false
}

func (s *shower) put(text string, n int) {
	s.out.WriteString(text)
	s.at += n
	s.start = false
}

const breaks = " \t\r\n\"'`;|&()<>{}[]="

// next shows the next word or sign.
func (s *shower) next() {
	rest := s.in[s.at:]
	c := rest[0]
	first := s.at == 0 || strings.IndexByte(" \t\n", s.in[s.at-1]) >= 0
	switch {
	case strings.HasPrefix(rest, redacted):
		s.copy(len(redacted))
		s.secret, s.value = false, false
	case strings.HasPrefix(rest, "${") || strings.HasPrefix(rest, "$("):
		s.substitution(rest)
	case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		s.copy(1)
	case c == '#' && first && !strings.HasPrefix(s.in, "#!"):
		s.comment(rest)
	case c == '"' || c == '\'':
		s.quoted(rest, c)
	case c == '=':
		s.copy(1)
		s.value = true
	case strings.IndexByte(breaks, c) >= 0:
		s.copy(1)
		if strings.IndexByte("`;|&({", c) >= 0 {
			s.command, s.shell = s.quote == 0 || s.runs, false
		}
		if c == '<' {
			s.command = s.quote == 0
		}
		s.secret, s.value = s.secret && c == '(', false
	default:
		s.word(rest)
	}
}

// comment masks what people tell each other.
func (s *shower) comment(rest string) {
	text, _, _ := strings.Cut(rest, "\n")
	if strings.Trim(text, "# ") == "" {
		s.copy(len(text))
		return
	}
	s.put("# "+redacted, len(text))
}

// substitution is "${NAME}" or the beginning of a command.
func (s *shower) substitution(rest string) {
	if rest[1] == '(' {
		s.copy(2)
		s.command, s.secret, s.value = true, false, false
		return
	}
	n := strings.IndexByte(rest, '}') + 1
	if n == 0 {
		n = len(rest)
	}
	end := n
	for end < len(rest) && strings.IndexByte(breaks, rest[end]) < 0 {
		end++ // "${DIR}/etc/app.conf"
	}
	if variable.MatchString(rest[:n]) {
		s.put(operand(rest[:end], s.known), end)
	} else {
		s.put("${"+redacted+"}", n) // "${PW:-value}"
	}
	s.command, s.secret, s.value = false, false, false
}

// quoted opens or closes a quote. Behind the name of a secret all of it is
// masked, and the value of a header.
func (s *shower) quoted(rest string, c byte) {
	if s.quote != 0 {
		if s.quote == c {
			s.quote, s.runs, s.secret, s.value = 0, false, false, false
			s.command = false
		}
		s.copy(1)
		return
	}
	text, _, closed := strings.Cut(rest[1:], string(c))
	n := len(text) + 1
	if closed {
		n++
	}
	if s.secret {
		if harmless(text) {
			s.copy(n)
		} else {
			s.put(string(c)+redacted+string(c), n)
		}
		s.secret, s.value, s.command = false, false, false
		return
	}
	if headerForm.MatchString(text) {
		name, _, _ := strings.Cut(text, ":")
		s.put(string(c)+name+": "+redacted+string(c), n)
		s.value, s.command = false, false
		return
	}
	if !s.start && !s.runs {
		s.command = s.command && (isPath(text) || variable.MatchString(text))
	}
	s.quote = c
	start := s.start
	s.copy(1)
	s.start = start
}

// word shows a word as what it is where it stands.
func (s *shower) word(rest string) {
	if u := urlForm.FindString(rest); u != "" {
		if s.secret {
			s.put(redacted, len(u))
		} else {
			s.put(address(u), len(u))
		}
		s.secret, s.value, s.command = false, false, false
		return
	}
	n := strings.IndexAny(rest, breaks)
	if n < 0 {
		n = len(rest)
	}
	w, start, command := rest[:n], s.start, s.command
	key := strings.TrimRight(w, ":+?")
	names := key != "" && assigning.MatchString(rest[len(key):]) && (n == len(rest) || rest[len(key)] != ':' || start)
	padding := strings.Trim(rest[n:], "=") == "" || strings.HasPrefix(rest[n:], "==") || s.value && !environment.MatchString(key)
	s.command = false
	switch {
	case s.secret && !(w[0] == '-' && !s.value):
		if harmless(w) {
			s.copy(n)
		} else {
			s.put(redacted, n)
		}
		s.secret = false
	case w[0] == '-':
		s.put(choice(w, s.known), n)
		s.secret = secretName.MatchString(strings.TrimLeft(w, "-")) || w == "--header"
		if w == "-c" && s.shell {
			s.command, s.runs = true, true
		}
	case names && likely(key) && (start || !padding):
		s.copy(n)
		s.secret = secretName.MatchString(key)
		s.command = command && environment.MatchString(key) && !s.secret
	case command && s.program(w, start):
		s.copy(n)
		s.shell = shells[path.Base(w)]
		s.secret = secretName.MatchString(w)
		s.command = leads[w] || assigns[w]
		s.runs = w == "eval"
	default:
		s.put(operand(w, s.known), n)
		s.secret = secretName.MatchString(w) && likely(w) || strings.Contains(w, "?") && strings.HasPrefix(rest[n:], "=")
		s.command = command && s.value // "KEY=value program"
	}
	s.value = false
}

// program says that w may be the name of a program, or at the start of a line
// the name of a setting.
func (s *shower) program(w string, start bool) bool {
	return s.known[w] || leads[w] || assigns[w] || isPath(w) || variable.MatchString(w) || likely(w) && (start || programForm.MatchString(w))
}

var (
	shells = set("sh ash bash dash ksh zsh su")
	// leads come before the name of a program, assigns before that of a variable.
	leads   = set("if then elif else do while until ! exec nohup sudo time env nice setsid busybox command")
	assigns = set("export local readonly declare set setenv")
)
