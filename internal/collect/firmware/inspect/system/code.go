package system

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/pattern"
)

// language is how scripts of one kind take what a request sends, and run a
// command: calls that a shell reads.
type language struct {
	source, sink, safe *pattern.Pattern
}

var languages = map[string]language{
	"php":    {pattern.New(`\$_(GET|POST|REQUEST|COOKIE|SERVER\[['"]HTTP_)|php://input`), pattern.New(`\b(system|exec|shell_exec|passthru|popen|proc_open)\s*\(`), pattern.New(`escapeshell(arg|cmd)|intval\(|\(int\)`)},
	"lua":    {pattern.New(`formvalue|ngx\.(req|var)|QUERY_STRING|get_uri_args|\bcgi\.|getParam`), luaShell, pattern.New(`shellquote|tonumber|shell_quote`)},
	"python": {pattern.New(`request\.(args|form|values|json|GET|POST|params|data)|getvalue\(|QUERY_STRING|get_argument\(`), pattern.New(`\b(os\.system|os\.popen|commands\.getoutput|subprocess\.\w+)\s*\(`), pattern.New(`shlex\.quote|pipes\.quote|\bint\(`)},
	"perl":   {pattern.New(`\bparam\(|QUERY_STRING|\$ENV\{['"]?HTTP_`), pattern.New(`\b(system|exec)\b\s*[\s("]|\x60|\bopen\s*\(?\s*[\w\s$]+,\s*(?:"\|[^"]*\$|"[^"|]*\$[^"|]*\|\s*"|["'](?:-\||\|-)["']\s*,\s*"[^"]*\$)`), pattern.New(`quotemeta|\\Q`)},
	"node":   {pattern.New(`\b\w{1,12}\.(?:query|body|params|headers)[.\[]`), pattern.New(`\b(exec|execSync|child_process\.exec\w*)\s*\(`), pattern.New(`shellescape|parseInt\(`)},
}

// speaks tells the language of a script.
func speaks(f *inspect.File) string {
	first, _, _ := bytes.Cut(f.Data[:min(len(f.Data), 128)], []byte("\n"))
	if bytes.HasPrefix(first, []byte("#!")) {
		for _, l := range []string{"php", "lua", "python", "perl", "node"} {
			if bytes.Contains(first, []byte(l)) {
				return l
			}
		}
	}
	switch strings.ToLower(path.Ext(f.Path)) {
	case ".php":
		return "php"
	case ".lua":
		return "lua"
	case ".py":
		return "python"
	case ".pl", ".pm":
		return "perl"
	case ".js", ".mjs":
		return "node"
	}
	if bytes.Contains(f.Data[:min(len(f.Data), 256)], []byte("<?php")) {
		return "php"
	}
	return ""
}

var (
	codeUnchecked = pattern.New(`(?i)\bverify\s*=\s*False\b|[^=!]=>?\s*[\w.:]*(CERT_NONE|VERIFY_NONE)\b|,\s*[\w.:]*VERIFY_NONE\b|\b_create_unverified_context\b|\bcheck_hostname\s*=\s*False\b|rejectUnauthorized["']?\s*[:=]\s*(false|0)|InsecureSkipVerify\s*:\s*true|CURLOPT_SSL_VERIFY(PEER|HOST)\s*(=>|,)\s*(false|0)|\bssl_verify\s*[=:]\s*(false|0|no)|verify_peer["']?\s*(=>|=)\s*(false|0)|\bverify\s*=\s*["']none["']|\btls_insecure_set\(\s*True|\bverify_hostname\s*=>\s*0|\bSSL_verify_mode\s*=>\s*(0|SSL_VERIFY_NONE)|NODE_TLS_REJECT_UNAUTHORIZED["'\]]*\s*=\s*["']?0`)
	anyHostKey    = pattern.New(`set_missing_host_key_policy\(\s*(?:\w+\.)*(?:AutoAddPolicy|WarningPolicy)\b`)
	codeVersion   = pattern.New(`\bPROTOCOL_(?:TLSv1(?:_1)?|SSLv2|SSLv3)\b|\bTLSVersion\.(?:TLSv1(?:_1)?|SSLv3)\b|["'](?:TLSv1(?:_1)?|SSLv[23])_method["']|\bprotocol\s*=\s*["'](?:tlsv1(?:_1)?|sslv[23])["']|(?i)\bmin_?version["']?\s*[:=]\s*["'](?:TLSv1(?:\.1)?|SSLv3)["']`)
	codeDebug     = pattern.New(`\.run\([^)]*\bdebug=True`)
	codePiped     = pattern.New(`\b(?:curl|wget)\b[^|"']*\|\s*(?:sudo\s+)?(?:ba|da|a)?sh\b`)
	pagePassword  = pattern.New(`(?i)(?:\.get\w*\(|fetch\(|open\(\s*["']GET["']\s*,|location(?:\.href|\.replace\()?\s*[=(]|(?:url|href|src)\s*[:=])\s*[^;]{0,120}?[?&](?:pass|passwd|password|pwd)=["'\x60]?\s*(?:\+|\$\{)`)
	codeCipher    = pattern.New(`(?i)\bMODE_ECB\b|\b(DES3?|ARC4)\.new\b|mcrypt_\w+\(\s*MCRYPT_(?:DES|3DES|RC4)|MCRYPT_MODE_ECB|createCipher(iv)?\(\s*["'](des|rc4|aes-\d+-ecb)[^"']*|["'](aes-(?:128|256)-ecb|des-cbc|des-ecb)["']`)
)

// noLogin takes the log-in away from a page of LuCI.
var noLogin = pattern.New(`\bsysauth\s*=\s*(?:false|nil\s*,?\s*--\s*public|"none"|'none')`)

// What a word is an anchor of.
const (
	updates = iota
	clients
	commands
	ciphers
	versions
	debuggers
	piped
	pages
	hosts
	logins
	phrases
)

// code looks at scripts of other languages, and at pages: around the places of
// the words.
func (s *scanner) code(hits []keyword.Hit) {
	if library(s.f.Path) {
		return
	}
	lang := speaks(s.f)
	server := lang != "" && (lang != "node" || s.f.Role == inspect.Script || bytes.Contains(s.f.Data[:min(len(s.f.Data), 64<<10)], []byte("child_process")) || nodeServer.Match(s.f.Data[:min(len(s.f.Data), 64<<10)]))
	for n, h := range hits {
		if n >= maxHits {
			s.add(h.At, inspect.Weakness{Kind: Cut, Text: "more places than are looked at in one file"})
			break
		}
		use := anchorList[h.Word].use
		if use == updates && s.f.Role != inspect.Script || (use == commands || use == ciphers || use == debuggers || use == piped) && !server || s.f.Comment(h.At) {
			continue
		}
		text, start := s.around(h.At)
		switch use {
		case updates:
			if t := strings.TrimLeft(text, " \t"); !archive.MatchString(t) || imagePath.MatchString(t) {
				s.fetched(t, start+len(text)-len(t))
			}
			s.posted(text, start)
		case clients:
			if m := anyHostKey.FindStringIndex(text); m != nil {
				s.add(start+m[0], inspect.Weakness{Kind: WeakSSH, Name: "StrictHostKeyChecking", Text: text[m[0]:m[1]]})
			}
			for _, re := range []*pattern.Pattern{codeUnchecked, clientLine} {
				if m := re.FindStringIndex(text); m != nil && !(lang == "python" && strings.Count(text[:m[0]], `"`)%2 == 1) {
					s.add(start+m[0], inspect.Weakness{Kind: TLSVerifyDisabled, Name: lang, Text: text[m[0]:m[1]]})
				}
			}
		case commands:
			s.runs(languages[lang], text, start)
			s.forced(text, start)
			if lang == "python" {
				s.composed(text, start)
			}
		case hosts:
			if m := carelessHost.FindStringIndex(text); m != nil && server {
				s.add(start+m[0], inspect.Weakness{Kind: WeakSSH, Name: "StrictHostKeyChecking", Text: text[m[0]:m[1]]})
			}
		case logins:
			if m := noLogin.FindStringIndex(text); m != nil && lang == "lua" {
				s.add(start+m[0], inspect.Weakness{Kind: Anonymous, Name: "luci", Text: text[m[0]:m[1]]})
			}
		case phrases:
			if server {
				s.enciphers(text, start)
			}
		case versions:
			if m := codeVersion.FindStringIndex(text); m != nil {
				s.add(start+m[0], inspect.Weakness{Kind: WeakTLS, Name: lang, Text: text[m[0]:m[1]]})
			}
		case debuggers:
			if m := codeDebug.FindStringIndex(text); m != nil && !strings.Contains(text, "127.0.0.1") {
				s.add(start+m[0], inspect.Weakness{Kind: DebugTool, Name: lang, Text: text[m[0]:m[1]]})
			}
		case piped:
			s.piped(text, start)
		case pages:
			if m := pagePassword.FindStringIndex(text); m != nil {
				s.add(start+m[0], inspect.Weakness{Kind: LoginOverGet, Text: text[m[0]:m[1]]})
			}
		case ciphers:
			if m := codeCipher.FindStringIndex(text); m != nil {
				s.add(start+m[0], inspect.Weakness{Kind: WeakCipher, Name: lang, Text: text[m[0]:m[1]]})
			}
		}
	}
	if lang == "perl" {
		s.backticks()
	}
	// What has pages of a manual in it was published: it does what its caller asks.
	if server && !(lang == "perl" && bytes.Contains(s.f.Data, []byte("\n=head1 "))) {
		s.follow(lang)
		s.customs(lang)
	}
	s.unasked()
	if s.up != nil {
		s.judge(nil, s.f.Data)
	}
}

// piped looks for a command line that runs what it fetches.
func (s *scanner) piped(text string, start int) {
	m := codePiped.FindStringIndex(text)
	if m == nil {
		return
	}
	text = text[m[0]:m[1]]
	s.add(start+m[0], inspect.Weakness{Kind: UpdateUnsigned, Name: "sh", Text: text})
	if u := anyURL.FindStringSubmatch(text); u != nil && !strings.EqualFold(u[1], "https") {
		s.add(start+m[0], inspect.Weakness{Kind: UpdateOverHTTP, Name: strings.ToLower(u[1]), Text: text})
	}
}

// backticks looks at the commands of perl that no word announces.
func (s *scanner) backticks() {
	off := 0
	for line := range bytes.Lines(s.f.Data[:min(len(s.f.Data), 256<<10)]) {
		if (bytes.IndexByte(line, '`') >= 0 || bytes.Contains(line, []byte("open")) && bytes.IndexByte(line, '|') >= 0) && len(line) < maxLine && !s.f.Comment(off) {
			s.runs(languages["perl"], strings.TrimRight(string(line), "\r\n"), off)
		}
		off += len(line)
	}
}

// ofProcesses are the names of Node's module that runs programs.
var ofProcesses = pattern.New(`(?:child_process|childProcess|cp|proc)["')]*\.$`)

// nodeServer is the beginning of a program that answers requests.
var nodeServer = pattern.New(`\b(?:require\(|from\s+)["'](?:node:)?(?:express|http|https|koa|fastify|restify|@hapi/hapi|net)["']`)

// library says that a script came with a language or a package of it: what its
// tests and its options name, the device doesn't do.
func library(p string) bool {
	for _, dir := range []string{"/site-packages/", "/dist-packages/", "/node_modules/", "/lib/python2", "/lib/python3", "/share/perl", "/lib/perl", "/perl5/", "/lib/ruby/", "/share/php/"} {
		if strings.Contains(p, dir) {
			return true
		}
	}
	return false
}

// around is the line of off, of a long one the piece around it.
func (s *scanner) around(off int) (string, int) {
	line, start := s.f.LineAround(off)
	if len(line) <= maxLine {
		return string(line), start
	}
	from := max(0, off-start-256)
	return string(line[from:min(len(line), off-start+512)]), start + from
}

// runs looks for a command that is made of what a request sent, at once or by a
// variable of the same file.
func (s *scanner) runs(l language, text string, start int) {
	m := l.sink.FindStringIndex(text)
	if m == nil || l.safe.MatchString(text) {
		return
	}
	rest := text[m[0]:]
	if strings.HasPrefix(rest, "exec") && m[0] > 0 && text[m[0]-1] == '.' && !ofProcesses.MatchString(text[:m[0]]) {
		return // of a pattern, of a database
	}
	if !l.source.MatchString(rest) && !s.tainted(l, rest) {
		return
	}
	if strings.HasPrefix(text[m[0]:m[1]], "subprocess.") && !strings.Contains(rest, "getoutput") && !strings.Contains(rest, "shell=True") && strings.Contains(rest, "([") {
		return // a list of arguments, which no shell reads
	}
	name, _, _ := strings.Cut(text[m[0]:m[1]], "(")
	s.add(start+m[0], inspect.Weakness{Kind: CommandInjection, Name: strings.Trim(name, " `\""), Text: rest})
}

var (
	pythonServer = pattern.New(`\bapp\.run\(|\bFlask\(|\bBottle\(|\bFastAPI\(|\bhttp\.server\b|\bHTTPServer\b|\baiohttp\b|\btornado\b|\bsocketserver\b`)
	pythonShell  = pattern.New(`\bos\.(?:system|popen)\(|\bsubprocess\.\w+\(.*\bshell\s*=\s*True`)
	pythonJoined = pattern.New(`["']\s*[+%]\s*\(?([A-Za-z_]\w*)|\bf["'][^"']*\{([A-Za-z_]\w*)|["']\.format\(\s*([A-Za-z_]\w*)`)
	pythonDef    = pattern.New(`\bdef\s+\w+\(([^)]*)\)[^\n]*:`)
)

// composed looks for a command line that a program which serves pages makes of
// what a function was given.
func (s *scanner) composed(text string, start int) {
	m := pythonShell.FindStringIndex(text)
	if m == nil || languages["python"].safe.MatchString(text) || !pythonServer.Match(s.f.Data[:min(len(s.f.Data), 256<<10)]) {
		return
	}
	joined := pythonJoined.FindStringSubmatch(text[m[0]:])
	defs := pythonDef.FindAllSubmatch(s.f.Data[max(0, start-4096):start], -1)
	if joined == nil || len(defs) == 0 {
		return
	}
	name := joined[1] + joined[2] + joined[3]
	for p := range bytes.SplitSeq(defs[len(defs)-1][1], []byte(",")) {
		p, _, _ = bytes.Cut(p, []byte("="))
		p, _, _ = bytes.Cut(p, []byte(":"))
		if string(bytes.TrimSpace(p)) == name {
			s.add(start+m[0], inspect.Weakness{Kind: CommandInjection, Name: "shell", Text: text[m[0]:]})
			return
		}
	}
}

var (
	assigned = pattern.New(`(?:^|[\s;{(])(?:local\s+|my\s+|var\s+|let\s+|const\s+)?([$@]?\w+)\s*=[^=~]`)
	variable = pattern.New(`[$@]?\w+`)
)

// tainted says that a variable in text was assigned from a request.
func (s *scanner) tainted(l language, text string) bool {
	if s.taint == nil {
		s.taint = map[string]bool{}
		for line := range bytes.Lines(s.f.Data[:min(len(s.f.Data), 256<<10)]) {
			if len(line) > maxLine || !l.source.Match(line) {
				continue
			}
			for part := range bytes.SplitSeq(line, []byte(";")) {
				if !l.source.Match(part) || l.safe.Match(part) {
					continue
				}
				if m := assigned.FindSubmatch(part); m != nil && len(s.taint) < 256 {
					s.taint[string(m[1])] = true
				}
			}
		}
	}
	if len(s.taint) == 0 {
		return false
	}
	for _, v := range variable.FindAllString(text, 64) {
		if s.taint[v] {
			return true
		}
	}
	return false
}
