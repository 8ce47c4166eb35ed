package host

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// url looks at the "://" at off in the line (or string) that begins at start. It
// returns the offset behind the URL, or 0 if there is none.
func (s *scanner) url(line []byte, start, off int) int {
	d := s.f.Data
	sign := off
	if s.f.Kind == inspect.Text && off > start && d[off-1] == '\\' { // "http\://" of Java's properties
		sign--
	}
	from := sign
	for from > start && sign-from < 12 && schemeByte(d[from-1]) {
		from--
	}
	scheme := strings.ToLower(string(d[from:sign]))
	// "xhttp": what stands in front belongs to something else.
	port, known := ports[scheme]
	if !known && s.f.Kind != inspect.Text {
		scheme, from = suffixScheme(scheme, from, off)
		port, known = ports[scheme]
	}
	if !known {
		return 0
	}
	at := off + 3
	lineEnd := start + len(line)
	if scheme == "dns" && at < lineEnd && d[at] == '/' { // dns:///host of gRPC
		at++
	}
	at += variablePart(d[at:min(lineEnd, at+reach)])
	end := at
	for end < lineEnd && urlByte(d[end]) {
		end++
	}
	auth := d[at:end]
	if i := bytes.IndexAny(auth, "/?#"); i >= 0 {
		auth = auth[:i]
	}
	rest := string(d[at+len(auth) : end])
	auth, credentials := withoutUser(auth)
	hostAt := end - len(rest) - len(auth)
	name, p, ok := hostPort(string(auth))
	if !ok {
		return end
	}
	host, ip, ok := parse(name)
	if !ok && name != "localhost" {
		return end
	}
	if p > 0 {
		port = p
	}
	// A host that runs into other text is no host: "http://www.style=".
	if next := hostAt + len(auth); next < lineEnd && next == end && strings.IndexByte("=(*+~^|%&!$", d[next]) >= 0 {
		return end
	}
	// Dictionaries of compressors hold "http://www." and words behind it.
	if tld := host[strings.LastIndexByte(host, '.')+1:]; s.f.Kind != inspect.Text && !ip && rest == "" && p == 0 && len(tld) > 2 && !common[tld] {
		return end
	}
	u := Use{Host: host, IP: ip, Scheme: scheme, Port: port, Class: s.classOf(line, start, from, host, rest, ip)}
	u.Text = shown(scheme, name, p, credentials, rest)
	s.add(hostAt, u)
	return end
}

// variablePart returns how many bytes at the beginning of an authority a program
// fills in, up to the dot before the domain that it always is: 3 of
// "%s.example.net", as in "{region}.example.net" and "$SUB.example.net".
func variablePart(b []byte) int {
	m := variable.FindIndex(b)
	if m == nil || m[1] >= len(b) || !letter(b[m[1]]) && (b[m[1]] < '0' || b[m[1]] > '9') {
		return 0
	}
	rest := b[m[1]:]
	n := 0
	for n < len(rest) && hostByte[rest[n]] {
		n++
	}
	// What is left must be a domain that somebody owns: "%s.com" is none.
	host, ip, ok := parse(strings.TrimRight(string(rest[:n]), "."))
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); !ok || ip || err != nil || domain == "" {
		return 0
	}
	return m[1]
}

// variable is the beginning of an authority that is filled in: conversions of
// printf, fields of templates, variables of shells, with plain letters around.
var variable = func() *pattern.Pattern {
	const plain = `[A-Za-z0-9-]{0,40}`
	const filled = `(?:%[0-9]*[sdux]|%\([a-z_]{1,20}\)s|#?\$?\{[^{}/\s]{0,40}\}|\$[A-Za-z_][A-Za-z0-9_]{0,40}|<[a-z_-]{1,20}>)`
	return pattern.New(`^` + plain + `(?:` + filled + plain + `\.?){0,4}` + filled + plain + `\.`)
}()

// shown writes the URL without its secrets.
func shown(scheme, name string, port int, credentials bool, rest string) string {
	text := scheme + "://"
	if credentials {
		text += "***@"
	}
	text += name
	if port > 0 {
		text += ":" + strconv.Itoa(port)
	}
	return text + redact(rest[:min(len(rest), 200)])
}

// withoutUser cuts "user:password@"; credentials says that there was a password.
func withoutUser(auth []byte) (host []byte, credentials bool) {
	i := bytes.LastIndexByte(auth, '@')
	if i < 0 {
		return auth, false
	}
	return auth[i+1:], bytes.Contains(auth[:i], []byte(":"))
}

// suffixScheme cuts what stands in front of a scheme in a binary: "xhttp".
func suffixScheme(scheme string, from, off int) (string, int) {
	for _, p := range []string{"https", "http", "rtsps", "rtsp", "rtmps", "rtmp", "sftp", "ftps", "ftp", "mqtts", "mqtt", "coaps", "coap", "amqps", "amqp", "wss", "ws", "ssl", "tls", "tcp", "udp"} {
		if strings.HasSuffix(scheme, p) {
			return p, off - len(p)
		}
	}
	return scheme, from
}

// redact takes the values of a query away that may be secrets.
func redact(rest string) string {
	path, query, ok := strings.Cut(rest, "?")
	if !ok {
		// The path of a webhook is its secret.
		if i := strings.Index(path, "/services/"); i >= 0 {
			return path[:i] + "/services/***"
		}
		return path
	}
	for _, w := range []string{"key", "token", "secret", "pass", "pwd", "auth", "sig"} {
		if strings.Contains(strings.ToLower(query), w) {
			return path + "?***"
		}
	}
	return rest
}

func schemeByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+'
}

// urlByte says that c may stand in a URL as programs write it.
func urlByte(c byte) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte("\"'<>`\\{}|^()[],;", c) < 0 || c == '[' || c == ']'
}

func hostPort(auth string) (host string, port int, ok bool) {
	if strings.HasPrefix(auth, "[") {
		h, rest, found := strings.Cut(auth[1:], "]")
		if !found || !strings.Contains(h, ":") {
			return "", 0, false
		}
		p, _ := strconv.Atoi(strings.TrimPrefix(rest, ":"))
		return h, p, p >= 0 && p < 65536
	}
	h, rest, found := strings.Cut(strings.TrimRight(auth, ".:"), ":")
	n := 0
	for n < len(h) && hostByte[h[n]] {
		n++
	}
	h = strings.TrimRight(h[:n], "._-")
	if h == "" {
		return "", 0, false
	}
	if !found {
		return h, 0, true
	}
	n = 0
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	p, err := strconv.Atoi(rest[:n])
	if err != nil || p > 65535 {
		return h, 0, true
	}
	return h, p, true
}

// classOf says how a URL is used.
func (s *scanner) classOf(line []byte, start, from int, host, rest string, ip bool) Class {
	s.key = keyBefore(string(tail(line[:from-start])))
	base := s.usage()
	switch {
	case local(host, ip):
		return Local
	case namespace(host, rest):
		return Namespace
	case base == Documentation || base == Certificate:
		return base
	case exactExample(host):
		return Documentation
	case revocation(host, rest), s.encodedName(from):
		return Certificate
	}
	before := bytes.ToLower(tail(line[:from-start]))
	switch {
	case bytes.Contains(before, []byte("xmlns")) || bytes.Contains(before, []byte("<!doctype")) || bytes.Contains(before, []byte("schemalocation")) || bytes.Contains(before, []byte("targetnamespace")):
		return Namespace
	case s.f.Kind == inspect.Text && s.f.Comment(from):
		return Comment
	}
	switch base {
	case InBinary:
		if under(host, projectHosts) || reserved(host) || manual(rest) || sentence(line, from-start) || s.thirdParty() {
			return Documentation
		}
	case InConfig:
		if manualKeys[s.key] || bytes.Contains(before[max(0, len(before)-60):], []byte("\"repository\"")) || s.f.Sample() && reserved(host) {
			return Documentation
		}
	case InWeb:
		if manual(rest) || under(host, projectHosts) && !s.fetched(from) {
			return Documentation
		}
		// A link that a person may follow, not something the page fetches.
		if i := bytes.LastIndex(before, []byte("<")); i >= 0 && bytes.HasPrefix(before[i:], []byte("<a ")) {
			return Documentation
		}
	case InScript:
		if told(line, from-start) || manualKeys[s.key] {
			return Documentation
		}
		if _, ok := s.command(string(tail(line[:from-start]))); !ok && s.key == "" && under(host, projectHosts) {
			return Documentation
		}
		if under(host, projectHosts) && (manual(rest) || sentence(line, from-start)) {
			return Documentation
		}
	}
	return base
}

// manualKeys are names of settings whose URL is for people.
var manualKeys = map[string]bool{"documentation": true, "homepage": true, "home-page": true, "license": true, "licence": true, "support": true, "help": true, "helpurl": true, "help_url": true, "wiki": true, "bugs": true, "bug-url": true, "bug_report_url": true, "support_url": true, "home_url": true, "__url__": true, "__homepage__": true, "project_url": true, "project-url": true, "documentation_url": true, "privacy_policy_url": true, "vendor-url": true, "faq": true, "manual": true}

// encodedName says that the text at from is a value of a certificate in DER: the
// tag of a name or a string and its length stand before it.
func (s *scanner) encodedName(from int) bool {
	if s.f.Kind == inspect.Text || from < 2 {
		return false
	}
	d := s.f.Data
	n := int(d[from-1])
	return (d[from-2] == 0x86 || d[from-2] == 0x16) && n > 8 && n < 128 && from+n <= len(d)
}

func exactExample(host string) bool {
	h := strings.TrimPrefix(host, "www.")
	return h == "example.com" || h == "example.org" || h == "example.net"
}

// told says that a script shows a URL to people: "see https://…".
func told(line []byte, at int) bool {
	low := bytes.ToLower(tail(line[:at]))
	for _, p := range []string{"see ", "visit ", "refer to ", "for more", "read about", "documentation", "copyright", "written by", "author:", "authors", "license", "based on", "contributed"} {
		if bytes.Contains(low, []byte(p)) {
			return true
		}
	}
	return false
}

// thirdParty says that the file is a module of a kernel or a shared library with
// a version in its name below the system's folders, as packages install them.
func (s *scanner) thirdParty() bool {
	return strings.Contains(s.f.Path, "/lib/modules/") || strings.HasSuffix(s.f.Path, ".ko")
}

// revocation says that a URL is that of a list of revoked certificates, of a
// responder, or of an authority's statement.
func revocation(host, rest string) bool {
	low := strings.ToLower(rest)
	return strings.HasSuffix(low, ".crl") || strings.HasPrefix(host, "ocsp.") || strings.HasPrefix(host, "crl.") || strings.Contains(low, "/ocsp") || strings.HasPrefix(host, "crl3.") || strings.HasPrefix(host, "crl4.") || strings.HasSuffix(low, "/cps")
}
