package secret

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// setting looks at a configuration's key that holds one of the words at off:
// key = value, "key": "value", <key>value</key>, KEY=value, option key 'value'.
func (s *scanner) setting(off int) {
	if off < s.done || s.prose() || s.f.Role == inspect.Certificate || accountFile(s.f.Path) {
		return
	}
	if s.f.Kind == inspect.ELF {
		return // names of variables and format strings; see program
	}
	d := s.f.Data
	from, to := off, off
	for from > 0 && off-from < 64 && nameByte(d[from-1]) {
		from--
	}
	for to < len(d) && to-off < 64 && nameByte(d[to]) {
		to++
	}
	s.done = to
	key := string(d[from:to])
	kind, ok := kindOfKey(key)
	if !ok || s.isValue(from) || !s.whole(from) {
		return
	}
	v, at, quoted, ok := s.value(from, to)
	if !ok || !s.plausible(kind, key, v, from, quoted) {
		return
	}
	h := Hit{Kind: kind, Value: v, Note: "key " + key}
	switch kind {
	case Password:
		h.Scheme = s.service(from)
		h.User = s.neighbour(from, userKeys)
		h.Value = v
	case WiFiPSK:
		h.Scheme = "wifi"
		h.User = s.neighbour(from, ssidKeys)
	case CloudSecret:
		h.Scheme = "aws"
	case SymmetricKey:
		h.Algorithm, h.Bits = "", hexBits(v)
	}
	s.add(at, h)
}

// isValue says that a name stands where a plain configuration has its values:
// "secret = pass:x" assigns nothing to "pass".
func (s *scanner) isValue(from int) bool {
	if s.f.Role != inspect.Config {
		return false
	}
	line, start := s.f.LineAround(from)
	return bytes.HasSuffix(bytes.TrimRight(line[:from-start], " \t"), []byte("="))
}

// whole says that a name in a binary begins its string, as in the environment
// of a boot loader; inside of longer strings names are part of messages.
func (s *scanner) whole(from int) bool {
	if s.f.Kind == inspect.Text {
		return true
	}
	_, start := s.f.LineAround(from)
	return start == from
}

func nameByte(c byte) bool { return alnum(c) || c == '_' || c == '-' || c == '.' }

// The endings of a key's name, without separators and in lower case, that make
// its value a secret; the longest that fits decides.
var endings = []struct {
	end  string
	kind Kind
}{
	{"secretaccesskey", CloudSecret}, {"accesskeysecret", CloudSecret}, {"awssecretkey", CloudSecret}, {"awssecret", CloudSecret},
	{"wpapassphrase", WiFiPSK}, {"wpapsk", WiFiPSK}, {"wifipsk", WiFiPSK}, {"psk", WiFiPSK}, {"presharedkey", WiFiPSK},
	{"wifipassword", WiFiPSK}, {"wifipass", WiFiPSK}, {"wifipwd", WiFiPSK}, {"wifikey", WiFiPSK}, {"wlanpassword", WiFiPSK}, {"wlankey", WiFiPSK}, {"sae_password", WiFiPSK}, {"saepassword", WiFiPSK}, {"wepkey0", WiFiPSK},
	{"password", Password}, {"passwd", Password}, {"passphrase", Password}, {"passcode", Password}, {"passwort", Password}, {"pwd", Password}, {"pass", Password}, {"passw", Password}, {"userpw", Password},
	{"clientsecret", Token}, {"appsecret", Token}, {"devicesecret", Token}, {"productsecret", Token}, {"sharedsecret", SymmetricKey}, {"apisecret", Token}, {"secret", Token}, {"secretkey", Token},
	{"accesstoken", Token}, {"authtoken", Token}, {"refreshtoken", Token}, {"bearertoken", Token}, {"token", Token}, {"authkey", Token}, {"credential", Token}, {"credentials", Token},
	{"apikey", APIKey}, {"appkey", APIKey}, {"mapkey", APIKey}, {"sharedaccesskey", Token}, {"accountkey", Token}, {"licensekey", APIKey},
	{"tokenkey", SymmetricKey}, {"hmackey", SymmetricKey}, {"signkey", SymmetricKey}, {"signingkey", SymmetricKey}, {"aeskey", SymmetricKey}, {"deskey", SymmetricKey}, {"enckey", SymmetricKey}, {"encryptkey", SymmetricKey}, {"encryptionkey", SymmetricKey}, {"cryptkey", SymmetricKey}, {"cipherkey", SymmetricKey}, {"sessionkey", SymmetricKey}, {"devicekey", SymmetricKey}, {"masterkey", SymmetricKey}, {"privatekey", SymmetricKey}, {"sharedkey", SymmetricKey}, {"fwkey", SymmetricKey}, {"key", SymmetricKey},
}

// Names that end like a secret and are none.
var harmless = []string{"bypass", "compass", "nopass", "onepass", "multipass", "pubkey", "publickey", "hotkey", "primarykey", "foreignkey", "sortkey", "keepkey", "lowpass", "highpass", "bandpass", "oldpwd", "monkey", "turkey", "showpassword", "forgotpassword", "resetpassword", "changepassword", "showpass", "nopasswd", "accesskey", "csrftoken"}

func kindOfKey(key string) (Kind, bool) {
	n := normal(key)
	n = strings.TrimRight(n, "0123456789")
	n = strings.TrimSuffix(n, "value")
	for _, h := range harmless {
		if strings.HasSuffix(n, h) && !strings.HasSuffix(n, "secret"+h) {
			return "", false
		}
	}
	best, kind := 0, Kind("")
	for _, e := range endings {
		if len(e.end) > best && strings.HasSuffix(n, e.end) {
			best, kind = len(e.end), e.kind
		}
	}
	return kind, best > 0
}

func normal(key string) string {
	// Of "a.b.password" the last part is the name, as of "defaultPass".
	key = key[strings.LastIndexByte(key, '.')+1:]
	b := make([]byte, 0, len(key))
	for i := range len(key) {
		c := key[i]
		switch {
		case c == '_' || c == '-':
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return string(b)
}

// value reads what is assigned to the key at [from, to).
func (s *scanner) value(from, to int) (v string, at int, quoted, ok bool) {
	d := s.f.Data
	i := to
	skip := func() {
		for i < len(d) && (d[i] == ' ' || d[i] == '\t') {
			i++
		}
	}
	quotedKey := from > 0 && i < len(d) && (d[i] == '"' || d[i] == '\'' || d[i] == '`') && d[from-1] == d[i]
	if quotedKey {
		i++
	}
	skip()
	switch {
	case i >= len(d):
		return "", 0, false, false
	case d[i] == '>' && from > 0 && d[from-1] == '<':
		// <password>value</password>
		i++
		end := bytes.IndexByte(d[i:min(len(d), i+512)], '<')
		if end < 0 || !bytes.HasPrefix(d[i+end:], []byte("</")) {
			return "", 0, false, false
		}
		return string(bytes.TrimSpace(d[i : i+end])), i, true, true
	case d[i] == '=' || d[i] == ':':
		if i+1 < len(d) && (d[i+1] == '=' || d[i] == ':' && (d[i+1] == '/' || d[i+1] == ':')) {
			return "", 0, false, false // a comparison, a URL, a C++ name
		}
		i++
		if i < len(d) && d[i] == '>' {
			i++
		}
	case (d[i] == '"' || d[i] == '\'') && i > to && s.option(from):
	case i > to && s.option(from):
	default:
		return "", 0, false, false
	}
	skip()
	return s.valueAt(i)
}

// option says that the line is "option name value" (UCI) or that the file is of
// a kind where a space parts name and value.
func (s *scanner) option(from int) bool {
	line, start := s.f.LineAround(from)
	if len(line) > 512 {
		return false
	}
	before := bytes.TrimSpace(line[:from-start])
	switch string(before) {
	case "option", "set":
		return true
	case "":
		return s.f.Role == inspect.Config && strings.HasSuffix(path.Base(s.f.Path), ".conf") && len(bytes.Fields(line)) == 2
	}
	return false
}

func (s *scanner) valueAt(i int) (v string, at int, quoted, ok bool) {
	d := s.f.Data
	if i >= len(d) {
		return "", 0, false, false
	}
	if q := d[i]; q == '"' || q == '\'' || q == '`' {
		i++
		end := i
		for end < len(d) && end-i < 512 && d[end] != q && d[end] != '\n' && d[end] != 0 {
			if d[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(d) || d[end] != q {
			return "", 0, true, false
		}
		return string(d[i:end]), i, true, true
	}
	end := i
	for end < len(d) && end-i < 512 && d[end] > ' ' && d[end] != ';' && d[end] != ',' && d[end] != '<' && d[end] != '"' && d[end] != '\'' && d[end] < 0x7f {
		end++
	}
	if s.f.Role == inspect.Config {
		// In a plain configuration the value goes to the end of the line, and a
		// password may hold any of these.
		for end < len(d) && end-i < 512 && d[end] > ' ' && d[end] < 0x7f {
			end++
		}
		rest := end
		for rest < len(d) && (d[rest] == ' ' || d[rest] == '\t' || d[rest] == '\r') {
			rest++
		}
		if rest < len(d) && d[rest] != '\n' && d[rest] != '#' && d[rest] != ';' && d[rest] != 0 {
			return "", 0, false, false // more words: a sentence
		}
		v := strings.TrimRight(string(d[i:end]), ",;")
		return v, i, false, v != ""
	}
	return string(d[i:end]), i, false, end > i
}

// plausible says that v may be a secret of this kind in this file.
func (s *scanner) plausible(kind Kind, key, v string, at int, quoted bool) bool {
	if len(v) < 4 || len(v) > 512 || placeholder(v) || reference(v) {
		return false
	}
	strong := random(v) || hexBits(v) > 0
	switch s.f.Role {
	case inspect.Web:
		if !quoted || label(v) || strings.EqualFold(v, normal(key)) {
			return false
		}
	case inspect.Script:
		if !quoted && strings.ContainsAny(v, "$`()[]{}|&\\*") || quoted && strings.ContainsAny(v, "$`(){}|\\") {
			return false
		}
		if !quoted && !s.f.Shell() {
			return false // of other languages only quoted text is a value
		}
		if label(v) || strings.Contains(v, "=") && !strong {
			return false
		}
	}
	if !formed(kind, v) {
		return false
	}
	// What is switched off by a comment is a sample; a key in a comment is a key
	// all the same.
	return strong && len(v) >= 16 || !s.f.Comment(at)
}

// formed says that v has the form of this kind.
func formed(kind Kind, v string) bool {
	switch kind {
	case SymmetricKey:
		// "key" is too common a name: the value must look like one.
		return hexBits(v) > 0 || len(v) >= 16 && random(v)
	case Token, APIKey, CloudSecret:
		return len(v) >= 8 && random(v) && !strings.ContainsAny(v, " ")
	case WiFiPSK:
		return len(v) >= 8 && len(v) <= 64
	}
	return !strings.ContainsAny(v, "\t") && strings.Count(v, " ") < 2
}

// reference says that v names a place or a setting instead of holding a secret.
func reference(v string) bool {
	if strings.HasPrefix(v, "/") && strings.Count(v, "/") > 1 || strings.HasPrefix(v, "./") || strings.HasPrefix(v, "$") || strings.HasPrefix(v, "%") && strings.HasSuffix(v, "%") || strings.HasPrefix(v, "@") || strings.HasPrefix(v, "file:") || strings.HasPrefix(v, "env:") || strings.Contains(v, "://") {
		return true
	}
	switch strings.ToLower(strings.TrimRight(v, ";,")) {
	case "true", "false", "none", "null", "nil", "undefined", "required", "optional", "enabled", "disabled", "default", "auto", "prompt", "text", "string", "sha256", "sha512", "md5crypt", "plain", "cram-md5", "never", "always", "unset", "empty", "wpa-psk", "wpa-eap", "ask-password", "function", "hidden", "this", "value":
		return true
	}
	return false
}

// label says that v reads like a text for people: "Password", "Enter the key".
func label(v string) bool {
	if strings.ContainsAny(v, " ?!:…") {
		return true
	}
	upper := v[0] >= 'A' && v[0] <= 'Z'
	for i := range len(v) {
		if !(v[i] >= 'a' && v[i] <= 'z' || v[i] >= 'A' && v[i] <= 'Z') {
			return false
		}
	}
	low := strings.ToLower(v)
	return upper || low == "password" || low == "passwd" || low == "pwd" || low == "token" || low == "secret"
}

// hexBits returns the length of the key that v writes in hexadecimal; 0: none.
func hexBits(v string) int {
	switch len(v) {
	case 32, 48, 64, 96, 128:
	default:
		return 0
	}
	distinct := map[byte]bool{}
	for i := range len(v) {
		c := v[i] | 0x20
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return 0
		}
		distinct[c] = true
	}
	if len(distinct) < 6 {
		return 0
	}
	return len(v) * 4
}

// random says that v looks made by a generator: letters and digits, and the
// kinds of characters change often. Names ("getUserToken2") change less.
func random(v string) bool {
	if len(v) < 8 || strings.Contains(v, " ") {
		return false
	}
	changes, letters, numbers := 0, 0, 0
	last := byte(0)
	for i := range len(v) {
		k := kindOfByte(v[i])
		switch k {
		case 'a', 'A':
			letters++
		case '0':
			numbers++
		}
		// A capital that begins a word is no change.
		if last != 0 && k != last && !(last == 'A' && k == 'a') {
			changes++
		}
		last = k
	}
	return letters > 0 && numbers > 0 && changes*4 >= len(v)
}

func kindOfByte(c byte) byte {
	switch {
	case c >= 'a' && c <= 'z':
		return 'a'
	case c >= 'A' && c <= 'Z':
		return 'A'
	case c >= '0' && c <= '9':
		return '0'
	}
	return '.'
}

var userKeys = []string{"user", "username", "login", "account", "usr", "userid", "defaultuser", "identity"}
var ssidKeys = []string{"ssid", "essid", "ssidname"}

// neighbour returns the value of a key with one of the names that stands on the
// lines beside off, nearest first, within the same section.
func (s *scanner) neighbour(off int, names []string) string {
	const lines = 4
	for dist := 0; dist <= lines; dist++ {
		for _, dir := range []int{-1, 1} {
			line, ok := s.lineAt(off, dir*dist)
			if !ok {
				continue
			}
			if v := assigned(line, names); v != "" {
				return v
			}
		}
	}
	return ""
}

// lineAt returns the line n lines from the one that holds off; not beyond a
// section's head.
func (s *scanner) lineAt(off, n int) ([]byte, bool) {
	line, start := s.f.LineAround(off)
	for ; n < 0; n++ {
		if head(line) || start == 0 {
			return nil, false
		}
		line, start = s.f.LineAround(start - 1)
	}
	for ; n > 0; n-- {
		end := start + len(line)
		for end < len(s.f.Data) && s.f.Data[end] != '\n' {
			end++
		}
		if end+1 >= len(s.f.Data) {
			return nil, false
		}
		line, start = s.f.LineAround(end + 1)
		if head(line) {
			return nil, false
		}
	}
	return line, true
}

func head(line []byte) bool {
	t := bytes.TrimSpace(line)
	return len(t) > 2 && t[0] == '[' && t[len(t)-1] == ']'
}

// assigned returns the value that the line gives to a key with one of the names.
func assigned(line []byte, names []string) string {
	if f := bytes.Fields(line[:min(len(line), 512)]); len(f) == 3 && string(f[0]) == "option" && slices.Contains(names, normal(string(f[1]))) {
		return strings.Trim(string(f[2]), "\"'")
	}
	for _, part := range bytes.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ';' || r == '{' || r == '}' || r == '&' }) {
		i := bytes.IndexAny(part, "=:>")
		if i < 0 {
			continue
		}
		key := normal(string(bytes.Trim(part[:i], " \t\"'<")))
		for _, n := range names {
			if key == n || strings.HasSuffix(key, n) {
				v, _, _ := strings.Cut(string(part[i+1:]), "</")
				v = strings.Trim(v, " \t\"'>\r")
				if len(v) > 0 && len(v) < 128 {
					return v
				}
			}
		}
	}
	return ""
}

// services are the names that a section, a file or a key gives to what a
// password opens.
var services = []string{"mqtt", "smtp", "ftp", "rtsp", "onvif", "http", "telnet", "ssh", "sip", "ddns", "pppoe", "samba", "snmp", "wifi", "ldap", "mysql", "redis", "mail"}

func (s *scanner) service(off int) string {
	line, start := s.f.LineAround(off)
	if v := named(string(line)); v != "" && s.f.Role != inspect.Web {
		return v
	}
	for range 12 {
		if start == 0 {
			break
		}
		line, start = s.f.LineAround(start - 1)
		if head(line) {
			return named(string(line))
		}
	}
	return named(path.Base(s.f.Path))
}

func named(text string) string {
	text = strings.ToLower(text)
	for _, n := range services {
		if strings.Contains(text, n) {
			return n
		}
	}
	return ""
}
