package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// flag is an option of a program whose value is a secret.
type flag struct {
	program string
	flag    string
	user    string // the option that names the account
	kind    Kind
	scheme  string
}

var flags = []flag{
	{"mosquitto_", "-P", "-u", Password, "mqtt"},
	{"sshpass", "-p", "", Password, "ssh"},
	{"openssl", "-K", "", SymmetricKey, ""},
	{"openssl", "-k", "", Password, "openssl"},
	{"openssl", "-pass", "", Password, "openssl"},
	{"openssl", "-passin", "", Password, "openssl"},
	{"openssl", "-passout", "", Password, "openssl"},
	{"curl", "-u", "", Password, "http"},
	{"curl", "--user", "", Password, "http"},
	{"mysql", "--password", "-u", Password, "mysql"},
	{"smbclient", "-U", "", Password, "samba"},
}

// command looks at the arguments of a program that stands at off in a script,
// a history or a crontab.
func (s *scanner) command(off int) {
	switch s.f.Role {
	case inspect.Script, inspect.History, inspect.Config:
	default:
		return
	}
	if s.f.Kind != inspect.Text || !s.boundary(off) {
		return
	}
	s.commands++
	line, start := s.f.LineAround(off)
	if s.f.Comment(off) {
		return
	}
	line = line[:min(len(line), off-start+1024)]
	end := len(line)
	if i := bytes.IndexAny(line[off-start:], ";|&"); i >= 0 {
		end = off - start + i
	}
	args := split(line[off-start:end], off)
	if len(args) == 0 {
		return
	}
	name := strings.ToLower(args[0].text)
	switch {
	case name == "wpa_passphrase" && len(args) >= 3 && !variable(args[2].text) && len(args[2].text) >= 8:
		s.add(args[2].off, Hit{Kind: WiFiPSK, Value: args[2].text, User: args[1].text, Scheme: "wifi", Note: "argument of wpa_passphrase"})
		return
	case name == "chpasswd":
		s.chpasswd(line, start, off)
		return
	}
	for _, f := range flags {
		if !strings.HasPrefix(name, f.program) {
			continue
		}
		for i, a := range args {
			v := a
			switch {
			case a.text == f.flag && i+1 < len(args):
				v = args[i+1]
			case strings.HasPrefix(f.flag, "--") && strings.HasPrefix(a.text, f.flag+"="):
				v = arg{a.text[len(f.flag)+1:], a.off + len(f.flag) + 1}
			default:
				continue
			}
			s.argument(f, v, args)
		}
	}
}

func (s *scanner) argument(f flag, v arg, args []arg) {
	h := Hit{Kind: f.kind, Value: v.text, Scheme: f.scheme, Note: "argument of " + args[0].text + " " + f.flag}
	off := v.off
	switch {
	case f.program == "curl" || f.program == "smbclient":
		sep := ":"
		if f.program == "smbclient" {
			sep = "%"
		}
		user, pw, ok := strings.Cut(v.text, sep)
		if !ok {
			return
		}
		h.User, h.Value, off = user, pw, off+len(user)+1
	case strings.HasPrefix(v.text, "pass:"):
		h.Value, off = v.text[5:], off+5
	case strings.HasPrefix(f.flag, "-pass"):
		return // file:, env:, stdin
	}
	if f.kind == SymmetricKey {
		h.Bits = hexBits(h.Value)
		if h.Bits == 0 {
			return
		}
		for _, a := range args {
			if strings.HasPrefix(a.text, "-aes") || strings.HasPrefix(a.text, "-des") {
				h.Algorithm = strings.ToUpper(a.text[1:])
			}
		}
	}
	if f.user != "" {
		for i, a := range args {
			if a.text == f.user && i+1 < len(args) {
				h.User = args[i+1].text
			}
		}
	}
	if len(h.Value) < 3 || variable(h.Value) || placeholder(h.Value) {
		return
	}
	s.add(off, h)
}

// chpasswd looks at "echo user:password | chpasswd".
func (s *scanner) chpasswd(line []byte, start, off int) {
	before := line[:off-start]
	i := bytes.LastIndex(before, []byte("echo "))
	if i < 0 {
		return
	}
	for _, a := range split(before[i:], start+i) {
		user, pw, ok := strings.Cut(a.text, ":")
		if ok && user != "" && len(pw) >= 3 && !variable(pw) && !placeholder(pw) && !strings.HasPrefix(pw, "/") {
			s.add(a.off+len(user)+1, Hit{Kind: Password, Value: pw, User: user, Scheme: "login", Note: "given to chpasswd"})
		}
	}
}

func variable(v string) bool { return strings.ContainsAny(v, "$`") || strings.Contains(v, "%s") }

type arg struct {
	text string
	off  int
}

// split parts a command line at spaces, quotes kept together and taken off.
func split(line []byte, base int) []arg {
	var out []arg
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
			out = append(out, arg{string(line[i+1 : i+1+end]), base + i + 1})
			i += end + 2
			continue
		}
		j := i
		for j < len(line) && line[j] != ' ' && line[j] != '\t' {
			j++
		}
		out = append(out, arg{string(line[i:j]), base + i})
		i = j
	}
	return out
}
