package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// scheme is a crypt(5) prefix and the shape of what follows it.
type scheme struct {
	prefix, name string
	salt         int // characters of the salt at most; -1: the hash has no salt field
	sum          int // characters of the sum
}

var schemes = []scheme{
	{"$apr1$", "apr1", 8, 22},
	{"$1$", "md5", 8, 22},
	{"$5$", "sha256", 16, 43},
	{"$6$", "sha512", 16, 86},
	{"$2a$", "bcrypt", -1, 53},
	{"$2b$", "bcrypt", -1, 53},
	{"$2y$", "bcrypt", -1, 53},
	{"$y$", "yescrypt", 86, 43},
	{"$gy$", "gost-yescrypt", 86, 43},
	{"$7$", "scrypt", 100, 43},
	{"$8$", "pbkdf2-sha256", 14, 43}, // of Cisco's types 8 and 9
	{"$9$", "scrypt", 14, 43},
}

// longSchemes are hashes in the modular form whose fields are base64 with "+"
// and "=", as password files of brokers and web frameworks have them: a prefix,
// and how many fields follow it.
var longSchemes = []struct {
	prefix, name string
	fields       int
	sum          int // bytes of base64 in the last field at least
}{
	{"$6$", "sha512-broker", 2, 86},
	{"$7$", "pbkdf2-sha512", 3, 86},
	{"$pbkdf2-sha256$", "pbkdf2-sha256", 3, 43},
	{"$pbkdf2-sha512$", "pbkdf2-sha512", 3, 86},
	{"$pbkdf2-sha1$", "pbkdf2-sha1", 3, 27},
	{"pbkdf2_sha256$", "pbkdf2-sha256", 3, 43}, // of Django
	{"pbkdf2_sha1$", "pbkdf2-sha1", 3, 27},
	{"pbkdf2:sha256:", "pbkdf2-sha256", 3, 64}, // of Werkzeug
	{"scrypt:", "scrypt", 3, 64},
	{"$argon2id$", "argon2id", 4, 22},
	{"$argon2i$", "argon2i", 4, 22},
	{"$argon2d$", "argon2d", 4, 22},
}

func b64(c byte) bool { return alnum(c) || c == '.' || c == '/' }

// hashAt returns the hash that begins at the start of b.
func hashAt(b []byte) (hash, name string) {
	if len(b) == 0 {
		return "", ""
	}
	if b[0] == '{' {
		return ldapHash(b)
	}
	for _, sc := range schemes {
		if !bytes.HasPrefix(b, []byte(sc.prefix)) {
			continue
		}
		end, fences := len(sc.prefix), 0
		for end < len(b) && end < 256 && fences <= 2 && (b64(b[end]) || b[end] == '$' || b[end] == '=') {
			if b[end] == '$' {
				fences++
			}
			end++
		}
		fields := strings.Split(string(b[len(sc.prefix):end]), "$")
		last := fields[len(fields)-1]
		if len(last) != sc.sum || len(fields) > 3 || (sc.salt >= 0 && len(fields) < 2) {
			break
		}
		if sc.salt >= 0 {
			if salt := fields[len(fields)-2]; len(salt) > sc.salt {
				break
			}
		}
		if end < len(b) && (b[end] == '+' || b[end] == '=') || fewDistinct(last) {
			break // "xxxx": what a program compares with where there is no account
		}
		return string(b[:end]), sc.name
	}
	return longHash(b)
}

func fewDistinct(v string) bool {
	seen := map[byte]bool{}
	for i := range len(v) {
		seen[v[i]] = true
	}
	return len(seen) < 6
}

func longHash(b []byte) (hash, name string) {
	for _, sc := range longSchemes {
		if !bytes.HasPrefix(b, []byte(sc.prefix)) {
			continue
		}
		end := len(sc.prefix)
		for end < len(b) && end < 400 && (b64(b[end]) || strings.IndexByte("$=+,-_:", b[end]) >= 0) {
			end++
		}
		fields := strings.Split(string(b[len(sc.prefix):end]), "$")
		if len(fields) == sc.fields && len(fields[len(fields)-1]) >= sc.sum {
			return string(b[:end]), sc.name
		}
	}
	if m := scram.Find(b[:min(len(b), 400)]); m != nil {
		return string(m), "scram-" + strings.ToLower(string(m[6:strings.IndexByte(string(m), '$')]))
	}
	return "", ""
}

// scram is what PostgreSQL keeps of a password (RFC 5802, section 3): rounds and
// salt, then two keys.
var scram = pattern.New(`^SCRAM-SHA-(?:1|256)\$[0-9]{4,7}:[A-Za-z0-9+/=]{8,64}\$[A-Za-z0-9+/=]{27,44}:[A-Za-z0-9+/=]{27,44}`)

// ldapHash reads the form of RFC 2307: the scheme in braces, then base64.
func ldapHash(b []byte) (hash, name string) {
	for _, l := range []struct {
		prefix, name string
		n            int
	}{{"{SHA}", "sha1", 28}, {"{SSHA}", "ssha1", 32}, {"{SHA256}", "sha256-ldap", 44}} {
		if !bytes.HasPrefix(b, []byte(l.prefix)) {
			continue
		}
		end := len(l.prefix)
		for end < len(b) && base64Byte(b[end]) {
			end++
		}
		if end-len(l.prefix) >= l.n && end < 100 {
			return string(b[:end]), l.name
		}
	}
	return "", ""
}

// cleartext looks at a password behind a scheme that says that it is none:
// user:{PLAIN}x.
func (s *scanner) cleartext(at, end int) {
	if s.f.Kind != inspect.Text || s.prose() || s.f.Comment(at) {
		return
	}
	v := string(s.token(end, 65, func(c byte) bool { return c > ' ' && c < 0x7f && c != ':' && c != '"' && c != '\'' }))
	if len(v) < 3 || len(v) > 64 || s.placeholder(v) || variable(v) {
		return
	}
	h := Hit{Kind: Password, Value: v, Note: "in clear"}
	if before := tailOf(s.f.Data, at, 64); bytes.HasSuffix(before, []byte(":")) {
		before = before[:len(before)-1]
		h.User = string(before[bytes.LastIndexAny(before, " \t\n\"'")+1:])
	}
	s.add(end, h)
}

// hash looks at a hash with a prefix, wherever it stands.
func (s *scanner) hash(at, _ int) {
	if s.prose() || accountFile(s.f.Path) || s.f.Kind == inspect.ELF && !s.f.InStrings(at) {
		return // account files are read by their fields
	}
	v, name := hashAt(s.f.Data[at:])
	if v == "" {
		return
	}
	if (s.sample || s.f.Role == inspect.Web) && s.f.Comment(at) {
		return
	}
	line, start := s.f.LineAround(at)
	h := Hit{Kind: PasswordHash, Value: v, Scheme: name}
	// "user:hash", the form of htpasswd and of shadow lines elsewhere.
	if before := line[:at-start]; bytes.HasSuffix(before, []byte(":")) {
		user := before[:len(before)-1]
		if i := bytes.LastIndexAny(user, " \t\"'=,;:"); i >= 0 {
			user = user[i+1:]
		}
		h.User = string(user)
	} else if s.f.Kind == inspect.Text {
		h.User = s.neighbour(assignment{key: "password", from: at, at: at}, userKeys)
	}
	if at > 0 && (s.f.Data[at-1] == '!' || s.f.Data[at-1] == '*') {
		return // locked
	}
	s.add(at, h)
}
