package host

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// binary goes over the strings of a program or another binary: URLs inside of a
// string, and strings that are a host as a whole.
func (s *scanner) binary() {
	for r := range s.f.Runs(6) {
		if s.full() {
			return
		}
		if bytes.IndexByte(r.Text, '.') < 0 {
			continue
		}
		found := false
		for i := 0; !s.full(); {
			k := bytes.Index(r.Text[i:], []byte("://"))
			if k < 0 {
				break
			}
			found = true
			end := s.url(r.Text, r.Off, r.Off+i+k)
			i = max(i+k+3, end-r.Off)
		}
		if !found && r.NUL {
			s.whole(r)
		}
	}
}

// whole looks at a string that may be a host and nothing else.
func (s *scanner) whole(r inspect.Run) {
	text := string(r.Text)
	if len(text) > 253 || strings.ContainsAny(text, " /%@,=()<>\t") {
		return
	}
	name, port, ok := hostPort(text)
	if !ok {
		return
	}
	rest := text[len(name):]
	if rest != "" && (port == 0 || rest[0] != ':') {
		return
	}
	host, ip, ok := parse(name)
	if !ok {
		return
	}
	u := Use{Host: host, IP: ip, Port: port, Class: s.usage(), Text: text}
	tld := host[strings.LastIndexByte(host, '.')+1:]
	switch {
	case ip && (oid(host) || strings.Contains(name, ":")):
		return // an identifier; an IPv6 text without brackets is a pattern in programs
	case local(host, ip):
		u.Class = Local
	case ip:
		if private(host) {
			// A factory address of the device itself or of its help text.
			u.Class = Local
		}
	case strings.Count(host, ".") < 2 && port == 0, fileLike[tld] && port == 0, len(tld) > 2 && !common[tld]:
		return // tables of words are full of "a.com"; names of files and of D-Bus look alike
	case dbus(name):
		return
	case reserved(host) || under(host, projectHosts):
		u.Class = Documentation
	}
	if strings.Contains(host, "ntp") {
		u.Scheme = "ntp"
	}
	if u.Port == 0 {
		u.Port = ports[u.Scheme]
	}
	s.add(r.Off, u)
}

func private(host string) bool {
	for _, p := range []string{"10.", "192.168.", "172.16.", "172.31."} {
		if strings.HasPrefix(host, p) {
			return true
		}
	}
	return false
}

// dbus says that the text is a name in reverse, "org.freedesktop.DBus", or a
// file in a catalogue: upper case inside, or a domain's end at its beginning.
func dbus(text string) bool {
	if strings.ToLower(text) != text {
		return true
	}
	first, _, _ := strings.Cut(text, ".")
	switch first {
	case "org", "com", "net", "io", "fi", "de", "gov", "edu", "gpg", "user", "system", "security":
		return true
	}
	return false
}
