package secret

import (
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/shell"
)

// flag is an option of a program whose value is a secret.
type flag struct {
	program string   // the beginning of its name
	flags   []string // as package shell reads the options of the program; a word without a dash is followed by its value
	user    []string // the options that name the account
	kind    Kind
	scheme  string
	cut     string // parts user and password in the value; "": the value is the password; or one of the words below
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
	{"mysql", []string{"-p", "--password"}, []string{"-u", "--user"}, Password, "mysql", ""},
	{"nmcli", []string{"password", "wifi-sec.psk", "802-11-wireless-security.psk", "wep-key0"}, []string{"connect", "ssid"}, WiFiPSK, "wifi", ""},
	{"smbclient", []string{"-U"}, nil, Password, "samba", "%"},
	{"snmpset", []string{"-c", "-A", "-X"}, []string{"-u"}, Password, "snmp", ""},
	{"snmptrap", []string{"-c", "-A", "-X"}, []string{"-u"}, Password, "snmp", ""},
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
	{"redis-cli", []string{"-a", "--pass"}, nil, Password, "redis", ""},
	{"docker", []string{"-p", "--password"}, []string{"-u", "--username"}, Password, "docker", ""},
	{"podman", []string{"-p", "--password"}, []string{"-u", "--username"}, Password, "docker", ""},
	{"frpc", []string{"-t", "--token"}, nil, Token, "frp", ""},
	{"ngrok", []string{"authtoken", "add-authtoken", "--authtoken"}, nil, Token, "ngrok", ""},
	{"dropbear", []string{"-Y"}, nil, Password, "ssh", ""},
	{"ssh-keygen", []string{"-N", "-P"}, nil, Password, "ssh", ""},
	{"ldapsearch", []string{"-w"}, []string{"-D"}, Password, "ldap", ""},
	{"ldapmodify", []string{"-w"}, []string{"-D"}, Password, "ldap", ""},
	{"x11vnc", []string{"-passwd"}, nil, Password, "vnc", ""},
	{"vlc", []string{"--rtsp-pwd"}, []string{"--rtsp-user"}, Password, "rtsp", ""},
	{"iw", []string{"key"}, []string{"connect"}, WiFiPSK, "wifi", ""},
	{"swaks", []string{"-ap", "--auth-password"}, []string{"-au", "--auth-user"}, Password, "smtp", ""},
	{"mutt", []string{"--pass"}, nil, Password, "smtp", ""},
	{"ssmtp", []string{"-ap"}, []string{"-au"}, Password, "smtp", ""},
	{"busybox", []string{"-ap"}, []string{"-au"}, Password, "smtp", ""},
	{"net", []string{"-U"}, nil, Password, "samba", "%"},
	{"rpcclient", []string{"-U"}, nil, Password, "samba", "%"},
	{"smbget", []string{"-U"}, nil, Password, "samba", "%"},
	{"mosquitto_passwd", []string{"-b"}, nil, Password, "mqtt", third},
	{"live555proxyserver", []string{"-u"}, nil, Password, "rtsp", second},
	{"openrtsp", []string{"-u"}, nil, Password, "rtsp", second},
	{"xl2tpd-control", []string{"connect"}, nil, Password, "l2tp", third},
	{"mqtt", []string{"-pw", "-P", "-w"}, []string{"-u"}, Password, "mqtt", ""},
	{"useradd", []string{"-p", "--password"}, nil, PasswordHash, "login", ""},
	{"usermod", []string{"-p", "--password"}, nil, PasswordHash, "login", ""},
}

// How the value of an option stands where nothing parts it.
const (
	second = "second" // the second word behind the option, the first is the account
	third  = "third"  // the third word behind the option, the second is the account
)

// options looks at the options of a program that are given a secret.
func (s *scanner) options(name string, args []arg) {
	var l shell.Line
	for i := range flags {
		f := &flags[i]
		if !strings.HasPrefix(name, f.program) {
			continue
		}
		if l.Options == nil && l.Rest == nil {
			l = optionsOf(name, args[1:])
		}
		for _, fl := range f.flags {
			if fl[0] != '-' || f.cut == second || f.cut == third {
				s.behind(f, fl, args, l)
				continue
			}
			for _, o := range l.Options {
				if o.Name == fl && o.Has {
					s.argument(f, fl, s.resolve(arg(o.Value)), args, l)
				}
			}
		}
	}
}

// optionsOf are the options of a program, by the name that its rows have where
// it has another one itself.
func optionsOf(name string, args []arg) shell.Line {
	words := make([]shell.Word, len(args))
	for i, a := range args {
		words[i] = shell.Word(a)
	}
	if !shell.Known(name) {
		for i := range flags {
			if strings.HasPrefix(name, flags[i].program) && shell.Known(flags[i].program) {
				return shell.Options(flags[i].program, words)
			}
		}
	}
	return shell.Options(name, words)
}

// behind looks at the word that stands behind another one.
func (s *scanner) behind(f *flag, fl string, args []arg, l shell.Line) {
	by := 1
	switch f.cut {
	case second:
		by = 2
	case third:
		by = 3
	}
	for i, a := range args {
		if a.Text == fl && i+by < len(args) {
			s.argument(f, fl, s.resolve(args[i+by]), args, l)
		}
	}
}

func (s *scanner) argument(f *flag, fl string, v arg, args []arg, l shell.Line) {
	h := Hit{Kind: f.kind, Value: v.Text, Scheme: f.scheme, Note: "argument of " + args[0].Text + " " + fl}
	off := v.Off
	if f.cut != "" && len(f.cut) == 1 {
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
	if k := slices.IndexFunc(args, func(a arg) bool { return a.Off == v.Off }); k > 1 && (f.cut == third || f.cut == second) {
		h.User = args[k-1].Text
	}
	if strings.HasPrefix(f.program, "docker") && !chosen(h.Value) {
		return // ports
	}
	for _, u := range f.user {
		if v := l.Value(u); v != "" {
			h.User = v
		}
		if i := slices.IndexFunc(args, func(a arg) bool { return a.Text == u }); u[0] != '-' && i >= 0 && i+1 < len(args) {
			h.User = args[i+1].Text
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
