package httpwire

import (
	"crypto/md5" //nolint:gosec // Digest's older algorithm, spoken by devices
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// maxChallenges bounds the challenges read from one response.
const maxChallenges = 16

// Challenges reads every WWW-Authenticate field (RFC 9110 section 11.6.1).
// What can't be read is left out.
func (r *Response) Challenges() []Challenge {
	var list []Challenge
	for _, v := range r.Header.Values("WWW-Authenticate") {
		list = append(list, ParseChallenges(v)...)
	}
	return list[:min(len(list), maxChallenges)]
}

// ParseChallenges reads the challenges of one field value.
func ParseChallenges(v string) []Challenge {
	var list []Challenge
	s := scanner{v}
	for len(list) < maxChallenges {
		s.skip(", \t")
		word := s.token()
		if word == "" {
			break
		}
		s.skip(" \t")
		if !s.eat('=') { // a scheme
			list = append(list, Challenge{Scheme: strings.ToLower(word)})
			continue
		}
		s.skip(" \t")
		if len(list) == 0 {
			break // a parameter without a scheme
		}
		list[len(list)-1].set(strings.ToLower(word), s.value())
	}
	return list
}

func (c *Challenge) set(name, value string) {
	switch name {
	case "realm":
		c.Realm = value
	case "nonce":
		c.Nonce = value
	case "opaque":
		c.Opaque = value
	case "algorithm":
		c.Algorithm = value
	case "stale":
		c.Stale = strings.EqualFold(value, "true")
	case "qop":
		for q := range strings.SplitSeq(value, ",") {
			if q = strings.TrimSpace(q); q != "" && len(c.QOP) < 4 {
				c.QOP = append(c.QOP, q)
			}
		}
	}
}

// scanner reads tokens and quoted strings (RFC 9110 section 5.6).
type scanner struct{ s string }

func (s *scanner) skip(set string) { s.s = strings.TrimLeft(s.s, set) }

func (s *scanner) eat(c byte) bool {
	if s.s == "" || s.s[0] != c {
		return false
	}
	s.s = s.s[1:]
	return true
}

func (s *scanner) token() string {
	i := strings.IndexAny(s.s, " \t,=\"")
	if i < 0 {
		i = len(s.s)
	}
	t := s.s[:i]
	s.s = s.s[i:]
	return t
}

func (s *scanner) value() string {
	if !s.eat('"') {
		i := strings.IndexAny(s.s, " \t,")
		if i < 0 {
			i = len(s.s)
		}
		t := s.s[:i]
		s.s = s.s[i:]
		return t
	}
	var b strings.Builder
	for i := 0; i < len(s.s); i++ {
		switch c := s.s[i]; {
		case c == '\\' && i+1 < len(s.s):
			i++
			b.WriteByte(s.s[i])
		case c == '"':
			s.s = s.s[i+1:]
			return b.String()
		default:
			b.WriteByte(c)
		}
	}
	s.s = "" // never closed
	return b.String()
}

// Name returns "basic", "digest-md5", "digest-sha-256" or the scheme.
func (c Challenge) Name() string {
	if c.Scheme != "digest" {
		return c.Scheme
	}
	alg := strings.TrimSuffix(strings.ToLower(c.Algorithm), "-sess")
	if alg == "" {
		alg = "md5"
	}
	return "digest-" + alg
}

// Strongest returns the challenge that a careful client answers: Digest with
// SHA-256, then with MD5, then Basic. ok is false when none can be answered.
func Strongest(list []Challenge) (best Challenge, ok bool) {
	for _, name := range []string{"digest-sha-256", "digest-md5", "basic"} {
		for _, c := range list {
			if c.Name() == name {
				return c, true
			}
		}
	}
	return Challenge{}, false
}

// BasicAuth returns the Authorization value of RFC 7617.
func BasicAuth(c Credential) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Password))
}

// Authorize answers a challenge for one request. uri is the request target as
// sent; count is the number of requests sent with this nonce, from 1. The
// error says which algorithm or scheme isn't known.
func (c Challenge) Authorize(cred Credential, method, uri string, count uint32) (string, error) {
	switch c.Scheme {
	case "basic":
		return BasicAuth(cred), nil
	case "digest":
		b := make([]byte, 12)
		if _, err := rand.Read(b); err != nil {
			return "", fmt.Errorf("client nonce: %w", err)
		}
		return c.digest(cred, method, uri, count, hex.EncodeToString(b))
	}
	return "", fmt.Errorf("scheme %.40q is not known", c.Scheme)
}

// digest computes RFC 7616 section 3.4, and RFC 2069 where no qop is offered.
func (c Challenge) digest(cred Credential, method, uri string, count uint32, cnonce string) (string, error) {
	var newHash func() hash.Hash
	switch c.Name() {
	case "digest-md5":
		newHash = md5.New
	case "digest-sha-256":
		newHash = sha256.New
	default:
		return "", fmt.Errorf("digest algorithm %.40q is not known", c.Algorithm)
	}
	h := func(s string) string {
		sum := newHash()
		sum.Write([]byte(s))
		return hex.EncodeToString(sum.Sum(nil))
	}
	qop := ""
	for _, q := range c.QOP {
		if q == "auth" {
			qop = q
		}
	}
	if qop == "" && len(c.QOP) > 0 {
		return "", fmt.Errorf("digest qop %.40q is not known", strings.Join(c.QOP, ","))
	}
	a1 := h(cred.User + ":" + c.Realm + ":" + cred.Password)
	if strings.HasSuffix(strings.ToLower(c.Algorithm), "-sess") {
		a1 = h(a1 + ":" + c.Nonce + ":" + cnonce)
	}
	a2 := h(method + ":" + uri)
	nc := fmt.Sprintf("%08x", count)
	var response string
	if qop == "" {
		response = h(a1 + ":" + c.Nonce + ":" + a2)
	} else {
		response = h(strings.Join([]string{a1, c.Nonce, nc, cnonce, qop, a2}, ":"))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Digest username=%s, realm=%s, nonce=%s, uri=%s, response=\"%s\"",
		quote(cred.User), quote(c.Realm), quote(c.Nonce), quote(uri), response)
	if c.Algorithm != "" {
		b.WriteString(", algorithm=" + token(c.Algorithm))
	}
	if c.Opaque != "" {
		b.WriteString(", opaque=" + quote(c.Opaque))
	}
	if qop != "" {
		fmt.Fprintf(&b, ", qop=%s, nc=%s, cnonce=\"%s\"", qop, nc, cnonce)
	} else if strings.HasSuffix(strings.ToLower(c.Algorithm), "-sess") {
		fmt.Fprintf(&b, ", cnonce=\"%s\"", cnonce)
	}
	return b.String(), nil
}

// quote writes a quoted string; control characters, with which a challenge
// could add header lines of its own, are dropped.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x20 || c == 0x7f:
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func token(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0x20 && r < 0x7f && !strings.ContainsRune(`",;=`, r) {
			return r
		}
		return -1
	}, s)
}
