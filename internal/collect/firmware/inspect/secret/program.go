package secret

import (
	"bytes"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

// anchorWords stand beside a log-in among a program's strings, besides the names
// of settings.
var anchorWords = []string{"login", "%s:%s", "/bin/sh", "mqtt", "backdoor", "superuser", "factory", "debug>", "telnet", "AT+CG", "AT+QI", "user-agent", "user_agent", "xmlset_rood", "7ujMko0", "decrypt", "cipher", "hmac", "ssid", "\x00admin\x00", "\x00root\x00", "\x00guest\x00", "\x00supervisor\x00", "\x00operator\x00", "\x00administrator\x00"}

const (
	// nearby is how far around an anchor strings are read, in bytes.
	nearby = 512
	// reach is how many strings away a password may stand from what makes it one.
	reach = 4
	// shortest string that is looked at.
	shortest = 4
)

// program is what is kept of an ELF, or of a program without headers, until its
// strings are read.
type program struct {
	spans [][2]int // around anchors, in order, apart
	count int
	linux bool // a kernel: its strings name all of the world's protocols
}

// anchor marks a place in the strings of a program whose neighbourhood is read
// at the end.
func (s *scanner) anchor(at, _ int) {
	p := &s.prog
	if s.f.Kind == inspect.Text || p.count >= maxAnchors || !s.f.InStrings(at) {
		return
	}
	p.count++
	from, to := max(0, at-nearby), min(len(s.f.Data), at+nearby)
	if n := len(p.spans); n > 0 && from <= p.spans[n-1][1] {
		p.spans[n-1][1] = max(p.spans[n-1][1], to)
		return
	}
	p.spans = append(p.spans, [2]int{from, to})
}

var (
	// loginContext is what stands beside a log-in in a program's strings.
	loginContext   = pattern.New(`(?i)(login|passw|passwd|(^|[^a-z])mqtt|user_?name|_user$|%s:%s|auth|credential|\bfactory\b|backdoor|\bpwd\b|su_pass|superuser|^AT\+(CG|QI)|\bapn(\b|user|name|pass))`)
	accountContext = pattern.New(`(?i)(login|passw|passwd|\bpwd\b|credential|backdoor|superuser|su_pass|^/bin/(ba|a)?sh$|^(admin|root|user|guest|service|support|supervisor|operator|[a-z]*admin|[a-z]*factory|[a-z]*maint|[a-z]{1,6}(user|root|mfg))$|(^|[^a-z])pw=|client_secret|%s:%s)`)
	shellContext   = pattern.New(`(?i)(^/bin/(ba|a)?sh$|debug> ?$|\bshell\b|login:|password:)`)
	doorContext    = pattern.New(`(?i)(login|log[ -]?on|passw|passwd|\bpwd\b|credential|backdoor|superuser|su_pass|user[-_]agent|unauthori[sz]ed|telnetd|%s:%s|^[a-z]{0,8}(admin|root|mfg|factory|maint|support|service|operator)$)`)
	keyContext     = pattern.New(`(?i)(aes|[^a-z]key|^key|crypt|cipher|hmac|secret|token)`)
	account        = pattern.New(`^[a-z][a-z0-9_.-]{2,19}$`)
	wordNumber     = pattern.New(`^[a-z]{4,12}[0-9]{3,6}$`)
	algorithm      = pattern.New(`(?i)^(sha|aes|md|rsa|utf|iso|latin|base|chacha|poly|curve|ed|x|secp|prime|camellia|blake|ripemd|tiger|rc|des|aria|sm|sect|ffdhe|modp|mips|armv|cortex|linux|ipv|tls|ssl|http|mtd|tty|eth|wlan|usb|video|snd|gpio|spi|i2c|uart|ov|imx|gc|hi|rtl|mt|bcm|nvt|ssc|gk|cast|idea|seed|gost|brainpool|hmac|pbe|wap|oakley|group|kdf|c2|v)[a-z_]*-?[0-9]`)
)

// technical are words of cryptography and of protocols that stand in identifiers.
var technical = pattern.New(`(?i)(sha[0-9]|aes|wpa2?-?psk|psk2?$|tkip|ccmp|rsa|hmac|md[45]|pbkdf|base64|x509|tls|ssl|utf|ipv[46]|ecdsa|crypt|25519|anon|user|key[0-9]|token|auth|passw[o0]rd[0-9])`)

// accounts are names that come before a password that everybody knows.
var accounts = map[string]bool{"admin": true, "root": true, "user": true, "guest": true, "service": true, "support": true, "supervisor": true, "operator": true, "default": true, "administrator": true, "system": true, "tech": true, "factory": true, "debug": true, "test": true, "viewer": true}

// strict are the accounts that are seldom anything else.
var strict = map[string]bool{"admin": true, "root": true, "guest": true, "supervisor": true, "operator": true, "administrator": true, "superuser": true, "telecomadmin": true}

// defaults are passwords that products are shipped with; they count behind an
// account's name.
var defaults = map[string]bool{"123456": true, "12345": true, "1234": true, "888888": true, "666666": true, "54321": true, "0000": true, "1111": true, "111111": true, "000000": true, "123123": true, "12345678": true, "123456789": true, "admin123": true, "admin1234": true, "Admin123": true, "root123": true, "user123": true, "pass123": true, "p@ssw0rd": true, "P@ssw0rd": true, "abc123": true, "888888888": true, "00000000": true, "11111111": true, "1q2w3e": true}

// habits are passwords of whole families of products, so odd that they count
// alone: from the list of the Mirai worm (published 2016) and of advisories.
var habits = map[string]bool{"xc3511": true, "vizxv": true, "xmhdipc": true, "juantech": true, "jvbzd": true, "klv123": true, "klv1234": true, "Zte521": true, "hi3518": true, "ikwb": true, "7ujMko0vizxv": true, "7ujMko0admin": true, "zlxx.": true, "cat1029": true, "antslq": true, "ivdev": true, "tlJwpbo6": true, "S2fGqNFs": true, "OxhlwSG8": true, "j1/_7sxw": true, "cxlinux": true, "hslwificam": true, "hichiphx": true, "smcadmin": true, "meinsm": true, "jco66688": true, "xmlset_roodkcableoj28840ybtide": true}

// program looks at the strings of an ELF for an account and a password that
// stand together: literals of one function keep their neighbourhood in .rodata.
// Only what a generator or a habit makes is taken ("Xk3jP0qa9", "copper779"),
// and keys in hexadecimal beside the words of ciphers.
func (s *scanner) program() {
	if s.f.Kind == inspect.Text || s.prog.linux || deviceTree(s.f.Data) || s.records || s.prose() || cryptoLibrary(s.f.Path) || strings.HasSuffix(s.f.Path, ".ko") {
		return
	}
	for _, span := range s.prog.spans {
		s.strings(s.runs(span))
		if s.tooMany() {
			return
		}
	}
}

// runs returns the C strings in a span.
func (s *scanner) runs(span [2]int) []inspect.Run {
	d := s.f.Data
	from, to := span[0], span[1]
	for to < len(d) && to-span[1] < 256 && d[to] != 0 {
		to++
	}
	var out []inspect.Run
	for i := from; i < to; {
		for i < to && (d[i] < 0x20 || d[i] >= 0x7f) {
			i++
		}
		j := i
		for j < to && d[j] >= 0x20 && d[j] < 0x7f {
			j++
		}
		if j-i >= shortest && (i == 0 || d[i-1] == 0 || i%4 == 0) && j < len(d) && d[j] == 0 {
			out = append(out, inspect.Run{Off: i, Text: d[i:j], NUL: true})
		}
		i = max(j, i+1)
	}
	return out
}

// camel is a name as programs give them: lan2IpAddress, ipsSPI.
var camel = pattern.New(`^_?[A-Za-z][a-z]*[0-9]{0,2}[a-z]*(?:[A-Z]+[a-z]*[0-9]{0,2})+$`)

// settingName is such a name that says what it is of.
var settingName = pattern.New(`^[a-z]+[0-9]*[a-z]*[A-Z][A-Za-z0-9]*(?:URL|Url|Name|Addr|Address|Mask|Port|Mode|Enable|User|Pwd|Password|ID|Id|Type|Interval|Server|Host|Timeout|Path|File|List|Count|Size|Time)$`)

// wireless are kinds of protection of a network, one behind the other.
var wireless = pattern.New(`^(?i:WPA[123]?|WPS|WEP|PSK|TKIP|AES|CCMP|SAE|EAP|MIX(?:ED)?|OPEN|SHARED|[-_/+, ])+$`)

// identifiers says that a string stands between others in a list of names.
func identifiers(all []inspect.Run, i int) bool {
	return i > 0 && i+1 < len(all) && near(all, i, i-1) && near(all, i, i+1) &&
		camel.Match(all[i].Text) && camel.Match(all[i-1].Text) && camel.Match(all[i+1].Text)
}

func (s *scanner) strings(all []inspect.Run) {
	library := strings.Contains(s.f.Path, ".so")
	networks := slices.ContainsFunc(all, func(r inspect.Run) bool { return bytes.HasSuffix(bytes.ToLower(r.Text), []byte("ssid")) })
	for i, r := range all {
		v := string(r.Text)
		if i > 0 && !library && scrambled(v) && near(all, i, i-1) && !strings.ContainsAny(v, " %/\\<>(){}[],:;") && secretKey(all[i-1].Text) {
			s.add(r.Off, Hit{Kind: EmbeddedLogin, Value: v, Note: "in a program's strings, behind " + quote(string(all[i-1].Text))})
			continue
		}
		if len(v) >= 12 && habits[v] { // so odd that nothing has to stand beside it
			s.add(r.Off, Hit{Kind: EmbeddedLogin, Value: v, Note: "in a program's strings, known from other products"})
			continue
		}
		if !library && doorWord(v) {
			if why, user := beside(all, i, doorContext); why != "" && s.comparing() {
				s.add(r.Off, Hit{Kind: EmbeddedLogin, Value: v, User: user, Scheme: named(why), Note: "in a program's strings, beside " + quote(why)})
			}
			continue
		}
		if !candidate(r.Text) && !habits[v] || identifiers(all, i) || settingName.MatchString(v) || wireless.MatchString(v) {
			continue
		}
		if i > 0 && !library && near(all, i, i-1) && secretKey(all[i-1].Text) && deliberate(v) {
			s.add(r.Off, Hit{Kind: EmbeddedLogin, Value: v, Note: "in a program's strings, behind " + quote(string(all[i-1].Text))})
			continue
		}
		if bits := hexBits(v); bits > 0 && bits <= 256 {
			if why, _ := beside(all, i, keyContext); why != "" && !vector(v) && !(bits >= 192 && s.curves() && strings.ToUpper(v) == v) {
				s.add(r.Off, Hit{Kind: SymmetricKey, Value: v, Bits: bits, Note: "in a program's strings, beside " + quote(why)})
			}
			continue
		}
		if networks && wifiLogin(all, i) {
			s.add(r.Off, Hit{Kind: WiFiPSK, Value: v, Scheme: "wifi", Note: "in a program's strings, beside names of a network's settings"})
			continue
		}
		if i > 0 && !library && strict[string(all[i-1].Text)] && near(all, i, i-1) && (defaults[v] || deliberate(v) || signed(v)) {
			s.add(r.Off, Hit{Kind: EmbeddedLogin, Value: v, User: string(all[i-1].Text), Note: "in a program's strings, behind an account"})
			continue
		}
		var context *pattern.Pattern
		switch {
		case len(v) > 40 || v[len(v)-1] == '=' || encodedWord(v) || !habits[v] && placeholder(v) && !defaults[v]:
			continue
		case habits[v] || i > 0 && defaults[v] && accounts[string(all[i-1].Text)]:
			context = loginContext
		case !library && signed(v):
			context = accountContext
		case generated(v), generatedLoose(v):
			if library && (count(v) < 2 || len(v) < 10) {
				continue // libraries hold tables whose entries look like anything
			}
			context = loginContext
		case !library && made(v) && (i > 0 && account.Match(all[i-1].Text) || i+1 < len(all) && account.Match(all[i+1].Text)):
			context = loginContext
		case wordNumber.MatchString(v) && !algorithm.MatchString(v):
			context = shellContext
		default:
			continue
		}
		why, user := beside(all, i, context)
		if why == "" {
			continue
		}
		s.add(r.Off, Hit{Kind: EmbeddedLogin, Value: v, User: user, Scheme: named(why), Note: "in a program's strings, beside " + quote(why)})
	}
}

// comparing says that a program compares strings, as far as its imports tell.
func (s *scanner) comparing() bool {
	p := s.f.Program()
	if p == nil || len(p.Imports) == 0 {
		return true
	}
	return slices.ContainsFunc(p.Imports, func(n string) bool {
		switch n {
		case "strcmp", "strncmp", "strcasecmp", "strncasecmp", "memcmp", "bcmp", "strstr", "strcasestr", "strcoll", "_ZNKSs7compareEPKc", "_ZNKSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE7compareEPKc":
			return true
		}
		return false
	})
}

// curves says that a library of elliptic curves is linked into the program: the
// numbers of its curves look like keys.
func (s *scanner) curves() bool {
	for _, w := range []string{"secp192r1", "secp256r1", "secp256k1", "brainpoolP256r1", "prime256v1"} {
		if bytes.Contains(s.f.Data, []byte(w)) {
			return true
		}
	}
	return false
}

// wifiLogin says that string i stands beside "ssid" and a word for a password,
// each a string of its own, and looks like a pass phrase.
func wifiLogin(all []inspect.Run, i int) bool {
	v := string(all[i].Text)
	if len(v) < 8 || !chosen(v) || strings.ContainsAny(v, "_-=") || hexOnly(v) {
		return false
	}
	network, password := false, false
	for j := max(0, i-3); j < min(len(all), i+4); j++ {
		switch n := setting.Normal(string(all[j].Text[:min(len(all[j].Text), 40)])); {
		case !near(all, i, j):
		case strings.HasSuffix(n, "ssid"):
			network = true
		case strings.HasSuffix(n, "password"), strings.HasSuffix(n, "passwd"), strings.HasSuffix(n, "pwd"), strings.HasSuffix(n, "psk"), strings.HasSuffix(n, "pass"):
			password = true
		}
	}
	return network && password
}

// secretKey says that a string is the name of a setting that holds a password.
func secretKey(b []byte) bool {
	name := string(b)
	if len(b) > 40 || strings.Contains(name, " ") || strings.ToLower(name) != name && strings.ToUpper(name) != name {
		return false // names of functions have both cases
	}
	kind, ok := kindOfKey(name)
	return ok && (kind == Password || kind == WiFiPSK || kind == Token)
}

// beside looks around string i for the context, nearest first, and for an
// account's name right beside it.
func beside(all []inspect.Run, i int, context *pattern.Pattern) (why, user string) {
	for d := 1; d <= reach && why == ""; d++ {
		for _, j := range []int{i - d, i + d} {
			if j >= 0 && j < len(all) && near(all, i, j) && context.Match(all[j].Text[:min(len(all[j].Text), 200)]) {
				why = string(all[j].Text)
				break
			}
		}
	}
	if why == "" {
		return "", ""
	}
	for _, j := range []int{i - 1, i + 1} {
		if j >= 0 && j < len(all) && len(all[j].Text) < 32 && account.Match(all[j].Text) && near(all, i, j) {
			return why, string(all[j].Text)
		}
	}
	return why, ""
}

// near says that the strings stand in one place and not in two sections.
func near(all []inspect.Run, i, j int) bool {
	d := all[i].Off - all[j].Off
	return d < nearby && d > -nearby
}

func quote(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return `"` + s + `"`
}
