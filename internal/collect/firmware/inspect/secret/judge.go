package secret

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

// judge says whether a value may be a secret of its kind where it stands; it may
// change the kind to what the value or its surroundings show.
func (s *scanner) judge(a *assignment) bool {
	v := a.v
	if a.kind == WiFiPSK && a.key == "PSK" && a.from > 0 && strings.IndexByte("!:+-", s.f.Data[a.from-1]) >= 0 {
		return false // of a list of ciphers: HIGH:!PSK:!SRP
	}
	if a.form == blank && a.key == "pass" && filterWords[a.v] {
		return false // a rule of pf
	}
	if a.form == list {
		switch {
		case a.user != "":
			a.kind = Password
		case a.kind == WiFiPSK: // of Zigbee and Thread
			a.kind = SymmetricKey
		}
		return a.kind != CloudKeyID && !s.f.Comment(a.from)
	}
	if len(v) < 3 || len(v) > longestValue || s.placeholder(v) || !s.plainWord(a) && (reference(v) && !(hyphened(v) && (a.kind == WiFiPSK || a.kind == Password && s.f.Role == inspect.Config && a.form == equals && !codeFile(s.f.Path))) || strings.EqualFold(v, setting.Normal(a.key)) || strings.EqualFold(v, a.key)) {
		return false
	}
	if translated[v] && a.quoted {
		return false
	}
	if a.form == comparison && (!digit(v) || len(v) < 6) || len(v) < 4 && s.f.Role != inspect.Config {
		return false
	}
	if _, name := kindOfKey(v); name && !digit(v) && strings.ContainsAny(v, "._") && a.kind == SymmetricKey {
		return false // key="mqtt.password"
	}
	s.settle(a)
	strong := random(v) || keyBits(v) > 0
	if s.texts && !strong {
		return false
	}
	if s.f.Kind == inspect.ELF && !s.inProgram(a) {
		return false
	}
	if s.f.Kind == inspect.Binary && !s.inBinary(a) {
		return false
	}
	if codeFile(s.f.Path) && !a.quoted {
		return false
	}
	if a.kind == SymmetricKey && wordy(v) && keyBits(v) == 0 && (s.f.Role != inspect.Config || codeFile(s.f.Path)) {
		return false
	}
	if !s.suits(a, strong) {
		return false
	}
	if !formed(a.kind, a.key, v) || strings.HasSuffix(setting.Normal(a.key), "appid") && s.agora(a.from) {
		return false
	}
	// What is switched off by a comment is a sample; a key in a comment is a key
	// all the same.
	hash, _ := hashAt([]byte(v))
	return strong && len(v) >= 16 && hash == "" || !s.f.Comment(a.from)
}

// agora says that an identifier is one of Agora's, which is public, and as long
// as the keys of others.
func (s *scanner) agora(off int) bool {
	line, start := s.f.LineAround(off)
	return strings.Contains(strings.ToLower(s.f.Path), "agora") || bytes.Contains(bytes.ToLower(line), []byte("agora")) || bytes.Contains(bytes.ToLower(tailOf(s.f.Data, start, 200)), []byte("agora"))
}

// filterWords are what stands behind "pass" in the rules of a packet filter.
var filterWords = map[string]bool{"in": true, "out": true, "quick": true, "all": true, "log": true, "on": true, "inet": true, "inet6": true, "proto": true, "from": true, "to": true}

// suits says that a value is written as values are in a file of this role.
func (s *scanner) suits(a *assignment, strong bool) bool {
	v := a.v
	switch s.f.Role {
	case inspect.Web:
		if !a.quoted && a.form != equals || label(v) && !(a.form == pair && digit(v)) {
			return false
		}
	case inspect.Script:
		if !a.quoted && strings.ContainsAny(v, "$`()[]{}|&\\*") || a.quoted && strings.ContainsAny(v, "$`{}|\\") && !strong {
			return false
		}
		if label(v) && keyBits(v) == 0 || strings.Contains(v, "=") && !strong {
			return false
		}
	default:
		phrase := a.kind == WiFiPSK && len(v) >= 8 && !promptWord.MatchString(v) && s.wireless(a.from)
		if a.quoted && sentence(v) && !phrase || !ascii(v) && (s.texts || !foreign(v)) || codeFile(s.f.Path) && label(v) {
			return false
		}
	}
	return true
}

// promptWord is in texts that ask for a pass phrase, and in few pass phrases.
var promptWord = pattern.New(`(?i)\b(enter|password|passphrase|key|please|your|wi-?fi|characters?|invalid|wrong)\b`)

// plainWord says that a word such as "user" is meant as a password: in a
// configuration, beside the account that it belongs to.
func (s *scanner) plainWord(a *assignment) bool {
	if a.kind != Password || s.f.Role != inspect.Config || s.sample || s.texts || a.form == mapping && !a.quoted {
		return false
	}
	switch a.v {
	case "user", "password", "passwd", "pass":
		user := s.neighbour(*a, userKeys)
		return user != "" && !manualLogin(user, a.v)
	}
	return false
}

// settle changes the kind of a name that means several things to the one that
// its value and the settings beside it show.
func (s *scanner) settle(a *assignment) {
	n := setting.Normal(a.key)
	low := strings.ToLower(a.key)
	switch {
	case strings.HasSuffix(n, "privatekey") || n == "privatekey":
		if _, ok := wireGuard(a.v); ok && !strings.Contains(s.f.Path, "json") {
			a.kind = PrivateKey
		}
	case a.kind == WiFiPSK && keyBits(a.v) == 128:
		a.kind = SymmetricKey // of Zigbee, of TLS
	case a.kind == WiFiPSK && len(a.v) == 44 && strings.HasSuffix(a.v, "="):
		a.kind = SymmetricKey // of WireGuard
	case a.kind == WiFiPSK && (len(a.v) == 32 || len(a.v) == 48) && hexBits(a.v) > 0 && !s.wireless(a.from):
		a.kind = SymmetricKey // of TLS, of a tunnel
	case a.kind == SymmetricKey && len(a.v) != 44 && (n == "key" || n == "keys" || n == "sharedkey" || numberedKey.MatchString(n)):
		wifi := strings.Contains(low, "wifi") || strings.Contains(low, "wireless") || strings.Contains(low, "wlan") || s.wireless(a.from)
		if wifi && len(a.v) >= 5 && len(a.v) <= 66 {
			a.kind = WiFiPSK
			if rest, ok := strings.CutPrefix(a.v, "s:"); ok { // WEP in text
				a.v, a.at = rest, a.at+2
			}
		}
	case a.kind == Password && n != "password" && !strings.HasSuffix(n, "pin") && (strings.Contains(low, "wifi") || strings.Contains(low, "wlan") || strings.Contains(low, "ssid")):
		a.kind = WiFiPSK
	case strings.HasPrefix(low, "password") && a.form == blank && s.backlog(a.from):
		a.kind = WiFiPSK
	case a.kind == Token && n == "secret" && s.f.Role == inspect.Config && s.keyBlock(a.from):
		a.kind = SymmetricKey
	case a.kind == Token && n == "credentials" && s.bound(a.from):
		a.kind = Password
	case a.kind == Token && strings.HasSuffix(n, "secret") && s.f.Role == inspect.Config && s.passwordFile():
		a.kind = Password
	}
}

// backlog says that a line of Tasmota's commands names a network, too.
func (s *scanner) backlog(off int) bool {
	line, start := s.f.LineAround(off)
	return bytes.Contains(line[:off-start], []byte("SSID"))
}

// keyBlock says that the algorithm of a key of BIND or of ISC's DHCP server
// stands before off: key k { algorithm hmac-sha256; secret …; }.
func (s *scanner) keyBlock(off int) bool {
	before := bytes.ToLower(tailOf(s.f.Data, off, 96))
	return bytes.Contains(before[bytes.LastIndexByte(before, '{')+1:], []byte("algorithm"))
}

// bound says that a line of OpenLDAP binds with a password.
func (s *scanner) bound(off int) bool {
	line, _ := s.f.LineAround(off)
	return bytes.Contains(line, []byte("bindmethod=simple")) || bytes.Contains(line, []byte("bindmethod=sasl"))
}

// numberedKey are names of one key of several: key1, of Ralink Key1Str1.
var numberedKey = pattern.New(`^key[0-9]+(str[0-9]*)?$`)

// passwordFile says that "secret" is what a service calls its passwords.
func (s *scanner) passwordFile() bool {
	low := strings.ToLower(s.f.Path)
	for _, w := range []string{"sip", "asterisk", "radius", "raddb", "hostapd", "iax", "ipsec", "l2tp", "swanctl", "strongswan"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// wireless says that the settings around are those of a wireless network.
func (s *scanner) wireless(off int) bool {
	if s.f.Kind != inspect.Text {
		return false
	}
	low := strings.ToLower(s.f.Path)
	for _, w := range []string{"wireless", "wifi", "wpa", "wlan", "connman", "/iwd/", "rt28", "hostapd"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	if s.neighbour(assignment{from: off, at: off, near: true}, ssidKeys) != "" {
		return true
	}
	// "wireless.@wifi-iface[0].key", <WPA><sharedKey>
	before := bytes.ToLower(tailOf(s.f.Data, off, 48))
	for _, w := range []string{"wifi", "wireless", "wlan", "<wpa", "无线", "無線"} {
		if bytes.Contains(before[bytes.LastIndexByte(before, '\n')+1:], []byte(w)) {
			return true
		}
	}
	return false
}

// inProgram says that a value among the strings of a program is meant: no format
// string, no help text.
func (s *scanner) inProgram(a *assignment) bool {
	if a.form == blank || strings.ContainsAny(a.v, "%<>[]{}()|\\\"'") || label(a.v) || a.form == mapping && !a.quoted && !s.beside(a) && !s.header(a) {
		return false
	}
	if a.quoted && strings.HasPrefix(a.key, "-D") { // the command that built it
		return len(a.v) >= 6
	}
	if a.kind == SymmetricKey && hexBits(a.v) == 0 {
		return a.form == equals && cipherKey(a.key) && (len(a.v) == 16 || len(a.v) == 24 || len(a.v) == 32) && (random(a.v) || scrambled(a.v)) && s.wholeString(a)
	}
	return digit(a.v) && len(a.v) >= 4 && (a.kind != SymmetricKey || hexBits(a.v) == 128 || hexBits(a.v) == 256)
}

// cipherKey says that a setting's name is that of a cipher's key, and not of a
// list's.
func cipherKey(name string) bool {
	n := setting.Normal(name)
	for _, w := range []string{"aeskey", "deskey", "cryptkey", "encryptkey", "cipherkey", "encryptionkey", "masterkey"} {
		if strings.HasSuffix(n, w) {
			return true
		}
	}
	return false
}

// wholeString says that a string of a program is the assignment and nothing
// else.
func (s *scanner) wholeString(a *assignment) bool {
	d := s.f.Data
	end := a.at + len(a.v)
	return (a.from == 0 || d[a.from-1] == 0) && end < len(d) && d[end] == 0
}

// header says that the string is a header of HTTP and nothing else: its name has
// a hyphen, its value ends the string.
func (s *scanner) header(a *assignment) bool {
	d := s.f.Data
	end := a.at + len(a.v)
	return strings.Contains(a.key, "-") && (a.from == 0 || d[a.from-1] < 0x20) && end < len(d) && d[end] < 0x20 && (a.kind == Token || a.kind == APIKey)
}

// beside says that a string of a program holds an account or a network, too:
// "SSID: a PSK: b".
func (s *scanner) beside(a *assignment) bool {
	if !chosen(a.v) || len(a.v) < 6 {
		return false
	}
	line, _ := s.f.LineAround(a.from)
	for _, f := range setting.Fields(line) {
		n := setting.Normal(f.Name)
		if _, user := fits(n, "", userKeys, 0); f.Value != "" && !strings.Contains(f.Value, "%") && (user || strings.HasSuffix(n, "ssid")) {
			return true
		}
	}
	return false
}

// inBinary says that a value in a binary is meant: the name begins its string or
// follows a separator, and the string ends with the value; or the value has a
// digit and stands among other settings.
func (s *scanner) inBinary(a *assignment) bool {
	if !s.wholeName(a.from) || a.form == mapping && !a.quoted || a.form == blank {
		return false
	}
	d := s.f.Data
	end := a.at + len(a.v)
	if end < len(d) && (d[end] < 0x20 || d[end] >= 0x7f) && (a.from == 0 || d[a.from-1] < 0x20 || d[a.from-1] >= 0x7f) {
		return a.form == equals
	}
	if a.quoted && a.form == mapping && d[a.from-1] == '"' && len(a.v) >= 4 && !label(a.v) && !strings.ContainsAny(a.v, "()[]<>% ") {
		return true // JSON
	}
	if !digit(a.v) || len(a.v) < 5 || strings.ContainsAny(a.v, "()[]<>") {
		return false
	}
	line, _ := s.f.LineAround(a.from)
	return a.quoted || end < len(d) && d[end] != ' ' || bytes.Count(line, []byte("=")) >= 2
}

// codeFile says that a file is the source of a program in a language whose
// values are quoted.
func codeFile(p string) bool {
	switch path.Ext(p) {
	case ".cjs", ".ts", ".tsx", ".jsx", ".go", ".c", ".h", ".cc", ".cpp", ".hpp", ".vim", ".pyi", ".pod", ".java", ".rs", ".el", ".m4", ".cmake", ".kt", ".swift", ".cs", ".scala", ".r", ".jl", ".lisp", ".asm", ".s", ".ml":
		return true
	}
	return false
}

// wholeName says that a name in a binary begins its string, as in the
// environment of a boot loader, or follows a separator; inside of longer words
// names are part of messages.
func (s *scanner) wholeName(from int) bool {
	if from == 0 {
		return true
	}
	c := s.f.Data[from-1]
	return c < 0x20 || c >= 0x7f || strings.IndexByte(" &?;,\"'<{", c) >= 0
}

// formed says that v has the form of this kind; key is its name.
func formed(kind Kind, key, v string) bool {
	switch kind {
	case CloudKeyID:
		return len(v) == 34 && v[:2] == "AC" && hexOnly(v[2:]) // of Twilio
	case SymmetricKey:
		// "key" is too common a name: the value must look like one.
		if keyBits(v) > 0 || installCode(v) {
			return !vector(v)
		}
		if n := setting.Normal(key); strings.HasSuffix(n, "crypt") || strings.HasSuffix(n, "aes") {
			return false // these name methods, too
		}
		if (len(v) == 40 || len(v) == 64) && hexOnly(v) && strings.Contains(setting.Normal(key), "hmac") {
			return !vector(v) // as long as the sum
		}
		if len(v) < 12 || strings.ContainsAny(v, "()[]{}<>,:;%\"' ") || hexOnly(v) || publicKey(v) {
			return false
		}
		if len(v) == 16 && scrambled(v) && setting.Normal(key) != "key" {
			return true
		}
		return random(v) && (threeKinds(v) || len(v) >= 16) || len(v) >= 16 && len(v) <= 32 && mixed(v) && !strings.ContainsAny(v, "_-.")
	case Token, APIKey, CloudSecret:
		if strings.HasSuffix(setting.Normal(key), "appid") { // mostly public; OpenWeather's is its key
			return len(v) == 32 && hexBits(v) > 0 && strings.ToLower(v) == v
		}
		return len(v) >= 8 && (random(v) || hexBits(v) > 0 || capitals(v) || digits(v) && len(v) >= 16 || mixed(v) && len(v) >= 10) && !strings.ContainsAny(v, " <>")
	case Webhook:
		return strings.Contains(v, "://")
	case WiFiPSK:
		return len(v) >= 5 && len(v) <= 66
	case PrivateKey:
		_, ok := wireGuard(v)
		return ok
	}
	switch n := setting.Normal(key); {
	case strings.HasSuffix(n, "pin") || strings.HasSuffix(n, "pincode"):
		if strings.Trim(v, "0123456789- ") != "" {
			return false
		}
	case n == "puk": // of a SIM (3GPP TS 31.101, 9.5.2): eight digits
		return len(v) == 8 && digits(v)
	}
	return !strings.ContainsAny(v, "\t") && strings.Count(v, " ") < 2
}

// label says that v reads like a text for people: "Password", "Enter the key".
func label(v string) bool {
	if v == "" {
		return true
	}
	if strings.ContainsAny(v, " ?:…") || !ascii(v) || strings.HasSuffix(v, "!") && !digit(v) {
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

// sentence says that a quoted value of a configuration is words for people.
func sentence(v string) bool { return strings.Contains(v, " ") && !digit(v) }
