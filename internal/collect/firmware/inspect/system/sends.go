package system

import (
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

var (
	plainHTTP = pattern.New(`(?i)\bhttp://([^\s"'<>|;)\x60]+)`)
	// A parameter that says which device, or who, it is, and is not a fixed text.
	tells = pattern.New(`(?i)[?&](?:\w*_)?(?:sn|serial(?:_?(?:no|num|number))?|mac(?:_?addr(?:ess)?)?|uid|uuid|did|device_?(?:id|name|sn)|devid|dev_?id|imei|imsi|iccid|msisdn|token|t(?:ic)?k(?:e)?t|sign|auth|key|secret|user|username|usr|login|pass|passwd|password|pwd|ssid|psk|lat|lon|lng|email|phone)=(?:["'\s.+]*\$|["']?\s*(?:\.\.|\+|\.)\s*\w|%[sdxu]|\{\w*\}|["']?\$\{)`)
	// An option of curl(1) or wget(1) that sends more than an address.
	sending = pattern.New(`(?:^|\s)(?:-d|--data(?:-\w+)?(?:=|\s)|--json\b|-F\b|--form\b|-T\b|--upload-file\b|--post-(?:data|file)\b|--body-(?:data|file)\b|-u\s|--user(?:=|\s)|--password\b|--http-password\b)|(?i)(?:-H|--header)[= ]?\s*["'\\]*(?:authorization|cookie|x-(?:api-key|token|auth\S*)|token)\s*:`)
	// A call of another language that sends.
	posts  = pattern.New(`\b(?:requests|httpx|session|sess|client|http|axios|got|superagent|urequests)\.(?:post|put|patch)\s*\(\s*[fru]?["'\x60]http://|\bmethod\s*[=:]\s*["'](?:POST|PUT)["']|\b(?:urlopen|Request)\(\s*["']http://[^"']+["']\s*,\s*data\s*=|\bCURLOPT_POSTFIELDS\b|\bLWP\S*->post\(|->post\(\s*["']http://|\bhttp\.request\(\s*["']http://[^"']+["']\s*,`)
	sender = pattern.New(`\b(?:curl|wget|uclient-fetch)\s[^;|&]*?`)
)

// elsewhere says that an address in clear is of a host that is neither the
// device nor near it, and that says which one it is.
func elsewhere(host string) bool {
	host, _, _ = strings.Cut(host, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	host, _, _ = strings.Cut(host, ":")
	host, _, _ = strings.Cut(host, "?")
	return host != "" && !strings.ContainsAny(host, "$%{[`\\") && !near(host)
}

// sends looks at a command that sends what the device knows in clear.
func (s *scanner) sends(c sh.Command) {
	name := programName(c)
	switch name {
	case "curl", "wget", "wget2", "uclient-fetch", "httpie", "http":
	default:
		return
	}
	for _, w := range c.Words {
		// With the names of variables: what they hold is another matter.
		m := plainHTTP.FindStringSubmatch(w.Text)
		if m == nil || !elsewhere(m[1]) {
			continue
		}
		raw := s.text(c)
		if tells.MatchString(raw) || sending.MatchString(raw) || strings.Contains(strings.SplitN(m[1], "/", 2)[0], "@") {
			if imageURL.MatchString(w.Text) && !pageURL.MatchString(w.Text) && !sending.MatchString(raw) {
				return // an image, which is told of
			}
			s.add(c.Off, inspect.Weakness{Kind: CleartextTransport, Name: "http", Text: hide(raw)})
			return
		}
	}
}

var loginOption = pattern.New(`(\s(?:-u|--user|--password|--http-password|--http-user)[= ]?\s*)(?:"[^"]*"|'[^']*'|\S+)`)

// hide leaves out what a command gives as a login.
func hide(text string) string { return loginOption.ReplaceAllString(text, "${1}…") }

// posted looks at the text of a program of another language, or at a command
// line in one, that sends what the device knows in clear.
func (s *scanner) posted(text string, start int) {
	m := plainHTTP.FindStringSubmatchIndex(text)
	if m == nil || !elsewhere(text[m[2]:m[3]]) || imageURL.MatchString(text[m[0]:m[1]]) {
		return
	}
	command := sender.FindStringIndex(text)
	switch {
	case tells.MatchString(text[m[0]:]):
	case command != nil && command[0] < m[0] && sending.MatchString(text[command[0]:]):
	case posts.MatchString(text):
	default:
		return
	}
	s.add(start+m[0], inspect.Weakness{Kind: CleartextTransport, Name: "http", Text: text[m[0]:m[1]]})
}

// forces are commands of another language's program that write an image over
// the one that runs, without looking at it.
var forces = pattern.New(`\bsysupgrade\s+(?:-\w+\s+)*(?:-\w*F\w*\b|--force\b)|\bmtd(?:_write)?\s+(?:-\w+\s+(?:\w+\s+)?)*write\s|\b(?:flashcp|nandwrite|ubiupdatevol)\s+(?:-\w+\s+)*["'/$%]|\bdd\s[^"';|&]*\bof=/dev/(?:mtd|mmcblk|nand)`)

// forced looks for such a command in a line of code; nothing in the file looks
// at a signature.
func (s *scanner) forced(text string, start int) {
	if !strings.Contains(text, "sysupgrade") && !strings.Contains(text, "mtd") && !strings.Contains(text, "/dev/") && !strings.Contains(text, "nandwrite") && !strings.Contains(text, "ubiupdatevol") && !strings.Contains(text, "flashcp") {
		return
	}
	m := forces.FindStringIndex(text)
	if m == nil || s.looks() {
		return
	}
	s.add(start+m[0], inspect.Weakness{Kind: UpdateUnsigned, Name: path.Base(strings.Fields(text[m[0]:m[1]])[0]), Text: strings.TrimSpace(text[m[0]:])})
}

// looks says that a line of the program looks at a signature; it is looked up
// once.
func (s *scanner) looks() bool {
	if s.signed == nil {
		signed := false
		for line := range strings.Lines(string(s.f.Data[:min(len(s.f.Data), maxFlow)])) {
			if verifies.MatchString(line) && !unverifies.MatchString(line) && !looksAway.MatchString(line) && !strings.HasPrefix(strings.TrimSpace(line), "--") {
				signed = true
				break
			}
		}
		s.signed = &signed
	}
	return *s.signed
}
