package secret

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

// maxListing bounds the files that are read line by line.
const maxListing = 256 << 10

// listings reads files whose lines name secrets without a name for them: they
// are known by their path.
func (s *scanner) listings() {
	s.pageKeys()
	if s.f.Kind != inspect.Text || s.prose() || len(s.f.Data) > maxListing {
		return
	}
	p := strings.ToLower(s.f.Path)
	base := path.Base(p)
	var read func(off int, f []arg)
	switch {
	case base == "chap-secrets" || base == "pap-secrets" || base == "srp-secrets" || base == "l2tp-secrets" || pppSecrets.MatchString(base):
		read = s.chap
	case base == ".netrc" || base == "netrc" || base == "_netrc":
		s.netrc()
		return
	case strings.HasPrefix(base, "snmpd") && (strings.Contains(base, "conf") || strings.HasSuffix(base, ".cfg")) || strings.HasSuffix(p, "/snmp/snmp.conf"):
		read = s.snmp
	case strings.HasSuffix(base, "ipsec.secrets") || strings.HasSuffix(base, ".secrets") && strings.Contains(p, "ipsec"):
		read = s.ipsec
	case base == "startup-config" || s.f.Role == inspect.Config && terminalLine.Match(s.f.Data[:min(len(s.f.Data), 4096)]) || base == "running-config" || bytes.HasPrefix(s.f.Data, []byte("hostname ")):
		read = s.terminal
	case base == "psk.txt" || strings.HasSuffix(base, ".wpa_psk") || strings.HasSuffix(base, ".psk"):
		read = func(off int, f []arg) {
			if len(f) == 1 { // of TLS: identity:key
				if id, key, ok := strings.Cut(f[0].Text, ":"); ok && hexBits(key) > 0 {
					s.add(f[0].Off+len(id)+1, Hit{Kind: SymmetricKey, Value: key, User: id, Scheme: "tls", Bits: hexBits(key)})
				}
			}
			if len(f) == 2 && len(f[1].Text) >= 6 {
				s.add(f[1].Off, Hit{Kind: WiFiPSK, Value: f[1].Text, User: f[0].Text, Scheme: "wifi"})
			}
		}
	case strings.HasSuffix(base, "eap_user"):
		read = func(off int, f []arg) {
			if len(f) >= 3 && f[0].Text != "*" && f[2].Text != "[2]" {
				s.add(f[2].Off, Hit{Kind: Password, Value: f[2].Text, User: f[0].Text, Scheme: "eap"})
			}
		}
	case base == "ntp.keys" || base == "chrony.keys" || base == "keys" && strings.Contains(p, "ntp"):
		read = s.timeKey
	case base == "sasl_passwd" || base == "smtp_auth" || base == "relay_passwd" || base == "passwdmap":
		read = s.relay
	case base == "authinfo" || base == "default-auth-info" || base == "auth-info":
		read = s.mailLogin
	case base == "voicemail.conf":
		read = s.mailbox
	case base == "users.acl":
		read = s.accountLine
	case base == "passwd" && recorder.Match(s.f.Data[:min(len(s.f.Data), 100)]):
		read = s.recorderAccount
	case base == "httpd.conf":
		read = s.webFolder
	case s.f.Role == inspect.Config && strings.HasSuffix(base, ".conf"):
		read = s.accountLine
	case vpnLogin(p) && bytes.IndexByte(bytes.TrimSpace(s.f.Data), '\n') >= 0:
		s.twoLines()
		return
	case strings.Contains(p, "/pam.d/") || base == "pam.conf":
		read = s.module
	case base == "secrets.yaml" || base == "secrets.yml":
		read = s.secretsFile
	case base == "users.properties":
		read = s.karaf
	case base == "identity.secret":
		read = s.identity
	default:
		s.wordFile(p)
		return
	}
	off := 0
	for line := range bytes.Lines(s.f.Data) {
		if t := bytes.TrimSpace(line); len(t) > 0 && t[0] != '#' && t[0] != ';' && len(s.hits) < maxHits {
			read(off, split(bytes.TrimRight(line[:min(len(line), 1024)], "\r\n"), off))
		}
		off += len(line)
	}
}

// pppSecrets are other names of pppd's secrets.
var pppSecrets = pattern.New(`(chap|pap|ppp|pptp|pptpd|l2tp|xl2tpd|pppoe)[a-z]*[._-]secrets?$`)

// chap reads a line of pppd's secrets: client, server, secret, addresses.
func (s *scanner) chap(_ int, f []arg) {
	if len(f) >= 3 && len(f[2].Text) >= 2 && !variable(f[2].Text) && !strings.HasPrefix(f[2].Text, "@") && !s.placeholder(f[2].Text) {
		s.add(f[2].Off, Hit{Kind: Password, Value: f[2].Text, User: f[0].Text, Scheme: "ppp"})
	}
}

// accountLine reads "account name password", where the password is one that a
// generator or a habit made.
func (s *scanner) accountLine(_ int, f []arg) {
	if n := len(f); n >= 3 && n <= 5 && connects.MatchString(f[0].Text) && chosen(f[n-1].Text) && !s.placeholder(f[n-1].Text) {
		s.add(f[n-1].Off, Hit{Kind: Password, Value: f[n-1].Text, User: f[n-2].Text, Note: f[0].Text})
		return
	}
	for _, w := range f[1:] { // Upstream http user:password@host:port of tinyproxy
		if m := bareLogin.FindStringSubmatch(w.Text); m != nil && !s.placeholder(m[2]) && !manualLogin(m[1], m[2]) && !s.exampleHost(m[3]) {
			s.add(w.Off+len(m[1])+1, Hit{Kind: Password, Value: m[2], User: m[1], Scheme: s.service(w.Off), Note: "account in front of a host"})
			return
		}
	}
	switch n := len(f); {
	case n >= 6 && f[0].Text == "MONITOR" && !s.placeholder(f[4].Text): // upsmon.conf(5): system, number, user, password, role
		s.add(f[4].Off, Hit{Kind: Password, Value: f[4].Text, User: f[3].Text, Scheme: "ups", Note: f[0].Text})
		return
	case n >= 4 && f[0].Text == "user": // of Redis: user name on >password ~* +@all
		for _, w := range f[2:] {
			if pw, ok := strings.CutPrefix(w.Text, ">"); ok && len(pw) >= 3 && !s.placeholder(pw) {
				s.add(w.Off+1, Hit{Kind: Password, Value: pw, User: f[1].Text, Scheme: "redis", Note: "rule of access"})
			}
		}
		return
	}
	if len(f) != 3 || len(f[2].Text) < 6 || len(f[2].Text) > 32 || !account.MatchString(f[1].Text) {
		return
	}
	switch f[0].Text {
	case "account", "user", "login", "auth", "User", "Account":
		if v := f[2].Text; (random(v) || wordNumber.MatchString(v)) && mixed(v) && !s.placeholder(v) && !technical.MatchString(v) {
			s.add(f[2].Off, Hit{Kind: Password, Value: v, User: f[1].Text, Note: "line of " + f[0].Text})
		}
	}
}

// bareLogin is an account in front of a host and its port, without a scheme.
var bareLogin = pattern.New(`^([A-Za-z0-9_.-]{1,32}):([^:@/\s"']{4,64})@([A-Za-z0-9.-]+):[0-9]{2,5}$`)

// terminalLine is a line that a switch's or a router's terminal takes.
var terminalLine = pattern.New(`(?m)^\s*(username \S+ (privilege \d+ )?(password|secret) |snmp-server community |enable (password|secret) |set system account |wpa-psk (ascii|hex) |key-string |ip ospf |neighbor \S+ password |(radius|tacacs)-server (host \S+ )?key )`)

// module reads a line of PAM's configuration: secret=x among the arguments.
func (s *scanner) module(_ int, f []arg) {
	for _, w := range f {
		name, v, ok := strings.Cut(w.Text, "=")
		if !ok || name != "secret" && name != "bindpw" && name != "passwd" && name != "password" || len(v) < 4 || s.placeholder(v) || reference(v) || modes[strings.ToLower(v)] || strings.EqualFold(v, "clear") {
			continue
		}
		s.add(w.Off+len(name)+1, Hit{Kind: Password, Value: v, Scheme: named(strings.Join([]string{f[0].Text, w.Text}, " ")), Note: "argument " + name + " of a module"})
	}
}

// secretsFile reads a line of Home Assistant's and ESPHome's secrets.yaml: what stands
// there is secret whatever it is called, but for places and accounts.
func (s *scanner) secretsFile(_ int, f []arg) {
	if len(f) != 2 || !strings.HasSuffix(f[0].Text, ":") {
		return
	}
	n, v := setting.Normal(f[0].Text), f[1].Text
	for _, w := range []string{"latitude", "longitude", "elevation", "user", "username", "url", "host", "ip", "address", "port", "ssid", "email", "name", "domain", "server"} {
		if strings.HasSuffix(n, w) {
			return
		}
	}
	if _, ok := kindOfKey(f[0].Text[:len(f[0].Text)-1]); ok || len(v) < 4 || strings.Contains(v, "://") || s.placeholder(v) || modes[strings.ToLower(v)] {
		return // a name that says it is read as everywhere
	}
	if code := strings.HasSuffix(n, "code") || strings.HasSuffix(n, "pin"); !chosen(v) && !random(v) && !(code && digits(v)) || strings.ContainsAny(v, "/ ") {
		return
	}
	s.add(f[1].Off, Hit{Kind: Password, Value: v, Scheme: s.service(f[1].Off), Note: "key " + strings.TrimSuffix(f[0].Text, ":") + " of a file of secrets"})
}

// karaf reads a line of users.properties of Apache Karaf: user = password,roles.
func (s *scanner) karaf(off int, f []arg) {
	if len(f) < 3 || f[1].Text != "=" || strings.Contains(f[0].Text, ":") {
		return
	}
	pw, _, ok := strings.Cut(f[2].Text, ",")
	if ok && len(pw) >= 3 && pw != "group" && !s.placeholder(pw) && !strings.HasPrefix(pw, "{CRYPT}") {
		s.add(f[2].Off, Hit{Kind: Password, Value: pw, User: f[0].Text, Scheme: "login", Note: "list of accounts"})
	}
}

// identity reads the identity of a node of ZeroTier: address, type, public and
// private half in hexadecimal.
func (s *scanner) identity(_ int, f []arg) {
	part := strings.Split(f[0].Text, ":")
	if len(part) == 4 && len(part[0]) == 10 && len(part[2]) == 128 && len(part[3]) == 128 && hexOnly(part[3]) {
		s.add(f[0].Off+len(f[0].Text)-128, Hit{Kind: PrivateKey, Value: part[3], Algorithm: "X25519", Bits: 256, Format: "ZeroTier identity"})
	}
}

// timeKey reads a line of the keys of ntpd or chrony: number, kind, key.
func (s *scanner) timeKey(_ int, f []arg) {
	if len(f) < 3 || !digits(f[0].Text) || !timeSum.MatchString(f[1].Text) || len(f[2].Text) < 4 || s.placeholder(f[2].Text) {
		return
	}
	v, off := f[2].Text, f[2].Off
	if i := strings.Index(v, ":"); i > 0 && i < 6 { // HEX: or ASCII:
		v, off = v[i+1:], off+i+1
	}
	s.add(off, Hit{Kind: SymmetricKey, Value: v, Scheme: "ntp", Bits: hexBits(v), Note: "key " + f[0].Text + ", " + f[1].Text})
}

var timeSum = pattern.New(`^(M|A|S|N|MD5|SHA\d*|SHA3-\d+|AES\d*|AES-?128(-?CMAC)?|TIGER|WHIRLPOOL)$`)

// relay reads a line of Postfix' passwords: server, user:password.
func (s *scanner) relay(_ int, f []arg) {
	if len(f) != 2 {
		return
	}
	if user, pw, ok := strings.Cut(f[1].Text, ":"); ok && len(pw) >= 3 && !s.placeholder(pw) && !variable(pw) {
		s.add(f[1].Off+len(user)+1, Hit{Kind: Password, Value: pw, User: user, Scheme: "smtp", Note: "server " + f[0].Text})
	}
}

// mailLogin reads a line of Sendmail's authinfo: AuthInfo:server "U:user" "P:password".
func (s *scanner) mailLogin(_ int, f []arg) {
	user := ""
	for _, w := range f {
		if u, ok := strings.CutPrefix(w.Text, "U:"); ok {
			user = u
		}
		if pw, ok := strings.CutPrefix(w.Text, "P:"); ok && len(pw) >= 3 && !s.placeholder(pw) {
			s.add(w.Off+2, Hit{Kind: Password, Value: pw, User: user, Scheme: "smtp", Note: "authinfo"})
		}
	}
}

// mailbox reads a line of Asterisk's voicemail.conf: number => PIN,name,…
func (s *scanner) mailbox(_ int, f []arg) {
	if len(f) < 3 || f[1].Text != "=>" || !digits(f[0].Text) {
		return
	}
	if pin, _, ok := strings.Cut(f[2].Text, ","); ok && digits(pin) && len(pin) >= 3 {
		s.add(f[2].Off, Hit{Kind: Password, Value: pin, User: f[0].Text, Scheme: "sip", Note: "mailbox"})
	}
}

// recorder is the first line of the accounts of many video recorders: number,
// name, sum or word, group.
var recorder = pattern.New(`^\d{1,3}:[A-Za-z0-9_]{2,32}:[0-9A-Za-z+/=]{6,64}:\d+:`)

func (s *scanner) recorderAccount(_ int, f []arg) {
	part := strings.SplitN(f[0].Text, ":", 4)
	if len(part) < 4 || !digits(part[0]) || len(part[2]) < 6 {
		return
	}
	h := Hit{Kind: Password, Value: part[2], User: part[1], Scheme: "login", Note: "list of accounts"}
	if hexOnly(part[2]) || len(part[2]) == 8 {
		h.Kind, h.Scheme = PasswordHash, "recorder"
	}
	s.hashed(&h)
	s.add(f[0].Off+len(part[0])+len(part[1])+2, h)
}

// connects is a directive that says how to get into a server: SQLConnectInfo.
var connects = pattern.New(`(?i)(connect_?info|auth_?info|user_?info|credentials|bind_?dn)$`)

// terminal reads a line of a switch's or router's configuration as its terminal
// takes it: "username a password 0 b", "snmp-server community b RW".
func (s *scanner) terminal(_ int, f []arg) {
	word := func(i int) string {
		if i < len(f) {
			return f[i].Text
		}
		return ""
	}
	secret := func(i int, kind Kind, user, scheme string) {
		switch word(i) { // 0 and 7 say how it is written
		case "0", "7", "encrypted", "ascii", "hex":
			i++
		}
		if word(i) == "0" || word(i) == "7" {
			i++
		}
		if v := word(i); len(v) >= 3 && v != "public" && !strings.HasPrefix(v, "$") && !s.placeholder(v) {
			s.add(f[i].Off, Hit{Kind: kind, Value: v, User: user, Scheme: scheme})
		}
	}
	for i := range f {
		switch word(i) {
		case "password":
			user := ""
			if word(0) == "username" {
				user = word(1)
			}
			if i == 0 || user != "" || word(0) == "enable" || word(0) == "neighbor" || word(0) == "set" && i >= 2 {
				secret(i+1, Password, user, "login")
			}
			return
		case "community":
			if strings.HasPrefix(word(0), "snmp") {
				secret(i+1, Password, "", "snmp")
			}
			return
		case "version":
			if strings.HasPrefix(word(0), "snmp") && strings.HasPrefix(word(i+1), "2") {
				secret(i+2, Password, "", "snmp")
			}
			return
		case "wpa-psk", "wpa-passphrase":
			secret(i+1, WiFiPSK, "", "wifi")
			return
		case "key-string", "pre-shared-key", "shared-secret", "authentication-key":
			secret(i+1, Password, "", "")
			return
		case "message-digest-key": // ip ospf message-digest-key 1 md5 x
			secret(i+3, Password, "", "")
			return
		case "key":
			if i > 0 && (strings.HasSuffix(word(0), "-server") || word(0) == "isakmp") {
				secret(i+1, Password, "", "")
			}
			return
		}
	}
}

// ipsec reads a line of ipsec.secrets(5): who : PSK "…", who : XAUTH "…".
func (s *scanner) ipsec(_ int, f []arg) {
	for i := 0; i+1 < len(f); i++ {
		switch strings.ToUpper(strings.TrimLeft(f[i].Text, ":")) {
		case "PSK", "XAUTH", "EAP", "NTLM":
			h := Hit{Kind: Password, Value: f[i+1].Text, Scheme: "ipsec", Note: f[i].Text}
			if i > 0 {
				h.User = strings.TrimRight(f[0].Text, ":")
			}
			if len(h.Value) >= 4 && !s.placeholder(h.Value) {
				s.add(f[i+1].Off, h)
			}
			return
		case "RSA", "ECDSA", "PKCS8", "PRIVATE", "P12": // a file and what opens it
			if i+2 < len(f) && len(f[i+2].Text) >= 4 && f[i+2].Text != "%prompt" && !s.placeholder(f[i+2].Text) {
				s.add(f[i+2].Off, Hit{Kind: Password, Value: f[i+2].Text, Scheme: "ipsec", Note: "opens " + f[i+1].Text})
			}
			return
		}
	}
}

// netrc reads a .netrc file: words, where "password" is followed by one.
func (s *scanner) netrc() {
	var user, machine string
	f := split(bytes.ReplaceAll(s.f.Data, []byte("\n"), []byte(" ")), 0)
	for i := 0; i+1 < len(f); i++ {
		switch f[i].Text {
		case "machine":
			machine, user = f[i+1].Text, ""
		case "default":
			machine, user = "", ""
			continue
		case "login":
			user = f[i+1].Text
		case "password":
			if user != "anonymous" && !s.placeholder(f[i+1].Text) {
				s.add(f[i+1].Off, Hit{Kind: Password, Value: f[i+1].Text, User: user, Scheme: "ftp", Note: "machine " + machine})
			}
		default:
			continue
		}
		i++
	}
}
