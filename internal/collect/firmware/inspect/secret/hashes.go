package secret

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// scheme is a crypt(5) prefix and the shape of what follows it.
type scheme struct {
	prefix, name string
	salt         int // characters of the salt at most; -1: the hash has no salt field
	sum          int // characters of the sum
	rounds       bool
}

var schemes = []scheme{
	{"$apr1$", "apr1", 8, 22, false},
	{"$1$", "md5", 8, 22, false},
	{"$5$", "sha256", 16, 43, true},
	{"$6$", "sha512", 16, 86, true},
	{"$2a$", "bcrypt", -1, 53, true},
	{"$2b$", "bcrypt", -1, 53, true},
	{"$2y$", "bcrypt", -1, 53, true},
	{"$y$", "yescrypt", 86, 43, true},
	{"$gy$", "gost-yescrypt", 86, 43, true},
	{"$7$", "scrypt", 100, 43, false},
}

func b64(c byte) bool { return alnum(c) || c == '.' || c == '/' }

// hashAt returns the crypt(5) hash that begins at the start of b.
func hashAt(b []byte) (hash, name string) {
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
			return "", ""
		}
		if sc.salt >= 0 {
			if salt := fields[len(fields)-2]; len(salt) > sc.salt {
				return "", ""
			}
		}
		return string(b[:end]), sc.name
	}
	for _, l := range []struct {
		prefix, name string
		n            int
	}{{"{SHA}", "sha1", 28}, {"{SSHA}", "ssha1", 32}} {
		if bytes.HasPrefix(b, []byte(l.prefix)) {
			end := len(l.prefix)
			for end < len(b) && (alnum(b[end]) || b[end] == '+' || b[end] == '/' || b[end] == '=') {
				end++
			}
			if end-len(l.prefix) >= l.n && end < 100 {
				return string(b[:end]), l.name
			}
		}
	}
	return "", ""
}

// hash looks at a hash with a prefix, wherever it stands.
func (s *scanner) hash(off int) {
	if s.prose() || accountFile(s.f.Path) {
		return // account files are read by their fields
	}
	v, name := hashAt(s.f.Data[off:])
	if v == "" {
		return
	}
	line, start := s.f.LineAround(off)
	h := Hit{Kind: PasswordHash, Value: v, Scheme: name}
	// "user:hash", the form of htpasswd and of shadow lines elsewhere.
	if before := line[:off-start]; bytes.HasSuffix(before, []byte(":")) {
		user := before[:len(before)-1]
		if i := bytes.LastIndexAny(user, " \t\"'=,;:"); i >= 0 {
			user = user[i+1:]
		}
		h.User = string(user)
	}
	if off > 0 && (s.f.Data[off-1] == '!' || s.f.Data[off-1] == '*') {
		return // locked
	}
	s.add(off, h)
}

func accountFile(p string) bool {
	base := strings.TrimSuffix(path.Base(p), "-")
	for _, ext := range []string{".bak", ".old", ".orig", ".default", ".dist"} {
		base = strings.TrimSuffix(base, ext)
	}
	switch base {
	case "shadow", "passwd", "master.passwd", "gshadow", ".htpasswd", "htpasswd", "smbpasswd":
		return true
	}
	return strings.HasSuffix(base, ".htpasswd")
}

// accounts reads passwd(5), shadow(5) and htpasswd files by their fields.
func (s *scanner) accounts() {
	if !accountFile(s.f.Path) || s.f.Kind != inspect.Text || s.prose() {
		return
	}
	off := 0
	for line := range bytes.Lines(s.f.Data) {
		if len(s.hits) >= maxHits {
			return
		}
		s.account(off, strings.TrimRight(string(line), "\r\n"))
		off += len(line)
	}
}

func (s *scanner) account(off int, line string) {
	f := strings.Split(line, ":")
	if len(f) < 2 || f[0] == "" || strings.HasPrefix(f[0], "#") || strings.HasPrefix(f[0], "+") {
		return
	}
	user, pw := f[0], f[1]
	passwd := len(f) == 7
	at := off + len(user) + 1
	if passwd && f[2] == "0" && user != "root" {
		s.add(off, Hit{Kind: UID0Account, Value: line, User: user})
	}
	switch {
	case pw == "" && (passwd || len(f) >= 8):
		// A shell that lets nobody in makes it harmless, if passwd says so.
		if passwd && closedShell(f[6]) {
			return
		}
		s.add(off, Hit{Kind: EmptyPassword, Value: line, User: user})
	case pw == "x" || pw == "" || strings.HasPrefix(pw, "*") || strings.HasPrefix(pw, "!") || strings.HasPrefix(pw, "NP"):
		return // in shadow, or locked
	default:
		if v, name := hashAt([]byte(pw)); v != "" {
			s.add(at, Hit{Kind: PasswordHash, Value: v, User: user, Scheme: name})
		} else if des(pw) {
			s.add(at, Hit{Kind: PasswordHash, Value: pw, User: user, Scheme: "des"})
		}
	}
}

func closedShell(sh string) bool {
	base := path.Base(sh)
	return base == "false" || base == "nologin" || base == "sync" || base == "halt" || base == "shutdown"
}

// des says that v is traditional crypt(3): two of salt, eleven of sum.
func des(v string) bool {
	if len(v) != 13 {
		return false
	}
	for i := range len(v) {
		if !b64(v[i]) {
			return false
		}
	}
	return true
}
