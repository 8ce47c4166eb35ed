package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
)

// flag is an option of a program whose value is a secret.
type flag struct {
	program string   // the beginning of its name
	flags   []string // short ones are followed by a blank, long ones by a blank or "="
	user    []string // the options that name the account
	kind    Kind
	scheme  string
	cut     string // parts user and password in the value; "": the value is the password; attached: it stands right behind the option
}

var flags = []flag{
	{"mosquitto_", []string{"-P", "--pw"}, []string{"-u", "--username"}, Password, "mqtt", ""},
	{"sshpass", []string{"-p"}, nil, Password, "ssh", ""},
	{"openssl", []string{"-K"}, nil, SymmetricKey, "", ""},
	{"openssl", []string{"-k", "-pass", "-passin", "-passout"}, nil, Password, "openssl", ""},
	{"curl", []string{"-u", "--user", "-U", "--proxy-user"}, nil, Password, "http", ":"},
	{"wget", []string{"--password", "--http-password", "--http-passwd", "--ftp-password", "--proxy-password"}, []string{"--user", "--http-user", "--ftp-user"}, Password, "http", ""},
	{"ftpput", []string{"-p"}, []string{"-u"}, Password, "ftp", ""},
	{"ftpget", []string{"-p"}, []string{"-u"}, Password, "ftp", ""},
	{"ncftpput", []string{"-p"}, []string{"-u"}, Password, "ftp", ""},
	{"lftp", []string{"-u", "--user"}, nil, Password, "ftp", ","},
	{"mysql", []string{"--password"}, []string{"-u", "--user"}, Password, "mysql", ""},
	{"mysql", []string{"-p"}, []string{"-u", "--user"}, Password, "mysql", attached},
	{"nmcli", []string{"password", "wifi-sec.psk", "802-11-wireless-security.psk", "wep-key0"}, []string{"connect", "ssid"}, WiFiPSK, "wifi", ""},
	{"smbclient", []string{"-U"}, nil, Password, "samba", "%"},
	{"snmpset", []string{"-c", "-A", "-X"}, []string{"-u"}, Password, "snmp", ""},
	{"snmpget", []string{"-c", "-A", "-X"}, []string{"-u"}, Password, "snmp", ""},
	{"snmpwalk", []string{"-c", "-A", "-X"}, []string{"-u"}, Password, "snmp", ""},
	{"gpg", []string{"--passphrase"}, nil, Password, "openpgp", ""},
	{"zip", []string{"-P", "--password"}, nil, Password, "zip", ""},
	{"unzip", []string{"-P"}, nil, Password, "zip", ""},
	{"7z", []string{"-p"}, nil, Password, "zip", ""},
	{"sendemail", []string{"-xp"}, []string{"-xu"}, Password, "smtp", ""},
	{"msmtp", []string{"--password"}, []string{"--user"}, Password, "smtp", ""},
	{"ipmitool", []string{"-P"}, []string{"-U"}, Password, "ipmi", ""},
	{"pppd", []string{"password"}, []string{"user"}, Password, "ppp", ""},
	{"noip2", []string{"-p"}, []string{"-u"}, Password, "ddns", ""},
	{"inadyn", []string{"-p", "--password"}, []string{"-u", "--username"}, Password, "ddns", ""},
	{"ez-ipupdate", []string{"-u", "--user"}, nil, Password, "ddns", ":"},
	{"rtsp-simple-server", []string{"--password"}, []string{"--user"}, Password, "rtsp", ""},
	{"keytool", []string{"-storepass", "-keypass"}, nil, Password, "keystore", ""},
	{"sqlcipher", []string{"-key"}, nil, Password, "sqlite", ""},
	{"cryptsetup", []string{"--key"}, nil, Password, "luks", ""},
	{"htpasswd", nil, nil, Password, "http", ""},
	{"useradd", []string{"-p", "--password"}, nil, PasswordHash, "login", ""},
	{"usermod", []string{"-p", "--password"}, nil, PasswordHash, "login", ""},
}

// attached marks options whose value has no blank before it.
const attached = "attached"

// commandWords are what commands with a secret begin with, or have inside.
var commandWords = []string{"sshpass", "mosquitto_", "openssl ", "curl ", "wget ", "ftpput ", "ftpget ", "ncftpput ", "lftp ", "mysql ", "smbclient", "snmpset ", "snmpget ", "snmpwalk ", "gpg ", "unzip ", "7z ", "sendemail ", "msmtp ", "ipmitool ", "pppd ", "noip2 ", "inadyn ", "ez-ipupdate ", "keytool ", "sqlcipher ", "htpasswd ", "useradd ", "usermod ",
	"chpasswd", "passwd ", "wpa_passphrase", "set_network ", "register =>", "send \"", "send -- \"", "mysqli_connect(", "mysql_connect(", "ftp_login(", "new PDO(", ".login(", "WiFi.begin(", "iwconfig ", "nmcli ", " -u ", " --user ", " -k "}

// command looks at the arguments of a program that stands at at in a script, a
// history, a crontab, a unit or a program's string.
func (s *scanner) command(at, end int) {
	if s.prose() || s.f.Role == inspect.Certificate || !s.boundary(at) && s.f.Data[at] != '.' && s.f.Data[at] != ' ' {
		return
	}
	if s.f.Kind != inspect.Text && (s.f.Kind != inspect.ELF || !s.f.InStrings(at)) {
		return
	}
	s.commands++
	line, start := s.f.LineAround(at)
	if s.f.Comment(at) {
		return
	}
	line = line[:min(len(line), at-start+1024)]
	if s.f.Data[end-1] == '(' {
		s.arguments(at, end, line, start)
		return
	}
	if s.f.Role == inspect.Web {
		return
	}
	switch {
	case s.f.Data[end-1] == '"':
		s.sent(end)
		return
	case s.f.Data[at] == ' ':
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
	case name == "passwd":
		s.passwd(line, start, at, args)
	case name == "set_network":
		if len(args) >= 4 && strings.HasPrefix(args[2].Text, "psk") || len(args) >= 4 && strings.HasPrefix(args[2].Text, "wep_key") || len(args) >= 4 && args[2].Text == "password" {
			s.wifiArgument(args[3])
		}
	case name == "iwconfig":
		for i := 1; i+1 < len(args); i++ {
			if args[i].Text == "key" && strings.HasPrefix(args[i+1].Text, "s:") {
				s.add(args[i+1].Off+2, Hit{Kind: WiFiPSK, Value: args[i+1].Text[2:], Scheme: "wifi", Note: "argument of iwconfig"})
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

func (s *scanner) options(name string, args []arg) {
	for i := range flags {
		f := &flags[i]
		if !strings.HasPrefix(name, f.program) {
			continue
		}
		for i, a := range args {
			for _, fl := range f.flags {
				if f.cut == attached && a.Text == fl {
					continue
				}
				v, ok := optionValue(a, fl, args[i+1:])
				if ok {
					s.argument(f, fl, v, args)
				}
			}
		}
	}
}

func optionValue(a arg, fl string, rest []arg) (arg, bool) {
	switch {
	case a.Text == fl && len(rest) > 0:
		return rest[0], true
	case strings.HasPrefix(fl, "--") && strings.HasPrefix(a.Text, fl+"="):
		return arg{Text: strings.Trim(a.Text[len(fl)+1:], "\"'"), Off: a.Off + len(fl) + 1 + quoted(a.Text[len(fl)+1:])}, true
	case fl == "-p" && len(a.Text) > 5 && strings.HasPrefix(a.Text, "-p") && !strings.HasPrefix(a.Text, "-p="):
		return arg{Text: a.Text[2:], Off: a.Off + 2}, true
	}
	return arg{}, false
}

func quoted(v string) int {
	if v != "" && (v[0] == '"' || v[0] == '\'') {
		return 1
	}
	return 0
}

func (s *scanner) argument(f *flag, fl string, v arg, args []arg) {
	h := Hit{Kind: f.kind, Value: v.Text, Scheme: f.scheme, Note: "argument of " + args[0].Text + " " + fl}
	off := v.Off
	if f.cut != "" && f.cut != attached {
		user, pw, ok := strings.Cut(v.Text, f.cut)
		if !ok {
			return
		}
		h.User, h.Value, off = user, pw, off+len(user)+len(f.cut)
	}
	switch {
	case strings.HasPrefix(v.Text, "pass:"):
		h.Value, off = v.Text[5:], off+5
	case strings.HasPrefix(fl, "-pass"):
		return // file:, env:, stdin
	}
	switch f.kind {
	case SymmetricKey:
		if h.Bits = hexBits(h.Value); h.Bits == 0 {
			return
		}
		for _, a := range args {
			if strings.HasPrefix(a.Text, "-aes") || strings.HasPrefix(a.Text, "-des") {
				h.Algorithm = strings.ToUpper(a.Text[1:])
			}
		}
	case PasswordHash:
		if _, name := hashAt([]byte(h.Value)); name == "" {
			return
		}
	}
	for i, a := range args {
		for _, u := range f.user {
			if v, ok := optionValue(a, u, args[i+1:]); ok && u != "-p" {
				h.User = v.Text
			}
		}
	}
	if len(h.Value) < 3 || variable(h.Value) || s.placeholder(h.Value) || strings.HasPrefix(h.Value, "-") || h.Value == "public" {
		return
	}
	if s.f.Kind == inspect.ELF && !digit(h.Value) {
		return
	}
	s.add(off, h)
}

func (s *scanner) wifiArgument(v arg) {
	text := strings.Trim(v.Text, "\"'\\")
	if len(text) < 5 || variable(text) || s.placeholder(text) {
		return
	}
	s.add(v.Off+strings.Index(v.Text, text), Hit{Kind: WiFiPSK, Value: text, Scheme: "wifi", Note: "argument of wpa_cli"})
}

// unknownProgram looks at the options of a program that isn't known here: beside an
// account what a generator made is its password, and -k takes keys.
func (s *scanner) unknownProgram(at int, line []byte, start int) {
	from := at - start
	for from > 0 && strings.IndexByte(";|&(`", line[from-1]) < 0 {
		from--
	}
	args := split(line[from:commandEnd(line, at-start)], start+from)
	user := ""
	for i := 0; i+1 < len(args); i++ {
		switch o, v := args[i].Text, args[i+1]; {
		case o == "-u" || o == "--user":
			user = v.Text
		case len(o) < 2 || o[0] != '-' || variable(v.Text) || s.placeholder(v.Text):
		case (o == "-k" || o == "--key") && hexBits(v.Text) > 0:
			s.add(v.Off, Hit{Kind: SymmetricKey, Value: v.Text, Bits: hexBits(v.Text), Note: "argument of " + args[0].Text + " " + o})
		case user != "" && len(v.Text) <= 32 && generated(v.Text):
			s.add(v.Off, Hit{Kind: Password, Value: v.Text, User: user, Note: "argument of " + args[0].Text + " " + o + " beside an account"})
		}
	}
}

// chpasswd looks at "echo user:password | chpasswd".
func (s *scanner) chpasswd(line []byte, start, off int) {
	before := line[:off-start]
	i := max(bytes.LastIndex(before, []byte("echo ")), bytes.LastIndex(before, []byte("printf ")))
	if i < 0 {
		return
	}
	for _, a := range split(before[i:], start+i) {
		user, pw, ok := strings.Cut(a.Text, ":")
		pw, _, _ = strings.Cut(pw, `\n`)
		if ok && user != "" && len(pw) >= 3 && !variable(pw) && !s.placeholder(pw) && !strings.HasPrefix(pw, "/") {
			s.add(a.Off+len(user)+1, Hit{Kind: Password, Value: pw, User: user, Scheme: "login", Note: "given to chpasswd"})
		}
	}
}

// passwd looks at "echo -e 'new\nnew' | passwd user".
func (s *scanner) passwd(line []byte, start, off int, args []arg) {
	before := bytes.TrimRight(line[:off-start], " /abinrsu")
	if !bytes.HasSuffix(before, []byte("|")) {
		return
	}
	i := max(bytes.LastIndex(before, []byte("echo ")), bytes.LastIndex(before, []byte("printf ")))
	if i < 0 {
		return
	}
	for _, a := range split(before[i:len(before)-1], start+i)[1:] {
		pw, _, _ := strings.Cut(a.Text, `\n`)
		if len(pw) < 3 || variable(pw) || strings.HasPrefix(pw, "-") || s.placeholder(pw) {
			continue
		}
		h := Hit{Kind: Password, Value: pw, Scheme: "login", Note: "given to passwd"}
		if n := len(args); n > 1 && !strings.HasPrefix(args[n-1].Text, "-") {
			h.User = args[n-1].Text
		}
		s.add(a.Off, h)
		return
	}
}

// sent looks at what a script of expect sends after it waited for a prompt.
func (s *scanner) sent(at int) {
	if s.f.Kind != inspect.Text {
		return
	}
	before := s.f.Data[max(0, at-160):at]
	i := bytes.LastIndex(before, []byte("assword"))
	if i < 0 || bytes.Count(before[i:], []byte("send ")) > 1 || !bytes.Contains(before, []byte("expect")) {
		return
	}
	v := string(s.token(at, 128, func(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '\\' }))
	if len(v) >= 3 && !variable(v) && !s.placeholder(v) {
		s.add(at, Hit{Kind: Password, Value: v, Scheme: "login", Note: "sent after a prompt for a password"})
	}
}

// calls are functions that take a user and a password by position.
var calls = []struct {
	name           string
	user, password int
	kind           Kind
	scheme         string
}{
	{"mysqli_connect(", 1, 2, Password, "mysql"}, {"mysql_connect(", 1, 2, Password, "mysql"}, {"ftp_login(", 0, 1, Password, "ftp"},
	{"new pdo(", 1, 2, Password, "mysql"}, {".login(", 0, 1, Password, ""}, {"wifi.begin(", 0, 1, WiFiPSK, "wifi"},
}

// arguments looks at the quoted arguments of a function.
func (s *scanner) arguments(at, end int, line []byte, start int) {
	if s.f.Kind != inspect.Text {
		return
	}
	name := strings.ToLower(string(s.f.Data[at:end]))
	var args []arg
	d := line[end-start:]
	for i := 0; i < len(d) && d[i] != ')' && len(args) < 6; i++ {
		if q := d[i]; q == '"' || q == '\'' {
			n := bytes.IndexByte(d[i+1:], q)
			if n < 0 {
				break
			}
			args = append(args, arg{Text: string(d[i+1 : i+1+n]), Off: end + i + 1})
			i += n + 1
		}
	}
	for _, c := range calls {
		if c.name != name || len(args) <= c.password {
			continue
		}
		pw := args[c.password]
		if len(pw.Text) >= 3 && !variable(pw.Text) && !s.placeholder(pw.Text) && !label(pw.Text) {
			s.add(pw.Off, Hit{Kind: c.kind, Value: pw.Text, User: args[c.user].Text, Scheme: c.scheme, Note: "argument of " + strings.TrimSuffix(c.name, "(")})
		}
	}
}

func variable(v string) bool {
	return strings.ContainsAny(v, "$`") && !strings.HasPrefix(v, "$1$") && !strings.HasPrefix(v, "$6$") && !strings.HasPrefix(v, "$5$") || strings.Contains(v, "%s") || strings.Contains(v, "%d")
}

// arg is a word of a command line.
type arg = setting.Word

func split(line []byte, base int) []arg { return setting.Words(line, base) }
