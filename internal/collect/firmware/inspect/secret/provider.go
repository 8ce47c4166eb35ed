package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"hash/crc32"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// provider is a form that only one kind of secret has.
type provider struct {
	prefix   string
	kind     Kind
	name     string
	min, max int // characters behind the prefix
	ok       func(c byte) bool
	suits    func(v string) bool // what the form needs besides its characters; nil: nothing
	sure     func(v string) bool // a checksum holds: a secret even where others are examples
}

func upperDigit(c byte) bool { return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
func word(c byte) bool       { return alnum(c) || c == '_' || c == '-' }
func dotted(c byte) bool     { return word(c) || c == '.' }
func slashed(c byte) bool    { return word(c) || c == '/' }
func lowerAlnum(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' }
func lowerHex(c byte) bool   { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }

// providers are forms of tokens as their issuers document them. Their prefixes
// are case-sensitive; the search is not.
var providers = []provider{
	{"AKIA", CloudKeyID, "aws", 16, 16, upperDigit, nil, nil},
	{"ASIA", CloudKeyID, "aws", 16, 16, upperDigit, randomTail(4), nil},
	{"LTAI", CloudKeyID, "alibaba", 12, 26, alnum, randomTail(4), nil},
	{"AKID", CloudKeyID, "tencent", 32, 32, alnum, randomTail(4), nil},
	{"AKLT", CloudKeyID, "volcengine", 40, 60, alnum, randomTail(4), nil},
	{"AIza", APIKey, "google", 35, 35, word, nil, nil},
	{"GOCSPX-", Token, "google", 28, 28, word, nil, nil},
	{"ya29.", Token, "google", 40, 400, word, randomTail(5), nil},
	{"1//0", Token, "google", 40, 120, word, randomTail(4), nil},
	{"EAAC", Token, "facebook", 60, 250, alnum, randomTail(4), nil},
	{"hooks.slack.com/services/", Webhook, "slack", 20, 80, slashed, slashes(2), nil},
	{"hooks.slack.com/workflows/", Webhook, "slack", 20, 100, slashed, slashes(2), nil},
	{"discord.com/api/webhooks/", Webhook, "discord", 40, 120, slashed, slashes(1), nil},
	{"discordapp.com/api/webhooks/", Webhook, "discord", 40, 120, slashed, slashes(1), nil},
	{"oapi.dingtalk.com/robot/send?access_token=", Webhook, "dingtalk", 32, 80, alnum, nil, nil},
	{"qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", Webhook, "wecom", 30, 60, word, nil, nil},
	{"open.feishu.cn/open-apis/bot/v2/hook/", Webhook, "feishu", 30, 60, word, nil, nil},
	{"open.larksuite.com/open-apis/bot/v2/hook/", Webhook, "feishu", 30, 60, word, nil, nil},
	{"webhook.office.com/webhookb2/", Webhook, "teams", 60, 250, func(c byte) bool { return slashed(c) || c == '@' }, slashes(2), nil},
	{"hooks.zapier.com/hooks/catch/", Webhook, "zapier", 8, 60, slashed, slashes(1), nil},
	{"maker.ifttt.com/trigger/", Webhook, "ifttt", 20, 120, slashed, func(v string) bool { return strings.Contains(v, "/with/key/") }, nil},
	{"api.telegram.org/bot", Webhook, "telegram", 40, 60, func(c byte) bool { return word(c) || c == ':' }, nil, nil},
	{"xoxb-", Token, "slack", 20, 90, word, randomTail(5), nil},
	{"xoxp-", Token, "slack", 20, 90, word, randomTail(5), nil},
	{"xoxa-", Token, "slack", 20, 90, word, randomTail(5), nil},
	{"xoxs-", Token, "slack", 20, 90, word, randomTail(5), nil},
	{"xapp-", Token, "slack", 40, 150, word, nil, nil},
	{"ghp_", Token, "github", 36, 36, alnum, randomTail(4), checksum62},
	{"gho_", Token, "github", 36, 36, alnum, randomTail(4), checksum62},
	{"ghu_", Token, "github", 36, 36, alnum, randomTail(4), checksum62},
	{"ghs_", Token, "github", 36, 36, alnum, randomTail(4), checksum62},
	{"ghr_", Token, "github", 36, 76, alnum, randomTail(4), nil},
	{"github_pat_", Token, "github", 40, 100, word, randomTail(11), nil},
	{"glpat-", Token, "gitlab", 20, 30, word, nil, nil},
	{"gldt-", Token, "gitlab", 20, 30, word, nil, nil},
	{"glrt-", Token, "gitlab", 20, 30, word, nil, nil},
	{"glptt-", Token, "gitlab", 40, 40, lowerHex, nil, nil},
	{"sk_live_", Token, "stripe", 20, 110, alnum, nil, nil},
	{"rk_live_", Token, "stripe", 20, 110, alnum, nil, nil},
	{"sk_test_", Token, "stripe", 20, 110, alnum, nil, nil},
	{"sq0csp-", Token, "square", 43, 43, word, nil, nil},
	{"sq0atp-", Token, "square", 22, 22, word, nil, nil},
	{"shpat_", Token, "shopify", 32, 32, hexByte, nil, nil},
	{"npm_", Token, "npm", 36, 36, alnum, randomTail(4), checksum62},
	{"pypi-AgEIcHlwaS5vcmc", Token, "pypi", 50, 200, word, nil, nil},
	{"SG.", Token, "sendgrid", 60, 70, dotted, func(v string) bool { return strings.Count(v, ".") == 2 }, nil},
	{"key-", Token, "mailgun", 32, 32, lowerAlnum, randomTail(4), nil},
	{"eyJ", Token, "jwt", 40, 4000, dotted, jwt, nil},
	{"pk.eyJ", APIKey, "mapbox", 60, 120, dotted, nil, nil},
	{"sk.eyJ", Token, "mapbox", 60, 120, dotted, nil, nil},
	{"hvs.", Token, "vault", 24, 120, word, randomTail(4), nil},
	{"dop_v1_", Token, "digitalocean", 64, 64, lowerHex, nil, nil},
	{"dapi", Token, "databricks", 32, 32, lowerHex, nil, nil},
	{"hf_", Token, "huggingface", 34, 34, alnum, randomTail(3), nil},
	{"sk-ant-", Token, "anthropic", 60, 120, word, nil, nil},
	{"sk-proj-", Token, "openai", 40, 200, word, nil, nil},
	{"glsa_", Token, "grafana", 38, 48, word, nil, nil},
	{"NRAK-", Token, "newrelic", 27, 27, upperDigit, nil, nil},
	{"PMAK-", Token, "postman", 59, 59, word, nil, nil},
	{"aio_", Token, "adafruit", 28, 28, alnum, nil, nil},
	{"ATATT3", Token, "atlassian", 100, 220, func(c byte) bool { return word(c) || c == '=' }, nil, nil},
	{"sctapi.ftqq.com/SCT", Webhook, "serverchan", 20, 60, alnum, nil, nil},
}

// providerWords are the prefixes; and what Telegram's and Azure's forms have in
// their middle.
var providerWords = func() []string {
	seen := map[string]bool{}
	var out []string
	for _, p := range providers {
		if low := strings.ToLower(p.prefix); !seen[low] {
			seen[low] = true
			out = append(out, p.prefix)
		}
	}
	return append(out, ":AA", "8Q~", "&sig=", "?sig=", "_authToken=", "Authorization", "T3BlbkFJ", "_live_", ":APA91b", "&sign=", "?sign=")
}()

// byFirst are the indexes of providers by the first byte of their prefix.
var byFirst = func() (t [256][]int) {
	for i := range providers {
		t[providers[i].prefix[0]] = append(t[providers[i].prefix[0]], i)
	}
	return t
}()

// provider looks at a form of providers.
func (s *scanner) provider(at, end int) {
	d := s.f.Data
	if s.f.Kind != inspect.Text && !s.f.InStrings(at) {
		return
	}
	switch d[at] {
	case ':', '8', '&', '?', '_', 'T':
		s.middle(at, end)
		return
	case 'a', 'A':
		if bytes.EqualFold(d[at:end], []byte("authorization")) {
			s.authorization(end)
			return
		}
	}
	if d[at] == 'e' && bytes.HasPrefix(d[at:], []byte("eyJ")) && at >= s.tokenEnd {
		if rest := s.token(at, 8<<10, base64Byte); at+len(rest) >= len(d) || d[at+len(rest)] != '.' {
			s.encodedText(at, end)
		}
	}
	for _, i := range byFirst[d[at]] {
		p := &providers[i]
		if !bytes.HasPrefix(d[at:], []byte(p.prefix)) || p.kind != Webhook && !s.tokenStart(at) {
			continue
		}
		if at < s.tokenEnd {
			return
		}
		rest := s.token(at+len(p.prefix), p.max+1, p.ok)
		if len(rest) > p.max {
			s.tokenEnd = at + len(rest)
		}
		if len(rest) < p.min || len(rest) > p.max {
			continue
		}
		if end := at + len(p.prefix) + len(rest); end < len(d) && alnum(d[end]) {
			continue
		}
		v := p.prefix + string(rest)
		if strings.Contains(strings.ToUpper(v), "EXAMPLE") || placeholder(string(rest)) || p.suits != nil && !p.suits(v) {
			continue
		}
		sure := p.sure != nil && p.sure(v)
		if s.prose() && !sure {
			return
		}
		h := Hit{Kind: p.kind, Value: v, Scheme: p.name}
		if sure {
			h.Note = "its checksum holds"
		}
		if p.kind == Webhook {
			at, h.Value = s.withScheme(at, v)
		}
		s.add(at, h)
		return
	}
}

// tokenStart says that a token may begin at off.
func (s *scanner) tokenStart(off int) bool {
	if off == 0 {
		return true
	}
	c := s.f.Data[off-1]
	return !alnum(c) && c != '_' && c != '-'
}

// withScheme adds the scheme of a URL whose host stands at off: the whole URL is
// what lets somebody post.
func (s *scanner) withScheme(off int, v string) (int, string) {
	for back := 0; back < 60 && off-back > 0; back++ {
		for _, scheme := range []string{"https://", "http://"} {
			if bytes.HasSuffix(s.f.Data[:off-back], []byte(scheme)) {
				begin := off - back - len(scheme)
				return begin, string(s.f.Data[begin:off]) + v
			}
		}
		if !dotted(s.f.Data[off-back-1]) {
			break
		}
	}
	return off, v
}

// colon looks at tokens with a colon in their middle. Telegram: the bot's
// number, a colon, 35 characters.
func (s *scanner) colon(at int) {
	d := s.f.Data
	from := at
	for from > 0 && at-from < 12 && d[from-1] >= '0' && d[from-1] <= '9' {
		from--
	}
	v := s.token(at+1, 36, word)
	if s.f.Data[at+1] == 'A' && bytes.HasPrefix(d[at:], []byte(":APA91b")) { // Firebase: eleven characters, a colon, 140
		for from = at; from > 0 && at-from < 12 && word(d[from-1]); {
			from--
		}
		if v := s.token(at+1, 200, word); at-from == 11 && len(v) >= 120 {
			s.add(from, Hit{Kind: APIKey, Value: string(d[from : at+1+len(v)]), Scheme: "firebase"})
		}
		return
	}
	if at-from >= 8 && at-from <= 10 && len(v) == 35 && s.boundary(from) && random(string(v)) {
		s.add(from, Hit{Kind: Token, Value: string(d[from : at+36]), Scheme: "telegram"})
	}
}

// middle looks at forms that are known by a piece inside of them.
func (s *scanner) middle(at, end int) {
	if s.prose() {
		return
	}
	d := s.f.Data
	switch d[at] {
	case ':':
		s.colon(at)
	case '8': // Azure AD: three characters, a digit, Q~, 31 to 34
		from := at - 3
		if from < 0 || !s.boundary(from) {
			return
		}
		if v := s.token(from, 50, func(c byte) bool { return dotted(c) || c == '~' }); len(v) >= 37 && len(v) <= 40 {
			s.add(from, Hit{Kind: CloudSecret, Value: string(v), Scheme: "azure"})
		}
	case '&', '?': // a shared access signature
		line, start := s.f.LineAround(at)
		window := line[max(0, at-start-600):min(len(line), end-start+300)]
		v := s.token(end, 120, func(c byte) bool { return word(c) || c == '%' || c == '+' || c == '/' || c == '=' })
		if hexBits(string(v)) > 0 && bytes.Contains(window, []byte("://")) {
			s.add(end, Hit{Kind: Token, Value: string(v), Note: "signature in a URL"})
		} else if len(v) >= 43 && (bytes.Contains(window, []byte("sv=")) || bytes.Contains(window, []byte("se=")) || bytes.Contains(window, []byte("sr="))) {
			s.add(end, Hit{Kind: Token, Value: string(v), Scheme: "azure", Note: "shared access signature"})
		}
	case '_':
		if d[at+1] == 'l' { // ab_live_…: the form that many services took from Stripe
			from := at
			for from > 0 && at-from < 6 && d[from-1] >= 'a' && d[from-1] <= 'z' {
				from--
			}
			if v := s.token(end, 64, alnum); at-from >= 2 && len(v) >= 16 && random(string(v[:16])) && (s.f.Kind != inspect.Text || s.boundary(from)) {
				s.add(from, Hit{Kind: APIKey, Value: string(d[from:end]) + string(v)})
			}
			return
		}
		if d[at+1] != 'a' {
			return
		}
		if v := s.token(end, 200, func(c byte) bool { return c > ' ' && c < 0x7f && c != '$' && c != '"' }); len(v) >= 16 && !s.placeholder(string(v)) {
			s.add(end, Hit{Kind: Token, Value: string(v), Scheme: "npm", Note: "registry"})
		}
	case 'T': // OpenAI's keys of 51 characters
		from := at
		for from > 0 && at-from < 40 && word(d[from-1]) {
			from--
		}
		if v := s.token(from, 220, word); bytes.HasPrefix(v, []byte("sk-")) && len(v) >= 48 {
			s.add(from, Hit{Kind: Token, Value: string(v), Scheme: "openai"})
		}
	}
}

// authorization looks behind the name of a header for a scheme and a credential.
func (s *scanner) authorization(end int) {
	d := s.f.Data
	if s.prose() || s.f.Comment(end) {
		return
	}
	window := d[end:min(len(d), end+24)]
	for _, scheme := range []string{"Basic ", "Bearer ", "Token ", "basic ", "bearer ", "token "} {
		i := bytes.Index(window, []byte(scheme))
		if i < 0 || bytes.IndexByte(window[:i], '\n') >= 0 {
			continue
		}
		at := end + i + len(scheme)
		v := string(s.token(at, 2000, func(c byte) bool { return dotted(c) || c == '+' || c == '/' || c == '=' || c == '~' }))
		if scheme[0]|0x20 != 'b' || scheme[1] != 'a' {
			if len(v) >= 16 && (random(v) || hexBits(v) > 0) && !placeholder(v) {
				s.add(at, Hit{Kind: Token, Value: v, Scheme: "http", Note: "header Authorization"})
			}
			return
		}
		raw, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			return
		}
		if user, pw, ok := strings.Cut(string(raw), ":"); ok && user != "" && ascii(string(raw)) && !manualLogin(user, pw) && !placeholder(v) {
			s.add(at, Hit{Kind: Password, Value: v, Clear: pw, User: user, Scheme: "http", Note: "header Authorization, base64"})
		}
		return
	}
}

func randomTail(n int) func(v string) bool {
	return func(v string) bool { return random(v[n:]) || len(v) > n+32 && mixed(v[n:]) || hexBits(v[n:]) > 0 }
}

func slashes(n int) func(v string) bool {
	return func(v string) bool {
		_, rest, _ := strings.Cut(v, "s/")
		return strings.Count(rest, "/") >= n && digit(rest)
	}
}

// jwt says that v is a signed token: its header is JSON that names an algorithm.
func jwt(v string) bool {
	parts := strings.Split(v, ".")
	if len(parts) != 3 || len(parts[1]) <= 10 || len(parts[2]) <= 10 {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[0], "="))
	if err != nil {
		return false
	}
	var head struct {
		Alg string `json:"alg"`
	}
	return json.Unmarshal(raw, &head) == nil && head.Alg != ""
}

// checksum62 verifies the last six characters of a token: the CRC-32 of those
// before in base 62, as GitHub and npm describe their tokens.
func checksum62(v string) bool {
	_, body, _ := strings.Cut(v, "_")
	if len(body) < 12 {
		return false
	}
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sum := crc32.ChecksumIEEE([]byte(body[:len(body)-6]))
	var want [6]byte
	for i := 5; i >= 0; i-- {
		want[i] = digits[sum%62]
		sum /= 62
	}
	return string(want[:]) == body[len(body)-6:]
}
