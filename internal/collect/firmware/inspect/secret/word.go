package secret

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"assay/internal/collect/firmware/inspect/setting"
)

// placeholder says that v stands for a secret and is none.
func (s *scanner) placeholder(v string) bool { return placeholder(v) || s.sample && initial(v) }

// translated are words for a password as a page shows them.
var translated = map[string]bool{"Passwort": true, "Kennwort": true, "Geheimnis": true, "Contraseña": true, "Senha": true, "Wachtwoord": true, "Lösenord": true, "Adgangskode": true, "Passord": true, "Hasło": true, "Heslo": true, "Parola": true, "Salasana": true}

// initial are values that samples ask to be changed.
func initial(v string) bool {
	switch strings.ToLower(v) {
	case "changeme", "change_me", "change-me", "changeit", "password", "passwd", "secret", "mypassword", "yourpassword":
		return true
	}
	return false
}

func placeholder(v string) bool {
	l := bytes.ToLower([]byte(v))
	if len(l) == 0 {
		return true
	}
	for _, c := range []string{"<", "${", "$(", "{{", "%s", "%d", "%c", "%u", "%(", "%1", "@@", "...", "…", "example", "placeholder", "your_", "your-", "yourp", "yourt", "yours", "insert_", "insert-", "inserthere", "insertyour", "redacted", "dummy", "xxxx", "***", "____", "••", "changethis", "replace_", "replaceme", "to_be_", "todo", "fixme", "0123456789", "123456789a", "abcdefgh", "my_secret", "my-secret", "notset", "not_set", "not set", "n/a", "{cipher}", "enc(", "eyjzdwiioiixmjm0nty3odkwiiwi", "czzcagrsa3f0mzpnwdfmqmf0m2jw", "qwxhzgrpbjpvcgvuihnlc2ftzq"} {
		if bytes.Contains(l, []byte(c)) {
			return true
		}
	}
	if n := len(v); n > 4 && v[0] == '[' && strings.IndexByte(v, ']') > 3 && strings.ToUpper(v) == v { // [PASSWORD]
		return true
	}
	// One character over and over.
	return len(bytes.TrimLeft(l, string(l[:1]))) == 0 && len(l) > 1 && !digits(v)
}

func digits(v string) bool {
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return false
		}
	}
	return len(v) > 0
}

// reference says that v names a place or a setting instead of holding a secret.
func reference(v string) bool {
	if strings.HasPrefix(v, "/") && (strings.Count(v, "/") > 1 || strings.Contains(v, ".")) || strings.HasPrefix(v, "./") || strings.HasPrefix(v, "$") && !strings.HasPrefix(v, "$1$") && !strings.HasPrefix(v, "$5$") && !strings.HasPrefix(v, "$6$") && !strings.HasPrefix(v, "$2") ||
		strings.HasPrefix(v, "%") && strings.HasSuffix(v, "%") || strings.HasPrefix(v, "@") || strings.HasPrefix(v, "file:") || strings.HasPrefix(v, "env:") || strings.HasPrefix(v, "pass:") || strings.Contains(v, "://") || strings.HasPrefix(v, "!") && len(v) < 5 || strings.HasPrefix(v, "-anonymous") || strings.HasPrefix(v, "anonymous@") ||
		len(v) > 2 && (v[0] == '^' || v[0] == '~') && v[1] >= '0' && v[1] <= '9' || called(v) || hyphened(v) || v[len(v)-1] == '=' && nameByteOnly(v[:len(v)-1]) && !digit(v) {
		return true
	}
	low := strings.ToLower(strings.TrimRight(v, ";,"))
	for _, ext := range []string{".so", ".key", ".pem", ".crt", ".conf", ".txt", ".html", ".htm", ".js", ".css", ".png", ".bin", ".cgi", ".asp", ".php"} {
		if strings.HasSuffix(low, ext) {
			return true
		}
	}
	return modes[low]
}

// Some of the texts above are examples of specifications in base64: the token of
// jwt.io, the headers of RFC 6749, section 2.3.1, and of RFC 7617, section 2.

// called says that v is an expression of a language: f(x), a[i].
func called(v string) bool {
	i := strings.IndexAny(v, "([")
	return i > 0 && strings.ContainsAny(v[i:], ")]") && nameByteOnly(v[:i])
}

func nameByteOnly(v string) bool {
	for i := range len(v) {
		if !setting.NameByte(v[i]) {
			return false
		}
	}
	return true
}

// hyphened says that v is words with hyphens, a name of an option or a tag.
func hyphened(v string) bool {
	if strings.Count(v, "-") < 2 {
		return false
	}
	for i := range len(v) {
		if v[i] != '-' && (v[i] < 'a' || v[i] > 'z') {
			return false
		}
	}
	return true
}

// modes are values of settings that say how, not what.
var modes = map[string]bool{"true": true, "false": true, "none": true, "null": true, "nil": true, "undefined": true, "required": true, "optional": true, "enabled": true, "disabled": true, "enable": true, "disable": true, "default": true, "auto": true, "prompt": true, "text": true, "string": true, "sha256": true, "sha512": true, "md5": true, "md5crypt": true, "plain": true, "cram-md5": true, "never": true, "always": true, "unset": true, "empty": true, "wpa-psk": true, "wpa-eap": true, "wpapsk": true, "wpa2psk": true, "wpa2-psk": true, "sae": true, "ask-password": true, "function": true, "hidden": true, "this": true, "value": true, "yes": true, "no": true, "on": true, "off": true, "files": true, "compat": true, "open": true, "shared": true, "basic": true, "digest": true, "bearer": true, "any": true, "tkip": true, "aes": true, "ccmp": true, "psk": true, "psk2": true, "wpa": true, "wpa2": true, "wep": true, "public": true, "boolean": true, "integer": true, "number": true, "object": true, "array": true, "varchar": true, "char": true, "blob": true, "input": true, "password": true, "passwd": true, "pwd": true, "username": true, "user": true, "key": true, "token": true, "secret": true, "stdin": true, "ask": true, "interactive": true, "self": true, "args": true, "enter": true, "escape": true, "return": true, "tab": true, "space": true, "backspace": true, "delete": true, "system": true, "internal": true, "external": true, "static": true, "dynamic": true, "char*": true, "const": true, "int": true, "new": true, "old": true, "not": true, "len": true, "length": true, "size": true, "type": true, "name": true, "localhost": true, "no-repeat": true, "bool": true, "float": true, "echo": true, "define": true, "undef": true, "implement": true, "print": true, "pass": true, "self.password": true, "request": true, "session": true, "header": true, "query": true, "body": true, "ldap": true, "pam": true, "sasl": true}

// foreign says that v, in letters beyond ASCII, is rather a password than a text
// for people: one word, with a digit and a letter of ASCII.
func foreign(v string) bool {
	letters := func(r rune) bool { return r < utf8.RuneSelf && unicode.IsLetter(r) }
	other := func(r rune) bool {
		return r >= utf8.RuneSelf && !unicode.IsLetter(r) || unicode.IsSpace(r) || r == utf8.RuneError
	}
	return digit(v) && strings.ContainsFunc(v, letters) && !strings.ContainsFunc(v, other)
}
