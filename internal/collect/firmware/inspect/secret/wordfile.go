package secret

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

// vpnLogin says that a file holds a user's name on its first line and the
// password on its second, as auth-user-pass of OpenVPN reads it.
func vpnLogin(p string) bool {
	if !strings.Contains(p, "vpn") && !strings.Contains(p, "tunnel") && !loginPair.MatchString(path.Base(p)) {
		return false
	}
	switch path.Ext(p) {
	case ".txt", "", ".conf", ".auth", ".up", ".pass", ".cred", ".login", ".pw":
		return true
	}
	return false
}

// loginPair is a name of a file that auth-user-pass is given, wherever it stands.
var loginPair = pattern.New(`^(up|auth|login|creds?|credentials?|(auth[._-]?)?user[._-]?pass)(\.(txt|conf|auth|up|pass|cred|login|pw))?$`)

func (s *scanner) twoLines() {
	lines := bytes.Split(s.f.Data, []byte("\n"))
	if len(lines) < 2 || len(lines) > 3 || len(lines) == 3 && len(lines[2]) > 0 {
		return
	}
	user, pw := strings.TrimRight(string(lines[0]), "\r"), strings.TrimRight(string(lines[1]), "\r")
	if p := strings.ToLower(s.f.Path); !strings.Contains(p, "vpn") && !strings.Contains(p, "tunnel") && (!loginUser.MatchString(user) || !chosen(pw)) {
		return // the name alone says little
	}
	if user == "" || len(pw) < 3 || strings.ContainsAny(user+pw, " \t=#/{};") || s.placeholder(pw) || modes[strings.ToLower(pw)] {
		return
	}
	s.add(len(lines[0])+1, Hit{Kind: Password, Value: pw, User: user, Scheme: "vpn"})
}

var (
	// secretName is in names of files that hold one secret and nothing else.
	secretName = pattern.New(`(^|[._-])(passwd|password|passphrase|(?:ask)?pass|pw|pwd|secret|token|api[._-]?key|psk|credentials?|auth[._-]?(key|code)|pin)($|[._-])`)
	// loginLine is a line of a list of accounts.
	loginLine = pattern.New(`^[A-Za-z][A-Za-z0-9_.@-]{1,31}:[^\s:]{3,64}$`)
	// loginList is in names of files that list accounts.
	loginList = pattern.New(`(^|[._-]|ftp|vpn|web|http|rtsp|virtual)(users?|passwd|passwords?|logins?|credentials?|creds?|accounts?|auth)($|[._-])`)
)

// wordFile reads small files that are nothing but a secret, or a list of
// accounts with passwords in clear, by their name and their form.
func (s *scanner) wordFile(p string) {
	d := s.f.Data
	if len(d) > 8<<10 || len(d) < 4 || s.f.Role == inspect.Script || s.f.Role == inspect.Web || s.texts || notSettings(p) || accountFile(p) && !strings.HasSuffix(p, ".passwd") {
		return
	}
	base := path.Base(p)
	stem := strings.TrimSuffix(strings.TrimSuffix(base, ".txt"), ".conf")
	if base == ".erlang.cookie" { // whoever has it runs code on the node
		stem = "secret"
	}
	switch text := bytes.TrimSpace(d); {
	case strings.Contains(base, "install") && installCode(string(text)):
		s.add(bytes.Index(d, text), Hit{Kind: SymmetricKey, Value: string(text), Bits: 128, Scheme: "zigbee", Note: "its checksum holds"})
	case len(text) <= 128 && bytes.IndexAny(text, " \t\n=:<>{},;") < 0 && secretName.MatchString(stem):
		s.oneWord(stem, string(text), bytes.Index(d, text))
	case strings.HasSuffix(base, ".csv"), strings.HasSuffix(base, ".tsv"):
		s.table()
	case loginList.MatchString(stem):
		s.logins(p)
	}
}

// table reads lines of values below a line of their names.
func (s *scanner) table() {
	head, rest, ok := bytes.Cut(s.f.Data, []byte("\n"))
	sep := ","
	if bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		sep = ";"
	} else if bytes.IndexByte(head, '\t') >= 0 {
		sep = "\t"
	}
	names := strings.Split(strings.TrimSpace(string(head)), sep)
	if !ok || len(names) < 2 {
		return
	}
	off := len(head) + 1
	for line := range bytes.Lines(rest) {
		user, at := "", off
		fields := strings.Split(strings.TrimRight(string(line), "\r\n"), sep)
		for i, f := range fields {
			v := strings.Trim(f, "\" ")
			if i < len(names) && len(fields) == len(names) {
				n := setting.Normal(strings.Trim(names[i], "\" "))
				if _, ok := fits(n, "", userKeys, 0); ok && user == "" {
					user = v
				}
				if _, ok := kindOfKey(n); ok && len(s.hits) < maxHits {
					s.cell(n, v, at+max(0, strings.Index(f, v)), user, "", "column "+names[i])
				}
			}
			at += len(f) + len(sep)
		}
		off += len(line)
	}
}

// oneWord looks at a file that holds one word.
func (s *scanner) oneWord(stem, v string, off int) {
	if len(v) < 4 || s.placeholder(v) || reference(v) || v[0] == '$' || hexBits(v) > 0 || digits(v) && len(v) > 12 || v[0] == '-' {
		return // a key in hexadecimal is read as one
	}
	kind := Password
	switch {
	case strings.Contains(stem, "token"), strings.Contains(stem, "auth"):
		kind = Token
	case strings.Contains(stem, "api"):
		kind = APIKey
	case strings.Contains(stem, "psk"), strings.Contains(stem, "wifi"), strings.Contains(stem, "wlan"), strings.Contains(stem, "wpa"):
		kind = WiFiPSK
	}
	if kind != Password && !formed(kind, stem, v) {
		return
	}
	h := Hit{Kind: kind, Value: v, Scheme: named(stem), Note: "the whole file, by its name"}
	s.encoded(&h)
	s.add(off, h)
}

// logins reads lines "name:password", or names and passwords on lines in turn;
// one line that is neither ends it.
func (s *scanner) logins(p string) {
	var found []Hit
	var offs []int
	off, last := 0, ""
	turns := strings.Contains(p, "ftp") || strings.Contains(p, "vpn")
	for line := range bytes.Lines(s.f.Data) {
		text := strings.TrimSpace(string(line))
		at := off + max(0, bytes.Index(line, []byte(text)))
		off += len(line)
		switch {
		case text == "" || text[0] == '#':
			continue
		case strings.HasSuffix(p, "/passwd.client"): // of Exim: server:user:password
			f := strings.SplitN(text, ":", 3)
			if len(f) != 3 || f[2] == "" || s.placeholder(f[2]) {
				return
			}
			found, offs = append(found, Hit{Kind: Password, Value: f[2], User: f[1], Note: "list of accounts"}), append(offs, at+len(text)-len(f[2]))
		case loginLine.MatchString(text):
			user, pw, _ := strings.Cut(text, ":")
			if hash, _ := hashAt([]byte(pw)); hash != "" {
				continue // found by its form
			}
			// A host and its port is no account, either.
			if modes[pw] || s.placeholder(pw) || strings.Contains(user, ".") && digits(pw) && len(pw) <= 5 || accountFile(p) && (descrypt(pw) || !chosen(pw)) {
				return
			}
			found, offs = append(found, Hit{Kind: Password, Value: pw, User: user, Note: "list of accounts"}), append(offs, at+len(user)+1)
		case turns && path.Base(p) != "ftpusers" && strings.IndexAny(text, " \t:=/<>{}") < 0: // ftpusers lists whom FTP refuses
			if last == "" {
				last = text
				continue
			}
			found, offs = append(found, Hit{Kind: Password, Value: text, User: last, Note: "list of accounts"}), append(offs, at)
			last = ""
		default:
			return
		}
	}
	if last != "" || len(found) > 200 {
		return
	}
	for i := range found {
		found[i].Scheme = named(p)
		s.add(offs[i], found[i])
	}
}

// webFolder reads a line of the web server of BusyBox: /folder:user:password.
func (s *scanner) webFolder(_ int, f []arg) {
	part := strings.SplitN(f[0].Text, ":", 3)
	if len(f) != 1 || len(part) != 3 || !strings.HasPrefix(part[0], "/") || len(part[2]) < 3 || s.placeholder(part[2]) || part[2] == "*" {
		return
	}
	if hash, _ := hashAt([]byte(part[2])); hash != "" {
		return // found by its form
	}
	s.add(f[0].Off+len(part[0])+len(part[1])+2, Hit{Kind: Password, Value: part[2], User: part[1], Scheme: "http", Note: "folder " + part[0]})
}

// loginUser is the name of an account.
var loginUser = pattern.New(`^[A-Za-z][A-Za-z0-9_.@-]{1,31}$`)

// pairWords begin settings whose value is an account and its password.
var pairWords = []string{"user=", "user =", "user:", "login=", "userpass", "basic_auth", "basicauth", "http_auth", "httpauth", "auth_basic", "basic-auth", "allow ", "authentication ", "stats auth ", "userpwd", "btoa(", "base64.encode(", "base64encode(", "base64_encode(", "b64encode(", "encodetostring(", " -c "}

// pair looks at user=name:password.
func (s *scanner) pair(at, end int) {
	d := s.f.Data
	loose := d[at]|0x20 == 'a' && d[end-1] == ' ' || d[at] == ' ' || d[end-1] == '(' || d[at]|0x20 == 'u' && d[end-1]|0x20 == 'd'
	if s.f.Kind != inspect.Text || s.prose() || s.library || s.f.Role == inspect.Web && d[end-1] != '(' || !loose && at > 0 && alnum(d[at-1]) || s.f.Comment(at) {
		return
	}
	i := setting.Blank(d, end)
	if i < len(d) && (d[i] == '=' || d[i] == ':' || d[i] == ',') {
		i = setting.Blank(d, i+1)
	}
	a, ok := s.quotedAt(assignment{}, i)
	if !ok {
		a.v, a.at = string(s.token(i, 128, func(c byte) bool { return c > ' ' && c < 0x7f && strings.IndexByte("\"';,&", c) < 0 })), i
	}
	user, pw, ok := strings.Cut(a.v, ":")
	if !ok || !loginUser.MatchString(user) || len(pw) < 4 || digits(pw) || variable(pw) || strings.ContainsAny(pw, ":/(){}<>@") || s.placeholder(pw) || pw == user || modes[strings.ToLower(pw)] {
		return
	}
	if hash, _ := hashAt([]byte(pw)); hash != "" || loose && !chosen(pw) {
		return
	}
	s.add(a.at+len(user)+1, Hit{Kind: Password, Value: pw, User: user, Scheme: s.service(at), Note: "account and password"})
}

// pageKeys reads the quoted literals of a small page that have the form of keys
// of many services: a prefix of a few letters, an underscore, a random rest.
func (s *scanner) pageKeys() {
	const most = 128 << 10
	if s.f.Role != inspect.Web || len(s.f.Data) > most || s.prose() || s.library || s.texts {
		return
	}
	for _, m := range prefixed.FindAllSubmatchIndex(s.f.Data, 20) {
		v := string(s.f.Data[m[2]:m[3]])
		if _, rest, _ := strings.Cut(v, "_"); (hexBits(rest) > 0 || random(rest) && threeKinds(rest)) && !wordy(rest) && !s.placeholder(v) {
			s.add(m[2], Hit{Kind: APIKey, Value: v, Note: "literal with the form of a key"})
		}
	}
}

var prefixed = pattern.New(`["']([a-z]{2,5}_(?:live_|test_|prod_)?[0-9A-Za-z]{24,64})["']`)
