package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

// setter says that the quoted word at q is an argument of a function that sets
// something: define('…', setenv("…", uci:set("wireless", "…", ".
func (s *scanner) setter(q int) bool {
	line, start := s.f.LineAround(q)
	i := bytes.LastIndexByte(line[:q-start], '(')
	if i < 0 || bytes.IndexByte(line[i:q-start], ')') >= 0 {
		return false
	}
	for i > 0 && line[i-1] == ' ' {
		i--
	}
	end := i
	for i > 0 && end-i < 40 && (setting.NameByte(line[i-1]) || line[i-1] == ':' || line[i-1] == '>') {
		i--
	}
	n := strings.ToLower(string(line[i:end]))
	for _, w := range []string{"define", "set", "put", "add", "default", "write", "save", "getenv", ".get", "getproperty"} {
		if strings.Contains(n, w) {
			return true
		}
	}
	return false
}

// calling reads the only argument of a function whose name says that it takes a
// secret: SetPassword("x"), .password("x").
func (s *scanner) calling(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	name := strings.ToLower(a.key)
	if name = name[strings.LastIndexByte(name, '.')+1:]; !strings.HasPrefix(name, "set") && !strings.HasPrefix(name, "with") && !strings.HasPrefix(name, "use") &&
		name == strings.ToLower(a.key) && (a.from == 0 || d[a.from-1] != '>') {
		sql := name == "password" && bytes.HasSuffix(bytes.TrimRight(tailOf(d, a.from, 8), " "), []byte("=")) // = PASSWORD('x')
		if !sql && (name == "equals" || !strings.HasSuffix(strings.ToLower(a.key), ".equals")) {
			return a, false
		}
	}
	a.form = call
	a, ok := s.quotedAt(a, setting.Blank(d, i+1))
	if !ok {
		return a, false
	}
	end := setting.Blank(d, a.at+len(a.v)+1)
	return a, end < len(d) && d[end] == ')'
}

// function is one that takes a secret by position among its quoted arguments.
type function struct {
	name     string // up to its parenthesis
	user     int    // -1: none
	secret   int    // last: the last quoted argument
	kind     Kind
	scheme   string
	arranged bool // the name is common: only what looks chosen counts
}

const last = 99

var calls = []function{
	{"mysqli_connect(", 1, 2, Password, "mysql", false}, {"new mysqli(", 1, 2, Password, "mysql", false}, {"mysql_connect(", 1, 2, Password, "mysql", false},
	{"new pdo(", 1, 2, Password, "mysql", false}, {"dbi->connect(", 1, 2, Password, "mysql", false}, {"getconnection(", 1, 2, Password, "mysql", false}, {"mysql_real_connect(", 1, 2, Password, "mysql", false},
	{"ftp_login(", 0, 1, Password, "ftp", false}, {"ftplib.ftp(", 1, 2, Password, "ftp", false}, {"ftp_tls(", 1, 2, Password, "ftp", false}, {".login(", 0, 1, Password, "", false}, {":login(", 0, 1, Password, "", false}, {"->login(", 0, 1, Password, "", false}, {"mqtt.client(", 1, 2, Password, "mqtt", true}, {".open(", 2, 3, Password, "http", true}, {"login_set(", 0, 1, Password, "mqtt", false}, {"username_pw_set(", 0, 1, Password, "mqtt", false}, {".connect(", 1, 2, Password, "mqtt", true},
	{"wifi.begin(", 0, 1, WiFiPSK, "wifi", false}, {"wifi.softap(", 0, 1, WiFiPSK, "wifi", false}, {".addap(", 0, 1, WiFiPSK, "wifi", false},
	{"setbasicauth(", 0, 1, Password, "http", false}, {"httpbasicauth(", 0, 1, Password, "http", false}, {"httpdigestauth(", 0, 1, Password, "http", false}, {"basicauth(", 0, 1, Password, "http", false}, {"basic_auth(", 0, 1, Password, "http", false},
	{"auth=(", 0, 1, Password, "http", false}, {"auth = (", 0, 1, Password, "http", false}, {"setauthentication(", 0, 1, Password, "http", true}, {"setcredentials(", 0, 1, Password, "", false}, {"set_credentials(", 0, 1, Password, "", false}, {"setauthorization(", 0, 1, Password, "http", false},
	{"usernamepasswordcredentials(", 0, 1, Password, "http", false}, {"passwordauthentication(", 0, 1, Password, "http", false}, {".authenticate(", 0, 1, Password, "http", true}, {"set_username_password(", 0, 1, Password, "mqtt", false}, {"plaincredentials(", 0, 1, Password, "", false},
	{"jwt.sign(", -1, 0, Token, "jwt", true}, {"jwt.encode(", -1, 0, Token, "jwt", true}, {"jwt.verify(", -1, 0, Token, "jwt", true}, {"jwt.decode(", -1, 0, Token, "jwt", true},
	{"aes.encrypt(", -1, last, SymmetricKey, "", true}, {"aes.decrypt(", -1, last, SymmetricKey, "", true}, {"des.encrypt(", -1, last, SymmetricKey, "", true}, {"des.decrypt(", -1, last, SymmetricKey, "", true}, {"aes.new(", -1, 0, SymmetricKey, "", true},
	{"createcipheriv(", -1, 1, SymmetricKey, "", true}, {"createdecipheriv(", -1, 1, SymmetricKey, "", true}, {"createhmac(", -1, 1, SymmetricKey, "", true}, {"hmac.new(", -1, 0, SymmetricKey, "", true}, {"hash_hmac(", -1, 1, SymmetricKey, "", true}, {"openssl_encrypt(", -1, 1, SymmetricKey, "", true}, {"openssl_decrypt(", -1, 1, SymmetricKey, "", true},
	{"fernet(", -1, 0, SymmetricKey, "", true}, {"at+cpin=", -1, 0, Password, "sim", false}, {"utf8.parse(", -1, 0, SymmetricKey, "", true}, {"at+cwjap=", 0, 1, WiFiPSK, "wifi", false}, {"at+cwsap=", 0, 1, WiFiPSK, "wifi", false}, {"at+cgauth=", 0, 1, Password, "ppp", false}, {"at^authdata=", 2, 1, Password, "ppp", true}, {"at+qicsgp=", 1, 2, Password, "ppp", false}, {"at+mqttusercfg=", 1, 2, Password, "mqtt", false}, {"at+cstt=", 1, 2, Password, "ppp", false},
}

// arguments looks at the quoted arguments of a function.
func (s *scanner) arguments(at, end int) {
	name := strings.ToLower(string(s.f.Data[at:end]))
	args := s.literals(end)
	for i := range calls {
		c := &calls[i]
		if c.name != name {
			continue
		}
		k, user := c.secret, c.user
		switch {
		case k == last:
			k = len(args) - 1
		case c.name == ".open(" && len(args) > 0 && !method.MatchString(args[0].Text):
			return // a window
		case c.name == "at^authdata=" && len(args) == 2: // the network's number is left out
			k, user = 0, 1
		}
		if k < 0 || k >= len(args) {
			return
		}
		pw := args[k]
		if len(pw.Text) < 3 || pw.Text[0] == ':' || dottedName.MatchString(pw.Text) || variable(pw.Text) || s.placeholder(pw.Text) || label(pw.Text) || modes[strings.ToLower(pw.Text)] || c.arranged && !chosen(pw.Text) && keyBits(pw.Text) == 0 && c.kind != SymmetricKey {
			return
		}
		if c.kind == SymmetricKey && !aesKey(pw.Text) {
			return
		}
		if user >= 0 && bytes.HasSuffix(bytes.TrimRight(s.f.Data[end:pw.Off-1], " "), []byte("=>")) {
			return // arguments by name: their places say nothing
		}
		if user >= 0 && user < len(args) && strings.Contains(args[user].Text, " ") && c.kind != WiFiPSK {
			return // texts for people: login("Enter your name", …)
		}
		h := Hit{Kind: c.kind, Value: pw.Text, Scheme: c.scheme, Note: "argument of " + strings.TrimRight(c.name, "(=")}
		if c.kind == SymmetricKey {
			h.Bits = keyBits(pw.Text)
		}
		if user >= 0 && user < len(args) {
			if h.User = args[user].Text; fieldName.MatchString(h.User) && !random(pw.Text) {
				return // names of fields: login("username", "please-log-in")
			}
		}
		s.add(pw.Off, h)
		return
	}
}

var (
	method    = pattern.New(`(?i)^(get|post|put|head|delete|patch|options|propfind)$`)
	fieldName = pattern.New(`(?i)^(user|username|user_name|login|account|name)$`)
)

// dottedName is a name of a setting, or of an algorithm of signed tokens.
var dottedName = pattern.New(`^([a-z_]+(\.[a-z_]+)+|[A-Z]S(256|384|512))$`)

// aesKey says that v may be the key of a cipher or a sum: as long as one and no
// name, or made by a generator.
func aesKey(v string) bool {
	if keyBits(v) > 0 || random(v) && len(v) >= 8 && !algorithm.MatchString(v) {
		return true
	}
	return (len(v) == 8 || len(v) == 16 || len(v) == 24 || len(v) == 32) && digit(v) && mixed(v) && !strings.ContainsAny(v, "-_ ")
}

// literals returns the quoted arguments of the call whose arguments begin at
// off; they may stand on several lines.
func (s *scanner) literals(off int) []arg {
	d := s.f.Data[off:min(len(s.f.Data), off+512)]
	var out []arg
	depth := 0
	for i := 0; i < len(d) && len(out) < 8; i++ {
		switch c := d[i]; {
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return out
			}
		case c == ';' || c == 0:
			return out
		case c == '{' && depth == 0: // jwt.sign({ id }, "…"): an object without texts
			n := bytes.IndexAny(d[i:], "}\"'\n")
			if n < 0 || d[i+n] != '}' {
				return out
			}
			i += n
		case c == '"' || c == '\'':
			n := bytes.IndexByte(d[i+1:], c)
			if n < 0 || bytes.IndexByte(d[i+1:i+1+n], '\n') >= 0 {
				return out
			}
			out = append(out, arg{Text: string(d[i+1 : i+1+n]), Off: off + i + 1})
			i += n + 1
		case c == '\\' && i+1 < len(d) && d[i+1] == '"': // AT+CWJAP=\"ssid\",\"password\"
			n := bytes.Index(d[i+2:], []byte("\\\""))
			if n < 0 {
				return out
			}
			out = append(out, arg{Text: string(d[i+2 : i+2+n]), Off: off + i + 2})
			i += n + 3
		}
	}
	return out
}

// compareWords stand where sources compare with a literal.
var compareWords = []string{"== \"", "== '", "==\"", "=='", "!= \"", "!= '", "!=\"", "!='", ".val(\"", ".val('"}

// compares looks at "name == 'al' && pw == 'x'": a log-in that a program has for
// itself.
func (s *scanner) compares(_, end int) {
	d := s.f.Data
	if s.f.Kind != inspect.Text || s.prose() || s.library || s.texts || s.f.Role != inspect.Script && s.f.Role != inspect.Web && !codeFile(s.f.Path) {
		return
	}
	v, ok := s.quotedAt(assignment{}, end-1)
	if ok && (len(v.v) == 32 || len(v.v) == 40 || len(v.v) == 64) && hexOnly(v.v) && summed.Match(tailOf(d, end, 80)) {
		h := Hit{Kind: Password, Value: v.v, Note: "compared with the sum of a request's value"}
		if s.hashed(&h); h.Kind == PasswordHash {
			s.add(v.at, h)
		}
		return
	}
	if !ok || len(v.v) < 6 || !chosen(v.v) || s.placeholder(v.v) {
		return
	}
	before := tailOf(d, end, 120)
	before = before[bytes.LastIndexByte(before, '\n')+1:]
	if fieldValue.Match(before) && digit(v.v) {
		s.add(v.at, Hit{Kind: Password, Value: v.v, Scheme: "login", Note: "compared with a field of the page"})
		return
	}
	if end-1 < len(d) && d[end-2] == '(' {
		return // filled in, and no field for a password
	}
	after := v.at + len(v.v) + 1
	if m := accountBehind.FindSubmatch(d[after:min(len(d), after+120)]); m != nil && digit(v.v) {
		s.add(v.at, Hit{Kind: Password, Value: v.v, User: string(m[1]), Scheme: "login", Note: "compared beside an account"})
		return
	}
	joint := bytes.LastIndex(before, []byte("&&"))
	if joint < 0 {
		joint = bytes.LastIndex(before, []byte(" and "))
	}
	if joint < 0 || !loginName.Match(before[:joint]) {
		return
	}
	m := loginName.FindSubmatch(before[:joint])
	s.add(v.at, Hit{Kind: Password, Value: v.v, User: string(m[1]), Scheme: "login", Note: "compared beside an account"})
}

// shellLogin looks at [ "$u" = "al" ] && [ "$p" = "x" ]: a log-in that a script
// has for itself.
func (s *scanner) shellLogin(at, _ int) {
	if s.f.Kind != inspect.Text || !s.f.Shell() || s.prose() || s.library || s.f.Comment(at) {
		return
	}
	line, start := s.f.LineAround(at)
	m := twoTests.FindSubmatchIndex(line[:min(len(line), 1024)])
	if m == nil {
		return
	}
	// The names of the variables say which word is the account: of two that
	// don't, one may be a secret that must not be shown as a name.
	u, p := m[2:6], m[6:10]
	if !userVariable.Match(line[u[0]:u[1]]) {
		u, p = p, u
	}
	if !userVariable.Match(line[u[0]:u[1]]) || !secretVariable.Match(line[p[0]:p[1]]) {
		return
	}
	user, pw := string(line[u[2]:u[3]]), string(line[p[2]:p[3]])
	if loginUser.MatchString(user) && len(pw) >= 6 && (chosen(pw) || defaults[pw]) && !s.placeholder(pw) {
		s.add(start+p[2], Hit{Kind: Password, Value: pw, User: user, Scheme: "login", Note: "compared beside an account"})
	}
}

var (
	userVariable   = pattern.New(`(?i)^(u|.*_?(user|usr|username|login|account|uid))$`)
	secretVariable = pattern.New(`(?i)^(p|.*_?(pw|pass|passw|passwd|password|pwd|secret|pin))$`)
)

// twoTests is a variable held against a word, and another against a second one.
var twoTests = pattern.New(`\[ +"?\$\{?([A-Za-z_]\w*)\}?"? +==? +["']?([^\s"'$]+)["']? +\] +&& +\[ +"?\$\{?([A-Za-z_]\w*)\}?"? +==? +["']?([^\s"'$]+)["']? +\]`)

// summed is the end of a comparison with a sum.
var summed = pattern.New(`(?i)(md5|sha1|sha256|hash)\([^)\n]*\)[^=\n]*={1,3}\s?["']$`)

// fieldValue is the end of a comparison with what was typed into a field for a
// password, or of what fills it in: $("#pwd").val() == , req.body["pw"] != ,
// getElementById('pass').value === , $("#password").val( .
var fieldValue = pattern.New(`(?i)(passw?|passwd|password|passcode|pwd|psw|["'#._=-]pw)[0-9]?["'\]]{1,3}\)?\]?((\.val\(\)|\.value)?\s?[!=]={1,2}\s?|\.val\()["']$`)

// accountBehind is the beginning of a second comparison, with an account's name.
var accountBehind = pattern.New(`^\s*(?:&&|and)\s+[\w.$()#"'\[\]]{1,40}\s?={2,3}\s?["']([a-z][a-z0-9_.-]*(?:admin|root|user|guest|service|support|factory)[a-z0-9_.-]*|admin[a-z0-9]*|root|user|guest|service|support|factory|operator|supervisor|debug|engineer|installer|technician|maintenance|developer|vendor|oem)["']`)

// loginName is the end of a comparison with an account's name.
var loginName = pattern.New(`==\s?["']([a-z][a-z0-9_.-]*(?:admin|root|user|guest|service|support|factory)[a-z0-9_.-]*|admin[a-z0-9]*|root|user|guest|service|support|factory|operator|supervisor|debug|engineer|installer|technician|maintenance|developer|vendor|oem)["']\)?\s*$`)
