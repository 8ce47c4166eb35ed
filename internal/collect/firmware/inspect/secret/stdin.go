package secret

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/pattern"
)

// chpasswd looks at the lines "user:password" that the command at off reads.
func (s *scanner) chpasswd(line []byte, start, off int) {
	for _, a := range s.fed(line, start, off) {
		user, pw, ok := strings.Cut(a.Text, ":")
		if ok && user != "" && len(pw) >= 3 && !variable(pw) && !s.placeholder(pw) && !strings.HasPrefix(pw, "/") {
			s.add(a.Off+len(user)+1, Hit{Kind: Password, Value: pw, User: user, Scheme: "login", Note: "given to chpasswd"})
		}
	}
}

// passwd looks at the password that the command at off reads twice.
func (s *scanner) passwd(line []byte, start, off int, args []arg) {
	if args[0].Text == "sudo" && (len(args) < 2 || args[1].Text != "-S") {
		return
	}
	for _, a := range s.fed(line, start, off) {
		if len(a.Text) < 3 || variable(a.Text) || s.placeholder(a.Text) {
			continue
		}
		h := Hit{Kind: Password, Value: a.Text, Scheme: "login", Note: "given to " + args[0].Text}
		for _, word := range args[1:] {
			if strings.HasPrefix(word.Text, "<") {
				break
			}
			if account.MatchString(word.Text) && args[0].Text != "cryptsetup" && args[0].Text != "sudo" {
				h.User = word.Text
			}
		}
		if args[0].Text == "cryptsetup" {
			h.Scheme = "luks"
		}
		s.add(a.Off, h)
		return
	}
}

// fed returns the lines that the command at off reads, as far as its script
// holds them: those of "echo x |" before it, of "<<< x", of a here-document.
func (s *scanner) fed(line []byte, start, off int) []arg {
	before, rest := line[:off-start], line[off-start:]
	if p := bytes.LastIndexByte(before, '|'); p >= 0 && prefixOnly(before[p+1:]) {
		left := before[:p]
		i := max(bytes.LastIndex(left, []byte("echo ")), bytes.LastIndex(left, []byte("printf ")))
		if i < 0 {
			return nil
		}
		words := split(bytes.TrimRight(left[i:], " \t);}"), start+i)[1:]
		for len(words) > 0 && strings.HasPrefix(words[0].Text, "-") {
			words = words[1:]
		}
		return lines(formatted(words))
	}
	if k := bytes.Index(rest, []byte("<<<")); k >= 0 {
		words := split(rest[k+3:commandEnd(rest, k+3)], off+k+3)
		return lines(words[:min(len(words), 1)])
	}
	if k := bytes.Index(rest, []byte("<<")); k >= 0 {
		mark := split(bytes.TrimLeft(rest[k+2:], "-"), 0)
		if len(mark) > 0 {
			return s.document(start+len(line), mark[0].Text)
		}
	}
	return nil
}

// echoWord is a word that a script writes.
var echoWord = pattern.New(`(?:echo|printf)\s+(?:-\w+\s+)?["']?([^\s;"')]+)`)

// dialogue looks at the words that a script writes for the telnet at off: the
// account, then its password.
func (s *scanner) dialogue(line []byte, start, off int) {
	before := line[:off-start]
	p := bytes.LastIndexByte(before, '|')
	if p < 0 || !prefixOnly(before[p+1:]) {
		return
	}
	m := echoWord.FindAllSubmatchIndex(before[:p], 4)
	if len(m) < 2 {
		return
	}
	user, pw := string(before[m[0][2]:m[0][3]]), string(before[m[1][2]:m[1][3]])
	pw = strings.TrimSuffix(pw, `\r`)
	if account.MatchString(user) && len(pw) >= 4 && !variable(pw) && !variable(user) {
		s.add(start+m[1][2], Hit{Kind: Password, Value: pw, User: user, Scheme: "telnet", Note: "written to telnet"})
	}
}

// echoed looks at "echo x > /etc/mqtt.passwd": the name of a file for a secret
// stands at from.
func (s *scanner) echoed(from int) {
	line, start := s.f.LineAround(from)
	before := line[:from-start]
	k := bytes.LastIndexByte(before, '>')
	if k < 0 || bytes.ContainsAny(bytes.TrimSpace(before[k+1:]), " ;|&\"'$") || s.f.Comment(from) {
		return
	}
	m := echoWord.FindSubmatchIndex(before[:k])
	if m == nil || len(bytes.Trim(before[m[1]:k], " \"'>")) > 0 {
		return
	}
	if v := string(before[m[2]:m[3]]); chosen(v) && !s.placeholder(v) && !variable(v) {
		s.add(start+m[2], Hit{Kind: Password, Value: v, Note: "written to a file of this name"})
	}
}

// formatted puts the last of words into the place of "%s" at the end of the
// first, as printf does.
func formatted(words []arg) []arg {
	if len(words) != 2 {
		return words
	}
	head, ok := strings.CutSuffix(strings.TrimSuffix(words[0].Text, `\n`), "%s")
	if !ok || strings.Contains(head, "%") {
		return words
	}
	return []arg{{Text: head + words[1].Text, Off: words[1].Off - len(head)}}
}

// prefixOnly says that b is what may stand before a command's name: the rest of
// its path, "sudo", "busybox".
func prefixOnly(b []byte) bool {
	for _, f := range strings.Fields(string(b)) {
		if base := path.Base(f); !strings.HasSuffix(f, "/") && base != "sudo" && base != "busybox" && base != "-S" {
			return false
		}
	}
	return true
}

// lines parts words where they hold a line's end in escaped form.
func lines(words []arg) []arg {
	var out []arg
	for _, w := range words {
		off := w.Off
		for _, l := range strings.Split(w.Text, `\n`) {
			if l != "" {
				out = append(out, arg{Text: l, Off: off})
			}
			off += len(l) + 2
		}
	}
	return out
}

// document returns the lines of the here-document that begins behind the line's
// end at off.
func (s *scanner) document(off int, mark string) []arg {
	const most = 50
	d := s.f.Data
	var out []arg
	for off < len(d) && d[off] != '\n' {
		off++
	}
	for off++; off < len(d) && len(out) < most; {
		l, _, _ := bytes.Cut(d[off:min(len(d), off+512)], []byte("\n"))
		text := strings.TrimSpace(string(l))
		if text == mark {
			return out
		}
		if text != "" {
			out = append(out, arg{Text: text, Off: off + strings.Index(string(l), text)})
		}
		off += len(l) + 1
	}
	return nil
}
