package secret

import (
	"bytes"
	"encoding/base64"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

// identified looks at CREATE USER 'al'@'%' IDENTIFIED BY 'x'.
func (s *scanner) identified(at, end int) {
	d := s.f.Data
	if s.prose() || s.library || s.f.Kind != inspect.Text && !s.f.InStrings(at) || s.f.Role == inspect.Script && manualOf(d[:at]) {
		return
	}
	if !statement.Match(tailOf(d, at, 200)) {
		return // a sentence: "which is identified by 'x'"
	}
	a, ok := s.quotedAt(assignment{}, setting.Blank(d, end))
	if !ok || len(a.v) < 3 || variable(a.v) || s.placeholder(a.v) || a.v[0] == '*' || modes[strings.ToLower(a.v)] || s.f.Kind != inspect.Text && !chosen(a.v) || strings.Contains(a.v, "?") {
		return
	}
	h := Hit{Kind: Password, Value: a.v, Scheme: "mysql", Note: "IDENTIFIED BY"}
	if m := grantee.FindSubmatch(tailOf(d, at, 100)); m != nil {
		h.User = string(m[1])
	}
	s.add(a.at, h)
}

// manualOf says that what follows before is a manual within a script of Perl
// (perlpod(1)): a line that begins with = opens it, =cut ends it.
func manualOf(before []byte) bool {
	i := bytes.LastIndex(before, []byte("\n="))
	return i >= 0 && i+2 < len(before) && before[i+2] >= 'a' && before[i+2] <= 'z' && !bytes.HasPrefix(before[i+2:], []byte("cut"))
}

// statement is what of SQL stands before IDENTIFIED BY.
var statement = pattern.New(`(?i)(\b(create|alter)\s+user|\bgrant\s+[a-z, ]+\s+on)\b[^;]*$`)

var grantee = pattern.New("['\"`]?([A-Za-z0-9_.-]+)['\"`]?@['\"`]?[^\\s'\"`]+['\"`]?\\s+$")

// insert looks at the values of INSERT INTO t (names) VALUES (values), (values).
func (s *scanner) insert(at, end int) {
	d := s.f.Data
	if s.prose() || s.library || s.records || s.f.Kind != inspect.Text && !s.f.InStrings(at) {
		return
	}
	window := d[end:min(len(d), end+4096)]
	m := columnsOf.FindSubmatchIndex(window)
	if m == nil {
		s.insertUnnamed(end, window)
		return
	}
	names := strings.Split(string(window[m[2]:m[3]]), ",")
	at = end + m[1]
	for row := 0; row < 50 && len(s.hits) < maxHits; row++ {
		values, next := tuple(d, at)
		if len(values) != len(names) {
			return
		}
		user := ""
		for i, v := range values {
			n := setting.Normal(strings.Trim(names[i], " `\"'[]\n\t"))
			if _, ok := fits(n, "", userKeys, 0); ok && user == "" {
				user = v.Text
			}
			if _, ok := kindOfKey(n); ok && v.Text != "" && !variable(v.Text) {
				s.cell(n, v.Text, v.Off, user, "", "column "+n)
			}
		}
		if at = space(d, next); at >= len(d) || d[at] != ',' {
			return
		}
		at = space(d, at+1)
	}
}

// insertUnnamed reads INSERT INTO users VALUES (1, 'al', 'x'): in a table of
// accounts the text behind an account's name is its password.
func (s *scanner) insertUnnamed(end int, window []byte) {
	m := accountTable.FindIndex(window)
	if m == nil {
		return
	}
	values, _ := tuple(s.f.Data, end+m[1])
	for i := 1; i < len(values); i++ {
		user, pw := values[i-1].Text, values[i].Text
		if loginUser.MatchString(user) && (chosen(pw) || defaults[pw]) && !s.placeholder(pw) {
			s.add(values[i].Off, Hit{Kind: Password, Value: pw, User: user, Note: "row of a table of accounts"})
			return
		}
	}
}

var accountTable = pattern.New("(?i)^\\s+[`\"'\\[]?[A-Za-z0-9_.]*(users?|accounts?|logins?|admins?|passwd)[`\"'\\]]?\\s*VALUES\\s*")

var columnsOf = pattern.New("(?i)^\\s+[`\"'\\[]?[A-Za-z0-9_.]+[`\"'\\]]?\\s*\\(([^()]{3,500})\\)\\s*VALUES\\s*")

// tuple reads the values between the parentheses that begin at at; what isn't
// quoted has no text. next is the offset behind them.
func tuple(d []byte, at int) (values []arg, next int) {
	if at >= len(d) || d[at] != '(' {
		return nil, at
	}
	cur := arg{}
	for i := at + 1; i < len(d) && i-at < 4096 && len(values) < 64; i++ {
		switch c := d[i]; c {
		case ')':
			return append(values, cur), i + 1
		case ',':
			values, cur = append(values, cur), arg{}
		case '\'', '"':
			n := bytes.IndexByte(d[i+1:min(len(d), i+1024)], c)
			if n < 0 {
				return nil, i
			}
			cur = arg{Text: string(d[i+1 : i+1+n]), Off: i + 1}
			i += n + 1
		}
	}
	return nil, at
}

// couple reads ["al", "x"]: an account and its password.
func (s *scanner) couple(a assignment, i int) (assignment, bool) {
	switch n := setting.Normal(a.key); {
	case strings.HasSuffix(n, "auth"), strings.HasSuffix(n, "credentials"), strings.HasSuffix(n, "credential"):
	default:
		return a, false
	}
	m := coupled.FindSubmatchIndex(s.f.Data[i:min(len(s.f.Data), i+200)])
	if m == nil {
		return a, false
	}
	d := s.f.Data[i:]
	a.user, a.v, a.at, a.quoted, a.form = string(d[m[2]:m[3]]), string(d[m[4]:m[5]]), i+m[4], true, list
	return a, len(a.v) >= 4 && !variable(a.v) && !s.placeholder(a.v) && !label(a.v)
}

var coupled = pattern.New(`^[\[(]\s*["']([^"'\n]{1,64})["']\s*,\s*["']([^"'\n]{3,64})["']\s*[\])]`)

// rosterWords name lists of accounts in sources and configurations.
var rosterWords = []string{"users", "accounts", "logins", "credentials", "passwords", "userlist", "user_list", "user_table", "usertable", "accountlist", "backdoor"}

// roster reads users = {"al": "x", …}, [("al", "x"), …], {{"al", "x"}, …}.
func (s *scanner) roster(at, end int) {
	d := s.f.Data
	if s.f.Kind != inspect.Text || s.prose() || s.library || s.texts || at > 0 && alnum(d[at-1]) || s.f.Comment(at) {
		return
	}
	m := rosterHead.FindIndex(d[end:min(len(d), end+48)])
	if m == nil {
		s.rosterLines(at, end)
		return
	}
	i := end + m[1]
	nested := strings.IndexByte("{[(", d[space(d, min(i, len(d)-1))]) >= 0
	for n := 0; n < 50 && len(s.hits) < maxHits; n++ {
		p := rosterPair.FindSubmatchIndex(d[i:min(len(d), i+200)])
		if p == nil {
			skip := rosterOther.FindIndex(d[i:min(len(d), i+200)])
			if skip == nil {
				return
			}
			i += skip[1] // made elsewhere: "al": sha256(x)
			continue
		}
		user, pw := string(d[i+p[2]:i+p[3]]), string(d[i+p[6]:i+p[7]])
		if comma := d[i+p[4]] == ','; comma && !nested || !account.MatchString(strings.ToLower(user)) {
			return
		}
		if _, name := kindOfKey(user); !name && !modes[strings.ToLower(user)] && !attribute[strings.ToLower(user)] && (chosen(pw) || defaults[pw]) && !s.placeholder(pw) {
			h := Hit{Kind: Password, Value: pw, User: user, Scheme: s.service(at), Note: "list of accounts"}
			s.hashed(&h)
			s.add(i+p[6], h)
		}
		i += p[1]
	}
}

// rosterLines reads the lines below "[users]" or "users:": al = x, al: x.
func (s *scanner) rosterLines(at, end int) {
	d := s.f.Data
	line, start := s.f.LineAround(at)
	head := bytes.TrimSpace(line)
	section := len(head) > 2 && head[0] == '[' && head[len(head)-1] == ']' && end == start+bytes.IndexByte(line, ']')
	if s.f.Role != inspect.Config || !section && (len(head) == 0 || head[len(head)-1] != ':' || !bytes.HasPrefix(head, d[at:end])) {
		return
	}
	indent := len(line) - len(bytes.TrimLeft(line, " \t"))
	off := start + len(line) + 1
	for n := 0; n < 50 && off < len(d); n++ {
		l, _, _ := bytes.Cut(d[off:min(len(d), off+200)], []byte("\n"))
		deep := len(l) - len(bytes.TrimLeft(l, " \t"))
		m := rosterLine.FindSubmatchIndex(l)
		if m == nil || !section && deep <= indent {
			return
		}
		user, pw := string(l[m[2]:m[3]]), string(l[m[4]:m[5]])
		if _, name := kindOfKey(user); !name && !modes[strings.ToLower(user)] && !attribute[strings.ToLower(user)] && chosen(pw) && !s.placeholder(pw) {
			s.add(off+m[4], Hit{Kind: Password, Value: pw, User: user, Scheme: s.service(at), Note: "list of accounts"})
		}
		off += len(l) + 1
	}
}

// attribute are names of what an account or a list has besides passwords.
var attribute = map[string]bool{"enabled": true, "level": true, "role": true, "group": true, "policy": true, "max": true, "min": true, "path": true, "mode": true, "format": true, "host": true, "port": true, "url": true, "count": true, "version": true, "id": true, "file": true, "shell": true, "home": true, "email": true, "login": true, "uid": true, "title": true, "label": true, "class": true, "driver": true, "backend": true, "protocol": true, "method": true, "description": true, "comment": true}

var rosterLine = pattern.New(`^\s*([A-Za-z][A-Za-z0-9_.@-]{1,31})\s*[:=]\s*["']?([^\s"'{\[]{4,64})["']?\s*$`)

var (
	rosterHead  = pattern.New(`^["']?(?:\[[^\]]{0,8}\])*\s*(?::|=|:=|=>)\s*[{\[(]\s*`)
	rosterOther = pattern.New(`^[\s,{\[(]*["'][^"'\n]{1,32}["']\s*(?::|=>)\s*[^,"'\n}\]]{1,60}(?:["'][^"'\n]{0,40}["'][^,"'\n}\]]{0,40})?,`)
	rosterPair  = pattern.New(`^[\s,{\[(]*["']([^"'\n]{1,32})["']\s*(:|,|=>)\s*["']([^"'\n]{3,64})["']\s*[})\]]?`)
)

// keyMap reads the keys below a name such as "security_keys": values in
// hexadecimal of the lines or members that follow it.
func (s *scanner) keyMap(to int) {
	if s.f.Kind != inspect.Text || s.f.Role != inspect.Config {
		return
	}
	d := s.f.Data[to:min(len(s.f.Data), to+512)]
	if !bytes.HasPrefix(bytes.TrimLeft(d, "\": "), []byte("\n")) && !bytes.HasPrefix(bytes.TrimLeft(d, "\": "), []byte("{")) {
		return
	}
	for _, m := range hexMember.FindAllSubmatchIndex(d, 8) {
		if v := string(d[m[2]:m[3]]); hexBits(v) > 0 && !vector(v) && !s.f.Comment(to+m[2]) {
			s.add(to+m[2], Hit{Kind: SymmetricKey, Value: v, Bits: hexBits(v), Note: "member of a list of keys"})
		}
	}
}

var hexMember = pattern.New(`[A-Za-z0-9_]+["']?:\s*["']?([0-9A-Fa-f]{32,64})\b`)

// webKey looks at a JSON Web Key (RFC 7517) whose private part stands beside its
// type.
func (s *scanner) webKey(at, _ int) {
	d := s.f.Data
	if s.prose() || s.f.Kind != inspect.Text && !s.f.InStrings(at) {
		return
	}
	from := bytes.LastIndexByte(tailOf(d, at, 4096), '{')
	if from < 0 {
		return
	}
	from += max(0, at-4096)
	end := bytes.IndexByte(d[at:min(len(d), at+8192)], '}')
	if end < 0 {
		return
	}
	object := d[from : at+end]
	m := webSecret.FindSubmatchIndex(object)
	if m == nil {
		return
	}
	v := string(object[m[4]:m[5]])
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(v, "="))
	if err != nil || len(raw) < 16 {
		return
	}
	h := Hit{Kind: PrivateKey, Value: v, Format: "JWK", Bits: 8 * len(raw)}
	if string(object[m[2]:m[3]]) == "k" {
		h.Kind = SymmetricKey
	}
	s.add(from+m[4], h)
}

var webSecret = pattern.New(`"(d|k)"\s*:\s*"([A-Za-z0-9_=-]{20,})"`)

// signify looks at a secret key of signify, usign or minisign: a comment, and a
// line that begins with the algorithm.
func (s *scanner) signify(_, end int) {
	d := s.f.Data
	if s.f.Kind != inspect.Text || s.prose() {
		return
	}
	k := bytes.IndexByte(d[end:min(len(d), end+200)], '\n')
	if k < 0 {
		return
	}
	i := end + k + 1
	v := string(s.token(i, 400, base64Byte))
	raw, err := base64.StdEncoding.DecodeString(v)
	if err != nil || len(raw) < 100 || !bytes.HasPrefix(raw, []byte("EdBK")) && !bytes.HasPrefix(raw, []byte("EdSc")) && !bytes.HasPrefix(raw, []byte("Ed\x00\x00")) {
		return
	}
	s.add(i, Hit{Kind: PrivateKey, Value: v, Algorithm: "Ed25519", Bits: 256, Format: "signify", Encrypted: len(bytes.Trim(raw[4:8], "\x00")) > 0})
}
