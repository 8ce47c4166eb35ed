package host

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// evidence says how strongly a use shows that its host is contacted.
func (s *scanner) evidence(u *Use) Evidence {
	if u.Own || !u.IP && forExamples(u.Host) {
		return Mentioned
	}
	switch u.Class {
	case InConfig:
		switch {
		case strings.Contains(s.f.Path, "/cron"), strings.HasSuffix(s.f.Path, ".service"):
			return Scripted
		case u.Key == "" && u.Scheme == "":
			return Mentioned // in a list, in "hosts": nothing says what for
		}
		return Configured
	case InScript:
		return Scripted
	case InWeb:
		if s.fetched(int(u.Offset)) {
			return Scripted
		}
	case InBinary:
		if s.networks() {
			return Programmed
		}
	}
	return Mentioned
}

// fetched says that a page itself asks for what stands at off, and not a person
// who follows a link.
func (s *scanner) fetched(off int) bool {
	before := bytes.ToLower(tail(s.f.Data[:off]))
	before = before[max(0, len(before)-80):]
	for _, w := range []string{"fetch(", "open(", "websocket(", "src=", "action=", "ajax", "axios", "url:", "url=", "api", "host", "server", "endpoint", "get(", "post(", "baseurl", "eventsource("} {
		if bytes.Contains(before, []byte(w)) {
			return true
		}
	}
	return false
}

// networks says that a program opens connections: by what it imports, the
// libraries that it needs, or names of functions that stand in it.
func (s *scanner) networks() bool {
	if s.asked {
		return s.opens
	}
	s.asked, s.opens = true, s.network
	if s.opens || s.f.Kind != inspect.ELF {
		return s.opens
	}
	p := s.f.Program()
	if p == nil {
		return false
	}
	for _, n := range p.Imports {
		switch n {
		case "connect", "sendto", "getaddrinfo", "gethostbyname", "gethostbyname_r", "inet_addr", "inet_aton", "inet_pton", "SSL_connect", "system", "popen":
			s.opens = true
		}
		s.opens = s.opens || strings.HasPrefix(n, "curl_") || strings.HasPrefix(n, "mosquitto_") || strings.HasPrefix(n, "MQTT")
	}
	for _, n := range p.Needed {
		for _, lib := range []string{"libcurl", "libmosquitto", "libpaho", "libssl", "libwebsockets", "libnopoll", "libPPCS", "libIOTCAPIs", "libsrtp"} {
			s.opens = s.opens || strings.HasPrefix(n, lib)
		}
	}
	return s.opens
}
