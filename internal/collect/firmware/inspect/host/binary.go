package host

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
)

// places looks at the places of words: in programs and other binaries, and in
// texts that are too long to be read line by line.
func (s *scanner) places(found []keyword.Hit) {
	for _, k := range found {
		if k.Word >= firstNetworked && k.Word < len(words) {
			s.network = true
			break
		}
	}
	if s.rows() {
		return
	}
	for _, k := range found {
		if s.full() || k.Word < 0 || k.Word >= firstNetworked || k.At < 0 || k.End > len(s.f.Data) {
			continue
		}
		switch {
		case k.Word == wordWide:
			s.wide(k.At)
			continue
		case k.Word == wordBase64:
			s.base64(k.At)
		case k.Word == wordHex:
			s.hex(k.At)
			continue
		case k.At < s.done || !s.f.InStrings(k.At):
			continue
		}
		d := s.f.Data
		switch {
		case k.Word == wordURL:
		case k.Word < firstOctet: // the end of a name
			if k.End < len(d) && (alnum(d[k.End]) || d[k.End] == '-' || d[k.End] == '_') || k.At == 0 || !alnum(d[k.At-1]) {
				continue
			}
		default: // an octet with its dots
			if k.At == 0 || k.End >= len(d) || !number(d[k.At-1]) || !number(d[k.End]) {
				continue
			}
		}
		s.place(k.At)
	}
}

func alnum(c byte) bool  { return letter(c) || number(c) }
func number(c byte) bool { return c >= '0' && c <= '9' }

// longestRun bounds the string that is read around a word.
const longestRun = 1024

// place reads the string or the line that off stands in.
func (s *scanner) place(off int) {
	if s.f.Kind == inspect.Text {
		line, start := s.f.LineAround(off)
		from := max(0, off-start-longestRun)
		to := min(len(line), off-start+longestRun)
		s.line(line[from:to], start+from)
		s.done = start + to
		return
	}
	d := s.f.Data
	from, to := off, off
	for from > 0 && off-from < longestRun && d[from-1] >= 0x20 && d[from-1] < 0x7f {
		from--
	}
	for to < len(d) && to-off < longestRun && d[to] >= 0x20 && d[to] < 0x7f {
		to++
	}
	s.done = to
	run := d[from:to]
	if len(run) < 6 {
		return
	}
	found := false
	for i := 0; !s.full(); {
		k := bytes.Index(run[i:], []byte("://"))
		if k < 0 {
			break
		}
		found = true
		end := s.url(run, from, from+i+k)
		i = max(i+k+3, end-from)
	}
	if found {
		return
	}
	alone := (from == 0 || d[from-1] == 0 || d[from-1] == '\n') && to < len(d) && (d[to] == 0 || d[to] == '\n' || d[to] == '\r')
	if h, ok := bytes.CutPrefix(run, []byte("Host: ")); ok && alone { // of a request that the program holds
		from, run = from+len(run)-len(h), h
	}
	if alone && !s.whole(from, run) {
		s.within(from, run)
	}
}

// whole looks at a string that may be a host and nothing else.
func (s *scanner) whole(from int, run []byte) bool {
	text := string(run)
	if len(text) > 253 || strings.ContainsAny(text, " /%@,=()<>\t;") {
		return false
	}
	given := ""
	if scheme, behind, ok := strings.Cut(text, ":"); ok && strings.Contains(scheme, ".") == false { // stun:host:port
		if _, known := ports[scheme]; known {
			given, text, from = scheme, behind, from+len(scheme)+1
		}
	}
	name, port, ok := hostPort(text)
	if !ok {
		return true
	}
	rest := text[len(name):]
	if rest != "" && (port == 0 || rest[0] != ':') {
		return true
	}
	host, ip, ok := parse(name)
	if !ok {
		return true
	}
	u := Use{Host: host, IP: ip, Port: port, Scheme: given, Class: s.usage(), Text: text}
	tld := host[strings.LastIndexByte(host, '.')+1:]
	switch {
	case ip && strings.Contains(name, ":"):
		return true // an IPv6 text without brackets is a pattern in programs
	case ip && (oid(host) || s.release(from, host)):
		u.Class = Number
	case local(host, ip):
		u.Class = Local
	case ip:
	case !long(host), strings.Contains(s.f.Path, ".so") && wordy[tld] && port == 0, strings.Count(host, ".") < 2 && port == 0 && !s.product(host), len(tld) > 2 && !common[tld]:
		return true // tables of words are full of "a.com"; names of files and of D-Bus look alike
	case fileLike[tld] && port == 0, dbus(name):
		u.Class = FileName
	case namespace(host, ""):
		u.Class = Namespace
	case reserved(host) || under(host, projectHosts):
		u.Class = Documentation
	}
	for _, p := range []string{"ntp", "mqtt", "stun", "turn", "smtp", "ftp"} {
		if label, _, _ := strings.Cut(host, "."); u.Scheme == "" && strings.Contains(label, p) || p == "ntp" && strings.Contains(host, "ntp") {
			u.Scheme = p
		}
	}
	if u.Port == 0 {
		u.Port = ports[u.Scheme]
	}
	s.add(from, u)
	return true
}

// wordy are top-level domains that are words, and so ends of names of all kinds
// in libraries: "llvm.amdgcn.ps.live".
var wordy = map[string]bool{"live": true, "link": true, "site": true, "top": true, "app": true, "dev": true, "info": true, "tech": true, "shop": true, "online": true, "cloud": true, "int": true, "name": true, "in": true, "me": true, "is": true, "to": true, "it": true, "no": true, "id": true, "do": true}

// long says that a label is more than a letter or two: "a.b.com" is a pattern.
func long(host string) bool {
	labels := strings.Split(host, ".")
	for _, l := range labels[:len(labels)-1] {
		if len(l) >= 3 {
			return true
		}
	}
	return false
}

// product says that a name of two labels stands in a program that opens
// connections, and not in a library's table of words.
func (s *scanner) product(host string) bool {
	return s.f.Kind == inspect.ELF && !strings.Contains(s.f.Path, ".so") && !under(host, projectHosts) && strings.IndexByte(host, '.') >= 5 && common[host[strings.LastIndexByte(host, '.')+1:]] && s.networks() && strings.Count(host, "-") > 0
}

// 18.244.0.188 is what libevent asks the system for a route to, and nothing more.

// release says that four numbers alone in a string are a version: small ones,
// below addresses that hosts of products have.
func (s *scanner) release(from int, host string) bool {
	first, _, _ := strings.Cut(host, ".")
	// 4.2.2.1 is a public resolver, and a clause of many standards.
	return s.besideVersion(from, len(host)) || small(host) || strings.HasPrefix(host, "4.2.2.") || len(first) == 1 && !resolvers[host] && strings.Contains(s.f.Path, ".so") || host == "18.244.0.188"
}

// besideVersion says that the string behind the one at from, or before it, is the
// name of a version: "5.100.138.4" beside "wl_version".
func (s *scanner) besideVersion(from, n int) bool {
	d := s.f.Data
	behind := bytes.TrimLeft(d[min(len(d), from+n):min(len(d), from+n+40)], "\x00")
	if i := bytes.IndexByte(behind, 0); i >= 0 {
		behind = behind[:i]
	}
	before := bytes.TrimRight(d[max(0, from-40):from], "\x00")
	before = before[bytes.LastIndexByte(before, 0)+1:]
	for _, name := range [][]byte{behind, before} {
		if len(name) > 0 && len(name) < 24 && !bytes.ContainsAny(name, " %/") && bytes.HasSuffix(bytes.ToLower(name), []byte("version")) {
			return true
		}
	}
	return false
}

// within looks at hosts inside of a string that is a command, a setting or a
// sentence of a protocol: "ntpclient -h time.example.net", "server=198.51.100.7".
func (s *scanner) within(from int, run []byte) {
	if sentence(run, len(run)) {
		return
	}
	for i := 0; i < len(run) && !s.full(); {
		if !hostByte[run[i]] {
			i++
			continue
		}
		j := i
		for j < len(run) && hostByte[run[j]] {
			j++
		}
		if j-i >= 6 && bytes.IndexByte(run[i:j], '.') > 0 {
			s.argument(from, run, i, j)
		}
		i = j
	}
}

// argument looks at the token run[i:j] of a program's string.
func (s *scanner) argument(from int, run []byte, i, j int) {
	for j > i && strings.IndexByte("._-", run[j-1]) >= 0 {
		j--
	}
	host, ip, ok := parse(string(run[i:j]))
	if !ok || i > 0 && strings.IndexByte("@/\\$%", run[i-1]) >= 0 || j < len(run) && strings.IndexByte("(=@\\%", run[j]) >= 0 {
		return
	}
	if s.candidates++; s.candidates >= maxCandidates {
		s.add(from+i, Use{})
		return
	}
	if ip && version(run[:i], host, run[j:]) {
		s.add(from+i, Use{Host: host, IP: true, Class: Number, Text: string(run[i:j])})
		return
	}
	s.key = ""
	scheme, known := s.command(string(run[:i]))
	if !known {
		before := strings.TrimSuffix(string(tail(run[:i])), " ")
		if !strings.HasSuffix(before, "=") && !strings.HasSuffix(before, "\"") && !strings.HasSuffix(before, ":") {
			return
		}
		key := keyBefore(before)
		if !hostKey(key) {
			return
		}
		scheme, s.key = schemeOf(key), key
	}
	tld := host[strings.LastIndexByte(host, '.')+1:]
	if !ip && (len(tld) > 2 && !common[tld] || fileLike[tld] || under(host, projectHosts) || reserved(host)) {
		return
	}
	u := Use{Host: host, IP: ip, Scheme: scheme, Port: portAt(run, j), Class: s.usage(), Text: string(run[i:j])}
	if local(host, ip) {
		u.Class = Local
	}
	if u.Port == 0 {
		u.Port = ports[scheme]
	}
	s.add(from+i, u)
}

// dbus says that the text is a name in reverse, "org.freedesktop.DBus", or a
// file in a catalogue: upper case inside, or a domain's end at its beginning.
func dbus(text string) bool {
	if strings.ToLower(text) != text {
		return true
	}
	first, _, _ := strings.Cut(text, ".")
	switch first {
	case "org", "com", "net", "gov", "edu", "gpg", "user", "system", "security", "modem":
		return true
	case "io", "fi", "de", "cn": // also how regions are called: cn.vendor.com
		last := text[strings.LastIndexByte(text, '.')+1:]
		return !common[last] && last != first
	}
	return false
}
