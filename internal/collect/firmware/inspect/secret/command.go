package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
)

// commandWords are what commands with a secret begin with, or have inside.
var commandWords = func() []string {
	words := []string{"chpasswd", "smbpasswd", "passwd ", "cryptsetup", "sudo -S", "kinit ", "wpa_passphrase", "set_network ", "register =>", "send \"", "send -- \"", "iwconfig ", "htpasswd ", "mkpasswd ", "cryptpw ", "telnet ", "mount ", "mount.cifs ", " -u ", " --user ", " -k ", " --auth ", " --login ", " --userpwd ", "pragma key", "pragma rekey"}
	seen := map[string]bool{}
	add := func(w string) {
		if !seen[w] {
			seen[w] = true
			words = append(words, w)
		}
	}
	for _, w := range words {
		seen[w] = true
	}
	for i := range flags {
		if f := &flags[i]; strings.HasSuffix(f.program, "_") {
			add(f.program)
		} else {
			add(f.program + " ")
		}
	}
	for i := range calls {
		add(calls[i].name)
	}
	return words
}()

// command looks at the arguments of a program that stands at at in a script, a
// history, a crontab, a unit or a program's string.
func (s *scanner) command(at, end int) {
	d := s.f.Data
	if s.prose() || s.library || s.f.Role == inspect.Certificate || !s.boundary(at) && strings.IndexByte(". :-", d[at]) < 0 {
		return
	}
	if s.f.Kind != inspect.Text && !s.f.InStrings(at) {
		return
	}
	s.commands++
	if s.f.Comment(at) {
		return
	}
	if c := d[end-1]; c == '(' || c == '=' {
		s.arguments(at, end)
		return
	}
	if s.f.Role == inspect.Web || s.f.Kind == inspect.Binary {
		return
	}
	line, start := s.commandLine(at)
	s.commands += len(line) / 128
	switch {
	case d[end-1] == '"':
		s.sent(end)
		return
	case d[at]|0x20 == 'p' && d[at+1]|0x20 == 'r': // pragma
		s.pragma(end)
		return
	case d[at] == ' ':
		if s.f.Kind == inspect.Text {
			s.unknownProgram(at, line, start)
		}
		return
	}
	limit := commandEnd(line, at-start)
	args := split(line[at-start:limit], at)
	if len(args) == 0 {
		return
	}
	s.run(args, line, start, at)
}

// commandLine returns the line around off with those that a backslash joins to
// it; what joins them is blanks.
func (s *scanner) commandLine(off int) (line []byte, start int) {
	line, start = s.f.LineAround(off)
	d := s.f.Data
	end := start + len(line)
	joined := func(i int) bool { return i > 0 && i < len(d) && d[i] == '\n' && d[i-1] == '\\' }
	from := start
	for n := 0; n < 8 && joined(from-1) && off-from < 1024; n++ {
		from = bytes.LastIndexByte(d[:from-1], '\n') + 1
	}
	for n := 0; n < 8 && joined(end) && end-off < 1024; n++ {
		k := bytes.IndexByte(d[end+1:], '\n')
		if k < 0 {
			end = len(d)
			break
		}
		end += 1 + k
	}
	end = min(end, off+1024)
	if from == start && end <= start+len(line) {
		return line[:end-start], start
	}
	whole := bytes.Clone(d[from:end])
	for i, c := range whole {
		if c == '\n' || c == '\r' || c == '\\' && i+1 < len(whole) && whole[i+1] == '\n' {
			whole[i] = ' '
		}
	}
	return whole, from
}

// run looks at a command by its name.
func (s *scanner) run(args []arg, line []byte, start, at int) {
	name := strings.ToLower(args[0].Text)
	switch {
	case name == "wpa_passphrase":
		if len(args) < 3 || variable(args[2].Text) || len(args[2].Text) < 8 || strings.HasPrefix(args[2].Text, "[") || s.placeholder(args[2].Text) {
			return
		}
		s.add(args[2].Off, Hit{Kind: WiFiPSK, Value: args[2].Text, User: args[1].Text, Scheme: "wifi", Note: "argument of wpa_passphrase"})
	case name == "chpasswd":
		s.chpasswd(line, start, at)
	case name == "passwd", name == "smbpasswd", name == "cryptsetup", name == "kinit", name == "sudo":
		s.passwd(line, start, at, args)
		s.options(name, args)
	case name == "mkpasswd", name == "cryptpw", name == "openssl" && len(args) > 1 && args[1].Text == "passwd":
		s.hashing(args)
	case name == "mount", name == "mount.cifs":
		s.mounted(args)
	case name == "telnet":
		s.dialogue(line, start, at)
	case name == "set_network":
		if len(args) >= 4 && strings.HasPrefix(args[2].Text, "psk") || len(args) >= 4 && strings.HasPrefix(args[2].Text, "wep_key") || len(args) >= 4 && args[2].Text == "password" {
			s.wifiArgument(args[3])
		}
	case name == "iwconfig":
		for i := 1; i+1 < len(args); i++ {
			v := strings.TrimPrefix(args[i+1].Text, "s:")
			if args[i].Text == "key" && (v != args[i+1].Text || (len(v) == 10 || len(v) == 26) && hexOnly(v)) {
				s.add(args[i+1].Off+len(args[i+1].Text)-len(v), Hit{Kind: WiFiPSK, Value: v, Scheme: "wifi", Note: "argument of iwconfig"})
			}
		}
	case name == "htpasswd":
		if len(args) >= 5 && strings.HasPrefix(args[1].Text, "-") && strings.Contains(args[1].Text, "b") && !variable(args[4].Text) {
			s.add(args[4].Off, Hit{Kind: Password, Value: args[4].Text, User: args[3].Text, Scheme: "http", Note: "argument of htpasswd"})
		}
	case name == "register" && len(args) >= 3:
		// Asterisk: register => user:secret@host/extension.
		user, rest, ok := strings.Cut(args[2].Text, ":")
		if pw, _, found := strings.Cut(rest, "@"); ok && found && len(pw) >= 3 {
			s.add(args[2].Off+len(user)+1, Hit{Kind: Password, Value: pw, User: user, Scheme: "sip", Note: "register"})
		}
	default:
		s.options(name, args)
	}
}

// mounted looks at the options that a share is mounted with, in a script or in a
// command that a program in another language runs: -o user=al,pass=x.
func (s *scanner) mounted(args []arg) {
	for i, a := range args[:len(args)-1] {
		if a.Text != "-o" {
			continue
		}
		user, off := "", args[i+1].Off
		for o := range strings.SplitSeq(args[i+1].Text, ",") {
			name, v, _ := strings.Cut(o, "=")
			v, _, _ = strings.Cut(v, "\"")
			v = strings.TrimRight(v, "')\\;")
			switch name {
			case "user", "username":
				user = v
			case "pass", "password":
				if len(v) >= 3 && !variable(v) && !s.placeholder(v) && !reference(v) && !strings.HasPrefix(v, "\"") {
					s.add(off+len(name)+1, Hit{Kind: Password, Value: v, User: user, Scheme: "samba", Note: "option of mount"})
				}
			}
			off += len(o) + 1
		}
	}
}

// hashing looks at the password that a command makes a hash of.
func (s *scanner) hashing(args []arg) {
	v := args[len(args)-1]
	text := strings.TrimRight(v.Text, ")\"'`;")
	if len(args) < 2 {
		return
	}
	if before := args[len(args)-2].Text; before == "-m" || before == "-S" || before == "-salt" || text == "passwd" || strings.HasPrefix(text, "-") || variable(text) || len(text) < 4 || s.placeholder(text) {
		return
	}
	s.add(v.Off, Hit{Kind: Password, Value: text, Scheme: "login", Note: "argument of " + args[0].Text})
}

// commandEnd finds where a command ends in its line: at ; | or & outside of
// quotes.
func commandEnd(line []byte, from int) int {
	quote := byte(0)
	for i := from; i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == ';' || c == '|' || c == '&':
			return i
		}
	}
	return len(line)
}

func (s *scanner) wifiArgument(v arg) {
	text := strings.Trim(v.Text, "\"'\\")
	if len(text) < 5 || variable(text) || s.placeholder(text) {
		return
	}
	s.add(v.Off+strings.Index(v.Text, text), Hit{Kind: WiFiPSK, Value: text, Scheme: "wifi", Note: "argument of wpa_cli"})
}

// unknownProgram looks at the options of a program that isn't known here: beside an
// account its password, and -k takes keys.
func (s *scanner) unknownProgram(at int, line []byte, start int) {
	from := at - start
	for from > 0 && strings.IndexByte(";|&(`", line[from-1]) < 0 {
		from--
	}
	args := split(line[from:commandEnd(line, at-start)], start+from)
	user := ""
	for i := 0; i+1 < len(args); i++ {
		o, v := args[i].Text, s.resolve(args[i+1])
		note := "argument of " + args[0].Text + " " + o
		name, pw, pair := strings.Cut(v.Text, ":")
		pair = pair && account.MatchString(strings.ToLower(name)) && len(pw) >= 4 && !digits(pw) && !strings.ContainsAny(pw, "/$<{[(:")
		switch {
		case len(o) < 2 || o[0] != '-' || variable(v.Text) || s.placeholder(v.Text) || strings.HasPrefix(v.Text, "-"):
		case o == "-u" || o == "--user" || o == "--auth" || o == "--login" || o == "--userpwd":
			if user = v.Text; pair {
				s.add(v.Off+len(name)+1, Hit{Kind: Password, Value: pw, User: name, Note: note})
			}
		case (o == "-k" || o == "--key") && hexBits(v.Text) > 0:
			s.add(v.Off, Hit{Kind: SymmetricKey, Value: v.Text, Bits: hexBits(v.Text), Note: note})
		case user != "" && !digits(user) && len(v.Text) <= 32 && (generated(v.Text) || passwordOption(o) && chosen(v.Text)):
			s.add(v.Off, Hit{Kind: Password, Value: v.Text, User: user, Note: note + " beside an account"})
		}
	}
}

// passwordOption says that an option of one letter takes a password in many
// programs.
func passwordOption(o string) bool { return o == "-p" || o == "-P" || o == "-w" || o == "-W" }

// chosen says that v looks like a password that somebody thought of: letters
// with digits or signs, and nothing of a path, a host or a number.
func chosen(v string) bool {
	letters, others := 0, 0
	for i := range len(v) {
		switch k := kindOfByte(v[i]); {
		case k == 'a' || k == 'A':
			letters++
		case k == '0' || strings.IndexByte("!@#%^&*_+=-", v[i]) >= 0:
			others++
		default:
			return false
		}
	}
	return letters >= 2 && others >= 1 && len(v) >= 5 && !technical.MatchString(v) && !algorithm.MatchString(v)
}

// pragma reads the key of an encrypted SQLite database: PRAGMA key = 'x'.
func (s *scanner) pragma(end int) {
	d := s.f.Data
	i := setting.Blank(d, end)
	if i >= len(d) || d[i] != '=' {
		return
	}
	a, ok := s.quotedAt(assignment{}, setting.Blank(d, i+1))
	if ok && len(a.v) >= 4 && !variable(a.v) && !s.placeholder(a.v) {
		s.add(a.at, Hit{Kind: Password, Value: a.v, Scheme: "sqlite", Note: "PRAGMA key"})
	}
}

// sent looks at what a script of expect sends after it waited for a prompt.
func (s *scanner) sent(at int) {
	if s.f.Kind != inspect.Text {
		return
	}
	before := s.f.Data[max(0, at-160):at]
	i := max(bytes.LastIndex(before, []byte("assword")), bytes.LastIndex(before, []byte("word:")), bytes.LastIndex(before, []byte("assphrase")))
	if i < 0 || bytes.Count(before[i:], []byte("send ")) > 1 || !bytes.Contains(before, []byte("expect")) {
		return
	}
	v := string(s.token(at, 128, func(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '\\' }))
	if len(v) >= 3 && !variable(v) && !s.placeholder(v) {
		s.add(at, Hit{Kind: Password, Value: v, Scheme: "login", Note: "sent after a prompt for a password"})
	}
}

func variable(v string) bool {
	return joined(v) || strings.ContainsAny(v, "$`") && !strings.HasPrefix(v, "$1$") && !strings.HasPrefix(v, "$6$") && !strings.HasPrefix(v, "$5$") || strings.Contains(v, "%s") || strings.Contains(v, "%d")
}

// joined says that v is what a program in another language joins to the command:
// of "wpa_passphrase '" .. ssid .. "' '" .. psk .. "'" no word is a value.
func joined(v string) bool {
	t := strings.Trim(v, " \t\\\"'")
	if len(t) == len(v) {
		return false
	}
	for _, op := range []string{"..", "+"} { // of Lua; of JavaScript, Python, Java
		if strings.HasPrefix(t, op) || strings.HasSuffix(t, op) {
			return true
		}
	}
	return len(t) > 2 && t[0] == '&' && t[len(t)-1] == '&' // of Basic
}

// arg is a word of a command line.
type arg = setting.Word

func split(line []byte, base int) []arg { return setting.Words(line, base) }
