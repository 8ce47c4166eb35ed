package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// url looks at scheme://user:password@host; off is at the colon.
func (s *scanner) url(off int) {
	d := s.f.Data
	if s.prose() || s.f.Kind != inspect.Text && !s.f.InStrings(off) {
		return
	}
	from := off
	for from > 0 && off-from < 16 && (alnum(d[from-1]) || d[from-1] == '+' || d[from-1] == '-' || d[from-1] == '.') {
		from--
	}
	if from == off {
		return
	}
	at := off + 3
	auth := s.token(at, 256, func(c byte) bool {
		return c > ' ' && c < 0x7f && c != '/' && c != '?' && c != '#' && c != '"' && c != '\'' && c != '<' && c != '>' && c != '\\' && c != '`'
	})
	i := bytes.LastIndexByte(auth, '@')
	if i <= 0 || i+1 >= len(auth) {
		return
	}
	user, pw, ok := strings.Cut(string(auth[:i]), ":")
	host := string(auth[i+1:])
	if strings.ContainsAny(user+pw, "[]<>{}|()") {
		return // a synopsis: [user[:password]@]
	}
	if !ok || pw == "" || placeholder(pw) || sample(user, pw) {
		return
	}
	if strings.HasPrefix(pw, "$") || placeholder(host) && s.f.Comment(off) || host == "example.com" || host == "example.org" || host == "example.net" || host == "host" || host == "hostname" {
		return
	}
	s.add(at, Hit{Kind: URLCredential, Value: pw, User: user, Scheme: strings.ToLower(string(d[from:off])), Note: "host " + host})
}

// sample says that user and password are the words themselves, as in manuals.
func sample(user, pw string) bool {
	u, p := strings.ToLower(user), strings.ToLower(pw)
	return (u == "user" || u == "username" || u == "name" || u == "login" || u == "myuser") &&
		(p == "password" || p == "pass" || p == "passwd" || p == "pwd" || p == "pw" || p == "mypassword" || p == "secret")
}

// provider is a form that only one kind of secret has.
type provider struct {
	prefix   string
	kind     Kind
	name     string
	min, max int // characters behind the prefix
	ok       func(c byte) bool
}

func upperDigit(c byte) bool { return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
func word(c byte) bool       { return alnum(c) || c == '_' || c == '-' }

var providers = []provider{
	{"AKIA", CloudKeyID, "aws", 16, 16, upperDigit},
	{"ASIA", CloudKeyID, "aws", 16, 16, upperDigit},
	{"LTAI", CloudKeyID, "alibaba", 12, 26, alnum},
	{"AKID", CloudKeyID, "tencent", 32, 32, alnum},
	{"AIza", APIKey, "google", 35, 35, word},
	{"hooks.slack.com/services/", Webhook, "slack", 20, 80, func(c byte) bool { return alnum(c) || c == '/' }},
	{"discord.com/api/webhooks/", Webhook, "discord", 40, 120, func(c byte) bool { return word(c) || c == '/' }},
	{"oapi.dingtalk.com/robot/send?access_token=", Webhook, "dingtalk", 32, 80, alnum},
	{"qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", Webhook, "wecom", 30, 60, word},
	{"xoxb-", Token, "slack", 20, 90, word},
	{"xoxp-", Token, "slack", 20, 90, word},
	{"ghp_", Token, "github", 36, 36, alnum},
	{"gho_", Token, "github", 36, 36, alnum},
	{"github_pat_", Token, "github", 40, 100, word},
	{"glpat-", Token, "gitlab", 20, 30, word},
	{"sk_live_", Token, "stripe", 20, 100, alnum},
	{"npm_", Token, "npm", 36, 36, alnum},
	{"SG.", Token, "sendgrid", 60, 70, func(c byte) bool { return word(c) || c == '.' }},
	{"eyJ", Token, "jwt", 40, 4000, func(c byte) bool { return word(c) || c == '.' }},
}

func providerWords() []string {
	var out []string
	for _, p := range providers {
		out = append(out, p.prefix)
	}
	return out
}

// provider looks at a form of providers.
func (s *scanner) provider(off int) {
	d := s.f.Data
	if s.f.Kind != inspect.Text && !s.f.InStrings(off) {
		return
	}
	for i := range providers {
		p := &providers[i]
		if !bytes.HasPrefix(d[off:], []byte(p.prefix)) || !s.boundary(off) && p.kind != Webhook {
			continue
		}
		if off < s.tokenEnd {
			return
		}
		rest := s.token(off+len(p.prefix), p.max+1, p.ok)
		if len(rest) > p.max {
			s.tokenEnd = off + len(rest)
		}
		if len(rest) < p.min || len(rest) > p.max {
			continue
		}
		if end := off + len(p.prefix) + len(rest); end < len(d) && alnum(d[end]) {
			continue
		}
		v := p.prefix + string(rest)
		if strings.Contains(strings.ToUpper(v), "EXAMPLE") || placeholder(string(rest)) || !suits(p, v) {
			continue
		}
		h := Hit{Kind: p.kind, Value: v, Scheme: p.name}
		if p.kind == Webhook {
			// The whole URL is what lets somebody post.
			for _, scheme := range []string{"https://", "http://"} {
				if bytes.HasSuffix(d[:off], []byte(scheme)) {
					off -= len(scheme)
					h.Value = scheme + v
				}
			}
		}
		s.add(off, h)
		return
	}
}

// suits asks for what a form needs besides its characters.
func suits(p *provider, v string) bool {
	switch p.name {
	case "jwt":
		parts := strings.Split(v, ".")
		return len(parts) == 3 && len(parts[1]) > 10 && len(parts[2]) > 10
	case "slack":
		return p.kind != Webhook || strings.Count(v, "/") >= 3
	case "alibaba", "tencent", "google", "npm", "github":
		return random(v[len(p.prefix):]) || len(v) > 36
	}
	return true
}
