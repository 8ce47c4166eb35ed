package system

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

var (
	cgiSource = pattern.New(`QUERY_STRING|CONTENT_LENGTH|REQUEST_URI|PATH_INFO|\bHTTP_[A-Z]|haserl`)
	setting   = pattern.New(`(?:^|[\s;&|({])(?:local\s+|export\s+)?([A-Za-z_]\w*)=(\$\(.*|\x60.*|"[^"]*"|\S+)`)
	// What leaves nothing of a path or of a query in a text.
	narrows = pattern.New(`\bbasename\b|\btr\s+-\w*[cd]|\[\^|grep\s+-\w*[oE]|##\*/|\$\(\(|\bprintf\s+['"]?%d|cut\s+-d\s*['"]?/|\bmd5sum\b|\bsha\d+sum\b|\bwc\b|\$\{#`)
	// What a script asks of a text before it takes it.
	refuses = pattern.New(`\*\.\.\*|\*/\*|\*\[!|=~|\bexpr\b.*:|\bgrep\s+-\w*q`)

	sessionIDs = pattern.New(`(?i)(?:^|[\s;&|({])(?:\w*_)?(?:sid|sess(?:ion)?(?:_?(?:id|key|token))?|token|csrf\w*|nonce|otp|auth_?key)=["']?[^#\n;]*(?:\bdate\s+(?:-\w+\s+)?["']?\+|\$\{?RANDOM\b|\$\$|/proc/uptime|\bawk\b[^|]*\brand\(\))`)
	doorTest   = pattern.New(`(?:\[+|\btest)\s+"?\$\{?((?:HTTP_X_|HTTP_USER_AGENT|(?:GET|POST|FORM|COOKIE)_\w*(?i:debug|factory|magic|backdoor|super|master|engineer|maint|secret|hidden))\w*)\}?"?\s*={1,2}\s*["']?[^"'\]$\s*]{4,64}["']?`)
	doorHeader = pattern.New(`^HTTP_X_(?:REQUESTED_WITH|CSRF|XSRF|FORWARDED|REAL_IP)`)
	lets       = pattern.New(`(?i)(?:auth|login|logged|lvl|level|role|admin|sess\w*|user|root|priv|pass)\w*=|\btelnetd\b|\bdropbear\b`)
)

// cgi looks at a script that answers requests: where the text of one reaches the
// name of a file, a query, or the address of a server.
func (s *scanner) cgi(commands []sh.Command) {
	if len(commands) == 0 {
		return
	}
	data := s.f.Data[:min(len(s.f.Data), maxFlow)]
	s.guessed(data)
	if !cgiSource.Match(data) {
		return
	}
	sent := s.sent(data, commands)
	paths := !refuses.Match(data)
	for _, c := range commands {
		s.reaches(c, sent, paths)
	}
	if len(s.heard) < 16 {
		s.heard = append(s.heard, sent[:min(len(sent), 16)]...)
	}
}

// guessed looks for identifiers of sessions that are made of what everybody can
// know, and for words that open.
func (s *scanner) guessed(data []byte) {
	off := 0
	for line := range bytes.Lines(data) {
		start := off
		off += len(line)
		if len(line) > maxLine {
			continue
		}
		if bytes.IndexByte(line, '=') < 0 {
			continue
		}
		text := string(line)
		if m := sessionIDs.FindStringIndex(text); m != nil && !strings.Contains(text, "random ") && !strings.Contains(text, "urandom") && !strings.Contains(text, "openssl rand") && !s.f.Comment(start+m[0]) {
			at := m[0] + len(text[m[0]:m[1]]) - len(strings.TrimLeft(text[m[0]:m[1]], " \t;&|({"))
			s.add(start+at, inspect.Weakness{Kind: WeakRandom, Name: "session", Text: text[at:]})
		}
		m := doorTest.FindStringSubmatchIndex(text)
		if m == nil || doorHeader.MatchString(text[m[2]:m[3]]) || s.f.Comment(start+m[0]) {
			continue
		}
		rest := data[start+m[1] : min(len(data), start+m[1]+200)]
		if lines := bytes.SplitN(rest, []byte("\n"), 4); lets.Match(bytes.Join(lines[:min(len(lines), 3)], []byte("\n"))) {
			s.add(start+m[0], inspect.Weakness{Kind: HiddenAccess, Name: text[m[2]:m[3]], Text: text[m[0]:m[1]]})
		}
	}
}

// sent are the variables of a script that hold what a request sent.
func (s *scanner) sent(data []byte, commands []sh.Command) []string {
	var out []string
	add := func(name string) {
		if !slices.Contains(out, name) && len(out) < 64 {
			out = append(out, name)
		}
	}
	if bytes.Contains(data, []byte("CONTENT_LENGTH")) || bytes.Contains(data, []byte("REQUEST_METHOD")) {
		for _, c := range commands {
			if c.Arg(0) != "read" || len(c.From) > 0 {
				continue
			}
			l := sh.Options("read", c.Words[1:])
			for i, w := range l.Rest {
				if name := strings.TrimPrefix(w.Text, "-"); i == len(l.Rest)-1 && name == w.Text && !strings.HasPrefix(name, "$") {
					add(name)
				}
			}
		}
	}
	for line := range bytes.Lines(data) {
		if len(line) > maxLine || bytes.IndexByte(line, '=') < 0 || bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("#")) {
			continue
		}
		for part := range strings.SplitSeq(string(line), "; ") {
			m := setting.FindStringSubmatch(part)
			if m == nil {
				continue
			}
			if bad := (fromRequest.MatchString(m[2]) || holdsAny(m[2], out)) && !narrows.MatchString(m[2]); bad {
				add(m[1])
			}
		}
	}
	return out
}

// holdsAny says that a text holds one of the variables.
func holdsAny(text string, names []string) bool {
	for _, n := range names {
		for _, mark := range []string{"$" + n, "${" + n} {
			i := strings.Index(text, mark)
			for i >= 0 {
				rest := text[i+len(mark):]
				if rest == "" || !(rest[0] == '_' || rest[0] >= '0' && rest[0] <= '9' || rest[0] >= 'A' && rest[0] <= 'Z' || rest[0] >= 'a' && rest[0] <= 'z') {
					return true
				}
				j := strings.Index(rest, mark)
				if j < 0 {
					break
				}
				i += len(mark) + j
			}
		}
	}
	return false
}

// reaches looks at one command.
func (s *scanner) reaches(c sh.Command, sent []string, paths bool) {
	bad := func(text string) bool {
		return (fromRequest.MatchString(text) || holdsAny(text, sent)) && !narrows.MatchString(text)
	}
	weak := func(kind string) {
		s.add(c.Off, inspect.Weakness{Kind: kind, Name: path.Base(c.Arg(0)), Text: s.text(c)})
	}
	// As it stands: what the variable holds is no more than what a request sent.
	raw := s.text(c)
	fields := strings.Fields(raw)
	switch name := path.Base(c.Arg(0)); name {
	case "cat", "head", "tail", "dd", "cp", "mv", "rm", "tar", "unzip", "more", "less", "base64", "gzip", "zcat", "ls", "chmod", "sendfile", "find":
		for _, w := range append(fields[1:], texts(c.From)...) {
			if w = strings.Trim(w, `"'<`); paths && (strings.Contains(w, "/$") || name == "cat" && strings.HasPrefix(w, "$")) && bad(w) {
				weak(PathTraversal)
				return
			}
		}
	case "sqlite3", "mysql", "psql", "sqlite", "mariadb":
		if strings.Contains(raw, "'$") && sqlText.MatchString(raw) && bad(raw) {
			weak(SQLInjection)
		}
	case "curl", "wget", "uclient-fetch":
		for _, w := range fields[1:] {
			host := strings.TrimPrefix(strings.TrimPrefix(strings.Trim(w, `"'`), "http://"), "https://")
			if head, _, _ := strings.Cut(host, "/"); strings.HasPrefix(host, "$") && bad(head) {
				weak(RequestForgery)
				return
			}
		}
	}
}

func texts(words []sh.Word) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w.Text
	}
	return out
}
