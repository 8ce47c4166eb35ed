package secret

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

// enteredWords are beginnings of calls that log in with an account and a password
// of their own: doEng("engineer", "…"), checkLogin('al', '…').
var enteredWords = func() []string {
	var out []string
	for _, q := range []string{`"`, "'"} {
		for _, name := range []string{"admin", "administrator", "superadmin", "sysadmin", "root", "engineer", "eng", "factory", "supervisor", "superuser", "operator", "service", "support", "installer", "technician", "maintenance", "manufacturer", "developer", "vendor", "oem", "guest", "debug"} {
			out = append(out, "("+q+name+q)
		}
		for _, f := range []string{"login", "logon", "signin", "sign_in", "log_in", "authuser", "checkuser", "verifyuser", "checkauth", "doauth"} {
			out = append(out, f+"("+q)
		}
	}
	return out
}()

var (
	// entersName is in the name of a function that lets somebody in.
	entersName = pattern.New(`(?i)(login|logon|log_in|sign_?in|auth|(check|verify|valid).{0,8}(user|pass|pwd|account)|enter|unlock)`)
	// keepsName is in the name of one that does something else with two texts.
	keepsName = pattern.New(`(?i)(attr|prop|data|class|style|css|item|cookie|log|text|html|event|emit|trigger|bind|set|get|add|put|push|find|path|route|url|href|hash|md5|sha|enc|format|print|concat|replace|test|equal|match|include|require|import|translat|i18n|label|^t$|^_$|^\$$|^on$)`)
)

// entered looks at a call whose first two arguments are texts: an account, and
// behind it a password that a page or a script has for itself.
func (s *scanner) entered(at, end int) {
	d := s.f.Data
	if s.f.Kind != inspect.Text || s.prose() || s.library || s.texts || s.tests || s.f.Role != inspect.Script && s.f.Role != inspect.Web && !codeFile(s.f.Path) || s.f.Comment(at) {
		return
	}
	open := at + bytes.IndexByte(d[at:end], '(')
	args := s.literals(open + 1)
	if len(args) < 2 || args[0].Off != open+2 {
		return
	}
	user, pw := args[0], args[1]
	behind := user.Off + len(user.Text) + 1
	if string(bytes.TrimSpace(d[behind:pw.Off-1])) != "," {
		return // another argument stands between them
	}
	if next := space(d, pw.Off+len(pw.Text)+1); next >= len(d) || d[next] != ')' && d[next] != ',' {
		return
	}
	from := open
	for from > 0 && open-from < 40 && (setting.NameByte(d[from-1]) && d[from-1] != '.' || d[from-1] == '$') {
		from--
	}
	name := string(d[from:open])
	enters := entersName.MatchString(name)
	if name == "" || !enters && keepsName.MatchString(name) || fieldName.MatchString(user.Text) || !loginUser.MatchString(user.Text) {
		return
	}
	sign := strings.ContainsAny(pw.Text, "!@#%^&*")
	if len(pw.Text) < 6 || !chosen(pw.Text) || !digit(pw.Text) && !sign || s.placeholder(pw.Text) || !enters && count(pw.Text) < 3 && !sign && !random(pw.Text) {
		return
	}
	s.add(pw.Off, Hit{Kind: Password, Value: pw.Text, User: user.Text, Scheme: "login", Note: "argument of " + name})
}
