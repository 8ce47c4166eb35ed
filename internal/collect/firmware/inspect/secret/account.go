package secret

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// accountFile says that a file is read by its fields, one account a line.
func accountFile(p string) bool {
	base := strings.ToLower(strings.TrimSuffix(path.Base(p), "-"))
	for _, ext := range []string{".bak", ".old", ".orig", ".default", ".dist", ".ro", ".org", ".tmp", ".save", ".new"} {
		base = strings.TrimSuffix(base, ext)
	}
	switch base {
	case "shadow", "passwd", "master.passwd", "gshadow", ".htpasswd", "htpasswd", "smbpasswd", "passwd1", "passwd.txt", "shadow.txt", "opasswd", ".passwd", "pwfile", "passwordfile":
		return true
	}
	return strings.HasSuffix(base, ".passwd") || strings.HasSuffix(base, ".htpasswd") || strings.HasSuffix(base, "htpasswd") || digestFile(base) || plainFile(base)
}

// digestFile says that lines are user:realm:MD5, as htdigest writes them.
func digestFile(base string) bool {
	return strings.Contains(base, "htdigest") || strings.HasSuffix(base, ".digest")
}

// plainFile says that lines are user:password in clear, as web servers and rsync
// read them.
func plainFile(base string) bool {
	switch base {
	case "lighttpd.user", "lighttpd-plain.user", "rsyncd.secrets", "rsync.secrets", "users.plain", "plain.user", "user.plain", "webusers", "vsftpd.passwd", ".pgpass", "pgpass", "webuser", "passwd.plain":
		return true
	}
	return strings.HasSuffix(base, "plain.user")
}

// accounts reads the lines of an account file.
func (s *scanner) accounts() {
	if !accountFile(s.f.Path) || s.f.Kind != inspect.Text || s.prose() {
		return
	}
	base := strings.ToLower(path.Base(s.f.Path))
	off := 0
	for line := range bytes.Lines(s.f.Data) {
		if len(s.hits) >= maxHits {
			return
		}
		text := strings.TrimRight(string(line), "\r\n")
		switch f := strings.Split(text, ":"); {
		case len(f) < 2 || f[0] == "" || strings.HasPrefix(f[0], "#") || strings.HasPrefix(f[0], "+"):
		case strings.Contains(base, "smbpasswd"):
			s.samba(off, f)
		case len(f) == 3 && len(f[2]) == 32 && hexBits(f[2]) > 0:
			s.add(off+len(f[0])+len(f[1])+2, Hit{Kind: PasswordHash, Value: f[2], User: f[0], Scheme: "htdigest", Note: "realm " + f[1]})
		case base == ".pgpass" || base == "pgpass":
			if len(f) == 5 {
				s.add(off+len(text)-len(f[4]), Hit{Kind: Password, Value: f[4], User: f[3], Scheme: "postgres"})
			}
		default:
			s.account(off, text, f, plainFile(base))
		}
		off += len(line)
	}
}

func (s *scanner) account(off int, line string, f []string, plain bool) {
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
		} else if descrypt(pw) && !plain {
			s.add(at, Hit{Kind: PasswordHash, Value: pw, User: user, Scheme: "des"})
		} else if len(pw) == 32 && hexBits(pw) > 0 {
			s.add(at, Hit{Kind: PasswordHash, Value: pw, User: user, Scheme: "md5-hex"})
		} else if plain && len(pw) >= 3 || len(f) == 2 && !passwd && len(pw) >= 3 && strings.Contains(path.Base(s.f.Path), "htpasswd") {
			// The rest of the line: a password may hold a colon.
			s.add(at, Hit{Kind: Password, Value: line[len(user)+1:], User: user, Scheme: "http"})
		}
	}
}

// samba reads a line of smbpasswd(5): name, uid, LM hash, NT hash, flags.
func (s *scanner) samba(off int, f []string) {
	if len(f) < 5 {
		return
	}
	at := off + len(f[0]) + len(f[1]) + 2
	for i, name := range []string{"lm", "nt"} {
		v := f[2+i]
		if len(v) == 32 && hexBits(v) > 0 {
			s.add(at, Hit{Kind: PasswordHash, Value: v, User: f[0], Scheme: name})
		}
		at += len(v) + 1
	}
	if strings.Contains(f[4], "N") && strings.HasPrefix(f[3], "NO PASSWORD") && !strings.Contains(f[4], "D") {
		s.add(off, Hit{Kind: EmptyPassword, Value: strings.Join(f, ":"), User: f[0]})
	}
}

func closedShell(sh string) bool {
	base := path.Base(sh)
	return base == "false" || base == "nologin" || base == "sync" || base == "halt" || base == "shutdown"
}

// descrypt says that v is traditional crypt(3): two of salt, eleven of sum; the last
// character holds four bits.
func descrypt(v string) bool {
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
