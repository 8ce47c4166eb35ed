package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// url looks at scheme://user:password@host; at is at the colon.
func (s *scanner) url(at, _ int) {
	d := s.f.Data
	if s.prose() || s.f.Kind != inspect.Text && !s.f.InStrings(at) {
		return
	}
	from := at
	for from > 0 && at-from < 16 && (alnum(d[from-1]) || d[from-1] == '+' || d[from-1] == '-' || d[from-1] == '.') {
		from--
	}
	if from == at {
		return
	}
	begin := at + 3
	auth := s.token(begin, 256, func(c byte) bool {
		return c > ' ' && c < 0x7f && c != '/' && c != '?' && c != '#' && c != '"' && c != '\'' && c != '<' && c != '>' && c != '\\' && c != '`'
	})
	i := bytes.LastIndexByte(auth, '@')
	if i <= 0 || i+1 >= len(auth) {
		return
	}
	user, pw, ok := strings.Cut(string(auth[:i]), ":")
	host := string(auth[i+1:])
	scheme := strings.ToLower(string(d[from:at]))
	if !ok && len(user) == 32 && hexBits(user) > 0 && strings.Contains(host, "sentry") {
		// A Sentry DSN: whoever has it can report.
		s.add(begin, Hit{Kind: Token, Value: user, Scheme: "sentry", Note: "host " + host})
		return
	}
	if strings.ContainsAny(user+pw, "[]<>{}|()") {
		return // a synopsis: [user[:password]@]
	}
	if !ok || pw == "" || s.placeholder(pw) || manualLogin(user, pw) {
		return
	}
	if strings.HasPrefix(pw, "$") || host == "host" || host == "hostname" || s.exampleHost(host) && !random(pw) || !random(pw) && s.f.Comment(at) {
		return
	}
	off := begin
	s.add(off, Hit{Kind: URLCredential, Value: pw, User: user, Scheme: scheme, Note: "host " + host})
}

// source looks at the data source of a Go program: user:password@tcp(host).
func (s *scanner) source(at, _ int) {
	d := s.f.Data
	if s.prose() || s.f.Kind != inspect.Text && !s.f.InStrings(at) {
		return
	}
	from := at
	for from > 0 && at-from < 128 && d[from-1] > ' ' && d[from-1] < 0x7f && strings.IndexByte("\"'`=", d[from-1]) < 0 {
		from--
	}
	user, pw, ok := strings.Cut(string(d[from:at]), ":")
	if ok && user != "" && len(pw) >= 3 && !variable(pw) && !s.placeholder(pw) && !manualLogin(user, pw) && !s.f.Comment(at) {
		s.add(from+len(user)+1, Hit{Kind: Password, Value: pw, User: user, Scheme: "mysql", Note: "data source"})
	}
}

// exampleHost says that a host is the one of manuals.
func (s *scanner) exampleHost(host string) bool {
	h, _, _ := strings.Cut(strings.ToLower(host), ":")
	return h == "example.com" || h == "example.org" || h == "example.net" || h == "server" || h == "proxyhost" || strings.Contains(h, "some.where") || strings.Contains(h, "bogus") || strings.HasPrefix(h, "hostname") || strings.Contains(h, "placeholder") || strings.Contains(h, "yourhost")
}

// manualLogin says that user and password are the words themselves, as in manuals.
func manualLogin(user, pw string) bool {
	u, p := strings.ToLower(user), strings.ToLower(pw)
	switch u {
	case "user", "username", "name", "login", "myuser", "usr", "foo", "joe":
	default:
		if !exampleMail(u) && !placeholder(u) {
			return false
		}
	}
	switch p {
	case "password", "pass", "passwd", "pwd", "pw", "mypassword", "secret", "bar", "user", "changeme", "123456":
		return true
	}
	return false
}

// exampleMail says that an account is an address below a name that nobody can
// have (RFC 2606, sections 2 and 3).
func exampleMail(user string) bool {
	_, domain, ok := strings.Cut(user, "@")
	if !ok {
		return false
	}
	for _, d := range []string{"example.com", "example.net", "example.org", "example", "test", "invalid"} {
		if domain == d || strings.HasSuffix(domain, "."+d) {
			return true
		}
	}
	return false
}
