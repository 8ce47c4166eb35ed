package secret

import (
	"bytes"
	"encoding/base64"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
)

// setting looks at a name that holds one of the words at at, and at the value
// that stands behind it: key = value, "key": "value", <key>value</key>,
// option key 'value', name="key" value="value", define('key', 'value').
func (s *scanner) setting(at, end int) {
	s.anchor(at, end)
	if at < s.done || s.records || s.library || s.prose() || s.f.Role == inspect.Certificate || accountFile(s.f.Path) {
		return
	}
	d := s.f.Data
	from, to := at, at
	for from > 0 && at-from < 64 && setting.NameByte(d[from-1]) {
		from--
	}
	for to < len(d) && to-at < 64 && setting.NameByte(d[to]) {
		to++
	}
	if d[at] == '"' { // the word begins with its quote
		from++
		for to = from; to < len(d) && to-at < 64 && setting.NameByte(d[to]); {
			to++
		}
	}
	s.done = to
	from = s.spaced(from, to)
	if to-from == 3 && d[at]|0x20 == 'k' && s.f.Kind == inspect.Text {
		s.keyNote(from)
	}
	if to >= len(d) || to == from || !valueFollows[d[to]] || s.f.Kind == inspect.ELF && !s.f.InStrings(at) {
		return
	}
	name := string(d[from:to])
	if d[to] == '(' {
		name = taken(name)
	}
	kind, ok := kindOfKey(name)
	if !ok || bytes.HasSuffix(bytes.ToLower(d[max(0, from-8):from]), []byte("public ")) || notSettings(s.f.Path) || s.isValue(from) {
		return
	}
	s.settings++
	if v, ok := s.value(from, to); ok {
		v.kind = kind
		if s.judge(&v) {
			s.report(v)
			return
		}
		if !bytes.Contains(d[to:v.at], []byte("{")) { // names and keys of an object
			return
		}
	}
	switch {
	case kind == SymmetricKey && strings.HasSuffix(strings.ToLower(name), "keys"):
		s.keyMap(to)
	case s.f.Shell():
		s.echoed(from)
	}
}

// spaced moves the beginning of a quoted name of several words, "Secret Key", to
// its first one.
func (s *scanner) spaced(from, to int) int {
	d := s.f.Data
	if to >= len(d) || d[to] != '"' || from < 2 || d[from-1] != ' ' || to+1 >= len(d) || d[to+1] != ':' {
		return from
	}
	for i := from - 1; i > 0 && from-i < 24 && (d[i] == ' ' || alnum(d[i])); i-- {
		if d[i-1] == '"' {
			return i
		}
	}
	return from
}

// taken is what a function of this name takes: "SetPassword" a password.
func taken(name string) string {
	for _, held := range []string{".equals", ".equalsIgnoreCase"} {
		if subject, ok := strings.CutSuffix(name, held); ok { // pwd.equals("x")
			return subject
		}
	}
	name = name[strings.LastIndexByte(name, '.')+1:]
	for _, p := range []string{"set", "with", "use", "Set", "With", "Use"} {
		if rest, ok := strings.CutPrefix(name, p); ok {
			return strings.TrimLeft(rest, "_")
		}
	}
	return name
}

// valueFollows are the bytes that may stand right behind a name.
var valueFollows = [256]bool{'=': true, ':': true, ' ': true, '\t': true, '"': true, '\'': true, '`': true, '>': true, '[': true, ',': true, '+': true, '<': true, ')': true, '\\': true, '(': true, ']': true, '\n': true, '\r': true, '&': true}

// assignment is a name and a value that may be a secret.
type assignment struct {
	kind   Kind
	key    string
	from   int // of the name
	at     int // of the value
	v      string
	quoted bool
	form   form
	user   string // what the form itself says about the account
	near   bool   // only settings of the same object count as neighbours
}

// form is how name and value stand.
type form byte

const (
	equals     form = iota // key=value, key = value
	mapping                // "key": value
	element                // <key>value</key>
	blank                  // option key value, key value
	call                   // f('key', 'value')
	pair                   // name="key" value="value"
	comparison             // key == "value"
	argument               // --key value
	define                 // #define key "value"
	list                   // key = {1, 2, 3}
)

// isValue says that the name at from stands where a plain configuration has its
// values: "secret = pass:x" assigns nothing to "pass", but "Environment=PW=x" does.
func (s *scanner) isValue(from int) bool {
	if s.f.Role != inspect.Config {
		return false
	}
	line, start := s.f.LineAround(from)
	before := bytes.TrimRight(line[:from-start], " \t")
	return bytes.HasSuffix(before, []byte("=")) && !bytes.ContainsAny(before, ":,;&?\"'") && s.f.Data[s.done] != '='
}

// report makes a hit of a value that was found plausible.
func (s *scanner) report(a assignment) {
	h := Hit{Kind: a.kind, Value: a.v, Note: "key " + a.key}
	switch a.kind {
	case Password:
		h.Scheme = s.service(a.from)
		if user, pw, ok := strings.Cut(a.v, ":"); ok && strings.Contains(setting.Normal(a.key), "userp") && loginUser.MatchString(user) {
			h.User, h.Value, a.at, a.v = user, pw, a.at+len(user)+1, pw
		}
		if h.User == "" {
			h.User = a.user
		}
		if h.User == "" && a.form == blank {
			h.User = s.wordBefore(a.from, userKeys, "")
		}
		if h.User == "" {
			h.User = s.neighbour(a, userKeys)
		}
		if h.User == "" && networkWord[setting.Normal(a.key)] && len(a.v) >= 5 && len(a.v) <= 64 {
			if ssid := s.neighbour(assignment{from: a.from, at: a.at, near: true}, ssidKeys); ssid != "" {
				h.Kind, h.Scheme, h.User = WiFiPSK, "wifi", ssid
			}
		}
		if strings.HasSuffix(setting.Normal(a.key), "passphrase") && len(a.v) >= 8 && s.wireless(a.from) {
			h.Kind, h.Scheme = WiFiPSK, "wifi"
		}
		s.hashed(&h)
	case WiFiPSK:
		h.Scheme = "wifi"
		if h.User = s.neighbour(assignment{key: "", from: a.from, at: a.at}, ssidKeys); h.User == "" && a.form == blank {
			h.User = s.wordBefore(a.from, []string{"ssid", "ssid1", "ssid2"}, "")
		}
	case CloudSecret:
		h.Scheme = cloudOf(a.key)
	case SymmetricKey:
		if h.Bits = keyBits(a.v); a.form == list {
			h.Bits = 8 * len(strings.FieldsFunc(a.v, func(r rune) bool { return !alnum(byte(r)) }))
		}
	case Token, APIKey:
		h.Scheme = s.service(a.from)
		if strings.HasSuffix(setting.Normal(a.key), "secretkey") && s.neighbour(assignment{from: a.from, at: a.at}, []string{"accesskey", "accesskeyid", "secretid"}) != "" {
			h.Kind, h.Scheme = CloudSecret, ""
		}
	}
	s.encoded(&h)
	s.add(a.at, h)
}

func cloudOf(key string) string {
	n := setting.Normal(key)
	switch {
	case strings.Contains(n, "accountkey"), strings.Contains(n, "sharedaccess"), strings.Contains(n, "storage"):
		return "azure"
	case strings.Contains(n, "accesskeysecret"), strings.Contains(n, "aliyun"), strings.Contains(n, "oss"):
		return "alibaba"
	}
	return "aws"
}

// networkWord are names that mean the key of a network where that of one stands
// beside them.
var networkWord = map[string]bool{"password": true, "passwd": true, "pass": true, "passphrase": true, "pwd": true, "pswd": true, "psw": true, "pw": true, "passcode": true, "passw": true}

// sofia are sums of eight characters that recorders with the program Sofia have
// for well-known passwords: none, "admin", "123456" …
var sofia = map[string]bool{"tlJwpbo6": true, "6QNMIQGe": true, "nTBCS19C": true, "OxhlwSG8": true, "S2fGqNFs": true}

// hashed turns a password that is written as an unsalted sum into a hash.
func (s *scanner) hashed(h *Hit) {
	if v, name := hashAt([]byte(h.Value)); v != "" && v == h.Value {
		h.Kind, h.Scheme = PasswordHash, name
		return
	}
	if descrypt(h.Value) && strings.IndexByte(".26AEIMQUYcgkosw", h.Value[12]) >= 0 && threeKinds(h.Value) && random(h.Value) && !wordy(h.Value) {
		h.Kind, h.Scheme = PasswordHash, "des"
		return
	}
	if sofia[h.Value] {
		h.Kind, h.Scheme = PasswordHash, "sofia"
		return
	}
	name := map[int]string{32: "md5-hex", 40: "sha1-hex", 64: "sha256-hex", 128: "sha512-hex"}[len(h.Value)]
	if name == "" {
		return
	}
	for i := range len(h.Value) {
		if !hexByte(h.Value[i]) {
			return
		}
	}
	h.Kind, h.Scheme = PasswordHash, name
}

// encoded says what stands behind base64, where that is text.
func (s *scanner) encoded(h *Hit) {
	v := h.Value
	if h.Kind == PasswordHash || len(v) < 8 || len(v)%4 != 0 || len(v) > 512 {
		return
	}
	raw, err := base64.StdEncoding.DecodeString(v)
	if err != nil || len(raw) < 4 {
		return
	}
	for _, c := range raw {
		if c < 0x20 || c >= 0x7f {
			return
		}
	}
	h.Clear = string(raw)
	h.Note += ", base64"
	if user, pw, ok := strings.Cut(h.Clear, ":"); ok && h.Kind == Token && user != "" && pw != "" { // of a registry: "auth": "…"
		h.Kind, h.User, h.Clear = Password, user, pw
	}
}

// service is what a password opens, as its name, its section or its file says.
func (s *scanner) service(off int) string {
	line, start := s.f.LineAround(off)
	near, long := line[max(0, off-start-80):min(len(line), off-start+80)], len(line) > longLine
	if v := named(string(near)); v != "" && s.f.Role != inspect.Web {
		return v
	}
	for n := 0; n < 12 && !long; n++ {
		var ok bool
		if line, start, ok = s.lineBefore(start); !ok {
			break
		}
		if head(line) {
			return named(string(line))
		}
	}
	return named(s.f.Path[strings.LastIndexByte(s.f.Path, '/')+1:])
}
