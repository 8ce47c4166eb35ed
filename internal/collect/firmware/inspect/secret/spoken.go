package secret

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// spokenWords are words for a password or a key in languages that names of
// settings are seldom written in: Chinese (simplified and traditional, in UTF-8,
// GBK and Big5), Japanese, Korean, Russian, French, Spanish, Portuguese.
var spokenWords = []string{"密码", "密碼", "口令", "通行碼", "密钥", "金鑰", "密鑰", "パスワード", "暗証番号", "비밀번호", "암호", "пароль", "mot de passe", "contraseña", "palavra-passe",
	"\xc3\xdc\xc2\xeb", "\xb1\x4b\xbd\x58"}

// behindSpoken are what may stand between such a word and the value.
var behindSpoken = []string{"：", "＝", "为", "為", "是", "は", "\xa3\xba", ":", "=", "\"", "'", " ", "\t"}

// spoken looks at the value behind a word for a password.
func (s *scanner) spoken(at, end int) {
	if s.f.Kind != inspect.Text || s.prose() || s.texts {
		return
	}
	d := s.f.Data
	i, signs := end, 0
	for n := 0; n < 8 && i < len(d); n++ {
		skipped := false
		for _, w := range behindSpoken {
			if bytes.HasPrefix(d[i:], []byte(w)) {
				i += len(w)
				if w != " " && w != "\t" && w != "\"" && w != "'" {
					signs++
				}
				skipped = true
				break
			}
		}
		if !skipped {
			break
		}
	}
	v := string(s.token(i, 65, func(c byte) bool { return c > ' ' && c < 0x7f && strings.IndexByte("\"'<>;,()[]{}", c) < 0 }))
	v = strings.TrimRight(v, ".")
	behind := i + len(v)
	if signs == 0 || signs > 2 || len(v) < 4 || len(v) > 64 || behind < len(d) && d[behind] >= 0x80 && !ends(d[behind:]) {
		return // a sentence goes on
	}
	if s.placeholder(v) || reference(v) || variable(v) || label(v) || !digit(v) && len(v) < 6 || strings.Contains(v, "-") && digits(strings.ReplaceAll(v, "-", "")) || s.f.Comment(at) && s.f.Role == inspect.Web {
		return
	}
	h := Hit{Kind: Password, Value: v, Note: "key " + string(d[at:end])}
	if !utf8.ValidString(h.Note) {
		h.Note = "a word for password"
	}
	if s.wireless(at) {
		h.Kind, h.Scheme = WiFiPSK, "wifi"
	} else {
		h.Scheme = s.service(at)
	}
	s.hashed(&h)
	s.add(i, h)
}

// ends says that b begins with a mark that ends a clause.
func ends(b []byte) bool {
	for _, m := range []string{"，", "。", "；", "、", "）", "」", "\xa3\xac"} {
		if bytes.HasPrefix(b, []byte(m)) {
			return true
		}
	}
	return false
}

// noteWords begin notes that developers leave about an account.
var noteWords = []string{"account:", "accounts:", "credentials:", "credential:", "login:", "logins:", "default user:", "user/pass", "user/password", "username/password"}

// note looks at "test account: admin / admin123" in a comment.
func (s *scanner) note(at, end int) {
	greeting := strings.HasSuffix(s.f.Path, "/motd") || strings.Contains(s.f.Path, "/issue") || strings.HasSuffix(s.f.Path, "banner")
	if s.f.Kind != inspect.Text || s.prose() || s.library || s.texts || !greeting && !s.f.Comment(at) {
		return
	}
	line, start := s.f.LineAround(end)
	m := noteLogin.FindSubmatchIndex(line[end-start : min(len(line), end-start+100)])
	if m == nil {
		return
	}
	user, pw := string(line[end-start+m[2]:end-start+m[3]]), string(line[end-start+m[4]:end-start+m[5]])
	if !defaults[pw] && !chosen(pw) || s.placeholder(pw) {
		return
	}
	s.add(end+m[4], Hit{Kind: Password, Value: pw, User: user, Scheme: "login", Note: "in a comment"})
}

// noteLogin is an account and a password behind their announcement.
var noteLogin = pattern.New(`^[:\s]*([A-Za-z][A-Za-z0-9_.-]{1,30})\s*[/:,|]\s*(?:pass(?:word)?[:=]\s*)?([^\s/,;<>"']{4,40})`)

// keyNote looks at a literal beside the word for a key in a comment behind it:
// k = "…" -- aes key.
func (s *scanner) keyNote(at int) {
	if s.f.Role != inspect.Script && s.f.Role != inspect.Web && !codeFile(s.f.Path) {
		return
	}
	line, start := s.f.LineAround(at)
	before := line[:at-start]
	if !s.f.Comment(at) && (!strings.HasSuffix(s.f.Path, ".lua") || !bytes.Contains(before, []byte(" --"))) {
		return
	}
	m := literal.FindAllSubmatchIndex(before, 3)
	if len(m) != 1 || bytes.Contains(bytes.ToLower(before), []byte("pub")) {
		return
	}
	v := string(before[m[0][2]:m[0][3]])
	bits := keyBits(v)
	if raw, err := base64.StdEncoding.DecodeString(v); bits == 0 && err == nil && (len(raw) == 16 || len(raw) == 24 || len(raw) == 32) && scattered(raw) {
		bits = 8 * len(raw)
	}
	if bits > 0 && !vector(v) {
		s.add(start+m[0][2], Hit{Kind: SymmetricKey, Value: v, Bits: bits, Note: "a comment behind it says key"})
	}
}

var literal = pattern.New(`["']([0-9A-Za-z+/=]{22,})["']`)
